//! What one request learned on its way, for its answer's headers and its log line.
//!
//! The trail travels with the answer's body; when the body ends, however it ends, the line is written and the
//! connection is told that the exchange is over.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use drawbridge_policy::cors::Refusal;
use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::key::{Caller, SecretKeysInBrowsers};
use drawbridge_policy::refusals::Kind;
pub(crate) use drawbridge_policy::traffic::{Phase, Verdict};
use http::{HeaderValue, Method, Uri};
use jiff::Timestamp;

use crate::Shared;
use crate::connection::Exchange;
use crate::core::Core;
use crate::limit::{Quota, Retry};
use crate::log::RequestLine;
use crate::metrics::{Ended, Latency};
use crate::respond::Dress;

/// What was decided about a request's origin, method and headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CorsNote {
    pub(crate) phase: Phase,
    pub(crate) verdict: Verdict,
    pub(crate) reason: Option<Refusal>,
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
    /// Set where a page of another origin sends a secret key: what its project says of that.
    pub(crate) exposure: Option<SecretKeysInBrowsers>,
    /// `None` where CORS did not apply.
    pub(crate) cors: Option<CorsNote>,
    /// What was refused of it, or would have been; set only then.
    pub(crate) refused: Option<Box<Kind>>,
    /// The CORS headers of the answer, whatever it will be.
    pub(crate) dress: Dress,
    /// What it has of its key's limits.
    pub(crate) quota: Quota,
    /// When a refused client should come back.
    pub(crate) retry: Option<Retry>,
    /// What a refusal says besides the denial's own message.
    pub(crate) detail: Option<String>,
    /// What helps, where it is not what helps with most denials of the kind.
    pub(crate) hint: Option<&'static str>,
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
    is_forwarded: bool,
}

impl Trail {
    pub(crate) fn new(
        core: &Rc<Core>,
        exchange: Rc<Exchange>,
        head: &http::request::Parts,
        id: HeaderValue,
        revision: u64,
    ) -> Self {
        core.metrics.open_requests.add(1);
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
            exposure: None,
            cors: None,
            refused: None,
            dress: Dress::NONE,
            quota: Quota::default(),
            retry: None,
            detail: None,
            hint: None,
            is_forwarded: false,
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

    pub(crate) fn shared(&self) -> &Shared {
        &self.core.shared
    }

    /// When the request came, by the clock of the limits.
    pub(crate) fn now(&self) -> Duration {
        self.started.duration_since(self.core.shared.started)
    }

    /// The request goes to its endpoint's upstream.
    pub(crate) fn note_forwarded(&mut self) {
        if !self.is_forwarded {
            self.is_forwarded = true;
            let endpoint = self.core.metrics.endpoint(self.endpoint.as_deref());
            endpoint.open_streams.add(1);
        }
    }

    /// The answer's head is ready.
    pub(crate) fn note_head(&mut self, status: u16) {
        self.status = status;
        self.first_byte = Some(self.started.elapsed());
    }

    /// How the answer ended; a cut by the gateway says more than the error that it leads to.
    fn outcome(&self) -> &'static str {
        match (self.outcome, self.exchange.ended()) {
            (Some("complete"), _) => "complete",
            (_, Some(ended)) => ended,
            (outcome, None) => outcome.unwrap_or("client_gone"),
        }
    }

    fn count(&self, outcome: &'static str, duration: Duration) {
        let metrics = &self.core.metrics;
        metrics.open_requests.subtract(1);
        let endpoint = metrics.endpoint(self.endpoint.as_deref());
        if self.is_forwarded {
            endpoint.open_streams.subtract(1);
        }
        endpoint.record(&Ended {
            status: self.status,
            cors: self.cors,
            error: self.code.or(Some(outcome)),
            forwarded: self.is_forwarded.then_some(Latency {
                first_byte: self.first_byte,
                total: duration,
            }),
        });
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        let now = Instant::now();
        let duration = now - self.started;
        let outcome = self.outcome();
        self.exchange.finish(now);
        self.count(outcome, duration);
        if !self.core.log.wants_requests() {
            return;
        }
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
            cors_phase: self.cors.map(|note| note.phase.name()),
            cors_verdict: self.cors.map(|note| note.verdict.name()),
            cors_reason: self.cors.and_then(|note| note.reason).map(Refusal::code),
            status: self.status,
            code: self.code,
            cause: self.cause.take(),
            upstream_status: self.upstream_status,
            upstream_request_id: self.upstream_request_id.take(),
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out,
            first_byte: self.first_byte,
            duration,
            outcome,
            revision: self.revision,
        });
    }
}
