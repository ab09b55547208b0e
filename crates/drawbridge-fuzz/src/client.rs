//! Answers as a client reads them: HTTP/1.1 by the letter, nothing forgiven.

use std::io::{self, ErrorKind, Read};

/// Appends what has come, and says how many bytes; 0 at the end of the connection.
pub(crate) fn read_more(stream: &mut impl Read, into: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(count) => {
                into.extend_from_slice(&buffer[..count]);
                return Ok(count);
            }
            // libFuzzer looks at its clock by a signal.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Whether all of the body is there; unknown, and so `false`, where only the end of the connection ends it.
    pub(crate) is_complete: bool,
}

impl Answer {
    /// The first answer in `bytes` (to a request of this method), and what follows it; `None` before the end of its
    /// head.
    #[expect(
        clippy::expect_used,
        reason = "a gateway that says anything else has a bug"
    )]
    pub(crate) fn read<'b>(bytes: &'b [u8], method: &str) -> Option<(Self, &'b [u8])> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = str::from_utf8(&bytes[..end]).expect("an answer's head is text");
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default();
        let version = start.get(..9).unwrap_or_default();
        assert!(["HTTP/1.1 ", "HTTP/1.0 "].contains(&version), "{start:?}");
        let status: u16 = start[9..12].parse().expect("a status has three digits");
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(':').expect("a header line has a colon"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Self {
            status,
            headers,
            is_complete: true,
        };
        let rest = &bytes[end + 4..];
        let has_body = method != "HEAD" && status >= 200 && ![204, 304].contains(&status);
        let body = if has_body {
            answer.body_length(rest)
        } else {
            Some(0)
        };
        answer.is_complete = body.is_some();
        Some((answer, &rest[body.unwrap_or(rest.len())..]))
    }

    /// The one value of a field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.iter().filter(|(own, _)| own == name);
        let value = lines.next().map(|(_, value)| value.as_str());
        assert!(lines.next().is_none(), "{name} stands twice: {self:?}");
        value
    }

    /// Whether only the end of the connection ends the body: nothing else does for HTTP/1.0, where no length is known.
    pub(crate) fn ends_by_closing(&self) -> bool {
        let has_no_body = self.status < 200 || [204, 304].contains(&self.status);
        let framing = self
            .header("content-length")
            .or(self.header("transfer-encoding"));
        !has_no_body && framing.is_none()
    }

    /// The bytes that the body takes on the wire, if they are all there.
    #[expect(
        clippy::expect_used,
        reason = "a gateway that says anything else has a bug"
    )]
    fn body_length(&self, bytes: &[u8]) -> Option<usize> {
        let length = self.header("content-length");
        if self.header("transfer-encoding").is_some() {
            assert_eq!(
                (self.header("transfer-encoding"), length),
                (Some("chunked"), None)
            );
            return chunked_length(bytes);
        }
        let length: usize = length?.parse().expect("a length is a number");
        (length <= bytes.len()).then_some(length)
    }
}

/// The bytes that a chunked body takes, trailers included.
#[expect(
    clippy::expect_used,
    reason = "a gateway that says anything else has a bug"
)]
fn chunked_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = bytes[at..].windows(2).position(|two| two == b"\r\n")?;
        let size = str::from_utf8(&bytes[at..at + line]).expect("a chunk's size is text");
        let size = usize::from_str_radix(size, 16).expect("a chunk's size is a number");
        let end = at + line + 2 + size + 2;
        if bytes.len() < end {
            return None;
        }
        assert_eq!(&bytes[end - 2..end], b"\r\n", "a chunk ends with CR LF");
        if size == 0 {
            return Some(end);
        }
        at = end;
    }
}
