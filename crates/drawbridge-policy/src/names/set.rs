//! A set of header names, looked up in any case.

use hashbrown::HashTable;

/// Names of header fields; looking one up allocates nothing, however it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameSet {
    /// In lower case, as browsers ask for them.
    names: HashTable<Box<str>>,
    longest: usize,
}

impl NameSet {
    /// Adds a name; `false` where it is there already, in whatever case.
    pub(crate) fn insert(&mut self, name: &str) -> bool {
        if self.contains(name.as_bytes()) {
            return false;
        }
        let Self { names, longest } = self;
        *longest = name.len().max(*longest);
        let hash = hash_in_any_case(name.as_bytes());
        names.insert_unique(hash, name.to_ascii_lowercase().into(), |name| {
            hash_in_any_case(name.as_bytes())
        });
        true
    }

    /// Whether the name is there, in whatever case.
    #[inline]
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        if name.len() > self.longest {
            return false;
        }
        let hash = hash_in_any_case(name);
        let found = self.names.find(hash, |other| {
            let other = other.as_bytes();
            other == name || other.eq_ignore_ascii_case(name)
        });
        found.is_some()
    }
}

/// A hash that is the same for a name in upper and lower case.
///
/// Setting bit 5 of each byte makes letters lower case. It makes some other bytes equal too, such as `^` and `~`: they
/// collide here and differ in the comparison that follows. Only operators fill the set, and with few names: nobody can
/// gain by making names collide, so that a word at a time, multiplied and rotated, is hash enough.
#[inline]
fn hash_in_any_case(name: &[u8]) -> u64 {
    const CASE: u64 = 0x2020_2020_2020_2020;
    const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = 0_u64;
    let mut write = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word) | CASE;
        hash = (hash.rotate_left(23) ^ word).wrapping_mul(GOLDEN_RATIO);
    };
    let (words, rest) = name.as_chunks();
    words.iter().for_each(&mut write);
    if !rest.is_empty() {
        match name.last_chunk() {
            // The last word overlaps the one before: cheaper than collecting single bytes.
            Some(word) => write(word),
            None => {
                let mut word = [0; 8];
                for (target, byte) in word.iter_mut().zip(rest) {
                    *target = *byte;
                }
                write(&word);
            }
        }
    }
    hash ^ (hash >> 32)
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
