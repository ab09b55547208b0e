//! What a case expects of the answer.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Members;

/// What a case expects of the answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The status.
    pub status: u16,
    /// Whether the upstream sees the request.
    pub forwarded: bool,
    /// All `Access-Control-*` headers of the answer: what is not named here must not be there.
    #[serde(default)]
    pub cors: Cors,
    /// The members of `Vary`; absent: there is no `Vary`.
    #[serde(default)]
    pub vary: Members,
    /// Other headers.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderValue>,
    /// Other headers that must not be there.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Code of the refusal: of the error in the body, or, where an answer has none, of the engine's verdict.
    pub refusal: Option<String>,
    /// Code of what `enforcement: "report"` let pass. Only the engine says it.
    pub reported: Option<String>,
    /// The most that the answer's header lines may take.
    pub max_header_bytes: Option<usize>,
}

/// The `Access-Control-*` headers of an answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// `Access-Control-Allow-Origin`.
    pub origin: Option<String>,
    /// `Access-Control-Allow-Credentials: true`.
    #[serde(default)]
    pub credentials: bool,
    /// `Access-Control-Allow-Methods`; methods differ in case.
    pub methods: Option<Members>,
    /// `Access-Control-Allow-Headers`.
    pub headers: Option<Members>,
    /// `Access-Control-Max-Age`.
    pub max_age: Option<u32>,
    /// `Access-Control-Expose-Headers`.
    pub expose: Option<Members>,
}

/// What another header is to hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum HeaderValue {
    /// Exactly this, on one line.
    Whole(String),
    /// A list.
    Members(Members),
}
