//! The report for people: the verdict first, then the browsers' words, what was sent and came back, and what was found.
//!
//! Everything that a server sent is shown without control characters, and cut: it must never move a terminal's cursor.
//! Values of headers that may be keys are never shown.

use std::fmt::Write;

use drawbridge_policy::explain::{Browser, Code};
use drawbridge_policy::names::shown_request_value;

use super::finding::Finding;
use super::journey::{Exchange, PLACEHOLDER, Purpose};
use super::{Report, Verdict, shown};

/// Longest line of a server's that is shown whole, in characters.
const LONGEST: usize = 400;

pub(super) fn human(report: &Report<'_>) -> String {
    let mut text = String::new();
    headline(report, &mut text);
    console(report, &mut text);
    text += "\nWhat was sent, and what came back\n";
    for exchange in report.exchanges {
        match exchange.purpose {
            Purpose::Probe(_) => {}
            Purpose::Preflight | Purpose::Request => told(exchange, &mut text),
        }
    }
    probes(report, &mut text);
    if !report.findings.is_empty() {
        text += "\nFindings\n";
    }
    for finding in &report.findings {
        found(finding, &mut text);
    }
    harmless(&text)
}

fn headline(report: &Report<'_>, text: &mut String) {
    let request = &report.call.request;
    let (origin, method) = (&request.origin, request.sent_method());
    let url = shown::url(&request.url);
    let line = match report.verdict {
        Verdict::Allowed => format!("allowed: a page of {origin} can {method} {url}"),
        Verdict::Blocked => {
            let code = report.code.map_or("", Code::name);
            format!("blocked: a page of {origin} cannot {method} {url} ({code})")
        }
        Verdict::Unknown => {
            format!("unknown: whether a page of {origin} can {method} {url} was not found out")
        }
    };
    let _ = writeln!(text, "{line}");
    if let Some(stopped) = report.stopped {
        let _ = writeln!(text, "  {stopped}");
    }
}

fn console(report: &Report<'_>, text: &mut String) {
    if report.console.iter().all(|(_, lines)| lines.is_empty()) {
        return;
    }
    *text += "\nIn the browser's console\n";
    for (browser, lines) in &report.console {
        let is_verified = lines.iter().all(|line| line.is_verified);
        let doubt = match (is_verified, browser) {
            (true, _) => "",
            (false, Browser::Safari) => " (as measured in WebKitGTK, not in Safari)",
            (false, _) => " (from its source, not measured)",
        };
        let name = match browser {
            Browser::Chromium => "Chromium",
            Browser::Firefox => "Firefox",
            Browser::Safari => "Safari",
        };
        if lines.is_empty() {
            continue;
        }
        let _ = writeln!(text, "  {name}{doubt}");
        for line in lines {
            let _ = writeln!(text, "    {}", line.text);
        }
    }
}

/// One exchange, like a trace.
fn told(exchange: &Exchange, text: &mut String) {
    let what = match exchange.purpose {
        Purpose::Preflight => "The preflight",
        _ => "The request",
    };
    let _ = match exchange.why.is_empty() {
        true => writeln!(text, "  {what}"),
        false => writeln!(text, "  {what}, because of {}", exchange.why.join("; ")),
    };
    let url = shown::url(&exchange.sent.url);
    let _ = writeln!(text, "    > {} {url}", exchange.sent.method);
    for line in sent_lines(exchange) {
        let _ = writeln!(text, "    > {line}");
    }
    match &exchange.reply {
        Ok(answer) => {
            let _ = writeln!(text, "    < {}", answer.status);
            for line in received_lines(exchange) {
                let _ = writeln!(text, "    < {}", cut(&line));
            }
        }
        Err((_, sentence)) => {
            let _ = writeln!(text, "    ! {sentence}");
        }
    }
}

fn probes(report: &Report<'_>, text: &mut String) {
    for exchange in report.exchanges {
        let Purpose::Probe(probe) = exchange.purpose else {
            continue;
        };
        let what = match &exchange.reply {
            Ok(answer) => match answer.get("access-control-allow-origin") {
                Some(value) => format!(
                    "{}, access-control-allow-origin: {}",
                    answer.status,
                    cut(&value)
                ),
                None => format!("{}, no access-control-allow-origin", answer.status),
            },
            Err((_, sentence)) => sentence.clone(),
        };
        let method = &exchange.sent.method;
        let _ = writeln!(text, "  Asked with {} ({method}): {what}", probe.as_str());
    }
}

fn found(finding: &Finding, text: &mut String) {
    let _ = writeln!(text, "  [{}] {}", finding.severity.as_str(), finding.code);
    let _ = writeln!(text, "    {}", finding.means);
    for seen in &finding.seen {
        let _ = writeln!(text, "    seen: {}", cut(seen));
    }
    let _ = writeln!(text, "    do: {}", finding.cure);
    for example in &finding.examples {
        let _ = writeln!(text, "      {example}");
    }
}

/// What was sent, as far as it matters; values that may be keys are left out.
pub(super) fn sent_lines(exchange: &Exchange) -> Vec<String> {
    let headers = exchange.sent.headers.iter();
    let lines = headers.filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let shown = match &*name {
            "user-agent" | "accept" => return None,
            // The browser's own: no page can set these.
            "origin" => value,
            _ if name.starts_with("access-control-request-") => value,
            _ if value == PLACEHOLDER => "(a placeholder)",
            _ => shown_request_value(&name, value),
        };
        Some(format!("{name}: {shown}"))
    });
    lines.collect()
}

/// What came back, as far as it matters.
pub(super) fn received_lines(exchange: &Exchange) -> Vec<String> {
    const NAMES: [&str; 8] = [
        "allow",
        "content-type",
        "location",
        "server",
        "vary",
        "via",
        "www-authenticate",
        "drawbridge-cors",
    ];
    let headers = exchange.answer().map(|answer| &answer.headers);
    let shown = headers
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.starts_with("access-control-") || NAMES.contains(&name.as_str()));
    shown
        .map(|(name, value)| format!("{name}: {}", shown::value(name, value)))
        .collect()
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// The text without what moves a cursor, or turns the direction of writing.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        let turns = matches!(character, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character != '\n' && (character.is_control() || turns) {
            harmless.extend(character.escape_unicode());
        } else {
            harmless.push(character);
        }
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_sent_moves_no_cursor() {
        assert_eq!(
            harmless("a\u{1b}[2J\u{9b}1m\u{202e}b\n"),
            "a\\u{1b}[2J\\u{9b}1m\\u{202e}b\n"
        );
        assert_eq!(cut(&"x".repeat(500)).chars().count(), LONGEST + 1);
    }
}
