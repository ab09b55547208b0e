//! What was acknowledged survives the end of the process at any moment.

use std::collections::BTreeSet;

use drawbridge_store::Store;
use tempfile::TempDir;

use crate::cases::audit::assert_chain;
use crate::child::{Child, Plan, Report, serve_if_child};
use crate::sample::{EVERYTHING, master_key};

const ROUNDS: i64 = 6;

#[tokio::test]
async fn acknowledged_writes_survive_kill_at_any_moment() {
    serve_if_child().await;
    let directory = TempDir::new().unwrap();
    let plan = Plan {
        writes: 10_000,
        stops_at_failure: true,
        name_length: 5_000,
    };
    let mut acknowledged = BTreeSet::new();
    for round in 1..=ROUNDS {
        let name = "kill::acknowledged_writes_survive_kill_at_any_moment";
        let mut child = Child::spawn(name, &[], directory.path(), round * plan.writes, plan);
        // The child runs on while its lines are read, so the end comes anywhere in a write.
        for _ in 0..getrandom::u32().unwrap() % 60 {
            match child.next() {
                Report::Acknowledged(id) => acknowledged.insert(id),
                other => panic!("{other:?}"),
            };
        }
        acknowledged.extend(child.kill().into_iter().filter_map(|report| match report {
            Report::Acknowledged(id) => Some(id),
            _ => None,
        }));

        let store = Store::open(directory.path(), master_key()).await.unwrap();
        let loaded = store.load().await.unwrap();
        let found: BTreeSet<String> = loaded.projects.into_iter().map(|row| row.id).collect();
        assert_eq!(acknowledged.difference(&found).count(), 0);
        // One write a round may have been made durable just before its acknowledgement was to be printed.
        assert!(found.len() - acknowledged.len() <= usize::try_from(round).unwrap());
        assert_eq!(loaded.revision, found.len() as u64);
        let audit = store.audit(&EVERYTHING).await.unwrap().rows;
        assert_chain(&audit);
        assert_eq!(audit.len().min(1000), found.len().min(1000));
    }
    assert!(acknowledged.len() > 20, "{} writes", acknowledged.len());
}
