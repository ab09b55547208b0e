//! What patterns admit, by comparing strings: slow, obvious, and without a line of the engine.

/// Whether one of the patterns admits the value of an `Origin` header.
pub(crate) fn admits(patterns: &[String], origin: &[u8]) -> bool {
    if origin.is_empty() || origin.len() > 326 {
        return false;
    }
    let text = str::from_utf8(origin).ok();
    patterns
        .iter()
        .any(|pattern| pattern == "*" || text.is_some_and(|text| matches(pattern, text)))
}

fn matches(pattern: &str, origin: &str) -> bool {
    if let Some(base) = pattern.strip_suffix(":*") {
        return origin == base
            || origin
                .strip_prefix(&format!("{base}:"))
                .is_some_and(|port| is_port(base, port));
    }
    if let Some(scheme) = pattern.strip_suffix("://*") {
        return origin
            .strip_prefix(&format!("{scheme}://"))
            .is_some_and(is_label);
    }
    if let Some((scheme, parent)) = pattern.split_once("://*.") {
        let rest = origin.strip_prefix(&format!("{scheme}://"));
        let labels = rest.and_then(|rest| rest.strip_suffix(&format!(".{parent}")));
        let host = rest.map(|rest| rest.split(':').next().unwrap_or_default());
        return labels.is_some_and(|labels| labels.split('.').all(is_label))
            && host.is_some_and(|host| host.len() <= 253);
    }
    pattern == origin
}

pub(crate) fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .chars()
            .all(|it| matches!(it, 'a'..='z' | '0'..='9' | '-' | '_'))
}

fn is_port(base: &str, text: &str) -> bool {
    let default = if base.starts_with("https:") { 443 } else { 80 };
    let port: Option<u16> = text.parse().ok();
    port.is_some_and(|port| port != 0 && port != default && port.to_string() == text)
}
