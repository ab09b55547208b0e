//! A key's document on its way in and out: what clients send, what is shown.
//!
//! `token` comes in with a new key only, and goes no further than [`NewKey::import`]: what is wrong with it is said
//! without repeating it.

use drawbridge_policy::document::{Fields, as_string};
use drawbridge_policy::endpoint::Secret;
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::token::{check_import, is_weak};
use drawbridge_store::KeyRow;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::key_uses;
use crate::patch::{merged, refuse_made, take_read_only};

/// Members that the gateway makes.
const MADE: [&str; 12] = [
    "object",
    "id",
    "project_id",
    "created_at",
    "revoked_at",
    "previous_token_expires_at",
    "status",
    "warnings",
    "last_used_at",
    "last_used_ip",
    "last_used_origin",
    "exposed",
];
/// Whether a value is one that a member can have.
type Form = fn(&Value) -> bool;
/// What moves by itself, and what it may have been when a resource was fetched that is sent back now.
const MOVING: [(&str, Form); 4] = [
    ("last_used_at", |value| value.is_null() || is_time(value)),
    ("last_used_ip", |value| value.is_null() || value.is_string()),
    ("last_used_origin", |value| {
        value.is_null() || value.is_string()
    }),
    ("exposed", |value| value.is_null() || is_exposed(value)),
];
/// What the gateway makes, and members that never change.
const READ_ONLY: [&str; 15] = [
    "object",
    "id",
    "project",
    "project_id",
    "kind",
    "mode",
    "created_at",
    "revoked_at",
    "previous_token_expires_at",
    "status",
    "warnings",
    "last_used_at",
    "last_used_ip",
    "last_used_origin",
    "exposed",
];

/// A new key, as it was asked for.
#[derive(Debug)]
pub(crate) struct NewKey {
    pub(crate) config: KeyConfig,
    /// The token of another gateway that is to open this key.
    pub(crate) import: Option<Secret>,
}

impl NewKey {
    /// Reads a new key's document without its `project`. `None` only where a problem was found.
    pub(crate) fn read(
        mut body: Map<String, Value>,
        now: Timestamp,
        problems: &mut Problems,
    ) -> Option<Self> {
        refuse_made(&mut body, &MADE, "", problems);
        let import = body
            .shift_remove("token")
            .and_then(|token| read_token(&token, problems));
        let config = read(&Value::Object(body), &["project", "token"], problems)?;
        check_future(&config, now, problems);
        Some(Self { config, import })
    }

    /// What is risky about the imported token.
    pub(crate) fn warning(&self) -> Option<Value> {
        let is_weak = self
            .import
            .as_ref()
            .is_some_and(|token| is_weak(token.expose()));
        let detail = "the imported token is short or repeats itself, and may be guessed; replace it with one that is \
                      made here";
        is_weak.then(|| json!(ConfigIssue::new("/token", "weak_token", detail)))
    }
}

/// A stored key after a merge patch; `shown` is the key as clients see it. `None` only where a problem was found.
pub(crate) fn patched(
    row: &KeyRow,
    shown: &Value,
    mut patch: Map<String, Value>,
    now: Timestamp,
    problems: &mut Problems,
) -> Option<KeyConfig> {
    for (name, may_have_been) in MOVING {
        if patch.get(name).is_some_and(may_have_been) {
            patch.shift_remove(name);
        }
    }
    take_read_only(&mut patch, &READ_ONLY, shown, "", problems);
    let is_moved = patch.contains_key("expires_at");
    let issues = |document: &Value| KeyConfig::read(document).err().unwrap_or_default();
    let document = merged(&row.document, patch, issues, problems);
    let config = read(&document, &[], problems)?;
    if is_moved && document["expires_at"] != row.document["expires_at"] {
        check_future(&config, now, problems);
    }
    Some(config)
}

/// The resource as clients see it.
pub(crate) fn resource(slug: &str, row: &KeyRow, now: Timestamp) -> Value {
    // What this release would no longer accept is shown as it was saved, and why among the warnings.
    let (document, expires_at, warnings) = match KeyConfig::read(&row.document) {
        Ok(config) => (config.to_value(), config.expires_at, config.warnings()),
        Err(issues) => (row.document.clone(), None, issues),
    };
    let status = match (row.revoked_at, expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= now => "expired",
        (None, _) => "active",
    };
    let last = row.last_use.as_ref();
    json!({
        "object": "api_key",
        "id": row.id,
        "project": slug,
        "project_id": row.project_id,
        "name": document["name"],
        "kind": document["kind"],
        "mode": document["mode"],
        "scopes": document["scopes"],
        "endpoints": document["endpoints"],
        "allowed_origins": document["allowed_origins"],
        "allowed_ips": document["allowed_ips"],
        "require_origin": document["require_origin"],
        "max_concurrent": document["max_concurrent"],
        "rate_limit": document["rate_limit"],
        "expires_at": document["expires_at"],
        "created_at": row.created_at.to_string(),
        "revoked_at": row.revoked_at.map(|time| time.to_string()),
        "previous_token_expires_at": previous_token_end(row),
        "status": status,
        "last_used_at": last.map(|last| last.at.to_string()),
        "last_used_ip": last.map(|last| last.ip.to_string()),
        "last_used_origin": last.and_then(|last| last.origin.as_deref()),
        "exposed": row.exposed.as_ref().map(key_uses::member),
        "warnings": warnings,
    })
}

/// When the token before the last rotation ends, or ended.
pub(crate) fn previous_token_end(row: &KeyRow) -> Option<String> {
    let previous = row.tokens.get(1)?;
    previous.expires_at.map(|end| end.to_string())
}

fn is_exposed(value: &Value) -> bool {
    let has_three = value.as_object().is_some_and(|members| members.len() == 3);
    let times = ["first_seen_at", "last_seen_at"];
    has_three && times.iter().all(|name| is_time(&value[name])) && value["origin"].is_string()
}

fn is_time(value: &Value) -> bool {
    let text = value.as_str();
    text.is_some_and(|text| text.parse::<Timestamp>().is_ok())
}

/// `beside` are fields that were read elsewhere.
fn read(document: &Value, beside: &[&'static str], problems: &mut Problems) -> Option<KeyConfig> {
    let mut fields = Fields::open(document, "", problems)?;
    for name in beside {
        fields.value(name);
    }
    let config = KeyConfig::read_fields(&mut fields, problems);
    fields.finish(problems);
    config
}

fn read_token(value: &Value, problems: &mut Problems) -> Option<Secret> {
    let token = as_string(value, "/token", problems)?;
    if let Err(detail) = check_import(token) {
        problems.push(ConfigIssue::new("/token", "bad_token", detail));
    }
    Some(Secret::new(token))
}

fn check_future(config: &KeyConfig, now: Timestamp, problems: &mut Problems) {
    if let Some(end) = config.expires_at.filter(|end| *end <= now) {
        let detail = format!(
            "{end} has passed; name a time to come, leave `expires_at` out (or null) for a key that does not expire, \
             or DELETE a key to end it now"
        );
        problems.push(ConfigIssue::new("/expires_at", "in_the_past", detail));
    }
}
