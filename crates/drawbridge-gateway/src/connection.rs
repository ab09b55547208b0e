//! One client connection: what it waits for, since when, and how it is ended.
//!
//! Timers are not set per request. Each connection notes what it waits for, and its core looks at all of them several
//! times a second ([`Connection::overdue`]). hyper has no time limit for silent connections, idle keep-alive or stuck
//! bodies, so these notes are the only defence: no state may be entered without a limit.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Times;

/// Where a connection stands between two requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Waiting for the rest of a request's head.
    Head,
    /// Waiting for the next request to begin.
    Idle,
    /// A request is under way; the waits below apply.
    Exchange,
}

/// What a connection waits for.
#[derive(Debug)]
pub(crate) struct Connection {
    peer: SocketAddr,
    phase: Cell<(Phase, Instant)>,
    /// Until when the client has to send more of a request body.
    body_deadline: Cell<Option<Instant>>,
    /// Until when the upstream has to send more of its answer.
    upstream_deadline: Cell<Option<Instant>>,
    /// Until when the client has to take bytes.
    write_deadline: Cell<Option<Instant>>,
    is_reset: Cell<bool>,
    ended: Cell<Option<&'static str>>,
    waker: RefCell<Option<Waker>>,
}

impl Connection {
    pub(crate) fn new(peer: SocketAddr, now: Instant) -> Self {
        Self {
            peer,
            phase: Cell::new((Phase::Head, now)),
            body_deadline: Cell::new(None),
            upstream_deadline: Cell::new(None),
            write_deadline: Cell::new(None),
            is_reset: Cell::new(false),
            ended: Cell::new(None),
            waker: RefCell::new(None),
        }
    }

    pub(crate) fn client_ip(&self) -> IpAddr {
        self.peer.ip().to_canonical()
    }

    /// A request's head is complete.
    pub(crate) fn begin_exchange(&self, now: Instant) {
        self.phase.set((Phase::Exchange, now));
    }

    /// A request's answer was handed over to the last byte.
    pub(crate) fn end_exchange(&self, now: Instant) {
        self.body_deadline.set(None);
        self.upstream_deadline.set(None);
        self.phase.set((Phase::Idle, now));
    }

    /// The client has to send more of the body until then; `None` when it did, or need not.
    pub(crate) fn expect_body(&self, deadline: Option<Instant>) {
        self.body_deadline.set(deadline);
    }

    /// The upstream has to send more of its answer until then; `None` when it did, or need not.
    pub(crate) fn expect_upstream(&self, deadline: Option<Instant>) {
        self.upstream_deadline.set(deadline);
    }

    /// Whether the upstream is waited for, so that a note of the time is there already.
    pub(crate) fn is_expecting_upstream(&self) -> bool {
        self.upstream_deadline.get().is_some()
    }

    /// Whether the client's body is waited for.
    pub(crate) fn is_expecting_body(&self) -> bool {
        self.body_deadline.get().is_some()
    }

    /// What has lasted too long, if anything.
    pub(crate) fn overdue(&self, now: Instant, times: &Times) -> Option<&'static str> {
        let is_over = |deadline: Option<Instant>| deadline.is_some_and(|deadline| now >= deadline);
        let (phase, since) = self.phase.get();
        let phase_deadline = match phase {
            Phase::Head => Some(since + times.head),
            Phase::Idle => Some(since + times.keep_alive),
            Phase::Exchange => None,
        };
        [
            (phase_deadline, "client_idle"),
            (self.body_deadline.get(), "client_body_idle"),
            (self.upstream_deadline.get(), "upstream_idle"),
            (self.write_deadline.get(), "client_not_reading"),
        ]
        .into_iter()
        .find(|(deadline, _)| is_over(*deadline))
        .map(|(_, reason)| reason)
    }

    /// Makes the end of this connection a reset (RST), so that a cut answer can never pass for a complete one.
    pub(crate) fn reset_at_end(&self) {
        self.is_reset.set(true);
    }

    /// Ends the connection now, with a reset where a request is under way.
    pub(crate) fn end(&self, reason: &'static str) {
        if self.phase.get().0 == Phase::Exchange {
            self.reset_at_end();
        }
        self.ended.set(Some(reason));
        self.wake();
    }

    /// Why the gateway ended the connection, if it did.
    pub(crate) fn ended(&self) -> Option<&'static str> {
        self.ended.get()
    }

    /// Has the connection's task look at the state again.
    pub(crate) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Remembers the task that drives this connection.
    pub(crate) fn driven_by(&self, waker: &Waker) {
        let mut own = self.waker.borrow_mut();
        if own.is_none() {
            *own = Some(waker.clone());
        }
    }
}

/// A client's socket that keeps its connection's notes.
pub(crate) struct Socket {
    stream: TokioIo<TcpStream>,
    connection: Rc<Connection>,
    write_idle: Duration,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, connection: Rc<Connection>, write_idle: Duration) -> Self {
        Self {
            stream: TokioIo::new(stream),
            connection,
            write_idle,
        }
    }

    fn note_write<T>(&self, progress: &Poll<T>) {
        let deadline = &self.connection.write_deadline;
        match progress {
            Poll::Ready(_) => deadline.set(None),
            Poll::Pending if deadline.get().is_none() => {
                deadline.set(Some(Instant::now() + self.write_idle));
            }
            Poll::Pending => {}
        }
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let was_idle = self.connection.phase.get().0 == Phase::Idle;
        let progress = Pin::new(&mut self.stream).poll_read(context, buffer);
        if was_idle && progress.is_ready() {
            self.connection.phase.set((Phase::Head, Instant::now()));
        }
        progress
    }
}

impl Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note_write(&progress);
        progress
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.is_reset.get() {
            // A FIN would read as a clean end.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.note_write(&progress);
        progress
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.connection.is_reset.get() {
            // Best effort: where it fails the client sees a cut connection all the same.
            let _ = socket2::SockRef::from(self.stream.inner()).set_linger(Some(Duration::ZERO));
        }
    }
}
