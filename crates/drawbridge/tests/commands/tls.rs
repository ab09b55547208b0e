//! A gateway that speaks HTTPS: how it starts, takes over a renewed certificate, and says what is wrong with one.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::process::{ROOT_KEY, Running, Said, drawbridge, run};

const PATIENCE: Duration = Duration::from_secs(20);

/// An authority of the test's own, and a directory with what it signed last.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a new pair, as `cert.pem` and `key.pem`.
    fn issue(&self) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.file("cert.pem"), certificate.pem()).unwrap();
        fs::write(self.file("key.pem"), key.serialize_pem()).unwrap();
        certificate.into()
    }

    fn connect(&self, address: &str) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let session = ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut stream = StreamOwned::new(session, socket);
        stream.conn.complete_io(&mut stream.sock).unwrap();
        stream
    }

    /// The certificate that a new client is shown.
    fn shown(&self, address: &str) -> CertificateDer<'static> {
        let stream = self.connect(address);
        stream.conn.peer_certificates().unwrap()[0].clone()
    }
}

/// A gateway with TLS, and what it logged.
struct Gateway {
    process: Running,
    address: String,
    log: PathBuf,
    _data: TempDir,
}

impl Gateway {
    fn start(authority: &Authority) -> Self {
        let data = tempfile::tempdir().unwrap();
        let log = data.path().join("log");
        let mut command = serve(data.path());
        command
            .env("DRAWBRIDGE_TLS_CERT", authority.file("cert.pem"))
            .env("DRAWBRIDGE_TLS_KEY", authority.file("key.pem"));
        let process = Running::start_with(&mut command, File::create(&log).unwrap());
        let address = process
            .first_line
            .strip_prefix("drawbridge listening on https://")
            .unwrap_or_else(|| panic!("{}", process.first_line))
            .to_owned();
        Self {
            process,
            address,
            log,
            _data: data,
        }
    }

    /// Waits for a line of the log that says so, and returns it.
    fn logged(&self, text: &str, times: usize) {
        until(|| {
            let log = fs::read_to_string(&self.log).unwrap();
            log.matches(text).count() == times
        });
    }

    fn command(&self, line: &str, roots: &Path) -> Said {
        let url = format!("https://{}", self.address);
        run(drawbridge(line.split(' '))
            .env("DRAWBRIDGE_URL", url)
            .env("SSL_CERT_FILE", roots))
    }
}

fn serve(data: &Path) -> std::process::Command {
    let data = data.join("data");
    drawbridge([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        data.to_str().unwrap(),
    ])
}

fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came to be so");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Reads a head, a request's or an answer's, and no more.
fn head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn a_renewed_certificate_is_taken_over_while_a_stream_goes_on() {
    let authority = Authority::new();
    let first = authority.issue();
    let gateway = Gateway::start(&authority);
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let roots = authority.file("ca.pem");
    let base_url = format!("http://{}", upstream.local_addr().unwrap());
    for line in [
        "project create p".to_owned(),
        format!("endpoint create e --project p --upstream {base_url}"),
    ] {
        let said = gateway.command(&line, &roots);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let shown = gateway.command("endpoint show e --project p --json", &roots);
    let endpoint: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    let path = endpoint["url"].as_str().unwrap();

    let mut stream = authority.connect(&gateway.address);
    let authorization = format!("authorization: Bearer {ROOT_KEY}");
    write!(
        stream,
        "GET {path}/models HTTP/1.1\r\nhost: x\r\n{authorization}\r\n\r\n"
    )
    .unwrap();
    let (mut connection, _) = upstream.accept().unwrap();
    head(&mut connection);
    connection
        .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        .unwrap();
    assert!(head(&mut stream).starts_with("HTTP/1.1 200"));
    let mut body = BufReader::new(stream);
    let mut line = String::new();
    body.read_line(&mut line).unwrap();
    body.read_line(&mut line).unwrap();
    assert_eq!(line, "3\r\none\r\n");

    assert_eq!(authority.shown(&gateway.address), first);
    let by_change = authority.issue();
    until(|| authority.shown(&gateway.address) == by_change);
    gateway.logged("new connections use the certificate", 1);

    fs::write(authority.file("cert.pem"), "half a certifica").unwrap();
    gateway.logged("cert.pem holds no certificate", 1);
    gateway.process.signal("HUP");
    gateway.logged("cert.pem holds no certificate", 2);
    assert_eq!(authority.shown(&gateway.address), by_change);

    let by_signal = authority.issue();
    gateway.process.signal("HUP");
    until(|| authority.shown(&gateway.address) == by_signal);

    connection.write_all(b"3\r\ntwo\r\n0\r\n\r\n").unwrap();
    let mut rest = [0; 13];
    body.read_exact(&mut rest).unwrap();
    assert_eq!(&rest, b"3\r\ntwo\r\n0\r\n\r\n");
}

#[test]
fn a_command_needs_the_authority_and_says_so() {
    let authority = Authority::new();
    authority.issue();
    let gateway = Gateway::start(&authority);
    let other = Authority::new();
    let said = gateway.command("project list", &other.file("ca.pem"));
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("SSL_CERT_FILE"), "{}", said.stderr);
}

#[test]
fn a_pair_that_cannot_be_used_stops_the_start_with_one_sentence() {
    let authority = Authority::new();
    authority.issue();
    let other = Authority::new();
    other.issue();
    let (cert, key) = (authority.file("cert.pem"), authority.file("key.pem"));
    let missing = authority.file("no-such.pem");
    let cases = [
        (&cert, &missing, "cannot read the key", &missing),
        (&missing, &key, "cannot read the certificate", &missing),
        (&key, &key, "holds no certificate", &key),
        (&cert, &cert, "holds no private key", &cert),
        (&cert, &other.file("key.pem"), "does not belong to", &cert),
    ];
    for (cert, key, problem, named) in cases {
        let data = tempfile::tempdir().unwrap();
        let said = run(serve(data.path())
            .arg("--tls-cert")
            .arg(cert)
            .arg("--tls-key")
            .arg(key));
        assert_eq!(said.code, Some(3), "{said:?}");
        assert!(said.stderr.contains(problem), "{said:?}");
        assert!(said.stderr.contains(named.to_str().unwrap()), "{said:?}");
        assert!(said.stderr.contains("`tls.cert` and `tls.key`"), "{said:?}");
        assert_eq!(said.stderr.lines().count(), 1, "{said:?}");
        assert_eq!(said.stdout, "");
        assert!(
            !data.path().join("data").exists(),
            "nothing was made on disk"
        );
    }
    let data = tempfile::tempdir().unwrap();
    let said = run(serve(data.path()).arg("--tls-cert").arg(&cert));
    assert_eq!(said.code, Some(3));
    assert!(
        said.stderr
            .contains("--tls-cert is nothing without `tls.key`")
    );
}

#[test]
fn a_hangup_without_a_certificate_stops_nothing() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let process = Running::start_with(&mut serve(data.path()), File::create(&log).unwrap());
    process.signal("HUP");
    until(|| fs::read_to_string(&log).unwrap().contains("SIGHUP"));
    assert_eq!(process.interrupt().0, Some(0));
}

#[test]
fn explain_live_trusts_what_the_system_trusts_and_says_when_it_does_not() {
    let authority = Authority::new();
    authority.issue();
    let gateway = Gateway::start(&authority);
    let line = format!("explain --live https://{}/v1/models", gateway.address);
    let trusted = gateway.command(&line, &authority.file("ca.pem"));
    // It has no endpoint, so nobody is admitted; but it was asked.
    assert_eq!(trusted.code, Some(4), "{trusted:?}");
    let other = Authority::new();
    let refused = gateway.command(&line, &other.file("ca.pem"));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("no TLS with 127.0.0.1"),
        "{refused:?}"
    );
}
