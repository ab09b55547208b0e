//! The errors that people search for.

use drawbridge_policy::explain::Code;

/// One error.
pub(crate) struct Row {
    /// As people search for it.
    pub(crate) error: &'static str,
    pub(crate) code: Code,
    /// The page's method and headers; its origin is always the same.
    pub(crate) method: &'static str,
    pub(crate) headers: &'static [&'static str],
    pub(crate) credentials: bool,
    pub(crate) seen: Seen,
}

/// Where it is met.
pub(crate) enum Seen {
    /// At an endpoint with this `cors` object.
    AtGateway(&'static str),
    /// At any server, or one in front of the gateway, that answers preflights with this status and these lines.
    AtServer(u16, &'static [&'static str]),
    /// Before anything is sent.
    InBrowser,
}

use Seen::{AtGateway, AtServer, InBrowser};

pub(crate) const ORIGIN: &str = "https://app.example.com";
const JSON: &[&str] = &["Content-Type: application/json"];
const WITH_KEY: &[&str] = &["Content-Type: application/json", "Authorization"];

const fn row(error: &'static str, code: Code, seen: Seen) -> Row {
    Row {
        error,
        code,
        method: "POST",
        headers: WITH_KEY,
        credentials: false,
        seen,
    }
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "No 'Access-Control-Allow-Origin' header",
        Code::PreflightMissingAllowOriginHeader,
        AtGateway(r#"{"allowedOrigins": ["https://www.example.com"]}"#),
    ),
    Row {
        method: "DELETE",
        headers: &[],
        ..row(
            "Method not allowed by CORS",
            Code::MethodDisallowedByPreflightResponse,
            AtGateway(r#"{"allowedOrigins": ["https://app.example.com"]}"#),
        )
    },
    Row {
        headers: &["Content-Type: application/json", "X-Tenant: 7"],
        ..row(
            "Request header not allowed",
            Code::HeaderDisallowedByPreflightResponse,
            AtGateway(r#"{"allowedOrigins": ["https://app.example.com"]}"#),
        )
    },
    Row {
        headers: JSON,
        credentials: true,
        ..row(
            "Credentials flag is true but origin is wildcard",
            Code::PreflightWildcardOriginNotAllowed,
            AtGateway(r#"{"allowedOrigins": ["*"]}"#),
        )
    },
    row(
        "Preflight response has invalid status",
        Code::PreflightInvalidStatus,
        AtServer(
            401,
            &["Access-Control-Allow-Origin: https://app.example.com"],
        ),
    ),
    Row {
        headers: JSON,
        credentials: true,
        ..row(
            "Credentials flag is true but Allow-Credentials is false",
            Code::PreflightInvalidAllowCredentials,
            AtGateway(r#"{"allowedOrigins": ["https://app.example.com"]}"#),
        )
    },
    row(
        "The 'Access-Control-Allow-Origin' header contains multiple values",
        Code::PreflightMultipleAllowOriginValues,
        AtServer(
            204,
            &[
                "Access-Control-Allow-Origin: *",
                "Access-Control-Allow-Origin: https://app.example.com",
            ],
        ),
    ),
    row(
        "The 'Access-Control-Allow-Origin' header has a value",
        Code::PreflightAllowOriginMismatch,
        AtServer(
            204,
            &["Access-Control-Allow-Origin: https://app.example.com/"],
        ),
    ),
    row(
        "Redirect is not allowed for a preflight request",
        Code::PreflightDisallowedRedirect,
        AtServer(308, &["Location: https://gateway.example.com/elsewhere"]),
    ),
    row(
        "LocalNetworkAccessPermissionDenied",
        Code::LocalNetworkAccessPermissionDenied,
        InBrowser,
    ),
    row("MixedContent", Code::MixedContent, InBrowser),
    row(
        "ContentSecurityPolicy",
        Code::ContentSecurityPolicy,
        InBrowser,
    ),
    row(
        "net::ERR_BLOCKED_BY_CLIENT",
        Code::BlockedByClient,
        InBrowser,
    ),
    row("TypeError: Failed to fetch", Code::FailedToFetch, InBrowser),
];
