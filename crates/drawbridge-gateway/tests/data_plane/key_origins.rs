//! Keys that are bound to pages: at endpoints that list no origins, at such that do, and on the shared URL.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{Client, Gateway, Message, Upstream, document};

const A: &str = "https://a.example.com";
const B: &str = "https://b.example.com";
const EVIL: &str = "https://evil.example";

const KEY_A: &str = "key-of-page-a-000001";
const KEY_B: &str = "key-of-page-b-000001";
const UNBOUND: &str = "key-without-a-page-001";

const BASES: [&str; 2] = ["/proj_tests1/e/v1", "/v1"];

/// An endpoint that lists these origins, and a key for each page.
fn start(upstream: &Upstream, origins: &Value) -> Gateway {
    let cors = json!({"cors": {"allowedOrigins": origins}});
    let gateway = Gateway::start(&document(upstream, &cors));
    gateway.set_key(KEY_A, &bound_to(A));
    gateway.set_key(KEY_B, &bound_to(B));
    gateway.set_key(UNBOUND, &json!({"kind": "publishable"}));
    gateway
}

fn bound_to(origin: &str) -> Value {
    json!({"kind": "publishable", "allowed_origins": [origin]})
}

fn post(client: &mut Client, base: &str, key: &str, origin: Option<&str>) {
    let origin = origin.map_or_else(String::new, |origin| format!("origin: {origin}\r\n"));
    client.send(format!(
        "POST {base}/embeddings HTTP/1.1\r\nhost: gw\r\n{origin}authorization: Bearer {key}\r\ncontent-length: 2\r\n\r\n{{}}"
    ));
}

fn preflight(client: &mut Client, base: &str, origin: &str) -> Message {
    client.send(format!(
        "OPTIONS {base}/embeddings HTTP/1.1\r\nhost: gw\r\norigin: {origin}\r\naccess-control-request-method: POST\r\n\
         access-control-request-headers: authorization,content-type\r\n\r\n"
    ));
    let answer = client.answer();
    assert_eq!(answer.status(), 204);
    answer
}

/// Asks, and answers for the upstream where it must be asked.
fn outcome(
    upstream: &Upstream,
    client: &mut Client,
    base: &str,
    key: &str,
    origin: Option<&str>,
    code: Option<&str>,
) -> Message {
    post(client, base, key, origin);
    if code.is_none() {
        upstream.answer_one("connection: close\r\n", "{}");
    }
    let answer = client.answer();
    let found = (answer.status() == 403).then(|| answer.code());
    assert_eq!(found.as_deref(), code, "{base} {key} {origin:?}");
    assert_eq!(answer.status(), if code.is_some() { 403 } else { 200 });
    answer
}

#[test]
fn every_combination_of_endpoint_key_and_page_passes_only_where_both_admit_the_page() {
    const OWN: Option<&str> = Some("key_origin_not_allowed");
    const ENDPOINTS: Option<&str> = Some("origin_not_allowed");
    // By endpoint, then page: what comes of each key, and whether the page is told.
    let endpoints = [
        (
            json!([]),
            [
                (A, [None, OWN, OWN], true),
                (B, [OWN, None, OWN], true),
                (EVIL, [ENDPOINTS; 3], false),
            ],
        ),
        (
            json!([A]),
            [
                (A, [None, OWN, None], true),
                (B, [ENDPOINTS; 3], false),
                (EVIL, [ENDPOINTS; 3], false),
            ],
        ),
        (
            json!([A, B, EVIL]),
            [
                (A, [None, OWN, None], true),
                (B, [OWN, None, None], true),
                (EVIL, [OWN, OWN, None], true),
            ],
        ),
    ];
    let upstream = Upstream::start();
    for (origins, pages) in endpoints {
        let gateway = start(&upstream, &origins);
        let mut client = gateway.client();
        for base in BASES {
            for (page, codes, is_told) in &pages {
                let told = is_told.then_some(*page);
                let answer = preflight(&mut client, base, page);
                assert_eq!(answer.header("access-control-allow-origin"), told);
                for (key, code) in [KEY_A, KEY_B, UNBOUND].iter().zip(codes) {
                    let answer = outcome(&upstream, &mut client, base, key, Some(page), *code);
                    assert_eq!(answer.header("access-control-allow-origin"), told);
                    assert_eq!(answer.header("vary"), Some("Origin"));
                }
            }
            for key in [KEY_A, KEY_B, UNBOUND] {
                let answer = outcome(&upstream, &mut client, base, key, None, None);
                assert_eq!(answer.header("access-control-allow-origin"), None);
                let own = format!("http://{}", gateway.address);
                outcome(&upstream, &mut client, base, key, Some(&own), None);
            }
        }
    }
    assert!(upstream.is_untouched());
}

#[test]
fn a_key_that_is_stolen_reaches_no_upstream_and_the_thief_is_told_nothing() {
    let upstream = Upstream::start();
    let gateway = start(&upstream, &json!([]));
    let mut client = gateway.client();
    for base in BASES {
        let told = preflight(&mut client, base, EVIL);
        assert_eq!(told.header("access-control-allow-origin"), None);
        let refused = Some("origin_not_allowed");
        let answer = outcome(&upstream, &mut client, base, KEY_A, Some(EVIL), refused);
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert!(upstream.is_untouched());
}

#[test]
fn a_key_that_is_changed_revoked_or_expired_leaves_the_union_for_the_next_request_on_an_open_connection()
 {
    let upstream = Upstream::start();
    let gateway = start(&upstream, &json!([]));
    let mut client = gateway.client();
    let is_admitted = |client: &mut Client, origin: &str| {
        let own = BASES.map(|base| {
            let answer = preflight(client, base, origin);
            answer.header("access-control-allow-origin").is_some()
        });
        assert_eq!(own[0], own[1], "both URLs agree");
        own[0]
    };
    assert!(is_admitted(&mut client, A) && !is_admitted(&mut client, EVIL));
    gateway.set_key(KEY_A, &bound_to("https://*.example"));
    assert!(!is_admitted(&mut client, A) && is_admitted(&mut client, EVIL));
    let expired = Timestamp::now() - SignedDuration::from_secs(1);
    let mut document = bound_to(EVIL);
    document["expires_at"] = expired.to_string().into();
    gateway.set_key(KEY_A, &document);
    assert!(!is_admitted(&mut client, EVIL));
    gateway.set_key(KEY_A, &bound_to(A));
    assert!(is_admitted(&mut client, A));
    gateway.revoke(KEY_A, &bound_to(A));
    assert!(!is_admitted(&mut client, A) && is_admitted(&mut client, B));
    post(&mut client, BASES[0], KEY_A, Some(A));
    let answer = client.answer();
    assert_eq!((answer.status(), &*answer.code()), (401, "revoked_key"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert!(upstream.is_untouched());
}

#[test]
fn the_list_of_models_has_what_key_and_page_may_call() {
    let upstream = Upstream::start();
    let cors = json!({"cors": {"allowedOrigins": []}, "models": ["small"]});
    let gateway = Gateway::start(&document(&upstream, &cors));
    gateway.set_key(KEY_A, &bound_to(A));
    gateway.set_key(KEY_B, &bound_to(B));
    gateway.set_key(UNBOUND, &json!({"kind": "publishable"}));
    let mut client = gateway.client();
    for (key, origin, count) in [
        (KEY_A, Some(A), 1),
        (KEY_A, Some(B), 0),
        (UNBOUND, Some(A), 0),
        (UNBOUND, None, 1),
        (KEY_A, Some(EVIL), 0),
    ] {
        let line = origin.map_or_else(String::new, |origin| format!("origin: {origin}\r\n"));
        client.send(format!(
            "GET /v1/models HTTP/1.1\r\nhost: gw\r\n{line}authorization: Bearer {key}\r\n\r\n"
        ));
        let answer = client.answer();
        let listed = answer.json()["data"].as_array().unwrap().len();
        assert_eq!((answer.status(), listed), (200, count), "{key} {origin:?}");
    }
}

#[test]
fn an_endpoint_that_a_body_names_asks_its_keys_too() {
    let upstream = Upstream::start();
    let with_model = |name: &str| json!({"cors": {"allowedOrigins": []}, "models": [name]});
    let gateway = Gateway::start(&document(&upstream, &with_model("small")));
    gateway.set_endpoint(
        "proj_tests1",
        "big",
        &document(&upstream, &with_model("big")),
    );
    gateway.set_key(KEY_A, &bound_to(A));
    gateway.set_key(
        KEY_B,
        &json!({"kind": "publishable", "allowed_origins": [B], "endpoints": ["big"]}),
    );
    let mut client = gateway.client();
    let mut ask = |origin: &str, model: &str, code: Option<&str>| {
        let body = format!("{{\"model\":\"{model}\"}}");
        client.send(format!(
            "POST /v1/embeddings HTTP/1.1\r\nhost: gw\r\norigin: {origin}\r\nauthorization: Bearer {KEY_A}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
        if code.is_none() {
            upstream.answer_one("connection: close\r\n", "{}");
        }
        let answer = client.answer();
        let found = (answer.status() == 403).then(|| answer.code());
        assert_eq!(found.as_deref(), code, "{origin} {model}");
        answer.header("access-control-allow-origin").is_some()
    };
    assert!(ask(A, "small", None) && ask(A, "big", None));
    assert!(ask(B, "big", Some("key_origin_not_allowed")));
    assert!(!ask(B, "small", Some("origin_not_allowed")));
    assert!(upstream.is_untouched());
}
