//! What hyper's own server makes of a connection's bytes: the requests that the gateway can have seen at most.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, Uri, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

/// The first bytes of HTTP/2 (RFC 9113 section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// As in the gateway, so that the same heads are too large for both.
const BUFFER: usize = 128 << 10;
const HEADER_LIST: u32 = 64 << 10;
const MOST_STREAMS: u32 = 128;

/// Turns that hyper gets after each piece, and at the end, to do whatever follows from it.
const TURNS: usize = 4;
const LAST_TURNS: usize = 100;

/// A request that reached hyper's handler.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to its end.
    pub(crate) is_complete: bool,
}

impl Parsed {
    /// The values of all `Origin` lines.
    pub(crate) fn origins(&self) -> Vec<&[u8]> {
        let lines = self.headers.get_all(header::ORIGIN);
        lines.iter().map(HeaderValue::as_bytes).collect()
    }

    /// Whether it is a preflight (design section 4, rule 1).
    pub(crate) fn is_preflight(&self) -> bool {
        let asked = self.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
        self.method == Method::OPTIONS
            && asked.is_some_and(|method| !method.is_empty())
            && matches!(self.origins().as_slice(), [origin] if !origin.is_empty())
    }

    /// The target at the upstream, by cutting texts; `None` where it must not come.
    pub(crate) fn upstream_target(&self) -> Option<String> {
        let given = self.uri.path_and_query()?.as_str();
        let below = ["/proj_fuzzing/e/v1/", "/proj_fuzzing/m/v1/", "/v1/"];
        let rest = below.iter().find_map(|base| given.strip_prefix(base))?;
        Some(format!("/base/{rest}"))
    }
}

type Requests = Rc<RefCell<Vec<Parsed>>>;

/// Reads the bytes of one connection.
#[expect(clippy::unwrap_used, reason = "a harness that cannot go on ends")]
pub(crate) fn read(bytes: &[u8]) -> Vec<Parsed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let requests = Requests::default();
    let (client, server) = duplex(BUFFER);
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let service = {
            let requests = Rc::clone(&requests);
            service_fn(move |request| record(Rc::clone(&requests), request))
        };
        let io = TokioIo::new(server);
        if bytes.starts_with(PREFACE) {
            let mut builder = http2::Builder::new(Local);
            builder
                .max_concurrent_streams(MOST_STREAMS)
                .max_header_list_size(HEADER_LIST);
            let serving = builder.serve_connection(io, service);
            tokio::task::spawn_local(async move { drop(serving.await) });
            // Byte by byte: a frame that breaks the connection must not hide the requests before it.
            feed(client, bytes.chunks(1)).await;
        } else {
            let mut builder = http1::Builder::new();
            let serving = builder.max_buf_size(BUFFER).serve_connection(io, service);
            tokio::task::spawn_local(async move { drop(serving.await) });
            feed(client, [bytes].into_iter()).await;
        }
    });
    drop(local);
    requests.take()
}

async fn feed(client: DuplexStream, pieces: impl Iterator<Item = &[u8]>) {
    let (mut answers, mut sink) = tokio::io::split(client);
    let reading = tokio::task::spawn_local(async move {
        let mut buffer = [0; 4096];
        while answers.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    });
    for piece in pieces {
        if sink.write_all(piece).await.is_err() {
            break;
        }
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }
    // All that can be answered is; the end of the connection must not take it back.
    for _ in 0..LAST_TURNS {
        tokio::task::yield_now().await;
    }
    drop(sink.shutdown().await);
    drop(reading.await);
}

async fn record(
    requests: Requests,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, mut body) = request.into_parts();
    let index = requests.borrow().len();
    requests.borrow_mut().push(Parsed {
        method: head.method,
        uri: head.uri,
        version: head.version,
        headers: head.headers,
        body: Vec::new(),
        is_complete: false,
    });
    let is_complete = loop {
        match body.frame().await {
            None => break true,
            Some(Err(_)) => break false,
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    requests.borrow_mut()[index].body.extend_from_slice(data);
                }
            }
        }
    };
    requests.borrow_mut()[index].is_complete = is_complete;
    Ok(Response::new(Full::default()))
}

/// Runs the streams of an HTTP/2 connection on this thread.
#[derive(Clone, Copy)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move { drop(future.await) });
    }
}
