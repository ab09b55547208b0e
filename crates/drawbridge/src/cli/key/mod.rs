//! `drawbridge key …`

mod view;

pub(super) use view::ago;

use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::address::encoded;
use super::client::Call;
use super::expiry::{expires_at, seconds};
use super::failure::Failure;
use super::input;
use super::rate_limit::RateFlags;
use super::session::{Connection, Paging, Trial};
use view::{HEADINGS, created, human, row};

#[derive(Args)]
pub(super) struct KeyArguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// For servers and management
    Secret,
    /// May stand in a page's source
    Publishable,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Live,
    Test,
}

#[derive(Subcommand)]
enum Action {
    /// List the keys
    List {
        /// Only this project's: slug or id
        #[arg(
            long,
            value_name = "PROJECT",
            env = "DRAWBRIDGE_PROJECT",
            hide_env_values = true
        )]
        project: Option<String>,
        /// Only those whose name, id or allowed origins have this in them
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only those that may use endpoints of this name
        #[arg(long, value_name = "NAME")]
        endpoint: Option<String>,
        /// Only those that are active, expired, revoked or exposed
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one key
    Show {
        /// Its id, ak_…
        id: String,
    },
    /// Create a key; its token is shown once
    #[command(after_help = CREATE_HELP)]
    Create(Create),
    /// Change a key; kind, mode and token stay
    Update(Update),
    /// Give a key a new token, shown once; the old one stays good for a time
    #[command(after_help = ROTATE_HELP)]
    Rotate {
        /// Its id, ak_…
        id: String,
        /// How long the old token stays good: 1h, 7d, or 0 to end it now [default: 24h]
        #[arg(long, value_name = "TIME")]
        overlap: Option<String>,
        #[command(flatten)]
        trial: Trial,
    },
    /// Revoke a key: it stops working at once and for ever
    #[command(visible_alias = "revoke")]
    Delete {
        /// Its id, ak_…
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        trial: Trial,
    },
}

#[derive(Args)]
struct Create {
    /// Its name for people
    name: String,
    /// The project it belongs to; may be left out when the calling key belongs to one
    #[arg(
        long,
        value_name = "PROJECT",
        env = "DRAWBRIDGE_PROJECT",
        hide_env_values = true
    )]
    project: Option<String>,
    /// Where it will be used
    #[arg(long)]
    kind: Kind,
    /// Production, or trying things out [default: live]
    #[arg(long)]
    mode: Option<Mode>,
    #[command(flatten)]
    flags: KeyFlags,
    /// Environment variable with an existing token to import, instead of making one
    #[arg(long, value_name = "VARIABLE")]
    import_env: Option<String>,
    #[command(flatten)]
    trial: Trial,
}

#[derive(Args)]
struct Update {
    /// Its id, ak_…
    id: String,
    /// Its new name for people
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    flags: KeyFlags,
    /// It may use every endpoint of its project
    #[arg(long, conflicts_with = "endpoints")]
    all_endpoints: bool,
    /// It has no origins of its own
    #[arg(long, conflicts_with = "allowed_origins")]
    any_origin: bool,
    /// It may be used from everywhere
    #[arg(long, conflicts_with = "allowed_ips")]
    any_ip: bool,
    /// A JSON Merge Patch: written out, @FILE, or - for stdin
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    patch: Option<String>,
    #[command(flatten)]
    trial: Trial,
}

/// The fields that creating and changing share.
#[derive(Args)]
struct KeyFlags {
    /// What it may do: inference, endpoints:read, endpoints:write, keys:read, keys:write, audit:read; repeat for more
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// An endpoint that it may use; repeat for more; none means all of the project
    #[arg(long = "endpoint", value_name = "NAME")]
    endpoints: Vec<String>,
    /// An origin pattern that pages may use it from, such as https://*.example.com; repeat for more; none leaves it to the
    /// endpoints
    #[arg(long = "allow-origin", value_name = "PATTERN")]
    allowed_origins: Vec<String>,
    /// An address or CIDR block that it may be used from; repeat for more; none means everywhere
    #[arg(long = "allow-ip", value_name = "NETWORK")]
    allowed_ips: Vec<String>,
    /// Refuse requests without Origin, as only pages send it
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_origin: Option<bool>,
    #[command(flatten)]
    rate: RateFlags,
    /// Most requests in flight, streams until their last byte; `none` lifts it
    #[arg(long, value_name = "REQUESTS")]
    max_concurrent: Option<String>,
    /// When it ends: 30d, 12h, 2027-01-31T12:00:00Z or never
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
}

const CREATE_HELP: &str = "\
Examples:
  drawbridge key create web --project my-project --kind publishable --allow-origin https://app.example.com
  drawbridge key create page --project my-project --kind publishable --rate-limit 100/1m --burst 20 --max-concurrent 4
  drawbridge key create ci --project my-project --kind secret --mode test --expires 30d
  drawbridge key create old --project my-project --kind secret --import-env OLD_KEY";

const ROTATE_HELP: &str = "\
A second rotation within the overlap ends the oldest token.

Examples:
  drawbridge key rotate ak_live_4f7TqZ0aBcDeFgHi --overlap 1h
  drawbridge key rotate ak_live_4f7TqZ0aBcDeFgHi --overlap 0     # the old token has leaked";

impl KeyFlags {
    fn document(&self) -> Result<Map<String, Value>, Failure> {
        let mut document = Map::new();
        if !self.scopes.is_empty() {
            document.insert("scopes".to_owned(), json!(self.scopes));
        }
        if !self.endpoints.is_empty() {
            document.insert("endpoints".to_owned(), json!(self.endpoints));
        }
        if !self.allowed_origins.is_empty() {
            document.insert("allowed_origins".to_owned(), json!(self.allowed_origins));
        }
        if !self.allowed_ips.is_empty() {
            document.insert("allowed_ips".to_owned(), json!(self.allowed_ips));
        }
        if let Some(require_origin) = self.require_origin {
            document.insert("require_origin".to_owned(), json!(require_origin));
        }
        if let Some(limit) = self.rate.value()? {
            document.insert("rate_limit".to_owned(), limit);
        }
        if let Some(most) = &self.max_concurrent {
            document.insert("max_concurrent".to_owned(), max_concurrent(most)?);
        }
        if let Some(expires) = &self.expires {
            document.insert(
                "expires_at".to_owned(),
                expires_at(expires, Timestamp::now())?,
            );
        }
        Ok(document)
    }
}

impl Create {
    fn document(&self) -> Result<Map<String, Value>, Failure> {
        let mut document = Map::new();
        if let Some(project) = &self.project {
            document.insert("project".to_owned(), json!(project));
        }
        document.insert("name".to_owned(), json!(self.name));
        let kind = match self.kind {
            Kind::Secret => "secret",
            Kind::Publishable => "publishable",
        };
        document.insert("kind".to_owned(), json!(kind));
        if let Some(mode) = self.mode {
            let mode = match mode {
                Mode::Live => "live",
                Mode::Test => "test",
            };
            document.insert("mode".to_owned(), json!(mode));
        }
        self.flags.rate.check_new()?;
        document.append(&mut self.flags.document()?);
        if let Some(variable) = &self.import_env {
            document.insert("token".to_owned(), input::secret_from_variable(variable)?);
        }
        // A new key never ends unless it is said when.
        document.retain(|name, value| name != "expires_at" || !value.is_null());
        Ok(document)
    }
}

impl Update {
    fn document(&self) -> Result<Map<String, Value>, Failure> {
        let mut document = self.flags.document()?;
        if let Some(name) = &self.name {
            document.insert("name".to_owned(), json!(name));
        }
        if self.all_endpoints {
            document.insert("endpoints".to_owned(), Value::Null);
        }
        if self.any_origin {
            document.insert("allowed_origins".to_owned(), Value::Null);
        }
        if self.any_ip {
            document.insert("allowed_ips".to_owned(), Value::Null);
        }
        input::merge_patch(self.patch.as_deref(), document)
    }
}

impl KeyArguments {
    pub(super) fn json(&self) -> bool {
        self.connection.json
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        let session = self.connection.open()?;
        match self.action {
            Action::List {
                project,
                search,
                endpoint,
                state,
                paging,
            } => {
                let query = paging.query(&[
                    ("project", project.as_deref()),
                    ("search", search.as_deref()),
                    ("endpoint", endpoint.as_deref()),
                    ("state", state.as_deref()),
                ]);
                session
                    .list("keys", format!("/v1/api-keys{query}"), HEADINGS, row)
                    .await
            }
            Action::Show { id } => {
                let call = Call::new(format!("show key {id:?}"), Method::GET, path(&id));
                session.show(&session.call(call).await?, human);
                Ok(())
            }
            Action::Create(create) => {
                let session = session.trying(&create.trial);
                let call = Call::new(
                    format!("create key {:?}", create.name),
                    Method::POST,
                    "/v1/api-keys",
                );
                let answer = session.call(call.body(create.document()?)).await?;
                session.show(&answer, |key| created(key, create.import_env.is_some()));
                Ok(())
            }
            Action::Update(update) => {
                let session = session.trying(&update.trial);
                let call = Call::new(
                    format!("update key {:?}", update.id),
                    Method::PATCH,
                    path(&update.id),
                );
                session.show(&session.call(call.body(update.document()?)).await?, human);
                Ok(())
            }
            Action::Rotate { id, overlap, trial } => {
                let session = session.trying(&trial);
                let overlap = overlap
                    .map(|text| seconds("--overlap", &text))
                    .transpose()?;
                let body = match overlap {
                    Some(overlap) => json!({"overlap_seconds": overlap}),
                    None => json!({}),
                };
                let path = format!("{}/rotate", path(&id));
                let call = Call::new(format!("rotate key {id:?}"), Method::POST, path);
                let answer = session.call(call.body(body)).await?;
                session.show(&answer, |key| created(key, false));
                Ok(())
            }
            Action::Delete { id, yes, trial } => {
                let session = session.trying(&trial);
                session.confirm(
                    &format!("Revoke key {id:?}? It stops working at once and for ever."),
                    yes,
                )?;
                let call = Call::new(format!("revoke key {id:?}"), Method::DELETE, path(&id));
                let answer = session.call(call).await?;
                session.show_gone(&answer, "revoked", &format!("key {id}"));
                Ok(())
            }
        }
    }
}

fn max_concurrent(text: &str) -> Result<Value, Failure> {
    if text == "none" {
        return Ok(Value::Null);
    }
    let most: Result<i64, _> = text.parse();
    most.map(Value::from).map_err(|_| {
        Failure::Usage(format!(
            "--max-concurrent {text}: write a number of requests such as 4, or none"
        ))
    })
}

fn path(id: &str) -> String {
    format!("/v1/api-keys/{}", encoded(id))
}
