//! `/v1/api-keys/{id}/rotate`

use drawbridge_policy::denial::Denial;
use drawbridge_policy::token::is_plausible;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, now, pass};

const DAY: i64 = 86_400;

/// A secret key of `alpha`: its path, and its token.
async fn key(gateway: &Gateway) -> (String, String) {
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let token = key["token"].as_str().unwrap().to_owned();
    (
        format!("/v1/api-keys/{}", key["id"].as_str().unwrap()),
        token,
    )
}

async fn rotate(gateway: &Gateway, path: &str, body: Value) -> Answer {
    gateway.root().post(&format!("{path}/rotate"), body).await
}

/// A rotation that is done; the new token.
async fn rotated(gateway: &Gateway, path: &str, overlap: i64) -> String {
    let body = json!({"overlap_seconds": overlap});
    let answer = rotate(gateway, path, body).await.must(200);
    answer.body["token"].as_str().unwrap().to_owned()
}

/// What the data plane says to a token now.
fn presented(gateway: &Gateway, token: &str) -> Result<String, Denial> {
    let caller = gateway.live.load().authenticate(token.as_bytes(), now());
    caller.map(|caller| caller.id().to_owned())
}

#[tokio::test]
async fn the_new_token_works_at_once_and_the_old_one_until_the_overlap_ends() {
    let gateway = Gateway::furnished().await;
    let (path, old) = key(&gateway).await;
    let before = gateway.root().get(&path).await.must(200);
    pass(SignedDuration::from_secs(5));
    let answer = rotate(&gateway, &path, json!({"overlap_seconds": 60}))
        .await
        .must(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_ne!(answer.etag(), before.etag());
    let end = now() + SignedDuration::from_secs(60);
    assert_eq!(answer.body["previous_token_expires_at"], end.to_string());
    let new = answer.body["token"].as_str().unwrap();
    assert!(new.starts_with("dbr_sk_live_alpha_") && is_plausible(new.as_bytes()));
    assert_ne!(new, old);
    let shown = gateway.root().get(&path).await.must(200);
    assert_eq!(
        (shown.etag(), shown.body.get("token")),
        (answer.etag(), None)
    );
    assert_eq!(shown.body["id"], before.body["id"]);
    let id = shown.body["id"].as_str().unwrap().to_owned();
    gateway.assert_live_is_stored().await;
    pass(SignedDuration::from_millis(59_999));
    assert_eq!(presented(&gateway, &old), Ok(id.clone()));
    assert_eq!(presented(&gateway, new), Ok(id.clone()));
    pass(SignedDuration::from_millis(1));
    assert_eq!(presented(&gateway, &old), Err(Denial::ExpiredKey));
    assert_eq!(presented(&gateway, new), Ok(id));
}

#[tokio::test]
async fn without_a_word_the_overlap_is_a_day_and_zero_ends_the_old_token_now() {
    let gateway = Gateway::furnished().await;
    let (path, old) = key(&gateway).await;
    let answer = rotate(&gateway, &path, json!({})).await.must(200);
    let end = now() + SignedDuration::from_secs(DAY);
    assert_eq!(answer.body["previous_token_expires_at"], end.to_string());
    assert!(presented(&gateway, &old).is_ok());
    let second = answer.body["token"].as_str().unwrap();
    let third = rotated(&gateway, &path, 0).await;
    assert_eq!(presented(&gateway, second), Err(Denial::ExpiredKey));
    assert!(presented(&gateway, &third).is_ok());
}

#[tokio::test]
async fn a_second_rotation_within_the_overlap_ends_the_oldest_token() {
    let gateway = Gateway::furnished().await;
    let (path, first) = key(&gateway).await;
    let second = rotated(&gateway, &path, DAY).await;
    assert!(presented(&gateway, &first).is_ok());
    let third = rotated(&gateway, &path, DAY).await;
    assert_eq!(presented(&gateway, &first), Err(Denial::InvalidKey));
    assert!(presented(&gateway, &second).is_ok() && presented(&gateway, &third).is_ok());
    let tokens = &gateway.store.load().await.unwrap().keys[0].tokens;
    assert_eq!(tokens.len(), 2);
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn a_change_within_the_overlap_keeps_both_tokens_and_a_revocation_ends_both() {
    let gateway = Gateway::furnished().await;
    let (path, old) = key(&gateway).await;
    let new = rotated(&gateway, &path, DAY).await;
    let mut whole = gateway.root().get(&path).await.body;
    whole["name"] = "renamed".into();
    gateway.root().patch(&path, whole).await.must(200);
    assert!(presented(&gateway, &old).is_ok() && presented(&gateway, &new).is_ok());
    gateway.root().delete(&path).await.must(200);
    for token in [&old, &new] {
        assert_eq!(presented(&gateway, token), Err(Denial::RevokedKey));
    }
}

#[tokio::test]
async fn a_rotated_import_gets_a_token_of_this_gateway() {
    let gateway = Gateway::furnished().await;
    let import = "sk-another-gateway-8f3kd02mvn47fhw1qpz6";
    let document =
        json!({"project": "alpha", "kind": "publishable", "mode": "test", "token": import});
    let key = gateway.key(document).await;
    let path = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    let new = rotated(&gateway, &path, DAY).await;
    assert!(new.starts_with("dbr_pk_test_alpha_"), "{new}");
    assert!(presented(&gateway, import).is_ok() && presented(&gateway, &new).is_ok());
}

#[tokio::test]
async fn a_key_that_opens_nothing_is_not_rotated() {
    let gateway = Gateway::furnished().await;
    let (path, _) = key(&gateway).await;
    let soon = (now() + SignedDuration::from_secs(10)).to_string();
    gateway
        .root()
        .patch(&path, json!({"expires_at": soon}))
        .await
        .must(200);
    pass(SignedDuration::from_secs(10));
    let refused = rotate(&gateway, &path, json!({}))
        .await
        .must_be(409, "key_expired");
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains("move `expires_at` first")
    );
    gateway
        .root()
        .patch(&path, json!({"expires_at": null}))
        .await
        .must(200);
    rotate(&gateway, &path, json!({})).await.must(200);
    gateway.root().delete(&path).await.must(200);
    rotate(&gateway, &path, json!({}))
        .await
        .must_be(409, "key_revoked");
    rotate(&gateway, "/v1/api-keys/ak_live_nobody0000000000", json!({}))
        .await
        .must_be(404, "key_not_found");
}

#[tokio::test]
async fn an_overlap_that_makes_no_sense_is_refused_and_nothing_changes() {
    let gateway = Gateway::furnished().await;
    let (path, old) = key(&gateway).await;
    let cases = [
        (
            json!({"overlap_seconds": -1}),
            ("/overlap_seconds", "out_of_range"),
            json!(0),
        ),
        (
            json!({"overlap_seconds": 30 * DAY + 1}),
            ("/overlap_seconds", "out_of_range"),
            json!(30 * DAY),
        ),
        (
            json!({"overlap_seconds": "1h"}),
            ("/overlap_seconds", "wrong_type"),
            Value::Null,
        ),
        (
            json!({"overlap_seconds": null}),
            ("/overlap_seconds", "wrong_type"),
            Value::Null,
        ),
        (
            json!({"overlap": 1}),
            ("/overlap", "unknown_field"),
            Value::Null,
        ),
        (json!([]), ("", "wrong_type"), Value::Null),
    ];
    for (body, expected, suggestion) in cases {
        let answer = rotate(&gateway, &path, body.clone()).await.must(422);
        assert_eq!(answer.errors(), [expected], "{body}");
        if suggestion != Value::Null {
            assert_eq!(answer.body["errors"][0]["suggestion"], suggestion);
        }
    }
    let empty = gateway
        .root()
        .send(Method::POST, &format!("{path}/rotate"), None)
        .await;
    empty.must_be(415, "unsupported_media_type");
    assert!(presented(&gateway, &old).is_ok());
    let shown = gateway.root().get(&path).await.body;
    assert_eq!(shown["previous_token_expires_at"], Value::Null);
}

#[tokio::test]
async fn a_rotation_heeds_its_condition() {
    let gateway = Gateway::furnished().await;
    let (path, old) = key(&gateway).await;
    let root = gateway.root();
    let etag = root.get(&path).await.etag().to_owned();
    let send = async || {
        let request = root.request(Method::POST, &format!("{path}/rotate"));
        let request = request.header("if-match", &etag);
        let request = request.header("content-type", "application/json");
        gateway.send(request.body("{}".into()).unwrap()).await
    };
    send().await.must(200);
    // Sent again, it does not end the old token.
    send().await.must_be(412, "precondition_failed");
    assert!(presented(&gateway, &old).is_ok());
}

#[tokio::test]
async fn a_dry_run_makes_no_token_and_ends_none() {
    let gateway = Gateway::furnished().await;
    let (path, old) = key(&gateway).await;
    let revision = gateway.live.load().revision();
    let url = format!("{path}/rotate?dry_run=true");
    let body = json!({"overlap_seconds": 0});
    let dry = gateway.root().post(&url, body).await.must(200);
    assert_eq!((dry.body.get("token"), dry.header("etag")), (None, None));
    assert_eq!(dry.body["previous_token_expires_at"], now().to_string());
    assert_eq!(gateway.live.load().revision(), revision);
    assert!(presented(&gateway, &old).is_ok());
    assert_eq!(gateway.last_audit().await.action, "key.create");
}

#[tokio::test]
async fn a_key_rotates_itself_and_what_goes_nowhere_beyond_it() {
    let gateway = Gateway::furnished().await;
    let document = json!({"project": "alpha", "kind": "secret", "scopes": ["inference", "keys:write"], "endpoints": ["one"]});
    let own = gateway.key(document).await;
    let holder = gateway.actor(own["token"].as_str().unwrap());
    let path = |key: &Value| format!("/v1/api-keys/{}/rotate", key["id"].as_str().unwrap());
    for (document, expected) in [
        (json!({"endpoints": ["one"]}), 200),
        (json!({"endpoints": ["two"]}), 403),
        (json!({"endpoints": null}), 403),
        (
            json!({"endpoints": ["one"], "scopes": ["endpoints:read"]}),
            403,
        ),
        (json!({"endpoints": ["one"], "mode": "test"}), 403),
        (json!({"project": "beta"}), 404),
    ] {
        let mut whole = json!({"project": "alpha", "kind": "secret"});
        whole
            .as_object_mut()
            .unwrap()
            .extend(document.as_object().unwrap().clone());
        let other = gateway.key(whole).await;
        let answer = holder.post(&path(&other), json!({})).await;
        assert_eq!(answer.status, expected, "{document}: {answer:#?}");
    }
    let answer = holder
        .post(&path(&own), json!({"overlap_seconds": 0}))
        .await
        .must(200);
    // The next request with the token that sent this one is refused.
    holder
        .post(&path(&own), json!({}))
        .await
        .must_be(401, "expired_key");
    let holder = gateway.actor(answer.body["token"].as_str().unwrap());
    holder.post(&path(&own), json!({})).await.must(200);
}

#[tokio::test]
async fn the_audit_log_tells_of_a_rotation_and_of_no_token() {
    let gateway = Gateway::furnished().await;
    let (path, old) = key(&gateway).await;
    let new = rotated(&gateway, &path, 60).await;
    let row = gateway.last_audit().await;
    assert_eq!((&*row.action, &*row.actor), ("key.rotate", "root"));
    assert!(path.ends_with(&row.target));
    let end = (now() + SignedDuration::from_secs(60)).to_string();
    let change = json!({"changed": {"/previous_token_expires_at": {"from": null, "to": end}}});
    assert_eq!(gateway.last_change().await, change);
    assert!(!row.change.contains(&old) && !row.change.contains(&new));
}
