//! Networks where no upstream may be.
//!
//! Whoever may edit an endpoint must not reach what the gateway's own machine is trusted by: its cloud's metadata
//! service (which hands out credentials), its link, every host at once. Private and loopback addresses are where
//! inference servers live, and are allowed. An address must never pass because it is wrapped in another one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const METADATA: &str = "the address of a cloud metadata service";
const LINK_LOCAL: &str = "a link-local address";
const UNSPECIFIED: &str = "an unspecified address";
const MULTICAST: &str = "a multicast address";
const BROADCAST: &str = "the broadcast address";

/// Metadata services beside those at link-local addresses: Alibaba Cloud, Oracle Cloud.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// Amazon EC2 and EKS, Google Compute Engine, Scaleway.
const METADATA_V6: [Ipv6Addr; 4] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
];

/// Why no upstream may have this address, as in "`ff02::1` is a multicast address"; `None` when it may.
///
/// To be asked about literal addresses when configuration is saved, and about every address that a name resolves to,
/// right before connecting to that very address.
///
/// ```
/// use drawbridge_policy::upstream::forbidden_upstream_address;
///
/// let reason = forbidden_upstream_address("64:ff9b::a9fe:a9fe".parse()?);
/// assert_eq!(reason, Some("the address of a cloud metadata service"));
/// assert_eq!(forbidden_upstream_address("10.0.0.1".parse()?), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub fn forbidden_upstream_address(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(address) => forbidden_v4(address),
        IpAddr::V6(address) => forbidden_v6(address),
    }
}

fn forbidden_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        _ if METADATA_V4.contains(&address) => Some(METADATA),
        // RFC 3927.
        [169, 254, ..] => Some(LINK_LOCAL),
        // "This network", never a destination (RFC 6890); Linux takes 0.0.0.0 for the machine itself.
        [0, ..] => Some(UNSPECIFIED),
        [224..=239, ..] => Some(MULTICAST),
        [255, 255, 255, 255] => Some(BROADCAST),
        _ => None,
    }
}

fn forbidden_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_unspecified() {
        return Some(UNSPECIFIED);
    }
    if address.is_loopback() {
        return None;
    }
    if METADATA_V6.contains(&address) {
        return Some(METADATA);
    }
    match address.segments() {
        [0xfe80..=0xfebf, ..] => Some(LINK_LOCAL),
        [0xff00..=0xffff, ..] => Some(MULTICAST),
        _ => forbidden_inside(address),
    }
}

/// Judges the IPv4 address that an IPv6 address stands for.
fn forbidden_inside(address: Ipv6Addr) -> Option<&'static str> {
    let octets = address.octets();
    let inside = |place: &[usize; 4]| Ipv4Addr::from(place.map(|index| octets[index]));
    match address.segments() {
        // v4-mapped ::ffff:0:0/96 and v4-compatible ::/96 (RFC 4291 section 2.5.5), v4-translated ::ffff:0:0:0/96
        // (RFC 2765), NAT64 64:ff9b::/96 (RFC 6052).
        [0, 0, 0, 0, 0, 0 | 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, 0, 0, 0, 0, ..] => forbidden_v4(inside(&[12, 13, 14, 15])),
        // 6to4 (RFC 3056).
        [0x2002, ..] => forbidden_v4(inside(&[2, 3, 4, 5])),
        // A site's own NAT64 (RFC 8215). Its prefix has 48, 56, 64 or 96 bits, and the address lies behind them with
        // octet 8 left out (RFC 6052 section 2.2). Where is not known here, so every place is looked at, and only for
        // what must never be reached.
        [0x64, 0xff9b, 1, ..] => [
            [6, 7, 9, 10],
            [7, 9, 10, 11],
            [9, 10, 11, 12],
            [12, 13, 14, 15],
        ]
        .iter()
        .filter_map(|place| forbidden_v4(inside(place)))
        .find(|reason| [METADATA, LINK_LOCAL].contains(reason)),
        _ => None,
    }
}
