//! Networks in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3), as people write them in configuration.
//!
//! An address alone is a network of one. IPv4 addresses wrapped in IPv6 ones (`::ffff:192.0.2.1`) are IPv4, here and
//! wherever a client's address is judged. What could mean two things is refused, with what was probably meant.

use std::net::{IpAddr, Ipv4Addr};

pub use ipnet::IpNet;
use ipnet::Ipv4Net;

/// Networks that an address can be in.
///
/// They are kept without overlaps and in order, so that the one that could hold an address is found by bisection,
/// however many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkSet {
    /// Disjoint, by their first addresses.
    networks: Box<[IpNet]>,
}

impl NetworkSet {
    /// Whether the address, unwrapped where it is an IPv4 one, is in one of them. The unspecified addresses are in none, not
    /// even in `::/0`: no client has one, and a client that cannot be told has [`NOBODY`](crate::forwarded::NOBODY)'s.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if address.is_unspecified() {
            return false;
        }
        let after = self
            .networks
            .partition_point(|network| network.network() <= address);
        let candidate = after.checked_sub(1).and_then(|at| self.networks.get(at));
        candidate.is_some_and(|network| network.contains(&address))
    }
}

impl FromIterator<IpNet> for NetworkSet {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        let networks: Vec<_> = networks.into_iter().collect();
        let mut networks = IpNet::aggregate(&networks);
        networks.sort_unstable_by_key(IpNet::network);
        Self {
            networks: networks.into(),
        }
    }
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkFault {
    /// Not an address, or not a prefix length.
    #[error(
        "`{text}` is neither an IP address nor a CIDR block such as 192.0.2.0/24 or 2001:db8::/32"
    )]
    Unreadable {
        /// The text.
        text: String,
    },
    /// Bits are set behind the prefix: an address in the network, not the network.
    #[error("`{text}` has bits set behind its prefix; the network is {network}")]
    HostBits {
        /// The text.
        text: String,
        /// The network that the address is in.
        network: IpNet,
    },
}

impl NetworkFault {
    /// The stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "bad_network",
            Self::HostBits { .. } => "network_host_bits",
        }
    }

    /// What was probably meant; itself a network.
    pub fn suggestion(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => None,
            Self::HostBits { network, .. } => Some(network.to_string()),
        }
    }
}

/// Reads an address or a CIDR block.
///
/// # Errors
/// See [`NetworkFault`].
pub fn parse_network(text: &str) -> Result<IpNet, NetworkFault> {
    let unreadable = || NetworkFault::Unreadable {
        text: text.to_owned(),
    };
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let (address, prefix) = text.split_once('/').ok_or_else(unreadable)?;
    // `010` would be 8 to some and 10 to others: the standard library refuses it in addresses, and this in prefixes.
    let is_canonical = prefix == "0" || !prefix.starts_with(['0', '+']);
    let prefix = prefix.parse().ok().filter(|_| is_canonical);
    let network = address.parse().ok().zip(prefix);
    let network = network.and_then(|(address, prefix)| IpNet::new(address, prefix).ok());
    let network = network.ok_or_else(unreadable)?;
    if network != network.trunc() {
        return Err(NetworkFault::HostBits {
            text: text.to_owned(),
            network: unwrapped(network.trunc()),
        });
    }
    Ok(unwrapped(network))
}

/// The IPv4 network that a wrapped one stands for (RFC 4291 section 2.5.5.2).
fn unwrapped(network: IpNet) -> IpNet {
    let IpAddr::V6(address) = network.addr() else {
        return network;
    };
    let inner: Option<Ipv4Addr> = address.to_ipv4_mapped();
    let prefix = network.prefix_len().checked_sub(96);
    match (inner, prefix) {
        (Some(inner), Some(prefix)) => {
            Ipv4Net::new(inner, prefix).map_or(network, |inner| IpNet::V4(inner.trunc()))
        }
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Addresses and prefixes from a small world, so that they meet; v4, v6 and v4 wrapped in v6.
    fn address() -> impl Strategy<Value = IpAddr> {
        let byte = prop_oneof![
            Just(0),
            Just(1),
            Just(127),
            Just(128),
            Just(255),
            any::<u8>()
        ];
        (prop::collection::vec(byte, 4), 0..3).prop_map(|(bytes, family)| {
            let v4 = Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]);
            match family {
                0 => IpAddr::V4(v4),
                1 => IpAddr::V6(v4.to_ipv6_mapped()),
                _ => IpAddr::V6((u128::from(v4.to_bits()) << 96 | u128::from(bytes[3])).into()),
            }
        })
    }

    fn bits(address: IpAddr) -> (u32, u128) {
        match address.to_canonical() {
            IpAddr::V4(address) => (32, u128::from(address.to_bits())),
            IpAddr::V6(address) => (128, address.to_bits()),
        }
    }

    proptest! {
        #[test]
        fn a_set_holds_what_one_of_its_networks_holds_bit_by_bit(
            networks in prop::collection::vec((address(), 0..=128_u32), 0..20),
            asked in prop::collection::vec(address(), 20),
        ) {
            let networks: Vec<_> = networks
                .into_iter()
                .map(|(address, prefix)| (address.to_canonical(), prefix % (bits(address).0 + 1)))
                .collect();
            let set: NetworkSet = networks
                .iter()
                .map(|(address, prefix)| IpNet::new(*address, u8::try_from(*prefix).unwrap()).unwrap().trunc())
                .collect();
            let known = networks.iter().map(|(address, _)| *address);
            for address in asked.into_iter().chain(known) {
                let (length, own) = bits(address);
                let is_in = own != 0 && networks.iter().any(|(network, prefix)| {
                    let (of, bits) = bits(*network);
                    let behind = length - prefix.min(&length);
                    of == length && own.checked_shr(behind).unwrap_or(0) == bits.checked_shr(behind).unwrap_or(0)
                });
                prop_assert_eq!(set.contains(address), is_in, "{}", address);
            }
        }
    }

    #[test]
    fn addresses_and_blocks_are_read_and_wrapped_ones_unwrapped() {
        for (text, network) in [
            ("192.0.2.1", "192.0.2.1/32"),
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("::/0", "::/0"),
            ("::ffff:192.0.2.1", "192.0.2.1/32"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
        ] {
            assert_eq!(parse_network(text).unwrap().to_string(), network, "{text}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_and_host_bits_get_the_network() {
        for text in [
            "",
            "app",
            "192.0.2.1/33",
            "192.0.2.0/024",
            "192.0.2.0/",
            "192.0.2/24",
            "192.0.2.0/+24",
            "::/129",
            " 192.0.2.0/24",
            "192.0.2.0/24 ",
            "010.0.0.0/8",
            "[::1]",
            "fe80::1%eth0",
            "192.0.2.0/255.255.255.0",
        ] {
            let fault = parse_network(text).unwrap_err();
            assert_eq!(fault.suggestion(), None, "{text}");
        }
        for (text, network) in [
            ("192.0.2.1/24", "192.0.2.0/24"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:192.0.2.1/120", "192.0.2.0/24"),
            ("10.0.0.1/0", "0.0.0.0/0"),
        ] {
            let suggestion = parse_network(text).unwrap_err().suggestion().unwrap();
            assert_eq!(suggestion, network, "{text}");
            assert!(parse_network(&suggestion).is_ok());
        }
    }
}
