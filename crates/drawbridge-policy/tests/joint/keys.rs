//! Endpoints that list no origins take part with what their keys admit.

use std::sync::Arc;

use drawbridge_policy::cors::{AllowOrigin, CorsConfig, Expose, Granted, OriginHeader};
use drawbridge_policy::endpoint::{Endpoint, Project};
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::snapshot::{Change, Snapshot};
use drawbridge_policy::token::TokenDigest;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::generated::{cors, in_order, preflight, question};
use crate::naive::{self, Candidate, Question};
use crate::support::{APP, config};

const PROJECTS: [&str; 2] = ["proj_alpha1", "proj_beta22"];
const NAMES: [&str; 3] = ["one", "two", "three"];

const PATTERNS: [&str; 8] = [
    "https://a.example.com",
    "https://b.example.com",
    "https://*.example.com",
    "http://localhost:*",
    "http://localhost:3000",
    "http://a.example.com",
    "chrome-extension://*",
    "*",
];

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// Endpoints by project, name and `cors` object, oldest first; keys by project and document.
fn snapshot(endpoints: &[(usize, &str, CorsConfig)], keys: &[(usize, Value)]) -> Snapshot {
    let endpoints = (0..)
        .zip(endpoints)
        .map(|(sequence, (project, name, cors))| {
            let project = Arc::new(Project {
                id: PROJECTS[*project].into(),
                slug: "p".into(),
                ..Project::default()
            });
            let document =
                json!({"upstream": {"base_url": "http://127.0.0.1:1/v1"}, "cors": cors.to_value()});
            let (mut endpoint, _) = Endpoint::compile(&project, name, &document, None).unwrap();
            endpoint.created.sequence = sequence;
            Change::Endpoint(Arc::new(endpoint))
        });
    let keys = keys
        .iter()
        .enumerate()
        .map(|(number, (project, document))| {
            let config = KeyConfig::read(document).unwrap();
            let key = config.compile(&format!("ak_{number}"), PROJECTS[*project], [], None);
            Change::Key(Arc::new(key))
        });
    let empty = Snapshot::new(TokenDigest::of(b"root"));
    empty.apply(1, endpoints.chain(keys))
}

fn candidates(
    snapshot: &Snapshot,
    endpoints: &[(usize, &str, CorsConfig)],
    origin: &str,
) -> Vec<Candidate> {
    let candidate = |(project, name, cors): &(usize, &str, CorsConfig)| {
        let path = format!("{}/{name}", PROJECTS[*project]);
        let endpoint = snapshot.endpoint(&path).unwrap();
        let origin = OriginHeader::One(origin.as_bytes());
        let mut candidate = Candidate::new(cors.clone());
        candidate.grant = snapshot.keys_at(NOW).grant(endpoint, origin);
        candidate
    };
    endpoints.iter().map(candidate).collect()
}

/// A few policies without origins, so that endpoints share them, and some with.
fn policy() -> impl Strategy<Value = CorsConfig> {
    let headers = json!(["Authorization", "Content-Type"]);
    let without = [
        json!({}),
        json!({"allowCredentials": true}),
        json!({"allowedMethods": ["GET"], "allowedHeaders": headers, "exposedHeaders": ["*"]}),
        json!({"enforcement": "report", "allowCredentials": true}),
        json!({"enforcement": "report", "allowedMethods": ["POST"]}),
        json!({"enforcement": "browser", "allowedHeaders": ["*", "X-One"], "maxAge": 60}),
    ];
    let without = without.map(|document| config(&document));
    prop_oneof![3 => select(without.to_vec()), 1 => cors()]
}

fn endpoints() -> impl Strategy<Value = Vec<(usize, &'static str, CorsConfig)>> {
    let places: Vec<_> = (0..PROJECTS.len())
        .flat_map(|project| NAMES.map(|name| (project, name)))
        .collect();
    let places = subsequence(places, 0..=6).prop_shuffle();
    (places, prop::collection::vec(policy(), 6)).prop_map(|(places, policies)| {
        let both = places.into_iter().zip(policies);
        both.map(|((project, name), cors)| (project, name, cors))
            .collect()
    })
}

fn keys() -> impl Strategy<Value = Vec<(usize, Value)>> {
    let key = (
        0..PROJECTS.len(),
        subsequence(&PATTERNS[..], 0..4),
        prop::option::of(subsequence(&NAMES[..], 0..=3)),
        prop::bool::weighted(0.1),
    );
    let document = key.prop_map(|(project, origins, endpoints, has_ended)| {
        let end = has_ended.then(|| NOW.to_string());
        let document = json!({"kind": "secret", "allowed_origins": origins, "endpoints": endpoints, "expires_at": end});
        (project, document)
    });
    prop::collection::vec(document, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn endpoints_left_to_keys_answer_as_each_would_by_itself(
        endpoints in endpoints(), keys in keys(), questions in prop::collection::vec(question(), 6)
    ) {
        let snapshot = snapshot(&endpoints, &keys);
        let now = snapshot.keys_at(NOW);
        for question in &questions {
            let candidates = candidates(&snapshot, &endpoints, &question.origin);
            let mut expected = in_order(naive::answer(&candidates, question));
            let answer = in_order(snapshot.joint().preflight(&preflight(question), now));
            // Which of several reasons is reported depends on the order of endpoints that share a policy.
            if answer.refusal.is_none() {
                prop_assert_eq!(answer.reported.is_some(), expected.reported.is_some(), "{:?}", question);
            }
            expected.reported = answer.reported;
            prop_assert_eq!(answer, expected, "{:?}", question);

            let origin = OriginHeader::One(question.origin.as_bytes());
            let verdict = snapshot.joint().before_endpoint(origin, false, now);
            let simple = Question { method: "GET".to_owned(), lines: Vec::new(), ..question.clone() };
            let own = naive::answer(&candidates, &simple);
            prop_assert_eq!(
                verdict.allow_origin == AllowOrigin::Withheld,
                own.allow_origin == AllowOrigin::Withheld,
                "{:?}", question
            );
            prop_assert_eq!(verdict.expose == &Expose::None, verdict.allow_origin == AllowOrigin::Withheld);
            prop_assert!(!verdict.allow_credentials);
        }
    }
}

#[test]
fn the_generator_meets_what_keys_can_grant() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (endpoints(), keys(), question());
    let mut seen = [0; 5];
    for _ in 0..800 {
        let (endpoints, keys, question) = strategy.new_tree(&mut runner).unwrap().current();
        let snapshot = snapshot(&endpoints, &keys);
        let candidates = candidates(&snapshot, &endpoints, &question.origin);
        let answer = snapshot
            .joint()
            .preflight(&preflight(&question), snapshot.keys_at(NOW));
        let passes = answer.refusal.is_none();
        let grants: Vec<_> = candidates.iter().map(|it| it.grant).collect();
        let listed = grants
            .iter()
            .filter(|it| it.origin == Granted::Listed)
            .count();
        for (place, is_seen) in [
            passes && listed > 0,
            passes && listed > 1,
            passes && answer.allow_credentials && listed > 0,
            passes && grants.iter().any(|it| it.any),
            !passes && listed > 0,
        ]
        .into_iter()
        .enumerate()
        {
            seen[place] += usize::from(is_seen);
        }
    }
    assert!(seen.iter().all(|count| *count >= 5), "{seen:?}");
}

#[test]
fn a_key_admits_its_page_at_its_own_endpoints_alone_and_no_longer_than_it_lives() {
    let end = "1970-01-01T00:01:40Z";
    let document = |endpoints: Value| json!({"kind": "secret", "allowed_origins": [APP], "endpoints": endpoints, "expires_at": end});
    let simple = Question {
        origin: APP.to_owned(),
        method: "DELETE".to_owned(),
        lines: Vec::new(),
    };
    let deleting = config(&json!({"allowedMethods": ["DELETE"]}));
    let endpoints = [
        (0, "one", CorsConfig::default()),
        (0, "two", deleting.clone()),
        (1, "one", deleting),
    ];
    for (named, passes) in [
        (json!(["one"]), false),
        (json!(["two"]), true),
        (json!(null), true),
    ] {
        let snapshot = snapshot(&endpoints, &[(0, document(named.clone()))]);
        for (second, is_alive) in [(0, true), (99, true), (100, false)] {
            let keys = snapshot.keys_at(Timestamp::from_second(second).unwrap());
            let answer = snapshot.joint().preflight(&preflight(&simple), keys);
            assert_eq!(
                answer.refusal.is_none(),
                passes && is_alive,
                "{named} {second}"
            );
            let is_readable = answer.allow_origin != AllowOrigin::Withheld;
            assert_eq!(is_readable, is_alive, "{named} {second}");
        }
    }
}
