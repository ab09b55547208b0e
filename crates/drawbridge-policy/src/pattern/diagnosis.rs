//! Why a text is not a pattern, and which pattern was probably meant.
//!
//! Reads leniently what [`OriginPattern::parse`] has refused. Every problem of one text is found in one go; what was
//! meant is offered only where it follows from the text, and it has passed the strict parser itself.

use crate::origin::{default_port, is_never_sent, is_scheme};
use crate::pattern::{ExtensionScheme, OriginPattern};
use crate::pattern::context::Finding;
use crate::pattern::host::{address_without_brackets, is_loopback_name, read_host};
use crate::pattern::regex::{from_regex, is_regex};

/// Longest excerpt of a text in a message, in characters.
const MAX_QUOTE: usize = 80;

/// What is wrong with one text.
#[derive(Debug, Default)]
pub(super) struct Diagnosis {
    /// Never empty.
    pub(super) findings: Vec<Finding>,
    /// The pattern that was probably meant.
    pub(super) meant: Option<OriginPattern>,
}

/// Finds out what is wrong with a text that is not a pattern.
pub(super) fn diagnose(text: &str) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let meant = diagnosis.read(text);
    diagnosis.meant = meant.and_then(|meant| OriginPattern::parse(&meant));
    if diagnosis.findings.is_empty() {
        let detail = format!("{} is not an origin that a browser sends", quote(text));
        diagnosis.find("origin_malformed", detail);
    }
    diagnosis
}

/// Text for a message: between backticks, control characters spelled out, cut where it is long.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("`");
    for (index, character) in text.chars().enumerate() {
        if index == MAX_QUOTE {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('`');
    quoted
}

impl Diagnosis {
    pub(super) fn find(&mut self, code: &'static str, detail: impl Into<String>) {
        if !self.findings.iter().any(|finding| finding.code == code) {
            self.findings.push(Finding::new(code, detail));
        }
    }

    fn read(&mut self, text: &str) -> Option<String> {
        let trimmed = self.trim(text);
        if trimmed.is_empty() {
            self.find("origin_empty", "an empty text is no origin; remove the entry");
            return None;
        }
        if trimmed.eq_ignore_ascii_case("null") {
            let detail = "`null` cannot be listed: every sandboxed document, local file and redirected request of any \
                          site sends it; only `*` covers it";
            self.find("origin_null", detail);
            return None;
        }
        if trimmed == "*" {
            return Some(trimmed.to_owned());
        }
        if ["${", "{{", "://{"].iter().any(|mark| trimmed.contains(mark)) {
            let detail = format!("{} has a placeholder that nobody filled in", quote(trimmed));
            self.find("origin_placeholder", detail);
            return None;
        }
        let trimmed = self.skip_opaque_scheme(trimmed)?;
        if is_regex(trimmed) {
            let detail = "regular expressions are not supported, since one missing `\\` or `$` admits foreign sites; \
                          `https://*.example.com` admits all subdomains";
            self.find("origin_regex", detail);
            return from_regex(trimmed);
        }
        if trimmed.contains(|character: char| character.is_whitespace() || ",;|".contains(character)) {
            let detail = format!("{} holds several origins; give each its own entry", quote(trimmed));
            self.find("several_origins", detail);
            return None;
        }
        self.read_pattern(trimmed)
    }

    /// Cuts off what can only have got there by accident.
    fn trim<'t>(&mut self, text: &'t str) -> &'t str {
        if text.chars().any(|character| character.is_control()) {
            let detail = format!("{} has control characters, which no origin has", quote(text));
            self.find("origin_control_character", detail);
        }
        let is_blank = |character: char| character.is_whitespace() || character.is_control();
        let trimmed = text.trim_matches(is_blank);
        let visible = text.trim_matches(char::is_control);
        if visible.trim() != visible {
            let detail = format!("{} has space around it, so that it would never match", quote(text));
            self.find("origin_surrounding_space", detail);
        }
        let bare = trimmed.trim_matches(|character| "\"'`<>,;".contains(character) || is_blank(character));
        if bare != trimmed {
            let detail = format!("{} has quotes or separators around the origin", quote(trimmed));
            self.find("origin_stray_character", detail);
        }
        bare
    }

    fn read_pattern(&mut self, text: &str) -> Option<String> {
        let (scheme, rest) = self.read_scheme(text)?;
        let authority = self.read_authority(rest);
        let (host, port) = self.read_port(authority, scheme.as_deref());
        let host = read_host(self, host, scheme.as_deref(), port.as_deref());
        match host?.as_str() {
            "*" => match ExtensionScheme::parse(&scheme?) {
                Some(scheme) => Some(OriginPattern::AnyExtension(scheme).to_string()),
                None => Some("*".to_owned()),
            },
            host if host.starts_with("*.") && port.as_deref() == Some(":*") => {
                Some(format!("{}://{host}", scheme?))
            }
            host => Some(format!("{}://{host}{}", scheme?, port?)),
        }
    }

    /// The scheme, where one is given or follows from the host, and what stands behind it.
    fn read_scheme<'t>(&mut self, text: &'t str) -> Option<(Option<String>, &'t str)> {
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
                self.find_bad_separator();
            }
            return Some((self.check_scheme(scheme), host));
        }
        if let Some((scheme, rest)) = split_slack_separator(text) {
            self.find_bad_separator();
            return Some((Some(scheme.to_owned()), rest));
        }
        let rest = text.trim_start_matches('/');
        let detail = format!(
            "{} has no scheme; an origin is scheme, host and port, as in `https://app.example.com`",
            quote(text)
        );
        self.find("origin_without_scheme", detail);
        let scheme = if is_loopback_name(rest) { "http" } else { "https" };
        Some((Some(scheme.to_owned()), rest))
    }

    fn find_bad_separator(&mut self) {
        let detail = "between scheme and host stands exactly `://`";
        self.find("origin_bad_separator", detail);
    }

    /// Skips `blob:` and the like before an origin; `None` where nothing but such a scheme is there.
    fn skip_opaque_scheme<'t>(&mut self, text: &'t str) -> Option<&'t str> {
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
        self.find("origin_scheme_never_sent", detail);
        let holds_origin = rest.starts_with("https://") || rest.starts_with("http://");
        holds_origin.then_some(rest)
    }

    fn check_scheme(&mut self, scheme: &str) -> Option<String> {
        let lower = scheme.to_ascii_lowercase();
        if lower != scheme {
            self.find_upper_case();
        }
        if scheme.contains('*') {
            let detail = "the scheme cannot be a wildcard: it would admit plain http, over which anyone on the network \
                          path can speak for the host";
            self.find("origin_wildcard_scheme", detail);
            return Some("https".to_owned());
        }
        if is_never_sent(lower.as_bytes()) {
            let detail = format!("no browser sends `{lower}` as the scheme of an origin; name the scheme of the page");
            self.find("origin_scheme_never_sent", detail);
            return match lower.as_str() {
                "ws" => Some("http".to_owned()),
                "wss" => Some("https".to_owned()),
                _ => None,
            };
        }
        if !is_scheme(lower.as_bytes()) {
            let detail = format!("{} is not a scheme", quote(scheme));
            self.find("origin_bad_scheme", detail);
            return None;
        }
        Some(lower)
    }

    pub(super) fn find_upper_case(&mut self) {
        let detail = "browsers send origins in lower case; with an upper-case letter it would never match";
        self.find("origin_upper_case", detail);
    }

    /// Host and port, without what does not belong to an origin.
    fn read_authority<'t>(&mut self, rest: &'t str) -> &'t str {
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (tail, fragment) = tail.split_once('#').map_or((tail, None), |(tail, it)| (tail, Some(it)));
        let (path, query) = tail.split_once('?').map_or((tail, None), |(path, it)| (path, Some(it)));
        if path == "/" {
            let detail = "an origin ends before the first slash; with a trailing slash it would never match";
            self.find("origin_trailing_slash", detail);
        } else if !path.is_empty() {
            self.find_part("origin_has_path", "path", path);
        }
        if let Some(query) = query {
            self.find_part("origin_has_query", "query", query);
        }
        if let Some(fragment) = fragment {
            self.find_part("origin_has_fragment", "fragment", fragment);
        }
        let Some((_, host)) = authority.rsplit_once('@') else {
            return authority;
        };
        let detail = "an origin has no user info; browsers leave it out, so that it would never match";
        self.find("origin_user_info", detail);
        host
    }

    fn find_part(&mut self, code: &'static str, part: &str, text: &str) {
        let detail = format!(
            "an origin has no {part}; browsers send scheme, host and port only, so that {} would never match",
            quote(text)
        );
        self.find(code, detail);
    }

    /// The host, and `:port` in the form that belongs into an origin; `None` where that cannot be known.
    fn read_port<'t>(&mut self, authority: &'t str, scheme: Option<&str>) -> (&'t str, Option<String>) {
        if let Some((host, port)) = address_without_brackets(authority) {
            return (host, Some(port.map_or_else(String::new, |port| format!(":{port}"))));
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
            self.find_bad_port(port);
            return (host, None);
        };
        (host, self.check_port(port, scheme))
    }

    fn check_port(&mut self, port: &str, scheme: Option<&str>) -> Option<String> {
        if port == "*" {
            return Some(":*".to_owned());
        }
        if port.contains('*') && !port.contains(':') {
            let detail = "a port is a number, or `*` for any; a part of it cannot be a wildcard";
            self.find("origin_wildcard_port", detail);
            return Some(":*".to_owned());
        }
        let digits = port.trim_start_matches('0');
        let number = digits.parse::<u16>().ok();
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        if digits.len() < port.len() || number.is_none() || !is_number {
            self.find_bad_port(port);
        }
        if port.is_empty() {
            return Some(String::new());
        }
        let number = number.filter(|_| is_number)?;
        if scheme.and_then(|scheme| default_port(scheme.as_bytes())) == Some(number) {
            let detail = format!("browsers leave out the scheme's default port; with `:{number}` it would never match");
            self.find("origin_default_port", detail);
            return Some(String::new());
        }
        Some(format!(":{number}"))
    }

    fn find_bad_port(&mut self, port: &str) {
        let detail = format!(
            "{} is not a port as browsers write it: a number from 1 to 65535 without leading zeros",
            quote(port)
        );
        self.find("origin_bad_port", detail);
    }
}

/// Takes apart `https:/host`, `https:host` and `https//host`.
fn split_slack_separator(text: &str) -> Option<(&'static str, &str)> {
    ["https", "http"].into_iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        let rest = text.get(scheme.len()..)?;
        let host = rest.strip_prefix(':').unwrap_or(rest).trim_start_matches('/');
        let is_separated = rest.starts_with(':') || rest.starts_with("//");
        let is_port = host.bytes().all(|byte| byte.is_ascii_digit());
        (head.eq_ignore_ascii_case(scheme) && is_separated && !is_port).then_some((scheme, host))
    })
}
