//! API keys in the form that requests are judged by.
//!
//! An [`ApiKey`] knows what it may do, never its token. It must never be asked "may this token …": tokens are opaque.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cors::{CorsPolicy, Enforcement, OriginHeader};
use crate::denial::Denial;
use crate::meter::Meter;
use crate::network::NetworkSet;
use crate::origin_set::OriginSet;
use crate::path::has_dot_segment;
use crate::rate_limit::RateLimit;
use crate::token::TokenDigest;

/// Whether a key may stand in a page's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// For servers and management.
    Secret,
    /// May be read by anyone; inference only.
    Publishable,
}

/// Whether a key is for production or for trying things out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMode {
    /// Production.
    Live,
    /// Development and tests.
    Test,
}

/// What becomes of a secret key that a page of another origin sends; a project's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretKeysInBrowsers {
    /// It works where the endpoint lists the origin; the answer warns.
    #[default]
    Warn,
    /// [`Denial::SecretKeyInBrowser`].
    Refuse,
}

/// One thing that a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Scope {
    /// Call endpoints.
    Inference = 1,
    /// Read the project and its endpoints.
    EndpointsRead = 2,
    /// Create, change and delete endpoints.
    EndpointsWrite = 4,
    /// Read the project's keys.
    KeysRead = 8,
    /// Create, change, rotate and revoke keys.
    KeysWrite = 16,
    /// Read the audit log.
    AuditRead = 32,
}

/// Names of an enum's variants, as they stand in JSON and on the command line.
macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in JSON and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The value of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.name())
            }
        }
    };
}

names!(KeyKind { Secret = "secret", Publishable = "publishable" });
names!(KeyMode { Live = "live", Test = "test" });
names!(SecretKeysInBrowsers { Warn = "warn", Refuse = "refuse" });
names!(Scope {
    Inference = "inference",
    EndpointsRead = "endpoints:read",
    EndpointsWrite = "endpoints:write",
    KeysRead = "keys:read",
    KeysWrite = "keys:write",
    AuditRead = "audit:read",
});

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Whether the scope is in the set.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope as u8 != 0
    }

    /// Whether every scope of `other` is in this set.
    pub fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | scope as u8))
    }
}

/// One token of a key: its digest, and until when it is valid if it was rotated away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyToken {
    /// SHA-256 of the token.
    pub digest: TokenDigest,
    /// The end of a rotation's overlap; `None` for the current token.
    pub expires_at: Option<Timestamp>,
}

/// A key, ready to be judged.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// `ak_live_…` or `ak_test_…`; not secret.
    pub id: Box<str>,
    /// The id of the project that it belongs to.
    pub project_id: Box<str>,
    /// Secret or publishable.
    pub kind: KeyKind,
    /// Live or test.
    pub mode: KeyMode,
    /// What it may do.
    pub scopes: Scopes,
    /// Names of the endpoints that it may use; `None` means all of its project.
    pub endpoints: Option<Box<[Box<str>]>>,
    /// Origins that it may be used from; `None` means that it leaves them to endpoints.
    pub allowed_origins: Option<OriginSet>,
    /// Networks that it may be used from; `None` means any.
    pub allowed_ips: Option<NetworkSet>,
    /// Whether requests without Origin are refused.
    pub require_origin: bool,
    /// Most of its requests in flight; `None` means any number.
    pub max_concurrent: Option<u32>,
    /// How many requests it may send in which time; `None` is for its project to say.
    pub rate_limit: Option<RateLimit>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Its current token, and those of a rotation's overlap.
    pub tokens: Box<[KeyToken]>,
    /// What it has used; a changed key takes over that of the one before.
    pub meter: Arc<Meter>,
}

impl ApiKey {
    /// Whether the key, presented by `digest`, is good at `now`.
    ///
    /// # Errors
    /// [`Denial::RevokedKey`] or [`Denial::ExpiredKey`].
    pub fn check_validity(&self, digest: &TokenDigest, now: Timestamp) -> Result<(), Denial> {
        if self.revoked_at.is_some() {
            return Err(Denial::RevokedKey);
        }
        let is_over = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
        let token = self.tokens.iter().find(|token| token.digest == *digest);
        if is_over(self.expires_at) || is_over(token.and_then(|token| token.expires_at)) {
            return Err(Denial::ExpiredKey);
        }
        Ok(())
    }

    /// Whether that is the digest of the key's current token, not of one that was rotated away.
    pub fn is_current(&self, digest: &TokenDigest) -> bool {
        let mut current = self
            .tokens
            .iter()
            .filter(|token| token.expires_at.is_none());
        current.any(|token| token.digest == *digest)
    }

    /// Whether a page of another origin that sends the key has published it: a secret key that is not meant for pages.
    pub fn is_published_by_pages(&self) -> bool {
        self.kind == KeyKind::Secret && self.allowed_origins.is_none()
    }

    /// Whether the key may use an endpoint of that project and name.
    pub fn allows_endpoint(&self, project_id: &str, name: &str) -> bool {
        *self.project_id == *project_id
            && self
                .endpoints
                .as_ref()
                .is_none_or(|names| names.iter().any(|own| **own == *name))
    }

    /// Whether the key may be used from an origin, which is not the gateway's own, at an endpoint with that policy.
    ///
    /// A key's own list holds whatever the endpoint says. A key without one admits no origin where the endpoint lists
    /// none either; as that is no restriction of its own, it is enforced only where the endpoint's are.
    pub fn allows_origin(&self, origin: OriginHeader<'_>, policy: &CorsPolicy) -> bool {
        match (&self.allowed_origins, origin) {
            (_, OriginHeader::Absent) => true,
            (Some(origins), OriginHeader::One(origin)) => origins.admits(origin),
            (Some(_), OriginHeader::Unusable) => false,
            (None, _) => policy.lists_origins() || policy.enforcement() != Enforcement::Server,
        }
    }
}

/// Whether a publishable key may send this method to this path below an endpoint's base (`/chat/completions`, …).
///
/// Reading models and the inference routes of the known APIs; nothing that stores, lists or deletes at the upstream. A
/// path that some reader would shorten names no route ([`has_dot_segment`]).
pub fn is_publishable_route(method: &[u8], path: &str) -> bool {
    if has_dot_segment(path) {
        return false;
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    match method {
        b"GET" | b"HEAD" => {
            path == "models"
                || path
                    .strip_prefix("models/")
                    .is_some_and(|id| !id.is_empty())
        }
        b"POST" => {
            const EXACT: [&str; 7] = [
                "chat/completions",
                "completions",
                "responses",
                "messages",
                "embeddings",
                "rerank",
                "moderations",
            ];
            EXACT.contains(&path)
                || ["audio/", "images/"].iter().any(|family| {
                    path.strip_prefix(family)
                        .is_some_and(|rest| !rest.is_empty())
                })
        }
        _ => false,
    }
}

/// Who sent a request.
#[derive(Clone, Debug)]
pub enum Caller {
    /// The holder of the root key: may do everything, belongs to no project.
    Root,
    /// The holder of an API key.
    Key(Arc<ApiKey>),
}

impl Caller {
    /// The key's id, or `root`.
    pub fn id(&self) -> &str {
        match self {
            Self::Root => "root",
            Self::Key(key) => &key.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishable_keys_reach_inference_and_nothing_else() {
        for path in [
            "/chat/completions",
            "/audio/speech",
            "/images/generations",
            "/embeddings",
        ] {
            assert!(is_publishable_route(b"POST", path), "{path}");
        }
        for (method, path) in [
            (&b"POST"[..], "/files"),
            (b"GET", "/chat/completions"),
            (b"DELETE", "/models/x"),
            (b"OPTIONS", "/chat/completions"),
            (b"POST", "/chat/completions/"),
            (b"POST", "/audio/"),
            (b"POST", "/v1/chat/completions"),
            (b"GET", "/models/"),
            (b"post", "/embeddings"),
            (b"GET", "/models/..%2f..%2fadmin"),
            (b"POST", "/audio/x/%252e%252e%5cadmin"),
            (b"POST", "/audio%2fspeech"),
        ] {
            assert!(!is_publishable_route(method, path), "{path}");
        }
        assert!(is_publishable_route(b"HEAD", "/models"));
        assert!(is_publishable_route(b"GET", "/models/org/name"));
    }
}
