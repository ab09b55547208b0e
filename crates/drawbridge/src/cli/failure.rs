//! How a command against a gateway can fail, and the words for it: what happened, to what, and the cure.

use std::fmt::{self, Write};

use http::StatusCode;
use serde_json::Value;

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments make no sense; nothing was sent.
    #[error("{0}")]
    Usage(String),
    /// No gateway answered.
    #[error(
        "no gateway answers at {url} ({cause})\n  start one with `drawbridge serve`, or name it with --url or DRAWBRIDGE_URL"
    )]
    Unreachable { url: String, cause: String },
    /// The request was sent, but no whole answer came.
    #[error(
        "the gateway at {url} broke off ({cause})\n  look with `show` or `list` whether the change was made"
    )]
    BrokenOff { url: String, cause: String },
    /// Something answered, but not as the gateway does.
    #[error(
        "what answers at {url} is not a Drawbridge gateway: {found}\n  name the gateway with --url or DRAWBRIDGE_URL"
    )]
    NotAGateway { url: String, found: String },
    /// The gateway refused.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The server that was to be looked at, a gateway or not, cannot be reached.
    #[error("{0}")]
    NoAnswer(String),
    /// What was looked at is not as it should be; the details are on stdout.
    #[error("{0}")]
    Verdict(String),
    /// Nobody agreed.
    #[error("nothing was changed")]
    Cancelled,
}

/// The gateway's refusal of one request.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What was asked for, e.g. `create endpoint "small"`.
    pub(crate) action: String,
    pub(crate) status: StatusCode,
    /// The answer's body as it came.
    pub(crate) body: String,
    pub(crate) problem: Value,
}

impl Refusal {
    fn code(&self) -> &str {
        self.problem["code"].as_str().unwrap_or_default()
    }

    /// Whether the resource changed since it was read.
    pub(crate) fn is_outdated(&self) -> bool {
        self.status == StatusCode::PRECONDITION_FAILED
    }

    /// The command that shows what to do next, if there is one.
    fn cure(&self) -> Option<&'static str> {
        Some(match self.status {
            StatusCode::UNAUTHORIZED => {
                "pass a secret key with the right scopes in DRAWBRIDGE_KEY or --key; the root key stands in \
                 `root.key` in the gateway's data directory"
            }
            // The data plane's words: management is served elsewhere.
            StatusCode::NOT_FOUND if self.problem["error"]["code"] == "route_not_found" => {
                "the gateway serves management at another address, `admin.listen`: name that with --url or DRAWBRIDGE_URL"
            }
            StatusCode::NOT_FOUND => "the `list` commands show what there is",
            StatusCode::PRECONDITION_FAILED => {
                "somebody else changed it meanwhile: look at it with `show`, then try again"
            }
            StatusCode::SERVICE_UNAVAILABLE => "nothing was changed: try again",
            _ => return None,
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = self.problem["title"].as_str();
        let detail = self.problem["detail"].as_str().or(title);
        let status = self.status.as_u16();
        write!(f, "cannot {}: ", self.action)?;
        match (detail, self.code()) {
            (Some(detail), "") => write!(f, "{detail} (HTTP {status})")?,
            (Some(detail), code) => write!(f, "{detail} (HTTP {status}, {code})")?,
            (None, _) => write!(f, "{}", self.status)?,
        }
        for issue in self.problem["errors"].as_array().into_iter().flatten() {
            write!(f, "\n  {}", issue_line(issue))?;
        }
        if let Some(cure) = self.cure() {
            write!(f, "\n  {cure}")?;
        }
        match self.problem["request_id"].as_str() {
            Some(id) => write!(f, "\n  request id: {id}"),
            None => Ok(()),
        }
    }
}

/// One problem or warning of a document in one line: where, what, and what to write instead.
pub(crate) fn issue_line(issue: &Value) -> String {
    let pointer = issue["pointer"].as_str().unwrap_or_default();
    let detail = issue["detail"].as_str().unwrap_or("is not right");
    let mut line = match pointer {
        "" => detail.to_owned(),
        pointer => format!("{pointer}: {detail}"),
    };
    match issue.get("suggestion") {
        None => {}
        // A suggestion is the value for that place; a text is easier to read without its quotes.
        Some(Value::String(text)) => line += &format!(" (try: {text})"),
        Some(value) => {
            let _ = write!(line, " (try: {value})");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(status: StatusCode, problem: Value) -> String {
        let refusal = Refusal {
            action: "create endpoint \"small\"".to_owned(),
            status,
            body: problem.to_string(),
            problem,
        };
        Failure::Refused(Box::new(refusal)).to_string()
    }

    #[test]
    fn every_problem_gets_one_line_with_place_and_cure() {
        let problem = json!({
            "title": "Unprocessable Content", "status": 422, "code": "invalid_document", "request_id": "r1",
            "detail": "the document has 3 problems",
            "errors": [
                {"pointer": "/cors/allowedOrigins/0", "code": "origin_has_path",
                 "detail": "origin \"https://a.com/x\" has a path", "suggestion": "https://a.com"},
                {"pointer": "/cors/maxAge", "code": "wrong_type", "detail": "an integer is needed here, not a string",
                 "suggestion": 600},
                {"pointer": "", "code": "wrong_type", "detail": "an object is needed here, not an array"},
            ],
        });
        assert_eq!(
            refused(StatusCode::UNPROCESSABLE_ENTITY, problem),
            "cannot create endpoint \"small\": the document has 3 problems (HTTP 422, invalid_document)\n  \
             /cors/allowedOrigins/0: origin \"https://a.com/x\" has a path (try: https://a.com)\n  \
             /cors/maxAge: an integer is needed here, not a string (try: 600)\n  \
             an object is needed here, not an array\n  \
             request id: r1"
        );
    }

    #[test]
    fn a_missing_key_says_where_to_put_one() {
        let text = refused(
            StatusCode::UNAUTHORIZED,
            json!({"code": "missing_key", "detail": "no key was sent"}),
        );
        assert!(
            text.contains("no key was sent (HTTP 401, missing_key)"),
            "{text}"
        );
        assert!(text.contains("DRAWBRIDGE_KEY"), "{text}");
    }

    #[test]
    fn a_problem_without_members_still_makes_a_sentence() {
        assert_eq!(
            refused(StatusCode::CONFLICT, json!({})),
            "cannot create endpoint \"small\": 409 Conflict"
        );
    }

    #[test]
    fn an_unreachable_gateway_comes_with_the_cure() {
        let failure = Failure::Unreachable {
            url: "http://127.0.0.1:8080".to_owned(),
            cause: "connection refused".to_owned(),
        };
        assert_eq!(
            failure.to_string(),
            "no gateway answers at http://127.0.0.1:8080 (connection refused)\n  \
             start one with `drawbridge serve`, or name it with --url or DRAWBRIDGE_URL"
        );
    }
}
