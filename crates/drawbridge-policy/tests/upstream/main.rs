//! `upstream.base_url`: what is admitted, and what is refused with which cure.

mod ca_certificate;
mod generated;
mod network;

use drawbridge_policy::issue::ConfigIssue;
use drawbridge_policy::upstream::{MAX_BASE_URL_BYTES, Upstream};

const POINTER: &str = "/upstream/base_url";

#[expect(clippy::result_large_err, reason = "as the function under test")]
fn parse(text: &str) -> Result<Upstream, ConfigIssue> {
    Upstream::parse(text, POINTER)
}

#[test]
fn admitted_base_urls_are_normalised() {
    // Given, Host header, base path, normalised.
    #[rustfmt::skip]
    let table = [
        ("http://127.0.0.1:18080/v1", "127.0.0.1:18080", "/v1", "http://127.0.0.1:18080/v1"),
        ("http://127.0.0.1:18080/v1/", "127.0.0.1:18080", "/v1", "http://127.0.0.1:18080/v1"),
        ("http://localhost:8000//", "localhost:8000", "", "http://localhost:8000"),
        ("https://api.example.com", "api.example.com", "", "https://api.example.com"),
        ("https://api.example.com/", "api.example.com", "", "https://api.example.com"),
        ("HTTPS://API.Example.COM:443/V1", "api.example.com", "/V1", "https://api.example.com/V1"),
        ("https://a.example:80/x", "a.example:80", "/x", "https://a.example:80/x"),
        ("http://a.example:443", "a.example:443", "", "http://a.example:443"),
        ("http://a.example:80/a//b", "a.example", "/a//b", "http://a.example/a//b"),
        ("http://llama_server:8080/v1", "llama_server:8080", "/v1", "http://llama_server:8080/v1"),
        ("http://vllm.ai.svc.cluster.local.:80", "vllm.ai.svc.cluster.local.", "", "http://vllm.ai.svc.cluster.local."),
        ("http://[::1]:8000/v1", "[::1]:8000", "/v1", "http://[::1]:8000/v1"),
        ("https://[fd00::1:0:0:1]/", "[fd00::1:0:0:1]", "", "https://[fd00::1:0:0:1]"),
        ("http://10.0.0.1", "10.0.0.1", "", "http://10.0.0.1"),
        ("http://xn--bcher-kva.example", "xn--bcher-kva.example", "", "http://xn--bcher-kva.example"),
        ("http://1e100.net:65535", "1e100.net:65535", "", "http://1e100.net:65535"),
        ("https://h.example/v1/projects/p%2Fq/~a-b_c.d/e:f@g!$&'()*+,;=", "h.example", "/v1/projects/p%2Fq/~a-b_c.d/e:f@g!$&'()*+,;=", "https://h.example/v1/projects/p%2Fq/~a-b_c.d/e:f@g!$&'()*+,;="),
    ];
    for (given, authority, base_path, normalised) in table {
        let upstream = parse(given).unwrap_or_else(|issue| panic!("{given}: {}", issue.detail));
        assert_eq!(upstream.authority(), authority, "{given}");
        assert_eq!(upstream.base_path(), base_path, "{given}");
        assert_eq!(upstream.to_string(), normalised);
        assert_eq!(
            upstream.is_https(),
            normalised.starts_with("https:"),
            "{given}"
        );
        assert_eq!(parse(normalised), Ok(upstream));
    }
}

#[test]
fn refused_base_urls_get_a_code_and_where_possible_a_cure() {
    #[rustfmt::skip]
    let table: &[(&str, &str, Option<&str>)] = &[
        ("", "missing_scheme", None),
        ("localhost:8000/v1", "missing_scheme", Some("http://localhost:8000/v1")),
        ("vllm:8000", "missing_scheme", Some("http://vllm:8000")),
        ("10.0.0.1", "missing_scheme", Some("http://10.0.0.1")),
        ("[::1]:8000", "missing_scheme", Some("http://[::1]:8000")),
        ("api.example.com/v1/", "missing_scheme", Some("https://api.example.com/v1")),
        ("api.example.com:8000", "missing_scheme", Some("http://api.example.com:8000")),
        ("//api.example.com", "missing_scheme", Some("https://api.example.com")),
        ("http:/api.example.com", "missing_scheme", Some("http://api.example.com")),
        ("mailto:someone@example.com", "missing_scheme", None),
        ("ftp://a.example/", "unsupported_scheme", None),
        ("ws://a.example/v1", "unsupported_scheme", Some("http://a.example/v1")),
        ("wss://a.example/v1", "unsupported_scheme", Some("https://a.example/v1")),
        ("unix:///run/vllm.sock", "unsupported_scheme", None),
        ("file:///etc/passwd", "unsupported_scheme", None),
        ("http://user:secret@a.example/v1", "user_info", Some("http://a.example/v1")),
        ("http://@a.example/v1", "user_info", Some("http://a.example/v1")),
        ("http://a.example@b.example", "user_info", Some("http://b.example")),
        ("http://a.example/v1?key=secret", "query", Some("http://a.example/v1")),
        ("http://a.example?", "query", Some("http://a.example")),
        ("http://a.example/v1#top", "fragment", Some("http://a.example/v1")),
        ("http://a.example/#a?b", "fragment", Some("http://a.example")),
        ("http://", "missing_host", None),
        ("http:///v1", "missing_host", Some("http://v1")),
        ("http://:8000", "missing_host", None),
        (" http://a.example", "bad_character", Some("http://a.example")),
        ("http://a.example/v1\n", "bad_character", Some("http://a.example/v1")),
        ("http://a.example\r\nX: y", "bad_character", None),
        ("http://a .example", "bad_character", None),
        ("http://a.example/\u{0}", "bad_character", Some("http://a.example")),
        ("http://a.example:0", "bad_port", None),
        ("http://a.example:65536", "bad_port", None),
        ("http://a.example:+80", "bad_port", None),
        ("http://a.example:", "bad_port", Some("http://a.example")),
        ("http://a.example:08000", "bad_port", Some("http://a.example:8000")),
        ("http://a.example:80a", "bad_port", None),
        ("http://::1:8000", "bad_host", None),
        ("http://[::1", "bad_host", None),
        ("http://[::1]x", "bad_host", None),
        ("http://[]", "bad_host", None),
        ("http://[fd00::1%25eth0]", "bad_host", None),
        ("http://[127.0.0.1]", "bad_host", None),
        ("http://a..example", "bad_host", None),
        ("http://.example", "bad_host", None),
        ("http://a.example..", "bad_host", None),
        ("http://-a.example", "bad_host", None),
        ("http://a-.example", "bad_host", None),
        ("http://*.example.com", "bad_host", None),
        ("http://xn--a.example", "bad_host", None),
        ("http://a.example\\v1", "bad_host", Some("http://a.example/v1")),
        ("http://ex%61mple.com", "bad_host", Some("http://example.com")),
        ("http://bücher.example", "non_ascii_host", Some("http://xn--bcher-kva.example")),
        ("http://a。example", "non_ascii_host", Some("http://a.example")),
        ("http://0x7f.1", "address_not_canonical", Some("http://127.0.0.1")),
        ("http://0X7F.1:8000/v1/", "address_not_canonical", Some("http://127.0.0.1:8000/v1")),
        ("http://127.1", "address_not_canonical", Some("http://127.0.0.1")),
        ("http://2130706433/", "address_not_canonical", Some("http://127.0.0.1")),
        ("http://0177.0.0.1", "address_not_canonical", Some("http://127.0.0.1")),
        ("http://010.0.0.1", "address_not_canonical", Some("http://8.0.0.1")),
        ("http://127.0.0.1.", "address_not_canonical", Some("http://127.0.0.1")),
        ("http://1.2.3.4.5", "address_not_canonical", None),
        ("http://1.2.3.256", "address_not_canonical", None),
        ("http://a.1", "address_not_canonical", None),
        ("http://a.0x", "address_not_canonical", None),
        ("http://[0:0:0:0:0:0:0:1]", "address_not_canonical", Some("http://[::1]")),
        ("http://[FD00::1]", "address_not_canonical", Some("http://[fd00::1]")),
        ("http://[::ffff:127.0.0.1]:8", "address_not_canonical", Some("http://127.0.0.1:8")),
        ("http://[::ffff:7f00:1]", "address_not_canonical", Some("http://127.0.0.1")),
        ("http://169.254.169.254/latest", "forbidden_upstream", None),
        ("http://2852039166/", "forbidden_upstream", None),
        ("http://0xa9fea9fe", "forbidden_upstream", None),
        ("http://0251.0376.0251.0376", "forbidden_upstream", None),
        ("http://①⑥⑨.254.169.254", "forbidden_upstream", None),
        ("http://%31%36%39.254.169.254", "forbidden_upstream", None),
        ("http://[::ffff:169.254.169.254]", "forbidden_upstream", None),
        ("http://[64:ff9b::a9fe:a9fe]", "forbidden_upstream", None),
        ("http://[FE80::1]", "forbidden_upstream", None),
        ("http://0", "forbidden_upstream", None),
        ("http://0.0.0.0:8000", "forbidden_upstream", None),
        ("http://[::]:8000", "forbidden_upstream", None),
        ("http://x@169.254.169.254", "forbidden_upstream", None),
        ("169.254.169.254", "forbidden_upstream", None),
        ("http://metadata.google.internal/computeMetadata/v1", "forbidden_upstream", None),
        ("http://Metadata.Google.Internal.", "forbidden_upstream", None),
        ("http://metadata。google。internal", "forbidden_upstream", None),
        ("http://metadata.google%2einternal", "forbidden_upstream", None),
        ("http://a.example/a/../v1", "bad_path", Some("http://a.example/v1")),
        ("http://a.example/./v1", "bad_path", Some("http://a.example/v1")),
        ("http://a.example/%2E%2e/v1", "bad_path", Some("http://a.example/v1")),
        ("http://a.example/a/..", "bad_path", Some("http://a.example")),
        ("http://a.example/a\\b", "bad_path", Some("http://a.example/a/b")),
        ("http://a.example/é", "bad_path", Some("http://a.example/%C3%A9")),
        ("http://a.example/{v1}", "bad_path", Some("http://a.example/%7Bv1%7D")),
        ("http://a.example/%zz", "bad_path", None),
        ("http://a.example/%2", "bad_path", None),
    ];
    for (given, code, suggestion) in table {
        let issue = parse(given).expect_err(given);
        assert_eq!(issue.code, *code, "{given}: {}", issue.detail);
        let suggested = issue.suggestion.as_ref().and_then(|value| value.as_str());
        assert_eq!(suggested, *suggestion, "{given}");
        assert_eq!(issue.pointer, POINTER);
        assert!(!issue.detail.contains("secret"), "{}", issue.detail);
    }
}

#[test]
fn lengths_are_bounded() {
    let with_path = |length: usize| format!("http://a.example/{}", "p".repeat(length - 17));
    assert!(parse(&with_path(MAX_BASE_URL_BYTES)).is_ok());
    let issue = parse(&with_path(MAX_BASE_URL_BYTES + 1)).unwrap_err();
    assert_eq!((issue.code, issue.suggestion), ("too_long", None));

    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    for host in [longest.clone(), format!("{longest}.")] {
        assert!(parse(&format!("http://{host}")).is_ok(), "{host}");
    }
    for host in [format!("a{longest}"), format!("a{label}.example")] {
        assert_eq!(
            parse(&format!("http://{host}")).unwrap_err().code,
            "bad_host",
            "{host}"
        );
    }
}

#[test]
fn origins_are_equal_only_in_scheme_host_and_port_together() {
    let upstream = |text: &str| parse(text).unwrap();
    let first = upstream("https://a.example/v1");
    assert!(first.is_same_origin(&upstream("https://A.example:443/other")));
    for other in [
        "http://a.example:443",
        "https://a.example:444",
        "https://b.example",
        "https://a.example.",
    ] {
        assert!(!first.is_same_origin(&upstream(other)), "{other}");
    }
}
