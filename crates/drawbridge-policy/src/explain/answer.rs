//! What a server answers, as far as browsers look at it.

/// One answer: status and header lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names and values of all header lines, in order.
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// An answer without headers.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
        }
    }

    /// The same answer with one more header line.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The values of one field, line by line, without white space around them.
    pub fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim_matches([' ', '\t']))
    }

    /// The value of one field, several lines joined (Fetch, "get" from a header list).
    pub fn get(&self, name: &str) -> Option<String> {
        let lines: Vec<_> = self.lines(name).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// Where the answer redirects to; `None` where it is no redirect, or one without a `Location`.
    pub(super) fn location(&self) -> Option<String> {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
            .then(|| self.get("location"))
            .flatten()
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetworkError {
    /// The connection ended before an answer.
    Closed,
    /// Nothing listens there.
    Refused,
    /// The host has no address.
    Unresolved,
    /// No answer in time.
    TimedOut,
    /// The certificate is not trusted.
    Certificate,
}

/// What came back for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An answer.
    Answer(Answer),
    /// None.
    Failed(NetworkError),
}

/// What one URL answers: the first hop is the URL that the page asks for, each further one where the last redirects to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// To the preflight, if there is one.
    pub preflight: Option<Reply>,
    /// To the request itself.
    pub actual: Option<Reply>,
}
