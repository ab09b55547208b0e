//! Patterns that cannot stand together with `allowCredentials`.

use drawbridge_policy::pattern::{OriginPattern, PatternContext};

use crate::support::check_in;

#[test]
fn what_is_dangerous_with_credentials_is_refused_with_them() {
    for (entry, codes, suggestion) in [
        ("*", vec!["wildcard_with_credentials"], None),
        (
            "https://*",
            vec!["origin_wildcard_host", "wildcard_with_credentials"],
            None,
        ),
        (
            "https://*.com",
            vec!["public_suffix_with_credentials"],
            None,
        ),
        (
            "https://*.co.uk",
            vec!["public_suffix_with_credentials"],
            None,
        ),
        (
            "https://*.github.io",
            vec!["public_suffix_with_credentials"],
            None,
        ),
        (
            "https://*.pages.dev:8443",
            vec!["public_suffix_with_credentials"],
            None,
        ),
        (
            "https://*.github.io.",
            vec!["public_suffix_with_credentials"],
            None,
        ),
        (
            "https://*.internal",
            vec!["public_suffix_with_credentials"],
            None,
        ),
        ("https://*.ck", vec!["public_suffix_with_credentials"], None),
        (
            "https://*.foo.ck",
            vec!["public_suffix_with_credentials"],
            None,
        ),
        (
            "https://*.kobe.jp",
            vec!["public_suffix_with_credentials"],
            None,
        ),
        (
            "https://*.xn--p1ai",
            vec!["public_suffix_with_credentials"],
            None,
        ),
        (
            "https://*.xn--55qx5d.cn",
            vec!["public_suffix_with_credentials"],
            None,
        ),
        (
            "chrome-extension://*",
            vec!["any_extension_with_credentials"],
            None,
        ),
        (
            "http://192.168.1.20:3000",
            vec!["insecure_origin_with_credentials"],
            Some("https://192.168.1.20:3000"),
        ),
        (
            "http://a.example.com:443",
            vec!["insecure_origin_with_credentials"],
            Some("https://a.example.com"),
        ),
        (
            "http://*.example.com",
            vec!["insecure_origin_with_credentials"],
            Some("https://*.example.com"),
        ),
        (
            "http://a.example.com:*",
            vec!["insecure_origin_with_credentials"],
            Some("https://a.example.com:*"),
        ),
        (
            "http://*.com",
            vec![
                "public_suffix_with_credentials",
                "insecure_origin_with_credentials",
            ],
            None,
        ),
        (
            "http://A.example.com/",
            vec![
                "origin_trailing_slash",
                "origin_upper_case",
                "insecure_origin_with_credentials",
            ],
            Some("https://a.example.com"),
        ),
    ] {
        let (found, suggested) = check_in(entry, PatternContext::endpoint(true));
        assert_eq!(
            (found, suggested.as_deref()),
            (codes, suggestion),
            "{entry}"
        );
        if let Some(pattern) = OriginPattern::parse(entry) {
            assert!(pattern.is_refused_with_credentials(), "{entry}");
        }
    }
    for entry in [
        "http://localhost:3000",
        "http://app.localhost",
        "http://127.9.9.9:*",
        "http://[::1]",
        "http://*.localhost",
        "https://*.example.com",
        "https://*.city.kobe.jp",
        "https://*.www.ck",
        "tauri://localhost",
    ] {
        assert!(
            check_in(entry, PatternContext::endpoint(true)).0.is_empty(),
            "{entry}"
        );
        assert!(
            !OriginPattern::parse(entry)
                .unwrap()
                .is_refused_with_credentials(),
            "{entry}"
        );
    }
}
