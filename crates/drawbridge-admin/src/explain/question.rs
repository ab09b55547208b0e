//! A question, as clients write it.

use drawbridge_policy::document::Fields;
use drawbridge_policy::explain::{Code, PageRequest, Recognized, read_line};
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::names::is_token;
use serde_json::Value;
use url::Url;

use crate::problem::{Problem, settled};

/// The method of a call that names none: what inference APIs are mostly called by.
pub(crate) const DEFAULT_METHOD: &str = "POST";
/// Longest origin that is looked at, in characters; browsers' are far shorter.
pub(crate) const LONGEST_ORIGIN: usize = 1000;
/// Most headers of one call.
pub(crate) const MOST_HEADERS: usize = 100;

/// What is asked: a call, a line of a console, or both. Never neither.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) call: Option<PageCall>,
    pub(super) line: Option<Recognized>,
}

/// A page's call of an endpoint.
#[derive(Debug)]
pub(super) struct PageCall {
    /// Its id or slug.
    pub(super) project: String,
    pub(super) endpoint: String,
    pub(super) key_id: Option<String>,
    origin: String,
    method: String,
    /// `Name` or `Name: value`.
    headers: Vec<String>,
    credentials: bool,
}

impl PageCall {
    /// The call of that URL.
    pub(super) fn request(&self, url: Url) -> PageRequest {
        let mut request = PageRequest::new(&self.origin, url, &self.method);
        for header in &self.headers {
            request.set_header(header);
        }
        request.includes_credentials = self.credentials;
        request
    }
}

impl Question {
    /// Reads a document; `own_project` is the calling key's.
    ///
    /// # Errors
    /// 422 with every problem.
    pub(super) fn read(document: &Value, own_project: Option<&str>) -> Result<Self, Problem> {
        let mut problems = Problems::new();
        let question = Fields::open(document, "", &mut problems).and_then(|fields| {
            Members::read(fields, &mut problems).settle(own_project, &mut problems)
        });
        settled(question, problems)
    }
}

/// The members as they were given.
#[derive(Default)]
struct Members {
    /// Those that there are, readable or not.
    given: Vec<&'static str>,
    console: Option<String>,
    project: Option<String>,
    endpoint: Option<String>,
    key_id: Option<String>,
    origin: Option<String>,
    method: Option<String>,
    headers: Vec<String>,
    credentials: Option<bool>,
}

impl Members {
    fn read(mut fields: Fields<'_>, problems: &mut Problems) -> Self {
        let names = [
            "project",
            "endpoint",
            "key_id",
            "origin",
            "method",
            "headers",
            "credentials",
            "console",
        ];
        let mut given = Vec::new();
        for name in names {
            if fields.value(name).is_some() {
                given.push(name);
            }
        }
        if given.is_empty() {
            let detail = "a call is required, by `endpoint` and `origin` at least, or a line of a browser's `console`";
            problems.push(ConfigIssue::new("/console", "missing_field", detail));
        }
        let mut text = |name| fields.string(name, problems).map(str::to_owned);
        let read = Self {
            given,
            console: text("console"),
            project: text("project"),
            endpoint: text("endpoint"),
            key_id: text("key_id"),
            origin: text("origin"),
            method: text("method"),
            headers: fields.strings("headers", problems).unwrap_or_default(),
            credentials: fields.boolean("credentials", problems),
        };
        fields.finish(problems);
        read
    }

    fn settle(self, own_project: Option<&str>, problems: &mut Problems) -> Option<Question> {
        let line = self
            .console
            .as_deref()
            .and_then(|pasted| recognized(pasted, problems));
        if self.given == ["console"] {
            return Some(Question { call: None, line });
        }
        let call = self.call(line.as_ref(), own_project, problems)?;
        Some(Question {
            call: Some(call),
            line,
        })
    }

    /// What the call says itself goes before what the line says of it.
    fn call(
        self,
        line: Option<&Recognized>,
        own_project: Option<&str>,
        problems: &mut Problems,
    ) -> Option<PageCall> {
        self.check(problems);
        let said =
            |member: fn(&Recognized) -> &Option<String>| line.and_then(|line| member(line).clone());
        let given = self.given;
        let mut required = |name: &'static str, found: Option<String>, detail: &str| {
            if found.is_none() && !given.contains(&name) {
                let problem = ConfigIssue::new(format!("/{name}"), "missing_field", detail);
                problems.push(problem);
            }
            found
        };
        let project = self.project.or_else(|| own_project.map(str::to_owned));
        let detail = "`project` is required with the root key: its id or slug";
        let project = required("project", project, detail);
        let detail = "`endpoint` is required: the name of the endpoint that the page calls";
        let endpoint = required("endpoint", self.endpoint, detail);
        let origin = self.origin.or_else(|| said(|line| &line.origin));
        let detail = "`origin` is required: the page's, as in `https://app.example.com`";
        let origin = required("origin", origin, detail);
        let mut headers = self.headers;
        if let Some(named) = said(|line| &line.header) {
            let is_named = |header: &String| {
                header
                    .split(':')
                    .next()
                    .is_some_and(|name| name.eq_ignore_ascii_case(&named))
            };
            if !headers.iter().any(is_named) && is_token(named.as_bytes()) {
                headers.push(named);
            }
        }
        let method = self
            .method
            .or_else(|| said(|line| &line.method).filter(|method| is_token(method.as_bytes())));
        Some(PageCall {
            project: project?,
            endpoint: endpoint?,
            key_id: self.key_id,
            origin: origin?,
            method: method.unwrap_or_else(|| DEFAULT_METHOD.to_owned()),
            headers,
            credentials: self
                .credentials
                .unwrap_or_else(|| line.is_some_and(tells_of_credentials)),
        })
    }

    /// What no browser could have sent.
    fn check(&self, problems: &mut Problems) {
        let mut refuse = |pointer: String, code, detail: String| {
            problems.push(ConfigIssue::new(pointer, code, detail));
        };
        let length = self.origin.as_ref().map(|origin| origin.chars().count());
        if length.is_some_and(|length| !(1..=LONGEST_ORIGIN).contains(&length)) {
            let detail = format!(
                "an origin has 1 to {LONGEST_ORIGIN} characters, as in `https://app.example.com`"
            );
            refuse("/origin".to_owned(), "out_of_range", detail);
        }
        if let Some(method) = self
            .method
            .as_ref()
            .filter(|method| !is_token(method.as_bytes()))
        {
            let detail = format!("{method:?} is no method, such as `POST`");
            refuse("/method".to_owned(), "bad_method", detail);
        }
        if self.headers.len() > MOST_HEADERS {
            let detail = format!("a call has at most {MOST_HEADERS} headers here");
            refuse("/headers".to_owned(), "too_many", detail);
        }
        for (index, header) in self.headers.iter().take(MOST_HEADERS).enumerate() {
            let (name, value) = header.split_once(':').unwrap_or((header, ""));
            if !is_token(name.as_bytes()) || value.chars().any(char::is_control) {
                let detail =
                    "a header is a name, or a name and its value: `Content-Type: application/json`";
                refuse(format!("/headers/{index}"), "bad_header", detail.to_owned());
            }
        }
    }
}

fn recognized(pasted: &str, problems: &mut Problems) -> Option<Recognized> {
    match read_line(pasted) {
        Ok(recognized) => Some(recognized),
        Err(error) => {
            problems.push(ConfigIssue::new(
                "/console",
                "not_recognized",
                error.to_string(),
            ));
            None
        }
    }
}

/// Whether such a line comes only of calls that include credentials.
fn tells_of_credentials(line: &Recognized) -> bool {
    matches!(
        line.code().on_answer(),
        Code::WildcardOriginNotAllowed | Code::InvalidAllowCredentials
    )
}
