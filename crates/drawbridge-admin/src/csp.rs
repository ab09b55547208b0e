//! `POST /dashboard/api/csp`: which Content-Security-Policy lets a page call this gateway, and whether a given one does.
//!
//! The gateway enforces nothing of it; it only explains what browsers would do.

use axum::response::Response;
use drawbridge_policy::csp::{Call as PageCall, Csp, source_for, without_name};
use drawbridge_policy::document::{Fields, as_string};
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::origin::Origin;
use serde_json::{Value, json};

use crate::call::Call;
use crate::problem::{Fault, Problem, settled};
use crate::{answer, projects};

/// What is asked.
struct Question {
    /// Only the endpoints of this project, by their own URLs: its id or slug.
    project: Option<String>,
    /// The value of a header.
    policy: Option<String>,
    /// Where the page comes from, which `'self'` depends on.
    page_origin: Option<String>,
}

/// `POST /dashboard/api/csp`
pub(crate) async fn answer(mut call: Call) -> Result<Response, Problem> {
    let question = Question::read(&Value::Object(call.document().await?))?;
    let path = match &question.project {
        Some(project) => {
            let project = projects::find(&call, project).await;
            let project = project.map_err(|problem| problem.at("/project"))?;
            format!("/{}/", project.id)
        }
        None => "/".to_owned(),
    };
    let gateway = call.gateway_origin();
    let origin = Origin::parse(gateway.as_bytes());
    let source = origin.and_then(|origin| source_for(origin, &path));
    let (Some(origin), Some(source)) = (origin, source) else {
        let detail = format!(
            "no Content-Security-Policy can name {gateway}, as browsers ignore IPv6 addresses in it: give the gateway a \
             name, and set `public_url` to it"
        );
        return Err(Problem::new(Fault::ValidationFailed, detail));
    };
    let check = question.policy.as_deref().map(|policy| {
        let (csp, oddities) = Csp::parse(without_name(policy));
        let page = question.page_origin.as_deref();
        let judgement = csp.judge(&PageCall {
            gateway: origin,
            path: &path,
            page: page.and_then(|page| Origin::parse(page.as_bytes())),
        });
        judgement.to_value(&oddities)
    });
    Ok(answer::said(&json!({
        "object": "csp",
        "source": source,
        "policy": format!("connect-src 'self' {source}"),
        "check": check,
    })))
}

impl Question {
    fn read(document: &Value) -> Result<Self, Problem> {
        let mut problems = Problems::new();
        let question = Fields::open(document, "", &mut problems).map(|mut fields| {
            let mut text = |name| {
                let value = fields.nullable(name)?;
                as_string(value, &fields.pointer_to(name), &mut problems).map(str::to_owned)
            };
            let question = Self {
                project: text("project"),
                policy: text("policy"),
                page_origin: text("page_origin"),
            };
            question.check(&mut problems);
            fields.finish(&mut problems);
            question
        });
        settled(question, problems)
    }

    fn check(&self, problems: &mut Problems) {
        let Some(origin) = &self.page_origin else {
            return;
        };
        if Origin::parse(origin.as_bytes()).is_none() {
            let detail = "this is no origin as browsers send it, such as `https://app.example.com`";
            problems.push(ConfigIssue::new("/page_origin", "bad_origin", detail));
        }
    }
}
