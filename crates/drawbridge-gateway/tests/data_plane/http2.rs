//! HTTP/2 from clients: many requests on one connection, each with its own beginning and end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::idempotency;
use crate::support::{Gateway, PAGE, SECRET, Upstream, UpstreamConnection, document};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::TcpStream;

type Sender = SendRequest<Full<Bytes>>;

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.unwrap().block_on(test);
}

/// A connection with prior knowledge (RFC 9113 section 3.3).
async fn connect(gateway: &Gateway) -> Sender {
    let stream = TcpStream::connect(gateway.address).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

fn post(gateway: &Gateway, body: &'static str) -> Request<Full<Bytes>> {
    Request::post(format!(
        "http://{}/proj_tests1/e/v1/chat/completions",
        gateway.address
    ))
    .header("origin", PAGE)
    .header("authorization", format!("Bearer {SECRET}"))
    .header("content-type", "application/json")
    .body(Full::from(body))
    .unwrap()
}

async fn begin(
    sender: &Sender,
    gateway: &Gateway,
    upstream: &Upstream,
    body: &'static str,
) -> (
    UpstreamConnection,
    tokio::task::JoinHandle<Response<Incoming>>,
) {
    let mut sender = sender.clone();
    let request = post(gateway, body);
    let answer = tokio::spawn(async move { sender.send_request(request).await.unwrap() });
    // The test's runtime has a thread of its own for the connection, so waiting here blocks nobody.
    let mut connection = upstream.accept();
    assert_eq!(connection.request().body, body.as_bytes());
    connection.send(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    (connection, answer)
}

async fn frame(answer: &mut Response<Incoming>) -> Option<Result<Bytes, hyper::Error>> {
    let frame = answer.body_mut().frame().await?;
    Some(frame.map(|frame| frame.into_data().unwrap()))
}

fn chunk(connection: &mut UpstreamConnection, text: &str) {
    connection.send(format!("{:x}\r\n{text}\r\n", text.len()));
}

#[test]
fn streams_share_a_connection_and_end_one_by_one() {
    run(async {
        let upstream = Upstream::start();
        let gateway = Gateway::start(&document(&upstream, &json!({})));
        let sender = connect(&gateway).await;
        let (mut first, answer) = begin(&sender, &gateway, &upstream, "{\"a\":1}").await;
        let mut first_answer = answer.await.unwrap();
        let (mut second, answer) = begin(&sender, &gateway, &upstream, "{\"b\":2}").await;
        let mut second_answer = answer.await.unwrap();
        for answer in [&first_answer, &second_answer] {
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
            assert_eq!(answer.headers()["vary"], "Origin");
        }
        chunk(&mut second, "two");
        assert_eq!(frame(&mut second_answer).await.unwrap().unwrap(), "two");
        chunk(&mut first, "one");
        assert_eq!(frame(&mut first_answer).await.unwrap().unwrap(), "one");

        // An upstream that dies resets its stream and no other.
        drop(first);
        assert!(frame(&mut first_answer).await.unwrap().is_err());
        chunk(&mut second, "three");
        assert_eq!(frame(&mut second_answer).await.unwrap().unwrap(), "three");

        // A stream that the client resets cancels its upstream.
        drop(second_answer);
        assert_eq!(second.end(), b"");

        let (mut third, answer) = begin(&sender, &gateway, &upstream, "{}").await;
        let third_answer = answer.await.unwrap();
        third.send("0\r\n\r\n");
        let body = third_answer.into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes(), "");
    });
}

#[test]
fn an_upstreams_trailers_stay_behind_and_its_connection_is_used_again() {
    run(async {
        let upstream = Upstream::start();
        let gateway = Gateway::start(&document(&upstream, &json!({})));
        let mut sender = connect(&gateway).await;
        let end = "0\r\nx-t: 1\r\nset-cookie: a=b\r\naccess-control-allow-origin: *\r\n\r\n";
        let (mut connection, answer) = begin(&sender, &gateway, &upstream, "{}").await;
        let mut answer = answer.await.unwrap();
        chunk(&mut connection, "one");
        assert_eq!(frame(&mut answer).await.unwrap().unwrap(), "one");
        connection.send(end);
        let rest = answer.into_body().collect().await.unwrap();
        assert_eq!(rest.trailers(), None);

        // The same where they come together with the head.
        for body in ["", "3\r\ntwo\r\n"] {
            let answer = tokio::spawn(sender.send_request(post(&gateway, "{}")));
            connection.request();
            connection.send(format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n{body}{end}"
            ));
            let answer = answer.await.unwrap().unwrap();
            let whole = answer.into_body().collect().await.unwrap();
            assert_eq!(whole.trailers(), None, "{body:?}");
            assert_eq!(whole.to_bytes().is_empty(), body.is_empty(), "{body:?}");
        }
        assert!(upstream.is_untouched());
    });
}

#[test]
fn streams_are_in_flight_one_by_one_until_each_ends() {
    run(async {
        let upstream = Upstream::start();
        let gateway = Gateway::start(&document(&upstream, &json!({})));
        gateway.set_key(SECRET, &json!({"kind": "secret", "max_concurrent": 2}));
        let mut sender = connect(&gateway).await;
        let (mut first, answer) = begin(&sender, &gateway, &upstream, "{}").await;
        let first_answer = answer.await.unwrap();
        let (mut second, answer) = begin(&sender, &gateway, &upstream, "{}").await;
        let mut second_answer = answer.await.unwrap();
        let refused = sender.send_request(post(&gateway, "{}")).await.unwrap();
        assert_eq!(refused.status(), 429);
        assert!(upstream.is_untouched());

        // A reset stream leaves its place to the next, and the other goes on.
        drop(first_answer);
        assert_eq!(first.end(), b"");
        let models = || {
            let mut request = post(&gateway, "");
            *request.method_mut() = http::Method::GET;
            *request.uri_mut() = format!("http://{}/v1/models", gateway.address)
                .parse()
                .unwrap();
            request
        };
        let mut status = 429;
        while status == 429 {
            status = sender
                .send_request(models())
                .await
                .unwrap()
                .status()
                .as_u16();
        }
        assert_eq!(status, 200);
        chunk(&mut second, "two");
        assert_eq!(frame(&mut second_answer).await.unwrap().unwrap(), "two");
    });
}

#[test]
fn a_silent_upstream_resets_its_stream_alone() {
    run(async {
        let upstream = Upstream::start();
        let gateway = Gateway::start(&document(
            &upstream,
            &json!({"limits": {"idle_seconds": 1}}),
        ));
        let sender = connect(&gateway).await;
        let (mut first, answer) = begin(&sender, &gateway, &upstream, "{}").await;
        let mut first_answer = answer.await.unwrap();
        assert!(frame(&mut first_answer).await.unwrap().is_err());
        assert_eq!(first.end(), b"");
        let (mut second, answer) = begin(&sender, &gateway, &upstream, "{}").await;
        let mut second_answer = answer.await.unwrap();
        chunk(&mut second, "x");
        assert_eq!(frame(&mut second_answer).await.unwrap().unwrap(), "x");
    });
}

#[test]
fn refusals_and_preflights_look_as_in_http_1() {
    run(async {
        let upstream = Upstream::start();
        let gateway = Gateway::start(&document(&upstream, &json!({})));
        let mut sender = connect(&gateway).await;
        let mut request = post(&gateway, "{}");
        request.headers_mut().remove("authorization");
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
        let mut request = post(&gateway, "");
        *request.method_mut() = http::Method::OPTIONS;
        request
            .headers_mut()
            .insert("access-control-request-method", "POST".parse().unwrap());
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.headers()["access-control-max-age"], "86400");
        let mut request = post(&gateway, "{}");
        request
            .headers_mut()
            .insert("host", "other.example".parse().unwrap());
        assert_eq!(sender.send_request(request).await.unwrap().status(), 400);
        assert!(upstream.is_untouched());
    });
}

#[test]
fn a_request_with_an_idempotency_key_runs_once() {
    let upstream = Upstream::start();
    let (gateway, _clock) = idempotency::start(&upstream);
    run(async {
        let mut sender = connect(&gateway).await;
        let keyed = || {
            let mut request = post(&gateway, "{}");
            let key = http::HeaderValue::from_static("a");
            request.headers_mut().insert("idempotency-key", key);
            request
        };
        let first = tokio::spawn(sender.send_request(keyed()));
        drop(upstream.answer_one("connection: close\r\n", "{\"answer\":1}"));
        let first = first.await.unwrap().unwrap();
        assert_eq!(first.headers().get("idempotency-replayed"), None);
        let first = first.into_body().collect().await.unwrap().to_bytes();
        let again = sender.send_request(keyed()).await.unwrap();
        assert_eq!(again.headers()["idempotency-replayed"], "true");
        let again = again.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(again, first);
        assert!(upstream.is_untouched());
    });
}

/// A body of 1 KiB pieces.
struct Pieces(usize);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(left) = self.0.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.0 = left;
        let piece = Bytes::from_static(&[b'x'; 1 << 10]);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

#[test]
fn long_uploads_are_no_floods_whoever_reads_them() {
    run(async {
        let upstream = Upstream::start();
        let mut gateway = Gateway::start(&document(&upstream, &json!({})));
        let stream = TcpStream::connect(gateway.address).await.unwrap();
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        // The second is what management reads at most.
        let (pieces, managed) = (20 << 10, 4 << 10);
        let request = |path: &str, key: &str, pieces: usize| {
            Request::post(format!("http://{}{path}", gateway.address))
                .header("authorization", format!("Bearer {key}"))
                .body(Pieces(pieces))
                .unwrap()
        };
        let forwarded = request("/proj_tests1/e/v1/embeddings", SECRET, pieces);
        let refused = request("/proj_tests1/e/v1/embeddings", "sk-unknown", pieces);
        let to_manage = request("/v1/projects", SECRET, managed);

        let answer = tokio::spawn(sender.send_request(forwarded));
        let mut connection = upstream.accept();
        assert_eq!(connection.request().body.len(), pieces << 10);
        connection.answer("", "{}");
        assert_eq!(answer.await.unwrap().unwrap().status(), 200);
        let answer = sender.send_request(refused).await.unwrap();
        assert_eq!(answer.status(), 401);
        let answer = tokio::spawn(sender.send_request(to_manage));
        let call = gateway.calls.recv().await.unwrap();
        let body = call.request.into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes().len(), managed << 10);
        drop(call.reply);
        assert_eq!(answer.await.unwrap().unwrap().status(), 500);
        let last = request("/healthz", SECRET, pieces);
        assert_eq!(sender.send_request(last).await.unwrap().status(), 405);
    });
}
