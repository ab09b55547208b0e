//! What is an origin, and what is not.

use drawbridge_policy::origin::{
    MAX_HOST_LEN, MAX_LABEL_LEN, MAX_ORIGIN_LEN, MAX_SCHEME_LEN, Origin,
};

fn is_origin(text: &str) -> bool {
    Origin::parse(text.as_bytes()).is_some()
}

#[test]
fn what_browsers_send_is_an_origin() {
    for text in [
        "https://app.example.com",
        "http://localhost",
        "http://localhost:3000",
        "http://127.0.0.1:5173",
        "http://[::1]:5173",
        "https://[2001:db8::1]",
        "https://[::ffff:102:304]",
        "https://xn--bcher-kva.example",
        "https://my_host.example",
        "https://example.com.",
        "https://a.b.c.example.com:65535",
        "https://1.example",
        "https://r3---sn.example.com",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://0a1b2c3d-1111-2222-3333-444455556666",
        "tauri://localhost",
        "app://obsidian.md",
        "app://1234",
    ] {
        assert!(is_origin(text), "{text}");
    }
}

#[test]
fn what_no_browser_sends_is_none() {
    for text in [
        "",
        "null",
        "*",
        "https://",
        "https://.",
        "https://:8443",
        "://a.example",
        "a.example",
        "https:/a.example",
        "https:///a.example",
        "HTTPS://a.example",
        "https://A.example",
        "https://a.example/",
        "https://a.example/x",
        "https://a.example?x",
        "https://a.example#x",
        "https://u@a.example",
        "https://a.example:443",
        "http://a.example:80",
        "https://a.example:",
        "https://a.example:0",
        "https://a.example:08443",
        "https://a.example:65536",
        "https://a.example:100000",
        "https://a.example:8x",
        "https://a.example:8443 ",
        " https://a.example",
        "https://a..example",
        "https://.a.example",
        "https://a.example..",
        "https://-a.example",
        "https://a-.example",
        "https://b\u{fc}cher.example",
        "https://a.example:*",
        "https://*.example",
        "https://1.2.3",
        "https://1.2.3.4.",
        "https://01.2.3.4",
        "https://0x7f000001",
        "https://a.0x",
        "https://a.09",
        "http://[::1",
        "http://[::1]3000",
        "http://[0:0:0:0:0:0:0:1]",
        "http://[::A]",
        "http://[::ffff:1.2.3.4]",
        "http://[fe80::1%25eth0]",
        "http://[]",
        "file://a",
        "ws://a.example",
        "data://a",
        "1a://b",
        "a_b://c",
    ] {
        assert!(!is_origin(text), "{text}");
    }
    assert!(Origin::parse(b"https://a\xff.example").is_none());
    assert!(Origin::parse(b"https://a\0.example").is_none());
}

#[test]
fn lengths_are_bounded() {
    let label = "a".repeat(MAX_LABEL_LEN);
    assert!(is_origin(&format!("https://{label}.example")));
    assert!(!is_origin(&format!("https://{label}a.example")));
    let host = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    assert_eq!(host.len(), MAX_HOST_LEN);
    assert!(is_origin(&format!("https://{host}")));
    assert!(!is_origin(&format!("https://{host}a")));
    let scheme = "a".repeat(MAX_SCHEME_LEN);
    let longest = format!("{scheme}://{host}:65535");
    assert_eq!(longest.len(), MAX_ORIGIN_LEN);
    assert!(is_origin(&longest));
    assert!(!is_origin(&format!("a{scheme}://a")));
}

#[test]
fn an_origin_knows_its_parts() {
    let origin = Origin::parse(b"https://app.example.com:8443").unwrap();
    assert_eq!(origin.scheme(), b"https");
    assert_eq!(origin.host(), b"app.example.com");
    assert_eq!(origin.host_and_port(), b"app.example.com:8443");
    assert_eq!(origin.without_port(), b"https://app.example.com");
    assert!(origin.has_port());
    let address = Origin::parse(b"http://[::1]").unwrap();
    assert_eq!(address.host(), b"[::1]");
    assert!(!address.has_port());
}
