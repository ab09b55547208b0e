//! What browsers check in answers, each in its own order.
//!
//! Fetch's checks are the same for all ("CORS check", "CORS-preflight fetch"); which one is looked at first decides what
//! the console says, and differs.

use url::Url;

use crate::explain::Browser;
use crate::explain::answer::{Answer, NetworkError};
use crate::explain::code::Code;
use crate::names::is_token;

/// When a check failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before anything was sent.
    Start,
    /// On the answer to a preflight.
    Preflight,
    /// On an answer that redirects.
    Redirect,
    /// On the answer to the request itself.
    Answer,
}

/// A check that failed, with all that a message about it can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which check.
    pub code: Code,
    /// When.
    pub phase: Phase,
    /// The URL at which it failed.
    pub url: Url,
    /// How many redirects led there.
    pub redirects: usize,
    /// `Origin` of the request that was answered.
    pub origin: String,
    /// The answer's status.
    pub status: Option<u16>,
    /// What is at fault: the value of a header, the name of a method or header, the place a redirect leads to.
    pub value: String,
    /// Where several are at fault, the others. Chromium names any one of all, in no order that could be told.
    pub others: Vec<String>,
    /// The whole header that holds `value`, where that is only a part of it.
    pub list: String,
    /// Whether `Access-Control-Allow-Origin` came in several lines.
    pub is_repeated: bool,
    /// Why there was no answer.
    pub network: Option<NetworkError>,
}

/// A failed check: its code, what is at fault, and the rest of it.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) code: Code,
    pub(super) value: String,
    pub(super) others: Vec<String>,
    pub(super) list: String,
}

impl Failed {
    pub(super) fn new(code: Code, value: impl Into<String>) -> Self {
        Self {
            code,
            value: value.into(),
            others: Vec::new(),
            list: String::new(),
        }
    }
}

/// What was asked, as far as checks look at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) origin: &'a str,
    pub(super) includes_credentials: bool,
    pub(super) method: &'a str,
    /// Lower case and sorted.
    pub(super) headers: &'a [String],
}

/// Fetch, "CORS check", with Chromium's names for what fails.
pub(super) fn check_access(
    origin: &str,
    includes_credentials: bool,
    answer: &Answer,
) -> Result<(), Failed> {
    let Some(allowed) = answer.get("access-control-allow-origin") else {
        return Err(Failed::new(Code::MissingAllowOriginHeader, ""));
    };
    if allowed == "*" {
        return if includes_credentials {
            Err(Failed::new(Code::WildcardOriginNotAllowed, allowed))
        } else {
            Ok(())
        };
    }
    if allowed != origin {
        let code = if allowed.contains([' ', ',']) {
            Code::MultipleAllowOriginValues
        } else if allowed == "null" || Url::parse(&allowed).is_ok() {
            Code::AllowOriginMismatch
        } else {
            Code::InvalidAllowOriginValue
        };
        return Err(Failed::new(code, allowed));
    }
    let credentials = answer.get("access-control-allow-credentials");
    if includes_credentials && credentials.as_deref() != Some("true") {
        let value = credentials.unwrap_or_default();
        return Err(Failed::new(Code::InvalidAllowCredentials, value));
    }
    Ok(())
}

/// Whether the answer lets the request follow the preflight; `Ok(true)` where only a `*` lets `Authorization` through.
pub(super) fn check_preflight(
    browser: Browser,
    asked: &Asked<'_>,
    answer: &Answer,
) -> Result<bool, Failed> {
    let access = || {
        check_access(asked.origin, asked.includes_credentials, answer).map_err(|failed| Failed {
            code: failed.code.on_preflight(),
            ..failed
        })
    };
    let redirect = || match answer.location() {
        Some(_) => Err(Failed::new(Code::PreflightDisallowedRedirect, "")),
        None => Ok(()),
    };
    let status = || match answer.status {
        200..=299 => Ok(()),
        _ => Err(Failed::new(Code::PreflightInvalidStatus, "")),
    };
    match browser {
        Browser::Chromium => redirect().and_then(|()| access()).and_then(|()| status())?,
        Browser::Firefox => access().and_then(|()| redirect()).and_then(|()| status())?,
        Browser::Safari => redirect().and_then(|()| status()).and_then(|()| access())?,
    }
    let methods = list(
        answer,
        "access-control-allow-methods",
        Code::InvalidAllowMethodsPreflightResponse,
    );
    let headers = list(
        answer,
        "access-control-allow-headers",
        Code::InvalidAllowHeadersPreflightResponse,
    );
    let methods = methods?;
    // Firefox looks at the second list only when it is done with the first.
    if browser == Browser::Firefox {
        check_method(asked, &methods)?;
        return check_headers(asked, &headers?);
    }
    let headers = headers?;
    check_method(asked, &methods)?;
    check_headers(asked, &headers)
}

fn check_method(asked: &Asked<'_>, listed: &[String]) -> Result<(), Failed> {
    let is_safe = matches!(asked.method, "GET" | "HEAD" | "POST");
    let is_listed = listed
        .iter()
        .any(|name| name == asked.method || is_wildcard(asked, name));
    if is_safe || is_listed {
        return Ok(());
    }
    let code = Code::MethodDisallowedByPreflightResponse;
    Err(Failed::new(code, asked.method))
}

/// Fetch never takes `*` for `Authorization`; browsers do so today, and Firefox warns of it.
fn check_headers(asked: &Asked<'_>, listed: &[String]) -> Result<bool, Failed> {
    let is_listed = |name: &str| listed.iter().any(|other| other.eq_ignore_ascii_case(name));
    let mut unlisted = asked.headers.iter().filter(|name| !is_listed(name));
    if listed.iter().any(|name| is_wildcard(asked, name)) {
        return Ok(unlisted.any(|name| name == "authorization"));
    }
    let Some(first) = unlisted.next() else {
        return Ok(false);
    };
    Err(Failed {
        others: unlisted.cloned().collect(),
        ..Failed::new(Code::HeaderDisallowedByPreflightResponse, first)
    })
}

fn is_wildcard(asked: &Asked<'_>, name: &str) -> bool {
    name == "*" && !asked.includes_credentials
}

/// The elements of a list of names; empty ones do not count.
fn list(answer: &Answer, name: &str, code: Code) -> Result<Vec<String>, Failed> {
    let Some(value) = answer.get(name) else {
        return Ok(Vec::new());
    };
    let elements = value
        .split(',')
        .map(str::trim)
        .filter(|element| !element.is_empty());
    let names: Vec<String> = elements.map(str::to_owned).collect();
    match names.iter().find(|name| !is_token(name.as_bytes())) {
        None => Ok(names),
        Some(bad) => Err(Failed {
            list: value.clone(),
            ..Failed::new(code, bad)
        }),
    }
}
