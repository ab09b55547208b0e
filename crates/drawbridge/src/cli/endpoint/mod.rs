//! `drawbridge endpoint …`

mod flags;
mod view;

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use super::address::encoded;
use super::client::{Answer, Call};
use super::failure::Failure;
use super::input;
use super::session::{Connection, Paging, Session, Trial};
use flags::EndpointFlags;
use view::{HEADINGS, human, row};

#[derive(Args)]
pub(super) struct EndpointArguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Args)]
struct Place {
    /// The endpoint's project: slug or id
    #[arg(
        long,
        value_name = "PROJECT",
        env = "DRAWBRIDGE_PROJECT",
        hide_env_values = true
    )]
    project: String,
}

#[derive(Subcommand)]
enum Action {
    /// List a project's endpoints
    List {
        #[command(flatten)]
        place: Place,
        /// Only those whose name, models, allowed origins or upstream's URL have this in them
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one endpoint
    Show {
        /// Its name
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Create an endpoint
    #[command(after_help = CREATE_HELP)]
    Create {
        /// Its name in URLs: a-z, 0-9 and `-`; never changes
        name: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        flags: Box<EndpointFlags>,
        #[command(flatten)]
        trial: Trial,
    },
    /// Change an endpoint: what is given replaces what was, lists as a whole
    #[command(after_help = UPDATE_HELP)]
    Update(Update),
    /// Delete an endpoint; its URL stops working at once
    Delete {
        /// Its name
        name: String,
        #[command(flatten)]
        place: Place,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        trial: Trial,
    },
}

#[derive(Args)]
struct Update {
    /// Its name
    name: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    flags: Box<EndpointFlags>,
    /// Add one origin to those that may call it; repeat for more
    #[arg(
        long = "add-origin",
        value_name = "ORIGIN",
        help_heading = "CORS",
        conflicts_with = "origins"
    )]
    added: Vec<String>,
    /// Take one origin away; repeat for more
    #[arg(
        long = "remove-origin",
        value_name = "ORIGIN",
        help_heading = "CORS",
        conflicts_with = "origins"
    )]
    removed: Vec<String>,
    /// A JSON Merge Patch: written out, @FILE, or - for stdin
    #[arg(
        long,
        value_name = "JSON",
        allow_hyphen_values = true,
        conflicts_with_all = ["added", "removed"]
    )]
    patch: Option<String>,
    #[command(flatten)]
    trial: Trial,
}

const CREATE_HELP: &str = "\
Examples:
  drawbridge endpoint create my-endpoint --project my-project \\
      --upstream http://127.0.0.1:11434/v1 --model llama3 --model small=tiny-random \\
      --allow-origin https://app.example.com --allow-header @openai \\
      --allow-header Content-Type --allow-header Authorization
  drawbridge endpoint create hosted --project my-project \\
      --upstream https://api.example.net/v1 --credential-env API_KEY";

const UPDATE_HELP: &str = "\
Examples:
  drawbridge endpoint update my-endpoint --project my-project --add-origin https://new.example.com
  drawbridge endpoint update my-endpoint --project my-project --remove-origin https://old.example.com --dry-run
  drawbridge endpoint update my-endpoint --project my-project --max-age 600
  drawbridge endpoint update my-endpoint --project my-project --patch '{\"cors\": {\"allowedOrigins\": []}}'

In a patch, null restores a field's default.";

impl EndpointArguments {
    pub(super) fn json(&self) -> bool {
        self.connection.json
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        let session = self.connection.open()?;
        match self.action {
            Action::List {
                place,
                search,
                paging,
            } => {
                let query = paging.query(&[("search", search.as_deref())]);
                let path = format!("{}{query}", list_path(&place.project));
                session.list("endpoints", path, HEADINGS, row).await
            }
            Action::Show { name, place } => {
                let answer = get(&session, &place.project, &name).await?;
                session.show(&answer, human);
                Ok(())
            }
            Action::Create {
                name,
                place,
                flags,
                trial,
            } => create(&session.trying(&trial), name, &place, &flags).await,
            Action::Update(update) => {
                let session = session.trying(&update.trial);
                update.run(&session).await
            }
            Action::Delete {
                name,
                place,
                yes,
                trial,
            } => {
                let session = session.trying(&trial);
                let question = format!(
                    "Delete endpoint {name:?} of {:?}? Its URL stops working at once.",
                    place.project
                );
                session.confirm(&question, yes)?;
                let action = format!("delete endpoint {name:?}");
                let answer = session
                    .call(Call::new(
                        action,
                        Method::DELETE,
                        path(&place.project, &name),
                    ))
                    .await?;
                session.show_gone(&answer, "deleted", &format!("endpoint {name}"));
                Ok(())
            }
        }
    }
}

async fn create(
    session: &Session,
    name: String,
    place: &Place,
    flags: &EndpointFlags,
) -> Result<(), Failure> {
    if flags.upstream.is_none() {
        let example =
            "name the inference API behind it with --upstream, such as http://127.0.0.1:11434/v1";
        return Err(Failure::Usage(format!(
            "an endpoint needs an upstream: {example}"
        )));
    }
    let mut body = flags.document()?;
    body.shift_insert(0, "name".to_owned(), Value::from(&*name));
    let action = format!("create endpoint {name:?}");
    let call = Call::new(action, Method::POST, list_path(&place.project)).body(body);
    session.show(&session.call(call).await?, human);
    Ok(())
}

impl Update {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        let mut body = self.flags.document()?;
        if let Some(patch) = &self.patch {
            if !body.is_empty() {
                let both =
                    "--patch says it all: leave the other flags out, or put them into the patch";
                return Err(Failure::Usage(both.to_owned()));
            }
            body = input::document(patch)?;
        }
        let changes_origins = !self.added.is_empty() || !self.removed.is_empty();
        if body.is_empty() && !changes_origins && self.patch.is_none() {
            return Err(Failure::Usage(
                "there is nothing to change: `--help` lists what can be".to_owned(),
            ));
        }
        let body = Value::Object(body);
        let answer = match changes_origins {
            true => self.change_origins(session, body).await?,
            false => session.call(self.patch_call(body)).await?,
        };
        session.show(&answer, human);
        Ok(())
    }

    fn patch_call(&self, body: Value) -> Call {
        let action = format!("update endpoint {:?}", self.name);
        Call::new(action, Method::PATCH, path(&self.place.project, &self.name)).body(body)
    }

    /// Reads the origins, changes the list and writes it back, only if nobody wrote meanwhile.
    async fn change_origins(&self, session: &Session, mut body: Value) -> Result<Answer, Failure> {
        let mut retries = 3;
        loop {
            let found = get(session, &self.place.project, &self.name).await?;
            let origins = &found.value["cors"]["allowedOrigins"];
            body["cors"]["allowedOrigins"] = edited(origins, &self.added, &self.removed)?;
            let call = self.patch_call(body.clone()).if_match(found.etag);
            match session.call(call).await {
                Err(Failure::Refused(refusal)) if refusal.is_outdated() && retries > 0 => {
                    retries -= 1
                }
                result => return result,
            }
        }
    }
}

/// The list without what is removed, and with what is added at its end, once.
fn edited(origins: &Value, added: &[String], removed: &[String]) -> Result<Value, Failure> {
    let origins = origins.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut list: Vec<&str> = origins.iter().filter_map(Value::as_str).collect();
    for origin in removed {
        if !list.contains(&&**origin) {
            let listed = if list.is_empty() {
                "none".to_owned()
            } else {
                list.join(", ")
            };
            return Err(Failure::Usage(format!(
                "{origin} is not among its origins: {listed}"
            )));
        }
        list.retain(|listed| listed != origin);
    }
    for origin in added {
        if !list.contains(&&**origin) {
            list.push(origin);
        }
    }
    Ok(json!(list))
}

async fn get(session: &Session, project: &str, name: &str) -> Result<Answer, Failure> {
    let action = format!("show endpoint {name:?}");
    session
        .call(Call::new(action, Method::GET, path(project, name)))
        .await
}

fn list_path(project: &str) -> String {
    format!("/v1/projects/{}/endpoints", encoded(project))
}

fn path(project: &str, name: &str) -> String {
    format!("{}/{}", list_path(project), encoded(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_added_once_and_removed_by_name() {
        let origins = json!(["https://a.b", "https://c.d"]);
        let owned = |list: &[&str]| {
            list.iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        };
        let added = edited(&origins, &owned(&["https://e.f", "https://a.b"]), &[]).unwrap();
        assert_eq!(added, json!(["https://a.b", "https://c.d", "https://e.f"]));
        let removed = edited(&origins, &[], &owned(&["https://a.b"])).unwrap();
        assert_eq!(removed, json!(["https://c.d"]));
        let failure = edited(&origins, &[], &owned(&["https://x.y"])).unwrap_err();
        assert!(
            failure.to_string().contains("https://a.b, https://c.d"),
            "{failure}"
        );
    }
}
