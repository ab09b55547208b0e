//! The report as JSON.

use drawbridge_policy::explain::{Code, Outcome};
use serde_json::{Map, Value, json};

use super::finding::Finding;
use super::journey::{Exchange, Purpose};
use super::report::{received_lines, sent_lines};
use super::{Report, shown};

pub(super) fn of(report: &Report<'_>) -> Value {
    let request = &report.call.request;
    let names = request.headers.iter().map(|(name, _)| name);
    let mut console = Map::new();
    for (browser, lines) in &report.console {
        let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        let text = (!lines.is_empty()).then(|| lines.join("\n"));
        console.insert(browser.as_str().to_owned(), text.into());
    }
    let mut browsers = Map::new();
    for (browser, simulation) in report.browsers {
        let value = match &simulation.outcome {
            Outcome::Blocked(fault) => json!({ "verdict": "blocked", "code": fault.code.name() }),
            Outcome::Readable(answer) => json!({ "verdict": "allowed", "status": answer.status }),
            _ => json!({ "verdict": "unknown" }),
        };
        browsers.insert(browser.as_str().to_owned(), value);
    }
    json!({
        "verdict": report.verdict.as_str(),
        "code": report.code.map(Code::name),
        "request": {
            "origin": request.origin,
            "url": shown::url(&request.url),
            "method": request.sent_method(),
            "headers": names.collect::<Vec<_>>(),
            "credentials": request.includes_credentials,
        },
        "console": console,
        "browsers": browsers,
        "exchanges": report.exchanges.iter().map(exchange).collect::<Vec<_>>(),
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "stopped": report.stopped,
    })
}

fn exchange(exchange: &Exchange) -> Value {
    let purpose = match exchange.purpose {
        Purpose::Preflight => "preflight",
        Purpose::Request => "request",
        Purpose::Probe(probe) => probe.name(),
    };
    json!({
        "purpose": purpose,
        "why": exchange.why,
        "method": exchange.sent.method,
        "url": shown::url(&exchange.sent.url),
        "sent": sent_lines(exchange),
        "status": exchange.answer().map(|answer| answer.status),
        "received": received_lines(exchange),
        "error": exchange.reply.as_ref().err().map(|(_, sentence)| sentence),
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "severity": finding.severity.as_str(),
        "code": finding.code,
        "seen": finding.seen,
        "means": finding.means,
        "cure": finding.cure,
        "examples": finding.examples,
    })
}
