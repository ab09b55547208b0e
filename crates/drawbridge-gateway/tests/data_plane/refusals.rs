//! What pages were refused, as it is counted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use drawbridge_policy::cors::Refusal;
use drawbridge_policy::endpoint::Project;
use drawbridge_policy::refusals::{Kind, SeenOrigin};
use drawbridge_policy::snapshot::Change;
use serde_json::json;

use crate::support::{Gateway, PAGE, PUBLISHABLE, Upstream, document};

const PATIENCE: Duration = Duration::from_secs(20);
const EVIL: &str = "https://evil.example";
const OWN: &str = "/proj_tests1/e/v1/embeddings";
const ENDPOINT: &str = "proj_tests1/e";

/// The next refusal that is handed over: where, what, how often.
fn next(gateway: &Gateway) -> (String, Option<Kind>, u64) {
    let until = Instant::now() + PATIENCE;
    loop {
        let lines: Vec<_> = gateway.refusals.take().into_lines().collect();
        if let [(place, kind, tally)] = lines.as_slice() {
            return (place.endpoint.to_string(), kind.clone(), tally.count);
        }
        assert!(lines.is_empty(), "{lines:?}");
        assert!(Instant::now() < until, "nothing was handed over");
        std::thread::yield_now();
    }
}

fn kind(origin: &str, reason: Refusal, name: Option<&str>) -> Kind {
    Kind {
        origin: SeenOrigin::Text(origin.into()),
        reason,
        is_reported: false,
        name: name.map(Into::into),
    }
}

fn ask(gateway: &Gateway, method: &str, path: &str, lines: &str) -> u16 {
    let mut client = gateway.client();
    client.send(format!(
        "{method} {path} HTTP/1.1\r\nhost: gw\r\n{lines}content-length: 0\r\n\r\n"
    ));
    client.answer().status()
}

/// What the answer says of a refusal.
fn told(gateway: &Gateway, method: &str, lines: &str) -> (u16, Option<String>) {
    let mut client = gateway.client();
    client.send(format!(
        "{method} {OWN} HTTP/1.1\r\nhost: gw\r\n{lines}content-length: 0\r\n\r\n"
    ));
    let answer = client.answer();
    let told = answer.header("drawbridge-cors").map(str::to_owned);
    if answer.header("access-control-allow-origin").is_some() && method != "OPTIONS" {
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("Drawbridge-Cors"), "{exposed}");
    }
    (answer.status(), told)
}

fn preflight(gateway: &Gateway, path: &str, origin: &str, method: &str, headers: &str) -> u16 {
    let lines = format!(
        "origin: {origin}\r\naccess-control-request-method: {method}\r\naccess-control-request-headers: {headers}\r\n"
    );
    ask(gateway, "OPTIONS", path, &lines)
}

#[test]
fn what_a_preflight_is_refused_is_counted_with_what_is_at_fault() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    // On its own URL an endpoint is named, on the shared one none is known.
    for (path, endpoint) in [(OWN, ENDPOINT), ("/v1/embeddings", "")] {
        for (origin, method, headers, reason, name) in [
            (EVIL, "POST", "", Refusal::OriginNotAllowed, None),
            (
                PAGE,
                "PATCH",
                "x-a",
                Refusal::MethodNotAllowed,
                Some("PATCH"),
            ),
            (
                PAGE,
                "POST",
                "content-type,X-A,x-b",
                Refusal::HeaderNotAllowed,
                Some("x-a, x-b"),
            ),
        ] {
            let path = format!("{path}?token=secret");
            assert_eq!(preflight(&gateway, &path, origin, method, headers), 204);
            let expected = kind(origin, reason, name);
            assert_eq!(next(&gateway), (endpoint.to_owned(), Some(expected), 1));
        }
    }
}

#[test]
fn what_a_request_is_refused_is_counted_and_what_is_admitted_is_not() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let key = "key-of-another-page-01";
    let other = json!({"kind": "publishable", "allowed_origins": ["https://other.example"]});
    gateway.set_key(key, &other);
    let line = |token: &str, origin: &str| format!("x-api-key: {token}\r\norigin: {origin}\r\n");
    let own = |expected| (ENDPOINT.to_owned(), Some(expected), 1);
    // Admitted, and from a server: nothing is counted before the refusals that follow.
    assert_eq!(preflight(&gateway, OWN, PAGE, "POST", "content-type"), 204);
    assert_eq!(
        ask(
            &gateway,
            "GET",
            OWN,
            "x-api-key: unknown-key-0123456789\r\n"
        ),
        401
    );

    assert_eq!(ask(&gateway, "POST", OWN, &line(PUBLISHABLE, EVIL)), 403);
    let expected = kind(EVIL, Refusal::OriginNotAllowed, None);
    assert_eq!(next(&gateway), own(expected));
    assert_eq!(
        ask(&gateway, "PUT", OWN, &line(crate::support::SECRET, PAGE)),
        405
    );
    let expected = kind(PAGE, Refusal::MethodNotAllowed, Some("PUT"));
    assert_eq!(next(&gateway), own(expected));
    // Not refused for its method, and readable: nothing is counted before the refusals that follow.
    for (method, token, status) in [
        ("PUT", "unknown-key-0123456789", 401),
        ("DELETE", PUBLISHABLE, 403),
    ] {
        assert_eq!(ask(&gateway, method, OWN, &line(token, PAGE)), status);
    }
    for path in [OWN, "/v1/embeddings"] {
        assert_eq!(ask(&gateway, "POST", path, &line(key, PAGE)), 403);
        let (endpoint, refused, _) = next(&gateway);
        let refused = refused.unwrap();
        assert_eq!(
            (&*endpoint, refused.reason),
            (ENDPOINT, Refusal::KeyOriginNotAllowed)
        );
        let id = refused.name.unwrap();
        assert!(id.starts_with("ak_"), "{id}");
    }
    assert!(upstream.is_untouched());
}

#[test]
fn what_is_no_origin_is_counted_and_its_text_is_not_held() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let long = format!("https://{}.example", "a".repeat(400));
    for lines in [
        format!("origin: {PAGE}/path?token=secret\r\n"),
        format!("origin: {PAGE}\r\norigin: {EVIL}\r\n"),
        format!("origin: {long}\r\n"),
    ] {
        let lines = format!("x-api-key: {PUBLISHABLE}\r\n{lines}");
        assert_eq!(ask(&gateway, "POST", OWN, &lines), 403);
        let (_, refused, _) = next(&gateway);
        assert_eq!(refused.unwrap().origin, SeenOrigin::Malformed, "{lines}");
    }
}

#[test]
fn an_endpoint_that_only_reports_counts_what_it_would_have_refused() {
    let upstream = Upstream::start();
    let cors = json!({"cors": {"allowedOrigins": [PAGE], "enforcement": "report"}});
    let gateway = Gateway::start(&document(&upstream, &cors));
    let reported = |kind: Kind| {
        Some(Kind {
            is_reported: true,
            ..kind
        })
    };
    for (origin, headers, reason, name) in [
        (EVIL, "content-type", Refusal::OriginNotAllowed, None),
        (PAGE, "x-a", Refusal::HeaderNotAllowed, Some("x-a")),
    ] {
        assert_eq!(preflight(&gateway, OWN, origin, "POST", headers), 204);
        let (_, refused, _) = next(&gateway);
        assert_eq!(refused, reported(kind(origin, reason, name)));
    }
}

#[test]
fn what_browsers_are_left_to_refuse_is_counted_too() {
    let upstream = Upstream::start();
    let cors = json!({"cors": {"allowedOrigins": [PAGE], "enforcement": "browser"}});
    let gateway = Gateway::start(&document(&upstream, &cors));
    let mut client = gateway.client();
    client.send(format!(
        "POST {OWN} HTTP/1.1\r\nhost: gw\r\nx-api-key: {PUBLISHABLE}\r\norigin: {EVIL}\r\ncontent-length: 2\r\n\r\n{{}}"
    ));
    upstream.answer_one("", "{}");
    let answer = client.answer();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let expected = kind(EVIL, Refusal::OriginNotAllowed, None);
    assert_eq!(next(&gateway), (ENDPOINT.to_owned(), Some(expected), 1));
}

#[test]
fn refusals_say_what_was_refused_where_a_project_is_being_looked_into() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let evil = format!("origin: {EVIL}\r\nx-api-key: {PUBLISHABLE}\r\n");
    let put = format!(
        "origin: {PAGE}\r\nx-api-key: {}\r\n",
        crate::support::SECRET
    );
    let asking = |method: &str, headers: &str| {
        format!(
            "origin: {PAGE}\r\naccess-control-request-method: {method}\r\naccess-control-request-headers: {headers}\r\n"
        )
    };
    let cases = [
        ("POST", evil, 403, "refused; reason=origin_not_allowed"),
        (
            "PUT",
            put,
            405,
            "refused; reason=method_not_allowed; name=PUT",
        ),
        (
            "OPTIONS",
            asking("POST", "X-A"),
            204,
            "refused; reason=header_not_allowed; name=x-a",
        ),
        (
            "OPTIONS",
            asking("POST", "1a"),
            204,
            "refused; reason=header_not_allowed; name=\"1a\"",
        ),
        (
            "OPTIONS",
            asking("POST", "X-B,content-type, x-a"),
            204,
            "refused; reason=header_not_allowed; name=\"x-a, x-b\"",
        ),
        // What is no name is not sent back.
        (
            "OPTIONS",
            asking("POST", "a\"b"),
            204,
            "refused; reason=header_not_allowed",
        ),
        (
            "OPTIONS",
            asking("A;B", ""),
            204,
            "refused; reason=method_not_allowed",
        ),
    ];
    for (method, lines, status, _) in &cases {
        assert_eq!(told(&gateway, method, lines), (*status, None));
    }
    let debug = |debug| {
        let project = Project {
            id: "proj_tests1".into(),
            slug: "tests".into(),
            debug,
            ..Project::default()
        };
        gateway.publish([Change::Project(Arc::new(project))]);
    };
    debug(true);
    for (method, lines, status, expected) in &cases {
        let expected = (*status, Some((*expected).to_owned()));
        assert_eq!(told(&gateway, method, lines), expected, "{lines}");
    }
    // What is admitted says nothing, and what is no matter of CORS neither.
    assert_eq!(
        told(&gateway, "OPTIONS", &asking("POST", "content-type")),
        (204, None)
    );
    assert_eq!(
        told(&gateway, "POST", &format!("origin: {PAGE}\r\n")),
        (401, None)
    );
    debug(false);
    let (method, lines, status, _) = &cases[0];
    assert_eq!(told(&gateway, method, lines), (*status, None));

    // An endpoint that only reports says so of what it lets through.
    let cors = json!({"cors": {"allowedOrigins": [PAGE], "enforcement": "report"}});
    gateway.set(&document(&upstream, &cors));
    let expected = "reported; reason=header_not_allowed; name=x-a".to_owned();
    assert_eq!(
        told(&gateway, "OPTIONS", &asking("POST", "x-a")),
        (204, Some(expected))
    );
    let expected = "refused; reason=origin_not_allowed".to_owned();
    let lines = format!("origin: null\r\nx-api-key: {PUBLISHABLE}\r\n");
    assert_eq!(told(&gateway, "POST", &lines), (403, Some(expected)));
}

#[test]
fn a_refusal_links_to_the_gateways_own_page_about_its_code() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    let lines = format!("origin: {EVIL}\r\nx-api-key: {PUBLISHABLE}\r\ncontent-length: 0\r\n");
    client.send(format!(
        "POST {OWN} HTTP/1.1\r\nhost: elsewhere.example\r\n{lines}\r\n"
    ));
    let answer = client.answer();
    // Whatever `Host` says.
    let expected = format!(
        "http://127.0.0.1:{}/errors#origin_not_allowed",
        gateway.address.port()
    );
    assert_eq!(answer.json()["error"]["docs_url"], expected);
    let answer = client
        .send("GET /errors HTTP/1.1\r\nhost: gw\r\n\r\n")
        .answer();
    let content = (answer.status(), answer.header("content-type"));
    assert_eq!(content, (200, Some("text/html; charset=utf-8")));
    assert_eq!(
        answer.header("content-security-policy"),
        Some("default-src 'self'")
    );
}

#[test]
fn what_the_gateway_itself_tells_is_there_to_be_read_only() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    for path in ["/errors", "/healthz", "/readyz"] {
        let mut ask = |method| {
            let head = format!("{method} {path} HTTP/1.1\r\nhost: gw\r\ncontent-length: 0\r\n\r\n");
            client.send(head).answer()
        };
        assert_eq!(ask("GET").status(), 200, "{path}");
        for method in ["POST", "DELETE", "OPTIONS"] {
            let answer = ask(method);
            let refused = (answer.status(), &*answer.code());
            assert_eq!(refused, (405, "method_not_allowed"), "{method} {path}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method} {path}");
        }
    }
    assert!(upstream.is_untouched());
}

#[test]
fn whose_pages_are_admitted_is_counted_by_their_actual_requests() {
    let upstream = Upstream::start();
    let other = "https://other.example";
    let cors = json!({"cors": {"allowedOrigins": [PAGE, other]}});
    let gateway = Gateway::start(&document(&upstream, &cors));
    let next = || {
        let until = Instant::now() + PATIENCE;
        loop {
            if let [(place, origin, tally)] = gateway.refusals.admitted.take().as_slice() {
                return (place.endpoint.to_string(), origin.to_string(), tally.count);
            }
            assert!(Instant::now() < until, "nothing was handed over");
            std::thread::yield_now();
        }
    };
    // Neither preflights, nor what is no page's, nor what is refused; but whatever the endpoint's policy admits, even
    // where the key is not good.
    preflight(&gateway, OWN, PAGE, "POST", "content-type");
    ask(&gateway, "POST", OWN, "");
    ask(&gateway, "POST", OWN, &format!("origin: {EVIL}\r\n"));
    for origin in [other, PAGE] {
        let status = ask(&gateway, "POST", OWN, &format!("origin: {origin}\r\n"));
        assert_eq!(status, 401);
        assert_eq!(next(), (ENDPOINT.to_owned(), origin.to_owned(), 1));
    }
    assert_eq!(gateway.refusals.admitted.take(), []);
}
