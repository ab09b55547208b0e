//! Counts of what happened to requests, by kind, and how they are written down.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cors::Refusal;

/// Which of the two CORS questions a request asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// May this be sent?
    Preflight,
    /// May the answer be read?
    Actual,
}

impl Phase {
    /// In the order of their declaration.
    pub const ALL: [Self; 2] = [Self::Preflight, Self::Actual];

    /// The stable name, in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Actual => "actual",
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Admitted.
    Allowed,
    /// Not admitted.
    Refused,
    /// Allowed, because the policy only reports.
    Reported,
}

impl Verdict {
    /// In the order of their declaration.
    pub const ALL: [Self; 3] = [Self::Allowed, Self::Refused, Self::Reported];

    /// The stable name, in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Reported => "reported",
        }
    }
}

/// The class of an answer's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusClass {
    /// 200 to 299.
    Success,
    /// 300 to 399.
    Redirection,
    /// 400 to 499.
    ClientError,
    /// 500 to 599.
    ServerError,
    /// Any other, and none at all: the client left before.
    Other,
}

impl StatusClass {
    /// In the order of their declaration.
    pub const ALL: [Self; 5] = [
        Self::Success,
        Self::Redirection,
        Self::ClientError,
        Self::ServerError,
        Self::Other,
    ];

    /// The class of a status; `None` where it was not told apart.
    pub fn of(status: Option<u16>) -> Self {
        match status.map(|status| status / 100) {
            Some(2) => Self::Success,
            Some(3) => Self::Redirection,
            Some(4) => Self::ClientError,
            Some(5) => Self::ServerError,
            _ => Self::Other,
        }
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "2xx",
            Self::Redirection => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
            Self::Other => "other",
        }
    }
}

/// Upper bounds of latencies in seconds: from an answer out of a cache to the limits for first byte and whole streams.
pub const BOUNDS: [f64; 17] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
    1800.0,
];

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Requests that have ended.
    Request(StatusClass),
    /// What came of judging requests by their origin, method and headers.
    Decision(Phase, Verdict, Option<Refusal>),
    /// Forwarded requests that failed at their upstream.
    UpstreamError,
    /// Forwarded requests whose answer began within the bound of that index of [`BOUNDS`] and not within the one before;
    /// the number of bounds stands for later than all.
    FirstByte(usize),
}

impl Kind {
    /// The name that it is written down under, for good.
    fn key(self) -> String {
        match self {
            Self::Request(class) => class.name().to_owned(),
            Self::Decision(phase, verdict, reason) => {
                let (phase, verdict) = (phase.name(), verdict.name());
                let reason = reason.map_or("", Refusal::code);
                format!("{}{}:{reason}", &phase[..1], &verdict[..3])
            }
            Self::UpstreamError => "up".to_owned(),
            Self::FirstByte(index) => match BOUNDS.get(index) {
                Some(bound) => format!("<{bound}"),
                None => "<".to_owned(),
            },
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        let reasons = || std::iter::once(None).chain(Refusal::ALL.map(Some));
        let decisions = Phase::ALL.into_iter().flat_map(move |phase| {
            Verdict::ALL.into_iter().flat_map(move |verdict| {
                reasons().map(move |reason| Self::Decision(phase, verdict, reason))
            })
        });
        StatusClass::ALL
            .into_iter()
            .map(Self::Request)
            .chain(decisions)
            .chain([Self::UpstreamError])
            .chain((0..=BOUNDS.len()).map(Self::FirstByte))
    }
}

/// How often what happened; what did not takes no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Kind, u64>);

impl FromIterator<(Kind, u64)> for Counts {
    fn from_iter<I: IntoIterator<Item = (Kind, u64)>>(counts: I) -> Self {
        let mut all = Self::default();
        for (kind, count) in counts {
            all.count(kind, count);
        }
        all
    }
}

impl Counts {
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How often this happened.
    pub fn get(&self, kind: Kind) -> u64 {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    /// All that happened.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.0.iter().map(|(kind, count)| (*kind, *count))
    }

    /// Counts something.
    pub fn count(&mut self, kind: Kind, more: u64) {
        if more > 0 {
            let count = self.0.entry(kind).or_default();
            *count = count.saturating_add(more);
        }
    }

    /// Counts all that was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (kind, more) in other.iter() {
            self.count(kind, more);
        }
    }

    /// What was added since the counters stood so.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let added = |(kind, count): (Kind, u64)| (kind, count.saturating_sub(before.get(kind)));
        self.iter().map(added).collect()
    }

    /// Requests that have ended.
    pub fn requests(&self) -> u64 {
        self.sum(|kind| matches!(kind, Kind::Request(_)))
    }

    /// Requests of a phase of which that became, whatever the reason.
    pub fn decided(&self, phase: Phase, verdict: Verdict) -> u64 {
        self.sum(
            |kind| matches!(kind, Kind::Decision(of, came, _) if *of == phase && *came == verdict),
        )
    }

    fn sum(&self, is_meant: impl Fn(&Kind) -> bool) -> u64 {
        let meant = self.0.iter().filter(|(kind, _)| is_meant(kind));
        meant.map(|(_, count)| count).sum()
    }

    /// The time to the first byte in seconds that this share of forwarded requests, from 0 to 1, stayed within; guessed
    /// within the bounds that it lies between. `None` where none was answered.
    pub fn first_byte(&self, share: f64) -> Option<f64> {
        let total = float(self.sum(|kind| matches!(kind, Kind::FirstByte(_))));
        if total == 0.0 {
            return None;
        }
        let (rank, mut below, mut lower) = (share * total, 0.0, 0.0);
        for (index, bound) in BOUNDS.into_iter().enumerate() {
            let within = float(self.get(Kind::FirstByte(index)));
            if within > 0.0 && below + within >= rank {
                let part = ((rank - below) / within).clamp(0.0, 1.0);
                return Some(lower + (bound - lower) * part);
            }
            below += within;
            lower = bound;
        }
        // Later than all bounds: as late as is known.
        Some(lower)
    }

    /// As it is written down.
    pub fn to_value(&self) -> Value {
        let members = self.iter().map(|(kind, count)| (kind.key(), count.into()));
        Value::Object(members.collect::<Map<_, _>>())
    }

    /// What was written down; what only a later release knows is left out.
    pub fn from_value(value: &Value) -> Self {
        let read = |kind: Kind| Some((kind, value.get(kind.key())?.as_u64()?));
        Kind::all().filter_map(read).collect()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "shares of more than 2^53 requests need no more digits than that"
)]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_reads_back_under_a_name_of_its_own() {
        let all: Counts = Kind::all().zip(1..).collect();
        assert_eq!(all.iter().count(), Kind::all().count());
        let written = all.to_value();
        assert_eq!(written.as_object().unwrap().len(), Kind::all().count());
        assert_eq!(Counts::from_value(&written), all);
        let some = json!({"2xx": 7, "pref:origin_not_allowed": 2, "aall:": 1, "<0.25": 3, "<": 1, "up": 4});
        let counts = Counts::from_value(&some);
        assert_eq!(counts.requests(), 7);
        assert_eq!(counts.decided(Phase::Preflight, Verdict::Refused), 2);
        assert_eq!(counts.decided(Phase::Actual, Verdict::Allowed), 1);
        assert_eq!(counts.get(Kind::FirstByte(BOUNDS.len())), 1);
        let mut later = some.clone();
        later["something new"] = 9.into();
        assert_eq!(Counts::from_value(&later), counts);
    }

    fn latencies(counts: &[(usize, u64)]) -> Counts {
        let kinds = counts.iter();
        kinds
            .map(|(index, count)| (Kind::FirstByte(*index), *count))
            .collect()
    }

    #[test]
    fn percentiles_lie_within_the_bounds_that_were_counted() {
        assert_eq!(Counts::default().first_byte(0.5), None);
        // All between 10 and 25 ms.
        let same = latencies(&[(2, 10)]);
        assert_eq!(same.first_byte(0.5), Some(0.0175));
        assert_eq!(same.first_byte(1.0), Some(0.025));
        // Half below 5 ms, half between 250 and 500.
        let halves = latencies(&[(0, 10), (6, 10)]);
        assert_eq!(halves.first_byte(0.5), Some(0.005));
        assert_eq!(halves.first_byte(0.75), Some(0.375));
        let late = latencies(&[(BOUNDS.len(), 1)]);
        assert_eq!(late.first_byte(0.5), Some(1800.0));
    }

    #[test]
    fn what_was_added_is_the_difference_and_nothing_else() {
        let before = Counts::from_value(&json!({"2xx": 3, "4xx": 1}));
        let after = Counts::from_value(&json!({"2xx": 5, "4xx": 1, "up": 2}));
        let added = after.since(&before);
        assert_eq!(added, Counts::from_value(&json!({"2xx": 2, "up": 2})));
        let mut sum = before;
        sum.add(&added);
        assert_eq!(sum, after);
        assert!(after.since(&after).is_empty());
    }
}
