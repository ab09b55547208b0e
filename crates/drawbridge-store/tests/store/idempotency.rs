//! Idempotency records on disk.

use drawbridge_store::{Store, StoreError};
use tempfile::TempDir;

use crate::cases::idempotency::{record, scope};
use crate::open::{sentence, tamper};
use crate::sample::{master_key, moment};

#[tokio::test]
async fn records_are_there_after_reopening_and_no_file_holds_them_as_text() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    store.keep_idempotency_records(&[record(1)]).await.unwrap();
    drop(store);
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    let found = store.idempotency_record(&scope(1), moment(0)).await;
    assert_eq!(
        found.unwrap().unwrap().as_slice(),
        b"the answer number 1".as_slice()
    );
    // The key's id is there, so that looking at the bytes proves something.
    let mut found_id = false;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        found_id |= has(b"ak_live_000001");
        assert!(!has(b"the answer"));
    }
    assert!(found_id);
}

#[tokio::test]
async fn a_record_is_read_for_its_own_scope_only() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    let records = [record(1), record(2)];
    store.keep_idempotency_records(&records).await.unwrap();
    drop(store);
    let swap = "UPDATE idempotency_records SET record = (SELECT record FROM idempotency_records WHERE id = 1)
        WHERE id = 2";
    tamper(directory.path(), swap).await;
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    let error = store.idempotency_record(&scope(2), moment(0)).await;
    let error = error.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }));
    let text = sentence(&error);
    assert!(
        text.starts_with("an idempotency record in the database cannot be read: "),
        "{text}"
    );
}
