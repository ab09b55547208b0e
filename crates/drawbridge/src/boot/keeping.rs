//! Stores what the cores have seen, every few seconds and once more at the end: uses of keys, refusals, and traffic.

use std::sync::Arc;
use std::time::Duration;

use drawbridge_admin::AdminState;
use drawbridge_gateway::Metrics;
use drawbridge_gateway::log::Log;
use drawbridge_policy::refusals::day;
use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

/// Between two batches: what a crash may forget, and how late the API tells.
const PAUSE: Duration = Duration::from_secs(2);
/// The same of traffic, of which every busy endpoint has something to be stored.
const TRAFFIC_PAUSE: Duration = Duration::from_secs(5);

/// Goes on until `stop` says that no more will come.
pub(super) async fn keep(
    state: AdminState,
    metrics: Arc<Metrics>,
    log: Log,
    mut stop: oneshot::Receiver<()>,
) {
    let (mut tick, mut traffic_tick) = (interval(PAUSE), interval(TRAFFIC_PAUSE));
    for tick in [&mut tick, &mut traffic_tick] {
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    let (mut pruned, mut traffic_pruned) = (day(Timestamp::now()), 0);
    let (mut uses, mut refusals, mut traffic) = (
        Failing::new("cannot store when keys were last used; it is tried again"),
        Failing::new("cannot store which calls of pages were refused; it is tried again"),
        Failing::new("cannot store what happened to requests; it is tried again"),
    );
    loop {
        let due = tokio::select! {
            _ = tick.tick() => Due::Sightings,
            _ = traffic_tick.tick() => Due::Traffic,
            _ = &mut stop => Due::Everything,
        };
        if due != Due::Traffic {
            uses.note(&log, state.keep_key_uses().await);
            refusals.note(&log, state.keep_refusals(&mut pruned).await);
        }
        if due != Due::Sightings {
            let kept = state.keep_traffic(metrics.traffic(), &mut traffic_pruned);
            traffic.note(&log, kept.await);
        }
        if due == Due::Everything {
            return;
        }
    }
}

/// What there is to store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Uses of keys and refusals.
    Sightings,
    Traffic,
    /// For the last time.
    Everything,
}

/// Tells of a failure once, not every two seconds for as long as the disk is full.
struct Failing {
    what: &'static str,
    is_failing: bool,
}

impl Failing {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            is_failing: false,
        }
    }

    fn note<E: std::error::Error>(&mut self, log: &Log, kept: Result<(), E>) {
        if let Err(error) = &kept
            && !self.is_failing
        {
            log.error(self.what, error);
        }
        self.is_failing = kept.is_err();
    }
}
