//! One core: its runtime, its accept loop, its connections and their time limits.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::iter::successors;
use std::net::{IpAddr, TcpListener};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::Shared;
use crate::connection::{Connection, Exchange};
use crate::failures::Failures;
use crate::key_uses::CoreKeyUses;
use crate::listener::Serves;
use crate::log::CoreLog;
use crate::metrics::CoreMetrics;
use crate::pipeline;
use crate::pool::Pool;
use crate::proxy_protocol;
use crate::refusals::CoreRefusals;
use crate::socket::Socket;
use crate::tls::{H2, handshake_failure};

/// Largest request head that hyper holds before it answers on its own; ours is below.
const HYPER_BUFFER: usize = 128 << 10;
/// Requests that one HTTP/2 connection may have open.
const MOST_STREAMS: u32 = 128;
/// Largest header section that HTTP/2 decodes before it answers on its own; ours is below.
const HTTP2_HEADER_LIST: u32 = 64 << 10;
/// Wait after the system had no file descriptor, or no memory, for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the requests of one core share.
pub(crate) struct Core {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pool: Pool,
    pub(crate) log: CoreLog,
    pub(crate) metrics: CoreMetrics,
    pub(crate) key_uses: CoreKeyUses,
    pub(crate) refusals: CoreRefusals,
    id_prefix: u64,
    next_id: Cell<u64>,
    next_connection: Cell<u64>,
    connections: RefCell<HashMap<u64, Rc<Connection>>>,
    failed_handshakes: Failures,
    failed_proxy_headers: Failures,
}

impl Core {
    /// A request id that no other request of this gateway has.
    pub(crate) fn make_request_id(&self) -> String {
        let count = self.next_id.get();
        self.next_id.set(count + 1);
        format!("req_{:016x}{count:08x}", self.id_prefix)
    }

    /// Whether a shutdown began.
    pub(crate) fn is_draining(&self) -> bool {
        self.shared.is_draining.load(Ordering::Relaxed)
    }
}

/// Starts the thread of one core.
pub(crate) fn spawn(
    index: usize,
    sockets: Vec<(TcpListener, Serves)>,
    shared: Arc<Shared>,
) -> io::Result<std::thread::JoinHandle<()>> {
    let mut prefix = [0; 8];
    getrandom::fill(&mut prefix).map_err(io::Error::other)?;
    std::thread::Builder::new()
        .name(format!("drawbridge-{index}"))
        .spawn(move || {
            let metrics = shared.parts.metrics.core();
            let core = Rc::new(Core {
                pool: Pool::new(shared.parts.times.pool_idle, metrics.shared()),
                metrics,
                log: shared.parts.log.core(),
                key_uses: CoreKeyUses::new(Arc::clone(&shared.parts.key_uses)),
                refusals: CoreRefusals::new(Arc::clone(&shared.parts.refusals)),
                id_prefix: u64::from_ne_bytes(prefix),
                next_id: Cell::new(0),
                next_connection: Cell::new(0),
                connections: RefCell::default(),
                failed_handshakes: Failures::new("TLS handshakes failed"),
                failed_proxy_headers: Failures::new("connections of trusted proxies were closed"),
                shared,
            });
            match Builder::new_current_thread()
                .enable_all()
                .build_local(LocalOptions::default())
            {
                Ok(runtime) => runtime.block_on(serve(core, sockets)),
                Err(error) => core.log.error("cannot start a core", &error),
            }
        })
}

/// Serves until a shutdown has ended the last connection.
async fn serve(core: Rc<Core>, sockets: Vec<(TcpListener, Serves)>) {
    let mut accepting = Vec::new();
    for (socket, serves) in sockets {
        match tokio::net::TcpListener::from_std(socket) {
            Ok(listener) => {
                let accept = accept(Rc::clone(&core), listener, serves);
                accepting.push(tokio::task::spawn_local(accept));
            }
            Err(error) => {
                core.log.error("cannot watch the listening socket", &error);
                return;
            }
        }
    }
    let times = core.shared.parts.times;
    let shortest = times
        .head
        .min(times.keep_alive)
        .min(times.body_idle)
        .min(times.write_idle);
    let mut tick = tokio::time::interval(
        (shortest / 4).clamp(Duration::from_millis(10), Duration::from_millis(500)),
    );
    let mut cut_at = None;
    let mut was_quiet = false;
    loop {
        tick.tick().await;
        let now = Instant::now();
        if core.is_draining() && cut_at.is_none() {
            cut_at = Some(now + times.drain);
        }
        let is_over = cut_at.is_some_and(|cut_at| now >= cut_at);
        if is_over {
            accepting.iter().for_each(JoinHandle::abort);
        }
        core.end_overdue(now, is_over);
        core.pool.prune(now);
        core.key_uses.hand_over();
        core.refusals.hand_over();
        for failures in [&core.failed_handshakes, &core.failed_proxy_headers] {
            if let Some(report) = failures.report(now) {
                core.log.info(&report);
            }
        }
        // Until then everybody is answered: load balancers do not know yet. Twice, so that all of an answer is on its way.
        let is_quiet = cut_at.is_some() && core.is_quiet(is_over);
        if is_quiet && (was_quiet || core.connections.borrow().is_empty()) {
            return;
        }
        was_quiet = is_quiet;
    }
}

impl Core {
    /// Ends connections whose waits have lasted too long, and all after the end of a drain.
    fn end_overdue(&self, now: Instant, is_over: bool) {
        for connection in self.connections.borrow().values() {
            let reason = connection.overdue(now, &self.shared.parts.times);
            if let Some(reason) = reason.or(is_over.then_some("shut_down")) {
                connection.end(reason);
            } else if self.is_draining() {
                connection.wake();
            }
        }
    }

    /// Whether no core has a request under way, or all have been cut, and nobody here takes an answer any more.
    fn is_quiet(&self, is_over: bool) -> bool {
        let connections = self.connections.borrow();
        (is_over || self.shared.parts.metrics.open_requests() == 0)
            && connections.values().all(|connection| connection.is_quiet())
    }

    /// Notes who the other end is.
    fn identify(&self, connection: &Connection, address: IpAddr) {
        let is_trusted = self.shared.parts.trusted_proxies.contains(address);
        connection.set_peer(address, is_trusted);
    }

    /// Whether the connection has to begin with a header of the PROXY protocol.
    fn wants_proxy_header(&self, connection: &Connection) -> bool {
        self.shared.parts.proxy_protocol
            && connection.is_trusted_proxy()
            && connection.serves() != Serves::Management
    }

    /// Tells a client beyond the connection limit, as far as that costs nothing; over TLS the close has to do.
    fn refuse(&self, stream: &TcpStream) {
        if self.shared.parts.tls.is_none() {
            // A fresh socket has room; if it takes nothing even so, the closed connection says the same.
            let _ = socket2::SockRef::from(stream).send(&self.shared.refusal);
        }
    }
}

async fn accept(core: Rc<Core>, listener: tokio::net::TcpListener, serves: Serves) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // The client went away, or the system is out of something; both pass.
                if error.kind() != io::ErrorKind::ConnectionAborted {
                    core.log.error("cannot accept a connection", &error);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                continue;
            }
        };
        let open = core.shared.connections(serves);
        let open = open.fetch_add(1, Ordering::Relaxed);
        let counted = Counted {
            core: Rc::clone(&core),
            number: core.next_connection.get(),
            serves,
        };
        core.next_connection.set(counted.number + 1);
        if open >= core.shared.parts.max_connections {
            core.metrics.connections_refused.add(1);
            core.refuse(&stream);
            continue;
        }
        core.metrics.connections.add(1);
        core.metrics.open_connections.add(1);
        let connection = Rc::new(Connection::new(peer, serves, Instant::now()));
        core.identify(&connection, connection.peer_ip());
        core.connections
            .borrow_mut()
            .insert(counted.number, Rc::clone(&connection));
        tokio::task::spawn_local(drive(Rc::clone(&core), stream, connection, counted));
    }
}

/// Counts a connection for as long as it lives.
struct Counted {
    core: Rc<Core>,
    /// Among the connections of its core.
    number: u64,
    serves: Serves,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Core {
            shared,
            metrics,
            connections,
            ..
        } = &*self.core;
        // One that was refused was never among them.
        if let Some(connection) = connections.borrow_mut().remove(&self.number) {
            metrics.open_connections.subtract(1);
            if let Some(reason) = connection.reason_of_end() {
                metrics.connection_ended(reason);
            }
        }
        let open = shared.connections(self.serves);
        open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves one connection, and ends it when its time is over.
async fn drive(core: Rc<Core>, stream: TcpStream, connection: Rc<Connection>, _counted: Counted) {
    // Streams are made of small writes that must not wait for each other.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut serving = pin!(serve_stream(&core, stream, &connection));
    poll_fn(|context| {
        connection.driven_by(context.waker());
        if connection.ended().is_some() {
            return Poll::Ready(());
        }
        serving.as_mut().poll(context)
    })
    .await;
}

async fn serve_stream(core: &Rc<Core>, mut stream: TcpStream, connection: &Rc<Connection>) {
    // In boxes: the usual connection need not be as large as those that begin with more than HTTP.
    if core.wants_proxy_header(connection)
        && !Box::pin(is_introduced(core, &mut stream, connection)).await
    {
        return;
    }
    let write_idle = core.shared.parts.times.write_idle;
    let socket = Socket::new(stream, Rc::clone(connection), write_idle);
    match &core.shared.parts.tls {
        // HTTP/2 where the client begins with its preface (RFC 9113 section 3.4), else HTTP/1.
        None => {
            let builder = auto::Builder::new(Streams(Rc::clone(connection)));
            serve_connection(core, builder, TokioIo::new(socket), connection).await;
        }
        Some(acceptor) => Box::pin(serve_tls(core, acceptor, socket, connection)).await,
    }
}

/// Whether a proxy has said whose connection this is, within the time that a client has for its first request's head.
async fn is_introduced(core: &Core, stream: &mut TcpStream, connection: &Connection) -> bool {
    match proxy_protocol::read(stream).await {
        Ok(Some(header)) => {
            match header.source {
                Some(client) => core.identify(connection, client),
                // The proxy's own connection, or nobody knows whose: what its headers say, a client may have written.
                None => connection.set_peer(connection.peer_ip(), false),
            }
            true
        }
        Err(error) => {
            // Who only left has nothing in it.
            if let Some(fault) = error.get_ref() {
                let failures = &core.failed_proxy_headers;
                failures.note(connection.peer_ip(), fault.to_string());
                connection.end("bad_proxy_header");
            }
            false
        }
        Ok(None) => false,
    }
}

/// Shakes hands first, within the time that a client has for its first request's head.
async fn serve_tls(
    core: &Rc<Core>,
    acceptor: &TlsAcceptor,
    socket: Socket,
    connection: &Rc<Connection>,
) {
    let stream = match acceptor.accept(socket).await {
        Ok(stream) => Box::new(stream),
        Err(error) => {
            if let Some(reason) = handshake_failure(&error) {
                core.failed_handshakes.note(connection.peer_ip(), reason);
            }
            return;
        }
    };
    let builder = auto::Builder::new(Streams(Rc::clone(connection)));
    let builder = match stream.get_ref().1.alpn_protocol() {
        Some(H2) => builder.http2_only(),
        // RFC 9113 section 3.2: over TLS, HTTP/2 is spoken where ALPN says so.
        _ => builder.http1_only(),
    };
    serve_connection(core, builder, TokioIo::new(stream), connection).await;
}

async fn serve_connection(
    core: &Rc<Core>,
    mut builder: auto::Builder<Streams>,
    stream: impl Read + Write + Unpin + 'static,
    connection: &Rc<Connection>,
) {
    builder.http1().max_buf_size(HYPER_BUFFER);
    builder
        .http2()
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(HTTP2_HEADER_LIST);
    let service = service_fn(|request| {
        let core = Rc::clone(core);
        let connection = Rc::clone(connection);
        async move { Ok::<_, Infallible>(pipeline::answer(&core, &connection, request).await) }
    });
    let mut serving = pin!(builder.serve_connection(stream, service));
    let mut is_finishing = false;
    poll_fn(|context| {
        // Who is about to ask is answered, and told then that it was the last time.
        if core.is_draining() && !is_finishing && !connection.waits_for_head() {
            is_finishing = true;
            serving.as_mut().graceful_shutdown();
        }
        serving.as_mut().poll(context).map(|ended| {
            // Errors are the client's: it left, or sent what is not HTTP, which hyper has answered.
            if ended.is_err_and(|error| is_flood(&*error)) {
                connection.note_flood();
            }
        })
    })
    .await;
}

/// Whether h2 has ended the connection because of too many resets and the like.
fn is_flood(error: &(dyn Error + 'static)) -> bool {
    let mut errors = successors(Some(error), |error: &&(dyn Error + 'static)| {
        (*error).source()
    });
    errors
        .find_map(|error| error.downcast_ref::<h2::Error>())
        .is_some_and(|error| {
            error.is_library() && error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM)
        })
}

/// Runs the streams of an HTTP/2 connection on its own core.
#[derive(Clone)]
struct Streams(Rc<Connection>);

impl<F: Future + 'static> hyper::rt::Executor<F> for Streams {
    fn execute(&self, future: F) {
        let connection = Rc::clone(&self.0);
        tokio::task::spawn_local(async move {
            let mut future = pin!(future);
            let mut exchange = None::<Rc<Exchange>>;
            poll_fn(|context| {
                // hyper waits for the client's window without asking anybody; dropped, it resets the stream.
                if exchange.as_ref().is_some_and(|own| own.is_stuck()) {
                    return Poll::Ready(());
                }
                let progress = future.as_mut().poll(context);
                if let Some(begun) = connection.take_begun() {
                    begun.run_by(context.waker());
                    exchange = Some(begun);
                }
                progress.map(drop)
            })
            .await;
        });
    }
}
