//! What keys restrict themselves to, on an endpoint's own URL and on the shared one.

use crate::support::{Gateway, PAGE, Upstream, document};
use serde_json::json;

const KEY: &str = "restricted-key-000001";

#[test]
fn networks_and_required_origins_are_enforced_before_the_upstream_and_readably() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let origin = format!("origin: {PAGE}\r\n");
    let ask = |base: &str, origin: &str| {
        let mut client = gateway.client();
        client.send(format!(
            "POST {base}/embeddings HTTP/1.1\r\nhost: gw\r\n{origin}authorization: Bearer {KEY}\r\ncontent-length: 2\r\n\r\n{{}}"
        ));
        client
    };
    let foreign = "origin: https://evil.example\r\n";
    let elsewhere = json!({"kind": "secret", "allowed_ips": ["192.0.2.0/24", "2001:db8::/32"]});
    let needs_origin = json!({"kind": "secret", "require_origin": true});
    for base in ["/proj_tests1/e/v1", "/v1"] {
        for (key, origin, code, told) in [
            (&elsewhere, &*origin, "key_ip_not_allowed", Some(PAGE)),
            (&elsewhere, foreign, "key_ip_not_allowed", None),
            (&elsewhere, "", "key_ip_not_allowed", None),
            (&needs_origin, "", "origin_required", None),
            (&needs_origin, foreign, "origin_not_allowed", None),
        ] {
            gateway.set_key(KEY, key);
            let answer = ask(base, origin).answer();
            assert_eq!(
                (answer.status(), &*answer.code()),
                (403, code),
                "{base} {origin}"
            );
            assert_eq!(
                answer.header("access-control-allow-origin"),
                told,
                "{base} {origin}"
            );
        }
    }
    assert!(upstream.is_untouched());
    for (key, origin) in [
        (
            json!({"kind": "secret", "allowed_ips": ["127.0.0.0/8"]}),
            "",
        ),
        (
            json!({"kind": "secret", "allowed_ips": ["::ffff:127.0.0.1"]}),
            &*origin,
        ),
        (needs_origin, &*origin),
    ] {
        gateway.set_key(KEY, &key);
        for base in ["/proj_tests1/e/v1", "/v1"] {
            let mut client = ask(base, origin);
            let _open = upstream.answer_one("connection: close\r\n", "{}");
            assert_eq!(client.answer().status(), 200, "{base} {key}");
        }
    }
}
