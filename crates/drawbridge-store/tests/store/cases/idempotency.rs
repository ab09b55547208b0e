//! What requests were answered, for those that repeat them.

use drawbridge_store::{IdempotencyRecord, Store};
use jiff::Timestamp;

use crate::sample::{EVERYTHING, moment};

/// Record number `number`, which expires at the moment of that number.
pub(crate) fn record(number: u16) -> IdempotencyRecord {
    IdempotencyRecord {
        scope: scope(number),
        key_id: "ak_live_000001".to_owned(),
        expires_at: moment(number.into()),
        record: format!("the answer number {number}").into_bytes(),
        remnant: Some(format!("the answer was number {number}").into_bytes()),
    }
}

pub(crate) fn scope(number: u16) -> [u8; 32] {
    let mut scope = [7; 32];
    scope[..2].copy_from_slice(&number.to_be_bytes());
    scope
}

async fn found(store: &Store, number: u16, now: Timestamp) -> Option<Vec<u8>> {
    store.idempotency_record(&scope(number), now).await.unwrap()
}

pub(crate) async fn a_record_reads_back_until_it_expires(store: Store) {
    store
        .keep_idempotency_records(&[record(1), record(2)])
        .await
        .unwrap();
    for number in [1, 2] {
        let own = Some(record(number).record);
        assert_eq!(found(&store, number, moment(0)).await, own);
    }
    assert_eq!(found(&store, 3, moment(0)).await, None);
    assert_eq!(found(&store, 1, moment(1)).await, None);
    assert!(found(&store, 2, moment(1)).await.is_some());
}

pub(crate) async fn a_record_takes_the_place_of_the_one_before(store: Store) {
    for text in ["old", "new"] {
        let mut record = record(1);
        record.record = text.into();
        store.keep_idempotency_records(&[record]).await.unwrap();
        assert_eq!(
            found(&store, 1, moment(0)).await.as_deref(),
            Some(text.as_bytes())
        );
    }
}

pub(crate) async fn records_are_neither_revisions_nor_audit_rows(store: Store) {
    store.keep_idempotency_records(&[record(1)]).await.unwrap();
    assert_eq!(store.load().await.unwrap().revision, 0);
    assert_eq!(store.audit(&EVERYTHING).await.unwrap().rows, []);
    assert_eq!(store.write().await.unwrap().revision(), 1);
}

pub(crate) async fn expired_records_are_deleted_and_no_others(store: Store) {
    let records: Vec<_> = (1..=150).map(record).collect();
    store.keep_idempotency_records(&records).await.unwrap();
    let mut rounds = 1;
    while store.prune_idempotency_records(moment(149)).await.unwrap() {
        rounds += 1;
    }
    assert_eq!(rounds, 3, "each deletes a bounded number");
    // Looked for at a time before all of them expire: what is absent now is deleted.
    assert_eq!(found(&store, 149, moment(0)).await, None);
    assert!(found(&store, 150, moment(0)).await.is_some());
    assert!(!store.prune_idempotency_records(moment(149)).await.unwrap());
}
