//! Where upstreams may be, as this gateway is set up.
//!
//! Asked about every address that an upstream's name resolves to: when configuration is saved, so that people learn of
//! it, and again right before connecting, because a name may lead elsewhere by then.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;

use super::forbidden_upstream_address;
use crate::network::NetworkSet;

/// What the gateway's surroundings forbid, besides what is forbidden everywhere.
#[derive(Clone, Debug)]
pub struct Destinations {
    own: Box<[SocketAddr]>,
    is_local: fn(IpAddr) -> bool,
    private: Option<NetworkSet>,
}

impl Destinations {
    /// The gateway's `own` listeners are no destination; with `private`, of all private addresses only those networks are.
    ///
    /// `is_local` says whether an address is this machine's: a listener at `0.0.0.0` or `[::]` is at all of those.
    pub fn new(
        own: impl IntoIterator<Item = SocketAddr>,
        is_local: fn(IpAddr) -> bool,
        private: Option<impl IntoIterator<Item = IpNet>>,
    ) -> Self {
        Self {
            own: own.into_iter().collect(),
            is_local,
            private: private.map(|networks| networks.into_iter().collect()),
        }
    }

    /// Why no upstream may be there, as in "… is this gateway itself"; `None` when it may.
    pub fn objection(&self, address: SocketAddr) -> Option<&'static str> {
        let ip = address.ip().to_canonical();
        if self
            .own
            .iter()
            .any(|own| self.is_same_listener(*own, ip, address.port()))
        {
            return Some("this gateway itself");
        }
        if let Some(reason) = forbidden_upstream_address(address.ip()) {
            return Some(reason);
        }
        let is_in = |networks: &NetworkSet| !is_private(ip) || networks.contains(ip);
        let is_outside = !self.private.as_ref().is_none_or(is_in);
        is_outside.then_some("a private address outside `upstream_networks`")
    }

    fn is_same_listener(&self, own: SocketAddr, ip: IpAddr, port: u16) -> bool {
        let own_ip = own.ip().to_canonical();
        own.port() == port
            && (own_ip == ip
                || ip.is_loopback() && own_ip.is_loopback()
                || own_ip.is_unspecified() && (ip.is_loopback() || (self.is_local)(ip)))
    }
}

/// Not reachable from elsewhere: RFC 1918, RFC 6598, loopback, RFC 4193.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let is_shared = ip & Ipv4Addr::new(255, 192, 0, 0) == Ipv4Addr::new(100, 64, 0, 0);
            ip.is_private() || ip.is_loopback() || is_shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parse_network;

    fn objection(destinations: &Destinations, address: &str) -> Option<&'static str> {
        destinations.objection(address.parse().unwrap())
    }

    #[test]
    fn the_gateways_own_listeners_are_no_destination_by_any_name() {
        let own = [
            "127.0.0.1:8080",
            "0.0.0.0:9090",
            "[::1]:7070",
            "[::]:6060",
            "[::ffff:0.0.0.0]:5050",
        ];
        let own = own.map(|own| own.parse().unwrap());
        let of_machine: fn(IpAddr) -> bool = |ip| {
            let addresses: [IpAddr; 2] = ["192.0.2.1", "2001:db8::1"].map(|ip| ip.parse().unwrap());
            addresses.contains(&ip)
        };
        let destinations = Destinations::new(own, of_machine, None::<[IpNet; 0]>);
        for address in [
            "127.0.0.1:8080",
            "127.0.0.2:8080",
            "[::1]:8080",
            "[::ffff:127.0.0.1]:8080",
            "127.0.0.1:9090",
            "[::1]:7070",
            "192.0.2.1:9090",
            "[::ffff:192.0.2.1]:9090",
            "[2001:db8::1]:9090",
            "192.0.2.1:6060",
            "[2001:db8::1]:6060",
            "192.0.2.1:5050",
        ] {
            assert!(objection(&destinations, address).is_some(), "{address}");
        }
        for address in [
            "127.0.0.1:8081",
            "192.0.2.1:8080",
            "192.0.2.1:9091",
            "192.0.2.2:9090",
            "[2001:db8::2]:6060",
            "10.0.0.1:443",
        ] {
            assert_eq!(objection(&destinations, address), None, "{address}");
        }
        assert!(objection(&destinations, "169.254.169.254:80").is_some());
    }

    #[test]
    fn networks_narrow_private_addresses_and_no_others() {
        let networks = ["10.1.0.0/16", "fd00:1::/32", "127.0.0.1"];
        let networks = networks.map(|network| parse_network(network).unwrap());
        let destinations = Destinations::new([], |_| false, Some(networks));
        for address in [
            "10.1.2.3:80",
            "[::ffff:10.1.2.3]:80",
            "127.0.0.1:80",
            "[fd00:1::2]:80",
            "203.0.113.7:443",
            "[2001:db8::1]:443",
        ] {
            assert_eq!(objection(&destinations, address), None, "{address}");
        }
        for address in [
            "10.2.0.1:80",
            "172.16.0.1:80",
            "192.168.0.1:80",
            "100.64.0.1:80",
            "127.0.0.2:80",
            "[::1]:80",
            "[fd00:2::1]:80",
            "[::ffff:10.2.0.1]:80",
        ] {
            assert!(objection(&destinations, address).is_some(), "{address}");
        }
    }
}
