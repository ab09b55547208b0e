//! Endpoints and keys by their documents.

use std::sync::Arc;

use drawbridge_policy::endpoint::{Endpoint, Project};
use drawbridge_policy::key::ApiKey;
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::snapshot::{Change, Snapshot};
use drawbridge_policy::token::TokenDigest;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) const PROJECT: &str = "proj_alpha1";

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn endpoint(project: &str, name: &str, cors: &Value) -> Arc<Endpoint> {
    let project = Arc::new(Project {
        id: project.into(),
        slug: "p".into(),
        ..Project::default()
    });
    let document = json!({"upstream": {"base_url": "http://127.0.0.1:1/v1"}, "cors": cors});
    Arc::new(
        Endpoint::compile(&project, name, &document, None)
            .unwrap()
            .0,
    )
}

pub(crate) fn key(id: &str, document: &Value, revoked_at: Option<Timestamp>) -> Arc<ApiKey> {
    let mut document = document.clone();
    document["kind"] = "secret".into();
    let config = KeyConfig::read(&document).unwrap();
    Arc::new(config.compile(id, PROJECT, [], revoked_at))
}

pub(crate) fn empty() -> Snapshot {
    Snapshot::new(TokenDigest::of(b"root"))
}

/// One key after the other, each in a revision of its own.
pub(crate) fn with_keys(keys: &[Value]) -> Snapshot {
    let numbered = (1..).zip(keys);
    numbered.fold(empty(), |snapshot, (number, document)| {
        let key = key(&format!("ak_{number}"), document, None);
        snapshot.apply(number, [Change::Key(key)])
    })
}
