//! What the store keeps, as plain values.
//!
//! Rows carry documents as clients gave them; they must never carry a token or, in a document, a credential.

use drawbridge_policy::endpoint::Secret;
use drawbridge_policy::key_use::{Exposed, KeyUse};
use drawbridge_policy::token::TokenDigest;
use jiff::Timestamp;
use serde_json::Value;

/// Everything that a snapshot is made of, at one revision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configuration {
    /// The number of the last write that is in it; 0 before the first.
    pub revision: u64,
    /// All projects, oldest first.
    pub projects: Vec<ProjectRow>,
    /// All endpoints, oldest first.
    pub endpoints: Vec<EndpointRow>,
    /// All keys, revoked ones too, oldest first.
    pub keys: Vec<KeyRow>,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRow {
    /// `proj_…`; unique.
    pub id: String,
    /// Unique; never changes.
    pub slug: String,
    /// For people.
    pub name: String,
    /// `{"secret_keys_in_browsers", "rate_limit"}`; what is not in it has its default.
    pub settings: Value,
    /// The revision of its last change, which the store sets; what a write is given here is ignored.
    pub revision: u64,
    /// When it was made; never changes.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// An endpoint of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRow {
    /// The project that it belongs to.
    pub project_id: String,
    /// Unique in its project; never changes.
    pub name: String,
    /// `{"models", "upstream", "cors", "limits"}` as given, never the credential.
    pub document: Value,
    /// The upstream's credential; encrypted at rest.
    pub credential: Option<Secret>,
    /// Its place in the order of creation over all projects, which the store sets.
    pub sequence: u64,
    /// The revision of its last change, which the store sets.
    pub revision: u64,
    /// When it was made; never changes.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A key of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// `ak_…`; unique.
    pub id: String,
    /// The project that it belongs to.
    pub project_id: String,
    /// `{"name", "kind", "mode", "scopes", "endpoints", …}` as given.
    pub document: Value,
    /// Its current token first, then those of a rotation's overlap.
    pub tokens: Vec<TokenRow>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The revision of its last change, which the store sets.
    pub revision: u64,
    /// When it was made; never changes.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was last used, as far as is stored; what a write is given here is ignored.
    pub last_use: Option<KeyUse>,
    /// Whether pages have it that should not; what a write is given here is ignored.
    pub exposed: Option<Exposed>,
}

/// A token of a key, as its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// SHA-256 of the token; unique over all keys, revoked ones too.
    pub digest: TokenDigest,
    /// The end of a rotation's overlap; `None` for the current token.
    pub expires_at: Option<Timestamp>,
}

/// Which part of a list to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many rows at most; 0 counts as 1.
    pub limit: u32,
    /// The [`Listing::next_cursor`] of the part before; `None` for the first.
    pub after: Option<String>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// Whether rows follow.
    pub has_more: bool,
    /// Where they begin: an opaque text, good in a URL's query; set when rows follow.
    pub next_cursor: Option<String>,
}
