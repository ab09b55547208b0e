//! Answers: their header fields, and everything that an operation can refuse.

use std::collections::BTreeMap;

use drawbridge_policy::denial::Denial;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::members::reference;
use crate::operations::Operation;
use crate::problem::Fault;
use crate::shape::Shape;

/// What every operation can refuse.
const ALWAYS: [Fault; 8] = [
    Fault::SessionEnded,
    Fault::OriginNotAllowed,
    Fault::CrossSite,
    Fault::ScopeMissing,
    Fault::MisdirectedRequest,
    Fault::ValidationFailed,
    Fault::InternalError,
    Fault::StoreUnavailable,
];
/// The same, as the data plane says it.
const DENIALS: [Denial; 8] = [
    Denial::ConflictingKeys,
    Denial::MissingKey,
    Denial::InvalidKey,
    Denial::ExpiredKey,
    Denial::RevokedKey,
    Denial::RouteNotPermitted,
    Denial::KeyIpNotAllowed,
    Denial::OriginRequired,
];
/// What the gateway answers itself: what it does not hand over, and keys that are not good from an address that has
/// sent too many of them.
const BY_THE_GATEWAY: [Denial; 7] = [
    Denial::MalformedRequest,
    Denial::UpgradeNotSupported,
    Denial::UriTooLong,
    Denial::RateLimited,
    Denial::HeadersTooLarge,
    Denial::InternalError,
    Denial::Overloaded,
];
/// Statuses whose answers are the same for all operations that have them.
const SHARED: [u16; 12] = [401, 403, 412, 413, 414, 415, 421, 422, 429, 431, 500, 503];

/// The codes of one status, by the shape that they come in.
#[derive(Debug, Default, PartialEq, Eq)]
struct Codes {
    problems: Vec<&'static str>,
    /// In OpenAI's shape.
    refusals: Vec<&'static str>,
}

/// One answer, with the header fields that all have and these.
pub(super) fn answer(about: &str, headers: &[&str], content: Option<Value>) -> Value {
    let names = ["X-Request-Id"].iter().chain(headers);
    let headers = names.map(|name| ((*name).to_owned(), header(name)));
    let mut answer = json!({
        "description": about,
        "headers": headers.collect::<Map<_, _>>(),
    });
    if let Some(content) = content {
        answer["content"] = content;
    }
    answer
}

/// Everything that an operation can refuse, by status.
pub(super) fn refusals(operation: &Operation) -> BTreeMap<u16, Value> {
    let refused = codes(operation).into_iter().map(|(status, codes)| {
        let is_own = operation
            .faults
            .iter()
            .any(|fault| status_of(*fault) == status);
        let answer = match SHARED.contains(&status) && !is_own {
            true => json!({"$ref": format!("#/components/responses/{}", name(status))}),
            false => refusal(status, &codes),
        };
        (status, answer)
    });
    refused.collect()
}

/// The answers of [`SHARED`] statuses.
pub(super) fn shared() -> Map<String, Value> {
    let widest = general(Shape::Update, true);
    let shared = widest
        .into_iter()
        .filter(|(status, _)| SHARED.contains(status));
    shared
        .map(|(status, codes)| (name(status), refusal(status, &codes)))
        .collect()
}

/// What the gateway refuses whatever the operation.
pub(super) fn refusals_to_anyone() -> BTreeMap<u16, Value> {
    let mut codes = BTreeMap::new();
    add_faults(
        &[
            Fault::OriginNotAllowed,
            Fault::MisdirectedRequest,
            Fault::ValidationFailed,
        ],
        &mut codes,
    );
    add_denials_of_the_gateway(&mut codes);
    let codes = codes.into_iter();
    codes
        .map(|(status, codes)| (status, refusal(status, &codes)))
        .collect()
}

/// The header fields of answers.
pub(super) fn headers() -> Value {
    let id =
        "The request's own, if it brought one (1 to 128 of `A-Z a-z 0-9 . _ -`), else a made one.";
    json!({
        "X-Request-Id": {
            "description": id,
            "required": true,
            "schema": {"type": "string"},
        },
        "ETag": {
            "description": "The resource's strong entity tag. Absent from answers to dry runs.",
            "schema": {"type": "string", "pattern": "^\"[0-9]+\"$"},
        },
        "Location": {
            "description": "Where the new resource stands.",
            "required": true,
            "schema": {"type": "string", "format": "uri-reference"},
        },
        "Retry-After": {
            "description": "In how many seconds another request may be answered.",
            "required": true,
            "schema": {"type": "integer", "minimum": 1},
        },
        "Set-Cookie": {
            "description": "The session's cookie, or what makes a browser forget it.",
            "schema": {"type": "string"},
        },
        "WWW-Authenticate": {"required": true, "schema": {"type": "string", "const": "Bearer"}},
    })
}

fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

fn codes(operation: &Operation) -> BTreeMap<u16, Codes> {
    let mut codes = general(operation.shape, operation.path.contains('{'));
    add_faults(operation.faults, &mut codes);
    // An id that is none makes the URL one of the data plane's, where nothing is.
    if operation.path.starts_with("/{project_id}") {
        codes
            .entry(404)
            .or_default()
            .refusals
            .push(Denial::RouteNotFound.code());
    }
    codes
}

fn general(shape: Shape, has_parameters: bool) -> BTreeMap<u16, Codes> {
    let mut codes = BTreeMap::new();
    for denial in DENIALS {
        let codes: &mut Codes = codes.entry(denial.status()).or_default();
        codes.problems.push(denial.code());
    }
    add_faults(&ALWAYS, &mut codes);
    if shape.takes_document() {
        add_faults(
            &[
                Fault::MalformedJson,
                Fault::BodyTooLarge,
                Fault::UnsupportedMediaType,
            ],
            &mut codes,
        );
    }
    if shape.is_conditional() {
        add_faults(
            &[Fault::MalformedCondition, Fault::PreconditionFailed],
            &mut codes,
        );
    }
    if has_parameters {
        add_faults(&[Fault::RouteNotFound], &mut codes);
    }
    add_denials_of_the_gateway(&mut codes);
    codes
}

fn add_faults(faults: &[Fault], codes: &mut BTreeMap<u16, Codes>) {
    for fault in faults {
        codes
            .entry(status_of(*fault))
            .or_default()
            .problems
            .push(fault.row().0);
    }
}

fn add_denials_of_the_gateway(codes: &mut BTreeMap<u16, Codes>) {
    for denial in BY_THE_GATEWAY {
        codes
            .entry(denial.status())
            .or_default()
            .refusals
            .push(denial.code());
    }
}

fn status_of(fault: Fault) -> u16 {
    fault.row().1.as_u16()
}

/// One refusal. Its codes stand in backquotes.
fn refusal(status: u16, codes: &Codes) -> Value {
    let mut content = Map::new();
    for (media_type, schema, codes) in [
        ("application/problem+json", "Problem", &codes.problems),
        ("application/json", "Refusal", &codes.refusals),
    ] {
        if !codes.is_empty() {
            content.insert(media_type.to_owned(), json!({"schema": reference(schema)}));
        }
    }
    let codes = codes.problems.iter().chain(&codes.refusals);
    let codes: Vec<_> = codes.map(|code| format!("`{code}`")).collect();
    let mut headers = json!({"X-Request-Id": header("X-Request-Id")});
    for (of, name) in [(401, "WWW-Authenticate"), (429, "Retry-After")] {
        if status == of {
            headers[name] = header(name);
        }
    }
    json!({
        "description": format!("{}: {}", phrase(status), codes.join(", ")),
        "headers": headers,
        "content": content,
    })
}

fn phrase(status: u16) -> &'static str {
    let status = StatusCode::from_u16(status).ok();
    status
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Refused")
}

/// The name of a shared answer.
fn name(status: u16) -> String {
    phrase(status).replace(' ', "")
}
