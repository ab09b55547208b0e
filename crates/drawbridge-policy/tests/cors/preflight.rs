//! Preflights: design rules 1, 2, 3, 6 and 9.

use drawbridge_policy::cors::{AllowOrigin, OriginHeader, Preflight, Refusal};
use serde_json::{Value, json};

use crate::support::{APP, ask, policy, tells_nothing, text, typical};

#[test]
fn a_preflight_is_options_with_one_origin_and_a_method_and_nothing_less() {
    let recognize = |method: &[u8], origin: &[&[u8]], methods: &[&[u8]]| {
        let origin = OriginHeader::from_lines(origin.iter().copied());
        Preflight::recognize(method, origin, methods.iter().copied(), ())
            .map(|preflight| preflight.method.to_vec())
    };
    let app = APP.as_bytes();
    assert_eq!(
        recognize(b"OPTIONS", &[app], &[b"POST"]),
        Some(b"POST".to_vec())
    );
    assert_eq!(
        recognize(b"OPTIONS", &[app], &[b"POST", b"GET"]),
        Some(b"POST".to_vec())
    );
    assert_eq!(
        recognize(b"OPTIONS", &[b"null"], &[b"POST"]),
        Some(b"POST".to_vec())
    );
    assert_eq!(recognize(b"POST", &[app], &[b"POST"]), None);
    assert_eq!(recognize(b"options", &[app], &[b"POST"]), None);
    assert_eq!(recognize(b"OPTIONS", &[], &[b"POST"]), None);
    assert_eq!(recognize(b"OPTIONS", &[b""], &[b"POST"]), None);
    assert_eq!(recognize(b"OPTIONS", &[app, app], &[b"POST"]), None);
    assert_eq!(recognize(b"OPTIONS", &[app], &[]), None);
    assert_eq!(recognize(b"OPTIONS", &[app], &[b"", b"POST"]), None);
}

#[test]
fn a_preflight_that_passes_gets_the_full_set() {
    let answer = ask(
        &typical(json!({})),
        APP,
        "POST",
        &["authorization,content-type"],
    );
    assert_eq!(answer.status, 204);
    assert_eq!(answer.allow_origin, AllowOrigin::Echo);
    assert!(!answer.allow_credentials);
    assert_eq!(text(&answer.allow_methods), Some("GET, POST, OPTIONS"));
    assert_eq!(
        text(&answer.allow_headers),
        Some("Content-Type, Authorization")
    );
    assert_eq!(text(&answer.max_age), Some("86400"));
    assert_eq!(text(&answer.expose_headers), Some("X-Request-Id"));
    assert_eq!(text(&answer.vary), Some("Origin"));
    assert_eq!((answer.refusal, answer.reported), (None, None));
}

#[test]
fn an_origin_that_is_not_admitted_is_told_nothing() {
    let policy = typical(json!({"allowCredentials": true}));
    for origin in [
        "https://evil.test",
        "null",
        "https://app.example.com.evil.test",
        "https://app.example.com:443",
    ] {
        let answer = ask(&policy, origin, "DELETE", &["x-tenant"]);
        assert!(tells_nothing(&answer), "{origin}");
        assert_eq!((answer.status, text(&answer.vary)), (204, Some("Origin")));
        assert_eq!(answer.refusal, Some(Refusal::OriginNotAllowed));
    }
}

#[test]
fn a_refused_method_or_header_gets_the_real_lists_without_max_age() {
    let policy = typical(json!({"allowCredentials": true}));
    for (method, header, refusal) in [
        ("DELETE", "authorization", Refusal::MethodNotAllowed),
        ("get", "authorization", Refusal::MethodNotAllowed),
        ("POST", "x-tenant", Refusal::HeaderNotAllowed),
        ("POST", "x a", Refusal::HeaderNotAllowed),
        ("TRACE", "x-tenant", Refusal::MethodNotAllowed),
    ] {
        let answer = ask(&policy, APP, method, &[header]);
        assert_eq!(answer.refusal, Some(refusal), "{method} {header}");
        assert_eq!(
            (answer.status, answer.allow_origin),
            (204, AllowOrigin::Echo)
        );
        assert!(answer.allow_credentials);
        assert_eq!(text(&answer.allow_methods), Some("GET, POST, OPTIONS"));
        assert_eq!(
            text(&answer.allow_headers),
            Some("Content-Type, Authorization")
        );
        assert_eq!((answer.max_age, answer.expose_headers), (None, None));
    }
}

#[test]
fn a_star_policy_answers_with_a_star_to_every_origin_and_does_not_vary() {
    let policy = policy(json!({"allowedOrigins": ["*"]}));
    for origin in ["https://any.example", "null", "anything at all", "\u{fc}"] {
        let answer = ask(&policy, origin, "POST", &[]);
        assert_eq!(
            (answer.allow_origin, answer.refusal),
            (AllowOrigin::Any, None)
        );
        assert_eq!(answer.vary, None);
    }
    assert!(tells_nothing(&ask(&policy, &"a".repeat(327), "POST", &[])));
}

#[test]
fn head_counts_as_listed_where_get_is() {
    let policy = typical(json!({"allowedMethods": ["get"]}));
    assert_eq!(ask(&policy, APP, "HEAD", &["authorization"]).refusal, None);
    assert_eq!(policy.allow(), "GET, HEAD");
    let posts = typical(json!({"allowedMethods": ["POST"]}));
    assert_eq!(
        ask(&posts, APP, "HEAD", &[]).refusal,
        Some(Refusal::MethodNotAllowed)
    );
    assert_eq!(posts.allow(), "POST");
}

#[test]
fn any_method_is_answered_by_the_method_asked_for() {
    let policy = typical(json!({"allowedMethods": ["*"], "allowCredentials": true}));
    for method in ["DELETE", "PROPFIND", "patch"] {
        let answer = ask(&policy, APP, method, &[]);
        assert_eq!(
            (text(&answer.allow_methods), answer.refusal),
            (Some(method), None)
        );
        assert_eq!(
            text(&answer.vary),
            Some("Origin, Access-Control-Request-Method")
        );
    }
    for method in ["TRACE", "trace", "CONNECT", "Track", "*", "A B", "\u{fc}"] {
        let answer = ask(&policy, APP, method, &[]);
        assert_eq!(
            (text(&answer.allow_methods), answer.refusal),
            (None, Some(Refusal::MethodNotAllowed)),
            "{method}"
        );
    }
    let both = typical(json!({"allowedMethods": ["GET", "*"]}));
    assert_eq!(
        text(&ask(&both, APP, "DELETE", &[]).allow_methods),
        Some("GET, DELETE")
    );
    assert_eq!(
        text(&ask(&both, APP, "GET", &[]).allow_methods),
        Some("GET")
    );
}

#[test]
fn exposed_names_stand_on_a_full_answer_but_for_any_with_credentials() {
    let exposed = |document: Value| {
        let answer = ask(&typical(document), APP, "POST", &[]);
        text(&answer.expose_headers).map(str::to_owned)
    };
    assert_eq!(exposed(json!({"exposedHeaders": []})), None);
    assert_eq!(
        exposed(json!({"exposedHeaders": ["X-A", "x-b", "X-a"]})).as_deref(),
        Some("X-A, x-b")
    );
    assert_eq!(
        exposed(json!({"exposedHeaders": ["*"]})).as_deref(),
        Some("*")
    );
    assert_eq!(
        exposed(json!({"exposedHeaders": ["*"], "allowCredentials": true})),
        None
    );
}

#[test]
fn report_mode_answers_as_if_everything_were_listed() {
    let policy = typical(json!({"enforcement": "report", "allowCredentials": true}));
    let listed = ask(&policy, APP, "POST", &["authorization"]);
    assert!(listed.allow_credentials);
    assert_eq!((listed.refusal, listed.reported), (None, None));
    assert_eq!(
        text(&listed.vary),
        Some("Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
    );

    let foreign = ask(&policy, "https://other.example", "DELETE", &["x-tenant"]);
    assert_eq!(
        (foreign.allow_origin, foreign.allow_credentials),
        (AllowOrigin::Echo, false)
    );
    assert_eq!(
        (foreign.refusal, foreign.reported),
        (None, Some(Refusal::OriginNotAllowed))
    );
    assert_eq!(
        text(&foreign.allow_methods),
        Some("GET, POST, OPTIONS, DELETE")
    );
    assert_eq!(
        text(&foreign.allow_headers),
        Some("Content-Type, Authorization, x-tenant")
    );
    assert_eq!(text(&foreign.max_age), Some("86400"));

    let method = ask(&policy, APP, "DELETE", &["x-tenant"]);
    assert!(method.allow_credentials);
    assert_eq!(
        (method.refusal, method.reported),
        (None, Some(Refusal::MethodNotAllowed))
    );
    let header = ask(&policy, APP, "POST", &["x-tenant"]);
    assert_eq!(
        (header.refusal, header.reported),
        (None, Some(Refusal::HeaderNotAllowed))
    );
}

#[test]
fn report_mode_still_refuses_what_no_list_can_hold() {
    let policy = typical(json!({"enforcement": "report"}));
    for origin in [
        "null",
        "https://Other.example",
        "https://other.example/",
        "x",
        &"a".repeat(327),
    ] {
        let answer = ask(&policy, origin, "POST", &[]);
        assert!(tells_nothing(&answer), "{origin}");
        assert_eq!(
            (answer.refusal, answer.reported),
            (Some(Refusal::OriginNotAllowed), None)
        );
    }
    let trace = ask(&policy, APP, "TRACE", &[]);
    assert_eq!(
        (trace.refusal, trace.reported),
        (Some(Refusal::MethodNotAllowed), None)
    );
    assert_eq!(text(&trace.allow_methods), Some("GET, POST, OPTIONS"));
    let odd = ask(&policy, "https://other.example", "POST", &["*"]);
    assert_eq!(
        (odd.refusal, odd.reported),
        (
            Some(Refusal::HeaderNotAllowed),
            Some(Refusal::OriginNotAllowed)
        )
    );
}

#[test]
fn max_age_zero_is_sent() {
    let answer = ask(&typical(json!({"maxAge": 0})), APP, "POST", &[]);
    assert_eq!(text(&answer.max_age), Some("0"));
}

#[test]
fn a_policy_without_origins_admits_nobody() {
    let policy = policy(json!({}));
    assert!(!policy.lists_origins());
    assert!(!policy.allows_origin(APP.as_bytes()));
    assert!(tells_nothing(&ask(&policy, APP, "POST", &[])));
    assert!(typical(json!({})).lists_origins());
    assert!(typical(json!({})).allows_origin(APP.as_bytes()));
}
