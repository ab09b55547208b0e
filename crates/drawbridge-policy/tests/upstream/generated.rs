//! Base URLs made by chance, with `url` as the judge of what they mean.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use drawbridge_policy::upstream::{Upstream, UpstreamHost, forbidden_upstream_address};
use proptest::prelude::*;
use proptest::sample::select;
use url::{Host, Url};

use crate::parse;

/// What `url` makes of a base URL must be what was read: no other program may go elsewhere.
fn agrees_with_url(given: &str, upstream: &Upstream) -> Result<(), TestCaseError> {
    let url =
        Url::parse(given).map_err(|error| TestCaseError::fail(format!("{given}: {error}")))?;
    prop_assert_eq!(
        url.scheme(),
        if upstream.is_https() { "https" } else { "http" }
    );
    let host = match upstream.host() {
        UpstreamHost::Name(name) => Host::Domain(&**name),
        UpstreamHost::Ip(IpAddr::V4(address)) => Host::Ipv4(*address),
        UpstreamHost::Ip(IpAddr::V6(address)) => Host::Ipv6(*address),
    };
    prop_assert_eq!(url.host(), Some(host), "{}", given);
    let written = upstream.host().to_string();
    prop_assert_eq!(url.host_str(), Some(written.as_str()));
    prop_assert_eq!(url.port_or_known_default(), Some(upstream.port()));
    prop_assert_eq!(url.path().trim_end_matches('/'), upstream.base_path());
    prop_assert!(url.username().is_empty() && url.password().is_none());
    prop_assert!(url.query().is_none() && url.fragment().is_none());
    let normalised = upstream.to_string();
    prop_assert_eq!(parse(&normalised), Ok(upstream.clone()));
    if let UpstreamHost::Ip(address) = upstream.host() {
        prop_assert_eq!(forbidden_upstream_address(*address), None);
    }
    Ok(())
}

fn check(given: &str) -> Result<(), TestCaseError> {
    match parse(given) {
        Ok(upstream) => agrees_with_url(given, &upstream),
        Err(issue) => {
            prop_assert!(!issue.code.is_empty() && !issue.detail.is_empty());
            if let Some(suggestion) = issue.suggestion {
                let suggestion = suggestion.as_str().unwrap_or_default();
                prop_assert_ne!(suggestion, given);
                let upstream = parse(suggestion)
                    .map_err(|issue| TestCaseError::fail(format!("{suggestion}: {issue:?}")))?;
                prop_assert_eq!(upstream.to_string(), suggestion);
            }
            Ok(())
        }
    }
}

/// Texts that look like base URLs, each part more or less broken.
fn base_url() -> impl Strategy<Value = String> {
    let scheme = select(vec![
        "http://",
        "https://",
        "HTTP://",
        "http:",
        "ws://",
        "",
        "//",
        "x://",
        "http:\\\\",
    ]);
    let user = select(vec!["", "", "", "u@", "u:p@", "@"]);
    let host = prop_oneof![
        3 => "[a-z0-9_-]{1,4}(\\.[a-z0-9-]{1,4}){0,3}\\.?",
        1 => "[0-9]{1,10}(\\.[0-9]{1,3}){0,4}\\.?",
        1 => "0[xX]?[0-9a-fA-F]{0,8}(\\.0[xX]?[0-9a-f]{0,2}){0,3}",
        1 => any::<Ipv4Addr>().prop_map(|address| address.to_string()),
        2 => any::<Ipv6Addr>().prop_map(|address| format!("[{address}]")),
        1 => "\\[[0-9a-fA-F:.]{1,20}\\]",
        1 => "xn--[a-z0-9-]{1,6}(\\.[a-z]{1,3})?",
        1 => "[A-Za-z]{1,3}[%.:\\\\。é①]{1,2}[a-z0-9]{0,3}",
        1 => "\\PC{0,4}",
        1 => select(vec!["localhost", "metadata.google.internal", "169.254.169.254", "2852039166"])
            .prop_map(str::to_owned),
    ];
    let port = prop_oneof![3 => Just(String::new()), 2 => ":[0-9]{0,6}", 1 => ":[0-9a-z+ ]{1,3}"];
    let path = prop_oneof![
        2 => "(/[a-zA-Z0-9._~!$&'()*+,;=:@-]{0,4}){0,4}",
        1 => "(/(\\.{0,3}|%2[eE]|%[0-9a-fA-F]{2}|%|\\\\|[ -~]|é)){0,3}/?",
    ];
    let rest = select(vec!["", "", "", "?", "?a=b", "#", "#a?b", "?#", "\n"]);
    (scheme, user, host, port, path, rest).prop_map(|(scheme, user, host, port, path, rest)| {
        format!("{scheme}{user}{host}{port}{path}{rest}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_is_admitted_means_the_same_to_url_and_what_is_suggested_is_admitted(given in base_url()) {
        check(&given)?;
    }

    #[test]
    fn ordinary_urls_are_admitted_as_url_writes_them(
        https in any::<bool>(),
        host in prop_oneof![
            2 => "[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,5})?(\\.[a-z][a-z0-9]{0,9}){0,3}",
            1 => any::<Ipv4Addr>().prop_map(|address| address.to_string()),
            1 => any::<Ipv6Addr>().prop_map(|address| format!("[{address}]")),
        ],
        port in prop::option::of(1..=u16::MAX),
        path in "(/[a-zA-Z0-9_~-]{1,6}){0,3}",
    ) {
        let scheme = if https { "https" } else { "http" };
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let url = Url::parse(&format!("{scheme}://{host}{port}{path}")).unwrap();
        let is_forbidden = match url.host() {
            Some(Host::Ipv4(address)) => forbidden_upstream_address(address.into()).is_some(),
            Some(Host::Ipv6(address)) => {
                forbidden_upstream_address(address.into()).is_some() || address.to_ipv4_mapped().is_some()
            }
            _ => false,
        };
        prop_assert_eq!(parse(url.as_str()).is_err(), is_forbidden, "{}", url);
        check(url.as_str())?;
    }

    #[test]
    fn every_spelling_of_an_ipv4_address_leads_to_the_address_or_nowhere(
        octets in any::<[u8; 4]>(),
        bases in any::<[u8; 4]>(),
        kept in 1_usize..=4,
    ) {
        let address = Ipv4Addr::from(octets);
        let number = u32::from(address);
        let written: Vec<String> = (0..kept)
            .map(|index| {
                let part = if index + 1 == kept {
                    number & u32::MAX.checked_shr(8 * u32::try_from(index).unwrap()).unwrap()
                } else {
                    u32::from(octets[index])
                };
                match bases[index] % 4 {
                    0 => format!("0x{part:x}"),
                    1 => format!("0X{part:X}"),
                    2 => format!("0{part:o}"),
                    _ => part.to_string(),
                }
            })
            .collect();
        let given = format!("http://{}/v1", written.join("."));
        let canonical = format!("http://{address}/v1");
        let forbidden = forbidden_upstream_address(address.into()).is_some();
        match parse(&given) {
            Ok(upstream) => prop_assert_eq!(upstream.to_string(), canonical),
            Err(issue) if forbidden => prop_assert_eq!(issue.code, "forbidden_upstream"),
            Err(issue) => {
                prop_assert_eq!(issue.code, "address_not_canonical");
                prop_assert_eq!(issue.suggestion, Some(canonical.into()));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_is_judged_without_panic(given in "\\PC{0,30}|(http://)?[ -~\u{80}-\u{ff}\n\t]{0,20}") {
        check(&given)?;
    }
}
