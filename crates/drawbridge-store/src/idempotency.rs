//! Idempotency records: what requests were answered, for those that repeat them.
//!
//! What a record says is the caller's; here it is bytes, encrypted and bound to its scope. They are no configuration: a
//! record makes no revision and no audit row. What was recorded must never be forgotten before it expires: a request would
//! run again. What one key takes of the disk is bounded all the same: by shrinking records, and by taking no new ones.

use std::fmt;

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;

use crate::column::{Columns, from_time};
use crate::error::StoreError;
use crate::key::Place;
use crate::sql;
use crate::sqlite::BEGIN;
use crate::store::Store;

/// What the records of one key may take. Beyond, the oldest shrink to their remnants, which are not counted here.
const MOST_BYTES_OF_A_KEY: u64 = 256 << 20;
/// How many records one key may have, shrunken ones (about half a KiB of the disk each) included.
pub const MOST_RECORDS_OF_A_KEY: u64 = 1_000_000;
/// Rows that one statement deletes, so that none takes long.
const BATCH: i64 = 64;

/// A record to be kept.
pub struct IdempotencyRecord {
    /// What it is found by: a digest, not secret.
    pub scope: [u8; 32],
    /// The id of the calling key, or `root`.
    pub key_id: String,
    /// From when on it counts as absent.
    pub expires_at: Timestamp,
    /// The answer, in the caller's own form; encrypted at rest.
    pub record: Vec<u8>,
    /// What takes its place where it has to make room; `None` where it is small and never has to.
    pub remnant: Option<Vec<u8>>,
}

impl fmt::Debug for IdempotencyRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "IdempotencyRecord({} …)", self.key_id)
    }
}

impl Store {
    /// The record of that scope, unless it has expired at `now`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Corrupt`] when it cannot be decrypted.
    pub async fn idempotency_record(
        &self,
        scope: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query(sql::IDEMPOTENCY_RECORD)
            .bind(&scope[..])
            .bind(from_time(now))
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let sealed: &[u8] = Columns::new("an idempotency record", &row).take()?;
        let opened = self.master_key().open(&Place::Answer { scope }, sealed);
        let corrupt = |source| StoreError::Corrupt {
            what: "an idempotency record".to_owned(),
            source,
        };
        let mut opened = opened.map_err(corrupt)?;
        Ok(Some(std::mem::take(&mut *opened)))
    }

    /// Whether the key may have another record: it has fewer than [`MOST_RECORDS_OF_A_KEY`]. To be asked before what is
    /// recorded happens; a record that comes is kept.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn takes_idempotency_records(&self, key_id: &str) -> Result<bool, StoreError> {
        let usage = usage(&mut *self.reader().await?, key_id).await?;
        Ok(usage.records < MOST_RECORDS_OF_A_KEY)
    }

    /// Keeps records, all of them or none; each takes the place of one of the same scope. They are durable afterwards.
    ///
    /// Wait for the end in a task that no client can cancel.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn keep_idempotency_records(
        &self,
        records: &[IdempotencyRecord],
    ) -> Result<(), StoreError> {
        self.keep_within(records, MOST_BYTES_OF_A_KEY).await
    }

    async fn keep_within(
        &self,
        records: &[IdempotencyRecord],
        most_bytes: u64,
    ) -> Result<(), StoreError> {
        let seal = |record: &IdempotencyRecord| {
            let scope = &record.scope;
            let seal = |bytes: &Vec<u8>| self.master_key().seal(&Place::Answer { scope }, bytes);
            let remnant = record.remnant.as_ref().map(seal).transpose()?;
            Ok((seal(&record.record)?, remnant))
        };
        let sealed: Result<Vec<_>, _> = records.iter().map(seal).collect();
        let sealed = sealed.map_err(StoreError::Unavailable)?;
        self.without_revision(async |connection| {
            for (record, sealed) in records.iter().zip(sealed) {
                insert(connection, record, sealed).await?;
                make_room(connection, &record.key_id, most_bytes).await?;
            }
            Ok(())
        })
        .await
    }

    /// Deletes some of the records that have expired at `now`; whether there may be more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn prune_idempotency_records(&self, now: Timestamp) -> Result<bool, StoreError> {
        let query = sqlx::query(sql::EXPIRED_IDEMPOTENCY_RECORD).bind(from_time(now));
        let expired = query.fetch_optional(&mut *self.reader().await?).await?;
        if expired.is_none() {
            // Nothing to write, so no sync either.
            return Ok(false);
        }
        self.without_revision(async |connection| {
            let query = sqlx::query(sql::PRUNE_IDEMPOTENCY_RECORDS)
                .bind(from_time(now))
                .bind(BATCH);
            let deleted = query.execute(connection).await?.rows_affected();
            Ok(deleted == BATCH.unsigned_abs())
        })
        .await
    }

    /// A transaction that changes no configuration. A connection on which a statement failed is closed, which rolls back.
    pub(crate) async fn without_revision<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer().await;
        let mut connection = writer.take().await?;
        sqlx::query(BEGIN).execute(&mut connection).await?;
        let done = work(&mut connection).await?;
        let committed = writer.commit(connection).await;
        committed.map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(done)
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    record: &IdempotencyRecord,
    (sealed, remnant): (Vec<u8>, Option<Vec<u8>>),
) -> Result<(), StoreError> {
    // REPLACE would not run the trigger that counts what goes.
    sqlx::query(sql::DELETE_IDEMPOTENCY_RECORD)
        .bind(&record.scope[..])
        .execute(&mut *connection)
        .await?;
    sqlx::query(sql::INSERT_IDEMPOTENCY_RECORD)
        .bind(&record.scope[..])
        .bind(&record.key_id)
        .bind(from_time(record.expires_at))
        .bind(sealed)
        .bind(remnant)
        .execute(connection)
        .await?;
    Ok(())
}

/// How much a key has of what is bounded.
#[derive(Debug, Default, PartialEq)]
struct Usage {
    records: u64,
    /// Of records that can shrink.
    bytes: u64,
}

async fn usage(connection: &mut SqliteConnection, key_id: &str) -> Result<Usage, StoreError> {
    let query = sqlx::query(sql::IDEMPOTENCY_USAGE).bind(key_id);
    let Some(row) = query.fetch_optional(connection).await? else {
        return Ok(Usage::default());
    };
    let mut columns = Columns::new("the use of idempotency records", &row);
    Ok(Usage {
        records: columns.number()?,
        bytes: columns.number()?,
    })
}

/// Shrinks a key's oldest records until the others are within its share.
async fn make_room(
    connection: &mut SqliteConnection,
    key_id: &str,
    most_bytes: u64,
) -> Result<(), StoreError> {
    while usage(connection, key_id).await?.bytes > most_bytes {
        let query = sqlx::query(sql::SHRINK_OLDEST_IDEMPOTENCY_RECORD).bind(key_id);
        if query.execute(&mut *connection).await?.rows_affected() == 0 {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::key::MasterKey;

    async fn open() -> (TempDir, Store) {
        let directory = TempDir::new().unwrap();
        let key = MasterKey::from_secret("a master key for tests, 32 characters or more");
        let store = Store::open(directory.path(), key).await.unwrap();
        (directory, store)
    }

    fn record(number: u8, length: usize) -> IdempotencyRecord {
        IdempotencyRecord {
            scope: [number; 32],
            key_id: "ak_live_1".to_owned(),
            expires_at: Timestamp::MAX,
            record: vec![number; length],
            remnant: Some(vec![number]),
        }
    }

    async fn length(store: &Store, number: u8) -> Option<usize> {
        let scope = [number; 32];
        let found = store.idempotency_record(&scope, Timestamp::UNIX_EPOCH);
        found.await.unwrap().map(|record| {
            assert!(record.iter().all(|byte| *byte == number));
            record.len()
        })
    }

    #[tokio::test]
    async fn beyond_its_share_a_keys_oldest_records_shrink_and_none_is_forgotten() {
        let (_directory, store) = open().await;
        let others = IdempotencyRecord {
            key_id: "ak_live_2".to_owned(),
            ..record(0, 500)
        };
        let small = IdempotencyRecord {
            remnant: None,
            ..record(1, 10)
        };
        store.keep_within(&[others, small], 1200).await.unwrap();
        for number in 2..=6 {
            let record = record(number, 500);
            store.keep_within(&[record], 1200).await.unwrap();
        }
        let mut found = Vec::new();
        for number in 0..=7 {
            found.push(length(&store, number).await);
        }
        // Two of 500 bytes and a seal fit.
        let expected = [500, 10, 1, 1, 1, 500, 500].map(Some);
        assert_eq!((&found[..7], found[7]), (&expected[..], None));

        // One that alone has more than the share goes too.
        store.keep_within(&[record(7, 2000)], 1200).await.unwrap();
        assert_eq!(length(&store, 7).await, Some(1));
        let reader = &mut *store.reader().await.unwrap();
        let usage = usage(reader, "ak_live_1").await.unwrap();
        assert_eq!((usage.records, usage.bytes), (7, 0));
    }

    #[tokio::test]
    async fn a_key_with_all_its_records_gets_no_more_until_some_expire() {
        let (_directory, store) = open().await;
        let mut expiring = record(1, 10);
        expiring.expires_at = Timestamp::UNIX_EPOCH;
        let records = [expiring, record(2, 10)];
        store.keep_idempotency_records(&records).await.unwrap();
        let almost = MOST_RECORDS_OF_A_KEY - 2;
        let fill = "UPDATE idempotency_usage SET records = records + $1";
        store
            .without_revision(async |connection| {
                let query = sqlx::query(fill).bind(almost.cast_signed());
                query.execute(connection).await?;
                Ok(())
            })
            .await
            .unwrap();
        assert!(!store.takes_idempotency_records("ak_live_1").await.unwrap());
        assert!(store.takes_idempotency_records("ak_live_2").await.unwrap());
        let pruned = store.prune_idempotency_records(Timestamp::UNIX_EPOCH);
        assert!(!pruned.await.unwrap());
        assert!(store.takes_idempotency_records("ak_live_1").await.unwrap());
    }
}
