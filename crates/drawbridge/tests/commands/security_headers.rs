//! `[security_headers]`: what a gateway that was configured so sends.

use crate::process::{ROOT_KEY, Running, drawbridge, exchange, run};

/// What a gateway with this file answers, on paths of every part of it.
fn answers(file: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("drawbridge.toml");
    std::fs::write(&path, file).unwrap();
    let mut command = drawbridge(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
    let process = Running::start(command.arg(directory.path()).arg("--config").arg(path));
    let url = process
        .first_line
        .strip_prefix("drawbridge listening on ")
        .unwrap();
    let key = format!("Authorization: Bearer {ROOT_KEY}");
    let asked = [
        ("GET", "/v1/projects", &*key),
        ("POST", "/v1/projects", &*key),
        ("GET", "/v1/projects", "X-None: 1"),
        ("GET", "/openapi.json", &*key),
        ("GET", "/metrics", &*key),
        ("GET", "/healthz", &*key),
        ("GET", "/v1/models", "Origin: https://app.example.com"),
        (
            "OPTIONS",
            "/v1/projects",
            "Access-Control-Request-Method: GET",
        ),
    ];
    let answers = asked.map(|(method, path, line)| exchange(url, method, path, &[line], "{}"));
    let heads = answers
        .iter()
        .map(|answer| answer.split("\r\n\r\n").next().unwrap());
    heads.map(str::to_ascii_lowercase).collect()
}

#[test]
fn every_answer_of_the_binary_wears_the_six_unless_told_otherwise() {
    let six = [
        "strict-transport-security: max-age=31536000; includesubdomains; preload",
        "x-content-type-options: nosniff",
        "x-frame-options: deny",
        "x-xss-protection: 1; mode=block",
        "referrer-policy: strict-origin-when-cross-origin",
        "content-security-policy: default-src 'self'",
    ];
    for answer in answers("") {
        let lines: Vec<_> = answer.lines().collect();
        for header in six {
            let worn = lines.iter().filter(|line| **line == header).count();
            assert_eq!(worn, 1, "{header}: {answer}");
        }
        let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
        if status >= 400 {
            assert!(lines.contains(&"cache-control: no-store"), "{answer}");
        }
    }
    let file = "[security_headers]\nprofile = 'off'\noverride = { X-Robots-Tag = 'none' }";
    for answer in answers(file) {
        assert!(answer.contains("\nx-robots-tag: none"), "{answer}");
        assert!(!answer.contains("x-frame-options"), "{answer}");
    }
}

#[test]
fn an_override_that_cannot_be_stops_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("drawbridge.toml");
    let file = "[security_headers.override]\nAccess-Control-Allow-Origin = '*'";
    std::fs::write(&path, file).unwrap();
    let mut command = drawbridge(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
    let said = run(command.arg(directory.path()).arg("--config").arg(path));
    assert_eq!(said.code, Some(3), "{said:?}");
    let part = "`Access-Control-Allow-Origin` is decided by the gateway for each answer";
    assert!(said.stderr.contains(part), "{said:?}");
    assert_eq!(said.stderr.trim_end().lines().count(), 1, "{said:?}");
}
