//! Handing management requests over to the control runtime, whole.
//!
//! The gateway knows which requests are management, and nothing about what they do.

use std::future::Future as _;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

use crate::body::{BoxError, ManagementBody};

/// One management request on its way to the control runtime.
#[derive(Debug)]
pub struct ManagementCall {
    /// The request as it came.
    pub request: Request<ManagementRequestBody>,
    /// The client's address.
    pub client: IpAddr,
    /// Whether the client speaks https, to the gateway or to a proxy that it trusts.
    pub is_https: bool,
    /// The id that the answer must carry.
    pub request_id: String,
    /// Where the answer goes; the client may have left.
    pub reply: oneshot::Sender<ManagementReply>,
}

/// A management answer, and what the log should know of it.
#[derive(Debug)]
pub struct ManagementReply {
    /// What the client gets.
    pub response: Response<ManagementBody>,
    /// The id of the calling key, or `root`.
    pub caller: Option<String>,
    /// Why the request was refused.
    pub code: Option<&'static str>,
    /// What failed inside.
    pub cause: Option<String>,
}

/// The body of a management request. What nobody has read of it when it is dropped goes back to the core, which reads the
/// rest: a connection that is closed on unread bytes is reset, and the reset can overtake the answer.
#[derive(Debug)]
pub struct ManagementRequestBody {
    incoming: Option<Incoming>,
    read: usize,
    /// How long the client may send nothing.
    patience: Duration,
    /// Runs while it does.
    silence: Option<Pin<Box<Sleep>>>,
    left: Option<oneshot::Sender<Left>>,
}

/// What became of such a body.
#[derive(Debug)]
pub(crate) struct Left {
    /// Bytes that were read of it.
    pub(crate) read: usize,
    /// The rest.
    pub(crate) incoming: Option<Incoming>,
}

impl ManagementRequestBody {
    /// The body, and where it says what is left of it.
    pub(crate) fn new(incoming: Incoming, patience: Duration) -> (Self, oneshot::Receiver<Left>) {
        let (left, receiver) = oneshot::channel();
        let body = Self {
            incoming: Some(incoming),
            read: 0,
            patience,
            silence: None,
            left: Some(left),
        };
        (body, receiver)
    }
}

impl Body for ManagementRequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let patience = self.patience;
        let Self {
            incoming, silence, ..
        } = &mut *self;
        let Some(incoming) = incoming else {
            return Poll::Ready(None);
        };
        let Poll::Ready(frame) = Pin::new(incoming).poll_frame(context) else {
            let silence = silence.get_or_insert_with(|| Box::pin(sleep(patience)));
            ready!(silence.as_mut().poll(context));
            return Poll::Ready(Some(Err("the client sends no more of it".into())));
        };
        *silence = None;
        if let Some(Ok(frame)) = &frame {
            self.read += frame.data_ref().map_or(0, Bytes::len);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let incoming = self.incoming.as_ref();
        incoming.map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for ManagementRequestBody {
    fn drop(&mut self) {
        if let Some(left) = self.left.take() {
            // A core that has ended has closed its connections.
            let _ = left.send(Left {
                read: self.read,
                incoming: self.incoming.take(),
            });
        }
    }
}
