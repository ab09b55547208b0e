//! TLS from clients: versions, protocols, the certificate's replacement, and ends that must not look clean.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use drawbridge_gateway::Parts;
use drawbridge_gateway::security_headers::{Profile, SecurityHeaders};
use drawbridge_gateway::tls::{Certificate, CertificateError};
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, StreamOwned};
use rustls_pki_types::CertificateDer;
use serde_json::json;

use crate::certificates::{Authority, Files, Issued, write};
use crate::client_address::demand_header;
use crate::support::{Client, Gateway, Upstream, document, read_chunk};

type TlsClient = Client<StreamOwned<ClientConnection, TcpStream>>;

/// A gateway that speaks TLS, and whom its clients trust.
struct Secured {
    gateway: Gateway,
    authority: Authority,
    issued: Issued,
    files: Files,
    certificate: Arc<Certificate>,
}

fn secured(upstream: &Upstream, adjust: impl FnOnce(&mut Parts)) -> Secured {
    let authority = Authority::new();
    let issued = authority.issue(&["localhost"]);
    let files = Files::of(&issued);
    let certificate = files.load();
    let gateway = Gateway::start_with(&document(upstream, &json!({})), |parts| {
        parts.tls = Some(certificate.acceptor().unwrap());
        adjust(parts);
    });
    Secured {
        gateway,
        authority,
        issued,
        files,
        certificate,
    }
}

impl Secured {
    fn start(upstream: &Upstream) -> Self {
        secured(upstream, |_| {})
    }

    /// A client that has shaken hands.
    fn client(&self, config: Arc<ClientConfig>) -> TlsClient {
        Self::shake_hands(self.gateway.client(), config)
    }

    fn shake_hands(client: Client, config: Arc<ClientConfig>) -> TlsClient {
        let name = ServerName::try_from("localhost").unwrap();
        let session = ClientConnection::new(config, name).unwrap();
        let mut stream = StreamOwned::new(session, client.0);
        stream.conn.complete_io(&mut stream.sock).unwrap();
        Client(stream)
    }

    /// The usual one: TLS 1.3 and HTTP/1.1, with a memory of its own.
    fn http_1(&self) -> TlsClient {
        self.client(self.authority.client(&[&TLS13], &["http/1.1"]))
    }

    /// The certificate that a new client is shown.
    fn shown(&self) -> CertificateDer<'static> {
        let client = self.http_1();
        client.0.conn.peer_certificates().unwrap()[0].clone()
    }
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

#[test]
fn tls_1_2_and_1_3_answer_in_the_protocol_that_was_agreed_on() {
    let upstream = Upstream::start();
    let secured = Secured::start(&upstream);
    for (version, expected) in [
        (&TLS12, ProtocolVersion::TLSv1_2),
        (&TLS13, ProtocolVersion::TLSv1_3),
    ] {
        for protocols in [&["http/1.1"][..], &[]] {
            let mut client = secured.client(secured.authority.client(&[version], protocols));
            assert_eq!(client.0.conn.protocol_version(), Some(expected));
            let agreed = client.0.conn.alpn_protocol();
            assert_eq!(agreed, protocols.first().map(|name| name.as_bytes()));
            // Twice: a connection is kept open over TLS as without it.
            for _ in 0..2 {
                assert_eq!(client.send(HEALTH).answer().status(), 200);
            }
        }
        let protocols = ["h2", "http/1.1"];
        let mut client = secured.client(secured.authority.client(&[version], &protocols));
        assert_eq!(client.0.conn.alpn_protocol(), Some(&b"h2"[..]));
        // The preface and an empty SETTINGS frame; the gateway's own SETTINGS come back (RFC 9113 section 3.4).
        client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        client.send([0, 0, 0, 4, 0, 0, 0, 0, 0]);
        let mut frame = [0; 9];
        client.0.read_exact(&mut frame).unwrap();
        assert_eq!(frame[3], 4, "{frame:?}");
    }
}

#[test]
fn the_strict_profile_sends_hsts_over_tls() {
    let upstream = Upstream::start();
    let secured = secured(&upstream, |parts| {
        parts.security_headers = SecurityHeaders::new(Profile::Strict, []).unwrap();
    });
    let answer = secured.http_1().get("/healthz").answer();
    let hsts = answer.header("strict-transport-security");
    assert_eq!(hsts, Some("max-age=63072000; includeSubDomains"));
}

#[test]
fn a_header_of_the_proxy_protocol_comes_before_the_handshake() {
    let upstream = Upstream::start();
    let mut secured = secured(&upstream, demand_header);
    let mut client = secured.gateway.client();
    client.send("PROXY TCP4 203.0.113.7 192.0.2.9 1 2\r\n");
    let config = secured.authority.client(&[&TLS13], &["http/1.1"]);
    let mut client = Secured::shake_hands(client, config);
    client.send("GET /v1/projects HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let call = secured.gateway.calls.blocking_recv().unwrap();
    assert_eq!(call.client.to_string(), "203.0.113.7");
    // A handshake without one is answered by nothing.
    let mut client = secured.gateway.client();
    client.send([0x16, 3, 1]);
    assert_eq!(client.end().0, b"");
}

#[test]
fn http_2_needs_alpn_over_tls() {
    let upstream = Upstream::start();
    let secured = Secured::start(&upstream);
    let mut client = secured.http_1();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let mut answer = Vec::new();
    client.0.read_to_end(&mut answer).unwrap_or_default();
    assert_eq!(answer, b"");
}

#[test]
fn new_connections_see_a_new_certificate_and_open_streams_go_on() {
    let upstream = Upstream::start();
    let secured = Secured::start(&upstream);
    let mut client = secured.http_1();
    client.post("{}");
    let mut connection = upstream.accept();
    connection.request();
    connection.send(CHUNKED).send("3\r\none\r\n");
    assert_eq!(client.head().status(), 200);
    assert_eq!(read_chunk(&mut client.0).unwrap(), b"one");

    assert_eq!(secured.shown(), secured.issued.certificate);
    let renewed = secured.authority.issue(&["localhost"]);
    write(&secured.files.chain, &renewed.chain_pem);
    write(&secured.files.key, &renewed.key_pem);
    assert_eq!(secured.shown(), secured.issued.certificate);
    secured.certificate.reload().unwrap();
    assert_eq!(secured.shown(), renewed.certificate);

    connection.send("3\r\ntwo\r\n0\r\n\r\n");
    assert_eq!(read_chunk(&mut client.0).unwrap(), b"two");
    assert_eq!(read_chunk(&mut client.0), None);
    assert_eq!(client.send(HEALTH).answer().status(), 200);
}

#[test]
fn files_that_cannot_be_used_leave_the_certificate_alone_and_say_why() {
    let upstream = Upstream::start();
    let secured = Secured::start(&upstream);
    let (chain, key) = (&secured.files.chain, &secured.files.key);
    let renewed = secured.authority.issue(&["localhost"]);
    type Broken = fn(&CertificateError) -> bool;
    let cases: [(&str, &str, Broken); 5] = [
        (&renewed.chain_pem, &secured.issued.key_pem, |error| {
            matches!(error, CertificateError::Mismatch { .. })
        }),
        ("", &renewed.key_pem, |error| {
            matches!(error, CertificateError::NoCertificate(_))
        }),
        (&renewed.chain_pem, &renewed.chain_pem, |error| {
            matches!(error, CertificateError::NoKey(_))
        }),
        (
            &renewed.chain_pem[..renewed.chain_pem.len() / 2],
            &renewed.key_pem,
            |error| matches!(error, CertificateError::Pem { .. }),
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            &renewed.key_pem,
            |error| matches!(error, CertificateError::Unusable { .. }),
        ),
    ];
    for (chain_text, key_text, is_expected) in cases {
        write(chain, chain_text);
        write(key, key_text);
        let error = secured.certificate.reload().unwrap_err();
        assert!(is_expected(&error), "{error:?}");
        assert!(error.to_string().contains(".pem"), "{error}");
        assert_eq!(secured.shown(), secured.issued.certificate);
    }
    std::fs::remove_file(key).unwrap();
    let error = secured.certificate.reload().unwrap_err();
    assert!(matches!(error, CertificateError::Read { .. }), "{error:?}");
    assert_eq!(secured.shown(), secured.issued.certificate);
}

#[test]
fn changed_files_are_taken_over_once_they_have_settled() {
    let authority = Authority::new();
    let files = Files::of(&authority.issue(&["localhost"]));
    let certificate = files.load();
    assert!(certificate.follow().is_none(), "nothing is new");

    let renewed = authority.issue(&["localhost"]);
    write(&files.chain, &renewed.chain_pem);
    assert!(certificate.follow().is_none(), "half a pair, seen once");
    write(&files.key, &renewed.key_pem);
    assert!(certificate.follow().is_none(), "the pair, seen once");
    assert!(certificate.follow().unwrap().is_ok());
    assert!(certificate.follow().is_none(), "nothing is new");

    // As Kubernetes does it: both names are links through one directory, which is swapped.
    let renewed = authority.issue(&["localhost"]);
    let elsewhere = Files::of(&renewed);
    for (name, target) in [
        (&files.chain, &elsewhere.chain),
        (&files.key, &elsewhere.key),
    ] {
        std::fs::remove_file(name).unwrap();
        std::os::unix::fs::symlink(target, name).unwrap();
    }
    assert!(certificate.follow().is_none());
    assert!(certificate.follow().unwrap().is_ok());

    // What cannot be used is told once, not every time.
    write(&files.key, "gone");
    assert!(certificate.follow().is_none());
    assert!(certificate.follow().unwrap().is_err());
    assert!(certificate.follow().is_none());
}

#[test]
fn a_silent_client_is_cut_within_its_handshake_as_after_it() {
    let upstream = Upstream::start();
    let secured = secured(&upstream, |parts| {
        parts.times.head = Duration::from_millis(200)
    });
    let mut hello = Vec::new();
    let name = ServerName::try_from("localhost").unwrap();
    let config = secured.authority.client(&[&TLS13], &["h2"]);
    let mut session = ClientConnection::new(config, name).unwrap();
    session.write_tls(&mut hello).unwrap();

    assert_eq!(secured.gateway.client().end().0, b"");
    let half = &hello[..hello.len() / 2];
    assert_eq!(secured.gateway.client().send(half).end().0, b"");
    let (answer, _) = secured.gateway.client().send(&hello).end();
    assert_eq!(answer[0], 22, "a record of the handshake, and no more");

    let mut client = secured.http_1();
    let mut bytes = Vec::new();
    client.0.read_to_end(&mut bytes).unwrap_or_default();
    assert_eq!(bytes, b"");
    assert_eq!(secured.http_1().send(HEALTH).answer().status(), 200);
}

#[test]
fn a_handshake_under_way_does_not_delay_a_shutdown() {
    let upstream = Upstream::start();
    let mut secured = secured(&upstream, |parts| {
        parts.times.head = Duration::from_secs(3600)
    });
    let _silent = secured.gateway.client();
    // A record of the handshake (22) that says it will go on.
    let mut begun = secured.gateway.client();
    begun.send([22, 3, 1, 1, 0, 1]);
    assert_eq!(secured.http_1().send(HEALTH).answer().status(), 200);
    let running = secured.gateway.take();
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        running.shut_down();
        done.send(()).unwrap();
    });
    // Well within the time that open requests have.
    is_done.recv_timeout(Duration::from_secs(15)).unwrap();
    assert_eq!(begun.end().0, b"");
}

#[test]
fn handshakes_that_fail_cost_their_own_connection_only() {
    let upstream = Upstream::start();
    let secured = Secured::start(&upstream);
    for _ in 0..3 {
        let (answer, _) = secured.gateway.client().send(HEALTH).end();
        // An alert (21), never HTTP in the clear.
        assert_eq!(answer.first(), Some(&21), "{answer:?}");
        drop(secured.gateway.client());
        let stranger = Authority::new().client(&[&TLS13], &["http/1.1"]);
        let name = ServerName::try_from("localhost").unwrap();
        let mut session = ClientConnection::new(stranger, name).unwrap();
        let mut socket = secured.gateway.client().0;
        assert!(session.complete_io(&mut socket).is_err());
    }
    assert_eq!(secured.http_1().send(HEALTH).answer().status(), 200);
}

#[test]
fn an_answer_that_is_cut_has_no_clean_end_over_tls() {
    let upstream = Upstream::start();
    let secured = Secured::start(&upstream);
    for version in [&TLS12, &TLS13] {
        // No length, no chunks: in HTTP/1.0 nothing but the connection's end tells the client that all has come.
        let request = "GET /proj_tests1/e/v1/models HTTP/1.0\r\nhost: localhost\r\n\
                       authorization: Bearer sk-test-secret-0123456789\r\n\r\n";
        for is_cut in [false, true] {
            let mut client = secured.client(secured.authority.client(&[version], &[]));
            client.send(request);
            let mut connection = upstream.accept();
            connection.head();
            connection.send(CHUNKED).send("3\r\none\r\n");
            assert_eq!(client.head().status(), 200);
            let mut body = [0; 3];
            client.0.read_exact(&mut body).unwrap();
            if is_cut {
                drop(connection);
                let error = client.0.read(&mut body).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
            } else {
                connection.send("0\r\n\r\n");
                assert_eq!(client.0.read(&mut body).unwrap(), 0);
            }
        }
    }
}

#[test]
fn a_client_that_leaves_without_a_word_cancels_its_upstream() {
    let upstream = Upstream::start();
    let secured = Secured::start(&upstream);
    let mut client = secured.http_1();
    client.post("{}");
    let mut connection = upstream.accept();
    connection.request();
    connection.send(CHUNKED).send("3\r\none\r\n");
    assert_eq!(client.head().status(), 200);
    client.0.flush().unwrap();
    drop(client);
    assert_eq!(connection.end(), b"");
}
