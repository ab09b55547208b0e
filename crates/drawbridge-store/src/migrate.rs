//! The schema's versions, and how a database is brought to the newest.
//!
//! A migration that was released must never change: databases out there carry its check sum. A database of a newer
//! release must never be touched.

use std::path::{Path, PathBuf};

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnection;

use crate::data_dir;
use crate::error::StoreError;
use crate::open::cannot_open;

/// Every migration for SQLite, oldest first.
pub(crate) const SQLITE: &[(i64, &str, &str)] = &[
    (
        1,
        "first",
        include_str!("../migrations/sqlite/0001_first.sql"),
    ),
    (
        2,
        "audit filters",
        include_str!("../migrations/sqlite/0002_audit_filters.sql"),
    ),
    (
        3,
        "project settings",
        include_str!("../migrations/sqlite/0003_project_settings.sql"),
    ),
    (
        4,
        "key uses",
        include_str!("../migrations/sqlite/0004_key_uses.sql"),
    ),
    (
        5,
        "idempotency",
        include_str!("../migrations/sqlite/0005_idempotency.sql"),
    ),
    (
        6,
        "refusals",
        include_str!("../migrations/sqlite/0006_refusals.sql"),
    ),
    (
        7,
        "sessions",
        include_str!("../migrations/sqlite/0007_sessions.sql"),
    ),
    (
        8,
        "traffic",
        include_str!("../migrations/sqlite/0008_traffic.sql"),
    ),
    (
        9,
        "search",
        include_str!("../migrations/sqlite/0009_search.sql"),
    ),
    (
        10,
        "admitted origins",
        include_str!("../migrations/sqlite/0010_admitted_origins.sql"),
    ),
    (
        11,
        "idempotency remnants",
        include_str!("../migrations/sqlite/0011_idempotency_remnants.sql"),
    ),
];

const COUNT_TABLES: &str =
    "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
const HAS_VERSIONS: &str =
    "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";
const READ_VERSION: &str = "SELECT MAX(version) FROM _sqlx_migrations";
const BACK_UP: &str = "VACUUM INTO $1";

/// Brings the database at `path` up to date; one that is not new is backed up before it changes.
pub(crate) async fn migrate(
    connection: &mut SqliteConnection,
    path: &Path,
    migrations: &[(i64, &'static str, &'static str)],
) -> Result<(), StoreError> {
    let failed = |source: sqlx::Error| StoreError::Open {
        path: path.to_owned(),
        source: source.into(),
    };
    let newest = newest(migrations);
    match version(connection, path).await? {
        Some(found) if found > newest => {
            return Err(StoreError::NewerSchema {
                path: path.to_owned(),
                found,
                known: newest,
            });
        }
        Some(found) if found < newest => back_up(connection, path, found).await.map_err(failed)?,
        _ => {}
    }
    let migrations = migrations.iter().map(|(version, name, sql)| {
        Migration::new(
            *version,
            (*name).into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    let migrator = Migrator::with_migrations(migrations.collect());
    let ran = migrator.run(connection).await;
    ran.map_err(|error| StoreError::Open {
        path: path.to_owned(),
        source: error.into(),
    })
}

/// Refuses a database whose schema is newer than this release, or that has none at all.
pub(crate) async fn check_known(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), StoreError> {
    let known = newest(SQLITE);
    match version(connection, path).await? {
        Some(found) if found > known => Err(StoreError::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        }),
        Some(_) => Ok(()),
        None => Err(StoreError::NotADatabase(path.to_owned())),
    }
}

fn newest(migrations: &[(i64, &str, &str)]) -> i64 {
    let versions = migrations.iter().map(|(version, ..)| *version);
    versions.max().unwrap_or(0)
}

/// The schema's version; `None` in a database with nothing in it.
async fn version(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<Option<i64>, StoreError> {
    let failed = |error| cannot_open(path, error);
    let has_versions: i64 = sqlx::query_scalar(HAS_VERSIONS)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    if has_versions > 0 {
        return sqlx::query_scalar(READ_VERSION)
            .fetch_one(connection)
            .await
            .map_err(failed);
    }
    let tables: i64 = sqlx::query_scalar(COUNT_TABLES)
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    if tables > 0 {
        return Err(StoreError::NotADatabase(path.to_owned()));
    }
    Ok(None)
}

/// Copies the database to [`backup_path`], whole or not at all.
async fn back_up(
    connection: &mut SqliteConnection,
    path: &Path,
    version: i64,
) -> Result<(), sqlx::Error> {
    let backup = backup_path(path, version);
    let draft = backup.with_extension("draft");
    // SQLite writes into a file that is there if it is empty, which leaves its mode to us.
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => data_dir::open_private(&draft)?,
    };
    sqlx::query(BACK_UP)
        .bind(draft.to_string_lossy().as_ref())
        .execute(connection)
        .await?;
    std::fs::File::open(&draft)?.sync_all()?;
    std::fs::rename(&draft, &backup)?;
    data_dir::sync(path.parent().unwrap_or(Path::new(".")))?;
    Ok(())
}

/// Where a database of that version is kept while a newer release changes it: `drawbridge.schema-1.db`.
fn backup_path(path: &Path, version: i64) -> PathBuf {
    path.with_extension(format!("schema-{version}.db"))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use sqlx::ConnectOptions as _;
    use tempfile::TempDir;

    use super::*;
    use crate::sqlite;

    const KNOWN: i64 = SQLITE[SQLITE.len() - 1].0;

    /// The migrations as they would be with one more.
    fn and(statements: &'static str) -> Vec<(i64, &'static str, &'static str)> {
        [SQLITE, &[(KNOWN + 1, "next", statements)]].concat()
    }

    const NEXT: &str = "ALTER TABLE projects ADD COLUMN document TEXT NOT NULL DEFAULT '{}'";
    const BROKEN: &str = "CREATE TABLE half (id INTEGER); CREATE TABLE meta (id INTEGER)";

    /// A new database at the newest schema.
    pub(crate) async fn migrated(path: &Path) -> SqliteConnection {
        let mut connection = connect(path).await;
        migrate(&mut connection, path, SQLITE).await.unwrap();
        connection
    }

    async fn connect(path: &Path) -> SqliteConnection {
        sqlite::writing(path)
            .create_if_missing(true)
            .connect()
            .await
            .unwrap()
    }

    /// Names of the databases in a directory, but for the one in use.
    fn backups(directory: &TempDir) -> Vec<String> {
        let entries = std::fs::read_dir(directory.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.ends_with(".db") && name != "drawbridge.db")
            .collect()
    }

    #[tokio::test]
    async fn an_older_database_is_backed_up_before_it_changes() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("drawbridge.db");
        let mut connection = migrated(&path).await;
        sqlx::query(
            "INSERT INTO projects (id, slug, name, revision, created_at, updated_at) \
                VALUES ('proj_1', 'one', 'One', 1, '', '')",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        assert!(backups(&directory).is_empty(), "a new database needs none");

        // A backup that was cut short before does not stand in the way.
        let name = format!("drawbridge.schema-{KNOWN}");
        std::fs::write(directory.path().join(format!("{name}.draft")), "half").unwrap();
        migrate(&mut connection, &path, &and(NEXT)).await.unwrap();
        let newer = Some(KNOWN + 1);
        assert_eq!(version(&mut connection, &path).await.unwrap(), newer);
        assert_eq!(backups(&directory), [format!("{name}.db")]);

        let backup = directory.path().join(format!("{name}.db"));
        assert_eq!(
            std::fs::metadata(&backup).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let mut old = connect(&backup).await;
        assert_eq!(version(&mut old, &backup).await.unwrap(), Some(KNOWN));
        migrate(&mut old, &backup, SQLITE).await.unwrap();
        let slug: String = sqlx::query_scalar("SELECT slug FROM projects")
            .fetch_one(&mut old)
            .await
            .unwrap();
        assert_eq!(slug, "one");

        migrate(&mut connection, &path, &and(NEXT)).await.unwrap();
        assert_eq!(backups(&directory).len(), 1, "up to date: nothing to do");
    }

    #[tokio::test]
    async fn records_of_before_remnants_are_counted_and_stay() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("drawbridge.db");
        let mut connection = connect(&path).await;
        migrate(&mut connection, &path, &SQLITE[..10])
            .await
            .unwrap();
        let old = "INSERT INTO idempotency_records (scope, key_id, expires_at, record) \
            VALUES (randomblob(32), 'ak_1', '', zeroblob(3000))";
        for _ in 0..2 {
            sqlx::query(old).execute(&mut connection).await.unwrap();
        }
        migrate(&mut connection, &path, SQLITE).await.unwrap();
        let usage: (i64, i64) = sqlx::query_as("SELECT records, bytes FROM idempotency_usage")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(usage, (2, 0));
        sqlx::query("DELETE FROM idempotency_records")
            .execute(&mut connection)
            .await
            .unwrap();
        let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM idempotency_usage")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(left, 0);
    }

    #[tokio::test]
    async fn a_migration_that_fails_changes_nothing() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("drawbridge.db");
        let mut connection = migrated(&path).await;
        let failed = migrate(&mut connection, &path, &and(BROKEN)).await;
        assert!(matches!(failed, Err(StoreError::Open { .. })), "{failed:?}");
        drop(connection);
        let mut connection = connect(&path).await;
        migrate(&mut connection, &path, &and(NEXT)).await.unwrap();
        let half: Result<i64, _> = sqlx::query_scalar("SELECT COUNT(*) FROM half")
            .fetch_one(&mut connection)
            .await;
        assert!(half.is_err());
    }

    #[tokio::test]
    async fn a_newer_database_is_refused_and_left_alone() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("drawbridge.db");
        let mut connection = migrated(&path).await;
        migrate(&mut connection, &path, &and(NEXT)).await.unwrap();
        let refused = migrate(&mut connection, &path, SQLITE).await;
        let Err(StoreError::NewerSchema { found, known, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((found, known), (KNOWN + 1, KNOWN));
        assert_eq!(
            version(&mut connection, &path).await.unwrap(),
            Some(KNOWN + 1)
        );
    }
}
