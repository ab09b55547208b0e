//! An upstream that reads HTTP/1.1 by the letter, and records every request that it was sent.
//!
//! It must never be tolerant: what it refuses, another server might read in a second way.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A request as the upstream got it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// What `x-seen` of its answer says: no other request has it.
    pub(crate) serial: u64,
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to its end.
    pub(crate) is_complete: bool,
    /// What is wrong with its form.
    pub(crate) fault: Option<String>,
}

impl Seen {
    /// The values of a field.
    pub(crate) fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s [u8]> {
        self.headers
            .iter()
            .filter(move |(own, _)| own == name)
            .map(|(_, value)| value.as_slice())
    }
}

type Requests = Arc<Mutex<Vec<Seen>>>;

/// The upstream's listening socket and its memory.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    requests: Requests,
}

#[expect(clippy::unwrap_used, reason = "a harness that cannot go on ends")]
impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Requests::default();
        let shared = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let requests = Arc::clone(&shared);
                let stream = stream.unwrap();
                std::thread::spawn(move || serve(&stream, &requests));
            }
        });
        Self { address, requests }
    }

    /// What came since the last call.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

#[expect(clippy::unwrap_used, reason = "a harness that cannot go on ends")]
fn serve(stream: &TcpStream, requests: &Requests) {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let mut seen = Seen {
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            ..Seen::default()
        };
        let read = read(&mut reader, &mut seen);
        if let Err(Broken::Malformed(fault)) = &read {
            seen.fault = Some(fault.clone());
        }
        let is_idle_end = seen.method.is_empty() && seen.fault.is_none();
        let (answer, goes_on) = answer(&seen);
        if !is_idle_end {
            requests.lock().unwrap().push(seen);
        }
        if read.is_err() || writer.write_all(answer.as_bytes()).is_err() || !goes_on {
            return;
        }
    }
}

/// An answer with headers that must not reach a page, and whether the connection goes on. The client chooses its end by
/// `x-mood`: chunked, the last on its connection, or cut off in the middle.
fn answer(seen: &Seen) -> (String, bool) {
    let mood = seen.values("x-mood").next().unwrap_or_default();
    let (framing, body) = match mood {
        b"stream" => ("transfer-encoding: chunked", "2\r\n{}\r\n0\r\n\r\n"),
        b"close" => ("connection: close\r\ncontent-length: 2", "{}"),
        b"cut" => ("content-length: 20", "{}"),
        _ => ("content-length: 2", "{}"),
    };
    let body = if seen.method == "HEAD" { "" } else { body };
    let serial = seen.serial;
    let answer = format!(
        "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\naccess-control-allow-credentials: true\r\n\
         set-cookie: a=b\r\nconnection: x-hop\r\nx-hop: 1\r\nx-request-id: theirs\r\nx-seen: {serial}\r\n{framing}\r\n\r\n{body}"
    );
    (answer, ![b"close".as_slice(), b"cut"].contains(&mood))
}

/// Why a request has no end.
enum Broken {
    /// The gateway closed the connection.
    Closed,
    Malformed(String),
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => Self::Closed,
            _ => Self::Malformed(error.to_string()),
        }
    }
}

fn malformed(what: &str, bytes: &[u8]) -> Broken {
    Broken::Malformed(format!("{what}: {:?}", String::from_utf8_lossy(bytes)))
}

/// One line without its CR LF (RFC 9112 section 2.2: a sender must not use anything else).
fn line(reader: &mut impl BufRead) -> Result<Vec<u8>, Broken> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\r\n") {
        Some(text) if !text.iter().any(|byte| b"\r\n\0".contains(byte)) => Ok(text.to_vec()),
        _ if !line.ends_with(b"\n") => Err(Broken::Closed),
        _ => Err(malformed("a line", &line)),
    }
}

fn read(reader: &mut impl BufRead, seen: &mut Seen) -> Result<(), Broken> {
    let start = line(reader)?;
    let text = String::from_utf8_lossy(&start).into_owned();
    let parts: Vec<&str> = text.split(' ').collect();
    let [method, target, "HTTP/1.1"] = parts.as_slice() else {
        return Err(malformed("a request line", &start));
    };
    loop {
        let header = line(reader)?;
        if header.is_empty() {
            break;
        }
        seen.headers.push(field(&header)?);
    }
    (seen.method, seen.target) = ((*method).to_owned(), (*target).to_owned());
    read_body(reader, seen)?;
    seen.is_complete = true;
    Ok(())
}

/// RFC 9112 section 5: no white space before the colon, no folding.
fn field(line: &[u8]) -> Result<(String, Vec<u8>), Broken> {
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, value) = line.split_at(colon.ok_or_else(|| malformed("a header line", line))?);
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if name.is_empty() || !name.iter().all(is_token) {
        return Err(malformed("a header line", line));
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Ok((name, value[1..].trim_ascii().to_vec()))
}

/// One framing and only one (RFC 9112 section 6.3).
fn read_body(reader: &mut impl BufRead, seen: &mut Seen) -> Result<(), Broken> {
    let lengths: Vec<Vec<u8>> = seen.values("content-length").map(<[u8]>::to_vec).collect();
    let codings: Vec<Vec<u8>> = seen
        .values("transfer-encoding")
        .map(<[u8]>::to_vec)
        .collect();
    match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Ok(()),
        ([length], []) => {
            let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
            let length = str::from_utf8(length).ok().filter(|_| is_number);
            match length.and_then(|length| length.parse().ok()) {
                Some(length) => read_exactly(reader, length, &mut seen.body),
                None => Err(malformed("a length", &lengths.concat())),
            }
        }
        ([], [coding]) if coding == b"chunked" => read_chunks(reader, seen),
        _ => Err(malformed(
            "two framings",
            &[lengths, codings].concat().join(&b','),
        )),
    }
}

fn read_chunks(reader: &mut impl BufRead, seen: &mut Seen) -> Result<(), Broken> {
    loop {
        let line = line(reader)?;
        let digits = str::from_utf8(&line).ok();
        let is_hex = (1..=8).contains(&line.len()) && line.iter().all(u8::is_ascii_hexdigit);
        let size = digits
            .filter(|_| is_hex)
            .and_then(|size| u64::from_str_radix(size, 16).ok());
        let size = size.ok_or_else(|| malformed("a chunk's size", &line))?;
        read_exactly(reader, size, &mut seen.body)?;
        let mut end = Vec::new();
        read_exactly(reader, 2, &mut end)?;
        // The gateway forwards no trailers.
        if end != b"\r\n" {
            return Err(malformed("the end of a chunk", &end));
        }
        if size == 0 {
            return Ok(());
        }
    }
}

fn read_exactly(reader: &mut impl BufRead, length: u64, into: &mut Vec<u8>) -> Result<(), Broken> {
    let read = reader.take(length).read_to_end(into)? as u64;
    if read == length {
        Ok(())
    } else {
        Err(Broken::Closed)
    }
}
