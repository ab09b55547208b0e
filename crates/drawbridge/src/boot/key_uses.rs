//! Stores when keys were last used, every two seconds and once more at the end.

use std::time::Duration;

use drawbridge_admin::AdminState;
use drawbridge_gateway::log::Log;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

/// Between two batches: what a crash may forget, and how late the API tells.
const PAUSE: Duration = Duration::from_secs(2);

/// Goes on until `stop` says that no more uses will come.
pub(super) async fn keep(state: AdminState, log: Log, mut stop: oneshot::Receiver<()>) {
    let mut tick = interval(PAUSE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        let is_last = tokio::select! {
            _ = tick.tick() => false,
            _ = &mut stop => true,
        };
        let kept = state.keep_key_uses().await;
        // Once, not every two seconds for as long as the disk is full.
        if let Err(error) = &kept
            && !is_failing
        {
            log.error(
                "cannot store when keys were last used; it is tried again",
                error,
            );
        }
        is_failing = kept.is_err();
        if is_last {
            return;
        }
    }
}
