//! When a key was last used and whether a page has it, from the request to `drawbridge key show`, over a restart.

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

#[test]
fn a_secret_key_in_a_page_is_told_of_and_refused_where_the_project_says_so() {
    let gateway = Gateway::start();
    gateway.done("project create p");
    let key = gateway.json("key create backend --project p --kind secret");
    let (id, token) = (key["id"].as_str().unwrap(), key["token"].as_str().unwrap());
    let line = format!("X-Api-Key: {token}");
    let lines = [&*line, "Origin: https://app.example.com"];
    let ask = |gateway: &Gateway| {
        let answer = exchange(&gateway.url, "GET", "/v1/models", &lines, "");
        let warning = "\r\ndrawbridge-warning: secret_key_in_browser\r\n";
        assert!(answer.contains(warning), "{answer}");
        answer[9..12].to_owned()
    };
    assert_eq!(ask(&gateway), "200");
    let shown = gateway.done("project update p --secret-keys-in-browsers refuse");
    assert!(shown.contains("refuse"), "{shown}");
    assert_eq!(ask(&gateway), "403");

    let gateway = Gateway::start_in(gateway.stop());
    assert_eq!(ask(&gateway), "403");
    let shown = gateway.done(&format!("key show {id}"));
    assert!(
        shown.contains("exposed") && shown.contains("by https://app.example.com since"),
        "{shown}"
    );
    let listed = gateway.done("key list");
    assert!(listed.contains("active, exposed"), "{listed}");
    let log = gateway.json("audit list --action key.expose");
    assert_eq!(log["data"].as_array().unwrap().len(), 1, "{log}");
    assert_eq!(log["data"][0]["actor"], id);
}
