//! Origins whose calls were admitted: which pages would notice a change of an endpoint's policy.
//!
//! Whatever is sent, what is held is bounded: of an endpoint the first [`MOST_OF_AN_ENDPOINT`] origins, of all endpoints the
//! first [`MOST`]; of others nothing is held. What is no origin is never held. Nothing here may decide about a request.

use std::collections::HashMap as StdHashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::{Equivalent, HashMap};
use jiff::Timestamp;

use crate::cors::OriginHeader;
use crate::refusals::{Place, SeenOrigin, Tally, day};

/// Origins that are held of one endpoint.
pub const MOST_OF_AN_ENDPOINT: usize = 200;
/// Origins that are held of all endpoints together.
pub const MOST: usize = 2000;

/// One origin at one endpoint on one day.
pub type Line = (Place, Box<str>, Tally);

/// What one core admits, counted since the last hand-over. An origin that was counted then keeps its place, so that
/// counting it again takes no memory.
#[derive(Debug, Default)]
pub struct AdmittedOrigins {
    counts: HashMap<Seen, u64>,
    of_endpoints: StdHashMap<Box<str>, usize>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Seen {
    endpoint: Box<str>,
    origin: Box<[u8]>,
}

/// The same, as a request has it.
#[derive(Hash)]
struct Asked<'r> {
    endpoint: &'r str,
    origin: &'r [u8],
}

impl Equivalent<Seen> for Asked<'_> {
    fn equivalent(&self, seen: &Seen) -> bool {
        *self.origin == *seen.origin && *self.endpoint == *seen.endpoint
    }
}

impl AdmittedOrigins {
    /// Counts a call of a page of this `Origin` at `{project_id}/{name}`.
    pub fn note(&mut self, endpoint: &str, origin: &[u8]) {
        match self.counts.get_mut(&Asked { endpoint, origin }) {
            Some(count) => *count += 1,
            None => self.begin(endpoint, origin),
        }
    }

    #[cold]
    fn begin(&mut self, endpoint: &str, origin: &[u8]) {
        let is_origin = matches!(
            SeenOrigin::of(OriginHeader::One(origin)),
            SeenOrigin::Text(_)
        );
        if !is_origin || self.counts.len() >= MOST {
            return;
        }
        let held = self.of_endpoints.entry(endpoint.into()).or_default();
        if *held < MOST_OF_AN_ENDPOINT {
            *held += 1;
            let (endpoint, origin) = (endpoint.into(), origin.into());
            self.counts.insert(Seen { endpoint, origin }, 1);
        }
    }

    /// Takes what was counted, as of now; origins that were not counted since the last time are forgotten.
    pub fn take(&mut self, now: Timestamp) -> Vec<Line> {
        let mut lines = Vec::new();
        let of_endpoints = &mut self.of_endpoints;
        self.counts.retain(|seen, count| {
            if *count == 0 {
                if let Some(held) = of_endpoints.get_mut(&seen.endpoint) {
                    *held -= 1;
                }
                return false;
            }
            let place = Place {
                endpoint: seen.endpoint.clone(),
                day: day(now),
            };
            let tally = Tally {
                count: std::mem::take(count),
                ..Tally::once(now)
            };
            // Only text was taken in.
            let origin = String::from_utf8_lossy(&seen.origin);
            lines.push((place, origin.into(), tally));
            true
        });
        of_endpoints.retain(|_, held| *held > 0);
        lines
    }
}

/// Admitted origins on their way from the cores to the store.
#[derive(Debug, Default)]
pub struct WaitingAdmitted(Mutex<StdHashMap<(Place, Box<str>), Tally>>);

impl WaitingAdmitted {
    /// Adds what was counted; of more than [`MOST`] origins the rest is lost.
    pub fn merge(&self, lines: impl IntoIterator<Item = Line>) {
        let mut waiting = self.lock();
        for (place, origin, tally) in lines {
            let has_room = waiting.len() < MOST;
            let seen = (place, origin);
            if let Some(known) = waiting.get_mut(&seen) {
                *known = known.plus(tally);
            } else if has_room {
                waiting.insert(seen, tally);
            }
        }
    }

    /// Takes everything away.
    pub fn take(&self) -> Vec<Line> {
        let waiting = std::mem::take(&mut *self.lock());
        let lines = waiting.into_iter();
        lines
            .map(|((place, origin), tally)| (place, origin, tally))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, StdHashMap<(Place, Box<str>), Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// Endpoint, origin and count of each line, in order.
    fn read(lines: Vec<Line>) -> Vec<(String, String, u64)> {
        let read = lines.into_iter().map(|(place, origin, tally)| {
            (place.endpoint.to_string(), origin.to_string(), tally.count)
        });
        let mut read: Vec<_> = read.collect();
        read.sort();
        read
    }

    fn line(endpoint: &str, origin: &str, count: u64) -> (String, String, u64) {
        (endpoint.to_owned(), origin.to_owned(), count)
    }

    #[test]
    fn calls_are_counted_by_endpoint_and_origin_and_handed_over_once() {
        let mut seen = AdmittedOrigins::default();
        for endpoint in ["p/a", "p/b", "p/a"] {
            seen.note(endpoint, b"https://a.example");
        }
        seen.note("p/a", b"null");
        let expected = [
            line("p/a", "https://a.example", 2),
            line("p/a", "null", 1),
            line("p/b", "https://a.example", 1),
        ];
        let waiting = WaitingAdmitted::default();
        waiting.merge(seen.take(NOW));
        assert_eq!(seen.take(NOW), []);
        seen.note("p/b", b"https://a.example");
        waiting.merge(seen.take(NOW));
        let mut lines = read(waiting.take());
        assert_eq!(lines.pop(), Some(line("p/b", "https://a.example", 2)));
        assert_eq!(lines, expected[..2]);
        assert_eq!(waiting.take(), []);
    }

    #[test]
    fn an_origin_that_is_known_takes_no_memory() {
        let mut seen = AdmittedOrigins::default();
        let mut count =
            |origin: &[u8]| allocation_counter::measure(|| seen.note("p/a", origin)).count_total;
        assert_ne!(count(b"https://a.example"), 0, "the counter counts");
        assert_eq!(count(b"https://a.example"), 0);
        seen.take(NOW);
        let counted = allocation_counter::measure(|| seen.note("p/a", b"https://a.example"));
        assert_eq!(counted.count_total, 0, "after a hand-over too");
    }

    #[test]
    fn whatever_is_sent_what_is_held_is_bounded_and_comes_back_when_it_is_over() {
        let mut seen = AdmittedOrigins::default();
        let flood = |seen: &mut AdmittedOrigins, endpoint: &str| {
            for number in 0..2 * MOST_OF_AN_ENDPOINT {
                seen.note(endpoint, format!("https://{number}.example").as_bytes());
            }
        };
        flood(&mut seen, "p/a");
        seen.note("p/b", b"https://b.example");
        for malformed in [&b"https://a.example/path"[..], b"", b"\xff"] {
            seen.note("p/c", malformed);
        }
        assert_eq!(seen.take(NOW).len(), MOST_OF_AN_ENDPOINT + 1);
        // Nobody called in between: there is room for others.
        assert_eq!(seen.take(NOW), []);
        seen.note("p/a", b"https://late.example");
        assert_eq!(
            read(seen.take(NOW)),
            [line("p/a", "https://late.example", 1)]
        );
        let waiting = WaitingAdmitted::default();
        for endpoint in 0..MOST {
            flood(&mut seen, &format!("p/{endpoint}"));
            waiting.merge(seen.take(NOW));
            seen.take(NOW);
        }
        assert_eq!(waiting.take().len(), MOST);
    }
}
