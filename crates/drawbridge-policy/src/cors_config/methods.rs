//! What can be wrong with `allowedMethods`.

use serde_json::json;

use crate::cors::{MethodRules, Standing};
use crate::cors_config::DEFAULT_METHODS;
use crate::cors_config::findings::{Findings, MAX_ENTRIES, Missing};
use crate::issue::ConfigIssue;
use crate::names::{is_forbidden_method, is_token, normalize_method, without_stray_ends};
use crate::quote::quote;

pub(super) fn check(entries: &[String], pointer: &str, findings: &mut Findings) {
    findings.check_length(entries, pointer);
    if entries.is_empty() {
        let detail = "a policy without methods would refuse every request";
        let problem =
            ConfigIssue::new(pointer, "no_methods", detail).suggest(json!(DEFAULT_METHODS));
        findings.errors.push(problem);
        return;
    }
    let known = findings.errors.len();
    for (index, entry) in entries.iter().enumerate().take(MAX_ENTRIES) {
        let pointer = format!("{pointer}/{index}");
        findings.errors.extend(find_error(entry, &pointer));
        findings.warnings.extend(find_warning(entry, &pointer));
        let is_same = |other: &String| normalize_method(other) == normalize_method(entry);
        if entries.iter().take(index).any(is_same) {
            findings.warn_listed_twice(pointer, normalize_method(entry));
        }
    }
    if findings.errors.len() == known {
        let rules = MethodRules::new(entries, false);
        if rules.standing(b"POST") != Standing::Listed {
            findings.warn_missing(entries, pointer, &[POST]);
        }
    }
}

const POST: Missing = Missing {
    name: "POST",
    code: "post_missing",
    detail: "without POST no page can run a model: chat completions and their like are POST requests",
};

fn find_error(entry: &str, pointer: &str) -> Option<ConfigIssue> {
    if entry == "*" {
        return None;
    }
    if !is_token(entry.as_bytes()) {
        let detail = format!("{} is not the name of one method", quote(entry));
        let problem = ConfigIssue::new(pointer, "method_not_a_token", detail);
        let name = normalize_method(without_stray_ends(entry));
        let is_fine = is_token(name.as_bytes()) && find_error(name, pointer).is_none();
        return Some(if is_fine {
            problem.suggest(name)
        } else {
            problem
        });
    }
    if is_forbidden_method(entry.as_bytes()) {
        let detail = format!("no script can send `{entry}`, in whatever case; remove the entry");
        return Some(ConfigIssue::new(pointer, "method_forbidden", detail));
    }
    if entry.contains('*') {
        let detail = format!(
            "in {} the `*` is no wildcard; it stands alone for every method",
            quote(entry)
        );
        return Some(ConfigIssue::new(pointer, "method_bad_wildcard", detail));
    }
    None
}

fn find_warning(entry: &str, pointer: &str) -> Option<ConfigIssue> {
    if entry == "*" {
        let detail = "`*` admits every method that a page can send; DELETE is one of them";
        return Some(ConfigIssue::new(pointer, "wildcard_method", detail));
    }
    if entry != "PATCH" && entry.eq_ignore_ascii_case("PATCH") {
        let detail = format!(
            "method names are case-sensitive, and browsers leave `{entry}` as it is: a page that sends `PATCH` is refused"
        );
        return Some(ConfigIssue::new(pointer, "method_lower_case", detail).suggest("PATCH"));
    }
    None
}
