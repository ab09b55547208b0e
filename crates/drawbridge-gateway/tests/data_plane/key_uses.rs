//! Uses of keys, as cores hand them over.

use std::time::{Duration, Instant};

use drawbridge_policy::key_use::Sighting;
use jiff::Timestamp;
use serde_json::json;

use crate::client_address::trust;
use crate::support::{Gateway, PAGE, PUBLISHABLE, SECRET, Upstream, document};

const PATIENCE: Duration = Duration::from_secs(20);

/// The last use of the only key that was used.
fn handed_over(gateway: &Gateway) -> (Box<str>, Sighting) {
    let until = Instant::now() + PATIENCE;
    loop {
        let mut taken = gateway.key_uses.take();
        assert!(taken.len() < 2, "{taken:?}");
        if let Some(one) = taken.drain().next() {
            return one;
        }
        assert!(Instant::now() < until, "nothing was handed over");
        std::thread::yield_now();
    }
}

#[test]
fn every_request_with_a_good_key_is_a_use_whatever_its_answer() {
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), trust);
    let evil = "https://evil.example";
    for (token, id) in [(SECRET, "ak_live_s"), (PUBLISHABLE, "ak_live_p")] {
        for (path, origin, status) in [
            ("/v1/models", Some(PAGE), 200),
            ("/v1/models", None, 200),
            ("/proj_tests1/e/v1/models", Some(evil), 403),
        ] {
            let began = Timestamp::now();
            let origin_line = origin.map(|origin| format!("origin: {origin}\r\n"));
            let mut client = gateway.client();
            client.send(format!(
                "GET {path} HTTP/1.1\r\nhost: gw\r\nx-api-key: {token}\r\nx-forwarded-for: 203.0.113.7\r\n{}\r\n",
                origin_line.unwrap_or_default()
            ));
            assert_eq!(client.answer().status(), status, "{path}");
            let (used, Sighting { last, .. }) = handed_over(&gateway);
            assert_eq!((&*used, last.origin.as_deref()), (id, origin), "{path}");
            assert_eq!(last.ip.to_string(), "203.0.113.7");
            assert!(began <= last.at && last.at <= Timestamp::now());
        }
    }
}

#[test]
fn preflights_and_bad_keys_are_no_uses_and_a_drain_hands_everything_over() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(&document(&upstream, &json!({})));
    let ask = |lines: &str| {
        let mut client = gateway.client();
        client.send(format!(
            "GET /v1/models HTTP/1.1\r\nhost: gw\r\n{lines}\r\n"
        ));
        client.answer().status()
    };
    assert_eq!(ask("x-api-key: unknown-key-0123456789\r\n"), 401);
    assert_eq!(ask(""), 401);
    let mut client = gateway.client();
    client.send(format!(
        "OPTIONS /v1/models HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nx-api-key: {SECRET}\r\n\
         access-control-request-method: GET\r\n\r\n"
    ));
    assert_eq!(client.answer().status(), 204);
    assert_eq!(ask(&format!("x-api-key: {PUBLISHABLE}\r\n")), 200);
    gateway.take().shut_down();
    let taken = gateway.key_uses.take();
    assert_eq!(
        taken.keys().map(|id| &**id).collect::<Vec<_>>(),
        ["ak_live_p"]
    );
}
