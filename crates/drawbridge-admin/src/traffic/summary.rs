//! Lines of history, added up for one answer.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use drawbridge_policy::traffic::{Counts, Kind, Line, Phase, Place, StatusClass, Verdict};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::range::Range;

/// Most endpoints that are told apart.
const MOST_ENDPOINTS: usize = 20;

/// What happened, by time and by endpoint.
#[derive(Debug)]
pub(super) struct Summary {
    points: BTreeMap<i64, Counts>,
    /// Requests and refusals.
    endpoints: BTreeMap<Place, (u64, u64)>,
}

impl Summary {
    /// Nothing in any bucket.
    pub(super) fn of(range: &Range) -> Self {
        let empty = |start| (start, Counts::default());
        Self {
            points: range.starts().map(empty).collect(),
            endpoints: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, line: &Line) {
        if let Some(point) = self.points.get_mut(&line.at) {
            point.add(&line.counts);
        }
        if line.place.endpoint.is_empty() {
            return;
        }
        let of = self.endpoints.entry(line.place.clone()).or_default();
        of.0 += line.counts.requests();
        of.1 += Phase::ALL
            .map(|phase| line.counts.decided(phase, Verdict::Refused))
            .iter()
            .sum::<u64>();
    }

    pub(super) fn into_value(self, range: &Range) -> Value {
        let mut total = Counts::default();
        self.points.values().for_each(|point| total.add(point));
        let points = self.points.iter().map(|(at, counts)| point(*at, counts));
        json!({
            "object": "traffic",
            "from": time(range.from),
            "to": time(range.to),
            "step": range.step.seconds(),
            "points": points.collect::<Vec<_>>(),
            "reasons": reasons(&total),
            "endpoints": busiest(self.endpoints),
        })
    }
}

fn point(at: i64, counts: &Counts) -> Value {
    let requests = StatusClass::ALL.map(|class| {
        let count = counts.get(Kind::Request(class));
        (class.name().to_owned(), Value::from(count))
    });
    json!({
        "at": time(at),
        "requests": requests.into_iter().collect::<Map<_, _>>(),
        "preflights": decided(counts, Phase::Preflight),
        "actual": decided(counts, Phase::Actual),
        "upstream_errors": counts.get(Kind::UpstreamError),
        "first_byte_ms": first_byte(counts),
    })
}

fn decided(counts: &Counts, phase: Phase) -> Value {
    json!({
        "admitted": counts.decided(phase, Verdict::Allowed),
        "refused": counts.decided(phase, Verdict::Refused),
        "reported": counts.decided(phase, Verdict::Reported),
    })
}

fn first_byte(counts: &Counts) -> Value {
    // To a tenth of a millisecond; the bounds are not finer.
    let tenths = |seconds: f64| (seconds * 10_000.0).round() / 10.0;
    match (counts.first_byte(0.5), counts.first_byte(0.95)) {
        (Some(half), Some(most)) => json!({"p50": tenths(half), "p95": tenths(most)}),
        _ => Value::Null,
    }
}

/// Why requests were refused, the most frequent first.
fn reasons(total: &Counts) -> Vec<Value> {
    let mut found: Vec<_> = total
        .iter()
        .filter_map(|(kind, count)| match kind {
            Kind::Decision(phase, Verdict::Refused, Some(reason)) => Some((count, phase, reason)),
            _ => None,
        })
        .collect();
    found.sort_by_key(|(count, ..)| Reverse(*count));
    let entry = |(count, phase, reason): (u64, Phase, drawbridge_policy::cors::Refusal)| json!({"reason": reason.code(), "phase": phase.name(), "count": count});
    found.into_iter().map(entry).collect()
}

fn busiest(endpoints: BTreeMap<Place, (u64, u64)>) -> Vec<Value> {
    let mut endpoints: Vec<_> = endpoints.into_iter().collect();
    endpoints.sort_by_key(|(_, counts)| Reverse(*counts));
    let entry = |(place, (requests, refused)): (Place, _)| json!({"endpoint": place.label(), "requests": requests, "refused": refused});
    let first = endpoints.into_iter().take(MOST_ENDPOINTS);
    first.map(entry).collect()
}

/// Buckets begin within the range of timestamps, as `now` does.
fn time(second: i64) -> Option<String> {
    let time = Timestamp::from_second(second).ok()?;
    Some(time.to_string())
}
