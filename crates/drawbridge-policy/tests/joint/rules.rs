//! Design rule 8, sentence by sentence, and what follows from rules 2, 3, 6 and 9 for the shared URL.

use drawbridge_policy::cors::{AllowOrigin, Expose, OriginHeader, Refusal};
use drawbridge_policy::joint::JointPolicies;
use serde_json::json;

use crate::support::{APP, ask, compiled, config, joined, no_keys, tells_nothing, text};

const OTHER: &str = "https://other.example";

const VARY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

#[test]
fn one_policy_that_admits_all_together_is_enough() {
    let policies = joined(&[
        json!({"allowedMethods": ["GET"]}),
        json!({"allowedOrigins": [OTHER]}),
        json!({"allowedHeaders": ["Authorization", "Content-Type", "X-Tenant"]}),
    ]);
    let answer = ask(&policies, APP, "POST", &["authorization,x-tenant"]);
    assert_eq!((answer.status, answer.refusal), (204, None));
    assert_eq!(answer.allow_origin, AllowOrigin::Echo);
    assert_eq!(text(&answer.allow_methods), Some("GET, POST, OPTIONS"));
    assert_eq!(
        text(&answer.allow_headers),
        Some("Authorization, Content-Type, X-Tenant")
    );
    assert_eq!(text(&answer.max_age), Some("86400"));
    assert_eq!(text(&answer.vary), Some(VARY));
}

#[test]
fn fields_of_different_policies_are_never_mixed() {
    let policies = joined(&[
        json!({"allowedOrigins": [APP]}),
        json!({"allowedOrigins": [OTHER], "allowedHeaders": ["X-Secret"], "allowedMethods": ["DELETE"],
               "allowCredentials": true, "exposedHeaders": ["X-Inner"], "maxAge": 5}),
    ]);
    for (method, header, refusal) in [
        ("POST", "x-secret", Refusal::HeaderNotAllowed),
        ("DELETE", "authorization", Refusal::MethodNotAllowed),
        ("DELETE", "x-secret", Refusal::MethodNotAllowed),
    ] {
        let answer = ask(&policies, APP, method, &[header]);
        assert_eq!(answer.refusal, Some(refusal), "{method} {header}");
        assert_eq!(text(&answer.allow_methods), Some("GET, POST, OPTIONS"));
        assert_eq!(
            text(&answer.allow_headers),
            Some("Content-Type, Authorization")
        );
        assert!(!answer.allow_credentials);
        assert_eq!((answer.max_age, answer.expose_headers), (None, None));
    }
    let answer = ask(&policies, APP, "POST", &["authorization"]);
    assert_eq!(text(&answer.max_age), Some("86400"));
    assert!(!answer.allow_credentials);
    assert!(!text(&answer.expose_headers).unwrap().contains("X-Inner"));
    // Headers of one policy and the method of another, for an origin that both admit.
    let policies = joined(&[
        json!({"allowedMethods": ["DELETE"], "allowedHeaders": ["X-One"]}),
        json!({"allowedMethods": ["POST"], "allowedHeaders": ["X-Two"]}),
    ]);
    assert!(ask(&policies, APP, "DELETE", &["x-two"]).refusal.is_some());
    assert!(ask(&policies, APP, "POST", &["x-one"]).refusal.is_some());
    assert!(
        ask(&policies, APP, "POST", &["x-one,x-two"])
            .refusal
            .is_some()
    );
    assert_eq!(ask(&policies, APP, "POST", &["x-two"]).refusal, None);
}

#[test]
fn the_answer_is_what_all_that_pass_have_in_common() {
    let policies = joined(&[
        json!({"allowedMethods": ["GET", "POST", "DELETE"], "allowedHeaders": ["Authorization", "X-Zeta", "X-One"],
               "exposedHeaders": ["X-Request-Id", "Retry-After", "X-Mine"], "maxAge": 7200, "allowCredentials": true}),
        json!({"allowedMethods": ["DELETE", "PATCH", "POST"], "allowedHeaders": ["x-one", "AUTHORIZATION", "X-Two"],
               "exposedHeaders": ["retry-after", "x-request-id"], "maxAge": 600, "allowCredentials": true}),
        // Refuses this preflight, so that it has no say.
        json!({"allowedMethods": ["GET"], "allowedHeaders": [], "exposedHeaders": [], "maxAge": 0}),
    ]);
    let answer = ask(&policies, APP, "POST", &["authorization"]);
    assert_eq!(text(&answer.allow_methods), Some("POST, DELETE"));
    assert_eq!(text(&answer.allow_headers), Some("Authorization, X-One"));
    assert_eq!(
        text(&answer.expose_headers),
        Some("X-Request-Id, Retry-After")
    );
    assert_eq!(text(&answer.max_age), Some("600"));
    assert!(answer.allow_credentials);
}

#[test]
fn what_is_asked_for_stands_in_the_answer_where_all_cover_it_in_their_ways() {
    let policies = joined(&[
        json!({"allowedHeaders": ["Authorization", "X-Stainless-*", "X-Own"], "allowedMethods": ["*"]}),
        json!({"allowedHeaders": ["*", "Authorization"], "allowedMethods": ["DELETE", "GET"]}),
        json!({"allowedHeaders": ["X-Stainless-OS", "X-Stainless-*", "Authorization"], "allowedMethods": ["DELETE"]}),
    ]);
    let answer = ask(
        &policies,
        APP,
        "DELETE",
        &["authorization,x-stainless-os", "X-STAINLESS-Os"],
    );
    assert_eq!(answer.refusal, None);
    assert_eq!(text(&answer.allow_methods), Some("DELETE"));
    assert_eq!(
        text(&answer.allow_headers),
        Some("Authorization, x-stainless-os")
    );
    // Only the one with `*` covers it: Authorization must be listed, and is.
    let answer = ask(&policies, APP, "GET", &["x-any", "authorization"]);
    assert_eq!(text(&answer.allow_headers), Some("Authorization, x-any"));
    let starred = joined(&[json!({"allowedHeaders": ["*"]})]);
    assert_eq!(
        ask(&starred, APP, "POST", &["authorization"]).refusal,
        Some(Refusal::HeaderNotAllowed)
    );
}

#[test]
fn a_prefix_within_a_prefix_covers_too_and_nothing_else_does() {
    let policies = joined(&[
        json!({"allowedHeaders": ["X-A-*"]}),
        json!({"allowedHeaders": ["X-A-B-*"], "maxAge": 7}),
    ]);
    for (name, max_age) in [
        ("x-a-b-c", Some("7")),
        ("X-A-c", Some("86400")),
        ("x-a-b-", Some("86400")),
        ("x-a-", None),
        ("x-b-a-b-c", None),
        ("x", None),
    ] {
        let answer = ask(&policies, APP, "POST", &[name]);
        assert_eq!(text(&answer.max_age), max_age, "{name}");
    }
}

#[test]
fn credentials_need_all_that_pass() {
    let with = json!({"allowCredentials": true});
    let without = json!({});
    let any = json!({"allowedOrigins": ["*"]});
    let both = ask(&joined(&[with.clone(), without]), APP, "POST", &[]);
    assert_eq!(
        (both.allow_origin, both.allow_credentials),
        (AllowOrigin::Echo, false)
    );
    let beside_any = joined(&[with.clone(), any]);
    let answer = ask(&beside_any, APP, "POST", &[]);
    assert_eq!(
        (answer.allow_origin, answer.allow_credentials),
        (AllowOrigin::Echo, false)
    );
    // Another origin is left to the `*` policy alone, and so is `null`, which is never echoed here.
    for origin in [OTHER, "null"] {
        let answer = ask(&beside_any, origin, "POST", &[]);
        assert_eq!(
            (answer.allow_origin, answer.allow_credentials),
            (AllowOrigin::Any, false)
        );
        assert_eq!(text(&answer.vary), Some(VARY));
    }
    let narrow = json!({"allowedMethods": ["GET"]});
    let answer = ask(&joined(&[narrow, with]), APP, "POST", &[]);
    assert!(answer.allow_credentials, "the one without does not pass");
}

#[test]
fn any_exposed_name_stands_for_every_name() {
    let exposed = |documents: &[serde_json::Value]| {
        let answer = ask(&joined(documents), APP, "POST", &[]);
        text(&answer.expose_headers).map(str::to_owned)
    };
    let any = json!({"exposedHeaders": ["*"]});
    let named = json!({"exposedHeaders": ["X-B", "X-A"], "maxAge": 1});
    let none = json!({"exposedHeaders": []});
    let with_credentials = json!({"exposedHeaders": ["*"], "allowCredentials": true});
    assert_eq!(exposed(std::slice::from_ref(&any)).as_deref(), Some("*"));
    assert_eq!(
        exposed(&[any.clone(), named.clone()]).as_deref(),
        Some("X-B, X-A")
    );
    assert_eq!(exposed(&[any.clone(), named, none]), None);
    assert_eq!(exposed(&[any, with_credentials]), None);
}

#[test]
fn where_none_passes_the_one_with_the_fewest_refusals_answers() {
    let one = json!({"allowedMethods": ["GET"], "allowedHeaders": ["X-One"]});
    let two =
        json!({"allowedMethods": ["POST"], "allowedHeaders": ["X-One"], "allowCredentials": true});
    let three = json!({"allowedMethods": ["DELETE"], "allowedHeaders": ["X-One", "X-Two"]});
    let policies = joined(&[one, two, three]);
    for (method, headers, best) in [
        // A method and a header are refused, a header, a method: the oldest of the last two.
        ("POST", "x-one,x-two", "POST"),
        ("GET", "x-one,x-two", "GET"),
        ("PUT", "x-one,x-two", "DELETE"),
        ("POST", "x-two,x-three,x-four", "POST"),
        ("PUT", "x-three", "GET"),
        // A header that is asked for twice counts one.
        ("POST", "x-two,X-TWO,x-two", "POST"),
    ] {
        let answer = ask(&policies, APP, method, &[headers]);
        assert!(answer.refusal.is_some(), "{method} {headers}");
        assert_eq!(
            text(&answer.allow_methods),
            Some(best),
            "{method} {headers}"
        );
        assert_eq!(
            (answer.status, answer.allow_origin),
            (204, AllowOrigin::Echo)
        );
        assert_eq!(answer.allow_credentials, best == "POST");
        assert_eq!((answer.max_age, answer.expose_headers), (None, None));
        assert_eq!(text(&answer.vary), Some(VARY));
    }
}

#[test]
fn an_origin_that_none_admits_is_told_nothing() {
    let policies = joined(&[
        json!({"allowCredentials": true}),
        json!({"allowedOrigins": ["https://*.example.com"]}),
        json!({"allowedOrigins": []}),
    ]);
    for origin in [
        "https://evil.test",
        "null",
        "https://example.com",
        &"a".repeat(327),
    ] {
        let answer = ask(&policies, origin, "POST", &[]);
        assert!(tells_nothing(&answer), "{origin}");
        assert_eq!(
            (answer.status, answer.refusal, text(&answer.vary)),
            (204, Some(Refusal::OriginNotAllowed), Some(VARY))
        );
    }
    let nobody = JointPolicies::default();
    let answer = ask(&nobody, APP, "POST", &["authorization"]);
    assert!(tells_nothing(&answer));
    assert_eq!((text(&answer.vary), nobody.distinct()), (Some(VARY), 0));
}

#[test]
fn too_many_headers_are_refused_readably_for_origins_that_some_policy_admits() {
    let policies = joined(&[json!({"allowedHeaders": ["*"]})]);
    let names = |count: usize| vec!["a"; count].join(",");
    assert_eq!(ask(&policies, APP, "POST", &[&names(64)]).refusal, None);
    assert_eq!(
        ask(&policies, APP, "POST", &[&"a".repeat(4096)]).refusal,
        None
    );
    for lines in [
        &[names(65).as_str()][..],
        &[&names(60), &names(5)],
        &[&"a".repeat(2048), &"b".repeat(2049)],
    ] {
        for (origin, allow_origin) in [(APP, AllowOrigin::Echo), (OTHER, AllowOrigin::Withheld)] {
            let mut answer = ask(&policies, origin, "POST", lines);
            assert_eq!(
                (answer.status, answer.refusal, answer.allow_origin),
                (431, Some(Refusal::HeadersTooLarge), allow_origin)
            );
            assert_eq!(text(&answer.vary), Some(VARY));
            answer.allow_origin = AllowOrigin::Withheld;
            assert!(tells_nothing(&answer));
        }
    }
}

#[test]
fn report_mode_admits_whatever_is_well_formed_and_says_so() {
    let strict = json!({"allowCredentials": true});
    let report = json!({"allowedOrigins": [], "enforcement": "report", "allowCredentials": true,
                        "allowedMethods": ["GET"], "allowedHeaders": ["Authorization"], "maxAge": 60});
    let policies = joined(&[strict, report]);
    let answer = ask(&policies, OTHER, "DELETE", &["x-any"]);
    assert_eq!(
        (answer.refusal, answer.reported),
        (None, Some(Refusal::OriginNotAllowed))
    );
    assert_eq!(
        (answer.allow_origin, answer.allow_credentials),
        (AllowOrigin::Echo, false)
    );
    assert_eq!(text(&answer.allow_methods), Some("GET, DELETE"));
    assert_eq!(text(&answer.allow_headers), Some("Authorization, x-any"));
    // What the strict one admits is its own doing, but both must keep what the answer promises.
    let answer = ask(&policies, APP, "POST", &["authorization"]);
    assert_eq!((answer.refusal, answer.reported), (None, None));
    assert!(
        !answer.allow_credentials,
        "never for an origin that is not listed"
    );
    assert_eq!(text(&answer.allow_methods), Some("GET, POST"));
    assert_eq!(text(&answer.allow_headers), Some("Authorization"));
    assert_eq!(text(&answer.max_age), Some("60"));
    for (origin, method, header, refusal) in [
        ("null", "GET", "authorization", Refusal::OriginNotAllowed),
        (
            "https://Other.example",
            "GET",
            "authorization",
            Refusal::OriginNotAllowed,
        ),
        (OTHER, "TRACE", "authorization", Refusal::MethodNotAllowed),
        (OTHER, "GET", "x y", Refusal::HeaderNotAllowed),
    ] {
        let answer = ask(&policies, origin, method, &[header]);
        assert_eq!(answer.refusal, Some(refusal), "{origin} {method} {header}");
    }
}

#[test]
fn equal_policies_count_once_and_the_oldest_keeps_its_place() {
    let policies = joined(&[
        json!({"allowedMethods": ["PUT"]}),
        json!({"allowedMethods": ["DELETE"]}),
        json!({"allowedMethods": ["PUT"], "allowedHeaders": ["authorization", "CONTENT-TYPE"]}),
        json!({"allowedMethods": ["put"], "enforcement": "browser"}),
        json!({"allowedMethods": ["PUT", "PUT"], "allowedOrigins": [APP, APP]}),
        json!({"allowedMethods": ["PUT"], "maxAge": 1, "allowedHeaders": ["X-A-*", "x-a-*"]}),
        json!({"allowedMethods": ["PUT"], "maxAge": 1, "allowedHeaders": ["X-A-*"]}),
    ]);
    assert_eq!(policies.distinct(), 3);
    let answer = ask(&policies, APP, "POST", &[]);
    assert_eq!(text(&answer.allow_methods), Some("PUT"));
}

#[test]
fn errors_without_an_endpoint_are_readable_and_never_have_credentials() {
    let policies = joined(&[
        json!({"allowCredentials": true, "exposedHeaders": ["X-Inner"]}),
        json!({"allowedOrigins": ["https://*.preview.example"], "allowedMethods": ["GET"]}),
    ]);
    let readable = |origin| {
        let verdict = policies.before_endpoint(OriginHeader::One(origin), false, no_keys());
        assert!(verdict.vary_origin && !verdict.allow_credentials && !verdict.same_origin);
        assert_eq!((verdict.refusal, verdict.reported), (None, None));
        let exposes =
            matches!(verdict.expose, Expose::Fixed(names) if names.starts_with(b"X-Request-Id, "));
        assert_eq!(exposes, verdict.allow_origin != AllowOrigin::Withheld);
        verdict.allow_origin
    };
    assert_eq!(readable(APP.as_bytes()), AllowOrigin::Echo);
    assert_eq!(readable(b"https://a.preview.example"), AllowOrigin::Echo);
    for origin in [&b"https://evil.test"[..], b"null", b"x"] {
        assert_eq!(readable(origin), AllowOrigin::Withheld);
    }
    for origin in [OriginHeader::Absent, OriginHeader::Unusable] {
        let verdict = policies.before_endpoint(origin, true, no_keys());
        assert_eq!(verdict.allow_origin, AllowOrigin::Withheld);
        assert!(verdict.vary_origin && !verdict.same_origin);
    }
    let own = policies.before_endpoint(OriginHeader::One(APP.as_bytes()), true, no_keys());
    assert_eq!(own.allow_origin, AllowOrigin::Withheld);
    assert!(own.same_origin);
    let any = joined(&[json!({"allowedOrigins": ["*"]})]);
    let verdict = any.before_endpoint(OriginHeader::One(b"null"), false, no_keys());
    assert_eq!(verdict.allow_origin, AllowOrigin::Any);
}

#[test]
fn a_policy_can_be_compiled_with_origins_from_elsewhere() {
    use drawbridge_policy::cors::CorsPolicy;
    use drawbridge_policy::origin_set::OriginSet;
    use drawbridge_policy::pattern::OriginPattern;
    use std::sync::Arc;

    let lists_none = config(&json!({}));
    let patterns = [OriginPattern::parse("https://*.keys.example").unwrap()];
    let union = Arc::new(CorsPolicy::new(&lists_none, OriginSet::new(&patterns)));
    let policies = JointPolicies::new(&[compiled(&lists_none), union]);
    assert_eq!(policies.distinct(), 2);
    let answer = ask(
        &policies,
        "https://a.keys.example",
        "POST",
        &["authorization"],
    );
    assert_eq!(answer.refusal, None);
    assert!(tells_nothing(&ask(&policies, APP, "POST", &[])));
}
