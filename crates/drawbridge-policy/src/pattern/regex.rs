//! Regular expressions that people bring along from other gateways.

/// Whether a text is written as a regular expression; no origin and no pattern has these characters.
pub(super) fn is_regex(text: &str) -> bool {
    // A scheme may have a `+`.
    let behind_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.starts_with('^')
        || behind_scheme.contains('+')
        || text.ends_with('$')
        || (text.len() > 1
            && text.starts_with('/')
            && text.ends_with('/')
            && !text.starts_with("//"))
        || text.contains(['\\', '(', ')', '{', '}', '^'])
        || text.contains("://.*")
        || text.contains("s?://")
        || has_character_class(text)
}

/// Whether brackets hold something else than an IPv6 address.
fn has_character_class(text: &str) -> bool {
    let behind = text.split_once('[').map(|(_, behind)| behind);
    let inside = behind.and_then(|behind| behind.split_once(']'));
    inside.is_some_and(|(inside, _)| !inside.contains(':'))
}

/// What people write for "some characters", the longer forms first.
const WILDCARDS: [&str; 9] = [
    "(.*)",
    "(.+)",
    "[^.]+",
    "[^.]*",
    "[a-z0-9-]+",
    "[\\w-]+",
    "\\w+",
    ".*",
    ".+",
];

/// The pattern that a simple regular expression stands for; the caller parses it.
///
/// `^https://.*\.example\.com$` and its like: a wildcard before a dot and literal text. What admits more than the pattern
/// would is fine, since nobody means it; what cannot be read with certainty gives `None` or a text that is no pattern.
pub(super) fn from_regex(text: &str) -> Option<String> {
    let text = match text.strip_prefix('/') {
        Some(rest) => rest.rsplit_once('/').map_or(rest, |(body, _flags)| body),
        None => text,
    };
    let text = text.strip_prefix('^').unwrap_or(text);
    let text = text.strip_suffix('$').unwrap_or(text);
    let mut pattern = text.replace("https?://", "https://").replace("\\/", "/");
    let wildcard = WILDCARDS
        .into_iter()
        .find(|wildcard| pattern.contains(wildcard));
    if let Some(wildcard) = wildcard {
        pattern = pattern.replacen(wildcard, "*", 1);
    }
    let pattern = pattern
        .replace("\\.", ".")
        .replace("\\-", "-")
        .replace("\\:", ":");
    let is_literal =
        !pattern.contains(['\\', '(', ')', '[', ']', '{', '}', '+', '?', '|', '^', '$']);
    is_literal.then_some(pattern)
}
