//! Which request headers a policy lists, and what a preflight asks for.
//!
//! The list of a preflight comes from whoever sends it. It is bounded before anything else happens, and what is not a
//! token is never sent back.

use bytes::Bytes;

use crate::cors::{Standing, join, names_in, ready_to_send};
use crate::names::{NameSet, is_token};
use crate::presets::preset;

/// The most names that a preflight can ask for.
const MAX_NAMES: usize = 64;

/// The most bytes of `Access-Control-Request-Headers` values.
const MAX_BYTES: usize = 4096;

/// `allowedHeaders`, compiled.
#[derive(Clone, Debug)]
pub(crate) struct HeaderRules {
    names: NameSet,
    /// `X-Stainless-` of `X-Stainless-*`.
    prefixes: Box<[Box<str>]>,
    any: bool,
    /// Whether preflights are answered as if every name were listed.
    lists_all: bool,
    fixed: Option<Bytes>,
}

impl HeaderRules {
    /// Compiles a list without problems.
    pub(crate) fn new(entries: &[String], lists_all: bool) -> Self {
        let mut names = NameSet::default();
        let mut listed: Vec<&str> = Vec::new();
        let mut prefixes = Vec::new();
        let mut any = false;
        for entry in entries {
            if let Some(preset) = preset(entry) {
                listed.extend(
                    preset
                        .headers
                        .iter()
                        .copied()
                        .filter(|name| names.insert(name)),
                );
            } else if entry == "*" {
                any = true;
            } else if let Some(prefix) = entry.strip_suffix('*') {
                prefixes.push(prefix.into());
            } else if names.insert(entry) {
                listed.push(entry);
            }
        }
        Self {
            names,
            prefixes: prefixes.into(),
            any,
            lists_all,
            fixed: (!listed.is_empty()).then(|| ready_to_send(join(listed))),
        }
    }

    /// Where a name stands.
    #[inline]
    pub(crate) fn standing(&self, name: &[u8]) -> Standing {
        if self.names.contains(name) {
            Standing::Listed
        } else if !is_token(name) || name == b"*" {
            Standing::Impossible
        } else if self.covers(name) {
            Standing::Listed
        } else {
            Standing::Unlisted
        }
    }

    /// The names that are listed one by one, as they are written, in the order given.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &[u8]> {
        self.fixed.as_deref().into_iter().flat_map(names_in)
    }

    /// `X-Stainless-` of `X-Stainless-*`.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = &[u8]> {
        self.prefixes.iter().map(|prefix| prefix.as_bytes())
    }

    /// Whether `*` is listed.
    pub(crate) fn admits_any(&self) -> bool {
        self.any
    }

    /// Whether a prefix covers a name, or `*`, which never stands for `Authorization` (Fetch, "CORS non-wildcard
    /// request-header name").
    fn covers(&self, name: &[u8]) -> bool {
        (self.any && !name.eq_ignore_ascii_case(b"authorization"))
            || self.prefixes.iter().any(|prefix| {
                name.split_at_checked(prefix.len())
                    .is_some_and(|(head, rest)| {
                        !rest.is_empty() && head.eq_ignore_ascii_case(prefix.as_bytes())
                    })
            })
    }

    /// Where the name stands that is worst off among all that a preflight asks for; `None` if they are too many.
    #[inline]
    pub(super) fn judge<'r>(&self, lines: impl Iterator<Item = &'r [u8]>) -> Option<Standing> {
        let mut worst = Standing::Listed;
        let mut bytes = 0;
        let mut count = 0;
        for line in lines {
            bytes += line.len();
            if bytes > MAX_BYTES {
                return None;
            }
            for name in elements(line) {
                count += 1;
                if count > MAX_NAMES {
                    return None;
                }
                worst = worst.max(self.standing(name));
            }
        }
        Some(worst)
    }

    /// Whether the answer to a preflight depends on the names that it asks for.
    pub(super) fn is_dynamic(&self) -> bool {
        self.any || self.lists_all || !self.prefixes.is_empty()
    }

    /// The value of `Access-Control-Allow-Headers`: all that is listed by name, then what is asked for and covered.
    ///
    /// A literal `*` is never sent: browsers take it for `Authorization` too, or with credentials for a name.
    pub(super) fn answer<'r>(&self, lines: impl Iterator<Item = &'r [u8]>) -> Option<Bytes> {
        if !self.is_dynamic() {
            return self.fixed.clone();
        }
        let mut added: Vec<&[u8]> = Vec::new();
        for name in lines.flat_map(elements).take(MAX_NAMES) {
            let is_known = self.names.contains(name)
                || added.iter().any(|other| other.eq_ignore_ascii_case(name));
            if !is_known && self.can_add(name) {
                added.push(name);
            }
        }
        if added.is_empty() {
            return self.fixed.clone();
        }
        let fixed = self.fixed.as_deref();
        let names: Vec<&[u8]> = fixed.into_iter().chain(added).collect();
        Some(names.join(b", ".as_slice()).into())
    }

    fn can_add(&self, name: &[u8]) -> bool {
        match self.standing(name) {
            Standing::Listed => true,
            Standing::Unlisted => self.lists_all,
            Standing::Impossible => false,
        }
    }
}

/// The names that a preflight asks for, as they are written; `None` if they are too many.
pub(crate) fn requested_names<'r>(
    lines: impl Iterator<Item = &'r [u8]> + Clone,
) -> Option<Vec<&'r [u8]>> {
    if lines.clone().map(<[u8]>::len).sum::<usize>() > MAX_BYTES {
        return None;
    }
    let names: Vec<_> = lines.flat_map(elements).take(MAX_NAMES + 1).collect();
    (names.len() <= MAX_NAMES).then_some(names)
}

/// The elements of a list, tolerantly: white space around them and empty ones are skipped (RFC 9110 section 5.6.1.2).
#[inline]
fn elements(line: &[u8]) -> Elements<'_> {
    Elements { rest: Some(line) }
}

struct Elements<'l> {
    rest: Option<&'l [u8]>,
}

impl<'l> Iterator for Elements<'l> {
    type Item = &'l [u8];

    #[inline]
    fn next(&mut self) -> Option<&'l [u8]> {
        loop {
            let line = self.rest?;
            let (element, rest) = match line.iter().position(|byte| *byte == b',') {
                Some(comma) => (line.get(..comma)?, line.get(comma + 1..)),
                None => (line, None),
            };
            self.rest = rest;
            let element = trim_white_space(element);
            if !element.is_empty() {
                return Some(element);
            }
        }
    }
}

/// Without optional white space (RFC 9110 section 5.6.3) at both ends.
#[inline]
fn trim_white_space(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
