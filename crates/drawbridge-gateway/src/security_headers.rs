//! The security headers of every answer: what profiles and overrides say, compiled once at start.
//!
//! They are put on in one place, on whatever leaves; copies that an upstream sent are replaced. Nothing here may depend
//! on what a client sent, but for whether its connection is secure.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The longest value of an override, in bytes: every answer carries it.
pub const MAX_VALUE_LEN: usize = 4096;

/// Which security headers answers carry before overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Six headers, on every answer, over TLS or not.
    Standard,
    /// What the OWASP Secure Headers Project proposes, as far as it fits an API; HSTS only where the client's
    /// connection is secure.
    Strict,
    /// None; those of upstreams pass.
    Off,
}

/// Design section 6.
const STANDARD: &[(&str, &str)] = &[
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains; preload",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "1; mode=block"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("content-security-policy", "default-src 'self'"),
];

/// No frame, no form to elsewhere, and nothing that is not its own.
const STRICT_POLICY: &str = "default-src 'self'; form-action 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'none'";

/// OWASP Secure Headers Project, "Configuration proposal", as of Chromium 140. Where this differs: no
/// `upgrade-insecure-requests` (the gateway's own pages load from their own origin only, also over http) and no
/// `Clear-Site-Data` (it is for logging out); `clipboard-write` for those pages, which have tokens to copy;
/// `X-XSS-Protection: 0`, which OWASP advises wherever the header is sent at all, so that an upstream's is replaced.
const STRICT: &[(&str, &str)] = &[
    (
        "strict-transport-security",
        "max-age=63072000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "0"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", STRICT_POLICY),
    ("x-permitted-cross-domain-policies", "none"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), clipboard-write=(self), \
         cross-origin-isolated=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), \
         gyroscope=(), hid=(), idle-detection=(), interest-cohort=(), keyboard-map=(), magnetometer=(), \
         microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), \
         screen-wake-lock=(), serial=(), sync-xhr=(self), unload=(), usb=(), web-share=(), xr-spatial-tracking=()",
    ),
    ("cache-control", "no-store, max-age=0"),
    ("x-dns-prefetch-control", "off"),
];

/// The least that the dashboard has.
const FLOOR: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("content-security-policy", STRICT_POLICY),
];

/// Why a header cannot be overridden.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// Not a field name (RFC 9110 section 5.1).
    #[error("is not the name of a header: use letters, digits and `-`")]
    BadName,
    /// A header that answers depend on.
    #[error("is decided by the gateway for each answer and cannot be set here")]
    Reserved,
    /// Named before, perhaps in another case.
    #[error("stands there twice; the case of its letters makes no difference")]
    Twice,
    /// Not a field value that every client reads in one way.
    #[error(
        "has a value that no header line can carry: use visible ASCII, with spaces only between"
    )]
    BadValue,
    /// Beyond [`MAX_VALUE_LEN`].
    #[error("has a value of more than {MAX_VALUE_LEN} bytes")]
    LongValue,
}

/// The security headers of every answer.
#[derive(Clone, Debug)]
pub struct SecurityHeaders {
    /// `None` takes the header off.
    headers: Vec<(HeaderName, Option<HeaderValue>)>,
    /// RFC 6797 section 7.2: a host must not send HSTS over plain http.
    keeps_hsts_to_secure: bool,
}

impl Default for SecurityHeaders {
    /// The standard profile.
    fn default() -> Self {
        Self {
            headers: of_profile(Profile::Standard),
            keeps_hsts_to_secure: false,
        }
    }
}

impl SecurityHeaders {
    /// What a profile says, with overrides laid over it: a value sets a header, an empty one takes it off every answer.
    ///
    /// # Errors
    /// Every override that cannot be, with its name.
    pub fn new<'o>(
        profile: Profile,
        overrides: impl IntoIterator<Item = (&'o str, &'o str)>,
    ) -> Result<Self, Vec<(String, OverrideError)>> {
        let mut headers = of_profile(profile);
        let mut seen = Vec::new();
        let mut errors = Vec::new();
        for (name, value) in overrides {
            match check_override(name, value) {
                Ok((header, _)) if seen.contains(&header) => {
                    errors.push((name.to_owned(), OverrideError::Twice));
                }
                Ok((header, value)) => {
                    seen.push(header.clone());
                    headers.retain(|(own, _)| *own != header);
                    headers.push((header, value));
                }
                Err(error) => errors.push((name.to_owned(), error)),
            }
        }
        match errors.is_empty() {
            true => Ok(Self {
                headers,
                keeps_hsts_to_secure: profile == Profile::Strict,
            }),
            false => Err(errors),
        }
    }

    /// Puts them on an answer, in the place of those that it has.
    pub(crate) fn put_on(&self, headers: &mut HeaderMap, is_secure: bool) {
        // Once, instead of in steps: most maps have no room for so many.
        headers.reserve(self.headers.len());
        for (name, value) in &self.headers {
            match value {
                Some(value) if self.is_sent(name, is_secure) => {
                    headers.insert(name, value.clone());
                }
                _ => {
                    headers.remove(name);
                }
            }
        }
    }

    /// Puts on one of the dashboard's answers what it must never be without, whatever profile and overrides say: a page that
    /// signs operators in is not framed, and runs nothing but its own.
    pub(crate) fn put_floor(headers: &mut HeaderMap) {
        for (name, value) in FLOOR {
            headers
                .entry(*name)
                .or_insert(HeaderValue::from_static(value));
        }
    }

    /// The same as lines of an HTTP/1 head, for an answer that is made before there is a request.
    pub(crate) fn lines(&self, is_secure: bool) -> Vec<u8> {
        let mut lines = Vec::new();
        for (name, value) in &self.headers {
            if let Some(value) = value.as_ref().filter(|_| self.is_sent(name, is_secure)) {
                lines.extend_from_slice(name.as_str().as_bytes());
                lines.extend_from_slice(b": ");
                lines.extend_from_slice(value.as_bytes());
                lines.extend_from_slice(b"\r\n");
            }
        }
        lines
    }

    fn is_sent(&self, name: &HeaderName, is_secure: bool) -> bool {
        is_secure || !self.keeps_hsts_to_secure || *name != header::STRICT_TRANSPORT_SECURITY
    }
}

fn of_profile(profile: Profile) -> Vec<(HeaderName, Option<HeaderValue>)> {
    let headers = match profile {
        Profile::Standard => STANDARD,
        Profile::Strict => STRICT,
        Profile::Off => &[],
    };
    let compiled = headers.iter().map(|(name, value)| {
        (
            HeaderName::from_static(name),
            Some(HeaderValue::from_static(value)),
        )
    });
    compiled.collect()
}

fn check_override(
    name: &str,
    value: &str,
) -> Result<(HeaderName, Option<HeaderValue>), OverrideError> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| OverrideError::BadName)?;
    if is_reserved(&name) {
        return Err(OverrideError::Reserved);
    }
    if value.len() > MAX_VALUE_LEN {
        return Err(OverrideError::LongValue);
    }
    let is_fine = value.trim() == value && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let header = HeaderValue::from_str(value).ok().filter(|_| is_fine);
    let header = header.ok_or(OverrideError::BadValue)?;
    Ok((name, (!value.is_empty()).then_some(header)))
}

/// Headers that say what this answer is, frame it, or belong to what the gateway decides for each request.
fn is_reserved(name: &HeaderName) -> bool {
    const PREFIXES: [&str; 5] = [
        "access-control-",
        "drawbridge-",
        "proxy-",
        "ratelimit",
        "x-ratelimit-",
    ];
    const NAMES: [&str; 33] = [
        "accept-ranges",
        "age",
        "allow",
        "cache-control",
        "clear-site-data",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-range",
        "content-type",
        "date",
        "etag",
        "expires",
        "http2-settings",
        "idempotency-replayed",
        "keep-alive",
        "last-modified",
        "location",
        "retry-after",
        "retry-after-ms",
        "set-cookie",
        "set-cookie2",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "vary",
        "www-authenticate",
        "x-request-id",
        "x-should-retry",
    ];
    let name = name.as_str();
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worn(headers: &SecurityHeaders, is_secure: bool) -> HeaderMap {
        let mut map = HeaderMap::new();
        // What an upstream might send.
        map.append("x-frame-options", HeaderValue::from_static("SAMEORIGIN"));
        map.append("x-frame-options", HeaderValue::from_static("ALLOWALL"));
        map.append(
            "strict-transport-security",
            HeaderValue::from_static("max-age=0"),
        );
        map.append("vary", HeaderValue::from_static("Origin"));
        headers.put_on(&mut map, is_secure);
        map
    }

    fn one<'m>(map: &'m HeaderMap, name: &str) -> Option<&'m str> {
        let mut lines = map.get_all(name).iter();
        let line = lines.next().map(|value| value.to_str().unwrap());
        assert_eq!(lines.next(), None, "{name} stands twice");
        line
    }

    #[test]
    fn strict_sends_hsts_over_secure_connections_only_and_never_passes_another_one() {
        let strict = SecurityHeaders::new(Profile::Strict, []).unwrap();
        let expected = "max-age=63072000; includeSubDomains";
        let hsts = "strict-transport-security";
        assert_eq!(one(&worn(&strict, true), hsts), Some(expected));
        assert_eq!(one(&worn(&strict, false), hsts), None);
        // Another value does not lift the condition.
        let changed = SecurityHeaders::new(Profile::Strict, [(hsts, "max-age=300")]).unwrap();
        assert_eq!(one(&worn(&changed, true), hsts), Some("max-age=300"));
        assert_eq!(one(&worn(&changed, false), hsts), None);
        let standard = SecurityHeaders::new(Profile::Standard, []).unwrap();
        assert!(one(&worn(&standard, false), hsts).is_some());
    }

    #[test]
    fn an_override_replaces_adds_or_takes_off_whatever_the_profile() {
        let overrides = [
            ("Referrer-Policy", "no-referrer"),
            ("X-Frame-Options", ""),
            ("Origin-Agent-Cluster", "?1"),
        ];
        for profile in [Profile::Standard, Profile::Strict, Profile::Off] {
            let map = worn(&SecurityHeaders::new(profile, overrides).unwrap(), true);
            assert_eq!(one(&map, "referrer-policy"), Some("no-referrer"));
            assert_eq!(one(&map, "x-frame-options"), None);
            assert_eq!(one(&map, "origin-agent-cluster"), Some("?1"));
            assert_eq!(one(&map, "vary"), Some("Origin"));
            let nosniff = (profile != Profile::Off).then_some("nosniff");
            assert_eq!(one(&map, "x-content-type-options"), nosniff);
        }
    }

    #[test]
    fn what_answers_depend_on_and_what_no_line_can_carry_is_refused_all_at_once() {
        let long = "x".repeat(MAX_VALUE_LEN + 1);
        let overrides = [
            ("Access-Control-Allow-Origin", "*"),
            ("CONTENT-LENGTH", "0"),
            ("Vary", ""),
            ("Set-Cookie", "a=b"),
            ("X-RateLimit-Limit", "1"),
            ("Drawbridge-Warning", ""),
            ("X Frame Options", "DENY"),
            ("", "x"),
            ("X-A", "a\r\nSet-Cookie: b=c"),
            ("X-B", " padded"),
            ("X-C", "naïve"),
            ("X-D", &*long),
            ("X-E", "once"),
            ("x-e", "twice"),
        ];
        let errors = SecurityHeaders::new(Profile::Standard, overrides).unwrap_err();
        let kinds: Vec<_> = errors.iter().map(|(_, error)| error).collect();
        use OverrideError::{BadName, BadValue, LongValue, Reserved, Twice};
        assert_eq!(
            kinds,
            [
                &Reserved, &Reserved, &Reserved, &Reserved, &Reserved, &Reserved, &BadName,
                &BadName, &BadValue, &BadValue, &BadValue, &LongValue, &Twice
            ]
        );
    }

    #[test]
    fn putting_them_on_copies_no_value() {
        let overrides = [("X-Own", "a value of the operator's own")];
        let headers = SecurityHeaders::new(Profile::Strict, overrides).unwrap();
        let mut map = HeaderMap::with_capacity(64);
        // Sharing a value begins with its first copy.
        headers.put_on(&mut map, true);
        let counted = allocation_counter::measure(|| headers.put_on(&mut map, true));
        assert_eq!(counted.count_total, 0);
    }

    #[test]
    fn every_header_of_a_profile_stands_in_the_documentation() {
        let documentation = include_str!("../../../docs/operations.md");
        let row = |name: &str| {
            let named = documentation.lines().filter(|line| {
                let line = line
                    .trim_start_matches(['|', ' ', '`'])
                    .to_ascii_lowercase();
                line.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(['`', ':']))
            });
            named.collect::<String>()
        };
        for (column, profile) in [(2, STANDARD), (3, STRICT)] {
            for (name, value) in profile {
                let row = row(name);
                let written = match *name {
                    "permissions-policy" => row.contains(&format!(": {value}")),
                    _ => row
                        .split('|')
                        .nth(column)
                        .is_some_and(|cell| cell.contains(&format!("`{value}`"))),
                };
                assert!(written, "{name}: {value} in {row}");
            }
        }
    }

    #[test]
    fn lines_are_the_same_headers() {
        let headers = SecurityHeaders::new(Profile::Standard, [("X-Frame-Options", "")]).unwrap();
        let lines = String::from_utf8(headers.lines(false)).unwrap();
        assert_eq!(lines.lines().count(), STANDARD.len() - 1);
        assert!(lines.contains("content-security-policy: default-src 'self'\r\n"));
    }
}
