//! Requests that could be read in two ways, and heads beyond the limits: refused before anything else looks at them.
//!
//! hyper passes on several and unusable `Host` lines, other transfer codings than `chunked`, absolute-form targets,
//! CONNECT and TRACE; a gateway and an upstream that read those differently are how requests get smuggled (RFC 9112 section 11.2).

use drawbridge_policy::denial::Denial;
use drawbridge_policy::names::is_forbidden_method;
use drawbridge_policy::path::has_dot_segment;
use http::request::Parts;
use http::{HeaderMap, Version, header};

use crate::headers::is_only_chunked;

const MOST_LINES: usize = 90;
const MOST_BYTES: usize = 32 << 10;
const LONGEST_URI: usize = 8 << 10;
/// What a header line has besides its name and value: `: ` and CR LF.
const LINE_OVERHEAD: usize = 4;

/// Refuses what must not be interpreted, apart from the path.
pub(crate) fn check(head: &Parts) -> Result<(), Denial> {
    check_sizes(head)?;
    // TRACK too, and in any case: they are never forwarded, and some servers take `trace` for TRACE.
    if is_forbidden_method(head.method.as_str().as_bytes()) {
        return Err(Denial::MalformedRequest);
    }
    check_scheme(head)?;
    check_host(head)?;
    check_transfer_coding(&head.headers)?;
    if wants_upgrade(&head.headers) {
        return Err(Denial::UpgradeNotSupported);
    }
    Ok(())
}

fn check_sizes(head: &Parts) -> Result<(), Denial> {
    let uri = head
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if uri > LONGEST_URI {
        return Err(Denial::UriTooLong);
    }
    let bytes: usize = head
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + LINE_OVERHEAD)
        .sum();
    if head.headers.len() > MOST_LINES || bytes > MOST_BYTES {
        return Err(Denial::HeadersTooLarge);
    }
    Ok(())
}

/// A target that names a scheme names HTTP's: what `ftp://gw/x` asks for is not here (RFC 9110 section 7.4).
fn check_scheme(head: &Parts) -> Result<(), Denial> {
    match head.uri.scheme_str() {
        None | Some("http" | "https") => Ok(()),
        Some(_) => Err(Denial::MalformedRequest),
    }
}

/// Exactly one host: one `Host` in HTTP/1.1 (RFC 9112 section 3.2; HTTP/1.0 may have none), the target's authority in
/// HTTP/2 (RFC 9113 section 8.3.1); where there are both, they agree. Neither may be anything but a host and its port.
fn check_host(head: &Parts) -> Result<(), Denial> {
    let mut lines = head.headers.get_all(header::HOST).iter();
    let (host, second) = (lines.next(), lines.next());
    let authority = head.uri.authority().map(|authority| authority.as_str());
    let hosts = [
        authority.map(str::as_bytes),
        host.map(|host| host.as_bytes()),
    ];
    let is_sound = hosts.into_iter().flatten().all(is_host)
        && match (authority, host) {
            _ if second.is_some() => false,
            (Some(target), Some(host)) => host.as_bytes().eq_ignore_ascii_case(target.as_bytes()),
            (Some(_), None) => head.version == Version::HTTP_2,
            (None, Some(_)) => true,
            (None, None) => head.version == Version::HTTP_10,
        };
    if is_sound {
        Ok(())
    } else {
        Err(Denial::MalformedRequest)
    }
}

/// A name or an address, and maybe a port. RFC 3986 lets more stand in a name, but no host has it, and `a,b` is what some
/// make of two lines.
fn is_host(text: &[u8]) -> bool {
    let end = text.iter().rposition(|byte| !byte.is_ascii_digit());
    let host = match end {
        Some(colon) if text[colon] == b':' => &text[..colon],
        _ => text,
    };
    let is_address = |byte: &u8| byte.is_ascii_hexdigit() || b":.".contains(byte);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    match host {
        [] => false,
        [b'[', address @ .., b']'] => address.iter().all(is_address),
        name => name.iter().all(is_name),
    }
}

fn check_transfer_coding(headers: &HeaderMap) -> Result<(), Denial> {
    if is_only_chunked(headers) {
        Ok(())
    } else {
        Err(Denial::MalformedRequest)
    }
}

/// No dot segments, in whatever reading: an upstream that resolves them would be asked for another path than the one
/// that was judged. No backslashes, which some read as slashes. No encoded slashes in what decides where a request goes;
/// behind it they are the upstream's business (`/v1/models/org%2Fname`).
pub(crate) fn check_path(path: &str) -> Result<(), Denial> {
    if path.contains('\\') || has_dot_segment(path) || routed(path).any(has_encoded_slash) {
        return Err(Denial::MalformedRequest);
    }
    Ok(())
}

/// The segments that routing looks at: `v1` and what follows, or project, endpoint, `v1` and what follows.
fn routed(path: &str) -> impl Iterator<Item = &str> {
    let is_shared = path.starts_with("/v1/");
    path.split('/').skip(1).take(if is_shared { 2 } else { 3 })
}

fn has_encoded_slash(segment: &str) -> bool {
    let mut rest = segment.as_bytes();
    while let Some(at) = memchr::memchr(b'%', rest) {
        rest = &rest[at + 1..];
        let code = rest.get(..2).unwrap_or_default();
        if code.eq_ignore_ascii_case(b"2f") || code.eq_ignore_ascii_case(b"5c") {
            return true;
        }
    }
    false
}

/// Whether a protocol switch is asked for. `h2c` is not: clients that offer it (`curl --http2`) go on in HTTP/1.1 when it
/// is ignored, as RFC 9113 section 3.1 has it.
fn wants_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::UPGRADE)
        .iter()
        .any(|protocol| !protocol.as_bytes().eq_ignore_ascii_case(b"h2c"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(
        build: impl FnOnce(http::request::Builder) -> http::request::Builder,
    ) -> Result<(), Denial> {
        let request = build(http::Request::builder().header("host", "gw.example"))
            .body(())
            .unwrap();
        check(&request.into_parts().0)
    }

    #[test]
    fn dot_segments_are_refused_in_every_spelling() {
        for path in [
            "/a/../b",
            "/a/%2e%2E/b",
            "/a/.%2e",
            "/./a",
            "/a/%2e",
            "/a\\b",
            "/v1/models/..%2fadmin",
            "/a;..%5cb",
            "/a/..;/b",
            "/a/%252e%252e/b",
            "/proj_a%2Fe/v1/x",
            "/proj_a/e%2fv1/x",
            "/proj_a/e/v1%5Cx",
            "/v1%2Fprojects",
            "/v1/projects%2fx",
        ] {
            assert_eq!(check_path(path), Err(Denial::MalformedRequest), "{path}");
        }
        for path in [
            "/a/...",
            "/a.b/c",
            "/a/%2e%2e%2e",
            "/v1/models/org%2Fname",
            "/proj_a/e/v1/models/org%2Fname",
            "/.well-known",
        ] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn only_one_reading_of_host_and_transfer_coding_passes() {
        assert_eq!(verdict(|request| request.uri("/a")), Ok(()));
        assert_eq!(
            verdict(|request| request.uri("http://gw.example/a")),
            Ok(())
        );
        for target in [
            "http://other.example/a",
            "ftp://gw.example/a",
            "xhttp://gw.example/a",
        ] {
            let verdict = verdict(|request| request.uri(target));
            assert_eq!(verdict, Err(Denial::MalformedRequest), "{target}");
        }
        assert_eq!(
            verdict(|request| request.uri("/a").header("host", "gw.example")),
            Err(Denial::MalformedRequest)
        );
        for coding in ["gzip, chunked", "chunked, chunked", "identity", "xchunked"] {
            let verdict = verdict(|request| request.uri("/a").header("transfer-encoding", coding));
            assert_eq!(verdict, Err(Denial::MalformedRequest), "{coding}");
        }
        assert_eq!(
            verdict(|request| request.uri("/a").header("transfer-encoding", "Chunked")),
            Ok(())
        );
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_a_port_or_without() {
        for host in [
            "gw",
            "gw.example.",
            "my_host:8080",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:80",
            "gw:",
            "80",
            "127.0.0.1",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "", ":80", "a, b", "a,b", "a b", "a/b", "a?b", "a#b", "a@gw", "gw:8x", "a:b:80", "::1",
            "[::1", "[::1]x", "a\\b", "gw%00", "é",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn upgrades_are_refused_but_h2c_is_ignored() {
        let upgrade = |protocol: &'static str| {
            verdict(|request| request.uri("/a").header("upgrade", protocol))
        };
        assert_eq!(upgrade("websocket"), Err(Denial::UpgradeNotSupported));
        assert_eq!(upgrade("h2c"), Ok(()));
    }

    #[test]
    fn heads_beyond_the_limits_are_refused() {
        let long = "x".repeat(LONGEST_URI);
        assert_eq!(
            verdict(|request| request.uri(format!("/{long}"))),
            Err(Denial::UriTooLong)
        );
        let large = "x".repeat(MOST_BYTES);
        assert_eq!(
            verdict(|request| request.uri("/a").header("x-a", large)),
            Err(Denial::HeadersTooLarge)
        );
        let many = |request: http::request::Builder| {
            (0..MOST_LINES).fold(request.uri("/a"), |request, index| {
                request.header(format!("x-{index}"), "1")
            })
        };
        assert_eq!(verdict(many), Err(Denial::HeadersTooLarge));
    }
}
