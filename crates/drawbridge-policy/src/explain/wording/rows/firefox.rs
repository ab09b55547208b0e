//! Firefox 153.

use crate::explain::Browser::Firefox;
use crate::explain::code::Code;
use crate::explain::wording::rows::{NO_ANSWER, Row, firefox, unmeasured, vague, whole};

pub(super) static ROWS: &[Row] = &[
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
    unmeasured(firefox(
        &[
            Code::PreflightInvalidStatus,
            Code::PreflightDisallowedRedirect,
        ],
        "CORS preflight channel did not succeed¦).",
    )),
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
    unmeasured(firefox(
        &[Code::HeaderDisallowedByPreflightResponse],
        "missing token ‘{header}’ in CORS header ‘Access-Control-Allow-Headers’¦ from CORS preflight channel).",
    )),
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
    unmeasured(whole(
        Firefox,
        &[Code::MixedContent],
        "Blocked loading mixed active content¦ “{url}”",
    )),
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
];
