//! `/v1/api-keys`

use std::sync::Arc;

use drawbridge_policy::key::Caller;
use drawbridge_policy::token::is_plausible;
use drawbridge_store::Page;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Gateway, ROOT, now, pass};

const KEYS: &str = "/v1/api-keys";

fn path(key: &Value) -> String {
    format!("{KEYS}/{}", key["id"].as_str().unwrap())
}

fn holder(gateway: &Gateway, token: &str) -> Option<String> {
    match gateway.live.load().authenticate(token.as_bytes(), now()) {
        Ok(Caller::Key(key)) => Some(key.id.to_string()),
        _ => None,
    }
}

#[tokio::test]
async fn a_keys_limits_are_saved_shown_and_lifted_with_null() {
    let gateway = Gateway::furnished().await;
    let limit = json!({"requests": 100, "per_seconds": 60, "burst": 20});
    let key =
        json!({"project": "alpha", "kind": "secret", "rate_limit": limit, "max_concurrent": 4});
    let key = gateway.key(key).await;
    assert_eq!(
        (&key["rate_limit"], &key["max_concurrent"]),
        (&limit, &json!(4))
    );
    let id = key["id"].as_str().unwrap();
    let live = Arc::clone(gateway.live.load().key(id).unwrap());
    assert_eq!(live.max_concurrent, Some(4));
    assert_eq!(live.rate_limit.map(|limit| limit.burst()), Some(20));
    gateway.assert_live_is_stored().await;
    let url = format!("/v1/api-keys/{id}");
    let absurd = json!({"rate_limit": {"per_seconds": 100_000}, "max_concurrent": 0});
    let answer = gateway.root().patch(&url, absurd).await.must(422);
    assert_eq!(
        answer.errors(),
        [
            ("/max_concurrent", "out_of_range"),
            ("/rate_limit/per_seconds", "out_of_range")
        ]
    );
    assert_eq!(answer.body["errors"][1]["suggestion"], 86_400);
    let lifted = json!({"rate_limit": null, "max_concurrent": null});
    let answer = gateway.root().patch(&url, lifted.clone()).await.must(200);
    assert_eq!(answer.body["rate_limit"], json!(null));
    assert_eq!(answer.body["max_concurrent"], json!(null));
}

#[tokio::test]
async fn a_new_key_works_at_once_and_shows_its_token_once() {
    let gateway = Gateway::furnished().await;
    let body = json!({"project": "alpha", "name": "web", "kind": "publishable", "mode": "test", "endpoints": ["one"],
                      "allowed_origins": ["https://app.example.com"]});
    let answer = gateway.root().post(KEYS, body).await.must(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let id = answer.body["id"].as_str().unwrap();
    assert!(id.starts_with("ak_test_"), "{id}");
    assert_eq!(answer.header("location"), Some(&*format!("{KEYS}/{id}")));
    let token = answer.body["token"].as_str().unwrap();
    assert!(token.starts_with("dbr_pk_test_alpha_") && is_plausible(token.as_bytes()));
    assert_eq!(holder(&gateway, token).as_deref(), Some(id));
    let expected = json!({
        "object": "api_key", "id": id, "project": "alpha", "project_id": "proj_alpha00", "name": "web",
        "kind": "publishable", "mode": "test", "scopes": ["inference"], "endpoints": ["one"],
        "allowed_origins": ["https://app.example.com"], "allowed_ips": null,
        "require_origin": false, "max_concurrent": null, "rate_limit": null, "expires_at": null, "created_at": now().to_string(), "revoked_at": null,
        "previous_token_expires_at": null,
        "status": "active", "last_used_at": null, "last_used_ip": null, "last_used_origin": null, "exposed": null, "warnings": [],
    });
    let shown = gateway.root().get(&path(&answer.body)).await.must(200);
    assert_eq!(
        shown.body.to_string(),
        expected.to_string(),
        "order included"
    );
    assert_eq!(shown.etag(), answer.etag());
    let log = gateway
        .store
        .audit(&Page {
            limit: 1000,
            after: None,
        })
        .await
        .unwrap();
    let list = gateway.root().get(KEYS).await.body;
    for text in [format!("{log:?}"), list.to_string(), shown.body.to_string()] {
        assert!(
            !text.contains(token) && !text.contains("\"token\""),
            "{text}"
        );
    }
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn two_keys_never_share_an_id_or_a_token() {
    let gateway = Gateway::furnished().await;
    let body = json!({"project": "alpha", "kind": "secret"});
    let (one, two) = (gateway.key(body.clone()).await, gateway.key(body).await);
    assert_ne!(one["id"], two["id"]);
    assert_ne!(one["token"], two["token"]);
}

#[tokio::test]
async fn every_problem_of_a_new_key_is_named_at_once() {
    let gateway = Gateway::furnished().await;
    let cases = [
        (
            json!({}),
            vec![("/kind", "missing_field"), ("/project", "missing_field")],
        ),
        (
            json!({
                "project": "alpha", "name": "", "kind": "secret", "scopes": ["inference", "admin"],
                "endpoints": ["one", "nobody"], "expires_at": "2026-11-21T12:00:00Z", "token": "dbr_mine_1234567890",
                "id": "ak_live_x", "allowed_origins": ["https://app.example.com/"],
            }),
            vec![
                ("/allowed_origins/0", "origin_trailing_slash"),
                ("/endpoints/1", "unknown_endpoint"),
                ("/expires_at", "in_the_past"),
                ("/id", "read_only"),
                ("/name", "bad_name"),
                ("/scopes/1", "unknown_value"),
                ("/token", "bad_token"),
            ],
        ),
        (
            json!({"project": 1, "kind": null, "mode": "prod", "token": null, "scopes": "inference"}),
            vec![
                ("/kind", "wrong_type"),
                ("/mode", "unknown_value"),
                ("/project", "wrong_type"),
                ("/scopes", "wrong_type"),
                ("/token", "wrong_type"),
            ],
        ),
        (
            json!({"project": "alpha", "kind": "publishable", "scopes": ["inference", "endpoints:read"]}),
            vec![("/scopes", "publishable_scope")],
        ),
        (
            json!({"project": "alpha", "kind": "secret", "endpoints": ["nobody"]}),
            vec![("/endpoints/0", "unknown_endpoint")],
        ),
    ];
    for (body, expected) in cases {
        let answer = gateway
            .root()
            .post(KEYS, body.clone())
            .await
            .must_be(422, "validation_failed");
        let mut errors = answer.errors();
        errors.sort_unstable();
        assert_eq!(errors, expected, "{body}");
        assert!(!answer.body.to_string().contains("dbr_mine"));
    }
    let answer = gateway
        .root()
        .post(KEYS, json!({"project": "nobody"}))
        .await;
    assert_eq!(
        answer.must_be(404, "project_not_found").errors(),
        [("/project", "project_not_found")]
    );
    assert_eq!(gateway.root().get(KEYS).await.body["data"], json!([]));
}

#[tokio::test]
async fn a_key_is_changed_by_patch_and_put_alike() {
    let gateway = Gateway::furnished().await;
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret", "name": "old"}))
        .await;
    let path = path(&key);
    for method in [Method::PATCH, Method::PUT] {
        let patch =
            json!({"name": "new", "endpoints": ["one"], "expires_at": "2027-01-31T13:00:00+01:00"});
        let shown = gateway
            .root()
            .send(method, &path, Some(patch))
            .await
            .must(200)
            .body;
        assert_eq!(
            (&shown["name"], &shown["endpoints"]),
            (&json!("new"), &json!(["one"]))
        );
        assert_eq!(shown["expires_at"], "2027-01-31T12:00:00Z");
        assert_eq!(
            shown["scopes"],
            json!(["inference"]),
            "what a write does not name stays"
        );
        assert_eq!(shown.get("token"), None);
        let live = gateway.live.load();
        let key = live.key(key["id"].as_str().unwrap()).unwrap();
        assert!(
            key.allows_endpoint("proj_alpha00", "one")
                && !key.allows_endpoint("proj_alpha00", "two")
        );
        let nulls = json!({"name": null, "endpoints": null, "expires_at": null, "scopes": null});
        let shown = gateway.root().patch(&path, nulls).await.must(200).body;
        let defaults = json!([
            shown["name"],
            shown["endpoints"],
            shown["expires_at"],
            shown["scopes"]
        ]);
        assert_eq!(defaults, json!(["unnamed", null, null, ["inference"]]));
    }
    assert_eq!(
        holder(&gateway, key["token"].as_str().unwrap()).as_deref(),
        key["id"].as_str()
    );
    let entry = gateway.last_audit().await;
    assert_eq!(
        (&*entry.action, entry.target.as_str()),
        ("key.update", key["id"].as_str().unwrap())
    );
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn what_never_changes_is_refused_and_the_whole_key_can_be_sent_back() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let path = path(&key);
    let mut whole = root.get(&path).await.body;
    whole["name"] = "renamed".into();
    assert_eq!(
        root.patch(&path, whole).await.must(200).body["name"],
        "renamed"
    );
    let patch = json!({
        "kind": "publishable", "mode": "test", "project": "beta", "status": "revoked", "revoked_at": now().to_string(),
        "id": null, "token": "sk-another-token-1234", "expires_at": "2020-01-01T00:00:00Z",
    });
    let answer = root.patch(&path, patch).await.must(422);
    let mut errors = answer.errors();
    errors.sort_unstable();
    let expected = [
        ("/expires_at", "in_the_past"),
        ("/id", "read_only"),
        ("/kind", "read_only"),
        ("/mode", "read_only"),
        ("/project", "read_only"),
        ("/revoked_at", "read_only"),
        ("/status", "read_only"),
        ("/token", "unknown_field"),
    ];
    assert_eq!(errors, expected);
}

#[tokio::test]
async fn a_revoked_key_is_revoked_at_once_for_good_and_only_once() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let path = path(&key);
    let revoked = root.delete(&path).await.must(200);
    assert_eq!(revoked.body["status"], "revoked");
    assert_eq!(revoked.body["revoked_at"], now().to_string());
    assert_eq!(holder(&gateway, key["token"].as_str().unwrap()), None);
    pass(SignedDuration::from_secs(5));
    let again = root.delete(&path).await.must(200);
    assert_eq!((again.etag(), &again.body), (revoked.etag(), &revoked.body));
    let change = gateway.last_change().await;
    assert_eq!(change["changed"]["/revoked_at"]["from"], Value::Null);
    assert_eq!(gateway.last_audit().await.action, "key.revoke");
    root.patch(&path, json!({"name": "x"}))
        .await
        .must_be(409, "key_revoked");
    root.patch(&path, json!({"revoked_at": null}))
        .await
        .must_be(422, "validation_failed");
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn an_expired_key_says_so_and_can_be_prolonged() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let body = json!({"project": "alpha", "kind": "secret", "expires_at": "2026-11-21T13:00:00Z"});
    let key = gateway.key(body).await;
    let path = path(&key);
    let active = root.get(&path).await.must(200);
    assert_eq!(active.body["status"], "active");
    pass(SignedDuration::from_hours(2));
    let request = root
        .request(Method::GET, &path)
        .header("if-none-match", active.etag());
    let expired = gateway
        .send(request.body("".into()).unwrap())
        .await
        .must(200);
    assert_eq!(
        (&expired.body["status"], expired.etag()),
        (&json!("expired"), active.etag())
    );
    assert_eq!(holder(&gateway, key["token"].as_str().unwrap()), None);
    root.patch(&path, json!({"name": "still expired"}))
        .await
        .must(200);
    let prolonged = root
        .patch(&path, json!({"expires_at": "2026-12-01T00:00:00Z"}))
        .await
        .must(200);
    assert_eq!(prolonged.body["status"], "active");
    assert!(holder(&gateway, key["token"].as_str().unwrap()).is_some());
}

#[tokio::test]
async fn tokens_of_another_gateway_can_be_imported_once() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let token = "sk-proj-8f3kd02mvn47fhw1qpz6";
    let body = json!({"project": "alpha", "kind": "secret", "token": token});
    let answer = root.post(KEYS, body.clone()).await.must(201);
    assert_eq!(
        (&answer.body["token"], &answer.body["warnings"]),
        (&json!(token), &json!([]))
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        holder(&gateway, token).as_deref(),
        answer.body["id"].as_str()
    );
    let path = path(&answer.body);
    let again = root
        .post(
            KEYS,
            json!({"project": "beta", "kind": "secret", "token": token}),
        )
        .await;
    let again = again.must_be(409, "token_taken");
    assert_eq!(again.errors(), [("/token", "token_taken")]);
    let text = again.body.to_string();
    assert!(
        !text.contains(token) && !text.contains("alpha") && !text.contains(path.as_str()),
        "{text}"
    );
    root.delete(&path).await.must(200);
    root.post(KEYS, body).await.must_be(409, "token_taken");
    root.post(
        KEYS,
        json!({"project": "alpha", "kind": "secret", "token": ROOT}),
    )
    .await
    .must_be(409, "token_taken");
    assert_eq!(gateway.root().get("/v1/projects").await.status, 200);
}

#[tokio::test]
async fn a_weak_import_is_warned_of_and_a_bad_one_refused() {
    let gateway = Gateway::furnished().await;
    let body = |token: &str| json!({"project": "alpha", "kind": "secret", "token": token});
    let answer = gateway
        .root()
        .post(KEYS, body("aaaaaaaaaaaaaaaaaaaa"))
        .await
        .must(201);
    assert_eq!(answer.body["warnings"][0]["code"], "weak_token");
    assert_eq!(answer.body["warnings"][0]["pointer"], "/token");
    let long = "x".repeat(257);
    for token in [
        "short",
        "has space in it, too",
        "dbr_sk_live_alpha_x",
        "über-schlüssel-1234",
        "",
        &long,
    ] {
        let answer = gateway.root().post(KEYS, body(token)).await.must(422);
        assert_eq!(answer.errors(), [("/token", "bad_token")], "{token}");
    }
}

#[tokio::test]
async fn a_list_that_means_nobody_is_warned_of_whenever_it_is_shown() {
    let gateway = Gateway::furnished().await;
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret", "endpoints": []}))
        .await;
    assert_eq!(key["warnings"][0]["pointer"], "/endpoints");
    let shown = gateway.root().get(&path(&key)).await.body;
    assert_eq!(shown["warnings"], key["warnings"]);
}

#[tokio::test]
async fn unknown_keys_are_404() {
    let gateway = Gateway::furnished().await;
    for method in [Method::GET, Method::PATCH, Method::PUT, Method::DELETE] {
        let answer = gateway
            .root()
            .send(method, "/v1/api-keys/ak_live_nobody", Some(json!({})))
            .await;
        answer.must_be(404, "key_not_found");
    }
}

#[tokio::test]
async fn keys_come_in_pages() {
    let gateway = Gateway::furnished().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(
            gateway
                .key(json!({"project": "alpha", "kind": "secret"}))
                .await["id"]
                .clone(),
        );
        pass(SignedDuration::from_secs(1));
    }
    let first = gateway
        .root()
        .get("/v1/api-keys?limit=2&project=proj_alpha00")
        .await
        .must(200)
        .body;
    let url = format!(
        "/v1/api-keys?limit=2&project=alpha&after={}",
        first["next_cursor"].as_str().unwrap()
    );
    let second = gateway.root().get(&url).await.must(200).body;
    let pages = [&first["data"], &second["data"]]
        .map(|page| page.as_array().unwrap().clone())
        .concat();
    let ids: Vec<_> = pages.iter().map(|key| key["id"].clone()).collect();
    assert_eq!(ids, made);
    assert_eq!(
        (&second["has_more"], &second["next_cursor"]),
        (&json!(false), &json!(null))
    );
}

#[tokio::test]
async fn origins_are_checked_when_they_are_saved_and_obeyed_at_once() {
    let gateway = Gateway::furnished().await;
    let wrong = json!({"project": "alpha", "kind": "secret",
                       "allowed_origins": ["HTTPS://app.example.com", 7, "null", "https://*.example.com:*"]});
    let refused = gateway.root().post(KEYS, wrong).await;
    let refused = refused.must_be(422, "validation_failed");
    let mut pointers: Vec<_> = refused.errors().iter().map(|error| error.0).collect();
    pointers.dedup();
    pointers.sort_unstable();
    let expected = [0, 1, 2, 3].map(|index| format!("/allowed_origins/{index}"));
    assert_eq!(pointers, expected, "{:?}", refused.body);
    assert_eq!(
        refused.body["errors"][1]["suggestion"],
        "https://app.example.com"
    );

    let key = gateway
        .key(json!({"project": "alpha", "kind": "publishable"}))
        .await;
    let patterns = json!({"allowed_origins": ["https://*.example.com", "http://localhost:3000"]});
    for (patch, codes) in [
        (json!({}), vec!["publishable_without_origins"]),
        (patterns, vec!["loopback_on_live_key"]),
        (json!({"allowed_origins": []}), vec!["empty_origin_list"]),
        (
            json!({"allowed_origins": null}),
            vec!["publishable_without_origins"],
        ),
    ] {
        let answer = gateway.root().patch(&path(&key), patch.clone()).await;
        let answer = answer.must(200);
        if let Some(given) = patch.get("allowed_origins") {
            assert_eq!(answer.body["allowed_origins"], *given, "as given, in order");
        }
        let warnings = answer.body["warnings"].as_array().unwrap();
        let found: Vec<_> = warnings.iter().map(|warning| &warning["code"]).collect();
        assert_eq!(found, codes);
        let live = gateway.live.load();
        let origins = &live
            .key(key["id"].as_str().unwrap())
            .unwrap()
            .allowed_origins;
        let admits = origins
            .as_ref()
            .map(|origins| origins.admits(b"https://a.example.com"));
        let given = answer.body["allowed_origins"].as_array();
        let expected = given.map(|given| !given.is_empty());
        assert_eq!(admits, expected);
    }
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn a_keys_own_restrictions_hold_for_management_too() {
    let gateway = Gateway::furnished().await;
    let document = |mut restriction: Value| {
        let mut document = json!({"project": "alpha", "kind": "secret", "scopes": ["keys:read"]});
        document
            .as_object_mut()
            .unwrap()
            .append(restriction.as_object_mut().unwrap());
        document
    };
    for (restriction, code) in [
        (
            json!({"allowed_ips": ["192.0.2.0/24"]}),
            "key_ip_not_allowed",
        ),
        (json!({"allowed_ips": []}), "key_ip_not_allowed"),
        (json!({"require_origin": true}), "origin_required"),
    ] {
        let key = gateway.key(document(restriction)).await;
        let holder = gateway.actor(key["token"].as_str().unwrap());
        holder.get(KEYS).await.must_be(403, code);
        let lifted = json!({"allowed_ips": null, "require_origin": false});
        gateway.root().patch(&path(&key), lifted).await.must(200);
        holder.get(KEYS).await.must(200);
    }
    let here = gateway
        .key(document(json!({"allowed_ips": ["127.0.0.1"]})))
        .await;
    let holder = gateway.actor(here["token"].as_str().unwrap());
    holder.get(KEYS).await.must(200);

    let networks = json!({"allowed_ips": ["192.0.2.7/24", "intranet"]});
    let refused = gateway.root().patch(&path(&here), networks).await;
    let refused = refused.must_be(422, "validation_failed");
    assert_eq!(
        refused.errors(),
        [
            ("/allowed_ips/0", "network_host_bits"),
            ("/allowed_ips/1", "bad_network"),
        ]
    );
    assert_eq!(refused.body["errors"][0]["suggestion"], "192.0.2.0/24");
    holder.get(KEYS).await.must(200);
}
