//! A whole connection: any bytes, in HTTP/1 or HTTP/2, against the real gateway between a client and an upstream.
//!
//! Input: what the client sends, from the first byte on; an input that begins with the preface of HTTP/2 is HTTP/2.
//! What hyper's own server makes of the same bytes is the most that the upstream may see.

mod answers;
mod seen;

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::client::read_more;
use crate::gateway::{Gateway, PATIENCE};
use crate::reading::{PREFACE, Parsed, read};

/// How long answers in HTTP/2 are waited for: flow control may never let them end.
const HTTP2_PATIENCE: Duration = Duration::from_millis(15);

/// Sends the bytes, and checks what came of them on both sides.
pub fn connection(bytes: &[u8]) {
    static GATEWAY: LazyLock<Gateway> = LazyLock::new(Gateway::start);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let gateway = &*GATEWAY;
    let credential = format!("input-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    gateway.set_credential(&credential);
    let parsed = read(bytes);
    let answers = if bytes.starts_with(PREFACE) {
        talk_http2(gateway, bytes, &parsed);
        None
    } else {
        Some(talk_http1(gateway, bytes, &parsed))
    };
    gateway.assert_serving();
    let seen = gateway.upstream.take();
    seen::check(&seen, &credential, &parsed);
    if let Some(answers) = answers {
        answers::check(&answers, &parsed, &seen);
    }
}

/// Sends everything, waits for the answers that must come, says that nothing follows, and reads to the end.
fn talk_http1(gateway: &Gateway, bytes: &[u8], parsed: &[Parsed]) -> Vec<u8> {
    let mut stream = gateway.connect();
    // The gateway may have closed already.
    let _ = stream.write_all(bytes);
    let complete = parsed.iter().filter(|request| request.is_complete).count();
    let mut answers = Vec::new();
    while answers::complete(&answers, parsed) < complete {
        if !goes_on(&mut stream, &mut answers) {
            return answers;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    while goes_on(&mut stream, &mut answers) {}
    answers
}

/// HTTP/2 is only looked at for its streams' ends: answers are read until as many ended as requests did.
fn talk_http2(gateway: &Gateway, bytes: &[u8], parsed: &[Parsed]) {
    let mut stream = gateway.connect();
    let _ = stream.write_all(bytes);
    let complete = parsed.iter().filter(|request| request.is_complete).count();
    let until = Instant::now() + HTTP2_PATIENCE;
    let mut answers = Vec::new();
    while ended_streams(&answers) < complete {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            break;
        }
        match read_more(&mut stream, &mut answers) {
            Ok(count) if count > 0 => {}
            _ => break,
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(PATIENCE));
    while goes_on(&mut stream, &mut answers) {}
}

/// `false` at the end of the connection; silence is a bug.
fn goes_on(stream: &mut TcpStream, answers: &mut Vec<u8>) -> bool {
    match read_more(stream, answers) {
        Ok(count) => count > 0,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
        Err(error) => panic!(
            "neither an answer nor an end within {} s ({error}), after {:?}",
            PATIENCE.as_secs(),
            String::from_utf8_lossy(answers)
        ),
    }
}

/// Frames that end a stream (RFC 9113 sections 4.1, 6.1, 6.2 and 6.4).
fn ended_streams(mut bytes: &[u8]) -> usize {
    const END_STREAM: u8 = 1;
    let mut ended = 0;
    while let [high, middle, low, kind, flags, ..] = bytes {
        let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
        let is_end = matches!((kind, flags & END_STREAM), (0 | 1, 1) | (3, _));
        ended += usize::from(is_end);
        bytes = bytes.get(9 + length..).unwrap_or_default();
    }
    ended
}
