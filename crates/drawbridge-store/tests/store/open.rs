//! Data directories and key files, whole and broken.

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use drawbridge_store::{EndpointFilter, KeyFilter, MasterKey, ProjectFilter, Store, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, SqlSafeStr as _};
use tempfile::TempDir;

use crate::cases::audit::assert_chain;
use crate::sample::{EVERYTHING, change, endpoint, key, master_key, project};

async fn fill(store: &Store) {
    change(store, async |write| {
        write.insert_project(&project(1)).await?;
        write
            .insert_endpoint(&endpoint(&project(1), "chat"))
            .await?;
        write
            .insert_endpoint(&endpoint(&project(1), "other"))
            .await?;
        write.insert_key(&key(&project(1), 1)).await
    })
    .await
    .unwrap();
}

/// Does something to the database behind the store's back.
pub(crate) async fn tamper(directory: &Path, statement: &'static str) {
    let options = SqliteConnectOptions::new()
        .filename(directory.join("drawbridge.db"))
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    connection.execute(statement.into_sql_str()).await.unwrap();
}

/// Why the directory cannot be opened: its error, and its text with all causes.
async fn refusal(directory: &Path) -> (StoreError, String) {
    let error = Store::open(directory, master_key()).await.unwrap_err();
    let text = sentence(&error);
    (error, text)
}

/// The error in words, which must be one line without a final stop.
pub(crate) fn sentence(error: &StoreError) -> String {
    let mut text = error.to_string();
    assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn everything_is_there_again_after_reopening() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("new/data");
    let store = Store::open(&directory, master_key()).await.unwrap();
    fill(&store).await;
    let before = store.load().await.unwrap();
    drop(store);
    let store = Store::open(&directory, master_key()).await.unwrap();
    assert_eq!(store.load().await.unwrap(), before);
    assert_eq!(store.write().await.unwrap().revision(), 2);
}

/// A data directory with the database that schema 1 was made for: what [`fill`] made in its first write, then projects
/// 2 to 4, a write each. Committed as it was written, and never to be made anew.
pub(crate) fn with_first_schema() -> TempDir {
    let directory = TempDir::new().unwrap();
    let database = include_bytes!("schema-1.db");
    fs::write(directory.path().join("drawbridge.db"), database).unwrap();
    directory
}

/// Rows that were written before lists could be searched are found as others are.
async fn assert_everything_is_found(store: &Store) {
    let search = |text: &str| Some(text.to_owned());
    let filter = ProjectFilter {
        search: search("PROJ_"),
        ..ProjectFilter::default()
    };
    let projects = store.projects(&filter, &EVERYTHING).await.unwrap().rows;
    let filter = EndpointFilter {
        search: search("app.example"),
        ..EndpointFilter::default()
    };
    let id = project(1).id;
    let endpoints = store.endpoints(&id, &filter, &EVERYTHING).await;
    let filter = KeyFilter {
        search: search("AK_LIVE_"),
        endpoint: search("chat"),
        ..KeyFilter::default()
    };
    let keys = store.keys(&filter, &EVERYTHING).await.unwrap().rows;
    let found = (projects.len(), endpoints.unwrap().rows.len(), keys.len());
    assert_eq!(found, (4, 2, 1));
}

#[tokio::test]
async fn a_database_of_the_first_schema_opens_with_everything_in_it() {
    let directory = with_first_schema();
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    let loaded = store.load().await.unwrap();
    assert_eq!((loaded.revision, loaded.projects.len()), (4, 4));
    let mut expected = endpoint(&project(1), "chat");
    (expected.sequence, expected.revision) = (1, 1);
    assert_eq!(loaded.endpoints[0], expected);
    assert_eq!(loaded.keys[0].tokens, key(&project(1), 1).tokens);
    assert_chain(&store.audit(&EVERYTHING).await.unwrap().rows);
    assert_everything_is_found(&store).await;
    change(&store, async |write| {
        write.insert_project(&project(5)).await
    })
    .await
    .unwrap();
    let rows = store.audit(&EVERYTHING).await.unwrap().rows;
    assert_eq!(rows.len(), 5);
    assert_chain(&rows);
    let backup = directory.path().join("drawbridge.schema-1.db");
    assert_eq!(mode(&backup), 0o600);
}

#[tokio::test]
async fn only_the_owner_may_read_what_is_made() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("data");
    let store = Store::open(&directory, master_key()).await.unwrap();
    fill(&store).await;
    assert_eq!(mode(&directory), 0o700);
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn no_file_holds_a_credential_or_a_token_as_text() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    fill(&store).await;
    // Names are there, so that looking at the bytes proves something.
    let mut found_name = false;
    for entry in fs::read_dir(directory.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let has = |text: &str| {
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        found_name |= has("project-1");
        assert!(!has("sk-upstream"));
    }
    assert!(found_name);
}

#[tokio::test]
async fn a_data_directory_is_used_by_one_store_at_a_time() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    let (error, text) = refusal(directory.path()).await;
    assert!(matches!(error, StoreError::InUse(_)), "{text}");
    // A write that is under way keeps it, too.
    let write = store.write().await.unwrap();
    drop(store);
    assert!(matches!(
        refusal(directory.path()).await.0,
        StoreError::InUse(_)
    ));
    drop(write);
    Store::open(directory.path(), master_key()).await.unwrap();
}

#[tokio::test]
async fn a_file_in_the_place_of_the_directory_is_named() {
    let parent = TempDir::new().unwrap();
    let path = parent.path().join("data");
    fs::write(&path, "a file").unwrap();
    let (_, text) = refusal(&path).await;
    assert_eq!(
        text,
        format!("the data directory {} is not a directory", path.display())
    );
    let (_, text) = refusal(&path.join("below")).await;
    assert!(text.contains("below cannot be made: "), "{text}");
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_or_written_is_named() {
    // Not even root makes directories or files in these two.
    let (_, text) = refusal(Path::new("/proc/drawbridge")).await;
    assert!(
        text.starts_with("the data directory /proc/drawbridge cannot be made: "),
        "{text}"
    );
    let (_, text) = refusal(Path::new("/proc")).await;
    assert!(
        text.starts_with("the data directory /proc cannot be written: "),
        "{text}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("drawbridge.db");
    let garbage = "neither a database nor empty ".repeat(200);
    fs::write(&path, &garbage).unwrap();
    let (_, text) = refusal(directory.path()).await;
    assert_eq!(
        text,
        format!("{} is not a drawbridge database", path.display())
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), garbage);
}

#[tokio::test]
async fn a_database_of_something_else_is_refused() {
    let directory = TempDir::new().unwrap();
    tamper(directory.path(), "CREATE TABLE recipes (name TEXT)").await;
    let (_, text) = refusal(directory.path()).await;
    assert!(text.ends_with("is not a drawbridge database"), "{text}");
}

#[tokio::test]
async fn a_directory_in_the_place_of_the_database_is_refused() {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("drawbridge.db")).unwrap();
    let (_, text) = refusal(directory.path()).await;
    assert!(text.contains("drawbridge.db cannot be opened: "), "{text}");
}

#[tokio::test]
async fn an_empty_file_becomes_a_new_database() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("drawbridge.db"), "").unwrap();
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    fill(&store).await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let directory = TempDir::new().unwrap();
    drop(Store::open(directory.path(), master_key()).await.unwrap());
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (1000, 'later', true, x'00', 0)";
    tamper(directory.path(), newer).await;
    let (error, text) = refusal(directory.path()).await;
    assert!(
        matches!(error, StoreError::NewerSchema { found: 1000, .. }),
        "{text}"
    );
}

#[tokio::test]
async fn a_wrong_master_key_is_told_at_once() {
    let directory = TempDir::new().unwrap();
    drop(Store::open(directory.path(), master_key()).await.unwrap());
    let wrong = MasterKey::from_secret("not the master key that it was made with");
    let error = Store::open(directory.path(), wrong).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongMasterKey(_)));
    assert!(sentence(&error).starts_with("the master key does not fit the database "));
    Store::open(directory.path(), master_key()).await.unwrap();
}

#[tokio::test]
async fn credentials_cannot_be_swapped_between_endpoints() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    fill(&store).await;
    drop(store);
    let swap =
        "UPDATE endpoints SET credential = (SELECT credential FROM endpoints WHERE name = 'chat')
        WHERE name = 'other'";
    tamper(directory.path(), swap).await;
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    assert!(
        store
            .endpoint("proj_000001", "chat")
            .await
            .unwrap()
            .is_some()
    );
    let error = store.endpoint("proj_000001", "other").await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }));
    assert!(sentence(&error).starts_with(
        "the credential of endpoint proj_000001/other in the database cannot be read: "
    ));
    assert!(matches!(
        store.load().await,
        Err(StoreError::Corrupt { .. })
    ));
}

#[tokio::test]
async fn a_damaged_row_is_named() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    fill(&store).await;
    drop(store);
    tamper(
        directory.path(),
        "UPDATE api_keys SET document = '{\"name\":'",
    )
    .await;
    let store = Store::open(directory.path(), master_key()).await.unwrap();
    let text = sentence(&store.key("ak_live_000001").await.unwrap_err());
    assert!(
        text.starts_with(
            "column `document` of a row for a key in the database cannot be read: EOF"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn the_key_file_is_made_once_for_its_owner_alone() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("data");
    let path = directory.join("master.key");
    let made = MasterKey::load_or_create(&path).unwrap();
    assert_eq!((mode(&directory), mode(&path)), (0o700, 0o600));
    assert_eq!(
        fs::read_dir(&directory).unwrap().count(),
        1,
        "no draft is left"
    );
    let store = Store::open(&directory, made).await.unwrap();
    drop(store);
    let loaded = MasterKey::load_or_create(&path).unwrap();
    drop(Store::open(&directory, loaded).await.unwrap());
    let text = fs::read_to_string(&path).unwrap();
    Store::open(&directory, MasterKey::from_secret(text.trim()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_lost_key_file_is_not_made_anew_beside_a_database() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("master.key");
    let store = Store::open(directory.path(), MasterKey::load_or_create(&path).unwrap())
        .await
        .unwrap();
    fill(&store).await;
    drop(store);
    fs::remove_file(&path).unwrap();
    let error = MasterKey::load_or_create(&path).unwrap_err();
    assert!(
        matches!(error, StoreError::KeyFileMissing(_)),
        "{}",
        sentence(&error)
    );
    assert!(!path.exists());
}

#[test]
fn a_key_file_that_others_can_read_is_refused_with_the_cure() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("master.key");
    MasterKey::load_or_create(&path).unwrap();
    for exposed in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, fs::Permissions::from_mode(exposed)).unwrap();
        let text = sentence(&MasterKey::load_or_create(&path).unwrap_err());
        assert!(
            text.ends_with(&format!("run `chmod 600 {}`", path.display())),
            "{text}"
        );
    }
}

#[test]
fn a_key_file_without_a_key_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("master.key");
    for content in ["", "too short\n", "\u{fffd}"] {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let text = sentence(&MasterKey::load_or_create(&path).unwrap_err());
        assert!(text.contains("holds fewer than 32 characters"), "{text}");
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    sentence(&MasterKey::load_or_create(&path).unwrap_err());
}
