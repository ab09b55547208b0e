//! Where a gateway is: the URL that a person gave, taken apart once.

use http::Uri;
use http::header::HeaderValue;

use super::failure::Failure;

/// Scheme, host and port of a gateway.
pub(super) struct Address {
    /// As given, without a final slash.
    pub(super) url: String,
    pub(super) is_https: bool,
    /// A name or an address, the latter without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Host`.
    pub(super) authority: HeaderValue,
}

impl Address {
    /// Reads a URL that has scheme, host and port and nothing else.
    ///
    /// # Errors
    /// [`Failure::Usage`] that says what is wrong, with an example.
    pub(super) fn parse(url: &str) -> Result<Self, Failure> {
        parts(url).map_err(|problem| {
            let example = "such as http://127.0.0.1:8080 or https://ai.example.com";
            Failure::Usage(format!(
                "the URL `{url}` {problem}, name a gateway {example}"
            ))
        })
    }
}

fn parts(url: &str) -> Result<Address, &'static str> {
    let uri: Uri = url.parse().map_err(|_| "cannot be read")?;
    let is_https = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err("is neither http nor https"),
    };
    let authority = uri.authority().ok_or("has no host")?;
    let text = authority.as_str();
    if text.contains('@') || !matches!(uri.path(), "/" | "") || uri.query().is_some() {
        return Err("has more than scheme, host and port");
    }
    let host = authority.host();
    let has_port = text.len() > host.len();
    let default_port = if is_https { 443 } else { 80 };
    let port = authority.port_u16().or((!has_port).then_some(default_port));
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    Ok(Address {
        url: url.trim_end_matches('/').to_owned(),
        is_https,
        host: bare.unwrap_or(host).to_owned(),
        port: port.ok_or("has no usable port")?,
        authority: HeaderValue::from_str(text).map_err(|_| "cannot be read")?,
    })
}

/// Encodes text as one path segment or one query value (RFC 3986, unreserved characters as they are).
pub(super) fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_scheme_host_and_port() {
        let cases = [
            ("http://127.0.0.1:8080", "127.0.0.1", 8080, false),
            ("http://[::1]:8080/", "::1", 8080, false),
            ("http://localhost", "localhost", 80, false),
            ("https://ai.example.com", "ai.example.com", 443, true),
        ];
        for (url, host, port, is_https) in cases {
            let address = Address::parse(url).unwrap();
            assert_eq!(
                (&*address.host, address.port, address.is_https),
                (host, port, is_https)
            );
        }
        let wrong = [
            "127.0.0.1:8080",
            "ftp://a",
            "http://a/v1",
            "http://u:p@a",
            "http://a?x",
            "http://a:x",
            "/",
            "",
        ];
        for url in wrong {
            assert!(
                matches!(Address::parse(url), Err(Failure::Usage(_))),
                "{url}"
            );
        }
    }

    #[test]
    fn names_cannot_leave_their_path_segment() {
        assert_eq!(encoded("my-project"), "my-project");
        assert_eq!(encoded("../a b?ü"), "..%2Fa%20b%3F%C3%BC");
    }
}
