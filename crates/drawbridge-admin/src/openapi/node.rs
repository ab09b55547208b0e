//! The members of what is said about the gateway itself: nodes, settings, and the CSP of pages that call it.

use serde_json::{Value, json};

use super::members::{Member, Object};
use super::resources::{choice, flag, object, or_null, pattern, text, time};
use crate::shape::Resource;

/// What is asked about a CSP.
pub(super) const CSP_QUESTION: &str = "CspQuestion";

fn number(least: u64) -> Value {
    json!({"type": "integer", "minimum": least})
}

pub(super) fn node() -> Object {
    let one = Member::made;
    let id = "The same after a restart, and no other node's.";
    let revision = "The revision of the configuration that its requests obey.";
    let status = "`draining`: it is about to stop, and only ends what is under way.";
    let admin = "Where management is served, if elsewhere.";
    let streams = "Forwarded requests whose answer has not ended.";
    Object {
        name: Resource::Node.name(),
        about: "A process that serves the configuration.",
        members: vec![
            object("node"),
            one("id", pattern("^node_[A-Za-z0-9]{12}$"), id),
            one("name", text(), "What its machine is called."),
            one("version", text(), "Its release."),
            one("started_at", time(), "When it started."),
            one(
                "last_seen_at",
                time(),
                "When it was last known to be there.",
            ),
            one("revision", number(0), revision),
            one("status", choice(&["ready", "draining"]), status),
            one("is_self", flag(), "Whether it is the one that answers."),
            one("address", text(), "Where clients connect: `ADDRESS:PORT`."),
            one("admin_address", or_null(text()), admin),
            one("cores", number(1), "How many cores serve requests."),
            one(
                "open_connections",
                number(0),
                "Client connections that are open.",
            ),
            one("open_streams", number(0), streams),
        ],
    }
}

pub(super) fn node_example() -> Value {
    json!({
        "object": "node",
        "id": "node_4f7TqZ0aBcDe",
        "name": "gateway-1",
        "version": "0.1.0",
        "started_at": "2026-11-21T12:00:00Z",
        "last_seen_at": "2026-11-21T13:00:00Z",
        "revision": 42,
        "status": "ready",
        "is_self": true,
        "address": "127.0.0.1:8080",
        "admin_address": null,
        "cores": 4,
        "open_connections": 12,
        "open_streams": 3,
    })
}

pub(super) fn settings() -> Object {
    let one = Member::made;
    let setting = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Its path in the file."},
            "value": {"description": "What holds; null where nothing does."},
            "source": {
                "type": "string",
                "enum": ["default", "file", "environment", "flag"],
                "description": "Where that was written.",
            },
            "summary": {"type": "string", "description": "What it is."},
        },
        "required": ["name", "value", "source", "summary"],
    });
    let all = "Every setting. Secrets are none of them.";
    let file = "The configuration file that was read; null where none was.";
    Object {
        name: Resource::Settings.name(),
        about: "What the node that answers was configured with when it started.",
        members: vec![
            object("settings"),
            one("config_file", or_null(text()), file),
            one("settings", json!({"type": "array", "items": setting}), all),
        ],
    }
}

pub(super) fn settings_example() -> Value {
    json!({
        "object": "settings",
        "config_file": "/etc/drawbridge.toml",
        "settings": [{
            "name": "listen",
            "value": "127.0.0.1:8080",
            "source": "file",
            "summary": "Address and port where clients connect",
        }],
    })
}

pub(super) fn csp_question() -> Value {
    let member = |about: &str| json!({"type": ["string", "null"], "description": about});
    json!({
        "type": "object",
        "description": "What a page is to call, and the policy that it has.",
        "properties": {
            "project": member("Only the endpoints of this project, by their own URLs: its id or slug. Null: all of the gateway."),
            "policy": member("The value of the page's Content-Security-Policy header."),
            "page_origin": member("Where the page comes from, which 'self' depends on; null stands for another origin."),
        },
        "additionalProperties": false,
        "examples": [{"project": "my-project", "policy": "default-src 'self'"}],
    })
}

pub(super) fn csp() -> Object {
    let one = Member::made;
    let policy = "The directive that lets a page call the gateway, and its own origin.";
    let check = "Whether the policy that was given lets the page call, and what it takes; null where none was.";
    Object {
        name: Resource::Csp.name(),
        about: "What a page's Content-Security-Policy has to allow.",
        members: vec![
            object("csp"),
            one("source", text(), "The gateway, as it stands in a policy."),
            one("policy", text(), policy),
            one("check", csp_check(), check),
        ],
    }
}

fn csp_check() -> Value {
    let said = |about: &str| json!({"type": "string", "description": about});
    let maybe = |about: &str| json!({"type": ["string", "null"], "description": about});
    let near = json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"source": said("A source."), "has": said("What it has that the gateway has not.")},
            "required": ["source", "has"],
        },
        "description": "Sources that name the gateway's host and miss it all the same.",
    });
    let block = json!({
        "type": "object",
        "properties": {
            "policy": {"type": "integer", "minimum": 1, "description": "Which policy of the header, from 1."},
            "directive": said("The directive at fault."),
            "text": said("The directive as it is written."),
            "near": near,
            "cure": maybe("The directive to put in its place; to add, where the fallback is at fault."),
        },
        "required": ["policy", "directive", "text", "near", "cure"],
    });
    json!({
        "type": ["object", "null"],
        "properties": {
            "verdict": {"type": "string", "enum": ["allowed", "blocked"]},
            "blocks": {"type": "array", "items": block, "description": "The policies that block the call."},
            "cured": maybe("The whole header with every cure; null where nothing needs one."),
            "warnings": {"type": "array", "items": {"type": "string"}, "description": "What browsers ignore in it."},
        },
        "required": ["verdict", "blocks", "cured", "warnings"],
    })
}

pub(super) fn csp_example() -> Value {
    let source = "https://gateway.example.com/proj_4f7TqZ0aBcDe/";
    let cure = format!("connect-src 'self' {source}");
    json!({
        "object": "csp",
        "source": source,
        "policy": cure,
        "check": {
            "verdict": "blocked",
            "blocks": [{
                "policy": 1, "directive": "default-src", "text": "default-src 'self'", "near": [], "cure": cure,
            }],
            "cured": format!("default-src 'self'; {cure}"),
            "warnings": [],
        },
    })
}
