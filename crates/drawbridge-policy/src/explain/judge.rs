//! One question about one endpoint: would a page of that origin get through, and if not, what has to change?
//!
//! The gateway's part is its own judgement, [`CorsPolicy`]; the browsers' part is [`simulate`].

use url::Url;

use crate::cors::{
    ActualVerdict, AllowOrigin, CorsConfig, CorsPolicy, Expose, KeyGrant, OriginHeader, Preflight,
    PreflightAnswer, Refusal,
};
use crate::denial::Denial;
use crate::explain::Browser;
use crate::explain::answer::{Answer, Hop, Reply};
use crate::explain::cause::Cause;
use crate::explain::code::Code;
use crate::explain::fix::{Fix, find_fixes};
use crate::explain::request::PageRequest;
use crate::explain::simulate::{Asked, Outcome, Simulation, simulate, stopped};
use crate::explain::unseen::{AddressSpace, suspect};
use crate::explain::wording::{ConsoleLine, console_lines};
use crate::key::ApiKey;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The endpoint's `cors` object as given, for the patch of a fix.
    pub config: &'q CorsConfig,
    /// The compiled policy that is in force.
    pub policy: &'q CorsPolicy,
    /// What the endpoint's keys say of the origin together, where it lists none.
    pub grant: KeyGrant,
    /// The key that the page uses, if it is known.
    pub key: Option<AskedKey<'q>>,
    /// The call.
    pub request: &'q PageRequest,
    /// Whether the page is one of the gateway's own.
    pub is_same_origin: bool,
    /// Whether pages are known to call the gateway by the request's URL. Where they are not, what its scheme and host alone
    /// would stop is a suspicion, and no verdict.
    pub is_url_known: bool,
}

/// A key, as far as it has a say about origins. Its other restrictions do not depend on the page.
#[derive(Clone, Copy, Debug)]
pub struct AskedKey<'q> {
    /// The key that is in force.
    pub key: &'q ApiKey,
    /// Its `allowed_origins` as given, for the patch of a fix.
    pub allowed_origins: Option<&'q [String]>,
}

impl Question<'_> {
    /// What the two URLs alone say against the call, before anything is sent.
    fn suspicions(&self) -> Vec<Code> {
        match self.is_same_origin {
            true => Vec::new(),
            false => suspect(self.request),
        }
    }

    /// What stops the call in that browser for certain, before anything is sent.
    pub(super) fn stop(&self, browser: Browser) -> Option<Code> {
        let mut suspicions = self.suspicions().into_iter();
        suspicions.find(|code| {
            self.is_url_known
                && match code {
                    Code::MixedContent => true,
                    Code::InsecureLocalNetwork => browser == Browser::Chromium,
                    // Users can give leave.
                    _ => false,
                }
        })
    }

    /// Whether the key does not let itself be used from the origin.
    pub(super) fn is_refused_by_key(&self) -> bool {
        let origin = OriginHeader::One(self.request.origin.as_bytes());
        let is_refused = |asked: AskedKey<'_>| !asked.key.allows_origin(origin, self.policy);
        !self.is_same_origin && self.key.is_some_and(is_refused)
    }

    /// What the gateway says to the request itself, in the order of its refusals.
    fn denial(&self, verdict: &ActualVerdict<'_>) -> Option<Denial> {
        match verdict.refusal {
            Some(Refusal::OriginNotAllowed) => Some(Denial::OriginNotAllowed),
            _ if self.is_refused_by_key() => Some(Denial::KeyOriginNotAllowed),
            Some(Refusal::KeyOriginNotAllowed) => Some(Denial::KeyOriginNotAllowed),
            Some(Refusal::HeadersTooLarge) => Some(Denial::HeadersTooLarge),
            Some(Refusal::MethodNotAllowed | Refusal::HeaderNotAllowed) => {
                Some(Denial::MethodNotAllowed)
            }
            None => None,
        }
    }
}

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Every browser lets the page read the answer, and the gateway admits the request.
    Allowed,
    /// Not so.
    Blocked,
}

impl Verdict {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
        }
    }
}

/// What one browser does.
#[derive(Clone, Debug)]
pub struct InBrowser {
    /// Which.
    pub browser: Browser,
    /// What it sends, and how that ends.
    pub simulation: Simulation,
    /// What its console says.
    pub console: Vec<ConsoleLine>,
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// How it ends.
    pub verdict: Verdict,
    /// The check that fails, in the words of the first browser in which one does; else the gateway's own refusal.
    pub code: Option<Code>,
    /// The preflight that most browsers send: [`Asked::needs`] says why; `None` where there is none.
    pub preflight: Option<Asked>,
    /// The gateway's answer to it.
    pub preflight_answer: Option<Answer>,
    /// The gateway's answer to the request itself, were it sent: status 200 stands for whatever the upstream says.
    pub actual_answer: Answer,
    /// Why the gateway itself refuses the request, were it sent.
    pub denial: Option<Denial>,
    /// What would be refused, were the endpoint not in report mode.
    pub reported: Option<Refusal>,
    /// What may stop the call besides, before anything is sent: see [`suspect`].
    pub suspicions: Vec<Code>,
    /// Each browser's part.
    pub browsers: Vec<InBrowser>,
    /// Everything that stands in the way, the first to be met first. Empty where the call is allowed.
    pub causes: Vec<Cause>,
    /// The smallest change that lets exactly this call through: one for the endpoint, one for the key, or both, each of
    /// them needed. Empty where the call is allowed, or where no change can (the causes say why).
    pub fixes: Vec<Fix>,
}

/// Judges one call as the gateway and the browsers would.
pub fn explain(question: &Question<'_>) -> Explanation {
    let mut explanation = judge(question);
    if explanation.verdict == Verdict::Blocked {
        let asked = all_asked(question);
        explanation.causes = Cause::find(question, &asked);
        explanation.fixes = find_fixes(question, &explanation.causes);
    }
    explanation
}

/// Everything but causes and fixes.
pub(super) fn judge(question: &Question<'_>) -> Explanation {
    let Question {
        policy, request, ..
    } = *question;
    let origin = OriginHeader::One(request.origin.as_bytes());
    let method = request.sent_method().as_bytes();
    let actual = policy.actual_with(origin, method, question.is_same_origin, question.grant);
    let denial = question.denial(&actual);
    let actual_answer = Answer::of_request(&actual, denial, &request.origin);
    let browsers: Vec<_> = Browser::ALL
        .into_iter()
        .map(|browser| in_browser(browser, question, &actual_answer))
        .collect();
    let preflight = browsers.iter().find_map(|one| asked(&one.simulation));
    let preflight_answer = preflight.map(|asked| ask(question, asked));
    let blocked = browsers
        .iter()
        .find_map(|one| match &one.simulation.outcome {
            Outcome::Blocked(fault) => Some(fault.code),
            _ => None,
        });
    let code = blocked.or(denial.map(Code::Refused));
    let mut suspicions = question.suspicions();
    suspicions.retain(|code| Some(*code) != blocked);
    let preflight_reported = preflight_answer.as_ref().and_then(|answer| answer.reported);
    Explanation {
        verdict: match code {
            None => Verdict::Allowed,
            Some(_) => Verdict::Blocked,
        },
        code,
        preflight: preflight.cloned(),
        preflight_answer: preflight_answer
            .map(|answer| Answer::of_preflight(&answer, &request.origin)),
        denial,
        reported: preflight_reported.or(actual.reported),
        actual_answer,
        suspicions,
        browsers,
        causes: Vec::new(),
        fixes: Vec::new(),
    }
}

fn in_browser(browser: Browser, question: &Question<'_>, actual: &Answer) -> InBrowser {
    let request = same_origin_as_judged(question);
    let first = simulate(browser, &request, &[]);
    let preflight = asked(&first).map(|asked| {
        let answer = ask(question, asked);
        Reply::Answer(Answer::of_preflight(&answer, &request.origin))
    });
    let hop = Hop {
        preflight,
        actual: Some(Reply::Answer(actual.clone())),
    };
    let simulation = match question.stop(browser) {
        Some(code) => {
            let space = AddressSpace::of(&request.url);
            stopped(browser, &request, code, space.as_str())
        }
        None => simulate(browser, &request, &[hop]),
    };
    InBrowser {
        browser,
        console: console_lines(browser, &request, &simulation),
        simulation,
    }
}

/// The gateway knows its own origins better than its URL tells.
fn same_origin_as_judged(question: &Question<'_>) -> PageRequest {
    let mut request = question.request.clone();
    if question.is_same_origin
        && let Ok(mut url) = Url::parse(&request.origin)
    {
        url.set_path(request.url.path());
        request.url = url;
    }
    request
}

fn asked(simulation: &Simulation) -> Option<&Asked> {
    simulation.steps.first()?.preflight.as_ref()
}

/// Every header that some browser asks for, lower case.
fn all_asked(question: &Question<'_>) -> Vec<String> {
    let request = same_origin_as_judged(question);
    let simulations = Browser::ALL.map(|browser| simulate(browser, &request, &[]));
    let mut names: Vec<String> = simulations
        .iter()
        .filter_map(asked)
        .flat_map(|asked| asked.headers.iter().cloned())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn ask(question: &Question<'_>, asked: &Asked) -> PreflightAnswer {
    let line = asked.headers.join(",");
    let lines: &[&[u8]] = match line.as_bytes() {
        [] => &[],
        line => &[line],
    };
    let preflight = Preflight {
        origin: asked.origin.as_bytes(),
        method: asked.method.as_bytes(),
        header_lines: lines.iter().copied(),
    };
    question.policy.preflight_with(&preflight, question.grant)
}

impl Answer {
    /// The gateway's answer to a preflight of that origin.
    pub fn of_preflight(answer: &PreflightAnswer, origin: &str) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let mut written = Self::new(answer.status);
        written.allow_origin(answer.allow_origin, answer.allow_credentials, origin);
        let lists = [
            ("Access-Control-Allow-Methods", &answer.allow_methods),
            ("Access-Control-Allow-Headers", &answer.allow_headers),
            ("Access-Control-Max-Age", &answer.max_age),
            ("Access-Control-Expose-Headers", &answer.expose_headers),
            ("Vary", &answer.vary),
        ];
        for (name, value) in lists {
            if let Some(value) = value {
                written = written.with(name, text(value));
            }
        }
        written
    }

    /// The gateway's answer to a request of that origin; 200 where it is forwarded.
    pub fn of_request(verdict: &ActualVerdict<'_>, denial: Option<Denial>, origin: &str) -> Self {
        let mut written = Self::new(denial.map_or(200, Denial::status));
        written.allow_origin(verdict.allow_origin, verdict.allow_credentials, origin);
        if let Expose::Fixed(names) = verdict.expose {
            let names = String::from_utf8_lossy(names);
            written = written.with("Access-Control-Expose-Headers", names);
        }
        if verdict.vary_origin {
            written = written.with("Vary", "Origin");
        }
        written
    }

    fn allow_origin(&mut self, allow: AllowOrigin, credentials: bool, origin: &str) {
        let value = match allow {
            AllowOrigin::Withheld => return,
            AllowOrigin::Any => "*",
            AllowOrigin::Echo => origin,
        };
        let mut add = |name: &str, value: &str| {
            self.headers.push((name.to_owned(), value.to_owned()));
        };
        add("Access-Control-Allow-Origin", value);
        if credentials {
            add("Access-Control-Allow-Credentials", "true");
        }
    }
}
