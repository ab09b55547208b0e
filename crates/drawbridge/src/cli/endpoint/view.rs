//! Endpoints as people read them.

use serde_json::Value;

use crate::cli::output::{fields, text};
use crate::cli::session::Session;

/// The columns of [`row`].
pub(super) const HEADINGS: &[&str] = &["name", "url", "upstream", "models", "origins"];

/// One endpoint in a list.
pub(super) fn row(session: &Session, endpoint: &Value) -> Vec<String> {
    let models = match endpoint["models"].as_array().map(Vec::len) {
        Some(0) => "any".to_owned(),
        _ => summary(&models(endpoint)),
    };
    let origins = endpoint["cors"]["allowedOrigins"].as_array();
    let origins: Vec<String> = origins.into_iter().flatten().map(text).collect();
    vec![
        text(&endpoint["name"]),
        url(session, endpoint),
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

fn url(session: &Session, endpoint: &Value) -> String {
    format!("{}{}", session.client.url(), text(&endpoint["url"]))
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
pub(super) fn human(session: &Session, endpoint: &Value) -> String {
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
    fields(&[
        ("name", text(&endpoint["name"])),
        ("project", text(&endpoint["project"])),
        ("url", url(session, endpoint)),
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
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn models_read_as_they_are_typed() {
        let endpoint =
            json!({"models": ["a", {"name": "small", "upstream_name": "tiny"}, {"name": "b"}]});
        assert_eq!(models(&endpoint), ["a", "small=tiny", "b"]);
        assert_eq!(summary(&models(&endpoint)), "a +2");
    }
}
