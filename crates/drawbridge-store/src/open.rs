//! Opening a store: everything that can be wrong with a data directory, each as one clear error.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions as _, Executor as _};

use crate::data_dir::DataDir;
use crate::error::StoreError;
use crate::key::{MasterKey, Place};
use crate::sqlite::{self, Writer};
use crate::{data_dir, migrate, search, sql};

const KEY_CHECK: &[u8] = b"drawbridge";
const JOURNAL_MODE: &str = "PRAGMA journal_mode";

/// Opens the database in `data_dir`, made if it is absent, at the newest schema.
pub(crate) async fn open(
    data_dir: &Path,
    key: &MasterKey,
) -> Result<(Writer, sqlx::sqlite::SqlitePool), StoreError> {
    let data_dir = DataDir::lock(data_dir)?;
    let path = data_dir.database()?;
    let failed = |error: sqlx::Error| cannot_open(&path, error);

    let options = sqlite::writing(&path);
    let mut writer = options.connect().await.map_err(failed)?;
    let mode: String = sqlx::query_scalar(JOURNAL_MODE)
        .fetch_one(&mut writer)
        .await
        .map_err(failed)?;
    if mode != "wal" {
        let source = "its file system has no shared memory for a write-ahead log".into();
        return Err(StoreError::Open { path, source });
    }
    migrate::migrate(&mut writer, &path, migrate::SQLITE).await?;
    check_key(&mut writer, &path, key).await?;
    search::complete(&mut writer).await?;

    let mut anchor = sqlite::reading(&path).connect().await.map_err(failed)?;
    anchor.execute(sql::READ_REVISION).await.map_err(failed)?;
    let readers = sqlite::readers(&path).await.map_err(failed)?;
    data_dir::sync(data_dir.path()).map_err(|error| failed(error.into()))?;
    Ok((Writer::new(options, writer, anchor, data_dir), readers))
}

/// Refuses a master key that is not the database's own; a new database takes the one that it is given.
async fn check_key(
    connection: &mut SqliteConnection,
    path: &Path,
    key: &MasterKey,
) -> Result<(), StoreError> {
    let failed = |error: sqlx::Error| cannot_open(path, error);
    let sealed: Option<Vec<u8>> = sqlx::query_scalar(sql::READ_KEY_CHECK)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    match sealed {
        Some(sealed) if key.open(&Place::KeyCheck, &sealed).is_ok() => Ok(()),
        Some(_) => Err(StoreError::WrongMasterKey(path.to_owned())),
        None => {
            let sealed = key.seal(&Place::KeyCheck, KEY_CHECK);
            let sealed = sealed.map_err(|source| StoreError::Open {
                path: path.to_owned(),
                source,
            })?;
            sqlx::query(sql::INSERT_META)
                .bind(sealed)
                .execute(connection)
                .await
                .map_err(failed)?;
            Ok(())
        }
    }
}

pub(crate) fn cannot_open(path: &Path, error: sqlx::Error) -> StoreError {
    // SQLITE_NOTADB
    let is_no_database = error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code == "26");
    if is_no_database {
        StoreError::NotADatabase(path.to_owned())
    } else {
        StoreError::Open {
            path: path.to_owned(),
            source: error.into(),
        }
    }
}
