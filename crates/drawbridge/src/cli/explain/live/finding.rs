//! What is wrong with what came back, or will be: what was seen, what it means in a browser, what to do on that server.
//!
//! A finding must never be made up: each shows the lines that it rests on.

mod answer;
mod block;
mod origin;
mod preflight;
mod servers;
mod unseen;

use drawbridge_policy::explain::{Answer, Browser, Code, Fault, Outcome, Simulation};

use super::call::Call;
use super::journey::{Exchange, Purpose};
use super::page::Judged;
use super::probe::Probe;
use super::shown;

pub(super) use unseen::unseen_codes;

/// How bad it is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// It stops the call.
    Blocks,
    /// Strangers get in.
    Danger,
    /// It works here and will fail elsewhere, or later.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Danger => "danger",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// A stable name.
    pub(super) code: &'static str,
    pub(super) seen: Vec<String>,
    pub(super) means: String,
    pub(super) cure: String,
    /// The same for servers that many have.
    pub(super) examples: Vec<String>,
}

impl Finding {
    fn new(severity: Severity, code: &'static str, means: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            seen: Vec::new(),
            means: means.into(),
            cure: String::new(),
            examples: Vec::new(),
        }
    }

    fn seen(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.seen.extend(lines);
        self
    }

    fn cure(mut self, text: impl Into<String>) -> Self {
        self.cure = text.into();
        self
    }

    fn examples(mut self, examples: Vec<String>) -> Self {
        self.examples = examples;
        self
    }
}

/// All that is known.
pub(super) struct Observed<'o> {
    pub(super) call: &'o Call,
    pub(super) exchanges: &'o [Exchange],
    pub(super) browsers: &'o [(Browser, Simulation)],
    pub(super) judged: Option<&'o Judged>,
}

/// An answer, and what it was an answer to.
#[derive(Clone, Copy)]
struct Seen<'o> {
    exchange: &'o Exchange,
    answer: &'o Answer,
}

impl<'o> Observed<'o> {
    /// What failed in each browser.
    pub(super) fn faults(&self) -> impl Iterator<Item = &'o Fault> {
        let outcomes = self.browsers.iter();
        outcomes.filter_map(|(_, simulation)| match &simulation.outcome {
            Outcome::Blocked(fault) => Some(&**fault),
            _ => None,
        })
    }

    fn origin(&self) -> &'o str {
        &self.call.request.origin
    }

    fn answers(&self) -> impl DoubleEndedIterator<Item = Seen<'o>> {
        self.exchanges.iter().filter_map(|exchange| {
            let answer = exchange.answer()?;
            Some(Seen { exchange, answer })
        })
    }

    fn of(&self, purpose: Purpose) -> impl DoubleEndedIterator<Item = Seen<'o>> {
        self.answers()
            .filter(move |seen| seen.exchange.purpose == purpose)
    }

    /// The first answer to a preflight.
    fn preflight(&self) -> Option<Seen<'o>> {
        self.of(Purpose::Preflight).next()
    }

    /// The last answer to the request itself.
    fn request(&self) -> Option<Seen<'o>> {
        self.of(Purpose::Request).next_back()
    }

    fn probe(&self, probe: Probe) -> Option<Seen<'o>> {
        self.of(Purpose::Probe(probe)).next()
    }

    /// What the page itself got for what the probes asked for.
    fn compared(&self) -> Option<Seen<'o>> {
        let probes = self.probe(Probe::Stranger)?;
        let purpose = match &*probes.exchange.sent.method {
            "OPTIONS" => Purpose::Preflight,
            _ => Purpose::Request,
        };
        self.of(purpose).next()
    }

    fn is_cross_origin(&self) -> bool {
        self.call.request.url.origin().ascii_serialization() != self.origin()
    }
}

impl Seen<'_> {
    fn to(&self) -> &'static str {
        match self.exchange.purpose {
            Purpose::Preflight => "the preflight",
            Purpose::Request => "the request",
            Purpose::Probe(probe) => probe.as_str(),
        }
    }

    /// The lines of some fields, or that there are none.
    fn lines(&self, names: &[&str]) -> Vec<String> {
        let (to, status) = (self.to(), self.answer.status);
        let mut lines = Vec::new();
        for name in names {
            let before = lines.len();
            for value in self.answer.lines(name) {
                let value = shown::value(name, value);
                lines.push(format!("answer to {to} ({status}): {name}: {value}"));
            }
            if lines.len() == before {
                lines.push(format!("answer to {to} ({status}): no {name}"));
            }
        }
        lines
    }

    fn status(&self) -> String {
        format!("answer to {}: status {}", self.to(), self.answer.status)
    }

    fn allowed_origin(&self) -> Option<String> {
        self.answer.get(ALLOW_ORIGIN)
    }

    fn allows_credentials(&self) -> bool {
        self.answer.get(ALLOW_CREDENTIALS).as_deref() == Some("true")
    }
}

const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";
const ALLOW_METHODS: &str = "access-control-allow-methods";
const ALLOW_HEADERS: &str = "access-control-allow-headers";
const EXPOSE_HEADERS: &str = "access-control-expose-headers";
const MAX_AGE: &str = "access-control-max-age";

/// Everything that was found, the worst first.
pub(super) fn find_all(observed: &Observed<'_>) -> Vec<Finding> {
    let mut findings = unseen::find(observed);
    if observed.is_cross_origin() {
        findings.extend(block::find(observed));
        findings.extend(preflight::find(observed));
        findings.extend(answer::find(observed));
        findings.extend(origin::find(observed));
    }
    findings.extend(unseen::notes(observed));
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// The checks that failed, each once, the browsers' order.
fn failed_codes<'o>(observed: &Observed<'o>) -> Vec<(Code, &'o Fault)> {
    let mut codes: Vec<(Code, &Fault)> = Vec::new();
    for fault in observed.faults() {
        if !codes.iter().any(|(code, _)| *code == fault.code) {
            codes.push((fault.code, fault));
        }
    }
    codes
}
