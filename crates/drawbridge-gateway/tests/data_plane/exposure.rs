//! Secret keys that pages of other origins send.

use std::sync::Arc;
use std::time::{Duration, Instant};

use drawbridge_policy::endpoint::Project;
use drawbridge_policy::key::SecretKeysInBrowsers;
use drawbridge_policy::key_use::{Exposure, KeyUses};
use drawbridge_policy::snapshot::Change;
use serde_json::json;

use crate::support::{Gateway, Message, PAGE, PUBLISHABLE, SECRET, Upstream, document};

const PATIENCE: Duration = Duration::from_secs(20);
const OTHER: &str = "https://other.example";
const WARNING: Option<&str> = Some("secret_key_in_browser");

fn decide(gateway: &Gateway, secret_keys_in_browsers: SecretKeysInBrowsers) {
    let project = Arc::new(Project {
        id: "proj_tests1".into(),
        slug: "tests".into(),
        secret_keys_in_browsers,
        ..Project::default()
    });
    gateway.publish([Change::Project(project)]);
}

/// Posts to an endpoint by a page of that origin, or by none.
fn ask(
    gateway: &Gateway,
    upstream: Option<&Upstream>,
    path: &str,
    token: &str,
    origin: Option<&str>,
) -> Message {
    let origin = origin.map_or_else(String::new, |origin| format!("origin: {origin}\r\n"));
    let mut client = gateway.client();
    client.send(format!(
        "POST {path} HTTP/1.1\r\nhost: gw\r\nx-api-key: {token}\r\nx-request-id: r-1\r\n{origin}content-length: 2\r\n\r\n{{}}"
    ));
    if let Some(upstream) = upstream {
        upstream.answer_one("connection: close\r\n", "{}");
    }
    client.answer()
}

/// Waits until uses were handed over, and says what else there was.
fn exposure(gateway: &Gateway) -> Option<Exposure> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some((_, sighting)) = gateway.key_uses.take().drain().next() {
            return sighting.exposures.map(|exposures| exposures.last);
        }
        assert!(Instant::now() < until, "nothing was handed over");
        std::thread::yield_now();
    }
}

#[test]
fn a_secret_key_in_a_page_works_where_its_endpoint_says_so_and_is_told_of() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    for path in ["/proj_tests1/e/v1/embeddings", "/v1/embeddings"] {
        let answer = ask(&gateway, Some(&upstream), path, SECRET, Some(PAGE));
        assert_eq!(
            (answer.status(), answer.header("drawbridge-warning")),
            (200, WARNING)
        );
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("Drawbridge-Warning"), "{exposed}");
        let seen = exposure(&gateway).unwrap();
        assert_eq!((&*seen.origin, &*seen.request_id), (PAGE, "r-1"));
        assert_eq!(seen.ip.to_string(), "127.0.0.1");
        // A refusal tells of it too.
        let answer = ask(&gateway, None, path, SECRET, Some(OTHER));
        assert_eq!(
            (answer.status(), answer.header("drawbridge-warning")),
            (403, WARNING)
        );
        assert_eq!(answer.code(), "origin_not_allowed");
        assert_eq!(&*exposure(&gateway).unwrap().origin, OTHER);
    }
}

#[test]
fn of_several_pages_the_first_is_not_hidden_by_the_others() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let path = "/proj_tests1/e/v1/embeddings";
    ask(&gateway, Some(&upstream), path, SECRET, Some(PAGE));
    for decoy in [OTHER, "https://decoy.example"] {
        ask(&gateway, None, path, SECRET, Some(decoy));
    }
    let until = Instant::now() + PATIENCE;
    let together = KeyUses::default();
    loop {
        together.merge(gateway.key_uses.take());
        let taken = together.take();
        if let Some(seen) = taken.values().find_map(|seen| seen.exposures.as_ref())
            && &*seen.last.origin == "https://decoy.example"
        {
            assert_eq!(&*seen.first.origin, PAGE);
            return;
        }
        together.merge(taken);
        assert!(Instant::now() < until, "nothing was handed over");
        std::thread::yield_now();
    }
}

#[test]
fn servers_own_pages_publishable_keys_and_keys_for_pages_expose_nothing() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    decide(&gateway, SecretKeysInBrowsers::Refuse);
    let for_pages = "secret-key-for-pages-01";
    gateway.set_key(
        for_pages,
        &json!({"kind": "secret", "allowed_origins": [PAGE]}),
    );
    let own = format!("http://{}", gateway.address);
    for (token, origin) in [
        (SECRET, None),
        (SECRET, Some(&*own)),
        (PUBLISHABLE, Some(PAGE)),
        (for_pages, Some(PAGE)),
    ] {
        let path = "/proj_tests1/e/v1/embeddings";
        let answer = ask(&gateway, Some(&upstream), path, token, origin);
        assert_eq!(
            (answer.status(), answer.header("drawbridge-warning")),
            (200, None),
            "{token}"
        );
        assert_eq!(exposure(&gateway), None, "{token}");
    }
}

#[test]
fn a_project_that_refuses_them_does_so_before_the_upstream_and_readably() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    decide(&gateway, SecretKeysInBrowsers::Refuse);
    for path in ["/proj_tests1/e/v1/embeddings", "/v1/embeddings"] {
        let answer = ask(&gateway, None, path, SECRET, Some(PAGE));
        assert_eq!(
            (answer.status(), &*answer.code()),
            (403, "secret_key_in_browser")
        );
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(answer.header("drawbridge-warning"), WARNING);
        assert_eq!(&*exposure(&gateway).unwrap().origin, PAGE);
        // The endpoint's own refusal comes first.
        let answer = ask(&gateway, None, path, SECRET, Some(OTHER));
        assert_eq!(answer.code(), "origin_not_allowed");
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(&*exposure(&gateway).unwrap().origin, OTHER);
    }
    // What the gateway answers itself is no way round.
    let mut client = gateway.client();
    let answer = client.get("/v1/models").answer();
    assert_eq!(
        (answer.status(), &*answer.code()),
        (403, "secret_key_in_browser")
    );
    assert!(upstream.is_untouched());
    // A change of mind is obeyed by the next request.
    decide(&gateway, SecretKeysInBrowsers::Warn);
    assert_eq!(client.get("/v1/models").answer().status(), 200);
}
