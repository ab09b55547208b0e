//! Rows to try things with.

use drawbridge_policy::endpoint::Secret;
use drawbridge_policy::token::TokenDigest;
use drawbridge_store::{
    AuditEntry, Committed, EndpointRow, KeyRow, MasterKey, Page, ProjectRow, Store, StoreError,
    TokenRow, Write,
};
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;

pub(crate) const MASTER_KEY: &str = "a master key for tests, 32 characters or more";

/// A new store in a directory of its own, which goes when this is dropped.
pub(crate) struct SqliteStore {
    pub(crate) store: Store,
    _directory: TempDir,
}

impl SqliteStore {
    pub(crate) async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let store = Store::open(directory.path(), master_key()).await.unwrap();
        Self {
            store,
            _directory: directory,
        }
    }
}

pub(crate) fn master_key() -> MasterKey {
    MasterKey::from_secret(MASTER_KEY)
}

/// A moment; greater numbers are later, by a little more than a second each.
pub(crate) fn moment(number: i64) -> Timestamp {
    Timestamp::from_nanosecond(1_795_000_000_000_000_000 + i128::from(number) * 1_000_000_001)
        .unwrap()
}

/// Project number `number`: `proj_000001` with the slug `project-1`.
pub(crate) fn project(number: i64) -> ProjectRow {
    ProjectRow {
        id: format!("proj_{number:06}"),
        slug: format!("project-{number}"),
        name: format!("Project “{number}”"),
        settings: json!({"rate_limit": {"requests": number, "per_seconds": 60, "burst": null}}),
        revision: 0,
        created_at: moment(number),
        updated_at: moment(number),
    }
}

/// An endpoint of that project, with a credential.
pub(crate) fn endpoint(project: &ProjectRow, name: &str) -> EndpointRow {
    EndpointRow {
        project_id: project.id.clone(),
        name: name.to_owned(),
        document: json!({
            "models": ["b", {"name": "a", "upstream_name": "ünïcode"}],
            "upstream": {"base_url": "https://upstream.example/v1"},
            "cors": {"allowedOrigins": ["https://app.example.com"], "maxAge": 86400},
            "limits": {},
        }),
        credential: Some(Secret::new(format!("sk-upstream-{name}"))),
        sequence: 0,
        revision: 0,
        created_at: project.created_at,
        updated_at: project.created_at,
    }
}

/// Key number `number` of that project, with one token.
pub(crate) fn key(project: &ProjectRow, number: i64) -> KeyRow {
    let id = format!("ak_live_{number:06}");
    KeyRow {
        document: json!({"name": "web", "kind": "publishable", "mode": "live", "scopes": ["inference"]}),
        tokens: vec![TokenRow {
            digest: TokenDigest::of(id.as_bytes()),
            expires_at: None,
        }],
        id,
        project_id: project.id.clone(),
        revoked_at: None,
        revision: 0,
        created_at: moment(number),
        updated_at: moment(number),
        last_use: None,
        exposed: None,
    }
}

pub(crate) fn entry(action: &str) -> AuditEntry {
    AuditEntry {
        at: moment(0),
        actor: "root".to_owned(),
        action: action.to_owned(),
        project_id: None,
        target: "proj_000001".to_owned(),
        client_ip: Some("192.0.2.1".to_owned()),
        request_id: "request-1".to_owned(),
        change: json!({}),
    }
}

/// The whole list, in one part.
pub(crate) const EVERYTHING: Page = Page {
    limit: 1000,
    after: None,
};

/// One write: what `changes` does, committed.
pub(crate) async fn change(
    store: &Store,
    changes: impl AsyncFnOnce(&mut Write) -> Result<(), StoreError>,
) -> Result<Committed, StoreError> {
    let mut write = store.write().await?;
    changes(&mut write).await?;
    write.commit(entry("test.change")).await
}
