//! Projects and endpoints in the form that requests are judged by.
//!
//! [`Endpoint::compile`] turns a configuration document into everything a request needs, or names every problem in it.
//! The upstream's credential never stands in a document and never leaves a [`Secret`] but for the upstream.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cors::CorsPolicy;
use crate::cors_config::CorsConfig;
use crate::document::{Fields, as_array, as_string, wrong_type};
use crate::issue::{ConfigIssue, Problems};
use crate::key::SecretKeysInBrowsers;
use crate::model_scan::MAX_MODEL_BYTES;
use crate::names::is_token;
use crate::rate_limit::RateLimit;
use crate::upstream::{PrivateRoots, Upstream};

/// Longest list of models.
const MAX_MODELS: usize = 1000;
const DEFAULT_MAX_BODY: u64 = 32 << 20;
const GREATEST_MAX_BODY: i64 = 1 << 30;
const GREATEST_SECONDS: i64 = 3600;

/// A text that must not be seen: wiped from memory when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// The tenant that endpoints and keys belong to.
///
/// Its endpoints hold it as it was when they were last changed: what can change is asked of the snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// `proj_` and 6 to 16 characters of A-Z a-z 0-9.
    pub id: Box<str>,
    /// The name in URLs of the management API; never changes.
    pub slug: Box<str>,
    /// For keys that have none of their own; `None` means no limit.
    pub rate_limit: Option<RateLimit>,
    /// What becomes of its secret keys in pages. It changes without the project's endpoints: ask the snapshot's project,
    /// not an endpoint's.
    pub secret_keys_in_browsers: SecretKeysInBrowsers,
    /// Whether refusals say in a header of their own what was refused; asked of the snapshot's project, too.
    pub debug: bool,
}

/// One model that an endpoint serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The name that clients send.
    pub name: Box<str>,
    /// The name that the upstream is sent instead.
    pub upstream_name: Option<Box<str>>,
}

/// An endpoint's own limits; what is not set has the gateway's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body, in bytes.
    pub max_body_bytes: u64,
    /// Longest wait for a connection to the upstream.
    pub connect: Duration,
    /// Longest wait for the head of the upstream's answer.
    pub first_byte: Duration,
    /// Longest silence within the upstream's answer.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: DEFAULT_MAX_BODY,
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(600),
            idle: Duration::from_secs(300),
        }
    }
}

/// How the upstream is sent its credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Lower-case name of the header field.
    pub header: Box<str>,
    /// The whole field value, `Bearer ` included where the header is `authorization`.
    pub value: Secret,
}

/// One inference endpoint, ready to be used.
#[derive(Debug)]
pub struct Endpoint {
    /// `{project_id}/{name}`: where it stands in URLs, and its key in the snapshot.
    pub path: Box<str>,
    /// The project that it belongs to.
    pub project: Arc<Project>,
    /// Unique in its project; never changes.
    pub name: Box<str>,
    /// The models that it serves; empty means any.
    pub models: Box<[Model]>,
    /// Where requests go.
    pub upstream: Upstream,
    /// What the upstream wants to see instead of the client's key.
    pub credential: Option<Credential>,
    /// Which web origins may call it, and how.
    pub cors: Arc<CorsPolicy>,
    /// Sizes and times.
    pub limits: Limits,
    /// When it was created; whoever knows sets it after compiling.
    pub created: Created,
    /// Where the gateway counts its requests; found at the first one.
    pub metrics_slot: OnceLock<usize>,
}

/// When an endpoint was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Created {
    /// Its place in the order of creation over all projects.
    pub sequence: u64,
    /// By the clock.
    pub at: Timestamp,
}

impl Endpoint {
    /// Compiles a document `{"models", "upstream", "cors", "limits"}`, with every warning about it.
    ///
    /// # Errors
    /// Every problem of the document.
    pub fn compile(
        project: &Arc<Project>,
        name: &str,
        document: &Value,
        credential: Option<Secret>,
    ) -> Result<(Self, Vec<ConfigIssue>), Vec<ConfigIssue>> {
        let config = EndpointConfig::read(document)?;
        let (cors, warnings) = config.cors;
        let endpoint = Self {
            path: format!("{}/{name}", project.id).into(),
            project: Arc::clone(project),
            name: name.into(),
            models: config.models.into(),
            credential: credential
                .map(|secret| upstream_credential(&config.credential_header, secret)),
            upstream: config.upstream,
            cors: Arc::new(cors),
            limits: config.limits,
            created: Created::default(),
            metrics_slot: OnceLock::new(),
        };
        Ok((endpoint, warnings))
    }

    /// The listed model of that name; `None` also where the endpoint lists none.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| *model.name == *name)
    }
}

fn upstream_credential(header: &str, secret: Secret) -> Credential {
    let value = match header {
        "authorization" => Secret::new(format!("Bearer {}", secret.expose())),
        _ => secret,
    };
    Credential {
        header: header.into(),
        value,
    }
}

/// An endpoint's document as it was read: typed, complete, without problems in its parts.
struct EndpointConfig {
    models: Vec<Model>,
    upstream: Upstream,
    credential_header: String,
    cors: (CorsPolicy, Vec<ConfigIssue>),
    limits: Limits,
}

impl EndpointConfig {
    fn read(document: &Value) -> Result<Self, Vec<ConfigIssue>> {
        let mut problems = Problems::new();
        let config = Self::read_fields(document, &mut problems);
        problems.into_result(config)?.ok_or_else(Vec::new)
    }

    /// `None` only where a problem says why.
    fn read_fields(document: &Value, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::open(document, "", problems)?;
        let models = fields.value("models");
        let models = models.map_or_else(Vec::new, |value| read_models(value, problems));
        fields.require("upstream", problems);
        let upstream = fields.value("upstream");
        let upstream = upstream.and_then(|value| read_upstream(value, problems));
        let cors = fields.value("cors");
        let cors = cors.map_or_else(CorsConfig::default, |value| {
            CorsConfig::read(value, "/cors", problems)
        });
        let cors = cors.compile("/cors");
        let limits = fields.value("limits");
        let limits = limits.map_or_else(Limits::default, |value| read_limits(value, problems));
        fields.finish(problems);
        let cors = cors.map_err(|issues| problems.extend(issues)).ok();
        let (upstream, credential_header) = upstream?;
        Some(Self {
            models,
            upstream,
            credential_header,
            cors: cors?,
            limits,
        })
    }
}

fn read_models(value: &Value, problems: &mut Problems) -> Vec<Model> {
    let Some(entries) = as_array(value, "/models", "an array of models", problems) else {
        return Vec::new();
    };
    if entries.len() > MAX_MODELS {
        let detail = format!("at most {MAX_MODELS} models can be listed");
        problems.push(ConfigIssue::new("/models", "too_many_entries", detail));
    }
    let mut models: Vec<Model> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let pointer = format!("/models/{index}");
        let Some(model) = read_model(entry, &pointer, problems) else {
            continue;
        };
        if models.iter().any(|other| other.name == model.name) {
            let detail = format!("the model `{}` is listed twice", model.name);
            problems.push(ConfigIssue::new(pointer, "duplicate_model", detail));
            continue;
        }
        models.push(model);
    }
    models
}

fn read_model(value: &Value, pointer: &str, problems: &mut Problems) -> Option<Model> {
    match value {
        Value::String(name) => {
            check_model_name(name, pointer, problems);
            Some(Model {
                name: name.as_str().into(),
                upstream_name: None,
            })
        }
        Value::Object(_) => {
            let mut fields = Fields::open(value, pointer, problems)?;
            let name = fields.required_string("name", problems);
            let upstream_name = fields
                .nullable("upstream_name")
                .and_then(|value| as_string(value, &format!("{pointer}/upstream_name"), problems));
            for (field, name) in [("name", name), ("upstream_name", upstream_name)] {
                if let Some(name) = name {
                    check_model_name(name, &fields.pointer_to(field), problems);
                }
            }
            fields.finish(problems);
            Some(Model {
                name: name?.into(),
                upstream_name: upstream_name.map(Into::into),
            })
        }
        _ => {
            problems.push(wrong_type(
                value,
                pointer,
                "a model's name, or an object with its `name`,",
            ));
            None
        }
    }
}

fn check_model_name(name: &str, pointer: &str, problems: &mut Problems) {
    let is_fine =
        (1..=MAX_MODEL_BYTES).contains(&name.len()) && !name.chars().any(char::is_control);
    if !is_fine {
        let detail = "a model's name has 1 to 256 bytes and no control characters";
        problems.push(ConfigIssue::new(pointer, "bad_model_name", detail));
    }
}

fn read_upstream(value: &Value, problems: &mut Problems) -> Option<(Upstream, String)> {
    let mut fields = Fields::open(value, "/upstream", problems)?;
    let upstream = fields
        .required_string("base_url", problems)
        .and_then(|text| {
            Upstream::parse(text, "/upstream/base_url")
                .map_err(|issue| problems.push(issue))
                .ok()
        });
    let header = fields
        .string("credential_header", problems)
        .unwrap_or("authorization")
        .to_ascii_lowercase();
    if !is_token(header.as_bytes()) || is_reserved_header(&header) {
        let detail = format!(
            "`{header}` cannot carry a credential; name a header such as `x-api-key`, or leave the field out for \
             `Authorization: Bearer …`"
        );
        let pointer = fields.pointer_to("credential_header");
        problems.push(ConfigIssue::new(pointer, "bad_credential_header", detail));
    }
    let pointer = fields.pointer_to("ca_certificate");
    let pem = fields
        .nullable("ca_certificate")
        .and_then(|value| as_string(value, &pointer, problems));
    let roots = pem.and_then(|pem| {
        PrivateRoots::parse(pem, &pointer)
            .map_err(|issue| problems.push(issue))
            .ok()
    });
    fields.finish(problems);
    let upstream = upstream?;
    if pem.is_some() && !upstream.is_https() {
        let detail = "`base_url` is http, where no certificate is checked; make it https, or leave this field out";
        problems.push(ConfigIssue::new(pointer, "needs_https", detail));
    }
    let upstream = match roots {
        Some(roots) => upstream.trusting(roots),
        None => upstream,
    };
    Some((upstream, header))
}

/// Header fields that the gateway or HTTP itself sets on the way to the upstream.
fn is_reserved_header(name: &str) -> bool {
    const RESERVED: [&str; 14] = [
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-request-id",
        "origin",
    ];
    RESERVED.contains(&name) || name.starts_with("proxy-") || name.starts_with("sec-")
}

fn read_limits(value: &Value, problems: &mut Problems) -> Limits {
    let mut limits = Limits::default();
    let Some(mut fields) = Fields::open(value, "/limits", problems) else {
        return limits;
    };
    let mut bounded = |name: &'static str, greatest: i64| {
        let value = fields.integer(name, problems)?;
        if !(1..=greatest).contains(&value) {
            let detail = format!("`{name}` is from 1 to {greatest}");
            let issue = ConfigIssue::new(format!("/limits/{name}"), "out_of_range", detail)
                .suggest(json!(value.clamp(1, greatest)));
            problems.push(issue);
        }
        u64::try_from(value).ok()
    };
    if let Some(bytes) = bounded("max_body_bytes", GREATEST_MAX_BODY) {
        limits.max_body_bytes = bytes;
    }
    for (name, limit) in [
        ("connect_seconds", &mut limits.connect),
        ("first_byte_seconds", &mut limits.first_byte),
        ("idle_seconds", &mut limits.idle),
    ] {
        if let Some(seconds) = bounded(name, GREATEST_SECONDS) {
            *limit = Duration::from_secs(seconds);
        }
    }
    fields.finish(problems);
    limits
}

/// Whether text is a slug: 1 to 40 of a-z 0-9 and `-`. Project slugs and endpoint names are slugs.
pub fn is_slug(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether text is a project id: `proj_` and 6 to 16 of A-Z a-z 0-9.
pub fn is_project_id(text: &str) -> bool {
    text.strip_prefix("proj_").is_some_and(|rest| {
        (6..=16).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Whether text can be a credential: 1 to 4096 visible ASCII characters.
pub fn is_credential(text: &str) -> bool {
    (1..=4096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
