//! Every sentence that browsers print, and those that people use for them.

mod chromium;
mod firefox;
mod people;
mod safari;

use crate::explain::Browser::{self, Chromium, Firefox, Safari};
use crate::explain::answer::NetworkError;
use crate::explain::code::Code;

/// All of them. Both answers of a server can fail the same check; Firefox and Safari do not say which of them it was.
pub(in crate::explain) fn rows() -> impl DoubleEndedIterator<Item = &'static Row> {
    [chromium::ROWS, firefox::ROWS, safari::ROWS, people::ROWS]
        .into_iter()
        .flatten()
}

/// How much a row says: the greater one wins where several are found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::explain) enum Rank {
    /// What a page sees whatever the reason.
    Echo,
    /// Something with CORS, whatever it is.
    Some,
    /// People's words, or the name of a code.
    Phrase,
    /// A reason.
    Reason,
}

/// One sentence.
#[derive(Debug)]
pub(in crate::explain) struct Row {
    /// Who prints it; `None` for people.
    pub(in crate::explain) browser: Option<Browser>,
    /// What it may mean, the likeliest first. Codes of access checks stand for those of preflights too.
    pub(in crate::explain) codes: &'static [Code],
    pub(in crate::explain) rank: Rank,
    /// Whether the browser's general sentence comes before it.
    pub(in crate::explain) is_prefixed: bool,
    /// Printed for this failure only.
    pub(in crate::explain) network: Option<NetworkError>,
    /// Whether `conformance/console.json` has such a line of that browser; people's words are never measured.
    pub(in crate::explain) is_measured: bool,
    pub(in crate::explain) text: &'static str,
}

const fn row(
    browser: Browser,
    is_prefixed: bool,
    codes: &'static [Code],
    text: &'static str,
) -> Row {
    Row {
        browser: Some(browser),
        codes,
        rank: Rank::Reason,
        is_prefixed,
        network: None,
        is_measured: true,
        text,
    }
}

const fn chromium(codes: &'static [Code], text: &'static str) -> Row {
    row(Chromium, true, codes, text)
}

const fn firefox(codes: &'static [Code], text: &'static str) -> Row {
    row(Firefox, true, codes, text)
}

const fn safari(codes: &'static [Code], text: &'static str) -> Row {
    row(Safari, true, codes, text)
}

/// A line of its own.
const fn whole(browser: Browser, codes: &'static [Code], text: &'static str) -> Row {
    row(browser, false, codes, text)
}

/// What no test has seen the browser print: known from its source, or from before.
const fn unmeasured(row: Row) -> Row {
    Row {
        is_measured: false,
        ..row
    }
}

const fn network(error: NetworkError, text: &'static str) -> Row {
    Row {
        network: Some(error),
        is_measured: matches!(error, NetworkError::Closed | NetworkError::Refused),
        ..whole(Chromium, &[Code::NetworkFailure], text)
    }
}

const fn said(rank: Rank, codes: &'static [Code], text: &'static str) -> Row {
    Row {
        browser: None,
        codes,
        rank,
        is_prefixed: false,
        network: None,
        is_measured: false,
        text,
    }
}

const fn vague(browser: Browser, codes: &'static [Code], text: &'static str) -> Row {
    Row {
        rank: Rank::Some,
        ..whole(browser, codes, text)
    }
}

/// What Chromium puts between the general sentence and the reason.
pub(in crate::explain) const PREFLIGHT: &str =
    "Response to preflight request doesn't pass access control check: ";

pub(super) const WITH_CREDENTIALS: &str = " The credentials mode of requests initiated by the XMLHttpRequest is controlled \
                                           by the withCredentials attribute.";

pub(super) const NO_ANSWER: &str = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
                                    resource at {url}. (Reason: CORS request did not succeed¦). Status code: (null).";

pub(super) const PREFLIGHT_STATUS: &str = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the \
                                           remote resource at {url}. (Reason: CORS preflight response did not succeed¦). \
                                           Status code: {status}.";

pub(super) const WARNING: &str = "Cross-Origin Request Warning: The Same Origin Policy will disallow reading the remote \
                                  resource at {url} soon. (Reason: When the `Access-Control-Allow-Headers` is `*`, the \
                                  `Authorization` header is not covered¦. To include the `Authorization` header, it must \
                                  be explicitly listed in CORS header `Access-Control-Allow-Headers`).";

/// In the place of the usual line, where the page's policy has no connect-src of its own.
pub(super) const CSP_FALLBACK: &str = "Connecting to '{url}' violates the following Content Security Policy directive: \
                                       \"{value}\". Note that 'connect-src' was not explicitly set, so 'default-src' is \
                                       used as a fallback¦. The action has been blocked.";

/// What `fetch` has said behind it.
pub(super) const CSP_FETCH: &str = "Fetch API cannot load {url}. Refused to connect because it violates the document's \
                                    Content Security Policy¦.";

pub(super) const SAFARI_FETCH: &str = "Fetch API cannot load {url} due to access control checks¦.";

pub(super) const SAFARI_XHR: &str =
    "XMLHttpRequest cannot load {url} due to access control checks¦.";

/// What stands before a reason, with what can be read from it. Up to the bar it tells whose line it is.
pub(in crate::explain) const CONTEXTS: [(Browser, &str); 6] = [
    (
        Chromium,
        "Access to {api} at '¦{url}' from origin '{origin}' has been blocked by CORS policy: ",
    ),
    (
        Chromium,
        "Access to {api} at '¦{url}' (redirected from '{start}') from origin '{origin}' has been blocked by CORS policy: ",
    ),
    (
        Firefox,
        "The Same Origin Policy disallows reading the remote resource at ¦'{url}'. (Reason: ",
    ),
    (
        Firefox,
        "The Same Origin Policy disallows reading the remote resource at ¦{url}. (Reason: ",
    ),
    (
        Safari,
        "Cross-origin redirection to ¦{target} denied by Cross-Origin Resource Sharing policy: ",
    ),
    // Until 2015, at least: the origin came last.
    (Chromium, "XMLHttpRequest cannot load {url}. "),
];
