//! `?dry_run=true`: everything is checked, and nothing happens.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, endpoint, now, pass};
use drawbridge_admin::OPERATIONS;
use drawbridge_store::Page;
use jiff::SignedDuration;

/// All that a write could have changed.
async fn everything(gateway: &Gateway) -> String {
    let configuration = gateway.store.load().await.unwrap();
    let page = Page {
        limit: 1000,
        after: None,
    };
    let audit = gateway.store.audit(&page).await.unwrap();
    let live = gateway.live.load().revision();
    format!("{live} {configuration:?} {audit:?}")
}

/// Does it for real, after a dry run that left no trace; the answers to both.
async fn twice(
    gateway: &Gateway,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (Answer, Answer) {
    let before = everything(gateway).await;
    let url = format!("{path}?dry_run=true");
    let mut dry = gateway
        .root()
        .send(method.clone(), &url, body.clone())
        .await
        .must(200);
    assert_eq!(everything(gateway).await, before, "{method} {path}");
    assert_eq!((dry.header("etag"), dry.header("location")), (None, None));
    assert_eq!(dry.header("cache-control"), Some("no-store"));
    let has_impact = path.contains("/endpoints") && method != Method::DELETE;
    let impact = dry.body.as_object_mut().unwrap().remove("impact");
    assert_eq!(impact.is_some(), has_impact, "{path}");
    let real = gateway.root().send(method, path, body).await;
    assert!(real.status.is_success(), "{real:#?}");
    assert_ne!(everything(gateway).await, before, "{path}");
    gateway.assert_live_is_stored().await;
    (dry, real)
}

#[tokio::test]
async fn a_creation_shows_what_would_be_created() {
    let gateway = Gateway::furnished().await;
    let project = json!({"slug": "gamma", "id": "proj_gamma00"});
    let (dry, real) = twice(&gateway, Method::POST, "/v1/projects", Some(project)).await;
    assert_eq!((&dry.body, real.status), (&real.body, StatusCode::CREATED));
    let mut risky = endpoint("three");
    risky["cors"] = json!({"allowedOrigins": ["*"]});
    risky["upstream"]["credential"] = "sk-upstream".into();
    let path = "/v1/projects/alpha/endpoints";
    let (dry, real) = twice(&gateway, Method::POST, path, Some(risky)).await;
    assert_eq!(dry.body, real.body);
    assert_eq!(dry.body["warnings"][0]["pointer"], "/cors/allowedOrigins/0");
}

#[tokio::test]
async fn a_key_that_would_be_created_has_no_token() {
    let gateway = Gateway::furnished().await;
    let weak = "aaaaaaaaaaaaaaaaaaaa";
    for token in [None, Some(weak)] {
        let mut body = json!({"project": "alpha", "kind": "secret"});
        if let Some(token) = token {
            body["token"] = token.into();
        }
        let (dry, mut real) = twice(&gateway, Method::POST, "/v1/api-keys", Some(body)).await;
        assert!(!dry.body.to_string().contains(weak), "{}", dry.body);
        assert!(!dry.body.to_string().contains("dbr_"), "{}", dry.body);
        let members = real.body.as_object_mut().unwrap();
        assert!(members.remove("token").is_some());
        // Another is made every time.
        members["id"] = dry.body["id"].clone();
        assert_eq!(dry.body, real.body);
    }
}

#[tokio::test]
async fn a_change_shows_what_would_be_changed() {
    let gateway = Gateway::furnished().await;
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let key = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    let rename = json!({"name": "other"});
    for (method, path, patch) in [
        (Method::PATCH, "/v1/projects/alpha", rename.clone()),
        (
            Method::PATCH,
            "/v1/projects/alpha/endpoints/one",
            json!({"models": ["m"]}),
        ),
        (
            Method::PATCH,
            "/proj_alpha00/one/v1/endpoints/one",
            json!({"models": null}),
        ),
        (Method::PATCH, &key, rename),
        (Method::PUT, &key, json!({"endpoints": ["one"]})),
    ] {
        pass(SignedDuration::from_secs(1));
        let (dry, real) = twice(&gateway, method, path, Some(patch)).await;
        assert_eq!(dry.body, real.body, "{path}");
    }
}

#[tokio::test]
async fn a_deletion_shows_what_would_be_deleted() {
    let gateway = Gateway::furnished().await;
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret", "endpoints": ["one"]}))
        .await;
    let key = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    for (path, status) in [
        ("/v1/projects/alpha/endpoints/one", 204),
        ("/proj_alpha00/two/v1/endpoints/two", 204),
        (&key, 200),
        ("/v1/projects/alpha", 204),
    ] {
        let shown = gateway.root().get(path).await.must(200).body;
        let (dry, real) = twice(&gateway, Method::DELETE, path, None).await;
        assert_eq!(real.status, status);
        match status {
            204 => assert_eq!(dry.body, shown),
            _ => assert_eq!(
                (&dry.body, &dry.body["revoked_at"]),
                (&real.body, &json!(now().to_string()))
            ),
        }
    }
}

#[tokio::test]
async fn what_would_change_nothing_is_answered_alike() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    for query in ["", "?dry_run=true", "?dry_run=false"] {
        let url = format!("/v1/projects/alpha/endpoints/one{query}");
        let shown = root.patch(&url, json!({"models": []})).await.must(200);
        assert_eq!(
            shown.header("etag"),
            root.get("/v1/projects/alpha/endpoints/one")
                .await
                .header("etag")
        );
    }
}

#[tokio::test]
async fn everything_that_would_be_refused_is_refused() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let dry = |path: &str| format!("{path}?dry_run=true");
    let token =
        json!({"project": "alpha", "kind": "secret", "token": "sk-proj-8f3kd02mvn47fhw1qpz6"});
    gateway.key(token.clone()).await;
    let before = everything(&gateway).await;
    let slug = json!({"slug": "alpha"});
    root.post(&dry("/v1/projects"), slug)
        .await
        .must_be(409, "slug_taken");
    let endpoints = dry("/v1/projects/alpha/endpoints");
    root.post(&endpoints, endpoint("one"))
        .await
        .must_be(409, "name_taken");
    root.post(&endpoints, json!({}))
        .await
        .must_be(422, "validation_failed");
    root.post(&dry("/v1/api-keys"), token)
        .await
        .must_be(409, "token_taken");
    let alpha = dry("/v1/projects/alpha");
    root.delete(&alpha).await.must_be(409, "project_not_empty");
    let stale = root.patch_if("\"0\"", &alpha, json!({"name": "x"})).await;
    stale.must_be(412, "precondition_failed");
    root.delete(&dry("/v1/projects/nobody"))
        .await
        .must_be(404, "project_not_found");
    assert_eq!(everything(&gateway).await, before);
    let limited = gateway.manager(&["keys:write"]).await;
    let wider = json!({"kind": "secret", "scopes": ["endpoints:write"]});
    limited
        .post(&dry("/v1/api-keys"), wider)
        .await
        .must_be(403, "scope_missing");
    limited
        .post(&endpoints, endpoint("x"))
        .await
        .must_be(403, "scope_missing");
}

#[tokio::test]
async fn anything_but_true_and_false_is_refused_and_reads_have_no_dry_run() {
    let gateway = Gateway::furnished().await;
    let before = everything(&gateway).await;
    for query in [
        "dry_run",
        "dry_run=",
        "dry_run=1",
        "dry_run=True",
        "dry_run=ture",
    ] {
        let url = format!("/v1/projects?{query}");
        let answer = gateway.root().post(&url, json!({"slug": "gamma"})).await;
        assert_eq!(
            answer.must(422).errors(),
            [("?dry_run", "unknown_value")],
            "{query}"
        );
        let url = format!("/v1/projects/alpha/endpoints/one?{query}");
        gateway.root().delete(&url).await.must(422);
    }
    assert_eq!(everything(&gateway).await, before);
    for operation in OPERATIONS
        .iter()
        .filter(|operation| operation.method == Method::GET)
    {
        if !operation.path.contains('{') {
            let url = format!("{}?dry_run=true", operation.path);
            let answer = gateway.root().get(&url).await.must(422);
            assert_eq!(answer.errors(), [("?dry_run", "unknown_parameter")]);
        }
    }
}
