//! HTTP/1.1 by hand: exact bytes out, exact header lines back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longest wait for a byte of an answer; a test that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer as it came.
pub(crate) struct Received {
    pub(crate) status: u16,
    /// Header lines in order, values without the white space around them.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The first line called `name`.
    fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(one, _)| one.eq_ignore_ascii_case(name))?;
        str::from_utf8(value).ok()
    }
}

/// A connection to the gateway.
pub(crate) struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// Sends one request and reads the head of its answer.
    pub(crate) fn send(&mut self, request: &[u8]) -> Received {
        self.stream.write_all(request).unwrap();
        loop {
            let end = self.read_until(b"\r\n\r\n");
            let head: Vec<u8> = self.unread.drain(..end).collect();
            let received = read_head(&head);
            if received.status >= 200 {
                return received;
            }
        }
    }

    /// Waits until the answer's body has begun with this, framing aside.
    pub(crate) fn await_beginning(&mut self, beginning: &[u8]) {
        self.read_until(beginning);
    }

    /// Reads the body of the answer to `method`.
    pub(crate) fn read_body(&mut self, method: &str, received: &mut Received) {
        if method == "HEAD" || [204, 304].contains(&received.status) {
            return;
        }
        if received.value("transfer-encoding").is_some() {
            return self.read_chunks(&mut received.body);
        }
        match received
            .value("content-length")
            .map(|length| length.parse().unwrap())
        {
            Some(length) => received.body = self.take(length),
            None => {
                self.stream.read_to_end(&mut self.unread).unwrap();
                received.body.append(&mut self.unread);
            }
        }
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) {
        loop {
            let end = self.read_until(b"\r\n");
            let line: Vec<u8> = self.unread.drain(..end).collect();
            let size = str::from_utf8(&line).unwrap().trim_end();
            let size = usize::from_str_radix(size, 16).unwrap();
            let chunk = self.take(size + 2);
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                return;
            }
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            self.read_more();
        }
        self.unread.drain(..length).collect()
    }

    /// How much of what was read ends with `mark`, which it reads on to find.
    fn read_until(&mut self, mark: &[u8]) -> usize {
        loop {
            let found = self
                .unread
                .windows(mark.len())
                .position(|window| window == mark);
            match found {
                Some(start) => return start + mark.len(),
                None => self.read_more(),
            }
        }
    }

    fn read_more(&mut self) {
        let mut buffer = [0; 16 << 10];
        let length = self.stream.read(&mut buffer).unwrap();
        let so_far = String::from_utf8_lossy(&self.unread);
        assert_ne!(length, 0, "the connection was closed after {so_far:?}");
        self.unread.extend_from_slice(&buffer[..length]);
    }
}

/// Sends one request on a connection of its own and reads the whole answer.
pub(crate) fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    key: &str,
    body: &Value,
) -> Received {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut client = Client::connect(address);
    let mut received = client.send(request.as_bytes());
    client.read_body(method, &mut received);
    received
}

fn read_head(head: &[u8]) -> Received {
    let mut lines = head
        .split(|byte| *byte == b'\n')
        .map(|line| line.trim_ascii_end());
    let status = lines.next().unwrap();
    let status = str::from_utf8(status).unwrap().split(' ').nth(1).unwrap();
    let headers = lines.filter(|line| !line.is_empty()).map(|line| {
        let colon = line.iter().position(|byte| *byte == b':').unwrap();
        let name = String::from_utf8(line[..colon].to_vec()).unwrap();
        (name, line[colon + 1..].trim_ascii().to_vec())
    });
    Received {
        status: status.parse().unwrap(),
        headers: headers.collect(),
        body: Vec::new(),
    }
}
