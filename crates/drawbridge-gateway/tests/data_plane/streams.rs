//! Long streams, through every combination of protocols towards clients and upstreams.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConnection, ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use crate::certificates::{Authority, Files};
use crate::support::{Client, Gateway, PAGE, SECRET, Upstream, UpstreamConnection, read_chunk};

const CHUNKS: usize = 10_000;
const PATH: &str = "/proj_tests1/e/v1/stream";

/// Numbered, and of many lengths.
fn event(index: usize) -> String {
    format!("data: {index} {}\n\n", "x".repeat(index % 97))
}

/// One gateway, its upstream, and whom both are vouched for by.
struct Setup {
    gateway: Gateway,
    authority: Authority,
    playing: std::thread::JoinHandle<()>,
}

impl Setup {
    /// An upstream that answers one request, over https or http, behind a gateway that speaks TLS or not.
    fn start(is_https_upstream: bool, is_https: bool) -> Self {
        let authority = Authority::new();
        let issued = authority.issue(&["localhost", "127.0.0.1"]);
        let upstream = Upstream::start();
        let document = match is_https_upstream {
            true => json!({
                "base_url": format!("https://{}", upstream.address),
                "ca_certificate": authority.pem(),
            }),
            false => json!({"base_url": format!("http://{}", upstream.address)}),
        };
        let document = json!({"upstream": document, "cors": {"allowedOrigins": [PAGE]}});
        let gateway = Gateway::start_with(&document, |parts| {
            if is_https {
                parts.tls = Some(Files::of(&issued).load().acceptor().unwrap());
            }
        });
        let config = is_https_upstream.then(|| issued.server(&[]));
        Self {
            gateway,
            authority,
            playing: std::thread::spawn(move || play(&upstream, config)),
        }
    }

    fn request(&self) -> String {
        format!(
            "GET {PATH} HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nauthorization: Bearer {SECRET}\r\n\r\n"
        )
    }
}

fn play(upstream: &Upstream, config: Option<Arc<ServerConfig>>) {
    let connection = upstream.accept();
    match config {
        None => stream_all(connection),
        Some(config) => {
            let session = ServerConnection::new(config).unwrap();
            stream_all(UpstreamConnection(StreamOwned::new(session, connection.0)));
        }
    }
}

/// Every event in a write of its own.
fn stream_all(mut connection: UpstreamConnection<impl Read + Write>) {
    connection.head();
    connection.send(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    for index in 0..CHUNKS {
        let event = event(index);
        connection.send(format!("{:x}\r\n{event}\r\n", event.len()));
    }
    connection.send("0\r\n\r\n");
}

/// Takes the place of a body's text: what came, compared as it comes.
#[derive(Default)]
struct Comparison {
    next: usize,
    rest: Vec<u8>,
}

impl Comparison {
    fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        loop {
            let expected = event(self.next);
            if self.next == CHUNKS || self.rest.len() < expected.len() {
                return;
            }
            let found: Vec<u8> = self.rest.drain(..expected.len()).collect();
            assert_eq!(String::from_utf8_lossy(&found), expected);
            self.next += 1;
        }
    }

    fn finish(&self) {
        assert_eq!((self.next, self.rest.len()), (CHUNKS, 0));
    }
}

fn read_http_1(setup: Setup, stream: impl Read + Write) {
    let mut client = Client(BufReadWrite(BufReader::new(stream)));
    client.send(setup.request());
    assert_eq!(client.head().status(), 200);
    let mut comparison = Comparison::default();
    while let Some(chunk) = read_chunk(&mut client.0) {
        comparison.push(&chunk);
    }
    comparison.finish();
    setup.playing.join().unwrap();
}

/// The tests read byte by byte, which would cost a system call each.
struct BufReadWrite<S>(BufReader<S>);

impl<S: Read> Read for BufReadWrite<S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<S: Write> Write for BufReadWrite<S> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.get_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.get_mut().flush()
    }
}

async fn read_http_2(
    scheme: &str,
    setup: Setup,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(format!("{scheme}://{}{PATH}", setup.gateway.address))
        .header("origin", PAGE)
        .header("authorization", format!("Bearer {SECRET}"))
        .body(Empty::<Bytes>::new())
        .unwrap();
    let mut answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut comparison = Comparison::default();
    while let Some(frame) = answer.body_mut().frame().await {
        comparison.push(&frame.unwrap().into_data().unwrap());
    }
    comparison.finish();
    setup.playing.join().unwrap();
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.unwrap().block_on(test);
}

#[test]
fn a_stream_of_10_000_chunks_is_whole_and_in_order_in_http_1() {
    for is_https_upstream in [false, true] {
        let setup = Setup::start(is_https_upstream, false);
        let stream = setup.gateway.client().0;
        read_http_1(setup, stream);
    }
}

#[test]
fn a_stream_of_10_000_chunks_is_whole_and_in_order_in_http_2() {
    for is_https_upstream in [false, true] {
        let setup = Setup::start(is_https_upstream, false);
        run(async {
            let stream = tokio::net::TcpStream::connect(setup.gateway.address);
            let stream = stream.await.unwrap();
            read_http_2("http", setup, stream).await;
        });
    }
}

#[test]
fn a_stream_of_10_000_chunks_is_whole_and_in_order_in_https_1() {
    for (is_https_upstream, version) in [(false, &TLS12), (true, &TLS13)] {
        let setup = Setup::start(is_https_upstream, true);
        let config = setup.authority.client(&[version], &["http/1.1"]);
        let name = ServerName::try_from("localhost").unwrap();
        let session = ClientConnection::new(config, name).unwrap();
        let socket: TcpStream = setup.gateway.client().0;
        read_http_1(setup, StreamOwned::new(session, socket));
    }
}

#[test]
fn a_stream_of_10_000_chunks_is_whole_and_in_order_in_https_2() {
    for (is_https_upstream, version) in [(false, &TLS12), (true, &TLS13)] {
        let setup = Setup::start(is_https_upstream, true);
        run(async {
            let stream = tokio::net::TcpStream::connect(setup.gateway.address);
            let connector = TlsConnector::from(setup.authority.client(&[version], &["h2"]));
            let name = ServerName::try_from("localhost").unwrap();
            let stream = connector
                .connect(name, stream.await.unwrap())
                .await
                .unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            read_http_2("https", setup, stream).await;
        });
    }
}
