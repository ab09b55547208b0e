//! What went wrong, as RFC 9457 `application/problem+json`: the one form of every refusal.
//!
//! A detail says what, where and the cure; it must never repeat a token, a credential or a whole body.

use std::error::Error;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use drawbridge_policy::denial::Denial;
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_store::{Conflict, StoreError};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

pub(crate) use crate::fault::Fault;

/// One problem answer.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: &'static str,
    status: StatusCode,
    title: &'static str,
    detail: String,
    errors: Vec<ConfigIssue>,
    /// For operators only.
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    pub(crate) fn new(fault: Fault, detail: impl Into<String>) -> Self {
        let (code, status, title) = fault.row();
        Self {
            code,
            status,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            cause: None,
        }
    }

    /// A refusal that the data plane knows too.
    pub(crate) fn denied(denial: Denial) -> Self {
        let status = StatusCode::from_u16(denial.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            code: denial.code(),
            status,
            title: denial.message(),
            detail: denial.hint().to_owned(),
            errors: Vec::new(),
            cause: None,
        }
    }

    /// 422 with every problem of a document or query.
    pub(crate) fn invalid(issues: Vec<ConfigIssue>) -> Self {
        let detail = match issues.as_slice() {
            [only] => only.detail.clone(),
            many => format!(
                "{} problems, each named in `errors`; nothing was changed",
                many.len()
            ),
        };
        Self::new(Fault::ValidationFailed, detail).errors(issues)
    }

    /// 500; the cause is for operators.
    pub(crate) fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        let detail = "the gateway failed to do this; its log has the cause under this request id";
        Self::new(Fault::InternalError, detail).caused_by(cause)
    }

    /// The same problem, with the places that it is about.
    pub(crate) fn errors(mut self, errors: Vec<ConfigIssue>) -> Self {
        self.errors = errors;
        self
    }

    /// The same problem, with more to say of it.
    pub(crate) fn detailed(self, detail: &str) -> Self {
        Self {
            detail: detail.to_owned(),
            ..self
        }
    }

    /// The same problem, about one place: the detail stands there too.
    pub(crate) fn at(self, pointer: &str) -> Self {
        let issue = ConfigIssue::new(pointer, self.code, self.detail.clone());
        self.errors(vec![issue])
    }

    /// 409: a rule between resources.
    fn conflict(conflict: Conflict) -> Self {
        let (fault, pointer, detail) = match conflict {
            Conflict::ProjectId => (
                Fault::IdTaken,
                "/id",
                "another project has this id; leave it out to have one made",
            ),
            Conflict::ProjectSlug => (
                Fault::SlugTaken,
                "/slug",
                "another project has this slug; choose another",
            ),
            Conflict::EndpointName => (
                Fault::NameTaken,
                "/name",
                "the project has an endpoint of this name; choose another, or PATCH that one",
            ),
            Conflict::Token => (
                Fault::TokenTaken,
                "/token",
                "this token is in use, or was; leave it out to have one made",
            ),
            Conflict::KeyId | Conflict::Reference => {
                let detail =
                    "another write came first; fetch what this one is about, then try again";
                return Self::new(Fault::Conflict, detail);
            }
        };
        Self::new(fault, detail).at(pointer)
    }

    /// 409: an imported token that opens something already; not said what.
    pub(crate) fn taken_token() -> Self {
        Self::conflict(Conflict::Token)
    }

    fn caused_by(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn cause(&self) -> Option<Arc<dyn Error + Send + Sync>> {
        self.cause.clone()
    }

    /// The answer's content, under the request's id. `head` has the status and keeps its own fields, e.g. `Allow`.
    pub(crate) fn render(&self, head: Response, request_id: &str) -> Response {
        let body = json!({
            "type": format!("/errors#{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
            "errors": self.errors,
        });
        let (mut parts, _) = head.into_parts();
        let content_type = HeaderValue::from_static("application/problem+json");
        parts.headers.insert(CONTENT_TYPE, content_type);
        parts
            .headers
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Response::from_parts(parts, body.to_string().into())
    }
}

/// Status and header fields; [`crate::answer::dress`] adds the content.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let field = match self.status {
            StatusCode::UNAUTHORIZED => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            StatusCode::SERVICE_UNAVAILABLE => Some((RETRY_AFTER, HeaderValue::from_static("5"))),
            _ => None,
        };
        response.headers_mut().extend(field);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                let detail = "the store cannot be reached or written, and nothing was changed; requests are still \
                              served. Try again, and see the gateway's log if it lasts";
                Self::new(Fault::StoreUnavailable, detail).caused_by(error)
            }
            StoreError::Conflict(conflict) => Self::conflict(conflict),
            StoreError::BadCursor(_) => {
                let detail = "this is no `next_cursor` of such a list; begin again without `after`";
                Self::invalid(vec![ConfigIssue::new("?after", "bad_cursor", detail)])
            }
            _ => Self::internal(error),
        }
    }
}

/// What was read, or 422 with every problem that stood in the way.
pub(crate) fn settled<T>(read: Option<T>, problems: Problems) -> Result<T, Problem> {
    let read = problems
        .into_result(read)
        .and_then(|read| read.ok_or_else(Vec::new));
    read.map_err(Problem::invalid)
}

/// 404 for a URL without meaning.
pub(crate) async fn route_not_found() -> Problem {
    let detail = "there is nothing at this URL; the management API begins at `/v1/projects` and `/v1/api-keys`, and \
                  an endpoint's own resource is `/{project_id}/{endpoint}/v1/endpoints/{endpoint}`";
    Problem::new(Fault::RouteNotFound, detail)
}

/// 405; `Allow` is added by the router.
pub(crate) async fn method_not_allowed() -> Problem {
    let detail =
        "this resource does not have that method; the `Allow` header names those that it has";
    Problem::new(Fault::MethodNotAllowed, detail)
}
