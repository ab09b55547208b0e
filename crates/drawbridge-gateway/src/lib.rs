//! The data plane: accept a connection, judge each request, forward what is admitted, relay the answer.
//!
//! One single-threaded runtime per core, each with its own listening socket (SO_REUSEPORT), connections, upstream pool
//! and log buffer: nothing is shared on the hot path but the immutable snapshot. `pipeline.rs` shows the life of a
//! request. This crate must never touch the store: it sees configuration through [`Live`] only.

mod admit;
mod body;
mod chunk;
mod client;
mod connect;
mod connection;
mod core;
mod failures;
mod headers;
pub mod idempotency;
mod judge;
mod key_uses;
mod limit;
mod listener;
mod local_address;
pub mod log;
mod malformed;
pub mod management;
mod metrics;
mod model;
mod patience;
mod pipeline;
mod pool;
mod proxy_protocol;
mod refusals;
mod relay;
mod respond;
mod route;
pub mod security_headers;
mod send;
mod shared;
mod socket;
pub mod tls;
mod trail;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use drawbridge_policy::failed_keys::FailedKeys;
use drawbridge_policy::key_use::KeyUses;
use drawbridge_policy::network::NetworkSet;
use drawbridge_policy::own_origins::OwnOrigins;
use drawbridge_policy::refusals::WaitingRefusals;
use drawbridge_policy::snapshot::Live;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

pub use crate::body::{BoxError, ManagementBody};
pub use crate::connect::{ConnectError, Connector};
use crate::idempotency::{Claims, IdempotencyCall};
pub use crate::listener::Bound;
use crate::listener::Serves;
pub use crate::local_address::is_local_address;
use crate::log::Log;
use crate::management::ManagementCall;
pub use crate::metrics::Metrics;
use crate::security_headers::SecurityHeaders;

/// How long the gateway waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// From accept, or from the first byte of a further request, to a complete head; silence included.
    pub head: Duration,
    /// Between two requests on a connection.
    pub keep_alive: Duration,
    /// For the next byte of a request body.
    pub body_idle: Duration,
    /// For a client that does not take the bytes of an answer.
    pub write_idle: Duration,
    /// For an idle connection to an upstream.
    pub pool_idle: Duration,
    /// For open requests after a shutdown began.
    pub drain: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            body_idle: Duration::from_secs(60),
            write_idle: Duration::from_secs(300),
            pool_idle: Duration::from_secs(60),
            drain: Duration::from_secs(30),
        }
    }
}

/// What a gateway is made of.
pub struct Parts {
    /// The configuration that requests obey.
    pub live: Arc<Live>,
    /// The origins under which browsers see this gateway.
    pub own_origins: OwnOrigins,
    /// How clients are spoken to over TLS; `None` is plain HTTP. [`tls::Certificate::acceptor`] makes one.
    pub tls: Option<TlsAcceptor>,
    /// Proxies that are believed when they say who their clients are.
    pub trusted_proxies: NetworkSet,
    /// Whether connections from them must begin with a header of the PROXY protocol; never on an address that
    /// management has to itself.
    pub proxy_protocol: bool,
    /// Where request lines go.
    pub log: Log,
    /// Where everything is counted.
    pub metrics: Arc<Metrics>,
    /// Where last uses of keys go.
    pub key_uses: Arc<KeyUses>,
    /// Where refusals of pages are counted.
    pub refusals: Arc<WaitingRefusals>,
    /// Where management requests go.
    pub management: mpsc::Sender<ManagementCall>,
    /// Who keeps idempotency records. Unbounded: a request has one call under way, and what records hold is bounded.
    pub idempotency: mpsc::UnboundedSender<IdempotencyCall>,
    /// How connections to upstreams are made.
    pub connector: Arc<Connector>,
    /// Most client connections at once on each address; more get a bare 503.
    pub max_connections: usize,
    /// Largest request body in bytes, whatever an endpoint allows.
    pub max_body_bytes: u64,
    /// `/errors`, whole: HTML that says what each code means.
    pub error_page: Bytes,
    /// What every answer carries.
    pub security_headers: SecurityHeaders,
    /// Time limits.
    pub times: Times,
}

/// State that all cores share.
pub(crate) struct Shared {
    parts: Parts,
    /// What limits count their time from.
    started: Instant,
    failed_keys: FailedKeys,
    /// What a client beyond the connection limit is sent, whole.
    refusal: Vec<u8>,
    claims: Arc<Claims>,
    /// On the listener that serves pages.
    connections: AtomicUsize,
    /// On a listener for management alone: it must be reachable when the other is full.
    management_connections: AtomicUsize,
    is_draining: AtomicBool,
}

impl Shared {
    /// How many connections are open on such a listener.
    pub(crate) fn connections(&self, serves: Serves) -> &AtomicUsize {
        match serves {
            Serves::Everything | Serves::DataPlane => &self.connections,
            Serves::Management => &self.management_connections,
        }
    }
}

/// A gateway that serves.
pub struct Running {
    address: SocketAddr,
    shared: Arc<Shared>,
    cores: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts one thread per core.
    ///
    /// # Errors
    /// The operating system refuses a thread or its event queue.
    pub fn start(bound: Bound, parts: Parts) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            refusal: respond::refusal(&parts.security_headers),
            parts,
            started: Instant::now(),
            failed_keys: FailedKeys::default(),
            claims: Arc::default(),
            connections: AtomicUsize::new(0),
            management_connections: AtomicUsize::new(0),
            is_draining: AtomicBool::new(false),
        });
        let address = bound.address();
        let cores = bound
            .into_cores()
            .into_iter()
            .enumerate()
            .map(|(index, sockets)| core::spawn(index, sockets, Arc::clone(&shared)))
            .collect::<io::Result<_>>()?;
        Ok(Self {
            address,
            shared,
            cores,
        })
    }

    /// The address that the gateway listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests under way.
    pub fn open_requests(&self) -> u64 {
        self.shared.parts.metrics.open_requests()
    }

    /// Lets requests finish within [`Times::drain`], then cuts them; returns when none is open. Until then whoever comes is
    /// served, once, and `/readyz` says that it should go elsewhere.
    pub fn shut_down(self) {
        self.shared.parts.metrics.note_draining();
        self.shared.is_draining.store(true, Ordering::Relaxed);
        for core in self.cores {
            // A core that panicked has been reported by the panic hook.
            let _ = core.join();
        }
    }
}
