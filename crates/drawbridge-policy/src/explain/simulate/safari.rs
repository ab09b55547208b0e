//! Which of several headers at fault Safari names.

use std::collections::BTreeSet;

use crate::explain::checks::Failed;

/// Safari names the first of the headers that it has a number for, else the first that was set.
pub(super) fn put_named_first(headers: &[(String, String)], failed: &mut Failed) {
    let mut names: BTreeSet<String> = std::mem::take(&mut failed.others).into_iter().collect();
    names.insert(std::mem::take(&mut failed.value));
    let at_fault = |name: &&String| names.contains(&name.to_ascii_lowercase());
    let written = || headers.iter().map(|(name, _)| name).filter(at_fault);
    let known = written().find_map(|name| known_to_safari(name).map(str::to_owned));
    failed.value = known
        .or_else(|| written().next().cloned())
        .unwrap_or_default();
    names.remove(&failed.value.to_ascii_lowercase());
    failed.others = names.into_iter().collect();
}

/// Headers that Safari knows by a number; it writes them in its own case.
fn known_to_safari(name: &str) -> Option<&'static str> {
    const KNOWN: [&str; 22] = [
        "Accept",
        "Accept-Language",
        "Accept-Ranges",
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Headers",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Origin",
        "Access-Control-Max-Age",
        "Age",
        "Authorization",
        "Cache-Control",
        "Content-Language",
        "Content-Type",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Pragma",
        "Range",
        "User-Agent",
        "X-XSS-Protection",
    ];
    KNOWN
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
}
