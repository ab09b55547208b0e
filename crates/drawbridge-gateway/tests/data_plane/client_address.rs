//! Whose address counts where proxies stand between: headers, and the PROXY protocol.

use std::time::Duration;

use drawbridge_gateway::security_headers::{Profile, SecurityHeaders};
use drawbridge_gateway::{Bound, Parts};
use drawbridge_policy::network::parse_network;
use serde_json::json;

use crate::metrics::await_values;
use crate::support::{Client, End, Gateway, PAGE, Upstream, document};

const KEY: &str = "office-key-0000000001";
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Tests' clients are trusted proxies.
pub(crate) fn trust(parts: &mut Parts) {
    let networks = ["127.0.0.0/8", "10.0.0.0/8"];
    parts.trusted_proxies = networks
        .map(|text| parse_network(text).unwrap())
        .into_iter()
        .collect();
}

/// And speak the PROXY protocol.
pub(crate) fn demand_header(parts: &mut Parts) {
    trust(parts);
    parts.proxy_protocol = true;
}

fn start(upstream: &Upstream, adjust: impl FnOnce(&mut Parts)) -> Gateway {
    let gateway = Gateway::start_with(&document(upstream, &json!({})), adjust);
    let office = json!({"kind": "secret", "allowed_ips": ["203.0.113.0/24"]});
    gateway.set_key(KEY, &office);
    gateway
}

/// The address that management is told, as log and audit are.
fn told(gateway: &mut Gateway, client: &mut Client, lines: &str) -> String {
    client.send(format!(
        "GET /v1/projects HTTP/1.1\r\nhost: gw\r\n{lines}\r\n"
    ));
    gateway.calls.blocking_recv().unwrap().client.to_string()
}

fn ask(client: &mut Client, base: &str, lines: &str) {
    client.send(format!(
        "POST {base}/embeddings HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nauthorization: Bearer {KEY}\r\n\
         {lines}content-length: 2\r\n\r\n{{}}"
    ));
}

/// Version 2, of TCP over IPv4.
fn binary(command: u8, source: [u8; 4], tlvs: &[u8]) -> Vec<u8> {
    let length = u16::try_from(12 + tlvs.len()).unwrap().to_be_bytes();
    let rest = [192, 0, 2, 9, 0, 80, 1, 187];
    [SIGNATURE, &[command, 0x11], &length, &source, &rest, tlvs].concat()
}

#[test]
fn networks_of_keys_hold_behind_a_trusted_proxy_and_against_forgery() {
    let upstream = Upstream::start();
    let gateway = start(&upstream, trust);
    let near = "x-forwarded-for: 203.0.113.7\r\n";
    for base in ["/proj_tests1/e/v1", "/v1"] {
        for lines in [
            near,
            "x-forwarded-for: 6.6.6.6, 203.0.113.7, 10.1.1.1\r\n",
            "x-forwarded-for: 6.6.6.6\r\nx-forwarded-for: 203.0.113.7\r\n",
            "forwarded: for=\"203.0.113.7:99\";proto=https\r\n",
            "forwarded: for=203.0.113.7\r\nx-forwarded-for: 203.0.113.7\r\n",
        ] {
            let mut client = gateway.client();
            ask(&mut client, base, lines);
            let _open = upstream.answer_one("connection: close\r\n", "{}");
            assert_eq!(client.answer().status(), 200, "{base} {lines}");
        }
        for lines in [
            "",
            "x-forwarded-for: 203.0.113.7, 6.6.6.6\r\n",
            "x-forwarded-for: 203.0.113.7\r\nx-forwarded-for: 6.6.6.6\r\n",
            "x-forwarded-for: 203.0.113.7, junk\r\n",
            "x-forwarded-for: 6.6.6.6\r\nforwarded: for=203.0.113.7\r\n",
            "x-real-ip: 203.0.113.7\r\n",
        ] {
            let mut client = gateway.client();
            ask(&mut client, base, lines);
            let answer = client.answer();
            assert_eq!(
                (answer.status(), &*answer.code()),
                (403, "key_ip_not_allowed"),
                "{base} {lines}"
            );
            assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        }
    }
    assert!(upstream.is_untouched());
}

#[test]
fn nobody_else_is_believed() {
    let upstream = Upstream::start();
    let mut gateway = start(&upstream, |parts| {
        parts.trusted_proxies = [parse_network("192.0.2.0/24").unwrap()]
            .into_iter()
            .collect();
        parts.proxy_protocol = true;
    });
    let lines = "x-forwarded-for: 203.0.113.7\r\nforwarded: for=203.0.113.7\r\n";
    let mut client = gateway.client();
    // No header of the PROXY protocol is asked for either.
    assert_eq!(told(&mut gateway, &mut client, lines), "127.0.0.1");
    let mut client = gateway.client();
    ask(&mut client, "/v1", lines);
    assert_eq!(client.answer().code(), "key_ip_not_allowed");
    // One that comes all the same is no HTTP.
    let mut client = gateway.client();
    client.send("PROXY TCP4 203.0.113.7 192.0.2.9 1 2\r\n");
    assert_eq!(client.head().status(), 400);
}

#[test]
fn each_request_of_a_connection_has_its_own_client() {
    let upstream = Upstream::start();
    let gateway = start(&upstream, trust);
    let mut client = gateway.client();
    for (lines, status) in [
        ("x-forwarded-for: 6.6.6.6\r\n", 403),
        ("x-forwarded-for: 203.0.113.7\r\n", 200),
        ("", 403),
    ] {
        // The gateway answers it itself.
        client.send(format!(
            "GET /v1/models HTTP/1.1\r\nhost: gw\r\nx-api-key: {KEY}\r\n{lines}\r\n"
        ));
        assert_eq!(client.answer().status(), status, "{lines}");
    }
}

#[test]
fn a_header_of_the_proxy_protocol_names_the_client_however_it_arrives() {
    let upstream = Upstream::start();
    let mut gateway = start(&upstream, demand_header);
    for header in [
        b"PROXY TCP4 203.0.113.7 192.0.2.9 56324 443\r\n".to_vec(),
        b"PROXY TCP6 ::ffff:203.0.113.7 ::1 56324 443\r\n".to_vec(),
        binary(0x21, [203, 0, 113, 7], &[]),
        // TLVs that look like a request.
        binary(
            0x21,
            [203, 0, 113, 7],
            b"\x04\x00\x12GET / HTTP/1.1\r\n\r\n",
        ),
    ] {
        let mut client = gateway.client();
        client.send(&header);
        // The client that it names is no proxy: what it says itself does not count.
        let lines = "x-forwarded-for: 6.6.6.6\r\n";
        assert_eq!(told(&mut gateway, &mut client, lines), "203.0.113.7");
        // Byte by byte, and together with the request.
        let mut client = gateway.client();
        for byte in &header {
            client.send([*byte]);
        }
        assert_eq!(told(&mut gateway, &mut client, ""), "203.0.113.7");
        let mut client = gateway.client();
        client.send([&header[..], b"GET /healthz HTTP/1.1\r\nhost: gw\r\n\r\n"].concat());
        assert_eq!(client.answer().status(), 200);
        let mut client = gateway.client();
        client.send(&header);
        ask(&mut client, "/v1", "");
        let _open = upstream.answer_one("connection: close\r\n", "{}");
        assert_eq!(client.answer().status(), 200);
    }
}

#[test]
fn a_proxy_that_names_a_proxy_is_believed_and_one_that_names_nobody_speaks_for_itself() {
    let upstream = Upstream::start();
    let mut gateway = start(&upstream, demand_header);
    let lines = "x-forwarded-for: 203.0.113.7\r\n";
    for (header, client) in [
        (
            b"PROXY TCP4 10.1.1.1 192.0.2.9 1 2\r\n".to_vec(),
            "203.0.113.7",
        ),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1"),
        (binary(0x20, [203, 0, 113, 8], &[]), "127.0.0.1"),
    ] {
        let mut connection = gateway.client();
        connection.send(&header);
        assert_eq!(
            told(&mut gateway, &mut connection, lines),
            client,
            "{header:?}"
        );
    }
}

#[test]
fn without_a_good_header_in_time_the_connection_is_closed_unanswered() {
    let upstream = Upstream::start();
    let gateway = start(&upstream, |parts| {
        demand_header(parts);
        parts.times.head = Duration::from_millis(200);
    });
    for bytes in [
        &b"GET /healthz HTTP/1.1\r\nhost: gw\r\n\r\n"[..],
        b"PROXY TCP4 203.0.113.7 nowhere 1 2\r\nGET /healthz HTTP/1.1\r\nhost: gw\r\n\r\n",
        b"PROXY TCP9 203.0.113.7 192.0.2.9 1 2\r\n",
        &[b"PROXY UNKNOWN ", &[b'x'; 200][..]].concat(),
        &[SIGNATURE, b"\x21\x11\xff\xff"].concat(),
        &[SIGNATURE, b"\x31\x11\x00\x0c"].concat(),
        // Too slow: half a header, and silence.
        b"PROXY TCP4 203.0.113.7 ",
        b"",
    ] {
        let mut client = gateway.client();
        client.send(bytes);
        let (answer, _end) = client.end();
        assert_eq!(answer, b"", "{bytes:?}");
    }
    let ended = |reason| format!("drawbridge_connections_ended_total{{reason=\"{reason}\"}}");
    await_values(
        &gateway,
        &[
            (&ended("bad_proxy_header"), 6.0),
            (&ended("client_idle"), 2.0),
        ],
    );
}

#[test]
fn a_drain_does_not_wait_for_a_header() {
    let upstream = Upstream::start();
    let mut gateway = start(&upstream, demand_header);
    let mut client = gateway.client();
    client.send("PROXY ");
    gateway.take().shut_down();
    assert_eq!(client.end().0, b"");
}

#[test]
fn management_at_an_address_of_its_own_is_reached_without_a_header() {
    let upstream = Upstream::start();
    let bind = || Bound::bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
    let bound = bind().with_management(bind());
    let management = bound.management_address().unwrap();
    let gateway = Gateway::start_on(bound, &document(&upstream, &json!({})), demand_header);
    let health = "GET /healthz HTTP/1.1\r\nhost: gw\r\n\r\n";
    let answer = Gateway::client_of(management).send(health).answer();
    assert_eq!(answer.status(), 200);
    let (bytes, end) = gateway.client().send(health).end();
    assert!(bytes.is_empty() && matches!(end, End::Clean | End::Reset));
}

#[test]
fn the_strict_profile_sends_hsts_where_a_trusted_proxy_was_called_over_https() {
    let upstream = Upstream::start();
    let strict = |parts: &mut Parts| {
        parts.security_headers = SecurityHeaders::new(Profile::Strict, []).unwrap();
    };
    let hsts = |gateway: &Gateway, lines: &str| {
        let mut client = gateway.client();
        client.send(format!("GET /healthz HTTP/1.1\r\nhost: gw\r\n{lines}\r\n"));
        let answer = client.answer();
        answer
            .header("strict-transport-security")
            .map(str::to_owned)
    };
    let untrusting = start(&upstream, strict);
    assert_eq!(hsts(&untrusting, "x-forwarded-proto: https\r\n"), None);
    let trusting = start(&upstream, |parts| {
        strict(parts);
        trust(parts);
    });
    assert_eq!(hsts(&trusting, ""), None);
    assert_eq!(hsts(&trusting, "x-forwarded-proto: http\r\n"), None);
    let expected = Some("max-age=63072000; includeSubDomains".to_owned());
    assert_eq!(hsts(&trusting, "x-forwarded-proto: https\r\n"), expected);
    assert_eq!(
        hsts(&trusting, "forwarded: for=203.0.113.7;proto=https\r\n"),
        expected
    );
}
