//! What can go wrong in the store.
//!
//! The texts are for operators and logs; what a client is told is for the caller to say.

use std::error::Error;
use std::path::PathBuf;

/// The cause beneath a [`StoreError`].
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why the store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database, or the disk under it, failed: nothing was changed, and nothing will be.
    #[error("the database is unavailable")]
    Unavailable(#[source] Cause),
    /// A row that must be unique exists already, or one that is referred to does not.
    #[error("{0}")]
    Conflict(Conflict),
    /// The row that was to be changed or deleted does not exist.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// The cursor of a list was not made by the store.
    #[error("the cursor {0:?} is not one that a list was answered with")]
    BadCursor(String),
    /// What was read from the database cannot be what was written.
    #[error("{what} in the database cannot be read")]
    Corrupt {
        /// Which part of which row.
        what: String,
        /// What reading it said.
        #[source]
        source: Cause,
    },
    /// The data directory cannot be used.
    #[error("the data directory {} {what}", path.display())]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
        /// What the system said.
        #[source]
        source: Option<Cause>,
    },
    /// Another process has the data directory open.
    #[error("the data directory {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The file in the place of the database is something else.
    #[error("{} is not a drawbridge database", .0.display())]
    NotADatabase(PathBuf),
    /// A newer release has already changed the database.
    #[error(
        "the database {} has schema version {found}, but this release knows only up to {known}: start the newer \
         release, or put back the backup that it made", path.display()
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that this release knows.
        known: i64,
    },
    /// The database cannot be opened or brought up to date.
    #[error("the database {} cannot be opened", path.display())]
    Open {
        /// The database.
        path: PathBuf,
        /// What it said.
        #[source]
        source: Cause,
    },
    /// The master key is not the one that the database was made with.
    #[error(
        "the master key does not fit the database {}: put back the key file, or the DRAWBRIDGE_MASTER_KEY, that it was \
         made with", .0.display()
    )]
    WrongMasterKey(PathBuf),
    /// There is a database, but not the key file that belongs to it.
    #[error(
        "the key file {} is missing, and the database beside it cannot be read without it: put it back, or set \
         DRAWBRIDGE_MASTER_KEY if the database was made with that", .0.display()
    )]
    KeyFileMissing(PathBuf),
    /// Others than the owner may read the key file.
    #[error("the key file {path} can be read by others: run `chmod 600 {path}`", path = .0.display())]
    KeyFileExposed(PathBuf),
    /// The key file cannot be read or made, or holds no key.
    #[error("the key file {} {what}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
        /// What the system said.
        #[source]
        source: Option<Cause>,
    },
}

/// Which rule between rows a write would have broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another project has that id.
    #[error("a project with that id exists already")]
    ProjectId,
    /// Another project has that slug.
    #[error("a project with that slug exists already")]
    ProjectSlug,
    /// Another endpoint of the project has that name.
    #[error("an endpoint of that name exists already in the project")]
    EndpointName,
    /// Another key has that id.
    #[error("a key with that id exists already")]
    KeyId,
    /// Another key, perhaps a revoked one, has that token.
    #[error("a key with that token exists already")]
    Token,
    /// The row belongs to one that does not exist, or others still belong to it.
    #[error("the row belongs to one that does not exist, or others still belong to it")]
    Reference,
}

impl From<sqlx::Error> for StoreError {
    /// What an engine says about a rule between rows is a conflict; everything else is its failure.
    fn from(error: sqlx::Error) -> Self {
        match Conflict::of(&error) {
            Some(conflict) => Self::Conflict(conflict),
            None => Self::Unavailable(error.into()),
        }
    }
}

impl Conflict {
    fn of(error: &sqlx::Error) -> Option<Self> {
        let error = error.as_database_error()?;
        if error.is_foreign_key_violation() {
            return Some(Self::Reference);
        }
        if !error.is_unique_violation() {
            return None;
        }
        // "UNIQUE constraint failed: projects.slug"
        let (_, column) = error.message().split_once(": ")?;
        match column.split(',').next()? {
            "projects.id" => Some(Self::ProjectId),
            "projects.slug" => Some(Self::ProjectSlug),
            "endpoints.project_id" => Some(Self::EndpointName),
            "api_keys.id" => Some(Self::KeyId),
            "key_tokens.digest" => Some(Self::Token),
            _ => None,
        }
    }
}
