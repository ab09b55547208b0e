//! `drawbridge audit …`

mod verify;
mod view;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::EXIT_CODES;
use super::expiry::moment_ago;
use super::failure::Failure;
use super::session::{Connection, Paging};
pub(super) use verify::Verify;
use view::{HEADINGS, row};

#[derive(Args)]
pub(super) struct AuditArguments {
    #[command(subcommand)]
    pub(super) action: Action,
}

#[derive(Subcommand)]
pub(super) enum Action {
    /// List what was changed, newest first
    #[command(after_help = format!("{LIST_HELP}\n\n{EXIT_CODES}"))]
    List(List),
    /// Check that no row of the log was changed or removed
    #[command(after_help = verify::HELP)]
    Verify(Verify),
}

const LIST_HELP: &str = "\
Examples:
  drawbridge audit list --project my-project --since 7d
  drawbridge audit list --actor root --action key.create
  drawbridge audit list --target proj_4f7TqZ/my-endpoint --json";

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    connection: Connection,
    /// Only this project's: slug or id
    #[arg(
        long,
        value_name = "PROJECT",
        env = "DRAWBRIDGE_PROJECT",
        hide_env_values = true
    )]
    project: Option<String>,
    /// Only by this key, or by `root`
    #[arg(long, value_name = "KEY_ID")]
    actor: Option<String>,
    /// Only this action, such as key.create
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only about this: the id of a project or key, or PROJECT_ID/ENDPOINT
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// Only at this time or later: 7d, 12h or 2026-11-21T12:00:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only before this time: 7d, 12h or 2026-11-21T12:00:00Z
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

impl List {
    pub(super) fn json(&self) -> bool {
        self.connection.json
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        let session = self.connection.open()?;
        let now = Timestamp::now();
        let time = |flag, text: &Option<String>| {
            let text = text.as_deref();
            text.map(|text| moment_ago(flag, text, now)).transpose()
        };
        let (since, until) = (time("--since", &self.since)?, time("--until", &self.until)?);
        let query = self.paging.query(&[
            ("project", self.project.as_deref()),
            ("actor", self.actor.as_deref()),
            ("action", self.action.as_deref()),
            ("target", self.target.as_deref()),
            ("since", since.as_deref()),
            ("until", until.as_deref()),
        ]);
        session
            .list("entries", format!("/v1/audit-log{query}"), HEADINGS, row)
            .await
    }
}
