//! `/v1/nodes`

use drawbridge_policy::traffic::Load;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Gateway, HOST, load, now, pass};

#[tokio::test]
async fn the_only_node_is_the_one_that_answers_and_says_what_it_has_to_do() {
    let gateway = Gateway::furnished().await;
    let started = now();
    pass(SignedDuration::from_mins(5));
    load(Load {
        open_connections: 7,
        open_streams: 3,
        is_draining: false,
    });
    let listed = async || gateway.root().get("/v1/nodes").await.must(200).body;
    let list = listed().await;
    let expected = json!({
        "object": "node", "id": "node_0123456789ab", "name": "machine", "version": env!("CARGO_PKG_VERSION"),
        "started_at": started.to_string(), "last_seen_at": now().to_string(),
        "revision": gateway.live.load().revision(), "status": "ready", "is_self": true, "address": HOST,
        "admin_address": null, "cores": 2, "open_connections": 7, "open_streams": 3,
    });
    assert_eq!(
        (&list["data"], &list["has_more"]),
        (&json!([expected]), &json!(false))
    );
    load(Load {
        is_draining: true,
        ..Load::default()
    });
    assert_eq!(listed().await["data"][0]["status"], "draining");
}

#[tokio::test]
async fn the_list_ends_after_its_last_node() {
    let gateway = Gateway::start().await;
    let after = async |cursor: &str| {
        let path = format!("/v1/nodes?limit=1&after={cursor}");
        gateway.root().get(&path).await
    };
    let count = |list: &Value| list["data"].as_array().map(Vec::len);
    assert_eq!(
        count(&after("node_0123456789ab").await.must(200).body),
        Some(0)
    );
    assert_eq!(count(&after("node_0").await.must(200).body), Some(1));
    let refused = after("somewhere").await.must_be(422, "validation_failed");
    assert_eq!(refused.errors(), [("?after", "bad_cursor")]);
}
