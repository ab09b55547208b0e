//! The upstream's answer on its way to the client, chunk by chunk.
//!
//! When the answer ends, its connection goes back to the pool. When the client leaves, this is dropped and takes the
//! upstream's connection with it: the upstream stops working for nobody. Trailers must never pass: nothing needs them, and
//! what must not reach a client as a header must not reach it behind the body.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use drawbridge_policy::endpoint::Endpoint;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::connection::{Exchange, Side};
use crate::core::Core;
use crate::send::Sender;

/// Why an answer was cut.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    #[error("the upstream's answer broke off")]
    Upstream(#[source] hyper::Error),
    #[error("the gateway gave the answer up: {0}")]
    Ended(&'static str),
}

/// The body of an upstream's answer.
pub(crate) struct Relay {
    /// Read ahead of the answer's head.
    pub(crate) held: Option<Bytes>,
    pub(crate) incoming: Incoming,
    pub(crate) sender: Option<Sender>,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) exchange: Rc<Exchange>,
    pub(crate) core: Rc<Core>,
}

impl Relay {
    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RelayError>>> {
        if let Some(chunk) = self.held.take() {
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        if let Some(reason) = self.exchange.ended() {
            return Poll::Ready(Some(Err(RelayError::Ended(reason))));
        }
        let mut progress = Pin::new(&mut self.incoming).poll_frame(context);
        while let Poll::Ready(Some(Ok(frame))) = &progress
            && frame.is_trailers()
        {
            progress = Pin::new(&mut self.incoming).poll_frame(context);
        }
        let patience = self.endpoint.limits.idle;
        self.exchange
            .note(Side::Upstream, &progress, patience, context);
        if let Poll::Ready(None) = progress {
            self.keep_connection();
        }
        progress.map_err(RelayError::Upstream)
    }

    pub(crate) fn is_end(&self) -> bool {
        self.held.is_none() && self.incoming.is_end_stream()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        let held = self.held.as_ref().map_or(0, |chunk| chunk.len() as u64);
        match self.incoming.size_hint().exact() {
            Some(rest) => SizeHint::with_exact(held + rest),
            None => SizeHint::default(),
        }
    }

    fn keep_connection(&mut self) {
        if let Some(sender) = self.sender.take() {
            self.core.pool.put(&self.endpoint.upstream, sender);
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // hyper drops a body of known length at its last byte, without asking for its end.
        if self.incoming.is_end_stream() {
            self.keep_connection();
        }
    }
}
