//! Endpoints as people read them.

use jiff::Timestamp;
use serde_json::Value;

use crate::cli::key::ago;
use crate::cli::output::{fields, text};

/// The columns of [`row`].
pub(super) const HEADINGS: &[&str] = &["name", "url", "upstream", "models", "origins"];

/// One endpoint in a list.
pub(super) fn row(endpoint: &Value) -> Vec<String> {
    let models = match endpoint["models"].as_array().map(Vec::len) {
        Some(0) => "any".to_owned(),
        _ => summary(&models(endpoint)),
    };
    let origins = endpoint["cors"]["allowedOrigins"].as_array();
    let origins: Vec<String> = origins.into_iter().flatten().map(text).collect();
    vec![
        text(&endpoint["name"]),
        text(&endpoint["base_url"]),
        text(&endpoint["upstream"]["base_url"]),
        models,
        summary(&origins),
    ]
}

/// The first of a list, and how many more there are.
fn summary(values: &[String]) -> String {
    match values {
        [] => "(none)".to_owned(),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    }
}

fn models(endpoint: &Value) -> Vec<String> {
    let models = endpoint["models"].as_array().into_iter().flatten();
    models
        .map(|model| match model {
            Value::Object(model) if model.contains_key("upstream_name") => {
                format!("{}={}", text(&model["name"]), text(&model["upstream_name"]))
            }
            Value::Object(model) => text(&model["name"]),
            name => text(name),
        })
        .collect()
}

/// One endpoint, field by field.
pub(super) fn human(endpoint: &Value) -> String {
    let upstream = &endpoint["upstream"];
    let cors = &endpoint["cors"];
    let models = match models(endpoint) {
        models if models.is_empty() => "any".to_owned(),
        models => models.join(", "),
    };
    let credential = match upstream["has_credential"].as_bool() {
        Some(true) => "stored".to_owned(),
        _ => "none".to_owned(),
    };
    let authorities = match upstream["ca_certificate"].is_string() {
        true => "its own (ca_certificate)".to_owned(),
        false => "the system's".to_owned(),
    };
    let shown = fields(&[
        ("name", text(&endpoint["name"])),
        ("project", text(&endpoint["project"])),
        ("url", text(&endpoint["base_url"])),
        ("models", models),
        ("upstream", text(&upstream["base_url"])),
        ("authorities", authorities),
        ("credential", credential),
        ("origins", text(&cors["allowedOrigins"])),
        ("methods", text(&cors["allowedMethods"])),
        ("headers", text(&cors["allowedHeaders"])),
        ("exposed headers", text(&cors["exposedHeaders"])),
        ("max age", format!("{} s", text(&cors["maxAge"]))),
        ("credentials", text(&cors["allowCredentials"])),
        ("enforcement", text(&cors["enforcement"])),
        ("updated", text(&endpoint["updated_at"])),
    ]);
    match endpoint.get("impact") {
        Some(found) => format!("{shown}\n\n{}", impact(found, Timestamp::now())),
        None => shown,
    }
}

/// What a change would mean for the pages that called the endpoint lately.
fn impact(impact: &Value, now: Timestamp) -> String {
    let mut lines = Vec::new();
    for (name, fate) in [("newly_admitted", "admitted"), ("newly_refused", "refused")] {
        for seen in impact[name].as_array().into_iter().flatten() {
            let calls = match seen["count"].as_u64() {
                Some(1) => "1 call".to_owned(),
                _ => format!("{} calls", text(&seen["count"])),
            };
            let last = text(&seen["last_seen_at"]);
            let last = last.parse().map_or(last, |then| ago(then, now));
            lines.push(format!(
                "Pages of {} would be {fate}: {calls} since yesterday, the last one {last}.",
                text(&seen["origin"])
            ));
        }
    }
    match lines.is_empty() {
        true => {
            "No origin whose pages called it in the last 24 hours would be admitted or refused anew."
                .to_owned()
        }
        false => lines.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_impact_reads_as_a_sentence_an_origin() {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let seen = |origin, count| json!([{"origin": origin, "count": count, "last_seen_at": "2026-11-21T11:58:00Z"}]);
        let both = json!({"newly_admitted": seen("https://a.example", 1), "newly_refused": seen("null", 12)});
        let expected = "Pages of https://a.example would be admitted: 1 call since yesterday, the last one 2 minutes ago.\n\
            Pages of null would be refused: 12 calls since yesterday, the last one 2 minutes ago.";
        assert_eq!(impact(&both, now), expected);
        assert!(impact(&json!({}), now).starts_with("No origin"));
    }

    #[test]
    fn models_read_as_they_are_typed() {
        let endpoint =
            json!({"models": ["a", {"name": "small", "upstream_name": "tiny"}, {"name": "b"}]});
        assert_eq!(models(&endpoint), ["a", "small=tiny", "b"]);
        assert_eq!(summary(&models(&endpoint)), "a +2");
    }
}
