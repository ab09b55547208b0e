//! An upstream that answers as the case says, byte by byte, and counts what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use drawbridge_conformance::{Fault, Upstream as Behaviour};
use socket2::{Domain, Socket, Type};

/// What the connections share.
struct Shared {
    behaviour: Mutex<Behaviour>,
    asked: AtomicUsize,
    /// Whether the client has the first chunk, so that the rest may follow.
    is_released: Mutex<bool>,
    release: Condvar,
}

/// A scripted upstream; one case at a time.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    /// Nothing listens there, and nobody else can: the port is taken, but no connection is accepted.
    pub(crate) refusing: SocketAddr,
    shared: Arc<Shared>,
    _port: Socket,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        port.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())
            .unwrap();
        let quiet = Behaviour {
            status: 200,
            lines: Vec::new(),
            chunks: Vec::new(),
            fault: None,
        };
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(quiet),
            asked: AtomicUsize::new(0),
            is_released: Mutex::new(false),
            release: Condvar::new(),
        });
        let upstream = Self {
            address: listener.local_addr().unwrap(),
            refusing: port.local_addr().unwrap().as_socket().unwrap(),
            shared: Arc::clone(&shared),
            _port: port,
        };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        upstream
    }

    /// From now on it behaves like this, and has not been asked.
    pub(crate) fn behave(&self, behaviour: &Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour.clone();
        *self.shared.is_released.lock().unwrap() = false;
        self.shared.asked.store(0, Ordering::SeqCst);
    }

    /// Lets the chunks after the first follow.
    pub(crate) fn release(&self) {
        *self.shared.is_released.lock().unwrap() = true;
        self.shared.release.notify_all();
    }

    /// Whether a request came since it was told how to behave.
    pub(crate) fn was_asked(&self) -> bool {
        self.shared.asked.load(Ordering::SeqCst) > 0
    }
}

/// Answers the requests of one connection, until either side has enough of it. Failing to write is no fault here: the
/// gateway may have gone.
fn serve(stream: TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(method) = read_request(&mut reader) {
        shared.asked.fetch_add(1, Ordering::SeqCst);
        let behaviour = shared.behaviour.lock().unwrap().clone();
        let is_done = match behaviour.fault {
            Some(Fault::Silent) => reader.read(&mut [0]).is_ok(),
            Some(Fault::Garbage) => stream.write_all(b"this is no HTTP\r\n\r\n").is_ok(),
            Some(Fault::Refuses) | None => !answer(&mut stream, &method, &behaviour, shared),
        };
        if is_done {
            return;
        }
    }
}

/// The method of the next request, when it has been read to its end.
fn read_request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader
        .read_line(&mut line)
        .ok()
        .filter(|length| *length > 0)?;
    let method = line.split(' ').next()?.to_owned();
    let (mut length, mut is_chunked) = (0, false);
    loop {
        // Not every line is UTF-8.
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok()?;
        let line = String::from_utf8_lossy(&line)
            .trim_end()
            .to_ascii_lowercase();
        match line.split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().ok()?,
            Some(("transfer-encoding", _)) => is_chunked = true,
            Some(_) => {}
            None => break,
        }
    }
    if is_chunked {
        read_chunks(reader)?;
    } else {
        reader.read_exact(&mut vec![0; length]).ok()?;
    }
    Some(method)
}

fn read_chunks(reader: &mut BufReader<TcpStream>) -> Option<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim_end(), 16).ok()?;
        reader.read_exact(&mut vec![0; size + 2]).ok()?;
        if size == 0 {
            return Some(());
        }
    }
}

/// Whether the connection goes on.
fn answer(stream: &mut TcpStream, method: &str, behaviour: &Behaviour, shared: &Shared) -> bool {
    let Behaviour {
        status,
        lines,
        chunks,
        fault: _,
    } = behaviour;
    let mut head = format!("HTTP/1.1 {status} As the case says\r\n").into_bytes();
    for line in lines {
        head.extend(line.bytes(&[]).unwrap());
        head.extend_from_slice(b"\r\n");
    }
    let body: &[u8] = match (method, status) {
        ("HEAD", _) | (_, 204 | 304) => b"\r\n",
        _ if chunks.is_empty() => b"Content-Length: 2\r\n\r\n{}",
        _ => b"Transfer-Encoding: chunked\r\n\r\n",
    };
    head.extend_from_slice(body);
    if stream.write_all(&head).is_err() || method == "HEAD" || chunks.is_empty() {
        return true;
    }
    for (index, chunk) in chunks.iter().enumerate() {
        if index == 1 {
            let is_released = shared.is_released.lock().unwrap();
            drop(
                shared
                    .release
                    .wait_while(is_released, |is_released| !*is_released)
                    .unwrap(),
            );
        }
        if write!(stream, "{:x}\r\n{chunk}\r\n", chunk.len()).is_err() {
            return false;
        }
    }
    stream.write_all(b"0\r\n\r\n").is_ok()
}
