//! The base URL that was probably meant.
//!
//! `url` reads what people type as browsers do; what it makes of it is only ever shown, and only after it has passed
//! the rules itself. It must never lead to a forbidden host, nor carry user info or a query along.

use url::{Host, Url};

use super::Upstream;
use super::fault::Fault;

/// The problem to report, and the value that cures it. A host that turns out to be forbidden once it is written
/// properly is the graver problem.
pub(super) fn cure(text: &str, fault: Fault) -> (Fault, Option<String>) {
    match meant(text).map(|url| Upstream::read(url.as_str())) {
        Some(Ok(upstream)) => (fault, Some(upstream.to_string())),
        Some(Err(graver @ Fault::Forbidden { .. })) => (graver, None),
        _ => (fault, None),
    }
}

fn meant(text: &str) -> Option<Url> {
    let text = text.trim();
    let mut url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        Ok(url) if matches!(url.scheme(), "ws" | "wss") => {
            let (_, rest) = text.split_once(':')?;
            let scheme = if url.scheme() == "wss" {
                "https"
            } else {
                "http"
            };
            Url::parse(&format!("{scheme}:{rest}")).ok()?
        }
        _ => with_scheme(text)?,
    };
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    if let Some(Host::Ipv6(address)) = url.host()
        && let Some(address) = address.to_ipv4_mapped()
    {
        url.set_ip_host(address.into()).ok()?;
    }
    Some(url)
}

/// `example.com/v1` is meant to be https, `localhost:8000` and `10.0.0.1` http.
fn with_scheme(text: &str) -> Option<Url> {
    let text = text.trim_start_matches('/');
    let authority = text.split(['/', '?', '#']).next()?;
    // Digits alone stand behind the colon of a port; `mailto:someone` has a scheme already.
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) => (host, Some(port)),
        Some(_) if !authority.ends_with(']') => return None,
        _ => (authority, None),
    };
    let http = Url::parse(&format!("http://{text}")).ok()?;
    let is_public_name = matches!(http.host(), Some(Host::Domain(_))) && host.contains('.');
    if is_public_name && matches!(port, None | Some("443")) {
        return Url::parse(&format!("https://{text}")).ok();
    }
    Some(http)
}
