//! The OpenAPI document: that it is served, is the committed one, and says of every operation what is so.

use std::collections::BTreeSet;

use axum::body::Body;
use drawbridge_admin::{Needs, OPERATIONS};
use http::{Method, Request};
use serde_json::{Value, json};

use crate::document::{DOCUMENT, PATH, resolve, validator};
use crate::support::{Answer, Gateway, HOST};

/// Set to write the committed document anew: `make openapi`.
const UPDATE: &str = "DRAWBRIDGE_UPDATE_OPENAPI";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn ask(gateway: &Gateway, method: Method, url: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    gateway.send(request.body(Body::empty()).unwrap()).await
}

/// Method, path and description of every operation in the document.
fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        METHODS
            .into_iter()
            .filter_map(move |method| Some((method, path.as_str(), item.get(method)?)))
    })
}

#[tokio::test]
async fn the_committed_document_is_the_served_one() {
    let gateway = Gateway::start().await;
    let served = ask(&gateway, Method::GET, "/openapi.json", &[("host", HOST)])
        .await
        .must(200);
    let served = format!("{:#}\n", served.body);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(PATH, &served).unwrap();
    }
    let committed = std::fs::read_to_string(PATH).unwrap();
    assert!(
        committed == served,
        "openapi.json is not what is served: run `make openapi`, and look at what changes"
    );
}

#[tokio::test]
async fn the_document_needs_no_key_but_the_right_host_and_origin() {
    let gateway = Gateway::start().await;
    let host = ("host", HOST);
    let url = "/openapi.json";
    let shown = ask(&gateway, Method::GET, url, &[host]).await.must(200);
    assert_eq!(shown.header("content-type"), Some("application/json"));
    assert_eq!(shown.outcome.caller, None);
    ask(&gateway, Method::HEAD, url, &[host]).await.must(200);
    let own = ("origin", "http://localhost:8080");
    ask(&gateway, Method::GET, url, &[host, own])
        .await
        .must(200);
    let foreign = ("origin", "https://evil.example");
    ask(&gateway, Method::GET, url, &[host, foreign])
        .await
        .must_be(403, "origin_not_allowed");
    ask(&gateway, Method::GET, url, &[("host", "evil.example")])
        .await
        .must_be(421, "misdirected_request");
    let asked = ask(&gateway, Method::POST, url, &[host]).await;
    let asked = asked.must_be(405, "method_not_allowed");
    assert_eq!(asked.header("allow"), Some("GET,HEAD"));
    let asked = ask(&gateway, Method::GET, "/openapi.json?x=1", &[host]).await;
    assert_eq!(asked.must(422).errors(), [("?x", "unknown_parameter")]);
}

#[test]
fn every_operation_is_told_of_with_the_authorization_that_it_wants() {
    let mut told = BTreeSet::new();
    for (method, path, operation) in operations() {
        if path == "/openapi.json" {
            assert_eq!(operation["security"], json!([]));
            continue;
        }
        let row = OPERATIONS
            .iter()
            .find(|row| row.path == path && row.method.as_str().eq_ignore_ascii_case(method))
            .unwrap_or_else(|| panic!("{method} {path} is no operation"));
        let roles = match row.needs {
            Needs::Root => json!(["root"]),
            Needs::Scope(scope) => json!([scope.name()]),
            Needs::AnyKey | Needs::Credential => json!([]),
        };
        let schemes = DOCUMENT["components"]["securitySchemes"]
            .as_object()
            .unwrap();
        let security: Vec<_> = schemes
            .keys()
            .filter(|_| row.needs != Needs::Credential)
            .map(|scheme| json!({scheme: roles}))
            .collect();
        assert_eq!(operation["security"], json!(security), "{method} {path}");
        told.insert((row.method.as_str(), row.path));
    }
    assert_eq!(told.len(), OPERATIONS.len());
}

#[test]
fn operations_have_names_of_their_own() {
    let ids: BTreeSet<_> = operations()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), operations().count());
}

#[test]
fn every_reference_leads_somewhere() {
    fn follow(value: &Value) {
        resolve(&DOCUMENT, value);
        match value {
            Value::Object(members) => members.values().for_each(follow),
            Value::Array(elements) => elements.iter().for_each(follow),
            _ => {}
        }
    }
    follow(&DOCUMENT);
}

#[tokio::test]
async fn every_example_fits_its_schema_and_every_example_of_a_request_is_accepted() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let project = json!({"slug": "my-project"});
    root.post("/v1/projects", project).await.must(201);
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        for example in schema["examples"].as_array().into_iter().flatten() {
            assert!(validator(schema).is_valid(example), "{name}: {example}");
        }
    }
    let example = |name: &str| DOCUMENT["components"]["schemas"][name]["examples"][0].clone();
    let endpoints = "/v1/projects/my-project/endpoints";
    root.delete("/v1/projects/my-project").await.must(204);
    root.post("/v1/projects", example("ProjectCreate"))
        .await
        .must(201);
    root.patch("/v1/projects/my-project", example("ProjectUpdate"))
        .await
        .must(200);
    root.post(endpoints, example("EndpointCreate"))
        .await
        .must(201);
    let endpoint = format!("{endpoints}/my-endpoint");
    root.patch(&endpoint, example("EndpointUpdate"))
        .await
        .must(200);
    let key = gateway.key(example("ApiKeyCreate")).await;
    let key = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    root.patch(&key, example("ApiKeyUpdate")).await.must(200);
    root.post(&format!("{key}/rotate"), example("Rotation"))
        .await
        .must(200);
}
