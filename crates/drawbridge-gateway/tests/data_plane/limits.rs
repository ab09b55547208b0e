//! Every size and time limit, reached by a real client or upstream, and what both see of it.

use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use drawbridge_gateway::Times;
use drawbridge_policy::endpoint::Limits;

use crate::support::{Client, End, Gateway, PAGE, SECRET, Upstream, document};
use http_body_util::BodyExt;
use serde_json::json;
use socket2::{Domain, Socket, Type};

const SHORT: Duration = Duration::from_millis(200);

#[test]
fn a_client_that_does_not_read_is_cut_and_so_is_its_upstream() {
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| {
        parts.times.write_idle = SHORT;
    });
    let mut client = gateway.client();
    let mut connection = upstream.begin_stream(&mut client);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    // Until all buffers on the way are full and the gateway gives up.
    while std::io::Write::write_all(&mut connection.0, chunk.as_bytes()).is_ok() {}
    assert_eq!(client.end().1, End::Reset);
}

#[test]
fn a_client_that_leaves_is_noticed_behind_bytes_that_nobody_reads_yet() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    for unread in ["\r\n", "GET /healthz HTTP/1.1\r\nhost: gw\r\n\r\n"] {
        let begin = || {
            let mut client = gateway.client();
            client.post("{}").send(unread);
            let mut connection = upstream.accept();
            connection.request();
            (client, connection)
        };
        let (mut client, mut connection) = begin();
        let (leaves, mut cancelled) = begin();
        drop(leaves);
        assert_eq!(cancelled.end(), b"", "{unread:?}");
        // One that has not left gets its answer.
        connection.answer("", "{}");
        assert_eq!(client.answer().status(), 200);
    }
}

#[test]
fn a_management_body_that_idles_is_given_up() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| {
        parts.times.body_idle = SHORT;
    });
    let mut client = gateway.client();
    client.send("POST /v1/projects HTTP/1.1\r\nhost: gw\r\ncontent-length: 9\r\n\r\n{");
    let call = gateway.calls.blocking_recv().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let read = call.request.into_body().collect();
    let read = runtime
        .unwrap()
        .block_on(async { tokio::time::timeout(Duration::from_secs(20), read).await });
    let error = read.unwrap().unwrap_err();
    assert!(error.to_string().contains("no more of it"), "{error}");
}

#[test]
fn a_drain_cuts_what_does_not_end_in_time() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| {
        parts.times.drain = SHORT;
    });
    let mut client = gateway.client();
    let mut connection = upstream.begin_stream(&mut client);
    gateway.take().shut_down();
    assert_eq!(client.end(), (vec![], End::Reset));
    assert_eq!(connection.end(), b"");
}

#[test]
fn an_idle_connection_to_an_upstream_is_closed() {
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| {
        parts.times.pool_idle = SHORT;
    });
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = upstream.answer_one("", "{}");
    assert_eq!(client.answer().status(), 200);
    assert_eq!(connection.end(), b"");
}

#[test]
fn the_time_for_the_first_byte_does_not_run_while_the_client_sends() {
    let upstream = Upstream::start();
    let limits = json!({"limits": {"first_byte_seconds": 1}});
    let gateway = Gateway::start(&document(&upstream, &limits));
    let begin = || {
        let mut client = gateway.client();
        client.send(format!(
            "POST /proj_tests1/e/v1/files HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nauthorization: Bearer {SECRET}\r\n\
             content-length: 3\r\n\r\na"
        ));
        let mut connection = upstream.accept();
        connection.head();
        (client, connection)
    };
    let mut uploads = [begin(), begin()];
    for rest in ["b", "c"] {
        // An upstream that was asked after them is late by now.
        let mut client = gateway.client();
        client.post("{}");
        let _silent = upstream.accept();
        assert_eq!(client.answer().code(), "upstream_timeout");
        for (client, _) in &mut uploads {
            client.send(rest);
        }
    }
    for (_, connection) in &mut uploads {
        let mut body = [0; 3];
        connection.0.read_exact(&mut body).unwrap();
        assert_eq!(&body, b"abc");
    }
    let [(mut answered, mut upstream), (mut late, mut silent)] = uploads;
    upstream.answer("", "{}");
    assert_eq!(answered.answer().status(), 200);
    // The client is done, and the upstream has as long as any.
    assert_eq!(late.answer().code(), "upstream_timeout");
    assert_eq!(silent.end(), b"");
}

#[test]
fn an_upstream_that_does_not_take_the_body_is_504_after_the_time_for_the_first_byte() {
    let upstream = Upstream::start();
    let limits = json!({"limits": {"first_byte_seconds": 1}});
    let gateway = Gateway::start(&document(&upstream, &limits));
    let mut client = gateway.client();
    // More than all buffers on the way hold.
    client.post(&"x".repeat(30 << 20));
    let _reads_nothing = upstream.accept();
    assert_eq!(client.answer().code(), "upstream_timeout");
}

#[test]
fn the_default_times_and_limits_are_the_documented_ones() {
    let times = Times::default();
    let seconds = Duration::from_secs;
    assert_eq!(times.head, seconds(10));
    assert_eq!(times.keep_alive, seconds(75));
    assert_eq!(times.body_idle, seconds(60));
    assert_eq!(times.write_idle, seconds(300));
    assert_eq!(times.pool_idle, seconds(60));
    assert_eq!(times.drain, seconds(30));
    let limits = Limits::default();
    assert_eq!(limits.connect, seconds(5));
    assert_eq!(limits.first_byte, seconds(600));
    assert_eq!(limits.idle, seconds(300));
    assert_eq!(limits.max_body_bytes, 32 << 20);
    let documentation = include_str!("../../../../docs/operations.md");
    for told in [
        "10 s from accept, silence included |",
        "| request body | 32 MiB or the endpoint's `max_body_bytes` (413); 60 s between bytes |",
        "| keep-alive | 75 s between requests |",
        "| upstream | connect 5 s, first byte 600 s",
        "300 s between bytes; per endpoint under `limits` |",
        "| a client that does not read | 300 s without taking a byte;",
        "| idle upstream connections | 60 s,",
        "as soon as no request is open: after 30 s it cuts",
    ] {
        assert!(documentation.contains(told), "{told}");
    }
}

/// A listener that accepts nothing and has no room for more.
fn full_listener() -> (Socket, SocketAddr, TcpStream) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let filler = TcpStream::connect(address).unwrap();
    (socket, address, filler)
}

#[test]
fn an_upstream_that_does_not_accept_is_504_after_its_connect_time() {
    let (_listener, address, _filler) = full_listener();
    let gateway = Gateway::start(&json!({
        "upstream": {"base_url": format!("http://{address}/v1")},
        "cors": {"allowedOrigins": [PAGE]},
        "limits": {"connect_seconds": 1},
    }));
    let mut client = gateway.client();
    let answer = client.post("{}").answer();
    assert_eq!(
        (answer.status(), answer.code()),
        (504, "upstream_timeout".to_owned())
    );
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
}

#[test]
fn heads_beyond_the_limits_are_refused_readably_and_beyond_hypers_own_barely() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let base = "/proj_tests1/e/v1/models?q=";
    let send = |target: &str, lines: &str| {
        let mut client = gateway.client();
        client.send(format!(
            "GET {target} HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nauthorization: Bearer {SECRET}\r\n{lines}\r\n"
        ));
        client
    };
    let target = |length: usize| format!("{base}{}", "x".repeat(length - base.len()));
    let lines = |count: usize| {
        let lines = (0..count).map(|line| format!("x-{line}: 1\r\n"));
        lines.collect::<String>()
    };
    let bytes = |count: usize| format!("x-large: {}\r\n", "x".repeat(count));
    let passes = |mut client: Client| {
        let _open = upstream.answer_one("connection: close\r\n", "{}");
        assert_eq!(client.answer().status(), 200);
    };
    passes(send(&target(8 << 10), ""));
    passes(send(base, &lines(90 - 3)));
    passes(send(base, &bytes((32 << 10) - 1000)));
    for (mut client, status, code) in [
        (send(&target((8 << 10) + 1), ""), 414, "uri_too_long"),
        (send(base, &lines(90 - 2)), 431, "headers_too_large"),
        (send(base, &bytes(32 << 10)), 431, "headers_too_large"),
    ] {
        let answer = client.answer();
        assert_eq!((answer.status(), &*answer.code()), (status, code));
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    }
    for (mut client, status) in [
        (send(base, &lines(200)), 431),
        (send(base, &bytes(1 << 20)), 431),
        (send(&target(1 << 16), ""), 414),
    ] {
        let (bytes, _end) = client.end();
        let answer = String::from_utf8_lossy(&bytes);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
    assert!(upstream.is_untouched());
}
