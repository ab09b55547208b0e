//! The dashboard of a running gateway, as browsers reach it.

use serde_json::{Value, json};

use crate::cli::Gateway;
use crate::process::{ROOT_KEY, exchange};

const SESSION: &str = "/dashboard/api/session";
const SAME_ORIGIN: &str = "Sec-Fetch-Site: same-origin";

fn sign_in(gateway: &Gateway, token: &str) -> String {
    let body = json!({ "token": token }).to_string();
    let lines = ["Content-Type: application/json", SAME_ORIGIN];
    exchange(&gateway.url, "POST", SESSION, &lines, &body)
}

/// The line that sends back what was set.
fn cookie(answer: &str) -> String {
    let line = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "));
    let (pair, _) = line.unwrap().split_once(';').unwrap();
    format!("Cookie: {pair}")
}

fn json_of(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_session_opens_management_and_never_the_data_plane_and_survives_a_restart() {
    let gateway = Gateway::start();
    let project = gateway.json("project create p");
    gateway.done("endpoint create e --project p --upstream http://127.0.0.1:9/v1");
    let answer = sign_in(&gateway, ROOT_KEY);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let cookie = cookie(&answer);
    let lines = [&*cookie, SAME_ORIGIN];
    let ask = |gateway: &Gateway, path: &str| exchange(&gateway.url, "GET", path, &lines, "");
    assert_eq!(
        json_of(&ask(&gateway, "/v1/projects"))["data"][0]["slug"],
        "p"
    );
    let id = project["id"].as_str().unwrap();
    for path in [&*format!("/{id}/e/v1/models"), "/v1/models"] {
        let answer = ask(&gateway, path);
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert_eq!(json_of(&answer)["error"]["code"], "missing_key", "{path}");
    }
    let gateway = Gateway::start_in(gateway.stop());
    assert_eq!(json_of(&ask(&gateway, SESSION))["key_id"], "root");
}

#[test]
fn the_pages_wear_the_security_headers_and_need_no_key() {
    let gateway = Gateway::start();
    let get = |path: &str| exchange(&gateway.url, "GET", path, &[], "");
    let moved = get("/dashboard");
    assert!(moved.starts_with("HTTP/1.1 308"), "{moved}");
    let page = get("/dashboard/keys");
    // With what `make build` puts into the binary, or without.
    let is_built = page.starts_with("HTTP/1.1 200");
    assert!(is_built || page.contains("make build"), "{page}");
    assert!(page.contains("\r\ncontent-type: text/html"), "{page}");
    for answer in [&moved, &page, &get("/dashboard/assets/none.js")] {
        for line in [
            "strict-transport-security: ",
            "x-content-type-options: nosniff",
            "x-frame-options: DENY",
            "x-xss-protection: ",
            "referrer-policy: ",
            "content-security-policy: default-src 'self'\r\n",
            "x-request-id: ",
        ] {
            assert!(answer.contains(line), "{line}: {answer}");
        }
        assert!(!answer.contains("access-control-"), "{answer}");
    }
}

#[test]
fn the_pages_are_never_framed_and_run_nothing_foreign_whatever_the_profile_says() {
    let flags = ["--security-headers-profile", "off"];
    let gateway = Gateway::start_with(tempfile::tempdir().unwrap(), &flags);
    let get = |path: &str| exchange(&gateway.url, "GET", path, &[], "");
    for path in ["/dashboard", "/dashboard/keys", SESSION] {
        let answer = get(path);
        for line in [
            "x-content-type-options: nosniff",
            "x-frame-options: DENY",
            "content-security-policy: default-src 'self'; form-action 'self';",
        ] {
            assert!(answer.contains(line), "{line}: {answer}");
        }
    }
    for path in ["/v1/models", "/dashboards", "/healthz"] {
        let answer = get(path);
        assert!(!answer.contains("x-frame-options"), "{answer}");
    }
}

#[test]
fn the_command_prints_a_link_that_signs_in_as_its_key() {
    let gateway = Gateway::start();
    let printed = gateway.done("dashboard");
    let code = printed
        .trim()
        .strip_prefix(&format!("{}/dashboard/sign-in#code=", gateway.url));
    let body = json!({"code": code.unwrap()}).to_string();
    let lines = ["Content-Type: application/json", SAME_ORIGIN];
    let answer = exchange(&gateway.url, "POST", SESSION, &lines, &body);
    assert_eq!(json_of(&answer)["key_id"], "root");
    assert_eq!(gateway.json("dashboard")["object"], "sign_in_link");
}

#[test]
fn whoever_signs_in_with_wrong_keys_has_to_wait_like_whoever_sends_them() {
    let gateway = Gateway::start();
    for _ in 0..20 {
        let answer = sign_in(&gateway, "a key that nobody has made, so far");
        assert_eq!(json_of(&answer)["code"], "invalid_key");
    }
    let answer = sign_in(&gateway, "a key that nobody has made, so far");
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    assert!(answer.contains("\r\nretry-after: "), "{answer}");
    // A good one is always served.
    let answer = sign_in(&gateway, ROOT_KEY);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
