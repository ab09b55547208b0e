//! A server on loopback that says what a test wrote down, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) lines: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    /// The value of one header; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.lines.iter();
        lines
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) lines: Vec<String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub(crate) fn with(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Takes the lines of one field away.
    pub(crate) fn remove(&mut self, name: &str) {
        let start = format!("{name}:");
        self.lines.retain(|line| !line.starts_with(&start));
    }

    /// Puts one line in the place of the field's others.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.lines.push(format!("{name}: {value}"));
    }
}

/// The server; it stops when it is dropped.
pub(crate) struct Scripted {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    pub(crate) fn start(script: impl Fn(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let is_over = Arc::new(AtomicBool::new(false));
        let (heard, over) = (Arc::clone(&asked), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                serve(stream.unwrap(), &script, &heard);
            }
        });
        Self {
            url,
            asked,
            is_over,
            thread: Some(thread),
        }
    }

    /// What it was asked so far, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// One connection, one request. A client that is gone by then is nobody's problem.
fn serve(mut stream: TcpStream, script: &impl Fn(&Asked) -> Answer, heard: &Mutex<Vec<Asked>>) {
    let Some(asked) = read(&stream) else {
        return;
    };
    let answer = script(&asked);
    heard.lock().unwrap().push(asked);
    let Answer {
        status,
        lines,
        body,
    } = answer;
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let length = match status {
        204 | 304 => String::new(),
        _ => format!("Content-Length: {}\r\n", body.len()),
    };
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nConnection: close\r\n{length}{lines}\r\n{body}"
    );
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut words = first.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        lines.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut asked = Asked {
        method,
        path,
        lines,
        body: String::new(),
    };
    let length = asked.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).unwrap();
    Some(asked)
}
