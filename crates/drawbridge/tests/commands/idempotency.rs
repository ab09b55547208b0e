//! What is left of answers to requests with idempotency keys when the gateway is killed, and when the disk fails.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;

use sqlx::ConnectOptions as _;
use sqlx::Executor as _;
use sqlx::sqlite::SqliteConnectOptions;

use crate::disk::{FailingDisk, Gateway};
use crate::process::{ROOT_KEY, exchange};

const SECRET_ANSWER: &str = "nobody but the client reads this";

/// An upstream that answers when the test says so.
struct Upstream(TcpListener);

impl Upstream {
    fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// The next request, read to its end.
    fn accept(&self) -> TcpStream {
        let (mut stream, _) = self.0.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n{}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        stream
    }

    /// Answers the next request.
    fn answer(&self, rest: &str) {
        let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{rest}");
        self.accept().write_all(answer.as_bytes()).unwrap();
    }

    fn is_untouched(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let accepted = self.0.accept();
        self.0.set_nonblocking(false).unwrap();
        matches!(accepted, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

fn whole() -> String {
    let length = SECRET_ANSWER.len();
    format!("content-length: {length}\r\n\r\n{SECRET_ANSWER}")
}

fn chunked() -> String {
    let length = SECRET_ANSWER.len();
    format!("transfer-encoding: chunked\r\n\r\n{length:x}\r\n{SECRET_ANSWER}\r\n0\r\n\r\n")
}

fn set_up(gateway: &Gateway, upstream: &Upstream) {
    let project = r#"{"id": "proj_idem01", "slug": "idem", "name": "Idem"}"#;
    let answer = gateway.manage("POST", "/v1/projects", project);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let base_url = format!("http://{}/v1", upstream.0.local_addr().unwrap());
    // A request that reaches an upstream where nobody answers is to fail the test, not to hold it up.
    let endpoint = format!(
        r#"{{"name": "e", "upstream": {{"base_url": "{base_url}"}}, "limits": {{"first_byte_seconds": 60}}}}"#
    );
    let answer = gateway.manage("POST", "/v1/projects/idem/endpoints", &endpoint);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

fn post(url: &str, key: &str) -> String {
    let authorization = format!("Authorization: Bearer {ROOT_KEY}");
    let key = format!("Idempotency-Key: {key}");
    let lines = [&*authorization, &key];
    exchange(url, "POST", "/proj_idem01/e/v1/responses", &lines, "{}")
}

/// Posts while the test goes on.
fn posting(gateway: &Gateway, key: &str) -> JoinHandle<String> {
    let (url, key) = (gateway.url.clone(), key.to_owned());
    std::thread::spawn(move || post(&url, &key))
}

#[track_caller]
fn assert_first(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(SECRET_ANSWER), "{answer}");
    assert!(!answer.contains("idempotency-replayed"), "{answer}");
}

#[track_caller]
fn assert_replayed(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with(SECRET_ANSWER), "{answer}");
    assert!(
        answer.contains("idempotency-replayed: true\r\n"),
        "{answer}"
    );
}

fn assert_no_text_in(directory: &Path) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let mut windows = bytes.windows(SECRET_ANSWER.len());
        let is_there = windows.any(|window| window == SECRET_ANSWER.as_bytes());
        assert!(!is_there, "{}", path.display());
    }
}

#[test]
fn an_answer_that_a_client_has_seen_whole_is_replayed_after_kill() {
    let data = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(data.path());
    set_up(&gateway, &upstream);
    for round in 0..6 {
        let key = format!("round-{round}");
        let first = posting(&gateway, &key);
        let answer = if round % 2 == 0 { whole() } else { chunked() };
        upstream.answer(&answer);
        assert_first(&first.join().unwrap());
        // Right after the last byte.
        gateway.process.kill();
        gateway = Gateway::start(data.path());
        assert_replayed(&post(&gateway.url, &key));
    }
    assert_replayed(&post(&gateway.url, "round-0"));
    assert!(upstream.is_untouched());
    assert_no_text_in(data.path());
}

#[test]
fn what_was_in_flight_at_a_kill_runs_again() {
    let data = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    let gateway = Gateway::start(data.path());
    set_up(&gateway, &upstream);
    let cut = posting(&gateway, "a");
    let mut connection = upstream.accept();
    let begun = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n";
    connection.write_all(begun).unwrap();
    gateway.process.kill();
    // Reading what was cut fails: the thread panics.
    drop(cut);
    drop(connection);
    let gateway = Gateway::start(data.path());
    let again = posting(&gateway, "a");
    upstream.answer(&whole());
    assert_first(&again.join().unwrap());
    assert_replayed(&post(&gateway.url, "a"));
}

#[test]
fn an_answer_that_the_disk_refuses_goes_out_and_is_not_run_again() {
    let data = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    let gateway = Gateway::start(data.path());
    set_up(&gateway, &upstream);
    let disk = FailingDisk::under(&gateway.process);
    let first = posting(&gateway, "a");
    upstream.answer(&whole());
    assert_first(&first.join().unwrap());
    disk.heal();
    let again = post(&gateway.url, "a");
    assert!(again.starts_with("HTTP/1.1 409"), "{again}");
    assert!(again.contains(r#""code":"answer_not_stored""#), "{again}");
    assert!(upstream.is_untouched());
    let other = posting(&gateway, "b");
    upstream.answer(&chunked());
    assert_first(&other.join().unwrap());
    assert_replayed(&post(&gateway.url, "b"));
}

/// Makes the gateway believe that its only key has that much.
fn count(data: &Path, statement: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        let path = data.join("drawbridge.db");
        let options = SqliteConnectOptions::new().filename(path);
        let mut connection = options.connect().await.unwrap();
        let done = connection.execute(statement).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    });
}

#[test]
fn whatever_a_key_has_used_up_nothing_runs_twice() {
    let data = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    let gateway = Gateway::start(data.path());
    set_up(&gateway, &upstream);
    let run = |key: &str| {
        let first = posting(&gateway, key);
        upstream.answer(&whole());
        assert_first(&first.join().unwrap());
    };
    let assert_refused = |key: &str, status: u16, code: &str| {
        let answer = post(&gateway.url, key);
        let start = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&start), "{answer}");
        let code = format!(r#""code":"{code}""#);
        assert!(answer.contains(&code), "{answer}");
        assert!(upstream.is_untouched());
    };
    run("a");
    count(
        data.path(),
        "UPDATE idempotency_usage SET bytes = (256 << 20) - 100",
    );
    run("b");
    assert_refused("a", 409, "answer_not_stored");
    count(
        data.path(),
        "UPDATE idempotency_usage SET records = 1000000",
    );
    assert_refused("c", 503, "idempotency_unavailable");
    assert_refused("a", 409, "answer_not_stored");
    assert_replayed(&post(&gateway.url, "b"));
    count(data.path(), "UPDATE idempotency_usage SET records = 2");
    run("c");
}
