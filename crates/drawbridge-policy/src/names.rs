//! Names of methods and of header fields, and what the Fetch Standard says about some of them.
//!
//! Method names are case-sensitive, names of header fields are not (RFC 9110 sections 9.1 and 5.1).

mod set;

pub(crate) use set::NameSet;

/// Methods that no script can send (Fetch, "forbidden method").
const FORBIDDEN_METHODS: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];

/// Methods whose names browsers turn into upper case (Fetch, "normalize" a method).
const NORMALIZED_METHODS: [&str; 6] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];

/// Request headers that no script can set (Fetch, "forbidden request-header"), but for the prefixes.
const FORBIDDEN_REQUEST_HEADERS: [&str; 22] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "access-control-request-private-network",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// What the names of forbidden request headers begin with.
const FORBIDDEN_REQUEST_PREFIXES: [&str; 2] = ["proxy-", "sec-"];

/// Response headers that every page can read (Fetch, "CORS-safelisted response-header name").
const READABLE_RESPONSE_HEADERS: [&str; 7] = [
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

/// Whether bytes are a token (RFC 9110 section 5.6.2): what names of methods and header fields are made of.
#[inline]
pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| is_token_byte(*byte))
}

#[inline]
fn is_token_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'#' | b'$' | b'%' | b'&'
        | b'\'' | b'*' | b'+' | b'^' | b'`' | b'|' | b'~')
}

/// Whether no script can send the method, in whatever case.
#[inline]
pub fn is_forbidden_method(method: &[u8]) -> bool {
    FORBIDDEN_METHODS
        .iter()
        .any(|forbidden| method.eq_ignore_ascii_case(forbidden.as_bytes()))
}

/// The name that a browser sends for a method: some are turned into upper case, the others stay as they are.
pub fn normalize_method(method: &str) -> &str {
    NORMALIZED_METHODS
        .into_iter()
        .find(|name| method.eq_ignore_ascii_case(name))
        .unwrap_or(method)
}

/// Whether no script can set the request header: browsers drop it without a word.
pub fn is_unsettable_request_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    FORBIDDEN_REQUEST_HEADERS.contains(&name.as_str())
        || FORBIDDEN_REQUEST_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// Whether the request header's value is for anybody: its name is CORS-safelisted, or says what the browser is. Any other
/// may hold a key, whatever its name.
pub fn is_harmless_request_header(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "accept",
        "accept-language",
        "content-language",
        "content-type",
        "range",
        "user-agent",
    ];
    NAMES.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// What is shown of a request header's value: all of it, or that there was one, where it may be a key.
pub fn shown_request_value<'v>(name: &str, value: &'v str) -> &'v str {
    match is_harmless_request_header(name) {
        true => value,
        false => "(as given)",
    }
}

/// Whether no script can set the request header, or it belongs to responses.
pub fn is_forbidden_request_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_unsettable_request_header(&name) || name.starts_with("access-control-")
}

/// Whether no script can read the response header, or it belongs to requests or to CORS itself.
pub fn is_forbidden_exposed_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // Fetch, "forbidden response-header name": Set-Cookie and Set-Cookie2.
    name == "origin" || name.starts_with("set-cookie") || name.starts_with("access-control-")
}

/// Whether every page that is admitted can read the response header anyway.
pub fn is_always_readable(name: &str) -> bool {
    READABLE_RESPONSE_HEADERS
        .iter()
        .any(|readable| name.eq_ignore_ascii_case(readable))
}

/// A name without the white space, quotes and separators that were copied along with it.
pub(crate) fn without_stray_ends(name: &str) -> &str {
    name.trim_matches(|character: char| {
        character.is_whitespace() || character.is_control() || ",;:\"'`".contains(character)
    })
}
