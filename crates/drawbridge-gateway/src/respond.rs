//! The gateway's own answers, and what every answer wears.
//!
//! One place turns denials into responses, and one place ([`Dress`]) puts CORS headers, `Vary` and the request id on
//! whatever leaves, so that no answer can be forgotten.

use std::collections::HashSet;

use bytes::Bytes;
use drawbridge_policy::cors::{ActualVerdict, AllowOrigin, Expose, PreflightAnswer};
use drawbridge_policy::denial::Denial;
use drawbridge_policy::endpoint::{Endpoint, Model};
use drawbridge_policy::refusals::Kind;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use serde_json::json;

use crate::body::Content;
use crate::limit::put_retry;
use crate::security_headers::SecurityHeaders;
use crate::trail::Trail;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

const WARNING: HeaderName = HeaderName::from_static("drawbridge-warning");

/// Tells whoever looks at the page's network traffic (design section 5).
pub(crate) fn warn_of_secret_key(headers: &mut HeaderMap) {
    headers.insert(WARNING, HeaderValue::from_static("secret_key_in_browser"));
}

pub(crate) const CORS_REFUSAL: HeaderName = HeaderName::from_static("drawbridge-cors");

/// What was refused, or would have been, for whoever looks at the page's network traffic: an item with parameters (RFC 9651).
pub(crate) fn cors_refusal(kind: &Kind) -> Option<HeaderValue> {
    let result = if kind.is_reported {
        "reported"
    } else {
        "refused"
    };
    let mut value = format!("{result}; reason={}", kind.reason.code());
    if let Some(name) = &kind.name {
        // A name is a token of HTTP; one of structured fields begins with a letter or `*`.
        let is_token = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '*')
            && kind.names().count() == 1;
        let quote = if is_token { "" } else { "\"" };
        value.push_str("; name=");
        value.extend([quote, name, quote]);
    }
    HeaderValue::try_from(value).ok()
}

/// The CORS headers of one request's answers.
pub(crate) struct Dress {
    allow_origin: Option<HeaderValue>,
    allow_credentials: bool,
    expose: Exposed,
    varies: bool,
}

enum Exposed {
    None,
    Fixed(Bytes),
    /// Every name that the answer has: `*` is not understood with credentials.
    ResponseNames,
}

impl Dress {
    /// For answers outside any endpoint.
    pub(crate) const NONE: Self = Self {
        allow_origin: None,
        allow_credentials: false,
        expose: Exposed::None,
        varies: false,
    };

    /// For answers to an actual request, as its verdict says.
    pub(crate) fn of_actual(verdict: &ActualVerdict<'_>, origin: Option<&HeaderValue>) -> Self {
        Self {
            allow_origin: allow_origin(verdict.allow_origin, origin),
            allow_credentials: verdict.allow_credentials,
            expose: match verdict.expose {
                Expose::None => Exposed::None,
                Expose::Fixed(names) => Exposed::Fixed(names.clone()),
                Expose::ResponseNames => Exposed::ResponseNames,
            },
            varies: verdict.vary_origin,
        }
    }

    /// Puts the headers on.
    pub(crate) fn put_on(&self, headers: &mut HeaderMap) {
        if self.varies {
            add_vary_origin(headers);
        }
        let Some(origin) = &self.allow_origin else {
            return;
        };
        match &self.expose {
            Exposed::None => {}
            Exposed::Fixed(names) => insert(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, names),
            Exposed::ResponseNames => expose_all(headers),
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if self.allow_credentials {
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }
}

fn allow_origin(allow: AllowOrigin, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
    match allow {
        AllowOrigin::Withheld => None,
        AllowOrigin::Any => Some(HeaderValue::from_static("*")),
        AllowOrigin::Echo => origin.cloned(),
    }
}

fn expose_all(headers: &mut HeaderMap) {
    let names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
    let names = Bytes::from(names.join(", "));
    insert(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &names);
}

/// Adds `Origin` to `Vary` (RFC 9110 section 12.5.5), unless it or `*` is there already.
fn add_vary_origin(headers: &mut HeaderMap) {
    let has_it = headers.get_all(header::VARY).iter().any(|line| {
        line.as_bytes()
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|name| name == b"*" || name.eq_ignore_ascii_case(b"origin"))
    });
    if !has_it {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
}

/// Compiled values are made of tokens, and cannot be refused as header values.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &Bytes) {
    if let Ok(value) = HeaderValue::from_maybe_shared(value.clone()) {
        headers.insert(name, value);
    }
}

/// The answer to a preflight.
pub(crate) fn preflight(
    answer: &PreflightAnswer,
    origin: Option<&HeaderValue>,
) -> Response<Content> {
    let mut response = Response::new(Content::empty());
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, &answer.allow_methods),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, &answer.allow_headers),
        (header::ACCESS_CONTROL_MAX_AGE, &answer.max_age),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            &answer.expose_headers,
        ),
        (header::VARY, &answer.vary),
    ] {
        if let Some(value) = value {
            insert(headers, name, value);
        }
    }
    if let Some(origin) = allow_origin(answer.allow_origin, origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    if answer.allow_credentials {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
    }
    response
}

/// A refusal in OpenAI's error shape.
pub(crate) fn denial(denial: Denial, trail: &Trail) -> Response<Content> {
    let said = [denial.message()].into_iter();
    let hint = trail.hint.unwrap_or(denial.hint());
    let said = said.chain(trail.detail.as_deref()).chain([hint]);
    let body = json!({
        "error": {
            "message": said.collect::<Vec<_>>().join(" "),
            "type": denial.kind(),
            "param": denial.param(),
            "code": denial.code(),
            "request_id": trail.id.to_str().unwrap_or_default(),
            "docs_url": docs_url(denial, trail),
        }
    });
    let mut response = json_response(denial.status(), body.to_string());
    let headers = response.headers_mut();
    if let Some(retry) = &trail.retry {
        put_retry(retry, headers);
    }
    match (denial, &trail.endpoint) {
        (Denial::MethodNotAllowed, Some(endpoint)) => {
            insert(headers, header::ALLOW, endpoint.cors.allow());
        }
        // What is no endpoint's is there to be read.
        (Denial::MethodNotAllowed, None) => {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        (Denial::IdempotencyInFlight, _) => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        (Denial::AnswerNotStored, _) => {
            // SDKs send every 409 again unless told not to.
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        // The body was not read, and must not be taken for the next request.
        (Denial::MalformedRequest | Denial::UriTooLong, _) => close(headers),
        _ if denial.status() == 401 => {
            // RFC 9110 section 15.5.2: a 401 names a challenge.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        _ => {}
    }
    response
}

/// Where this gateway says what the code means: below an origin that it knows as its own, else relative to its own.
fn docs_url(denial: Denial, trail: &Trail) -> String {
    let own = trail.shared().parts.own_origins.first();
    format!("{}/errors#{}", own.unwrap_or_default(), denial.code())
}

/// Errors are never kept, not even an upstream's: the cause may be gone at the next request (RFC 9110 section 15.1 lets
/// caches keep some).
pub(crate) fn keep_errors_unstored(response: &mut Response<Content>) {
    if response.status().is_client_error() || response.status().is_server_error() {
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
    }
}

/// The whole answer to a client beyond the connection limit, which no request is read for.
pub(crate) fn refusal(security_headers: &SecurityHeaders) -> Vec<u8> {
    let mut answer =
        b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncache-control: no-store\r\n\
        content-length: 0\r\nconnection: close\r\n"
            .to_vec();
    answer.extend(security_headers.lines(false));
    answer.extend_from_slice(b"\r\n");
    answer
}

/// Has the connection closed after this answer; over HTTP/2 hyper takes the header off.
pub(crate) fn close(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
}

/// `GET /v1/models` on the shared URL, in OpenAI's shape; each name once.
pub(crate) fn models<'e>(
    listed: impl Iterator<Item = (&'e Endpoint, &'e Model)>,
) -> Response<Content> {
    let mut seen = HashSet::new();
    let data: Vec<_> = listed
        .filter(|(_, model)| seen.insert(&model.name))
        .map(|(endpoint, model)| model_object(endpoint, model))
        .collect();
    json_response(200, json!({ "object": "list", "data": data }).to_string())
}

/// `GET /v1/models/{id}` on the shared URL.
pub(crate) fn model(endpoint: &Endpoint, model: &Model) -> Response<Content> {
    json_response(200, model_object(endpoint, model).to_string())
}

fn model_object(endpoint: &Endpoint, model: &Model) -> serde_json::Value {
    json!({
        "id": model.name,
        "object": "model",
        "created": endpoint.created.at.as_second(),
        "owned_by": endpoint.project.slug,
    })
}

/// `/errors`
pub(crate) fn error_page(page: Bytes) -> Response<Content> {
    let mut response = Response::new(Content::Whole(page));
    let headers = response.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, html);
    let no_cache = HeaderValue::from_static("no-cache");
    headers.insert(header::CACHE_CONTROL, no_cache);
    response
}

/// `/healthz` and `/readyz`.
pub(crate) fn health(is_well: bool) -> Response<Content> {
    let (status, word) = if is_well {
        (200, "ok")
    } else {
        (503, "draining")
    };
    json_response(status, json!({ "status": word }).to_string())
}

fn json_response(status: u16, body: String) -> Response<Content> {
    let mut response = Response::new(Content::Whole(body.into()));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
