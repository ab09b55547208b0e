//! `trusted_proxies` and `proxy_protocol`: whose address log and audit log have.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::process::{ROOT_KEY, Running, drawbridge, exchange};

/// Starts a gateway with these flags; with its directory, where `log` is.
fn start(flags: &[&str]) -> (Running, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let log = File::create(directory.path().join("log")).unwrap();
    let mut command = drawbridge(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
    let running = Running::start_with(command.arg(directory.path()).args(flags), log);
    (running, directory)
}

fn url(running: &Running) -> String {
    let url = running.first_line.strip_prefix("drawbridge listening on ");
    url.unwrap().to_owned()
}

/// `client.ip` of the requests to a path, once the gateway has ended.
fn logged(running: Running, directory: &tempfile::TempDir, path: &str) -> Vec<String> {
    running.interrupt();
    let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["http.path"] == path)
        .map(|line| line["client.ip"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn log_and_audit_have_the_client_that_a_trusted_proxy_names() {
    let (running, directory) = start(&["--trusted-proxies", "127.0.0.1,10.0.0.0/8"]);
    let url = url(&running);
    let key = format!("Authorization: Bearer {ROOT_KEY}");
    let json = "Content-Type: application/json";
    let lines = [
        &*key,
        json,
        "X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.0.0.2",
    ];
    let made = exchange(&url, "POST", "/v1/projects", &lines, r#"{"slug": "p"}"#);
    assert!(made.starts_with("HTTP/1.1 201"), "{made}");
    let audit = exchange(&url, "GET", "/v1/audit-log", &[&key], "");
    assert!(audit.contains("\"203.0.113.7\""), "{audit}");
    assert_eq!(logged(running, &directory, "/v1/projects"), ["203.0.113.7"]);
}

#[test]
fn the_proxy_protocol_is_demanded_by_a_bare_flag() {
    let (running, directory) = start(&["--trusted-proxies=127.0.0.1", "--proxy-protocol"]);
    let url = url(&running);
    let ask = |header: &str| {
        let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        write!(
            stream,
            "{header}GET /healthz HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        // It may be a reset: the request is not read.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    };
    assert_eq!(ask(""), "");
    let answer = ask("PROXY TCP4 203.0.113.7 192.0.2.9 1 2\r\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(logged(running, &directory, "/healthz"), ["203.0.113.7"]);
}
