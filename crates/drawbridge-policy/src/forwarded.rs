//! Who a request's client is, where proxies stand between: `X-Forwarded-For`, `Forwarded` (RFC 7239) and
//! `X-Forwarded-Proto`, as far as trusted proxies wrote them.
//!
//! Every proxy appends the address that it was called from, so lists are read from the right, over the trusted
//! addresses, to the first one that is not trusted: the client. What stands left of it, the client may have written
//! itself: it must never count, and no quote or comma in it may change how the right end is read.

use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::network::NetworkSet;

/// Most proxies in a row that are passed over.
pub const MOST_HOPS: usize = 32;

/// The address of a client that two headers name differently: nobody's.
pub const NOBODY: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Who sent a request, as far as can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Where the request comes from; IPv4 addresses wrapped in IPv6 ones are unwrapped.
    pub address: IpAddr,
    /// Whether a trusted proxy says that it was called over https.
    pub is_https: bool,
}

impl Client {
    /// A client that nobody speaks for.
    pub fn direct(address: IpAddr) -> Self {
        Self {
            address: address.to_canonical(),
            is_https: false,
        }
    }
}

/// The lines of the headers that proxies write, in the order of the request.
#[derive(Clone, Copy, Debug)]
pub struct Forwarding<X, F, P> {
    /// `X-Forwarded-For`
    pub x_forwarded_for: X,
    /// `Forwarded`
    pub forwarded: F,
    /// `X-Forwarded-Proto`
    pub x_forwarded_proto: P,
}

/// The client of a request that a trusted proxy at `proxy` passed on.
///
/// An entry that is no address (`unknown`, `_hidden`, junk) ends the reading: the last trusted address counts, and
/// nothing left of it. So do more than [`MOST_HOPS`] entries. A proxy that writes one of the two lists passes a client's
/// forgery of the other on, and nothing tells which is which: where they differ, the client is [`NOBODY`], in no network
/// at all.
pub fn client<'l>(
    proxy: IpAddr,
    trusted: &NetworkSet,
    said: Forwarding<
        impl DoubleEndedIterator<Item = &'l [u8]>,
        impl DoubleEndedIterator<Item = &'l [u8]>,
        impl DoubleEndedIterator<Item = &'l [u8]>,
    >,
) -> Client {
    let from_right = |line| elements(line, b',');
    let listed = said.x_forwarded_for.rev().flat_map(from_right);
    let listed = walk(proxy, trusted, listed.map(Hop::of_address));
    let described = said.forwarded.rev().flat_map(from_right);
    let described = walk(proxy, trusted, described.map(Hop::of_element));
    let address = match (listed, described) {
        (None, None) => proxy.to_canonical(),
        (Some(client), None) | (None, Some(client)) => client.address,
        (Some(one), Some(other)) if one.address == other.address => one.address,
        (Some(_), Some(_)) => NOBODY,
    };
    // The nearest proxy wrote the last one.
    let scheme = said.x_forwarded_proto.rev().flat_map(from_right).next();
    Client {
        address,
        is_https: scheme.is_some_and(is_https)
            || described.is_some_and(|described| described.is_https),
    }
}

/// Goes from the nearest proxy's entry to the client's; `None` where there is no entry at all.
fn walk(nearest: IpAddr, trusted: &NetworkSet, hops: impl Iterator<Item = Hop>) -> Option<Client> {
    let mut hops = hops.take(MOST_HOPS).peekable();
    hops.peek()?;
    let mut client = Client::direct(nearest);
    for hop in hops {
        client.is_https = hop.is_https;
        let Some(address) = hop.address else { break };
        client.address = address;
        if !trusted.contains(address) {
            break;
        }
    }
    Some(client)
}

/// One entry: from where, and how, the proxy that wrote it was called.
struct Hop {
    /// `None` where the proxy does not say, or says nothing that can be read.
    address: Option<IpAddr>,
    is_https: bool,
}

impl Hop {
    const UNREADABLE: Self = Self {
        address: None,
        is_https: false,
    };

    fn of_address(text: &[u8]) -> Self {
        Self {
            address: node(text),
            is_https: false,
        }
    }

    /// RFC 7239 section 4: pairs, each name once at most, the order of no meaning.
    fn of_element(element: &[u8]) -> Self {
        let (mut source, mut scheme) = (None, None);
        for pair in elements(element, b';') {
            let Some((name, value)) = parameter(pair) else {
                return Self::UNREADABLE;
            };
            let place = if name.eq_ignore_ascii_case(b"for") {
                &mut source
            } else if name.eq_ignore_ascii_case(b"proto") {
                &mut scheme
            } else {
                continue;
            };
            if place.replace(value).is_some() {
                return Self::UNREADABLE;
            }
        }
        Self {
            address: source.and_then(node),
            is_https: scheme.is_some_and(is_https),
        }
    }
}

/// What stands between separators, from the right; empty elements do not count (RFC 9110 section 5.6.1.2), and nothing
/// in quotes separates. A quote that is not closed spoils its own element, never one right of it.
fn elements(list: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(list);
    let from_right = iter::from_fn(move || {
        let list = rest?;
        let mut is_quoted = false;
        let divides = |byte: &u8| {
            is_quoted ^= *byte == b'"';
            *byte == separator && !is_quoted
        };
        let at = list.iter().rposition(divides);
        rest = at.map(|at| &list[..at]);
        Some(at.map_or(list, |at| &list[at + 1..]))
    });
    from_right
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

/// Name and value of a pair, the value without its quotes; none of the values that matter here needs an escape.
fn parameter(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (&pair[..equals], &pair[equals + 1..]);
    let value = match value {
        [b'"', quoted @ .., b'"'] => quoted,
        bare => bare,
    };
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\');
    value.iter().all(is_plain).then_some((name, value))
}

fn is_https(scheme: &[u8]) -> bool {
    scheme.eq_ignore_ascii_case(b"https")
}

/// The address of a node (RFC 7239 section 6), with or without a port; IPv6 ones in brackets or, without a port, bare.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        let is_sound = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        let address: Ipv6Addr = address.parse().ok().filter(|_| is_sound)?;
        return Some(IpAddr::V6(address).to_canonical());
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, port) = text.split_once(':')?;
    let address: Ipv4Addr = address.parse().ok().filter(|_| is_port(port))?;
    Some(IpAddr::V4(address))
}

/// Digits, or a name in the port's place that begins with `_`.
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(name) => {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        }
        None => (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}
