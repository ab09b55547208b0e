//! The scheme of a text that is not a pattern.

use crate::origin::{is_never_sent, is_scheme};
use crate::pattern::diagnosis::Diagnosis;
use crate::pattern::host::is_loopback_name;
use crate::quote::quote;

/// The scheme, where one is given or follows from the host, and what stands behind it.
pub(super) fn read_scheme<'t>(
    diagnosis: &mut Diagnosis,
    text: &'t str,
) -> Option<(Option<String>, &'t str)> {
    let is_schemelike = |scheme: &str| {
        scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-._*".contains(&byte))
    };
    if let Some((scheme, rest)) = text.split_once("://")
        && is_schemelike(scheme)
    {
        let host = rest.trim_start_matches('/');
        if host.len() < rest.len() {
            find_bad_separator(diagnosis);
        }
        return Some((check_scheme(diagnosis, scheme), host));
    }
    if let Some((scheme, rest)) = split_slack_separator(text) {
        find_bad_separator(diagnosis);
        return Some((Some(scheme.to_owned()), rest));
    }
    let rest = text.trim_start_matches('/');
    let detail = format!(
        "{} has no scheme; an origin is scheme, host and port, as in `https://app.example.com`",
        quote(text)
    );
    diagnosis.find("origin_without_scheme", detail);
    Some((scheme_of(rest).map(str::to_owned), rest))
}

fn find_bad_separator(diagnosis: &mut Diagnosis) {
    let detail = "between scheme and host stands exactly `://`";
    diagnosis.find("origin_bad_separator", detail);
}

/// Skips `blob:` and the like before an origin; `None` where nothing but such a scheme is there.
pub(super) fn skip_opaque_scheme<'t>(diagnosis: &mut Diagnosis, text: &'t str) -> Option<&'t str> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Some(text);
    };
    let scheme = scheme.to_ascii_lowercase();
    let has_host = ["ws", "wss", "ftp"].contains(&scheme.as_str());
    if has_host || !is_never_sent(scheme.as_bytes()) {
        return Some(text);
    }
    let detail = format!(
        "no browser sends `{scheme}:` as an origin: such documents send `null`, or the origin of the page that made \
         them"
    );
    diagnosis.find("origin_scheme_never_sent", detail);
    let holds_origin = rest.starts_with("https://") || rest.starts_with("http://");
    holds_origin.then_some(rest)
}

fn check_scheme(diagnosis: &mut Diagnosis, scheme: &str) -> Option<String> {
    let lower = scheme.to_ascii_lowercase();
    if lower != scheme {
        diagnosis.find_upper_case();
    }
    if scheme.contains('*') {
        let detail = "the scheme cannot be a wildcard: it would admit plain http, over which anyone on the network \
                      path can speak for the host";
        diagnosis.find("origin_wildcard_scheme", detail);
        return Some("https".to_owned());
    }
    if is_never_sent(lower.as_bytes()) {
        let detail = format!(
            "no browser sends `{lower}` as the scheme of an origin; name the scheme of the page"
        );
        diagnosis.find("origin_scheme_never_sent", detail);
        return match lower.as_str() {
            "ws" => Some("http".to_owned()),
            "wss" => Some("https".to_owned()),
            _ => None,
        };
    }
    if !is_scheme(lower.as_bytes()) {
        let detail = format!("{} is not a scheme", quote(scheme));
        diagnosis.find("origin_bad_scheme", detail);
        return None;
    }
    Some(lower)
}

/// The scheme that a host without one was probably meant with; a single word could be anything.
fn scheme_of(host: &str) -> Option<&'static str> {
    if is_loopback_name(host) {
        Some("http")
    } else if host.contains(['.', '[']) || host.contains("::") {
        Some("https")
    } else {
        None
    }
}

/// Takes apart `https:/host`, `https:host` and `https//host`.
fn split_slack_separator(text: &str) -> Option<(&'static str, &str)> {
    ["https", "http"].into_iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        let rest = text.get(scheme.len()..)?;
        let host = rest
            .strip_prefix(':')
            .unwrap_or(rest)
            .trim_start_matches('/');
        let is_separated = rest.starts_with(':') || rest.starts_with("//");
        let is_port = host.bytes().all(|byte| byte.is_ascii_digit());
        (head.eq_ignore_ascii_case(scheme) && is_separated && !is_port).then_some((scheme, host))
    })
}
