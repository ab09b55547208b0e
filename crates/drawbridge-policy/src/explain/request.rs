//! What a page asks for.

use url::Url;

use crate::names::{is_forbidden_method, is_unsettable_request_header, normalize_method};

/// Which of the two interfaces the page uses; messages name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Api {
    /// `fetch`
    #[default]
    Fetch,
    /// `XMLHttpRequest`
    Xhr,
}

/// `mode` of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The default.
    #[default]
    Cors,
    /// The answer is hidden from the page.
    NoCors,
    /// Other origins than the page's are an error.
    SameOrigin,
}

/// What kind of body is sent; it brings a `Content-Type` where the page sets none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// None, or bytes without a type.
    #[default]
    Empty,
    /// A string: `text/plain`.
    Text,
    /// `URLSearchParams`: `application/x-www-form-urlencoded`.
    Form,
    /// `FormData`: `multipart/form-data`.
    Multipart,
    /// A `Blob` of that type.
    Blob(String),
    /// A `ReadableStream`, without a type.
    Stream,
}

impl Body {
    fn content_type(&self) -> Option<&str> {
        match self {
            Self::Empty | Self::Stream => None,
            Self::Text => Some("text/plain;charset=UTF-8"),
            Self::Form => Some("application/x-www-form-urlencoded;charset=UTF-8"),
            Self::Multipart => Some("multipart/form-data; boundary=----boundary"),
            Self::Blob(kind) => Some(kind)
                .filter(|kind| !kind.is_empty())
                .map(String::as_str),
        }
    }
}

/// One call of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// The page's origin as browsers serialise it, or `null`.
    pub origin: String,
    /// Where the page itself is, if that is known; some lines name it.
    pub page_url: Option<Url>,
    /// What is called.
    pub url: Url,
    /// As the page writes it.
    pub method: String,
    /// What the page sets, as it writes it.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Body,
    /// Whether the request includes credentials: `credentials: "include"`, `withCredentials`.
    pub includes_credentials: bool,
    /// The interface.
    pub api: Api,
    /// `mode`.
    pub mode: Mode,
    /// Whether a listener watches an `XMLHttpRequest`'s upload: then there is always a preflight.
    pub watches_upload: bool,
}

impl PageRequest {
    /// A `fetch` without headers, body and credentials.
    pub fn new(origin: impl Into<String>, url: Url, method: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            page_url: None,
            url,
            method: method.into(),
            headers: Vec::new(),
            body: Body::default(),
            includes_credentials: false,
            api: Api::default(),
            mode: Mode::default(),
            watches_upload: false,
        }
    }

    /// Has the page set a header: `name: value`, or a name alone, which gets the value that such a header mostly has.
    pub fn set_header(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let (name, value) = (name.trim(), value.trim());
        let value = match (value, name.to_ascii_lowercase().as_str()) {
            ("", "content-type") => "application/json",
            ("", "accept") => "*/*",
            ("", "accept-language" | "content-language") => "en",
            ("", "range") => "bytes=0-",
            ("", "ect") => "4g",
            ("", "save-data") => "on",
            ("", _) => "1",
            (value, _) => value,
        };
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The method as it is sent.
    pub fn sent_method(&self) -> &str {
        normalize_method(&self.method)
    }

    /// What the browser drops without a word: headers that no script can set (Fetch, "forbidden request-header").
    pub fn dropped_headers(&self) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(|(name, value)| is_dropped(name, value))
            .map(|(name, _)| name.as_str())
    }

    /// What is sent of what the page sets, and what the body adds: one field a name, names as written.
    pub(super) fn sent_headers(&self) -> Vec<(String, String)> {
        let mut sent: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.headers {
            let value = value.trim_matches([' ', '\t', '\r', '\n']);
            if is_dropped(name, value) {
                continue;
            }
            match sent
                .iter_mut()
                .find(|(other, _)| other.eq_ignore_ascii_case(name))
            {
                Some((_, joined)) => {
                    joined.push_str(", ");
                    joined.push_str(value);
                }
                None => sent.push((name.clone(), value.to_owned())),
            }
        }
        let has_type = sent
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some(kind) = self.body.content_type().filter(|_| !has_type) {
            sent.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        sent
    }
}

/// Fetch, "forbidden request-header": by its name, or because it carries a forbidden method in disguise.
fn is_dropped(name: &str, value: &str) -> bool {
    const OVERRIDES: [&str; 3] = [
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
    ];
    let is_override = OVERRIDES
        .iter()
        .any(|override_name| name.eq_ignore_ascii_case(override_name));
    let names_forbidden_method = || {
        value
            .split(',')
            .any(|method| is_forbidden_method(method.trim().as_bytes()))
    };
    is_unsettable_request_header(name) || (is_override && names_forbidden_method())
}
