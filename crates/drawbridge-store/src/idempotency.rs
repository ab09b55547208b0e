//! Idempotency records: what requests were answered, for those that repeat them.
//!
//! What a record says is the caller's; here it is bytes, encrypted and bound to its scope. They are no configuration: a
//! record makes no revision and no audit row. One key must never take more of the disk than 256 MiB.

use std::fmt;

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;

use crate::column::{Columns, from_time};
use crate::error::StoreError;
use crate::key::Place;
use crate::sql;
use crate::sqlite::BEGIN;
use crate::store::Store;

/// What the records of one key may take, each counted with 1 KiB besides its own bytes. Beyond, the oldest go first.
const MOST_BYTES_OF_A_KEY: u64 = 256 << 20;
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
        let sealed: Result<Vec<_>, _> = records
            .iter()
            .map(|record| {
                let place = Place::Answer {
                    scope: &record.scope,
                };
                self.master_key().seal(&place, &record.record)
            })
            .collect();
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
    sealed: Vec<u8>,
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
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a key's oldest records until the others are within its share.
async fn make_room(
    connection: &mut SqliteConnection,
    key_id: &str,
    most_bytes: u64,
) -> Result<(), StoreError> {
    loop {
        let row = sqlx::query(sql::IDEMPOTENCY_USAGE)
            .bind(key_id)
            .fetch_optional(&mut *connection)
            .await?;
        let used = match &row {
            Some(row) => Columns::new("the use of idempotency records", row).number()?,
            None => 0,
        };
        if used <= most_bytes {
            return Ok(());
        }
        sqlx::query(sql::DELETE_OLDEST_IDEMPOTENCY_RECORD)
            .bind(key_id)
            .execute(&mut *connection)
            .await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::MasterKey;

    fn record(number: u8, length: usize) -> IdempotencyRecord {
        IdempotencyRecord {
            scope: [number; 32],
            key_id: "ak_live_1".to_owned(),
            expires_at: Timestamp::MAX,
            record: vec![number; length],
        }
    }

    #[tokio::test]
    async fn beyond_its_share_a_key_loses_its_oldest_records_and_no_others() {
        let directory = tempfile::TempDir::new().unwrap();
        let key = MasterKey::from_secret("a master key for tests, 32 characters or more");
        let store = Store::open(directory.path(), key).await.unwrap();
        let others = IdempotencyRecord {
            key_id: "ak_live_2".to_owned(),
            ..record(0, 10)
        };
        store.keep_within(&[others], 4000).await.unwrap();
        for number in 1..=5 {
            store
                .keep_within(&[record(number, 500)], 4000)
                .await
                .unwrap();
        }
        let mut found = Vec::new();
        for number in 0..=5 {
            let scope = [number; 32];
            let record = store.idempotency_record(&scope, Timestamp::UNIX_EPOCH);
            if record.await.unwrap().is_some() {
                found.push(number);
            }
        }
        // Two of 1024 + 500 bytes and a seal fit.
        assert_eq!(found, [0, 4, 5]);
    }
}
