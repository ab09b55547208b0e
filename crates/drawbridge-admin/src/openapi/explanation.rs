//! The question that is asked about a call, and what is answered.

use drawbridge_policy::explain::Browser;
use serde_json::{Map, Value, json};

use super::members::{Member, Object, reference};
use super::refusals::FIX;
use super::resources::TOKEN;
use crate::explain::{DEFAULT_METHOD, LONGEST_ORIGIN, MOST_HEADERS};

/// What is asked.
pub(super) const QUESTION: &str = "Question";

/// `Name` or `Name: value`.
const HEADER: &str = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+(:[^\\u0000-\\u001f\\u007f-\\u009f]*)?$";

pub(super) fn question() -> Value {
    let about = "A call of a page, or a line of a browser's console, or both: then the line says of the call what the other \
                 members do not.";
    json!({
        "type": "object",
        "description": about,
        "properties": {
            "project": text("Id or slug; the calling key's own where it is left out."),
            "endpoint": text("The name of the endpoint that the page calls."),
            "key_id": text("The key that the page sends. Needs the scope `keys:read`."),
            "origin": {
                "type": "string",
                "minLength": 1,
                "maxLength": LONGEST_ORIGIN,
                "description": "The page's origin.",
            },
            "method": {
                "type": "string",
                "pattern": TOKEN,
                "default": DEFAULT_METHOD,
                "description": "As the page writes it.",
            },
            "headers": {
                "type": "array",
                "items": {"type": "string", "pattern": HEADER},
                "maxItems": MOST_HEADERS,
                "default": [],
                "description": "What the page sets: `Name`, or `Name: value`.",
            },
            "credentials": {
                "type": "boolean",
                "default": false,
                "description": "Whether the page includes credentials: `credentials: \"include\"`, `withCredentials`.",
            },
            "console": text("A line as it was copied from a browser's console, or words for it. Of a long text the first and the last 8 KiB are looked at."),
        },
        "additionalProperties": false,
        "anyOf": [{"required": ["console"]}, {"required": ["endpoint", "origin"]}],
        "examples": [
            {
                "project": "my-project",
                "endpoint": "my-endpoint",
                "origin": "https://app.example.com",
                "method": "POST",
                "headers": ["Content-Type: application/json", "Authorization"],
                "credentials": false,
            },
            {"console": "No 'Access-Control-Allow-Origin' header is present on the requested resource."},
        ],
    })
}

pub(super) fn object() -> Object {
    let made = Member::made;
    let code = "The check that fails, by Chromium's name for it, or the gateway's own code of a refusal; null where none does.";
    let recognized = "What the line of a console says; null where none was sent.";
    let console = "What each browser's console says, the reason first. For a line alone: that browser's sentence for the code, \
                   with `{name}` for what is not known.";
    let lines = "The same line by line: others that stand for it equally well, and whether it was measured in the very browser.";
    let fixes = "Together they let the call through; empty where nothing is blocked, or where no change of lists can cure it.";
    let notes = "What else is to be known. Where a line of a console says that a call was blocked, and the one that is asked \
                 about passes: why that may be, so that such an answer is not taken for an all-clear.";
    Object {
        name: "Explanation",
        about: "What browsers make of a page's call, and what cures it.",
        members: vec![
            made("object", json!({"const": "explanation"}), "What this is."),
            made(
                "verdict",
                json!({"type": "string", "enum": ["allowed", "blocked"]}),
                "Whether every browser lets the page read the answer, and the gateway admits the request.",
            ),
            made("code", or_null("string"), code),
            made("meaning", or_null("string"), "What the code means."),
            made(
                "cure",
                or_null("string"),
                "What is done about such a code, whatever the server.",
            ),
            made("recognized", recognized_line(), recognized),
            made(
                "preflight",
                preflight(),
                "The preflight that browsers send; null for a line alone.",
            ),
            made(
                "actual",
                actual(),
                "The request itself; null for a line alone.",
            ),
            made(
                "console",
                by_browser(&json!({"type": ["string", "null"]}), false),
                console,
            ),
            made("console_lines", by_browser(&console_lines(), true), lines),
            made(
                "cause",
                or_null("string"),
                "What stands in the way, in words.",
            ),
            made(
                "fixes",
                json!({"type": "array", "items": reference(FIX)}),
                fixes,
            ),
            made("notes", json!({"type": "array", "items": note()}), notes),
        ],
    }
}

fn recognized_line() -> Value {
    let mut properties = Map::new();
    for name in [
        "browser",
        "url",
        "redirected_from",
        "origin",
        "method",
        "header",
        "value",
    ] {
        properties.insert(name.to_owned(), or_null("string"));
    }
    let codes = json!({
        "type": "array",
        "items": {"type": "string"},
        "description": "What it may mean, the likeliest first.",
    });
    properties.insert("codes".to_owned(), codes);
    properties.insert("status".to_owned(), or_null("integer"));
    let names: Vec<_> = properties.keys().cloned().collect();
    json!({"type": ["object", "null"], "properties": properties, "required": names})
}

fn note() -> Value {
    json!({
        "type": "object",
        "properties": {
            "code": {"type": "string", "description": "Its stable name."},
            "text": {"type": "string", "description": "For people."},
        },
        "required": ["code", "text"],
    })
}

fn preflight() -> Value {
    json!({
        "type": ["object", "null"],
        "properties": {
            "needed": {"type": "boolean"},
            "why": {"type": "array", "items": {"type": "string"}},
            "request": request(),
            "response": response(),
        },
        "required": ["needed", "why", "request", "response"],
    })
}

fn actual() -> Value {
    let denial = "The gateway's code where it refuses the request, were it sent.";
    let reported = "What would be refused, were the endpoint not in report mode.";
    json!({
        "type": ["object", "null"],
        "properties": {
            "sent": {"type": "boolean", "description": "Whether browsers come to send it."},
            "request": request(),
            "response": response(),
            "denial": {"type": ["string", "null"], "description": denial},
            "reported": {"type": ["string", "null"], "description": reported},
        },
        "required": ["sent", "request", "response", "denial", "reported"],
    })
}

fn request() -> Value {
    json!({
        "type": ["object", "null"],
        "properties": {"method": {"type": "string"}, "url": {"type": "string"}, "headers": header_fields()},
        "required": ["method", "url", "headers"],
    })
}

/// Status 200 stands for whatever the upstream says.
fn response() -> Value {
    json!({
        "type": ["object", "null"],
        "description": "The gateway's answer, as far as browsers look at it; 200 stands for whatever the upstream says.",
        "properties": {"status": {"type": "integer"}, "headers": header_fields()},
        "required": ["status", "headers"],
    })
}

fn header_fields() -> Value {
    json!({"type": "object", "additionalProperties": {"type": "string"}})
}

fn console_lines() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "text": {"type": "string"},
                "alternatives": {"type": "array", "items": {"type": "string"}},
                "is_verified": {"type": "boolean"},
            },
            "required": ["text", "alternatives", "is_verified"],
        },
    })
}

fn by_browser(schema: &Value, is_nullable: bool) -> Value {
    let names = Browser::ALL.map(Browser::as_str);
    let properties: Map<_, _> = names
        .iter()
        .map(|name| ((*name).to_owned(), schema.clone()))
        .collect();
    let kind = match is_nullable {
        true => json!(["object", "null"]),
        false => json!("object"),
    };
    json!({"type": kind, "properties": properties, "required": names})
}

fn or_null(kind: &str) -> Value {
    json!({"type": [kind, "null"]})
}

fn text(about: &str) -> Value {
    json!({"type": "string", "description": about})
}

pub(super) fn example() -> Value {
    let url = "https://gateway.example.com/proj_4f7TqZ0aBcDe/my-endpoint/v1/chat/completions";
    let origin = "https://app.example.com";
    let patch = json!({"cors": {"allowedOrigins": [origin]}});
    let command =
        format!("drawbridge endpoint update my-endpoint --project my-project --patch '{patch}'");
    let chromium = format!(
        "Access to fetch at '{url}' from origin '{origin}' has been blocked by CORS policy: Response to preflight request \
         doesn't pass access control check: No 'Access-Control-Allow-Origin' header is present on the requested resource."
    );
    let line = |text: &str, is_verified: bool| json!([{"text": text, "alternatives": [], "is_verified": is_verified}]);
    let safari =
        format!("Origin {origin} is not allowed by Access-Control-Allow-Origin. Status code: 204");
    let firefox = format!(
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {url}. (Reason: CORS \
         header ‘Access-Control-Allow-Origin’ missing). Status code: 204."
    );
    json!({
        "object": "explanation",
        "verdict": "blocked",
        "code": "PreflightMissingAllowOriginHeader",
        "meaning": "The preflight was answered without Access-Control-Allow-Origin, so the request was never sent.",
        "cure": "Have the server send the page's origin in it, on errors too; on preflights without asking for a key.",
        "recognized": null,
        "preflight": {
            "needed": true,
            "why": ["the header content-type: only application/x-www-form-urlencoded, multipart/form-data and text/plain go \
                     without asking"],
            "request": {
                "method": "OPTIONS",
                "url": url,
                "headers": {
                    "Origin": origin,
                    "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "content-type",
                },
            },
            "response": {"status": 204, "headers": {"Vary": "Origin"}},
        },
        "actual": {
            "sent": false,
            "request": {
                "method": "POST",
                "url": url,
                "headers": {"Content-Type": "application/json"},
            },
            "response": {"status": 403, "headers": {"Vary": "Origin"}},
            "denial": "origin_not_allowed",
            "reported": null,
        },
        "console": {"chromium": chromium, "firefox": firefox, "safari": safari},
        "console_lines": {
            "chromium": line(&chromium, true),
            "firefox": line(&firefox, true),
            "safari": line(&safari, false),
        },
        "cause": "`allowedOrigins` does not cover `https://app.example.com`",
        "fixes": [{
            "summary": "add `https://app.example.com` to `allowedOrigins`",
            "target": "endpoint",
            "url": "/v1/projects/my-project/endpoints/my-endpoint",
            "etag": "\"41\"",
            "patch": patch,
            "command": command,
            "risk": "whatever runs on pages of https://app.example.com can call the endpoint with the keys that it has",
        }],
        "notes": [],
    })
}
