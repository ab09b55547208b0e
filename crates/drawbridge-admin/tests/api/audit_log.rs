//! `/v1/audit-log`

use drawbridge_store::hexadecimal;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Gateway, now, pass};

const LOG: &str = "/v1/audit-log";

/// One member of every entry that a URL lists.
async fn listed(gateway: &Gateway, query: &str, member: &str) -> Vec<Value> {
    let answer = gateway.root().get(&format!("{LOG}{query}")).await.must(200);
    let entries = answer.body["data"].as_array().unwrap().iter();
    entries.map(|entry| entry[member].clone()).collect()
}

async fn ids(gateway: &Gateway, query: &str) -> Vec<Value> {
    listed(gateway, query, "id").await
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_what_from_where_and_when() {
    let gateway = Gateway::furnished().await;
    let patch = json!({"models": ["m"]});
    let path = "/v1/projects/alpha/endpoints/one";
    pass(SignedDuration::from_secs(3));
    gateway.root().patch(path, patch).await.must(200);
    let answer = gateway
        .root()
        .get(&format!("{LOG}?limit=1"))
        .await
        .must(200);
    let stored = gateway.last_audit().await;
    let expected = json!({
        "object": "audit_entry", "id": 7, "at": now().to_string(), "actor": "root", "client_ip": "127.0.0.1",
        "action": "endpoint.update", "target": "proj_alpha00/one", "project": "alpha", "project_id": "proj_alpha00",
        "change": {"changed": {"/models": {"from": null, "to": ["m"]}}},
        "revision": 7, "request_id": "req_test",
        "prev_hash": hexadecimal(&stored.prev_hash), "hash": hexadecimal(&stored.hash),
    });
    let shown = &answer.body["data"][0];
    assert_eq!(shown.to_string(), expected.to_string(), "order included");
    assert_eq!(
        (&answer.body["object"], &answer.body["has_more"]),
        (&json!("list"), &json!(true))
    );
}

#[tokio::test]
async fn every_write_is_listed_and_nothing_else_is() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let path = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    root.patch(&path, json!({"name": "x"})).await.must(200);
    root.patch(&path, json!({"name": "x"})).await.must(200);
    root.patch(&path, json!({"name": 1})).await.must(422);
    root.patch(&format!("{path}?dry_run=true"), json!({"name": "y"}))
        .await
        .must(200);
    root.get(&path).await.must(200);
    root.post(&format!("{path}/rotate"), json!({}))
        .await
        .must(200);
    root.delete(&path).await.must(200);
    root.delete("/v1/projects/alpha/endpoints/two")
        .await
        .must(204);
    let actions = listed(&gateway, "?limit=5", "action").await;
    let expected = [
        "endpoint.delete",
        "key.revoke",
        "key.rotate",
        "key.update",
        "key.create",
    ];
    assert_eq!(json!(actions), json!(expected));
    assert_eq!(ids(&gateway, "").await.len(), 11);
}

#[tokio::test]
async fn the_log_is_narrowed_by_project_actor_action_target_and_time() {
    let gateway = Gateway::furnished().await;
    let manager = gateway
        .manager(&["endpoints:read", "endpoints:write"])
        .await;
    let actor = listed(&gateway, "?limit=1", "target").await[0].clone();
    let actor = actor.as_str().unwrap();
    pass(SignedDuration::from_secs(10));
    let patch = json!({"models": ["m"]});
    let path = "/v1/projects/alpha/endpoints/two";
    manager.patch(path, patch).await.must(200);
    let then = now();
    let expected = [
        ("?project=alpha", json!([8, 7, 3, 2, 1])),
        ("?project=proj_beta00", json!([6, 5, 4])),
        (&*format!("?actor={actor}"), json!([8])),
        (
            "?actor=root&project=beta&action=endpoint.create",
            json!([6, 5]),
        ),
        ("?action=project.create", json!([4, 1])),
        ("?target=proj_alpha00%2Ftwo", json!([8, 3])),
        ("?target=proj_alpha00/two&actor=root", json!([3])),
        (&format!("?since={then}"), json!([8])),
        (&format!("?until={then}&project=alpha"), json!([7, 3, 2, 1])),
        (&format!("?since={then}&until={then}"), json!([])),
        (
            "?since=2026-11-21T13:00:00%2B01:00&until=2026-11-21T12:00:01Z&action=key.create",
            json!([7]),
        ),
        ("?actor=nobody", json!([])),
        ("?project=proj_gone00", json!([])),
    ];
    for (query, expected) in expected {
        assert_eq!(json!(ids(&gateway, query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_within_what_is_asked_for() {
    let gateway = Gateway::furnished().await;
    let mut after = String::new();
    let mut seen = Vec::new();
    loop {
        let url = format!("{LOG}?project=beta&limit=2{after}");
        let page = gateway.root().get(&url).await.must(200).body;
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["id"].clone()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            assert_eq!(page["has_more"], false);
            break;
        };
        after = format!("&after={cursor}");
    }
    assert_eq!(json!(seen), json!([6, 5, 4]));
}

#[tokio::test]
async fn what_cannot_be_read_in_the_query_is_refused() {
    let gateway = Gateway::furnished().await;
    let cases = [
        (
            "?since=yesterday&until=12:00",
            vec![("?since", "bad_timestamp"), ("?until", "bad_timestamp")],
        ),
        ("?after=x", vec![("?after", "bad_cursor")]),
        ("?limit=1001", vec![("?limit", "out_of_range")]),
        ("?actors=root", vec![("?actors", "unknown_parameter")]),
        ("?actor=a&actor=b", vec![("?actor", "duplicate_parameter")]),
    ];
    for (query, expected) in cases {
        let answer = gateway.root().get(&format!("{LOG}{query}")).await;
        assert_eq!(answer.must(422).errors(), expected, "{query}");
    }
    gateway
        .root()
        .get(&format!("{LOG}?project=nobody"))
        .await
        .must_be(404, "project_not_found");
}

#[tokio::test]
async fn a_key_reads_of_its_own_project_only() {
    let gateway = Gateway::furnished().await;
    let manager = gateway.manager(&["audit:read"]).await;
    for query in ["", "?project=alpha", "?project=proj_alpha00"] {
        let answer = manager.get(&format!("{LOG}{query}")).await.must(200);
        let entries = answer.body["data"].as_array().unwrap();
        assert_eq!(entries.len(), 4, "{query}");
        assert!(entries.iter().all(|entry| entry["project"] == "alpha"));
    }
    for project in ["beta", "proj_beta00", "proj_gone00"] {
        let answer = manager.get(&format!("{LOG}?project={project}")).await;
        answer.must_be(404, "project_not_found");
    }
    let others = manager.get(&format!("{LOG}?target=proj_beta00")).await;
    assert_eq!(others.must(200).body["data"], json!([]));
}

#[tokio::test]
async fn a_key_for_some_endpoints_does_not_read_of_the_others() {
    let gateway = Gateway::furnished().await;
    let document = json!({"project": "alpha", "kind": "secret", "scopes": ["audit:read"], "endpoints": ["one"]});
    let key = gateway.key(document).await;
    let limited = gateway.actor(key["token"].as_str().unwrap());
    limited
        .get(LOG)
        .await
        .must_be(403, "endpoint_not_permitted");
}

#[tokio::test]
async fn a_deleted_project_stays_in_the_log_under_its_id() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    for name in ["one", "two"] {
        let path = format!("/v1/projects/beta/endpoints/{name}");
        root.delete(&path).await.must(204);
    }
    root.delete("/v1/projects/beta").await.must(204);
    let of_beta = root
        .get(&format!("{LOG}?project=proj_beta00"))
        .await
        .must(200);
    let entries = of_beta.body["data"].as_array().unwrap();
    assert_eq!(entries.len(), 6);
    assert_eq!(
        (
            &entries[0]["action"],
            &entries[0]["project"],
            &entries[0]["project_id"]
        ),
        (
            &json!("project.delete"),
            &Value::Null,
            &json!("proj_beta00")
        )
    );
    root.get(&format!("{LOG}?project=beta"))
        .await
        .must_be(404, "project_not_found");
}
