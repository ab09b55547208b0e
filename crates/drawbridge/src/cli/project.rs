//! `drawbridge project …`

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Map, Value, json};

use super::address::encoded;
use super::client::Call;
use super::failure::Failure;
use super::input;
use super::output::{fields, text};
use super::rate_limit::{self, RateFlags};
use super::session::{Connection, Paging, Trial};

#[derive(Args)]
pub(super) struct ProjectArguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the projects
    List {
        /// Only those whose slug, name or id has this in it
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one project
    Show {
        /// Slug or id
        project: String,
    },
    /// Create a project
    #[command(
        after_help = "Example:\n  drawbridge project create my-project --name \"My project\""
    )]
    Create {
        /// Its name in URLs: a-z, 0-9 and `-`; never changes
        slug: String,
        /// Its name for people; the slug when left out
        #[arg(long)]
        name: Option<String>,
        /// Its id, `proj_` and 6 to 16 letters and digits; made when left out
        #[arg(long)]
        id: Option<String>,
        /// When pages of other origins send its secret keys: warn or refuse [default: warn]
        #[arg(long, value_name = "CHOICE")]
        secret_keys_in_browsers: Option<String>,
        /// Whether refused calls of pages say in `Drawbridge-Cors` what was refused [default: false]
        #[arg(long, value_name = "true|false")]
        debug: Option<bool>,
        #[command(flatten)]
        rate: RateFlags,
        #[command(flatten)]
        trial: Trial,
    },
    /// Change a project
    Update {
        /// Slug or id
        project: String,
        /// Its new name for people
        #[arg(long)]
        name: Option<String>,
        /// When pages of other origins send its secret keys: warn or refuse
        #[arg(long, value_name = "CHOICE")]
        secret_keys_in_browsers: Option<String>,
        /// Whether refused calls of pages say in `Drawbridge-Cors` what was refused
        #[arg(long, value_name = "true|false")]
        debug: Option<bool>,
        #[command(flatten)]
        rate: RateFlags,
        /// A JSON Merge Patch: written out, @FILE, or - for stdin
        #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
        patch: Option<String>,
        #[command(flatten)]
        trial: Trial,
    },
    /// Delete a project that has no endpoints and no keys that still work
    Delete {
        /// Slug or id
        project: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        trial: Trial,
    },
}

impl ProjectArguments {
    pub(super) fn json(&self) -> bool {
        self.connection.json
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        let session = self.connection.open()?;
        match self.action {
            Action::List { search, paging } => {
                let query = paging.query(&[("search", search.as_deref())]);
                let path = format!("/v1/projects{query}");
                session.list("projects", path, HEADINGS, row).await
            }
            Action::Show { project } => {
                let call = Call::new(
                    format!("show project {project:?}"),
                    Method::GET,
                    path(&project),
                );
                session.show(&session.call(call).await?, human);
                Ok(())
            }
            Action::Create {
                slug,
                name,
                id,
                secret_keys_in_browsers,
                debug,
                rate,
                trial,
            } => {
                let session = session.trying(&trial);
                let mut body = json!({"slug": slug, "name": name.as_ref().unwrap_or(&slug)});
                if let Some(id) = id {
                    body["id"] = id.into();
                }
                rate.check_new()?;
                if let Some(limit) = rate.value()? {
                    body["rate_limit"] = limit;
                }
                if let Some(choice) = secret_keys_in_browsers {
                    body["secret_keys_in_browsers"] = choice.into();
                }
                if let Some(debug) = debug {
                    body["debug"] = debug.into();
                }
                let call = Call::new(
                    format!("create project {slug:?}"),
                    Method::POST,
                    "/v1/projects",
                );
                session.show(&session.call(call.body(body)).await?, human);
                Ok(())
            }
            Action::Update {
                project,
                name,
                secret_keys_in_browsers,
                debug,
                rate,
                patch,
                trial,
            } => {
                let session = session.trying(&trial);
                let body = changes(name, secret_keys_in_browsers, debug, &rate, patch)?;
                let call = Call::new(
                    format!("update project {project:?}"),
                    Method::PATCH,
                    path(&project),
                );
                session.show(&session.call(call.body(body)).await?, human);
                Ok(())
            }
            Action::Delete {
                project,
                yes,
                trial,
            } => {
                let session = session.trying(&trial);
                session.confirm(
                    &format!("Delete project {project:?} with its revoked keys?"),
                    yes,
                )?;
                let call = Call::new(
                    format!("delete project {project:?}"),
                    Method::DELETE,
                    path(&project),
                );
                let answer = session.call(call).await?;
                session.show_gone(&answer, "deleted", &format!("project {project}"));
                Ok(())
            }
        }
    }
}

/// What to change: what the flags say, or the merge patch.
fn changes(
    name: Option<String>,
    secret_keys_in_browsers: Option<String>,
    debug: Option<bool>,
    rate: &RateFlags,
    patch: Option<String>,
) -> Result<Map<String, Value>, Failure> {
    let mut document = Map::new();
    for (member, value) in [
        ("name", name),
        ("secret_keys_in_browsers", secret_keys_in_browsers),
    ] {
        if let Some(value) = value {
            document.insert(member.to_owned(), value.into());
        }
    }
    if let Some(debug) = debug {
        document.insert("debug".to_owned(), debug.into());
    }
    if let Some(limit) = rate.value()? {
        document.insert("rate_limit".to_owned(), limit);
    }
    input::merge_patch(patch.as_deref(), document)
}

fn path(project: &str) -> String {
    format!("/v1/projects/{}", encoded(project))
}

const HEADINGS: &[&str] = &["slug", "id", "name", "created"];

fn row(project: &Value) -> Vec<String> {
    ["slug", "id", "name", "created_at"]
        .map(|name| text(&project[name]))
        .to_vec()
}

fn human(project: &Value) -> String {
    let names = [
        "slug",
        "id",
        "name",
        "secret_keys_in_browsers",
        "debug",
        "created_at",
        "updated_at",
    ];
    let mut pairs = Vec::from(names.map(|name| (name, text(&project[name]))));
    if !project["rate_limit"].is_null() {
        pairs.push(("rate limit", rate_limit::human(&project["rate_limit"])));
    }
    fields(&pairs)
}
