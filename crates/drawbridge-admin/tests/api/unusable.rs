//! What an older release saved and this one would no longer accept: shown with the reason, left out, and repairable.

use drawbridge_admin::compile;
use drawbridge_policy::token::TokenDigest;
use drawbridge_store::{EndpointRow, KeyRow, TokenRow};
use serde_json::{Value, json};

use crate::support::{Gateway, audit, now};

/// Puts rows into the store as another release would have written them.
async fn save(gateway: &Gateway, endpoint: Value, key: Value) {
    let mut write = gateway.store.write().await.unwrap();
    let endpoint = EndpointRow {
        project_id: "proj_alpha00".to_owned(),
        name: "old".to_owned(),
        document: endpoint,
        credential: None,
        sequence: 0,
        revision: 0,
        created_at: now(),
        updated_at: now(),
    };
    write.insert_endpoint(&endpoint).await.unwrap();
    let digest = TokenDigest::of(b"a-token-of-an-older-release");
    let key = KeyRow {
        id: "ak_live_old".to_owned(),
        project_id: "proj_alpha00".to_owned(),
        document: key,
        tokens: vec![TokenRow {
            digest,
            expires_at: None,
        }],
        revoked_at: None,
        revision: 0,
        created_at: now(),
        updated_at: now(),
        last_use: None,
        exposed: None,
    };
    write.insert_key(&key).await.unwrap();
    write.commit(audit()).await.unwrap();
}

#[tokio::test]
async fn what_this_release_does_not_accept_is_named_left_out_and_can_be_repaired() {
    let mut gateway = Gateway::furnished().await;
    gateway.is_documented = false;
    let endpoint = json!({"upstream": {"base_url": "gopher://old.example"}, "models": ["m"]});
    save(
        &gateway,
        endpoint,
        json!({"kind": "secret", "scopes": ["everything"]}),
    )
    .await;
    let compiled = compile(&gateway.store.load().await.unwrap());
    let targets: Vec<_> = compiled
        .unusable
        .iter()
        .map(|unusable| &*unusable.target)
        .collect();
    assert_eq!(targets, ["proj_alpha00/old", "ak_live_old"]);
    assert_eq!(
        compiled.changes.len(),
        6,
        "two projects with two endpoints each"
    );

    let root = gateway.root();
    let endpoint = "/v1/projects/alpha/endpoints/old";
    let shown = root.get(endpoint).await.must(200).body;
    assert_eq!(shown["warnings"][0]["pointer"], "/upstream/base_url");
    let shown = root.get("/v1/api-keys/ak_live_old").await.must(200).body;
    assert_eq!(shown["warnings"][0]["pointer"], "/scopes/0");
    assert_eq!(
        root.get("/v1/api-keys").await.must(200).body["data"][0],
        shown
    );

    let manager = gateway.manager(&["inference", "keys:write"]).await;
    let patch = json!({"scopes": ["inference"]});
    manager
        .patch("/v1/api-keys/ak_live_old", patch.clone())
        .await
        .must_be(403, "exceeds_caller");
    manager
        .delete("/v1/api-keys/ak_live_old")
        .await
        .must_be(403, "exceeds_caller");

    root.patch(endpoint, json!({"models": []}))
        .await
        .must_be(422, "validation_failed");
    let patch_url = json!({"upstream": {"base_url": "http://127.0.0.1:18080/v1"}});
    assert_eq!(
        root.patch(endpoint, patch_url).await.must(200).body["warnings"],
        json!([])
    );
    root.patch("/v1/api-keys/ak_live_old", patch)
        .await
        .must(200);
    assert!(
        gateway
            .live
            .load()
            .authenticate(b"a-token-of-an-older-release", now())
            .is_ok()
    );
    gateway.assert_live_is_stored().await;
}
