//! What happened to requests, from the requests to the history of them, over a kill and a restart.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cli::Gateway;
use crate::process::{ROOT_KEY, exchange};

const PAGE: &str = "Origin: https://app.example.com";
const OTHER: &str = "Origin: https://other.example.com";
const PREFLIGHT: &str = "Access-Control-Request-Method: POST";

/// Answers that many requests; its address.
fn upstream(answers: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for _ in 0..answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n{}") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
            stream.write_all(answer).unwrap();
        }
    });
    address
}

fn traffic(gateway: &Gateway, query: &str) -> Value {
    let bearer = format!("Authorization: Bearer {ROOT_KEY}");
    let path = format!("/dashboard/api/traffic?from=2026-01-01T00:00:00Z&step=3600{query}");
    let answer = exchange(&gateway.url, "GET", &path, &[&*bearer], "");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

/// A member of all points, added up.
fn sum(traffic: &Value, pointer: &str) -> u64 {
    let points = traffic["points"].as_array().unwrap();
    let of = |point: &Value| point.pointer(pointer).unwrap().as_u64().unwrap();
    points.iter().map(of).sum()
}

fn sums(traffic: &Value) -> Vec<u64> {
    let pointers = [
        "/requests/2xx",
        "/requests/4xx",
        "/preflights/admitted",
        "/preflights/refused",
        "/actual/admitted",
        "/actual/refused",
    ];
    pointers.map(|pointer| sum(traffic, pointer)).into()
}

/// Waits until the control thread has stored as many requests and refused preflights.
fn stored(gateway: &Gateway, expected: &[u64]) -> Value {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let found = traffic(gateway, "");
        if sums(&found) == expected {
            return found;
        }
        assert!(Instant::now() < until, "{:?}: {found}", sums(&found));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_happened_survives_a_kill_and_adds_up_after_it() {
    let gateway = Gateway::start();
    let project = gateway.json("project create p");
    let address = upstream(2);
    gateway.done(&format!(
        "endpoint create e --project p --upstream http://{address}/v1 --allow-origin https://app.example.com"
    ));
    let path = format!("/{}/e/v1/responses", project["id"].as_str().unwrap());
    let key = gateway.json("key create web --project p --kind publishable");
    let bearer = format!("Authorization: Bearer {}", key["token"].as_str().unwrap());
    let preflight = |gateway: &Gateway, path: &str, origin| {
        let answer = exchange(&gateway.url, "OPTIONS", path, &[origin, PREFLIGHT], "");
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    };
    let post = |gateway: &Gateway, origin, status: &str| {
        let answer = exchange(&gateway.url, "POST", &path, &[origin, &*bearer], "{}");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    };
    for _ in 0..2 {
        preflight(&gateway, &path, PAGE);
    }
    preflight(&gateway, &path, OTHER);
    // On the shared URL no endpoint is known.
    preflight(&gateway, "/v1/responses", OTHER);
    post(&gateway, PAGE, "200");
    post(&gateway, OTHER, "403");
    let before = stored(&gateway, &[4, 1, 2, 2, 1, 1]);
    let endpoints = json!([{"endpoint": "p/e", "requests": 5, "refused": 2}]);
    assert_eq!(before["endpoints"], endpoints);
    let reasons = json!([
        {"reason": "origin_not_allowed", "phase": "preflight", "count": 2},
        {"reason": "origin_not_allowed", "phase": "actual", "count": 1},
    ]);
    assert_eq!(before["reasons"], reasons);

    let gateway = Gateway::start_in(gateway.kill());
    let after = traffic(&gateway, "");
    for member in ["endpoints", "reasons"] {
        assert_eq!(after[member], before[member]);
    }
    assert_eq!(sums(&after), sums(&before));
    let latencies = |traffic: &Value| {
        let points = traffic["points"].as_array().unwrap().clone();
        let mut latencies = points
            .into_iter()
            .map(|point| point["first_byte_ms"].clone());
        latencies.find(|latency| !latency.is_null())
    };
    assert!(latencies(&after).is_some(), "{after}");
    assert_eq!(latencies(&after), latencies(&before));

    // What was counted last is stored on the way out, and added to what there was.
    post(&gateway, PAGE, "200");
    preflight(&gateway, &path, PAGE);
    let gateway = Gateway::start_in(gateway.stop());
    assert_eq!(sums(&traffic(&gateway, "&project=p")), [6, 1, 3, 1, 2, 1]);
    assert_eq!(sums(&traffic(&gateway, "")), [6, 1, 3, 2, 2, 1]);
}
