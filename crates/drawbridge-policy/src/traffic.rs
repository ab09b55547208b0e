//! What a gateway has to do, in numbers: what is under way, and what was counted over time.
//!
//! Cores count for ever upwards; [`Traffic`] takes what was added between two readings and holds it, by five minutes and
//! endpoint, until it is stored. Whatever happens, what is held is bounded: of five minutes [`MOST_ENDPOINTS`] are told
//! apart, and what is too old to be stored goes. Nothing here may decide about a request.

mod counts;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

pub use counts::{BOUNDS, Counts, Kind, Phase, StatusClass, Verdict};

/// Endpoints that are told apart in one bucket; the rest is counted together.
pub const MOST_ENDPOINTS: usize = 100;

/// What is under way now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Client connections that are open.
    pub open_connections: u64,
    /// Forwarded requests whose answer has not ended.
    pub open_streams: u64,
    /// Whether the gateway is about to stop, and only ends what is under way.
    pub is_draining: bool,
}

/// How finely history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// For two days.
    FiveMinutes,
    /// For thirty days.
    Hour,
}

impl Step {
    /// The finest first.
    pub const ALL: [Self; 2] = [Self::FiveMinutes, Self::Hour];

    /// How long a bucket is.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::FiveMinutes => 300,
            Self::Hour => 3600,
        }
    }

    /// When the bucket of a moment began, in seconds since the Unix epoch.
    pub const fn start_of(self, moment: i64) -> i64 {
        moment - moment.rem_euclid(self.seconds())
    }

    /// When the first bucket begins that is kept at `now`.
    pub fn oldest(self, now: Timestamp) -> i64 {
        let kept = match self {
            Self::FiveMinutes => SignedDuration::from_hours(48),
            Self::Hour => SignedDuration::from_hours(30 * 24),
        };
        self.start_of(now.as_second() - kept.as_secs())
    }
}

/// Whose requests are counted together: an endpoint's, those of no endpoint, or the rest's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The slug of the project; empty for what is no endpoint's and for the rest.
    pub project: Box<str>,
    /// The name of the endpoint; empty for what is no endpoint's.
    pub endpoint: Box<str>,
}

impl Place {
    /// From `project/endpoint`, the label that metrics have.
    pub fn of_label(label: &str) -> Self {
        let (project, endpoint) = label.split_once('/').unwrap_or(("", label));
        Self {
            project: project.into(),
            endpoint: endpoint.into(),
        }
    }

    /// Of all endpoints that are not told apart.
    pub fn rest() -> Self {
        Self::of_label("other")
    }

    /// `project/endpoint`, `other`, or nothing.
    pub fn label(&self) -> String {
        match &*self.project {
            "" => self.endpoint.to_string(),
            project => format!("{project}/{}", self.endpoint),
        }
    }
}

/// What was counted for one place within five minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When these five minutes began, in seconds since the Unix epoch.
    pub at: i64,
    /// For whom.
    pub place: Place,
    /// What.
    pub counts: Counts,
}

/// What the counters stood at: one entry a label.
pub type Reading = Vec<(Arc<str>, Counts)>;

/// What was counted and is not stored yet.
#[derive(Debug, Default)]
pub struct Traffic(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// Counters as they stood last.
    last: HashMap<Arc<str>, Counts>,
    buckets: BTreeMap<i64, HashMap<Place, Counts>>,
}

impl Traffic {
    /// Takes what the counters have gone up by since the last reading.
    pub fn read(&self, reading: Reading, now: Timestamp) {
        let mut waiting = self.lock();
        let at = Step::FiveMinutes.start_of(now.as_second());
        let mut added = Vec::new();
        for (label, counts) in reading {
            let more = match waiting.last.get(&label) {
                Some(last) => counts.since(last),
                None => counts.clone(),
            };
            if !more.is_empty() {
                added.push((Place::of_label(&label), more));
                waiting.last.insert(label, counts);
            }
        }
        // Where not all are told apart, it is those that have most to do.
        added.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.requests()));
        for (place, counts) in added {
            waiting.add(at, place, &counts);
        }
    }

    /// Takes everything out.
    pub fn take(&self) -> Vec<Line> {
        let buckets = std::mem::take(&mut self.lock().buckets);
        let lines = buckets.into_iter().flat_map(|(at, places)| {
            places
                .into_iter()
                .map(move |(place, counts)| Line { at, place, counts })
        });
        lines.collect()
    }

    /// Takes back what could not be stored, but for what is too old by now.
    pub fn put_back(&self, lines: Vec<Line>, now: Timestamp) {
        let mut waiting = self.lock();
        for Line { at, place, counts } in lines {
            waiting.add(at, place, &counts);
        }
        let oldest = Step::FiveMinutes.oldest(now);
        waiting.buckets.retain(|at, _| *at >= oldest);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, at: i64, place: Place, counts: &Counts) {
        let places = self.buckets.entry(at).or_default();
        let is_full = places.len() >= MOST_ENDPOINTS && !places.contains_key(&place);
        let place = if is_full { Place::rest() } else { place };
        places.entry(place).or_default().add(counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(requests: u64) -> Counts {
        [(Kind::Request(StatusClass::Success), requests)]
            .into_iter()
            .collect()
    }

    fn moment(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn reading(entries: &[(&str, u64)]) -> Reading {
        let entry = |(label, requests): &(&str, u64)| (Arc::from(*label), counts(*requests));
        entries.iter().map(entry).collect()
    }

    fn line(at: i64, label: &str, requests: u64) -> Line {
        Line {
            at,
            place: Place::of_label(label),
            counts: counts(requests),
        }
    }

    #[test]
    fn what_counters_go_up_by_is_counted_once_and_in_its_five_minutes() {
        let traffic = Traffic::default();
        traffic.read(reading(&[("p/a", 3)]), moment(1000));
        traffic.read(reading(&[("p/a", 5)]), moment(1199));
        traffic.read(reading(&[("p/a", 5), ("", 1)]), moment(1200));
        traffic.read(reading(&[("p/a", 6), ("", 1)]), moment(1201));
        let mut lines = traffic.take();
        lines.sort_by(|one, other| (one.at, &one.place).cmp(&(other.at, &other.place)));
        let expected = [line(900, "p/a", 5), line(1200, "", 1), line(1200, "p/a", 1)];
        assert_eq!(lines, expected);
        assert_eq!(traffic.take(), []);
        traffic.read(reading(&[("p/a", 6), ("", 1)]), moment(1500));
        assert_eq!(traffic.take(), [], "nothing happened");
    }

    #[test]
    fn what_could_not_be_stored_waits_with_what_comes_next_until_it_is_too_old() {
        let traffic = Traffic::default();
        traffic.read(reading(&[("p/a", 3)]), moment(0));
        let failed = traffic.take();
        traffic.read(reading(&[("p/a", 4)]), moment(1));
        traffic.put_back(failed, moment(2));
        let waiting = traffic.take();
        assert_eq!(waiting, [line(0, "p/a", 4)]);
        traffic.put_back(waiting, moment(48 * 3600 + 300));
        assert_eq!(traffic.take(), []);
    }

    #[test]
    fn the_busiest_endpoints_are_told_apart_and_the_sum_is_exact() {
        let traffic = Traffic::default();
        let many: Vec<_> = (0..300_u64)
            .map(|number| (Arc::from(format!("p/{number}")), counts(number + 1)))
            .collect();
        traffic.read(many, moment(0));
        let lines = traffic.take();
        assert_eq!(lines.len(), MOST_ENDPOINTS + 1);
        let sum: u64 = lines.iter().map(|line| line.counts.requests()).sum();
        assert_eq!(sum, 300 * 301 / 2);
        let rest = lines.iter().find(|line| line.place == Place::rest());
        assert_eq!(rest.map(|line| line.counts.requests()), Some(200 * 201 / 2));
    }
}
