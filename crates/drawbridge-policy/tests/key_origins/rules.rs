//! Design section 4, rule 5, and what follows for a key that changes.

use drawbridge_policy::cors::{Granted, KeyGrant, OriginHeader};
use drawbridge_policy::snapshot::{Change, Snapshot};
use serde_json::json;

use crate::support::{PROJECT, at, endpoint, key, with_keys};

const A: &str = "https://a.example.com";
const B: &str = "https://b.example.com";

fn grant(snapshot: &Snapshot, name: &str, origin: &str, second: i64) -> KeyGrant {
    let endpoint = endpoint(PROJECT, name, &json!({}));
    let origin = OriginHeader::One(origin.as_bytes());
    snapshot.keys_at(at(second)).grant(&endpoint, origin)
}

fn admits(snapshot: &Snapshot, name: &str, origin: &str, second: i64) -> bool {
    grant(snapshot, name, origin, second).origin != Granted::Nothing
}

#[test]
fn only_keys_that_may_use_the_endpoint_count() {
    let snapshot = with_keys(&[
        json!({"allowed_origins": [A], "endpoints": ["one"]}),
        json!({"allowed_origins": [B]}),
        json!({"allowed_origins": ["https://c.example.com"], "endpoints": []}),
        json!({"allowed_origins": ["https://d.example.com"], "scopes": ["keys:read"]}),
        json!({}),
    ]);
    assert!(admits(&snapshot, "one", A, 0) && !admits(&snapshot, "two", A, 0));
    assert!(admits(&snapshot, "one", B, 0) && admits(&snapshot, "two", B, 0));
    for origin in ["https://c.example.com", "https://d.example.com", "null"] {
        assert!(!admits(&snapshot, "one", origin, 0), "{origin}");
    }
    let elsewhere = endpoint("proj_beta22", "one", &json!({}));
    let origin = OriginHeader::One(A.as_bytes());
    let granted = snapshot.keys_at(at(0)).grant(&elsewhere, origin);
    assert_eq!(granted, KeyGrant::default());
}

#[test]
fn a_key_leaves_the_union_when_it_is_revoked_changed_or_removed_and_older_snapshots_keep_it() {
    let document = json!({"allowed_origins": [A], "expires_at": "1970-01-01T00:01:40Z"});
    let first = with_keys(std::slice::from_ref(&document));
    assert!(admits(&first, "one", A, 99), "until it expires");
    assert!(!admits(&first, "one", A, 100), "as authentication has it");
    let revoked = Change::Key(key("ak_1", &document, Some(at(1))));
    let moved = Change::Key(key("ak_1", &json!({"allowed_origins": [B]}), None));
    let lifted = Change::Key(key("ak_1", &json!({}), None));
    for change in [revoked, moved, lifted, Change::KeyRemoved("ak_1".into())] {
        let next = first.apply(2, [change.clone()]);
        assert!(!admits(&next, "one", A, 0), "{change:?}");
        assert!(admits(&first, "one", A, 0), "{change:?}");
    }
    let moved = first.apply(
        2,
        [Change::Key(key(
            "ak_1",
            &json!({"allowed_origins": [B]}),
            None,
        ))],
    );
    assert!(
        admits(&moved, "one", B, 200),
        "its new origin, without an end"
    );
}

#[test]
fn of_several_keys_the_one_that_lives_longest_counts() {
    let document = |end: &str| json!({"allowed_origins": [A], "expires_at": end});
    let both = with_keys(&[
        document("1970-01-01T00:03:20Z"),
        document("1970-01-01T00:01:40Z"),
    ]);
    assert!(admits(&both, "one", A, 199) && !admits(&both, "one", A, 200));
    let one = both.apply(3, [Change::KeyRemoved("ak_1".into())]);
    assert!(admits(&one, "one", A, 99) && !admits(&one, "one", A, 100));
}

#[test]
fn patterns_that_never_go_with_credentials_are_kept_apart() {
    let snapshot = with_keys(&[
        json!({"allowed_origins": ["*"], "endpoints": ["any"]}),
        json!({"allowed_origins": ["https://*.github.io", "http://intranet.example", A]}),
    ]);
    for (origin, here) in [
        (A, Granted::Listed),
        ("https://evil.github.io", Granted::WithoutCredentials),
        ("http://intranet.example", Granted::WithoutCredentials),
        ("https://else.example", Granted::Nothing),
    ] {
        let at_one = grant(&snapshot, "one", origin, 0);
        assert_eq!(
            at_one,
            KeyGrant {
                any: false,
                origin: here
            },
            "{origin}"
        );
        let at_any = grant(&snapshot, "any", origin, 0);
        let there = here.max(Granted::WithoutCredentials);
        assert_eq!(
            at_any,
            KeyGrant {
                any: true,
                origin: there
            },
            "{origin}"
        );
    }
    let too_long = "a".repeat(327);
    let nothing = KeyGrant {
        any: true,
        origin: Granted::Nothing,
    };
    assert_eq!(grant(&snapshot, "any", &too_long, 0), nothing);
}

#[test]
fn an_endpoint_that_lists_origins_asks_no_key() {
    let snapshot = with_keys(&[json!({"allowed_origins": ["*"]})]);
    let lists = endpoint(PROJECT, "one", &json!({"allowedOrigins": [A]}));
    let origin = OriginHeader::One(B.as_bytes());
    let granted = snapshot.keys_at(at(0)).grant(&lists, origin);
    assert_eq!(granted, KeyGrant::default());
    let forced = KeyGrant {
        any: true,
        origin: Granted::Listed,
    };
    assert!(!lists.cors.admits(origin, false, forced));
}
