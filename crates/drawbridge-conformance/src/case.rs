//! One case: a policy, a request, and what is to come of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Expect, Names, Text};

/// Where a case runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The policy engine alone.
    Pure,
    /// The server, over raw sockets.
    Listener,
}

/// One case. conformance/README.md describes each field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique in the corpus.
    pub id: String,
    /// Whom it would hurt if the answer were another.
    pub why: String,
    /// The endpoint's `cors` object.
    pub policy: Map<String, Value>,
    /// The gateway's `public_url`, where it has one.
    pub public_url: Option<String>,
    /// Further members of the endpoint, such as `limits`.
    #[serde(default)]
    pub endpoint: Map<String, Value>,
    /// Publishable keys of the endpoint that restrict themselves, by name.
    #[serde(default)]
    pub keys: BTreeMap<String, OwnKey>,
    /// The key that the request carries.
    pub key: Key,
    /// What the path in `send` stands below.
    pub to: String,
    /// The request line without the version, then the header lines, in order.
    pub send: Vec<Text>,
    /// The request's body.
    pub body: Option<Text>,
    /// How the upstream behaves.
    pub upstream: Upstream,
    /// The answer.
    pub expect: Expect,
    /// Layers on which the case does not run, each with the reason.
    #[serde(default)]
    pub excluded: BTreeMap<Layer, String>,
    /// The same in a browser: what a page calls, and what it gets to see.
    pub browser: Option<BrowserCall>,
}

/// A key with restrictions of its own.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OwnKey {
    /// Origin patterns.
    pub allowed_origins: Vec<String>,
}

/// The key that a request carries as `Authorization: Bearer`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Key {
    /// A publishable key of the project.
    Publishable,
    /// A secret key of the project.
    Secret,
    /// A publishable key that may use another endpoint only.
    Elsewhere,
    /// A publishable key of the project that has sent all that its rate limit allows.
    Spent,
    /// The gateway's root key.
    Root,
    /// No key is added.
    None,
    /// One of the case's own `keys`.
    #[serde(untagged)]
    Own(String),
}

/// How the upstream behaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Status of its answer.
    pub status: u16,
    /// Header lines of its answer.
    #[serde(default)]
    pub lines: Vec<Text>,
    /// The body's chunks. After the first, the upstream waits until the client has it.
    #[serde(default)]
    pub chunks: Vec<String>,
    /// What goes wrong instead.
    pub fault: Option<Fault>,
}

/// What goes wrong with the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// Nothing listens there.
    Refuses,
    /// It reads the request and never answers.
    Silent,
    /// It answers with something that is not HTTP.
    Garbage,
}

/// A call from a page. The browser runner reads these; here they are only held to their shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrowserCall {
    /// The page's origin: `{page}`, `{other}`, `{sub}` or `null`.
    pub page: String,
    /// The arguments of `fetch`.
    pub fetch: Fetch,
    /// Whether the promise resolves.
    pub resolves: bool,
    /// The status that the page reads; absent where the promise is rejected.
    pub status: Option<u16>,
    /// Response headers that the page can read.
    #[serde(default)]
    pub reads: Vec<String>,
    /// Response headers that are there, and hidden from the page.
    #[serde(default)]
    pub hidden: Vec<String>,
    /// Whether the upstream saw the actual request.
    pub forwarded: bool,
}

/// The arguments of `fetch`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// Below the endpoint's own URL.
    pub path: String,
    /// As `fetch` has it.
    pub method: String,
    /// As `fetch` has it.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// As `fetch` has it.
    pub body: Option<String>,
    /// As `fetch` has it.
    #[serde(default)]
    pub credentials: Credentials,
}

/// The credentials mode of a `fetch`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credentials {
    /// What `fetch` does when nothing is said.
    #[default]
    SameOrigin,
    /// Cookies and client certificates go along.
    Include,
    /// Never.
    Omit,
}

impl Case {
    /// Method and path of the request, the path below `to`.
    pub fn request_line(&self, names: Names<'_>) -> Option<(String, String)> {
        let line = self.send.first()?.written_out(names);
        let (method, path) = line.split_once(' ')?;
        let to = Text::Plain(self.to.clone()).written_out(names);
        Some((method.to_owned(), format!("{to}{path}")))
    }

    /// The header lines, as bytes.
    ///
    /// # Errors
    /// A character that is no byte.
    pub fn header_lines(&self, names: Names<'_>) -> Result<Vec<Vec<u8>>, char> {
        self.send
            .iter()
            .skip(1)
            .map(|line| line.bytes(names))
            .collect()
    }

    /// The reason for which the case does not run on `layer`.
    pub fn reason_against(&self, layer: Layer) -> Option<&str> {
        self.excluded.get(&layer).map(String::as_str)
    }
}
