//! The client's side of a connection in HTTP/1: which answers it got, and what each of them wears.

use http::{Method, Version, header};

use super::seen::is_same;
use crate::client::Answer;
use crate::gateway::{PAGE, SECRET};
use crate::reading::Parsed;
use crate::upstream::Seen;

/// What is management below the shared URL (design section 2).
const MANAGEMENT: [&str; 5] = ["projects", "api-keys", "cors", "audit-log", "nodes"];

/// How many requests have got a whole answer.
pub(super) fn complete(bytes: &[u8], parsed: &[Parsed]) -> usize {
    let is_complete = |answer: &&Answer| answer.status >= 200 && answer.is_complete;
    split(bytes, parsed).iter().filter(is_complete).count()
}

/// The answers, interim ones included.
fn split(mut bytes: &[u8], parsed: &[Parsed]) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut finals = 0;
    loop {
        let request = parsed.get(finals);
        let method = request.map_or("GET", |request| request.method.as_str());
        let Some((answer, rest)) = Answer::read(bytes, method) else {
            return answers;
        };
        finals += usize::from(answer.status >= 200);
        answers.push(answer);
        bytes = rest;
    }
}

/// At most one answer a request, in their order; then perhaps a bare one, which is hyper's and the last.
pub(super) fn check(bytes: &[u8], parsed: &[Parsed], seen: &[Seen]) {
    let mut answers = split(bytes, parsed);
    answers.retain(|answer| answer.status >= 200);
    if answers.last().is_some_and(is_bare) {
        answers.pop();
    }
    assert!(answers.len() <= parsed.len(), "{answers:?} to {parsed:?}");
    for (place, request) in parsed
        .iter()
        .take_while(|request| is_plain(request))
        .enumerate()
    {
        let is_forwarded = |answer: &Answer| answer.header("x-seen").is_some();
        assert!(
            answers.get(place).is_some_and(is_forwarded),
            "{answers:?}, and no. {place} is {request:?}"
        );
    }
    for (answer, request) in answers.iter().zip(parsed) {
        let id = answer.header("x-request-id");
        assert!(
            id.is_some_and(|id| id != "theirs"),
            "{answer:?} to {request:?}"
        );
        let may_close = request.version == Version::HTTP_10 || request.method == Method::HEAD;
        assert!(
            may_close || !answer.ends_by_closing(),
            "{answer:?} to {request:?}"
        );
        check_seen(answer, request, seen);
        check_cors(answer, request);
        for gone in ["access-control-allow-credentials", "set-cookie", "x-hop"] {
            assert_eq!(answer.header(gone), None, "{answer:?} to {request:?}");
        }
    }
}

/// What hyper says of bytes that are no request.
fn is_bare(answer: &Answer) -> bool {
    [400, 414, 431].contains(&answer.status) && answer.header("x-request-id").is_none()
}

/// Nobody gets the answer to another request.
fn check_seen(answer: &Answer, request: &Parsed, seen: &[Seen]) {
    let Some(serial) = answer.header("x-seen") else {
        return;
    };
    let answered = seen.iter().find(|seen| seen.serial.to_string() == serial);
    assert!(
        answered.is_some_and(|seen| is_same(seen, request)),
        "{answer:?} to {request:?} is of {answered:?}"
    );
}

/// Whether nothing in it can be a reason not to forward it: whole, with the key, short, and in words that everybody uses.
fn is_plain(request: &Parsed) -> bool {
    let path = request.uri.path();
    let segments = path.strip_prefix("/proj_fuzzing/e/v1/");
    let has_plain_path = request.uri.authority().is_none()
        && segments.is_some_and(|rest| {
            !rest.starts_with("endpoints")
                && rest
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'/')
        });
    let key = format!("Bearer {SECRET}");
    let headers = &request.headers;
    let has_plain_headers = headers.keys_len() == headers.len()
        && headers.get(header::HOST).is_some_and(|host| host == "gw")
        && headers
            .get(header::AUTHORIZATION)
            .is_some_and(|own| own == key.as_str())
        && headers.keys().all(|name| {
            [
                "host",
                "authorization",
                "content-length",
                "accept",
                "user-agent",
            ]
            .contains(&name.as_str())
        });
    let has_plain_method = request.method == Method::GET || request.method == Method::DELETE;
    request.is_complete
        && request.version == Version::HTTP_11
        && request.body.is_empty()
        && has_plain_path
        && has_plain_headers
        && has_plain_method
}

/// Design section 4, rules 4 and 8: the admitted page can read every answer of an API, errors too; others read none.
fn check_cors(answer: &Answer, request: &Parsed) {
    let is_admitted = request.origins() == [PAGE.as_bytes()];
    let allowed = answer.header("access-control-allow-origin");
    if is_api(request.uri.path()) {
        assert_eq!(
            allowed,
            is_admitted.then_some(PAGE),
            "{answer:?} to {request:?}"
        );
        let vary = answer.header("vary").unwrap_or_default();
        assert!(
            vary.to_ascii_lowercase().contains("origin"),
            "{answer:?} to {request:?}"
        );
    } else {
        assert!(
            allowed.is_none() || is_admitted,
            "{answer:?} to {request:?}"
        );
    }
}

/// Whether a path is below an endpoint or the shared URL, not management, and can be read in one way only.
fn is_api(path: &str) -> bool {
    let readable = path.to_ascii_lowercase().replace("%2e", ".");
    let is_dots = |segment: &str| [".", ".."].contains(&segment);
    let has_slash = readable.contains('\\') || readable.contains("%2f") || readable.contains("%5c");
    if has_slash || readable.split('/').any(is_dots) {
        return false;
    }
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "proj_fuzzing", "e" | "m", "v1", "endpoints", ..] => false,
        ["", "proj_fuzzing", "e" | "m", _, ..] => true,
        ["", "v1", first, ..] => !MANAGEMENT.contains(first),
        _ => false,
    }
}
