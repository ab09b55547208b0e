//! Who may call what: every operation, and every kind of caller.

use std::collections::BTreeSet;

use drawbridge_admin::{Needs, OPERATIONS, Operation};
use drawbridge_policy::key::Scope;
use http::Method;
use serde_json::json;

use crate::support::{Answer, Gateway};

/// The URL of an operation on resources of a furnished gateway.
fn url(operation: &Operation, key_id: &str) -> String {
    operation
        .path
        .replace("{project}", "alpha")
        .replace("{project_id}", "proj_alpha00")
        .replace("{endpoint}", "one")
        .replace("{name}", "one")
        .replace("{id}", key_id)
}

/// Calls an operation with an empty document, which changes nothing; `None` calls without a key.
async fn call(
    gateway: &Gateway,
    token: Option<&str>,
    operation: &Operation,
    key_id: &str,
) -> Answer {
    let actor = gateway.actor(token.unwrap_or_default());
    let request = actor.request(operation.method.clone(), &url(operation, key_id));
    let request = request
        .header("content-type", "application/json")
        .header("if-match", "\"never\"");
    let mut request = request.body("{}".into()).unwrap();
    if token.is_none() {
        request.headers_mut().remove("authorization");
    }
    gateway.send(request).await
}

/// A key of `alpha` that nobody else holds anything of.
async fn bystander(gateway: &Gateway) -> String {
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret", "scopes": []}))
        .await;
    key["id"].as_str().unwrap().to_owned()
}

fn is_admitted(answer: &Answer) -> bool {
    // What is about a session has none here.
    answer.code() == "session_required" || ![401, 403, 404, 405].contains(&answer.status.as_u16())
}

/// Every operation but the one whose document says who calls.
fn with_key() -> impl Iterator<Item = &'static Operation> {
    let operations = OPERATIONS.iter();
    operations.filter(|operation| operation.needs != Needs::Credential)
}

/// What is served beside the operations, to everybody.
const OPEN: [&str; 8] = [
    "/dashboard",
    "/dashboard/",
    "/dashboard/api",
    "/dashboard/api/",
    "/dashboard/api/{*path}",
    "/dashboard/{*path}",
    "/metrics",
    "/openapi.json",
];

#[tokio::test]
async fn nothing_is_served_but_operations_and_what_is_open_and_that_cannot_be_written() {
    let gateway = Gateway::furnished().await;
    let operations = OPERATIONS.iter().map(|operation| operation.path);
    let known: BTreeSet<_> = operations.chain(OPEN).map(str::to_owned).collect();
    assert_eq!(gateway.paths(), known);
    for path in OPEN {
        let path = path.replace("{*path}", "nothing-there");
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let request = gateway.root().request(method.clone(), &path);
            let answer = gateway.send(request.body("{}".into()).unwrap()).await;
            let status = answer.status.as_u16();
            assert!([404, 405].contains(&status), "{method} {path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn every_operation_wants_a_known_key() {
    let gateway = Gateway::furnished().await;
    let id = bystander(&gateway).await;
    for operation in with_key() {
        call(&gateway, None, operation, &id)
            .await
            .must_be(401, "missing_key");
        call(&gateway, Some("sk-nobody-knows-this"), operation, &id)
            .await
            .must_be(401, "invalid_key");
    }
}

#[tokio::test]
async fn every_operation_is_open_to_root_and_to_no_publishable_key() {
    let gateway = Gateway::furnished().await;
    let id = bystander(&gateway).await;
    let key = gateway
        .key(json!({"project": "alpha", "kind": "publishable"}))
        .await;
    for operation in with_key() {
        let answer = call(&gateway, Some(crate::support::ROOT), operation, &id).await;
        assert!(is_admitted(&answer), "{operation:?}: {answer:?}");
        let answer = call(&gateway, key["token"].as_str(), operation, &id).await;
        answer.must_be(403, "route_not_permitted");
    }
}

#[tokio::test]
async fn every_operation_wants_its_scope_and_no_other() {
    let gateway = Gateway::furnished().await;
    let id = bystander(&gateway).await;
    for scope in Scope::ALL {
        let document = json!({"project": "alpha", "kind": "secret", "scopes": [scope.name()]});
        let key = gateway.key(document).await;
        for operation in with_key() {
            let answer = call(&gateway, key["token"].as_str(), operation, &id).await;
            assert_eq!(answer.outcome.caller.as_deref(), key["id"].as_str());
            if [Needs::Scope(*scope), Needs::AnyKey].contains(&operation.needs) {
                assert!(is_admitted(&answer), "{operation:?}: {answer:?}");
            } else {
                answer.must_be(403, "scope_missing");
            }
        }
    }
}

#[tokio::test]
async fn every_operation_on_another_project_finds_nothing() {
    let gateway = Gateway::furnished().await;
    let key = gateway
        .key(json!({"project": "beta", "kind": "secret", "scopes": []}))
        .await;
    let scopes = Scope::ALL
        .iter()
        .map(|scope| scope.name())
        .collect::<Vec<_>>();
    let manager = gateway.manager(&scopes).await;
    for operation in OPERATIONS
        .iter()
        .filter(|operation| operation.path.contains('{'))
    {
        if operation.needs == Needs::Root {
            continue;
        }
        let url = url(operation, key["id"].as_str().unwrap()).replace("alpha", "beta");
        let request = manager.request(operation.method.clone(), &url);
        let request = request
            .header("content-type", "application/json")
            .body("{}".into())
            .unwrap();
        gateway.send(request).await.must(404);
    }
}

#[tokio::test]
async fn every_operation_refuses_query_parameters_that_it_does_not_know() {
    let gateway = Gateway::furnished().await;
    let id = bystander(&gateway).await;
    for operation in OPERATIONS {
        let url = format!("{}?dry=true", url(operation, &id));
        let request = gateway.root().request(operation.method.clone(), &url);
        let request = request
            .header("content-type", "application/json")
            .body("{}".into())
            .unwrap();
        let answer = gateway
            .send(request)
            .await
            .must_be(422, "validation_failed");
        assert_eq!(
            answer.errors(),
            [("?dry", "unknown_parameter")],
            "{operation:?}"
        );
    }
}

#[tokio::test]
async fn lists_show_a_key_its_own_project_only() {
    let gateway = Gateway::furnished().await;
    gateway
        .key(json!({"project": "beta", "kind": "secret"}))
        .await;
    let manager = gateway.manager(&["endpoints:read", "keys:read"]).await;
    let projects = manager.get("/v1/projects").await.must(200).body;
    assert_eq!(projects["data"].as_array().unwrap().len(), 1);
    assert_eq!(projects["data"][0]["slug"], "alpha");
    assert_eq!(
        (&projects["has_more"], &projects["next_cursor"]),
        (&json!(false), &json!(null))
    );
    let keys = manager.get("/v1/api-keys").await.must(200).body;
    assert_eq!(keys["data"].as_array().unwrap().len(), 1);
    assert_eq!(keys["data"][0]["project"], "alpha");
    manager
        .get("/v1/api-keys?project=beta")
        .await
        .must_be(404, "project_not_found");
    let all = gateway.root().get("/v1/api-keys").await.must(200).body;
    assert_eq!(all["data"].as_array().unwrap().len(), 2);
    let beta = gateway
        .root()
        .get("/v1/api-keys?project=beta")
        .await
        .must(200)
        .body;
    assert_eq!(beta["data"].as_array().unwrap().len(), 1);
    assert_eq!(beta["data"][0]["project"], "beta");
}

#[tokio::test]
async fn a_key_for_some_endpoints_manages_those_only() {
    let gateway = Gateway::furnished().await;
    let document = json!({
        "project": "alpha", "kind": "secret", "endpoints": ["one"],
        "scopes": ["endpoints:read", "endpoints:write"],
    });
    let key = gateway.key(document).await;
    let limited = gateway.actor(key["token"].as_str().unwrap());
    let list = limited
        .get("/v1/projects/alpha/endpoints")
        .await
        .must(200)
        .body;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["name"], "one");
    limited
        .get("/v1/projects/alpha/endpoints/one")
        .await
        .must(200);
    for path in [
        "/v1/projects/alpha/endpoints/two",
        "/proj_alpha00/two/v1/endpoints/two",
    ] {
        limited
            .get(path)
            .await
            .must_be(403, "endpoint_not_permitted");
        limited
            .patch(path, json!({"models": ["m"]}))
            .await
            .must_be(403, "endpoint_not_permitted");
        limited
            .delete(path)
            .await
            .must_be(403, "endpoint_not_permitted");
    }
    let new = crate::support::endpoint("three");
    let answer = limited.post("/v1/projects/alpha/endpoints", new).await;
    answer.must_be(403, "endpoint_not_permitted");
}
