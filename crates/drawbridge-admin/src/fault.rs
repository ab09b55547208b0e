//! What can be wrong with a management request: the one table of codes, beside the data plane's denials.

use http::StatusCode;

/// What can be wrong with a management request, beyond the data plane's denials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    MalformedJson,
    MalformedCondition,
    OriginNotAllowed,
    ScopeMissing,
    EndpointNotPermitted,
    ExceedsCaller,
    ProjectNotFound,
    EndpointNotFound,
    KeyNotFound,
    RouteNotFound,
    MethodNotAllowed,
    SlugTaken,
    IdTaken,
    NameTaken,
    TokenTaken,
    ProjectNotEmpty,
    KeyRevoked,
    KeyExpired,
    Conflict,
    PreconditionFailed,
    BodyTooLarge,
    UnsupportedMediaType,
    MisdirectedRequest,
    ValidationFailed,
    InternalError,
    StoreUnavailable,
}

impl Fault {
    /// Code, status and title.
    pub(crate) const fn row(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::MalformedJson => ("malformed_json", StatusCode::BAD_REQUEST, "Malformed JSON"),
            Self::MalformedCondition => (
                "malformed_condition",
                StatusCode::BAD_REQUEST,
                "Malformed condition",
            ),
            Self::OriginNotAllowed => (
                "origin_not_allowed",
                StatusCode::FORBIDDEN,
                "Origin not allowed",
            ),
            Self::ScopeMissing => ("scope_missing", StatusCode::FORBIDDEN, "Scope missing"),
            Self::EndpointNotPermitted => (
                "endpoint_not_permitted",
                StatusCode::FORBIDDEN,
                "Endpoint not permitted",
            ),
            Self::ExceedsCaller => (
                "exceeds_caller",
                StatusCode::FORBIDDEN,
                "Beyond the calling key",
            ),
            Self::ProjectNotFound => (
                "project_not_found",
                StatusCode::NOT_FOUND,
                "No such project",
            ),
            Self::EndpointNotFound => (
                "endpoint_not_found",
                StatusCode::NOT_FOUND,
                "No such endpoint",
            ),
            Self::KeyNotFound => ("key_not_found", StatusCode::NOT_FOUND, "No such key"),
            Self::RouteNotFound => (
                "route_not_found",
                StatusCode::NOT_FOUND,
                "Nothing at this URL",
            ),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed",
            ),
            Self::SlugTaken => ("slug_taken", StatusCode::CONFLICT, "Slug taken"),
            Self::IdTaken => ("id_taken", StatusCode::CONFLICT, "Id taken"),
            Self::NameTaken => ("name_taken", StatusCode::CONFLICT, "Name taken"),
            Self::TokenTaken => ("token_taken", StatusCode::CONFLICT, "Token taken"),
            Self::ProjectNotEmpty => (
                "project_not_empty",
                StatusCode::CONFLICT,
                "Project not empty",
            ),
            Self::KeyRevoked => ("key_revoked", StatusCode::CONFLICT, "Key revoked"),
            Self::KeyExpired => ("key_expired", StatusCode::CONFLICT, "Key expired"),
            Self::Conflict => ("conflict", StatusCode::CONFLICT, "Conflict"),
            Self::PreconditionFailed => (
                "precondition_failed",
                StatusCode::PRECONDITION_FAILED,
                "Precondition failed",
            ),
            Self::BodyTooLarge => (
                "body_too_large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "Body too large",
            ),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported media type",
            ),
            Self::MisdirectedRequest => (
                "misdirected_request",
                StatusCode::MISDIRECTED_REQUEST,
                "Unknown host",
            ),
            Self::ValidationFailed => (
                "validation_failed",
                StatusCode::UNPROCESSABLE_ENTITY,
                "Validation failed",
            ),
            Self::InternalError => (
                "internal_error",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Internal error",
            ),
            Self::StoreUnavailable => (
                "store_unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "Store unavailable",
            ),
        }
    }
}
