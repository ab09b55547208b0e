//! What stands behind the scheme of a text that is not a pattern: user info, port, path, query and fragment.

use crate::origin::default_port;
use crate::pattern::diagnosis::Diagnosis;
use crate::pattern::host::address_without_brackets;
use crate::quote::quote;

/// Host and port, without what does not belong to an origin.
pub(super) fn read_authority<'t>(diagnosis: &mut Diagnosis, rest: &'t str) -> &'t str {
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (tail, fragment) = tail
        .split_once('#')
        .map_or((tail, None), |(tail, it)| (tail, Some(it)));
    let (path, query) = tail
        .split_once('?')
        .map_or((tail, None), |(path, it)| (path, Some(it)));
    if path == "/" {
        let detail =
            "an origin ends before the first slash; with a trailing slash it would never match";
        diagnosis.find("origin_trailing_slash", detail);
    } else if !path.is_empty() {
        find_part(diagnosis, "origin_has_path", "path", path);
    }
    if let Some(query) = query {
        find_part(diagnosis, "origin_has_query", "query", query);
    }
    if let Some(fragment) = fragment {
        find_part(diagnosis, "origin_has_fragment", "fragment", fragment);
    }
    let Some((_, host)) = authority.rsplit_once('@') else {
        return authority;
    };
    let detail = "an origin has no user info; browsers leave it out, so that it would never match";
    diagnosis.find("origin_user_info", detail);
    host
}

fn find_part(diagnosis: &mut Diagnosis, code: &'static str, part: &str, text: &str) {
    let detail = format!(
        "an origin has no {part}; browsers send scheme, host and port only, so that {} would never match",
        quote(text)
    );
    diagnosis.find(code, detail);
}

/// The host, and `:port` in the form that belongs into an origin; `None` where that cannot be known.
pub(super) fn read_port<'t>(
    diagnosis: &mut Diagnosis,
    authority: &'t str,
    scheme: Option<&str>,
) -> (&'t str, Option<String>) {
    if let Some((host, port)) = address_without_brackets(authority) {
        return (
            host,
            Some(port.map_or_else(String::new, |port| format!(":{port}"))),
        );
    }
    let port_start = match authority.rfind(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(port_start);
    if port.is_empty() {
        return (host, Some(String::new()));
    }
    let Some(port) = port.strip_prefix(':') else {
        find_bad_port(diagnosis, port);
        return (host, None);
    };
    (host, check_port(diagnosis, port, scheme))
}

fn check_port(diagnosis: &mut Diagnosis, port: &str, scheme: Option<&str>) -> Option<String> {
    if port == "*" {
        return Some(":*".to_owned());
    }
    if port.contains('*') && !port.contains(':') {
        let detail = "a port is a number, or `*` for any; a part of it cannot be a wildcard";
        diagnosis.find("origin_wildcard_port", detail);
        return Some(":*".to_owned());
    }
    let digits = port.trim_start_matches('0');
    let number = digits.parse::<u16>().ok();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    if digits.len() < port.len() || number.is_none() || !is_number {
        find_bad_port(diagnosis, port);
    }
    if port.is_empty() {
        return Some(String::new());
    }
    let number = number.filter(|_| is_number)?;
    if scheme.and_then(|scheme| default_port(scheme.as_bytes())) == Some(number) {
        let detail = format!(
            "browsers leave out the scheme's default port; with `:{number}` it would never match"
        );
        diagnosis.find("origin_default_port", detail);
        return Some(String::new());
    }
    Some(format!(":{number}"))
}

fn find_bad_port(diagnosis: &mut Diagnosis, port: &str) {
    let detail = format!(
        "{} is not a port as browsers write it: a number from 1 to 65535 without leading zeros",
        quote(port)
    );
    diagnosis.find("origin_bad_port", detail);
}
