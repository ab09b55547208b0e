//! One write: a transaction with its changes, one step of the revision and one audit row.
//!
//! A statement that fails, or that is not waited for, ends the write: its connection is closed at once, which rolls back,
//! and every later call answers [`StoreError::Unavailable`]. A connection must never be used again with a transaction
//! open on it.

use std::sync::Arc;

use drawbridge_policy::token::TokenDigest;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection};
use tokio::sync::OwnedMutexGuard;

use crate::audit::{AuditEntry, AuditRow};
use crate::column::{Columns, from_number, from_time};
use crate::error::StoreError;
use crate::key::MasterKey;
use crate::row::{EndpointRow, KeyRow, Page, ProjectRow};
use crate::search::KeyFilter;
use crate::sqlite::{BEGIN, Writer};
use crate::{read, sql};

/// One transaction. It sees its own changes, nobody else does before [`Write::commit`]; dropping it undoes them.
///
/// The rows that it writes get its revision. There is one at a time: [`crate::Store::write`] waits for its end.
#[derive(Debug)]
pub struct Write {
    /// `None` once a statement has failed. Before `writer`: it must be closed before the next write begins.
    connection: Option<SqliteConnection>,
    writer: OwnedMutexGuard<Writer>,
    key: Arc<MasterKey>,
    revision: u64,
}

/// The proof that a write is durable.
///
/// No other write begins before it is dropped: publish what follows from the write first, and changes are published in
/// the order of their revisions.
#[derive(Debug)]
pub struct Committed {
    /// The revision that the write made; one more than the write before.
    pub revision: u64,
    _writer: OwnedMutexGuard<Writer>,
}

impl Write {
    pub(crate) async fn begin(
        mut writer: OwnedMutexGuard<Writer>,
        key: Arc<MasterKey>,
    ) -> Result<Self, StoreError> {
        let mut connection = writer.take().await?;
        sqlx::query(BEGIN).execute(&mut connection).await?;
        // First of all: where several nodes write, the lock on this row brings them into one order.
        let row = sqlx::query(sql::BUMP_REVISION)
            .fetch_one(&mut connection)
            .await?;
        let revision = Columns::new("the revision", &row).number()?;
        Ok(Self {
            connection: Some(connection),
            writer,
            key,
            revision,
        })
    }

    /// The revision that this write makes.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn master_key(&self) -> &MasterKey {
        &self.key
    }

    /// The project of that id or slug.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Corrupt`] when a row cannot be read.
    pub async fn project(&mut self, id_or_slug: &str) -> Result<Option<ProjectRow>, StoreError> {
        self.run(async |connection| read::project(connection, id_or_slug).await)
            .await
    }

    /// The endpoint of that name in the project of that id.
    ///
    /// # Errors
    /// As [`Write::project`].
    pub async fn endpoint(
        &mut self,
        project_id: &str,
        name: &str,
    ) -> Result<Option<EndpointRow>, StoreError> {
        let key = Arc::clone(&self.key);
        self.run(async |connection| read::endpoint(connection, &key, project_id, name).await)
            .await
    }

    /// The key of that id, revoked or not.
    ///
    /// # Errors
    /// As [`Write::project`].
    pub async fn key(&mut self, id: &str) -> Result<Option<KeyRow>, StoreError> {
        self.run(async |connection| read::key(connection, id).await)
            .await
    }

    /// All keys of the project of that id, oldest first, revoked ones too.
    ///
    /// # Errors
    /// As [`Write::project`].
    pub async fn keys_of(&mut self, project_id: &str) -> Result<Vec<KeyRow>, StoreError> {
        let everything = Page {
            limit: u32::MAX,
            after: None,
        };
        let filter = KeyFilter {
            project_id: Some(project_id.to_owned()),
            ..KeyFilter::default()
        };
        let listing =
            self.run(async |connection| read::keys(connection, &filter, &everything).await);
        Ok(listing.await?.rows)
    }

    /// How many endpoints the project of that id has.
    ///
    /// # Errors
    /// As [`Write::project`].
    pub async fn count_endpoints(&mut self, project_id: &str) -> Result<u64, StoreError> {
        self.count(sqlx::query(sql::COUNT_ENDPOINTS).bind(project_id))
            .await
    }

    /// How many keys of the project of that id are not revoked.
    ///
    /// # Errors
    /// As [`Write::project`].
    pub async fn count_unrevoked_keys(&mut self, project_id: &str) -> Result<u64, StoreError> {
        self.count(sqlx::query(sql::COUNT_UNREVOKED_KEYS).bind(project_id))
            .await
    }

    /// Whether a key, perhaps a revoked one, has the token.
    ///
    /// # Errors
    /// As [`Write::project`].
    pub async fn token_exists(&mut self, digest: &TokenDigest) -> Result<bool, StoreError> {
        Ok(self
            .count(sqlx::query(sql::COUNT_TOKEN).bind(&digest.as_bytes()[..]))
            .await?
            > 0)
    }

    /// Makes everything durable, or nothing.
    ///
    /// After an error nothing was changed, and nothing will be, not even by a crash. Wait for the answer in a task that
    /// no client can cancel: if the wait is broken off, the write may have taken effect with nobody told.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn commit(mut self, audit: AuditEntry) -> Result<Committed, StoreError> {
        self.append(audit).await?;
        let connection = self.connection.take().ok_or_else(ended)?;
        let done = self.writer.commit(connection).await;
        done.map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Committed {
            revision: self.revision,
            _writer: self.writer,
        })
    }

    async fn append(&mut self, entry: AuditEntry) -> Result<(), StoreError> {
        let query = sqlx::query(sql::LAST_AUDIT_HASH);
        let last = self
            .run(async |connection| Ok(query.fetch_optional(connection).await?))
            .await?;
        let (seq, hash) = match &last {
            None => (0, [0; 32]),
            Some(last) => {
                let mut columns = Columns::new("the audit log", last);
                (columns.number()?, columns.hash()?)
            }
        };
        let row = AuditRow::after(seq, hash, self.revision, entry);
        let query = sqlx::query(sql::INSERT_AUDIT)
            .bind(from_number(row.seq))
            .bind(from_number(row.revision))
            .bind(from_time(row.at))
            .bind(row.actor)
            .bind(row.action)
            .bind(row.project_id)
            .bind(row.target)
            .bind(row.client_ip)
            .bind(row.request_id)
            .bind(row.change)
            .bind(row.prev_hash.to_vec())
            .bind(row.hash.to_vec());
        self.execute(query).await?;
        Ok(())
    }

    async fn count(
        &mut self,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        let row = self
            .run(async |connection| Ok(query.fetch_one(connection).await?))
            .await?;
        Columns::new("a count", &row).number()
    }

    /// Executes a statement that must concern exactly one row, a `kind`.
    pub(crate) async fn change(
        &mut self,
        kind: &'static str,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<(), StoreError> {
        match self.execute(query).await? {
            0 => {
                self.connection = None;
                Err(StoreError::Missing(kind))
            }
            _ => Ok(()),
        }
    }

    /// Executes a statement; the number of rows that it concerned.
    pub(crate) async fn execute(
        &mut self,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        self.run(async |connection| Ok(query.execute(connection).await?.rows_affected()))
            .await
    }

    /// Does something on the connection, which comes back only after success.
    pub(crate) async fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection.take().ok_or_else(ended)?;
        let result = work(&mut connection).await?;
        self.connection = Some(connection);
        Ok(result)
    }
}

fn ended() -> StoreError {
    StoreError::Unavailable("a statement of this write has failed before".into())
}
