//! Clients of HTTP/2 that do not take what they asked for: they open no window for it (RFC 9113 section 5.2).

use std::time::Duration;

use crate::frames::{
    DATA, END_HEADERS, END_STREAM, Frames, HEADERS, PING, RST_STREAM, WINDOW_UPDATE, header_block,
};
use crate::metrics::await_values;
use crate::support::{End, Gateway, SECRET, Upstream, document};
use drawbridge_gateway::Times;
use serde_json::json;

const SHORT: Duration = Duration::from_millis(200);
/// Longer than a test takes.
const LONG: Duration = Duration::from_secs(600);

const NOT_READING: &str = "drawbridge_connections_ended_total{reason=\"client_not_reading\"}";

fn start(upstream: &Upstream, adjust: impl FnOnce(&mut Times)) -> Gateway {
    Gateway::start_with(&document(upstream, &json!({})), |parts| {
        parts.times.keep_alive = LONG;
        adjust(&mut parts.times);
    })
}

/// A request for `path` of the endpoint, with a key.
fn with_key(method: &str, path: &str) -> Vec<u8> {
    let mut block = header_block(method, &format!("/proj_tests1/e/v1/{path}"));
    let key = format!("Bearer {SECRET}");
    block.extend([0x0f, 8, u8::try_from(key.len()).unwrap()]);
    block.extend(key.as_bytes());
    block
}

#[test]
fn streams_whose_window_never_opens_are_reset_and_the_connection_is_idle_then() {
    let upstream = Upstream::start();
    let gateway = start(&upstream, |times| {
        times.write_idle = SHORT;
        times.keep_alive = SHORT;
    });
    let mut client = Frames::connect(&gateway, 0);
    // Nobody needs a key for that: the answers are refusals.
    let block = header_block("POST", "/v1/chat/completions");
    for stream in [1, 3, 5] {
        client.send(HEADERS, END_HEADERS | END_STREAM, stream, &block);
    }
    let mut reset = Vec::new();
    while let Some(frame) = client.next() {
        assert_ne!(frame.kind, DATA);
        if frame.kind == RST_STREAM {
            reset.push(frame.stream);
        }
    }
    reset.sort_unstable();
    assert_eq!(reset, [1, 3, 5]);
    let idle = "drawbridge_connections_ended_total{reason=\"client_idle\"}";
    await_values(&gateway, &[(idle, 1.0)]);
}

#[test]
fn a_stream_that_nobody_reads_is_reset_alone_and_its_upstream_let_go() {
    let upstream = Upstream::start();
    let gateway = start(&upstream, |times| times.write_idle = SHORT);
    let mut client = Frames::connect(&gateway, 1);
    let block = with_key("GET", "a");
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, &block);
    let mut read = upstream.accept();
    read.request();
    read.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
    assert_eq!(client.await_kind(DATA).payload, b"a");
    client.send(HEADERS, END_HEADERS | END_STREAM, 3, &block);
    let mut unread = upstream.accept();
    unread.request();
    unread.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nbc\r\n1\r\nd\r\n");
    assert_eq!(client.await_kind(DATA).payload, b"b");
    assert_eq!(client.await_kind(RST_STREAM).stream, 3);
    assert_eq!(unread.end(), b"");
    read.send("1\r\ne\r\n0\r\n\r\n");
    client.send(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 9]);
    let rest = client.await_kind(DATA);
    assert_eq!((rest.stream, &*rest.payload), (1, &b"e"[..]));
}

#[test]
fn a_last_piece_that_nobody_takes_ends_the_connection() {
    let upstream = Upstream::start();
    let gateway = start(&upstream, |times| times.write_idle = SHORT);
    // One byte of window, and the rest of the answer has no one left but its connection.
    let mut client = Frames::connect(&gateway, 1);
    let block = header_block("GET", "/healthz");
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, &block);
    assert_eq!(client.await_kind(DATA).payload, b"{");
    assert_eq!(client.0.end().1, End::Reset);
    await_values(&gateway, &[(NOT_READING, 1.0)]);
}

#[test]
fn a_last_piece_that_is_taken_slowly_keeps_its_connection_from_being_idle() {
    let upstream = Upstream::start();
    let gateway = start(&upstream, |times| {
        times.keep_alive = SHORT;
        times.write_idle = LONG;
    });
    let mut client = Frames::connect(&gateway, 1);
    let block = header_block("GET", "/healthz");
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, &block);
    assert_eq!(client.await_kind(DATA).payload, b"{");
    // One that began its rest later has been idle for too long.
    let mut idle = gateway.client();
    idle.get("/healthz").answer();
    idle.end();
    client.send(WINDOW_UPDATE, 0, 1, &[0, 0, 4, 0]);
    assert_eq!(client.await_kind(DATA).payload, b"\"status\":\"ok\"}");
}

#[test]
fn a_request_body_that_idles_ends_its_stream_and_its_upstream_alone() {
    let upstream = Upstream::start();
    let gateway = start(&upstream, |times| times.body_idle = SHORT);
    let mut client = Frames::connect(&gateway, 1 << 16);
    client.send(HEADERS, END_HEADERS, 1, &with_key("POST", "a"));
    client.send(DATA, 0, 1, b"{");
    let mut connection = upstream.accept();
    connection.head();
    // Whatever it is told, nothing goes on.
    assert_eq!(connection.end(), b"1\r\n{\r\n");
    while client.next().unwrap().stream != 1 {}
    client.send(PING, 0, 0, b"still on");
    while client.await_kind(PING).payload != b"still on" {}
}
