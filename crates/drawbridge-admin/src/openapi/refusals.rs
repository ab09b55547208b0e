//! The members of a counted refusal.

use drawbridge_policy::cors::Refusal;
use serde_json::{Value, json};

use super::members::{Member, Object, reference};
use super::resources::{PROJECT_ID, SLUG, choice, object, or_null, pattern, text, time};
use crate::refusals::OTHER;
use crate::shape::Resource;

/// A day in UTC.
pub(super) const DAY: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

pub(super) fn cors_refusal() -> Object {
    let reasons: Vec<_> = Refusal::ALL.iter().map(|reason| reason.code()).collect();
    let reasons = [reasons, vec![OTHER]].concat();
    let mut result = choice(&["refused", "reported"]);
    let mut verdict = choice(&["allowed", "blocked"]);
    for schema in [&mut result, &mut verdict] {
        schema["type"] = json!(["string", "null"]);
        if let Some(values) = schema["enum"].as_array_mut() {
            values.push(Value::Null);
        }
    }
    let endpoint = "The endpoint; null on the shared URL, before an endpoint is known.";
    let origin =
        "The page's origin, as it was sent; null where what was sent is none, and for the rest.";
    let reason = "Why; `other` counts everything of the endpoint and day that is not told apart.";
    let name = "The method, the header names (in lower case, several with `, ` between) or the id of the key at fault, where there is any.";
    let about_result = "`reported`: the endpoint let the call through and only reports.";
    let count = "How often: at least so often, at most that and what the row of the rest counts.";
    let about_verdict =
        "What the same call would get now; null where too little of it is known to say so.";
    let cause = "What stands in the way of the same call now.";
    let fixes = "What would let the same call through; empty where it is, and where no change of lists can.";
    let counting = json!({"type": "integer", "minimum": 1});
    let one = Member::made;
    Object {
        name: Resource::CorsRefusal.name(),
        about: "Refused calls of pages, counted by day, endpoint, origin and reason.",
        members: vec![
            object("cors_refusal"),
            one("id", counting.clone(), "Its number."),
            one("day", pattern(DAY), "The day, in UTC."),
            one(
                "project",
                or_null(pattern(SLUG)),
                "The slug of the project.",
            ),
            one(
                "project_id",
                or_null(pattern(PROJECT_ID)),
                "The id of the project.",
            ),
            one("endpoint", or_null(pattern(SLUG)), endpoint),
            one("origin", or_null(text()), origin),
            one("reason", choice(&reasons), reason),
            one("name", or_null(text()), name),
            one("result", result, about_result),
            one("count", counting, count),
            one("first_seen_at", time(), "The first time of that day."),
            one("last_seen_at", time(), "The last time of that day."),
            one("verdict", verdict, about_verdict),
            one("cause", or_null(text()), cause),
            one(
                "fixes",
                json!({"type": "array", "items": reference(FIX)}),
                fixes,
            ),
        ],
    }
}

/// The schema of a fix.
pub(super) const FIX: &str = "Fix";

pub(super) fn fix() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    let about =
        "The smallest change that, with the others of the same answer, lets the call through.";
    let etag = "The resource's entity tag, for `If-Match`: the patch is for what was stored then.";
    json!({
        "type": "object",
        "description": about,
        "properties": {
            "summary": text("What it does."),
            "target": {"type": "string", "enum": ["endpoint", "key"], "description": "What it changes."},
            "url": text("The resource to PATCH."),
            "etag": text(etag),
            "patch": {"type": "object", "description": "A JSON Merge Patch."},
            "command": text("The command line that applies it, for a shell."),
            "risk": text("What else becomes possible by it, or ceases to be."),
        },
        "required": ["summary", "target", "url", "etag", "patch", "command", "risk"],
    })
}

pub(super) fn example() -> Value {
    let origin = "https://new.example.com";
    let patch = json!({"cors": {"allowedOrigins": ["https://app.example.com", origin]}});
    let then = "2026-11-21T12:00:00Z";
    json!({
        "object": "cors_refusal",
        "id": 7,
        "day": "2026-11-21",
        "project": "my-project",
        "project_id": "proj_4f7TqZ0aBcDe",
        "endpoint": "my-endpoint",
        "origin": origin,
        "reason": "origin_not_allowed",
        "name": null,
        "result": "refused",
        "count": 12,
        "first_seen_at": then,
        "last_seen_at": then,
        "verdict": "blocked",
        "cause": format!("`allowedOrigins` does not cover `{origin}`"),
        "fixes": [{
            "summary": format!("add `{origin}` to `allowedOrigins`"),
            "target": "endpoint",
            "url": "/v1/projects/my-project/endpoints/my-endpoint",
            "etag": "\"42\"",
            "patch": patch,
            "command": format!("drawbridge endpoint update my-endpoint --project my-project --patch '{patch}'"),
            "risk": format!("whatever runs on pages of {origin} can call the endpoint with the keys that it has"),
        }],
    })
}
