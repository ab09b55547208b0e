//! Bodies that an answer does not depend on: they are read all the same, so that no reset overtakes the answer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::process::{ROOT_KEY, Running, drawbridge};

/// More than sockets hold, and more than management reads of a document.
const LENGTH: usize = 8 << 20;

/// What the gateway answers to a request with such a body, and to another one on the same connection.
fn statuses(address: &str, method: &str, path: &str, lines: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{lines}");
    let mut sent = format!("{head}Content-Length: {LENGTH}\r\n\r\n").into_bytes();
    sent.resize(sent.len() + LENGTH, b' ');
    let last = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    sent.extend_from_slice(last.as_bytes());
    stream.write_all(&sent).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    let heads = answers.split("HTTP/1.1 ").skip(1);
    heads.map(|head| head[..3].to_owned()).collect()
}

#[test]
fn an_answer_that_needs_no_body_arrives_and_the_connection_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = drawbridge(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
    let process = Running::start(command.arg(directory.path()));
    let url = process.first_line.rsplit(' ').next().unwrap();
    let address = url.strip_prefix("http://").unwrap();
    let key = format!("Authorization: Bearer {ROOT_KEY}\r\n");
    let json = format!("{key}Content-Type: application/json\r\n");
    for (method, path, lines, status) in [
        ("GET", "/healthz", "", "200"),
        ("GET", "/errors", "", "200"),
        ("GET", "/openapi.json", "", "200"),
        ("GET", "/metrics", "", "200"),
        ("GET", "/v1/projects", &key, "200"),
        ("POST", "/v1/projects", "", "401"),
        ("POST", "/v1/projects", &key, "415"),
        ("POST", "/v1/projects", &json, "413"),
        ("POST", "/v1/nothing", &key, "403"),
    ] {
        let answered = statuses(address, method, path, lines);
        assert_eq!(answered, [status, "200"], "{method} {path}");
    }
}
