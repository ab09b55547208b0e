//! The session's cookie: its two names, and how it is read, set and cleared.
//!
//! Over https its name begins with `__Host-`: no other host, and nobody on plain http, can set it (RFC 6265bis, cookie
//! name prefixes). Browsers refuse that name on plain http, so that on loopback it has a plain one. Any other plain http
//! must never carry a session.

use std::net::IpAddr;

use drawbridge_policy::endpoint::Secret;
use drawbridge_policy::own_origins::OwnOrigins;
use drawbridge_policy::token::TokenDigest;
use http::header::{COOKIE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use jiff::SignedDuration;

use crate::IsHttps;
use crate::problem::Problem;

/// What the cookie is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// Over https.
    Secure,
    /// On plain http, at a loopback name.
    Loopback,
}

/// A cookie that a request has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presented {
    pub(crate) name: Name,
    /// `None` where it cannot be one of ours, or where several differ: another port of the same host may have set one.
    pub(crate) digest: Option<TokenDigest>,
}

impl Name {
    /// The name for a session that begins with this request; `None` where its secret would go over the wire as it is.
    pub(crate) fn for_new(parts: &Parts, own: &OwnOrigins) -> Option<Self> {
        // A proxy that is not trusted may speak https for us: then the browser says so.
        let origin = parts.headers.get(ORIGIN).map(HeaderValue::as_bytes);
        let is_https_page =
            origin.is_some_and(|origin| origin.starts_with(b"https://") && own.contains(origin));
        match is_https(parts) || is_https_page {
            true => Some(Self::Secure),
            false => is_loopback(parts).then_some(Self::Loopback),
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Secure => "__Host-drawbridge_session",
            Self::Loopback => "drawbridge_session",
        }
    }

    /// `Set-Cookie`.
    ///
    /// # Errors
    /// 500, for a secret that is no header value.
    pub(crate) fn set(self, secret: &Secret, age: SignedDuration) -> Result<HeaderValue, Problem> {
        let line = self.line(secret.expose(), age.as_secs().max(0));
        let mut value = HeaderValue::try_from(line).map_err(Problem::internal)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// `Set-Cookie` that makes browsers forget it.
    pub(crate) fn cleared(self) -> HeaderValue {
        match self {
            Self::Secure => HeaderValue::from_static(
                "__Host-drawbridge_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure",
            ),
            Self::Loopback => HeaderValue::from_static(
                "drawbridge_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
            ),
        }
    }

    fn line(self, value: &str, age: i64) -> String {
        let secure = match self {
            Self::Secure => "; Secure",
            Self::Loopback => "",
        };
        let name = self.as_str();
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
    }
}

/// The session's cookie in a request.
pub(crate) fn presented(parts: &Parts) -> Option<Presented> {
    // Browsers send what another gateway of this machine set over https to plain http on loopback too.
    let plain = (!is_https(parts) && is_loopback(parts)).then_some(Name::Loopback);
    let names = plain.into_iter().chain([Name::Secure]);
    names.into_iter().find_map(|name| {
        let mut values = values(&parts.headers, name);
        let first = values.next()?;
        let is_only = values.all(|value| value == first);
        Some(Presented {
            name,
            digest: is_only.then(|| TokenDigest::of(first)),
        })
    })
}

/// RFC 6265 section 4.2.1; HTTP/2 may split the line.
fn values(headers: &HeaderMap, name: Name) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(move |pair| {
        let pair = pair.trim_ascii();
        pair.strip_prefix(name.as_str().as_bytes())?
            .strip_prefix(b"=")
    })
}

/// Whether the client speaks https, as far as the gateway knows.
pub(super) fn is_https(parts: &Parts) -> bool {
    parts
        .extensions
        .get::<IsHttps>()
        .is_some_and(|IsHttps(is_https)| *is_https)
}

/// Whether the client calls the gateway by a loopback name: what it sends then does not leave its machine.
fn is_loopback(parts: &Parts) -> bool {
    let named = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = match parts.uri.authority() {
        Some(authority) => Some(authority.clone()),
        None => named.and_then(|host| host.parse().ok()),
    };
    authority.is_some_and(|authority| {
        let host = authority.host().trim_matches(['[', ']']);
        let address = host.parse::<IpAddr>();
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(lines: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri("/v1/projects");
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn found(lines: &[(&str, &str)]) -> Option<(Name, Option<TokenDigest>)> {
        presented(&parts(lines)).map(|found| (found.name, found.digest))
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_among_others_and_on_several_lines() {
        let one = Some(TokenDigest::of(b"one"));
        let host = ("host", "localhost:8080");
        let cookie = |line: &'static str| found(&[host, ("cookie", line)]);
        assert_eq!(
            cookie("a=b; drawbridge_session=one;c"),
            Some((Name::Loopback, one))
        );
        for other in [
            "xdrawbridge_session=one",
            "drawbridge_session",
            "drawbridge_sessions=one",
            "Drawbridge_session=one",
            "a=drawbridge_session=one",
        ] {
            assert_eq!(cookie(other), None, "{other}");
        }
        let split = [
            host,
            ("cookie", "a=b"),
            ("cookie", "drawbridge_session=one"),
        ];
        assert_eq!(found(&split), Some((Name::Loopback, one)));
        let planted = "drawbridge_session=one; drawbridge_session=two";
        assert_eq!(cookie(planted), Some((Name::Loopback, None)));
        let twice = "drawbridge_session=one; drawbridge_session=one";
        assert_eq!(cookie(twice), Some((Name::Loopback, one)));
    }

    #[test]
    fn the_plain_name_counts_on_plain_http_at_loopback_only() {
        let both = (
            "cookie",
            "__Host-drawbridge_session=safe; drawbridge_session=plain",
        );
        for (host, name) in [
            ("127.0.0.1:8080", Name::Loopback),
            ("LOCALHOST", Name::Loopback),
            ("[::1]:8080", Name::Loopback),
            ("127.0.0.2", Name::Loopback),
            ("gateway.example", Name::Secure),
            ("localhost.example", Name::Secure),
            ("127.0.0.1.example:8080", Name::Secure),
            ("", Name::Secure),
        ] {
            let found = found(&[("host", host), both]);
            assert_eq!(found.map(|(name, _)| name), Some(name), "{host}");
        }
        let mut https = parts(&[("host", "localhost:8443"), both]);
        https.extensions.insert(IsHttps(true));
        assert_eq!(
            presented(&https).map(|found| found.name),
            Some(Name::Secure)
        );
    }

    #[test]
    fn what_clears_a_cookie_has_the_attributes_of_what_sets_it() {
        for name in [Name::Secure, Name::Loopback] {
            assert_eq!(name.cleared(), name.line("", 0));
        }
    }
}
