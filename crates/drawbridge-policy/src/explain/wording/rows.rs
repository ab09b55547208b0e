//! Every sentence that browsers print, and those that people use for them.
//!
//! Chromium 156, Firefox 153 and WebKitGTK 2.50 were measured; sentences of older versions are marked.

use crate::explain::Browser::{self, Chromium, Firefox, Safari};
use crate::explain::answer::NetworkError;
use crate::explain::code::Code;

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

const fn network(error: NetworkError, text: &'static str) -> Row {
    Row {
        network: Some(error),
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

pub(super) const SAFARI_FETCH: &str = "Fetch API cannot load {url} due to access control checks¦.";

pub(super) const SAFARI_XHR: &str =
    "XMLHttpRequest cannot load {url} due to access control checks¦.";

/// What stands before a reason, with what can be read from it.
pub(in crate::explain) const CONTEXTS: [(Browser, &str); 6] = [
    (
        Chromium,
        "Access to {api} at '{url}' from origin '{origin}' has been blocked by CORS policy: ",
    ),
    (
        Chromium,
        "Access to {api} at '{url}' (redirected from '{start}') from origin '{origin}' has been blocked by CORS policy: ",
    ),
    (
        Firefox,
        "The Same Origin Policy disallows reading the remote resource at '{url}'. (Reason: ",
    ),
    (
        Firefox,
        "The Same Origin Policy disallows reading the remote resource at {url}. (Reason: ",
    ),
    (
        Safari,
        "Cross-origin redirection to {target} denied by Cross-Origin Resource Sharing policy: ",
    ),
    // Until 2015, at least: the origin came last.
    (Chromium, "XMLHttpRequest cannot load {url}. "),
];

/// Both answers of a server can fail the same check; Firefox and Safari do not say which of them it was.
pub(in crate::explain) static ROWS: &[Row] = &[
    // Chromium
    chromium(
        &[Code::MissingAllowOriginHeader],
        "No 'Access-Control-Allow-Origin' header¦ is present on the requested resource.",
    ),
    chromium(
        &[Code::MultipleAllowOriginValues],
        "The 'Access-Control-Allow-Origin' header contains multiple values¦ '{value}', but only one is allowed. Have the \
         server send the header with a valid value.",
    ),
    chromium(
        &[Code::InvalidAllowOriginValue],
        "The 'Access-Control-Allow-Origin' header contains the invalid value¦ '{value}'. Have the server send the header \
         with a valid value.",
    ),
    chromium(
        &[Code::AllowOriginMismatch],
        "The 'Access-Control-Allow-Origin' header has a value¦ '{value}' that is not equal to the supplied origin. Have \
         the server send the header with a valid value.",
    ),
    chromium(
        &[Code::WildcardOriginNotAllowed],
        "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*'¦ when the \
         request's credentials mode is 'include'.",
    ),
    chromium(
        &[Code::InvalidAllowCredentials],
        "The value of the 'Access-Control-Allow-Credentials' header in the response is¦ '{value}' which must be 'true' \
         when the request's credentials mode is 'include'.",
    ),
    chromium(
        &[Code::PreflightInvalidStatus],
        "It does not have HTTP ok status¦.",
    ),
    chromium(
        &[Code::PreflightDisallowedRedirect],
        "Redirect is not allowed for a preflight request¦.",
    ),
    chromium(
        &[Code::InvalidAllowMethodsPreflightResponse],
        "Cannot parse Access-Control-Allow-Methods¦ response header field in preflight response.",
    ),
    chromium(
        &[Code::InvalidAllowHeadersPreflightResponse],
        "Cannot parse Access-Control-Allow-Headers¦ response header field in preflight response.",
    ),
    chromium(
        &[Code::MethodDisallowedByPreflightResponse],
        "Method {method} is not allowed by Access-Control-Allow-Methods¦ in preflight response.",
    ),
    chromium(
        &[Code::HeaderDisallowedByPreflightResponse],
        "Request header field¦ {header} is not allowed by Access-Control-Allow-Headers in preflight response.",
    ),
    chromium(
        &[Code::RedirectContainsCredentials],
        "Redirect location¦ '' contains a username and password, which is disallowed for cross-origin requests.",
    ),
    chromium(
        &[Code::InsecureLocalNetwork],
        "The request client is not a secure context and the resource is in more-private address space¦ `{value}`.",
    ),
    chromium(
        &[Code::LocalNetworkAccessPermissionDenied],
        "Permission was denied for this request to access the¦ `{value}` address space.",
    ),
    whole(
        Chromium,
        &[Code::DisallowedByMode],
        "Fetch API cannot load {url}. Request mode is \"same-origin\"¦ but the URL's origin is not same as the request \
         origin {origin}.",
    ),
    whole(
        Chromium,
        &[Code::ForbiddenMethod],
        "TypeError: Failed to execute 'fetch' on 'Window': '{method}' HTTP method is unsupported¦.",
    ),
    whole(
        Chromium,
        &[Code::CorsDisabledScheme],
        "Failed to load resource: net::ERR_UNSAFE_REDIRECT¦",
    ),
    whole(
        Chromium,
        &[Code::ContentSecurityPolicy],
        "Connecting to '{url}' violates the following Content Security Policy¦ directive: \"{value}\". The action has been \
         blocked.",
    ),
    // Before 2025.
    whole(
        Chromium,
        &[Code::ContentSecurityPolicy],
        "Refused to connect to '{url}' because it violates the following Content Security Policy¦ directive: \"{value}\".",
    ),
    whole(
        Chromium,
        &[Code::ContentSecurityPolicy],
        "Fetch API cannot load {url}. Refused to connect because it violates the document's Content Security Policy¦.",
    ),
    whole(
        Chromium,
        &[Code::MixedContent],
        "Mixed Content: The page at '{page}' was loaded over HTTPS, but requested an insecure¦ resource '{url}'. This \
         request has been blocked; the content must be served over HTTPS.",
    ),
    whole(
        Chromium,
        &[Code::BlockedByClient],
        "net::ERR_BLOCKED_BY_CLIENT¦",
    ),
    network(
        NetworkError::Closed,
        "Failed to load resource: net::ERR_EMPTY_RESPONSE¦",
    ),
    network(
        NetworkError::Refused,
        "Failed to load resource: net::ERR_CONNECTION_REFUSED¦",
    ),
    network(
        NetworkError::Unresolved,
        "Failed to load resource: net::ERR_NAME_NOT_RESOLVED¦",
    ),
    network(
        NetworkError::TimedOut,
        "Failed to load resource: net::ERR_CONNECTION_TIMED_OUT¦",
    ),
    network(
        NetworkError::Certificate,
        "Failed to load resource: net::ERR_CERT_AUTHORITY_INVALID¦",
    ),
    // Firefox
    firefox(
        &[Code::MissingAllowOriginHeader],
        "CORS header ‘Access-Control-Allow-Origin’ missing¦). Status code: {status}.",
    ),
    firefox(
        &[Code::MultipleAllowOriginValues],
        "Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed¦).",
    ),
    firefox(
        &[
            Code::AllowOriginMismatch,
            Code::InvalidAllowOriginValue,
            Code::MultipleAllowOriginValues,
        ],
        "CORS header ‘Access-Control-Allow-Origin’ does not match¦ ‘{value}’).",
    ),
    firefox(
        &[Code::InvalidAllowOriginValue],
        "CORS header ‘Access-Control-Allow-Origin’ does not match¦ ‘{value}’).",
    ),
    firefox(
        &[Code::WildcardOriginNotAllowed],
        "Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is¦ ‘*’).",
    ),
    firefox(
        &[Code::InvalidAllowCredentials],
        "expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’¦).",
    ),
    firefox(
        &[
            Code::PreflightInvalidStatus,
            Code::PreflightDisallowedRedirect,
        ],
        "CORS preflight response did not succeed¦). Status code: {status}.",
    ),
    // Before 2023.
    firefox(
        &[
            Code::PreflightInvalidStatus,
            Code::PreflightDisallowedRedirect,
        ],
        "CORS preflight channel did not succeed¦).",
    ),
    firefox(
        &[Code::PreflightDisallowedRedirect],
        "CORS request external redirect not allowed¦).",
    ),
    firefox(
        &[Code::InvalidAllowMethodsPreflightResponse],
        "invalid token ‘{value}’ in CORS header ‘Access-Control-Allow-Methods’¦).",
    ),
    firefox(
        &[Code::InvalidAllowHeadersPreflightResponse],
        "invalid token ‘{value}’ in CORS header ‘Access-Control-Allow-Headers’¦).",
    ),
    firefox(
        &[Code::MethodDisallowedByPreflightResponse],
        "Did not find method in CORS header ‘Access-Control-Allow-Methods’¦).",
    ),
    firefox(
        &[Code::HeaderDisallowedByPreflightResponse],
        "header ‘{header}’ is not allowed according to header¦ ‘Access-Control-Allow-Headers’ from CORS preflight response).",
    ),
    // Before 2021.
    firefox(
        &[Code::HeaderDisallowedByPreflightResponse],
        "missing token ‘{header}’ in CORS header ‘Access-Control-Allow-Headers’¦ from CORS preflight channel).",
    ),
    firefox(&[Code::CorsDisabledScheme], "CORS request not http¦)."),
    whole(
        Firefox,
        &[Code::DisallowedByMode],
        "Security Error: Content at {page} may not load data from¦ {url}.",
    ),
    whole(
        Firefox,
        &[Code::ForbiddenMethod],
        "TypeError: Window.fetch: Invalid request method¦ {method}.",
    ),
    whole(
        Firefox,
        &[Code::ContentSecurityPolicy],
        "Content-Security-Policy: The page’s settings blocked the loading of a resource (connect-src) at {url} because it \
         violates the following directive¦: “{value}”",
    ),
    whole(
        Firefox,
        &[Code::MixedContent],
        "Blocked loading mixed active content¦ “{url}”",
    ),
    vague(
        Firefox,
        &[
            Code::NetworkFailure,
            Code::RedirectContainsCredentials,
            Code::CorsDisabledScheme,
            Code::Unspecified,
        ],
        NO_ANSWER,
    ),
    // Safari
    safari(
        &[
            Code::MissingAllowOriginHeader,
            Code::AllowOriginMismatch,
            Code::InvalidAllowOriginValue,
            Code::MultipleAllowOriginValues,
        ],
        "Origin {origin} is not allowed by Access-Control-Allow-Origin¦. Status code: {status}",
    ),
    safari(
        &[Code::AllowOriginMismatch],
        "Origin {origin} is not allowed by Access-Control-Allow-Origin¦. Status code: {status}",
    ),
    safari(
        &[Code::InvalidAllowOriginValue],
        "Origin {origin} is not allowed by Access-Control-Allow-Origin¦. Status code: {status}",
    ),
    safari(
        &[Code::MultipleAllowOriginValues],
        "Access-Control-Allow-Origin cannot contain more than one origin¦.",
    ),
    safari(
        &[Code::WildcardOriginNotAllowed],
        "Cannot use wildcard in Access-Control-Allow-Origin¦ when credentials flag is true.",
    ),
    safari(
        &[Code::InvalidAllowCredentials],
        "Credentials flag is true, but Access-Control-Allow-Credentials¦ is not \"true\".",
    ),
    safari(
        &[
            Code::PreflightInvalidStatus,
            Code::PreflightDisallowedRedirect,
        ],
        "Preflight response is not successful¦. Status code: {status}",
    ),
    safari(
        &[Code::InvalidAllowMethodsPreflightResponse],
        "Header Access-Control-Allow-Methods has an invalid value¦: {list}",
    ),
    safari(
        &[Code::InvalidAllowHeadersPreflightResponse],
        "Header Access-Control-Allow-Headers has an invalid value¦: {list}",
    ),
    safari(
        &[Code::MethodDisallowedByPreflightResponse],
        "Method {method} is not allowed by Access-Control-Allow-Methods¦.",
    ),
    safari(
        &[Code::HeaderDisallowedByPreflightResponse],
        "Request header field¦ {header} is not allowed by Access-Control-Allow-Headers.",
    ),
    safari(
        &[Code::RedirectContainsCredentials],
        "redirection URL¦ {value} has credentials",
    ),
    safari(
        &[Code::CorsDisabledScheme],
        "not allowed to follow a cross-origin CORS redirection with non CORS scheme¦",
    ),
    whole(
        Safari,
        &[Code::ForbiddenMethod],
        "TypeError: Method is forbidden¦.",
    ),
    whole(
        Safari,
        &[Code::StreamNotSupported],
        "NotSupportedError: ReadableStream uploading is not supported¦",
    ),
    whole(
        Safari,
        &[Code::ContentSecurityPolicy],
        "Refused to connect to {url} because it does not appear in the connect-src directive of the Content Security \
         Policy¦.",
    ),
    whole(
        Safari,
        &[Code::MixedContent],
        "[blocked] The page at {page} requested insecure content from¦ {url}.",
    ),
    vague(
        Safari,
        &[Code::Unspecified, Code::NetworkFailure],
        SAFARI_FETCH,
    ),
    vague(
        Safari,
        &[Code::Unspecified, Code::NetworkFailure],
        SAFARI_XHR,
    ),
    vague(
        Safari,
        &[Code::DisallowedByMode, Code::Unspecified],
        "Fetch API cannot load¦ {url}.",
    ),
    // What people write.
    said(
        Rank::Phrase,
        &[Code::MissingAllowOriginHeader],
        "No Access-Control-Allow-Origin header¦",
    ),
    said(
        Rank::Phrase,
        &[Code::MethodDisallowedByPreflightResponse],
        "Method not allowed by CORS¦",
    ),
    said(
        Rank::Phrase,
        &[Code::HeaderDisallowedByPreflightResponse],
        "Request header not allowed¦",
    ),
    said(
        Rank::Phrase,
        &[Code::WildcardOriginNotAllowed],
        "Credentials flag is true but origin is wildcard¦",
    ),
    said(
        Rank::Phrase,
        &[Code::WildcardOriginNotAllowed],
        "Credentials flag is true, but origin is wildcard¦",
    ),
    said(
        Rank::Phrase,
        &[Code::PreflightInvalidStatus],
        "Preflight response has invalid status¦",
    ),
    said(
        Rank::Phrase,
        &[Code::InvalidAllowCredentials],
        "Credentials flag is true but Allow-Credentials is false¦",
    ),
    said(
        Rank::Phrase,
        &[Code::InvalidAllowCredentials],
        "Credentials flag is true, but Allow-Credentials is false¦",
    ),
    said(
        Rank::Some,
        &[Code::Unspecified],
        "has been blocked by CORS policy¦",
    ),
    said(
        Rank::Some,
        &[Code::Unspecified],
        "Cross-Origin Request Blocked¦",
    ),
    said(Rank::Some, &[Code::Unspecified], "CORS error¦"),
    said(
        Rank::Echo,
        &[Code::FailedToFetch],
        "TypeError: Failed to fetch¦",
    ),
    said(
        Rank::Echo,
        &[Code::FailedToFetch],
        "NetworkError when attempting to fetch resource¦",
    ),
    said(
        Rank::Echo,
        &[Code::FailedToFetch],
        "TypeError: Load failed¦",
    ),
    said(Rank::Echo, &[Code::FailedToFetch], "net::ERR_FAILED¦"),
];
