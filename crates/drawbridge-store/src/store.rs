//! The store itself: opening it, reading from it, and beginning a write.

use std::path::Path;
use std::sync::Arc;

use drawbridge_policy::key_use::{Exposures, Sighting};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;
use sqlx::{Connection as _, Sqlite};
use tokio::sync::{Mutex, MutexGuard};

use crate::audit::{AuditFilter, AuditRow};
use crate::column::from_time;
use crate::error::StoreError;
use crate::key::MasterKey;
use crate::row::{Configuration, EndpointRow, KeyRow, Listing, Page, ProjectRow};
use crate::search::{EndpointFilter, KeyFilter, ProjectFilter};
use crate::sqlite::{BEGIN, Writer};
use crate::write::Write;
use crate::{open, read, sql};

/// The configuration of one installation. Clones are cheap and mean the same database.
///
/// Reads see what was last committed, never part of a write. It must be used from one tokio runtime.
#[derive(Clone, Debug)]
pub struct Store {
    readers: SqlitePool,
    writer: Arc<Mutex<Writer>>,
    key: Arc<MasterKey>,
}

impl Store {
    /// Opens the store in a directory, which is made if it is absent.
    ///
    /// A database of an older release is backed up beside itself, then migrated.
    ///
    /// # Errors
    /// One sentence about what is wrong with the directory, the database or the key; no data was changed then.
    pub async fn open(data_dir: &Path, key: MasterKey) -> Result<Self, StoreError> {
        let (writer, readers) = open::open(data_dir, &key).await?;
        Ok(Self {
            readers,
            writer: Arc::new(Mutex::new(writer)),
            key: Arc::new(key),
        })
    }

    /// Everything, at one revision.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Corrupt`] when a row cannot be read.
    pub async fn load(&self) -> Result<Configuration, StoreError> {
        let mut reader = self.reader().await?;
        let mut transaction = reader.begin().await?;
        read::configuration(&mut transaction, &self.key).await
    }

    /// The project of that id or slug.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn project(&self, id_or_slug: &str) -> Result<Option<ProjectRow>, StoreError> {
        read::project(&mut *self.reader().await?, id_or_slug).await
    }

    /// The projects that a filter admits, oldest first.
    ///
    /// # Errors
    /// As [`Store::load`], and [`StoreError::BadCursor`].
    pub async fn projects(
        &self,
        filter: &ProjectFilter,
        page: &Page,
    ) -> Result<Listing<ProjectRow>, StoreError> {
        read::projects(&mut *self.reader().await?, filter, page).await
    }

    /// The endpoint of that name in the project of that id.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn endpoint(
        &self,
        project_id: &str,
        name: &str,
    ) -> Result<Option<EndpointRow>, StoreError> {
        read::endpoint(&mut *self.reader().await?, &self.key, project_id, name).await
    }

    /// The endpoints of the project of that id that a filter admits, by name.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn endpoints(
        &self,
        project_id: &str,
        filter: &EndpointFilter,
        page: &Page,
    ) -> Result<Listing<EndpointRow>, StoreError> {
        let mut reader = self.reader().await?;
        read::endpoints(&mut reader, &self.key, project_id, filter, page).await
    }

    /// The key of that id, revoked or not.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn key(&self, id: &str) -> Result<Option<KeyRow>, StoreError> {
        read::key(&mut *self.reader().await?, id).await
    }

    /// The keys that a filter admits, oldest first.
    ///
    /// # Errors
    /// As [`Store::load`], and [`StoreError::BadCursor`].
    pub async fn keys(
        &self,
        filter: &KeyFilter,
        page: &Page,
    ) -> Result<Listing<KeyRow>, StoreError> {
        read::keys(&mut *self.reader().await?, filter, page).await
    }

    /// The rows of the audit log that a filter admits, newest first.
    ///
    /// # Errors
    /// As [`Store::load`], and [`StoreError::BadCursor`].
    pub async fn audit_log(
        &self,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditRow>, StoreError> {
        read::audit_log(&mut *self.reader().await?, filter, page).await
    }

    /// The audit log as its chain, oldest first.
    ///
    /// # Errors
    /// As [`Store::load`], and [`StoreError::BadCursor`].
    pub async fn audit(&self, page: &Page) -> Result<Listing<AuditRow>, StoreError> {
        read::audit(&mut *self.reader().await?, page).await
    }

    /// Begins a write, once those begun before have ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn write(&self) -> Result<Write, StoreError> {
        let writer = Arc::clone(&self.writer).lock_owned().await;
        Write::begin(writer, Arc::clone(&self.key)).await
    }

    /// Stores what was seen of keys, by their ids, in one transaction that is no write: nothing gets a revision, and the
    /// audit log has nothing of it. Keys that are gone are left out; an exposure is stored where the key is flagged as
    /// exposed already ([`Write::expose_key`]).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; nothing was stored then.
    pub async fn record_sightings(
        &self,
        sightings: &[(Box<str>, Sighting)],
    ) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        // Dropped after a failure, it is closed, which rolls back.
        let mut connection = writer.take().await?;
        sqlx::query(BEGIN).execute(&mut connection).await?;
        for (id, Sighting { last, exposures }) in sightings {
            sqlx::query(sql::RECORD_KEY_USE)
                .bind(&**id)
                .bind(from_time(last.at))
                .bind(last.ip.to_string())
                .bind(last.origin.as_deref())
                .execute(&mut connection)
                .await?;
            if let Some(Exposures { last, .. }) = exposures {
                sqlx::query(sql::RECORD_EXPOSURE)
                    .bind(&**id)
                    .bind(from_time(last.at))
                    .bind(&*last.origin)
                    .execute(&mut connection)
                    .await?;
            }
        }
        let done = writer.commit(connection).await;
        done.map_err(|error| StoreError::Unavailable(error.into()))
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        let Ok(mut reader) = self.reader().await else {
            return false;
        };
        sqlx::query(sql::READ_REVISION)
            .fetch_one(&mut *reader)
            .await
            .is_ok()
    }

    pub(crate) fn master_key(&self) -> &MasterKey {
        &self.key
    }

    /// The connection that writes, once writes begun before have ended.
    pub(crate) async fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().await
    }

    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.readers.acquire().await?)
    }
}
