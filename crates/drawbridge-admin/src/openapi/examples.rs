//! One example of each resource in each form. The tests send those that clients would send.

use drawbridge_policy::cors_config::CorsConfig;
use serde_json::{Value, json};

use super::members::Form;
use crate::shape::Resource;

const THEN: &str = "2026-11-21T12:00:00Z";

pub(super) fn example(resource: Resource, form: Form) -> Value {
    match resource {
        Resource::Project => project(form),
        Resource::Endpoint => endpoint(form),
        Resource::ApiKey => api_key(form),
        Resource::AuditEntry => audit_entry(),
        Resource::CorsRefusal => super::refusals::example(),
        Resource::Explanation => super::explanation::example(),
        Resource::Node => super::node::node_example(),
        Resource::Settings => super::node::settings_example(),
        Resource::Csp => super::node::csp_example(),
        Resource::Session => super::sessions::example(),
        Resource::SignInLink => super::sessions::example_of_link(),
        Resource::Traffic => super::traffic::example(),
    }
}

fn project(form: Form) -> Value {
    match form {
        Form::Create => json!({"slug": "my-project", "name": "My project"}),
        Form::Update => json!({"rate_limit": {"requests": 600, "per_seconds": 60}}),
        Form::Answer => json!({
            "object": "project",
            "id": "proj_4f7TqZ0aBcDe",
            "slug": "my-project",
            "name": "My project",
            "secret_keys_in_browsers": "warn",
            "rate_limit": null,
            "debug": false,
            "created_at": THEN,
            "updated_at": THEN,
        }),
    }
}

fn endpoint(form: Form) -> Value {
    let origin = "https://app.example.com";
    let models = json!(["my-model", {"name": "small", "upstream_name": "tiny-random"}]);
    let base_url = "http://127.0.0.1:18080/v1";
    match form {
        Form::Create => json!({
            "name": "my-endpoint",
            "models": models,
            "upstream": {"base_url": base_url, "credential": "sk-upstream"},
            "cors": {"allowedOrigins": [origin]},
            "limits": {"idle_seconds": 60},
        }),
        Form::Update => json!({
            "cors": {"allowedOrigins": [origin, "https://*.example.net"], "maxAge": null},
        }),
        Form::Answer => json!({
            "object": "endpoint",
            "project": "my-project",
            "project_id": "proj_4f7TqZ0aBcDe",
            "name": "my-endpoint",
            "url": "/proj_4f7TqZ0aBcDe/my-endpoint/v1",
            "base_url": "http://127.0.0.1:8080/proj_4f7TqZ0aBcDe/my-endpoint/v1",
            "models": models,
            "upstream": {"base_url": base_url, "has_credential": true},
            "cors": CorsConfig {
                allowed_origins: vec![origin.to_owned()],
                ..CorsConfig::default()
            }.to_value(),
            "limits": {"idle_seconds": 60},
            "created_at": THEN,
            "updated_at": THEN,
            "warnings": [],
        }),
    }
}

fn api_key(form: Form) -> Value {
    let end = "2037-01-31T12:00:00Z";
    match form {
        Form::Create => json!({
            "project": "my-project",
            "name": "web",
            "kind": "publishable",
            "endpoints": ["my-endpoint"],
            "allowed_origins": ["https://app.example.com"],
            "require_origin": true,
            "rate_limit": {"requests": 100, "per_seconds": 60, "burst": 20},
            "expires_at": end,
        }),
        Form::Update => json!({"name": "our page", "endpoints": null, "max_concurrent": 4}),
        Form::Answer => json!({
            "object": "api_key",
            "id": "ak_live_0aBcDeFgHiJkLmNo",
            "project": "my-project",
            "project_id": "proj_4f7TqZ0aBcDe",
            "name": "web",
            "kind": "publishable",
            "mode": "live",
            "scopes": ["inference"],
            "endpoints": ["my-endpoint"],
            "allowed_origins": ["https://app.example.com"],
            "allowed_ips": null,
            "require_origin": true,
            "max_concurrent": null,
            "rate_limit": {"requests": 100, "per_seconds": 60, "burst": 20},
            "expires_at": end,
            "created_at": THEN,
            "revoked_at": null,
            "previous_token_expires_at": null,
            "status": "active",
            "last_used_at": THEN,
            "last_used_ip": "203.0.113.7",
            "last_used_origin": "https://app.example.com",
            "exposed": null,
            "warnings": [],
        }),
    }
}

fn audit_entry() -> Value {
    json!({
        "object": "audit_entry",
        "id": 42,
        "at": THEN,
        "actor": "ak_live_0aBcDeFgHiJkLmNo",
        "client_ip": "203.0.113.7",
        "action": "endpoint.update",
        "target": "proj_4f7TqZ0aBcDe/my-endpoint",
        "project": "my-project",
        "project_id": "proj_4f7TqZ0aBcDe",
        "change": {"changed": {"/cors/maxAge": {"from": 86400, "to": 600}}},
        "revision": 42,
        "request_id": "req_01",
        "prev_hash": "4b".repeat(32),
        "hash": "9f".repeat(32),
    })
}
