//! A write that was answered with an error is never obeyed, whatever call to the system failed and however often, not
//! even when the process is killed right after the answer; one that was acknowledged is never lost.
//!
//! strace makes the calls fail. It counts them for each thread, and each connection has its own: `when=1` is the first
//! call of every connection.

use std::collections::BTreeSet;

use drawbridge_store::Store;
use tempfile::TempDir;

use crate::cases::audit::assert_chain;
use crate::child::{Child, Plan, Report, serve_if_child};
use crate::sample::{EVERYTHING, master_key};

/// Small transactions, of a few pages.
const STOPS: Plan = Plan {
    writes: 4,
    stops_at_failure: true,
    name_length: 10_000,
};
const GOES_ON: Plan = Plan {
    stops_at_failure: false,
    ..STOPS
};
/// Large ones, so that the log is carried over into the database meanwhile.
const FILLS: Plan = Plan {
    writes: 16,
    stops_at_failure: false,
    name_length: 400_000,
};

/// How many writes ended how, over many runs.
#[derive(Debug, Default)]
struct Tally {
    acknowledged: usize,
    failed: usize,
    not_opened: usize,
}

/// Runs `test` as a child under the fault, kills it when it has nothing more to do, and looks at what is left.
async fn run(test: &str, directory: &TempDir, fault: &str, plan: Plan, tally: &mut Tally) {
    let call = fault.split(':').next().unwrap();
    let (trace, inject) = (format!("trace={call}"), format!("inject={fault}"));
    let strace = [
        "strace",
        "-f",
        "-qqq",
        "-o",
        "/dev/null",
        "-e",
        &trace,
        "-e",
        &inject,
    ];
    let mut child = Child::spawn(test, &strace, directory.path(), 1, plan);
    let (mut acknowledged, mut failed) = (BTreeSet::new(), BTreeSet::new());
    loop {
        match child.next() {
            Report::Acknowledged(id) => _ = acknowledged.insert(id),
            Report::Failed(id) => _ = failed.insert(id),
            Report::CannotOpen(_) => tally.not_opened += 1,
            Report::Idle => break,
            other => panic!("{fault}: {other:?}"),
        }
    }
    child.kill();

    let store = Store::open(directory.path(), master_key()).await.unwrap();
    let loaded = store.load().await.unwrap();
    let found: BTreeSet<String> = loaded.projects.into_iter().map(|row| row.id).collect();
    assert_eq!(found, acknowledged, "{fault} {plan:?}: failed {failed:?}");
    assert_eq!(loaded.revision, found.len() as u64, "{fault}");
    let audit = store.audit(&EVERYTHING).await.unwrap().rows;
    assert_eq!(audit.len(), found.len(), "{fault}");
    assert_chain(&audit);
    tally.acknowledged += acknowledged.len();
    tally.failed += failed.len();
}

/// A directory with a store that nothing was written to, whose log is carried over.
async fn opened_before() -> TempDir {
    let directory = TempDir::new().unwrap();
    drop(Store::open(directory.path(), master_key()).await.unwrap());
    directory
}

#[tokio::test]
async fn a_failed_sync_undoes_its_write_even_after_kill() {
    serve_if_child().await;
    let test = "faults::a_failed_sync_undoes_its_write_even_after_kill";
    let mut tally = Tally::default();
    for nth in 1..=6 {
        for times in ["", "+"] {
            let fault = format!("fdatasync:error=EIO:when={nth}{times}");
            run(test, &opened_before().await, &fault, STOPS, &mut tally).await;
        }
    }
    assert!(
        tally.failed >= 8 && tally.acknowledged > 0 && tally.not_opened == 0,
        "{tally:?}"
    );
}

#[tokio::test]
async fn writes_go_on_after_failed_syncs() {
    serve_if_child().await;
    let test = "faults::writes_go_on_after_failed_syncs";
    let mut tally = Tally::default();
    for nth in 1..=6 {
        for times in ["".to_owned(), format!("..{}", nth + 1), "+2".to_owned()] {
            let fault = format!("fdatasync:error=EIO:when={nth}{times}");
            run(test, &opened_before().await, &fault, GOES_ON, &mut tally).await;
        }
    }
    // A failed connection gives way to another, whose calls are counted anew: how many writes fail differs from run to run.
    let runs = 6 * 3;
    assert!(
        tally.failed >= runs / 2 && tally.acknowledged > runs,
        "{tally:?}"
    );
}

#[tokio::test]
async fn a_first_start_with_failing_syncs_leaves_nothing_broken() {
    serve_if_child().await;
    let test = "faults::a_first_start_with_failing_syncs_leaves_nothing_broken";
    let mut tally = Tally::default();
    // Each migration has syncs of its own; until each write has failed once, by the sync of its commit.
    let writes = usize::try_from(STOPS.writes).unwrap();
    let mut nth = 0;
    while tally.failed < writes && nth < 100 {
        nth += 1;
        let fault = format!("fdatasync:error=EIO:when={nth}");
        run(test, &TempDir::new().unwrap(), &fault, STOPS, &mut tally).await;
    }
    assert!(
        tally.failed == writes && tally.acknowledged > 0 && tally.not_opened > 0,
        "{tally:?}"
    );
}

#[tokio::test]
async fn syncs_that_fail_while_the_log_is_carried_over_lose_nothing() {
    serve_if_child().await;
    let test = "faults::syncs_that_fail_while_the_log_is_carried_over_lose_nothing";
    let mut tally = Tally::default();
    for nth in 9..=19 {
        let fault = format!("fdatasync:error=EIO:when={nth}");
        run(test, &opened_before().await, &fault, FILLS, &mut tally).await;
    }
    assert!(tally.failed > 0 && tally.acknowledged > 0, "{tally:?}");
}

#[tokio::test]
async fn a_full_disk_undoes_its_write_even_after_kill() {
    serve_if_child().await;
    let test = "faults::a_full_disk_undoes_its_write_even_after_kill";
    let mut tally = Tally::default();
    for nth in (1..=79).step_by(6) {
        for times in ["", "+"] {
            let fault = format!("pwrite64:error=ENOSPC:when={nth}{times}");
            run(test, &opened_before().await, &fault, STOPS, &mut tally).await;
        }
    }
    assert!(tally.failed > 0 && tally.acknowledged > 0, "{tally:?}");
}
