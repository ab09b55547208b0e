//! Generated requests.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::world::{ENDPOINTS, KEYS};
use crate::support::ROOT;

const ORIGINS: [&str; 9] = [
    "https://a.example.com",
    "https://b.example.com",
    "http://localhost:3000",
    "chrome-extension://abc",
    "tauri://localhost",
    "https://example.com",
    "https://evil.example",
    "https://a.example.com/",
    "null",
];
/// That many of them are met by a pattern besides `*`.
const LIKELY: usize = 5;
const ADDRESSES: [&str; 4] = ["203.0.113.7", "203.0.113.8", "2001:db8::1", "198.51.100.1"];

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) base: Base,
    pub(crate) token: Token,
    pub(crate) origin: Sent,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: Body,
    /// The client's address, as a trusted proxy says.
    pub(crate) client: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Base {
    Shared,
    /// Of the endpoint with that index.
    Own(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum Token {
    Key(usize),
    Root,
    Unknown,
    Nothing,
}

/// The lines of `Origin`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sent {
    Absent,
    One(&'static str),
    /// The gateway's own.
    Own,
    /// What no browser sends.
    Unusable(&'static [&'static str]),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Nothing,
    /// JSON with or without a model.
    Json(Option<&'static str>),
}

impl Token {
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Key(index) => Some(format!("generated-key-{index}")),
            Self::Root => Some(ROOT.to_owned()),
            Self::Unknown => Some("a-key-that-nobody-has".to_owned()),
            Self::Nothing => None,
        }
    }
}

impl Ask {
    pub(crate) fn target(&self) -> String {
        match self.base {
            Base::Shared => format!("/v1{}", self.path),
            Base::Own(index) => format!("/{}/v1{}", ENDPOINTS[index], self.path),
        }
    }

    /// The request, each time with one thing as in another.
    pub(crate) fn variants<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Self> + 'a {
        let fields: [fn(&mut Self, &Self); 7] = [
            |ask, other| ask.base = other.base.clone(),
            |ask, other| ask.token = other.token.clone(),
            |ask, other| ask.origin = other.origin.clone(),
            |ask, other| ask.method = other.method,
            |ask, other| ask.path = other.path,
            |ask, other| ask.body = other.body.clone(),
            |ask, other| ask.client = other.client,
        ];
        fields.into_iter().map(move |take| {
            let mut variant = self.clone();
            take(&mut variant, other);
            variant.settled()
        })
    }

    /// GET and HEAD have no body here.
    fn settled(mut self) -> Self {
        if matches!(self.method, "GET" | "HEAD") {
            self.body = Body::Nothing;
        }
        self
    }

    /// Header lines and body.
    pub(crate) fn lines(&self, id: &str, own: &str) -> String {
        let origins = match self.origin {
            Sent::Absent => &[][..],
            Sent::One(origin) => &[origin],
            Sent::Own => &[own],
            Sent::Unusable(lines) => lines,
        };
        let origins: String = origins
            .iter()
            .map(|line| format!("origin: {line}\r\n"))
            .collect();
        let token = self
            .token
            .text()
            .map_or_else(String::new, |token| format!("x-api-key: {token}\r\n"));
        let body = match self.body {
            Body::Nothing => String::new(),
            Body::Json(None) => "{}".to_owned(),
            Body::Json(Some(model)) => json!({"model": model}).to_string(),
        };
        let (client, length) = (self.client, body.len());
        format!(
            "x-request-id: {id}\r\nx-forwarded-for: {client}\r\n{origins}{token}content-length: {length}\r\n\r\n{body}"
        )
    }

    /// The foreign page that sends it.
    pub(crate) fn page(&self) -> Option<&'static str> {
        match self.origin {
            Sent::One(origin) => Some(origin),
            _ => None,
        }
    }
}

/// A request, most likely refused.
pub(crate) fn asks() -> impl Strategy<Value = Ask> {
    let base = prop_oneof![
        8 => Just(Base::Shared),
        8 => (0_usize..2).prop_map(Base::Own),
        1 => Just(Base::Own(2)),
    ];
    let token = prop_oneof![
        20 => (0..KEYS).prop_map(Token::Key),
        1 => Just(Token::Root),
        1 => Just(Token::Unknown),
        1 => Just(Token::Nothing),
    ];
    let unusable: [&[&str]; 2] = [&[""], &["https://a.example.com", "https://a.example.com"]];
    let origin = prop_oneof![
        4 => Just(Sent::Absent),
        12 => select(&ORIGINS[..LIKELY]).prop_map(Sent::One),
        4 => select(&ORIGINS[LIKELY..]).prop_map(Sent::One),
        1 => Just(Sent::Own),
        1 => select(unusable.to_vec()).prop_map(Sent::Unusable),
    ];
    let method = prop_oneof![
        8 => Just("POST"),
        2 => Just("GET"),
        2 => select(vec!["HEAD", "DELETE", "PUT", "OPTIONS", "PATCH"]),
    ];
    let path = prop_oneof![
        8 => select(vec!["/chat/completions", "/embeddings", "/audio/speech"]),
        2 => select(vec!["/models", "/models/small", "/models/small/x"]),
        1 => select(vec!["/files", "/audio/", "/chat/completions/"]),
    ];
    let body = prop_oneof![
        1 => Just(Body::Nothing),
        1 => Just(Body::Json(None)),
        8 => select(vec!["small", "small", "large", "other"]).prop_map(|model| Body::Json(Some(model))),
    ];
    (
        base,
        token,
        origin,
        method,
        path,
        body,
        select(&ADDRESSES[..]),
    )
        .prop_map(|(base, token, origin, method, path, body, client)| {
            let ask = Ask {
                base,
                token,
                origin,
                method,
                path,
                body,
                client,
            };
            ask.settled()
        })
}
