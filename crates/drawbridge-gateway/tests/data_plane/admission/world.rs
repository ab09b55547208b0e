//! Generated endpoints and keys.

use std::sync::Arc;

use drawbridge_policy::endpoint::Project;
use drawbridge_policy::key::SecretKeysInBrowsers;
use drawbridge_policy::snapshot::Change;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

/// The project of the keys; the last endpoint belongs to another one.
pub(crate) const PROJECT: &str = "proj_tests1";
pub(crate) const ENDPOINTS: [&str; 3] = ["proj_tests1/e", "proj_tests1/f", "proj_other1/e"];
/// How many keys there are.
pub(crate) const KEYS: usize = 3;
const PATTERNS: [&str; 6] = [
    "https://a.example.com",
    "https://*.example.com",
    "http://localhost:*",
    "chrome-extension://*",
    "tauri://localhost",
    "*",
];
/// Those before it go together with `allowCredentials`.
const CREDENTIALED: usize = 3;
const METHODS: [&str; 6] = ["GET", "POST", "DELETE", "PUT", "OPTIONS", "*"];
const MODELS: [&str; 2] = ["small", "large"];
const NETWORKS: [&str; 4] = [
    "203.0.113.0/24",
    "203.0.113.7",
    "2001:db8::/32",
    "127.0.0.0/8",
];

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) endpoints: [EndpointSpec; 3],
    pub(crate) keys: Vec<KeySpec>,
    pub(crate) refuses_published_keys: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct EndpointSpec {
    /// `project/name`
    pub(crate) path: &'static str,
    pub(crate) origins: Vec<&'static str>,
    pub(crate) methods: Vec<&'static str>,
    pub(crate) models: Vec<&'static str>,
    has_credentials: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct KeySpec {
    pub(crate) is_publishable: bool,
    pub(crate) infers: bool,
    /// Names.
    pub(crate) endpoints: Option<Vec<&'static str>>,
    pub(crate) origins: Option<Vec<&'static str>>,
    pub(crate) networks: Option<Vec<&'static str>>,
    pub(crate) requires_origin: bool,
    /// The year.
    pub(crate) end: Option<u16>,
    pub(crate) is_revoked: bool,
}

impl World {
    pub(crate) fn project(&self) -> Change {
        let secret_keys_in_browsers = if self.refuses_published_keys {
            SecretKeysInBrowsers::Refuse
        } else {
            SecretKeysInBrowsers::Warn
        };
        Change::Project(Arc::new(Project {
            id: PROJECT.into(),
            slug: "tests".into(),
            secret_keys_in_browsers,
            ..Project::default()
        }))
    }
}

impl EndpointSpec {
    pub(crate) fn document(&self) -> Value {
        json!({"models": self.models, "cors": {
            "allowedOrigins": self.origins, "allowedMethods": self.methods, "allowCredentials": self.has_credentials,
        }})
    }
}

impl KeySpec {
    pub(crate) fn document(&self) -> Value {
        let kind = if self.is_publishable {
            "publishable"
        } else {
            "secret"
        };
        let scope = if self.infers {
            "inference"
        } else {
            "keys:read"
        };
        json!({
            "kind": kind, "scopes": [scope], "endpoints": self.endpoints, "allowed_origins": self.origins,
            "allowed_ips": self.networks, "require_origin": self.requires_origin,
            "expires_at": self.end.map(|year| format!("{year}-01-01T00:00:00Z")),
        })
    }
}

/// A configuration.
pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let endpoints = ENDPOINTS.map(endpoint);
    let keys = prop::collection::vec(key(), KEYS);
    let world = (endpoints, keys, prop::bool::weighted(0.2));
    world.prop_map(|(endpoints, keys, refuses_published_keys)| World {
        endpoints,
        keys,
        refuses_published_keys,
    })
}

fn endpoint(path: &'static str) -> impl Strategy<Value = EndpointSpec> {
    let origins = prop_oneof![
        1 => Just(Vec::new()),
        1 => subsequence(&PATTERNS[..], 1..5),
    ];
    let methods = prop_oneof![
        2 => Just(vec!["GET", "POST"]),
        1 => subsequence(&METHODS[..], 1..5),
    ];
    let models = prop_oneof![
        1 => Just(Vec::new()),
        1 => subsequence(&MODELS[..], 0..=2),
    ];
    (origins, methods, models, any::<bool>()).prop_map(
        move |(origins, methods, models, credentials)| {
            let may_have = |origin| PATTERNS[..CREDENTIALED].contains(origin);
            let has_credentials = credentials && origins.iter().all(may_have);
            EndpointSpec {
                path,
                origins,
                methods,
                models,
                has_credentials,
            }
        },
    )
}

fn key() -> impl Strategy<Value = KeySpec> {
    (
        any::<bool>(),
        prop::bool::weighted(0.95),
        prop::option::weighted(0.5, subsequence(vec!["e", "f"], 0..=2)),
        prop::option::weighted(0.6, subsequence(&PATTERNS[..], 0..6)),
        prop::option::weighted(0.25, subsequence(&NETWORKS[..], 1..4)),
        prop::bool::weighted(0.2),
        prop_oneof![12 => Just(None), 1 => Just(Some(2020)), 4 => Just(Some(2999))],
        prop::bool::weighted(0.05),
    )
        .prop_map(
            |(
                is_publishable,
                infers,
                endpoints,
                origins,
                networks,
                requires_origin,
                end,
                is_revoked,
            )| KeySpec {
                is_publishable,
                infers: infers || is_publishable,
                endpoints,
                origins,
                networks,
                requires_origin,
                end,
                is_revoked,
            },
        )
}
