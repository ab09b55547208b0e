//! When keys were last used, as the API tells.

use drawbridge_policy::key_use::KeyUse;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Gateway, now, pass};

#[tokio::test]
async fn a_use_is_told_with_address_and_origin_and_is_no_change_of_the_key() {
    let gateway = Gateway::furnished().await;
    let document = json!({"project": "alpha", "kind": "secret", "scopes": ["keys:read"]});
    let key = gateway.key(document).await;
    let path = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    let before = gateway.root().get(&path).await.must(200);
    assert_eq!(before.body["last_used_at"], json!(null));
    pass(SignedDuration::from_mins(1));
    // Managing is using too.
    let holder = gateway.actor(key["token"].as_str().unwrap());
    holder.get("/v1/api-keys").await.must(200);
    gateway.state.keep_key_uses().await.unwrap();
    let after = gateway.root().get(&path).await.must(200);
    assert_eq!(after.body["last_used_at"], now().to_string());
    assert_eq!(after.body["last_used_ip"], "127.0.0.1");
    assert_eq!(after.body["last_used_origin"], json!(null));
    assert_eq!(after.etag(), before.etag());
    assert_eq!(gateway.last_audit().await.action, "key.create");
    gateway.assert_live_is_stored().await;

    // A page that was handed over by a core.
    let last = KeyUse {
        at: now() + SignedDuration::from_secs(1),
        ip: "203.0.113.7".parse().unwrap(),
        origin: Some("https://app.example.com".into()),
    };
    let id = key["id"].as_str().unwrap();
    gateway.state.key_uses.merge([(id.into(), last)]);
    gateway.state.keep_key_uses().await.unwrap();
    let listed = gateway.root().get("/v1/api-keys").await.must(200).body;
    assert_eq!(listed["data"][0]["last_used_ip"], "203.0.113.7");
    assert_eq!(
        listed["data"][0]["last_used_origin"],
        "https://app.example.com"
    );

    // Who sends the whole resource back sends what it was then.
    let mut edited = before.body.clone();
    edited["name"] = "renamed".into();
    let changed = gateway.root().patch(&path, edited).await.must(200);
    assert_eq!(changed.body["name"], "renamed");
    assert_eq!(changed.body["last_used_ip"], "203.0.113.7");
    let new = json!({"project": "alpha", "kind": "secret", "last_used_at": null});
    let refused = gateway.root().post("/v1/api-keys", new).await;
    assert_eq!(
        refused.must_be(422, "validation_failed").errors(),
        [("/last_used_at", "read_only")]
    );
}

#[tokio::test]
async fn a_thousand_keys_and_more_are_stored_in_one_go() {
    let gateway = Gateway::furnished().await;
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let id = key["id"].as_str().unwrap();
    let last = KeyUse {
        at: now(),
        ip: "203.0.113.7".parse().unwrap(),
        origin: None,
    };
    let unknown = (0..2500).map(|number| format!("ak_live_unknown{number}"));
    let uses = unknown.chain([id.to_owned()]);
    gateway
        .state
        .key_uses
        .merge(uses.map(|id| (id.into(), last.clone())));
    gateway.state.keep_key_uses().await.unwrap();
    assert!(gateway.state.key_uses.take().is_empty());
    let shown = gateway.root().get(&format!("/v1/api-keys/{id}")).await;
    assert_eq!(shown.body["last_used_ip"], "203.0.113.7");
}
