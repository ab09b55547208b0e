//! A list of patterns: every entry by itself, and all of them against each other.

use std::collections::HashMap;

use serde_json::Value;

use crate::issue::ConfigIssue;
use crate::origin::Origin;
use crate::pattern::OriginPattern;
use crate::pattern::context::{Finding, PatternContext, judge};
use crate::pattern::diagnosis::diagnose;
use crate::quote::quote;

/// Compiles a list of patterns, with everything that is to be said about its entries.
///
/// Pointers are `{pointer}/{index}`, or `pointer` itself for what concerns the whole list. A suggestion is itself valid
/// in the same context.
///
/// # Errors
/// Every problem, in the order of the list.
pub fn compile_patterns(
    entries: &[String],
    pointer: &str,
    context: PatternContext,
) -> Result<(Vec<OriginPattern>, Vec<ConfigIssue>), Vec<ConfigIssue>> {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let mut patterns = Vec::new();
    let limit = context.max_entries();
    if entries.len() > limit {
        let detail = format!(
            "at most {limit} origins can be listed, not {}",
            entries.len()
        );
        errors.push(ConfigIssue::new(pointer, "too_many_entries", detail));
    }
    if entries.is_empty() && matches!(context, PatternContext::Key { .. }) {
        let detail = "an empty list admits no web page at all; `null` lifts the restriction";
        let warning = ConfigIssue::new(pointer, "empty_origin_list", detail);
        warnings.push(warning.suggest(Value::Null));
    }
    for (index, entry) in entries.iter().enumerate().take(limit) {
        let pointer = format!("{pointer}/{index}");
        match check_entry(entry, &context) {
            Ok((pattern, findings)) => {
                warnings.extend(issues(&pointer, findings));
                patterns.push(pattern);
            }
            Err(findings) => errors.extend(issues(&pointer, findings)),
        }
    }
    if errors.is_empty() {
        warnings.extend(overlaps(&patterns, pointer));
        Ok((patterns, warnings))
    } else {
        Err(errors)
    }
}

fn issues(pointer: &str, findings: Vec<Finding>) -> impl Iterator<Item = ConfigIssue> {
    findings.into_iter().map(move |finding| ConfigIssue {
        pointer: pointer.to_owned(),
        code: finding.code,
        detail: finding.detail,
        suggestion: finding.instead.map(Value::String),
    })
}

/// The pattern with the warnings about it, or all that is wrong with one entry.
fn check_entry(
    entry: &str,
    context: &PatternContext,
) -> Result<(OriginPattern, Vec<Finding>), Vec<Finding>> {
    let Some(pattern) = OriginPattern::parse(entry) else {
        let diagnosis = diagnose(entry);
        let mut findings = diagnosis.findings;
        let mut instead = diagnosis.meant;
        if let Some(meant) = &instead {
            let judgement = judge(meant, context);
            let is_refused = !judgement.errors.is_empty();
            let cure = first_cure(&judgement.errors, context);
            findings.extend(judgement.errors);
            instead = if is_refused { cure } else { instead };
        }
        let instead = instead.map(|pattern| pattern.to_string());
        for finding in &mut findings {
            finding.instead.clone_from(&instead);
        }
        return Err(findings);
    };
    let mut judgement = judge(&pattern, context);
    for finding in judgement.errors.iter_mut().chain(&mut judgement.warnings) {
        finding.instead = finding
            .instead
            .take()
            .filter(|text| is_admissible(text, context));
    }
    if judgement.errors.is_empty() {
        Ok((pattern, judgement.warnings))
    } else {
        Err(judgement.errors)
    }
}

fn first_cure(errors: &[Finding], context: &PatternContext) -> Option<OriginPattern> {
    errors
        .iter()
        .filter_map(|finding| finding.instead.as_deref())
        .find(|text| is_admissible(text, context))
        .and_then(OriginPattern::parse)
}

/// Whether an entry would be accepted in the same place.
fn is_admissible(text: &str, context: &PatternContext) -> bool {
    OriginPattern::parse(text).is_some_and(|pattern| judge(&pattern, context).errors.is_empty())
}

/// Warnings about entries that change nothing, because others say the same or more.
fn overlaps(patterns: &[OriginPattern], pointer: &str) -> Vec<ConfigIssue> {
    let mut first: HashMap<&OriginPattern, usize> = HashMap::with_capacity(patterns.len());
    let mut warnings = Vec::new();
    for (index, pattern) in patterns.iter().enumerate() {
        if first.contains_key(pattern) {
            let detail = format!("{} is listed twice", quote(&pattern.to_string()));
            warnings.push(ConfigIssue::new(
                format!("{pointer}/{index}"),
                "listed_twice",
                detail,
            ));
        } else {
            first.insert(pattern, index);
        }
    }
    for (index, pattern) in patterns.iter().enumerate() {
        let covering = wider_patterns(pattern)
            .into_iter()
            .find(|wider| first.contains_key(wider));
        if let Some(wider) = covering {
            let detail = format!("`{wider}` covers {} already", quote(&pattern.to_string()));
            warnings.push(ConfigIssue::new(
                format!("{pointer}/{index}"),
                "origin_covered",
                detail,
            ));
        }
    }
    warnings
}

/// All patterns that admit whatever `pattern` admits, and more; the widest first.
fn wider_patterns(pattern: &OriginPattern) -> Vec<OriginPattern> {
    let mut wider = Vec::new();
    if *pattern == OriginPattern::Any {
        return wider;
    }
    wider.push(OriginPattern::Any);
    let Some(representative) = pattern.representative() else {
        return wider;
    };
    let Some(origin) = Origin::parse(representative.as_bytes()) else {
        return wider;
    };
    let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
    let candidates = match pattern {
        // One scheme, host and port: under wildcards over any of its parents, and under any port.
        OriginPattern::Exact(_) => {
            let any_port = format!("{}:*", text(origin.without_port()));
            let any_extension = format!("{}://*", text(origin.scheme()));
            let mut candidates = parents(&origin);
            candidates.extend([any_port, any_extension]);
            candidates
        }
        OriginPattern::Subdomains { .. } => parents(&origin),
        _ => Vec::new(),
    };
    let is_wider = |candidate: &OriginPattern| match candidate {
        OriginPattern::AnyExtension(scheme) => scheme.admits(&origin),
        _ => true,
    };
    wider.extend(
        candidates
            .iter()
            .filter_map(|text| OriginPattern::parse(text))
            .filter(is_wider),
    );
    wider
}

/// The wildcards over an origin's parents: `https://*.b.c`, `https://*.c` of `https://a.b.c`.
fn parents(origin: &Origin<'_>) -> Vec<String> {
    let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
    let scheme = text(origin.scheme());
    let authority = text(origin.host_and_port());
    let dots = authority.match_indices('.');
    dots.map(|(dot, _)| {
        format!(
            "{scheme}://*.{}",
            authority.get(dot + 1..).unwrap_or_default()
        )
    })
    .collect()
}
