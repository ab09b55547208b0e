//! An endpoint's document on its way in and out: what clients send, what is kept, what is shown.
//!
//! The upstream's credential comes in as `upstream.credential` and goes no further than [`CredentialChange`]: it must
//! never stand in a document, an answer or the audit log.

use std::sync::Arc;

use drawbridge_policy::cors_config::CorsConfig;
use drawbridge_policy::document::{as_string, wrong_type};
use drawbridge_policy::endpoint::{Endpoint, Project, Secret, is_credential};
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::upstream::Upstream;
use drawbridge_store::{EndpointRow, ProjectRow};
use serde_json::{Map, Value, json};

use crate::patch::{merged, refuse_made, take_read_only};
use crate::problem::{Problem, settled};
use crate::projects::check_slug;

/// Members that only the gateway writes, or that never change.
const READ_ONLY: [&str; 10] = [
    "object",
    "project",
    "project_id",
    "name",
    "url",
    "base_url",
    "created_at",
    "updated_at",
    "warnings",
    "impact",
];
const LIMITS: [&str; 4] = [
    "max_body_bytes",
    "connect_seconds",
    "first_byte_seconds",
    "idle_seconds",
];

/// What a write does to the stored credential.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CredentialChange {
    Keep,
    Remove,
    Set(Secret),
}

/// A valid document, and what it compiles to.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) document: Value,
    pub(crate) credential: Option<Secret>,
    pub(crate) endpoint: Endpoint,
    pub(crate) warnings: Vec<ConfigIssue>,
}

impl Draft {
    /// Reads a new endpoint's document; `problems` are those that were found in it before.
    ///
    /// # Errors
    /// 422 with every problem.
    pub(crate) fn create(
        mut body: Map<String, Value>,
        project: &Arc<Project>,
        mut problems: Problems,
    ) -> Result<Self, Problem> {
        let name = take_name(&mut body, &mut problems);
        refuse_made(&mut body, &READ_ONLY, "", &mut problems);
        let mut credential = CredentialChange::Keep;
        if let Some(Value::Object(upstream)) = body.get_mut("upstream") {
            refuse_made(upstream, &["has_credential"], "/upstream", &mut problems);
            credential = take_credential(upstream, &mut problems);
        }
        Self::compile(
            project,
            name,
            Value::Object(body),
            credential.apply(None),
            problems,
        )
    }

    /// Applies a merge patch to a stored endpoint; `shown` is the endpoint as clients see it, `problems` are those that
    /// were found in the patch before.
    ///
    /// # Errors
    /// 422 with every problem.
    pub(crate) fn update(
        row: &EndpointRow,
        shown: &Value,
        mut patch: Map<String, Value>,
        project: &Arc<Project>,
        mut problems: Problems,
    ) -> Result<(Self, CredentialChange), Problem> {
        take_read_only(&mut patch, &READ_ONLY, shown, "", &mut problems);
        let mut change = CredentialChange::Keep;
        if let Some(Value::Object(upstream)) = patch.get_mut("upstream") {
            let shown = &shown["upstream"];
            take_read_only(
                upstream,
                &["has_credential"],
                shown,
                "/upstream",
                &mut problems,
            );
            change = take_credential(upstream, &mut problems);
        }
        let issues = |document: &Value| {
            let compiled = Endpoint::compile(project, &row.name, document, None);
            compiled.err().unwrap_or_default()
        };
        let document = merged(&row.document, patch, issues, &mut problems);
        if change == CredentialChange::Keep && row.credential.is_some() {
            check_origin_kept(&row.document, &document, &mut problems);
        }
        let credential = change.apply(row.credential.as_ref());
        let draft = Self::compile(project, row.name.clone(), document, credential, problems)?;
        Ok((draft, change))
    }

    fn compile(
        project: &Arc<Project>,
        name: String,
        document: Value,
        credential: Option<Secret>,
        mut problems: Problems,
    ) -> Result<Self, Problem> {
        let compiled = Endpoint::compile(project, &name, &document, credential.clone());
        let compiled = compiled.map_err(|issues| problems.extend(issues)).ok();
        let (endpoint, warnings) = settled(compiled, problems)?;
        Ok(Self {
            name,
            document,
            credential,
            endpoint,
            warnings,
        })
    }
}

impl CredentialChange {
    /// The credential after the change.
    fn apply(&self, stored: Option<&Secret>) -> Option<Secret> {
        match self {
            Self::Keep => stored.cloned(),
            Self::Remove => None,
            Self::Set(secret) => Some(secret.clone()),
        }
    }

    /// What the audit log says of it.
    pub(crate) fn audit(&self) -> Option<&'static str> {
        match self {
            Self::Keep => None,
            Self::Remove => Some("removed"),
            Self::Set(_) => Some("set"),
        }
    }
}

/// The resource as clients see it, on a gateway that pages call by that origin.
pub(crate) fn resource(
    gateway: &str,
    project: &ProjectRow,
    row: &EndpointRow,
    warnings: &[ConfigIssue],
) -> Value {
    let url = format!("/{}/{}/v1", project.id, row.name);
    let document = &row.document;
    let mut upstream = Map::new();
    for name in ["base_url", "ca_certificate", "credential_header"] {
        if let Some(value) = document["upstream"].get(name) {
            upstream.insert(name.to_owned(), value.clone());
        }
    }
    upstream.insert("has_credential".to_owned(), row.credential.is_some().into());
    // What was saved could be read then; what no longer can is in the warnings.
    let cors = document.get("cors");
    let cors = cors.map_or_else(CorsConfig::default, |cors| {
        CorsConfig::read(cors, "/cors", &mut Problems::new())
    });
    let limits = LIMITS.iter().filter_map(|name| {
        let value = document.get("limits")?.get(name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    json!({
        "object": "endpoint",
        "project": project.slug,
        "project_id": project.id,
        "name": row.name,
        "url": &url,
        "base_url": format!("{gateway}{url}"),
        "models": document.get("models").cloned().unwrap_or_else(|| json!([])),
        "upstream": upstream,
        "cors": cors.to_value(),
        "limits": limits.collect::<Map<_, _>>(),
        "created_at": row.created_at.to_string(),
        "updated_at": row.updated_at.to_string(),
        "warnings": warnings,
    })
}

fn take_name(body: &mut Map<String, Value>, problems: &mut Problems) -> String {
    let Some(value) = body.shift_remove("name") else {
        let detail = "`name` is required: it stands in the endpoint's URL";
        problems.push(ConfigIssue::new("/name", "missing_field", detail));
        return String::new();
    };
    let name = as_string(&value, "/name", problems);
    if let Some(name) = name {
        check_slug(name, "/name", problems);
    }
    name.unwrap_or_default().to_owned()
}

/// Takes `credential` out of `upstream`: a string sets it, null removes it.
fn take_credential(upstream: &mut Map<String, Value>, problems: &mut Problems) -> CredentialChange {
    const POINTER: &str = "/upstream/credential";
    match upstream.shift_remove("credential") {
        None => CredentialChange::Keep,
        Some(Value::Null) => CredentialChange::Remove,
        Some(Value::String(text)) => {
            if !is_credential(&text) {
                // The text itself must not be repeated.
                let detail = "a credential has 1 to 4096 visible ASCII characters, without spaces; `Bearer ` is added \
                              by the gateway";
                problems.push(ConfigIssue::new(POINTER, "bad_credential", detail));
            }
            CredentialChange::Set(Secret::new(text))
        }
        Some(other) => {
            problems.push(wrong_type(
                &other,
                POINTER,
                "a string, or null to remove it,",
            ));
            CredentialChange::Remove
        }
    }
}

/// A stored credential stays with the origin that it was given for: who may change the URL may not see where it goes.
fn check_origin_kept(before: &Value, after: &Value, problems: &mut Problems) {
    let upstream = |document: &Value| {
        let base_url = document["upstream"]["base_url"].as_str()?;
        Upstream::parse(base_url, "").ok()
    };
    // A URL that cannot be read is a problem of its own.
    let Some(after) = upstream(after) else {
        return;
    };
    if upstream(before).is_none_or(|before| !before.is_same_origin(&after)) {
        let detail = "`base_url` now names another server, and the stored credential was given for the old one: send \
                      `credential` along, the new server's or null for none";
        problems.push(ConfigIssue::new(
            "/upstream/credential",
            "credential_needed",
            detail,
        ));
    }
}
