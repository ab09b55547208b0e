//! A whole connection: any bytes, in HTTP/1 or HTTP/2, against the real gateway between a client and an upstream.
//!
//! Input: what the client sends, from the first byte on; an input that begins with the preface of HTTP/2 is HTTP/2.
//! What hyper's own server makes of the same bytes is the most that the upstream may see.

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Version};

use crate::client::{Answer, read_more};
use crate::gateway::{Gateway, PAGE, PATIENCE, RENAMED, gateway};
use crate::reading::{PREFACE, Parsed, read};
use crate::upstream::Seen;

/// What is management below the shared URL (design section 2).
const MANAGEMENT: [&str; 5] = ["projects", "api-keys", "cors", "audit-log", "nodes"];

/// How long answers in HTTP/2 are waited for: flow control may never let them end.
const HTTP2_PATIENCE: Duration = Duration::from_millis(15);

/// Sends the bytes, and checks what came of them on both sides.
pub fn connection(bytes: &[u8]) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let gateway = gateway();
    let credential = format!("input-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    gateway.set_credential(&credential);
    let parsed = read(bytes);
    if bytes.starts_with(PREFACE) {
        talk_http2(gateway, bytes, &parsed);
    } else {
        let answers = talk_http1(gateway, bytes, &parsed);
        check_answers(&answers, &parsed);
    }
    gateway.assert_serving();
    let mut unseen: Vec<Option<&Parsed>> = parsed.iter().map(Some).collect();
    for seen in gateway.upstream.take() {
        assert_eq!(seen.fault, None, "{seen:?}");
        let keys: Vec<&[u8]> = seen.values("authorization").collect();
        let is_own = matches!(keys.as_slice(), [key] if key.starts_with(b"Bearer input-"));
        assert!(is_own, "another key than the upstream's own: {seen:?}");
        // Not the check that the gateway still serves, nor what is left of an earlier input.
        if keys == [format!("Bearer {credential}").as_bytes()] && !is_follow_up(&seen) {
            check_seen(&seen, &mut unseen);
        }
    }
}

fn is_follow_up(seen: &Seen) -> bool {
    seen.target == "/base/after"
        && seen
            .values("x-request-id")
            .any(|id| id.starts_with(b"req_"))
}

/// Takes the request that the upstream saw away from those that hyper parsed.
fn check_seen(seen: &Seen, unseen: &mut [Option<&Parsed>]) {
    let place = unseen
        .iter()
        .position(|parsed| parsed.is_some_and(|parsed| is_same(seen, parsed)));
    match place {
        Some(place) => unseen[place] = None,
        None => panic!("the upstream saw {seen:?}, and hyper parsed {unseen:?}"),
    }
}

/// Whether the upstream saw this request: method, target, headers, body and its end. It sees no preflight.
fn is_same(seen: &Seen, parsed: &Parsed) -> bool {
    !is_preflight(parsed)
        && seen.method == parsed.method.as_str()
        && target(parsed).is_some_and(|target| target == seen.target)
        && (!seen.is_complete || parsed.is_complete)
        && has_same_body(seen, parsed)
        && has_same_headers(seen, parsed)
}

fn is_preflight(parsed: &Parsed) -> bool {
    let asked = parsed.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
    parsed.method == Method::OPTIONS
        && asked.is_some_and(|method| !method.is_empty())
        && matches!(origins(parsed).as_slice(), [origin] if !origin.is_empty())
}

fn origins(parsed: &Parsed) -> Vec<&[u8]> {
    let lines = parsed.headers.get_all(header::ORIGIN);
    lines.iter().map(HeaderValue::as_bytes).collect()
}

/// The target at the upstream, by cutting texts.
fn target(parsed: &Parsed) -> Option<String> {
    let given = parsed.uri.path_and_query()?.as_str();
    let below = ["/proj_fuzzing/e/v1/", "/proj_fuzzing/m/v1/", "/v1/"];
    let rest = below.iter().find_map(|base| given.strip_prefix(base))?;
    Some(format!("/base/{rest}"))
}

/// Byte by byte, but for one string that may have been renamed.
fn has_same_body(seen: &Seen, parsed: &Parsed) -> bool {
    let (seen_body, body) = (seen.body.as_slice(), parsed.body.as_slice());
    let is_same = if seen.is_complete {
        seen_body == body
    } else {
        body.starts_with(seen_body)
    };
    let renamed = format!("\"{RENAMED}\"");
    let places = seen_body.windows(renamed.len()).enumerate();
    is_same
        || places
            .filter(|(_, window)| *window == renamed.as_bytes())
            .any(|(at, _)| {
                let (before, behind) = (&seen_body[..at], &seen_body[at + renamed.len()..]);
                let Some(rest) = body.strip_prefix(before) else {
                    return false;
                };
                let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<String>();
                let is_small = values
                    .next()
                    .is_some_and(|name| name.is_ok_and(|name| name == "small"));
                let rest = &rest[values.byte_offset().min(rest.len())..];
                is_small
                    && if seen.is_complete {
                        rest == behind
                    } else {
                        rest.starts_with(behind)
                    }
            })
}

/// Nothing of the connection, the page or the key; nothing made up.
fn has_same_headers(seen: &Seen, parsed: &Parsed) -> bool {
    let options: Vec<Vec<u8>> = parsed
        .headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(|option| option.trim_ascii().to_ascii_lowercase())
        .collect();
    assert_eq!(seen.values("host").count(), 1, "{seen:?}");
    assert_eq!(seen.values("x-request-id").count(), 1, "{seen:?}");
    for (name, _) in &seen.headers {
        let is_foreign = matches!(
            name.as_str(),
            "connection"
                | "keep-alive"
                | "proxy-authenticate"
                | "proxy-authorization"
                | "proxy-connection"
                | "te"
                | "trailer"
                | "upgrade"
                | "http2-settings"
                | "origin"
                | "referer"
                | "cookie"
                | "x-api-key"
                | "x-goog-api-key"
        ) || name.starts_with("sec-fetch-");
        assert!(!is_foreign, "{seen:?}");
    }
    seen.headers.iter().all(|(name, value)| {
        let is_made = matches!(
            name.as_str(),
            "host" | "x-request-id" | "authorization" | "content-length" | "transfer-encoding"
        );
        let is_given = || {
            let name = HeaderName::from_bytes(name.as_bytes());
            name.is_ok_and(|name| {
                parsed
                    .headers
                    .get_all(name)
                    .iter()
                    .any(|given| given == value.as_slice())
            })
        };
        is_made || (is_given() && !options.iter().any(|option| *option == name.as_bytes()))
    })
}

/// Sends everything, waits for the answers that must come, says that nothing follows, and reads to the end.
fn talk_http1(gateway: &Gateway, bytes: &[u8], parsed: &[Parsed]) -> Vec<u8> {
    let mut stream = gateway.connect();
    // The gateway may have closed already.
    let _ = stream.write_all(bytes);
    let complete = parsed.iter().filter(|request| request.is_complete).count();
    let mut answers = Vec::new();
    let is_enough = |answers: &[u8]| {
        let all = split(answers, parsed);
        all.iter()
            .filter(|answer| answer.status >= 200 && answer.is_complete)
            .count()
            >= complete
    };
    while !is_enough(&answers) {
        if !goes_on(&mut stream, &mut answers) {
            return answers;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    while goes_on(&mut stream, &mut answers) {}
    answers
}

/// `false` at the end of the connection; silence is a bug.
fn goes_on(stream: &mut TcpStream, answers: &mut Vec<u8>) -> bool {
    match read_more(stream, answers) {
        Ok(count) => count > 0,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
        Err(error) => panic!(
            "neither an answer nor an end within {} s ({error}), after {:?}",
            PATIENCE.as_secs(),
            String::from_utf8_lossy(answers)
        ),
    }
}

/// The answers, interim ones included.
fn split(mut bytes: &[u8], parsed: &[Parsed]) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut finals = 0;
    loop {
        let method = parsed
            .get(finals)
            .map_or("GET", |request| request.method.as_str());
        let Some((answer, rest)) = Answer::read(bytes, method) else {
            return answers;
        };
        finals += usize::from(answer.status >= 200);
        answers.push(answer);
        bytes = rest;
    }
}

fn check_answers(bytes: &[u8], parsed: &[Parsed]) {
    let answers = split(bytes, parsed);
    let finals = answers.iter().filter(|answer| answer.status >= 200);
    let is_bare = |answer: &Answer| {
        [400, 414, 431].contains(&answer.status) && answer.header("x-request-id").is_none()
    };
    let own: Vec<&Answer> = finals.filter(|answer| !is_bare(answer)).collect();
    assert!(own.len() <= parsed.len(), "{answers:?} to {parsed:?}");
    let last_is_bare = answers.last().is_some_and(is_bare);
    let interim = answers.iter().filter(|answer| answer.status < 200).count();
    assert_eq!(
        answers.len(),
        own.len() + interim + usize::from(last_is_bare),
        "{answers:?}"
    );
    for (answer, request) in own.into_iter().zip(parsed) {
        let may_close = request.version == Version::HTTP_10 || request.method == Method::HEAD;
        assert!(may_close || !answer.ends_by_closing(), "{answer:?}");
        assert!(
            answer
                .header("x-request-id")
                .is_some_and(|id| id != "theirs"),
            "{answer:?}"
        );
        check_cors(answer, request);
        for gone in ["access-control-allow-credentials", "set-cookie", "x-hop"] {
            assert_eq!(answer.header(gone), None, "{answer:?}");
        }
    }
}

/// Design section 4, rules 4 and 8: the admitted page can read every answer of an API, errors too; others read none.
fn check_cors(answer: &Answer, request: &Parsed) {
    let is_admitted = origins(request) == [PAGE.as_bytes()];
    let allowed = answer.header("access-control-allow-origin");
    if is_api(request.uri.path()) {
        assert_eq!(
            allowed,
            is_admitted.then_some(PAGE),
            "{answer:?} to {request:?}"
        );
        let vary = answer
            .header("vary")
            .unwrap_or_default()
            .to_ascii_lowercase();
        assert!(vary.contains("origin"), "{answer:?} to {request:?}");
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

/// HTTP/2 is only looked at for its streams' ends: answers are read until as many ended as requests did.
fn talk_http2(gateway: &Gateway, bytes: &[u8], parsed: &[Parsed]) {
    let mut stream = gateway.connect();
    let _ = stream.write_all(bytes);
    let complete = parsed.iter().filter(|request| request.is_complete).count();
    let until = Instant::now() + HTTP2_PATIENCE;
    let mut answers = Vec::new();
    while ended_streams(&answers) < complete {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            break;
        }
        match read_more(&mut stream, &mut answers) {
            Ok(count) if count > 0 => {}
            _ => break,
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(PATIENCE));
    while goes_on(&mut stream, &mut answers) {}
}

/// Frames that end a stream (RFC 9113 sections 4.1, 6.1, 6.2 and 6.4).
fn ended_streams(mut bytes: &[u8]) -> usize {
    const END_STREAM: u8 = 1;
    let mut ended = 0;
    while let [high, middle, low, kind, flags, ..] = bytes {
        let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
        let is_end = matches!((kind, flags & END_STREAM), (0 | 1, 1) | (3, _));
        ended += usize::from(is_end);
        bytes = bytes.get(9 + length..).unwrap_or_default();
    }
    ended
}
