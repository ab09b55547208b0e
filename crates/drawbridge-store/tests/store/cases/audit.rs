//! The audit log.

use drawbridge_store::{AuditEntry, AuditRow, Store};
use serde_json::json;

use crate::sample::{EVERYTHING, entry, moment, project};

/// Panics unless the rows are a whole chain from the first on.
pub(crate) fn assert_chain(rows: &[AuditRow]) {
    let mut previous = [0; 32];
    for (seq, row) in (1..).zip(rows) {
        assert_eq!(row.seq, seq);
        assert_eq!(row.prev_hash, previous);
        assert_eq!(row.hash, row.compute_hash());
        previous = row.hash;
    }
}

pub(crate) async fn many_writes_at_once_make_one_unbroken_chain(store: Store) {
    let tasks: Vec<_> = (1..=8)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..10 {
                    let mut write = store.write().await.unwrap();
                    write
                        .insert_project(&project(task * 100 + number))
                        .await
                        .unwrap();
                    // Every third write is given up.
                    if number % 3 != 0 {
                        write
                            .commit(entry(&format!("test.{task}.{number}")))
                            .await
                            .unwrap();
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let rows = store.audit(&EVERYTHING).await.unwrap().rows;
    assert_eq!(rows.len(), 48);
    assert_chain(&rows);
    assert!(rows.iter().all(|row| row.revision == row.seq));
    assert_eq!(store.load().await.unwrap().revision, 48);
}

pub(crate) async fn what_was_said_about_a_write_reads_back(store: Store) {
    let entry = AuditEntry {
        at: moment(3),
        actor: "ak_live_000001".to_owned(),
        action: "endpoint.update".to_owned(),
        project_id: Some("proj_000001".to_owned()),
        target: "proj_000001/chat".to_owned(),
        client_ip: None,
        request_id: "request-7".to_owned(),
        // A float that a reader less exact than the writer would change: the hash covers the text.
        change: json!({"z": 1, "a": [null, "ünïcode", 0.1, 123456.789e-20, 5e-324]}),
    };
    store
        .write()
        .await
        .unwrap()
        .commit(entry.clone())
        .await
        .unwrap();
    let rows = store.audit(&EVERYTHING).await.unwrap().rows;
    assert_chain(&rows);
    let row = &rows[0];
    assert_eq!(
        (row.at, &row.actor, &row.action),
        (entry.at, &entry.actor, &entry.action)
    );
    assert_eq!(
        (&row.project_id, &row.target),
        (&entry.project_id, &entry.target)
    );
    assert_eq!(
        (&row.client_ip, &row.request_id),
        (&entry.client_ip, &entry.request_id)
    );
    assert_eq!(row.change, entry.change.to_string());
}
