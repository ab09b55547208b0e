//! The upstream's side of a connection: what it saw is what hyper parsed, less what was meant for the gateway.

use http::header;

use crate::gateway::RENAMED;
use crate::reading::Parsed;
use crate::upstream::Seen;

/// Every request that came with this credential is one that hyper parsed, and none is there twice.
pub(super) fn check(requests: &[Seen], credential: &str, parsed: &[Parsed]) {
    let mut unseen: Vec<Option<&Parsed>> = parsed.iter().map(Some).collect();
    for seen in requests {
        check_form(seen);
        let is_of_this_input = seen
            .values("authorization")
            .eq([format!("Bearer {credential}").as_bytes()]);
        // Not the check that the gateway still serves, nor what is left of an earlier input.
        if !is_of_this_input || is_follow_up(seen) {
            continue;
        }
        let is_it = |parsed: &Option<&Parsed>| parsed.is_some_and(|parsed| is_same(seen, parsed));
        match unseen.iter().position(is_it) {
            Some(place) => unseen[place] = None,
            None => panic!("the upstream saw {seen:?}, and hyper parsed {unseen:?}"),
        }
    }
}

fn is_follow_up(seen: &Seen) -> bool {
    let mut ids = seen.values("x-request-id");
    seen.target == "/base/after" && ids.any(|id| id.starts_with(b"req_"))
}

/// By the letter of HTTP/1.1, with the upstream's own credential, and nothing of the connection, the page or the key.
fn check_form(seen: &Seen) {
    assert_eq!(seen.fault, None, "{seen:?}");
    let keys: Vec<&[u8]> = seen.values("authorization").collect();
    assert!(
        matches!(keys.as_slice(), [key] if key.starts_with(b"Bearer input-")),
        "{seen:?}"
    );
    assert_eq!(seen.values("host").count(), 1, "{seen:?}");
    assert_eq!(seen.values("x-request-id").count(), 1, "{seen:?}");
    let is_for_the_gateway = seen.headers.iter().any(|(name, _)| is_foreign(name));
    assert!(!is_for_the_gateway, "{seen:?}");
}

/// Whether a field concerns the client's connection, the page or the key.
fn is_foreign(name: &str) -> bool {
    matches!(
        name,
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
    ) || name.starts_with("sec-fetch-")
}

/// Whether the gateway makes a field itself.
fn is_made(name: &str) -> bool {
    [
        "host",
        "x-request-id",
        "authorization",
        "content-length",
        "transfer-encoding",
    ]
    .contains(&name)
}

/// Method, target, headers, body and its end; a preflight is never seen.
pub(super) fn is_same(seen: &Seen, parsed: &Parsed) -> bool {
    !parsed.is_preflight()
        && seen.method == parsed.method.as_str()
        && parsed
            .upstream_target()
            .is_some_and(|target| target == seen.target)
        && (!seen.is_complete || parsed.is_complete)
        && has_same_body(seen, parsed)
        && has_same_headers(seen, parsed)
}

/// Byte by byte, but for one string that may have been renamed.
fn has_same_body(seen: &Seen, parsed: &Parsed) -> bool {
    let agrees = |seen_body: &[u8], body: &[u8]| {
        if seen.is_complete {
            seen_body == body
        } else {
            body.starts_with(seen_body)
        }
    };
    let renamed = format!("\"{RENAMED}\"");
    let is_renamed_at = |at: usize| {
        let (before, behind) = (&seen.body[..at], &seen.body[at + renamed.len()..]);
        let rest = parsed.body.strip_prefix(before);
        rest.and_then(behind_small)
            .is_some_and(|rest| agrees(behind, rest))
    };
    let mut windows = seen.body.windows(renamed.len()).enumerate();
    agrees(&seen.body, &parsed.body)
        || windows.any(|(at, window)| window == renamed.as_bytes() && is_renamed_at(at))
}

/// What follows a JSON string that says `small`, however it is written.
fn behind_small(text: &[u8]) -> Option<&[u8]> {
    let mut strings = serde_json::Deserializer::from_slice(text).into_iter::<String>();
    let name = strings.next()?.ok()?;
    let behind = text.get(strings.byte_offset()..)?;
    (name == "small").then_some(behind)
}

/// Besides what the gateway makes: every field that the client sent for the upstream, and no other.
fn has_same_headers(seen: &Seen, parsed: &Parsed) -> bool {
    let options: Vec<Vec<u8>> = parsed
        .headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(|option| option.trim_ascii().to_ascii_lowercase())
        .collect();
    let is_given = |name: &str| {
        !is_made(name)
            && !is_foreign(name)
            && !options.iter().any(|option| option == name.as_bytes())
    };
    let sent = parsed.headers.iter();
    let mut sent: Vec<(&str, &[u8])> = sent
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .filter(|(name, _)| is_given(name))
        .collect();
    let came = seen.headers.iter();
    let mut came: Vec<(&str, &[u8])> = came
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .filter(|(name, _)| !is_made(name))
        .collect();
    // The lines of one field keep their order.
    sent.sort_by_key(|(name, _)| *name);
    came.sort_by_key(|(name, _)| *name);
    sent == came
}
