//! A real gateway on loopback, an upstream that the test plays itself, and a client that sends exact bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use drawbridge_gateway::log::{Format, Level, Log};
use drawbridge_gateway::management::ManagementCall;
use drawbridge_gateway::security_headers::SecurityHeaders;
use drawbridge_gateway::{Bound, Connector, Metrics, Parts, Running, Times, is_local_address};
use drawbridge_policy::endpoint::{Endpoint, Project, Secret};
use drawbridge_policy::key::KeyToken;
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::key_use::KeyUses;
use drawbridge_policy::network::NetworkSet;
use drawbridge_policy::own_origins::OwnOrigins;
use drawbridge_policy::refusals::WaitingRefusals;
use drawbridge_policy::snapshot::{Change, Live, Snapshot};
use drawbridge_policy::token::TokenDigest;
use drawbridge_policy::upstream::Destinations;
use jiff::Timestamp;
use rustls::RootCertStore;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// No step of a test takes longer, unless something is broken.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const PAGE: &str = "https://app.example.com";
pub(crate) const SECRET: &str = "sk-test-secret-0123456789";
pub(crate) const PUBLISHABLE: &str = "pk-test-publishable-0123";
pub(crate) const ROOT: &str = "root-key-of-the-tests-0123456789abcdef";
pub(crate) const CREDENTIAL: &str = "the-upstreams-own-credential";

/// A gateway with one endpoint, `/proj_tests1/e/v1`.
pub(crate) struct Gateway {
    running: Option<Running>,
    pub(crate) live: Arc<Live>,
    pub(crate) address: SocketAddr,
    pub(crate) calls: mpsc::Receiver<ManagementCall>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) key_uses: Arc<KeyUses>,
    pub(crate) refusals: Arc<WaitingRefusals>,
    revision: std::cell::Cell<u64>,
}

impl Gateway {
    pub(crate) fn start(document: &Value) -> Self {
        Self::start_with(document, |_| {})
    }

    pub(crate) fn start_with(document: &Value, adjust: impl FnOnce(&mut Parts)) -> Self {
        let bound = Bound::bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        Self::start_on(bound, document, adjust)
    }

    pub(crate) fn start_on(
        bound: Bound,
        document: &Value,
        adjust: impl FnOnce(&mut Parts),
    ) -> Self {
        let live = Arc::new(Live::new(Snapshot::new(TokenDigest::of(ROOT.as_bytes()))));
        let own = [Some(bound.address()), bound.management_address()];
        let destinations =
            Destinations::new(own.into_iter().flatten(), is_local_address, None::<[_; 0]>);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let connector =
            Connector::new(provider, RootCertStore::empty(), Arc::new(destinations)).unwrap();
        let address = bound.address();
        let (log, _writer) = Log::start(Format::Json, Level::Info, std::io::sink()).unwrap();
        let (management, calls) = mpsc::channel(8);
        let metrics = Arc::new(Metrics::new(Arc::clone(&live), log.clone()));
        let key_uses = Arc::<KeyUses>::default();
        let refusals = Arc::<WaitingRefusals>::default();
        let mut parts = Parts {
            live: Arc::clone(&live),
            metrics: Arc::clone(&metrics),
            own_origins: OwnOrigins::new(None, address, false),
            tls: None,
            trusted_proxies: NetworkSet::default(),
            proxy_protocol: false,
            key_uses: Arc::clone(&key_uses),
            refusals: Arc::clone(&refusals),
            log,
            management,
            idempotency: mpsc::unbounded_channel().0,
            connector: Arc::new(connector),
            max_connections: 100,
            max_body_bytes: 64 << 20,
            error_page: "<h1>Errors</h1>".into(),
            security_headers: SecurityHeaders::default(),
            times: Times::default(),
        };
        adjust(&mut parts);
        let running = Running::start(bound, parts).unwrap();
        let gateway = Self {
            running: Some(running),
            live,
            address,
            calls,
            metrics,
            key_uses,
            refusals,
            revision: 0.into(),
        };
        gateway.publish([
            key("ak_live_s", SECRET, &json!({"kind": "secret"})),
            key("ak_live_p", PUBLISHABLE, &json!({"kind": "publishable"})),
        ]);
        gateway.set(document);
        gateway
    }

    pub(crate) fn set(&self, document: &Value) {
        self.set_endpoint("proj_tests1", "e", document);
    }

    /// Makes or changes an endpoint, the youngest of all.
    pub(crate) fn set_endpoint(&self, project: &str, name: &str, document: &Value) {
        let endpoint = self.endpoint(project, name, document);
        self.publish([Change::Endpoint(Arc::new(endpoint))]);
    }

    /// The same in the tests' project, made at another time.
    pub(crate) fn set_endpoint_created(&self, name: &str, at: Timestamp, document: &Value) {
        let mut endpoint = self.endpoint("proj_tests1", name, document);
        endpoint.created.at = at;
        self.publish([Change::Endpoint(Arc::new(endpoint))]);
    }

    fn endpoint(&self, project: &str, name: &str, document: &Value) -> Endpoint {
        let project = Arc::new(Project {
            id: project.into(),
            slug: "tests".into(),
            ..Project::default()
        });
        let credential = Some(Secret::new(CREDENTIAL));
        let (mut endpoint, _) = Endpoint::compile(&project, name, document, credential).unwrap();
        endpoint.created.sequence = self.revision.get();
        endpoint
    }

    /// Makes or changes a secret key by its document.
    pub(crate) fn set_key(&self, token: &str, document: &Value) {
        self.publish([key(&format!("ak_live_{token}"), token, document)]);
    }

    /// Revokes that key.
    pub(crate) fn revoke(&self, token: &str, document: &Value) {
        let Change::Key(mut revoked) = key(&format!("ak_live_{token}"), token, document) else {
            panic!("a key is a key");
        };
        Arc::make_mut(&mut revoked).revoked_at = Some(Timestamp::now());
        self.publish([Change::Key(revoked)]);
    }

    pub(crate) fn publish(&self, changes: impl IntoIterator<Item = Change>) {
        self.revision.set(self.revision.get() + 1);
        self.live.publish(self.revision.get(), changes);
    }

    pub(crate) fn client(&self) -> Client {
        Self::client_of(self.address)
    }

    pub(crate) fn client_of(address: SocketAddr) -> Client {
        Client(stream(TcpStream::connect(address).unwrap()))
    }

    pub(crate) fn take(&mut self) -> Running {
        self.running.take().unwrap()
    }
}

fn key(id: &str, token: &str, document: &Value) -> Change {
    let token = KeyToken {
        digest: TokenDigest::of(token.as_bytes()),
        expires_at: None,
    };
    let config = KeyConfig::read(document).unwrap();
    let key = config.compile(id, "proj_tests1", [token], None);
    Change::Key(Arc::new(key))
}

/// A document that admits [`PAGE`] and sends to `upstream`, changed by a merge of top-level members.
pub(crate) fn document(upstream: &Upstream, changes: &Value) -> Value {
    let mut document = json!({
        "upstream": {"base_url": format!("http://{}/base", upstream.address)},
        "cors": {"allowedOrigins": [PAGE]},
    });
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

fn stream(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// One client connection.
pub(crate) struct Client<S = TcpStream>(pub(crate) S);

impl<S: Read + Write> Client<S> {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.write_all(bytes.as_ref()).unwrap();
        self
    }

    /// A POST of JSON from the page, with a secret key.
    pub(crate) fn post(&mut self, body: &str) -> &mut Self {
        let length = body.len();
        self.send(format!(
            "POST /proj_tests1/e/v1/chat/completions HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\n\
             authorization: Bearer {SECRET}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }

    pub(crate) fn get(&mut self, path: &str) -> &mut Self {
        self.send(format!(
            "GET {path} HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nauthorization: Bearer {SECRET}\r\n\r\n"
        ))
    }

    pub(crate) fn head(&mut self) -> Message {
        Message::read_head(&mut self.0)
    }

    pub(crate) fn answer(&mut self) -> Message {
        let mut message = self.head();
        message.read_body(&mut self.0);
        message
    }

    /// How the gateway ended the connection: everything before it, and whether it was a clean end.
    pub(crate) fn end(&mut self) -> (Vec<u8>, End) {
        read_to_end(&mut self.0)
    }
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Clean,
    Reset,
}

fn read_to_end(stream: &mut impl Read) -> (Vec<u8>, End) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (bytes, End::Clean),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return (bytes, End::Reset),
            Err(error) => panic!(
                "the connection does not end: {error}; got {:?}",
                String::from_utf8_lossy(&bytes)
            ),
        }
    }
}

fn read_exactly(stream: &mut impl Read, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// A request or an answer as it was read.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    fn read_head(stream: &mut impl Read) -> Self {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                other => panic!(
                    "no complete head ({other:?}): {:?}",
                    String::from_utf8_lossy(&head)
                ),
            }
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let start = lines.next().unwrap().to_owned();
        let headers = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self {
            start,
            headers,
            body: Vec::new(),
        }
    }

    fn read_body(&mut self, stream: &mut impl Read) {
        if let Some(length) = self.header("content-length") {
            let length = length.parse().unwrap();
            self.body = read_exactly(stream, length);
        } else if self.header("transfer-encoding").is_some() {
            while let Some(chunk) = read_chunk(stream) {
                self.body.extend(chunk);
            }
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.start.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// The one line of that field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.iter().filter(|(own, _)| own == name);
        let line = lines.next().map(|(_, value)| value.as_str());
        assert!(
            lines.next().is_none(),
            "{name} stands twice in {:?}",
            self.headers
        );
        line
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// `error.code` of OpenAI's error shape.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// One chunk of a chunked body; `None` at its end.
pub(crate) fn read_chunk(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.extend(read_exactly(stream, 1));
    }
    let size = usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
    let chunk = read_exactly(stream, size);
    read_exactly(stream, 2);
    (size > 0).then_some(chunk)
}

/// An upstream that the test plays itself.
pub(crate) struct Upstream {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // On Linux it is the limit of `accept` too.
        let socket = socket2::SockRef::from(&listener);
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { listener, address }
    }

    pub(crate) fn accept(&self) -> UpstreamConnection {
        let (accepted, _) = self.listener.accept().unwrap();
        UpstreamConnection(stream(accepted))
    }

    /// Accepts a connection, reads one request and gives it a short complete answer.
    pub(crate) fn answer_one(&self, extra: &str, body: &str) -> UpstreamConnection {
        let mut connection = self.accept();
        connection.request();
        connection.answer(extra, body);
        connection
    }

    /// Has the client post, and begins an answer whose first chunk the client has read.
    pub(crate) fn begin_stream(&self, client: &mut Client) -> UpstreamConnection {
        client.post("{}");
        let mut connection = self.accept();
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
        client.head();
        assert_eq!(read_chunk(&mut client.0).unwrap(), b"a");
        connection
    }

    /// Whether nobody has connected.
    pub(crate) fn is_untouched(&self) -> bool {
        self.listener.set_nonblocking(true).unwrap();
        let refused = self.listener.accept();
        self.listener.set_nonblocking(false).unwrap();
        matches!(refused, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

/// A connection from the gateway.
pub(crate) struct UpstreamConnection<S = TcpStream>(pub(crate) S);

impl<S: Read + Write> UpstreamConnection<S> {
    pub(crate) fn request(&mut self) -> Message {
        let mut message = Message::read_head(&mut self.0);
        message.read_body(&mut self.0);
        message
    }

    pub(crate) fn head(&mut self) -> Message {
        Message::read_head(&mut self.0)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.write_all(bytes.as_ref()).unwrap();
        self
    }

    /// A short complete answer.
    pub(crate) fn answer(&mut self, extra: &str, body: &str) -> &mut Self {
        let length = body.len();
        self.send(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{extra}\r\n{body}"
        ))
    }

    /// Waits until the gateway closes the connection.
    pub(crate) fn end(&mut self) -> Vec<u8> {
        read_to_end(&mut self.0).0
    }
}
