//! Bodies: what goes to the upstream, and what goes to the client.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use drawbridge_policy::denial::Denial;
use drawbridge_policy::model_scan::{ModelScan, ScanError};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::chunk::Chunk;
use crate::connection::{Exchange, Side};
use crate::idempotency::{BodyDigest, Recording};
use crate::relay::Relay;
use crate::trail::Trail;

/// Any error of a body.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The body of a management answer.
pub type ManagementBody = UnsyncBoxBody<Bytes, BoxError>;

/// A client's body on its way to the upstream: counted, scanned where the model matters, and given up together with
/// its request.
pub(crate) struct RequestBody {
    /// Read ahead of the request's head, and counted.
    pub(crate) held: VecDeque<Bytes>,
    /// The rest; shared, so that it can be read to its end when the upstream fails.
    pub(crate) rest: Rest,
    /// Watches for a second `model`.
    pub(crate) scan: Option<ModelScan>,
    pub(crate) watch: Watch,
}

/// What is left of a client's body on the connection.
pub(crate) type Rest = Rc<RefCell<Option<Incoming>>>;

/// What the body tells the rest of the request.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) exchange: Rc<Exchange>,
    pub(crate) bytes: Rc<Cell<u64>>,
    pub(crate) limit: u64,
    pub(crate) patience: Duration,
    /// Since when it is the upstream's turn; `None` while the client has to send more.
    pub(crate) upstream_since: Rc<Cell<Option<Instant>>>,
    /// Why the body was broken off.
    pub(crate) denial: Rc<Cell<Option<Denial>>>,
    /// Sums the body up, where the request has an idempotency key.
    pub(crate) digest: Option<Rc<BodyDigest>>,
}

impl Watch {
    /// Counts a chunk that came from the client.
    pub(crate) fn count(&self, chunk: &Bytes) -> Result<(), Denial> {
        let bytes = self.bytes.get() + chunk.len() as u64;
        self.bytes.set(bytes);
        self.exchange.note_body(chunk.len());
        if bytes > self.limit {
            return Err(self.deny(Denial::BodyTooLarge));
        }
        if let Some(digest) = &self.digest {
            digest.push(chunk);
        }
        Ok(())
    }

    /// Lowers the limit, for a body of at least `announced` bytes.
    pub(crate) fn narrow(&mut self, limit: u64, announced: u64) -> Result<(), Denial> {
        self.limit = self.limit.min(limit);
        if self.bytes.get().max(announced) > self.limit {
            return Err(self.deny(Denial::BodyTooLarge));
        }
        Ok(())
    }

    fn deny(&self, denial: Denial) -> Denial {
        self.denial.set(Some(denial));
        denial
    }

    /// Waits for the client's next frame, under the limit for silence.
    pub(crate) fn poll_rest(
        &self,
        rest: &mut Incoming,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        if self.exchange.ended().is_some() {
            return Poll::Ready(Some(Err(RequestBodyError::GivenUp)));
        }
        let progress = Pin::new(rest).poll_frame(context);
        self.exchange
            .note(Side::Client, &progress, self.patience, context);
        self.upstream_since
            .set(progress.is_ready().then(Instant::now));
        if let (Poll::Ready(None), Some(digest)) = (&progress, &self.digest) {
            digest.end();
        }
        progress.map_err(RequestBodyError::Client)
    }
}

/// Why a request's body ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestBodyError {
    #[error("the request was refused while its body was read: {0:?}")]
    Refused(Denial),
    #[error("the client's body cannot be read")]
    Client(#[source] hyper::Error),
    #[error("the request was given up")]
    GivenUp,
}

impl RequestBody {
    fn check(&mut self, chunk: &Bytes, is_last: bool) -> Result<(), Denial> {
        self.watch.count(chunk)?;
        if let Some(Err(error)) = self.scan.as_mut().map(|scan| scan.push(chunk)) {
            return Err(self.watch.deny(scan_denial(error)));
        }
        if is_last { self.finish_scan() } else { Ok(()) }
    }

    /// Ends the scan at the end of the body, before the upstream can see that end.
    pub(crate) fn finish_scan(&mut self) -> Result<(), Denial> {
        match self.scan.take().map(ModelScan::finish) {
            Some(Err(error)) => Err(self.watch.deny(scan_denial(error))),
            _ => Ok(()),
        }
    }
}

/// What a body that the scanner refuses is answered with.
pub(crate) fn scan_denial(error: ScanError) -> Denial {
    match error {
        ScanError::DuplicateModel { .. } => Denial::DuplicateModel,
        ScanError::NotJson { .. } => Denial::UnsupportedBody,
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        if let Some(chunk) = self.held.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        let rest = Rc::clone(&self.rest);
        let mut rest = rest.borrow_mut();
        let Some(incoming) = rest.as_mut() else {
            return Poll::Ready(Some(Err(RequestBodyError::GivenUp)));
        };
        let frame = match ready!(self.watch.poll_rest(incoming, context)) {
            None => {
                let finished = self.finish_scan();
                return Poll::Ready(
                    finished
                        .err()
                        .map(|denial| Err(RequestBodyError::Refused(denial))),
                );
            }
            Some(frame) => frame?,
        };
        if let Some(chunk) = frame.data_ref() {
            self.check(chunk, incoming.is_end_stream())
                .map_err(RequestBodyError::Refused)?;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty()
            && self
                .rest
                .borrow()
                .as_ref()
                .is_some_and(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let held: u64 = self.held.iter().map(|chunk| chunk.len() as u64).sum();
        let rest = self.rest.borrow();
        match rest.as_ref().and_then(|rest| rest.size_hint().exact()) {
            Some(rest) => SizeHint::with_exact(held + rest),
            None => SizeHint::default(),
        }
    }
}

/// An answer's body, with the trail that ends when it does.
pub(crate) struct Body {
    content: Content,
    trail: Option<Box<Trail>>,
}

/// What an answer's body consists of.
pub(crate) enum Content {
    Whole(Bytes),
    Relay(Box<Relay>),
    Recording(Box<Recording>),
    Management(ManagementBody),
}

impl Content {
    /// Nothing.
    pub(crate) fn empty() -> Self {
        Self::Whole(Bytes::new())
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Relay(relay) => relay.is_end(),
            Self::Recording(recording) => recording.is_end(),
            Self::Management(body) => body.is_end_stream(),
        }
    }
}

impl Body {
    pub(crate) fn new(content: Content, trail: Trail) -> Self {
        Self {
            content,
            trail: Some(Box::new(trail)),
        }
    }

    fn end(&mut self, outcome: &'static str) {
        if let Some(mut trail) = self.trail.take() {
            trail.outcome = Some(outcome);
        }
    }
}

impl HttpBody for Body {
    type Data = Chunk;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, BoxError>>> {
        let Self { content, trail } = &mut *self;
        let frame = match content {
            Content::Whole(bytes) if bytes.is_empty() => None,
            Content::Whole(bytes) => Some(Ok(Frame::data(std::mem::take(bytes)))),
            Content::Relay(relay) => {
                ready!(relay.poll_frame(context)).map(|frame| frame.map_err(BoxError::from))
            }
            Content::Recording(recording) => {
                ready!(recording.poll_frame(context)).map(|frame| frame.map_err(BoxError::from))
            }
            Content::Management(body) => ready!(Pin::new(body).poll_frame(context)),
        };
        // Nobody asks a body again that has ended.
        let Some(trail) = trail else {
            return Poll::Ready(None);
        };
        Poll::Ready(match frame {
            None => {
                self.end("complete");
                None
            }
            Some(Err(error)) => {
                trail.exchange.break_off();
                self.end("upstream_failed");
                Some(Err(error))
            }
            Some(Ok(frame)) => Some(Ok(frame.map_data(|bytes| {
                trail.bytes_out += bytes.len() as u64;
                Chunk::new(bytes, &trail.exchange)
            }))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Relay(relay) => relay.size_hint(),
            Content::Recording(recording) => recording.size_hint(),
            Content::Management(body) => body.size_hint(),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.content.is_end_stream() {
            self.end("complete");
        }
    }
}
