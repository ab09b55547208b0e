//! `drawbridge demo`, as a newcomer's browser sees it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::process::{Running, drawbridge, exchange, run};

/// The value of an exported constant of the pages' settings.
fn constant(module: &str, name: &str) -> String {
    let line = module
        .lines()
        .find_map(|line| line.strip_prefix(&format!("export const {name} = ")));
    let value = line.unwrap_or_else(|| panic!("no {name} in {module}"));
    serde_json::from_str(value.trim_end_matches(';')).unwrap()
}

struct Demo {
    process: Running,
    page: String,
    blocked: String,
    gateway: String,
    /// Path of the endpoint's chat completions.
    path: String,
    key: String,
    /// What the terminal shows.
    introduction: String,
}

impl Demo {
    fn start(directory: &std::path::Path) -> Self {
        let mut command = drawbridge(["demo", "--listen", "127.0.0.1:0"]);
        let mut process = Running::start(command.env("TMPDIR", directory));
        let introduction = process.lines_until("Ctrl-C");
        let page = process.first_line.strip_prefix("drawbridge demo: open ");
        let page = page
            .unwrap_or_else(|| panic!("{}", process.first_line))
            .to_owned();
        let settings = exchange(&page, "GET", "/settings.js", &[], "");
        let endpoint = constant(&settings, "endpoint");
        let path_start = endpoint.find("/proj_").unwrap();
        let (gateway, path) = endpoint.split_at(path_start);
        Self {
            process,
            blocked: constant(&settings, "blockedOrigin"),
            gateway: gateway.to_owned(),
            path: format!("{path}/chat/completions"),
            key: constant(&settings, "key"),
            introduction,
            page,
        }
    }

    fn preflight(&self, origin: &str) -> String {
        let lines = [
            &*format!("Origin: {origin}"),
            "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: authorization,content-type",
        ];
        exchange(&self.gateway, "OPTIONS", &self.path, &lines, "").to_ascii_lowercase()
    }

    fn call(&self, origin: &str) -> String {
        let lines = [
            &*format!("Origin: {origin}"),
            &*format!("Authorization: Bearer {}", self.key),
            "Content-Type: application/json",
        ];
        let body = r#"{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello there"}]}"#;
        exchange(&self.gateway, "POST", &self.path, &lines, body)
    }
}

#[test]
fn one_page_streams_an_answer_and_the_other_gets_nothing_until_it_is_let_in() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path());

    assert!(
        demo.preflight(&demo.page)
            .contains(&format!("access-control-allow-origin: {}", demo.page))
    );
    let answer = demo.call(&demo.page);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains("demo") && answer.contains("[DONE]"),
        "{answer}"
    );

    let refused = demo.preflight(&demo.blocked);
    assert!(refused.starts_with("http/1.1 204"), "{refused}");
    assert!(!refused.contains("access-control-"), "{refused}");
    assert!(demo.call(&demo.blocked).starts_with("HTTP/1.1 403"));

    let cure = [
        "endpoint",
        "update",
        "demo",
        "--project",
        "demo",
        "--add-origin",
        &demo.blocked,
    ];
    let key = demo.introduction.split("DRAWBRIDGE_KEY=").nth(1).unwrap();
    let key = key.split_whitespace().next().unwrap();
    let said = run(drawbridge(cure)
        .env("DRAWBRIDGE_URL", &demo.gateway)
        .env("DRAWBRIDGE_KEY", key));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        demo.preflight(&demo.blocked)
            .contains("access-control-allow-origin")
    );
}

#[test]
fn the_command_that_it_shows_prints_another_link_to_the_dashboard() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path());
    let (_, command) = demo
        .introduction
        .split_once("Another link to the dashboard")
        .unwrap();
    let key = command.split("DRAWBRIDGE_KEY=").nth(1).unwrap();
    assert!(key.lines().nth(1).unwrap().ends_with(" dashboard"));
    let key = key.split_whitespace().next().unwrap();
    let said = run(drawbridge(["dashboard"])
        .env("DRAWBRIDGE_URL", &demo.gateway)
        .env("DRAWBRIDGE_KEY", key));
    assert_eq!(said.code, Some(0), "{said:?}");
    let link = format!("{}/dashboard/sign-in#code=", demo.gateway);
    assert!(said.stdout.starts_with(&link), "{said:?}");
}

#[test]
fn the_link_opens_the_dashboard_once_and_a_refusal_is_there_to_cure() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path());
    let (_, after) = demo.introduction.split_once("  dashboard ").unwrap();
    let link = after.lines().next().unwrap();
    let code = link.strip_prefix(&format!("{}/dashboard/sign-in#code=", demo.gateway));
    let body = serde_json::json!({"code": code.unwrap()}).to_string();
    let same_origin = "Sec-Fetch-Site: same-origin";
    let lines = ["Content-Type: application/json", same_origin];
    let path = "/dashboard/api/session";
    let sign_in = || exchange(&demo.gateway, "POST", path, &lines, &body);
    let signed_in = sign_in();
    assert!(signed_in.starts_with("HTTP/1.1 201"), "{signed_in}");
    assert!(sign_in().starts_with("HTTP/1.1 401"));
    let cookie = signed_in.split("set-cookie: ").nth(1).unwrap();
    let cookie = format!("Cookie: {}", cookie.split(';').next().unwrap());
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        // The control thread stores every two seconds.
        let lines = [&*cookie, same_origin];
        let listed = exchange(&demo.gateway, "GET", "/v1/cors/refusals", &lines, "");
        let (_, listed) = listed.split_once("\r\n\r\n").unwrap();
        let listed: serde_json::Value = serde_json::from_str(listed).unwrap();
        let refusal = &listed["data"][0];
        if refusal["origin"] == *demo.blocked {
            let fix = &refusal["fixes"][0]["patch"]["cors"]["allowedOrigins"];
            assert_eq!(fix[1], *demo.blocked, "{refusal}");
            break;
        }
        assert!(Instant::now() < until, "{listed}");
        std::thread::yield_now();
    }
}

#[test]
fn the_pages_live_under_a_strict_policy_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path());
    for (url, script) in [(&demo.page, "/page.js"), (&demo.blocked, "/blocked.js")] {
        let page = exchange(url, "GET", "/", &[], "");
        let policy = format!(
            "content-security-policy: default-src 'self'; connect-src {}; ",
            demo.gateway
        );
        assert!(page.contains(&policy), "{page}");
        assert!(page.contains(script), "{page}");
        assert!(
            !page.contains("<style")
                && !page.contains(" style=")
                && !page.contains("unsafe-inline"),
            "{page}"
        );
        for path in [script, "/ask.js", "/style.css", "/icon.svg"] {
            assert!(
                exchange(url, "GET", path, &[], "").starts_with("HTTP/1.1 200"),
                "{path}"
            );
        }
    }
}

#[test]
fn an_interrupt_ends_the_demo_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path());
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
    let (code, rest) = demo.process.interrupt();
    assert_eq!((code, rest.trim()), (Some(0), "stopped"));
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
}

#[test]
fn an_interrupt_does_not_wait_for_an_answer_that_streams() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path());
    let mut stream = TcpStream::connect(demo.gateway.strip_prefix("http://").unwrap()).unwrap();
    let Demo { path, key, .. } = &demo;
    let body = r#"{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello"}]}"#;
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: demo\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("data: ")));
    let begin = Instant::now();
    assert_eq!(demo.process.interrupt().0, Some(0));
    // The gateway alone would wait 30 s for the rest.
    assert!(begin.elapsed() < Duration::from_secs(25));
}
