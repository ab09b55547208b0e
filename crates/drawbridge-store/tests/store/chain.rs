//! Tampering with the audit log, and whether it is found.

use std::path::Path;

use drawbridge_store::{Broken, Link, Store, StoreError, verify_audit};
use tempfile::TempDir;

use crate::open::{sentence, tamper, with_first_schema};
use crate::sample::{EVERYTHING, change, entry, master_key, project};

/// A data directory with a store that `writes` writes were made to.
async fn written(writes: i64) -> (TempDir, Store) {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    for number in 1..=writes {
        change(&store, async |write| {
            write.insert_project(&project(number)).await
        })
        .await
        .unwrap();
    }
    (directory, store)
}

async fn verify(directory: &Path, noted: Option<Link>) -> Result<Link, Broken> {
    verify_audit(directory, noted).await.unwrap()
}

/// Number and hash of a row.
async fn link(store: &Store, seq: u64) -> Link {
    let rows = store.audit(&EVERYTHING).await.unwrap().rows;
    let row = rows.into_iter().find(|row| row.seq == seq).unwrap();
    Link {
        seq,
        hash: row.hash,
    }
}

#[tokio::test]
async fn a_log_that_nobody_tampered_with_is_whole_while_it_is_in_use_and_afterwards() {
    let (directory, store) = written(5).await;
    let last = link(&store, 5).await;
    assert_eq!(verify(directory.path(), None).await.unwrap(), last);
    let noted = link(&store, 3).await;
    assert_eq!(verify(directory.path(), Some(noted)).await.unwrap(), last);
    drop(store);
    assert_eq!(verify(directory.path(), Some(last)).await.unwrap(), last);
    // Nothing was changed: the store opens, and writes.
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    let write = store.write().await.unwrap();
    write.commit(entry("test")).await.unwrap();
    assert_eq!(verify(directory.path(), Some(last)).await.unwrap().seq, 6);
}

#[tokio::test]
async fn a_log_longer_than_one_reading_and_an_empty_one_are_whole() {
    let (directory, store) = written(0).await;
    let nothing = Link {
        seq: 0,
        hash: [0; 32],
    };
    assert_eq!(verify(directory.path(), None).await.unwrap(), nothing);
    for _ in 0..1001 {
        let write = store.write().await.unwrap();
        write.commit(entry("test")).await.unwrap();
    }
    assert_eq!(verify(directory.path(), None).await.unwrap().seq, 1001);
}

#[tokio::test]
async fn every_kind_of_tampering_is_found_at_its_first_row() {
    let (changed, missing) = ("is not as it was written", "is missing");
    let cases = [
        (
            "UPDATE audit_log SET actor = 'root2' WHERE seq = 3",
            changed,
            3,
        ),
        (
            "UPDATE audit_log SET change = '{\"a\":1}' WHERE seq = 1",
            changed,
            1,
        ),
        (
            "UPDATE audit_log SET client_ip = NULL WHERE seq = 5",
            changed,
            5,
        ),
        (
            "UPDATE audit_log SET at = replace(at, 'Z', '+00:00') WHERE seq = 2",
            changed,
            2,
        ),
        (
            "UPDATE audit_log SET hash = zeroblob(32) WHERE seq = 4",
            changed,
            4,
        ),
        (
            "UPDATE audit_log SET at = 'yesterday' WHERE seq = 4",
            "cannot be read",
            4,
        ),
        ("DELETE FROM audit_log WHERE seq = 1", missing, 1),
        ("DELETE FROM audit_log WHERE seq = 3", missing, 3),
        ("DELETE FROM audit_log WHERE seq = 5", missing, 5),
        ("DELETE FROM audit_log", missing, 1),
        (
            "DELETE FROM audit_log WHERE seq = 3; UPDATE audit_log SET seq = seq - 1 WHERE seq > 3",
            changed,
            3,
        ),
        ("UPDATE audit_log SET seq = -1 WHERE seq = 5", missing, 1),
        // Another row in its place.
        (
            "UPDATE audit_log SET (seq, revision, at, actor, action, project_id, target, client_ip, request_id, change, prev_hash, \
            hash) = (SELECT 2, revision, at, actor, action, project_id, target, client_ip, request_id, change, prev_hash, hash \
            FROM audit_log WHERE seq = 1) WHERE seq = 2",
            changed,
            2,
        ),
        ("UPDATE meta SET revision = 4", missing, 6),
    ];
    for (statement, what, seq) in cases {
        let (directory, store) = written(5).await;
        drop(store);
        tamper(directory.path(), statement).await;
        let broken = verify(directory.path(), None).await.unwrap_err();
        let expected = format!("row {seq} of the audit log {what}");
        assert_eq!(broken.to_string(), expected, "{statement}: {broken:?}");
        assert_eq!(broken.seq(), seq, "{statement}");
    }
}

#[tokio::test]
async fn a_log_that_was_written_anew_is_found_by_what_was_noted() {
    let (directory, store) = written(3).await;
    let (noted, last) = (link(&store, 2).await, link(&store, 3).await);
    drop(store);
    let (other, store) = written(0).await;
    for name in ["other", "words", "here"] {
        let write = store.write().await.unwrap();
        write.commit(entry(name)).await.unwrap();
    }
    verify(other.path(), None).await.unwrap();
    let broken = verify(other.path(), Some(noted)).await.unwrap_err();
    assert!(matches!(broken, Broken::Replaced(2)), "{broken:?}");
    // An older copy of the database, put back.
    let write = "UPDATE meta SET revision = 2; DELETE FROM audit_log WHERE seq = 3";
    tamper(directory.path(), write).await;
    verify(directory.path(), None).await.unwrap();
    verify(directory.path(), Some(noted)).await.unwrap();
    let broken = verify(directory.path(), Some(last)).await.unwrap_err();
    assert!(matches!(broken, Broken::Missing(3)), "{broken:?}");
}

#[tokio::test]
async fn a_row_of_another_log_does_not_follow() {
    let (directory, store) = written(2).await;
    drop(store);
    let (other, store) = written(0).await;
    for name in ["other", "words"] {
        let write = store.write().await.unwrap();
        write.commit(entry(name)).await.unwrap();
    }
    drop(store);
    let from = other.path().join("drawbridge.db");
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(directory.path().join("drawbridge.db"));
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query("ATTACH $1 AS other")
        .bind(from.to_str().unwrap())
        .execute(&mut connection)
        .await
        .unwrap();
    let replace = "INSERT OR REPLACE INTO audit_log SELECT * FROM other.audit_log WHERE seq = 2";
    sqlx::query(replace).execute(&mut connection).await.unwrap();
    drop(connection);
    let broken = verify(directory.path(), None).await.unwrap_err();
    assert!(matches!(broken, Broken::Detached(2)), "{broken:?}");
}

#[tokio::test]
async fn an_older_database_is_verified_as_it_is() {
    let directory = with_first_schema();
    let before = std::fs::read(directory.path().join("drawbridge.db")).unwrap();
    let last = verify(directory.path(), None).await.unwrap();
    assert_eq!(last.seq, 4);
    assert!(last.to_string().starts_with("4:72b814c3"), "{last}");
    let after = std::fs::read(directory.path().join("drawbridge.db")).unwrap();
    assert!(before == after, "nothing was migrated");
}

#[tokio::test]
async fn what_cannot_be_verified_is_named_and_nothing_is_made() {
    let directory = TempDir::new().unwrap();
    let error = verify_audit(directory.path(), None).await.unwrap_err();
    assert!(sentence(&error).ends_with(" has no database in it"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    std::fs::write(directory.path().join("drawbridge.db"), "no database").unwrap();
    let error = verify_audit(directory.path(), None).await.unwrap_err();
    assert!(matches!(error, StoreError::NotADatabase(_)), "{error:?}");
    let (directory, store) = written(1).await;
    drop(store);
    tamper(
        directory.path(),
        "UPDATE _sqlx_migrations SET version = 999 WHERE version = 2",
    )
    .await;
    let error = verify_audit(directory.path(), None).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { .. }), "{error:?}");
}
