//! Requests that come again with the same idempotency key.

mod durability;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drawbridge_gateway::idempotency::{IdempotencyCall, RETENTION};
use drawbridge_store::{IdempotencyRecord, MasterKey, Store};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::{
    Client, End, Gateway, Message, PAGE, PUBLISHABLE, SECRET, Upstream, UpstreamConnection,
    document, read_chunk,
};

const OTHER_PAGE: &str = "https://other.example.com";
const CHAT: &str = "/proj_tests1/e/v1/chat/completions";
const MIB: usize = 1 << 20;
/// After it the upstream has no connection that could be used again: each request makes one, or reaches nobody.
const CLOSE: &str = "connection: close\r\n";

/// Seconds since a fixed time.
pub(crate) type Clock = Arc<AtomicU64>;

fn now(clock: &Clock) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst))
}

/// A gateway whose records are left to the test.
fn start_without_store(
    upstream: &Upstream,
    changes: &Value,
) -> (Gateway, UnboundedReceiver<IdempotencyCall>) {
    let (calls, taken) = unbounded_channel();
    let gateway = Gateway::start_with(&document(upstream, changes), |parts| {
        parts.idempotency = calls;
    });
    (gateway, taken)
}

pub(crate) fn start(upstream: &Upstream) -> (Gateway, Clock) {
    let changes = json!({"cors": {"allowedOrigins": [PAGE, OTHER_PAGE]}});
    let (gateway, calls) = start_without_store(upstream, &changes);
    let clock = Clock::default();
    let own = Arc::clone(&clock);
    std::thread::spawn(move || keep_records(calls, &own));
    (gateway, clock)
}

/// Keeps records in a real store until the gateway has ended.
fn keep_records(mut calls: UnboundedReceiver<IdempotencyCall>, clock: &Clock) {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let key = MasterKey::from_secret("a master key for tests, 32 characters or more");
        let store = Store::open(directory.path(), key).await.unwrap();
        while let Some(call) = calls.recv().await {
            match call {
                IdempotencyCall::Find(find) => {
                    let found = store.idempotency_record(&find.scope, now(clock)).await;
                    let _ = find.reply.send(Ok(found.unwrap()));
                }
                IdempotencyCall::Keep(mut keep) => {
                    let record = IdempotencyRecord {
                        scope: *keep.scope(),
                        key_id: keep.key_id.to_string(),
                        expires_at: now(clock) + RETENTION,
                        record: std::mem::take(&mut keep.record),
                        remnant: keep.remnant.take(),
                    };
                    store.keep_idempotency_records(&[record]).await.unwrap();
                    keep.kept();
                }
            }
        }
    });
}

/// A POST with more header lines.
fn request(path: &str, token: &str, lines: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n{lines}\r\n{body}"
    )
}

/// The page's POST with an idempotency key.
fn keyed(key: &str, body: &str) -> String {
    let lines =
        format!("origin: {PAGE}\r\ncontent-type: application/json\r\nidempotency-key: {key}\r\n");
    request(CHAT, SECRET, &lines, body)
}

fn sent(gateway: &Gateway, request: &str) -> Client {
    let mut client = gateway.client();
    client.send(request);
    client
}

/// Sends a request that must reach the upstream, which gives a short answer.
fn run(gateway: &Gateway, upstream: &Upstream, request: &str) -> Message {
    let mut client = sent(gateway, request);
    drop(upstream.answer_one(CLOSE, "{\"answer\":1}"));
    let answer = client.answer();
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(answer.header("idempotency-replayed"), None);
    answer
}

/// Sends a request that must be answered without the upstream.
fn repeat(gateway: &Gateway, upstream: &Upstream, request: &str) -> Message {
    let answer = sent(gateway, request).answer();
    assert!(upstream.is_untouched());
    answer
}

#[track_caller]
fn assert_replayed(answer: &Message) {
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(answer.header("idempotency-replayed"), Some("true"));
}

#[track_caller]
fn assert_refused(answer: &Message, status: u16, code: &str) {
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (status, code),
        "{answer:?}"
    );
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

fn begin_chunked(connection: &mut UpstreamConnection) {
    connection.request();
    connection.send(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    );
}

fn send_chunk(connection: &mut UpstreamConnection, text: &str) {
    connection.send(format!("{:x}\r\n{text}\r\n", text.len()));
}

#[test]
fn a_repeat_gets_the_first_answer_under_its_own_request_id() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    let mut client = sent(&gateway, &keyed("a", "{}"));
    let mut connection = upstream.accept();
    let seen = connection.request();
    assert_eq!(seen.header("idempotency-key"), Some("a"));
    connection.send(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 12\r\nopenai-processing-ms: 7\r\n\
         x-ratelimit-remaining-tokens: 5\r\nset-cookie: a=b\r\nx-frame-options: SAMEORIGIN\r\nconnection: close\r\n\r\n\
         {\"answer\":1}",
    );
    drop(connection);
    let first = client.answer();
    assert_eq!(first.status(), 201);
    assert_eq!(first.header("x-ratelimit-remaining-tokens"), Some("5"));

    let again = repeat(&gateway, &upstream, &keyed("a", "{}"));
    assert_eq!(again.status(), 201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    for name in [
        "content-type",
        "openai-processing-ms",
        "x-frame-options",
        "vary",
    ] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!(again.header("x-ratelimit-remaining-tokens"), None);
    assert_eq!(again.header("set-cookie"), None);
}

#[test]
fn requests_without_a_key_and_other_methods_run_every_time() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    for _ in 0..2 {
        run(&gateway, &upstream, &request(CHAT, SECRET, "", "{}"));
        let get = format!(
            "GET {CHAT} HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer {SECRET}\r\nidempotency-key: a b\r\n\r\n"
        );
        run(&gateway, &upstream, &get);
    }
}

#[test]
fn a_stream_is_recorded_chunk_by_chunk_and_replayed_whole() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    let mut client = sent(&gateway, &keyed("a", "{\"stream\":true}"));
    let mut connection = upstream.accept();
    begin_chunked(&mut connection);
    client.head();
    let mut whole = String::new();
    for index in 0..20 {
        let event = format!("data: {index}\n\n");
        send_chunk(&mut connection, &event);
        // Each arrives before the next is sent.
        assert_eq!(read_chunk(&mut client.0).unwrap(), event.as_bytes());
        whole.push_str(&event);
    }
    connection.send("0\r\n\r\n");
    assert_eq!(read_chunk(&mut client.0), None);
    drop(connection);

    let again = sent(&gateway, &keyed("a", "{\"stream\":true}")).answer();
    assert_replayed(&again);
    assert_eq!(again.header("content-type"), Some("text/event-stream"));
    assert_eq!(again.body, whole.as_bytes());
}

#[test]
fn a_replay_wears_the_cors_headers_of_its_own_page() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    run(&gateway, &upstream, &keyed("a", "{}"));
    let from = |origin: &str| keyed("a", "{}").replace(PAGE, origin);
    let again = repeat(&gateway, &upstream, &from(OTHER_PAGE));
    assert_replayed(&again);
    assert_eq!(
        again.header("access-control-allow-origin"),
        Some(OTHER_PAGE)
    );
    let exposed = again.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("Idempotency-Replayed"), "{exposed}");

    let again = repeat(&gateway, &upstream, &from("https://evil.example.com"));
    assert_eq!(again.code(), "origin_not_allowed");
    assert_eq!(again.header("access-control-allow-origin"), None);
}

#[test]
fn authorization_is_judged_anew_for_every_repeat() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    gateway.set_key("sk-other", &json!({"kind": "secret"}));
    let request = keyed("a", "{}").replace(SECRET, "sk-other");
    run(&gateway, &upstream, &request);
    assert_replayed(&repeat(&gateway, &upstream, &request));
    gateway.set_key("sk-other", &json!({"kind": "secret", "endpoints": ["x"]}));
    let refused = repeat(&gateway, &upstream, &request);
    assert_refused(&refused, 403, "endpoint_not_permitted");
    let expired = json!({"kind": "secret", "expires_at": "2020-01-01T00:00:00Z"});
    gateway.set_key("sk-other", &expired);
    let refused = repeat(&gateway, &upstream, &request);
    assert_refused(&refused, 401, "expired_key");
}

#[test]
fn the_same_key_elsewhere_is_another() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    gateway.set_endpoint("proj_tests1", "f", &document(&upstream, &json!({})));
    let first = keyed("a", "{}");
    for request in [
        first.clone(),
        first.replace(SECRET, PUBLISHABLE),
        first.replace("/e/v1/", "/f/v1/"),
        first.replace("chat/completions", "embeddings"),
        first.replace("idempotency-key: a", "idempotency-key: A"),
    ] {
        run(&gateway, &upstream, &request);
        assert_replayed(&repeat(&gateway, &upstream, &request));
    }
}

#[test]
fn an_endpoint_that_is_made_anew_replays_nothing_of_the_one_before() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    run(&gateway, &upstream, &keyed("a", "{}"));
    // A change is another matter: it is the same endpoint.
    gateway.set(&document(
        &upstream,
        &json!({"upstream": {"base_url": format!("http://{}/elsewhere", upstream.address)}}),
    ));
    assert_replayed(&repeat(&gateway, &upstream, &keyed("a", "{}")));
    gateway.set_endpoint_created("e", Timestamp::MAX, &document(&upstream, &json!({})));
    run(&gateway, &upstream, &keyed("a", "{}"));
}

#[test]
fn the_shared_url_and_the_endpoints_own_are_one() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    run(&gateway, &upstream, &keyed("a", "{}"));
    let shared = keyed("a", "{}").replace("/proj_tests1/e/v1/", "/v1/");
    assert_replayed(&repeat(&gateway, &upstream, &shared));
}

#[test]
fn another_request_under_the_same_key_is_422_and_leaves_the_record() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    let first = keyed("a", "{\"n\":1}");
    run(&gateway, &upstream, &first);
    for other in [
        keyed("a", "{\"n\":2}"),
        keyed("a", "{\"n\":1} "),
        keyed("a", ""),
        first.replace("application/json", "text/plain"),
        first.replace("completions HTTP", "completions?x HTTP"),
    ] {
        let refused = repeat(&gateway, &upstream, &other);
        assert_refused(&refused, 422, "idempotency_key_reused");
    }
    assert_replayed(&repeat(&gateway, &upstream, &first));
}

#[test]
fn bodies_are_the_same_however_they_are_framed_and_renamed() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    let models = json!([{"name": "small", "upstream_name": "tiny-random"}]);
    let changes = json!({"models": models, "cors": {"allowedOrigins": [PAGE]}});
    let chunked = |key: &str, parts: &[&str]| {
        let whole = keyed(key, "");
        let head = whole.replace("content-length: 0", "transfer-encoding: chunked");
        let parts = parts
            .iter()
            .map(|part| format!("{:x}\r\n{part}\r\n", part.len()));
        format!("{head}{}0\r\n\r\n", parts.collect::<String>())
    };
    for (key, document) in [
        ("any", document(&upstream, &json!({}))),
        ("listed", document(&upstream, &changes)),
    ] {
        gateway.set(&document);
        let parts = ["{\"model\":\"sm", "all\",\"n\":1}"];
        let in_parts = chunked(key, &parts);
        run(&gateway, &upstream, &in_parts);
        let in_one = keyed(key, &parts.concat());
        for request in [&in_one, &in_parts, &chunked(key, &[&parts.concat()])] {
            assert_replayed(&repeat(&gateway, &upstream, request));
        }
        let other = chunked(key, &["{\"model\":\"sm", "all\",\"n\":2}"]);
        let refused = repeat(&gateway, &upstream, &other);
        assert_refused(&refused, 422, "idempotency_key_reused");
    }
}

#[test]
fn of_many_first_requests_at_once_one_reaches_the_upstream() {
    const MANY: usize = 16;
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    let (answers, answered) = std::sync::mpsc::channel();
    let ask = || {
        for _ in 0..MANY {
            let mut client = sent(&gateway, &keyed("a", "{}"));
            let answers = answers.clone();
            std::thread::spawn(move || answers.send(client.answer()).unwrap());
        }
    };
    ask();
    let mut connection = upstream.accept();
    connection.request();
    for _ in 1..MANY {
        let refused = answered.recv().unwrap();
        assert_refused(&refused, 409, "idempotency_in_flight");
        assert_eq!(refused.header("retry-after"), Some("1"));
    }
    assert!(upstream.is_untouched());
    connection.answer(CLOSE, "{}");
    drop(connection);
    assert_eq!(answered.recv().unwrap().status(), 200);
    ask();
    for _ in 0..MANY {
        assert_replayed(&answered.recv().unwrap());
    }
    assert!(upstream.is_untouched());
}

#[test]
fn repeats_that_cross_the_end_of_an_answer_never_run_it_twice() {
    const KEYS: usize = 40;
    const CLIENTS: usize = 4;
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    let answering = std::thread::spawn(move || {
        let mut runs = [0; KEYS];
        while runs.iter().sum::<i32>() < i32::try_from(KEYS).unwrap() {
            let mut connection = upstream.accept();
            let key = connection.request();
            let key: usize = key.header("idempotency-key").unwrap().parse().unwrap();
            runs[key] += 1;
            connection.answer(CLOSE, "{}");
        }
        (upstream, runs)
    });
    let address = gateway.address;
    // Until the answer is there: each repeat meets the first at another moment.
    let ask = move |key: usize| {
        let request = keyed(&key.to_string(), "{}");
        let answer = || Gateway::client_of(address).send(&request).answer();
        while answer().status() != 200 {}
    };
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| std::thread::spawn(move || (0..KEYS).for_each(ask)))
        .collect();
    clients
        .into_iter()
        .for_each(|client| client.join().unwrap());
    let (upstream, runs) = answering.join().unwrap();
    assert_eq!(runs, [1; KEYS]);
    assert!(upstream.is_untouched());
}

#[test]
fn a_client_that_leaves_has_its_request_run_again() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    let client = sent(&gateway, &keyed("a", "{}"));
    let mut connection = upstream.accept();
    connection.request();
    drop(client);
    connection.end();

    let mut client = sent(&gateway, &keyed("a", "{}"));
    let mut connection = upstream.accept();
    begin_chunked(&mut connection);
    send_chunk(&mut connection, "data: 1\n\n");
    client.head();
    drop(client);
    connection.end();
    run(&gateway, &upstream, &keyed("a", "{}"));
}

#[test]
fn an_answer_that_breaks_off_is_not_recorded() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    for head in [
        "transfer-encoding: chunked\r\n\r\n1\r\na\r\n",
        "content-length: 10\r\n\r\na",
    ] {
        let mut client = sent(&gateway, &keyed("a", "{}"));
        let mut connection = upstream.accept();
        connection.request();
        connection.send(format!("HTTP/1.1 200 OK\r\n{head}"));
        client.head();
        drop(connection);
        assert_eq!(client.end().1, End::Reset);
    }
    // The gateway's own refusals neither.
    let mut client = sent(&gateway, &keyed("a", "{}"));
    drop(upstream.accept());
    assert_refused(&client.answer(), 502, "upstream_invalid");
    run(&gateway, &upstream, &keyed("a", "{}"));
}

#[test]
fn an_answer_to_half_a_request_is_not_recorded() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    let whole = keyed("a", "{\"n\":1}");
    let mut client = sent(&gateway, &whole[..whole.len() - 1]);
    let mut connection = upstream.accept();
    connection.head();
    connection.answer(CLOSE, "{}");
    assert_eq!(client.answer().status(), 200);
    run(&gateway, &upstream, &whole);
}

#[test]
fn only_answers_that_stay_as_they_are_are_recorded() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    for (status, is_recorded) in [
        (400, true),
        (404, true),
        (422, true),
        (302, true),
        (403, false),
        (408, false),
        (409, false),
        (429, false),
        (500, false),
        (503, false),
    ] {
        let request = keyed(&format!("status-{status}"), "{}");
        let mut client = sent(&gateway, &request);
        let mut connection = upstream.accept();
        connection.request();
        connection.send(format!(
            "HTTP/1.1 {status} X\r\ncontent-length: 2\r\n{CLOSE}\r\n{{}}"
        ));
        drop(connection);
        assert_eq!(client.answer().status(), status);
        if is_recorded {
            let again = repeat(&gateway, &upstream, &request);
            assert_eq!(again.status(), status);
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
        } else {
            run(&gateway, &upstream, &request);
        }
    }
}

#[test]
fn an_answer_over_1_mib_passes_and_is_not_run_again() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    for (key, length, is_stored) in [("fits", MIB, true), ("over", MIB + 1, false)] {
        let body = "x".repeat(length);
        let mut client = sent(&gateway, &keyed(key, "{}"));
        let mut connection = upstream.accept();
        connection.request();
        let answering = {
            let body = body.clone();
            std::thread::spawn(move || {
                connection.answer(CLOSE, &body);
            })
        };
        let first = client.answer();
        answering.join().unwrap();
        assert_eq!(first.body.len(), length);
        let again = repeat(&gateway, &upstream, &keyed(key, "{}"));
        if is_stored {
            assert_replayed(&again);
            assert!(again.body == body.as_bytes());
        } else {
            assert_refused(&again, 409, "answer_not_stored");
            assert_eq!(again.header("x-should-retry"), Some("false"));
            // Another request is told so first.
            let other = repeat(&gateway, &upstream, &keyed(key, "{ }"));
            assert_refused(&other, 422, "idempotency_key_reused");
        }
    }
}

#[test]
fn a_record_is_good_for_a_day() {
    let upstream = Upstream::start();
    let (gateway, clock) = start(&upstream);
    run(&gateway, &upstream, &keyed("a", "{}"));
    clock.store(RETENTION.as_secs() - 1, Ordering::SeqCst);
    assert_replayed(&repeat(&gateway, &upstream, &keyed("a", "{}")));
    clock.store(RETENTION.as_secs(), Ordering::SeqCst);
    run(&gateway, &upstream, &keyed("a", "{}"));
    assert_replayed(&repeat(&gateway, &upstream, &keyed("a", "{}")));
}

#[test]
fn bad_keys_are_400_and_reach_no_upstream() {
    let upstream = Upstream::start();
    let (gateway, _clock) = start(&upstream);
    let long = "x".repeat(256);
    for bad in ["", " ", "a b", "a\tb", "clé", "“a”", &long] {
        let refused = repeat(&gateway, &upstream, &keyed(bad, "{}"));
        assert_refused(&refused, 400, "invalid_idempotency_key");
        let error = &refused.json()["error"];
        assert_eq!(error["param"], "Idempotency-Key");
        let message = error["message"].to_string();
        assert!(message.contains("Send a fresh UUID"), "{message}");
    }
    let two = |first: &str, second: &str, name: &str| {
        let lines = format!("origin: {PAGE}\r\nidempotency-key: {first}\r\n{name}: {second}\r\n");
        request(CHAT, SECRET, &lines, "{}")
    };
    for name in ["idempotency-key", "x-idempotency-key"] {
        let refused = repeat(&gateway, &upstream, &two("a", "b", name));
        assert_refused(&refused, 400, "conflicting_idempotency_keys");
    }
    run(&gateway, &upstream, &two("a", "a", "x-idempotency-key"));
    let other_name = two("a", "a", "idempotency-key").replace("\r\nidem", "\r\nx-idem");
    assert_replayed(&repeat(&gateway, &upstream, &other_name));
    run(&gateway, &upstream, &keyed(&long[1..], "{}"));
    run(&gateway, &upstream, &keyed("!\"~", "{}"));
}

#[test]
fn refusals_that_come_first_come_first() {
    let upstream = Upstream::start();
    let (gateway, mut calls) =
        start_without_store(&upstream, &json!({"limits": {"max_body_bytes": 4}}));
    for (request, code) in [
        (keyed("a b", "{}").replace(SECRET, "sk-unknown"), 401),
        (keyed("a b", "12345"), 413),
    ] {
        assert_eq!(repeat(&gateway, &upstream, &request).status(), code);
    }
    assert!(calls.try_recv().is_err(), "nobody asked for a record");
}
