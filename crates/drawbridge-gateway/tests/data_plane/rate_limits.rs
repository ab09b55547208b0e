//! What keys are limited to: how often, how many at once, and how many keys an address may get wrong.
//!
//! No test waits for a bucket to refill: the limits are so slow that nothing drips while a test runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use drawbridge_gateway::Bound;
use drawbridge_gateway::management::ManagementReply;
use drawbridge_policy::endpoint::Project;
use drawbridge_policy::rate_limit::RateLimit;
use drawbridge_policy::snapshot::Change;
use http_body_util::{BodyExt, Empty};
use serde_json::{Value, json};

use crate::support::{
    Client, Gateway, Message, PAGE, ROOT, SECRET, Upstream, document, read_chunk,
};

const KEY: &str = "limited-key-000000001";
const OWN: &str = "/proj_tests1/e/v1";
const SHARED: &str = "/v1";
const RATES: [&str; 5] = [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "ratelimit-policy",
    "ratelimit",
];

/// An upstream that answers everything at once, with `extra` header lines.
fn answering(extra: &'static str) -> Value {
    let upstream = Upstream::start();
    let document = document(&upstream, &json!({}));
    std::thread::spawn(move || {
        loop {
            let mut connection = upstream.accept();
            std::thread::spawn(move || {
                while connection.0.peek(&mut [0]).is_ok_and(|count| count > 0) {
                    connection.request();
                    connection.answer(extra, "{}");
                }
            });
        }
    });
    document
}

/// A secret key's document with so many requests in an hour, `burst` of them at once.
fn hourly(requests: u32, burst: u32) -> Value {
    json!({"kind": "secret", "rate_limit": {"requests": requests, "per_seconds": 3600, "burst": burst}})
}

fn set_project_limit(gateway: &Gateway, limit: Option<RateLimit>) {
    gateway.publish([Change::Project(Arc::new(Project {
        id: "proj_tests1".into(),
        slug: "tests".into(),
        rate_limit: limit,
        ..Project::default()
    }))]);
}

/// A request of the page with the limited key.
fn request(line: &str, extra: &str, body: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nauthorization: Bearer {KEY}\r\n{extra}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn post(gateway: &Gateway, base: &str) -> Message {
    let mut client = gateway.client();
    let line = format!("POST {base}/chat/completions");
    client.send(request(&line, "", "{}")).answer()
}

fn remaining(answer: &Message) -> &str {
    answer.header("x-ratelimit-remaining").unwrap()
}

#[test]
fn exactly_the_burst_is_admitted_under_64_parallel_clients_on_several_cores() {
    let bound = Bound::bind("127.0.0.1:0".parse().unwrap(), 4).unwrap();
    let gateway = Gateway::start_on(bound, &answering(""), |_| {});
    gateway.set_key(KEY, &hourly(1, 300));
    let (admitted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for client in 0..64 {
            let mut connection = gateway.client();
            let base = [OWN, SHARED][client % 2];
            let (admitted, refused) = (&admitted, &refused);
            scope.spawn(move || {
                for _ in 0..10 {
                    let line = format!("POST {base}/embeddings");
                    let answer = connection.send(request(&line, "", "{}")).answer();
                    match answer.status() {
                        200 => admitted.fetch_add(1, Ordering::Relaxed),
                        429 => refused.fetch_add(1, Ordering::Relaxed),
                        status => panic!("{status}: {answer:?}"),
                    };
                }
            });
        }
    });
    assert_eq!((admitted.into_inner(), refused.into_inner()), (300, 340));
}

#[test]
fn a_page_reads_its_429_and_when_to_come_back() {
    let gateway = Gateway::start(&answering(""));
    gateway.set_key(KEY, &hourly(60, 1));
    let began = SystemTime::now();
    let seconds = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        since.as_secs()
    };
    assert_eq!(post(&gateway, OWN).status(), 200);
    for base in [OWN, SHARED] {
        let answer = post(&gateway, base);
        assert_eq!(
            (answer.status(), &*answer.code()),
            (429, "rate_limited"),
            "{base}"
        );
        assert_eq!(answer.json()["error"]["type"], "rate_limit_error");
        let message = answer.json()["error"]["message"].to_string();
        assert!(
            message.contains("60 in 3600 seconds, 1 of them at once"),
            "{message}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        let exposed = answer.header("access-control-expose-headers").unwrap();
        let exposed = exposed.to_ascii_lowercase();
        let exposed: Vec<_> = exposed.split(", ").collect();
        for name in RATES
            .into_iter()
            .chain(["retry-after", "retry-after-ms", "x-should-retry"])
        {
            assert!(exposed.contains(&name), "{name} is not exposed");
            assert!(answer.header(name).is_some(), "{name} is missing");
        }
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        // One request a minute drips; the test takes less than one.
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        let precise: u64 = answer.header("retry-after-ms").unwrap().parse().unwrap();
        assert_eq!(precise.div_ceil(1000), wait);
        assert_eq!(answer.header("x-should-retry"), Some("true"));
        assert_eq!(answer.header("x-ratelimit-limit"), Some("1"));
        assert_eq!(remaining(&answer), "0");
        let reset: u64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
        assert!((seconds(began) + 60..=seconds(SystemTime::now()) + 61).contains(&reset));
        assert_eq!(
            answer.header("ratelimit-policy"),
            Some("\"default\";q=60;w=3600")
        );
        let rate = format!("\"default\";r=0;t={wait}");
        assert_eq!(answer.header("ratelimit"), Some(&*rate));
    }
    // SDKs wait a minute at most; told to, they do not try in vain.
    set_project_limit(&gateway, RateLimit::new(1, 3600));
    let mut client = gateway.client();
    assert_eq!(client.post("{}").answer().status(), 200);
    let answer = client.post("{}").answer();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.header("x-should-retry"), Some("false"));
}

#[test]
fn preflights_and_refusals_before_the_limit_are_not_counted() {
    let upstream = Upstream::start();
    let models =
        json!({"models": ["one"], "cors": {"allowedOrigins": [PAGE], "allowedMethods": ["POST"]}});
    let gateway = Gateway::start(&document(&upstream, &models));
    let models = json!({"models": ["two"], "cors": {"allowedOrigins": ["https://two.example"]}});
    gateway.set_endpoint("proj_tests1", "two", &document(&upstream, &models));
    gateway.set_key(KEY, &hourly(1, 3));
    let ask = |bytes: String| gateway.client().send(bytes).answer();
    for base in [OWN, SHARED] {
        let preflight = format!(
            "OPTIONS {base}/embeddings HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nauthorization: Bearer {KEY}\r\n\
             access-control-request-method: POST\r\n\r\n"
        );
        let answer = ask(preflight);
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.header("x-ratelimit-limit"), None);
        let unknown = request(&format!("POST {base}/embeddings"), "", "{}").replace(KEY, "unknown");
        let answer = ask(unknown);
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.header("x-ratelimit-limit"), None);
    }
    let foreign = |base: &str, body: &str| {
        let page = request(&format!("POST {base}/embeddings"), "", body);
        page.replace(PAGE, "https://evil.example")
    };
    for (refused, status) in [
        (foreign(OWN, "{}"), 403),
        (request(&format!("PUT {OWN}/embeddings"), "", "{}"), 405),
        // The body has to be read before the endpoint that refuses them is known.
        (foreign(SHARED, "{\"model\":\"one\"}"), 403),
        (
            request(
                &format!("POST {SHARED}/embeddings"),
                "",
                "{\"model\":\"two\"}",
            ),
            403,
        ),
        (
            request(
                &format!("PUT {SHARED}/embeddings"),
                "",
                "{\"model\":\"one\"}",
            ),
            405,
        ),
    ] {
        let answer = ask(refused.clone());
        assert_eq!(answer.status(), status, "{refused}");
        assert_eq!(remaining(&answer), "3", "{refused}");
    }
    assert!(upstream.is_untouched());
    // What is wrong with the body comes after the limit, wherever it is sent.
    for (line, body, left) in [
        (
            format!("POST {OWN}/embeddings"),
            "{\"model\":\"none\"}",
            "2",
        ),
        (format!("POST {SHARED}/embeddings"), "{}", "1"),
        (format!("GET {SHARED}/models"), "", "0"),
    ] {
        let answer = ask(request(&line, "", body));
        assert!(
            [200, 400, 404].contains(&answer.status()),
            "{line} {answer:?}"
        );
        assert_eq!(remaining(&answer), left, "{line}");
    }
    let answer = ask(request(&format!("GET {SHARED}/models"), "", ""));
    assert_eq!(answer.status(), 429);
}

#[test]
fn every_answer_to_the_key_tells_what_is_left_in_the_place_of_the_upstreams_own() {
    let lines = "x-ratelimit-limit: 7\r\nx-ratelimit-remaining: 6\r\nx-ratelimit-reset: 5\r\nratelimit: \"up\";r=6\r\n\
                 ratelimit-policy: \"up\";q=7\r\nretry-after: 4\r\nx-ratelimit-limit-tokens: 3\r\n";
    let gateway = Gateway::start(&answering(lines));
    gateway.set_key(KEY, &json!({"kind": "secret"}));
    let answer = post(&gateway, OWN);
    assert_eq!(answer.header("x-ratelimit-limit"), Some("7"));
    assert_eq!(answer.header("ratelimit"), Some("\"up\";r=6"));
    gateway.set_key(KEY, &hourly(100, 20));
    let answer = post(&gateway, OWN);
    assert_eq!(answer.header("x-ratelimit-limit"), Some("20"));
    assert_eq!(remaining(&answer), "19");
    assert_eq!(
        answer.header("ratelimit-policy"),
        Some("\"default\";q=100;w=3600")
    );
    assert_eq!(answer.header("ratelimit"), Some("\"default\";r=19;t=36"));
    // These are about this answer, or about something else.
    assert_eq!(answer.header("retry-after"), Some("4"));
    assert_eq!(answer.header("x-ratelimit-limit-tokens"), Some("3"));

    let nobody = json!({"upstream": {"base_url": "http://127.0.0.1:1/v1"}, "cors": {"allowedOrigins": [PAGE]}});
    gateway.set(&nobody);
    let answer = post(&gateway, OWN);
    assert_eq!((answer.status(), remaining(&answer)), (502, "18"));
    // The root key has no limit, and management none either.
    let root = request(&format!("POST {OWN}/embeddings"), "", "{}").replace(KEY, ROOT);
    let answer = gateway
        .client()
        .send(root.replace(&format!("origin: {PAGE}\r\n"), ""))
        .answer();
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.header("x-ratelimit-limit"), None);
}

#[test]
fn a_stream_tells_it_in_its_head() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    set_project_limit(&gateway, RateLimit::new(5, 3600));
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = upstream.accept();
    connection.request();
    connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
    let head = client.head();
    assert_eq!(remaining(&head), "4");
}

#[test]
fn a_projects_limit_is_for_keys_without_one_and_each_has_a_bucket_of_its_own() {
    let gateway = Gateway::start(&answering(""));
    gateway.set_key(KEY, &json!({"kind": "secret"}));
    assert_eq!(post(&gateway, OWN).header("x-ratelimit-limit"), None);
    set_project_limit(&gateway, RateLimit::new(2, 3600));
    assert_eq!(remaining(&post(&gateway, OWN)), "1");
    let other = request(&format!("POST {SHARED}/embeddings"), "", "{}").replace(KEY, SECRET);
    assert_eq!(remaining(&gateway.client().send(&other).answer()), "1");
    assert_eq!(remaining(&post(&gateway, SHARED)), "0");
    assert_eq!(post(&gateway, OWN).status(), 429);
    // What was used stays used, whichever limit applies: three hours' worth, of ten in ten hours.
    gateway.set_key(KEY, &hourly(1, 10));
    assert_eq!(remaining(&post(&gateway, OWN)), "8");
    set_project_limit(&gateway, None);
    gateway.set_key(KEY, &json!({"kind": "secret"}));
    assert_eq!(post(&gateway, OWN).header("x-ratelimit-limit"), None);
}

/// Asks until the key has room again.
fn wait_for_room(gateway: &Gateway) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let mut client = gateway.client();
        let answer = client
            .send(request(&format!("GET {SHARED}/models"), "", ""))
            .answer();
        if answer.status() == 200 {
            return;
        }
        assert_eq!(answer.status(), 429);
        assert!(Instant::now() < until, "the key stays full");
    }
}

/// Begins a stream with the limited key.
fn stream(gateway: &Gateway, upstream: &Upstream) -> (Client, crate::support::UpstreamConnection) {
    let mut client = gateway.client();
    client.send(request(&format!("POST {OWN}/chat/completions"), "", "{}"));
    let mut connection = upstream.accept();
    connection.request();
    connection.send(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n1\r\na\r\n",
    );
    assert_eq!(client.head().status(), 200);
    assert_eq!(read_chunk(&mut client.0).unwrap(), b"a");
    (client, connection)
}

#[test]
fn a_request_is_in_flight_until_its_last_byte_or_until_its_client_is_gone() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    gateway.set_key(KEY, &json!({"kind": "secret"}));
    // It began before the limit was set, and counts.
    let (mut client, mut connection) = stream(&gateway, &upstream);
    gateway.set_key(KEY, &json!({"kind": "secret", "max_concurrent": 1}));
    for base in [OWN, SHARED] {
        let answer = post(&gateway, base);
        assert_eq!((answer.status(), &*answer.code()), (429, "rate_limited"));
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        let message = answer.json()["error"]["message"].to_string();
        assert!(message.contains("`max_concurrent` is 1"), "{message}");
        assert_eq!(answer.header("x-ratelimit-limit"), None);
    }
    assert!(upstream.is_untouched());
    connection.send("0\r\n\r\n");
    assert_eq!(read_chunk(&mut client.0), None);
    wait_for_room(&gateway);

    let (client, mut connection) = stream(&gateway, &upstream);
    assert_eq!(post(&gateway, OWN).status(), 429);
    drop(client);
    connection.end();
    wait_for_room(&gateway);

    let (mut client, connection) = stream(&gateway, &upstream);
    drop(connection);
    client.end();
    wait_for_room(&gateway);
}

#[test]
fn who_sends_one_request_after_the_other_never_has_two_in_flight() {
    let gateway = Gateway::start(&answering(""));
    gateway.set_key(KEY, &json!({"kind": "secret", "max_concurrent": 1}));
    let mut client = gateway.client();
    let bytes = request(&format!("POST {OWN}/chat/completions"), "", "{}");
    for _ in 0..200 {
        assert_eq!(client.send(&bytes).answer().status(), 200);
    }
}

#[test]
fn a_refusal_for_what_is_in_flight_takes_nothing_from_the_rate() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut both = hourly(1, 5);
    both["max_concurrent"] = 1.into();
    gateway.set_key(KEY, &both);
    let _open = stream(&gateway, &upstream);
    for _ in 0..2 {
        let answer = post(&gateway, OWN);
        assert_eq!((answer.status(), remaining(&answer)), (429, "4"));
    }
}

#[test]
fn after_20_keys_that_are_not_good_an_address_waits_and_a_good_key_is_served() {
    let gateway = Gateway::start(&answering(""));
    gateway.set_key(KEY, &json!({"kind": "secret"}));
    let fail = |base: &str, token: &str| {
        let key = format!("authorization: Bearer {KEY}\r\n");
        let bytes = request(&format!("POST {base}/embeddings"), "", "{}");
        gateway.client().send(bytes.replace(&key, token)).answer()
    };
    for number in 0..20 {
        // None at all is not a key that is not good.
        assert_eq!(fail(OWN, "").status(), 401);
        let token = format!("x-api-key: guess-{number:016}\r\n");
        assert_eq!(fail([OWN, SHARED][number % 2], &token).status(), 401);
    }
    for base in [OWN, SHARED] {
        // One more every three seconds, should the test take so long.
        let mut answers = (0..20).map(|_| fail(base, "x-api-key: guess-0123456789abcdef\r\n"));
        let answer = answers.find(|answer| answer.status() != 401).unwrap();
        assert_eq!((answer.status(), &*answer.code()), (429, "rate_limited"));
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(answer.header("www-authenticate"), None);
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=3).contains(&wait), "{wait}");
        assert_eq!(fail(base, "").status(), 401);
        assert_eq!(post(&gateway, base).status(), 200);
    }
}

#[test]
fn keys_that_are_not_good_for_management_count_too_and_are_answered_alike() {
    let mut gateway = Gateway::start(&answering(""));
    let mut ask = |code: Option<&'static str>| {
        let mut client = gateway.client();
        client.send("GET /v1/projects HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer guess\r\n\r\n");
        let call = gateway.calls.blocking_recv().unwrap();
        let status = if code.is_some() { 401 } else { 200 };
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        let mut response = http::Response::new(body);
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        let reply = ManagementReply {
            response,
            caller: None,
            code,
            cause: None,
        };
        assert!(call.reply.send(reply).is_ok());
        client.answer()
    };
    for _ in 0..20 {
        assert_eq!(ask(Some("missing_key")).status(), 401);
        assert_eq!(ask(Some("invalid_key")).status(), 401);
    }
    let mut answers = (0..20).map(|_| ask(Some("revoked_key")));
    let refused = answers.find(|answer| answer.status() != 401).unwrap();
    assert_eq!((refused.status(), &*refused.code()), (429, "rate_limited"));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(ask(None).status(), 200);
    let guess = request(&format!("POST {OWN}/embeddings"), "", "{}");
    let mut guesses = (0..20).map(|_| gateway.client().send(&guess).answer().status());
    assert!(guesses.any(|status| status == 429));
}
