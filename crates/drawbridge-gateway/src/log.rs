//! The log: one line a request at the end of its body, and what operators must know.
//!
//! Cores push entries into buffers of their own; one thread formats and writes them several times a second, so that a
//! request costs no system call and no wake-up for its line. A full buffer drops lines and says how many. A line never
//! holds a key, a body, a cookie or a query.

use std::error::Error;
use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::key::Caller;
use http::{HeaderValue, Method, Uri};
use jiff::Timestamp;
use serde::Serialize;

/// Entries that one core can hold until the writer comes round.
pub(crate) const CAPACITY: usize = 16_384;
const PAUSE: Duration = Duration::from_millis(20);

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// For a person at a terminal.
    Text,
}

/// The least important entries that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something is broken and needs somebody.
    Error,
    /// Something looks wrong.
    Warn,
    /// Requests and milestones.
    Info,
}

/// Everything a request's line tells.
#[derive(Debug)]
pub(crate) struct RequestLine {
    pub(crate) at: Timestamp,
    pub(crate) id: HeaderValue,
    pub(crate) client: IpAddr,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) endpoint: Option<Arc<Endpoint>>,
    pub(crate) caller: Option<Caller>,
    pub(crate) caller_id: Option<String>,
    pub(crate) origin: Option<HeaderValue>,
    pub(crate) cors_phase: Option<&'static str>,
    pub(crate) cors_verdict: Option<&'static str>,
    pub(crate) cors_reason: Option<&'static str>,
    pub(crate) status: u16,
    pub(crate) code: Option<&'static str>,
    pub(crate) cause: Option<String>,
    pub(crate) upstream_status: Option<u16>,
    pub(crate) upstream_request_id: Option<HeaderValue>,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// `None` when the client left before the answer.
    pub(crate) first_byte: Option<Duration>,
    pub(crate) duration: Duration,
    pub(crate) outcome: &'static str,
    pub(crate) revision: u64,
}

enum Entry {
    Request(Box<RequestLine>),
    Event(Event),
}

#[derive(Serialize)]
struct Event {
    #[serde(rename = "time")]
    at: Timestamp,
    level: Level,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

#[derive(Default)]
struct Buffer {
    entries: Mutex<Vec<Entry>>,
    /// Ever.
    dropped: AtomicU64,
    /// Of these, how many a line was written about.
    reported: AtomicU64,
}

impl Buffer {
    fn push(&self, entry: Entry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() < CAPACITY {
            entries.push(entry);
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Shared {
    level: Level,
    format: Format,
    buffers: Mutex<Vec<Arc<Buffer>>>,
    is_closing: AtomicBool,
}

/// Where entries go; cheap to clone.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
    own: Arc<Buffer>,
}

impl Log {
    /// Starts the thread that writes to `out`, and returns it for [`Log::close`].
    ///
    /// # Errors
    /// The operating system refuses a thread.
    pub fn start(
        format: Format,
        level: Level,
        out: impl Write + Send + 'static,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let own = Arc::new(Buffer::default());
        let shared = Arc::new(Shared {
            level,
            format,
            buffers: Mutex::new(vec![Arc::clone(&own)]),
            is_closing: AtomicBool::new(false),
        });
        let log = Self {
            shared: Arc::clone(&shared),
            own,
        };
        let thread = std::thread::Builder::new()
            .name("drawbridge-log".to_owned())
            .spawn(move || write_all(&shared, out))?;
        Ok((log, thread))
    }

    /// Has the writer finish what was pushed so far, and end.
    pub fn close(self, thread: JoinHandle<()>) {
        self.shared.is_closing.store(true, Ordering::Release);
        // A writer that panicked has been reported by the panic hook.
        let _ = thread.join();
    }

    /// Something that operators must know, with its chain of causes.
    pub fn error(&self, message: &str, cause: &dyn Error) {
        self.event(Level::Error, message, Some(chain(cause)));
    }

    /// Something that looks wrong.
    pub fn warn(&self, message: &str) {
        self.event(Level::Warn, message, None);
    }

    /// A milestone.
    pub fn info(&self, message: &str) {
        self.event(Level::Info, message, None);
    }

    fn event(&self, level: Level, message: &str, cause: Option<String>) {
        if level <= self.shared.level {
            self.own.push(Entry::Event(Event {
                at: Timestamp::now(),
                level,
                message: message.to_owned(),
                cause,
            }));
        }
    }

    /// How many entries were ever dropped.
    pub(crate) fn dropped(&self) -> u64 {
        let buffers = self.shared.buffers.lock();
        let buffers = buffers.unwrap_or_else(PoisonError::into_inner);
        let dropped = buffers
            .iter()
            .map(|buffer| buffer.dropped.load(Ordering::Relaxed));
        dropped.sum()
    }

    /// The same log with a buffer of its own, for one core.
    pub(crate) fn core(&self) -> CoreLog {
        let own = Arc::new(Buffer::default());
        let mut buffers = self
            .shared
            .buffers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        buffers.push(Arc::clone(&own));
        CoreLog(Self {
            shared: Arc::clone(&self.shared),
            own,
        })
    }
}

/// One core's way into the log.
pub(crate) struct CoreLog(Log);

impl CoreLog {
    /// Whether request lines are written at all.
    pub(crate) fn wants_requests(&self) -> bool {
        self.0.shared.level >= Level::Info
    }

    pub(crate) fn request(&self, line: RequestLine) {
        self.0.own.push(Entry::Request(Box::new(line)));
    }

    pub(crate) fn error(&self, message: &str, cause: &dyn Error) {
        self.0.error(message, cause);
    }

    pub(crate) fn info(&self, message: &str) {
        self.0.info(message);
    }
}

/// An error and its causes in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

fn write_all(shared: &Shared, mut out: impl Write) {
    let mut bytes = Vec::new();
    loop {
        let is_last = shared.is_closing.load(Ordering::Acquire);
        let buffers = shared
            .buffers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for buffer in buffers {
            let entries = std::mem::take(
                &mut *buffer
                    .entries
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner),
            );
            for entry in &entries {
                write_entry(shared.format, entry, &mut bytes);
            }
            let ever = buffer.dropped.load(Ordering::Relaxed);
            let dropped = ever - buffer.reported.swap(ever, Ordering::Relaxed);
            if dropped > 0 {
                let message =
                    format!("{dropped} log lines were dropped: the writer cannot keep up");
                let event = Event {
                    at: Timestamp::now(),
                    level: Level::Warn,
                    message,
                    cause: None,
                };
                write_entry(shared.format, &Entry::Event(event), &mut bytes);
            }
        }
        if !bytes.is_empty() {
            // A log that cannot be written must not stop the gateway.
            let _ = out.write_all(&bytes).and_then(|()| out.flush());
            bytes.clear();
        }
        if is_last {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

fn write_entry(format: Format, entry: &Entry, bytes: &mut Vec<u8>) {
    // Writing into a `Vec` cannot fail, and none of the fields can refuse to be JSON.
    let _ = match (format, entry) {
        (Format::Json, Entry::Request(line)) => {
            serde_json::to_writer(&mut *bytes, &Fields::of(line)).map_err(io::Error::from)
        }
        (Format::Json, Entry::Event(event)) => {
            serde_json::to_writer(&mut *bytes, event).map_err(io::Error::from)
        }
        (Format::Text, Entry::Request(line)) => write_text(line, bytes),
        (Format::Text, Entry::Event(event)) => {
            let cause = event
                .cause
                .as_ref()
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            write!(
                bytes,
                "{:.3} {:?} {}{cause}",
                event.at, event.level, event.message
            )
        }
    };
    bytes.push(b'\n');
}

fn write_text(line: &RequestLine, bytes: &mut Vec<u8>) -> io::Result<()> {
    let fields = Fields::of(line);
    write!(
        bytes,
        "{:.3} {} {} {} {:.1}ms",
        line.at, line.status, fields.method, fields.path, fields.duration_ms
    )?;
    for (name, value) in [
        ("origin", fields.origin),
        ("cors", fields.cors_verdict),
        ("reason", fields.cors_reason.or(fields.code)),
        ("key", fields.key),
        ("cause", fields.cause),
    ] {
        if let Some(value) = value {
            write!(bytes, " {name}={value}")?;
        }
    }
    if fields.outcome != "complete" {
        write!(bytes, " outcome={}", fields.outcome)?;
    }
    Ok(())
}

/// A request's line as JSON.
#[derive(Serialize)]
struct Fields<'l> {
    time: Timestamp,
    level: Level,
    #[serde(rename = "request.id", skip_serializing_if = "Option::is_none")]
    id: Option<&'l str>,
    #[serde(rename = "client.ip")]
    client: IpAddr,
    #[serde(rename = "http.method")]
    method: &'l str,
    #[serde(rename = "http.path")]
    path: &'l str,
    #[serde(rename = "http.status")]
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'l str>,
    #[serde(rename = "project.id", skip_serializing_if = "Option::is_none")]
    project: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'l str>,
    #[serde(rename = "key.id", skip_serializing_if = "Option::is_none")]
    key: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'l str>,
    #[serde(rename = "cors.phase", skip_serializing_if = "Option::is_none")]
    cors_phase: Option<&'l str>,
    #[serde(rename = "cors.verdict", skip_serializing_if = "Option::is_none")]
    cors_verdict: Option<&'l str>,
    #[serde(rename = "cors.reason", skip_serializing_if = "Option::is_none")]
    cors_reason: Option<&'l str>,
    #[serde(rename = "upstream.status", skip_serializing_if = "Option::is_none")]
    upstream_status: Option<u16>,
    #[serde(
        rename = "upstream.request_id",
        skip_serializing_if = "Option::is_none"
    )]
    upstream_request_id: Option<&'l str>,
    bytes_in: u64,
    bytes_out: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_byte_ms: Option<f64>,
    duration_ms: f64,
    outcome: &'l str,
    revision: u64,
}

impl<'l> Fields<'l> {
    fn of(line: &'l RequestLine) -> Self {
        let endpoint = line.endpoint.as_deref();
        Self {
            time: line.at,
            level: Level::Info,
            id: line.id.to_str().ok(),
            client: line.client,
            method: line.method.as_str(),
            path: line.uri.path(),
            status: line.status,
            code: line.code,
            cause: line.cause.as_deref(),
            project: endpoint.map(|endpoint| &*endpoint.project.id),
            endpoint: endpoint.map(|endpoint| &*endpoint.name),
            key: line
                .caller
                .as_ref()
                .map(Caller::id)
                .or(line.caller_id.as_deref()),
            origin: line.origin.as_ref().and_then(|origin| origin.to_str().ok()),
            cors_phase: line.cors_phase,
            cors_verdict: line.cors_verdict,
            cors_reason: line.cors_reason,
            upstream_status: line.upstream_status,
            upstream_request_id: line
                .upstream_request_id
                .as_ref()
                .and_then(|id| id.to_str().ok()),
            bytes_in: line.bytes_in,
            bytes_out: line.bytes_out,
            first_byte_ms: line.first_byte.map(milliseconds),
            duration_ms: milliseconds(line.duration),
            outcome: line.outcome,
            revision: line.revision,
        }
    }
}

/// With a precision of one microsecond.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
