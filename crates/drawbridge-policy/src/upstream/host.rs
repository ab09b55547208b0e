//! The host of a base URL.
//!
//! Must never take for a name what another program takes for an address: `0x7f.1`, `2852039166` and `127.1` are
//! addresses to `inet_aton` and to browsers (WHATWG URL Standard, "ends in a number").

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::fault::Fault;
use super::{UpstreamHost, forbidden_upstream_address};

/// Names of metadata services. Other names that lead there are refused by their addresses when connecting.
const METADATA_NAMES: [&str; 2] = ["metadata.google.internal", "metadata.goog"];

/// Reads the host of an authority without user info and port.
pub(super) fn read(text: &str) -> Result<UpstreamHost, Fault> {
    if text.is_empty() {
        return Err(Fault::NoHost);
    }
    if let Some(address) = text.strip_prefix('[') {
        return read_v6(address.strip_suffix(']'), text);
    }
    if !text.is_ascii() {
        return Err(Fault::HostNotAscii(text.to_owned()));
    }
    if text.contains('%') {
        return Err(Fault::HostEncoded(text.to_owned()));
    }
    let name = text.to_ascii_lowercase();
    let labels = name.strip_suffix('.').unwrap_or(&name);
    if ends_in_a_number(labels) {
        return read_v4(text);
    }
    if METADATA_NAMES.contains(&labels) {
        return Err(Fault::Forbidden {
            host: text.to_owned(),
            reason: "the name of a cloud metadata service",
        });
    }
    let is_name = labels.len() <= 253 && labels.split('.').all(is_label);
    if !is_name || !has_sound_a_labels(&name) {
        return Err(Fault::Host(text.to_owned()));
    }
    Ok(UpstreamHost::Name(name.into()))
}

fn read_v4(text: &str) -> Result<UpstreamHost, Fault> {
    // std reads dotted decimal without leading zeros, and nothing else.
    let address: Ipv4Addr = text
        .parse()
        .map_err(|_| Fault::AddressNotCanonical(text.to_owned()))?;
    admit(address.into(), text)
}

fn read_v6(address: Option<&str>, text: &str) -> Result<UpstreamHost, Fault> {
    let fault = || Fault::Host(text.to_owned());
    let written = address.ok_or_else(fault)?;
    let address: Ipv6Addr = written.parse().map_err(|_| fault())?;
    let host = admit(address.into(), text)?;
    if address.to_ipv4_mapped().is_some() || address.to_string() != written {
        return Err(Fault::AddressNotCanonical(text.to_owned()));
    }
    Ok(host)
}

fn admit(address: IpAddr, text: &str) -> Result<UpstreamHost, Fault> {
    match forbidden_upstream_address(address) {
        Some(reason) => Err(Fault::Forbidden {
            host: text.to_owned(),
            reason,
        }),
        None => Ok(UpstreamHost::Ip(address)),
    }
}

/// WHATWG URL Standard, "ends-in-a-number checker", on a lower-case name without trailing dot.
fn ends_in_a_number(labels: &str) -> bool {
    let last = labels.rsplit('.').next().unwrap_or(labels);
    let is_hex = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_hex || !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// A label as DNS has them, and with `_`, which names of containers often have.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whether every `xn--` label is what Unicode processing makes of its own name (UTS #46).
fn has_sound_a_labels(name: &str) -> bool {
    !name.contains("xn--")
        || url::Host::parse(name).is_ok_and(|host| host == url::Host::Domain(name.to_owned()))
}
