//! Security headers on answers of every kind.

use drawbridge_gateway::management::ManagementReply;
use drawbridge_gateway::security_headers::{Profile, SecurityHeaders};
use http_body_util::BodyExt;
use serde_json::json;

use crate::support::{Gateway, Message, PAGE, SECRET, Upstream, document, read_chunk};

/// Design section 6, to the letter.
const STANDARD: [(&str, &str); 6] = [
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains; preload",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "1; mode=block"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("content-security-policy", "default-src 'self'"),
];

/// What a careless upstream sends.
const UPSTREAMS_OWN: &str = "x-frame-options: SAMEORIGIN\r\nx-frame-options: ALLOWALL\r\ncontent-security-policy: default-src *\r\n\
     X-Powered-By: something\r\nPermissions-Policy: camera=*\r\ncache-control: max-age=600\r\n";

/// An answer that wears the six, each once.
fn wears_them(answer: Message) -> Message {
    for (name, value) in STANDARD {
        assert_eq!(answer.header(name), Some(value), "{answer:?}");
    }
    answer
}

/// An answer to the page that the upstream made, head and body as given.
fn relayed(gateway: &Gateway, upstream: &Upstream, answer: &str) -> Message {
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = upstream.accept();
    connection.request();
    connection.send(answer);
    let mut head = client.head();
    if answer.contains("chunked") {
        head.body = read_chunk(&mut client.0).unwrap();
    }
    head
}

fn with(overrides: &[(&str, &str)], profile: Profile) -> SecurityHeaders {
    SecurityHeaders::new(profile, overrides.iter().copied()).unwrap()
}

#[test]
fn answers_of_upstreams_wear_them_in_the_place_of_the_upstreams_own() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    for (status, body) in [
        ("200 OK", "content-length: 2\r\n\r\n{}"),
        (
            "200 OK",
            "content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n",
        ),
        ("302 Found", "location: /x\r\ncontent-length: 0\r\n\r\n"),
        ("304 Not Modified", "etag: \"a\"\r\n\r\n"),
        ("404 Not Found", "content-length: 2\r\n\r\n{}"),
        ("500 Internal Server Error", "content-length: 2\r\n\r\n{}"),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\n{UPSTREAMS_OWN}{body}");
        let answer = wears_them(relayed(&gateway, &upstream, &answer));
        assert!(answer.start.ends_with(status), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(answer.header("vary"), Some("Origin"));
        // What is none of the six is the upstream's business, but for errors that would be kept.
        assert_eq!(answer.header("permissions-policy"), Some("camera=*"));
        let kept = match answer.status() {
            404 | 500 => "no-store",
            _ => "max-age=600",
        };
        assert_eq!(answer.header("cache-control"), Some(kept), "{status}");
    }
}

#[test]
fn the_gateways_own_answers_wear_them() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let page = format!("origin: {PAGE}\r\n");
    let preflight = format!("{page}access-control-request-method: POST\r\n");
    let evil = "origin: https://evil.example\r\naccess-control-request-method: POST\r\n";
    let key = format!("{page}authorization: Bearer {SECRET}\r\n");
    let e = "/proj_tests1/e/v1/chat/completions";
    let deep = format!("{key}x-large: {}\r\n", "x".repeat(40 << 10));
    for (method, path, lines, status) in [
        ("OPTIONS", e, &*preflight, 204),
        ("OPTIONS", e, evil, 204),
        ("OPTIONS", "/v1/chat/completions", &preflight, 204),
        ("OPTIONS", "/proj_none12/x/v1/y", &preflight, 404),
        ("POST", e, &page, 401),
        ("PUT", e, &key, 405),
        ("POST", e, evil, 401),
        ("POST", "/elsewhere", &key, 404),
        ("POST", e, &deep, 431),
        ("GET", "/v1/models", &key, 200),
        ("GET", "/healthz", "", 200),
        ("GET", "/readyz", "", 200),
    ] {
        let mut client = gateway.client();
        client.send(format!(
            "{method} {path} HTTP/1.1\r\nhost: gw\r\nconnection: close\r\ncontent-length: 0\r\n{lines}\r\n"
        ));
        let answer = wears_them(client.answer());
        assert_eq!(answer.status(), status, "{method} {path}");
        if status >= 400 {
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
    assert!(upstream.is_untouched());
}

#[test]
fn a_client_beyond_the_connection_limit_sees_them_too() {
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| {
        parts.max_connections = 1;
    });
    let mut first = gateway.client();
    assert_eq!(first.get("/healthz").answer().status(), 200);
    let refused = wears_them(gateway.client().answer());
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.header("cache-control"), Some("no-store"));
}

#[test]
fn failures_of_the_upstream_wear_them() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    client.post("{}");
    drop(upstream.accept());
    assert_eq!(wears_them(client.answer()).status(), 502);
    drop(upstream);
    let mut client = gateway.client();
    assert_eq!(wears_them(client.post("{}").answer()).status(), 502);
}

#[test]
fn management_and_metrics_wear_them() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(&document(&upstream, &json!({})));
    for path in [
        "/v1/projects",
        "/proj_tests1/e/v1/endpoints/e",
        "/openapi.json",
        "/metrics",
    ] {
        let mut client = gateway.client();
        client.get(path);
        let call = gateway.calls.blocking_recv().unwrap();
        let body = http_body_util::Empty::new().map_err(|never| match never {});
        let mut response = http::Response::new(body.boxed_unsync());
        let own = http::HeaderValue::from_static("SAMEORIGIN");
        response.headers_mut().insert("x-frame-options", own);
        let reply = ManagementReply {
            response,
            caller: None,
            code: None,
            cause: None,
        };
        call.reply.send(reply).unwrap();
        assert_eq!(wears_them(client.answer()).status(), 200, "{path}");
    }
}

#[test]
fn off_lets_the_upstreams_own_pass() {
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| {
        parts.security_headers = with(&[], Profile::Off);
    });
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-frame-options: SAMEORIGIN\r\n\r\n";
    let answer = relayed(&gateway, &upstream, answer);
    for (name, _) in STANDARD {
        let own = (name == "x-frame-options").then_some("SAMEORIGIN");
        assert_eq!(answer.header(name), own, "{name}");
    }
}

#[test]
fn strict_and_overrides_are_what_every_answer_wears() {
    let upstream = Upstream::start();
    let overrides = [("Referrer-Policy", ""), ("Origin-Agent-Cluster", "?1")];
    let document = document(
        &upstream,
        &json!({"cors": {"allowedOrigins": [PAGE], "allowCredentials": true, "exposedHeaders": ["*"]}}),
    );
    let gateway = Gateway::start_with(&document, |parts| {
        parts.security_headers = with(&overrides, Profile::Strict);
    });
    let answer = format!(
        "HTTP/1.1 200 OK\r\n{UPSTREAMS_OWN}referrer-policy: unsafe-url\r\ncontent-length: 0\r\n\r\n"
    );
    let relayed = relayed(&gateway, &upstream, &answer);
    let mut client = gateway.client();
    let own = client.get("/elsewhere").answer();
    for answer in [&relayed, &own] {
        for (name, value) in [
            // No TLS, so that it would be ignored (RFC 6797 section 8.1).
            ("strict-transport-security", None),
            ("x-frame-options", Some("DENY")),
            ("x-xss-protection", Some("0")),
            ("cache-control", Some("no-store, max-age=0")),
            ("cross-origin-resource-policy", Some("same-origin")),
            ("referrer-policy", None),
            ("origin-agent-cluster", Some("?1")),
        ] {
            assert_eq!(answer.header(name), value, "{answer:?}");
        }
    }
    // `*` with credentials means the names of what the answer has.
    let exposed = relayed.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("x-frame-options"), "{exposed}");
}
