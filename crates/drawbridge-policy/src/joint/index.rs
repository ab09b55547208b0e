//! Which policies list what.
//!
//! Built once, by reading every entry of every policy. A question costs a hash look-up for each way in which a name or an
//! origin could be listed; it must never cost one for each policy.

mod build;

use foldhash::fast::RandomState;
use hashbrown::{Equivalent, HashMap, HashSet};

use crate::joint::members::{Members, NONE, Selection};
use crate::names::{is_forbidden_method, is_token};
use crate::origin_set::Part;
use crate::pattern::HttpScheme;

/// One thing that policies can have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    AnyOrigin,
    /// A whole origin.
    ExactOrigin,
    /// An origin without its port.
    AnyPort,
    /// Host and port of the parent.
    HttpSubdomains,
    /// Host and port of the parent.
    HttpsSubdomains,
    /// The scheme.
    AnyExtension,
    AnyMethod,
    Method,
    AnyHeader,
    /// In lower case.
    Header,
    /// In lower case, up to its last `-`.
    HeaderPrefix,
    /// `exposedHeaders` has `*`.
    AnyExposed,
    /// In lower case.
    Exposed,
    /// In seconds.
    MaxAge,
    Credentials,
    /// `Access-Control-Allow-Origin: *`.
    Star,
    /// Report mode.
    Reporting,
}

/// A kind and the text that goes with it; without one, nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Term<T> {
    kind: Kind,
    text: T,
}

impl Equivalent<Term<Box<[u8]>>> for Term<&[u8]> {
    fn equivalent(&self, key: &Term<Box<[u8]>>) -> bool {
        self.kind == key.kind && *self.text == *key.text
    }
}

/// Which policies are meant: those that list something, or also those that answer as if they did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bar {
    Listed,
    AsIfListed,
}

/// What a preflight asks for.
pub(super) struct Question<'q> {
    pub(super) method: &'q [u8],
    /// Each name once, in whatever case.
    pub(super) headers: Vec<RequestedHeader<'q>>,
}

/// A header name that a preflight asks for.
pub(super) struct RequestedHeader<'q> {
    /// As it was asked for.
    pub(super) name: &'q [u8],
    /// Who lists it by name.
    pub(super) named: &'q Members,
    /// Who covers it by a prefix or `*`, in parts.
    covered: Vec<&'q Members>,
    /// Whether a list could have it.
    is_possible: bool,
}

/// Which policies have which terms.
#[derive(Debug)]
pub(super) struct Index {
    terms: HashMap<Term<Box<[u8]>>, usize, RandomState>,
    /// By the numbers of terms.
    members: Box<[Members]>,
    longest_prefix: usize,
    /// `maxAge` by the numbers of policies, in seconds.
    max_ages: Box<[u32]>,
    /// How long a selection is.
    words: usize,
}

impl Index {
    fn members(&self, kind: Kind, text: &[u8]) -> &Members {
        let number = self.terms.get(&Term { kind, text });
        number.map_or(&NONE, |number| &self.members[*number])
    }

    /// Those in report mode.
    pub(super) fn reporting(&self) -> &Members {
        self.members(Kind::Reporting, b"")
    }

    /// Those that answer `Access-Control-Allow-Origin: *`.
    pub(super) fn answering_star(&self) -> &Members {
        self.members(Kind::Star, b"")
    }

    /// Those that allow credentials to the origins that they list.
    pub(super) fn allowing_credentials(&self) -> &Members {
        self.members(Kind::Credentials, b"")
    }

    /// Those that list a method by name; it is not enough to look here for HEAD.
    pub(super) fn naming_method(&self, method: &[u8]) -> &Members {
        self.members(Kind::Method, method)
    }

    /// Those that list a header by name.
    pub(super) fn naming_header(&self, name: &[u8]) -> &Members {
        self.members(Kind::Header, &name.to_ascii_lowercase())
    }

    /// Those that expose a header by name.
    pub(super) fn exposing(&self, name: &[u8]) -> &Members {
        self.members(Kind::Exposed, &name.to_ascii_lowercase())
    }

    /// Those that expose every header.
    pub(super) fn exposing_all(&self) -> &Members {
        self.members(Kind::AnyExposed, b"")
    }

    /// A policy's `maxAge`.
    pub(super) fn max_age(&self, policy: usize) -> u32 {
        self.max_ages.get(policy).copied().unwrap_or_default()
    }

    /// The union of sets.
    pub(super) fn union<'m>(&self, sets: impl IntoIterator<Item = &'m Members>) -> Selection {
        let mut union = Selection::none(self.words);
        sets.into_iter().for_each(|members| union.add(members));
        union
    }

    /// Those that list the value of an `Origin` header themselves.
    pub(super) fn listing(&self, origin: &[u8]) -> Selection {
        self.union(Part::admitting(origin).map(|part| {
            let (kind, text) = origin_term(part);
            self.members(kind, text)
        }))
    }

    /// Looks up what a preflight asks for.
    pub(super) fn question<'q>(&'q self, method: &'q [u8], names: &[&'q [u8]]) -> Question<'q> {
        let mut headers = Vec::with_capacity(names.len());
        let mut seen = HashSet::with_capacity_and_hasher(names.len(), RandomState::default());
        for name in names {
            let lower_case = name.to_ascii_lowercase();
            if !seen.contains(&lower_case) {
                headers.push(self.requested(name, &lower_case));
                seen.insert(lower_case);
            }
        }
        Question { method, headers }
    }

    fn requested<'q>(&'q self, name: &'q [u8], lower_case: &[u8]) -> RequestedHeader<'q> {
        let is_possible = is_token(name) && name != b"*";
        let mut covered = Vec::new();
        if is_possible {
            // A prefix ends in `-`, and something follows.
            let most = self.longest_prefix.min(name.len() - 1);
            for (index, byte) in name.iter().enumerate().take(most) {
                if *byte == b'-' {
                    covered.push(self.members(Kind::HeaderPrefix, &lower_case[..=index]));
                }
            }
            // Fetch, "CORS non-wildcard request-header name".
            if lower_case != b"authorization" {
                covered.push(self.members(Kind::AnyHeader, b""));
            }
        }
        covered.retain(|members| !members.is_empty());
        RequestedHeader {
            name,
            named: self.members(Kind::Header, lower_case),
            covered,
            is_possible,
        }
    }

    /// Those that list the method; HEAD counts as listed where GET is.
    pub(super) fn allowing_method(&self, question: &Question<'_>, bar: Bar) -> Selection {
        let method = question.method;
        let mut allowing = self.union([self.naming_method(method)]);
        if method == b"HEAD" {
            allowing.add(self.naming_method(b"GET"));
        }
        if is_token(method) && !is_forbidden_method(method) && method != b"*" {
            allowing.add(self.members(Kind::AnyMethod, b""));
            if bar == Bar::AsIfListed {
                allowing.add(self.reporting());
            }
        }
        allowing
    }

    /// Those whose own list of methods has the one asked for, which they all allow.
    pub(super) fn answering_method(&self, question: &Question<'_>) -> Selection {
        self.union([
            self.naming_method(question.method),
            self.members(Kind::AnyMethod, b""),
            self.reporting(),
        ])
    }

    /// Those that list the header.
    pub(super) fn allowing_header(&self, header: &RequestedHeader<'_>, bar: Bar) -> Selection {
        let mut allowing = self.union([header.named]);
        for members in &header.covered {
            allowing.add(members);
        }
        if header.is_possible && bar == Bar::AsIfListed {
            allowing.add(self.reporting());
        }
        allowing
    }
}

fn origin_term(part: Part<&[u8]>) -> (Kind, &[u8]) {
    match part {
        Part::Any => (Kind::AnyOrigin, b""),
        Part::Exact(origin) => (Kind::ExactOrigin, origin),
        Part::AnyPort(origin) => (Kind::AnyPort, origin),
        Part::Subdomains(HttpScheme::Http, parent) => (Kind::HttpSubdomains, parent),
        Part::Subdomains(HttpScheme::Https, parent) => (Kind::HttpsSubdomains, parent),
        Part::AnyExtension(scheme) => (Kind::AnyExtension, scheme.as_str().as_bytes()),
    }
}
