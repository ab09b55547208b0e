//! One admitted request to its upstream.
//!
//! A request is sent once. It is sent again, on a fresh connection, only when the first attempt provably had no effect:
//! the pooled connection was closed before a byte was written, or before a byte was answered to a GET or HEAD without a body.

use std::cell::Cell;
use std::error::Error;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use drawbridge_policy::denial::Denial;
use drawbridge_policy::endpoint::Endpoint;
use http::{Method, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout, timeout_at};

use crate::body::{RequestBody, RequestBodyError};
use crate::core::Core;
use crate::log::chain;
use crate::trail::Trail;

/// An upstream's answer, and the connection that it came on.
pub(crate) struct Answer {
    pub(crate) response: Response<Incoming>,
    pub(crate) sender: Sender,
}

/// What requests are sent by on one connection to an upstream.
pub(crate) struct Sender {
    pub(crate) requests: SendRequest<RequestBody>,
    /// Whether a byte came since the last request was sent.
    has_answered: Rc<Cell<bool>>,
}

/// Sends the request and waits for the head of the answer.
pub(crate) async fn send(
    core: &Rc<Core>,
    endpoint: &Endpoint,
    mut request: Request<RequestBody>,
    trail: &mut Trail,
) -> Result<Answer, Denial> {
    trail.note_forwarded();
    let broken_off = Rc::clone(&request.body().watch.denial);
    let upstream_since = Rc::clone(&request.body().watch.upstream_since);
    let mut pooled = core.pool.take(&endpoint.upstream);
    loop {
        let is_pooled = pooled.is_some();
        let mut sender = match pooled.take() {
            Some(sender) => {
                core.metrics.pool_reused.add(1);
                sender
            }
            None => connect(core, endpoint, trail).await?,
        };
        let again = if is_pooled {
            repeatable(&request)
        } else {
            None
        };
        sender.has_answered.set(false);
        upstream_since.set(Some(Instant::now()));
        let sent = sender.requests.try_send_request(request);
        let sent = in_time(sent, &upstream_since, endpoint.limits.first_byte).await?;
        let mut error = match sent {
            Ok(response) => return Ok(Answer { response, sender }),
            Err(error) => error,
        };
        let again = again.filter(|_| !sender.has_answered.get());
        match error.take_message().or(again) {
            Some(unsent) if is_pooled => request = unsent,
            _ => {
                let error = error.error();
                trail.cause = Some(chain(error));
                return Err(broken_off.get().unwrap_or_else(|| denial_of(error)));
            }
        }
    }
}

/// Waits until it was the upstream's turn for too long. A client that sends slowly has a limit of its own, and an upstream
/// that does not take the body has this one.
async fn in_time<T>(
    answer: impl Future<Output = T>,
    upstream_since: &Cell<Option<Instant>>,
    patience: Duration,
) -> Result<T, Denial> {
    let mut answer = pin!(answer);
    loop {
        let since = upstream_since.get();
        let deadline = since.unwrap_or_else(Instant::now) + patience;
        match timeout_at(deadline, answer.as_mut()).await {
            Ok(answer) => return Ok(answer),
            Err(_elapsed) if since.is_some() && since == upstream_since.get() => {
                return Err(Denial::UpstreamTimeout);
            }
            Err(_elapsed) => {}
        }
    }
}

/// The same request again, if sending it twice is as good as sending it once.
fn repeatable(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    let is_repeatable =
        matches!(*request.method(), Method::GET | Method::HEAD) && request.body().is_end_stream();
    if !is_repeatable {
        return None;
    }
    let body = RequestBody {
        held: std::collections::VecDeque::new(),
        rest: Rc::clone(&request.body().rest),
        scan: None,
        watch: request.body().watch.clone(),
    };
    let mut again = Request::new(body);
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.headers_mut() = request.headers().clone();
    Some(again)
}

fn denial_of(error: &hyper::Error) -> Denial {
    let client_failed = error
        .source()
        .and_then(|source| source.downcast_ref::<RequestBodyError>())
        .is_some();
    if client_failed {
        // Nobody is there to read this; the log is.
        return Denial::MalformedRequest;
    }
    Denial::UpstreamInvalid
}

async fn connect(
    core: &Rc<Core>,
    endpoint: &Endpoint,
    trail: &mut Trail,
) -> Result<Sender, Denial> {
    let limit: Duration = endpoint.limits.connect;
    let connecting = core.shared.parts.connector.connect(&endpoint.upstream);
    let stream = match timeout(limit, connecting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            trail.cause = Some(chain(&error));
            return Err(Denial::UpstreamUnreachable);
        }
        Err(_elapsed) => {
            trail.cause = Some(format!("no connection within {} s", limit.as_secs()));
            return Err(Denial::UpstreamTimeout);
        }
    };
    let has_answered = Rc::clone(stream.has_answered());
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (requests, connection) = handshake.map_err(|error| {
        trail.cause = Some(chain(&error));
        Denial::UpstreamUnreachable
    })?;
    // The connection's errors reach whoever waits for an answer on it; in the pool they only close it.
    core.metrics.pool_opened.add(1);
    tokio::task::spawn_local(async move { drop(connection.await) });
    Ok(Sender {
        requests,
        has_answered,
    })
}
