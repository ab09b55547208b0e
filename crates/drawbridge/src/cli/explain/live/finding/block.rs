//! What stops the call: the browsers' own checks.

use drawbridge_policy::explain::{Code, Fault, Phase};

use super::{
    ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, Finding, Observed, Seen,
    Severity, failed_codes, servers,
};
use crate::cli::explain::live::journey::Purpose;
use crate::cli::explain::live::shown;

pub(super) fn find(observed: &Observed<'_>) -> Vec<Finding> {
    let failed = failed_codes(observed).into_iter();
    failed
        // Said by its status, with its reason.
        .filter(|(code, _)| {
            !matches!(
                code,
                Code::PreflightInvalidStatus | Code::PreflightDisallowedRedirect
            )
        })
        .map(|(code, fault)| finding(observed, code, fault))
        .collect()
}

fn finding(observed: &Observed<'_>, code: Code, fault: &Fault) -> Finding {
    let answer = answered(observed, fault);
    let lines = |names: &[&str]| answer.map(|seen| seen.lines(names)).unwrap_or_default();
    let finding = Finding::new(Severity::Blocks, code.name(), code.meaning()).cure(code.cure());
    let origin = &fault.origin;
    match code.on_answer() {
        Code::MissingAllowOriginHeader
        | Code::MultipleAllowOriginValues
        | Code::InvalidAllowOriginValue
        | Code::AllowOriginMismatch
        | Code::WildcardOriginNotAllowed => finding
            .seen(lines(&[ALLOW_ORIGIN]))
            .examples(servers::allow_origin(origin)),
        Code::InvalidAllowCredentials => finding
            .seen(lines(&[ALLOW_CREDENTIALS]))
            .examples(servers::allow_credentials()),
        Code::MethodDisallowedByPreflightResponse => {
            let listed = answer.and_then(|seen| seen.answer.get(ALLOW_METHODS));
            let line = with(listed, &[&fault.value]);
            finding
                .seen(lines(&[ALLOW_METHODS]))
                .cure(format!(
                    "{} That is: Access-Control-Allow-Methods: {line}",
                    code.cure()
                ))
                .examples(servers::allow_methods(&line))
        }
        Code::HeaderDisallowedByPreflightResponse => {
            let mut missing = vec![fault.value.as_str()];
            missing.extend(fault.others.iter().map(String::as_str));
            let listed = answer.and_then(|seen| seen.answer.get(ALLOW_HEADERS));
            let line = with(listed, &missing);
            finding
                .seen(lines(&[ALLOW_HEADERS]))
                .seen([format!("not listed: {}", missing.join(", "))])
                .cure(format!(
                    "{} That is: Access-Control-Allow-Headers: {line}",
                    code.cure()
                ))
                .examples(servers::allow_headers(&line))
        }
        Code::InvalidAllowMethodsPreflightResponse => finding.seen(lines(&[ALLOW_METHODS])),
        Code::InvalidAllowHeadersPreflightResponse => finding.seen(lines(&[ALLOW_HEADERS])),
        Code::CorsDisabledScheme | Code::RedirectContainsCredentials => {
            finding.seen(lines(&["location"]))
        }
        _ => finding.seen(silence(observed)),
    }
}

/// The answer that the check looked at.
fn answered<'o>(observed: &Observed<'o>, fault: &Fault) -> Option<Seen<'o>> {
    let purpose = match fault.phase {
        Phase::Start => return None,
        Phase::Preflight => Purpose::Preflight,
        Phase::Redirect | Phase::Answer => Purpose::Request,
    };
    let mut answers = observed.of(purpose);
    answers.find(|seen| seen.exchange.sent.url == fault.url)
}

/// Why there was no answer.
fn silence(observed: &Observed<'_>) -> Vec<String> {
    let failed = observed.exchanges.iter().filter_map(|exchange| {
        let (_, sentence) = exchange.reply.as_ref().err()?;
        let is_probe = matches!(exchange.purpose, Purpose::Probe(_));
        (!is_probe).then(|| format!("{}: {sentence}", shown::url(&exchange.sent.url)))
    });
    failed.collect()
}

/// A list with more names. A `*` is left out: where names are missing it stood for nothing.
fn with(listed: Option<String>, missing: &[&str]) -> String {
    let listed = listed.unwrap_or_default();
    let listed = listed.split(',').map(str::trim);
    let listed = listed.filter(|name| !matches!(*name, "" | "*"));
    let all: Vec<&str> = listed.chain(missing.iter().copied()).collect();
    all.join(", ")
}
