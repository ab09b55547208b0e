//! What stands before every operation: hosts, origins, preflights, keys, URLs and methods.

use std::sync::Arc;

use axum::body::Body;
use drawbridge_policy::own_origins::OwnOrigins;
use http::{Method, Request};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Answer, Gateway, HOST, ROOT, node, pass};

/// A request for the list of projects with these header fields, `Host` and key included.
async fn get(gateway: &Gateway, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(Method::GET).uri("/v1/projects");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    gateway.send(request.body(Body::empty()).unwrap()).await
}

fn bearer() -> (&'static str, String) {
    ("authorization", format!("Bearer {ROOT}"))
}

#[tokio::test]
async fn refusals_come_in_the_documented_order() {
    let gateway = Gateway::start().await;
    let foreign = ("origin", "https://evil.example");
    let answer = get(&gateway, &[("host", "evil.example"), foreign]).await;
    answer.must_be(421, "misdirected_request");
    get(&gateway, &[("host", HOST), foreign])
        .await
        .must_be(403, "origin_not_allowed");
    let answer = get(&gateway, &[("host", HOST)])
        .await
        .must_be(401, "missing_key");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn a_loopback_listener_answers_to_its_own_names_only() {
    let gateway = Gateway::start().await;
    let (name, key) = bearer();
    for host in [HOST, "localhost:8080", "LocalHost:8080", "[::1]:8080"] {
        get(&gateway, &[("host", host), (name, &key)])
            .await
            .must(200);
    }
    for host in [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:8080.evil.example",
        "",
    ] {
        let answer = get(&gateway, &[("host", host), (name, &key)]).await;
        answer.must_be(421, "misdirected_request");
    }
    get(&gateway, &[(name, &key)])
        .await
        .must_be(421, "misdirected_request");
    let two = [("host", HOST), ("host", HOST), (name, &*key)];
    get(&gateway, &two)
        .await
        .must_be(421, "misdirected_request");
    let own = OwnOrigins::new(Some("https://gw.example.net"), HOST.parse().unwrap(), false);
    let gateway = Gateway::start_as(own).await;
    get(&gateway, &[("host", "anything.example"), (name, &key)])
        .await
        .must(200);
}

#[tokio::test]
async fn no_foreign_origin_is_served_whatever_its_key() {
    let gateway = Gateway::start().await;
    let (name, key) = bearer();
    for origin in [
        "http://127.0.0.1:8080",
        "http://localhost:8080",
        "http://[::1]:8080",
    ] {
        get(
            &gateway,
            &[("host", HOST), (name, &key), ("origin", origin)],
        )
        .await
        .must(200);
    }
    for origin in [
        "https://localhost:8080",
        "http://localhost:8081",
        "null",
        "",
        "https://a.example",
    ] {
        let answer = get(
            &gateway,
            &[("host", HOST), (name, &key), ("origin", origin)],
        )
        .await;
        answer.must_be(403, "origin_not_allowed");
    }
    let own = ("origin", "http://localhost:8080");
    let answer = get(&gateway, &[("host", HOST), (name, &key), own, own]).await;
    answer.must_be(403, "origin_not_allowed");
}

#[tokio::test]
async fn a_preflight_is_answered_without_cors_headers() {
    let gateway = Gateway::start().await;
    for path in ["/v1/projects", "/v1/api-keys/ak_live_x", "/v1/nothing"] {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri(path)
            .header("host", HOST)
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "DELETE");
        // That no `Access-Control-*` is there is checked for every answer.
        gateway
            .send(request.body(Body::empty()).unwrap())
            .await
            .must(204);
    }
}

#[tokio::test]
async fn a_key_may_come_in_any_of_three_fields_but_only_once() {
    let gateway = Gateway::start().await;
    for name in ["x-api-key", "x-goog-api-key"] {
        get(&gateway, &[("host", HOST), (name, ROOT)])
            .await
            .must(200);
    }
    let two = [
        ("host", HOST),
        ("x-api-key", ROOT),
        ("authorization", "Bearer another-key"),
    ];
    get(&gateway, &two).await.must_be(400, "conflicting_keys");
    let answer = get(
        &gateway,
        &[("host", HOST), ("authorization", "Basic cm9vdDpyb290")],
    )
    .await;
    answer.must_be(401, "missing_key");
}

#[tokio::test]
async fn expired_and_revoked_keys_are_told_so() {
    let gateway = Gateway::furnished().await;
    let document = json!({
        "project": "alpha", "kind": "secret", "scopes": ["endpoints:read"],
        "expires_at": "2026-11-21T13:00:00Z",
    });
    let expiring = gateway.key(document).await;
    let expiring = gateway.actor(expiring["token"].as_str().unwrap());
    expiring.get("/v1/projects").await.must(200);
    pass(SignedDuration::from_hours(1));
    expiring
        .get("/v1/projects")
        .await
        .must_be(401, "expired_key");
    let revoked = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let path = format!("/v1/api-keys/{}", revoked["id"].as_str().unwrap());
    gateway.root().delete(&path).await.must(200);
    let revoked = gateway.actor(revoked["token"].as_str().unwrap());
    revoked
        .get("/v1/projects")
        .await
        .must_be(401, "revoked_key");
}

#[tokio::test]
async fn urls_and_methods_that_do_not_exist_are_problems_too() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    for path in [
        "/v1/project",
        "/v1/projects/",
        "/v1/projects/alpha/endpoints/",
        "/v1/projects/alpha/endpoints/one/more",
        "/v1/api-keys/",
        "/v1/cors/",
        "/openapi.json/",
        "/proj_alpha00/one/v1/endpoints",
        "/",
    ] {
        root.get(path).await.must_be(404, "route_not_found");
    }
    root.get("/v1/projects/%ff").await.must(404);
    let cases = [
        (Method::DELETE, "/v1/projects", "GET,HEAD,POST"),
        (Method::PUT, "/v1/projects/alpha", "GET,HEAD,PATCH,DELETE"),
        (
            Method::POST,
            "/proj_alpha00/one/v1/endpoints/one",
            "GET,HEAD,PATCH,DELETE",
        ),
        (
            Method::POST,
            "/v1/api-keys/ak_live_x",
            "GET,HEAD,PATCH,PUT,DELETE",
        ),
        (Method::OPTIONS, "/v1/api-keys", "GET,HEAD,POST"),
    ];
    for (method, path, allow) in cases {
        let answer = root
            .send(method, path, None)
            .await
            .must_be(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allow), "{path}");
    }
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let gateway = Gateway::furnished().await;
    let path = "/v1/projects/alpha/endpoints/one";
    let get = gateway.root().get(path).await.must(200);
    let head = gateway
        .root()
        .send(Method::HEAD, path, None)
        .await
        .must(200);
    assert_eq!(head.etag(), get.etag());
    assert_eq!(head.body, json!(null));
}

#[tokio::test]
async fn where_public_url_does_not_count_no_refusal_advises_it() {
    let gateway = Gateway::start().await;
    let mut apart = node(HOST.parse().unwrap(), None);
    apart.admin_address = Some(HOST.parse().unwrap());
    let mut state = gateway.state.clone();
    state.node = Arc::new(apart);
    let apart = Gateway::start().await.with(state);
    let foreign = ("origin", "https://evil.example");
    for headers in [&[("host", "evil.example")][..], &[("host", HOST), foreign]] {
        let advised = async |gateway: &Gateway| {
            let answer = get(gateway, headers).await;
            answer.body["detail"]
                .as_str()
                .unwrap()
                .contains("public_url")
        };
        assert!(advised(&gateway).await, "{headers:?}");
        assert!(!advised(&apart).await, "{headers:?}");
    }
}
