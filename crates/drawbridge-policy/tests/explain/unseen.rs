//! What no server's log shows.

use drawbridge_policy::explain::{
    AddressSpace, Api, Browser, Code, NetworkError, Outcome, PageRequest, console_lines, stopped,
    suspect,
};

use crate::data::{beyond, scenarios};

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

fn printed(browser: Browser, request: &PageRequest, code: Code, value: &str) -> Vec<String> {
    let simulation = stopped(browser, request, code, value);
    let lines = console_lines(browser, request, &simulation).into_iter();
    lines.map(|line| line.text).collect()
}

#[test]
fn what_a_pages_own_policy_stops_is_printed_as_it_was_measured() {
    let measured = beyond();
    for (path, directive) in [
        ("csp", "connect-src 'self'"),
        ("csp-fallback", "default-src 'self' data:"),
    ] {
        let url = format!("http://127.0.0.1:9302/{path}");
        let mut request = PageRequest::new("http://localhost:3000", url.parse().unwrap(), "GET");
        for browser in [Browser::Chromium, Browser::Firefox] {
            let lines = measured.iter().filter(|(_, of, line)| {
                // One URL begins like the other.
                *of == browser
                    && line
                        .split([' ', '\''])
                        .any(|word| word.trim_end_matches('.') == url)
            });
            let lines: Vec<_> = lines.map(|(_, _, line)| line.clone()).collect();
            assert!(!lines.is_empty(), "{url} {browser:?}");
            let printed = printed(browser, &request, Code::ContentSecurityPolicy, directive);
            assert_eq!(printed, lines);
        }
        // Measured by hand: only `fetch` has a second line.
        request.api = Api::Xhr;
        let code = Code::ContentSecurityPolicy;
        assert_eq!(
            printed(Browser::Chromium, &request, code, directive).len(),
            1
        );
    }
}

#[test]
fn only_lines_that_were_measured_are_said_to_be() {
    let mut measured: Vec<(Browser, String, Option<NetworkError>)> = Vec::new();
    for scenario in scenarios() {
        for browser in Browser::ALL {
            let Outcome::Blocked(fault) = scenario.simulated(browser).outcome else {
                continue;
            };
            if !scenario.lines(browser).is_empty() {
                let code = fault.code.on_answer().name().to_owned();
                measured.push((browser, code, fault.network));
            }
        }
    }
    measured.extend(
        beyond()
            .into_iter()
            .map(|(code, browser, _)| (browser, code, None)),
    );
    let networks = [
        NetworkError::Closed,
        NetworkError::Refused,
        NetworkError::Unresolved,
        NetworkError::TimedOut,
        NetworkError::Certificate,
    ];
    let url = "http://gw.example/v1".parse().unwrap();
    let request = PageRequest::new("https://app.example.com", url, "GET");
    let mut unmeasured = Vec::new();
    for browser in [Browser::Chromium, Browser::Firefox] {
        for code in Code::ALL {
            let networks = match code {
                // Firefox says the same of all of them.
                Code::NetworkFailure if browser == Browser::Chromium => &networks.map(Some)[..],
                Code::NetworkFailure => &[Some(NetworkError::Closed)][..],
                _ => &[None][..],
            };
            for network in networks {
                let mut simulation = stopped(browser, &request, code, "");
                if let Outcome::Blocked(fault) = &mut simulation.outcome {
                    fault.network = *network;
                }
                let Some(line) = console_lines(browser, &request, &simulation)
                    .into_iter()
                    .next()
                else {
                    continue;
                };
                let seen = (browser, code.on_answer().name().to_owned(), *network);
                let is_seen = measured.contains(&seen);
                assert_eq!(line.is_verified, is_seen, "{seen:?}: {}", line.text);
                if !is_seen {
                    unmeasured.push(code);
                }
            }
        }
    }
    assert!(unmeasured.contains(&Code::MixedContent), "{unmeasured:?}");
}

#[test]
fn mixed_content_is_told_of_the_page_where_its_url_is_known() {
    let url = "http://gw.example/v1".parse().unwrap();
    let mut request = PageRequest::new("https://app.example.com", url, "GET");
    let line = |request: &PageRequest| {
        printed(Browser::Chromium, request, Code::MixedContent, "").remove(0)
    };
    assert!(line(&request).contains("The page at 'https://app.example.com/' was"));
    request.page_url = Some("https://app.example.com/a/b?c".parse().unwrap());
    assert!(line(&request).contains("The page at 'https://app.example.com/a/b?c' was"));
}
