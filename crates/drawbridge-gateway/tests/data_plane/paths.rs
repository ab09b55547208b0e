//! Paths that an upstream could read as other ones than the gateway judged.

use crate::support::{Gateway, PUBLISHABLE, SECRET, Upstream, document};
use serde_json::json;

/// The answer to a request that must not be forwarded: its status, and everything of it.
fn refused(gateway: &Gateway, line: &str, key: &str) -> (u16, String) {
    let mut client = gateway.client();
    client.send(format!(
        "{line} HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer {key}\r\ncontent-length: 0\r\n\r\n"
    ));
    let answer = client.answer();
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    (answer.status(), body)
}

#[test]
fn no_reading_of_a_path_leaves_the_route_of_its_key_or_the_endpoints_base() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let own = "/proj_tests1/e/v1";
    for base in [own, "/v1"] {
        for (line, key) in [
            ("GET /models/..%2f..%2fadmin", PUBLISHABLE),
            ("GET /models/..%2F..%2Fadmin", PUBLISHABLE),
            ("POST /audio/..%2f..%2fadmin/shutdown", PUBLISHABLE),
            ("POST /images/x%2f%2e%2e%2f..%2fadmin", PUBLISHABLE),
            ("POST /audio/..%5cadmin", PUBLISHABLE),
            ("POST /audio/..;/admin", PUBLISHABLE),
            ("GET /%2e%2e%2fadmin", SECRET),
            ("GET /a%5c..%5cadmin", SECRET),
            ("GET /..;x=y/admin", SECRET),
            ("GET /..%3bx/admin", SECRET),
            ("GET /a/%252e%252e/admin", SECRET),
            ("GET /a/..%252fadmin", SECRET),
        ] {
            let line = line.replacen(' ', &format!(" {base}"), 1);
            let (status, body) = refused(&gateway, &line, key);
            assert_eq!(status, 400, "{line}: {body}");
            assert!(body.contains("malformed_request"), "{line}: {body}");
        }
    }
    assert!(upstream.is_untouched());
    for path in ["/models/org%2Fname", "/models/a..b%2Fc;v=1", "/files/.../x"] {
        let mut client = gateway.client();
        client.get(&format!("{own}{path}"));
        let mut connection = upstream.accept();
        let asked = connection.request().start;
        assert_eq!(asked, format!("GET /base{path} HTTP/1.1"));
        connection.answer("connection: close\r\n", "{}");
        assert_eq!(client.answer().status(), 200);
    }
}
