//! What is counted, and when.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::exposition::Exposition;
use crate::support::{Client, Gateway, PAGE, SECRET, Upstream, document, read_chunk};

const PATIENCE: Duration = Duration::from_secs(20);
const STREAMS: &str = "drawbridge_open_streams{endpoint=\"tests/e\"}";
const ANSWERED: &str = "drawbridge_requests_total{status=\"200\",endpoint=\"tests/e\"}";

fn exposition(gateway: &Gateway) -> Exposition {
    Exposition::read(&gateway.metrics.exposition())
}

/// Waits until every series has its value: a request is counted when the gateway has let go of it, a little after the
/// client has seen the last byte.
#[track_caller]
pub(crate) fn await_values(gateway: &Gateway, expected: &[(&str, f64)]) -> Exposition {
    let until = Instant::now() + PATIENCE;
    loop {
        let exposition = exposition(gateway);
        let is_there = |(series, value): &(&str, f64)| exposition.value(series) == *value;
        if expected.iter().all(is_there) {
            return exposition;
        }
        let found = expected.iter().map(|(series, _)| exposition.value(series));
        let found: Vec<_> = found.collect();
        assert!(Instant::now() < until, "{found:?} instead of {expected:?}");
        std::thread::yield_now();
    }
}

fn decision(phase: &str, result: &str, reason: &str) -> String {
    format!(
        "drawbridge_cors_decisions_total{{phase=\"{phase}\",result=\"{result}\",reason=\"{reason}\",endpoint=\"tests/e\"}}"
    )
}

fn ask(client: &mut Client, method: &str, path: &str, lines: &str) -> u16 {
    client.send(format!(
        "{method} {path} HTTP/1.1\r\nhost: gw\r\n{lines}\r\n"
    ));
    client.answer().status()
}

fn preflight(client: &mut Client, origin: &str, method: &str, header: &str) {
    let lines = format!(
        "origin: {origin}\r\naccess-control-request-method: {method}\r\naccess-control-request-headers: {header}\r\n"
    );
    ask(client, "OPTIONS", "/proj_tests1/e/v1/x", &lines);
}

#[test]
fn cors_decisions_are_counted_by_phase_result_and_reason() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    for _ in 0..3 {
        preflight(&mut client, PAGE, "POST", "authorization");
    }
    preflight(&mut client, "https://evil.example", "POST", "authorization");
    preflight(&mut client, PAGE, "DELETE", "authorization");
    preflight(&mut client, PAGE, "POST", "x-tenant");
    let key = format!("authorization: Bearer {SECRET}\r\n");
    let evil = format!("origin: https://evil.example\r\n{key}");
    assert_eq!(
        ask(&mut client, "GET", "/proj_tests1/e/v1/models", &evil),
        403
    );
    let page = format!("origin: {PAGE}\r\n{key}");
    assert_eq!(
        ask(&mut client, "DELETE", "/proj_tests1/e/v1/x", &page),
        405
    );
    // Without an Origin nothing is decided.
    assert_eq!(ask(&mut client, "GET", "/proj_tests1/e/", ""), 404);
    client.post("{}");
    let _open = upstream.answer_one("", "{}");
    client.answer();
    let exposition = await_values(&gateway, &[(ANSWERED, 1.0)]);
    let expected = [
        (decision("preflight", "allowed", ""), 3.0),
        (decision("preflight", "refused", "origin_not_allowed"), 1.0),
        (decision("preflight", "refused", "method_not_allowed"), 1.0),
        (decision("preflight", "refused", "header_not_allowed"), 1.0),
        (decision("actual", "refused", "origin_not_allowed"), 1.0),
        (decision("actual", "refused", "method_not_allowed"), 1.0),
        (decision("actual", "allowed", ""), 1.0),
    ];
    for (series, value) in &expected {
        assert_eq!(exposition.value(series), *value, "{series}");
    }
    let all = exposition.series("drawbridge_cors_decisions_total");
    assert_eq!(all.count(), expected.len());

    // A change of the policy goes on counting where the endpoint was.
    gateway.set(&document(
        &upstream,
        &json!({"cors": {"allowedOrigins": [PAGE], "enforcement": "report"}}),
    ));
    preflight(&mut client, "https://evil.example", "POST", "authorization");
    preflight(&mut client, PAGE, "POST", "authorization");
    await_values(
        &gateway,
        &[
            (
                &decision("preflight", "reported", "origin_not_allowed"),
                1.0,
            ),
            (&decision("preflight", "allowed", ""), 4.0),
            ("drawbridge_snapshot_revision", 3.0),
        ],
    );
}

#[test]
fn on_the_shared_url_preflights_are_no_endpoints_and_requests_are_their_endpoints() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    let lines = format!("origin: {PAGE}\r\naccess-control-request-method: POST\r\n");
    assert_eq!(ask(&mut client, "OPTIONS", "/v1/x", &lines), 204);
    client.send(format!(
        "POST /v1/x HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nx-api-key: {SECRET}\r\ncontent-length: 0\r\n\r\n"
    ));
    let _open = upstream.answer_one("", "{}");
    assert_eq!(client.answer().status(), 200);
    let preflight = decision("preflight", "allowed", "").replace("tests/e", "");
    let actual = decision("actual", "allowed", "");
    await_values(
        &gateway,
        &[(&preflight, 1.0), (&actual, 1.0), (ANSWERED, 1.0)],
    );
}

#[test]
fn requests_are_counted_by_status_and_never_by_what_a_client_made_up() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    for index in 0..20 {
        let (method, path) = (format!("MADEUP{index}"), format!("/made/up/{index}"));
        assert_eq!(
            ask(&mut client, &method, &path, "origin: https://a.example\r\n"),
            404
        );
        let path = format!("/proj_madeup/e{index}/v1/x");
        assert_eq!(ask(&mut client, "GET", &path, ""), 404);
    }
    assert_eq!(ask(&mut client, "GET", "/proj_tests1/e/v1/x", ""), 401);
    assert_eq!(ask(&mut client, "GET", "/healthz", ""), 200);
    let exposition = await_values(
        &gateway,
        &[
            (
                "drawbridge_requests_total{status=\"404\",endpoint=\"\"}",
                40.0,
            ),
            (
                "drawbridge_requests_total{status=\"200\",endpoint=\"\"}",
                1.0,
            ),
            (
                "drawbridge_requests_total{status=\"401\",endpoint=\"tests/e\"}",
                1.0,
            ),
        ],
    );
    assert_eq!(exposition.series("drawbridge_requests_total").count(), 3);
    assert_eq!(
        exposition.series("drawbridge_request_").count(),
        0,
        "nothing was forwarded"
    );
}

#[test]
fn open_streams_rise_with_a_stream_and_fall_when_it_ends_or_its_client_leaves() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut first = gateway.client();
    let mut ending = upstream.begin_stream(&mut first);
    let mut second = gateway.client();
    let _left = upstream.begin_stream(&mut second);
    // Without an answer yet.
    let mut third = gateway.client();
    third.post("{}");
    let mut waiting = upstream.accept();
    waiting.request();
    await_values(
        &gateway,
        &[
            (STREAMS, 3.0),
            ("drawbridge_open_requests", 3.0),
            ("drawbridge_open_connections", 3.0),
            ("drawbridge_upstream_pool_opened_total", 3.0),
        ],
    );
    drop(second);
    await_values(
        &gateway,
        &[
            (STREAMS, 2.0),
            (ANSWERED, 1.0),
            ("drawbridge_open_connections", 2.0),
        ],
    );
    ending.send("0\r\n\r\n");
    assert_eq!(read_chunk(&mut first.0), None);
    await_values(
        &gateway,
        &[
            (STREAMS, 1.0),
            (ANSWERED, 2.0),
            ("drawbridge_upstream_pool_idle", 1.0),
        ],
    );
    drop(third);
    await_values(
        &gateway,
        &[
            (STREAMS, 0.0),
            ("drawbridge_open_requests", 0.0),
            (
                "drawbridge_requests_total{status=\"none\",endpoint=\"tests/e\"}",
                1.0,
            ),
            (
                "drawbridge_request_first_byte_seconds_count{endpoint=\"tests/e\"}",
                2.0,
            ),
            (
                "drawbridge_request_duration_seconds_count{endpoint=\"tests/e\"}",
                3.0,
            ),
        ],
    );
}

#[test]
fn what_fails_at_an_upstream_is_counted_by_its_code() {
    let upstream = Upstream::start();
    let limits = json!({"limits": {"idle_seconds": 1, "first_byte_seconds": 1}});
    let gateway = Gateway::start(&document(&upstream, &limits));
    let fail = |answer: &str| {
        let mut client = gateway.client();
        client.post("{}");
        let mut connection = upstream.accept();
        connection.request();
        connection.send(answer);
        (client, connection)
    };
    let partial = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na";
    drop(fail("SSH-2.0-OpenSSH\r\n\r\n").0.answer());
    fail("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
        .0
        .answer();
    let (mut client, connection) = fail(partial);
    client.head();
    drop(connection);
    client.end();
    let (mut silent, _connection) = fail("");
    assert_eq!(silent.answer().status(), 504);
    let (mut idle, _other) = fail(partial);
    idle.head();
    idle.end();
    drop(upstream);
    let mut client = gateway.client();
    client.post("{}");
    assert_eq!(client.answer().status(), 502);
    let series = |code: &str| {
        format!("drawbridge_upstream_errors_total{{code=\"{code}\",endpoint=\"tests/e\"}}")
    };
    let codes = [
        "upstream_invalid",
        "upstream_credential",
        "upstream_failed",
        "upstream_timeout",
        "upstream_idle",
        "upstream_unreachable",
    ];
    let series = codes.map(series);
    let expected = series.each_ref().map(|series| (series.as_str(), 1.0));
    await_values(&gateway, &expected);
    await_values(
        &gateway,
        &[
            (
                "drawbridge_connections_ended_total{reason=\"upstream_idle\"}",
                1.0,
            ),
            (
                "drawbridge_connections_ended_total{reason=\"upstream_failed\"}",
                1.0,
            ),
            (
                "drawbridge_request_duration_seconds_count{endpoint=\"tests/e\"}",
                6.0,
            ),
        ],
    );
}

#[test]
fn latencies_fall_into_the_buckets_of_their_durations() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    let began = Instant::now();
    let mut connection = upstream.begin_stream(&mut client);
    // A condition, not a pause: the stream lasts until its time is beyond the first bucket.
    while began.elapsed() < Duration::from_millis(20) {
        std::thread::yield_now();
    }
    connection.send("0\r\n\r\n");
    read_chunk(&mut client.0);
    let exposition = await_values(&gateway, &[(ANSWERED, 1.0)]);
    let duration = "drawbridge_request_duration_seconds";
    let bucket = |le: &str| {
        exposition.value(&format!(
            "{duration}_bucket{{le=\"{le}\",endpoint=\"tests/e\"}}"
        ))
    };
    assert_eq!((bucket("0.005"), bucket("1800.0")), (0.0, 1.0));
    let sum = exposition.value(&format!("{duration}_sum{{endpoint=\"tests/e\"}}"));
    assert!((0.005..20.0).contains(&sum), "{sum}");
    let first_byte = "drawbridge_request_first_byte_seconds_sum{endpoint=\"tests/e\"}";
    assert!(exposition.value(first_byte) < sum);
}

#[test]
fn connections_to_upstreams_are_counted_as_opened_reused_and_idle() {
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| {
        parts.times.pool_idle = Duration::from_millis(200);
        parts.times.keep_alive = Duration::from_millis(100);
    });
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = upstream.answer_one("", "{}");
    client.answer();
    client.post("{}");
    connection.request();
    connection.answer("", "{}");
    client.answer();
    // Idle for too long, both are closed.
    connection.end();
    client.end();
    await_values(
        &gateway,
        &[
            ("drawbridge_upstream_pool_opened_total", 1.0),
            ("drawbridge_upstream_pool_reused_total", 1.0),
            ("drawbridge_upstream_pool_idle", 0.0),
            ("drawbridge_connections_total", 1.0),
            (
                "drawbridge_connections_ended_total{reason=\"client_idle\"}",
                1.0,
            ),
            ("drawbridge_open_connections", 0.0),
        ],
    );
}

#[test]
fn connections_beyond_the_limit_are_counted_as_refused() {
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| {
        parts.max_connections = 1;
    });
    let mut first = gateway.client();
    assert_eq!(ask(&mut first, "GET", "/healthz", ""), 200);
    assert_eq!(gateway.client().answer().status(), 503);
    let expected = [
        ("drawbridge_connections_refused_total", 1.0),
        ("drawbridge_connections_total", 1.0),
        ("drawbridge_open_connections", 1.0),
    ];
    let exposition = await_values(&gateway, &expected);
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("drawbridge_build_info{{version=\"{version}\"}}");
    assert_eq!(exposition.value(&build), 1.0);
    assert!(exposition.value("drawbridge_process_start_time_seconds") > 1.7e9);
}

#[test]
fn every_metric_stands_in_the_documentation_and_none_else() {
    let documented = include_str!("../../../../docs/operations.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next())
        .filter(|name| name.starts_with("drawbridge_"));
    let documented: BTreeSet<_> = documented
        .map(|name| name.trim_end_matches("_total").trim_end_matches("_info"))
        .collect();
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let exposition = exposition(&gateway);
    let shown: BTreeSet<_> = exposition.families.iter().map(String::as_str).collect();
    assert_eq!(documented, shown);
}
