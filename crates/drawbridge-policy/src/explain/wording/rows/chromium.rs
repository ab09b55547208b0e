//! Chromium 156.

use crate::explain::Browser::Chromium;
use crate::explain::answer::NetworkError;
use crate::explain::code::Code;
use crate::explain::wording::rows::{
    CSP_FALLBACK, CSP_FETCH, Row, chromium, network, unmeasured, whole,
};

pub(super) static ROWS: &[Row] = &[
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
    unmeasured(chromium(
        &[Code::InsecureLocalNetwork],
        "The request client is not a secure context and the resource is in more-private address space¦ `{value}`.",
    )),
    unmeasured(chromium(
        &[Code::LocalNetworkAccessPermissionDenied],
        "Permission was denied for this request to access the¦ `{value}` address space.",
    )),
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
    unmeasured(whole(
        Chromium,
        &[Code::ContentSecurityPolicy],
        "Refused to connect to '{url}' because it violates the following Content Security Policy¦ directive: \"{value}\".",
    )),
    whole(Chromium, &[Code::ContentSecurityPolicy], CSP_FALLBACK),
    whole(Chromium, &[Code::ContentSecurityPolicy], CSP_FETCH),
    // The same with its beginning cut off.
    whole(
        Chromium,
        &[Code::ContentSecurityPolicy],
        "Refused to connect because it violates the document's Content Security Policy¦.",
    ),
    unmeasured(whole(
        Chromium,
        &[Code::MixedContent],
        "Mixed Content: The page at '{page}' was loaded over HTTPS, but requested an insecure¦ resource '{url}'. This \
         request has been blocked; the content must be served over HTTPS.",
    )),
    unmeasured(whole(
        Chromium,
        &[Code::BlockedByClient],
        "net::ERR_BLOCKED_BY_CLIENT¦",
    )),
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
];
