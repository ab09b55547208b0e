//! What is refused as a pattern, by which code, and what is suggested instead.

use drawbridge_policy::pattern::{OriginPattern, PatternContext, compile_patterns};
use serde_json::Value;

use crate::support::check;

#[test]
fn what_is_refused_is_named_and_cured() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str], Option<&str>)] = &[
        ("", &["origin_empty"], None),
        ("  ", &["origin_surrounding_space", "origin_empty"], None),
        ("null", &["origin_null"], None),
        (" *", &["origin_surrounding_space"], Some("*")),
        ("https://a.example.com/", &["origin_trailing_slash"], Some("https://a.example.com")),
        ("https://a.example.com/x/y", &["origin_has_path"], Some("https://a.example.com")),
        ("https://a.example.com/*", &["origin_has_path"], Some("https://a.example.com")),
        ("https://a.example.com?x=1", &["origin_has_query"], Some("https://a.example.com")),
        ("https://a.example.com#x", &["origin_has_fragment"], Some("https://a.example.com")),
        ("https://u:p@a.example.com", &["origin_user_info"], Some("https://a.example.com")),
        ("https://A.example.com", &["origin_upper_case"], Some("https://a.example.com")),
        ("HTTPS://a.example.com", &["origin_upper_case"], Some("https://a.example.com")),
        ("https://a.example.com:443", &["origin_default_port"], Some("https://a.example.com")),
        ("http://a.example.com:80", &["origin_default_port"], Some("http://a.example.com")),
        ("https://a.example.com:08443", &["origin_bad_port"], Some("https://a.example.com:8443")),
        ("https://a.example.com:0443", &["origin_bad_port", "origin_default_port"], Some("https://a.example.com")),
        ("https://a.example.com:", &["origin_bad_port"], Some("https://a.example.com")),
        ("https://a.example.com:0", &["origin_bad_port"], None),
        ("https://a.example.com:65536", &["origin_bad_port"], None),
        ("https://a.example.com:http", &["origin_bad_port"], None),
        ("https://a.example.com:80:81", &["origin_bad_port"], None),
        ("https://b\u{fc}cher.example", &["origin_non_ascii"], Some("https://xn--bcher-kva.example")),
        ("https://*.B\u{dc}CHER.example", &["origin_upper_case", "origin_non_ascii"], Some("https://*.xn--bcher-kva.example")),
        ("https://xn--a.example", &["origin_bad_a_label"], None),
        ("https://a..example.com", &["origin_empty_label"], None),
        ("https://.example.com", &["origin_empty_label"], None),
        ("https://-a.example.com", &["origin_label_hyphen"], None),
        ("https://a_b-.example.com", &["origin_label_hyphen"], None),
        ("https://a%62.example.com", &["origin_bad_host"], Some("https://ab.example.com")),
        ("https://a!b.example.com", &["origin_bad_host"], None),
        ("https://", &["origin_without_host"], None),
        ("https://:8443", &["origin_without_host"], None),
        ("a.example.com", &["origin_without_scheme"], Some("https://a.example.com")),
        ("//a.example.com", &["origin_without_scheme"], Some("https://a.example.com")),
        ("localhost:3000", &["origin_without_scheme"], Some("http://localhost:3000")),
        ("127.0.0.1", &["origin_without_scheme"], Some("http://127.0.0.1")),
        ("[::1]:3000", &["origin_without_scheme"], Some("http://[::1]:3000")),
        ("*.example.com", &["origin_without_scheme"], Some("https://*.example.com")),
        ("https:/a.example.com", &["origin_bad_separator"], Some("https://a.example.com")),
        ("https:a.example.com", &["origin_bad_separator"], Some("https://a.example.com")),
        ("https//a.example.com", &["origin_bad_separator"], Some("https://a.example.com")),
        ("https:///a.example.com", &["origin_bad_separator"], Some("https://a.example.com")),
        ("ws://a.example.com", &["origin_scheme_never_sent"], Some("http://a.example.com")),
        ("wss://a.example.com:8443", &["origin_scheme_never_sent"], Some("https://a.example.com:8443")),
        ("file:///home/me/page.html", &["origin_scheme_never_sent"], None),
        ("file://", &["origin_scheme_never_sent"], None),
        ("data:text/html,hello", &["origin_scheme_never_sent"], None),
        ("blob:https://a.example.com/uuid", &["origin_scheme_never_sent", "origin_has_path"], Some("https://a.example.com")),
        ("javascript:alert(1)", &["origin_scheme_never_sent"], None),
        ("a/b://c", &["origin_without_scheme", "origin_has_path"], None),
        ("1a://b", &["origin_bad_scheme"], None),
        ("http://0x7f000001:3000", &["origin_address_not_canonical"], Some("http://127.0.0.1:3000")),
        ("http://2130706433", &["origin_address_not_canonical"], Some("http://127.0.0.1")),
        ("http://192.168.001.010", &["origin_address_not_canonical"], None),
        ("http://1.2.3.4.5", &["origin_bad_address"], None),
        ("http://999.1.1.1", &["origin_bad_address"], None),
        ("http://::1:3000", &["origin_address_without_brackets"], Some("http://[::1]:3000")),
        ("http://fe80::1", &["origin_address_without_brackets"], Some("http://[fe80::1]")),
        ("http://[0:0:0:0:0:0:0:1]:3000", &["origin_address_not_canonical"], Some("http://[::1]:3000")),
        ("http://[::1", &["origin_bad_port", "origin_bad_address"], None),
        ("http://[::ffff:1.2.3.4]", &["origin_address_not_canonical"], Some("http://[::ffff:102:304]")),
        ("https://a.example.com https://b.example.com", &["several_origins"], None),
        ("https://a.example.com,https://b.example.com", &["several_origins"], None),
        ("https://a.example.com,", &["origin_stray_character"], Some("https://a.example.com")),
        ("'https://a.example.com'", &["origin_stray_character"], Some("https://a.example.com")),
        (" https://a.example.com", &["origin_surrounding_space"], Some("https://a.example.com")),
        ("https://a.example.com\n", &["origin_control_character"], Some("https://a.example.com")),
        ("https://a\0.example.com", &["origin_control_character", "origin_bad_host"], None),
        ("https://${HOST}", &["origin_placeholder"], None),
        (r"/^https:\/\/.*\.example\.com$/", &["origin_regex"], Some("https://*.example.com")),
        (r"^https?://[a-z0-9-]+\.example\.com$", &["origin_regex"], Some("https://*.example.com")),
        (r"^https://app\.example\.com$", &["origin_regex"], Some("https://app.example.com")),
        (r"https://(.+)\.example\.com:8443", &["origin_regex"], Some("https://*.example.com:8443")),
        (r"https://.*example\.com", &["origin_regex"], None),
        (r"https://(a|b)\.example\.com", &["origin_regex"], None),
        ("https://*example.com", &["origin_wildcard_position"], Some("https://*.example.com")),
        ("https://example.*", &["origin_wildcard_position"], None),
        ("https://app.*.example.com", &["origin_wildcard_position"], None),
        ("https://pr-*.example.com", &["origin_wildcard_position"], None),
        ("https://*.*.example.com", &["origin_wildcard_position"], None),
        ("*://example.com", &["origin_wildcard_scheme"], Some("https://example.com")),
        ("http*://example.com", &["origin_wildcard_scheme"], Some("https://example.com")),
        ("self", &["origin_without_scheme"], None),
        ("https:", &["origin_without_scheme", "origin_bad_port"], None),
        ("h*", &["origin_without_scheme", "origin_wildcard_position"], None),
        ("https://*", &["origin_wildcard_host"], Some("*")),
        ("https://*:8443", &["origin_wildcard_host"], Some("*")),
        ("https://*.", &["origin_empty_label"], None),
        ("tauri://*", &["origin_wildcard_host"], None),
        ("tauri://*.example.com", &["origin_wildcard_position"], None),
        ("http://localhost:30*", &["origin_wildcard_port"], Some("http://localhost:*")),
        ("https://*.example.com:*", &["origin_wildcard_host_and_port"], Some("https://*.example.com")),
        ("http://*.127.0.0.1", &["origin_wildcard_over_address"], None),
        ("http://*.[::1]:3000", &["origin_wildcard_over_address"], None),
        ("chrome-extension://*/", &["origin_trailing_slash"], Some("chrome-extension://*")),
        ("chrome-extension://ABC", &["origin_upper_case"], Some("chrome-extension://abc")),
        ("HTTPS://U@App.Example.com:443/x?y#z",
            &["origin_upper_case", "origin_has_path", "origin_has_query", "origin_has_fragment", "origin_user_info",
              "origin_default_port"], Some("https://app.example.com")),
    ];
    let failures: Vec<_> = cases
        .iter()
        .map(|(entry, codes, suggestion)| (entry, check(entry), (*codes, *suggestion)))
        .filter(|(_, (codes, suggestion), expected)| {
            (codes.as_slice(), suggestion.as_deref()) != *expected
        })
        .collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn lengths_are_refused_by_name() {
    let label = "a".repeat(64);
    assert_eq!(
        check(&format!("https://{label}.example.com")).0,
        ["origin_label_too_long"]
    );
    let host = "a.".repeat(130) + "example";
    assert_eq!(
        check(&format!("https://{host}")).0,
        ["origin_host_too_long"]
    );
    let parent = format!(
        "{}.{}.{}.{}",
        "a".repeat(63),
        "a".repeat(63),
        "a".repeat(63),
        "a".repeat(60)
    );
    assert!(check(&format!("https://{parent}")).0.is_empty());
    assert_eq!(
        check(&format!("https://*.{parent}")).0,
        ["origin_host_too_long"]
    );
    let scheme = "a".repeat(65);
    assert_eq!(check(&format!("{scheme}://a")).0, ["origin_bad_scheme"]);
}

#[test]
fn what_is_documented_is_accepted_and_kept_as_it_is() {
    for entry in [
        "https://app.example.com",
        "http://localhost:3000",
        "http://[::1]:5173",
        "https://*.example.com",
        "https://*.example.com:8443",
        "http://*.localhost:3000",
        "http://localhost:*",
        "http://[::1]:*",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "tauri://localhost",
        "app://obsidian.md",
        "chrome-extension://*",
        "moz-extension://*",
        "*",
        "https://xn--bcher-kva.example",
        "https://example.com.",
        "https://my_app.example.com",
    ] {
        assert_eq!(check(entry).0, Vec::<&str>::new(), "{entry}");
        assert_eq!(OriginPattern::parse(entry).unwrap().to_string(), entry);
    }
}

#[test]
fn lists_have_an_end() {
    let entries = |count: usize| -> Vec<String> {
        (0..count)
            .map(|n| format!("https://h{n}.example.com"))
            .collect()
    };
    assert!(compile_patterns(&entries(10_000), "", PatternContext::endpoint(false)).is_ok());
    let issues =
        compile_patterns(&entries(10_001), "/x", PatternContext::endpoint(false)).unwrap_err();
    assert_eq!(
        (issues[0].pointer.as_str(), issues[0].code),
        ("/x", "too_many_entries")
    );
    assert!(compile_patterns(&entries(1_001), "", PatternContext::key(false)).is_err());
}

#[test]
fn absurd_texts_are_refused_without_a_closer_look() {
    let long = format!("https://{}.example.com", "b\u{fc}cher.".repeat(1_000));
    assert_eq!(check(&long), (vec!["origin_too_long"], None));
}

#[test]
fn messages_never_repeat_a_long_or_unprintable_text() {
    let entry = format!("https://{}\u{1b}[2J", "a".repeat(2_000));
    let issues = compile_patterns(&[entry], "", PatternContext::endpoint(false)).unwrap_err();
    for issue in issues {
        assert!(issue.detail.len() < 400, "{}", issue.detail.len());
        assert!(!issue.detail.contains('\u{1b}'));
        assert_ne!(issue.suggestion, Some(Value::Null));
    }
}
