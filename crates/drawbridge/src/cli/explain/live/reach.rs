//! Where requests may go.
//!
//! A redirect must never lead into the networks that this machine is trusted by, whatever a name resolves to: what is
//! judged is the address that is then connected to. Where the first server is in such a network itself, it may lead to
//! itself, and to no other there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use drawbridge_policy::upstream::forbidden_upstream_address;

/// Which addresses may be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Anywhere,
    /// Those of the internet, and this one at any port.
    PublicOr(IpAddr),
}

impl Reach {
    /// What is in reach once the first server has answered from that address.
    pub(super) fn after(first: SocketAddr, follows_private: bool) -> Self {
        match follows_private {
            true => Self::Anywhere,
            false => Self::PublicOr(first.ip().to_canonical()),
        }
    }

    /// The addresses that may be connected to.
    pub(super) fn filter(self, addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
        let may = |address: &SocketAddr| match self {
            Self::Anywhere => true,
            Self::PublicOr(first) => {
                address.ip().to_canonical() == first || is_public(address.ip())
            }
        };
        addresses.into_iter().filter(may).collect()
    }
}

/// Whether an address is one of the internet (IANA's special-purpose registries, RFC 6890).
pub(super) fn is_public(ip: IpAddr) -> bool {
    forbidden_upstream_address(ip).is_none()
        && match ip {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = matches!(
        address.octets(),
        // Shared by carriers (RFC 6598), protocol assignments, benchmarks (RFC 2544), reserved.
        [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18..=19, ..] | [240..=255, ..] | [0, ..]
    );
    !(is_special || address.is_loopback() || address.is_private() || address.is_link_local())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let octets = address.octets();
    let inner = |from: usize| {
        let bytes = octets.get(from..from + 4)?;
        Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?))
    };
    let holds_public = |from| inner(from).is_some_and(is_public_v4);
    match address.segments() {
        // v4-mapped (RFC 4291 section 2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => holds_public(12),
        [0x2002, ..] => holds_public(2),
        // All that is given out lies in 2000::/3 (RFC 4291 section 2.4, IANA).
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public_however_they_are_wrapped() {
        for public in [
            "8.8.8.8",
            "100.63.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::808:808",
            "2002:a00:1::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn no_start_leads_to_another_private_address_unless_told() {
        let at = |text: &str| -> SocketAddr { text.parse().unwrap() };
        let public = at("8.8.8.8:443");
        let [private, metadata] = [at("10.0.0.1:80"), at("169.254.169.254:80")];
        let all = vec![public, private, metadata];
        let reached = |first| Reach::after(first, false).filter(all.clone());
        assert_eq!(reached(public), [public]);
        assert_eq!(reached(at("127.0.0.1:80")), [public]);
        // The same address is no other server's, whatever its port and however it is written.
        assert_eq!(reached(at("10.0.0.1:8080")), [public, private]);
        assert_eq!(reached(at("[::ffff:10.0.0.1]:80")), [public, private]);
        assert_eq!(Reach::after(private, true).filter(all.clone()), all);
    }
}
