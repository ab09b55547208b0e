//! The real gateway in this process, on loopback, started once for a target and used by all of its inputs.
//!
//! Two endpoints: `/proj_fuzzing/e` takes any model, `/proj_fuzzing/m` one model, which it renames. One core, so that
//! what an input caused is over before the next input's bytes are read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use drawbridge_gateway::log::{Format, Level, Log};
use drawbridge_gateway::management::{ManagementCall, ManagementReply};
use drawbridge_gateway::security_headers::SecurityHeaders;
use drawbridge_gateway::{Bound, Connector, Metrics, Parts, Running, Times, is_local_address};
use drawbridge_policy::endpoint::{Endpoint, Project, Secret};
use drawbridge_policy::key::KeyToken;
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::network::NetworkSet;
use drawbridge_policy::own_origins::OwnOrigins;
use drawbridge_policy::snapshot::{Change, Live, Snapshot};
use drawbridge_policy::token::TokenDigest;
use drawbridge_policy::upstream::Destinations;
use http_body_util::BodyExt as _;
use rustls::RootCertStore;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::client::Answer;
use crate::upstream::Upstream;

/// Nothing takes longer unless something hangs, however busy the machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
pub(crate) const PAGE: &str = "https://app.example.com";
pub(crate) const SECRET: &str = "sk-fuzzing-0123456789abcdef";
/// What the model `small` is called at the upstream of `/proj_fuzzing/m`.
pub(crate) const RENAMED: &str = "tiny-random";

/// The gateway and its upstream.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) upstream: Upstream,
    live: Arc<Live>,
    revision: AtomicU64,
    running: Running,
}

static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// A task that panics does not end the process: hyper and tokio go on. The next check does.
fn watch_panics() {
    let next = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if let Ok(mut seen) = PANIC.lock() {
            seen.get_or_insert_with(|| panic.to_string());
        }
        next(panic);
    }));
}

#[expect(clippy::unwrap_used, reason = "a harness that cannot start ends")]
impl Gateway {
    /// Starts a gateway and its upstream; each target that needs one has its own.
    pub(crate) fn start() -> Self {
        watch_panics();
        let upstream = Upstream::start();
        let live = Arc::new(Live::new(Snapshot::new(TokenDigest::of(
            b"root-key-of-the-fuzzers-0123456789",
        ))));
        let bound = Bound::bind(SocketAddr::from(([127, 0, 0, 1], 0)), 1).unwrap();
        let address = bound.address();
        let (log, _writer) = Log::start(Format::Json, Level::Info, std::io::sink()).unwrap();
        let (management, calls) = mpsc::channel(8);
        std::thread::spawn(move || answer_management(calls));
        let metrics = Metrics::new(Arc::clone(&live), log.clone());
        let destinations = Destinations::new([address], is_local_address, None::<[_; 0]>);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let connector =
            Connector::new(provider, RootCertStore::empty(), Arc::new(destinations)).unwrap();
        let parts = Parts {
            live: Arc::clone(&live),
            metrics: Arc::new(metrics),
            own_origins: OwnOrigins::new(None, address, false),
            tls: None,
            trusted_proxies: NetworkSet::default(),
            proxy_protocol: false,
            key_uses: Arc::default(),
            refusals: Arc::default(),
            error_page: "<h1>Errors</h1>".into(),
            security_headers: SecurityHeaders::default(),
            log,
            management,
            // Nobody keeps records: a request with an idempotency key is refused.
            idempotency: mpsc::unbounded_channel().0,
            connector: Arc::new(connector),
            max_connections: 1000,
            max_body_bytes: 1 << 20,
            times: Times::default(),
        };
        let gateway = Self {
            address,
            upstream,
            live,
            revision: 0.into(),
            running: Running::start(bound, parts).unwrap(),
        };
        gateway.publish([key()]);
        gateway.set_credential("the-upstreams-own");
        gateway
    }

    fn publish(&self, changes: impl IntoIterator<Item = Change>) {
        let revision = self.revision.fetch_add(1, Ordering::Relaxed) + 1;
        self.live.publish(revision, changes);
    }

    /// From the next request on, the upstream sees this credential: it tells one input's requests from another's.
    pub(crate) fn set_credential(&self, credential: &str) {
        let project = Arc::new(Project {
            id: "proj_fuzzing".into(),
            slug: "fuzzing".into(),
            ..Project::default()
        });
        let endpoint = |name: &str, document: Value| {
            let credential = Some(Secret::new(credential));
            let compiled = Endpoint::compile(&project, name, &document, credential);
            Change::Endpoint(Arc::new(compiled.unwrap().0))
        };
        let base = format!("http://{}/base", self.upstream.address);
        let cors =
            json!({"allowedOrigins": [PAGE], "allowedHeaders": ["Content-Type", "X-Stainless-*"]});
        let small = json!({"name": "small", "upstream_name": RENAMED});
        self.publish([
            endpoint("e", json!({"upstream": {"base_url": base}, "cors": cors})),
            endpoint(
                "m",
                json!({"models": [small], "upstream": {"base_url": base}, "cors": cors}),
            ),
        ]);
    }

    /// A connection of a client that does not wait forever.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Fails unless everything runs on: no panic anywhere, a good request on a new connection is served, and none stays
    /// open.
    pub(crate) fn assert_serving(&self) {
        let mut stream = self.connect();
        let request = format!(
            "GET /proj_fuzzing/e/v1/after HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer {SECRET}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let (answer, _) = Answer::read(&bytes, "GET").unwrap();
        assert_eq!(
            (answer.status, answer.is_complete),
            (200, true),
            "{answer:?}"
        );
        assert_no_panic();
        let until = Instant::now() + PATIENCE;
        while self.running.open_requests() > 0 {
            assert!(Instant::now() < until, "a request stays open");
            std::thread::yield_now();
        }
    }
}

/// Fails if any thread has panicked.
pub(crate) fn assert_no_panic() {
    let seen = PANIC.lock().ok().and_then(|mut seen| seen.take());
    assert_eq!(seen, None);
}

fn answer_management(mut calls: mpsc::Receiver<ManagementCall>) {
    while let Some(call) = calls.blocking_recv() {
        let body = http_body_util::Full::new(Bytes::from_static(b"{\"management\":true}"));
        let reply = ManagementReply {
            response: http::Response::new(body.map_err(|never| match never {}).boxed_unsync()),
            caller: None,
            code: None,
            cause: None,
        };
        // The client may have left.
        let _ = call.reply.send(reply);
    }
}

#[expect(clippy::unwrap_used, reason = "a harness that cannot start ends")]
fn key() -> Change {
    let token = KeyToken {
        digest: TokenDigest::of(SECRET.as_bytes()),
        expires_at: None,
    };
    let config = KeyConfig::read(&json!({"kind": "secret"})).unwrap();
    let key = config.compile("ak_live_fuzzing", "proj_fuzzing", [token], None);
    Change::Key(Arc::new(key))
}
