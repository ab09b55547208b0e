//! All schemas: the resources in their forms, and what stands around them.

use serde_json::{Map, Value, json};

use super::examples::example;
use super::explanation::{self, QUESTION};
use super::members::{Form, name, reference};
use super::node::{self, CSP_QUESTION};
use super::refusals::{FIX, fix};
use super::sessions::{self, LINK, SIGN_IN};
use crate::rotation::{DEFAULT_OVERLAP, LONGEST_OVERLAP};
use crate::shape::Resource;

const RESOURCES: [Resource; 12] = [
    Resource::Project,
    Resource::Endpoint,
    Resource::ApiKey,
    Resource::AuditEntry,
    Resource::CorsRefusal,
    Resource::Explanation,
    Resource::Node,
    Resource::Settings,
    Resource::Csp,
    Resource::Session,
    Resource::SignInLink,
    Resource::Traffic,
];
/// Answers that are nowhere listed.
const UNLISTED: [Resource; 6] = [
    Resource::Explanation,
    Resource::Settings,
    Resource::Csp,
    Resource::Session,
    Resource::SignInLink,
    Resource::Traffic,
];
/// What a rotation takes.
pub(super) const ROTATION: &str = "Rotation";
/// What it answers.
pub(super) const ROTATED: &str = "ApiKeyRotated";

/// The groups of operations.
pub(super) fn tags() -> Vec<Value> {
    RESOURCES
        .map(|resource| json!({"name": resource.name(), "description": resource.object().about}))
        .into()
}

/// All schemas.
pub(super) fn all() -> Map<String, Value> {
    let mut schemas = Map::new();
    for resource in RESOURCES {
        let forms: &[Form] = match resource {
            Resource::Project | Resource::Endpoint | Resource::ApiKey => {
                &[Form::Answer, Form::Create, Form::Update]
            }
            _ => &[Form::Answer],
        };
        resource.object().define(forms, &mut schemas);
        for form in forms {
            schemas[&name(resource.name(), *form)]["examples"] = json!([example(resource, *form)]);
        }
        if !UNLISTED.contains(&resource) {
            schemas.insert(format!("{}List", resource.name()), list(resource));
        }
    }
    for (name, schema) in [
        ("ApiKeyCreated", created_key()),
        (ROTATION, rotation()),
        (ROTATED, rotated_key()),
        (QUESTION, explanation::question()),
        (CSP_QUESTION, node::csp_question()),
        (FIX, fix()),
        (SIGN_IN, sessions::sign_in()),
        (LINK, sessions::new_link()),
        ("Issue", issue()),
        ("Problem", problem()),
        ("Refusal", refusal()),
    ] {
        schemas.insert(name.to_owned(), schema);
    }
    schemas
}

fn created_key() -> Value {
    let token = text("What opens the key. Shown this once.");
    json!({
        "allOf": [
            reference(Resource::ApiKey.name()),
            {"type": "object", "properties": {"token": token}, "required": ["token"]},
        ],
    })
}

fn rotation() -> Value {
    let about = "How long the old token stays good; 0 ends it now.";
    let overlap = json!({
        "type": "integer",
        "minimum": 0,
        "maximum": LONGEST_OVERLAP,
        "default": DEFAULT_OVERLAP,
        "description": about,
    });
    json!({
        "type": "object",
        "description": "How a key is given a new token.",
        "properties": {"overlap_seconds": overlap},
        "additionalProperties": false,
        "examples": [{"overlap_seconds": 3600}],
    })
}

fn rotated_key() -> Value {
    let token = text("The new token. Shown this once; not made by a dry run.");
    json!({
        "allOf": [
            reference(Resource::ApiKey.name()),
            {"type": "object", "properties": {"token": token}},
        ],
    })
}

fn list(resource: Resource) -> Value {
    let mut cursor = text("What `after` of the next page is; null on the last one.");
    cursor["type"] = json!(["string", "null"]);
    json!({
        "type": "object",
        "properties": {
            "object": {"const": "list"},
            "data": {"type": "array", "items": reference(resource.name())},
            "has_more": {"type": "boolean"},
            "next_cursor": cursor,
        },
        "required": ["object", "data", "has_more", "next_cursor"],
    })
}

fn issue() -> Value {
    json!({
        "type": "object",
        "description": "One problem, or one warning.",
        "properties": {
            "pointer": text("JSON Pointer into the document, or `?name` for a query parameter."),
            "code": text("Stable and machine-readable."),
            "detail": text("What is wrong with what, and why it matters."),
            "suggestion": {"description": "The value to put at `pointer`, where one can be derived."},
        },
        "required": ["pointer", "code", "detail"],
    })
}

fn problem() -> Value {
    let detail = "there is no field `allowed_origins` here; did you mean `allowedOrigins`?";
    json!({
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": text("What kind of problem it is."),
            "status": {"type": "integer"},
            "detail": text("What happened, and what to do about it."),
            "code": text("Stable and machine-readable."),
            "request_id": text("What the gateway's log has it under."),
            "errors": {
                "type": "array",
                "items": reference("Issue"),
                "description": "Every problem of the document or query, each with its place.",
            },
        },
        "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
        "examples": [{
            "type": "/errors#validation_failed",
            "title": "Validation failed",
            "status": 422,
            "detail": detail,
            "code": "validation_failed",
            "request_id": "req_01",
            "errors": [{"pointer": "/cors/allowed_origins", "code": "unknown_field", "detail": detail}],
        }],
    })
}

fn refusal() -> Value {
    json!({
        "type": "object",
        "description": "What the gateway refused before it looked at the URL, in OpenAI's error shape.",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "message": text("What happened, and what to do about it."),
                    "type": text("What kind of problem it is."),
                    "param": {"type": "null"},
                    "code": text("Stable and machine-readable."),
                    "request_id": text("What the gateway's log has it under."),
                    "docs_url": text("Where the gateway says what the code means."),
                },
                "required": ["message", "type", "param", "code", "request_id"],
            },
        },
        "required": ["error"],
    })
}

fn text(about: &str) -> Value {
    json!({"type": "string", "description": about})
}
