//! Header fields that cross the gateway, and those that do not.
//!
//! What belongs to one connection, to the browser, to the client's key or to the upstream's own idea of CORS stays on
//! its side.

use drawbridge_policy::endpoint::Endpoint;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::respond::REQUEST_ID;

/// The values of all lines of a field.
pub(crate) fn values<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'h [u8]> + use<'h> {
    headers.get_all(name).into_iter().map(HeaderValue::as_bytes)
}

/// The lines of `Access-Control-Request-Headers`, to be read as often as the policy needs them.
#[derive(Clone)]
pub(crate) struct RequestedHeaders<'h> {
    headers: &'h HeaderMap,
    read: usize,
}

impl<'h> RequestedHeaders<'h> {
    pub(crate) fn new(headers: &'h HeaderMap) -> Self {
        Self { headers, read: 0 }
    }
}

impl<'h> Iterator for RequestedHeaders<'h> {
    type Item = &'h [u8];

    fn next(&mut self) -> Option<&'h [u8]> {
        let line = values(self.headers, &header::ACCESS_CONTROL_REQUEST_HEADERS).nth(self.read)?;
        self.read += 1;
        Some(line)
    }
}

/// The header section that the upstream gets.
pub(crate) fn to_upstream(
    mut from_client: HeaderMap,
    endpoint: &Endpoint,
    id: &HeaderValue,
) -> HeaderMap {
    remove(&mut from_client, is_for_the_gateway);
    let mut headers = from_client;
    if let Ok(host) = HeaderValue::from_str(endpoint.upstream.authority()) {
        headers.insert(header::HOST, host);
    }
    headers.insert(REQUEST_ID, id.clone());
    if let Some(credential) = &endpoint.credential {
        let name = HeaderName::from_bytes(credential.header.as_bytes());
        let value = HeaderValue::from_str(credential.value.expose());
        if let (Ok(name), Ok(mut value)) = (name, value) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
    headers
}

/// The upstream's header section without what must not reach the client.
pub(crate) fn to_client(mut from_upstream: HeaderMap) -> HeaderMap {
    remove(&mut from_upstream, is_of_the_upstream);
    from_upstream
}

/// Removes hop-by-hop fields, those that `Connection` names, and what `is_dropped` says.
fn remove(headers: &mut HeaderMap, is_dropped: fn(&HeaderName) -> bool) {
    let mut names = connection_options(headers);
    names.extend(
        headers
            .keys()
            .filter(|name| is_hop_by_hop(name) || is_dropped(name))
            .cloned(),
    );
    for name in names {
        headers.remove(name);
    }
}

/// The header fields that `Connection` names (RFC 9110 section 7.6.1).
fn connection_options(headers: &HeaderMap) -> Vec<HeaderName> {
    values(headers, &header::CONNECTION)
        .flat_map(|line| line.split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect()
}

/// Whether a message has no transfer coding, or exactly `chunked`.
pub(crate) fn is_only_chunked(headers: &HeaderMap) -> bool {
    let mut lines = values(headers, &header::TRANSFER_ENCODING);
    match (lines.next(), lines.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.eq_ignore_ascii_case(b"chunked"),
        _ => false,
    }
}

/// Fields that concern one connection only (RFC 9110 section 7.6.1).
fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "http2-settings"
    )
}

/// Fields that were meant for the gateway, or that tell the upstream about the page and its visitor.
fn is_for_the_gateway(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(
        name,
        "host"
            | "origin"
            | "referer"
            | "cookie"
            | "authorization"
            | "x-api-key"
            | "x-goog-api-key"
            | "x-request-id"
    ) || name.starts_with("sec-fetch-")
}

/// Fields of the upstream's answer that the gateway decides itself, that only the gateway may say (for browsers, those that
/// hold for all of its origin), or that must not reach a page.
fn is_of_the_upstream(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("access-control-")
        || name.starts_with("drawbridge-")
        || matches!(
            name,
            "set-cookie"
                | "set-cookie2"
                | "www-authenticate"
                | "clear-site-data"
                | "x-request-id"
                | "idempotency-replayed"
                | "alt-svc"
                | "nel"
                | "report-to"
                | "reporting-endpoints"
                | "service-worker-allowed"
                | "strict-transport-security"
        )
}
