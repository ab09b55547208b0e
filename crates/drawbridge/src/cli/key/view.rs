//! Keys as people read them.

use jiff::Timestamp;
use serde_json::Value;

use crate::cli::output::{fields, text};
use crate::cli::rate_limit;

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
    "used",
];

/// One key in a list.
pub(super) fn row(key: &Value) -> Vec<String> {
    vec![
        text(&key["id"]),
        text(&key["name"]),
        text(&key["project"]),
        text(&key["kind"]),
        text(&key["mode"]),
        status(key),
        endpoints(key),
        expires(key),
        last_used(key, Timestamp::now()),
    ]
}

/// The first that whoever looks at many keys has to see.
fn status(key: &Value) -> String {
    match &key["exposed"] {
        Value::Null => text(&key["status"]),
        _ => format!("{}, exposed", text(&key["status"])),
    }
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

/// When a key was last used: `3 minutes ago`.
fn last_used(key: &Value, now: Timestamp) -> String {
    let then = key["last_used_at"].as_str();
    match then.and_then(|then| then.parse().ok()) {
        Some(then) => ago(then, now),
        None => "never".to_owned(),
    }
}

/// The same, and by whom: `3 minutes ago from 203.0.113.7, https://app.example.com`.
fn used(key: &Value, now: Timestamp) -> String {
    let mut used = last_used(key, now);
    if let Some(ip) = key["last_used_ip"].as_str() {
        used = format!("{used} from {ip}");
    }
    if let Some(origin) = key["last_used_origin"].as_str() {
        used = format!("{used}, {origin}");
    }
    used
}

/// How long ago a moment was, in the largest unit that fits.
pub(in crate::cli) fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs();
    let (count, unit) = match seconds {
        ..1 => return "just now".to_owned(),
        1..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
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
        ("used", used(key, Timestamp::now())),
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
    if !key["rate_limit"].is_null() {
        pairs.push(("rate limit", rate_limit::human(&key["rate_limit"])));
    }
    if !key["max_concurrent"].is_null() {
        pairs.push(("in flight", format!("{} at most", key["max_concurrent"])));
    }
    if !key["previous_token_expires_at"].is_null() {
        pairs.push(("old token ends", text(&key["previous_token_expires_at"])));
    }
    if let Some(origin) = key["exposed"]["origin"].as_str() {
        let since = text(&key["exposed"]["first_seen_at"]);
        let advice = "treat it as leaked: rotate it, and give the page a publishable key";
        pairs.push(("exposed", format!("by {origin} since {since}; {advice}")));
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
    fn last_uses_are_told_in_the_largest_unit_with_address_and_page() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (then, expected) in [
            ("2026-11-21T12:00:00Z", "just now"),
            // The gateway's clock may be ahead.
            ("2026-11-21T12:00:09Z", "just now"),
            ("2026-11-21T11:59:59Z", "1 second ago"),
            ("2026-11-21T11:59:01Z", "59 seconds ago"),
            ("2026-11-21T11:56:59Z", "3 minutes ago"),
            ("2026-11-21T10:59:00Z", "1 hour ago"),
            ("2026-11-20T12:00:01Z", "23 hours ago"),
            ("2025-11-21T12:00:00Z", "365 days ago"),
        ] {
            let key = json!({"last_used_at": then, "last_used_ip": "203.0.113.7", "last_used_origin": null});
            assert_eq!(last_used(&key, now), expected);
            assert_eq!(used(&key, now), format!("{expected} from 203.0.113.7"));
        }
        let page = "https://app.example.com";
        let key = json!({"last_used_at": "2026-11-21T11:57:00Z", "last_used_ip": "::1", "last_used_origin": page});
        assert_eq!(used(&key, now), format!("3 minutes ago from ::1, {page}"));
        assert_eq!(used(&json!({"last_used_at": null}), now), "never");
    }

    #[test]
    fn limits_are_shown_where_there_are_any() {
        let limit = json!({"requests": 100, "per_seconds": 60, "burst": 20});
        let shown = human(&json!({"rate_limit": limit, "max_concurrent": 4}));
        assert!(shown.contains("100 in 60 s, 20 at once"), "{shown}");
        assert!(shown.contains("4 at most"), "{shown}");
        let shown = human(&json!({"rate_limit": null, "max_concurrent": null}));
        assert!(
            !shown.contains("at most") && !shown.contains("at once"),
            "{shown}"
        );
    }

    #[test]
    fn a_new_key_shows_its_token_and_an_imported_one_does_not() {
        let key = json!({"id": "ak_live_1", "name": "web", "endpoints": null, "expires_at": null, "token": "dbr_pk_x"});
        assert!(created(&key, false).contains("\n\ndbr_pk_x\n\n"));
        assert!(!created(&key, true).contains("dbr_pk_x"));
        assert!(human(&key).contains("endpoints  all"), "{}", human(&key));
        assert!(!human(&key).contains("dbr_pk_x"));
    }
}
