//! Keys as people read them.

use serde_json::Value;

use crate::cli::output::{fields, text};

/// The columns of [`row`].
pub(super) const HEADINGS: &[&str] = &[
    "id",
    "name",
    "project",
    "kind",
    "mode",
    "status",
    "endpoints",
    "expires",
];

/// One key in a list.
pub(super) fn row(key: &Value) -> Vec<String> {
    vec![
        text(&key["id"]),
        text(&key["name"]),
        text(&key["project"]),
        text(&key["kind"]),
        text(&key["mode"]),
        text(&key["status"]),
        endpoints(key),
        expires(key),
    ]
}

fn endpoints(key: &Value) -> String {
    match &key["endpoints"] {
        Value::Null => "all".to_owned(),
        names => text(names),
    }
}

fn expires(key: &Value) -> String {
    match &key["expires_at"] {
        Value::Null => "never".to_owned(),
        time => text(time),
    }
}

/// One key, field by field; never its token.
pub(super) fn human(key: &Value) -> String {
    let mut pairs = vec![
        ("id", text(&key["id"])),
        ("name", text(&key["name"])),
        ("project", text(&key["project"])),
        ("kind", text(&key["kind"])),
        ("mode", text(&key["mode"])),
        ("status", text(&key["status"])),
        ("scopes", text(&key["scopes"])),
        ("endpoints", endpoints(key)),
        ("expires", expires(key)),
        ("created", text(&key["created_at"])),
    ];
    if !key["allowed_origins"].is_null() {
        pairs.push(("origins", text(&key["allowed_origins"])));
    }
    if !key["allowed_ips"].is_null() {
        pairs.push(("from", text(&key["allowed_ips"])));
    }
    if key["require_origin"] == true {
        pairs.push(("origin", "required".to_owned()));
    }
    if !key["previous_token_expires_at"].is_null() {
        pairs.push(("old token ends", text(&key["previous_token_expires_at"])));
    }
    if !key["revoked_at"].is_null() {
        pairs.push(("revoked", text(&key["revoked_at"])));
    }
    fields(&pairs)
}

/// A new key with its token, which nobody can show again.
pub(super) fn created(key: &Value, is_imported: bool) -> String {
    let shown = human(key);
    match key["token"].as_str() {
        Some(_) if is_imported => shown,
        Some(token) => format!(
            "{shown}\n\n{token}\n\nThis token is shown once: Drawbridge keeps only a hash of it."
        ),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_new_key_shows_its_token_and_an_imported_one_does_not() {
        let key = json!({"id": "ak_live_1", "name": "web", "endpoints": null, "expires_at": null, "token": "dbr_pk_x"});
        assert!(created(&key, false).contains("\n\ndbr_pk_x\n\n"));
        assert!(!created(&key, true).contains("dbr_pk_x"));
        assert!(human(&key).contains("endpoints  all"), "{}", human(&key));
        assert!(!human(&key).contains("dbr_pk_x"));
    }
}
