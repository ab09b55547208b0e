//! Explanations as JSON: the same members whoever answers, the management API or the command line.
//!
//! It must never hold more than what was asked and what is judged of it: no key's token and no upstream's credential
//! come near, and of headers that may hold one the value is left out.

use serde_json::{Map, Value, json};

use crate::explain::Browser;
use crate::explain::answer::Answer;
use crate::explain::code::Code;
use crate::explain::fix::Target;
use crate::explain::judge::{Explanation, Verdict};
use crate::explain::notes::{Note, notes_on_call};
use crate::explain::recognize::{MAX_PASTED, Recognized, nearest, recognize};
use crate::explain::request::PageRequest;
use crate::explain::wording::{ConsoleLine, sentence};
use crate::names::shown_request_value;

/// A text that is no line of a console.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a CORS error that any of the three browsers prints{}{}", near(*nearest), unread(*is_excerpt))]
pub struct Unrecognized {
    /// Whether only the beginning and the end of the text were looked at: see [`MAX_PASTED`].
    pub is_excerpt: bool,
    /// The sentence that comes nearest, and its code.
    pub nearest: Option<(Code, &'static str)>,
}

fn near(nearest: Option<(Code, &str)>) -> String {
    match nearest {
        Some((code, sentence)) => {
            let sentence = sentence.replace('¦', "");
            format!("; nearest comes {}: {sentence}", code.name())
        }
        None => "; paste the whole line, from the console and not from the page".to_owned(),
    }
}

fn unread(is_excerpt: bool) -> String {
    match is_excerpt {
        true => format!(
            " (of this long text only the first and the last {} KiB were read)",
            MAX_PASTED / 2 / 1024
        ),
        false => String::new(),
    }
}

/// What a pasted line says.
///
/// # Errors
/// When it says nothing about CORS or its neighbours.
pub fn read_line(pasted: &str) -> Result<Recognized, Unrecognized> {
    recognize(pasted).ok_or_else(|| Unrecognized {
        is_excerpt: pasted.len() > MAX_PASTED,
        nearest: nearest(pasted),
    })
}

/// The document about a line alone: no endpoint is asked.
pub fn line_document(recognized: &Recognized) -> Value {
    let code = recognized.code();
    let console = Browser::ALL.map(|browser| {
        let text = sentence(browser, code, &recognized.known());
        (browser.as_str().to_owned(), json!(text))
    });
    json!({
        "object": "explanation",
        "verdict": Verdict::Blocked.as_str(),
        "code": code.name(),
        "meaning": code.meaning(),
        "cure": code.cure(),
        "recognized": recognized.to_value(),
        "preflight": null,
        "actual": null,
        "console": Map::from_iter(console),
        "console_lines": null,
        "cause": cause_of_line(recognized),
        "fixes": [],
        "notes": [],
    })
}

fn cause_of_line(recognized: &Recognized) -> String {
    let code = recognized.code();
    let mut cause = code.meaning().to_owned();
    let status = recognized.status.map(|status| status.to_string());
    for (what, value) in [
        ("method", recognized.method.as_deref()),
        ("header", recognized.header.as_deref()),
        ("status", status.as_deref()),
        ("value", recognized.value.as_deref()),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            cause += &format!(" The {what} is `{value}`.");
        }
    }
    cause
}

impl Recognized {
    /// As a document.
    pub fn to_value(&self) -> Value {
        let codes: Vec<_> = self.codes.iter().map(|code| code.name()).collect();
        json!({
            "browser": self.browser.map(Browser::as_str),
            "codes": codes,
            "url": self.url,
            "redirected_from": self.redirected_from,
            "origin": self.origin,
            "method": self.method,
            "header": self.header,
            "status": self.status,
            "value": self.value,
        })
    }

    /// What gaps of sentences can be filled with.
    fn known(&self) -> Vec<(&'static str, String)> {
        let status = self.status.map(|status| status.to_string());
        let known = [
            ("url", self.url.clone()),
            ("origin", self.origin.clone()),
            ("method", self.method.clone()),
            ("header", self.header.clone()),
            ("value", self.value.clone()),
            ("status", status),
        ];
        let given = known.into_iter();
        given
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

/// The document about a call. Its fixes are for the caller to add: it knows where their targets are.
pub fn call_document(call: &PageRequest, found: &Explanation) -> Value {
    let notes = notes_on_call(call, &found.suspicions);
    json!({
        "object": "explanation",
        "verdict": found.verdict.as_str(),
        "code": found.code.map(Code::name),
        "meaning": found.code.map(Code::meaning),
        "cure": found.code.map(Code::cure),
        "recognized": null,
        "preflight": preflight(call, found),
        "actual": actual(call, found),
        "console": of_browsers(found, |lines| match lines {
            [] => Value::Null,
            lines => {
                let texts: Vec<_> = lines.iter().map(|line| &*line.text).collect();
                json!(texts.join("\n"))
            }
        }),
        "console_lines": of_browsers(found, |lines| lines.iter().map(ConsoleLine::to_value).collect()),
        "cause": cause(found),
        "fixes": [],
        "notes": notes.iter().map(Note::to_value).collect::<Vec<_>>(),
    })
}

fn of_browsers(found: &Explanation, make: impl Fn(&[ConsoleLine]) -> Value) -> Map<String, Value> {
    let browsers = found.browsers.iter();
    browsers
        .map(|one| (one.browser.as_str().to_owned(), make(&one.console)))
        .collect()
}

/// What stands in the way, as one text.
fn cause(found: &Explanation) -> Option<String> {
    let causes: Vec<_> = found.causes.iter().map(ToString::to_string).collect();
    (!causes.is_empty()).then(|| causes.join("; "))
}

fn preflight(call: &PageRequest, found: &Explanation) -> Value {
    let Some(asked) = &found.preflight else {
        return json!({"needed": false, "why": [], "request": null, "response": null});
    };
    let why: Vec<_> = asked.needs.iter().map(ToString::to_string).collect();
    let mut headers = Map::new();
    headers.insert("Origin".to_owned(), json!(asked.origin));
    let method = json!(asked.method);
    headers.insert("Access-Control-Request-Method".to_owned(), method);
    if !asked.headers.is_empty() {
        let names = json!(asked.headers.join(","));
        headers.insert("Access-Control-Request-Headers".to_owned(), names);
    }
    let request = json!({"method": "OPTIONS", "url": call.url.as_str(), "headers": headers});
    let response = found.preflight_answer.as_ref().map(answer);
    json!({"needed": true, "why": why, "request": request, "response": response})
}

fn actual(call: &PageRequest, found: &Explanation) -> Value {
    let steps = found
        .browsers
        .first()
        .and_then(|one| one.simulation.steps.first());
    let sent = steps.and_then(|step| step.request.as_ref());
    let mut headers = Map::new();
    if let Some(origin) = sent.and_then(|(_, origin)| origin.as_ref()) {
        headers.insert("Origin".to_owned(), json!(origin));
    }
    for (name, value) in call.sent_headers() {
        let value = json!(shown_request_value(&name, &value));
        headers.insert(name, value);
    }
    json!({
        "sent": sent.is_some(),
        "request": {"method": call.sent_method(), "url": call.url.as_str(), "headers": headers},
        "response": answer(&found.actual_answer),
        "denial": found.denial.map(|denial| denial.code()),
        "reported": found.reported.map(|refusal| refusal.code()),
    })
}

fn answer(answer: &Answer) -> Value {
    let headers = answer.headers.iter();
    let headers: Map<_, _> = headers
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({"status": answer.status, "headers": headers})
}

impl ConsoleLine {
    fn to_value(&self) -> Value {
        json!({
            "text": self.text,
            "alternatives": self.alternatives,
            "is_verified": self.is_verified,
        })
    }
}

impl Note {
    /// As a document.
    pub fn to_value(&self) -> Value {
        json!({"code": self.code, "text": self.text})
    }
}

impl Target {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Key => "key",
        }
    }
}
