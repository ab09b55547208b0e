//! SQLite: how connections are opened, and the one that writes.
//!
//! A COMMIT can fail after its frames are whole in the write-ahead log: an error of fdatasync(2) says nothing about what
//! the page cache, or the disk, now holds. SQLite forgets such frames, but a process that opens the log after a crash
//! would take them for a transaction that was committed. A write that was answered with an error must never come back
//! like that, so the [`Writer`] overwrites the frames with a harmless transaction before anything else happens: the
//! check sums of a log build on each other, so what stands behind the new frame is no longer part of it. Until that
//! transaction is durable there are no further writes.
//!
//! What this cannot cover: a disk on which a sync fails and then the overwriting as well, and a crash before either
//! works again.

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use crate::data_dir::DataDir;
use crate::sql;

/// How long a connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read waits for one of the connections.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// How many rows a connection's thread may be ahead of whoever takes them: loading all keys in small portions would spend
/// its time on switching threads.
const ROW_BUFFER: usize = 1000;

pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(crate) const COMMIT: &str = "COMMIT";

/// How the connection that writes is opened.
pub(crate) fn writing(database: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(database)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .row_buffer_size(ROW_BUFFER)
        .disable_statement_logging()
}

/// How the connections that read are opened.
pub(crate) fn reading(database: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(database)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
        .row_buffer_size(ROW_BUFFER)
        .disable_statement_logging()
}

/// The connections that read.
pub(crate) async fn readers(database: &Path) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(reading(database))
        .await
}

/// The connection that writes, and what is known about the log behind it.
#[derive(Debug)]
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    /// A connection outside any transaction. One whose transaction was not ended by a COMMIT that succeeded is never
    /// put back: it is closed, which rolls back.
    idle: Option<SqliteConnection>,
    /// Whether a COMMIT was sent whose success is not known: its frames may stand in the log.
    in_doubt: bool,
    /// Never used. While any connection is open nothing reads the log anew from its file, frames in doubt included.
    _anchor: SqliteConnection,
    _data_dir: DataDir,
}

impl Writer {
    /// `idle` is outside any transaction; `anchor` has read from the database.
    pub(crate) fn new(
        options: SqliteConnectOptions,
        idle: SqliteConnection,
        anchor: SqliteConnection,
        data_dir: DataDir,
    ) -> Self {
        Self {
            options,
            idle: Some(idle),
            in_doubt: false,
            _anchor: anchor,
            _data_dir: data_dir,
        }
    }

    /// Takes a connection outside any transaction, on a log in which nothing is in doubt.
    pub(crate) async fn take(&mut self) -> Result<SqliteConnection, sqlx::Error> {
        if self.in_doubt {
            self.repair().await?;
        }
        match self.idle.take() {
            Some(connection) => Ok(connection),
            None => self.options.connect().await,
        }
    }

    /// Commits the transaction that is open on a connection from [`Writer::take`].
    ///
    /// Whoever stops waiting for the answer leaves it in doubt, which the next [`Writer::take`] ends.
    pub(crate) async fn commit(
        &mut self,
        mut connection: SqliteConnection,
    ) -> Result<(), CommitError> {
        self.in_doubt = true;
        match sqlx::query(COMMIT).execute(&mut connection).await {
            Ok(_) => {
                self.in_doubt = false;
                self.idle = Some(connection);
                Ok(())
            }
            Err(commit) => {
                drop(connection);
                match self.repair().await {
                    Ok(()) => Err(CommitError::Undone(commit)),
                    Err(repair) => Err(CommitError::Unrepaired { commit, repair }),
                }
            }
        }
    }

    /// Overwrites frames in doubt.
    async fn repair(&mut self) -> Result<(), sqlx::Error> {
        let mut connection = self.options.connect().await?;
        sqlx::query(sql::REPAIR).execute(&mut connection).await?;
        self.in_doubt = false;
        self.idle = Some(connection);
        Ok(())
    }
}

/// How a COMMIT failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    /// Nothing is left of the transaction.
    #[error("the commit failed")]
    Undone(#[source] sqlx::Error),
    /// The transaction is not obeyed, and there are no writes until the repair succeeds.
    #[error("the commit failed ({commit}), and so did clearing the log of it")]
    Unrepaired {
        /// Why the commit failed.
        commit: sqlx::Error,
        /// Why the repair failed.
        #[source]
        repair: sqlx::Error,
    },
}
