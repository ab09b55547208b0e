//! A set of header names, looked up in any case.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Names of header fields; looking one up allocates nothing, however it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameSet {
    names: HashTable<Box<str>>,
    hasher: RandomState,
    longest: usize,
}

impl NameSet {
    /// Adds a name; `false` where it is there already, in whatever case.
    pub(crate) fn insert(&mut self, name: &str) -> bool {
        if self.contains(name.as_bytes()) {
            return false;
        }
        let Self {
            names,
            hasher,
            longest,
        } = self;
        *longest = name.len().max(*longest);
        let hash = hash_in_any_case(hasher, name.as_bytes());
        names.insert_unique(hash, name.into(), |name| {
            hash_in_any_case(hasher, name.as_bytes())
        });
        true
    }

    /// Whether the name is there, in whatever case.
    #[inline]
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        if name.len() > self.longest {
            return false;
        }
        let hash = hash_in_any_case(&self.hasher, name);
        let found = self
            .names
            .find(hash, |other| other.as_bytes().eq_ignore_ascii_case(name));
        found.is_some()
    }
}

/// A hash that is the same for a name in upper and lower case.
///
/// Setting bit 5 of each byte makes letters lower case. It makes some other bytes equal too, such as `^` and `~`: they
/// collide here and differ in the comparison that follows.
#[inline]
fn hash_in_any_case(hasher: &RandomState, name: &[u8]) -> u64 {
    const CASE: u64 = 0x2020_2020_2020_2020;
    let mut state = hasher.build_hasher();
    let (words, rest) = name.as_chunks::<8>();
    for word in words {
        state.write_u64(u64::from_le_bytes(*word) | CASE);
    }
    let mut last = 0;
    for byte in rest {
        last = last << 8 | u64::from(*byte);
    }
    state.write_u64(last | CASE);
    state.write_usize(name.len());
    state.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        let mut set = NameSet::default();
        assert!(set.insert("X-Stainless-Package-Version"));
        assert!(set.insert("a"));
        assert!(set.insert("x-request-id"));
        assert!(!set.insert("X-Request-ID"));
        for name in [
            "x-stainless-package-version",
            "X-STAINLESS-PACKAGE-VERSION",
            "A",
            "X-Request-Id",
        ] {
            assert!(set.contains(name.as_bytes()), "{name}");
        }
        for name in [
            "x-stainless-package-versio",
            "",
            "x-stainless-package-version-",
            "b",
            "X-Request-I\u{4}",
        ] {
            assert!(!set.contains(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn bytes_that_only_hash_alike_differ() {
        let mut set = NameSet::default();
        set.insert("x^y_z");
        assert!(set.contains(b"X^Y_Z"));
        assert!(!set.contains(b"x~y_z"));
        assert!(!set.contains(b"x^y\x7fz"));
    }
}
