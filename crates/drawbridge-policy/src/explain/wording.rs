//! What browsers print when a check fails.
//!
//! One table ([`rows`]) serves both directions: [`console_lines`] fills its templates in, and recognition reads them.

mod rows;
mod template;

use std::fmt::Write;

use crate::explain::Browser;
use crate::explain::answer::NetworkError;
use crate::explain::checks::{Fault, Phase};
use crate::explain::code::Code;
use crate::explain::request::{Api, PageRequest};
use crate::explain::simulate::{Outcome, Simulation};

pub(super) use rows::{CONTEXTS, PREFLIGHT, Rank, Row, rows};
pub(super) use template::{Part, parts};

/// One line of a console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLine {
    /// The line; it may have other text around it, such as a file's name and a time.
    pub text: String,
    /// How many of its bytes are needed to tell which check failed.
    pub telling_len: usize,
    /// The lines that stand for it equally well: Chromium names any one of several headers at fault.
    pub alternatives: Vec<String>,
    /// Whether a test saw the very browser print such a line. Safari's were measured in WebKitGTK.
    pub is_verified: bool,
}

/// What the browser prints, the reason first; nothing where nothing failed.
///
/// Beside these Chromium prints `Failed to load resource: net::ERR_FAILED` for each failed check.
pub fn console_lines(
    browser: Browser,
    request: &PageRequest,
    simulation: &Simulation,
) -> Vec<ConsoleLine> {
    let words = Words { browser, request };
    match &simulation.outcome {
        Outcome::Blocked(fault) => words.of_fault(fault),
        _ if simulation.is_authorized_by_wildcard && browser == Browser::Firefox => {
            vec![words.line(rows::WARNING, request.url.as_str(), &[])]
        }
        _ => Vec::new(),
    }
}

/// Which row says what failed. Firefox and Safari say the same for several codes.
fn row(browser: Browser, fault: &Fault) -> Option<&'static Row> {
    let code = match (browser, fault.code.on_answer()) {
        // One line with several values is just another value.
        (Browser::Firefox, Code::MultipleAllowOriginValues) if !fault.is_repeated => {
            Code::AllowOriginMismatch
        }
        (Browser::Safari, Code::MultipleAllowOriginValues) if !fault.value.contains(',') => {
            Code::AllowOriginMismatch
        }
        (Browser::Firefox, Code::RedirectContainsCredentials | Code::CorsDisabledScheme) => {
            Code::NetworkFailure
        }
        (Browser::Safari, Code::PreflightDisallowedRedirect) => Code::PreflightInvalidStatus,
        (_, code) => code,
    };
    let is_fallback = browser == Browser::Chromium
        && code == Code::ContentSecurityPolicy
        && fault.value.starts_with("default-src");
    if is_fallback {
        return rows().find(|row| row.text == rows::CSP_FALLBACK);
    }
    rows().find(|row| {
        let is_printed = row.rank != Rank::Phrase && row.browser == Some(browser);
        is_printed && row.codes.first() == Some(&code) && row.suits(fault.network)
    })
}

/// The sentence of a browser for a code, with what is known filled in and `{name}` where nothing is. `None` where the
/// browser prints nothing of its own for it.
pub(super) fn sentence(
    browser: Browser,
    code: Code,
    known: &[(&'static str, String)],
) -> Option<String> {
    let row = rows().find(|row| {
        let is_printed = row.rank != Rank::Phrase && row.browser == Some(browser);
        is_printed
            && row
                .codes
                .iter()
                .any(|own| *own == code || *own == code.on_answer())
    })?;
    let fill = |part: Part<'_>| match part {
        Part::Text(text) => text.to_owned(),
        Part::Told => String::new(),
        Part::Gap(name) => {
            let filling = known.iter().find(|(other, _)| *other == name);
            filling.map_or_else(|| format!("{{{name}}}"), |(_, filling)| filling.clone())
        }
    };
    Some(parts(row.text).into_iter().map(fill).collect())
}

struct Words<'r> {
    browser: Browser,
    request: &'r PageRequest,
}

impl Words<'_> {
    fn of_fault(&self, fault: &Fault) -> Vec<ConsoleLine> {
        let reason = row(self.browser, fault).map(|row| self.reason(row, fault));
        let mut lines: Vec<_> = reason.into_iter().collect();
        match self.browser {
            Browser::Chromium => self.add_chromiums_echo(fault, &mut lines),
            Browser::Firefox => self.add_firefoxs_echo(fault, &mut lines),
            Browser::Safari => self.add_safaris_echo(fault, &mut lines),
        }
        lines
    }

    fn reason(&self, row: &Row, fault: &Fault) -> ConsoleLine {
        let prefix = self.prefix(row, fault);
        let text = |value: &str| {
            let status = fault.status.map(|status| status.to_string());
            let slots = [
                ("method", value),
                ("header", value),
                ("value", value),
                ("url", fault.url.as_str()),
                ("origin", self.origin(fault)),
                ("page", &self.page()),
                ("list", &fault.list),
                ("status", status.as_deref().unwrap_or("(null)")),
            ];
            let (mut text, mut telling) = template::fill(row.text, &slots);
            let explains_credentials = matches!(
                fault.code.on_answer(),
                Code::WildcardOriginNotAllowed | Code::InvalidAllowCredentials
            );
            if explains_credentials
                && self.browser == Browser::Chromium
                && self.request.api == Api::Xhr
            {
                text.push_str(rows::WITH_CREDENTIALS);
            }
            text.insert_str(0, &prefix);
            telling += prefix.len();
            (text, telling)
        };
        let names_any = self.browser == Browser::Chromium;
        let others = fault.others.iter().filter(|_| names_any);
        let (line, telling_len) = text(&fault.value);
        ConsoleLine {
            text: line,
            telling_len,
            alternatives: others.map(|other| text(other).0).collect(),
            is_verified: row.is_measured && self.browser != Browser::Safari,
        }
    }

    /// The page's URL, as far as it is known.
    fn page(&self) -> String {
        match &self.request.page_url {
            Some(url) => url.to_string(),
            None => format!("{}/", self.request.origin),
        }
    }

    /// Chromium goes on naming the page's origin where a redirect made it `null`.
    fn origin<'f>(&'f self, fault: &'f Fault) -> &'f str {
        match self.browser {
            Browser::Safari => &fault.origin,
            Browser::Chromium | Browser::Firefox => &self.request.origin,
        }
    }

    fn prefix(&self, row: &Row, fault: &Fault) -> String {
        let mut prefix = String::new();
        if !row.is_prefixed {
            return prefix;
        }
        match self.browser {
            Browser::Chromium => {
                let api = match self.request.api {
                    Api::Fetch => "fetch",
                    Api::Xhr => "XMLHttpRequest",
                };
                let _ = write!(prefix, "Access to {api} at '{}' ", fault.url);
                if fault.redirects > 0 {
                    let _ = write!(prefix, "(redirected from '{}') ", self.request.url);
                }
                let origin = &self.request.origin;
                let _ = write!(
                    prefix,
                    "from origin '{origin}' has been blocked by CORS policy: "
                );
                let checks_access = fault.code.on_answer() != fault.code;
                if checks_access
                    || matches!(
                        fault.code,
                        Code::PreflightInvalidStatus | Code::PreflightDisallowedRedirect
                    )
                {
                    prefix.push_str(PREFLIGHT);
                }
            }
            Browser::Firefox => {
                let url = &fault.url;
                let (open, close) = match fault.code.on_answer() {
                    Code::WildcardOriginNotAllowed => ("‘", "’"),
                    _ => ("", ""),
                };
                let _ = write!(
                    prefix,
                    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at \
                     {open}{url}{close}. (Reason: "
                );
            }
            Browser::Safari if fault.phase == Phase::Redirect => {
                let target = match fault.code {
                    Code::RedirectContainsCredentials => without_user_info(&fault.list),
                    _ => fault.list.clone(),
                };
                let _ = write!(
                    prefix,
                    "Cross-origin redirection to {target} denied by Cross-Origin Resource Sharing policy: "
                );
            }
            Browser::Safari => {}
        }
        prefix
    }

    fn add_chromiums_echo(&self, fault: &Fault, lines: &mut Vec<ConsoleLine>) {
        if fault.code == Code::ContentSecurityPolicy && self.request.api == Api::Fetch {
            lines.push(self.line(rows::CSP_FETCH, fault.url.as_str(), &[]));
        }
    }

    /// Firefox says once more that there is no answer, for each channel that ends with the failure.
    fn add_firefoxs_echo(&self, fault: &Fault, lines: &mut Vec<ConsoleLine>) {
        let is_redirect = matches!(fault.status, Some(301..=303 | 307 | 308));
        let checks_access = fault.code.on_answer() != fault.code;
        let echoes = match (fault.phase, fault.code) {
            (Phase::Start | Phase::Answer, _)
            | (
                Phase::Redirect,
                Code::RedirectContainsCredentials | Code::CorsDisabledScheme | Code::NetworkFailure,
            ) => 0,
            (Phase::Preflight, Code::PreflightDisallowedRedirect) => {
                let status = fault.status.unwrap_or_default().to_string();
                lines.push(self.line(
                    rows::PREFLIGHT_STATUS,
                    fault.url.as_str(),
                    &[("status", &status)],
                ));
                1
            }
            (Phase::Preflight, _) if is_redirect && checks_access => 2,
            (Phase::Preflight | Phase::Redirect, _) => 1,
        };
        for _ in 0..echoes {
            lines.push(self.line(rows::NO_ANSWER, fault.url.as_str(), &[]));
        }
    }

    fn add_safaris_echo(&self, fault: &Fault, lines: &mut Vec<ConsoleLine>) {
        let is_about_access = fault.phase != Phase::Start
            && (fault.phase != Phase::Answer || fault.network.is_none());
        if !is_about_access {
            return;
        }
        let template = match self.request.api {
            Api::Fetch => rows::SAFARI_FETCH,
            Api::Xhr => rows::SAFARI_XHR,
        };
        lines.push(self.line(template, fault.url.as_str(), &[]));
    }

    fn line(&self, template: &str, url: &str, more: &[(&str, &str)]) -> ConsoleLine {
        let slots: Vec<_> = more.iter().copied().chain([("url", url)]).collect();
        let (text, telling_len) = template::fill(template, &slots);
        ConsoleLine {
            text,
            telling_len,
            alternatives: Vec::new(),
            is_verified: self.browser != Browser::Safari,
        }
    }
}

/// A URL as text, without what stands before the host.
fn without_user_info(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{scheme}://{host}{path}")
}

impl Row {
    fn suits(&self, network: Option<NetworkError>) -> bool {
        self.network.is_none() || self.network == network
    }
}
