//! The command line: what may be typed, and what becomes of it.
//!
//! `serve` and `demo` run a gateway; everything else is a client of one, through the management API and nothing else.
//! A command must never take a credential or a token from its arguments, where process lists show it, except `--key`.

pub(crate) mod client;
pub(crate) mod failure;
pub(crate) mod output;

mod address;
mod audit;
mod confirm;
mod csp;
mod dashboard;
mod endpoint;
mod expiry;
mod explain;
mod input;
mod key;
mod project;
mod rate_limit;
mod session;
mod tls;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::demo::DemoFlags;
use crate::settings::{Flags, Settings};
use failure::Failure;

/// The exit codes, as documented in `--help`.
const DONE: u8 = 0;
const REFUSED: u8 = 1;
const USAGE: u8 = 2;
const CANNOT_START: u8 = 3;
/// Design section 10: differences found, verification failed or verdict "blocked".
const VERDICT: u8 = 4;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused by the gateway, or no gateway could be reached
  2  wrong usage
  3  cannot start: configuration, data directory or address
  4  looked, and the verdict is no: `audit verify` found a broken chain, `csp --check` or
     `explain` that calls are blocked";

const EXAMPLES: &str = "\
Examples:
  drawbridge demo
  drawbridge serve --listen 127.0.0.1:8080 --data-dir ./data
  drawbridge project create my-project --name \"My project\"
  drawbridge endpoint create my-endpoint --project my-project \\
      --upstream http://127.0.0.1:11434/v1 --allow-origin https://app.example.com
  drawbridge key create web --project my-project --kind publishable";

#[derive(Parser)]
#[command(
    name = "drawbridge",
    version,
    about = "A gateway that lets web pages call inference APIs directly and safely",
    after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway
    #[command(after_help = SERVE_HELP)]
    Serve(Flags),
    /// Run everything at once: gateway, a demo upstream, and two web pages that call it
    #[command(after_help = DEMO_HELP)]
    Demo(DemoFlags),
    /// Manage projects of a running gateway
    #[command(after_help = EXIT_CODES)]
    Project(project::ProjectArguments),
    /// Manage endpoints of a running gateway
    #[command(after_help = EXIT_CODES)]
    Endpoint(endpoint::EndpointArguments),
    /// Manage API keys of a running gateway
    #[command(after_help = EXIT_CODES)]
    Key(key::KeyArguments),
    /// Print a link that signs a browser in to the dashboard of a running gateway
    #[command(after_help = dashboard::HELP)]
    Dashboard(dashboard::DashboardArguments),
    /// Read the audit log of a running gateway, or verify the one in a data directory
    Audit(audit::AuditArguments),
    /// Print the Content-Security-Policy that a page needs to call the gateway, or check one
    #[command(after_help = csp::HELP)]
    Csp(csp::CspArguments),
    /// Say why browsers block a call, or what a line of their console means, and what cures it
    #[command(after_help = explain::HELP)]
    Explain(Box<explain::ExplainArguments>),
}

const SERVE_HELP: &str = "\
Every setting can also stand in the configuration file, or in the environment as
DRAWBRIDGE_LISTEN, DRAWBRIDGE_DATA_DIR, DRAWBRIDGE_ADMIN_LISTEN, DRAWBRIDGE_LOG_LEVEL and so on.
Flags win over the environment, the environment over the file.

The root key comes from DRAWBRIDGE_ROOT_KEY (32 or more characters); without it one is made
at first start, printed once and kept in the data directory. DRAWBRIDGE_MASTER_KEY encrypts
upstream credentials; without it a key file is made in the data directory.

SIGINT (Ctrl-C) and SIGTERM stop it: open requests may finish, for 30 s at most. A second one stops it at once.

Exit codes:
  0  stopped as asked
  1  stopped at once by a second signal
  2  wrong usage
  3  cannot start: configuration, data directory or address";

const DEMO_HELP: &str = "\
Nothing is kept: the demo's data directory goes when it stops (Ctrl-C).

Exit codes:
  0  stopped as asked
  2  wrong usage
  3  cannot start";

/// Does what the arguments ask for.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to stdout, everything else to stderr; a closed pipe is nobody's problem.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { DONE });
        }
    };
    match arguments.command {
        Command::Serve(flags) => match Settings::load(&flags, std::env::vars_os()) {
            Ok(settings) => start(|| crate::boot::serve(settings)),
            Err(error) => cannot_start(&error.into()),
        },
        Command::Demo(flags) => start(|| crate::demo::run(&flags)),
        Command::Project(arguments) => manage(arguments.json(), arguments.run()),
        Command::Endpoint(arguments) => manage(arguments.json(), arguments.run()),
        Command::Key(arguments) => manage(arguments.json(), arguments.run()),
        Command::Dashboard(arguments) => manage(arguments.json(), arguments.run()),
        Command::Audit(arguments) => match arguments.action {
            audit::Action::List(list) => manage(list.json(), list.run()),
            audit::Action::Verify(verify) => block_on(verify.run()).unwrap_or_else(|code| code),
        },
        Command::Csp(arguments) => manage(arguments.json(), arguments.run()),
        Command::Explain(arguments) => manage(arguments.json(), arguments.run()),
    }
}

fn start(run: impl FnOnce() -> anyhow::Result<ExitCode>) -> ExitCode {
    run().unwrap_or_else(|error| cannot_start(&error))
}

fn cannot_start(error: &anyhow::Error) -> ExitCode {
    output::error(&format!("{error:#}"));
    ExitCode::from(CANNOT_START)
}

/// Runs a command against a gateway, and reports how it failed.
fn manage(json: bool, command: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    let failure = match block_on(command) {
        Ok(Err(failure)) => failure,
        Ok(Ok(())) => return ExitCode::from(DONE),
        Err(code) => return code,
    };
    if let (true, Failure::Refused(refusal)) = (json, &failure) {
        output::print(&refusal.body);
    }
    output::error(&failure.to_string());
    ExitCode::from(match failure {
        Failure::Usage(_) => USAGE,
        Failure::Verdict(_) => VERDICT,
        _ => REFUSED,
    })
}

/// Waits for a command; the exit code where it cannot even begin.
fn block_on<T>(command: impl Future<Output = T>) -> Result<T, ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime
        .map_err(|error| cannot_start(&anyhow::Error::new(error).context("start the runtime")))?;
    Ok(runtime.block_on(command))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_names_examples_and_exit_codes() {
        let help = Arguments::command().render_long_help().to_string();
        assert!(
            help.contains("drawbridge endpoint create my-endpoint"),
            "{help}"
        );
        assert!(help.contains("3  cannot start"), "{help}");
    }
}
