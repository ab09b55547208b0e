//! Entries of the audit log as people read them.

use serde_json::Value;

use crate::cli::output::text;

/// The columns of [`row`].
pub(super) const HEADINGS: &[&str] = &[
    "id", "at", "actor", "from", "action", "target", "project", "change",
];

/// One entry.
pub(super) fn row(entry: &Value) -> Vec<String> {
    vec![
        text(&entry["id"]),
        // Whole seconds; `--json` has the rest.
        whole_seconds(&text(&entry["at"])),
        text(&entry["actor"]),
        text(&entry["client_ip"]),
        text(&entry["action"]),
        text(&entry["target"]),
        text(&entry["project"]),
        change(&entry["change"]),
    ]
}

fn whole_seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.to_owned(),
    }
}

/// What was changed, by name; what it was and is takes more than a line.
fn change(change: &Value) -> String {
    let Some(changed) = change["changed"].as_object() else {
        return "-".to_owned();
    };
    let names = changed
        .keys()
        .map(|pointer| pointer.trim_start_matches('/'));
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_is_one_line_that_names_what_changed() {
        let entry = json!({
            "id": 7, "at": "2026-11-21T12:00:00.123456789Z", "actor": "root", "client_ip": null, "action": "endpoint.update",
            "target": "proj_abcdef/chat", "project": "p", "change": {"changed": {"/cors/maxAge": {}, "/models": {}}},
        });
        let expected =
            "7 2026-11-21T12:00:00Z root - endpoint.update proj_abcdef/chat p cors/maxAge, models";
        assert_eq!(row(&entry).join(" "), expected);
        assert_eq!(change(&json!({"created": {}})), "-");
        assert_eq!(
            whole_seconds("2026-11-21T12:00:00Z"),
            "2026-11-21T12:00:00Z"
        );
    }
}
