//! Targets of requests: what is forwarded, and as what, against a plain reading of the path and the `url` crate.
//!
//! Input: the request target, as it stands between two spaces.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};

use url::Url;

use crate::client::{Answer, read_more};
use crate::gateway::{Gateway, SECRET, assert_no_panic};

/// Where a plain reading sends a target.
#[derive(Debug, PartialEq)]
enum Reading {
    /// To the upstream, as this.
    Upstream(String),
    /// By the shared URL: to the upstream as this, or nowhere.
    Shared(String),
    /// Anywhere else, but never to the upstream.
    Elsewhere,
}

/// Asks for the target with a key that may use everything.
pub fn target_path(target: &[u8]) {
    // White space and controls end a request line, or break it.
    if target.is_empty() || target.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return;
    }
    let (status, seen) = ask(target);
    assert_no_panic();
    let text = String::from_utf8_lossy(target);
    let reading = read(&text);
    match (&reading, seen) {
        (Reading::Upstream(expected) | Reading::Shared(expected), Some(seen)) => {
            assert_eq!(&seen, expected, "{text:?}");
            assert_unambiguous(&seen);
        }
        (Reading::Upstream(_), None) => assert!(!is_plain(&text), "{text:?} got {status}"),
        (Reading::Elsewhere, Some(seen)) => panic!("{text:?} went to the upstream as {seen:?}"),
        (Reading::Shared(_) | Reading::Elsewhere, None) => {}
    }
}

/// Design sections 2 and 7, by splitting texts.
fn read(target: &str) -> Reading {
    let local = if target.starts_with('/') {
        target
    } else if let Some((scheme, rest)) = target.split_once("://") {
        let is_http = ["http", "https"]
            .iter()
            .any(|http| scheme.eq_ignore_ascii_case(http));
        match rest.find(['/', '?', '#']) {
            Some(at) if is_http && rest[..at].eq_ignore_ascii_case("gw") => &rest[at..],
            _ => return Reading::Elsewhere,
        }
    } else {
        return Reading::Elsewhere;
    };
    // A fragment is not sent anywhere (RFC 9110 section 7.1).
    let local = local.split('#').next().unwrap_or_default();
    let path = local.split('?').next().unwrap_or_default();
    if path.contains('\\') || has_dots(path) {
        return Reading::Elsewhere;
    }
    let segments: Vec<&str> = path.split('/').collect();
    let rest = |count: usize| {
        let prefix: usize = segments[..count]
            .iter()
            .map(|segment| segment.len() + 1)
            .sum();
        format!("/base/{}", &local[prefix..])
    };
    match segments.as_slice() {
        ["", "proj_fuzzing", "e" | "m", "v1", _, ..] => match first(&segments[4..]).as_str() {
            "endpoints" => Reading::Elsewhere,
            _ => Reading::Upstream(rest(4)),
        },
        ["", "v1", _, ..] => match first(&segments[2..]).as_str() {
            "projects" | "api-keys" | "cors" | "audit-log" | "nodes" => Reading::Elsewhere,
            _ => Reading::Shared(rest(2)),
        },
        _ => Reading::Elsewhere,
    }
}

/// Whether anybody would find a dot segment.
fn has_dots(path: &str) -> bool {
    generous(path)
        .iter()
        .map(|segment| segment.replace(|c| c <= ' ', ""))
        .any(|segment| [".", ".."].contains(&&*segment))
}

/// What a generous reader calls the first of the segments.
fn first(segments: &[&str]) -> String {
    let mut all = generous(&segments.join("/"));
    all.retain(|segment| !segment.is_empty());
    all.into_iter().next().unwrap_or_default()
}

/// Decoded until nothing changes, cut at all that ends a segment for someone.
fn generous(path: &str) -> Vec<String> {
    let mut plain = path.as_bytes().to_vec();
    loop {
        let next = decoded(&plain);
        if next == plain {
            break;
        }
        plain = next;
    }
    String::from_utf8_lossy(&plain)
        .split(['/', '\\', ';', '?', '#', '\0'])
        .map(str::to_owned)
        .collect()
}

/// Whether RFC 3986 lets all of the text stand in an origin-form target: then it must be served.
fn is_plain(target: &str) -> bool {
    let bytes = target.as_bytes();
    let is_escape = |at: usize| {
        let digits = bytes.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    target.starts_with('/')
        && bytes.iter().enumerate().all(|(at, byte)| match byte {
            b'%' => is_escape(at),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(byte),
        })
}

/// The path that was forwarded is the one that every other reader would ask for: `url` resolves nothing in it.
#[expect(clippy::unwrap_used, reason = "a difference is a panic")]
fn assert_unambiguous(target: &str) {
    let url = Url::parse(&format!("http://upstream{target}")).unwrap();
    let path = target.split('?').next().unwrap_or_default();
    assert_eq!(
        decoded(url.path().as_bytes()),
        decoded(path.as_bytes()),
        "{target:?}"
    );
    // Nor in what a decoding reader makes of it.
    let once = decoded(path.as_bytes());
    let once = String::from_utf8_lossy(&once).replace([';', '?', '#'], "/");
    let url_of_reader = Url::parse(&format!("http://upstream{once}")).unwrap();
    assert!(url_of_reader.path().starts_with("/base/"), "{target:?}");
    assert_eq!(url.path().matches('/').count(), path.matches('/').count());
    assert_eq!(url.host_str(), Some("upstream"));
    assert!(url.path().starts_with("/base/"));
}

fn decoded(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = path;
    while let Some((byte, behind)) = rest.split_first() {
        let escape = behind
            .get(..2)
            .and_then(|digits| str::from_utf8(digits).ok());
        let escaped = escape
            .filter(|digits| !digits.starts_with('+'))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, escaped) {
            (b'%', Some(value)) => {
                decoded.push(value);
                rest = &behind[2..];
            }
            _ => {
                decoded.push(*byte);
                rest = behind;
            }
        }
    }
    decoded
}

/// The status, and the target that the upstream was sent. The connection is kept: most inputs are answered on it.
#[expect(clippy::unwrap_used, reason = "a harness that cannot go on ends")]
fn ask(target: &[u8]) -> (u16, Option<String>) {
    static GATEWAY: LazyLock<Gateway> = LazyLock::new(Gateway::start);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static KEPT: Mutex<Option<TcpStream>> = Mutex::new(None);
    let gateway = &*GATEWAY;
    let id = format!("target-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let rest = format!(
        " HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer {SECRET}\r\nx-request-id: {id}\r\n\r\n"
    );
    let request = [b"GET ", target, rest.as_bytes()].concat();
    let mut kept = KEPT.lock().unwrap();
    let mut stream = kept.take().unwrap_or_else(|| gateway.connect());
    stream.write_all(&request).unwrap();
    let mut bytes = Vec::new();
    let answer = loop {
        let count = read_more(&mut stream, &mut bytes).unwrap();
        match Answer::read(&bytes, "GET") {
            Some((answer, _)) if answer.is_complete => break answer,
            _ => assert_ne!(
                count,
                0,
                "no answer to {:?}",
                String::from_utf8_lossy(target)
            ),
        }
    };
    if answer.header("connection").is_none() && answer.header("x-request-id").is_some() {
        *kept = Some(stream);
    }
    let mut seen = gateway.upstream.take();
    seen.retain(|seen| seen.values("x-request-id").any(|own| own == id.as_bytes()));
    assert!(seen.len() <= 1, "{seen:?}");
    let seen = seen.pop();
    let serial = seen.as_ref().map(|seen| seen.serial.to_string());
    assert_eq!(answer.header("x-seen"), serial.as_deref(), "{answer:?}");
    let target = seen.map(|seen| {
        assert_eq!((seen.fault, seen.method.as_str()), (None, "GET"));
        seen.target
    });
    (answer.status, target)
}
