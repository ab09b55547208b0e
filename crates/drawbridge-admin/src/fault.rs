//! What can be wrong with a management request: the one table of codes, beside the data plane's denials.

use http::StatusCode;

/// What can be wrong with a management request, beyond the data plane's denials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    MalformedJson,
    MalformedCondition,
    SignInCodeInvalid,
    SessionRequired,
    SessionEnded,
    OriginNotAllowed,
    CrossSite,
    InsecureConnection,
    KeyRequired,
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
    /// Every fault, in the order of their declaration.
    pub(crate) const ALL: [Self; 32] = [
        Self::MalformedJson,
        Self::MalformedCondition,
        Self::SignInCodeInvalid,
        Self::SessionRequired,
        Self::SessionEnded,
        Self::OriginNotAllowed,
        Self::CrossSite,
        Self::InsecureConnection,
        Self::KeyRequired,
        Self::ScopeMissing,
        Self::EndpointNotPermitted,
        Self::ExceedsCaller,
        Self::ProjectNotFound,
        Self::EndpointNotFound,
        Self::KeyNotFound,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::SlugTaken,
        Self::IdTaken,
        Self::NameTaken,
        Self::TokenTaken,
        Self::ProjectNotEmpty,
        Self::KeyRevoked,
        Self::KeyExpired,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::MisdirectedRequest,
        Self::ValidationFailed,
        Self::InternalError,
        Self::StoreUnavailable,
    ];

    /// What happened and what to do, for codes that the denial table does not have.
    pub(crate) const fn meaning(self) -> Option<&'static str> {
        Some(match self {
            Self::MalformedJson => "The body is not JSON, or has a member twice.",
            Self::MalformedCondition => {
                "`If-Match` or `If-None-Match` cannot be read. Send entity tags as they came: `\"42\"`."
            }
            Self::SignInCodeInvalid => {
                "The code of a sign-in link works once, for as long as it was made for, until the gateway restarts. Make another link, or sign in with a key."
            }
            Self::SessionRequired => {
                "The request came with a key, where a session of the dashboard is meant. Sign in first."
            }
            Self::SessionEnded => {
                "The session was idle for 30 minutes, is 12 hours old, was signed out, or its key was revoked, rotated or has expired. Sign in again."
            }
            Self::CrossSite => {
                "A session counts for pages of the gateway's own origin only. Open the dashboard itself; programs send a key."
            }
            Self::InsecureConnection => {
                "A session's cookie does not go over plain http. Use https, or a loopback address."
            }
            Self::KeyRequired => {
                "This is for the key itself, not for a session of it. Send the key."
            }
            Self::ExceedsCaller => {
                "A key can hand out only what it holds itself. Use a key that holds it, or the root key."
            }
            Self::ProjectNotFound => "There is no such project, or it is not the calling key's.",
            Self::KeyNotFound => "There is no such key, or it belongs to another project.",
            Self::SlugTaken => "Another project has this slug. Choose another.",
            Self::IdTaken => "Another project has this id. Leave it out to have one made.",
            Self::NameTaken => {
                "The project has an endpoint of this name. Choose another, or PATCH that one."
            }
            Self::TokenTaken => "This token is in use, or was. Leave it out to have one made.",
            Self::ProjectNotEmpty => {
                "The project still has endpoints, or keys that are not revoked. Delete and revoke them first."
            }
            Self::KeyRevoked => "A revoked key cannot be changed. Create another.",
            Self::KeyExpired => {
                "A token for an expired key would open nothing. Move `expires_at` first."
            }
            Self::Conflict => {
                "Another write came first. Fetch what this one is about, then try again."
            }
            Self::PreconditionFailed => "Somebody changed it in between. Read it again.",
            Self::UnsupportedMediaType => {
                "Send `application/json` or `application/merge-patch+json`, unencoded."
            }
            Self::MisdirectedRequest => {
                "A gateway on loopback answers management under its own names only. Use one of them; without `admin.listen`, setting `public_url` helps too."
            }
            Self::ValidationFailed => {
                "The document or query has problems; `errors` has every one with its place and cure."
            }
            Self::StoreUnavailable => {
                "The database or its disk failed, and nothing was changed. Try again; the gateway's log has the cause."
            }
            Self::OriginNotAllowed
            | Self::ScopeMissing
            | Self::EndpointNotPermitted
            | Self::EndpointNotFound
            | Self::RouteNotFound
            | Self::MethodNotAllowed
            | Self::BodyTooLarge
            | Self::InternalError => return None,
        })
    }

    /// Code, status and title.
    pub(crate) const fn row(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::MalformedJson => ("malformed_json", StatusCode::BAD_REQUEST, "Malformed JSON"),
            Self::MalformedCondition => (
                "malformed_condition",
                StatusCode::BAD_REQUEST,
                "Malformed condition",
            ),
            Self::SignInCodeInvalid => (
                "sign_in_code_invalid",
                StatusCode::UNAUTHORIZED,
                "Sign-in code not good",
            ),
            Self::SessionRequired => ("session_required", StatusCode::UNAUTHORIZED, "No session"),
            Self::SessionEnded => ("session_ended", StatusCode::UNAUTHORIZED, "Session ended"),
            Self::CrossSite => (
                "cross_site",
                StatusCode::FORBIDDEN,
                "Not from the gateway's own pages",
            ),
            Self::InsecureConnection => (
                "insecure_connection",
                StatusCode::FORBIDDEN,
                "Insecure connection",
            ),
            Self::KeyRequired => ("key_required", StatusCode::FORBIDDEN, "Key required"),
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
