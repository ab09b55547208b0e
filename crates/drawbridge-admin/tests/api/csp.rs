//! `/dashboard/api/csp`

use drawbridge_policy::own_origins::OwnOrigins;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway};

async fn ask(gateway: &Gateway, question: Value) -> Answer {
    gateway.root().post("/dashboard/api/csp", question).await
}

/// Reached under a name.
async fn named() -> Gateway {
    let listener = "127.0.0.1:8080".parse().unwrap();
    Gateway::start_as(OwnOrigins::new(
        Some("https://gw.example.com"),
        listener,
        false,
    ))
    .await
}

#[tokio::test]
async fn the_directive_names_the_gateway_or_one_project_of_it() {
    let gateway = named().await;
    let project = json!({"slug": "alpha", "id": "proj_alpha00"});
    gateway.root().post("/v1/projects", project).await.must(201);
    let whole = ask(&gateway, json!({})).await.must(200);
    let expected = json!({
        "object": "csp", "source": "https://gw.example.com", "policy": "connect-src 'self' https://gw.example.com",
        "check": null,
    });
    assert_eq!(whole.body, expected);
    assert_eq!(whole.header("cache-control"), Some("no-store"));
    let of_project = ask(&gateway, json!({"project": "alpha", "policy": null}))
        .await
        .must(200);
    let policy = "connect-src 'self' https://gw.example.com/proj_alpha00/";
    assert_eq!(of_project.body["policy"], policy);
}

#[tokio::test]
async fn a_policy_that_blocks_is_shown_its_fault_and_its_cure() {
    let gateway = named().await;
    let policy =
        "Content-Security-Policy: default-src 'self' https://gw.example.com:8443; img-src *";
    let checked = ask(&gateway, json!({"policy": policy})).await.must(200);
    let cure = "connect-src 'self' https://gw.example.com:8443 https://gw.example.com";
    let expected = json!({
        "verdict": "blocked",
        "blocks": [{
            "policy": 1, "directive": "default-src", "text": "default-src 'self' https://gw.example.com:8443",
            "near": [{"source": "https://gw.example.com:8443", "has": "another port"}], "cure": cure,
        }],
        "cured": format!("default-src 'self' https://gw.example.com:8443; img-src *; {cure}"),
        "warnings": [],
    });
    assert_eq!(checked.body["check"], expected);
    let own = json!({"policy": "default-src 'self'", "page_origin": "https://gw.example.com"});
    let checked = ask(&gateway, own).await.must(200);
    assert_eq!(checked.body["check"]["verdict"], "allowed");
}

#[tokio::test]
async fn every_member_that_is_wrong_is_named() {
    let gateway = Gateway::furnished().await;
    let wrong = json!({"project": 1, "policy": [], "page_origin": "app.example.com", "nothing": 1});
    let refused = ask(&gateway, wrong).await.must_be(422, "validation_failed");
    let expected = [
        ("/project", "wrong_type"),
        ("/policy", "wrong_type"),
        ("/page_origin", "bad_origin"),
        ("/nothing", "unknown_field"),
    ];
    assert_eq!(refused.errors(), expected);
    let unknown = ask(&gateway, json!({"project": "unknown"})).await;
    assert_eq!(
        unknown.must_be(404, "project_not_found").errors()[0].0,
        "/project"
    );
    let reader = gateway.manager(&["endpoints:read"]).await;
    let foreign = reader
        .post("/dashboard/api/csp", json!({"project": "beta"}))
        .await;
    foreign.must_be(404, "project_not_found");
}

#[tokio::test]
async fn what_no_policy_can_name_is_said() {
    let listener = "[::1]:8080".parse().unwrap();
    let own = OwnOrigins::new(Some("http://[::1]:8080"), listener, false);
    let gateway = Gateway::start_on(listener, own).await;
    let refused = ask(&gateway, json!({}))
        .await
        .must_be(422, "validation_failed");
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains("public_url")
    );
}
