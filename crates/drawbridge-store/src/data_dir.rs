//! The data directory: made for its owner alone, used by one process at a time.
//!
//! The database file must never be opened here while a connection to it is open: closing it would drop the connection's
//! locks (POSIX advisory locks belong to the process).

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// The database's file name.
pub(crate) const DATABASE: &str = "drawbridge.db";
const LOCK: &str = "lock";

/// A data directory that no other process uses while this lives.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it is absent, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, StoreError> {
        create(path)?;
        let cannot_write = |error| broken(path, "cannot be written", error);
        let lock = open_private(&path.join(LOCK)).map_err(cannot_write)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(broken(path, "cannot be locked", error)),
        }
    }

    /// The path of the database, as a file that only its owner can read; SQLite takes an empty one for a new database.
    pub(crate) fn database(&self) -> Result<PathBuf, StoreError> {
        let path = self.path.join(DATABASE);
        if !path.exists() {
            let made = open_private(&path).and_then(|_| sync(&self.path));
            made.map_err(|error| broken(&self.path, "cannot be written", error))?;
        }
        Ok(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the directory with mode 0700 if it is absent.
pub(crate) fn create(path: &Path) -> Result<(), StoreError> {
    match DirBuilder::new().recursive(true).mode(0o700).create(path) {
        Ok(()) => Ok(()),
        Err(_) if path.exists() => Err(StoreError::DataDirectory {
            path: path.to_owned(),
            what: "is not a directory",
            source: None,
        }),
        Err(error) => Err(broken(path, "cannot be made", error)),
    }
}

/// Opens a file for writing, made with mode 0600 if it is absent.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// Makes the directory's entries durable.
pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn broken(path: &Path, what: &'static str, error: io::Error) -> StoreError {
    StoreError::DataDirectory {
        path: path.to_owned(),
        what,
        source: Some(error.into()),
    }
}
