//! What is wrong with the host of a text that is not a pattern.

use std::net::{IpAddr, Ipv6Addr};

use url::Host;

use crate::origin::{MAX_HOST_LEN, MAX_LABEL_LEN, ends_in_a_number};
use crate::pattern::ExtensionScheme;
use crate::pattern::diagnosis::Diagnosis;
use crate::quote::quote;

/// The host in the form that belongs into a pattern, with its wildcard; `*` where the whole text should be that.
pub(super) fn read_host(
    diagnosis: &mut Diagnosis,
    host: &str,
    scheme: Option<&str>,
    port: Option<&str>,
) -> Option<String> {
    if host.is_empty() {
        diagnosis.find("origin_without_host", "an origin needs a host");
        return None;
    }
    let is_domain = scheme.is_none_or(|scheme| matches!(scheme, "http" | "https"));
    if host == "*" {
        return read_bare_wildcard(diagnosis, scheme, port);
    }
    let (wildcard, base) = match host.strip_prefix("*.") {
        Some(base) => ("*.", base),
        None => ("", host),
    };
    if base.contains('*') {
        find_wildcard_position(diagnosis, host);
        let base = host.strip_prefix('*').filter(|_| wildcard.is_empty())?;
        let is_glued = !base.contains('*') && !base.starts_with('.');
        return is_glued.then(|| format!("*.{base}"));
    }
    if !wildcard.is_empty() && !is_domain {
        let detail =
            "only http and https have subdomains; list the origin, as in `tauri://localhost`";
        diagnosis.find("origin_wildcard_position", detail);
        return None;
    }
    if !wildcard.is_empty() && port == Some(":*") {
        let detail =
            "any subdomain and any port cannot stand together; list the port, or leave it out";
        diagnosis.find("origin_wildcard_host_and_port", detail);
    }
    let base = if is_domain {
        read_domain(diagnosis, base, !wildcard.is_empty())?
    } else {
        read_opaque_host(diagnosis, base)?
    };
    Some(format!("{wildcard}{base}"))
}

/// `https://*`, `tauri://*`, or `chrome-extension://*` with something around it.
fn read_bare_wildcard(
    diagnosis: &mut Diagnosis,
    scheme: Option<&str>,
    port: Option<&str>,
) -> Option<String> {
    let scheme = scheme?;
    if matches!(scheme, "http" | "https") {
        let detail = "a wildcard for the whole host admits every site of that scheme; where that is meant, it is `*`";
        diagnosis.find("origin_wildcard_host", detail);
        return Some("*".to_owned());
    }
    if ExtensionScheme::parse(scheme).is_none() {
        let detail = "a wildcard for the whole host is there for `chrome-extension://*` and `moz-extension://*` only";
        diagnosis.find("origin_wildcard_host", detail);
        return None;
    }
    if port != Some("") {
        diagnosis.find("origin_bad_port", "an extension's origin has no port");
    }
    Some("*".to_owned())
}

fn find_wildcard_position(diagnosis: &mut Diagnosis, host: &str) {
    let detail = format!(
        "in {} the `*` would match what others can register; it can stand only as the whole first label, as in \
         `https://*.example.com`",
        quote(host)
    );
    diagnosis.find("origin_wildcard_position", detail);
}

/// The host of http and https: a domain or an address, in the form that the URL Standard's host parser makes of it.
fn read_domain(diagnosis: &mut Diagnosis, host: &str, is_wildcard: bool) -> Option<String> {
    let known = diagnosis.findings.len();
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        diagnosis.find_upper_case();
    }
    if !host.is_ascii() {
        let detail = "browsers send internationalised names as A-labels (`xn--…`); in this form it would never match";
        diagnosis.find("origin_non_ascii", detail);
    }
    let bracketed = match host.parse::<Ipv6Addr>() {
        Ok(_) => {
            let detail = "an IPv6 address stands between brackets";
            diagnosis.find("origin_address_without_brackets", detail);
            format!("[{host}]")
        }
        Err(_) => host.to_owned(),
    };
    if let Ok(canonical) = Host::parse(&bracketed) {
        return read_canonical(diagnosis, &bracketed, &canonical, is_wildcard);
    }
    check_labels(diagnosis, host);
    if diagnosis.findings.len() == known || has_only_bad_form(diagnosis, known) {
        find_unreadable(diagnosis, host);
    }
    None
}

/// Whether nothing that was found since explains why the host cannot be read at all.
fn has_only_bad_form(diagnosis: &Diagnosis, known: usize) -> bool {
    diagnosis
        .findings
        .iter()
        .skip(known)
        .all(|finding| matches!(finding.code, "origin_upper_case" | "origin_non_ascii"))
}

fn find_unreadable(diagnosis: &mut Diagnosis, host: &str) {
    let lower = host.to_ascii_lowercase();
    let quoted = quote(host);
    if lower.starts_with('[') || ends_in_a_number(lower.as_bytes()) {
        let detail = format!("{quoted} is not an address that a browser can open");
        diagnosis.find("origin_bad_address", detail);
    } else if lower.split('.').any(|label| label.starts_with("xn--")) {
        let detail = format!("{quoted} has an A-label that does not decode; no browser opens it");
        diagnosis.find("origin_bad_a_label", detail);
    } else {
        find_bad_character(diagnosis, host);
    }
}

fn find_bad_character(diagnosis: &mut Diagnosis, host: &str) {
    let detail = format!("{} has characters that no host has", quote(host));
    diagnosis.find("origin_bad_host", detail);
}

fn read_canonical(
    diagnosis: &mut Diagnosis,
    host: &str,
    canonical: &Host<String>,
    is_wildcard: bool,
) -> Option<String> {
    let text = canonical.to_string();
    if let Host::Domain(domain) = canonical {
        let longest = if is_wildcard {
            MAX_HOST_LEN - "a.".len()
        } else {
            MAX_HOST_LEN
        };
        if domain.len() > longest {
            let detail = format!(
                "a host has at most {MAX_HOST_LEN} characters; what a wildcard stands for included"
            );
            diagnosis.find("origin_host_too_long", detail);
        }
        let is_decoded = host.is_ascii() && *domain != host.to_ascii_lowercase();
        if is_decoded || !has_host_characters(domain) {
            find_bad_character(diagnosis, host);
        }
        let is_fine = check_labels(diagnosis, domain) && domain.len() <= longest;
        return is_fine.then_some(text);
    }
    if is_wildcard {
        let detail = format!(
            "{} is an address; addresses have no subdomains",
            quote(host)
        );
        diagnosis.find("origin_wildcard_over_address", detail);
        return None;
    }
    if host.to_ascii_lowercase() != text {
        let detail =
            format!("browsers send this address as `{text}`; in another form it would never match");
        diagnosis.find("origin_address_not_canonical", detail);
    }
    // A browser reads `010` as octal 8; whoever wrote it meant 10 as a rule. Nothing can be derived.
    let is_ambiguous = host.split('.').any(|part| {
        part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    (!is_ambiguous).then_some(text)
}

/// The host of any other scheme, which browsers take as it is.
fn read_opaque_host(diagnosis: &mut Diagnosis, host: &str) -> Option<String> {
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        diagnosis.find_upper_case();
    }
    let host = host.to_ascii_lowercase();
    if !has_host_characters(&host) {
        find_bad_character(diagnosis, &host);
        return None;
    }
    check_labels(diagnosis, &host).then_some(host)
}

fn has_host_characters(host: &str) -> bool {
    host.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte))
}

/// Whether the lengths and edges of host and labels are within bounds; a dot at the end is.
fn check_labels(diagnosis: &mut Diagnosis, host: &str) -> bool {
    let known = diagnosis.findings.len();
    let labels = host.strip_suffix('.').unwrap_or(host);
    if host.len() > MAX_HOST_LEN {
        let detail = format!("a host has at most {MAX_HOST_LEN} characters");
        diagnosis.find("origin_host_too_long", detail);
    }
    for label in labels.split('.') {
        if label.is_empty() {
            let detail = format!(
                "{} has an empty label: two dots in a row, or one at the start",
                quote(host)
            );
            diagnosis.find("origin_empty_label", detail);
        } else if label.len() > MAX_LABEL_LEN {
            let detail = format!(
                "{} has more than {MAX_LABEL_LEN} characters, the most that a label has",
                quote(label)
            );
            diagnosis.find("origin_label_too_long", detail);
        } else if label.starts_with('-') || label.ends_with('-') {
            let detail = format!("the label {} begins or ends with a hyphen", quote(label));
            diagnosis.find("origin_label_hyphen", detail);
        }
    }
    diagnosis.findings.len() == known
}

/// Address and port of `::1` and `::1:3000`: an IPv6 address that lacks its brackets.
pub(super) fn address_without_brackets(authority: &str) -> Option<(&str, Option<&str>)> {
    let is_address = |text: &str| text.parse::<Ipv6Addr>().is_ok();
    if let Some((address, port)) = authority.rsplit_once(':')
        && is_address(address)
        && port
            .parse::<u16>()
            .is_ok_and(|number| number.to_string() == port)
    {
        return Some((address, Some(port)));
    }
    is_address(authority).then_some((authority, None))
}

/// Whether a text without a scheme begins with a name or address of the own machine.
pub(super) fn is_loopback_name(text: &str) -> bool {
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match address_without_brackets(authority) {
        Some((address, _)) => address,
        None => match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        },
    };
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
