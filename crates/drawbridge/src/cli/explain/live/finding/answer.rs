//! The answer to the request itself, and what all answers have in common.

use drawbridge_policy::names::is_always_readable;

use super::{
    ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, EXPOSE_HEADERS, Finding,
    MAX_AGE, Observed, Seen, Severity, servers,
};
use crate::cli::explain::live::journey::Purpose;
use crate::cli::explain::live::probe::Probe;

pub(super) fn find(observed: &Observed<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let answers = || {
        let answers = observed.answers();
        answers.filter(|seen| !matches!(seen.exchange.purpose, Purpose::Probe(_)))
    };
    findings.extend(answers().find_map(doubled));
    findings.extend(contradicting(observed));
    findings.extend(answers().find_map(wildcard_with_credentials));
    findings.extend(answers().find_map(credentials_not_true));
    findings.extend(answers().find_map(unknown_fields));
    findings.extend(errors(observed));
    findings.extend(redirected(observed));
    findings.extend(observed.request().and_then(|seen| hidden(observed, seen)));
    findings
}

/// Two places add the same field.
fn doubled(seen: Seen<'_>) -> Option<Finding> {
    let fields = [
        ALLOW_ORIGIN,
        ALLOW_CREDENTIALS,
        ALLOW_METHODS,
        ALLOW_HEADERS,
        EXPOSE_HEADERS,
        MAX_AGE,
    ];
    // These hold one value; the others are lists, and may come in several lines.
    let is_single = |name: &str| matches!(name, ALLOW_ORIGIN | ALLOW_CREDENTIALS | MAX_AGE);
    let is_doubled = |name: &&str| {
        let lines = seen.answer.lines(name).count();
        let value = seen.answer.get(name).unwrap_or_default();
        lines > 1 || (is_single(name) && value.contains(','))
    };
    let doubled: Vec<&str> = fields.into_iter().filter(is_doubled).collect();
    let severity = match doubled.iter().any(|name| is_single(name)) {
        _ if doubled.is_empty() => return None,
        true => Severity::Warning,
        false => Severity::Note,
    };
    let means = "Two places add CORS headers, a proxy and the server behind it most likely. What holds one value is useless \
                 when it comes twice, even twice the same: Allow-Origin is then refused.";
    let cure = "Have one place speak CORS, and strip the other's headers there.";
    let finding = Finding::new(severity, "cors_headers_doubled", means);
    Some(
        finding
            .seen(seen.lines(&doubled))
            .cure(cure)
            .examples(servers::only_once()),
    )
}

/// The preflight and the request are answered by two different policies.
fn contradicting(observed: &Observed<'_>) -> Option<Finding> {
    let (preflight, request) = (observed.preflight()?, observed.of(Purpose::Request).next()?);
    let of = |seen: Seen<'_>| (seen.allowed_origin(), seen.allows_credentials());
    let has_both = preflight.allowed_origin().is_some() && request.allowed_origin().is_some();
    if !has_both || of(preflight) == of(request) {
        return None;
    }
    let fields = [ALLOW_ORIGIN, ALLOW_CREDENTIALS];
    let means = "The preflight and the request are answered by different policies: a proxy answers one, the server behind it \
                 the other, and its headers leak through.";
    let finding = Finding::new(Severity::Warning, "cors_answers_differ", means)
        .seen(preflight.lines(&fields))
        .seen(request.lines(&fields));
    let cure = "Have one place answer both, and strip the other's headers there.";
    Some(finding.cure(cure).examples(servers::only_once()))
}

fn wildcard_with_credentials(seen: Seen<'_>) -> Option<Finding> {
    let is_wildcard = seen.allowed_origin().as_deref() == Some("*");
    let means = "`*` and credentials exclude each other: a call that includes credentials is blocked, for others `true` means \
                 nothing.";
    (is_wildcard && seen.allows_credentials()).then(|| {
        Finding::new(Severity::Warning, "wildcard_with_credentials", means)
            .seen(seen.lines(&[ALLOW_ORIGIN, ALLOW_CREDENTIALS]))
            .cure("Drop Allow-Credentials; or name the origin, where pages do send cookies.")
    })
}

fn credentials_not_true(seen: Seen<'_>) -> Option<Finding> {
    let value = seen.answer.get(ALLOW_CREDENTIALS)?;
    let means = "Only `true`, in lower case and once, means anything here; browsers read everything else as no.";
    (value != "true").then(|| {
        Finding::new(Severity::Note, "allow_credentials_not_true", means)
            .seen(seen.lines(&[ALLOW_CREDENTIALS]))
            .cure("Send exactly `true`, or leave the header out.")
    })
}

/// Fields that no browser looks at: misspelt, or those of a request.
fn unknown_fields(seen: Seen<'_>) -> Option<Finding> {
    const KNOWN: [&str; 6] = [
        ALLOW_ORIGIN,
        ALLOW_CREDENTIALS,
        ALLOW_METHODS,
        ALLOW_HEADERS,
        EXPOSE_HEADERS,
        MAX_AGE,
    ];
    let headers = seen.answer.headers.iter();
    let unknown: Vec<&str> = headers
        .map(|(name, _)| name.as_str())
        .filter(|name| name.starts_with("access-control-") && !KNOWN.contains(name))
        .filter(|name| !name.ends_with("-private-network"))
        .collect();
    let means = "No browser looks at this header in an answer.";
    (!unknown.is_empty()).then(|| {
        Finding::new(Severity::Warning, "unknown_cors_header", means)
            .seen(seen.lines(&unknown))
            .cure(format!(
                "Mind the spelling; there are {}.",
                KNOWN.join(", ")
            ))
    })
}

/// Answers without CORS headers where others have them.
fn errors(observed: &Observed<'_>) -> Option<Finding> {
    let request = observed.request()?;
    let preflight = observed.preflight();
    let is_error = |seen: Seen<'_>| seen.answer.status >= 400;
    let is_bare = |seen: Seen<'_>| seen.allowed_origin().is_none();
    let cure = "Send the CORS headers on every answer, whatever its status.";
    let is_known = preflight.is_some_and(|seen| !is_bare(seen));
    if is_error(request) && is_bare(request) && is_known {
        let means = format!(
            "The server speaks CORS on the preflight and not on its errors. What really went wrong is status {}; the page \
             sees a CORS error in its place.",
            request.answer.status
        );
        let finding = Finding::new(Severity::Blocks, "cors_missing_on_errors", means);
        let seen = request.lines(&[ALLOW_ORIGIN]);
        return Some(finding.seen(seen).cure(cure).examples(servers::on_errors()));
    }
    let unknown = observed.probe(Probe::UnknownPath)?;
    if is_error(unknown) && is_bare(unknown) && !is_bare(request) {
        let means = "Answers that fail come without CORS headers, at least this one: the page will see a CORS error in place \
                     of what went wrong.";
        let finding = Finding::new(Severity::Warning, "cors_missing_on_errors", means);
        let asked = format!("asked for {}", unknown.exchange.sent.url);
        let finding = finding.seen([asked]).seen(unknown.lines(&[ALLOW_ORIGIN]));
        return Some(finding.cure(cure).examples(servers::on_errors()));
    }
    if is_error(request) && observed.faults().next().is_none() {
        let means =
            "This is an error of the server, and the page can read it: not a matter of CORS.";
        let finding = Finding::new(Severity::Note, "error_answered", means);
        return Some(
            finding
                .seen([request.status()])
                .cure("Look at the answer's body."),
        );
    }
    None
}

fn redirected(observed: &Observed<'_>) -> Option<Finding> {
    let mut requests = observed.of(Purpose::Request);
    let seen = requests.find(|seen| {
        matches!(seen.answer.status, 301..=303 | 307 | 308) && seen.answer.get("location").is_some()
    })?;
    let means = "The request is redirected. Each place on the way has to speak CORS; at another origin the Origin becomes \
                 `null` and Authorization is dropped; a POST becomes a GET after 301, 302 and 303.";
    let finding = Finding::new(Severity::Warning, "request_redirected", means);
    let cure = "Call the URL that it leads to: mind https, the host's name, and trailing slashes.";
    let lines = seen.lines(&["location"]);
    let finding = finding.seen([seen.status()]).seen(lines);
    Some(finding.seen(without_keys(observed)).cure(cure))
}

/// That another origin was asked without what the page would send there.
fn without_keys(observed: &Observed<'_>) -> Option<String> {
    let call = observed.call;
    let first = call.request.url.origin();
    let mut others = observed.of(Purpose::Request);
    let other = others.find(|seen| seen.exchange.sent.url.origin() != first)?;
    let has_any = !(call.request.headers.is_empty() && call.body.is_empty());
    has_any.then(|| {
        let origin = other.exchange.sent.url.origin().ascii_serialization();
        format!("{origin} was asked without keys and body, so a page may get another answer there")
    })
}

/// What the page might want to read and cannot.
fn hidden(observed: &Observed<'_>, seen: Seen<'_>) -> Option<Finding> {
    // A page that is blocked reads nothing at all.
    seen.allowed_origin()?;
    let exposed = seen.answer.get(EXPOSE_HEADERS).unwrap_or_default();
    let exposed: Vec<&str> = exposed.split(',').map(str::trim).collect();
    let is_all = exposed.contains(&"*") && !observed.call.request.includes_credentials;
    let is_hidden = |name: &str| {
        let is_listed = exposed.iter().any(|other| other.eq_ignore_ascii_case(name));
        !(is_all || is_listed || is_always_readable(name))
    };
    let mut hidden: Vec<&str> = Vec::new();
    for (name, _) in &seen.answer.headers {
        if is_useful(name) && is_hidden(name) && !hidden.contains(&name.as_str()) {
            hidden.push(name);
        }
    }
    let all: Vec<&str> = exposed
        .into_iter()
        .filter(|name| !matches!(*name, "" | "*"))
        .chain(hidden.iter().copied())
        .collect();
    let line = all.join(", ");
    let means = "The page cannot read these headers, though they came: scripts get `null` for what is not exposed.";
    (!hidden.is_empty()).then(|| {
        Finding::new(Severity::Note, "headers_not_exposed", means)
            .seen(seen.lines(&hidden))
            .cure(format!(
                "Where the page needs them: Access-Control-Expose-Headers: {line}"
            ))
            .examples(servers::expose_headers(&line))
    })
}

/// Headers that SDKs and people read.
fn is_useful(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "content-disposition",
        "content-range",
        "etag",
        "idempotency-replayed",
        "link",
        "location",
        "openai-processing-ms",
        "ratelimit",
        "ratelimit-policy",
        "request-id",
        "retry-after",
        "retry-after-ms",
        "x-request-id",
        "x-should-retry",
    ];
    const BEGINNINGS: [&str; 4] = [
        "x-ratelimit-",
        "ratelimit-",
        "anthropic-ratelimit-",
        "x-total-",
    ];
    NAMES.contains(&name) || BEGINNINGS.iter().any(|start| name.starts_with(start))
}
