//! Why a request was refused: the one table of code, HTTP status, message and hint.
//!
//! Every refusal of the data plane is a row here; nothing else makes up codes. Messages say what happened, hints what
//! to do about it. Neither may name anything that the caller does not know already.

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denial {
    /// The request could be read in two ways, or in none.
    MalformedRequest,
    /// Two credentials that differ.
    ConflictingKeys,
    /// A protocol upgrade was asked for.
    UpgradeNotSupported,
    /// The body names `model` twice.
    DuplicateModel,
    /// Several endpoints of the key serve the model.
    AmbiguousModel,
    /// No model says which of the key's endpoints is meant.
    ModelRequired,
    /// The idempotency key cannot be one.
    InvalidIdempotencyKey,
    /// Two idempotency keys that differ.
    ConflictingIdempotencyKeys,
    /// No key came with the request.
    MissingKey,
    /// The key is not known.
    InvalidKey,
    /// The key has expired.
    ExpiredKey,
    /// The key was revoked.
    RevokedKey,
    /// The endpoint does not admit the page's origin.
    OriginNotAllowed,
    /// The key may not be used from the page's origin.
    KeyOriginNotAllowed,
    /// The key may not be used from this address.
    KeyIpNotAllowed,
    /// The key is for pages only, and no Origin came with the request.
    OriginRequired,
    /// The key lacks the scope.
    ScopeMissing,
    /// The key may not use this endpoint.
    EndpointNotPermitted,
    /// A publishable key may not use this route.
    RouteNotPermitted,
    /// The root key came from a page of another origin.
    SecretKeyInBrowser,
    /// No such endpoint.
    EndpointNotFound,
    /// No such model, or not for this key.
    ModelNotFound,
    /// No such URL.
    RouteNotFound,
    /// The endpoint's policy does not list the method.
    MethodNotAllowed,
    /// A request with the same idempotency key is under way.
    IdempotencyInFlight,
    /// The request was run before, and its answer is not there to be sent again.
    AnswerNotStored,
    /// The body is larger than the endpoint accepts.
    BodyTooLarge,
    /// `model` comes too late in the body.
    ModelTooDeep,
    /// The body is not JSON where the model matters.
    UnsupportedBody,
    /// Another request came with the same idempotency key before.
    IdempotencyKeyReused,
    /// The key, or the client's address, has used up what it may do.
    RateLimited,
    /// The request's header section, or its CORS header lists, are too large.
    HeadersTooLarge,
    /// The URI is longer than is accepted.
    UriTooLong,
    /// No connection to the upstream.
    UpstreamUnreachable,
    /// The upstream's answer makes no sense.
    UpstreamInvalid,
    /// The upstream refused the gateway's own credential.
    UpstreamCredential,
    /// The upstream took too long.
    UpstreamTimeout,
    /// The gateway is at its limit.
    Overloaded,
    /// Whether the request was run before cannot be told.
    IdempotencyUnavailable,
    /// The gateway itself failed.
    InternalError,
}

struct Row {
    code: &'static str,
    status: u16,
    message: &'static str,
    hint: &'static str,
}

const fn row(code: &'static str, status: u16, message: &'static str, hint: &'static str) -> Row {
    Row {
        code,
        status,
        message,
        hint,
    }
}

impl Denial {
    /// Every denial, in the order of their statuses.
    pub const ALL: [Self; 40] = [
        Self::MalformedRequest,
        Self::ConflictingKeys,
        Self::UpgradeNotSupported,
        Self::DuplicateModel,
        Self::AmbiguousModel,
        Self::ModelRequired,
        Self::InvalidIdempotencyKey,
        Self::ConflictingIdempotencyKeys,
        Self::MissingKey,
        Self::InvalidKey,
        Self::ExpiredKey,
        Self::RevokedKey,
        Self::OriginNotAllowed,
        Self::KeyOriginNotAllowed,
        Self::KeyIpNotAllowed,
        Self::OriginRequired,
        Self::ScopeMissing,
        Self::EndpointNotPermitted,
        Self::RouteNotPermitted,
        Self::SecretKeyInBrowser,
        Self::EndpointNotFound,
        Self::ModelNotFound,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::IdempotencyInFlight,
        Self::AnswerNotStored,
        Self::BodyTooLarge,
        Self::ModelTooDeep,
        Self::UriTooLong,
        Self::UnsupportedBody,
        Self::IdempotencyKeyReused,
        Self::RateLimited,
        Self::HeadersTooLarge,
        Self::InternalError,
        Self::UpstreamUnreachable,
        Self::UpstreamInvalid,
        Self::UpstreamCredential,
        Self::Overloaded,
        Self::IdempotencyUnavailable,
        Self::UpstreamTimeout,
    ];

    const fn row(self) -> Row {
        match self {
            Self::MalformedRequest => row(
                "malformed_request",
                400,
                "The request could be read in two ways, so it was not forwarded.",
                "Send one Host header, an origin-form target without encoded slashes or dot segments, and at most the transfer coding `chunked`.",
            ),
            Self::ConflictingKeys => row(
                "conflicting_keys",
                400,
                "The request carries two different API keys.",
                "Send the key once: as `Authorization: Bearer …`, `x-api-key` or `x-goog-api-key`.",
            ),
            Self::UpgradeNotSupported => row(
                "upgrade_not_supported",
                400,
                "Protocol upgrades such as WebSocket are not supported.",
                "Use plain HTTP requests; answers can be streamed as server-sent events.",
            ),
            Self::DuplicateModel => row(
                "duplicate_model",
                400,
                "The body names `model` twice.",
                "Send one top-level `model`.",
            ),
            Self::AmbiguousModel => row(
                "ambiguous_model",
                400,
                "Several endpoints that this key may use serve the model.",
                "Call one of them by its own URL, `/{project_id}/{endpoint}/v1/…`, or use a key that may use only one.",
            ),
            Self::ModelRequired => row(
                "model_required",
                400,
                "The key may use several endpoints, and the request names no model that would tell which.",
                "Send JSON with a top-level `model`, or call the endpoint by its own URL, `/{project_id}/{endpoint}/v1/…`.",
            ),
            Self::InvalidIdempotencyKey => row(
                "invalid_idempotency_key",
                400,
                "The idempotency key is not 1 to 255 visible ASCII characters.",
                "Send a fresh UUID, or another text without spaces, as `Idempotency-Key`.",
            ),
            Self::ConflictingIdempotencyKeys => row(
                "conflicting_idempotency_keys",
                400,
                "The request carries two different idempotency keys.",
                "Send the key once: as `Idempotency-Key` or `X-Idempotency-Key`.",
            ),
            Self::MissingKey => row(
                "missing_key",
                401,
                "No API key was sent.",
                "Send a Drawbridge key as `Authorization: Bearer …`, `x-api-key` or `x-goog-api-key`.",
            ),
            Self::InvalidKey => row(
                "invalid_key",
                401,
                "The API key is not known here.",
                "Check that the whole key was copied, and that it belongs to this gateway.",
            ),
            Self::ExpiredKey => row(
                "expired_key",
                401,
                "The API key has expired.",
                "Create a new key, or move this one's `expires_at`; after a rotation, use the new token.",
            ),
            Self::RevokedKey => row(
                "revoked_key",
                401,
                "The API key was revoked.",
                "Create a new key.",
            ),
            Self::OriginNotAllowed => row(
                "origin_not_allowed",
                403,
                "This endpoint does not admit the page's origin.",
                "Add the origin, exactly as the browser sends it, to the endpoint's `allowedOrigins`; where that lists none, to a key's `allowed_origins`.",
            ),
            Self::KeyOriginNotAllowed => row(
                "key_origin_not_allowed",
                403,
                "The API key may not be used from the page's origin.",
                "Use a key of this origin, or add the origin, exactly as the browser sends it, to the key's `allowed_origins`.",
            ),
            Self::KeyIpNotAllowed => row(
                "key_ip_not_allowed",
                403,
                "The API key may not be used from this network address.",
                "Add the client's address or network to the key's `allowed_ips`, or lift the restriction with null.",
            ),
            Self::OriginRequired => row(
                "origin_required",
                403,
                "The API key is for web pages only, and the request has no Origin.",
                "Call from a page, use another key from servers, or set the key's `require_origin` to false.",
            ),
            Self::ScopeMissing => row(
                "scope_missing",
                403,
                "The API key lacks the scope that this request needs.",
                "Use a key with that scope, or add it to this key's `scopes`.",
            ),
            Self::EndpointNotPermitted => row(
                "endpoint_not_permitted",
                403,
                "The API key may not use this endpoint.",
                "Use a key of the endpoint's project, and add the endpoint's name to the key's `endpoints`.",
            ),
            Self::RouteNotPermitted => row(
                "route_not_permitted",
                403,
                "A publishable key may not use this route.",
                "Publishable keys may list models and call inference routes; use a secret key from a server for the rest.",
            ),
            Self::SecretKeyInBrowser => row(
                "secret_key_in_browser",
                403,
                "A secret key was used from a web page.",
                "Treat the key as leaked: replace it, and give the page a publishable key.",
            ),
            Self::EndpointNotFound => row(
                "endpoint_not_found",
                404,
                "There is no such endpoint.",
                "Check the project id and the endpoint's name in the URL: `/{project_id}/{endpoint}/v1/…`.",
            ),
            Self::ModelNotFound => row(
                "model_not_found",
                404,
                "There is no such model, or this key may not use it.",
                "Send one of the models that the endpoint lists.",
            ),
            Self::RouteNotFound => row(
                "route_not_found",
                404,
                "There is nothing at this URL.",
                "An endpoint's API begins at `/{project_id}/{endpoint}/v1/`, the shared one at `/v1/`.",
            ),
            Self::MethodNotAllowed => row(
                "method_not_allowed",
                405,
                "This URL does not have the method, or the endpoint's CORS policy does not list it.",
                "Send one of those that `Allow` names, or add the method to the endpoint's `allowedMethods`.",
            ),
            Self::IdempotencyInFlight => row(
                "idempotency_in_flight",
                409,
                "A request with this idempotency key is still being answered.",
                "Wait, and send the same request again for its answer.",
            ),
            Self::AnswerNotStored => row(
                "answer_not_stored",
                409,
                "The request with this idempotency key was run, and its answer is not stored, so it cannot be sent again.",
                "Stored are answers of up to 1 MiB, the latest 256 MiB of each API key. Send another idempotency key only if the request may run twice.",
            ),
            Self::BodyTooLarge => row(
                "body_too_large",
                413,
                "The request body is larger than this endpoint accepts.",
                "Send less, or raise the endpoint's `limits.max_body_bytes`.",
            ),
            Self::ModelTooDeep => row(
                "model_too_deep",
                413,
                "`model` was not found in the first 1 MiB of the body.",
                "Put `model` before the long members of the body.",
            ),
            Self::UriTooLong => row(
                "uri_too_long",
                414,
                "The request's URI is longer than 8 KiB.",
                "Send long parameters in the body.",
            ),
            Self::UnsupportedBody => row(
                "unsupported_body",
                415,
                "The model matters here, and the body is not plain JSON.",
                "Send an unencoded JSON object with a `model` member.",
            ),
            Self::IdempotencyKeyReused => row(
                "idempotency_key_reused",
                422,
                "Another request came with this idempotency key before.",
                "Make a new idempotency key for each request; repeat one only with the same body, content type and query.",
            ),
            Self::RateLimited => row(
                "rate_limited",
                429,
                "Too many requests.",
                "Wait as long as `Retry-After` says, or raise the limit: the key's `rate_limit` or `max_concurrent`, or the project's `rate_limit`.",
            ),
            Self::HeadersTooLarge => row(
                "headers_too_large",
                431,
                "The request has more, or longer, headers than are accepted.",
                "Send at most 90 header lines and 32 KiB; a preflight may name 64 headers in 4 KiB.",
            ),
            Self::InternalError => row(
                "internal_error",
                500,
                "The gateway failed to handle this request.",
                "Try again; the gateway's log has the cause under this request id.",
            ),
            Self::UpstreamUnreachable => row(
                "upstream_unreachable",
                502,
                "The endpoint's upstream cannot be reached.",
                "Check that the server at the endpoint's `upstream.base_url` runs and accepts connections from the gateway.",
            ),
            Self::UpstreamInvalid => row(
                "upstream_invalid",
                502,
                "The endpoint's upstream closed the connection without an answer, or sent what is not HTTP.",
                "Check what listens at the endpoint's `upstream.base_url`.",
            ),
            Self::UpstreamCredential => row(
                "upstream_credential",
                502,
                "The endpoint's upstream refused the gateway's credential.",
                "Set the endpoint's `upstream.credential` anew. The key of this request is not the problem.",
            ),
            Self::Overloaded => row(
                "overloaded",
                503,
                "The gateway is at its limit.",
                "Try again shortly.",
            ),
            Self::IdempotencyUnavailable => row(
                "idempotency_unavailable",
                503,
                "The gateway cannot keep a record under this idempotency key, or cannot read one, so the request was not run.",
                "Try again later; the gateway's log has the cause under this request id.",
            ),
            Self::UpstreamTimeout => row(
                "upstream_timeout",
                504,
                "The endpoint's upstream did not answer in time.",
                "Try again, or raise the endpoint's `limits.first_byte_seconds`.",
            ),
        }
    }

    /// Stable machine-readable name.
    pub const fn code(self) -> &'static str {
        self.row().code
    }

    /// HTTP status of the answer.
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// What happened, for people.
    pub const fn message(self) -> &'static str {
        self.row().message
    }

    /// What to do about it, for people.
    pub const fn hint(self) -> &'static str {
        self.row().hint
    }

    /// `error.type` in OpenAI's error shape.
    pub const fn kind(self) -> &'static str {
        match self.status() {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            400..=499 => "invalid_request_error",
            _ => "api_error",
        }
    }

    /// `error.param` in OpenAI's error shape: the header, or the member of the body, that is at fault.
    pub const fn param(self) -> Option<&'static str> {
        match self {
            Self::InvalidIdempotencyKey
            | Self::ConflictingIdempotencyKeys
            | Self::IdempotencyKeyReused => Some("Idempotency-Key"),
            Self::ModelNotFound
            | Self::ModelRequired
            | Self::AmbiguousModel
            | Self::DuplicateModel
            | Self::ModelTooDeep => Some("model"),
            _ => None,
        }
    }
}
