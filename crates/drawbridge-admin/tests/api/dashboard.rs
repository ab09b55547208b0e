//! The dashboard's pages, as they are served.

use std::borrow::Cow;

use axum::body::Body;
use drawbridge_admin::{AdminState, Dashboard};
use drawbridge_policy::presets::PRESETS;
use http::{Method, Request};
use serde_json::json;

use crate::support::{Answer, Gateway, HOST};

/// A small dashboard.
fn files(path: &str) -> Option<Cow<'static, [u8]>> {
    let file: &'static str = match path {
        "index.html" => "<!doctype html>the page",
        "robots.txt" => "nobody",
        "assets/index-1a2b.js" => "the script",
        "assets/index-1a2b.js.br" => "the script, compressed",
        "assets/index-1a2b.js.gz" => "the script, zipped",
        "assets/icon-3c4d.svg" => "<svg/>",
        "api/session" => "a page in the place of the API",
        _ => return None,
    };
    Some(Cow::Borrowed(file.as_bytes()))
}

async fn gateway() -> Gateway {
    let gateway = Gateway::start().await;
    let state = AdminState {
        dashboard: Dashboard::of(files),
        ..gateway.state.clone()
    };
    gateway.with(state)
}

async fn ask(gateway: &Gateway, method: Method, path: &str, lines: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    gateway.send(request.body(Body::empty()).unwrap()).await
}

async fn get(gateway: &Gateway, path: &str, lines: &[(&str, &str)]) -> Answer {
    let lines: Vec<_> = [("host", HOST)].iter().chain(lines).copied().collect();
    ask(gateway, Method::GET, path, &lines).await
}

#[tokio::test]
async fn every_path_that_is_no_file_is_the_one_page() {
    let gateway = gateway().await;
    let moved = get(&gateway, "/dashboard", &[]).await.must(308);
    assert_eq!(moved.header("location"), Some("/dashboard/"));
    for path in [
        "/dashboard/",
        "/dashboard/index.html",
        "/dashboard/endpoints/my-project/my-endpoint?tab=cors",
        "/dashboard/sign-in",
        "/dashboard/assets",
        "/dashboard/apis",
        "/dashboard/..%2f..%2fetc/passwd",
    ] {
        let page = get(&gateway, path, &[]).await.must(200);
        assert_eq!(page.body, "<!doctype html>the page", "{path}");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        assert_eq!(page.outcome.caller, None);
        let known = [("if-none-match", page.etag())];
        let again = get(&gateway, path, &known).await.must(304);
        assert_eq!(again.etag(), page.etag());
        get(&gateway, path, &[("if-none-match", "\"other\"")])
            .await
            .must(200);
    }
    let text = get(&gateway, "/dashboard/robots.txt", &[]).await.must(200);
    assert_eq!(
        (&text.body, text.header("cache-control")),
        (&json!("nobody"), Some("no-cache"))
    );
}

#[tokio::test]
async fn files_that_are_named_by_their_content_are_kept_for_good() {
    let gateway = gateway().await;
    let script = "/dashboard/assets/index-1a2b.js";
    let forever = Some("public, max-age=31536000, immutable");
    for (accepted, body, encoding) in [
        ("identity", "the script", None),
        ("gzip, deflate", "the script, zipped", Some("gzip")),
        ("gzip, br", "the script, compressed", Some("br")),
    ] {
        let answer = get(&gateway, script, &[("accept-encoding", accepted)]).await;
        let answer = answer.must(200);
        assert_eq!(answer.body, body);
        assert_eq!(answer.header("content-encoding"), encoding);
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        assert_eq!(answer.header("cache-control"), forever);
        let media_type = answer.header("content-type");
        assert_eq!(media_type, Some("text/javascript; charset=utf-8"));
    }
    let icon = get(
        &gateway,
        "/dashboard/assets/icon-3c4d.svg",
        &[("accept-encoding", "br")],
    );
    let icon = icon.await.must(200);
    assert_eq!(icon.header("content-type"), Some("image/svg+xml"));
    assert_eq!(
        (icon.header("content-encoding"), icon.header("vary")),
        (None, None)
    );
    let head = [("host", HOST)];
    let head = ask(&gateway, Method::HEAD, script, &head).await.must(200);
    assert_eq!(
        (head.header("content-length"), &head.body),
        (Some("10"), &json!(null))
    );
    // One of another release, and what is only there for its neighbour.
    for path in [
        "assets/index-9z9z.js",
        "assets/",
        "assets/index-1a2b.js.br",
        "assets/index-1a2b.js.gz",
    ] {
        let missing = get(&gateway, &format!("/dashboard/{path}"), &[]).await;
        missing.must_be(404, "route_not_found");
    }
}

#[tokio::test]
async fn no_page_stands_where_the_api_is() {
    let gateway = gateway().await;
    get(&gateway, "/dashboard/api/session", &[])
        .await
        .must_be(401, "missing_key");
    for path in [
        "/dashboard/api",
        "/dashboard/api/",
        "/dashboard/api/nothing",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = ask(&gateway, method, path, &[("host", HOST)]).await;
            answer.must_be(404, "route_not_found");
        }
    }
}

#[tokio::test]
async fn pages_are_read_only_and_never_cross_origin() {
    let gateway = gateway().await;
    let host = ("host", HOST);
    for path in [
        "/dashboard",
        "/dashboard/",
        "/dashboard/keys",
        "/dashboard/assets/index-1a2b.js",
    ] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let answer = ask(&gateway, method, path, &[host]).await;
            let answer = answer.must_be(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("GET,HEAD"));
        }
        let foreign = [host, ("origin", "https://evil.example")];
        let answer = ask(&gateway, Method::GET, path, &foreign).await;
        answer.must_be(403, "origin_not_allowed");
        let rebound = [("host", "evil.example")];
        let answer = ask(&gateway, Method::GET, path, &rebound).await;
        answer.must_be(421, "misdirected_request");
    }
}

#[test]
fn the_policy_editor_says_what_the_presets_stand_for() {
    let source = include_str!("../../../../ui/src/pages/endpoints/presets.ts");
    for preset in PRESETS {
        let (_, after) = source
            .split_once(&format!("name: '{}'", preset.name))
            .unwrap_or_else(|| panic!("{} is not there", preset.name));
        let (_, list) = after.split_once("headers: [").unwrap();
        let (list, _) = list.split_once(']').unwrap();
        let said: Vec<&str> = list.split('\'').skip(1).step_by(2).collect();
        assert_eq!(said, preset.headers, "{}", preset.name);
    }
    assert_eq!(source.matches("name: '@").count(), PRESETS.len());
}
