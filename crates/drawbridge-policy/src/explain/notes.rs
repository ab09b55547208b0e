//! What an answer has to say beside its verdict.
//!
//! A line of a console says that a call was blocked. Where the call that is asked about beside it passes, one of the two is
//! not the other: the notes say which part of the call the line leaves open. They must never change a verdict.

use url::Url;

use crate::explain::Browser;
use crate::explain::code::Code;
use crate::explain::judge::Verdict;
use crate::explain::recognize::Recognized;
use crate::explain::request::PageRequest;
use crate::explain::safelist::unsafe_headers;
use crate::names::is_token;
use crate::quote::quote;

/// One remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its stable name.
    pub code: &'static str,
    /// For people, a sentence or more.
    pub text: String,
}

impl Note {
    fn new(code: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, text }
    }
}

/// What may stop the call besides, before anything is sent, and what no server's log shows: named by the code, one of those
/// of [`suspect`](crate::explain::suspect).
pub(super) fn notes_on_call(call: &PageRequest, suspicions: &[Code]) -> Vec<Note> {
    let (page, gateway) = (
        quote(&call.origin),
        quote(&call.url.origin().ascii_serialization()),
    );
    let otherwise = "If pages call the gateway by another URL, set `public_url` to that.";
    let text = |code: &Code| match code {
        Code::MixedContent => format!(
            "Browsers block what an https page such as {page} calls over plain http, as {gateway} would be (mixed content): \
             serve TLS. {otherwise}"
        ),
        Code::InsecureLocalNetwork => format!(
            "Chromium lets no page that is not secure, such as {page}, call this machine or its network, where {gateway} is: \
             serve the page over https. {otherwise}"
        ),
        _ => format!(
            "Chromium asks the user before a page of {page} may call this machine or its network, where {gateway} is (Local \
             Network Access); where nobody agrees, nothing is sent. {otherwise}"
        ),
    };
    let notes = suspicions.iter();
    notes
        .map(|code| Note::new(code.name(), text(code)))
        .collect()
}

/// What has to be said where a call was judged beside a pasted line: whether the line is about that call at all, and, where
/// the call passes, why the line may say otherwise. `is_own` tells the serialised origins of the gateway.
///
/// Where the verdict is [`Verdict::Allowed`] there is at least one note, of these: `names_no_method`, `names_no_header`,
/// `names_no_reason`, `not_decided_here`, and `passes_now`, which alone does not doubt that the verdict is the line's.
pub fn notes_on_line(
    line: &Recognized,
    call: &PageRequest,
    verdict: Verdict,
    is_own: impl Fn(&[u8]) -> bool,
) -> Vec<Note> {
    let mut notes = Vec::new();
    let called = line.redirected_from.as_ref().or(line.url.as_ref());
    let called = called.and_then(|url| Url::parse(url).ok());
    let elsewhere = called.map(|url| url.origin().ascii_serialization());
    if let Some(other) = elsewhere.filter(|origin| origin != "null" && !is_own(origin.as_bytes())) {
        let gateway = call.url.origin().ascii_serialization();
        let text = format!(
            "The call in the line went to {}, not to this gateway ({gateway}), which has no say in that one.",
            quote(&other)
        );
        notes.push(Note::new("other_server", text));
    }
    if let Some(origin) = line.origin.as_ref().filter(|line| **line != call.origin) {
        let text = format!(
            "The line is about a page of {}, the question about one of {}.",
            quote(origin),
            quote(&call.origin)
        );
        notes.push(Note::new("other_page", text));
    }
    if verdict == Verdict::Allowed {
        notes.push(doubt(line, call));
    }
    notes
}

/// Why a line says that a call was blocked where this one passes.
fn doubt(line: &Recognized, call: &PageRequest) -> Note {
    let code = line.code();
    let is_named =
        |name: &Option<String>| name.as_ref().is_some_and(|name| is_token(name.as_bytes()));
    let method = call.sent_method();
    match code.on_answer() {
        // No list can forbid these, so another one was at fault.
        Code::MethodDisallowedByPreflightResponse
            if !is_named(&line.method) && matches!(method, "GET" | "HEAD" | "POST") =>
        {
            let text = format!(
                "The line names no method, and {method} is never refused so: ask with the one that the page uses \
                 (`method`, --method)."
            );
            Note::new("names_no_method", text)
        }
        Code::HeaderDisallowedByPreflightResponse
            if !is_named(&line.header) && !is_asked_for(call) =>
        {
            let text = "The line names no header: ask with every one that the page sets (`headers`, --header).";
            Note::new("names_no_header", text)
        }
        Code::Unspecified | Code::FailedToFetch => {
            let text = format!("The line does not say which check failed. {}", code.cure());
            Note::new("names_no_reason", text)
        }
        Code::MissingAllowOriginHeader
        | Code::AllowOriginMismatch
        | Code::WildcardOriginNotAllowed
        | Code::InvalidAllowCredentials
        | Code::PreflightInvalidStatus
        | Code::MethodDisallowedByPreflightResponse
        | Code::HeaderDisallowedByPreflightResponse
        | Code::Refused(_) => Note::new("passes_now", passes(call)),
        _ => {
            let (meaning, cure) = (code.meaning(), code.cure());
            let text =
                format!("What the line says is not for this gateway to decide. {meaning} {cure}");
            Note::new("not_decided_here", text)
        }
    }
}

/// Whether some browser asks for a header of the call.
fn is_asked_for(call: &PageRequest) -> bool {
    let headers = call.sent_headers();
    let has_unsafe = |browser: &Browser| !unsafe_headers(*browser, &headers).is_empty();
    Browser::ALL.iter().any(has_unsafe)
}

fn passes(call: &PageRequest) -> String {
    let names: Vec<_> = call
        .sent_headers()
        .iter()
        .map(|(name, _)| quote(name))
        .collect();
    let headers = match names.as_slice() {
        [] => "without headers of its own".to_owned(),
        names => format!("with {}", names.join(", ")),
    };
    format!(
        "As configured now the call passes that is asked about, {} {headers}. If the policy was changed since the line was \
         printed, reload the page; else the page sends something else: ask with its method and every header that it sets \
         (`method`, `headers`), and with `credentials` where it includes them.",
        call.sent_method()
    )
}
