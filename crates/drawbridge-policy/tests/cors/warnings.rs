//! What is saved with a warning.

use drawbridge_policy::pattern::{PatternContext, compile_patterns};
use serde_json::{Value, json};

use crate::support::{codes, compile};

fn warnings(document: Value) -> Vec<(String, &'static str, Option<Value>)> {
    let (_, warnings) = compile(&document).unwrap();
    warnings
        .into_iter()
        .map(|warning| (warning.pointer, warning.code, warning.suggestion))
        .collect()
}

#[test]
fn the_default_and_typical_policies_have_none() {
    assert_eq!(warnings(json!({})), []);
    let typical = json!({"allowedOrigins": ["https://app.example.com", "http://localhost:3000", "http://localhost:*".replace('*', "5173")]});
    assert_eq!(warnings(typical), []);
}

#[test]
fn every_risk_is_named_at_its_place() {
    let at = |field: &str, index: usize| format!("/allowed{field}/{index}");
    #[rustfmt::skip]
    let cases: Vec<(Value, String, &str, Option<Value>)> = vec![
        (json!({"allowedOrigins": ["*"]}), at("Origins", 0), "wildcard_origin", None),
        (json!({"allowedOrigins": ["https://example.com."]}), at("Origins", 0), "trailing_dot", Some(json!("https://example.com"))),
        (json!({"allowedOrigins": ["https://*.example.com.:8443"]}), at("Origins", 0), "trailing_dot", Some(json!("https://*.example.com:8443"))),
        (json!({"allowedOrigins": ["https://example.com:*"]}), at("Origins", 0), "any_port", None),
        (json!({"allowedOrigins": ["https://*.pages.dev"]}), at("Origins", 0), "public_suffix_wildcard", None),
        (json!({"allowedOrigins": ["https://*.com"]}), at("Origins", 0), "public_suffix_wildcard", None),
        (json!({"allowedOrigins": ["http://192.168.1.20:3000"]}), at("Origins", 0), "insecure_origin", Some(json!("https://192.168.1.20:3000"))),
        (json!({"allowedOrigins": ["chrome-extension://*"]}), at("Origins", 0), "any_extension", None),
        (json!({"allowedOrigins": ["https://a.example.com", "https://a.example.com"]}), at("Origins", 1), "listed_twice", None),
        (json!({"allowedOrigins": ["https://*.example.com", "https://a.example.com"]}), at("Origins", 1), "origin_covered", None),
        (json!({"allowedOrigins": ["https://b.a.example.com:8443", "https://*.example.com:8443"]}), at("Origins", 0), "origin_covered", None),
        (json!({"allowedOrigins": ["https://*.a.example.com", "https://*.example.com"]}), at("Origins", 0), "origin_covered", None),
        (json!({"allowedOrigins": ["http://localhost:*", "http://localhost"]}), at("Origins", 1), "origin_covered", None),
        (json!({"maxAge": 86_401}), "/maxAge".to_owned(), "max_age_beyond_browsers", Some(json!(86_400))),
        (json!({"allowCredentials": true}), "/allowCredentials".to_owned(), "credentials_allowed", Some(json!(false))),
        (json!({"allowedHeaders": ["Content-Type"]}), "/allowedHeaders".to_owned(), "authorization_missing", Some(json!(["Content-Type", "Authorization"]))),
        (json!({"allowedHeaders": ["*"]}), "/allowedHeaders".to_owned(), "authorization_missing", Some(json!(["*", "Authorization"]))),
        (json!({"allowedHeaders": ["Authorization"]}), "/allowedHeaders".to_owned(), "content_type_missing", Some(json!(["Authorization", "Content-Type"]))),
        (json!({"allowedHeaders": ["@openai", "X-A", "x-a"]}), at("Headers", 2), "listed_twice", None),
        (json!({"allowedMethods": ["GET"]}), "/allowedMethods".to_owned(), "post_missing", Some(json!(["GET", "POST"]))),
        (json!({"allowedMethods": ["*"]}), at("Methods", 0), "wildcard_method", None),
        (json!({"allowedMethods": ["POST", "patch"]}), at("Methods", 1), "method_lower_case", Some(json!("PATCH"))),
        (json!({"allowedMethods": ["POST", "post"]}), at("Methods", 1), "listed_twice", None),
        (json!({"exposedHeaders": ["content-type"]}), "/exposedHeaders/0".to_owned(), "always_readable", None),
        (json!({"exposedHeaders": ["X-A", "X-a"]}), "/exposedHeaders/1".to_owned(), "listed_twice", None),
        (json!({"enforcement": "report"}), "/enforcement".to_owned(), "report_only", Some(json!("server"))),
    ];
    for (document, pointer, code, suggestion) in cases {
        assert_eq!(
            warnings(document.clone()),
            [(pointer, code, suggestion)],
            "{document}"
        );
    }
}

#[test]
fn what_is_fine_is_not_warned_of() {
    for document in [
        json!({"allowedOrigins": ["http://localhost:*", "http://127.0.0.1:8080", "http://[::1]"]}),
        json!({"allowedOrigins": ["https://*.example.com", "https://example.com", "http://*.localhost"]}),
        json!({"allowedOrigins": ["https://*.example.com", "https://a.example.com:8443"]}),
        json!({"allowedOrigins": ["https://*.a.example.com", "https://a.example.com"]}),
        json!({"allowedOrigins": ["tauri://localhost", "app://obsidian.md"]}),
        json!({"allowedHeaders": ["@openai"]}),
        json!({"allowedHeaders": ["*", "Authorization"]}),
        json!({"allowedMethods": ["get", "post"]}),
        json!({"maxAge": 0}),
        json!({"exposedHeaders": ["*"]}),
    ] {
        assert_eq!(warnings(document.clone()), [], "{document}");
    }
}

#[test]
fn several_risks_of_one_entry_are_all_named() {
    let (_, issues) = compile(&json!({"allowedOrigins": ["http://*.com.", "*"]})).unwrap();
    assert_eq!(
        codes(&issues),
        [
            ("/allowedOrigins/0", "public_suffix_wildcard"),
            ("/allowedOrigins/0", "insecure_origin"),
            ("/allowedOrigins/0", "trailing_dot"),
            ("/allowedOrigins/1", "wildcard_origin"),
            ("/allowedOrigins/0", "origin_covered"),
        ]
    );
}

#[test]
fn keys_have_warnings_of_their_own() {
    let list = [
        "http://localhost:3000".to_owned(),
        "https://a.example.com".to_owned(),
    ];
    let warnings = |context| {
        compile_patterns(&list, "/allowed_origins", context)
            .unwrap()
            .1
    };
    assert_eq!(
        codes(&warnings(PatternContext::key(true))),
        [("/allowed_origins/0", "loopback_on_live_key")]
    );
    assert_eq!(warnings(PatternContext::key(false)), []);
    assert_eq!(warnings(PatternContext::endpoint(true)), []);
    let (_, empty) = compile_patterns(&[], "/allowed_origins", PatternContext::key(false)).unwrap();
    assert_eq!(codes(&empty), [("/allowed_origins", "empty_origin_list")]);
}
