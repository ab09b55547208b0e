//! Sessions of the dashboard: who signed in, by which token, and until when that holds.
//!
//! Whether a session is still good is for the caller to judge. The secret that opens one must never be stored, only its
//! digest.

use drawbridge_policy::token::TokenDigest;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use crate::column::{Columns, from_time};
use crate::error::StoreError;
use crate::sql;
use crate::store::Store;
use crate::write::Write;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The digest of the secret that opens it; unique.
    pub id: TokenDigest,
    /// The key that signed in, or `root`.
    pub key_id: String,
    /// The digest of the token that the key had then.
    pub key_digest: TokenDigest,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, as far as is stored.
    pub last_seen_at: Timestamp,
    /// When it ends, used or not.
    pub expires_at: Timestamp,
}

impl Store {
    /// The session of that id, good or not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Corrupt`] when the row cannot be read.
    pub async fn session(&self, id: &TokenDigest) -> Result<Option<SessionRow>, StoreError> {
        let row = sqlx::query(sql::SESSION)
            .bind(&id.as_bytes()[..])
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Notes that a session was used. It is no write: nothing gets a revision, and the audit log has nothing of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; nothing was stored then.
    pub async fn touch_session(&self, id: &TokenDigest, at: Timestamp) -> Result<(), StoreError> {
        self.without_revision(async |connection| {
            let query = sqlx::query(sql::TOUCH_SESSION)
                .bind(&id.as_bytes()[..])
                .bind(from_time(at));
            query.execute(connection).await?;
            Ok(())
        })
        .await
    }
}

impl Write {
    /// The session of that id, good or not.
    ///
    /// # Errors
    /// As [`Store::session`].
    pub async fn session(&mut self, id: &TokenDigest) -> Result<Option<SessionRow>, StoreError> {
        let query = sqlx::query(sql::SESSION).bind(&id.as_bytes()[..]);
        let row = self
            .run(async |connection| Ok(query.fetch_optional(connection).await?))
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Adds a session, and deletes those that were last seen at `idle_since` or before, and of its key all but the
    /// `most` that began last.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn insert_session(
        &mut self,
        row: &SessionRow,
        idle_since: Timestamp,
        most: u32,
    ) -> Result<(), StoreError> {
        self.execute(sqlx::query(sql::PRUNE_SESSIONS).bind(from_time(idle_since)))
            .await?;
        let query = sqlx::query(sql::INSERT_SESSION)
            .bind(&row.id.as_bytes()[..])
            .bind(&row.key_id)
            .bind(&row.key_digest.as_bytes()[..])
            .bind(from_time(row.created_at))
            .bind(from_time(row.last_seen_at))
            .bind(from_time(row.expires_at));
        self.change("session", query).await?;
        let query = sqlx::query(sql::DELETE_OLDEST_SESSIONS)
            .bind(&row.key_id)
            .bind(i64::from(most));
        self.execute(query).await?;
        Ok(())
    }

    /// Deletes the session of that id, if it is there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_session(&mut self, id: &TokenDigest) -> Result<(), StoreError> {
        let query = sqlx::query(sql::DELETE_SESSION).bind(&id.as_bytes()[..]);
        self.execute(query).await?;
        Ok(())
    }

    /// Deletes all sessions of a key, or of `root`; how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_sessions_of(&mut self, key_id: &str) -> Result<u64, StoreError> {
        self.execute(sqlx::query(sql::DELETE_SESSIONS_OF).bind(key_id))
            .await
    }
}

fn read(row: &SqliteRow) -> Result<SessionRow, StoreError> {
    let mut columns = Columns::new("a session", row);
    Ok(SessionRow {
        id: columns.hash()?.into(),
        key_id: columns.take()?,
        key_digest: columns.hash()?.into(),
        created_at: columns.time()?,
        last_seen_at: columns.time()?,
        expires_at: columns.time()?,
    })
}
