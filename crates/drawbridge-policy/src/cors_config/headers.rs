//! What can be wrong with `allowedHeaders` and `exposedHeaders`.

use crate::cors::{HeaderRules, Standing};
use crate::cors_config::findings::{Findings, MAX_ENTRIES, Missing};
use crate::document::nearest;
use crate::issue::ConfigIssue;
use crate::names::{
    NameSet, is_always_readable, is_forbidden_exposed_header, is_forbidden_request_header,
    is_token, without_stray_ends,
};
use crate::presets::{PRESETS, preset};
use crate::quote::quote;

/// Shortest prefix: the `X-` of `X-*` would stand for nearly every header.
const MIN_PREFIX_LEN: usize = 3;

const AUTHORIZATION: Missing = Missing {
    name: "Authorization",
    code: "authorization_missing",
    detail: "without Authorization no page can send a key as `Authorization: Bearer …`; `*` does not stand for it",
};

const CONTENT_TYPE: Missing = Missing {
    name: "Content-Type",
    code: "content_type_missing",
    detail: "without Content-Type no page can send JSON: `application/json` needs it",
};

pub(super) fn check_allowed(entries: &[String], pointer: &str, findings: &mut Findings) {
    findings.check_length(entries, pointer);
    let known = findings.errors.len();
    check_entries(entries, pointer, findings, find_error_in_allowed);
    if findings.errors.len() > known {
        return;
    }
    let rules = HeaderRules::new(entries, false);
    let missing: Vec<Missing> = [AUTHORIZATION, CONTENT_TYPE]
        .into_iter()
        .filter(|header| rules.standing(header.name.as_bytes()) != Standing::Listed)
        .collect();
    findings.warn_missing(entries, pointer, &missing);
}

pub(super) fn check_exposed(entries: &[String], pointer: &str, findings: &mut Findings) {
    findings.check_length(entries, pointer);
    check_entries(entries, pointer, findings, find_error_in_exposed);
    for (index, entry) in entries.iter().enumerate().take(MAX_ENTRIES) {
        if is_always_readable(entry) {
            let detail = format!("every page can read `{entry}` anyway; listing it does nothing");
            let pointer = format!("{pointer}/{index}");
            findings
                .warnings
                .push(ConfigIssue::new(pointer, "always_readable", detail));
        }
    }
}

fn check_entries(
    entries: &[String],
    pointer: &str,
    findings: &mut Findings,
    find_error: fn(&str) -> Option<Problem>,
) {
    let mut seen = NameSet::default();
    for (index, entry) in entries.iter().enumerate().take(MAX_ENTRIES) {
        let pointer = format!("{pointer}/{index}");
        if let Some(problem) = find_error(entry) {
            let mut issue = ConfigIssue::new(pointer, problem.code, problem.detail);
            if let Some(instead) = problem.instead.filter(|name| find_error(name).is_none()) {
                issue = issue.suggest(instead);
            }
            findings.errors.push(issue);
        } else if !seen.insert(entry) {
            findings.warn_listed_twice(pointer, entry);
        }
    }
}

/// What is wrong with one entry, and what was perhaps meant.
struct Problem {
    code: &'static str,
    detail: String,
    instead: Option<String>,
}

impl Problem {
    fn new(code: &'static str, detail: impl Into<String>) -> Option<Self> {
        Some(Self {
            code,
            detail: detail.into(),
            instead: None,
        })
    }
}

fn find_error_in_allowed(entry: &str) -> Option<Problem> {
    if entry == "*" || preset(entry).is_some() {
        return None;
    }
    if entry.starts_with('@') {
        return find_unknown_preset(entry);
    }
    if !is_token(entry.as_bytes()) {
        return find_not_a_token(entry);
    }
    let prefix = entry.strip_suffix('*');
    if prefix.unwrap_or(entry).contains('*') {
        let detail = format!(
            "in {} the `*` is no wildcard; a prefix ends in it, as in `X-Stainless-*`",
            quote(entry)
        );
        return Problem::new("header_bad_wildcard", detail);
    }
    if is_forbidden_request_header(prefix.unwrap_or(entry)) {
        let detail = format!(
            "no script can set {} on a request; browsers never ask for it",
            quote(entry)
        );
        return Problem::new("header_forbidden", detail);
    }
    let prefix = prefix?;
    let is_whole = prefix.ends_with('-');
    if is_whole && prefix.len() >= MIN_PREFIX_LEN {
        return None;
    }
    let detail = format!(
        "{} would admit headers that nobody had in mind; a prefix has at least {MIN_PREFIX_LEN} characters and ends in \
         `-*`, as in `X-Stainless-*`",
        quote(entry)
    );
    let mut problem = Problem::new("header_bad_prefix", detail)?;
    problem.instead = (!is_whole).then(|| format!("{prefix}-*"));
    Some(problem)
}

fn find_error_in_exposed(entry: &str) -> Option<Problem> {
    if entry == "*" {
        return None;
    }
    if !is_token(entry.as_bytes()) {
        return find_not_a_token(entry);
    }
    if is_forbidden_exposed_header(entry) {
        let detail = format!(
            "no page can read {}: it is hidden from scripts, or belongs to requests or to CORS itself",
            quote(entry)
        );
        return Problem::new("exposed_header_forbidden", detail);
    }
    if entry.contains('*') {
        let detail = format!(
            "in {} the `*` is no wildcard; it stands alone for every header",
            quote(entry)
        );
        return Problem::new("header_bad_wildcard", detail);
    }
    None
}

fn find_not_a_token(entry: &str) -> Option<Problem> {
    let detail = format!("{} is not the name of one header", quote(entry));
    let mut problem = Problem::new("header_not_a_token", detail)?;
    problem.instead = Some(without_stray_ends(entry).to_owned());
    Some(problem)
}

fn find_unknown_preset(entry: &str) -> Option<Problem> {
    let names = PRESETS.map(|preset| preset.name);
    let detail = format!(
        "there is no preset {}; there are {}",
        quote(entry),
        names.join(", ")
    );
    let mut problem = Problem::new("unknown_preset", detail)?;
    problem.instead = nearest(entry, &names).map(str::to_owned);
    Some(problem)
}
