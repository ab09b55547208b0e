//! What a gateway says of itself: its nodes and its settings, as operators read them over a socket.

use serde_json::Value;

use crate::cli::Gateway;
use crate::process::{ROOT_KEY, exchange};

fn read(gateway: &Gateway, path: &str) -> Value {
    let bearer = format!("Authorization: Bearer {ROOT_KEY}");
    let answer = exchange(&gateway.url, "GET", path, &[&*bearer], "");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_node_keeps_its_id_over_a_restart() {
    let gateway = Gateway::start();
    let before = read(&gateway, "/v1/nodes");
    let node = &before["data"][0];
    assert_eq!(node["status"], "ready");
    assert_eq!(
        gateway.url,
        format!("http://{}", node["address"].as_str().unwrap())
    );
    // The connection that asks.
    assert!(node["open_connections"].as_u64().unwrap() >= 1, "{node}");
    assert!(!node["name"].as_str().unwrap().is_empty(), "{node}");
    let gateway = Gateway::start_in(gateway.stop());
    let after = read(&gateway, "/v1/nodes");
    assert_eq!(after["data"][0]["id"], node["id"]);
    assert_ne!(after["data"][0]["started_at"], node["started_at"]);
}

#[test]
fn the_settings_that_hold_are_shown_without_the_root_key() {
    let gateway = Gateway::start();
    let shown = read(&gateway, "/dashboard/api/settings");
    let settings = shown["settings"].as_array().unwrap();
    let listen = settings
        .iter()
        .find(|setting| setting["name"] == "listen")
        .unwrap();
    assert_eq!(
        (&listen["value"], &listen["source"]),
        (&"127.0.0.1:0".into(), &"flag".into())
    );
    assert!(!shown.to_string().contains(ROOT_KEY));
}
