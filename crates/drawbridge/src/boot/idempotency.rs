//! Keeps the data plane's idempotency records in the store.
//!
//! Records wait for one another's sync, not one after the other: those that come while one is written are written
//! together.

use std::time::Duration;

use drawbridge_gateway::idempotency::{Find, IdempotencyCall, Keep, RETENTION};
use drawbridge_gateway::log::{Log, chain};
use drawbridge_store::{IdempotencyRecord, MOST_RECORDS_OF_A_KEY, Store};
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Records written together at most.
const MOST_TOGETHER: usize = 64;
/// How often expired records are looked for.
const PRUNED_EVERY: Duration = Duration::from_secs(60);

/// Answers the data plane's calls until it has ended, the last of them included.
pub(super) async fn serve(store: &Store, calls: UnboundedReceiver<IdempotencyCall>, log: &Log) {
    let (keeps, kept) = unbounded_channel();
    tokio::select! {
        _ = async { tokio::join!(dispatch(store, calls, keeps), keep_all(store, kept, log)) } => {}
        () = prune(store, log) => {}
    }
}

async fn dispatch(
    store: &Store,
    mut calls: UnboundedReceiver<IdempotencyCall>,
    keeps: UnboundedSender<Keep>,
) {
    let mut finding = JoinSet::new();
    while let Some(call) = calls.recv().await {
        match call {
            IdempotencyCall::Find(asked) => drop(finding.spawn(find(store.clone(), asked))),
            // Nobody takes them any more only when the process ends.
            IdempotencyCall::Keep(keep) => drop(keeps.send(keep)),
        }
        while finding.try_join_next().is_some() {}
    }
}

async fn find(store: Store, asked: Find) {
    let found = look_up(&store, &asked).await;
    // A client that left does not need it.
    let _ = asked.reply.send(found);
}

/// The record; an error where there is none and must not be one.
async fn look_up(store: &Store, asked: &Find) -> Result<Option<Vec<u8>>, String> {
    let found = store.idempotency_record(&asked.scope, Timestamp::now());
    let found = found.await.map_err(|error| chain(&error))?;
    if found.is_none() {
        let takes_more = store.takes_idempotency_records(&asked.key_id);
        if !takes_more.await.map_err(|error| chain(&error))? {
            return Err(format!(
                "API key {} has had {MOST_RECORDS_OF_A_KEY} idempotency keys within 24 hours, the most that are kept",
                asked.key_id
            ));
        }
    }
    Ok(found)
}

async fn keep_all(store: &Store, mut keeps: UnboundedReceiver<Keep>, log: &Log) {
    let mut together = Vec::new();
    while keeps.recv_many(&mut together, MOST_TOGETHER).await > 0 {
        let expires_at = Timestamp::now() + RETENTION;
        let records: Vec<_> = together
            .iter_mut()
            .map(|keep| IdempotencyRecord {
                scope: *keep.scope(),
                key_id: keep.key_id.to_string(),
                expires_at,
                record: std::mem::take(&mut keep.record),
                remnant: keep.remnant.take(),
            })
            .collect();
        let kept = store.keep_idempotency_records(&records).await;
        if let Err(error) = &kept {
            let count = records.len();
            let cause = chain(error);
            log.warn(&format!(
                "{count} answers to requests with idempotency keys were not stored, repeats are refused: {cause}"
            ));
        }
        for keep in together.drain(..) {
            match kept {
                Ok(()) => keep.kept(),
                Err(_) => keep.failed(),
            }
        }
    }
}

/// Deletes expired records, a bounded number at a time, so that writes in between do not wait long.
async fn prune(store: &Store, log: &Log) {
    let mut ticks = interval(PRUNED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        loop {
            match store.prune_idempotency_records(Timestamp::now()).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let cause = chain(&error);
                    log.warn(&format!(
                        "expired idempotency records were not deleted: {cause}"
                    ));
                    break;
                }
            }
        }
    }
}
