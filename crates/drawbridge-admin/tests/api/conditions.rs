//! ETags: nobody overwrites what somebody else changed meanwhile.

use http::Method;
use serde_json::json;

use crate::support::{Gateway, endpoint};

const ENDPOINT: &str = "/v1/projects/alpha/endpoints/one";

#[tokio::test]
async fn an_etag_changes_with_its_resource_and_with_nothing_else() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let first = root.get(ENDPOINT).await.must(200);
    root.patch("/v1/projects/alpha/endpoints/two", json!({"models": ["m"]}))
        .await
        .must(200);
    root.patch("/v1/projects/alpha", json!({"name": "Alpha"}))
        .await
        .must(200);
    assert_eq!(root.get(ENDPOINT).await.etag(), first.etag());
    let changed = root
        .patch(ENDPOINT, json!({"models": ["m"]}))
        .await
        .must(200);
    assert_ne!(changed.etag(), first.etag());
    assert_eq!(root.get(ENDPOINT).await.etag(), changed.etag());
    let own_url = root
        .get("/proj_alpha00/one/v1/endpoints/one")
        .await
        .must(200);
    assert_eq!(
        (own_url.etag(), &own_url.body),
        (changed.etag(), &changed.body)
    );
    let unchanged = root
        .patch(ENDPOINT, json!({"models": ["m"]}))
        .await
        .must(200);
    assert_eq!(
        unchanged.etag(),
        changed.etag(),
        "a patch that changes nothing writes nothing"
    );
}

#[tokio::test]
async fn a_stale_if_match_is_412_for_every_kind_of_resource_and_changes_nothing() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let key = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    for path in [
        "/v1/projects/alpha",
        ENDPOINT,
        "/proj_alpha00/one/v1/endpoints/one",
        &key,
    ] {
        let before = root.get(path).await.must(200);
        for stale in ["\"0\"", "W/\"1\"", "\"x\", \"y\""] {
            let patch = json!({"name": "renamed"});
            root.patch_if(stale, path, patch)
                .await
                .must_be(412, "precondition_failed");
            let delete = root.request(Method::DELETE, path).header("if-match", stale);
            gateway
                .send(delete.body("".into()).unwrap())
                .await
                .must_be(412, "precondition_failed");
        }
        root.patch_if("unquoted", path, json!({}))
            .await
            .must_be(400, "malformed_condition");
        let after = root.get(path).await.must(200);
        assert_eq!((after.etag(), &after.body), (before.etag(), &before.body));
        let list = format!("\"0\", {}", before.etag());
        root.patch_if(&list, path, json!({})).await.must(200);
        root.patch_if("*", path, json!({})).await.must(200);
    }
}

#[tokio::test]
async fn of_writers_with_the_same_etag_one_wins_and_the_others_get_412() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let etag = root.get(ENDPOINT).await.etag().to_owned();
    let write = async |number: u32| {
        let patch = json!({"models": [format!("model-{number}")]});
        root.patch_if(&etag, ENDPOINT, patch).await
    };
    let (a, b, c, d) = tokio::join!(write(1), write(2), write(3), write(4));
    let answers = [a, b, c, d];
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    assert!(
        lost.iter()
            .all(|answer| answer.code() == "precondition_failed")
    );
    let now = root.get(ENDPOINT).await;
    assert_eq!(
        (now.etag(), &now.body["models"]),
        (won[0].etag(), &won[0].body["models"])
    );
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn a_resource_that_the_client_has_already_is_304() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    for path in ["/v1/projects/alpha", ENDPOINT] {
        let etag = root.get(path).await.must(200).etag().to_owned();
        for known in [
            etag.clone(),
            format!("W/{etag}"),
            "*".to_owned(),
            format!("\"0\", {etag}"),
        ] {
            let request = root
                .request(Method::GET, path)
                .header("if-none-match", known);
            let answer = gateway
                .send(request.body("".into()).unwrap())
                .await
                .must(304);
            assert_eq!((answer.etag(), &answer.body), (&*etag, &json!(null)));
        }
        let request = root
            .request(Method::GET, path)
            .header("if-none-match", "\"0\"");
        gateway
            .send(request.body("".into()).unwrap())
            .await
            .must(200);
    }
}

#[tokio::test]
async fn a_name_that_comes_back_has_another_etag() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let first = root.get(ENDPOINT).await.etag().to_owned();
    root.delete(ENDPOINT).await.must(204);
    root.post("/v1/projects/alpha/endpoints", endpoint("one"))
        .await
        .must(201);
    root.patch_if(&first, ENDPOINT, json!({"models": ["m"]}))
        .await
        .must_be(412, "precondition_failed");
}

#[tokio::test]
async fn a_create_heeds_its_conditions_as_of_something_that_is_not_there() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let key = json!({"project": "alpha", "kind": "secret"});
    for (path, document) in [
        ("/v1/projects", json!({"slug": "gamma"})),
        ("/v1/projects/alpha/endpoints", endpoint("three")),
        ("/v1/api-keys", key),
    ] {
        let create = async |condition: (&str, &str)| {
            let request = root.request(Method::POST, path);
            let request = request
                .header("content-type", "application/json")
                .header(condition.0, condition.1);
            gateway
                .send(request.body(document.to_string().into()).unwrap())
                .await
        };
        let before = root.get(path).await.must(200).body;
        for condition in ["\"9999\"", "*", "W/\"1\""] {
            let answer = create(("if-match", condition)).await;
            answer.must_be(412, "precondition_failed");
        }
        for name in ["if-match", "if-none-match"] {
            let answer = create((name, "garbage")).await;
            answer.must_be(400, "malformed_condition");
        }
        assert_eq!(root.get(path).await.body, before, "{path}");
        create(("if-none-match", "*")).await.must(201);
    }
}
