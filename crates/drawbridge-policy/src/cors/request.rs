//! What CORS looks at in a request, and what it says about the answer.

use bytes::Bytes;

use crate::cors::{names_in, requested_names};

/// The `Origin` header of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginHeader<'r> {
    /// None at all: CORS does not apply.
    Absent,
    /// Exactly one, not empty.
    One(&'r [u8]),
    /// Several lines, or an empty one: counts as an origin that is not admitted, never as none.
    Unusable,
}

impl<'r> OriginHeader<'r> {
    /// Reads the values of all `Origin` lines.
    pub fn from_lines(mut lines: impl Iterator<Item = &'r [u8]>) -> Self {
        match (lines.next(), lines.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) if !value.is_empty() => Self::One(value),
            _ => Self::Unusable,
        }
    }
}

/// What the keys of an endpoint that lists no origins say together of one origin (design section 4, rule 5).
///
/// It is never heeded by a policy that lists origins itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyGrant {
    /// Whether some key lists `*`.
    pub any: bool,
    /// What they say of the origin itself.
    pub origin: Granted,
}

/// How far keys admit an origin, from least to most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Granted {
    /// No key does.
    #[default]
    Nothing,
    /// Only patterns do that are refused together with `allowCredentials`: they never combine with it.
    WithoutCredentials,
    /// As if the endpoint listed it.
    Listed,
}

/// What `Access-Control-Allow-Origin` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowOrigin {
    /// The header is not sent.
    Withheld,
    /// `*`.
    Any,
    /// The request's own bytes.
    Echo,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The origin is not admitted.
    OriginNotAllowed,
    /// The origin is admitted, but not for the key that came along; never of a preflight, which has none.
    KeyOriginNotAllowed,
    /// The method is not listed.
    MethodNotAllowed,
    /// A header that the page wants to send is not listed.
    HeaderNotAllowed,
    /// The list of headers that the page wants to send is too long.
    HeadersTooLarge,
}

impl Refusal {
    /// Every refusal, in the order of their declaration.
    pub const ALL: [Self; 5] = [
        Self::OriginNotAllowed,
        Self::KeyOriginNotAllowed,
        Self::MethodNotAllowed,
        Self::HeaderNotAllowed,
        Self::HeadersTooLarge,
    ];

    /// The stable name, in logs and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::KeyOriginNotAllowed => "key_origin_not_allowed",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::HeaderNotAllowed => "header_not_allowed",
            Self::HeadersTooLarge => "headers_too_large",
        }
    }
}

/// A preflight as it was asked (Fetch, "CORS-preflight request").
#[derive(Clone, Copy, Debug)]
pub struct Preflight<'r, L> {
    /// The one value of `Origin`, not empty.
    pub origin: &'r [u8],
    /// The first value of `Access-Control-Request-Method`, not empty.
    pub method: &'r [u8],
    /// The values of all `Access-Control-Request-Headers` lines.
    pub header_lines: L,
}

impl<'r, L> Preflight<'r, L> {
    /// Recognises a preflight: `OPTIONS`, exactly one `Origin` and an `Access-Control-Request-Method` that are not empty,
    /// and nothing less. Of several lines of the latter the first counts.
    pub fn recognize(
        method: &[u8],
        origin: OriginHeader<'r>,
        mut method_lines: impl Iterator<Item = &'r [u8]>,
        header_lines: L,
    ) -> Option<Self> {
        let OriginHeader::One(origin) = origin else {
            return None;
        };
        let requested = method_lines
            .next()
            .filter(|requested| !requested.is_empty())?;
        (method == b"OPTIONS").then_some(Self {
            origin,
            method: requested,
            header_lines,
        })
    }
}

/// The answer to a preflight: a status without a body, and these headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreflightAnswer {
    /// 204, or 431 where the preflight asks for too many headers.
    pub status: u16,
    /// `Access-Control-Allow-Origin`.
    pub allow_origin: AllowOrigin,
    /// Whether `Access-Control-Allow-Credentials: true` is sent.
    pub allow_credentials: bool,
    /// `Access-Control-Allow-Methods`.
    pub allow_methods: Option<Bytes>,
    /// `Access-Control-Allow-Headers`.
    pub allow_headers: Option<Bytes>,
    /// `Access-Control-Max-Age`.
    pub max_age: Option<Bytes>,
    /// `Access-Control-Expose-Headers`.
    pub expose_headers: Option<Bytes>,
    /// `Vary`, ready to send; the same for every answer under one policy.
    pub vary: Option<Bytes>,
    /// Why the policy does not admit the actual request.
    pub refusal: Option<Refusal>,
    /// What would have been refused, were the policy not in report mode.
    pub reported: Option<Refusal>,
}

impl PreflightAnswer {
    /// 204 that tells the browser nothing.
    pub(crate) fn nothing(vary: Option<Bytes>) -> Self {
        Self {
            status: 204,
            allow_origin: AllowOrigin::Withheld,
            allow_credentials: false,
            allow_methods: None,
            allow_headers: None,
            max_age: None,
            expose_headers: None,
            vary,
            refusal: None,
            reported: None,
        }
    }

    /// The headers that were asked for and that the answer does not list, as they were sent.
    pub fn missing_headers<'r, L>(&self, request: &Preflight<'r, L>) -> Vec<&'r [u8]>
    where
        L: Iterator<Item = &'r [u8]> + Clone,
    {
        let listed: Vec<_> = self
            .allow_headers
            .iter()
            .flat_map(|names| names_in(names))
            .collect();
        let is_listed = |name: &[u8]| listed.iter().any(|other| other.eq_ignore_ascii_case(name));
        let mut asked = requested_names(request.header_lines.clone()).unwrap_or_default();
        asked.retain(|name| !is_listed(name));
        asked
    }
}

/// What `Access-Control-Expose-Headers` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expose {
    /// The header is not sent.
    None,
    /// This value.
    Fixed(Bytes),
    /// The names of the response's own header fields: `*` where credentials would make it a name.
    ResponseNames,
}

/// The verdict on a request that is no preflight.
#[derive(Clone, Debug)]
pub struct ActualVerdict<'p> {
    /// `Access-Control-Allow-Origin`, for every answer to this request, errors included.
    pub allow_origin: AllowOrigin,
    /// Whether `Access-Control-Allow-Credentials: true` is sent.
    pub allow_credentials: bool,
    /// `Access-Control-Expose-Headers`.
    pub expose: &'p Expose,
    /// Whether `Vary: Origin` is sent.
    pub vary_origin: bool,
    /// What must be refused now, before the upstream: 403 for the origin, 405 for the method.
    pub refusal: Option<Refusal>,
    /// What the browser is left to refuse, by headers that are not sent: the request goes to the upstream
    /// (`enforcement: "browser"`).
    pub withheld: Option<Refusal>,
    /// What would have been refused, were the policy not in report mode.
    pub reported: Option<Refusal>,
    /// Whether the request came from the gateway's own origin, and was not judged.
    pub same_origin: bool,
}
