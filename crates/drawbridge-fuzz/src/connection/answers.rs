//! The client's side of a connection in HTTP/1: which answers it got, and what each of them wears.

use http::{Method, Version};

use crate::client::Answer;
use crate::gateway::PAGE;
use crate::reading::Parsed;
use crate::upstream::mark;

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
pub(super) fn check(bytes: &[u8], parsed: &[Parsed]) {
    let mut answers = split(bytes, parsed);
    answers.retain(|answer| answer.status >= 200);
    if answers.last().is_some_and(is_bare) {
        answers.pop();
    }
    assert!(answers.len() <= parsed.len(), "{answers:?} to {parsed:?}");
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
        check_mark(answer, request);
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
fn check_mark(answer: &Answer, request: &Parsed) {
    let Some(marked) = answer.header("x-seen") else {
        return;
    };
    let target = request.upstream_target().unwrap_or_default();
    assert_eq!(
        marked,
        mark(request.method.as_str(), &target),
        "{answer:?} to {request:?}"
    );
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
