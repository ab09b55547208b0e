//! `drawbridge dashboard`: a link that signs one browser in, so that nobody types a key into a page.

use clap::Args;
use http::Method;
use serde_json::json;

use super::client::Call;
use super::failure::Failure;
use super::output::{self, text};
use super::session::Connection;

#[derive(Args)]
pub(super) struct DashboardArguments {
    #[command(flatten)]
    connection: Connection,
}

pub(super) const HELP: &str = "\
The link works once, for ten minutes, and signs in as the key that made it. Whoever has it can
use it: open it yourself, and send it to nobody.";

impl DashboardArguments {
    pub(super) fn json(&self) -> bool {
        self.connection.json
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        let session = self.connection.open()?;
        let path = "/dashboard/api/sign-in-links";
        let call = Call::new("make a sign-in link", Method::POST, path).body(json!({}));
        let link = session.call(call).await?;
        session.show(&link, |link| text(&link["url"]));
        if !self.connection.json {
            let end = text(&link.value["expires_at"]);
            output::note(&format!("open it in a browser; it works once, until {end}"));
        }
        Ok(())
    }
}
