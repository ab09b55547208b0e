//! The browser: is it asked first, what is sent, and which check fails (Fetch, "HTTP fetch" and "HTTP-redirect fetch").
//!
//! Caches, service workers, HSTS and extensions are left out: what is judged is a first visit.

mod redirect;
mod safari;

use std::fmt;

use url::Url;

use crate::explain::Browser;
use crate::explain::answer::{Answer, Hop, NetworkError, Reply};
use crate::explain::checks::{self, Failed, Fault, Phase, check_access, check_preflight};
use crate::explain::code::Code;
use crate::explain::request::{Body, Mode, PageRequest};
use crate::explain::safelist::{Objection, unsafe_headers};
use crate::names::is_forbidden_method;

/// Most redirects that are followed (Fetch, "HTTP-redirect fetch", step 7).
const MAX_REDIRECTS: usize = 20;

/// Why there is a preflight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The method is none of GET, HEAD and POST.
    Method(String),
    /// A header is not safelisted.
    Header(String, Objection),
    /// A listener watches the upload.
    WatchedUpload,
    /// The body is a stream.
    Stream,
    /// It was needed before the redirect, and this browser asks anew at every place.
    AskedBefore,
}

impl fmt::Display for Need {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(method) => {
                write!(
                    formatter,
                    "the method {method} is none of GET, HEAD and POST"
                )
            }
            Self::Header(name, objection) => write!(formatter, "the header {name}: {objection}"),
            Self::WatchedUpload => formatter.write_str("a listener watches the upload"),
            Self::Stream => formatter.write_str("the body is a stream"),
            Self::AskedBefore => formatter.write_str("it was needed before the redirect"),
        }
    }
}

/// A preflight as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Why; never empty.
    pub needs: Vec<Need>,
    /// `Origin`.
    pub origin: String,
    /// `Access-Control-Request-Method`.
    pub method: String,
    /// The names in `Access-Control-Request-Headers`, lower case and sorted; no header where there are none.
    pub headers: Vec<String>,
}

/// What is sent to one URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The URL.
    pub url: Url,
    /// The preflight, where there is one.
    pub preflight: Option<Asked>,
    /// Method and `Origin` of the request itself; `None` where it is not sent. `Origin` is absent on a page's own GET.
    pub request: Option<(String, Option<String>)>,
    /// The page's own headers there: what it sets and what the body adds, less what redirects took away.
    pub headers: Vec<(String, String)>,
}

/// How a call ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The page can read the answer.
    Readable(Answer),
    /// The page learns nothing of it: `no-cors`.
    Opaque,
    /// A check failed.
    Blocked(Box<Fault>),
    /// What the server says to the preflight of the last step has to be known first.
    NeedsPreflight,
    /// What the server says to the request of the last step has to be known first.
    NeedsAnswer,
}

/// What a browser does with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// What is sent, in order.
    pub steps: Vec<Step>,
    /// How it ends.
    pub outcome: Outcome,
    /// Whether `Authorization` passed only by a `*` that by Fetch does not stand for it; Firefox warns.
    pub is_authorized_by_wildcard: bool,
}

/// Follows a call through the answers that are known, one hop for each URL.
pub fn simulate(browser: Browser, request: &PageRequest, hops: &[Hop]) -> Simulation {
    let mut call = Call::new(browser, request);
    let outcome = match call.refuse_to_start(request) {
        Some(fault) => Outcome::Blocked(fault),
        None => call.run(hops),
    };
    Simulation {
        steps: call.steps,
        outcome,
        is_authorized_by_wildcard: call.is_authorized_by_wildcard,
    }
}

/// A call that the browser does not even begin, and what is at fault.
pub fn stopped(browser: Browser, request: &PageRequest, code: Code, value: &str) -> Simulation {
    let call = Call::new(browser, request);
    let fault = call.fault(Failed::new(code, value), Phase::Start, None);
    Simulation {
        steps: call.steps,
        outcome: Outcome::Blocked(fault),
        is_authorized_by_wildcard: false,
    }
}

/// A call on its way.
struct Call {
    browser: Browser,
    page: String,
    url: Url,
    method: String,
    headers: Vec<(String, String)>,
    includes_credentials: bool,
    mode: Mode,
    always_asks: Option<Need>,
    /// Whether another origin than the page's was involved.
    is_cross_origin: bool,
    /// Whether the `Origin` is `null` after redirects (Fetch, "redirect-tainted").
    is_tainted: bool,
    was_asked: bool,
    steps: Vec<Step>,
    is_authorized_by_wildcard: bool,
}

impl Call {
    fn new(browser: Browser, request: &PageRequest) -> Self {
        let mut headers = request.sent_headers();
        // Chromium takes no User-Agent from scripts.
        if browser == Browser::Chromium {
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("user-agent"));
        }
        // Firefox sends the name of the object as a text.
        let streams = request.body == Body::Stream && browser != Browser::Firefox;
        let watched = request.watches_upload.then_some(Need::WatchedUpload);
        Self {
            browser,
            page: request.origin.clone(),
            url: request.url.clone(),
            method: request.sent_method().to_owned(),
            headers,
            includes_credentials: request.includes_credentials,
            mode: request.mode,
            always_asks: watched.or(streams.then_some(Need::Stream)),
            is_cross_origin: !is_same_origin(&request.origin, &request.url),
            is_tainted: false,
            was_asked: false,
            steps: Vec::new(),
            is_authorized_by_wildcard: false,
        }
    }

    fn refuse_to_start(&self, request: &PageRequest) -> Option<Box<Fault>> {
        let code = if is_forbidden_method(request.method.as_bytes()) {
            Code::ForbiddenMethod
        } else if self.browser == Browser::Safari && request.body == Body::Stream {
            Code::StreamNotSupported
        } else if self.mode == Mode::SameOrigin && self.is_cross_origin {
            Code::DisallowedByMode
        } else {
            return None;
        };
        let failed = Failed::new(code, &request.method);
        Some(self.fault(failed, Phase::Start, None))
    }

    fn run(&mut self, hops: &[Hop]) -> Outcome {
        for _ in 0..=MAX_REDIRECTS {
            let hop = hops.get(self.steps.len());
            match self.visit(hop.unwrap_or(&Hop::default())) {
                Ok(Some(outcome)) => return outcome,
                Ok(None) => {}
                Err(fault) => return Outcome::Blocked(fault),
            }
        }
        let failed = Failed::new(Code::NetworkFailure, "too many redirects");
        Outcome::Blocked(self.fault(failed, Phase::Redirect, None))
    }

    /// One URL: `Ok(None)` where it redirects.
    fn visit(&mut self, hop: &Hop) -> Result<Option<Outcome>, Box<Fault>> {
        let asked = self.asked();
        self.steps.push(Step {
            url: self.url.clone(),
            preflight: asked.clone(),
            request: None,
            headers: self.headers.clone(),
        });
        if let Some(asked) = asked {
            self.was_asked = true;
            let Some(reply) = &hop.preflight else {
                return Ok(Some(Outcome::NeedsPreflight));
            };
            self.judge_preflight(&asked, reply)?;
        }
        let sent = (self.method.clone(), self.origin_header());
        if let Some(step) = self.steps.last_mut() {
            step.request = Some(sent);
        }
        match &hop.actual {
            None => Ok(Some(Outcome::NeedsAnswer)),
            Some(Reply::Failed(error)) => Err(self.unanswered(Phase::Answer, *error)),
            Some(Reply::Answer(answer)) => match answer.location() {
                None => self.judge_answer(answer).map(Some),
                Some(location) => self.follow(answer, &location).map(|()| None),
            },
        }
    }

    fn asked(&self) -> Option<Asked> {
        if !self.is_cross_origin || self.mode != Mode::Cors {
            return None;
        }
        let unsafe_ones = unsafe_headers(self.browser, &self.headers);
        let headers = unsafe_ones.iter().map(|(name, _)| name.clone()).collect();
        let is_safe = matches!(self.method.as_str(), "GET" | "HEAD" | "POST");
        let method = (!is_safe).then(|| Need::Method(self.method.clone()));
        let mut needs: Vec<Need> = self.always_asks.iter().cloned().chain(method).collect();
        let of_headers = unsafe_ones.into_iter();
        needs.extend(of_headers.map(|(name, objection)| Need::Header(name, objection)));
        if needs.is_empty() && self.was_asked && self.browser != Browser::Chromium {
            needs.push(Need::AskedBefore);
        }
        let is_hidden = self.is_tainted && self.browser != Browser::Firefox;
        (!needs.is_empty()).then(|| Asked {
            needs,
            origin: if is_hidden {
                "null".to_owned()
            } else {
                self.page.clone()
            },
            method: self.method.clone(),
            headers,
        })
    }

    fn origin(&self) -> &str {
        if self.is_tainted { "null" } else { &self.page }
    }

    /// Fetch, "append a request `Origin` header".
    fn origin_header(&self) -> Option<String> {
        let is_get = matches!(self.method.as_str(), "GET" | "HEAD");
        let is_told = (self.is_cross_origin && self.mode == Mode::Cors) || !is_get;
        is_told.then(|| self.origin().to_owned())
    }

    fn judge_preflight(&mut self, asked: &Asked, reply: &Reply) -> Result<(), Box<Fault>> {
        let answer = match reply {
            Reply::Answer(answer) => answer,
            Reply::Failed(error) => return Err(self.unanswered(Phase::Preflight, *error)),
        };
        let question = checks::Asked {
            origin: &asked.origin,
            includes_credentials: self.includes_credentials,
            method: &asked.method,
            headers: &asked.headers,
        };
        match check_preflight(self.browser, &question, answer) {
            Ok(by_wildcard) => {
                self.is_authorized_by_wildcard |= by_wildcard;
                Ok(())
            }
            Err(mut failed) => {
                if failed.code == Code::HeaderDisallowedByPreflightResponse
                    && self.browser == Browser::Safari
                {
                    safari::put_named_first(&self.headers, &mut failed);
                }
                Err(self.fault(failed, Phase::Preflight, Some(answer)))
            }
        }
    }

    fn judge_answer(&self, answer: &Answer) -> Result<Outcome, Box<Fault>> {
        if self.is_cross_origin {
            if self.mode == Mode::NoCors {
                return Ok(Outcome::Opaque);
            }
            check_access(self.origin(), self.includes_credentials, answer)
                .map_err(|failed| self.fault(failed, Phase::Answer, Some(answer)))?;
        }
        Ok(Outcome::Readable(answer.clone()))
    }

    fn unanswered(&self, phase: Phase, error: NetworkError) -> Box<Fault> {
        let mut fault = self.fault(Failed::new(Code::NetworkFailure, ""), phase, None);
        fault.network = Some(error);
        fault
    }

    fn fault(&self, failed: Failed, phase: Phase, answer: Option<&Answer>) -> Box<Fault> {
        let lines = answer.map_or(0, |answer| {
            answer.lines("access-control-allow-origin").count()
        });
        Box::new(Fault {
            code: failed.code,
            phase,
            url: self.url.clone(),
            redirects: self.steps.len().saturating_sub(1),
            origin: self.origin().to_owned(),
            status: answer.map(|answer| answer.status),
            value: failed.value,
            others: failed.others,
            list: failed.list,
            is_repeated: lines > 1,
            network: None,
        })
    }
}

fn is_same_origin(page: &str, url: &Url) -> bool {
    url.origin().ascii_serialization() == page && page != "null"
}
