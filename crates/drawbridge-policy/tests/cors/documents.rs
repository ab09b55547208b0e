//! Reading the `cors` object: types, unknown fields, defaults, and every problem at once.

use drawbridge_policy::cors::{CorsConfig, Enforcement};
use drawbridge_policy::issue::Problems;
use serde_json::{Value, json};

use crate::support::{codes, compile};

fn read(document: &Value) -> (CorsConfig, Problems) {
    let mut problems = Problems::new();
    let config = CorsConfig::read(document, "/cors", &mut problems);
    (config, problems)
}

#[test]
fn an_empty_object_is_the_default_policy() {
    let (config, problems) = read(&json!({}));
    assert!(problems.is_empty());
    assert_eq!(config, CorsConfig::default());
    assert_eq!(
        config.to_value().to_string(),
        json!({
            "allowedOrigins": [],
            "allowedMethods": ["GET", "POST", "OPTIONS"],
            "allowedHeaders": ["Content-Type", "Authorization"],
            "maxAge": 86400,
            "allowCredentials": false,
            "exposedHeaders": [
                "X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit",
                "RateLimit-Policy", "Retry-After", "Retry-After-Ms", "X-Should-Retry", "Idempotency-Replayed",
                "Openai-Processing-Ms", "Drawbridge-Warning", "Drawbridge-Cors"
            ],
            "enforcement": "server",
        })
        .to_string()
    );
}

#[test]
fn lists_come_back_as_they_were_given() {
    let document = json!({
        "allowedOrigins": ["https://b.example", "https://a.example", "https://b.example"],
        "allowedMethods": ["post", "GET", "*"],
        "allowedHeaders": ["X-B", "x-b", "@openai", "X-Stainless-*"],
        "maxAge": 5,
        "allowCredentials": true,
        "exposedHeaders": ["X-B", "*"],
        "enforcement": "browser",
    });
    let (config, problems) = read(&document);
    assert!(problems.is_empty());
    assert_eq!(config.enforcement, Enforcement::Browser);
    assert_eq!(config.to_value(), document);
    assert!(config.compile("").is_ok());
}

#[test]
fn all_problems_come_at_once_each_at_its_place() {
    let document = json!({
        "allowedOrigins": ["https://a.example/", 5, "https://B.example", "https://*.com"],
        "allowedMethods": [],
        "allowedHeaders": ["Cookie", null, "X-*", "Content-Type, X-A"],
        "maxAge": -1,
        "allowCredentials": true,
        "exposedHeaders": "X-A",
        "enforcement": "serve",
        "allowed_origins": [],
    });
    let (config, mut problems) = read(&document);
    problems.extend(config.compile("/cors").unwrap_err());
    let issues = problems.into_result(()).unwrap_err();
    assert_eq!(
        codes(&issues),
        [
            ("/cors/allowedOrigins/1", "wrong_type"),
            ("/cors/allowedHeaders/1", "wrong_type"),
            ("/cors/exposedHeaders", "wrong_type"),
            ("/cors/enforcement", "unknown_enforcement"),
            ("/cors/allowed_origins", "unknown_field"),
            ("/cors/allowedOrigins/0", "origin_trailing_slash"),
            ("/cors/allowedOrigins/2", "origin_upper_case"),
            ("/cors/allowedOrigins/3", "public_suffix_with_credentials"),
            ("/cors/allowedMethods", "no_methods"),
            ("/cors/allowedHeaders/0", "header_forbidden"),
            ("/cors/allowedHeaders/2", "header_bad_prefix"),
            ("/cors/allowedHeaders/3", "header_not_a_token"),
            ("/cors/maxAge", "max_age_negative"),
        ]
    );
}

#[test]
fn wrong_types_are_refused() {
    for (field, value) in [
        ("allowedOrigins", json!("https://a.example")),
        ("allowedOrigins", json!(null)),
        ("allowedMethods", json!({"0": "GET"})),
        ("maxAge", json!("600")),
        ("maxAge", json!(1.5)),
        ("maxAge", json!(1e300)),
        ("allowCredentials", json!("true")),
        ("allowCredentials", json!(1)),
        ("enforcement", json!(null)),
    ] {
        let issues = compile(&json!({field: value})).unwrap_err();
        assert_eq!(
            codes(&issues),
            [(format!("/{field}").as_str(), "wrong_type")]
        );
    }
    for document in [json!(null), json!([]), json!("x")] {
        assert_eq!(
            codes(&compile(&document).unwrap_err()),
            [("", "wrong_type")]
        );
    }
}

#[test]
fn what_is_refused_in_lists_of_names_is_named_and_cured() {
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str, Option<&str>)] = &[
        ("allowedMethods", "CONNECT", "method_forbidden", None),
        ("allowedMethods", "trace", "method_forbidden", None),
        ("allowedMethods", "Track", "method_forbidden", None),
        ("allowedMethods", "", "method_not_a_token", None),
        ("allowedMethods", " get", "method_not_a_token", Some("GET")),
        ("allowedMethods", "GET, POST", "method_not_a_token", None),
        ("allowedMethods", "P*", "method_bad_wildcard", None),
        ("allowedHeaders", "", "header_not_a_token", None),
        ("allowedHeaders", "Content-Type, Authorization", "header_not_a_token", None),
        ("allowedHeaders", "Content-Type:", "header_not_a_token", Some("Content-Type")),
        ("allowedHeaders", "X-\u{fc}", "header_not_a_token", None),
        ("allowedHeaders", "\"X-Stainless-*\",", "header_not_a_token", Some("X-Stainless-*")),
        ("allowedHeaders", " Cookie", "header_not_a_token", None),
        ("allowedHeaders", "Cookie", "header_forbidden", None),
        ("allowedHeaders", "Origin", "header_forbidden", None),
        ("allowedHeaders", "Sec-Fetch-Mode", "header_forbidden", None),
        ("allowedHeaders", "proxy-authorization", "header_forbidden", None),
        ("allowedHeaders", "Access-Control-Request-Method", "header_forbidden", None),
        ("allowedHeaders", "Access-Control-Allow-Origin", "header_forbidden", None),
        ("allowedHeaders", "Sec-*", "header_forbidden", None),
        ("allowedHeaders", "Access-Control-*", "header_forbidden", None),
        ("allowedHeaders", "Proxy-Foo-*", "header_forbidden", None),
        ("allowedHeaders", "X*", "header_bad_prefix", None),
        ("allowedHeaders", "X-*", "header_bad_prefix", None),
        ("allowedHeaders", "X-Stainless*", "header_bad_prefix", Some("X-Stainless-*")),
        ("allowedHeaders", "Sec*", "header_bad_prefix", None),
        ("allowedHeaders", "**", "header_bad_wildcard", None),
        ("allowedHeaders", "X-*-Id", "header_bad_wildcard", None),
        ("allowedHeaders", "@opnai", "unknown_preset", Some("@openai")),
        ("allowedHeaders", "@mistral", "unknown_preset", None),
        ("exposedHeaders", "Set-Cookie", "exposed_header_forbidden", None),
        ("exposedHeaders", "set-cookie2", "exposed_header_forbidden", None),
        ("exposedHeaders", "Origin", "exposed_header_forbidden", None),
        ("exposedHeaders", "Access-Control-Allow-Origin", "exposed_header_forbidden", None),
        ("exposedHeaders", "X-A, X-B", "header_not_a_token", None),
        ("exposedHeaders", "X-RateLimit-*", "header_bad_wildcard", None),
        ("exposedHeaders", "@openai", "header_not_a_token", None),
    ];
    for (field, entry, code, suggestion) in cases {
        let issues = compile(&json!({*field: [entry]})).map(|_| ()).unwrap_err();
        assert_eq!(
            codes(&issues),
            [(format!("/{field}/0").as_str(), *code)],
            "{entry}"
        );
        let suggested = issues[0].suggestion.as_ref().and_then(Value::as_str);
        assert_eq!(suggested, *suggestion, "{entry}");
    }
}

#[test]
fn names_that_look_forbidden_and_are_not_are_accepted() {
    let document = json!({
        "allowedMethods": ["GET", "POST", "PROPFIND", "TRACER"],
        "allowedHeaders": ["Authorization", "Content-Type", "User-Agent", "X-Http-Method-Override", "Second-Id", "ab-*"],
        "exposedHeaders": ["WWW-Authenticate", "Server-Timing"],
    });
    assert_eq!(compile(&document).unwrap().1, []);
}

#[test]
fn max_age_is_seconds_that_everybody_can_count() {
    for (value, code, suggestion) in [
        (json!(-1), "max_age_negative", 0),
        (json!(i64::MIN), "max_age_negative", 0),
        (json!(2_147_483_648_u64), "max_age_too_large", 86_400),
        (json!(u64::MAX), "max_age_too_large", 86_400),
    ] {
        let issues = compile(&json!({"maxAge": value})).unwrap_err();
        assert_eq!(codes(&issues), [("/maxAge", code)]);
        assert_eq!(issues[0].suggestion, Some(json!(suggestion)));
    }
    assert!(compile(&json!({"maxAge": 2_147_483_647})).is_ok());
}

#[test]
fn messages_never_repeat_a_long_or_unprintable_name() {
    let long = format!("{}*\u{1b}", "x".repeat(10_000));
    let plain = "x*".repeat(10_000);
    for field in ["allowedMethods", "allowedHeaders", "exposedHeaders"] {
        let issues = compile(&json!({field: [long, plain]})).unwrap_err();
        for issue in issues {
            assert!(
                issue.detail.len() < 400 && !issue.detail.contains('\u{1b}'),
                "{field}"
            );
        }
    }
}

#[test]
fn other_lists_have_100_entries_at_most() {
    let names = |count: usize| (0..count).map(|n| format!("X-{n}")).collect::<Vec<_>>();
    for field in ["allowedMethods", "allowedHeaders", "exposedHeaders"] {
        assert!(compile(&json!({field: names(100)})).is_ok());
        let issues = compile(&json!({field: names(101)})).unwrap_err();
        assert_eq!(
            codes(&issues),
            [(format!("/{field}").as_str(), "too_many_entries")]
        );
    }
}
