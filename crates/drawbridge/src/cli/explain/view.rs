//! An explanation for people: the verdict first, then how it comes about, then the cure.

use std::fmt::Write;

use serde_json::{Map, Value};

const BROWSERS: [(&str, &str); 3] = [
    ("chromium", "Chromium"),
    ("firefox", "Firefox"),
    ("safari", "Safari"),
];

/// After a fix that cured what was asked about, and so the line, too.
pub(super) fn cured(explanation: &Value) -> String {
    let mut sections = vec![ALLOWED.to_owned()];
    sections.extend(notes(explanation, |code| code != "passes_now"));
    sections.join("\n\n")
}

/// The verdict where nothing stands in the way.
const ALLOWED: &str = "allowed: every browser lets the page read the answer";

/// The whole explanation.
pub(super) fn human(explanation: &Value) -> String {
    let mut sections = vec![outcome(explanation)];
    sections.extend(recognized(&explanation["recognized"]));
    sections.extend(console(explanation));
    sections.extend(events(explanation));
    if let Some(cause) = explanation["cause"].as_str() {
        sections.push(format!("Cause\n  {cause}"));
    }
    sections.extend(cures(explanation));
    sections.extend(notes(explanation, |_| true));
    sections.join("\n\n")
}

/// The verdict alone.
fn outcome(explanation: &Value) -> String {
    match (&explanation["code"], &explanation["meaning"]) {
        (Value::String(code), Value::String(meaning)) => format!("blocked: {code}\n  {meaning}"),
        _ if super::is_unclear(explanation) => {
            "unclear: the line says that a call was blocked, and the one that is asked about is not"
                .to_owned()
        }
        _ => ALLOWED.to_owned(),
    }
}

fn recognized(line: &Value) -> Option<String> {
    let members = [
        "url",
        "redirected_from",
        "origin",
        "method",
        "header",
        "status",
        "value",
    ];
    let told = members.iter().filter_map(|name| match &line[*name] {
        Value::Null => None,
        Value::String(text) => Some(format!("\n  {name}: {text}")),
        other => Some(format!("\n  {name}: {other}")),
    });
    let told: String = told.collect();
    let whose = line["browser"].as_str();
    let whose = whose.and_then(|name| BROWSERS.iter().find(|(own, _)| *own == name));
    match (whose, told.is_empty()) {
        (None, true) => None,
        (None, false) => Some(format!("The line says{told}")),
        (Some((_, name)), _) => Some(format!("The line is {name}'s{told}")),
    }
}

fn console(explanation: &Value) -> Option<String> {
    let mut text = String::new();
    for (name, shown) in BROWSERS {
        let Some(lines) = explanation["console"][name].as_str() else {
            continue;
        };
        let is_unverified = explanation["console_lines"][name]
            .as_array()
            .is_some_and(|lines| lines.iter().any(|line| line["is_verified"] == false));
        let note = match (is_unverified, name) {
            (false, _) => "",
            (true, "safari") => " (measured in WebKitGTK, not in Safari)",
            (true, _) => " (from its source, not measured)",
        };
        let _ = write!(text, "\n  {shown}{note}");
        for line in lines.lines() {
            let _ = write!(text, "\n    {line}");
        }
    }
    (!text.is_empty()).then(|| format!("What the console says{text}"))
}

/// What is sent and answered, in order.
fn events(explanation: &Value) -> Option<String> {
    let (preflight, actual) = (&explanation["preflight"], &explanation["actual"]);
    if actual.is_null() {
        return None;
    }
    let mut text = "What happens".to_owned();
    if preflight["needed"] == true {
        let _ = write!(
            text,
            "\n  The browser asks first, because {}:",
            words(&preflight["why"])
        );
        add_request(&mut text, &preflight["request"]);
        add_response(&mut text, &preflight["response"], "The gateway");
    } else {
        text += "\n  The browser does not have to ask first.";
    }
    if actual["sent"] == true {
        text += "\n  It sends the request:";
        add_request(&mut text, &actual["request"]);
        let who = match actual["denial"].as_str() {
            Some(denial) => format!("The gateway refuses it ({denial}) and"),
            None => "The gateway forwards it and, if all is well,".to_owned(),
        };
        add_response(&mut text, &actual["response"], &who);
    } else {
        text += "\n  The request itself is not sent.";
    }
    if let Some(reported) = actual["reported"].as_str() {
        let _ = write!(
            text,
            "\n  The endpoint only reports: else it would refuse ({reported})."
        );
    }
    Some(text)
}

fn words(list: &Value) -> String {
    let words = list.as_array().into_iter().flatten();
    let words: Vec<_> = words.filter_map(Value::as_str).collect();
    words.join("; ")
}

fn add_request(text: &mut String, request: &Value) {
    let part = |name: &str| request[name].as_str().unwrap_or_default();
    let _ = write!(text, "\n    {} {}", part("method"), part("url"));
    add_headers(text, request["headers"].as_object());
}

fn add_response(text: &mut String, response: &Value, who: &str) {
    let _ = write!(text, "\n  {who} answers {}:", response["status"]);
    let headers = response["headers"].as_object();
    if headers.is_none_or(Map::is_empty) {
        text.push_str("\n    (nothing that browsers look at)");
    }
    add_headers(text, headers);
}

fn add_headers(text: &mut String, headers: Option<&Map<String, Value>>) {
    for (name, value) in headers.into_iter().flatten() {
        let _ = write!(text, "\n    {name}: {}", value.as_str().unwrap_or_default());
    }
}

fn cures(explanation: &Value) -> Option<String> {
    let fixes = explanation["fixes"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if fixes.is_empty() {
        let cure = explanation["cure"].as_str()?;
        return Some(format!("What to do\n  {cure}"));
    }
    let several = if fixes.len() > 1 {
        " (all of them are needed)"
    } else {
        ""
    };
    let mut text = format!("Fix{several}");
    for fix in fixes {
        let part = |name: &str| fix[name].as_str().unwrap_or_default();
        let (summary, command, risk) = (part("summary"), part("command"), part("risk"));
        let _ = write!(text, "\n  {summary}\n    {command}\n    mind: {risk}");
    }
    Some(text)
}

/// The notes whose codes are wanted.
fn notes(explanation: &Value, is_wanted: impl Fn(&Value) -> bool) -> Option<String> {
    let notes = explanation["notes"].as_array()?.iter();
    let notes = notes.filter(|note| is_wanted(&note["code"]));
    let texts: Vec<_> = notes.filter_map(|note| note["text"].as_str()).collect();
    (!texts.is_empty()).then(|| format!("Mind\n  {}", texts.join("\n  ")))
}
