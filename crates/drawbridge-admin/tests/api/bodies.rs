//! What a body may be.

use axum::body::Body;
use http::Method;
use serde_json::json;

use crate::support::{Answer, Gateway};

async fn post(gateway: &Gateway, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = gateway.root().request(Method::POST, "/v1/projects");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    gateway.send(request.body(body.into()).unwrap()).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn both_media_types_mean_the_same_and_others_are_refused() {
    let gateway = Gateway::start().await;
    for (index, media_type) in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/merge-patch+json",
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"slug": format!("p{index}")}).to_string();
        post(&gateway, &[("content-type", media_type)], body)
            .await
            .must(201);
    }
    for headers in [
        &[("content-type", "text/plain")][..],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/jsonp")],
        &[("content-type", "")],
        &[],
        &[JSON, ("content-encoding", "gzip")],
    ] {
        let answer = post(&gateway, headers, r#"{"slug":"p"}"#).await;
        answer.must_be(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn what_is_not_json_or_could_be_read_in_two_ways_is_400() {
    let gateway = Gateway::start().await;
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "  ",
        "{",
        "{\"slug\":\"p\"} x",
        "{'slug':'p'}",
        "\u{feff}{\"slug\":\"p\"}",
        r#"{"slug":"p","slug":"q"}"#,
        r#"{"slug":"p","\u0073lug":"q"}"#,
        r#"{"slug":NaN}"#,
        &deep,
    ] {
        let answer = post(&gateway, &[JSON], body.to_owned()).await;
        let answer = answer.must_be(400, "malformed_json");
        assert!(
            answer.body["detail"]
                .as_str()
                .is_some_and(|detail| detail.len() > 20)
        );
    }
    post(&gateway, &[JSON], &b"{\"slug\":\"\xff\"}"[..])
        .await
        .must_be(400, "malformed_json");
    assert_eq!(
        gateway.root().get("/v1/projects").await.body["data"],
        json!([])
    );
}

#[tokio::test]
async fn json_that_is_no_object_is_one_problem_at_the_root() {
    let gateway = Gateway::furnished().await;
    for body in [json!([]), json!("x"), json!(null), json!(1)] {
        let answer = gateway.root().post("/v1/projects", body.clone()).await;
        assert_eq!(answer.must(422).errors(), [("", "wrong_type")]);
        let answer = gateway.root().patch("/v1/projects/alpha", body).await;
        assert_eq!(answer.must(422).errors(), [("", "wrong_type")]);
    }
}

#[tokio::test]
async fn a_body_over_four_mebibytes_is_413_whether_its_length_is_said_or_not() {
    let gateway = Gateway::start().await;
    let fitting = format!("{{\"slug\":\"p\"{}}}", " ".repeat((4 << 20) - 12));
    assert_eq!(fitting.len(), 4 << 20);
    post(&gateway, &[JSON], fitting.clone()).await.must(201);
    let larger = format!("{fitting} ");
    let length = larger.len().to_string();
    post(
        &gateway,
        &[JSON, ("content-length", &length)],
        larger.clone(),
    )
    .await
    .must_be(413, "body_too_large");
    post(&gateway, &[JSON], larger)
        .await
        .must_be(413, "body_too_large");
}

#[tokio::test]
async fn a_missing_resource_is_404_whatever_the_body() {
    let gateway = Gateway::furnished().await;
    for path in [
        "/v1/projects/nobody",
        "/v1/projects/alpha/endpoints/nobody",
        "/v1/api-keys/ak_live_nobody",
    ] {
        let request = gateway.root().request(Method::PATCH, path);
        gateway
            .send(request.body("not json".into()).unwrap())
            .await
            .must(404);
    }
}

#[tokio::test]
async fn a_null_that_would_remove_what_no_resource_has_is_refused_not_ignored() {
    let gateway = Gateway::furnished().await;
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let key = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    let endpoint = "/v1/projects/alpha/endpoints/one";
    for (path, patch, pointer) in [
        ("/v1/projects/alpha", json!({"nmae": null}), "/nmae"),
        (
            endpoint,
            json!({"cors": {"allowed_origins": null}}),
            "/cors/allowed_origins",
        ),
        (
            endpoint,
            json!({"limits": {"per_day": null}, "models": null}),
            "/limits/per_day",
        ),
        (&*key, json!({"rate_limits": null}), "/rate_limits"),
    ] {
        let answer = gateway.root().patch(path, patch).await.must(422);
        assert_eq!(answer.errors(), [(pointer, "unknown_field")]);
    }
}
