use drawbridge_policy::csp::{Csp, Miss, source_for};
use drawbridge_policy::origin::Origin;

use crate::{allows, judge};

const GW: &str = "https://gw.example.com";
const LOCAL: &str = "http://localhost:8080";

/// Rows marked with B were seen in Chromium 156 and Firefox 153, both, with pages on loopback.
#[test]
fn a_policy_allows_what_level_3_and_browsers_allow() {
    let rows = [
        // No directive about it.
        ("", GW, true),
        ("script-src 'self'", GW, true),                    // B
        ("img-src *; default-src https://x", LOCAL, false), // B
        ("default-src 'none'; connect-src *", LOCAL, true), // B
        ("default-src 'none'", LOCAL, false),               // B
        ("connect-src", LOCAL, false),                      // B
        ("connect-src https://x; default-src *", GW, false),
        ("CONNECT-SRC HTTP://LOCALHOST:8080", LOCAL, true), // B
        ("connect-src\thttp://localhost:8080", LOCAL, true), // B
        ("connect-src 'none' http://localhost:8080", LOCAL, true), // B
        // The first of two counts.
        ("connect-src https://x; connect-src *", LOCAL, false), // B
        (
            "connect-src http://localhost:8080; connect-src 'none'",
            LOCAL,
            true,
        ), // B
        // All policies count.
        ("connect-src *, connect-src https://x", LOCAL, false), // B
        ("connect-src *, script-src https://x", LOCAL, true),   // B
        (",,connect-src *,;", LOCAL, true),
        // A directive that is not ASCII is none.
        ("connect-src https://x/é", LOCAL, true), // B
        // By https the gateway would not answer, and browsers say nothing of the policy.
        ("upgrade-insecure-requests", LOCAL, true), // B
        ("upgrade-insecure-requests", GW, true),
        ("Upgrade-Insecure-Requests", "http://gw.example.com", false),
        (
            "connect-src *; upgrade-insecure-requests",
            "http://192.0.2.1",
            false,
        ),
        // Schemes.
        ("connect-src http:", LOCAL, true), // B
        ("connect-src http:", GW, true),
        ("connect-src https:", LOCAL, false), // B
        ("connect-src ws:", LOCAL, false),    // B
        ("connect-src wss:", GW, false),
        ("connect-src https://localhost:8080", LOCAL, false), // B
        ("connect-src http://gw.example.com", GW, true),
        ("connect-src ws://localhost:8080", LOCAL, false), // B
        ("connect-src localhost:8080", LOCAL, true),       // B
        ("connect-src gw.example.com", GW, true),
        // Hosts.
        ("connect-src https://gw.example.com", GW, true),
        ("connect-src https://example.com", GW, false),
        ("connect-src https://*.example.com", GW, true),
        ("connect-src https://*.com", GW, true),
        ("connect-src https://*.gw.example.com", GW, false), // B, by its like
        ("connect-src https://gw.example.com.", GW, false),  // B, by its like
        ("connect-src https://evilgw.example.com", GW, false),
        ("connect-src https://*.w.example.com", GW, false),
        ("connect-src http://localhost*:8080", LOCAL, false), // B
        ("connect-src //localhost:8080", LOCAL, false),       // B
        ("connect-src http:localhost:8080", LOCAL, false),    // B
        ("connect-src http://u@localhost:8080", LOCAL, false), // B
        ("connect-src http://*:8080", LOCAL, true),           // B
        ("connect-src *:*", LOCAL, true),                     // B
        ("connect-src *:8080", LOCAL, true),                  // B
        ("connect-src *", "http://[::1]:8080", true),         // B
        ("connect-src http:", "http://[::1]:8080", true),     // B
        ("connect-src http://*:8080", "http://[::1]:8080", true), // B
        ("connect-src http://[::1]:8080", "http://[::1]:8080", false), // B
        ("connect-src http://[::1]:*", "http://[::1]:8080", false), // B
        (
            "connect-src http://127.0.0.2:8080",
            "http://127.0.0.2:8080",
            true,
        ), // B
        (
            "connect-src http://127.0.0.2:*",
            "http://127.0.0.2:8080",
            true,
        ), // B
        // Ports.
        (
            "connect-src http://127.0.0.2",
            "http://127.0.0.2:8080",
            false,
        ), // B
        ("connect-src http://localhost:80", LOCAL, false), // B
        ("connect-src http://localhost:", LOCAL, false),   // B
        ("connect-src http://localhost:08080", LOCAL, false), // Firefox; Chromium allows it
        ("connect-src https://gw.example.com:443", GW, true),
        ("connect-src https://gw.example.com:*", GW, true),
        ("connect-src https://gw.example.com:80", GW, false),
        ("connect-src https://gw.example.com:70000", GW, false),
        // Keywords.
        ("connect-src 'self'", GW, false),
        ("connect-src self", GW, false), // B
        (
            "connect-src 'unsafe-inline' 'nonce-abc' 'sha256-abc'",
            GW,
            false,
        ),
        ("connect-src 'https://gw.example.com'", GW, false),
    ];
    for (csp, gateway, expected) in rows {
        assert_eq!(
            allows(csp, gateway, "/", None),
            expected,
            "{csp} for {gateway}"
        );
    }
}

#[test]
fn a_path_has_to_cover_all_that_is_called() {
    let rows = [
        ("/", "/", true),
        ("/", "/proj_a/", true),          // B
        ("/proj_a/", "/proj_a/", true),   // B
        ("/%70roj_a/", "/proj_a/", true), // B
        ("/proj_a/?q", "/proj_a/", true), // B
        ("/proj_a/#q", "/proj_a/", true), // B
        ("/proj_a/", "/", false),
        ("/proj_a", "/proj_a/", false), // B
        ("/proj_a/e/", "/proj_a/", false),
        ("/proj_A/", "/proj_a/", false),
        ("/proj_b/", "/proj_a/", false),
        ("/v1/a", "/v1/a", true),
        ("/v1/%61", "/v1/a", true),
        ("/v1/", "/v1/a", true),
        ("/v1", "/v1/a", false),
        ("/v1/a/", "/v1/a", false),
        ("/v1/a", "/v1/ab", false),
    ];
    for (pattern, path, expected) in rows {
        let csp = format!("connect-src {GW}{pattern}");
        assert_eq!(
            allows(&csp, GW, path, None),
            expected,
            "{pattern} for {path}"
        );
    }
}

#[test]
fn self_and_sources_without_a_scheme_depend_on_the_page() {
    let rows = [
        ("'self'", GW, GW, true),
        ("'SELF'", GW, GW, true), // B
        ("'self'", GW, "http://gw.example.com", true),
        ("'self'", "http://gw.example.com", GW, false),
        ("'self'", "https://gw.example.com:8443", GW, false),
        (
            "'self'",
            "https://a.example:8443",
            "http://a.example:8443",
            true,
        ),
        (
            "'self'",
            "https://a.example:8443",
            "https://a.example:8443",
            true,
        ),
        ("'self'", GW, "https://app.example.com", false),
        ("gw.example.com", GW, "http://app.example.com", true),
        (
            "gw.example.com",
            "http://gw.example.com",
            "https://app.example.com",
            false,
        ),
        (
            "gw.example.com",
            GW,
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            false,
        ),
    ];
    for (source, gateway, page, expected) in rows {
        let csp = format!("connect-src {source}");
        let allowed = allows(&csp, gateway, "/", Some(page));
        assert_eq!(allowed, expected, "{source} for {gateway} from {page}");
    }
}

#[test]
fn the_directive_at_fault_is_named_with_what_nearly_matches_and_the_smallest_cure() {
    let csp = "default-src 'self' 'nonce-a' https://cdn.example.com; img-src *";
    let judgement = judge(csp, GW, "/", None);
    let block = &judgement.blocks[0];
    assert_eq!(block.directive, "default-src");
    assert_eq!(
        block.text,
        "default-src 'self' 'nonce-a' https://cdn.example.com"
    );
    // What the fallback allowed stays allowed, and nothing but calls is opened up.
    let cure = "connect-src 'self' https://cdn.example.com https://gw.example.com";
    assert_eq!(block.cure.as_deref(), Some(cure));
    assert_eq!(judgement.cured, Some(format!("{csp}; {cure}")));

    let csp = "img-src *; Connect-Src 'none' ; script-src 'self'";
    let cured = "img-src *; connect-src https://gw.example.com; script-src 'self'";
    assert_eq!(judge(csp, GW, "/", None).cured.as_deref(), Some(cured));

    // Each policy that blocks gets its own.
    let csp = "connect-src https://a, img-src *, default-src 'self'";
    let judgement = judge(csp, GW, "/proj_a/", None);
    let places: Vec<_> = judgement.blocks.iter().map(|block| block.policy).collect();
    assert_eq!(places, [0, 2]);
    let cured = "connect-src https://a https://gw.example.com/proj_a/, img-src *, \
                 default-src 'self'; connect-src 'self' https://gw.example.com/proj_a/";
    assert_eq!(judgement.cured.as_deref(), Some(cured));

    let csp = "connect-src https://gw.example.com:8443 https://gw.example.com/v1 wss://gw.example.com https://other";
    let near = &judge(csp, GW, "/", None).blocks[0].near;
    let near: Vec<_> = near.iter().map(|(text, miss)| (&**text, *miss)).collect();
    assert_eq!(
        near,
        [
            ("https://gw.example.com:8443", Miss::Port),
            ("https://gw.example.com/v1", Miss::Path),
            ("wss://gw.example.com", Miss::Scheme),
        ]
    );

    let judgement = judge("connect-src 'self'", "http://[::1]:8080", "/", None);
    assert_eq!(
        (judgement.blocks[0].cure.as_ref(), judgement.cured),
        (None, None)
    );
    assert!(judge("connect-src *", GW, "/", None).cured.is_none());
}

#[test]
fn what_browsers_ignore_is_said() {
    let rows = [
        (
            "conect-src *",
            "`conect-src` is no directive that browsers know, did you mean `connect-src`?",
        ),
        (
            "connect-src *; connect-src x",
            "`connect-src` stands there twice",
        ),
        ("connect-src https://é", "has characters that are not ASCII"),
        (
            "connect-src self",
            "`self` in `connect-src` is a host of that name",
        ),
        (
            "connect-src 'none' *",
            "`'none'` in `connect-src` means nothing beside other sources",
        ),
        (
            "connect-src 'selv'",
            "`'selv'` in `connect-src` is no keyword",
        ),
        ("default-src http://[::1]:1", "is an IPv6 address"),
        ("connect-src https://a/?b", "has a query or fragment"),
        (
            "connect-src https//a",
            "`https//a` in `connect-src` is a host of that name",
        ),
        ("connect-src https://a b;", ""),
    ];
    for (csp, expected) in rows {
        let (_, oddities) = Csp::parse(csp);
        match expected {
            "" => assert!(oddities.is_empty(), "{csp}: {oddities:?}"),
            expected => {
                assert_eq!(oddities.len(), 1, "{csp}: {oddities:?}");
                assert!(oddities[0].contains(expected), "{csp}: {oddities:?}");
            }
        }
    }
}

#[test]
fn a_source_names_the_origin_and_the_path() {
    let rows = [
        (GW, "/", Some(GW.to_owned())),
        (LOCAL, "/proj_a/", Some(format!("{LOCAL}/proj_a/"))),
        (GW, "/a;b,c/", Some(format!("{GW}/a%3Bb%2Cc/"))),
        ("http://[::1]:8080", "/", None),
    ];
    for (gateway, path, expected) in rows {
        let gateway = Origin::parse(gateway.as_bytes()).unwrap();
        assert_eq!(source_for(gateway, path), expected);
    }
}
