//! One web origin, in the only form in which browsers send it.
//!
//! A browser serialises an origin in exactly one way (HTML, "serialization of an origin"; RFC 6454 section 6.2): lower
//! case, no default port, A-labels, canonical addresses. [`Origin::parse`] accepts that form and nothing else, on the
//! bytes of the request, without allocating. It must never repair: whatever needs repair was not sent by a browser.

use std::fmt::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest value of an `Origin` header that can match anything: a scheme of 64 bytes, `://`, a host of 253, `:65535`.
pub const MAX_ORIGIN_LEN: usize = 326;

/// Longest scheme of an origin.
pub const MAX_SCHEME_LEN: usize = 64;

/// Longest host of an origin (RFC 1035 section 2.3.4, as text).
pub const MAX_HOST_LEN: usize = 253;

/// Longest label of a host (RFC 1035 section 2.3.4).
pub const MAX_LABEL_LEN: usize = 63;

/// Schemes whose documents have an opaque origin, serialised as `null`, or that never are the origin of a document.
const NEVER_SENT: [&[u8]; 11] = [
    b"about",
    b"blob",
    b"data",
    b"file",
    b"filesystem",
    b"ftp",
    b"javascript",
    b"mailto",
    b"view-source",
    b"ws",
    b"wss",
];

/// A serialised tuple origin, e.g. `https://app.example.com:8443`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'o> {
    text: &'o [u8],
    scheme_len: usize,
    host_end: usize,
}

impl<'o> Origin<'o> {
    /// Reads the bytes of one `Origin` header.
    ///
    /// `None` for `null` and for whatever no browser sends. Whether an A-label decodes is not looked at: that would
    /// take a table walk, and nothing is admitted by it that an operator's own wildcard does not cover.
    #[inline]
    pub fn parse(text: &'o [u8]) -> Option<Self> {
        if text.len() > MAX_ORIGIN_LEN {
            return None;
        }
        let (scheme_len, default_port) = parse_scheme(text)?;
        let host_start = scheme_len + SEPARATOR.len();
        let authority = text.get(host_start..)?;
        let host_len = if authority.first() == Some(&b'[') {
            parse_ipv6(authority)?
        } else {
            parse_host(authority, default_port.is_some())?
        };
        let host_end = host_start + host_len;
        let port = text.get(host_end..)?;
        is_port_suffix(port, default_port).then_some(Self {
            text,
            scheme_len,
            host_end,
        })
    }

    /// The scheme, e.g. `https`.
    pub fn scheme(&self) -> &'o [u8] {
        self.text.get(..self.scheme_len).unwrap_or_default()
    }

    /// The host, an IPv6 address with its brackets.
    pub fn host(&self) -> &'o [u8] {
        let start = self.scheme_len + SEPARATOR.len();
        self.text.get(start..self.host_end).unwrap_or_default()
    }

    /// Host and port, e.g. `app.example.com:8443`.
    pub fn host_and_port(&self) -> &'o [u8] {
        let start = self.scheme_len + SEPARATOR.len();
        self.text.get(start..).unwrap_or_default()
    }

    /// All but the port, e.g. `https://app.example.com`.
    pub fn without_port(&self) -> &'o [u8] {
        self.text.get(..self.host_end).unwrap_or_default()
    }

    /// Whether a port is written, which then is not the scheme's default.
    pub fn has_port(&self) -> bool {
        self.host_end < self.text.len()
    }
}

/// Whether a scheme (lower case) can never stand in an `Origin` header.
pub fn is_never_sent(scheme: &[u8]) -> bool {
    NEVER_SENT.contains(&scheme)
}

/// Whether text is a scheme (RFC 3986 section 3.1) in lower case, not too long.
pub fn is_scheme(text: &[u8]) -> bool {
    text.len() <= MAX_SCHEME_LEN
        && text.first().is_some_and(u8::is_ascii_lowercase)
        && text
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(byte))
}

/// The port that browsers leave out (URL Standard, "default port").
pub fn default_port(scheme: &[u8]) -> Option<u16> {
    match scheme {
        b"http" => Some(80),
        b"https" => Some(443),
        _ => None,
    }
}

/// Whether a host's last label makes it an address (URL Standard, "ends in a number checker").
pub fn ends_in_a_number(host: &[u8]) -> bool {
    let host = host.strip_suffix(b".").unwrap_or(host);
    let last = host.rsplit(|byte| *byte == b'.').next().unwrap_or(host);
    match last {
        [b'0', b'x', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
        [] => false,
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

const SEPARATOR: &[u8] = b"://";

/// The scheme's length and its default port; only http and https have one.
#[inline]
fn parse_scheme(text: &[u8]) -> Option<(usize, Option<u16>)> {
    if text.starts_with(b"https://") {
        return Some((5, Some(443)));
    }
    if text.starts_with(b"http://") {
        return Some((4, Some(80)));
    }
    let len = text.iter().position(|byte| *byte == b':')?;
    let (scheme, rest) = text.split_at(len);
    let is_fine = rest.starts_with(SEPARATOR) && is_scheme(scheme) && !is_never_sent(scheme);
    is_fine.then_some((len, None))
}

/// What a byte means in a host.
#[derive(Clone, Copy)]
enum HostByte {
    Label,
    Dot,
    Colon,
    Other,
}

const HOST_BYTES: [HostByte; 256] = {
    let mut table = [HostByte::Other; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] = match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => HostByte::Label,
            b'.' => HostByte::Dot,
            b':' => HostByte::Colon,
            _ => HostByte::Other,
        };
        byte += 1;
    }
    table
};

/// The length of the host at the start of `authority`: labels of 1 to 63 of `a-z 0-9 - _`, or a canonical IPv4 address.
#[inline]
fn parse_host(authority: &[u8], is_special: bool) -> Option<usize> {
    let mut label_start = 0;
    let mut last_label = 0;
    let mut end = authority.len();
    for (index, byte) in authority.iter().enumerate() {
        match HOST_BYTES[usize::from(*byte)] {
            HostByte::Label => {}
            HostByte::Dot => {
                check_label(authority.get(label_start..index)?)?;
                last_label = label_start;
                label_start = index + 1;
            }
            HostByte::Colon => {
                end = index;
                break;
            }
            HostByte::Other => return None,
        }
    }
    let host = authority.get(..end)?;
    // A host may end in one dot: another host, for a browser, than the one without.
    if label_start < end {
        check_label(host.get(label_start..)?)?;
        last_label = label_start;
    } else if end == 0 {
        return None;
    }
    if end > MAX_HOST_LEN {
        return None;
    }
    let is_number = host.get(last_label).is_some_and(u8::is_ascii_digit) && ends_in_a_number(host);
    if is_special && is_number && !is_ipv4(host) {
        return None;
    }
    Some(end)
}

#[inline]
fn check_label(label: &[u8]) -> Option<()> {
    let is_fine = label.len() <= MAX_LABEL_LEN && *label.first()? != b'-' && *label.last()? != b'-';
    is_fine.then_some(())
}

/// Whether text is four decimal numbers without leading zeros.
fn is_ipv4(host: &[u8]) -> bool {
    str::from_utf8(host).is_ok_and(|host| host.parse::<Ipv4Addr>().is_ok())
}

/// The length of the bracketed address at the start of `authority`, where it is written as browsers write it.
fn parse_ipv6(authority: &[u8]) -> Option<usize> {
    let end = authority.iter().position(|byte| *byte == b']')? + 1;
    let host = str::from_utf8(authority.get(..end)?).ok()?;
    let address: Ipv6Addr = host.get(1..end - 1)?.parse().ok()?;
    let mut canonical = Expected::new(host);
    write!(canonical, "{}", url::Host::<&str>::Ipv6(address)).ok()?;
    canonical.is_complete().then_some(end)
}

/// Compares what is written with a text, without a buffer.
struct Expected<'t>(&'t str);

impl<'t> Expected<'t> {
    fn new(text: &'t str) -> Self {
        Self(text)
    }

    fn is_complete(&self) -> bool {
        self.0.is_empty()
    }
}

impl Write for Expected<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Whether text is empty or `:` and a port as browsers write it: 1 to 65535, no leading zero, not the default one.
#[inline]
fn is_port_suffix(text: &[u8], default_port: Option<u16>) -> bool {
    let Some((colon, digits)) = text.split_first() else {
        return true;
    };
    let is_empty_or_padded = digits.first().is_none_or(|digit| *digit == b'0');
    if *colon != b':' || is_empty_or_padded || digits.len() > 5 {
        return false;
    }
    let mut port = 0_u32;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return false;
        }
        port = port * 10 + u32::from(digit - b'0');
    }
    u16::try_from(port).is_ok_and(|port| Some(port) != default_port)
}
