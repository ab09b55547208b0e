//! What `/metrics` tells: counted by each core for itself, added up when somebody asks.
//!
//! A request's counters are found through its [`Endpoint`], which knows their slot from its first request on: no lock,
//! no hash and no allocation after that. Each core writes memory of its own, so that cores never wait for each other's
//! cache lines. Labels must never come from what a client sends: an endpoint's names, our codes and HTTP statuses are
//! all there is, and memory is bounded by [`MOST_ENDPOINTS`].

mod counts;
mod exposition;
mod totals;

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::snapshot::Live;
use drawbridge_policy::traffic::{Load, Reading};
use jiff::Timestamp;

pub(crate) use self::counts::{CoreCounts, Ended, EndpointCounts, Latency};
use crate::log::Log;

/// Endpoints with counters of their own; the rest share those of [`OTHER`].
const MOST_ENDPOINTS: usize = 1000;
/// The slot of requests that are no endpoint's.
const NONE: usize = 0;
/// The slot of endpoints beyond [`MOST_ENDPOINTS`].
const OTHER: usize = 1;
const RESERVED: [&str; 2] = ["", "other"];

/// The counters of all cores.
pub struct Metrics {
    live: Arc<Live>,
    log: Log,
    started: Timestamp,
    slots: Mutex<Slots>,
    cores: Mutex<Vec<Arc<CoreCounts>>>,
    is_draining: AtomicBool,
}

/// Which slot belongs to which endpoint. A slot is never given to another: its counters would go back to zero.
struct Slots {
    labels: Vec<Arc<str>>,
    by_label: HashMap<Arc<str>, usize>,
}

impl Metrics {
    /// Nothing counted; `live` and `log` are asked for what they know themselves.
    pub fn new(live: Arc<Live>, log: Log) -> Self {
        Self {
            live,
            log,
            started: Timestamp::now(),
            slots: Mutex::new(Slots {
                labels: RESERVED.map(Arc::from).into(),
                by_label: HashMap::new(),
            }),
            cores: Mutex::default(),
            is_draining: AtomicBool::new(false),
        }
    }

    /// Everything counted so far, in the text format of OpenMetrics 1.0.
    pub fn exposition(self: &Arc<Self>) -> String {
        exposition::text(self)
    }

    /// What was counted for each endpoint so far, and decided where none was known, on all cores.
    pub fn traffic(&self) -> Reading {
        let cores = lock(&self.cores).clone();
        let totals = totals::totals(self, &cores);
        let reading = totals.iter();
        reading
            .map(|totals| (Arc::clone(&totals.label), totals.counts()))
            .collect()
    }

    /// What is under way now, on all cores.
    pub fn load(&self) -> Load {
        let cores = lock(&self.cores).clone();
        Load {
            open_connections: cores.iter().map(|core| core.open_connections.get()).sum(),
            open_streams: cores.iter().map(|core| core.open_streams()).sum(),
            is_draining: self.is_draining.load(Ordering::Relaxed),
        }
    }

    /// From now on the gateway only ends what is under way.
    pub(crate) fn note_draining(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Requests under way, on all cores.
    pub(crate) fn open_requests(&self) -> u64 {
        let cores = lock(&self.cores);
        cores.iter().map(|core| core.open_requests.get()).sum()
    }

    /// Counters for one more core.
    pub(crate) fn core(self: &Arc<Self>) -> CoreMetrics {
        let counts = Arc::new(CoreCounts::new(RESERVED.len() + MOST_ENDPOINTS));
        lock(&self.cores).push(Arc::clone(&counts));
        CoreMetrics {
            metrics: Arc::clone(self),
            counts,
        }
    }

    /// The slot of an endpoint that has none yet, or was changed since.
    fn find_slot(&self, endpoint: &Endpoint) -> usize {
        let label: Arc<str> = format!("{}/{}", endpoint.project.slug, endpoint.name).into();
        let mut slots = lock(&self.slots);
        if let Some(slot) = slots.by_label.get(&label) {
            return *slot;
        }
        let slot = slots.labels.len();
        if slot >= RESERVED.len() + MOST_ENDPOINTS {
            return OTHER;
        }
        slots.labels.push(Arc::clone(&label));
        slots.by_label.insert(label, slot);
        slot
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One core's counters.
pub(crate) struct CoreMetrics {
    metrics: Arc<Metrics>,
    counts: Arc<CoreCounts>,
}

impl CoreMetrics {
    /// The counters of an endpoint, or of requests that are no endpoint's.
    pub(crate) fn endpoint(&self, endpoint: Option<&Endpoint>) -> &EndpointCounts {
        let slot = endpoint.map_or(NONE, |endpoint| {
            let slot = &endpoint.metrics_slot;
            *slot.get_or_init(|| self.metrics.find_slot(endpoint))
        });
        self.counts.endpoint(slot)
    }

    /// The same counters for a part of the core.
    pub(crate) fn shared(&self) -> Arc<CoreCounts> {
        Arc::clone(&self.counts)
    }
}

impl Deref for CoreMetrics {
    type Target = CoreCounts;

    fn deref(&self) -> &CoreCounts {
        &self.counts
    }
}

#[cfg(test)]
mod tests;
