//! The origins that a list of patterns admits, compiled for looking up.
//!
//! A look-up costs a fixed number of hash probes, however many patterns there are, and allocates nothing: one for the
//! whole origin, one for `scheme://host` where any-port patterns exist, and one for each *depth* (number of dots) at
//! which subdomain wildcards exist. It must never look at patterns one by one.

use std::borrow::Borrow;
use std::ops::Deref;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;

use crate::origin::{MAX_ORIGIN_LEN, Origin};
use crate::pattern::{ExtensionScheme, HttpScheme, OriginPattern};

/// A text that, at usual lengths, stands in the table itself and fills one cache line: following a pointer to it, or
/// reading two lines, would double the cache misses of a look-up among many.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(align(64))]
struct Text(SmallVec<[u8; 48]>);

impl From<&[u8]> for Text {
    fn from(text: &[u8]) -> Self {
        Self(text.into())
    }
}

impl Borrow<[u8]> for Text {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

type Texts = HashSet<Text, RandomState>;

/// A set of origins, given by patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginSet {
    any: bool,
    exact: Texts,
    /// `scheme://host` of hosts of which every port is admitted.
    any_port: Texts,
    subdomains: Subdomains,
    any_extension: Vec<ExtensionScheme>,
}

impl OriginSet {
    /// The set that the patterns admit together.
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p OriginPattern>) -> Self {
        let mut set = Self::default();
        for pattern in patterns {
            set.insert(pattern);
        }
        set
    }

    fn insert(&mut self, pattern: &OriginPattern) {
        match pattern {
            OriginPattern::Any => self.any = true,
            OriginPattern::Exact(origin) => {
                self.exact.insert(origin.as_bytes().into());
            }
            OriginPattern::AnyPort(origin) => {
                self.any_port.insert(origin.as_bytes().into());
            }
            OriginPattern::Subdomains { scheme, parent } => self.subdomains.insert(*scheme, parent),
            OriginPattern::AnyExtension(scheme) => self.any_extension.push(*scheme),
        }
    }

    /// Whether no pattern was given: nothing is admitted.
    pub fn is_empty(&self) -> bool {
        !self.any && self.exact.is_empty() && !self.has_patterns()
    }

    /// What the set is made of, in no order.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part<&[u8]>> {
        let any = self.any.then_some(Part::Any);
        let exact = self.exact.iter().map(|text| Part::Exact(&**text));
        let any_port = self.any_port.iter().map(|text| Part::AnyPort(&**text));
        let extensions = self.any_extension.iter().copied().map(Part::AnyExtension);
        let subdomains = self.subdomains.parts();
        any.into_iter()
            .chain(exact)
            .chain(any_port)
            .chain(subdomains)
            .chain(extensions)
    }

    /// Whether `*` is among the patterns.
    pub fn admits_any(&self) -> bool {
        self.any
    }

    /// Whether the value of an `Origin` header is admitted.
    ///
    /// `*` admits any value that is not empty, `null` included; nothing admits one over [`MAX_ORIGIN_LEN`] bytes.
    #[inline]
    pub fn admits(&self, origin: &[u8]) -> bool {
        if !is_matchable(origin) {
            return false;
        }
        self.any || self.exact.contains(origin) || (self.has_patterns() && self.matches(origin))
    }

    #[inline]
    fn has_patterns(&self) -> bool {
        self.subdomains.depths != 0 || !self.any_port.is_empty() || !self.any_extension.is_empty()
    }

    fn matches(&self, origin: &[u8]) -> bool {
        let Some(origin) = Origin::parse(origin) else {
            return false;
        };
        self.subdomains.contains(&origin)
            || self.any_port.contains(origin.without_port())
            || self
                .any_extension
                .iter()
                .any(|scheme| scheme.admits(&origin))
    }
}

/// Whether any pattern could admit the value, `*` included.
#[inline]
pub(crate) fn is_matchable(origin: &[u8]) -> bool {
    (1..=MAX_ORIGIN_LEN).contains(&origin.len())
}

/// A pattern as it is looked up, with its text as `T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part<T> {
    Any,
    Exact(T),
    /// `scheme://host`.
    AnyPort(T),
    /// Scheme, and host and port of the parent.
    Subdomains(HttpScheme, T),
    AnyExtension(ExtensionScheme),
}

impl<'o> Part<&'o [u8]> {
    /// Every pattern that would admit the value of an `Origin` header: one that is listed does, whoever lists it.
    pub(crate) fn admitting(origin: &'o [u8]) -> impl Iterator<Item = Self> {
        let can_match = is_matchable(origin);
        let whole = can_match.then_some([Self::Exact(origin), Self::Any]);
        let parsed = can_match.then(|| Origin::parse(origin)).flatten();
        let wider = parsed.into_iter().flat_map(|origin| {
            let extensions = [ExtensionScheme::Chrome, ExtensionScheme::Mozilla];
            let extensions = extensions
                .into_iter()
                .filter(move |scheme| scheme.admits(&origin))
                .map(Self::AnyExtension);
            std::iter::once(Self::AnyPort(origin.without_port()))
                .chain(Self::above(origin))
                .chain(extensions)
        });
        whole.into_iter().flatten().chain(wider)
    }

    /// The wildcards over each parent of a host, which follows one of its dots.
    fn above(origin: Origin<'o>) -> impl Iterator<Item = Self> {
        let scheme = match origin.scheme() {
            b"http" => Some(HttpScheme::Http),
            b"https" => Some(HttpScheme::Https),
            _ => None,
        };
        scheme.into_iter().flat_map(move |scheme| {
            let dots = origin.host().iter().enumerate();
            dots.filter(|(_, byte)| **byte == b'.')
                .filter_map(move |(dot, _)| {
                    let parent = origin.host_and_port().get(dot + 1..)?;
                    Some(Self::Subdomains(scheme, parent))
                })
        })
    }
}

/// The parents whose subdomains are admitted, by host and port (`example.com:8443`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Subdomains {
    parents: HashMap<Text, Schemes, RandomState>,
    /// Bit *n* is set where a parent with *n* dots exists. A host of 253 bytes has 126 dots at most.
    depths: u128,
}

/// Under which schemes a parent's subdomains are admitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Schemes {
    http: bool,
    https: bool,
}

impl Schemes {
    fn contains(self, scheme: &[u8]) -> bool {
        match scheme {
            b"http" => self.http,
            b"https" => self.https,
            _ => false,
        }
    }
}

impl Subdomains {
    fn insert(&mut self, scheme: HttpScheme, parent: &str) {
        let dots = parent.bytes().filter(|byte| *byte == b'.').count();
        self.depths |= 1 << dots;
        let schemes = self.parents.entry(parent.as_bytes().into()).or_default();
        match scheme {
            HttpScheme::Http => schemes.http = true,
            HttpScheme::Https => schemes.https = true,
        }
    }

    fn parts(&self) -> impl Iterator<Item = Part<&[u8]>> {
        self.parents.iter().flat_map(|(parent, schemes)| {
            let http = schemes.http.then_some(HttpScheme::Http);
            let https = schemes.https.then_some(HttpScheme::Https);
            http.into_iter()
                .chain(https)
                .map(|scheme| Part::Subdomains(scheme, &**parent))
        })
    }

    /// Walks the host from the right; what follows its n-th dot is a parent with n - 1 dots.
    fn contains(&self, origin: &Origin<'_>) -> bool {
        let mut depths = self.depths;
        let text = origin.host_and_port();
        for (index, byte) in origin.host().iter().enumerate().rev() {
            if depths == 0 {
                return false;
            }
            if *byte != b'.' {
                continue;
            }
            if depths & 1 != 0 {
                let parent = text.get(index + 1..).unwrap_or_default();
                let schemes = self.parents.get(parent).copied().unwrap_or_default();
                if schemes.contains(origin.scheme()) {
                    return true;
                }
            }
            depths >>= 1;
        }
        false
    }
}
