//! The index answers what the policies answer one by one.

use drawbridge_policy::cors::{
    AllowOrigin, CorsConfig, Expose, OriginHeader, Preflight, PreflightAnswer, Refusal,
};
use drawbridge_policy::joint::JointPolicies;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use serde_json::json;

use crate::naive::{self, Candidate, Question};
use crate::support::{config, no_keys};

const ORIGINS: [&str; 10] = [
    "https://a.example.com",
    "https://b.example.com",
    "https://*.example.com",
    "https://*.com.example",
    "https://*.x.a.example.com",
    "http://localhost:*",
    "http://localhost:3000",
    "http://*.localhost",
    "chrome-extension://*",
    "*",
];

const ASKED_ORIGINS: [&str; 16] = [
    "https://a.example.com",
    "https://a.example.com",
    "https://b.example.com",
    "https://y.x.a.example.com",
    "https://example.com",
    "https://example.com.example",
    "http://a.example.com",
    "http://localhost",
    "http://localhost:3000",
    "http://localhost:4000",
    "http://a.localhost",
    "chrome-extension://abc",
    "null",
    "https://a.example.com/",
    "https://*.example.com",
    "*",
];

const METHODS: [&str; 6] = ["GET", "POST", "DELETE", "patch", "HEAD", "*"];

const ASKED_METHODS: [&str; 9] = [
    "POST", "POST", "GET", "HEAD", "DELETE", "patch", "PURGE", "TRACE", "*",
];

const HEADERS: [&str; 10] = [
    "Content-Type",
    "Authorization",
    "X-One",
    "x-one",
    "X-Two",
    "X-A-*",
    "x-a-b-*",
    "X-A-B-C",
    "@drawbridge",
    "*",
];

const ASKED_HEADERS: [&str; 13] = [
    "content-type",
    "authorization",
    "AUTHORIZATION",
    "x-one",
    "X-ONE",
    "x-two",
    "x-three",
    "x-a-",
    "x-a-z",
    "X-A-B-C",
    "x-request-id",
    "*",
    "x y",
];

/// A policy; without credentials where they would be refused.
pub(crate) fn cors() -> impl Strategy<Value = CorsConfig> {
    let some = |from: &'static [&'static str], least, most| subsequence(from, least..=most);
    let exposed = prop_oneof![
        4 => some(&["X-Request-Id", "x-request-id", "Retry-After", "X-More"], 0, 3),
        1 => Just(vec!["*"]),
    ];
    let enforcement = prop_oneof![6 => Just("server"), 2 => Just("browser"), 1 => Just("report")];
    (
        some(&ORIGINS, 0, 3),
        some(&METHODS, 1, 4),
        some(&HEADERS, 0, 6),
        select(vec![0, 600, 7200, 86_400]),
        prop::bool::weighted(0.6),
        exposed,
        enforcement,
    )
        .prop_map(|(origins, methods, headers, age, credentials, exposed, mode)| {
            let mut config = config(&json!({
                "allowedOrigins": origins, "allowedMethods": methods, "allowedHeaders": headers, "maxAge": age,
                "allowCredentials": credentials, "exposedHeaders": exposed, "enforcement": mode,
            }));
            let dangerous = ["*", "chrome-extension://*"];
            let is_dangerous = |origin: &String| dangerous.contains(&origin.as_str());
            config.allow_credentials &= !config.allowed_origins.iter().any(is_dangerous);
            config
        })
}

/// Mostly a few; sometimes so many that sets take several words and both forms.
fn policies() -> impl Strategy<Value = Vec<CorsConfig>> {
    let few = prop::collection::vec(cors(), 0..5);
    let some = prop::collection::vec(cors(), 5..16);
    let many = prop::collection::vec(cors(), 60..140);
    prop_oneof![40 => few, 10 => some, 1 => many]
}

pub(crate) fn question() -> impl Strategy<Value = Question> {
    let name = prop_oneof![20 => select(&ASKED_HEADERS[..]), 1 => Just("")];
    let separator = select(vec![",", ", ", "\t,"]);
    let line = (prop::collection::vec(name, 0..4), separator)
        .prop_map(|(names, separator)| names.join(separator));
    let too_large = prop_oneof![
        Just(vec!["a".repeat(4097)]),
        Just(vec!["a,".repeat(64), "a".to_owned()]),
    ];
    let lines = prop_oneof![20 => prop::collection::vec(line, 0..3), 1 => too_large];
    let origin = prop_oneof![
        30 => select(&ASKED_ORIGINS[..]).prop_map(|origin| origin.to_owned()),
        1 => Just("a".repeat(327)),
    ];
    (origin, select(&ASKED_METHODS[..]), lines).prop_map(|(origin, method, lines)| Question {
        origin,
        method: method.into(),
        lines,
    })
}

fn candidates(configs: Vec<CorsConfig>) -> Vec<Candidate> {
    configs.into_iter().map(Candidate::new).collect()
}

fn join(candidates: &[Candidate]) -> JointPolicies {
    JointPolicies::new(candidates.iter().map(|it| &it.policy))
}

pub(crate) fn preflight(question: &Question) -> Preflight<'_, impl Iterator<Item = &[u8]> + Clone> {
    Preflight {
        origin: question.origin.as_bytes(),
        method: question.method.as_bytes(),
        header_lines: question.lines.iter().map(String::as_bytes),
    }
}

/// The answer with its lists in order and lower case; a name that is listed twice stays twice.
pub(crate) fn in_order(mut answer: PreflightAnswer) -> PreflightAnswer {
    for list in [
        &mut answer.allow_methods,
        &mut answer.allow_headers,
        &mut answer.expose_headers,
    ] {
        let Some(value) = list else { continue };
        let value = String::from_utf8(value.to_ascii_lowercase()).unwrap();
        let mut names: Vec<_> = value.split(", ").collect();
        names.sort_unstable();
        *list = Some(names.join(", ").into());
    }
    answer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_index_answers_as_the_policies_one_by_one(
        configs in policies(), questions in prop::collection::vec(question(), 6)
    ) {
        let candidates = candidates(configs);
        let joint = join(&candidates);
        for question in &questions {
            let expected = naive::answer(&candidates, question);
            let answer = joint.preflight(&preflight(question), no_keys());
            prop_assert_eq!(in_order(answer), in_order(expected), "{:?}", question);
        }
    }

    #[test]
    fn one_policy_answers_as_by_itself(config in cors(), question in question()) {
        let candidate = Candidate::new(config);
        let own = candidate.policy.preflight(&preflight(&question));
        let joint = join(std::slice::from_ref(&candidate)).preflight(&preflight(&question), no_keys());
        prop_assert_eq!(PreflightAnswer { vary: None, ..joint }, PreflightAnswer { vary: None, ..own });
    }

    #[test]
    fn answers_without_an_endpoint_are_readable_where_some_policy_admits_the_origin(
        configs in policies(), question in question()
    ) {
        let candidates = candidates(configs);
        let joint = join(&candidates);
        let verdict = joint.before_endpoint(OriginHeader::One(question.origin.as_bytes()), false, no_keys());
        let simple = Question { method: "GET".to_owned(), lines: Vec::new(), ..question };
        let is_admitted = |it: &Candidate| {
            it.policy.preflight(&preflight(&simple)).allow_origin != AllowOrigin::Withheld
        };
        let is_readable = candidates.iter().any(is_admitted);
        prop_assert_eq!(verdict.allow_origin != AllowOrigin::Withheld, is_readable);
        prop_assert_eq!(verdict.expose != &Expose::None, is_readable);
        prop_assert!(verdict.vary_origin && !verdict.allow_credentials);
        prop_assert_eq!((verdict.refusal, verdict.reported), (None, None));
    }
}

#[test]
fn the_generator_meets_every_outcome() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (policies(), question());
    let mut seen = std::collections::BTreeMap::new();
    let mut note =
        |what: &str, is_seen: bool| *seen.entry(what.to_owned()).or_insert(0) += u32::from(is_seen);
    for _ in 0..1_500 {
        let (configs, question) = strategy.new_tree(&mut runner).unwrap().current();
        let answer = naive::answer(&candidates(configs), &question);
        let passes = answer.refusal.is_none();
        note("passes", passes);
        note("credentials", passes && answer.allow_credentials);
        note("star", passes && answer.allow_origin == AllowOrigin::Any);
        note("echo", passes && answer.allow_origin == AllowOrigin::Echo);
        note(
            "exposes any",
            passes && answer.expose_headers.as_deref() == Some(b"*"),
        );
        note("exposes none", passes && answer.expose_headers.is_none());
        note("report mode", passes && answer.reported.is_some());
        note(
            "too large",
            answer.refusal == Some(Refusal::HeadersTooLarge),
        );
        note("origin", answer.refusal == Some(Refusal::OriginNotAllowed));
        note("method", answer.refusal == Some(Refusal::MethodNotAllowed));
        note("header", answer.refusal == Some(Refusal::HeaderNotAllowed));
    }
    for (what, count) in seen {
        assert!(count >= 15, "{what}: {count} cases");
    }
}
