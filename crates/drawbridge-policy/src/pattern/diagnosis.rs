//! Why a text is not a pattern, and which pattern was probably meant.
//!
//! Reads leniently what [`OriginPattern::parse`] has refused. Every problem of one text is found in one go; what was
//! meant is offered only where it follows from the text, and it has passed the strict parser itself.

use crate::origin::MAX_ORIGIN_LEN;
use crate::pattern::authority::{read_authority, read_port};
use crate::pattern::context::Finding;
use crate::pattern::host::read_host;
use crate::pattern::regex::{from_regex, is_regex};
use crate::pattern::scheme::{read_scheme, skip_opaque_scheme};
use crate::pattern::{ExtensionScheme, OriginPattern};
use crate::quote::quote;

/// Longest text that is looked into, in bytes: room for an origin with all that people put around it.
const MAX_TEXT: usize = 2_048;

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

impl Diagnosis {
    pub(super) fn find(&mut self, code: &'static str, detail: impl Into<String>) {
        if !self.findings.iter().any(|finding| finding.code == code) {
            self.findings.push(Finding::new(code, detail));
        }
    }

    fn read(&mut self, text: &str) -> Option<String> {
        if text.len() > MAX_TEXT {
            let detail = format!("an origin has at most {MAX_ORIGIN_LEN} characters");
            self.find("origin_too_long", detail);
            return None;
        }
        let trimmed = self.trim(text);
        if trimmed.is_empty() {
            let detail = "an empty text is no origin; remove the entry";
            self.find("origin_empty", detail);
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
        if ["${", "{{", "://{"]
            .iter()
            .any(|mark| trimmed.contains(mark))
        {
            let detail = format!("{} has a placeholder that nobody filled in", quote(trimmed));
            self.find("origin_placeholder", detail);
            return None;
        }
        let trimmed = skip_opaque_scheme(self, trimmed)?;
        if is_regex(trimmed) {
            let detail = "regular expressions are not supported, since one missing `\\` or `$` admits foreign sites; \
                          `https://*.example.com` admits all subdomains";
            self.find("origin_regex", detail);
            return from_regex(trimmed);
        }
        if trimmed
            .contains(|character: char| character.is_whitespace() || ",;|".contains(character))
        {
            let detail = format!(
                "{} holds several origins; give each its own entry",
                quote(trimmed)
            );
            self.find("several_origins", detail);
            return None;
        }
        self.read_pattern(trimmed)
    }

    /// Cuts off what can only have got there by accident.
    fn trim<'t>(&mut self, text: &'t str) -> &'t str {
        if text.chars().any(|character| character.is_control()) {
            let detail = format!(
                "{} has control characters, which no origin has",
                quote(text)
            );
            self.find("origin_control_character", detail);
        }
        let is_blank = |character: char| character.is_whitespace() || character.is_control();
        let trimmed = text.trim_matches(is_blank);
        let visible = text.trim_matches(char::is_control);
        if visible.trim() != visible {
            let detail = format!(
                "{} has space around it, so that it would never match",
                quote(text)
            );
            self.find("origin_surrounding_space", detail);
        }
        let bare =
            trimmed.trim_matches(|character| "\"'`<>,;".contains(character) || is_blank(character));
        if bare != trimmed {
            let detail = format!(
                "{} has quotes or separators around the origin",
                quote(trimmed)
            );
            self.find("origin_stray_character", detail);
        }
        bare
    }

    fn read_pattern(&mut self, text: &str) -> Option<String> {
        let (scheme, rest) = read_scheme(self, text)?;
        let authority = read_authority(self, rest);
        let (host, port) = read_port(self, authority, scheme.as_deref());
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

    pub(super) fn find_upper_case(&mut self) {
        let detail =
            "browsers send origins in lower case; with an upper-case letter it would never match";
        self.find("origin_upper_case", detail);
    }
}
