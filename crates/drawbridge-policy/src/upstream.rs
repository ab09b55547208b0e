//! Where an endpoint's requests go: the rules for `upstream.base_url`.
//!
//! A base URL is read by a grammar narrower than that of URLs (RFC 3986, and the WHATWG URL Standard that `url`
//! implements), so that every program agrees about the host. What is harmless is normalised: upper case in scheme and
//! host, an explicit default port, trailing slashes (`…/v1/` is `…/v1`). The rest is refused, with the address that
//! was probably meant. It must never resolve a name (the gateway asks [`forbidden_upstream_address`] again about
//! each address that it is about to connect to), and never repeat user info or a query in a message: people paste keys
//! there.

mod destinations;
mod fault;
mod host;
mod network;
mod roots;
mod suggest;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

pub use destinations::Destinations;
pub use network::forbidden_upstream_address;
pub use roots::{MAX_CA_BYTES, PrivateRoots};

use crate::issue::ConfigIssue;
use fault::Fault;

/// The longest base URL, in bytes.
pub const MAX_BASE_URL_BYTES: usize = 2048;

/// An endpoint's upstream, as [`Upstream::parse`] admits it: the only way to make one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Upstream {
    is_https: bool,
    host: UpstreamHost,
    port: u16,
    authority: Box<str>,
    base_path: Box<str>,
    roots: Option<Arc<PrivateRoots>>,
    connection_key: Box<str>,
}

/// The host of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UpstreamHost {
    /// A name to be resolved: lower case, A-labels, perhaps with the root's trailing dot.
    Name(Box<str>),
    /// An address, never a forbidden or a v4-mapped one.
    Ip(IpAddr),
}

/// The host as it stands in a URL: IPv6 addresses in brackets.
impl fmt::Display for UpstreamHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Ip(IpAddr::V4(address)) => write!(formatter, "{address}"),
            Self::Ip(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
        }
    }
}

impl Upstream {
    /// Reads a base URL; `pointer` is where it stands in its document.
    ///
    /// # Errors
    /// The first problem. Its suggestion, where there is one, is free of all problems.
    #[expect(
        clippy::result_large_err,
        reason = "asked once when configuration is saved; the issue moves on into a list"
    )]
    pub fn parse(base_url: &str, pointer: &str) -> Result<Self, ConfigIssue> {
        Self::read(base_url).map_err(|fault| {
            let (fault, suggestion) = suggest::cure(base_url, fault);
            let issue = ConfigIssue::new(pointer, fault.code(), fault.to_string());
            match suggestion {
                Some(suggestion) => issue.suggest(suggestion),
                None => issue,
            }
        })
    }

    /// Whether the upstream is spoken to over TLS.
    pub const fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whom to connect to; over TLS also whom the certificate must name.
    pub const fn host(&self) -> &UpstreamHost {
        &self.host
    }

    /// The port, the scheme's default one where none was given.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The value of the `Host` header: the host, and the port unless it is the scheme's default (RFC 9110 section 7.2).
    pub const fn authority(&self) -> &str {
        &self.authority
    }

    /// What stands for this gateway's `…/v1`: empty, or a path that begins with a slash and ends with none.
    pub const fn base_path(&self) -> &str {
        &self.base_path
    }

    /// The same upstream, whose certificate must lead to one of these authorities.
    #[must_use]
    pub fn trusting(self, roots: PrivateRoots) -> Self {
        let connection_key = format!("{} {}", self.connection_key, roots.digest());
        Self {
            roots: Some(Arc::new(roots)),
            connection_key: connection_key.into(),
            ..self
        }
    }

    /// Who vouches for its certificate; `None` is the system's authorities.
    pub const fn roots(&self) -> Option<&Arc<PrivateRoots>> {
        self.roots.as_ref()
    }

    /// Equal where one connection serves both: the same server, reached the same way and under the same trust.
    pub const fn connection_key(&self) -> &str {
        &self.connection_key
    }

    /// Whether both have the same origin. A stored credential stays with its origin.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        (self.is_https, self.port, &self.host) == (other.is_https, other.port, &other.host)
    }

    fn read(text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_BASE_URL_BYTES {
            return Err(Fault::TooLong);
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(Fault::Space);
        }
        let (is_https, rest) = split_scheme(text)?;
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(Fault::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let host = host::read(host)?;
        let default_port = if is_https { 443 } else { 80 };
        let port = port.map_or(Ok(default_port), read_port)?;
        let path = match rest.find(['?', '#']) {
            Some(at) if rest[at..].starts_with('?') => return Err(Fault::Query),
            Some(_) => return Err(Fault::Fragment),
            None => check_path(rest)?,
        };
        let authority = if port == default_port {
            host.to_string()
        } else {
            format!("{host}:{port}")
        };
        let scheme = scheme(is_https);
        Ok(Self {
            is_https,
            host,
            port,
            connection_key: format!("{scheme}://{authority}").into(),
            authority: authority.into(),
            base_path: path.into(),
            roots: None,
        })
    }
}

/// The base URL, normalised; reading it gives the same upstream again.
impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = scheme(self.is_https);
        write!(formatter, "{scheme}://{}{}", self.authority, self.base_path)
    }
}

const fn scheme(is_https: bool) -> &'static str {
    if is_https { "https" } else { "http" }
}

/// Whether the scheme is https, and what stands behind `://`.
fn split_scheme(text: &str) -> Result<(bool, &str), Fault> {
    let (scheme, rest) = text.split_once("://").ok_or(Fault::NoScheme)?;
    if scheme.eq_ignore_ascii_case("https") {
        return Ok((true, rest));
    }
    if scheme.eq_ignore_ascii_case("http") {
        return Ok((false, rest));
    }
    // A `://` further behind does not make what precedes it a scheme, nor fit to be repeated.
    let is_scheme = (1..=20).contains(&scheme.len())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    Err(if is_scheme {
        Fault::Scheme(scheme.to_owned())
    } else {
        Fault::NoScheme
    })
}

/// The host, in its brackets where it has some, and the text behind the colon.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), Fault> {
    let host_end = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[host_end..].find(':') {
        Some(at) => {
            let (host, port) = authority.split_at(host_end + at);
            if host_end == 0 && port[1..].contains(':') {
                return Err(Fault::NoBrackets);
            }
            Ok((host, Some(&port[1..])))
        }
        None => Ok((authority, None)),
    }
}

fn read_port(text: &str) -> Result<u16, Fault> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    match text.parse() {
        Ok(port) if is_canonical => Ok(port),
        _ => Err(Fault::Port),
    }
}

/// A path of `pchar`s (RFC 3986 section 3.3) that no program would shorten, without its trailing slashes.
fn check_path(path: &str) -> Result<&str, Fault> {
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let is_fine = match byte {
            b'%' => {
                let mut is_digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
                is_digit() && is_digit()
            }
            _ => byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte),
        };
        if !is_fine {
            return Err(Fault::PathCharacter);
        }
    }
    let is_dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    if path.split('/').any(is_dots) {
        return Err(Fault::DotSegment);
    }
    Ok(path.trim_end_matches('/'))
}
