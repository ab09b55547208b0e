//! The set of origins equals the naive matcher, on origins close to the patterns.

use drawbridge_policy::origin_set::OriginSet;
use drawbridge_policy::pattern::OriginPattern;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;

use crate::naive;

fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(vec!["a", "b", "app", "evil", "example", "com", "co", "uk", "x-y", "_dmarc", "localhost", "1", "xn--bcher-kva"])
            .prop_map(str::to_owned),
        1 => "[a-z0-9_-]{1,64}",
        1 => Just("a".repeat(63)),
    ]
}

fn host() -> impl Strategy<Value = String> {
    let domain = (
        prop::collection::vec(label(), 1..5),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(labels, dot)| labels.join(".") + if dot { "." } else { "" });
    let address =
        select(vec!["127.0.0.1", "[::1]", "[2001:db8::1]", "10.0.0.1"]).prop_map(str::to_owned);
    prop_oneof![6 => domain, 1 => address]
}

fn scheme() -> impl Strategy<Value = &'static str> {
    select(vec![
        "https",
        "https",
        "http",
        "tauri",
        "chrome-extension",
        "moz-extension",
    ])
}

fn port() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        2 => select(vec![":80", ":443", ":3000", ":8443", ":1", ":65535"]).prop_map(str::to_owned),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    let exact = (scheme(), host(), port())
        .prop_map(|(scheme, host, port)| format!("{scheme}://{host}{port}"));
    let subdomains = (select(vec!["http", "https"]), host(), port())
        .prop_map(|(scheme, host, port)| format!("{scheme}://*.{host}{port}"));
    let any_port = (select(vec!["http", "https"]), host())
        .prop_map(|(scheme, host)| format!("{scheme}://{host}:*"));
    let any = prop_oneof![9 => Just("chrome-extension://*"), 9 => Just("moz-extension://*"), 1 => Just("*")];
    let pattern =
        prop_oneof![4 => exact, 4 => subdomains, 3 => any_port, 1 => any.prop_map(str::to_owned)];
    pattern.prop_filter("not a pattern", |text| OriginPattern::parse(text).is_some())
}

/// One change that an attacker, a proxy or a typo could make.
#[derive(Clone, Debug)]
enum Twist {
    Insert(&'static str, Index),
    Remove(Index),
    UpperCase(Index),
    Prefix(&'static str),
    Suffix(&'static str),
    Replace(&'static str, &'static str),
    Byte(u8, Index),
}

fn twist() -> impl Strategy<Value = Twist> {
    let parts = vec![
        ".", "a", "a.", "-", "_", ":", ":80", "@", "/", "*", "*.", "evil", " ", "\0", "%2e", "é",
        "//", "0", "xn--", "..",
    ];
    prop_oneof![
        4 => (select(parts.clone()), any::<Index>()).prop_map(|(part, at)| Twist::Insert(part, at)),
        2 => any::<Index>().prop_map(Twist::Remove),
        2 => any::<Index>().prop_map(Twist::UpperCase),
        2 => select(vec!["evil", "https://", "u@", " ", "https://evil.test#", "."]).prop_map(Twist::Prefix),
        3 => select(vec![".evil.test", "/", ".", ":443", ":80", ":3000", ":08443", ":0", "?x", "#", "@evil.test", " ", ",https://a"])
            .prop_map(Twist::Suffix),
        3 => (select(vec!["https", "://", ".", "com", "a"]), select(vec!["http", "://evil.", "..", "-", "b", ""]))
            .prop_map(|(from, to)| Twist::Replace(from, to)),
        1 => (any::<u8>(), any::<Index>()).prop_map(|(byte, at)| Twist::Byte(byte, at)),
    ]
}

fn apply(twist: &Twist, origin: &mut Vec<u8>) {
    let len = origin.len();
    match twist {
        Twist::Insert(part, at) => {
            let at = at.index(len + 1);
            origin.splice(at..at, part.bytes());
        }
        Twist::Remove(at) if len > 0 => {
            origin.remove(at.index(len));
        }
        Twist::UpperCase(at) if len > 0 => origin[at.index(len)].make_ascii_uppercase(),
        Twist::Byte(byte, at) if len > 0 => origin[at.index(len)] = *byte,
        Twist::Prefix(part) => {
            origin.splice(0..0, part.bytes());
        }
        Twist::Suffix(part) => origin.extend(part.bytes()),
        Twist::Replace(from, to) => {
            if let Ok(text) = str::from_utf8(origin) {
                *origin = text.replacen(from, to, 1).into_bytes();
            }
        }
        Twist::Remove(_) | Twist::UpperCase(_) | Twist::Byte(..) => {}
    }
}

/// An origin that the pattern admits, before it is twisted: labels for its `*.`, a port for its `:*`.
fn admitted(pattern: &str, labels: &[String], port: &str) -> String {
    if pattern == "*" {
        return "null".to_owned();
    }
    if let Some(base) = pattern.strip_suffix(":*") {
        return format!("{base}{port}");
    }
    pattern.replace('*', &labels.join("."))
}

fn origin_near(patterns: Vec<String>) -> impl Strategy<Value = (Vec<String>, Vec<u8>)> {
    let labels = prop::collection::vec(label(), 1..4);
    let twists = prop::collection::vec(twist(), 0..3);
    let near = (any::<Index>(), labels, port(), twists);
    let close = near.prop_map({
        let patterns = patterns.clone();
        move |(which, labels, port, twists)| {
            let mut origin = admitted(which.get::<String>(&patterns), &labels, &port).into_bytes();
            for twist in &twists {
                apply(twist, &mut origin);
            }
            origin
        }
    });
    let far = prop_oneof![
        Just(b"null".to_vec()),
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 0..400),
        (scheme(), host(), port())
            .prop_map(|(scheme, host, port)| format!("{scheme}://{host}{port}").into_bytes()),
    ];
    let origin = prop_oneof![9 => close, 1 => far];
    (Just(patterns), origin)
}

fn compiled(patterns: &[String]) -> OriginSet {
    let patterns: Vec<_> = patterns
        .iter()
        .map(|text| OriginPattern::parse(text).unwrap())
        .collect();
    OriginSet::new(&patterns)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_500))]

    #[test]
    fn the_set_admits_what_the_naive_matcher_admits(
        (patterns, origin) in prop::collection::vec(pattern(), 1..6).prop_flat_map(origin_near)
    ) {
        let expected = naive::admits(&patterns, &origin);
        prop_assert_eq!(
            compiled(&patterns).admits(&origin),
            expected,
            "{:?} of {:?}",
            String::from_utf8_lossy(&origin),
            patterns
        );
    }
}

#[test]
fn the_generator_hits_both_verdicts_of_every_shape() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = prop::collection::vec(pattern(), 1..2).prop_flat_map(origin_near);
    let mut seen = std::collections::HashMap::new();
    for _ in 0..1_500 {
        let (patterns, origin) = strategy.new_tree(&mut runner).unwrap().current();
        let shape = match OriginPattern::parse(&patterns[0]).unwrap() {
            OriginPattern::Any => "any",
            OriginPattern::Exact(_) => "exact",
            OriginPattern::AnyPort(_) => "any port",
            OriginPattern::Subdomains { .. } => "subdomains",
            OriginPattern::AnyExtension(_) => "any extension",
        };
        *seen
            .entry((shape, compiled(&patterns).admits(&origin)))
            .or_insert(0_u32) += 1;
    }
    for shape in ["exact", "any port", "subdomains", "any extension"] {
        for admitted in [true, false] {
            let count = seen.get(&(shape, admitted)).copied().unwrap_or_default();
            assert!(count >= 20, "{shape}, admitted: {admitted}: {count} cases");
        }
    }
}

#[test]
fn an_origin_over_326_bytes_matches_nothing() {
    let everything = compiled(&["*".to_owned()]);
    assert!(everything.admits(&[b'x'; 326]));
    assert!(!everything.admits(&[b'x'; 327]));
    assert!(!everything.admits(b""));
    assert!(everything.admits(b"null"));
}

#[test]
fn wildcards_at_many_depths_are_all_found() {
    let parents = (1..100).map(|depth| format!("{}example", "a.".repeat(depth)));
    let patterns: Vec<_> = parents
        .map(|parent| format!("https://*.{parent}"))
        .collect();
    let set = compiled(&patterns[40..]);
    let deep = |depth: usize| format!("https://b.{}example", "a.".repeat(depth)).into_bytes();
    assert!(!set.admits(&deep(40)));
    assert!(set.admits(&deep(41)));
    assert!(set.admits(&deep(99)));
}

#[test]
fn an_extension_is_one_label_without_a_port() {
    let set = compiled(&["moz-extension://*".to_owned()]);
    assert!(set.admits(b"moz-extension://0a1b2c3d-1111-2222-3333-444455556666"));
    for origin in [
        "moz-extension://a:80",
        "moz-extension://a.b",
        "moz-extension://[::1]",
        "moz-extension://",
        "chrome-extension://a",
    ] {
        assert!(!set.admits(origin.as_bytes()), "{origin}");
    }
}
