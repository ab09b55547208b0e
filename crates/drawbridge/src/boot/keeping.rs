//! Stores what the cores have seen, every two seconds and once more at the end: uses of keys, and refusals.

use std::time::Duration;

use drawbridge_admin::AdminState;
use drawbridge_gateway::log::Log;
use drawbridge_policy::refusals::day;
use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

/// Between two batches: what a crash may forget, and how late the API tells.
const PAUSE: Duration = Duration::from_secs(2);

/// Goes on until `stop` says that no more will come.
pub(super) async fn keep(state: AdminState, log: Log, mut stop: oneshot::Receiver<()>) {
    let mut tick = interval(PAUSE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pruned = day(Timestamp::now());
    let (mut uses, mut refusals) = (
        Failing::new("cannot store when keys were last used; it is tried again"),
        Failing::new("cannot store which calls of pages were refused; it is tried again"),
    );
    loop {
        let is_last = tokio::select! {
            _ = tick.tick() => false,
            _ = &mut stop => true,
        };
        uses.note(&log, state.keep_key_uses().await);
        refusals.note(&log, state.keep_refusals(&mut pruned).await);
        if is_last {
            return;
        }
    }
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
