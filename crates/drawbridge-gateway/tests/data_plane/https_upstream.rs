//! Upstreams over https: whose certificate is believed, for which endpoint, and what is said when it is not.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use drawbridge_gateway::log::{Format, Level, Log};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::certificates::{Authority, Issued};
use crate::support::{End, Gateway, PAGE, Upstream, UpstreamConnection, read_chunk};

type TlsConnection = UpstreamConnection<StreamOwned<ServerConnection, TcpStream>>;

/// An upstream that shows one certificate.
struct Secured {
    upstream: Upstream,
    config: Arc<ServerConfig>,
}

impl Secured {
    fn start(issued: &Issued) -> Self {
        Self {
            upstream: Upstream::start(),
            config: issued.server(&[]),
        }
    }

    /// A connection whose handshake is done, or why there is none.
    fn accept(&self) -> std::io::Result<TlsConnection> {
        let mut socket = self.upstream.accept().0;
        let mut session = ServerConnection::new(Arc::clone(&self.config)).unwrap();
        session.complete_io(&mut socket)?;
        Ok(UpstreamConnection(StreamOwned::new(session, socket)))
    }
}

fn document(host: &str, address: SocketAddr, ca_certificate: Option<String>) -> Value {
    let base_url = format!("https://{host}:{}/base", address.port());
    let mut upstream = json!({"base_url": base_url});
    if let Some(pem) = ca_certificate {
        upstream["ca_certificate"] = json!(pem);
    }
    json!({"upstream": upstream, "cors": {"allowedOrigins": [PAGE]}})
}

/// What a gateway logged so far.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Waits for a line.
    pub(crate) fn first(&self) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            if text.contains('\n') {
                return text;
            }
            assert!(Instant::now() < deadline, "nothing was logged");
            std::thread::yield_now();
        }
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_endpoints_own_authority_is_trusted_for_names_and_addresses() {
    let authority = Authority::new();
    let secured = Secured::start(&authority.issue(&["localhost", "127.0.0.1"]));
    for host in ["localhost", "127.0.0.1"] {
        let document = document(host, secured.upstream.address, Some(authority.pem()));
        let gateway = Gateway::start(&document);
        let mut client = gateway.client();
        client.post("{}");
        let mut connection = secured.accept().unwrap();
        for round in 0..3 {
            if round > 0 {
                client.post("{}");
            }
            let request = connection.request();
            assert_eq!(request.start, "POST /base/chat/completions HTTP/1.1");
            connection.answer("", "{}");
            assert_eq!(client.answer().status(), 200);
        }
    }
}

#[test]
fn nobody_else_is_trusted_and_the_log_says_why() {
    let authority = Authority::new();
    let secured = Secured::start(&authority.issue(&["localhost"]));
    let elsewhere = Secured::start(&authority.issue(&["elsewhere.example"]));
    let cases = [
        (&secured, None, "UnknownIssuer"),
        // Of the same name, but with another key.
        (&secured, Some(Authority::new().pem()), "BadSignature"),
        (&elsewhere, Some(authority.pem()), "not valid for name"),
    ];
    for (secured, ca_certificate, cause) in cases {
        let lines = Lines::default();
        let (log, _writer) = Log::start(Format::Json, Level::Info, lines.clone()).unwrap();
        let document = document("localhost", secured.upstream.address, ca_certificate);
        let gateway = Gateway::start_with(&document, |parts| parts.log = log);
        let mut client = gateway.client();
        client.post("{}");
        assert!(secured.accept().is_err());
        let answer = client.answer();
        assert_eq!(answer.status(), 502);
        assert_eq!(answer.code(), "upstream_unreachable");
        let told = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!told.contains("certificate"), "for operators only: {told}");
        let line = lines.first();
        assert!(
            line.contains("the TLS handshake with localhost failed"),
            "{line}"
        );
        assert!(line.contains(cause), "{line}");
    }
}

#[test]
fn what_tls_says_at_its_end_is_no_answer_and_a_get_is_sent_again() {
    let authority = Authority::new();
    let secured = Secured::start(&authority.issue(&["localhost"]));
    let address = secured.upstream.address;
    let gateway = Gateway::start(&document("localhost", address, Some(authority.pem())));
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = secured.accept().unwrap();
    connection.request();
    connection.answer("", "{}");
    assert_eq!(client.answer().status(), 200);

    client.get("/proj_tests1/e/v1/models");
    connection.head();
    connection.0.conn.send_close_notify();
    connection.0.flush().unwrap();
    drop(connection);
    let mut connection = secured.accept().unwrap();
    assert_eq!(connection.head().start, "GET /base/models HTTP/1.1");
    connection.answer("", "[]");
    assert_eq!(client.answer().body, b"[]");
}

#[test]
fn a_connection_is_not_used_again_under_another_trust() {
    let authority = Authority::new();
    let secured = Secured::start(&authority.issue(&["localhost"]));
    let address = secured.upstream.address;
    let gateway = Gateway::start(&document("localhost", address, Some(authority.pem())));
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = secured.accept().unwrap();
    connection.request();
    connection.answer("", "{}");
    assert_eq!(client.answer().status(), 200);

    // The connection is idle and good, and its session could be resumed; neither may serve.
    for stranger in [None, Some(Authority::new().pem())] {
        gateway.set(&document("localhost", address, stranger));
        client.post("{}");
        assert!(secured.accept().is_err());
        assert_eq!(client.answer().code(), "upstream_unreachable");
    }

    gateway.set(&document("localhost", address, Some(authority.pem())));
    client.post("{}");
    connection.request();
    connection.answer("", "{}");
    assert_eq!(client.answer().status(), 200);
    assert!(secured.upstream.is_untouched());
}

#[test]
fn an_upstream_that_dies_over_tls_resets_the_client() {
    let authority = Authority::new();
    let secured = Secured::start(&authority.issue(&["localhost"]));
    let document = document("localhost", secured.upstream.address, Some(authority.pem()));
    let gateway = Gateway::start(&document);
    // An end of the TLS session is as good as none: the answer said that more would come.
    for says_goodbye in [false, true] {
        let mut client = gateway.client();
        client.post("{}");
        let mut connection = secured.accept().unwrap();
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
        assert_eq!(client.head().status(), 200);
        assert_eq!(read_chunk(&mut client.0).unwrap(), b"a");
        if says_goodbye {
            connection.0.conn.send_close_notify();
            connection.0.flush().unwrap();
        }
        drop(connection);
        assert_eq!(client.end().1, End::Reset);
    }
}

#[test]
fn a_self_signed_certificate_is_trusted_unless_it_is_an_authority() {
    for (is_authority, status) in [(false, 200), (true, 502)] {
        let issued = Issued::self_signed(&["localhost"], is_authority);
        let secured = Secured::start(&issued);
        let pem = Some(issued.chain_pem);
        let gateway = Gateway::start(&document("localhost", secured.upstream.address, pem));
        let mut client = gateway.client();
        client.post("{}");
        if let Ok(mut connection) = secured.accept() {
            connection.request();
            connection.answer("", "{}");
        }
        assert_eq!(client.answer().status(), status);
    }
}

/// Without a length, only the session's own end tells that an answer is whole (RFC 9112 section 9.8).
#[test]
fn an_answer_up_to_the_end_is_whole_only_after_a_goodbye() {
    let authority = Authority::new();
    let secured = Secured::start(&authority.issue(&["localhost"]));
    let document = document("localhost", secured.upstream.address, Some(authority.pem()));
    let gateway = Gateway::start(&document);
    for says_goodbye in [true, false] {
        let mut client = gateway.client();
        client.post("{}");
        let mut connection = secured.accept().unwrap();
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\n\r\na");
        assert_eq!(client.head().status(), 200);
        assert_eq!(read_chunk(&mut client.0).unwrap(), b"a");
        if says_goodbye {
            connection.0.conn.send_close_notify();
            connection.0.flush().unwrap();
            assert_eq!(read_chunk(&mut client.0), None);
        } else {
            drop(connection);
            assert_eq!(client.end().1, End::Reset);
        }
    }
}
