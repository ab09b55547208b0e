//! One client connection: what it waits for, since when, and how it is ended.
//!
//! Timers are not set per request. Each connection notes what it waits for, and its core looks at all of them several
//! times a second ([`Connection::overdue`]). hyper has no time limit for silent connections, idle keep-alive or stuck
//! bodies, so these notes are the only defence: no state may be entered without a limit.

use std::cell::{Cell, OnceCell, RefCell};
use std::future::Future as _;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use drawbridge_policy::forwarded::Client;
use http::Version;
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::Times;
use crate::listener::Serves;

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
    peer: Cell<IpAddr>,
    /// Whether the peer is believed when it says for whom it speaks.
    is_trusted_proxy: Cell<bool>,
    serves: Serves,
    phase: Cell<(Phase, Instant)>,
    /// Requests under way: one at a time in HTTP/1, many in HTTP/2.
    exchanges: RefCell<Vec<Rc<Exchange>>>,
    /// The one that has just begun, until the task that it runs in takes it (HTTP/2).
    begun: RefCell<Option<Rc<Exchange>>>,
    /// Until when the client has to take bytes.
    write_deadline: Cell<Option<Instant>>,
    /// Whether requests share the connection (HTTP/2).
    is_multiplexed: Cell<bool>,
    /// Bytes from the client that got no request on, less what is forgiven.
    idle_bytes: Cell<usize>,
    forgiven_at: Cell<Instant>,
    is_reset: Cell<bool>,
    socket: OnceCell<Weak<RefCell<TcpStream>>>,
    ended: Cell<Option<&'static str>>,
    waker: RefCell<Option<Waker>>,
}

impl Connection {
    pub(crate) fn new(peer: SocketAddr, serves: Serves, now: Instant) -> Self {
        Self {
            peer: Cell::new(peer.ip().to_canonical()),
            is_trusted_proxy: Cell::new(false),
            serves,
            phase: Cell::new((Phase::Head, now)),
            exchanges: RefCell::default(),
            begun: RefCell::default(),
            write_deadline: Cell::new(None),
            is_multiplexed: Cell::new(false),
            idle_bytes: Cell::new(0),
            forgiven_at: Cell::new(now),
            is_reset: Cell::new(false),
            socket: OnceCell::new(),
            ended: Cell::new(None),
            waker: RefCell::new(None),
        }
    }

    /// The other end's address, or the one that its PROXY header names.
    pub(crate) fn peer_ip(&self) -> IpAddr {
        self.peer.get()
    }

    pub(crate) fn serves(&self) -> Serves {
        self.serves
    }

    pub(crate) fn is_trusted_proxy(&self) -> bool {
        self.is_trusted_proxy.get()
    }

    /// Who the other end is, and whether it is believed when it says for whom it speaks.
    pub(crate) fn set_peer(&self, address: IpAddr, is_trusted_proxy: bool) {
        self.peer.set(address);
        self.is_trusted_proxy.set(is_trusted_proxy);
    }

    /// A request's head is complete.
    pub(crate) fn begin_exchange(
        self: &Rc<Self>,
        now: Instant,
        version: Version,
        client: Client,
    ) -> Rc<Exchange> {
        self.is_multiplexed.set(version == Version::HTTP_2);
        let exchange = Rc::new(Exchange {
            connection: Rc::clone(self),
            client,
            is_alone: !self.is_multiplexed.get(),
            body_deadline: Cell::new(None),
            upstream_deadline: Cell::new(None),
            unsent: Cell::new(0),
            take_deadline: Cell::new(None),
            is_handed_over: Cell::new(false),
            ended: Cell::new(None),
            waker: RefCell::new(None),
            task: RefCell::new(None),
        });
        if !exchange.is_alone {
            *self.begun.borrow_mut() = Some(Rc::clone(&exchange));
        }
        self.exchanges.borrow_mut().push(Rc::clone(&exchange));
        self.phase.set((Phase::Exchange, now));
        self.forgive(HEAD_BYTES);
        exchange
    }

    /// So many bytes, or what goes with a piece of an answer, were not only there to keep the connection busy.
    fn forgive(&self, count: usize) {
        let bytes = self.idle_bytes.get();
        self.idle_bytes.set(bytes.saturating_sub(count));
    }

    /// Bytes came from the client.
    pub(crate) fn note_read(&self, count: usize) {
        self.idle_bytes.set(self.idle_bytes.get() + count);
        // In HTTP/2 they may be anything; a connection without requests then goes on being idle.
        if self.phase.get().0 == Phase::Idle && !self.is_multiplexed.get() {
            self.phase.set((Phase::Head, Instant::now()));
        }
    }

    /// The exchange that has begun since this was asked last.
    pub(crate) fn take_begun(&self) -> Option<Rc<Exchange>> {
        self.begun.take()
    }

    /// Notes what came of a write: a client that takes nothing has `patience` from the first time on.
    pub(crate) fn note_write<T>(&self, progress: &Poll<T>, patience: Duration) {
        match progress {
            Poll::Ready(_) => self.write_deadline.set(None),
            Poll::Pending if self.write_deadline.get().is_none() => {
                self.write_deadline.set(Some(Instant::now() + patience));
            }
            Poll::Pending => {}
        }
    }

    /// Remembers the socket, to see when the client closes it.
    pub(crate) fn watch(&self, stream: &Rc<RefCell<TcpStream>>) {
        // There is one.
        let _ = self.socket.set(Rc::downgrade(stream));
    }

    /// What has lasted too long, if anything. Exchanges that share the connection with others are ended alone; but of an
    /// answer that was handed over to its last byte only the connection is left, which ends when nobody else needs it.
    pub(crate) fn overdue(&self, now: Instant, times: &Times) -> Option<&'static str> {
        let (phase, since) = self.phase.get();
        let phase_deadline = match phase {
            Phase::Head => Some(since + times.head),
            Phase::Idle => Some(since + times.keep_alive),
            Phase::Exchange => None,
        };
        if is_over(phase_deadline, now) {
            return Some("client_idle");
        }
        if is_over(self.write_deadline.get(), now) {
            return Some(NOT_READING);
        }
        if self.is_flooded(now) {
            return Some(FLOOD);
        }
        let exchanges = self.exchanges.borrow();
        let is_all_handed_over = exchanges
            .iter()
            .all(|exchange| exchange.is_handed_over.get());
        if !is_all_handed_over && !self.is_multiplexed.get() && self.has_client_left() {
            return Some("client_gone");
        }
        exchanges.iter().find_map(|exchange| {
            let reason = exchange.overdue(now, times)?;
            if exchange.is_alone || is_all_handed_over {
                return Some(reason);
            }
            exchange.end(reason);
            None
        })
    }

    fn is_flooded(&self, now: Instant) -> bool {
        if now.duration_since(self.forgiven_at.get()) >= Duration::from_secs(1) {
            self.forgiven_at.set(now);
            self.forgive(BYTES_A_SECOND);
        }
        self.idle_bytes.get() > MOST_IDLE_BYTES
    }

    /// Whether it waits for the rest of a request's head, of the first one from accept on.
    pub(crate) fn waits_for_head(&self) -> bool {
        self.phase.get().0 == Phase::Head
    }

    /// Whether no request is under way, and nothing waits to be taken.
    pub(crate) fn is_quiet(&self) -> bool {
        self.exchanges.borrow().is_empty() && self.write_deadline.get().is_none()
    }

    /// Whether the client has closed the connection. hyper sees that only where it has read everything before it, and behind a
    /// request it reads no more than a buffer full.
    fn has_client_left(&self) -> bool {
        let Some(socket) = self.socket.get().and_then(Weak::upgrade) else {
            return false;
        };
        let stream = socket.borrow();
        let mut ready = pin!(stream.ready(Interest::READABLE));
        // No system call: what is unread keeps it ready, and how was told by the event.
        let ready = ready.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        matches!(ready, Poll::Ready(Ok(ready)) if ready.is_read_closed())
    }

    /// Makes the end of this connection a reset (RST), so that a cut answer can never pass for a complete one.
    pub(crate) fn reset_at_end(&self) {
        self.is_reset.set(true);
    }

    pub(crate) fn is_reset(&self) -> bool {
        self.is_reset.get()
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

    /// The same for the count of connections: an answer that broke off takes its connection with it.
    pub(crate) fn reason_of_end(&self) -> Option<&'static str> {
        self.ended()
            .or(self.is_reset.get().then_some("upstream_failed"))
    }

    /// It has ended on its own, because of a flood.
    pub(crate) fn note_flood(&self) {
        self.ended.set(Some(FLOOD));
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

/// The client takes nothing of an answer.
const NOT_READING: &str = "client_not_reading";

/// The client sends more than its requests are made of.
const FLOOD: &str = "client_flood";

/// Bytes that get no request on: control frames of HTTP/2 (PING, SETTINGS, …). A request or a piece that moves forgives a
/// bounded number of them, so that a flood among requests is one. Bytes of a body count until somebody has read them: there
/// is room for a connection's window of 1 MiB and for a management body of 4 MiB.
const MOST_IDLE_BYTES: usize = 6 << 20;
/// What a request's head may have.
const HEAD_BYTES: usize = 32 << 10;
/// What goes with a piece of a body: its frame, those that open its window, their records of TLS.
const FRAME_BYTES: usize = 256;
/// What may come without any request: 3,800 PINGs.
const BYTES_A_SECOND: usize = 64 << 10;

fn is_over(deadline: Option<Instant>, now: Instant) -> bool {
    deadline.is_some_and(|deadline| now >= deadline)
}

/// One request and its answer, and what they wait for.
#[derive(Debug)]
pub(crate) struct Exchange {
    connection: Rc<Connection>,
    client: Client,
    /// In HTTP/1 the connection ends with the exchange.
    is_alone: bool,
    /// Until when the client has to send more of the body.
    body_deadline: Cell<Option<Instant>>,
    /// Until when the upstream has to send more of its answer.
    upstream_deadline: Cell<Option<Instant>>,
    /// Pieces of the answer that were handed over and are not sent yet ([`crate::chunk::Chunk`]).
    unsent: Cell<usize>,
    /// Until when the client has to take some of them; set by the core's look at them, not by every piece.
    take_deadline: Cell<Option<Instant>>,
    /// Whether there will be no more pieces.
    is_handed_over: Cell<bool>,
    ended: Cell<Option<&'static str>>,
    waker: RefCell<Option<Waker>>,
    /// What runs it, where it shares its connection.
    task: RefCell<Option<Waker>>,
}

/// Which side has to send something.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Client,
    Upstream,
}

impl Exchange {
    pub(crate) fn client_ip(&self) -> IpAddr {
        self.client.address
    }

    /// Whether the client's own connection is secure, as far as is known.
    pub(crate) fn is_secure(&self) -> bool {
        self.client.is_https
    }

    /// What the listener answers that the request came in by.
    pub(crate) fn serves(&self) -> Serves {
        self.connection.serves
    }

    fn deadline(&self, side: Side) -> &Cell<Option<Instant>> {
        match side {
            Side::Client => &self.body_deadline,
            Side::Upstream => &self.upstream_deadline,
        }
    }

    /// Notes what came of asking a side for bytes: when it has none, it has `patience` from the first time on.
    pub(crate) fn note<T>(
        &self,
        side: Side,
        progress: &Poll<T>,
        patience: Duration,
        context: &Context<'_>,
    ) {
        let deadline = self.deadline(side);
        match progress {
            Poll::Ready(_) => {
                deadline.set(None);
            }
            Poll::Pending => {
                if deadline.get().is_none() {
                    deadline.set(Some(Instant::now() + patience));
                }
                if !self.is_alone {
                    *self.waker.borrow_mut() = Some(context.waker().clone());
                }
            }
        }
    }

    fn overdue(&self, now: Instant, times: &Times) -> Option<&'static str> {
        if is_over(self.body_deadline.get(), now) {
            return Some("client_body_idle");
        }
        if is_over(self.upstream_deadline.get(), now) {
            return Some("upstream_idle");
        }
        if self.unsent.get() > 0 && self.take_deadline.get().is_none() {
            self.take_deadline.set(Some(now + times.write_idle));
        }
        is_over(self.take_deadline.get(), now).then_some(NOT_READING)
    }

    /// A piece of the answer was handed over to be sent.
    pub(crate) fn hand_over(&self) {
        self.unsent.set(self.unsent.get() + 1);
    }

    /// The client took some of a piece.
    pub(crate) fn note_taken(&self) {
        self.take_deadline.set(None);
        self.connection.forgive(FRAME_BYTES);
    }

    /// A piece of the request's body was read.
    pub(crate) fn note_body(&self, count: usize) {
        // Frames of nothing are a flood as well.
        if count > 0 {
            self.connection.forgive(count + FRAME_BYTES);
        }
    }

    /// A piece was sent, or given up.
    pub(crate) fn let_go(&self) {
        self.take_deadline.set(None);
        self.unsent.set(self.unsent.get() - 1);
        if self.is_handed_over.get() && self.unsent.get() == 0 {
            self.leave(Instant::now());
        }
    }

    /// Remembers the task that it runs in.
    pub(crate) fn run_by(&self, waker: &Waker) {
        *self.task.borrow_mut() = Some(waker.clone());
    }

    /// Whether its task has to end it: while nobody asks for more of the answer, its body cannot.
    pub(crate) fn is_stuck(&self) -> bool {
        self.ended.get() == Some(NOT_READING)
    }

    /// Ends the exchange: in HTTP/2 its stream is reset, others on the connection go on.
    fn end(&self, reason: &'static str) {
        self.ended.set(Some(reason));
        for waker in [&self.waker, &self.task] {
            if let Some(waker) = waker.borrow_mut().take() {
                waker.wake();
            }
        }
    }

    /// Why the gateway ended the exchange, if it did.
    pub(crate) fn ended(&self) -> Option<&'static str> {
        self.ended.get().or(self.connection.ended())
    }

    /// The answer cannot be completed: its end must not look like one.
    pub(crate) fn break_off(&self) {
        if self.is_alone {
            self.connection.reset_at_end();
        }
    }

    /// The answer was handed over to the last byte, or given up.
    pub(crate) fn finish(&self, now: Instant) {
        self.is_handed_over.set(true);
        if self.unsent.get() == 0 {
            self.leave(now);
        }
    }

    /// The connection has nothing of it any more.
    fn leave(&self, now: Instant) {
        let mut exchanges = self.connection.exchanges.borrow_mut();
        exchanges.retain(|other| !std::ptr::eq(Rc::as_ptr(other), self));
        if exchanges.is_empty() {
            self.connection.phase.set((Phase::Idle, now));
        }
    }
}
