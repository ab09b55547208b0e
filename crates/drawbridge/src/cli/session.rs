//! What every command against a gateway shares: which gateway, which key, and how the answer is shown.

use clap::Args;
use drawbridge_policy::endpoint::Secret;
use http::Method;
use serde_json::Value;

use super::address::encoded;
use super::client::{Answer, Call, Client};
use super::confirm::confirm;
use super::failure::{Failure, issue_line};
use super::output;

const DEFAULT_URL: &str = "http://127.0.0.1:8080";

/// Flags of every command against a gateway.
#[derive(Args)]
#[command(next_help_heading = "Gateway")]
pub(super) struct Connection {
    /// The gateway to speak to
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "DRAWBRIDGE_URL",
        hide_env_values = true,
        default_value = DEFAULT_URL
    )]
    url: String,
    /// The secret key to speak with; DRAWBRIDGE_ROOT_KEY when neither is given
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "DRAWBRIDGE_KEY",
        hide_env_values = true
    )]
    key: Option<String>,
    /// Print JSON; an answer of the gateway's API exactly as it came
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// Which part of a list to show.
#[derive(Args)]
pub(super) struct Paging {
    /// Most entries to show [default: 100]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u32>,
    /// Where to go on: the cursor that the part before ended with
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

impl Paging {
    /// The query of a list with these and other parameters, `?` included.
    pub(super) fn query(&self, others: &[(&str, Option<&str>)]) -> String {
        let limit = self.limit.map(|limit| limit.to_string());
        let own = [
            ("limit", limit.as_deref()),
            ("after", self.after.as_deref()),
        ];
        let given = others
            .iter()
            .chain(&own)
            .filter_map(|(name, value)| value.map(|value| (name, value)));
        let pairs: Vec<String> = given
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        match pairs.is_empty() {
            true => String::new(),
            false => format!("?{}", pairs.join("&")),
        }
    }
}

/// Whether a command that writes is only tried.
#[derive(Args)]
pub(super) struct Trial {
    /// Check everything, show what would come of it, and save nothing
    #[arg(long)]
    dry_run: bool,
}

/// A connection to a gateway for the time of one command.
pub(super) struct Session {
    pub(super) client: Client,
    json: bool,
    is_trial: bool,
}

impl Connection {
    /// The gateway's URL as it was given, without a final slash.
    pub(super) fn url(&self) -> &str {
        self.url.trim_end_matches('/')
    }

    /// Whether a command that is typed in the same shell needs `--url`, too.
    pub(super) fn is_named_by_flag(&self) -> bool {
        self.url != DEFAULT_URL && std::env::var("DRAWBRIDGE_URL").as_ref() != Ok(&self.url)
    }

    /// Opens no connection yet.
    ///
    /// # Errors
    /// When the URL is none, or there is no key at all.
    pub(super) fn open(&self) -> Result<Session, Failure> {
        let key = self.key.clone().filter(|key| !key.is_empty());
        let root_key = || {
            std::env::var("DRAWBRIDGE_ROOT_KEY")
                .ok()
                .filter(|key| !key.is_empty())
        };
        let key = key.or_else(root_key).ok_or_else(|| {
            Failure::Usage(
                "no key to speak to the gateway with: set DRAWBRIDGE_KEY, or pass --key; the root key stands in `root.key` \
                 in the gateway's data directory".to_owned(),
            )
        })?;
        let client = Client::new(&self.url, Some(Secret::new(key)))?;
        Ok(Session {
            client,
            json: self.json,
            is_trial: false,
        })
    }
}

impl Session {
    /// The same session, in which writes are only tried where that is asked for.
    pub(super) fn trying(self, trial: &Trial) -> Self {
        Self {
            is_trial: trial.dry_run,
            ..self
        }
    }

    /// Asks before something is destroyed, if it is to be.
    ///
    /// # Errors
    /// As [`confirm`].
    pub(super) fn confirm(&self, question: &str, is_agreed: bool) -> Result<(), Failure> {
        confirm(question, is_agreed || self.is_trial)
    }

    /// Sends a request, and tells the warnings of the answer.
    pub(super) async fn call(&self, mut call: Call) -> Result<Answer, Failure> {
        if self.is_trial && call.method != Method::GET {
            call.path.push_str("?dry_run=true");
        }
        let answer = self.client.send(call).await?;
        for warning in answer.value["warnings"].as_array().into_iter().flatten() {
            output::warning(&issue_line(warning));
        }
        Ok(answer)
    }

    /// Shows an answer: as it came with `--json`, else as `human` says it.
    pub(super) fn show(&self, answer: &Answer, human: impl FnOnce(&Value) -> String) {
        match self.json {
            true => output::print(&answer.text),
            false => output::print(&human(&answer.value)),
        }
        if self.is_trial && !self.json {
            output::note("dry run: nothing was saved");
        }
    }

    /// Says that something is gone, or would be.
    pub(super) fn show_gone(&self, answer: &Answer, done: &str, what: &str) {
        self.show(answer, |_| match self.is_trial {
            true => format!("{what} would be {done}"),
            false => format!("{done} {what}"),
        });
    }

    /// Fetches one part of a list and shows it as a table, or says that there is nothing.
    pub(super) async fn list(
        &self,
        what: &str,
        path: String,
        headings: &[&str],
        row: impl Fn(&Value) -> Vec<String>,
    ) -> Result<(), Failure> {
        let answer = self
            .call(Call::new(format!("list {what}"), Method::GET, path))
            .await?;
        let entries = answer.value["data"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if entries.is_empty() && !self.json {
            output::note(&format!("there are no {what} here"));
            return Ok(());
        }
        self.show(&answer, |_| {
            output::table(headings, entries.iter().map(&row))
        });
        if let (false, Some(cursor)) = (self.json, answer.value["next_cursor"].as_str()) {
            output::note(&format!("there are more: go on with --after {cursor}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_only_what_was_given() {
        let nothing = Paging {
            limit: None,
            after: None,
        };
        assert_eq!(nothing.query(&[("project", None)]), "");
        let all = Paging {
            limit: Some(2),
            after: Some("a b".to_owned()),
        };
        assert_eq!(
            all.query(&[("project", Some("p"))]),
            "?project=p&limit=2&after=a%20b"
        );
    }
}
