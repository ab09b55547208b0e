//! `Origin::parse` against the `url` crate: an origin is what a browser's own serialisation of it gives back.

use drawbridge_policy::origin::{
    MAX_HOST_LEN, MAX_ORIGIN_LEN, MAX_SCHEME_LEN, Origin, is_never_sent,
};
use url::{Host, Url};

use crate::naive::is_label;

/// Reads the bytes as the value of an `Origin` header, in both ways.
pub fn origin(bytes: &[u8]) {
    let found = Origin::parse(bytes);
    let expected = str::from_utf8(bytes).ok().and_then(Parts::read);
    match (&found, &expected) {
        (Some(origin), Some(parts)) => {
            assert_eq!(origin.scheme(), parts.scheme.as_bytes());
            assert_eq!(origin.host(), parts.host.as_bytes());
            assert_eq!(origin.has_port(), parts.has_port);
            assert_eq!(
                [origin.scheme(), b"://", origin.host_and_port()].concat(),
                bytes
            );
            assert!(bytes.starts_with(origin.without_port()));
        }
        (None, None) => {}
        // Documented: whether an A-label decodes is not looked at, and nothing is admitted by it.
        (Some(_), None) if is_origin_but_for_a_labels(bytes) => {}
        (found, expected) => panic!("{found:?}, but a browser has {expected:?}"),
    }
}

fn is_origin_but_for_a_labels(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.contains("xn--") && Parts::read(&text.replace("xn--", "xn00")).is_some()
}

/// An origin taken apart by the `url` crate.
#[derive(Debug)]
struct Parts {
    scheme: String,
    host: String,
    has_port: bool,
}

impl Parts {
    /// `None` for what `url` would write otherwise, and for what is beyond the bounds that `origin.rs` documents.
    fn read(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let scheme = url.scheme();
        // An origin ends before the path. `url` gives http and https one, and other schemes what stands there.
        let (written, path) = match scheme {
            "http" | "https" => (url.origin().ascii_serialization(), "/"),
            _ => (url.as_str().to_owned(), ""),
        };
        let is_bare = url.path() == path && url.query().is_none() && url.fragment().is_none();
        let host = url.host_str()?;
        let is_sent = written == text
            && is_bare
            && url.username().is_empty()
            && url.password().is_none()
            && !is_never_sent(scheme.as_bytes())
            && url.port() != Some(0);
        let is_within_bounds = text.len() <= MAX_ORIGIN_LEN
            && scheme.len() <= MAX_SCHEME_LEN
            && host.len() <= MAX_HOST_LEN
            && match url.host()? {
                Host::Domain(name) => name
                    .strip_suffix('.')
                    .unwrap_or(name)
                    .split('.')
                    .all(is_label),
                Host::Ipv4(_) | Host::Ipv6(_) => true,
            };
        (is_sent && is_within_bounds).then(|| Self {
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            has_port: url.port().is_some(),
        })
    }
}
