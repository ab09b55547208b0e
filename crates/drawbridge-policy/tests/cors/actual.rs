//! Requests that are no preflights: design rules 3, 4, 6 and 7.

use drawbridge_policy::cors::{
    ActualVerdict, AllowOrigin, CorsPolicy, Expose, OriginHeader, Refusal,
};
use serde_json::json;

use crate::support::policy;

const APP: &[u8] = b"https://app.example.com";
const EVIL: &[u8] = b"https://evil.test";

fn listed(enforcement: &str) -> CorsPolicy {
    policy(json!({
        "allowedOrigins": [str::from_utf8(APP).unwrap()],
        "allowedMethods": ["GET"],
        "allowCredentials": true,
        "exposedHeaders": ["X-Request-Id"],
        "enforcement": enforcement,
    }))
}

fn judge<'p>(policy: &'p CorsPolicy, origin: &[u8], method: &str) -> ActualVerdict<'p> {
    policy.actual(OriginHeader::One(origin), method.as_bytes(), false)
}

fn carries_headers(verdict: &ActualVerdict<'_>) -> bool {
    let sends = verdict.allow_origin != AllowOrigin::Withheld;
    assert!(sends || (!verdict.allow_credentials && *verdict.expose == Expose::None));
    sends
}

fn refusals(verdict: &ActualVerdict<'_>) -> (Option<Refusal>, Option<Refusal>) {
    (verdict.refusal, verdict.reported)
}

#[test]
fn origin_lines_are_one_or_none_or_unusable() {
    let read = |lines: &[&'static [u8]]| OriginHeader::from_lines(lines.iter().copied());
    assert_eq!(read(&[]), OriginHeader::Absent);
    assert_eq!(read(&[APP]), OriginHeader::One(APP));
    assert_eq!(read(&[b""]), OriginHeader::Unusable);
    assert_eq!(read(&[APP, APP]), OriginHeader::Unusable);
    assert_eq!(read(&[b"", APP]), OriginHeader::Unusable);
}

#[test]
fn an_admitted_origin_reads_every_answer() {
    let policy = listed("server");
    for method in ["GET", "HEAD", "POST", "OPTIONS"] {
        let verdict = judge(&policy, APP, method);
        assert_eq!(
            (verdict.allow_origin, verdict.allow_credentials),
            (AllowOrigin::Echo, true)
        );
        assert_eq!(*verdict.expose, Expose::Fixed("X-Request-Id".into()));
        assert!(verdict.vary_origin && !verdict.same_origin);
        let refused = matches!(method, "POST" | "OPTIONS").then_some(Refusal::MethodNotAllowed);
        assert_eq!(refusals(&verdict), (refused, None), "{method}");
    }
}

#[test]
fn an_origin_that_is_not_admitted_is_refused_before_the_upstream() {
    let policy = listed("server");
    let long = "a".repeat(327);
    for origin in [
        EVIL,
        b"null",
        b"https://app.example.com/",
        long.as_bytes(),
        b"\xff",
    ] {
        let verdict = judge(&policy, origin, "POST");
        assert!(!carries_headers(&verdict) && verdict.vary_origin);
        assert_eq!(refusals(&verdict), (Some(Refusal::OriginNotAllowed), None));
    }
    let unusable = policy.actual(OriginHeader::Unusable, b"GET", false);
    assert!(!carries_headers(&unusable) && unusable.vary_origin);
    assert_eq!(unusable.refusal, Some(Refusal::OriginNotAllowed));
}

#[test]
fn without_origin_cors_does_not_apply() {
    for enforcement in ["server", "browser", "report"] {
        let policy = listed(enforcement);
        let verdict = policy.actual(OriginHeader::Absent, b"DELETE", false);
        assert!(!carries_headers(&verdict) && verdict.vary_origin && !verdict.same_origin);
        assert_eq!(refusals(&verdict), (None, None));
    }
}

#[test]
fn the_gateways_own_origin_is_not_judged() {
    let policy = listed("server");
    let verdict = policy.actual(OriginHeader::One(EVIL), b"DELETE", true);
    assert!(verdict.same_origin && verdict.vary_origin && !carries_headers(&verdict));
    assert_eq!(refusals(&verdict), (None, None));
    let several = policy.actual(OriginHeader::Unusable, b"GET", true);
    assert_eq!(
        (several.same_origin, several.refusal),
        (false, Some(Refusal::OriginNotAllowed))
    );
}

#[test]
fn a_star_policy_says_star_on_every_answer() {
    let policy = policy(
        json!({"allowedOrigins": ["*"], "allowedMethods": ["GET"], "exposedHeaders": ["*"]}),
    );
    let origins = [
        OriginHeader::Absent,
        OriginHeader::One(EVIL),
        OriginHeader::One(b"null"),
        OriginHeader::Unusable,
    ];
    for origin in origins {
        let verdict = policy.actual(origin, b"GET", false);
        assert_eq!(
            (verdict.allow_origin, verdict.allow_credentials),
            (AllowOrigin::Any, false)
        );
        assert_eq!(*verdict.expose, Expose::Fixed("*".into()));
        assert!(!verdict.vary_origin);
        let is_unusable = origin == OriginHeader::Unusable;
        assert_eq!(
            verdict.refusal,
            is_unusable.then_some(Refusal::OriginNotAllowed)
        );
    }
    let long = "a".repeat(327);
    assert_eq!(
        judge(&policy, long.as_bytes(), "GET").refusal,
        Some(Refusal::OriginNotAllowed)
    );
    assert_eq!(
        judge(&policy, EVIL, "POST").refusal,
        Some(Refusal::MethodNotAllowed)
    );
    let same = policy.actual(OriginHeader::One(EVIL), b"POST", true);
    assert_eq!((same.allow_origin, same.refusal), (AllowOrigin::Any, None));
}

#[test]
fn browser_mode_refuses_nothing_and_withholds_the_headers() {
    let policy = listed("browser");
    assert!(carries_headers(&judge(&policy, APP, "GET")));
    for (origin, method) in [(EVIL, "GET"), (b"null", "GET"), (APP, "POST")] {
        let verdict = judge(&policy, origin, method);
        assert!(!carries_headers(&verdict) && verdict.vary_origin);
        assert_eq!(refusals(&verdict), (None, None));
    }
    let unusable = policy.actual(OriginHeader::Unusable, b"GET", false);
    assert!(!carries_headers(&unusable));
    assert_eq!(unusable.refusal, None);
}

#[test]
fn report_mode_admits_what_could_be_listed_and_says_so() {
    let policy = listed("report");
    let verdict = judge(&policy, EVIL, "GET");
    assert_eq!(
        (verdict.allow_origin, verdict.allow_credentials),
        (AllowOrigin::Echo, false)
    );
    assert_eq!(refusals(&verdict), (None, Some(Refusal::OriginNotAllowed)));
    let verdict = judge(&policy, APP, "POST");
    assert_eq!(
        (verdict.allow_origin, verdict.allow_credentials),
        (AllowOrigin::Echo, true)
    );
    assert_eq!(refusals(&verdict), (None, Some(Refusal::MethodNotAllowed)));
    for origin in [&b"null"[..], b"https://Evil.test", b"evil"] {
        let verdict = judge(&policy, origin, "GET");
        assert!(!carries_headers(&verdict));
        assert_eq!(refusals(&verdict), (Some(Refusal::OriginNotAllowed), None));
    }
    assert_eq!(
        refusals(&judge(&policy, APP, "TRACE")),
        (Some(Refusal::MethodNotAllowed), None)
    );
}

#[test]
fn any_exposed_header_with_credentials_is_the_responses_own_names() {
    let policy = policy(json!({
        "allowedOrigins": [str::from_utf8(APP).unwrap()],
        "allowCredentials": true,
        "exposedHeaders": ["*"],
    }));
    assert_eq!(*judge(&policy, APP, "GET").expose, Expose::ResponseNames);
}

#[test]
fn any_method_leaves_allow_with_the_common_names() {
    let policy = policy(json!({"allowedOrigins": ["*"], "allowedMethods": ["*"]}));
    assert_eq!(
        policy.allow(),
        "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    );
    assert_eq!(judge(&policy, EVIL, "PROPFIND").refusal, None);
    assert_eq!(
        judge(&policy, EVIL, "CONNECT").refusal,
        Some(Refusal::MethodNotAllowed)
    );
}
