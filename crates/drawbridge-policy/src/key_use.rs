//! When, from where and by which page keys were last used, and which of them pages have that should not.
//!
//! Cores note uses for themselves and hand them over now and then; whoever keeps them takes them away. Nothing here may
//! decide about a request, and losing some of it changes nothing that is obeyed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
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

/// A request by which a page of another origin showed that it has a secret key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// When.
    pub at: Timestamp,
    /// The client's address.
    pub ip: IpAddr,
    /// The page's, as [`KeyUse::origin`].
    pub origin: Box<str>,
    /// The request's id.
    pub request_id: Box<str>,
}

/// What is known of a key's exposures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Since its current token was made.
    pub first_seen_at: Timestamp,
    /// The last time.
    pub last_seen_at: Timestamp,
    /// By a page of which origin then.
    pub origin: Box<str>,
}

/// What was seen of a key for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Its last use.
    pub last: KeyUse,
    /// Its exposures, if there were any.
    pub exposures: Option<Exposures>,
}

/// Exposures of a key for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposures {
    /// The first.
    pub first: Exposure,
    /// The last; the first, if it was the only one.
    pub last: Exposure,
}

impl From<Exposure> for Exposures {
    fn from(only: Exposure) -> Self {
        Self {
            first: only.clone(),
            last: only,
        }
    }
}

impl Exposures {
    /// Takes over what is earlier or later in others.
    fn update(&mut self, other: Self) {
        if other.first.at < self.first.at {
            self.first = other.first;
        }
        if self.last.at < other.last.at {
            self.last = other.last;
        }
    }
}

impl From<KeyUse> for Sighting {
    fn from(last: KeyUse) -> Self {
        Self {
            last,
            exposures: None,
        }
    }
}

impl Sighting {
    /// Takes over what is later in another, and its exposures.
    fn update(&mut self, other: Self) {
        if self.last.at < other.last.at {
            self.last = other.last;
        }
        match (&mut self.exposures, other.exposures) {
            (Some(own), Some(others)) => own.update(others),
            (own @ None, others) => *own = others,
            (Some(_), None) => {}
        }
    }
}

/// What was seen of keys, by their ids, on its way from the cores to the store.
#[derive(Debug, Default)]
pub struct KeyUses(Mutex<HashMap<Box<str>, Sighting>>);

impl KeyUses {
    /// Adds what was seen; the latest of each key stays, and of its exposures the first too.
    pub fn merge(&self, sightings: impl IntoIterator<Item = (Box<str>, Sighting)>) {
        let mut known = self.lock();
        for (id, fresh) in sightings {
            match known.entry(id) {
                Entry::Occupied(mut kept) => kept.get_mut().update(fresh),
                Entry::Vacant(place) => _ = place.insert(fresh),
            }
        }
    }

    /// Takes everything away.
    pub fn take(&self) -> HashMap<Box<str>, Sighting> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Sighting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_use_stays_in_whatever_order_they_come() {
        let uses = KeyUses::default();
        let moment = |second| Timestamp::from_second(second).unwrap();
        let at = |second| {
            Sighting::from(KeyUse {
                at: moment(second),
                ip: [192, 0, 2, 1].into(),
                origin: None,
            })
        };
        uses.merge([("ak_1".into(), at(2)), ("ak_2".into(), at(1))]);
        uses.merge([("ak_1".into(), at(1)), ("ak_2".into(), at(3))]);
        let taken = uses.take();
        assert_eq!((&taken["ak_1"], &taken["ak_2"]), (&at(2), &at(3)));
        assert!(uses.take().is_empty());

        let exposure = |second| Exposure {
            at: moment(second),
            ip: [192, 0, 2, 1].into(),
            origin: "https://app.example.com".into(),
            request_id: "req".into(),
        };
        for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1], [3, 1, 2]] {
            let sighting = |second| Sighting {
                exposures: (second != 3).then(|| exposure(second).into()),
                ..at(second)
            };
            uses.merge(order.map(|second| ("ak_1".into(), sighting(second))));
            let taken = &uses.take()["ak_1"];
            // A use without does not hide exposures before it.
            let exposures = Exposures {
                first: exposure(1),
                last: exposure(2),
            };
            assert_eq!(
                (&taken.last, &taken.exposures),
                (&at(3).last, &Some(exposures))
            );
        }
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
