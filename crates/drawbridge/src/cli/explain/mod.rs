//! `drawbridge explain`: why was a browser's call blocked, and what cures it?
//!
//! Each form of the command is a module of its own: a call that a gateway is asked about ([`call`]), a line of a
//! browser's console ([`console`]), a call that is made at any server ([`live`]), and what was refused of late ([`recent`]).
//! The forms are told apart by the argument group `form`; without any of its flags it is a call. Nothing is judged here: that is for the gateway, or for the policy crate.

mod call;
mod console;
mod live;
mod recent;
mod view;

use clap::Args;
use serde_json::Value;

use super::failure::Failure;
use super::session::Connection;

#[derive(Args)]
pub(super) struct ExplainArguments {
    /// A line as it was copied from a browser's console, or - for stdin; with --endpoint it is judged there, too
    #[arg(long, value_name = "LINE", group = "form")]
    console: Option<String>,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    page: PageFlags,
    /// List what pages were refused in the last days, most often first, with what cures each
    #[arg(long, group = "form")]
    recent: bool,
    /// Apply the fix, after asking; with --recent that of the entry with this number
    #[arg(long, value_name = "NUMBER", num_args = 0..=1)]
    apply: Option<Option<u64>>,
    /// Do not ask
    #[arg(long, requires = "apply")]
    yes: bool,
    #[command(flatten)]
    live: live::LiveFlags,
    #[command(flatten)]
    connection: Connection,
}

/// What is called.
#[derive(Args)]
struct PlaceFlags {
    /// The endpoint's project: slug or id; may be left out when the calling key belongs to one
    #[arg(
        long,
        value_name = "PROJECT",
        env = "DRAWBRIDGE_PROJECT",
        hide_env_values = true
    )]
    project: Option<String>,
    /// The endpoint that the page calls
    #[arg(long, value_name = "NAME", required_unless_present = "form")]
    endpoint: Option<String>,
    /// The id of the key that the page sends, ak_…; --key is the one to ask the gateway with
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
}

/// What a page does.
#[derive(Args)]
#[command(next_help_heading = "Page")]
struct PageFlags {
    /// The page's origin, such as https://app.example.com
    #[arg(long, value_name = "ORIGIN", required_unless_present = "form")]
    origin: Option<String>,
    /// The method, as the page writes it [default: POST; with --live GET, or POST with --body]
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// A header that the page sets: Name, or 'Name: value'; repeat for more
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// The page includes credentials: `credentials: "include"`, `withCredentials`
    #[arg(long)]
    credentials: bool,
}

impl PageFlags {
    fn is_empty(&self) -> bool {
        self.origin.is_none()
            && self.method.is_none()
            && self.headers.is_empty()
            && !self.credentials
    }
}

pub(super) const HELP: &str = "\
Without a form's own flag a gateway is asked about a call: --endpoint and --origin say which. A line
of a console alone is read without any gateway.

--live asks any server, Drawbridge or not: it gets the preflight and the request that a page's
browser sends, and a few questions that change nothing (OPTIONS, GET) as other origins. A POST is
sent once, and only where the browser would. Keys are sent where --header names them, and not shown.

Examples:
  drawbridge explain --project my-project --endpoint my-endpoint --origin https://app.example.com \\
      --method POST --header 'Content-Type: application/json' --header Authorization
  drawbridge explain --console \"No 'Access-Control-Allow-Origin' header is present on the requested resource.\"
  drawbridge explain --console - --project my-project --endpoint my-endpoint --apply < line.txt
  drawbridge explain --live https://api.example.com/v1/models --origin https://app.example.com
  drawbridge explain --live https://api.example.com/v1/chat --page https://app.example.com/ \\
      --header 'Content-Type: application/json' --header \"Authorization: Bearer $KEY\" \\
      --body body.json
  drawbridge explain --recent --project my-project
  drawbridge explain --recent --apply 7

Exit codes:
  0  allowed; with --apply: allowed now; a list
  1  refused by the gateway, or no gateway or server could be reached
  2  wrong usage, or a line that no browser prints
  4  blocked; or the line says so, and the call as it is asked about is not: more of it must be named";

impl ExplainArguments {
    pub(super) fn json(&self) -> bool {
        self.connection.json
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.live.is_asked() {
            let json = self.json();
            return live::run(self.live, self.page, json).await;
        }
        if self.recent {
            return recent::run(&self).await;
        }
        match &self.console {
            Some(line) if self.place.endpoint.is_none() => {
                if !self.page.is_empty() || self.place.key_id.is_some() || self.apply.is_some() {
                    let detail = "a call is judged at an endpoint: name it with --endpoint, or give --console alone";
                    return Err(Failure::Usage(detail.to_owned()));
                }
                console::run(line, self.json())
            }
            _ => call::run(&self).await,
        }
    }
}

/// The exit code says what the answer says.
fn verdict(explanation: &Value) -> Result<(), Failure> {
    if explanation["verdict"] != "allowed" {
        let code = explanation["code"].as_str().unwrap_or("no code");
        return Err(Failure::Verdict(format!("the call is blocked: {code}")));
    }
    if is_unclear(explanation) {
        let detail = "a call was blocked, and it is unclear whether this is the one: see the notes";
        return Err(Failure::Verdict(detail.to_owned()));
    }
    Ok(())
}

/// Whether a call passes beside a line that says that one was blocked.
fn is_unclear(explanation: &Value) -> bool {
    explanation["verdict"] == "allowed" && !explanation["recognized"].is_null()
}

/// Whether what the line says was cured, if there is a line; asked after a fix.
fn is_cured(explanation: &Value) -> bool {
    let notes = explanation["notes"].as_array();
    let passes = || notes.is_some_and(|notes| notes.iter().any(|it| it["code"] == "passes_now"));
    explanation["verdict"] == "allowed" && (!is_unclear(explanation) || passes())
}
