//! What no server's log shows.

use drawbridge_policy::explain::{AddressSpace, Code, PageRequest, suspect};

const LNA: Code = Code::LocalNetworkAccessPermissionDenied;

#[test]
fn pages_that_call_more_private_networks_are_suspected() {
    for (page, url, codes) in [
        ("https://app.example.com", "https://gw.example/v1", vec![]),
        (
            "https://app.example.com",
            "http://gw.example/v1",
            vec![Code::MixedContent],
        ),
        (
            "https://app.example.com",
            "http://127.0.0.1:8080/v1",
            vec![LNA],
        ),
        (
            "https://app.example.com",
            "http://localhost:8080/v1",
            vec![LNA],
        ),
        (
            "https://app.example.com",
            "https://192.168.1.7/v1",
            vec![LNA],
        ),
        (
            "https://app.example.com",
            "http://10.0.0.1/v1",
            vec![Code::MixedContent, LNA],
        ),
        (
            "http://app.example.com",
            "http://10.0.0.1/v1",
            vec![Code::InsecureLocalNetwork],
        ),
        (
            "http://192.168.1.7",
            "http://[::1]:8080/v1",
            vec![Code::InsecureLocalNetwork],
        ),
        ("http://localhost:3000", "http://127.0.0.1:8080/v1", vec![]),
        ("http://127.0.0.1:3000", "http://gw.example/v1", vec![]),
        (
            "chrome-extension://abcdef",
            "http://127.0.0.1:8080/v1",
            vec![],
        ),
        ("null", "http://127.0.0.1:8080/v1", vec![]),
    ] {
        let request = PageRequest::new(page, url.parse().unwrap(), "GET");
        assert_eq!(suspect(&request), codes, "{page} {url}");
    }
}

#[test]
fn hosts_are_as_private_as_their_names_say() {
    for (url, space) in [
        ("http://127.9.9.9/", AddressSpace::Loopback),
        ("http://[::ffff:127.0.0.1]/", AddressSpace::Loopback),
        ("http://app.localhost./", AddressSpace::Loopback),
        ("http://printer.local/", AddressSpace::Local),
        ("http://169.254.1.1/", AddressSpace::Local),
        ("http://[fd00::1]/", AddressSpace::Local),
        ("http://[fe80::1]/", AddressSpace::Local),
        ("http://notlocalhost/", AddressSpace::Public),
        ("http://8.8.8.8/", AddressSpace::Public),
    ] {
        assert_eq!(AddressSpace::of(&url.parse().unwrap()), space, "{url}");
    }
}
