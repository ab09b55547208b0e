//! An answer that is written down on its way to the client.
//!
//! Chunks pass at once, but the client must never see the end of an answer before its record is durable: the last chunk
//! of a body of known length, or the end of any other, waits for that, [`MOST_WAIT`] at most.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use http_body::{Frame, SizeHint};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Timeout, timeout};

use super::claims::Claim;
use super::fingerprint::Fingerprint;
use super::record::{AnswerHead, encode};
use super::{IdempotencyCall, Keep};
use crate::body::Content;
use crate::relay::{Relay, RelayError};

/// Longest body, in bytes, that is stored.
const MOST_STORED: usize = 1 << 20;
/// A store that takes longer holds up no answer; the record may still be kept.
const MOST_WAIT: Duration = Duration::from_secs(10);

/// A request that is run, and whose answer is to be recorded. Dropped, it leaves no trace, and the next one runs.
pub(crate) struct Run {
    claim: Claim,
    key_id: Box<str>,
    fingerprint: Fingerprint,
    calls: mpsc::UnboundedSender<IdempotencyCall>,
}

impl Run {
    pub(crate) fn new(
        claim: Claim,
        key_id: Box<str>,
        fingerprint: Fingerprint,
        calls: mpsc::UnboundedSender<IdempotencyCall>,
    ) -> Self {
        Self {
            claim,
            key_id,
            fingerprint,
            calls,
        }
    }

    /// Records an answer with this head on its way.
    pub(crate) async fn record(self, head: &Parts, relay: Relay) -> Content {
        let tape = Tape {
            run: self,
            head: AnswerHead::new(head.status, &head.headers),
            body: Some(Vec::new()),
        };
        if relay.is_end() {
            // An answer without a body ends with its head.
            if let Some(kept) = tape.keep() {
                // Out of time: see below.
                let _ = kept.await;
            }
            return Content::Relay(Box::new(relay));
        }
        Content::Recording(Box::new(Recording {
            relay,
            stage: Stage::Passing(Some(tape)),
        }))
    }
}

/// What was written down so far.
struct Tape {
    run: Run,
    head: AnswerHead,
    /// `None` once it has become too long.
    body: Option<Vec<u8>>,
}

type Kept = Pin<Box<Timeout<oneshot::Receiver<()>>>>;

impl Tape {
    fn push(&mut self, chunk: &[u8]) {
        let Some(body) = &mut self.body else {
            return;
        };
        let fits = body.len() + chunk.len() <= MOST_STORED;
        if fits && self.run.claim.reserve(chunk.len()) {
            body.extend_from_slice(chunk);
        } else {
            self.body = None;
            self.run.claim.give_back();
        }
    }

    /// Hands the record over; `None` where there is none, as the upstream has answered before it had the whole request.
    fn keep(self) -> Option<Kept> {
        let Run {
            claim,
            key_id,
            fingerprint,
            calls,
        } = self.run;
        let fingerprint = fingerprint.finish()?;
        let remnant = encode(fingerprint, None, b"")?;
        let (record, remnant) = match self.body {
            Some(body) => {
                let record = encode(fingerprint, Some(self.head), &body)?;
                (record, Some(remnant))
            }
            None => (remnant, None),
        };
        let (reply, kept) = oneshot::channel();
        let keep = Keep {
            claim,
            key_id,
            record,
            remnant,
            reply,
        };
        calls.send(IdempotencyCall::Keep(keep)).ok()?;
        Some(Box::pin(timeout(MOST_WAIT, kept)))
    }
}

/// The body of an answer that is recorded.
pub(crate) struct Recording {
    relay: Relay,
    stage: Stage,
}

enum Stage {
    /// `None` once it was handed over.
    Passing(Option<Tape>),
    /// The end waits, with the last chunk of a body of known length.
    Keeping(Kept, Option<Frame<Bytes>>),
    Ended,
}

impl Recording {
    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RelayError>>> {
        if let Stage::Passing(tape) = &mut self.stage {
            let last = match ready!(self.relay.poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let (Some(tape), Some(chunk)) = (tape.as_mut(), frame.data_ref()) {
                        tape.push(chunk);
                    }
                    if !self.relay.is_end() {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    Some(frame)
                }
                Some(Err(error)) => {
                    self.stage = Stage::Ended;
                    return Poll::Ready(Some(Err(error)));
                }
                None => None,
            };
            match tape.take().and_then(Tape::keep) {
                Some(kept) => self.stage = Stage::Keeping(kept, last),
                None => {
                    self.stage = Stage::Ended;
                    return Poll::Ready(last.map(Ok));
                }
            }
        }
        if let Stage::Keeping(kept, last) = &mut self.stage {
            // Whatever came of it: the answer is the client's.
            let _ = ready!(kept.as_mut().poll(context));
            let last = last.take();
            self.stage = Stage::Ended;
            return Poll::Ready(last.map(Ok));
        }
        Poll::Ready(None)
    }

    pub(crate) fn is_end(&self) -> bool {
        matches!(self.stage, Stage::Ended)
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match &self.stage {
            Stage::Passing(_) => self.relay.size_hint(),
            Stage::Keeping(_, last) => {
                let last = last.as_ref().and_then(Frame::data_ref);
                SizeHint::with_exact(last.map_or(0, |chunk| chunk.len() as u64))
            }
            Stage::Ended => SizeHint::with_exact(0),
        }
    }
}
