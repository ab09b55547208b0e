//! The counters themselves: written by one core, read by whoever exposes them.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drawbridge_policy::cors::Refusal;
pub(super) use drawbridge_policy::traffic::BOUNDS;

use crate::trail::{CorsNote, Phase, Verdict};

/// A number that goes up, or up and down.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn subtract(&self, less: u64) {
        self.0.fetch_sub(less, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one core counts; on cache lines that no other core writes.
#[repr(align(128))]
pub(crate) struct CoreCounts {
    pub(crate) open_requests: Count,
    pub(crate) open_connections: Count,
    pub(crate) connections: Count,
    pub(crate) connections_refused: Count,
    pub(crate) connections_ended: [Count; ENDS.len()],
    pub(crate) pool_idle: Count,
    pub(crate) pool_opened: Count,
    pub(crate) pool_reused: Count,
    endpoints: Box<[OnceLock<Box<EndpointCounts>>]>,
}

/// Why the gateway itself ends connections.
pub(super) const ENDS: [&str; 8] = [
    "client_idle",
    "bad_proxy_header",
    "client_not_reading",
    "client_flood",
    "client_body_idle",
    "upstream_failed",
    "upstream_idle",
    "shut_down",
];

impl CoreCounts {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            open_requests: Count::default(),
            open_connections: Count::default(),
            connections: Count::default(),
            connections_refused: Count::default(),
            connections_ended: Default::default(),
            pool_idle: Count::default(),
            pool_opened: Count::default(),
            pool_reused: Count::default(),
            endpoints: (0..slots).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The gateway ended a connection.
    pub(crate) fn connection_ended(&self, reason: &str) {
        if let Some(index) = ENDS.iter().position(|end| *end == reason) {
            self.connections_ended[index].add(1);
        }
    }

    pub(super) fn endpoint(&self, slot: usize) -> &EndpointCounts {
        self.endpoints[slot].get_or_init(Box::default)
    }

    /// Of all endpoints.
    pub(super) fn open_streams(&self) -> u64 {
        let used = self.endpoints.iter().filter_map(OnceLock::get);
        used.map(|counts| counts.open_streams.get()).sum()
    }

    /// The counters of a slot that this core has used.
    pub(super) fn used(&self, slot: usize) -> Option<&EndpointCounts> {
        self.endpoints[slot].get().map(|counts| &**counts)
    }
}

/// What one core counts for one endpoint.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct EndpointCounts {
    pub(super) requests: Statuses,
    pub(super) decisions: Decisions,
    pub(crate) open_streams: Count,
    pub(super) first_byte: Histogram,
    pub(super) duration: Histogram,
    pub(super) upstream_errors: [Count; UPSTREAM_ERRORS.len()],
}

/// What goes wrong with upstreams: our denials before the answer, our log's outcomes within it.
pub(super) const UPSTREAM_ERRORS: [&str; 6] = [
    "upstream_unreachable",
    "upstream_invalid",
    "upstream_credential",
    "upstream_timeout",
    "upstream_failed",
    "upstream_idle",
];

/// How one request ended.
pub(crate) struct Ended<'r> {
    /// 0 when the client left before its answer.
    pub(crate) status: u16,
    pub(crate) cors: Option<CorsNote>,
    /// Why it was refused, or how the answer ended.
    pub(crate) error: Option<&'r str>,
    /// From the request's head on; only where an upstream was asked.
    pub(crate) forwarded: Option<Latency>,
}

/// How long a forwarded request took.
pub(crate) struct Latency {
    /// To the answer's head; `None` when there was none.
    pub(crate) first_byte: Option<Duration>,
    /// To the end of the answer's body.
    pub(crate) total: Duration,
}

impl EndpointCounts {
    /// Counts a request that has ended.
    pub(crate) fn record(&self, ended: &Ended<'_>) {
        self.requests.add(ended.status);
        if let Some(note) = ended.cors {
            self.decisions.0[decision_index(note)].add(1);
        }
        let Some(latency) = &ended.forwarded else {
            return;
        };
        if let Some(first_byte) = latency.first_byte {
            self.first_byte.observe(first_byte);
        }
        self.duration.observe(latency.total);
        let is_error = |error: &str| UPSTREAM_ERRORS.iter().position(|known| *known == error);
        if let Some(index) = ended.error.and_then(is_error) {
            self.upstream_errors[index].add(1);
        }
    }
}

const REASONS: usize = Refusal::ALL.len() + 1;
pub(super) const DECISIONS: usize = Phase::ALL.len() * Verdict::ALL.len() * REASONS;

/// One counter a decision.
pub(super) struct Decisions(pub(super) [Count; DECISIONS]);

impl Default for Decisions {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Count::default()))
    }
}

fn decision_index(note: CorsNote) -> usize {
    let reason = note.reason.map_or(0, |reason| reason as usize + 1);
    (note.phase as usize * Verdict::ALL.len() + note.verdict as usize) * REASONS + reason
}

/// Every decision there can be, in the order of their counters.
pub(super) fn decisions() -> impl Iterator<Item = CorsNote> {
    let reasons = || std::iter::once(None).chain(Refusal::ALL.map(Some));
    Phase::ALL.into_iter().flat_map(move |phase| {
        Verdict::ALL.into_iter().flat_map(move |verdict| {
            reasons().map(move |reason| CorsNote {
                phase,
                verdict,
                reason,
            })
        })
    })
}

/// The statuses that are told apart: none at all (the client left before its answer), those of IANA's registry, and the
/// unregistered ones of proxies and inference APIs that operators look for. The upstream chooses, so anything else could
/// become any number of series.
const STATUSES: [u16; 72] = [
    0, 100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303,
    304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414,
    415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503,
    504, 505, 506, 507, 508, 510, 511, 520, 521, 522, 523, 524, 525, 526, 529,
];

/// Requests by status.
pub(super) struct Statuses {
    told_apart: [Count; STATUSES.len()],
    other: Count,
}

impl Default for Statuses {
    fn default() -> Self {
        Self {
            told_apart: std::array::from_fn(|_| Count::default()),
            other: Count::default(),
        }
    }
}

impl Statuses {
    fn add(&self, status: u16) {
        match STATUSES.binary_search(&status) {
            Ok(index) => self.told_apart[index].add(1),
            Err(_) => self.other.add(1),
        }
    }

    /// Statuses and how often; `None` stands for all that are not told apart.
    pub(super) fn counted(&self) -> impl Iterator<Item = (Option<u16>, u64)> {
        let statuses = STATUSES.into_iter().map(Some);
        let told_apart = statuses.zip(self.told_apart.iter().map(Count::get));
        told_apart
            .chain([(None, self.other.get())])
            .filter(|(_, count)| *count > 0)
    }
}

/// How often something took how long.
#[derive(Default)]
pub(super) struct Histogram {
    /// One a bound, and one for what took longer; not cumulative.
    pub(super) buckets: [Count; BOUNDS.len() + 1],
    pub(super) nanoseconds: Count,
}

impl Histogram {
    fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        self.buckets[BOUNDS.partition_point(|bound| *bound < seconds)].add(1);
        self.nanoseconds
            .add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }
}
