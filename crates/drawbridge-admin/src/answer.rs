//! Answers: the shapes of success, and the one place where every answer is finished.

use std::error::Error;
use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use drawbridge_policy::key::Caller;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::RequestId;
use crate::conditions::entity_tag;
use crate::problem::Problem;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What became of a request, for the log: an extension of every answer.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The id of the calling key, or `root`; `None` where the caller is unknown.
    pub caller: Option<String>,
    /// Why the request was refused, or failed.
    pub code: Option<&'static str>,
    /// What failed inside; to be logged, never to be shown.
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// Who called, left in the answer by the boundary.
#[derive(Clone, Debug)]
pub(crate) struct CalledBy(pub(crate) Caller);

/// Finishes an answer: request id, the content of problems, the outcome.
pub(crate) async fn dress(mut request: Request, next: Next) -> Response {
    let id = request.extensions_mut().remove::<RequestId>();
    let id = id.unwrap_or_else(|| RequestId(format!("req_{}", Uuid::now_v7().simple())));
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    let mut outcome = Outcome::default();
    if let Some(CalledBy(caller)) = response.extensions_mut().remove() {
        outcome.caller = Some(caller.id().to_owned());
    }
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        outcome.code = Some(problem.code());
        outcome.cause = problem.cause();
        response = problem.render(response, &id.0);
    }
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response.extensions_mut().insert(outcome);
    response
}

/// 200 with a resource.
pub(crate) fn shown(resource: &Value, etag: HeaderValue) -> Response {
    json_answer(StatusCode::OK, resource, [(ETAG, etag)])
}

/// 200 with a resource as a write made it, or would have made it if this had been no dry run.
pub(crate) fn changed(resource: &Value, revision: Option<u64>) -> Response {
    match revision {
        Some(revision) => shown(resource, entity_tag(revision)),
        None => rehearsed(resource),
    }
}

/// 304.
pub(crate) fn not_modified(etag: HeaderValue) -> Response {
    let headers = [
        (ETAG, etag),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

/// 201 with a resource and where it stands (`location` consists of slugs and ids), or a dry run's 200.
pub(crate) fn created(resource: &Value, revision: Option<u64>, location: &str) -> Response {
    let Some(revision) = revision else {
        return rehearsed(resource);
    };
    let etag = entity_tag(revision);
    let mut response = json_answer(StatusCode::CREATED, resource, [(ETAG, etag)]);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The same answer, never to be kept: it shows a token.
pub(crate) fn unstored(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 204, or a dry run's 200 with the resource that is still there.
pub(crate) fn gone(resource: &Value, revision: Option<u64>) -> Response {
    match revision {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => rehearsed(resource),
    }
}

/// 200 with what a dry run would have made. Without an ETag: nothing that this would be the tag of exists.
fn rehearsed(resource: &Value) -> Response {
    unstored(json_answer(StatusCode::OK, resource, []))
}

/// 201 with what was made and stands nowhere, for nobody's cache.
pub(crate) fn made(answer: &Value) -> Response {
    unstored(json_answer(StatusCode::CREATED, answer, []))
}

/// 200 with what is true now, and for nobody's cache.
pub(crate) fn said(answer: &Value) -> Response {
    unstored(json_answer(StatusCode::OK, answer, []))
}

/// 200 with one page of a list.
pub(crate) fn listed(data: &[Value], next_cursor: Option<&str>) -> Response {
    let list = json!({
        "object": "list",
        "data": data,
        "has_more": next_cursor.is_some(),
        "next_cursor": next_cursor,
    });
    json_answer(StatusCode::OK, &list, [])
}

fn json_answer<const N: usize>(
    status: StatusCode,
    content: &Value,
    headers: [(HeaderName, HeaderValue); N],
) -> Response {
    let common = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    (status, common, headers, content.to_string()).into_response()
}
