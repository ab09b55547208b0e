//! What no server's log shows, as nothing is sent then: the page's own policy, mixed content, Local Network Access,
//! extensions.

use drawbridge_policy::explain::{AddressSpace, Code, suspect};

use super::{Finding, Observed, Severity};
use crate::cli::explain::live::journey::Purpose;
use crate::cli::explain::live::shown;

/// What stops the call before anything is sent, in the browsers' order, with what is at fault.
pub(in crate::cli::explain::live) fn unseen_codes(observed: &Observed<'_>) -> Vec<(Code, String)> {
    let request = &observed.call.request;
    let suspected = suspect(request);
    let mut codes = Vec::new();
    if suspected.contains(&Code::MixedContent) {
        codes.push((Code::MixedContent, String::new()));
    }
    let blocks = observed.judged.map(|judged| &judged.judgement.blocks);
    if let Some(block) = blocks.and_then(|blocks| blocks.first()) {
        codes.push((Code::ContentSecurityPolicy, block.text.clone()));
    }
    // Looked at when the connection is made, so after the page's policy.
    if suspected.contains(&Code::InsecureLocalNetwork) {
        let space = AddressSpace::of(&request.url).as_str();
        codes.push((Code::InsecureLocalNetwork, space.to_owned()));
    }
    codes
}

pub(super) fn find(observed: &Observed<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (code, text) in unseen_codes(observed) {
        let finding = Finding::new(Severity::Blocks, code.name(), code.meaning());
        match code {
            Code::ContentSecurityPolicy => findings.push(policy(observed, finding, &text)),
            // Said with the address space, below.
            Code::InsecureLocalNetwork => {}
            _ => findings.push(finding.seen([both_urls(observed)]).cure(code.cure())),
        }
    }
    findings.extend(local_network(observed));
    findings
}

fn policy(observed: &Observed<'_>, finding: Finding, text: &str) -> Finding {
    let judgement = observed.judged.map(|judged| &judged.judgement);
    let cured = judgement.and_then(|judgement| judgement.cured.as_deref());
    let cure = match cured {
        Some(cured) => format!("The page's policy then: {cured}"),
        None => Code::ContentSecurityPolicy.cure().to_owned(),
    };
    finding
        .seen([format!("the page's policy: {text}")])
        .cure(cure)
}

/// Judged by what answered too: a name can lead to a private address.
fn local_network(observed: &Observed<'_>) -> Option<Finding> {
    let request = &observed.call.request;
    let mut codes = suspect(request);
    let space = space_of_answer(observed);
    if space > AddressSpace::of(&request.url) {
        let mut private = request.clone();
        let address = match space {
            AddressSpace::Loopback => std::net::Ipv4Addr::LOCALHOST,
            _ => std::net::Ipv4Addr::new(10, 0, 0, 1),
        };
        // Cannot fail for http and https, which is all that is asked for.
        let _ = private.url.set_ip_host(address.into());
        codes.extend(suspect(&private));
    }
    let code = codes.into_iter().find(|code| {
        matches!(
            code,
            Code::InsecureLocalNetwork | Code::LocalNetworkAccessPermissionDenied
        )
    })?;
    let blocks = unseen_codes(observed).iter().any(|(own, _)| *own == code);
    let (severity, means) = match (code, blocks) {
        (Code::InsecureLocalNetwork, true) => (
            Severity::Blocks,
            "The server is in a more private network than the page, and the page is not secure: Chromium refuses such calls. \
             Nothing is sent then, so no server's log has it. The page is taken to be on the internet if its name does not say \
             otherwise.",
        ),
        // Where the server's name led is known, where the page's leads is not: both may be in one network.
        (Code::InsecureLocalNetwork, false) => (
            Severity::Warning,
            "The server's name leads into a private network, and the page is not secure: Chromium refuses such calls of pages \
             from outside that network. Nothing is sent then, so no server's log has it.",
        ),
        _ => (
            Severity::Warning,
            "The server is in a more private network than the page: Chromium asks the user first, and where the answer is no, \
             or nobody is there to give it, nothing is sent, so no server's log has it.",
        ),
    };
    Some(
        Finding::new(severity, code.name(), means)
            .seen([both_urls(observed)])
            .seen([format!(
                "the server's address space is `{}`",
                space.as_str()
            )])
            .cure(code.cure()),
    )
}

/// How private the server is: what answered may say more than its name.
fn space_of_answer(observed: &Observed<'_>) -> AddressSpace {
    let named = AddressSpace::of(&observed.call.request.url);
    let first = observed.exchanges.first();
    match first.is_some_and(|exchange| exchange.is_private) {
        true => named.max(AddressSpace::Local),
        false => named,
    }
}

fn both_urls(observed: &Observed<'_>) -> String {
    let request = &observed.call.request;
    let url = shown::url(&request.url);
    format!("a page of {} calls {url}", request.origin)
}

/// What is worth knowing beside it.
pub(super) fn notes(observed: &Observed<'_>) -> Vec<Finding> {
    let mut notes = Vec::new();
    for name in &observed.call.left_out {
        let means =
            "No script can set this header: browsers drop it without a word, and so did this.";
        notes.push(
            Finding::new(Severity::Note, "header_not_settable", means)
                .seen([format!("--header {name}")])
                .cure("Leave it out; with --credentials a Cookie is sent as browsers send theirs."),
        );
    }
    for oddity in observed.judged.iter().flat_map(|judged| &judged.oddities) {
        notes.push(
            Finding::new(Severity::Note, "policy_oddity", oddity.clone())
                .cure("Mend the page's Content-Security-Policy."),
        );
    }
    let was_answered = observed.of(Purpose::Request).next().is_some();
    let is_well = observed.faults().next().is_none() && unseen_codes(observed).is_empty();
    if was_answered && is_well {
        let means = "Where the browser blocks the call all the same, look there: an ad blocker or another extension \
                     (ERR_BLOCKED_BY_CLIENT in the console), the page's own Content-Security-Policy (--page), a service \
                     worker, an answer from before in a cache, or a proxy between.";
        notes.push(
            Finding::new(Severity::Note, "blocked_all_the_same", means)
                .cure("Try in a private window without extensions, with the cache off."),
        );
    }
    notes
}
