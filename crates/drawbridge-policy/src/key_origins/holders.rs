//! Who lists one pattern, and until when.

use std::sync::Arc;

use jiff::Timestamp;
use smallvec::SmallVec;

/// Most holders that a change copies.
const MOST_IN_CHUNK: usize = 512;

/// A project (`proj_x`) or endpoint (`proj_x/name`). At usual lengths it stands in the holder itself: each pointer that a
/// decision follows is a cache miss.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope(SmallVec<[u8; 40]>);

impl Scope {
    fn as_str(&self) -> &str {
        // It was made of text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl From<&str> for Scope {
    fn from(scope: &str) -> Self {
        Self(scope.as_bytes().into())
    }
}

/// A key that lists the pattern, by all that matters of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holder {
    /// The project or endpoint at which the key may be used.
    pub(super) scope: Scope,
    /// When it expires.
    pub(super) end: Timestamp,
}

/// An ordered multiset, in chunks that copies share until they change: many keys may list the same pattern, each with an end
/// of its own, and the last of them counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    /// The only one, where a decision finds it without another cache miss.
    only: Option<Holder>,
    /// None of them empty; none at all beside the only holder.
    chunks: Vec<Arc<Chunk>>,
}

type Chunk = Vec<Holder>;

/// Chunk, and index in it.
type Place = (usize, usize);

impl Holders {
    pub(super) fn is_empty(&self) -> bool {
        self.only.is_none() && self.chunks.is_empty()
    }

    pub(super) fn insert(&mut self, holder: Holder) {
        if self.is_empty() {
            self.only = Some(holder);
            return;
        }
        if let Some(only) = self.only.take() {
            self.chunks.push(Arc::new(vec![only]));
        }
        let chunk = self.chunk_of(&holder);
        let holders = Arc::make_mut(&mut self.chunks[chunk]);
        let index = holders.partition_point(|other| *other <= holder);
        holders.insert(index, holder);
        if holders.len() > MOST_IN_CHUNK {
            let later = holders.drain(MOST_IN_CHUNK / 2..).collect();
            self.chunks.insert(chunk + 1, Arc::new(later));
        }
    }

    /// Removes one that is equal.
    pub(super) fn remove(&mut self, holder: &Holder) {
        self.only.take_if(|only| only == holder);
        let chunk = self.chunk_of(holder);
        let Some(holders) = self.chunks.get_mut(chunk) else {
            return;
        };
        if let Ok(index) = holders.binary_search(holder) {
            Arc::make_mut(holders).remove(index);
            if holders.is_empty() {
                self.chunks.remove(chunk);
            }
        }
    }

    /// Where the holder is, or belongs.
    fn chunk_of(&self, holder: &Holder) -> usize {
        let before = |chunk: &Arc<Chunk>| chunk.first().is_some_and(|first| first <= holder);
        self.chunks.partition_point(before).saturating_sub(1)
    }

    /// Whether a key that may be used there has not expired.
    pub(super) fn admits(&self, scope: &str, now: Timestamp) -> bool {
        let last = self.last_up_to(scope).and_then(|place| self.get(place));
        last.is_some_and(|last| *last.scope.0 == *scope.as_bytes() && last.end > now)
    }

    /// The projects and endpoints at which keys may be used that have not expired, each once.
    pub(super) fn scopes(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let mut next = (0, 0);
        std::iter::from_fn(move || {
            loop {
                let scope = self.get(next)?.scope.as_str();
                let (chunk, index) = self.last_up_to(scope)?;
                let last = self.get((chunk, index))?;
                next = (chunk, index + 1);
                if self.get(next).is_none() {
                    next = (chunk + 1, 0);
                }
                if last.end > now {
                    return Some(scope);
                }
            }
        })
    }

    fn get(&self, (chunk, index): Place) -> Option<&Holder> {
        match &self.only {
            Some(only) => ((chunk, index) == (0, 0)).then_some(only),
            None => self.chunks.get(chunk)?.get(index),
        }
    }

    /// The last holder whose scope is not behind this one: of several at this one, the one that expires last.
    fn last_up_to(&self, scope: &str) -> Option<Place> {
        let is_up_to = |holder: &Holder| *holder.scope.0 <= *scope.as_bytes();
        if let Some(only) = &self.only {
            return is_up_to(only).then_some((0, 0));
        }
        let before = |chunk: &Arc<Chunk>| chunk.first().is_some_and(is_up_to);
        let chunk = self.chunks.partition_point(before).checked_sub(1)?;
        let index = self.chunks[chunk]
            .partition_point(is_up_to)
            .checked_sub(1)?;
        Some((chunk, index))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Thousands of insertions and removals in an order that no chunk expects, against the greatest end of each scope.
    #[test]
    fn the_last_end_of_each_scope_counts_however_many_come_and_go() {
        let mut holders = Holders::default();
        let mut naive: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut state = 1_u64;
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        let (mut most_chunks, mut times_alone) = (0, 0);
        for round in 0..12_000 {
            let scope = format!("proj_{}", random(5));
            let ends = naive.entry(scope.clone()).or_default();
            let rate = if round < 6_000 { 20 } else { 90 };
            let is_removal = random(100) < rate && !ends.is_empty();
            let end = if is_removal {
                ends.swap_remove(usize::try_from(random(ends.len() as u64)).unwrap())
            } else {
                i64::try_from(random(1_000)).unwrap()
            };
            let older = holders.clone();
            let before = older.count(&scope);
            let holder = Holder {
                scope: scope.as_str().into(),
                end: at(end),
            };
            if is_removal {
                holders.remove(&holder);
            } else {
                ends.push(end);
                holders.insert(holder);
            }
            assert_eq!(holders.count(&scope), ends.len());
            assert_eq!(older.count(&scope), before);
            most_chunks = most_chunks.max(holders.chunks.len());
            times_alone += usize::from(older.is_empty() && holders.only.is_some());
            for now in [0, 500, 990] {
                let active: Vec<_> = naive
                    .iter()
                    .filter(|(_, ends)| ends.iter().any(|end| *end > now))
                    .map(|(scope, _)| scope.as_str())
                    .collect();
                assert_eq!(holders.scopes(at(now)).collect::<Vec<_>>(), active);
                for scope in naive.keys() {
                    let is_active = active.contains(&scope.as_str());
                    assert_eq!(holders.admits(scope, at(now)), is_active);
                }
            }
            assert!(!holders.admits("proj_", at(0)) && !holders.admits("proj_1/x", at(0)));
        }
        assert!(
            most_chunks > 3 && times_alone > 9,
            "{most_chunks}, {times_alone}"
        );
    }

    impl Holders {
        fn count(&self, scope: &str) -> usize {
            let all = self.chunks.iter().flat_map(|chunk| chunk.iter());
            let all = self.only.iter().chain(all);
            all.filter(|holder| holder.scope.as_str() == scope).count()
        }
    }
}
