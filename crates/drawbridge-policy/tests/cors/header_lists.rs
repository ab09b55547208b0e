//! The lists of headers that preflights ask for: names, prefixes, presets, `*`, and bounds.

use drawbridge_policy::cors::{AllowOrigin, PreflightAnswer, Refusal};
use serde_json::json;

use crate::support::{APP, ask, tells_nothing, text, typical};

#[test]
fn any_header_is_spelled_out_and_never_stands_for_authorization() {
    let policy = typical(json!({"allowedHeaders": ["Content-Type", "*"]}));
    let answer = ask(
        &policy,
        APP,
        "POST",
        &["X-One, content-type,x-two", " x-one ,,X-TWO\t"],
    );
    assert_eq!(
        text(&answer.allow_headers),
        Some("Content-Type, X-One, x-two")
    );
    assert_eq!(
        text(&answer.vary),
        Some("Origin, Access-Control-Request-Headers")
    );
    assert_eq!(answer.refusal, None);
    for (asked, sent) in [
        ("authorization,x-one", "Content-Type, x-one"),
        ("*", "Content-Type"),
        ("x-a;x=1", "Content-Type"),
        ("x\u{e4}", "Content-Type"),
    ] {
        let answer = ask(&policy, APP, "POST", &[asked]);
        assert_eq!(answer.refusal, Some(Refusal::HeaderNotAllowed), "{asked}");
        assert_eq!(text(&answer.allow_headers), Some(sent));
        assert_eq!(answer.max_age, None);
    }
    let only = typical(json!({"allowedHeaders": ["*"]}));
    assert_eq!(ask(&only, APP, "POST", &[]).allow_headers, None);
}

#[test]
fn a_prefix_covers_what_begins_with_it_in_any_case() {
    let policy = typical(json!({"allowedHeaders": ["Authorization", "X-Stainless-*"]}));
    let answer = ask(
        &policy,
        APP,
        "POST",
        &["authorization,x-stainless-os,X-STAINLESS-Arch"],
    );
    assert_eq!(
        text(&answer.allow_headers),
        Some("Authorization, x-stainless-os, X-STAINLESS-Arch")
    );
    assert_eq!(answer.refusal, None);
    for asked in ["x-stainless-", "x-stainless", "xx-stainless-os"] {
        assert_eq!(
            ask(&policy, APP, "POST", &[asked]).refusal,
            Some(Refusal::HeaderNotAllowed),
            "{asked}"
        );
    }
}

#[test]
fn presets_admit_what_the_sdks_send() {
    let stainless = "x-stainless-arch,x-stainless-lang,x-stainless-os,x-stainless-package-version,\
                     x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout";
    for (preset, asked) in [
        (
            "@openai",
            format!(
                "authorization,content-type,openai-beta,openai-organization,openai-project,user-agent,{stainless},x-stainless-helper-method,x-stainless-poll-helper,x-stainless-custom-poll-interval"
            ),
        ),
        (
            "@anthropic",
            format!(
                "anthropic-beta,anthropic-dangerous-direct-browser-access,anthropic-version,authorization,content-type,user-agent,x-api-key,{stainless}"
            ),
        ),
        (
            "@google-genai",
            "content-type,user-agent,x-goog-api-client,x-goog-api-key".to_owned(),
        ),
        (
            "@drawbridge",
            "idempotency-key,x-idempotency-key,x-request-id".to_owned(),
        ),
    ] {
        let listed = typical(json!({"allowedHeaders": [preset, "Content-Type"]}));
        let answer = ask(&listed, APP, "POST", &[&asked]);
        assert_eq!(answer.refusal, None, "{preset}");
        assert_eq!(
            text(&answer.vary),
            Some("Origin"),
            "a preset is a fixed list"
        );
        let names = text(&answer.allow_headers).unwrap().to_ascii_lowercase();
        assert_eq!(
            names.matches("content-type").count(),
            if preset == "@google-genai" { 2 } else { 1 },
            "{names}"
        );
        assert_eq!(
            ask(&typical(json!({})), APP, "POST", &[&asked]).refusal,
            Some(Refusal::HeaderNotAllowed)
        );
    }
}

#[test]
fn lists_of_names_are_read_tolerantly() {
    let policy =
        typical(json!({"allowedHeaders": ["Authorization", "Content-Type", "X-Request-Id"]}));
    for lines in [
        &["authorization,,content-type,"][..],
        &["x-request-id,authorization"],
        &["X-Request-ID ,\tAuthorization"],
        &["authorization", "content-type, x-request-id"],
        &["", " ", ",,,"],
        &["authorization,authorization"],
        &[],
    ] {
        let answer = ask(&policy, APP, "POST", lines);
        assert_eq!(answer.refusal, None, "{lines:?}");
        assert_eq!(
            text(&answer.allow_headers),
            Some("Authorization, Content-Type, X-Request-Id")
        );
    }
}

#[test]
fn lists_of_names_are_bounded() {
    let policy =
        typical(json!({"allowCredentials": true, "allowedHeaders": ["*", "Authorization", "A"]}));
    let names = |count: usize| vec!["a"; count].join(",");
    let fine = [
        names(64),
        format!("{},a", ",".repeat(4094)),
        "a".repeat(4096),
    ];
    for line in &fine {
        assert_eq!(
            ask(&policy, APP, "POST", &[line]).status,
            204,
            "{}",
            line.len()
        );
    }
    assert_eq!(
        ask(
            &policy,
            APP,
            "POST",
            &[&"a".repeat(2048), &"b".repeat(2048)]
        )
        .status,
        204
    );
    for lines in [
        &[names(65).as_str()][..],
        &[&names(60), &names(5)],
        &[&",".repeat(4097)],
        &[&"a".repeat(2048), &"b".repeat(2049)],
    ] {
        let answer = ask(&policy, APP, "POST", lines);
        assert_eq!(
            (answer.status, answer.refusal),
            (431, Some(Refusal::HeadersTooLarge))
        );
        assert_eq!(answer.allow_origin, AllowOrigin::Echo);
        let bare = PreflightAnswer {
            allow_origin: AllowOrigin::Withheld,
            ..answer
        };
        assert!(tells_nothing(&bare));
        let answer = ask(&policy, "https://evil.test", "POST", lines);
        assert_eq!(answer.status, 431);
        assert!(tells_nothing(&answer));
    }
}
