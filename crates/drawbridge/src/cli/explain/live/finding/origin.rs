//! Who else gets in, and what caches make of that: answers to the page compared with answers to others.

use super::{ALLOW_CREDENTIALS, ALLOW_ORIGIN, Finding, Observed, Seen, Severity, servers};
use crate::cli::explain::live::probe::{Probe, names};

pub(super) fn find(observed: &Observed<'_>) -> Vec<Finding> {
    let strangers = strangers(observed);
    let others = match &strangers {
        Some(_) => None,
        None => lookalikes(observed),
    };
    let found = [strangers, others, null(observed), vary(observed)];
    found.into_iter().flatten().collect()
}

/// An origin that nobody can have listed is named all the same.
fn strangers(observed: &Observed<'_>) -> Option<Finding> {
    let seen = admitted(observed, Probe::Stranger)?;
    let (severity, means, cure) = match seen.allows_credentials() {
        true => (
            Severity::Danger,
            "Whatever origin asks is sent back, and with credentials: any website that a user visits can call this server \
             with the user's cookies and read the answers. `*` would be refused by browsers here; this is worse.",
            "Compare the origin with a list, and send it back only when it is on it; or stop allowing credentials.",
        ),
        false => (
            Severity::Warning,
            "Whatever origin asks is sent back, so every website may read the answers: `*` in disguise.",
            "Say `*` where everybody may; else compare the origin with a list.",
        ),
    };
    let finding = Finding::new(severity, "any_origin_reflected", means);
    Some(finished(finding, seen, cure, observed))
}

/// An origin that only looks like the page's is named.
fn lookalikes(observed: &Observed<'_>) -> Option<Finding> {
    let seen =
        admitted(observed, Probe::Beginning).or_else(|| admitted(observed, Probe::Ending))?;
    let means = "An origin that only looks like the page's gets in: the server compares beginnings or ends, or a pattern has \
                 no anchors or bare dots. Anybody can register such a name.";
    let finding = Finding::new(Severity::Danger, "lookalike_origin_admitted", means);
    let cure = "Compare whole origins; anchor patterns with ^ and $, and write \\. for a dot.";
    Some(finished(finding, seen, cure, observed))
}

fn null(observed: &Observed<'_>) -> Option<Finding> {
    let seen = admitted(observed, Probe::Null)?;
    let severity = match seen.allows_credentials() {
        true => Severity::Danger,
        false => Severity::Warning,
    };
    let means = "`null` is admitted. It is no one's origin: any website gets it with a sandboxed frame, so admitting it \
                 admits everybody.";
    let finding = Finding::new(severity, "null_origin_admitted", means);
    let cure = "Take `null` off the list, and serve the page that needed it over HTTP.";
    Some(finished(finding, seen, cure, observed))
}

/// What a probe was answered, where it names the origin that the probe sent.
fn admitted<'o>(observed: &Observed<'o>, probe: Probe) -> Option<Seen<'o>> {
    let seen = observed.probe(probe)?;
    let origin = seen.exchange.sent("origin")?;
    names(seen.answer, origin).then_some(seen)
}

fn finished(finding: Finding, seen: Seen<'_>, cure: &str, observed: &Observed<'_>) -> Finding {
    let origin = seen.exchange.sent("origin").unwrap_or_default();
    let mut fields = vec![ALLOW_ORIGIN];
    if seen.allows_credentials() {
        fields.push(ALLOW_CREDENTIALS);
    }
    finding
        .seen([format!("asked with Origin: {origin}")])
        .seen(seen.lines(&fields))
        .cure(cure)
        .examples(servers::allow_origin(observed.origin()))
}

/// The answer depends on the origin, and does not say so.
fn vary(observed: &Observed<'_>) -> Option<Finding> {
    let page = observed.compared()?;
    let of_page = page.allowed_origin();
    let others: Vec<Seen<'_>> = [Probe::Stranger, Probe::Nobody]
        .into_iter()
        .filter_map(|probe| observed.probe(probe))
        .collect();
    let depends = others.iter().any(|seen| seen.allowed_origin() != of_page);
    // Only answers to the request are stored by caches: with preflights the first of these stands for its answer.
    let is_compared = page.exchange.sent.method != "OPTIONS";
    let stored = match is_compared {
        true => others.iter().copied().chain([page]).collect(),
        false => observed.request().into_iter().collect::<Vec<_>>(),
    };
    let silent: Vec<Seen<'_>> = stored
        .into_iter()
        .filter(|seen| !varies_by_origin(*seen))
        .collect();
    if !depends || silent.is_empty() || (!is_compared && of_page.is_none()) {
        return None;
    }
    let means = "The answer depends on the origin and does not say `Vary: Origin`: a cache, the browser's own too, can give \
                 one page's answer to another, which then is blocked now and then for no visible reason.";
    let severity = match is_compared {
        true => Severity::Warning,
        false => Severity::Note,
    };
    let lines = silent
        .iter()
        .flat_map(|seen| seen.lines(&[ALLOW_ORIGIN, "vary"]));
    let finding = Finding::new(severity, "vary_missing", means).seen(lines);
    let cure = "Send `Vary: Origin` on every answer of this URL, also on those to requests without an Origin.";
    Some(finding.cure(cure).examples(servers::vary()))
}

fn varies_by_origin(seen: Seen<'_>) -> bool {
    seen.answer.lines("vary").any(|line| {
        line.split(',')
            .any(|name| name.trim() == "*" || name.trim().eq_ignore_ascii_case("origin"))
    })
}
