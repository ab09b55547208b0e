//! Clients behind proxies: what counts of what was said, and what a client can say itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use drawbridge_policy::forwarded::{Client, Forwarding, MOST_HOPS, NOBODY, client};
use drawbridge_policy::network::{NetworkSet, parse_network};
use proptest::prelude::*;

const PROXY: &str = "10.0.0.1";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn trusted() -> NetworkSet {
    let networks = ["10.0.0.0/8", "2001:db8:1::/48"];
    networks
        .iter()
        .map(|text| parse_network(text).unwrap())
        .collect()
}

fn said<'l>(listed: &[&'l [u8]], described: &[&'l [u8]], schemes: &[&'l [u8]]) -> Client {
    let said = Forwarding {
        x_forwarded_for: listed.iter().copied(),
        forwarded: described.iter().copied(),
        x_forwarded_proto: schemes.iter().copied(),
    };
    client(ip(PROXY), &trusted(), said)
}

fn listed(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
    said(&lines, &[], &[]).address.to_string()
}

fn described(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
    said(&[], &lines, &[]).address.to_string()
}

#[test]
fn the_first_untrusted_address_from_the_right_is_the_client() {
    for (lines, client) in [
        (&[][..], PROXY),
        (&["203.0.113.7"], "203.0.113.7"),
        (&["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        (&["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
        (&["203.0.113.7, 10.2.3.4,2001:db8:1::2"], "203.0.113.7"),
        (&["203.0.113.7", "10.2.3.4"], "203.0.113.7"),
        (&["203.0.113.7, ,, 10.2.3.4 ,"], "203.0.113.7"),
        (&["203.0.113.7:4711"], "203.0.113.7"),
        (&["2001:db8::7"], "2001:db8::7"),
        (&["[2001:db8::7]"], "2001:db8::7"),
        (&["[2001:db8::7]:4711"], "2001:db8::7"),
        (&["::ffff:203.0.113.7"], "203.0.113.7"),
        (&["203.0.113.7, ::ffff:10.2.3.4"], "203.0.113.7"),
        // All are trusted: the request began in their own network.
        (&["10.9.9.9, 10.2.3.4"], "10.9.9.9"),
        (&["", " , "], PROXY),
    ] {
        assert_eq!(listed(lines), client, "{lines:?}");
    }
}

#[test]
fn what_is_no_address_ends_the_reading_at_the_last_trusted_one() {
    for junk in [
        "unknown",
        "_hidden",
        "app.example.com",
        "203.0.113",
        "203.0.113.07",
        "203.0.113.7:",
        "203.0.113.7:123456",
        "203.0.113.7:x",
        "[2001:db8::7",
        "[2001:db8::7]4711",
        "[203.0.113.7]",
        "fe80::1%eth0",
        "203.0.113.7 203.0.113.8",
        "203.0.113.7/32",
        "\"203.0.113.7\"",
    ] {
        assert_eq!(listed(&[junk]), PROXY, "{junk}");
        assert_eq!(
            listed(&[&format!("6.6.6.6, {junk}, 10.2.3.4")]),
            "10.2.3.4",
            "{junk}"
        );
    }
    assert_eq!(said(&[b"\xff\xfe"], &[], &[]).address, ip(PROXY));
}

#[test]
fn forwarded_is_read_as_rfc_7239_writes_it() {
    for (lines, client) in [
        (&["for=203.0.113.7"][..], "203.0.113.7"),
        (&["For=203.0.113.7;proto=http;by=10.0.0.1"], "203.0.113.7"),
        (&["by=10.0.0.1; for=\"203.0.113.7:4711\""], "203.0.113.7"),
        (&["for=\"[2001:db8::7]:4711\""], "2001:db8::7"),
        (&["for=\"[2001:db8::7]:_port\""], "2001:db8::7"),
        (
            &["for=6.6.6.6, for=203.0.113.7, for=10.2.3.4"],
            "203.0.113.7",
        ),
        (
            &["for=6.6.6.6", "for=203.0.113.7", "for=10.2.3.4"],
            "203.0.113.7",
        ),
        (
            &["for=203.0.113.7;host=\"a,b;c=d\", for=10.2.3.4"],
            "203.0.113.7",
        ),
        (&["for=203.0.113.7, for=unknown, for=10.2.3.4"], "10.2.3.4"),
        (&["for=203.0.113.7, for=_gazonk"], PROXY),
        (&["for=203.0.113.7, proto=https"], PROXY),
        (&["for=203.0.113.7;for=203.0.113.8"], PROXY),
        (&["for=203.0.113.7;junk"], PROXY),
        (&["for=\"203.0.113.7"], PROXY),
        (&["for=\"203.0.113\\.7\""], PROXY),
        (&["for =203.0.113.7"], PROXY),
        (&["203.0.113.7"], PROXY),
        // Quotes that the client opened do not reach into what the proxy wrote.
        (&["for=\", for=203.0.113.7"], "203.0.113.7"),
        (&["for=\"", "for=203.0.113.7"], "203.0.113.7"),
        (&["for=\", for=\"[2001:db8::7]\""], "2001:db8::7"),
    ] {
        assert_eq!(described(lines), client, "{lines:?}");
    }
}

#[test]
fn two_lists_that_differ_name_nobody() {
    let both = |one: &'static str, other: &'static str| {
        said(&[one.as_bytes()], &[other.as_bytes()], &[]).address
    };
    assert_eq!(both("203.0.113.7", "for=203.0.113.7"), ip("203.0.113.7"));
    let nested = both("203.0.113.7, 10.2.3.4", "for=\"203.0.113.7:1\"");
    assert_eq!(nested, ip("203.0.113.7"));
    // One of the two was written by the client: neither counts, nor does the proxy's own address.
    assert_eq!(both("203.0.113.7", "for=6.6.6.6"), NOBODY);
    assert_eq!(both("6.6.6.6", "for=203.0.113.7"), NOBODY);
    assert_eq!(both("203.0.113.7", "for=unknown"), NOBODY);
    assert_eq!(both("203.0.113.7", "junk"), NOBODY);
    let everybody: NetworkSet = ["::/0", "0.0.0.0/0"]
        .map(|network| parse_network(network).unwrap())
        .into_iter()
        .collect();
    assert!(!everybody.contains(NOBODY));
}

#[test]
fn https_is_what_the_nearest_proxy_or_the_clients_own_element_says() {
    let https = |described: &[&'static [u8]], schemes: &[&'static [u8]]| {
        said(&[], described, schemes).is_https
    };
    assert!(!https(&[], &[]));
    assert!(https(&[], &[b"https"]));
    assert!(https(&[], &[b"http, HTTPS"]));
    assert!(!https(&[], &[b"https, http"]));
    assert!(!https(&[], &[b"https", b"http"]));
    assert!(!https(&[], &[b"httpss"]));
    assert!(https(&[b"for=203.0.113.7;proto=https"], &[]));
    assert!(https(
        &[b"for=203.0.113.7;proto=https, for=10.2.3.4;proto=http"],
        &[]
    ));
    assert!(https(&[b"for=unknown;proto=\"https\""], &[]));
    assert!(!https(&[b"proto=https, for=203.0.113.7;proto=http"], &[]));
}

#[test]
fn proxies_are_passed_over_up_to_a_bound() {
    let chain = |count: usize| {
        let proxies = vec!["10.2.3.4"; count].join(",");
        listed(&[&format!("203.0.113.7,{proxies}")])
    };
    assert_eq!(chain(MOST_HOPS - 1), "203.0.113.7");
    assert_eq!(chain(MOST_HOPS), "10.2.3.4");
}

/// What a proxy was called from, as it says; `None` where it does not.
fn hop() -> impl Strategy<Value = Option<IpAddr>> {
    let proxy = (0..4_u8).prop_map(|last| IpAddr::from([10, 0, 0, last]));
    let proxy6 = (0..4_u16).prop_map(|last| IpAddr::from([0x2001, 0xdb8, 1, 0, 0, 0, 0, last]));
    let v4 = any::<Ipv4Addr>().prop_map(IpAddr::V4);
    let v6 = any::<Ipv6Addr>().prop_map(IpAddr::V6);
    prop_oneof![
        4 => proxy.prop_map(Some),
        2 => proxy6.prop_map(Some),
        1 => v4.prop_map(Some),
        1 => v6.prop_map(Some),
        1 => Just(None),
    ]
}

/// In each of the ways in which proxies write it.
fn written(hop: Option<IpAddr>, way: u8, is_element: bool) -> String {
    let node = match (hop, way % 3) {
        (None, 0) => "unknown".to_owned(),
        (None, _) => "_secret".to_owned(),
        (Some(IpAddr::V4(address)), 0) => address.to_string(),
        (Some(IpAddr::V4(address)), 1) => format!("{address}:80"),
        (Some(IpAddr::V4(address)), _) => format!("[{}]:1", address.to_ipv6_mapped()),
        (Some(IpAddr::V6(address)), 0) => format!("[{address}]:80"),
        (Some(IpAddr::V6(address)), 1) => format!("[{address}]"),
        (Some(IpAddr::V6(address)), _) => address.to_string(),
    };
    match (is_element, way % 2) {
        (false, _) => node,
        (true, 0) => format!("for=\"{node}\""),
        (true, _) => format!("proto=http;FOR=\"{node}\";host=\"a,b\""),
    }
}

/// Naively: with lists of values, from the end.
fn expected(hops: &[Option<IpAddr>]) -> IpAddr {
    let is_trusted = |address: &IpAddr| match address {
        IpAddr::V4(address) => address.octets()[0] == 10,
        IpAddr::V6(address) => address.segments()[..3] == [0x2001, 0xdb8, 1],
    };
    let mut last = ip(PROXY);
    for hop in hops.iter().rev() {
        match hop.map(|address| address.to_canonical()) {
            None => return last,
            Some(address) if !is_trusted(&address) => return address,
            Some(address) => last = address,
        }
    }
    last
}

proptest! {
    #[test]
    fn the_client_is_the_one_that_a_naive_reading_of_the_hops_finds(
        hops in prop::collection::vec((hop(), any::<u8>(), any::<bool>()), 0..12),
        is_element: bool,
    ) {
        let mut lines = vec![String::new()];
        for (hop, way, is_new_line) in &hops {
            match is_new_line {
                true => lines.push(written(*hop, *way, is_element)),
                false => {
                    let line = lines.last_mut().unwrap();
                    *line = format!("{line}, {}", written(*hop, *way, is_element));
                }
            }
        }
        let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
        let found = match is_element {
            true => said(&[], &lines, &[]),
            false => said(&lines, &[], &[]),
        };
        let hops: Vec<_> = hops.iter().map(|(hop, ..)| *hop).collect();
        prop_assert_eq!(found.address, expected(&hops), "{:?}", lines);
    }

    #[test]
    fn nothing_that_a_client_writes_moves_the_address_that_a_proxy_appends(
        forged in prop::collection::vec("[ -~]{0,40}|(for=|\"|,|;|10\\.0\\.0\\.1| ){0,12}", 0..4),
        client in any::<Ipv4Addr>().prop_filter("untrusted", |address| address.octets()[0] != 10),
        way: u8,
        is_element: bool,
        is_new_line: bool,
        between in prop::collection::vec(0..9_u8, 0..3),
    ) {
        let mut appended = written(Some(client.into()), way, is_element);
        for last in between {
            let proxy = written(Some([10, 0, 0, last].into()), way, is_element);
            appended = format!("{appended}, {proxy}");
        }
        let mut lines = forged;
        match lines.last_mut() {
            Some(line) if !is_new_line => *line = format!("{line}, {appended}"),
            _ => lines.push(appended),
        }
        let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
        let found = match is_element {
            true => said(&[], &lines, &[]),
            false => said(&lines, &[], &[]),
        };
        prop_assert_eq!(found.address, IpAddr::V4(client), "{:?}", lines);
    }

    #[test]
    fn any_bytes_are_read_to_some_address(
        lists in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4),
    ) {
        let lines: Vec<_> = lists.iter().map(Vec::as_slice).collect();
        said(&lines, &lines, &lines);
    }
}
