//! A key manages only keys that go nowhere beyond itself.

use drawbridge_admin::compile;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Gateway, audit, now};

const KEYS: &str = "/v1/api-keys";

/// A test key for the endpoint `one`, which ends in a year.
fn limits() -> Value {
    json!({
        "project": "alpha", "kind": "secret", "mode": "test", "endpoints": ["one"],
        "scopes": ["inference", "keys:read", "keys:write"], "expires_at": "2027-11-21T00:00:00Z",
    })
}

/// A key within [`limits`], with these members.
fn within(members: Value) -> Value {
    let mut document = json!({
        "kind": "secret", "mode": "test", "endpoints": ["one"], "expires_at": "2027-01-01T00:00:00Z",
    });
    json_patch::merge(&mut document, &members);
    document
}

async fn limited(gateway: &Gateway) -> (Actor<'_>, Value) {
    let key = gateway.key(limits()).await;
    (gateway.actor(key["token"].as_str().unwrap()), key)
}

#[tokio::test]
async fn a_key_creates_keys_within_itself_without_naming_its_project() {
    let gateway = Gateway::furnished().await;
    let (limited, _) = limited(&gateway).await;
    for members in [
        json!({}),
        json!({"kind": "publishable"}),
        json!({"scopes": ["inference", "keys:write"]}),
        json!({"endpoints": []}),
        json!({"expires_at": "2027-11-21T00:00:00Z"}),
        json!({"project": "alpha"}),
        json!({"project": "proj_alpha00"}),
    ] {
        let answer = limited.post(KEYS, within(members)).await.must(201);
        assert_eq!(answer.body["project"], "alpha");
    }
    let answer = limited.post(KEYS, within(json!({"project": "beta"}))).await;
    answer.must_be(404, "project_not_found");
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn a_key_cannot_create_a_key_beyond_itself() {
    let gateway = Gateway::furnished().await;
    let (limited, _) = limited(&gateway).await;
    let cases = [
        (
            json!({"scopes": ["inference", "endpoints:write"]}),
            "scope_missing",
            "/scopes/1",
        ),
        (
            json!({"scopes": ["audit:read"]}),
            "scope_missing",
            "/scopes/0",
        ),
        (json!({"endpoints": null}), "exceeds_caller", "/endpoints"),
        (
            json!({"endpoints": ["one", "two"]}),
            "exceeds_caller",
            "/endpoints/1",
        ),
        (
            json!({"endpoints": ["one", "nobody"]}),
            "exceeds_caller",
            "/endpoints/1",
        ),
        (json!({"mode": "live"}), "exceeds_caller", "/mode"),
        (json!({"expires_at": null}), "exceeds_caller", "/expires_at"),
        (
            json!({"expires_at": "2027-11-21T00:00:01Z"}),
            "exceeds_caller",
            "/expires_at",
        ),
    ];
    for (members, code, pointer) in cases {
        let answer = limited
            .post(KEYS, within(members.clone()))
            .await
            .must_be(403, code);
        let pointers: Vec<_> = answer
            .errors()
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect();
        assert_eq!(pointers, [pointer], "{members}");
    }
    let everything = json!({"kind": "secret", "scopes": ["endpoints:read"]});
    let answer = limited
        .post(KEYS, everything)
        .await
        .must_be(403, "scope_missing");
    assert_eq!(answer.errors().len(), 4, "{:#}", answer.body);
    assert_eq!(
        limited.get(KEYS).await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_key_can_change_or_revoke_nothing_beyond_itself() {
    let gateway = Gateway::furnished().await;
    let (limited, _) = limited(&gateway).await;
    let beyond = gateway
        .key(json!({"project": "alpha", "kind": "secret", "mode": "test"}))
        .await;
    let beyond = format!("{KEYS}/{}", beyond["id"].as_str().unwrap());
    limited.get(&beyond).await.must(200);
    for (method, body) in [
        (Method::PATCH, Some(json!({"name": "mine"}))),
        (
            Method::PUT,
            Some(json!({"endpoints": ["one"], "expires_at": "2027-01-01T00:00:00Z"})),
        ),
        (Method::DELETE, None),
    ] {
        limited
            .send(method, &beyond, body)
            .await
            .must_be(403, "exceeds_caller");
    }
    assert_eq!(gateway.root().get(&beyond).await.body["status"], "active");
    let own = limited.post(KEYS, within(json!({}))).await.must(201).body;
    let own = format!("{KEYS}/{}", own["id"].as_str().unwrap());
    limited
        .patch(&own, json!({"name": "renamed"}))
        .await
        .must(200);
    for patch in [
        json!({"scopes": ["endpoints:write"]}),
        json!({"endpoints": null}),
        json!({"expires_at": null}),
    ] {
        limited.patch(&own, patch).await.must(403);
    }
    limited.delete(&own).await.must(200);
}

#[tokio::test]
async fn a_key_cannot_widen_itself_but_may_end_itself() {
    let gateway = Gateway::furnished().await;
    let (limited, key) = limited(&gateway).await;
    let own = format!("{KEYS}/{}", key["id"].as_str().unwrap());
    for patch in [
        json!({"scopes": ["inference", "keys:read", "keys:write", "endpoints:write"]}),
        json!({"endpoints": ["one", "two"]}),
        json!({"expires_at": null}),
    ] {
        limited.patch(&own, patch).await.must(403);
    }
    limited
        .patch(&own, json!({"name": "myself"}))
        .await
        .must(200);
    limited.delete(&own).await.must(200);
    limited.get(&own).await.must_be(401, "revoked_key");
}

#[tokio::test]
async fn an_unlimited_key_of_the_project_manages_its_keys() {
    let gateway = Gateway::furnished().await;
    let manager = gateway
        .manager(&["inference", "keys:write", "keys:read"])
        .await;
    let key = manager
        .post(KEYS, json!({"kind": "publishable"}))
        .await
        .must(201)
        .body;
    let path = format!("{KEYS}/{}", key["id"].as_str().unwrap());
    manager
        .patch(&path, json!({"endpoints": ["two"]}))
        .await
        .must(200);
    manager.delete(&path).await.must(200);
    let entry = gateway.last_audit().await;
    assert!(entry.actor.starts_with("ak_live_"), "{}", entry.actor);
    let other = gateway
        .key(json!({"project": "beta", "kind": "secret"}))
        .await;
    let other = format!("{KEYS}/{}", other["id"].as_str().unwrap());
    manager.delete(&other).await.must_be(404, "key_not_found");
}

#[tokio::test]
async fn a_key_that_was_revoked_while_it_waited_writes_nothing() {
    let gateway = Gateway::furnished().await;
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret", "scopes": ["inference", "keys:write"]}))
        .await;
    let holder = gateway.actor(key["token"].as_str().unwrap());
    let mut revocation = gateway.store.write().await.unwrap();
    let (created, ()) = tokio::join!(holder.post(KEYS, json!({"kind": "secret"})), async {
        // The holder has passed the boundary with a good key, and waits for this write to end.
        let id = key["id"].as_str().unwrap();
        let mut row = revocation.key(id).await.unwrap().unwrap();
        row.revoked_at = Some(now());
        revocation.update_key(&row).await.unwrap();
        let committed = revocation.commit(audit()).await.unwrap();
        let configuration = gateway.store.load().await.unwrap();
        let changes = compile(&configuration).changes;
        gateway.live.publish(committed.revision, changes);
    });
    created.must_be(401, "revoked_key");
    let keys = gateway.root().get(KEYS).await.body;
    assert_eq!(keys["data"].as_array().unwrap().len(), 1);
}
