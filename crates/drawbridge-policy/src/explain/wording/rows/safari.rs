//! WebKitGTK 2.50, as measured but for mixed content.

use crate::explain::Browser::Safari;
use crate::explain::code::Code;
use crate::explain::wording::rows::{Row, SAFARI_FETCH, SAFARI_XHR, safari, vague, whole};

pub(super) static ROWS: &[Row] = &[
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
];
