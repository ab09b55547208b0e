//! URLs as reports show them. Keys do stand in queries, and reports are passed on: no query is ever shown.

use std::cmp::Reverse;

use drawbridge_policy::explain::{Outcome, PageRequest, Simulation};
use url::Url;

/// A URL with `?…` in the place of its query.
pub(super) fn url(url: &Url) -> String {
    without_query(url.as_str())
}

/// The same for what somebody wrote, readable or not.
pub(super) fn without_query(text: &str) -> String {
    match text.split_once('?') {
        Some((before, query)) if !query.is_empty() => format!("{before}?…"),
        _ => text.to_owned(),
    }
}

/// The value of an answer's header: servers repeat the query where they point elsewhere.
pub(super) fn value(name: &str, value: &str) -> String {
    match name {
        "content-location" | "link" | "location" => without_query(value),
        _ => value.to_owned(),
    }
}

/// A line that a browser prints of a call; it names URLs whole.
pub(super) fn line(text: &str, request: &PageRequest, simulation: &Simulation) -> String {
    let mut named = vec![request.url.as_str()];
    if let Outcome::Blocked(fault) = &simulation.outcome {
        named.extend([fault.url.as_str(), &fault.value, &fault.list]);
    }
    let queries = named.into_iter().filter_map(|url| url.split_once('?'));
    let mut queries: Vec<&str> = queries.map(|(_, query)| query).collect();
    // The longest first: one can begin like another.
    queries.sort_by_key(|query| Reverse(query.len()));
    let mut line = text.to_owned();
    for query in queries.into_iter().filter(|query| !query.is_empty()) {
        line = line.replace(&format!("?{query}"), "?…");
    }
    line
}
