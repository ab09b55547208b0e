//! When a key was last used, from the request to `drawbridge key show`, over a restart.

use crate::cli::Gateway;
use crate::process::exchange;

#[test]
fn the_last_use_of_a_key_is_shown_and_survives_a_restart() {
    let gateway = Gateway::start();
    gateway.done("project create p");
    let key = gateway.json("key create web --project p --kind publishable");
    let (id, token) = (key["id"].as_str().unwrap(), key["token"].as_str().unwrap());
    let shown = gateway.done(&format!("key show {id}"));
    assert!(shown.contains("never"), "{shown}");
    let line = format!("X-Api-Key: {token}");
    let lines = [&*line, "Origin: https://app.example.com"];
    let answer = exchange(&gateway.url, "GET", "/v1/models", &lines, "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let gateway = Gateway::start_in(gateway.stop());
    let shown = gateway.done(&format!("key show {id}"));
    let used = " ago from 127.0.0.1, https://app.example.com";
    assert!(
        shown.contains(used) || shown.contains(&used.replace(" ago", "just now")),
        "{shown}"
    );
    let listed = gateway.done("key list");
    assert!(listed.lines().next().unwrap().ends_with("USED"), "{listed}");
}
