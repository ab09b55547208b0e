//! The origins that a list of patterns admits, compiled for looking up.
//!
//! A look-up costs a fixed number of hash probes, however many patterns there are, and allocates nothing: one for the
//! whole origin, one for `scheme://host` where any-port patterns exist, and one for each *depth* (number of dots) at
//! which subdomain wildcards exist. It must never look at patterns one by one.

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use crate::origin::{MAX_ORIGIN_LEN, Origin};
use crate::pattern::{ExtensionScheme, HttpScheme, OriginPattern};

type Texts = HashSet<Box<[u8]>, RandomState>;

/// A set of origins, given by patterns.
#[derive(Clone, Debug, Default)]
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

    /// Whether `*` is among the patterns.
    pub fn admits_any(&self) -> bool {
        self.any
    }

    /// Whether the value of an `Origin` header is admitted.
    ///
    /// `*` admits any value that is not empty, `null` included; nothing admits one over [`MAX_ORIGIN_LEN`] bytes.
    #[inline]
    pub fn admits(&self, origin: &[u8]) -> bool {
        if origin.is_empty() || origin.len() > MAX_ORIGIN_LEN {
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

/// The parents whose subdomains are admitted, by host and port (`example.com:8443`).
#[derive(Clone, Debug, Default)]
struct Subdomains {
    parents: HashMap<Box<[u8]>, Schemes, RandomState>,
    /// Bit *n* is set where a parent with *n* dots exists. A host of 253 bytes has 126 dots at most.
    depths: u128,
}

/// Under which schemes a parent's subdomains are admitted.
#[derive(Clone, Copy, Debug, Default)]
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
