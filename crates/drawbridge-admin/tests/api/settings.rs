//! `/dashboard/api/settings`

use serde_json::json;

use crate::support::{Gateway, HOST};

const SETTINGS: &str = "/dashboard/api/settings";

#[tokio::test]
async fn the_root_key_sees_what_the_node_was_configured_with_and_nobody_stores_it() {
    let gateway = Gateway::furnished().await;
    let shown = gateway.root().get(SETTINGS).await.must(200);
    let expected = json!({
        "object": "settings", "config_file": null, "settings": [{
            "name": "listen", "value": HOST, "source": "default", "summary": "Where clients connect",
        }],
    });
    assert_eq!(shown.body, expected);
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let scopes = [
        "endpoints:read",
        "endpoints:write",
        "keys:read",
        "keys:write",
        "audit:read",
    ];
    let refused = gateway.manager(&scopes).await.get(SETTINGS).await;
    let refused = refused.must_be(403, "scope_missing");
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains("root key")
    );
}

#[tokio::test]
async fn they_cannot_be_written() {
    let gateway = Gateway::start().await;
    let refused = gateway.root().patch(SETTINGS, json!({})).await;
    assert_eq!(
        refused.must_be(405, "method_not_allowed").header("allow"),
        Some("GET,HEAD")
    );
}
