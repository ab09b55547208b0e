//! When, from where and by which page keys were last used.
//!
//! Cores note uses for themselves and hand them over now and then; whoever keeps them takes them away. Nothing here may
//! decide about a request, and losing some of it changes nothing that is obeyed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// Longest text that is kept of an `Origin` line; no browser sends a longer one.
pub const LONGEST_ORIGIN: usize = 326;

/// One use of a key: a request that it was good for, whatever came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// When.
    pub at: Timestamp,
    /// The client's address.
    pub ip: IpAddr,
    /// The request's `Origin`, as it was sent; visible ASCII of at most [`LONGEST_ORIGIN`].
    pub origin: Option<Box<str>>,
}

impl KeyUse {
    /// What can be kept of an `Origin` line.
    pub fn kept_origin(line: &[u8]) -> Option<Box<str>> {
        let is_kept = line.len() <= LONGEST_ORIGIN && line.iter().all(u8::is_ascii_graphic);
        let line = std::str::from_utf8(line).ok().filter(|_| is_kept)?;
        Some(line.into())
    }
}

/// The last uses of keys, by their ids, on their way from the cores to the store.
#[derive(Debug, Default)]
pub struct KeyUses(Mutex<HashMap<Box<str>, KeyUse>>);

impl KeyUses {
    /// Adds uses; of those of one key the latest stays.
    pub fn merge(&self, uses: impl IntoIterator<Item = (Box<str>, KeyUse)>) {
        let mut known = self.lock();
        for (id, fresh) in uses {
            let kept = known.entry(id).or_insert_with(|| fresh.clone());
            if kept.at < fresh.at {
                *kept = fresh;
            }
        }
    }

    /// Takes everything away.
    pub fn take(&self) -> HashMap<Box<str>, KeyUse> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, KeyUse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_use_stays_in_whatever_order_they_come() {
        let uses = KeyUses::default();
        let at = |second| KeyUse {
            at: Timestamp::from_second(second).unwrap(),
            ip: [192, 0, 2, 1].into(),
            origin: None,
        };
        uses.merge([("ak_1".into(), at(2)), ("ak_2".into(), at(1))]);
        uses.merge([("ak_1".into(), at(1)), ("ak_2".into(), at(3))]);
        let taken = uses.take();
        assert_eq!((&taken["ak_1"], &taken["ak_2"]), (&at(2), &at(3)));
        assert!(uses.take().is_empty());
    }

    #[test]
    fn only_what_an_origin_can_be_is_kept() {
        assert_eq!(
            KeyUse::kept_origin(b"https://app.example.com").as_deref(),
            Some("https://app.example.com")
        );
        assert_eq!(KeyUse::kept_origin(b"null").as_deref(), Some("null"));
        for line in [
            &b"a b"[..],
            b"\x1b[31m",
            b"\xff",
            &[b'a'; LONGEST_ORIGIN + 1],
        ] {
            assert_eq!(KeyUse::kept_origin(line), None);
        }
    }
}
