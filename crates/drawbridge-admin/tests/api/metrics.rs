//! `/metrics`: to whom it is shown. What stands in it is the data plane's, and tested there.

use axum::body::Body;
use drawbridge_policy::own_origins::OwnOrigins;
use http::{Method, Request};
use serde_json::json;

use crate::support::{Answer, Gateway, HOST, ROOT};

async fn ask(gateway: &Gateway, method: Method, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri("/metrics");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    gateway.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_loopback_listener_shows_metrics_without_a_key() {
    let gateway = Gateway::start().await;
    let host = ("host", HOST);
    let shown = ask(&gateway, Method::GET, &[host]).await.must(200);
    assert_eq!(shown.body, "# EOF\n");
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(shown.header("content-type"), Some(media_type));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let head = ask(&gateway, Method::HEAD, &[host]).await.must(200);
    assert_eq!(head.body, json!(null));
    for method in [Method::POST, Method::DELETE, Method::OPTIONS] {
        let refused = ask(&gateway, method, &[host]).await;
        let refused = refused.must_be(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), Some("GET,HEAD"));
    }
}

#[tokio::test]
async fn metrics_are_never_cross_origin_and_answer_to_own_hosts_only() {
    let gateway = Gateway::start().await;
    let (host, foreign) = (("host", HOST), ("origin", "https://evil.example"));
    ask(
        &gateway,
        Method::GET,
        &[host, ("origin", "http://localhost:8080")],
    )
    .await
    .must(200);
    ask(&gateway, Method::GET, &[host, foreign])
        .await
        .must_be(403, "origin_not_allowed");
    ask(&gateway, Method::GET, &[("host", "evil.example:8080")])
        .await
        .must_be(421, "misdirected_request");
    let asked = ("access-control-request-method", "GET");
    // That no `Access-Control-*` is there is checked for every answer.
    ask(&gateway, Method::OPTIONS, &[host, foreign, asked])
        .await
        .must(204);
}

#[tokio::test]
async fn any_other_listener_shows_metrics_to_secret_keys_only() {
    let listener = "192.0.2.1:8080".parse().unwrap();
    let gateway = Gateway::start_on(listener, OwnOrigins::new(None, listener, false)).await;
    let host = ("host", "gw.example.net");
    let refused = ask(&gateway, Method::GET, &[host]).await;
    let refused = refused.must_be(401, "missing_key");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    ask(
        &gateway,
        Method::GET,
        &[host, ("x-api-key", "sk-nobody-knows-this")],
    )
    .await
    .must_be(401, "invalid_key");
    let root = gateway.root();
    root.post("/v1/projects", json!({"slug": "alpha"}))
        .await
        .must(201);
    let key = |kind| gateway.key(json!({"project": "alpha", "kind": kind}));
    let (secret, publishable) = (key("secret").await, key("publishable").await);
    let token = |key: &serde_json::Value| key["token"].as_str().unwrap().to_owned();
    let (secret, publishable) = (token(&secret), token(&publishable));
    ask(&gateway, Method::GET, &[host, ("x-api-key", &publishable)])
        .await
        .must_be(403, "route_not_permitted");
    for key in [secret.as_str(), ROOT] {
        ask(&gateway, Method::GET, &[host, ("x-api-key", key)])
            .await
            .must(200);
    }
    let foreign = ("origin", "https://evil.example");
    ask(&gateway, Method::GET, &[host, ("x-api-key", ROOT), foreign])
        .await
        .must_be(403, "origin_not_allowed");
}
