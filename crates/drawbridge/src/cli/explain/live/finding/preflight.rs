//! The answer to the preflight.

use super::{ALLOW_HEADERS, Finding, MAX_AGE, Observed, Seen, Severity, servers};

/// The longest that any browser keeps an answer, in seconds: Firefox. Chromium has 7200, Safari 600.
const LONGEST_KEPT: u64 = 86400;

pub(super) fn find(observed: &Observed<'_>) -> Vec<Finding> {
    let Some(seen) = observed.preflight() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if !matches!(seen.answer.status, 200..=299) {
        findings.push(refused(seen));
    } else if observed.request().is_some() {
        findings.extend(kept(seen));
    }
    let by_wildcard = observed
        .browsers
        .iter()
        .any(|(_, simulation)| simulation.is_authorized_by_wildcard);
    if by_wildcard {
        findings.push(wildcard(seen));
    }
    findings
}

fn refused(seen: Seen<'_>) -> Finding {
    let (code, means) = match seen.answer.status {
        300..=399 => (
            "preflight_redirected",
            "The preflight is answered with a redirect, which no browser follows: the page has to call the place that it \
             leads to.",
        ),
        400 => (
            "preflight_refused",
            "The preflight is refused as a bad request. Starlette and FastAPI say 400 to an origin, method or header that \
             is not listed.",
        ),
        401 | 403 | 407 => (
            "preflight_needs_key",
            "Authentication stands in front of OPTIONS. A preflight carries neither key nor cookie, whatever the page \
             sends, so it can never pass.",
        ),
        404 | 405 | 501 => (
            "preflight_unknown",
            "The server does not know OPTIONS at this URL. Before anything but a simple request browsers ask with it, and \
             take only 2xx for leave.",
        ),
        429 => (
            "preflight_limited",
            "A rate limit counts preflights. Browsers send them by themselves, and take only 2xx for leave.",
        ),
        _ => (
            "preflight_failed",
            "The preflight failed on the server. Browsers take only 2xx for leave.",
        ),
    };
    let names: &[&str] = match seen.answer.status {
        300..=399 => &["location"],
        401 => &["www-authenticate"],
        405 => &["allow"],
        _ => &[],
    };
    let cure = match seen.answer.status {
        300..=399 => {
            "Call the URL that it leads to: mind https, the host's name, and trailing slashes; or answer OPTIONS with 204 \
             there already."
        }
        _ => {
            "Answer OPTIONS with 204 and the CORS headers, before authentication, limits and routing."
        }
    };
    Finding::new(Severity::Blocks, code, means)
        .seen([seen.status()])
        .seen(seen.lines(names))
        .cure(cure)
        .examples(servers::answer_options())
}

/// How long browsers keep it.
fn kept(seen: Seen<'_>) -> Option<Finding> {
    let value = seen.answer.get(MAX_AGE);
    let seconds = value.as_deref().map(str::parse::<u64>);
    let (severity, code, means) = match seconds {
        None => (
            Severity::Note,
            "max_age_missing",
            "Browsers keep the answer for 5 seconds only, so nearly every call of the page costs two round trips.",
        ),
        Some(Ok(0)) => (
            Severity::Note,
            "max_age_missing",
            "Browsers do not keep the answer, so every call of the page costs two round trips.",
        ),
        Some(Err(_)) => (
            Severity::Warning,
            "max_age_invalid",
            "This is no number of seconds, so browsers ignore it and keep the answer for 5 seconds only.",
        ),
        Some(Ok(seconds)) if seconds > LONGEST_KEPT => (
            Severity::Note,
            "max_age_capped",
            "No browser keeps it that long: Firefox 86400 seconds, Chromium 7200, Safari 600.",
        ),
        Some(Ok(_)) => return None,
    };
    let finding = Finding::new(severity, code, means)
        .seen(seen.lines(&[MAX_AGE]))
        .cure("Send Access-Control-Max-Age: 7200, or less where the policy changes often.");
    Some(finding.examples(servers::max_age()))
}

fn wildcard(seen: Seen<'_>) -> Finding {
    let means = "`*` does not stand for Authorization in the Fetch Standard. Browsers still let it pass, and Firefox warns in \
                 the console that it will not for ever.";
    let line = "Authorization, Content-Type";
    Finding::new(Severity::Warning, "authorization_by_wildcard", means)
        .seen(seen.lines(&[ALLOW_HEADERS]))
        .cure("List Authorization by its name, beside `*` or in its place.")
        .examples(servers::allow_headers(line))
}
