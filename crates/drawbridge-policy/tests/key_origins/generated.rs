//! The union after any changes against one that reads every key anew, and what it lets through.

use std::collections::BTreeMap;

use drawbridge_policy::cors::{
    ActualVerdict, Granted, KeyGrant, OriginHeader, Preflight, PreflightAnswer, Refusal,
};
use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::snapshot::{Change, Snapshot};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::naive;
use crate::support::{PROJECT, at, empty, endpoint, key};

const PATTERNS: [&str; 11] = [
    "https://a.example.com",
    "https://b.example.com",
    "https://*.example.com",
    "https://*.x.a.example.com",
    "http://localhost:*",
    "http://localhost:3000",
    "chrome-extension://abc",
    "https://*.github.io",
    "http://intranet.example",
    "chrome-extension://*",
    "*",
];

/// Of these, what is refused together with `allowCredentials`.
const NEVER_CREDENTIALED: [&str; 4] = [
    "https://*.github.io",
    "http://intranet.example",
    "chrome-extension://*",
    "*",
];

const ORIGINS: [&str; 14] = [
    "https://a.example.com",
    "https://b.example.com",
    "https://y.x.a.example.com",
    "https://example.com",
    "http://localhost",
    "http://localhost:3000",
    "http://localhost:4000",
    "chrome-extension://abc",
    "chrome-extension://xyz",
    "https://evil.github.io",
    "http://intranet.example",
    "https://evil.example",
    "null",
    "https://a.example.com/",
];

const NAMES: [&str; 2] = ["one", "two"];
const ENDS: [i64; 2] = [100, 200];
const MOMENTS: [i64; 4] = [0, 100, 150, 200];

/// A key as it was asked for.
#[derive(Clone, Debug)]
struct Spec {
    origins: Option<Vec<&'static str>>,
    endpoints: Option<Vec<&'static str>>,
    infers: bool,
    end: Option<i64>,
    is_revoked: bool,
}

impl Spec {
    fn change(&self, id: &str) -> Change {
        let scope = if self.infers {
            "inference"
        } else {
            "keys:read"
        };
        let document = json!({
            "scopes": [scope], "endpoints": self.endpoints, "allowed_origins": self.origins,
            "expires_at": self.end.map(|end| at(end).to_string()),
        });
        Change::Key(key(id, &document, self.is_revoked.then(|| at(0))))
    }

    fn is_active(&self, now: i64) -> bool {
        !self.is_revoked && self.end.is_none_or(|end| now < end)
    }

    fn may_use(&self, name: &str) -> bool {
        let names = self.endpoints.as_ref();
        self.infers && names.is_none_or(|names| names.contains(&name))
    }

    fn admits(&self, origin: &str) -> bool {
        naive_admits(self.origins.iter().flatten(), origin)
    }
}

fn naive_admits<'p>(patterns: impl IntoIterator<Item = &'p &'static str>, origin: &str) -> bool {
    let patterns: Vec<_> = patterns
        .into_iter()
        .map(|text| (*text).to_owned())
        .collect();
    naive::admits(&patterns, origin.as_bytes())
}

/// Rule 5 read literally.
fn naive_grant(keys: &BTreeMap<usize, Spec>, name: &str, origin: &str, now: i64) -> KeyGrant {
    let active = keys
        .values()
        .filter(|key| key.is_active(now) && key.may_use(name));
    let union: Vec<_> = active
        .flat_map(|key| key.origins.iter().flatten())
        .collect();
    let good = union
        .iter()
        .filter(|text| !NEVER_CREDENTIALED.contains(text));
    let origin = if naive_admits(good.copied(), origin) {
        Granted::Listed
    } else if naive_admits(union.iter().copied(), origin) {
        Granted::WithoutCredentials
    } else {
        Granted::Nothing
    };
    KeyGrant {
        any: union.contains(&&"*"),
        origin,
    }
}

fn spec() -> impl Strategy<Value = Spec> {
    (
        prop::option::weighted(0.85, subsequence(&PATTERNS[..], 0..4)),
        prop::option::of(subsequence(&NAMES[..], 0..=2)),
        prop::bool::weighted(0.9),
        prop::option::of(select(&ENDS[..])),
        prop::bool::weighted(0.15),
    )
        .prop_map(|(origins, endpoints, infers, end, is_revoked)| Spec {
            origins,
            endpoints,
            infers,
            end,
            is_revoked,
        })
}

/// Which key changes, and to what; `None` removes it.
fn steps() -> impl Strategy<Value = Vec<(usize, Option<Spec>)>> {
    let step = (0_usize..5, prop::option::weighted(0.85, spec()));
    prop::collection::vec(step, 1..14)
}

fn make(
    keys: &mut BTreeMap<usize, Spec>,
    snapshot: &Snapshot,
    step: (usize, Option<Spec>),
) -> Snapshot {
    let (number, spec) = step;
    let id = format!("ak_{number}");
    let change = match &spec {
        Some(spec) => spec.change(&id),
        None => Change::KeyRemoved(id.into()),
    };
    match spec {
        Some(spec) => keys.insert(number, spec),
        None => keys.remove(&number),
    };
    snapshot.apply(snapshot.revision() + 1, [change])
}

/// Policies under `enforcement: "server"`, with lists of their own or none.
fn policies() -> impl Strategy<Value = Value> {
    let origins = prop_oneof![
        3 => Just(Vec::new()),
        1 => subsequence(&PATTERNS[..6], 1..4),
    ];
    (origins, any::<bool>()).prop_map(|(origins, credentials)| {
        json!({"allowedOrigins": origins, "allowedMethods": ["GET", "POST"], "allowCredentials": credentials})
    })
}

fn preflight(endpoint: &Endpoint, origin: &str, method: &str, grant: KeyGrant) -> PreflightAnswer {
    let preflight = Preflight {
        origin: origin.as_bytes(),
        method: method.as_bytes(),
        header_lines: std::iter::empty(),
    };
    endpoint.cors.preflight_with(&preflight, grant)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn the_union_is_that_of_all_active_keys_after_every_change(steps in steps()) {
        let (mut keys, mut snapshot) = (BTreeMap::new(), empty());
        let endpoints = NAMES.map(|name| endpoint(PROJECT, name, &json!({})));
        for step in steps {
            snapshot = make(&mut keys, &snapshot, step);
            for endpoint in &endpoints {
                for origin in ORIGINS {
                    for now in MOMENTS {
                        let header = OriginHeader::One(origin.as_bytes());
                        let grant = snapshot.keys_at(at(now)).grant(endpoint, header);
                        let expected = naive_grant(&keys, &endpoint.name, origin, now);
                        prop_assert_eq!(grant, expected, "{} at {}, {}", origin, endpoint.name, now);
                    }
                }
            }
        }
    }

    #[test]
    fn what_passes_was_admitted_by_endpoint_and_key_and_its_preflight_would_have_passed(
        steps in steps(), cors in policies(), method in select(vec!["GET", "POST", "DELETE", "HEAD"])
    ) {
        let (mut keys, mut snapshot) = (BTreeMap::new(), empty());
        let endpoint = endpoint(PROJECT, "one", &cors);
        for step in steps {
            snapshot = make(&mut keys, &snapshot, step);
        }
        for (origin, now) in ORIGINS.iter().flat_map(|origin| MOMENTS.map(|now| (*origin, now))) {
            let header = OriginHeader::One(origin.as_bytes());
            let grant = snapshot.keys_at(at(now)).grant(&endpoint, header);
            let verdict = endpoint.cors.actual_with(header, method.as_bytes(), false, grant);
            let answer = preflight(&endpoint, origin, method, grant);
            prop_assert_eq!(verdict.allow_origin, preflight(&endpoint, origin, "GET", grant).allow_origin);
            let listed: Vec<String> = serde_json::from_value(cors["allowedOrigins"].clone()).unwrap();
            let is_admitted = if listed.is_empty() {
                naive_grant(&keys, "one", origin, now).origin != Granted::Nothing
            } else {
                naive::admits(&listed, origin.as_bytes())
            };
            prop_assert_eq!(is_admitted, verdict.refusal != Some(Refusal::OriginNotAllowed));
            assert_credentials(&keys, &listed, origin, now, &verdict);
            for (number, spec) in &keys {
                let key = snapshot.key(&format!("ak_{number}")).unwrap();
                let is_usable = spec.is_active(now) && spec.may_use("one");
                if !is_usable || verdict.refusal.is_some() || !key.allows_origin(header, &endpoint.cors) {
                    continue;
                }
                prop_assert_eq!(answer.refusal, None, "{} {:?}", origin, spec);
                prop_assert!(is_admitted, "{} {:?}", origin, spec);
                prop_assert!(spec.admits(origin) || (spec.origins.is_none() && !listed.is_empty()), "{} {:?}", origin, spec);
            }
        }
    }
}

/// Credentials go only to what the endpoint lists, or to what it could list together with them.
fn assert_credentials(
    keys: &BTreeMap<usize, Spec>,
    listed: &[String],
    origin: &str,
    now: i64,
    verdict: &ActualVerdict<'_>,
) {
    if verdict.allow_credentials && listed.is_empty() {
        assert_eq!(
            naive_grant(keys, "one", origin, now).origin,
            Granted::Listed,
            "{origin}"
        );
    }
}
