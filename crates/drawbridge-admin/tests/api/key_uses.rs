//! When keys were last used, and which of them pages have, as the API tells.

use drawbridge_policy::key_use::{Exposure, Exposures, KeyUse, Sighting};
use jiff::SignedDuration;
use serde_json::{Value, json};

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
    gateway.state.key_uses.merge([(id.into(), last.into())]);
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
        .merge(uses.map(|id| (id.into(), last.clone().into())));
    gateway.state.keep_key_uses().await.unwrap();
    assert!(gateway.state.key_uses.take().is_empty());
    let shown = gateway.root().get(&format!("/v1/api-keys/{id}")).await;
    assert_eq!(shown.body["last_used_ip"], "203.0.113.7");
}

/// A page shows now that it has the key.
async fn expose(gateway: &Gateway, key: &Value, origin: &str) {
    see(gateway, key, origin);
    gateway.state.keep_key_uses().await.unwrap();
}

/// The same, on its way to the store.
fn see(gateway: &Gateway, key: &Value, origin: &str) {
    let ip = "203.0.113.7".parse().unwrap();
    let sighting = Sighting {
        last: KeyUse {
            at: now(),
            ip,
            origin: Some(origin.into()),
        },
        exposures: Some(Exposures::from(Exposure {
            at: now(),
            ip,
            origin: origin.into(),
            request_id: "req_page".into(),
        })),
    };
    let id = key["id"].as_str().unwrap();
    gateway.state.key_uses.merge([(id.into(), sighting)]);
}

#[tokio::test]
async fn of_several_pages_in_one_batch_the_first_is_in_the_audit_log_and_the_last_on_the_key() {
    let gateway = Gateway::furnished().await;
    let secret = json!({"project": "alpha", "kind": "secret"});
    let key = gateway.key(secret).await;
    let mut times = Vec::new();
    for origin in [
        "https://a.example",
        "https://b.example",
        "https://c.example",
    ] {
        pass(SignedDuration::from_secs(1));
        times.push(now().to_string());
        see(&gateway, &key, origin);
    }
    gateway.state.keep_key_uses().await.unwrap();
    let path = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    let shown = gateway.root().get(&path).await.must(200).body;
    let on_the_key =
        json!({"first_seen_at": times[0], "last_seen_at": times[2], "origin": "https://c.example"});
    assert_eq!(shown["exposed"], on_the_key);
    let in_the_log =
        json!({"first_seen_at": times[0], "last_seen_at": times[0], "origin": "https://a.example"});
    let change = gateway.last_change().await;
    assert_eq!(change["changed"]["/exposed"]["to"], in_the_log);
}

#[tokio::test]
async fn a_key_that_a_page_has_is_flagged_with_one_audit_row_until_it_is_rotated() {
    let gateway = Gateway::furnished().await;
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let id = key["id"].as_str().unwrap();
    let path = format!("/v1/api-keys/{id}");
    let before = gateway.root().get(&path).await.must(200);
    assert_eq!(before.body["exposed"], json!(null));
    pass(SignedDuration::from_mins(1));
    let first = now().to_string();
    expose(&gateway, &key, "https://a.example").await;
    let shown = gateway.root().get(&path).await.must(200);
    let expected =
        json!({"first_seen_at": first, "last_seen_at": first, "origin": "https://a.example"});
    assert_eq!(shown.body["exposed"], expected);
    assert_eq!(shown.etag(), before.etag());
    let row = gateway.last_audit().await;
    assert_eq!(
        (&*row.action, &*row.actor, &*row.target, &*row.request_id),
        ("key.expose", id, id, "req_page")
    );
    assert_eq!(row.client_ip.as_deref(), Some("203.0.113.7"));
    assert_eq!(row.project_id.as_deref(), Some("proj_alpha00"));
    let change = gateway.last_change().await;
    assert_eq!(
        change,
        json!({"changed": {"/exposed": {"from": null, "to": expected}}})
    );
    gateway.assert_live_is_stored().await;

    // However often it comes again, there is one row.
    for origin in ["https://b.example", "https://c.example"] {
        pass(SignedDuration::from_secs(1));
        expose(&gateway, &key, origin).await;
    }
    assert_eq!(gateway.last_audit().await.seq, row.seq);
    let shown = gateway.root().get(&path).await.must(200).body;
    let last = now().to_string();
    let expected =
        json!({"first_seen_at": first, "last_seen_at": last, "origin": "https://c.example"});
    assert_eq!(shown["exposed"], expected);
    // Sent back with the whole resource, as it was.
    let mut edited = before.body.clone();
    edited["name"] = "renamed".into();
    gateway.root().patch(&path, edited).await.must(200);

    pass(SignedDuration::from_secs(1));
    let seen_before = now();
    pass(SignedDuration::from_secs(1));
    let rotate = format!("{path}/rotate");
    let dry = gateway
        .root()
        .post(&format!("{rotate}?dry_run=true"), json!({}))
        .await;
    assert_eq!(dry.must(200).body["exposed"], json!(null));
    assert_eq!(gateway.root().get(&path).await.body["exposed"], expected);
    let rotated = gateway.root().post(&rotate, json!({})).await.must(200);
    assert_eq!(rotated.body["exposed"], json!(null));
    assert_eq!(gateway.root().get(&path).await.body["exposed"], json!(null));
    let change = gateway.last_change().await;
    assert_eq!(change["changed"]["/exposed"]["from"], expected);

    // What a core saw before the rotation was of the old token; what comes later is of either.
    pass(seen_before.duration_since(now()));
    expose(&gateway, &key, "https://late.example").await;
    assert_eq!(gateway.root().get(&path).await.body["exposed"], json!(null));
    pass(SignedDuration::from_mins(1));
    expose(&gateway, &key, "https://d.example").await;
    let shown = gateway.root().get(&path).await.must(200).body;
    assert_eq!(shown["exposed"]["origin"], "https://d.example");
}

#[tokio::test]
async fn a_project_says_what_becomes_of_secret_keys_in_pages() {
    let gateway = Gateway::furnished().await;
    let url = "/v1/projects/alpha";
    let shown = gateway.root().get(url).await.must(200);
    assert_eq!(shown.body["secret_keys_in_browsers"], "warn");
    let live = || {
        let live = gateway.live.load();
        live.project("proj_alpha00")
            .unwrap()
            .secret_keys_in_browsers
            .name()
    };
    let refuse = json!({"secret_keys_in_browsers": "refuse"});
    let changed = gateway.root().patch(url, refuse.clone()).await.must(200);
    assert_eq!(
        (&changed.body["secret_keys_in_browsers"], live()),
        (&json!("refuse"), "refuse")
    );
    assert_ne!(changed.etag(), shown.etag());
    let expected =
        json!({"changed": {"/secret_keys_in_browsers": {"from": "warn", "to": "refuse"}}});
    assert_eq!(gateway.last_change().await, expected);
    // A change of something else keeps it, null restores the default.
    gateway
        .root()
        .patch(url, json!({"name": "A"}))
        .await
        .must(200);
    assert_eq!(live(), "refuse");
    gateway.assert_live_is_stored().await;
    let lifted = json!({"secret_keys_in_browsers": null});
    gateway.root().patch(url, lifted.clone()).await.must(200);
    assert_eq!(live(), "warn");
    let created = json!({"slug": "gamma", "secret_keys_in_browsers": "refuse"});
    let created = gateway.root().post("/v1/projects", created).await.must(201);
    assert_eq!(created.body["secret_keys_in_browsers"], "refuse");
    for (value, code) in [
        (json!("block"), "unknown_value"),
        (json!(true), "wrong_type"),
    ] {
        let body = json!({"secret_keys_in_browsers": value});
        let refused = gateway.root().patch(url, body).await;
        let refused = refused.must_be(422, "validation_failed");
        assert_eq!(refused.errors(), [("/secret_keys_in_browsers", code)]);
    }
}
