//! The gateway's own origins: what counts as same-origin, and which `Host` may reach management.
//!
//! Own origins come from configuration and the listener, never from a request's `Host`: a header that the client chooses
//! must not decide whether the client is trusted.

use std::net::SocketAddr;

/// The origins under which browsers see this gateway itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnOrigins {
    origins: Vec<Box<str>>,
    /// Whether management answers only to the hosts of `origins` (DNS rebinding).
    hosts_are_checked: bool,
}

impl OwnOrigins {
    /// `public_url`, a serialised origin, when it is set; else the loopback names of a loopback listener, which is
    /// spoken to over TLS or not; else none.
    pub fn new(public_url: Option<&str>, listener: SocketAddr, is_https: bool) -> Self {
        let (scheme, default_port) = match is_https {
            true => ("https", 443),
            false => ("http", 80),
        };
        let port = match listener.port() {
            port if port == default_port => String::new(),
            port => format!(":{port}"),
        };
        // The first is shown to people.
        let hosts = match listener.is_ipv6() {
            true => ["[::1]", "localhost", "127.0.0.1"],
            false => ["127.0.0.1", "localhost", "[::1]"],
        };
        let origins = match public_url {
            Some(origin) => vec![origin.into()],
            None if listener.ip().is_loopback() => hosts
                .map(|host| format!("{scheme}://{host}{port}").into())
                .into(),
            None => Vec::new(),
        };
        Self {
            hosts_are_checked: public_url.is_none() && !origins.is_empty(),
            origins,
        }
    }

    /// The origin to show people, if one is known.
    pub fn first(&self) -> Option<&str> {
        self.origins.first().map(|origin| &**origin)
    }

    /// Whether the serialised origin is the gateway's own.
    pub fn contains(&self, origin: &[u8]) -> bool {
        self.origins.iter().any(|own| own.as_bytes() == origin)
    }

    /// Whether management answers a request with that `Host` (else 421).
    pub fn allows_host(&self, host: &[u8]) -> bool {
        !self.hosts_are_checked
            || self.origins.iter().any(|own| {
                own.split_once("://")
                    .is_some_and(|(_, own)| own.as_bytes().eq_ignore_ascii_case(host))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_listener_knows_its_names_and_checks_hosts() {
        let own = OwnOrigins::new(None, "127.0.0.1:8080".parse().unwrap(), false);
        assert!(own.contains(b"http://localhost:8080"));
        assert!(own.contains(b"http://[::1]:8080"));
        assert!(!own.contains(b"https://localhost:8080"));
        assert!(!own.contains(b"http://localhost:8081"));
        assert!(own.allows_host(b"LOCALHOST:8080"));
        assert!(!own.allows_host(b"evil.example:8080"));
        let own = OwnOrigins::new(None, "[::1]:80".parse().unwrap(), false);
        assert!(own.contains(b"http://localhost"));
        assert!(own.allows_host(b"[::1]"));
    }

    #[test]
    fn over_tls_the_loopback_names_are_https_ones() {
        let own = OwnOrigins::new(None, "127.0.0.1:8443".parse().unwrap(), true);
        assert!(own.contains(b"https://localhost:8443"));
        assert!(!own.contains(b"http://localhost:8443"));
        assert!(own.allows_host(b"localhost:8443"));
        assert!(!own.allows_host(b"evil.example:8443"));
        let own = OwnOrigins::new(None, "127.0.0.1:443".parse().unwrap(), true);
        assert!(own.contains(b"https://127.0.0.1"));
        assert!(own.allows_host(b"127.0.0.1"));
    }

    #[test]
    fn a_public_url_replaces_the_loopback_names() {
        let own = OwnOrigins::new(
            Some("https://gw.example.net"),
            "127.0.0.1:80".parse().unwrap(),
            false,
        );
        assert!(own.contains(b"https://gw.example.net"));
        assert!(!own.contains(b"http://localhost"));
        assert!(own.allows_host(b"anything"));
    }

    #[test]
    fn a_public_listener_without_public_url_has_no_own_origin() {
        let own = OwnOrigins::new(None, "0.0.0.0:8080".parse().unwrap(), false);
        assert!(!own.contains(b"http://localhost:8080"));
        assert!(own.allows_host(b"anything"));
    }
}
