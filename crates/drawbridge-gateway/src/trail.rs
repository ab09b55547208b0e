//! What one request learned on its way, for its answer's headers and its log line.
//!
//! The trail travels with the answer's body; when the body ends, however it ends, the line is written and the
//! connection is told that the exchange is over.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::key::Caller;
use http::{HeaderValue, Method, Uri};
use jiff::Timestamp;

use crate::connection::Exchange;
use crate::core::Core;
use crate::log::RequestLine;
use crate::respond::Dress;

/// Which of the two CORS questions a request asked, and what came of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CorsNote {
    pub(crate) phase: Option<&'static str>,
    pub(crate) verdict: Option<&'static str>,
    pub(crate) reason: Option<&'static str>,
}

/// What one request learned on its way.
pub(crate) struct Trail {
    core: Rc<Core>,
    pub(crate) exchange: Rc<Exchange>,
    started: Instant,
    first_byte: Option<Duration>,
    pub(crate) id: HeaderValue,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) origin: Option<HeaderValue>,
    pub(crate) endpoint: Option<Arc<Endpoint>>,
    pub(crate) caller: Option<Caller>,
    pub(crate) cors: CorsNote,
    /// The CORS headers of the answer, whatever it will be.
    pub(crate) dress: Dress,
    /// What a refusal says besides the denial's own message.
    pub(crate) detail: Option<String>,
    /// Who called, where the management API found out.
    pub(crate) caller_id: Option<String>,
    pub(crate) code: Option<&'static str>,
    pub(crate) cause: Option<String>,
    pub(crate) status: u16,
    pub(crate) upstream_status: Option<u16>,
    pub(crate) upstream_request_id: Option<HeaderValue>,
    pub(crate) bytes_in: Rc<std::cell::Cell<u64>>,
    pub(crate) bytes_out: u64,
    pub(crate) revision: u64,
    /// `None` until the body has ended: dropped before, the client is gone.
    pub(crate) outcome: Option<&'static str>,
}

impl Trail {
    pub(crate) fn new(
        core: &Rc<Core>,
        exchange: Rc<Exchange>,
        head: &http::request::Parts,
        id: HeaderValue,
        revision: u64,
    ) -> Self {
        Self {
            core: Rc::clone(core),
            exchange,
            started: Instant::now(),
            first_byte: None,
            id,
            method: head.method.clone(),
            uri: head.uri.clone(),
            origin: head.headers.get(http::header::ORIGIN).cloned(),
            endpoint: None,
            caller: None,
            cors: CorsNote::default(),
            dress: Dress::NONE,
            detail: None,
            caller_id: None,
            code: None,
            cause: None,
            status: 0,
            upstream_status: None,
            upstream_request_id: None,
            bytes_in: Rc::default(),
            bytes_out: 0,
            revision,
            outcome: None,
        }
    }

    /// The answer's head is ready.
    pub(crate) fn note_head(&mut self, status: u16) {
        self.status = status;
        self.first_byte = Some(self.started.elapsed());
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        let now = Instant::now();
        let ended = self.exchange.ended();
        self.exchange.finish(now);
        if !self.core.log.wants_requests() {
            return;
        }
        let duration = now - self.started;
        self.core.log.request(RequestLine {
            at: Timestamp::now(),
            id: self.id.clone(),
            client: self.exchange.client_ip(),
            method: self.method.clone(),
            uri: self.uri.clone(),
            endpoint: self.endpoint.take(),
            caller: self.caller.take(),
            caller_id: self.caller_id.take(),
            origin: self.origin.take(),
            cors_phase: self.cors.phase,
            cors_verdict: self.cors.verdict,
            cors_reason: self.cors.reason,
            status: self.status,
            code: self.code,
            cause: self.cause.take(),
            upstream_status: self.upstream_status,
            upstream_request_id: self.upstream_request_id.take(),
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out,
            first_byte: self.first_byte.unwrap_or(duration),
            duration,
            outcome: self.outcome.or(ended).unwrap_or("client_gone"),
            revision: self.revision,
        });
    }
}
