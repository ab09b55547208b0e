//! Clients that mean harm, or are broken: what they do costs nobody else anything, and reaches no upstream.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use drawbridge_gateway::management::ManagementReply;
use http_body::Frame;
use http_body_util::BodyExt;
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::frames::{
    CONTINUATION, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, Received,
    SETTINGS, WINDOW_UPDATE, frame, header_block,
};
use crate::metrics::await_values;
use crate::support::{Client, End, Gateway, PAGE, SECRET, Upstream, document};

/// Sends until the gateway ends the connection; returns the frames that it sent, as kind and payload.
fn flood(gateway: &Gateway, opening: &[u8], mut next: impl FnMut(u32) -> Vec<u8>) -> Vec<Received> {
    let mut stream = gateway.client().0;
    stream.write_all(PREFACE).unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
    stream.write_all(opening).unwrap();
    let reading = stream.try_clone().unwrap();
    let received = std::thread::spawn(move || read_frames(reading));
    let mut count = 0;
    loop {
        count += 1;
        assert!(count < 20_000, "the flood goes on");
        if stream.write_all(&next(count)).is_err() {
            return received.join().unwrap();
        }
    }
}

fn read_frames(mut stream: TcpStream) -> Vec<Received> {
    let mut frames = Vec::new();
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).is_err() {
            return frames;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        if stream.read_exact(&mut payload).is_err() {
            return frames;
        }
        // Answers to a flood are a flood: only what can matter is kept.
        if [SETTINGS, RST_STREAM, GOAWAY].contains(&head[3]) {
            frames.push(Received {
                kind: head[3],
                stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
                payload,
            });
        }
    }
}

fn assert_alive(gateway: &Gateway) {
    let mut client = gateway.client();
    client.send("GET /healthz HTTP/1.1\r\nhost: gw\r\n\r\n");
    assert_eq!(client.answer().status(), 200);
}

#[test]
fn floods_over_http_2_end_their_connection_and_nothing_else() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut neighbour = gateway.client();
    let mut is_served = || {
        neighbour.send("GET /healthz HTTP/1.1\r\nhost: gw\r\n\r\n");
        assert_eq!(neighbour.answer().status(), 200);
    };
    is_served();
    let block = header_block("GET", "/healthz");
    // CVE-2023-44487.
    let frames = flood(&gateway, &[], |count| {
        let stream = 2 * count - 1;
        let mut pair = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block);
        pair.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        pair
    });
    let goaway = frames.iter().find(|frame| frame.kind == GOAWAY).unwrap();
    // ENHANCE_YOUR_CALM (RFC 9113 section 7).
    assert_eq!(goaway.payload[4..8], 11_u32.to_be_bytes());
    let ended = "drawbridge_connections_ended_total{reason=\"client_flood\"}";
    await_values(&gateway, &[(ended, 1.0)]);
    is_served();
    // CVE-2019-9512, CVE-2019-9515, CVE-2019-9518 and CVE-2024-27316; many frames in one write, as a flood would.
    flood(&gateway, &[], |_| frame(PING, 0, 0, &[0; 8]).repeat(500));
    await_values(&gateway, &[(ended, 2.0)]);
    is_served();
    flood(&gateway, &[], |_| frame(SETTINGS, 0, 0, &[]).repeat(500));
    is_served();
    let open = frame(HEADERS, END_HEADERS, 1, &header_block("POST", "/healthz"));
    flood(&gateway, &open, |_| frame(0, 0, 1, &[]).repeat(500));
    is_served();
    let begun = frame(HEADERS, 0, 1, &block);
    flood(&gateway, &begun, |_| {
        frame(CONTINUATION, 0, 1, b"\x00\x03x-a\x01b").repeat(500)
    });
    is_served();
    assert!(upstream.is_untouched());
}

#[test]
fn requests_and_streams_among_pings_do_not_make_them_less_of_a_flood() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let block = header_block("GET", "/healthz");
    let pings = || frame(PING, 0, 0, &[0; 8]).repeat(500);
    flood(&gateway, &[], |count| match count % 40 {
        0 => [
            frame(HEADERS, END_HEADERS | END_STREAM, count / 20 + 1, &block),
            pings(),
        ]
        .concat(),
        _ => pings(),
    });
    // An answer that goes on for as long as anybody takes it.
    let streaming = std::thread::spawn(move || {
        let mut connection = upstream.accept();
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        while connection.0.write_all(b"1\r\na\r\n").is_ok() {
            std::thread::yield_now();
        }
    });
    let mut block = header_block("GET", "/proj_tests1/e/v1/a");
    let key = format!("Bearer {SECRET}");
    block.extend([0x0f, 8, u8::try_from(key.len()).unwrap()]);
    block.extend(key.as_bytes());
    let open = [
        frame(WINDOW_UPDATE, 0, 0, &(1_u32 << 30).to_be_bytes()),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &block),
        frame(WINDOW_UPDATE, 0, 1, &(1_u32 << 30).to_be_bytes()),
    ]
    .concat();
    flood(&gateway, &open, |_| pings());
    streaming.join().unwrap();
    let ended = "drawbridge_connections_ended_total{reason=\"client_flood\"}";
    await_values(&gateway, &[(ended, 2.0)]);
}

#[test]
fn an_http_2_connection_has_at_most_128_streams() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut stream = gateway.client().0;
    stream.write_all(PREFACE).unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
    let block = header_block("POST", "/proj_tests1/e/v1/embeddings");
    let mut with_key = block.clone();
    let key = format!("Bearer {SECRET}");
    with_key.extend([0x0f, 8, u8::try_from(key.len()).unwrap()]);
    with_key.extend(key.as_bytes());
    // 128 requests whose bodies never come, and one more.
    for number in 0..129 {
        stream
            .write_all(&frame(HEADERS, END_HEADERS, 2 * number + 1, &with_key))
            .unwrap();
    }
    let (mut head, mut most_streams) = ([0; 9], None);
    let refused = loop {
        stream.read_exact(&mut head).unwrap();
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        stream.read_exact(&mut payload).unwrap();
        match head[3] {
            // SETTINGS_MAX_CONCURRENT_STREAMS.
            SETTINGS => {
                most_streams = most_streams.or(payload
                    .chunks(6)
                    .find_map(|setting| (setting[..2] == [0, 3]).then(|| setting[2..].to_vec())))
            }
            RST_STREAM => break payload,
            _ => {}
        }
    };
    assert_eq!(most_streams.unwrap(), 128_u32.to_be_bytes());
    // REFUSED_STREAM, of the last one.
    assert_eq!(refused, 7_u32.to_be_bytes());
    assert_eq!(head[5..9], 257_u32.to_be_bytes());
}

#[test]
fn what_could_be_read_in_two_ways_is_refused_and_ends_the_connection() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let url = "/proj_tests1/e/v1/embeddings";
    let follows = format!(
        "POST {url} HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer {SECRET}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    for (line, headers) in [
        (
            format!("POST {url}"),
            "host: gw\r\ntransfer-encoding: gzip, chunked\r\n",
        ),
        (
            format!("POST {url}"),
            "host: gw\r\ntransfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        ),
        (
            format!("POST {url}"),
            "host: gw\r\ntransfer-encoding: xchunked\r\n",
        ),
        (
            format!("POST {url}"),
            "host: gw\r\ntransfer-encoding : chunked\r\n",
        ),
        (
            format!("POST {url}"),
            "host: gw\r\ncontent-length: 1\r\ncontent-length: 2\r\n",
        ),
        (format!("POST {url}"), "host: gw\r\ncontent-length: +2\r\n"),
        (
            format!("POST {url}"),
            "host: gw\r\nhost: gw\r\ncontent-length: 0\r\n",
        ),
        (format!("POST {url}"), "content-length: 0\r\n"),
        (
            format!("POST {url}"),
            "host: gw\r\n folded: x\r\ncontent-length: 0\r\n",
        ),
        (
            format!("POST http://other.example{url}"),
            "host: gw\r\ncontent-length: 0\r\n",
        ),
        (format!("POST {url}"), "host: a, b\r\ncontent-length: 0\r\n"),
        (format!("POST {url}"), "host: a,b\r\ncontent-length: 0\r\n"),
        (
            format!("POST {url}"),
            "host: a/b?c@d\r\ncontent-length: 0\r\n",
        ),
        (format!("POST {url}"), "host: a@gw\r\ncontent-length: 0\r\n"),
        (
            format!("POST {url}"),
            "host: gw:8x\r\ncontent-length: 0\r\n",
        ),
        (format!("POST {url}"), "host: :80\r\ncontent-length: 0\r\n"),
        (format!("POST {url}"), "host:\r\ncontent-length: 0\r\n"),
        (
            format!("POST http://a@gw{url}"),
            "host: gw\r\ncontent-length: 0\r\n",
        ),
        (
            format!("POST http://a@gw{url}"),
            "host: a@gw\r\ncontent-length: 0\r\n",
        ),
        ("CONNECT gw:443".to_owned(), "host: gw\r\n"),
        (format!("TRACE {url}"), "host: gw\r\n"),
        (format!("TRACK {url}"), "host: gw\r\n"),
        (format!("trace {url}"), "host: gw\r\n"),
        (
            "POST /proj_tests1/e%2Fv1/embeddings".to_owned(),
            "host: gw\r\ncontent-length: 0\r\n",
        ),
        (
            "POST /proj_tests1/e/v1/../../e/v1/x".to_owned(),
            "host: gw\r\ncontent-length: 0\r\n",
        ),
        (
            "POST /proj_tests1/e/v1/%2e%2e/x".to_owned(),
            "host: gw\r\ncontent-length: 0\r\n",
        ),
    ] {
        let mut client = gateway.client();
        client.send(format!(
            "{line} HTTP/1.1\r\norigin: {PAGE}\r\nauthorization: Bearer {SECRET}\r\n{headers}\r\n0\r\n\r\n{follows}"
        ));
        let (bytes, _end) = client.end();
        let answer = String::from_utf8_lossy(&bytes);
        assert!(
            answer.starts_with("HTTP/1.1 400 "),
            "{line} {headers}: {answer}"
        );
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            1,
            "{line} {headers}: {answer}"
        );
    }
    assert!(upstream.is_untouched());
}

#[test]
fn a_content_length_beside_chunked_is_dropped_and_the_connection_closed() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    client.send(format!(
        "POST /proj_tests1/e/v1/embeddings HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer {SECRET}\r\n\
         content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n\
         GET /healthz HTTP/1.1\r\nhost: gw\r\n\r\n"
    ));
    let mut connection = upstream.accept();
    let request = connection.request();
    assert_eq!(request.header("content-length"), None);
    assert_eq!(request.header("transfer-encoding"), Some("chunked"));
    assert_eq!(request.body, b"{}");
    connection.answer("", "{}");
    let (bytes, _end) = client.end();
    let answer = String::from_utf8_lossy(&bytes);
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}

/// A body that panics when it is asked for more than its first chunk.
struct Panicking(Option<Bytes>);

impl http_body::Body for Panicking {
    type Data = Bytes;
    type Error = drawbridge_gateway::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.0.take() {
            Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
            None => panic!("a part of the gateway that is broken"),
        }
    }
}

#[test]
fn a_panic_costs_its_own_request_only() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut neighbour = gateway.client();
    neighbour.post("{}");
    let mut connection = upstream.accept();
    connection.request();
    // Once for each core, and once more.
    for _ in 0..3 {
        let mut client = gateway.client();
        client.get("/v1/projects");
        let call = gateway.calls.blocking_recv().unwrap();
        let body = Panicking(Some("[1,".into())).boxed_unsync();
        let reply = ManagementReply {
            response: http::Response::new(body),
            caller: None,
            code: None,
            cause: None,
        };
        assert!(call.reply.send(reply).is_ok());
        let (_bytes, end) = client.end();
        assert_eq!(end, End::Reset, "a cut answer must not look complete");
    }
    connection.answer("", "{}");
    assert_eq!(neighbour.answer().status(), 200);
    assert_alive(&gateway);
}

/// An upstream that answers `/base/good` at once, `/base/large` with more than anybody takes, and nothing else ever.
fn start_upstream() -> (std::net::SocketAddr, Value) {
    let upstream = Upstream::start();
    let setting = (upstream.address, document(&upstream, &json!({})));
    std::thread::spawn(move || {
        loop {
            let mut connection = upstream.accept();
            std::thread::spawn(move || {
                loop {
                    let head = connection.head();
                    if head.start.contains("/good") {
                        connection.answer("", "{}");
                    } else if head.start.contains("/large") {
                        connection.send("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
                        let piece = [b'x'; 1 << 16];
                        while connection.0.write_all(&piece).is_ok() {}
                        return;
                    } else {
                        connection.end();
                        return;
                    }
                }
            });
        }
    });
    setting
}

/// A client whose receive buffer is as small as the system allows.
fn connect_narrowly(gateway: &Gateway) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(1).unwrap();
    socket.connect(&gateway.address.into()).unwrap();
    Client(socket.into())
}

#[test]
fn a_thousand_slow_clients_keep_nobody_from_being_served() {
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files).unwrap();
    let (_address, document) = start_upstream();
    let gateway = Gateway::start_with(&document, |parts| parts.max_connections = 2000);
    let begin = |method: &str, path: &str, rest: &str| {
        format!(
            "{method} /proj_tests1/e/v1/{path} HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer {SECRET}\r\n{rest}"
        )
    };
    let (slow_head, slow_body, not_reading) = (
        begin("POST", "body", "x-slow: "),
        begin("POST", "body", "content-length: 1000\r\n\r\n{"),
        begin("GET", "large", "\r\n"),
    );
    let mut slow = Vec::new();
    for _ in 0..250 {
        for bytes in ["", &slow_head, &slow_body, &not_reading] {
            let mut client = connect_narrowly(&gateway);
            client.send(bytes);
            slow.push(client);
        }
    }
    let good = begin("GET", "good", "\r\n");
    let mut client = gateway.client();
    for _ in 0..200 {
        assert_eq!(client.send(&good).answer().status(), 200);
    }
    assert_alive(&gateway);
    // All of them were there all the time.
    for client in &slow {
        client.0.set_nonblocking(true).unwrap();
        match client.0.peek(&mut [0]) {
            Ok(count) => assert_eq!(count, 1, "a slow client was cut"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
}
