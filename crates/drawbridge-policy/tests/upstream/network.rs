//! Where no upstream may be, in every wrapping.

use std::net::{Ipv4Addr, Ipv6Addr};

use drawbridge_policy::upstream::forbidden_upstream_address;
use proptest::prelude::*;

#[test]
fn forbidden_addresses_are_named_with_their_reason() {
    let metadata = "the address of a cloud metadata service";
    #[rustfmt::skip]
    let table = [
        (metadata, "169.254.169.254 100.100.100.200 192.0.0.192 fd00:ec2::254 fd20:ce::254"),
        (metadata, "::ffff:169.254.169.254 ::169.254.169.254 ::ffff:0:100.100.100.200"),
        (metadata, "64:ff9b::192.0.0.192 2002:a9fe:a9fe::1 64:ff9b:1::169.254.169.254"),
        // RFC 6052 section 2.2 with prefixes of 48, 56 and 64 bits.
        (metadata, "64:ff9b:1:a9fe:a9:fe00:: 64:ff9b:1:ffa9:fe:a9fe:: 64:ff9b:1:ffff:a9:fea9:fe00:0"),
        (metadata, "64:ff9b:1:ffff:ffff::169.254.169.254"),
        ("a link-local address", "169.254.0.0 169.254.170.2 169.254.255.255 fe80:: fe80::1 febf:ffff::1"),
        ("a link-local address", "::ffff:169.254.1.1 64:ff9b::169.254.1.1 2002:a9fe:101::"),
        ("an unspecified address", "0.0.0.0 0.0.0.1 0.255.255.255 :: ::ffff:0.0.0.0 64:ff9b:: 2002::"),
        ("a multicast address", "224.0.0.0 239.255.255.255 ff00:: ff02::1 ffff::1 ::ffff:224.0.0.1"),
        ("the broadcast address", "255.255.255.255 ::ffff:255.255.255.255 64:ff9b::ffff:ffff"),
    ];
    for (reason, addresses) in table {
        for address in addresses.split(' ') {
            let found = forbidden_upstream_address(address.parse().expect(address));
            assert_eq!(found, Some(reason), "{address}");
        }
    }
}

#[test]
fn private_loopback_and_public_addresses_are_allowed() {
    let addresses = "127.0.0.1 127.255.255.255 10.0.0.1 172.16.0.1 192.168.1.1 100.64.0.1 100.100.100.201 8.8.8.8 \
         1.0.0.0 169.253.255.255 169.255.0.0 192.0.0.191 223.255.255.255 240.0.0.1 255.255.255.254 ::1 fc00::1 fd00::1 \
         fd00:ec2::253 fec0::1 fe00::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::10.0.0.1 64:ff9b::10.0.0.1 \
         2002:a00:1:: 64:ff9b:1::10.0.0.1 64:ff9b:1:a00:0:100:: 64:ff9b:1:a:0:1:: 64:ff9b:1:0:a:0:100:0 64:ff9b:2::a9fe:a9fe";
    for address in addresses.split_whitespace() {
        let found = forbidden_upstream_address(address.parse().expect(address));
        assert_eq!(found, None, "{address}");
    }
}

proptest! {
    #[test]
    fn an_address_is_forbidden_in_every_wrapping_or_in_none(octets in prop_oneof![
        any::<[u8; 4]>(),
        (any::<u8>(), any::<u8>()).prop_map(|(third, fourth)| [169, 254, third, fourth]),
        (224_u8.., any::<u8>()).prop_map(|(first, last)| [first, 0, 0, last]),
    ]) {
        let address = Ipv4Addr::from(octets);
        prop_assume!(octets[0] != 0);
        let wanted = forbidden_upstream_address(address.into());
        let [a, b, c, d] = octets.map(u16::from);
        let (high, low) = (a << 8 | b, c << 8 | d);
        let wrappings = [
            address.to_ipv6_mapped(),
            address.to_ipv6_compatible(),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        ];
        for wrapping in wrappings {
            prop_assert_eq!(forbidden_upstream_address(wrapping.into()), wanted, "{}", wrapping);
        }
        if octets.starts_with(&[169, 254]) {
            let own_nat64 = [
                Ipv6Addr::new(0x64, 0xff9b, 1, high, c, d << 8, 0, 0),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0xff00 | a, b, c << 8 | d, 0, 0),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0xffff, a, b << 8 | c, d << 8, 0),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0xffff, 0, 0, high, low),
            ];
            for wrapping in own_nat64 {
                prop_assert!(forbidden_upstream_address(wrapping.into()).is_some(), "{}", wrapping);
            }
        }
    }
}
