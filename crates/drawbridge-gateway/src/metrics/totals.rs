//! What all cores counted, added up for each endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use drawbridge_policy::traffic::{Counts, Kind, StatusClass};

use super::counts::{
    BOUNDS, CoreCounts, Count, DECISIONS, EndpointCounts, Histogram, UPSTREAM_ERRORS, decisions,
};
use super::{Metrics, lock};

/// What was counted for one endpoint.
pub(super) struct Totals {
    pub(super) label: Arc<str>,
    /// `None` stands for all statuses that are not told apart.
    pub(super) statuses: BTreeMap<Option<u16>, u64>,
    pub(super) decisions: [u64; DECISIONS],
    pub(super) open_streams: u64,
    pub(super) first_byte: HistogramTotals,
    pub(super) duration: HistogramTotals,
    pub(super) upstream_errors: [u64; UPSTREAM_ERRORS.len()],
}

/// Counts of a histogram.
#[derive(Clone, Copy, Default)]
pub(super) struct HistogramTotals {
    buckets: [u64; BOUNDS.len() + 1],
    nanoseconds: u64,
}

/// The endpoints that any core has counted for.
pub(super) fn totals(metrics: &Metrics, cores: &[Arc<CoreCounts>]) -> Vec<Totals> {
    let labels = lock(&metrics.slots).labels.clone();
    let of_slot = |(slot, label): (usize, &Arc<str>)| {
        let mut used = cores.iter().filter_map(|core| core.used(slot)).peekable();
        used.peek()?;
        let mut totals = Totals::new(label);
        used.for_each(|counts| totals.add(counts));
        Some(totals)
    };
    labels.iter().enumerate().filter_map(of_slot).collect()
}

impl Totals {
    fn new(label: &Arc<str>) -> Self {
        Self {
            label: Arc::clone(label),
            statuses: BTreeMap::new(),
            decisions: [0; DECISIONS],
            open_streams: 0,
            first_byte: HistogramTotals::default(),
            duration: HistogramTotals::default(),
            upstream_errors: Default::default(),
        }
    }

    /// What is kept of it over time. Of requests that are no endpoint's only what was decided: most of them are
    /// management's, and health checks.
    pub(super) fn counts(&self) -> Counts {
        let decided = decisions().zip(self.decisions).map(|(note, count)| {
            let kind = Kind::Decision(note.phase, note.verdict, note.reason);
            (kind, count)
        });
        if self.label.is_empty() {
            return decided.collect();
        }
        let requests = self.statuses.iter();
        let requests =
            requests.map(|(status, count)| (Kind::Request(StatusClass::of(*status)), *count));
        let first_byte = self.first_byte.buckets.into_iter().enumerate();
        let first_byte = first_byte.map(|(index, count)| (Kind::FirstByte(index), count));
        let errors = self.upstream_errors.iter().sum();
        decided
            .chain(requests)
            .chain(first_byte)
            .chain([(Kind::UpstreamError, errors)])
            .collect()
    }

    fn add(&mut self, counts: &EndpointCounts) {
        for (status, count) in counts.requests.counted() {
            *self.statuses.entry(status).or_default() += count;
        }
        add_all(&mut self.decisions, &counts.decisions.0);
        add_all(&mut self.upstream_errors, &counts.upstream_errors);
        self.open_streams += counts.open_streams.get();
        self.first_byte.add(&counts.first_byte);
        self.duration.add(&counts.duration);
    }
}

impl HistogramTotals {
    fn add(&mut self, histogram: &Histogram) {
        add_all(&mut self.buckets, &histogram.buckets);
        self.nanoseconds += histogram.nanoseconds.get();
    }

    /// Of the buckets rather than counted apart, so that the two agree at every moment.
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "2^53 nanoseconds are 104 days, and a sum needs no more digits than that"
    )]
    pub(super) fn seconds(&self) -> f64 {
        self.nanoseconds as f64 / 1e9
    }

    /// Upper bounds and what fell below them, but above the bound before.
    pub(super) fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
        bounds.zip(self.buckets).collect()
    }
}

fn add_all(totals: &mut [u64], counts: &[Count]) {
    for (total, count) in totals.iter_mut().zip(counts) {
        *total += count.get();
    }
}
