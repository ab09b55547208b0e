//! The PROXY protocol, versions 1 and 2: what a proxy says of its client before the first byte of a connection
//! (haproxy.org, proxy-protocol.txt, sections 2.1 and 2.2).
//!
//! Strict, as nothing but a proxy speaks it, and bounded. No byte behind the header is looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest header in bytes. Addresses take 232 at most; the rest is for TLVs, which are skipped.
pub const MAX_LEN: usize = 4096;

/// Section 2.1: the longest line of version 1, its CR LF included.
const LONGEST_LINE: usize = 107;
const LINE_START: &[u8] = b"PROXY ";
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family and transport, length.
const FIXED: usize = 16;

/// A header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyHeader {
    /// In bytes.
    pub length: usize,
    /// The client's address, unwrapped where it is an IPv4 one; `None` where the proxy speaks for itself or does not
    /// know it (`LOCAL`, `UNKNOWN`, a Unix socket).
    pub source: Option<IpAddr>,
}

/// Why a connection does not begin with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyHeaderFault {
    /// Something else begins there.
    #[error("it does not begin with a PROXY protocol header")]
    Missing,
    /// It begins as one.
    #[error("its PROXY protocol header is malformed")]
    Malformed,
    /// No end within the bound.
    #[error("its PROXY protocol header is too long")]
    TooLong,
}

/// Reads a header from the first bytes of a connection; `None` while more of them are needed.
///
/// # Errors
/// No bytes that follow could make a header of these.
pub fn parse(bytes: &[u8]) -> Result<Option<ProxyHeader>, ProxyHeaderFault> {
    let begins_as = |start: &[u8]| bytes.iter().zip(start).all(|(byte, start)| byte == start);
    if begins_as(LINE_START) {
        parse_line(bytes)
    } else if begins_as(SIGNATURE) {
        parse_binary(bytes)
    } else {
        Err(ProxyHeaderFault::Missing)
    }
}

/// Version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443` CR LF, or `PROXY UNKNOWN`, whatever follows it.
fn parse_line(bytes: &[u8]) -> Result<Option<ProxyHeader>, ProxyHeaderFault> {
    let within = &bytes[..bytes.len().min(LONGEST_LINE)];
    let Some(end) = within.windows(2).position(|pair| pair == b"\r\n") else {
        return match within.len() {
            LONGEST_LINE => Err(ProxyHeaderFault::TooLong),
            _ => Ok(None),
        };
    };
    let line = std::str::from_utf8(&bytes[..end]).map_err(|_| ProxyHeaderFault::Malformed)?;
    let mut words = line.split(' ').skip(1);
    let source = match words.next() {
        Some("UNKNOWN") => None,
        Some("TCP4") => Some(addresses::<Ipv4Addr>(words)?.into()),
        Some("TCP6") => Some(IpAddr::V6(addresses::<Ipv6Addr>(words)?).to_canonical()),
        _ => return Err(ProxyHeaderFault::Malformed),
    };
    Ok(Some(ProxyHeader {
        length: end + 2,
        source,
    }))
}

/// The source, once it and the three other words are sound.
fn addresses<'w, T: std::str::FromStr>(
    mut words: impl Iterator<Item = &'w str>,
) -> Result<T, ProxyHeaderFault> {
    let mut next = || words.next().ok_or(ProxyHeaderFault::Malformed);
    let mut address = || {
        next()?
            .parse::<T>()
            .map_err(|_| ProxyHeaderFault::Malformed)
    };
    let (source, _destination) = (address()?, address()?);
    let is_port = |word: &str| {
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        is_number && (word == "0" || !word.starts_with('0')) && word.parse::<u16>().is_ok()
    };
    let are_ports = is_port(next()?) && is_port(next()?);
    match words.next() {
        None if are_ports => Ok(source),
        _ => Err(ProxyHeaderFault::Malformed),
    }
}

/// Version 2: the fixed part, addresses by their family, TLVs.
fn parse_binary(bytes: &[u8]) -> Result<Option<ProxyHeader>, ProxyHeaderFault> {
    let Some(&[command, family, high, low]) = bytes.get(SIGNATURE.len()..FIXED) else {
        return Ok(None);
    };
    let length = FIXED + usize::from(u16::from_be_bytes([high, low]));
    if length > MAX_LEN {
        return Err(ProxyHeaderFault::TooLong);
    }
    // LOCAL: the proxy's own connection; what follows is to be skipped.
    let is_proxied = match command {
        0x20 => false,
        0x21 => true,
        _ => return Err(ProxyHeaderFault::Malformed),
    };
    let Some(addresses) = bytes.get(FIXED..length) else {
        return Ok(None);
    };
    // Family in the upper half, transport in the lower: TCP and Unix streams, or unspecified.
    let source = match family {
        _ if !is_proxied => None,
        0x00 => None,
        0x11 => Some(IpAddr::from(first::<4>(addresses, 12)?)),
        0x21 => Some(IpAddr::from(first::<16>(addresses, 36)?).to_canonical()),
        0x31 => first::<108>(addresses, 216).map(|_path| None)?,
        _ => return Err(ProxyHeaderFault::Malformed),
    };
    Ok(Some(ProxyHeader { length, source }))
}

/// The source's bytes, of a family whose addresses take `whole`.
fn first<const N: usize>(addresses: &[u8], whole: usize) -> Result<[u8; N], ProxyHeaderFault> {
    let source = addresses.get(..whole).and_then(<[u8]>::first_chunk);
    source.copied().ok_or(ProxyHeaderFault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TCP4: &[u8] = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n";

    fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[command, family], &length, rest].concat()
    }

    fn with_source(source: &[u8], tlvs: &[u8]) -> Vec<u8> {
        let family = if source.len() == 4 { 0x11 } else { 0x21 };
        let destination_and_ports = vec![9; source.len() + 4];
        binary(
            0x21,
            family,
            &[source, &destination_and_ports, tlvs].concat(),
        )
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<Ipv4Addr>().prop_map(IpAddr::V4),
            any::<Ipv6Addr>().prop_map(IpAddr::V6),
            any::<Ipv4Addr>().prop_map(|address| IpAddr::V6(address.to_ipv6_mapped())),
        ]
    }

    fn written(address: IpAddr, is_binary: bool, tlvs: &[u8]) -> Vec<u8> {
        match (address, is_binary) {
            (IpAddr::V4(address), true) => with_source(&address.octets(), tlvs),
            (IpAddr::V6(address), true) => with_source(&address.octets(), tlvs),
            (IpAddr::V4(_), false) => {
                format!("PROXY TCP4 {address} 192.0.2.9 0 65535\r\n").into_bytes()
            }
            (IpAddr::V6(_), false) => format!("PROXY TCP6 {address} :: 1 2\r\n").into_bytes(),
        }
    }

    proptest! {
        #[test]
        fn a_header_is_read_at_its_last_byte_and_not_before_whatever_follows(
            address in address(),
            is_binary: bool,
            tlvs in prop::collection::vec(any::<u8>(), 0..300),
            behind in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let header = written(address, is_binary, &tlvs);
            for end in 0..header.len() {
                prop_assert_eq!(parse(&header[..end]), Ok(None), "{}", end);
            }
            let expected = ProxyHeader {
                length: header.len(),
                source: Some(address.to_canonical()),
            };
            prop_assert_eq!(parse(&[header, behind].concat()), Ok(Some(expected)));
        }

        #[test]
        fn what_is_wrong_stays_wrong_and_what_is_complete_stays_as_it_is(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            start in 0..3_usize,
        ) {
            let start = [LINE_START, SIGNATURE, &TCP4[..30]][start];
            let bytes = [start, &bytes].concat();
            for end in 0..bytes.len() {
                match parse(&bytes[..end]) {
                    Ok(None) => {}
                    settled => prop_assert_eq!(parse(&bytes), settled, "{}", end),
                }
            }
        }
    }

    #[test]
    fn a_proxy_that_names_nobody_is_understood() {
        for header in [
            b"PROXY UNKNOWN\r\n".to_vec(),
            b"PROXY UNKNOWN 192.0.2.1 192.0.2.2 1 2\r\n".to_vec(),
            binary(0x20, 0x00, &[]),
            binary(0x20, 0x11, &[9; 12]),
            binary(0x21, 0x00, &[9; 3]),
            binary(0x21, 0x31, &[9; 216]),
        ] {
            let expected = ProxyHeader {
                length: header.len(),
                source: None,
            };
            assert_eq!(parse(&header), Ok(Some(expected)), "{header:?}");
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for (bytes, fault) in [
            (&b"GET / HTTP/1.1\r\n"[..], ProxyHeaderFault::Missing),
            (b"POST", ProxyHeaderFault::Missing),
            (b"PRI * HTTP/2.0\r\n", ProxyHeaderFault::Missing),
            (b"\r\nGET", ProxyHeaderFault::Missing),
            (b"proxy tcp4 ", ProxyHeaderFault::Missing),
            (b"PROXY \r\n", ProxyHeaderFault::Malformed),
            (b"PROXY TCP5 1 2 3 4\r\n", ProxyHeaderFault::Malformed),
            (
                b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
                ProxyHeaderFault::Malformed,
            ),
            (
                b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
                ProxyHeaderFault::Malformed,
            ),
            (
                b"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
                ProxyHeaderFault::Malformed,
            ),
            (
                b"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
                ProxyHeaderFault::Malformed,
            ),
            (
                b"PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
                ProxyHeaderFault::Malformed,
            ),
            (
                b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
                ProxyHeaderFault::Malformed,
            ),
            (b"PROXY TCP4 ::1 ::1 1 2\r\n", ProxyHeaderFault::Malformed),
            (
                b"PROXY TCP6 192.0.2.1 ::1 1 2\r\n",
                ProxyHeaderFault::Malformed,
            ),
            (
                b"PROXY TCP4 192.0.2.1 x 1 2\r\n",
                ProxyHeaderFault::Malformed,
            ),
            (&binary(0x11, 0x11, &[9; 12]), ProxyHeaderFault::Malformed),
            (&binary(0x22, 0x11, &[9; 12]), ProxyHeaderFault::Malformed),
            (&binary(0x21, 0x12, &[9; 12]), ProxyHeaderFault::Malformed),
            (&binary(0x21, 0x41, &[9; 12]), ProxyHeaderFault::Malformed),
            (&binary(0x21, 0x11, &[9; 11]), ProxyHeaderFault::Malformed),
            (&binary(0x21, 0x21, &[9; 35]), ProxyHeaderFault::Malformed),
            (&binary(0x21, 0x31, &[9; 215]), ProxyHeaderFault::Malformed),
            (
                &[b"PROXY UNKNOWN ", &[b'x'; 93][..]].concat(),
                ProxyHeaderFault::TooLong,
            ),
            (
                &binary(0x21, 0x11, &[9; MAX_LEN - 15])[..16],
                ProxyHeaderFault::TooLong,
            ),
        ] {
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(parse(bytes), Err(fault), "{text}");
        }
        assert_eq!(parse(TCP4).unwrap().unwrap().length, TCP4.len());
    }
}
