//! Stopping a gateway that has work to do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

use crate::process::{ROOT_KEY, drawbridge, exchange, signal};

/// A gateway, what it says on standard error, and a stream through it that goes on until its upstream ends it.
struct Streaming {
    process: Child,
    said: Box<dyn BufRead>,
    url: String,
    client: TcpStream,
    upstream: TcpStream,
    _data: tempfile::TempDir,
}

impl Streaming {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let directory = data.path().to_str().unwrap();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir", directory];
        let mut process = drawbridge(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let url = line.trim_end().rsplit(' ').next().unwrap().to_owned();
        let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
        let key = format!("Authorization: Bearer {ROOT_KEY}");
        let post = |path, body: &str| {
            let lines = [&*key, "Content-Type: application/json"];
            let answer = exchange(&url, "POST", path, &lines, body);
            assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        };
        post("/v1/projects", r#"{"id": "proj_stop01", "slug": "stop"}"#);
        let base_url = format!("http://{}/v1", upstream.local_addr().unwrap());
        let endpoint = format!(r#"{{"name": "e", "upstream": {{"base_url": "{base_url}"}}}}"#);
        post("/v1/projects/stop/endpoints", &endpoint);

        let mut client = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        let head = format!("GET /proj_stop01/e/v1/x HTTP/1.1\r\nHost: gw\r\n{key}\r\n\r\n");
        client.write_all(head.as_bytes()).unwrap();
        let (mut upstream, _) = upstream.accept().unwrap();
        read_until(&mut upstream, b"\r\n\r\n");
        upstream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
            .unwrap();
        read_until(&mut client, b"\r\n\r\na");
        let said = Box::new(BufReader::new(process.stderr.take().unwrap()));
        Self {
            process,
            said,
            url,
            client,
            upstream,
            _data: data,
        }
    }

    /// Sends a signal, and reads on until the process has said this.
    fn signal_until(&mut self, name: &str, text: &str) {
        signal(self.process.id(), name);
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(self.said.read_line(&mut line).unwrap(), 0, "it ended");
        }
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read_until(stream: &mut TcpStream, end: &[u8]) {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.extend(byte);
    }
}

#[test]
fn after_one_signal_open_requests_finish_and_probes_are_told() {
    for name in ["INT", "TERM"] {
        let mut streaming = Streaming::start();
        streaming.signal_until(name, "draining: 1 open requests; again to stop at once");
        for (path, status) in [("/readyz", "503"), ("/healthz", "200")] {
            let answer = exchange(&streaming.url, "GET", path, &[], "");
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{answer}"
            );
        }
        streaming.upstream.write_all(b"b").unwrap();
        read_until(&mut streaming.client, b"b");
        assert_eq!(streaming.process.wait().unwrap().code(), Some(0), "{name}");
    }
}

#[test]
fn a_second_signal_stops_at_once_and_cuts_them() {
    let mut streaming = Streaming::start();
    streaming.signal_until("TERM", "draining: 1 open requests; again to stop at once");
    signal(streaming.process.id(), "INT");
    assert_eq!(streaming.process.wait().unwrap().code(), Some(1));
    let mut rest = Vec::new();
    let end = streaming.client.read_to_end(&mut rest);
    assert!(rest.is_empty(), "{end:?} {rest:?}");
}
