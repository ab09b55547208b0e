//! What people write, and what says no more than that something failed.

use crate::explain::code::Code;
use crate::explain::wording::rows::{Rank, Row, said};

pub(super) static ROWS: &[Row] = &[
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
        &[Code::PreflightInvalidStatus],
        "Preflight response has an invalid status¦",
    ),
    // Chromium's until 2018; behind its context, as today's.
    said(
        Rank::Phrase,
        &[Code::PreflightInvalidStatus],
        "Response for preflight has invalid HTTP status code¦ {status}",
    ),
    said(
        Rank::Phrase,
        &[Code::PreflightInvalidStatus],
        "Response for preflight has an invalid HTTP status code¦ {status}",
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
