//! Origin patterns: the compiled set against the naive matcher, and the checks of a list against themselves.
//!
//! Input: patterns, a line each, then an empty line, then origins, a line each.

use drawbridge_policy::origin_set::OriginSet;
use drawbridge_policy::pattern::{OriginPattern, PatternContext, compile_patterns};
use serde_json::Value;

use crate::naive;

/// More lines than this only slow the search down.
const MOST_LINES: usize = 24;

/// Puts in place of a pattern's `*`, so that the set is asked about origins close to it.
const FILLINGS: [&str; 6] = ["a", "a.b", "8443", "80", "443", "-"];

/// Compiles the patterns and asks about the origins.
pub fn pattern(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n').take(2 * MOST_LINES);
    let entries: Vec<String> = lines
        .by_ref()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| String::from_utf8(line.to_vec()).ok())
        .collect();
    let mut origins: Vec<Vec<u8>> = lines.map(<[u8]>::to_vec).collect();
    for context in [
        PatternContext::endpoint(false),
        PatternContext::endpoint(true),
        PatternContext::key(true),
    ] {
        check_list(&entries, context);
    }
    let (texts, patterns): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .filter_map(|entry| OriginPattern::parse(&entry).map(|pattern| (entry, pattern)))
        .unzip();
    for (text, pattern) in texts.iter().zip(&patterns) {
        assert_eq!(pattern.to_string(), *text);
        for filling in FILLINGS {
            origins.push(text.replace('*', filling).into_bytes());
        }
        if let Some(host) = text.strip_suffix(":*") {
            origins.push(host.as_bytes().to_vec());
        }
    }
    let set = OriginSet::new(&patterns);
    assert_eq!(set.is_empty(), patterns.is_empty());
    for origin in &origins {
        assert_eq!(
            set.admits(origin),
            naive::admits(&texts, origin),
            "{:?} under {texts:?}",
            String::from_utf8_lossy(origin)
        );
    }
}

/// What is refused is no pattern or dangerous here; every suggestion is itself valid in the same place.
fn check_list(entries: &[String], context: PatternContext) {
    let compile = |entries: &[String]| compile_patterns(entries, "/list", context);
    let whole = compile(entries);
    let alone: Vec<_> = entries
        .iter()
        .map(|entry| compile(std::slice::from_ref(entry)))
        .collect();
    assert_eq!(
        whole.is_ok(),
        alone.iter().all(Result::is_ok),
        "{entries:?}"
    );
    for (entry, judged) in entries.iter().zip(alone) {
        let is_pattern = OriginPattern::parse(entry).is_some();
        if context == PatternContext::endpoint(false) {
            assert_eq!(judged.is_ok(), is_pattern, "{entry:?}");
        }
        assert!(is_pattern || judged.is_err(), "{entry:?}");
        let issues = match judged {
            Ok((_, warnings)) => warnings,
            Err(errors) => errors,
        };
        for issue in issues {
            assert!(!issue.detail.is_empty());
            let Some(Value::String(suggestion)) = issue.suggestion else {
                continue;
            };
            assert_ne!(suggestion, *entry);
            assert!(
                compile(std::slice::from_ref(&suggestion)).is_ok(),
                "{entry:?}: {suggestion:?} is suggested and refused"
            );
        }
    }
}
