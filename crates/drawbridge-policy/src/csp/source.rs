//! Source expressions (CSP Level 3, section 2.3.1) and what they match (section 6.7.2).

use std::borrow::Cow;

use super::Call;
use crate::origin::{Origin, default_port};

/// One source expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source<'t> {
    /// `*`
    Any,
    /// `'none'`
    None,
    /// `'self'`
    Own,
    /// `https:`
    Scheme(&'t str),
    Host(Host<'t>),
    /// Keywords, nonces and hashes: about scripts and styles, not about where they come from.
    OfContent,
}

/// `https://*.example.com:8443/v1/`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Host<'t> {
    scheme: Option<&'t str>,
    host: &'t str,
    port: Port,
    /// Empty, or beginning with a slash; without query and fragment.
    path: &'t str,
    has_query: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    /// None is written: the scheme's default one.
    Default,
    Any,
    Number(u16),
}

/// Why a source does not match a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// It is about something else.
    Elsewhere,
    /// The right host, another scheme.
    Scheme,
    /// The right host, another port.
    Port,
    /// The right origin, only part of the paths.
    Path,
}

impl Miss {
    /// What the source has that the call has not, in words.
    pub fn difference(self) -> &'static str {
        match self {
            Self::Elsewhere => "another host",
            Self::Scheme => "another scheme",
            Self::Port => "another port",
            Self::Path => "a path that does not cover it",
        }
    }
}

/// The source expression for everything below a path at an origin. `None` for an IPv6 address: the grammar has no
/// brackets, and browsers ignore such a source.
pub fn source_for(gateway: Origin<'_>, path: &str) -> Option<String> {
    if gateway.host().starts_with(b"[") {
        return None;
    }
    let origin = [gateway.scheme(), b"://", gateway.host_and_port()].concat();
    // A path of one slash says no more than none. What would end the source is written as it travels in URLs.
    let path = path.trim_end_matches('/').replace(';', "%3B");
    let path = path.replace(',', "%2C");
    let end = if path.is_empty() { "" } else { "/" };
    Some(format!("{}{path}{end}", String::from_utf8_lossy(&origin)))
}

/// `'report-sample'` and the like, in lower case (section 2.3.1 and extensions).
const KEYWORDS: [&str; 10] = [
    "report-sample",
    "strict-dynamic",
    "trusted-types-eval",
    "unsafe-allow-redirects",
    "unsafe-eval",
    "unsafe-hashes",
    "unsafe-inline",
    "unsafe-webtransport-hashes",
    "wasm-eval",
    "wasm-unsafe-eval",
];
const CONTENT: [&str; 7] = [
    "nonce-",
    "report-sha256",
    "report-sha384",
    "report-sha512",
    "sha256-",
    "sha384-",
    "sha512-",
];

impl<'t> Source<'t> {
    /// Reads one; the error says what is wrong with it, and what browsers do then.
    pub(super) fn parse(text: &'t str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if text.starts_with('\'') || text.ends_with('\'') {
            return Self::parse_quoted(text);
        }
        let scheme = text.strip_suffix(':').filter(|scheme| is_scheme(scheme));
        if let Some(scheme) = scheme {
            return Ok(Self::Scheme(scheme));
        }
        Host::parse(text).map(Self::Host)
    }

    fn parse_quoted(text: &str) -> Result<Self, &'static str> {
        let word = text
            .strip_prefix('\'')
            .and_then(|word| word.strip_suffix('\''));
        let word = word.unwrap_or_default().to_ascii_lowercase();
        match &*word {
            "none" => Ok(Self::None),
            "self" => Ok(Self::Own),
            word if KEYWORDS.contains(&word)
                || CONTENT.iter().any(|start| word.starts_with(start)) =>
            {
                Ok(Self::OfContent)
            }
            _ => Err(
                "is no keyword that browsers know, and ignored; origins are written without quotes",
            ),
        }
    }

    /// What its author may not have meant.
    pub(super) fn pitfall(&self) -> Option<&'static str> {
        match self {
            Self::Host(host) if host.has_query => {
                Some("has a query or fragment, which browsers ignore")
            }
            Self::Host(host) if matches!(host.host, "self" | "none") => {
                Some("is a host of that name; the keyword needs single quotes")
            }
            Self::Host(host) if matches!(host.host, "http" | "https") => {
                Some("is a host of that name; a scheme ends in `:`, or `://` before a host")
            }
            _ => None,
        }
    }

    /// Whether everything that the call stands for matches.
    pub(super) fn meets(&self, call: &Call<'_>) -> Result<(), Miss> {
        let is_met = match self {
            Self::Any => true,
            Self::None | Self::OfContent => false,
            Self::Own => call.page.is_some_and(|page| is_own(page, call.gateway)),
            Self::Scheme(scheme) => scheme_matches(scheme.as_bytes(), call.gateway.scheme()),
            Self::Host(host) => return host.meets(call),
        };
        if is_met { Ok(()) } else { Err(Miss::Elsewhere) }
    }
}

impl<'t> Host<'t> {
    fn parse(text: &'t str) -> Result<Self, &'static str> {
        const NOT_A_SOURCE: &str = "is no source that browsers know, and ignored";
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        if rest.starts_with('[') {
            return Err("is an IPv6 address, which browsers ignore here: give the host a name");
        }
        let host_end = rest.find([':', '/', '?', '#']).unwrap_or(rest.len());
        let (host, rest) = rest.split_at(host_end);
        let port_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (port, path) = rest.split_at(port_end);
        let path_end = path.find(['?', '#']).unwrap_or(path.len());
        let is_fine = scheme.is_none_or(is_scheme) && is_host(host);
        match Port::parse(port) {
            Some(port) if is_fine => Ok(Self {
                scheme,
                host,
                port,
                path: path.get(..path_end).unwrap_or_default(),
                has_query: path_end < path.len(),
            }),
            _ => Err(NOT_A_SOURCE),
        }
    }

    fn meets(&self, call: &Call<'_>) -> Result<(), Miss> {
        let gateway = call.gateway;
        if !host_matches(self.host, gateway.host()) {
            return Err(Miss::Elsewhere);
        }
        let page_scheme = call.page.map_or(gateway.scheme(), |page| page.scheme());
        let scheme = self.scheme.map_or(page_scheme, str::as_bytes);
        if !scheme_matches(scheme, gateway.scheme()) {
            return Err(Miss::Scheme);
        }
        let is_port = match self.port {
            Port::Any => true,
            Port::Default => !gateway.has_port(),
            Port::Number(port) => Some(port) == port_of(gateway),
        };
        if !is_port {
            return Err(Miss::Port);
        }
        if path_matches(self.path, call.path) {
            Ok(())
        } else {
            Err(Miss::Path)
        }
    }
}

impl Port {
    /// `:8443`, `:*` or nothing.
    fn parse(text: &str) -> Option<Self> {
        let Some(port) = text.strip_prefix(':') else {
            return Some(Self::Default);
        };
        if port == "*" {
            return Some(Self::Any);
        }
        // A leading zero is a port in Chromium and none in Firefox.
        let is_plain = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
        port.parse().ok().filter(|_| is_plain).map(Self::Number)
    }
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// `*`, or labels, the first of which may be `*`. Underscores are none of the grammar's and known to browsers.
fn is_host(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let labels = text.strip_prefix("*.").unwrap_or(text);
    let labels = labels.strip_suffix('.').unwrap_or(labels);
    labels.split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}

/// Section 6.7.2.9: an insecure scheme stands for its secure one too. `ws` and `wss` match no http in browsers.
fn scheme_matches(pattern: &[u8], scheme: &[u8]) -> bool {
    pattern.eq_ignore_ascii_case(scheme)
        || (pattern.eq_ignore_ascii_case(b"http") && scheme == b"https")
}

/// Section 6.7.2.10. Browsers match IPv4 addresses too, all of them and also by `*`.
fn host_matches(pattern: &str, host: &[u8]) -> bool {
    let Some(rest) = pattern.strip_prefix('*') else {
        return pattern.as_bytes().eq_ignore_ascii_case(host);
    };
    let start = host.len().checked_sub(rest.len());
    let end = start.and_then(|start| host.get(start..));
    end.is_some_and(|end| rest.as_bytes().eq_ignore_ascii_case(end))
}

/// Section 6.7.2.12, where a `path` that ends with a slash stands for everything below it, and another for itself.
fn path_matches(pattern: &str, path: &str) -> bool {
    if pattern.is_empty() {
        return true;
    }
    // Without a slash at its end it means that one path.
    let Some(parents) = pattern.strip_suffix('/') else {
        let pieces = path.split('/').map(decoded);
        return pattern.split('/').map(decoded).eq(pieces);
    };
    let mut pieces = path.split('/');
    let is_below = parents
        .split('/')
        .all(|parent| pieces.next().map(decoded) == Some(decoded(parent)));
    is_below && pieces.next().is_some()
}

fn decoded(piece: &str) -> Cow<'_, [u8]> {
    percent_encoding::percent_decode_str(piece).into()
}

/// Section 6.7.2.8, step 4.
fn is_own(page: Origin<'_>, gateway: Origin<'_>) -> bool {
    let is_same_port = port_of(page) == port_of(gateway);
    let are_default = !page.has_port() && !gateway.has_port();
    page.host() == gateway.host()
        && (is_same_port || are_default)
        && scheme_matches(page.scheme(), gateway.scheme())
}

fn port_of(origin: Origin<'_>) -> Option<u16> {
    let host = origin.without_port().len() - origin.scheme().len() - "://".len();
    let port = origin.host_and_port().get(host..).unwrap_or_default();
    match port.strip_prefix(b":") {
        Some(port) => str::from_utf8(port).ok()?.parse().ok(),
        None => default_port(origin.scheme()),
    }
}
