//! Patterns that admit origins: what may stand in `allowedOrigins`.
//!
//! There are five shapes and no regular expressions; what a pattern admits can be read off it. [`OriginPattern::parse`]
//! is strict; [`compile_patterns`] says what is wrong with a list, entry by entry, and what was probably meant. A
//! pattern must never admit what no browser sends, and never be saved when it cannot match anything.

mod authority;
mod check;
mod context;
mod diagnosis;
mod host;
mod regex;
mod scheme;

use crate::origin::{MAX_HOST_LEN, Origin, ends_in_a_number};

pub use check::compile_patterns;
pub use context::PatternContext;
pub(crate) use context::is_loopback;

/// A pattern that admits origins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OriginPattern {
    /// `*`: every origin, `null` included.
    Any,
    /// One origin, byte by byte.
    Exact(Box<str>),
    /// `http://localhost:*`: every port of one host, the default port too. Holds `http://localhost`.
    AnyPort(Box<str>),
    /// `https://*.example.com`: one or more labels before a host, never the host itself.
    Subdomains {
        /// The scheme, which is fixed.
        scheme: HttpScheme,
        /// Host and port after the first dot, e.g. `example.com:8443`.
        parent: Box<str>,
    },
    /// `chrome-extension://*`: whatever extension is installed.
    AnyExtension(ExtensionScheme),
}

/// A scheme whose hosts have subdomains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpScheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl HttpScheme {
    /// The scheme as it stands in an origin.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn parse(scheme: &str) -> Option<Self> {
        match scheme {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }
}

/// A scheme of browser extensions, whose hosts name one extension each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtensionScheme {
    /// `chrome-extension`
    Chrome,
    /// `moz-extension`
    Mozilla,
}

impl ExtensionScheme {
    /// The scheme as it stands in an origin.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chrome => "chrome-extension",
            Self::Mozilla => "moz-extension",
        }
    }

    fn parse(scheme: &str) -> Option<Self> {
        [Self::Chrome, Self::Mozilla]
            .into_iter()
            .find(|known| known.as_str() == scheme)
    }

    /// Whether an origin is an extension of this kind: one label, no port.
    pub(crate) fn admits(self, origin: &Origin<'_>) -> bool {
        origin.scheme() == self.as_str().as_bytes()
            && !origin.has_port()
            && !origin.host().iter().any(|byte| b".[".contains(byte))
    }
}

impl OriginPattern {
    /// Reads one pattern; `None` for whatever [`compile_patterns`] refuses by itself.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let (scheme, authority) = text.split_once("://")?;
        if authority == "*" {
            return ExtensionScheme::parse(scheme).map(Self::AnyExtension);
        }
        if let Some(parent) = authority.strip_prefix("*.") {
            return parse_subdomains(HttpScheme::parse(scheme)?, parent);
        }
        if let Some(origin) = text.strip_suffix(":*") {
            HttpScheme::parse(scheme)?;
            let is_fine =
                !Origin::parse(origin.as_bytes())?.has_port() && has_canonical_host(origin);
            return is_fine.then(|| Self::AnyPort(origin.into()));
        }
        Origin::parse(text.as_bytes())?;
        has_canonical_host(text).then(|| Self::Exact(text.into()))
    }

    /// Whether saving the pattern together with `allowCredentials` is refused.
    ///
    /// A union of lists that come from different places keeps these apart, so that no answer combines them.
    pub fn is_refused_with_credentials(&self) -> bool {
        let context = PatternContext::endpoint(true);
        !context::judge(self, &context).errors.is_empty()
    }

    /// The origin that stands for the pattern when its host is looked at; without it, the pattern has no host.
    fn representative(&self) -> Option<String> {
        match self {
            Self::Any | Self::AnyExtension(_) => None,
            Self::Exact(origin) | Self::AnyPort(origin) => Some(origin.to_string()),
            Self::Subdomains { scheme, parent } => Some(format!("{}://{parent}", scheme.as_str())),
        }
    }
}

impl std::fmt::Display for OriginPattern {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => formatter.write_str("*"),
            Self::Exact(origin) => formatter.write_str(origin),
            Self::AnyPort(origin) => write!(formatter, "{origin}:*"),
            Self::Subdomains { scheme, parent } => {
                write!(formatter, "{}://*.{parent}", scheme.as_str())
            }
            Self::AnyExtension(scheme) => write!(formatter, "{}://*", scheme.as_str()),
        }
    }
}

fn parse_subdomains(scheme: HttpScheme, parent: &str) -> Option<OriginPattern> {
    let origin = format!("{}://{parent}", scheme.as_str());
    let host = Origin::parse(origin.as_bytes())?.host();
    // A host with room for one more label: else nothing could ever match.
    let has_room = host.len() + "a.".len() <= MAX_HOST_LEN;
    let is_address = host.starts_with(b"[") || ends_in_a_number(host);
    let is_fine = has_room && !is_address && has_canonical_host(&origin);
    is_fine.then(|| OriginPattern::Subdomains {
        scheme,
        parent: parent.into(),
    })
}

/// Whether a browser that is given the origin's host keeps it as it is: A-labels must decode, and encode to the same.
///
/// Only http and https have hosts that are domains; other schemes' hosts are opaque (URL Standard, "host parser").
fn has_canonical_host(origin: &str) -> bool {
    let Some(origin) = Origin::parse(origin.as_bytes()) else {
        return false;
    };
    if !matches!(origin.scheme(), b"http" | b"https") {
        return true;
    }
    let host = str::from_utf8(origin.host()).unwrap_or_default();
    url::Host::parse(host).is_ok_and(|parsed| parsed.to_string() == host)
}
