//! Management on a listener of its own.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use drawbridge_gateway::{Bound, Parts};
use serde_json::json;

use crate::support::{Gateway, Message, PAGE, SECRET, Upstream, document};

/// Everything that is management where it is not served elsewhere.
const MANAGEMENT: [&str; 23] = [
    "/v1/projects",
    "/v1/projects/p/endpoints/e",
    "/v1/api-keys",
    "/v1/cors/explain",
    "/v1/audit-log",
    "/v1/nodes",
    "/openapi.json",
    "/metrics",
    "/dashboard",
    "/dashboard/api/settings",
    "/dashboard/",
    "/dashboard/api/session",
    "/dashboard/assets/index.js",
    "/proj_tests1/e/v1/endpoints/e",
    "/proj_tests1/unknown/v1/endpoints/unknown",
    // However it is spelled.
    "/v1/%70rojects",
    "/v1/%2570rojects",
    "/v1//projects",
    "/v1/audit%2dlog;x",
    "/proj_tests1/e/v1/%65ndpoints/e",
    "/proj_tests1/e/v1//endpoints/e",
    "/proj_tests1/e/v1/endpoints;x/e",
    "/proj_tests1/unknown/v1/endpoint%73",
];

fn start(upstream: &Upstream, adjust: impl FnOnce(&mut Parts)) -> (Gateway, SocketAddr) {
    let bind = || Bound::bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
    let bound = bind().with_management(bind());
    let management = bound.management_address().unwrap();
    let gateway = Gateway::start_on(bound, &document(upstream, &json!({})), adjust);
    (gateway, management)
}

/// Asks from the page, with a secret key.
fn ask(address: SocketAddr, method: &str, path: &str, lines: &str) -> Message {
    let mut client = Gateway::client_of(address);
    client.send(format!(
        "{method} {path} HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nx-api-key: {SECRET}\r\n{lines}\r\n"
    ));
    client.answer()
}

#[test]
fn management_is_nothing_on_the_public_listener_and_never_forwarded() {
    let upstream = Upstream::start();
    let (mut gateway, _) = start(&upstream, |_| {});
    for path in MANAGEMENT {
        for method in ["GET", "POST", "PATCH"] {
            let answer = ask(gateway.address, method, path, "");
            assert_eq!(answer.status(), 404, "{method} {path}");
            assert_eq!(answer.code(), "route_not_found", "{method} {path}");
            // Below an endpoint its pages can read it; elsewhere there is no policy to say so.
            let is_readable = path.starts_with("/proj_tests1/e/");
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, is_readable.then_some(PAGE), "{method} {path}");
        }
    }
    let asked = "access-control-request-method: POST\r\n";
    let preflight = |path| ask(gateway.address, "OPTIONS", path, asked);
    assert_eq!(preflight("/v1/projects").status(), 404);
    assert_eq!(preflight("/proj_tests1/e/v1/endpoints/e").status(), 204);
    assert!(upstream.is_untouched());
    assert!(
        gateway.calls.try_recv().is_err(),
        "something was handed over"
    );
    assert_eq!(ask(gateway.address, "GET", "/healthz", "").status(), 200);
}

#[test]
fn the_data_plane_is_nothing_on_the_listener_of_management() {
    let upstream = Upstream::start();
    let (mut gateway, management) = start(&upstream, |_| {});
    for path in [
        "/proj_tests1/e/v1/chat/completions",
        "/proj_tests1/e/elsewhere",
        "/proj_tests1/unknown/v1/x",
        "/v1/chat/completions",
        "/",
    ] {
        let answer = ask(management, "POST", path, "content-length: 0\r\n");
        assert_eq!(
            (answer.status(), &*answer.code()),
            (404, "route_not_found"),
            "{path}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
    assert!(upstream.is_untouched());
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask(management, "GET", path, "").status(), 200);
    }
    for path in MANAGEMENT {
        let mut client = Gateway::client_of(management);
        client.get(path);
        let call = gateway.calls.blocking_recv().unwrap();
        assert_eq!(call.request.uri().path(), path);
    }
    let mut client = gateway.client();
    client.post("{}");
    let _open = upstream.answer_one("", "{}");
    assert_eq!(client.answer().status(), 200);
}

#[test]
fn management_is_reachable_when_the_public_listener_is_full() {
    let upstream = Upstream::start();
    let (gateway, management) = start(&upstream, |parts| parts.max_connections = 1);
    let mut first = gateway.client();
    first.get("/healthz");
    assert_eq!(first.answer().status(), 200);
    assert_eq!(gateway.client().answer().status(), 503);
    let mut second = Gateway::client_of(management);
    second.get("/healthz");
    assert_eq!(second.answer().status(), 200);
    // It has a limit too.
    assert_eq!(Gateway::client_of(management).answer().status(), 503);
}

#[test]
fn no_request_reaches_the_listener_of_management_through_the_gateway() {
    let upstream = Upstream::start();
    let (gateway, management) = start(&upstream, |_| {});
    for address in [management, gateway.address] {
        let base_url = format!("http://{address}/v1");
        gateway.set(&json!({"upstream": {"base_url": base_url}}));
        let mut client = gateway.client();
        client.send(format!(
            "GET /proj_tests1/e/v1/projects HTTP/1.1\r\nhost: gw\r\nx-api-key: {SECRET}\r\n\r\n"
        ));
        let answer = client.answer();
        assert_eq!(answer.code(), "upstream_unreachable", "{address}");
    }
}

#[test]
fn a_shutdown_ends_both_listeners() {
    let upstream = Upstream::start();
    let (mut gateway, management) = start(&upstream, |parts| {
        parts.times.drain = Duration::from_secs(10);
    });
    let mut idle = Gateway::client_of(management);
    idle.get("/healthz");
    idle.answer();
    gateway.take().shut_down();
    idle.end();
    for address in [gateway.address, management] {
        assert!(TcpStream::connect(address).is_err(), "{address}");
    }
}
