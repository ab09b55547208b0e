//! Which addresses are this machine's.

use std::net::{IpAddr, UdpSocket};

/// Any port: connecting a UDP socket sends nothing.
const PORT: u16 = 9;

/// Whether an address is one of this machine's, as it is now.
///
/// A socket can be bound to those only, except where the system lets any address be bound (`ip_nonlocal_bind`); from an
/// address that is elsewhere it then has no route.
pub fn is_local_address(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0))
        .and_then(|socket| socket.connect((ip, PORT)))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use drawbridge_policy::upstream::Destinations;

    use super::*;

    /// Where this machine would call the internet from: beside loopback, if it has a network.
    fn own_addresses() -> Vec<IpAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let routed = socket.connect("192.0.2.1:9");
        let routed = routed.and_then(|()| socket.local_addr());
        let outward = routed.map(|address| address.ip()).ok();
        [Some(Ipv4Addr::LOCALHOST.into()), outward]
            .into_iter()
            .flatten()
            .collect()
    }

    #[test]
    fn a_listener_on_all_addresses_is_no_destination_at_any_address_of_the_machine() {
        let listener = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080));
        let destinations = Destinations::new([listener], is_local_address, None::<[_; 0]>);
        for ip in own_addresses() {
            assert!(is_local_address(ip), "{ip}");
            let objection = |port| destinations.objection(SocketAddr::new(ip, port));
            assert_eq!(objection(8080), Some("this gateway itself"), "{ip}");
            assert_eq!(objection(8081), None, "{ip}");
        }
        // Documentation's addresses are nobody's (RFC 5737, RFC 3849).
        for ip in ["192.0.2.1", "2001:db8::1"] {
            let ip = ip.parse().unwrap();
            assert!(!is_local_address(ip), "{ip}");
            assert_eq!(destinations.objection(SocketAddr::new(ip, 8080)), None);
        }
    }
}
