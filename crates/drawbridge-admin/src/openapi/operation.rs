//! One operation of the document.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::answers::{answer, refusals, refusals_to_anyone};
use super::explanation::QUESTION;
use super::members::{Form, name, reference};
use super::node::CSP_QUESTION;
use super::parameters;
use super::schemas::{ROTATED, ROTATION};
use super::sessions::{LINK, SIGN_IN};
use crate::operations::{Needs, OPERATIONS, Operation};
use crate::shape::{Resource, Shape};

const JSON: &str = "application/json";
/// The ways to say who calls.
const SCHEMES: [&str; 4] = ["bearer", "x-api-key", "x-goog-api-key", "session"];

pub(super) fn describe(operation: &Operation) -> Value {
    let (needed, roles) = match operation.needs {
        Needs::Root => ("Needs the root key.".to_owned(), vec!["root"]),
        Needs::Scope(scope) => (
            format!("Needs the scope `{scope}`, or the root key."),
            vec![scope.name()],
        ),
        Needs::AnyKey => ("Needs a secret key, or the root key.".to_owned(), vec![]),
        Needs::Credential => ("Needs no key but what the document has.".to_owned(), vec![]),
    };
    let security: Vec<_> = match operation.needs {
        Needs::Credential => Vec::new(),
        _ => SCHEMES.map(|scheme| json!({scheme: roles})).into(),
    };
    let mut described = json!({
        "operationId": id(operation),
        "tags": [operation.resource.name()],
        "summary": operation.summary,
        "description": needed,
        "security": security,
        "parameters": parameters::of_shape(operation.shape),
    });
    if let Some(document) = document(operation) {
        described["requestBody"] = document;
    }
    let mut answers = success(operation);
    answers.extend(refusals(operation));
    described["responses"] = json!(answers);
    described
}

/// The operation that answers this document.
pub(super) fn this_document() -> Value {
    let content = json!({(JSON): {"schema": {"type": "object"}}});
    let mut answers = refusals_to_anyone();
    answers.insert(200, answer("This document.", &[], Some(content)));
    json!({
        "operationId": "openapi.show",
        "summary": "Show this document",
        "description": "Needs no key.",
        "security": [],
        "responses": answers,
    })
}

/// Unique: an action that stands at several places of the table is told apart by what is unusual about them.
fn id(operation: &Operation) -> String {
    let is_first = OPERATIONS
        .iter()
        .find(|other| other.action == operation.action)
        .is_some_and(|first| std::ptr::eq(first, operation));
    match (is_first, &operation.method) {
        (true, _) => operation.action.to_owned(),
        (false, &Method::PUT) => format!("{}.put", operation.action),
        (false, _) => format!("{}.own_url", operation.action),
    }
}

fn document(operation: &Operation) -> Option<Value> {
    let (form, media_types): (_, &[&str]) = match operation.shape {
        Shape::Create => (Form::Create, &[JSON]),
        Shape::Update => (Form::Update, &["application/merge-patch+json", JSON]),
        Shape::Rotate => return Some(body(&reference(ROTATION), &[JSON])),
        Shape::Ask if operation.resource == Resource::Csp => {
            return Some(body(&reference(CSP_QUESTION), &[JSON]));
        }
        Shape::Ask => return Some(body(&reference(QUESTION), &[JSON])),
        Shape::SignIn => return Some(body(&reference(SIGN_IN), &[JSON])),
        Shape::MakeLink => return Some(body(&reference(LINK), &[JSON])),
        _ => return None,
    };
    let schema = reference(&name(operation.resource.name(), form));
    Some(body(&schema, media_types))
}

fn body(schema: &Value, media_types: &[&str]) -> Value {
    let content = media_types
        .iter()
        .map(|media_type| ((*media_type).to_owned(), json!({"schema": schema})));
    json!({"required": true, "content": content.collect::<serde_json::Map<_, _>>()})
}

/// What an operation answers when it did what it was asked, by status.
fn success(operation: &Operation) -> BTreeMap<u16, Value> {
    let one = operation.resource.name();
    let list = format!("{one}List");
    let created = match operation.resource {
        Resource::ApiKey => "ApiKeyCreated",
        _ => one,
    };
    let answers: &[(u16, &str, &[&str], Option<&str>)] = match operation.shape {
        Shape::List | Shape::Search | Shape::Keys | Shape::Log | Shape::Refused => {
            &[(200, "A page of the list.", &[], Some(&list))]
        }
        Shape::Ask | Shape::Tell | Shape::Measure => &[(200, "The answer.", &[], Some(one))],
        Shape::SignIn => &[(201, "The session.", &["Set-Cookie"], Some(one))],
        Shape::SignOut => &[(204, "Signed out.", &["Set-Cookie"], None)],
        Shape::MakeLink => &[(201, "The new link.", &[], Some(one))],
        Shape::Show => &[
            (200, "The resource.", &["ETag"], Some(one)),
            (304, "The client has it already.", &["ETag"], None),
        ],
        Shape::Create => &[
            (200, "Dry run: what would be created.", &[], Some(one)),
            (
                201,
                "The new resource.",
                &["ETag", "Location"],
                Some(created),
            ),
        ],
        Shape::Update => &[(
            200,
            "The resource as it is now, or (dry run) would be.",
            &["ETag"],
            Some(one),
        )],
        Shape::Revoke => &[(
            200,
            "What is left of it, or (dry run) would be.",
            &["ETag"],
            Some(one),
        )],
        Shape::Rotate => &[(
            200,
            "The key with its new token, or (dry run) without.",
            &["ETag"],
            Some(ROTATED),
        )],
        Shape::Delete => &[
            (200, "Dry run: what would be deleted.", &[], Some(one)),
            (204, "The resource is gone.", &[], None),
        ],
    };
    let describe = |(status, about, headers, schema): &(u16, &str, &[&str], Option<&str>)| {
        let content = schema.map(|schema| json!({(JSON): {"schema": reference(schema)}}));
        let answer = answer(about, headers, content);
        let is_creation = *status == 201;
        (
            *status,
            if is_creation {
                with_links(answer, operation)
            } else {
                answer
            },
        )
    };
    answers.iter().map(describe).collect()
}

/// The same answer, with what can be done next to the new resource.
fn with_links(mut answer: Value, creation: &Operation) -> Value {
    let is_next = |operation: &&Operation| {
        operation.path.contains('{')
            && [operation.resource, Resource::Project].contains(&creation.resource)
    };
    for operation in OPERATIONS.iter().filter(is_next) {
        let names = parameters::in_path(operation.path);
        let given = names.map(|name| Some((name.to_owned(), given_by(creation.resource, name)?)));
        if let Some(given) = given.collect::<Option<serde_json::Map<_, _>>>() {
            let id = id(operation);
            answer["links"][&id] = json!({"operationId": id, "parameters": given});
        }
    }
    answer
}

/// Where a new resource has what a path names.
fn given_by(resource: Resource, parameter: &str) -> Option<Value> {
    let member = match (resource, parameter) {
        (Resource::Project, "project") => "slug",
        (Resource::Endpoint, "project") => "project",
        (Resource::Endpoint, "project_id") => "project_id",
        (Resource::Endpoint, "endpoint" | "name") => "name",
        (Resource::ApiKey, "id") => "id",
        _ => return None,
    };
    Some(format!("$response.body#/{member}").into())
}
