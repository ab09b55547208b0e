//! Which methods a policy lists.

use bytes::Bytes;

use crate::cors::{Standing, join, ready_to_send};
use crate::names::{is_forbidden_method, is_token, normalize_method};

const ANY_METHOD: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// `allowedMethods`, compiled.
#[derive(Clone, Debug)]
pub(crate) struct MethodRules {
    /// As browsers send them, in the order given.
    names: Box<[Box<str>]>,
    any: bool,
    /// Whether the answer to a preflight depends on the method that it asks for.
    is_dynamic: bool,
    fixed: Option<Bytes>,
    allow: Bytes,
}

impl MethodRules {
    /// Compiles a list without problems; with `lists_all`, preflights are answered as if every method were listed.
    pub(crate) fn new(entries: &[String], lists_all: bool) -> Self {
        let mut names: Vec<Box<str>> = Vec::new();
        for entry in entries.iter().filter(|entry| *entry != "*") {
            let name = normalize_method(entry);
            if !names.iter().any(|other| **other == *name) {
                names.push(name.into());
            }
        }
        let any = entries.iter().any(|entry| entry == "*");
        let has_head = names.iter().any(|name| **name == *"HEAD");
        let allowed = names.iter().flat_map(|name| match &**name {
            "GET" if !has_head => vec!["GET", "HEAD"],
            name => vec![name],
        });
        let allow = if any {
            ANY_METHOD.to_owned()
        } else {
            join(allowed)
        };
        Self {
            fixed: (!names.is_empty())
                .then(|| ready_to_send(join(names.iter().map(AsRef::as_ref)))),
            allow: ready_to_send(allow),
            any,
            is_dynamic: any || lists_all,
            names: names.into(),
        }
    }

    /// Where a method stands; HEAD counts as listed where GET is.
    #[inline]
    pub(crate) fn standing(&self, method: &[u8]) -> Standing {
        if self.names(method) || (method == b"HEAD" && self.names(b"GET")) {
            Standing::Listed
        } else if !is_token(method) || is_forbidden_method(method) || method == b"*" {
            Standing::Impossible
        } else if self.any {
            Standing::Listed
        } else {
            Standing::Unlisted
        }
    }

    #[inline]
    fn names(&self, method: &[u8]) -> bool {
        self.names.iter().any(|name| name.as_bytes() == method)
    }

    /// The methods that are listed by name, as browsers send them, in the order given.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().map(|name| name.as_bytes())
    }

    /// Whether `*` is listed.
    pub(crate) fn admits_any(&self) -> bool {
        self.any
    }

    pub(super) fn is_dynamic(&self) -> bool {
        self.is_dynamic
    }

    /// The value of `Access-Control-Allow-Methods`: all that is listed by name, and the method asked for under `*`.
    ///
    /// A literal `*` is never sent: with credentials it is the name of a method (Fetch, CORS-preflight fetch, step 7).
    pub(super) fn answer(&self, method: &[u8], standing: Standing) -> Option<Bytes> {
        if !self.is_dynamic || standing == Standing::Impossible || self.names(method) {
            return self.fixed.clone();
        }
        let Some(fixed) = &self.fixed else {
            return Some(Bytes::copy_from_slice(method));
        };
        Some([fixed, b", ".as_slice(), method].concat().into())
    }

    pub(super) fn allow(&self) -> &Bytes {
        &self.allow
    }
}
