//! `docs/troubleshooting.md`: every row is a question, and what the document says of it is what the engine answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod rows;
mod written;

use drawbridge_policy::explain::{Browser, Verdict, recognize};

use rows::{ROWS, Row};
use written::{Told, told};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/troubleshooting.md");
const BEGIN: &str =
    "<!-- generated from crates/drawbridge-policy/tests/troubleshooting: begin -->\n";
const END: &str = "<!-- generated from crates/drawbridge-policy/tests/troubleshooting: end -->\n";

fn all() -> Vec<(&'static Row, Told)> {
    ROWS.iter().map(|row| (row, told(row))).collect()
}

/// `UPDATE_DOCS=1` rewrites the document instead.
#[test]
fn the_document_says_what_the_engine_answers() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (listed, after) = rest.split_once(END).unwrap();
    let generated = written::document(&all());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let document = format!("{before}{BEGIN}{generated}{END}{after}");
        return std::fs::write(DOCUMENT, document).unwrap();
    }
    assert_eq!(listed, generated, "run the test with UPDATE_DOCS=1");
}

#[test]
fn every_error_is_recognised_by_its_phrase_and_by_each_browsers_line() {
    for (row, told) in all() {
        let name = row.error;
        let recognized = recognize(name).unwrap_or_else(|| panic!("{name}"));
        let is_meant =
            |code: &drawbridge_policy::explain::Code| code.on_answer() == row.code.on_answer();
        assert!(
            recognized.codes.iter().any(is_meant),
            "{name}: {recognized:?}"
        );
        for (browser, line) in &told.console {
            let recognized = recognize(line).unwrap_or_else(|| panic!("{name}: {line}"));
            // Firefox and Safari have one sentence for several codes, and say nothing else of an origin's value.
            let is_meant = recognized.codes.iter().any(is_meant);
            assert!(
                is_meant || *browser != Browser::Chromium,
                "{line}: {recognized:?}"
            );
        }
    }
}

#[test]
fn every_call_is_blocked_as_said_and_its_fix_lets_it_through() {
    for (row, told) in all() {
        assert_eq!(told.code, row.code, "{}", row.error);
        assert!(
            !told.cause.is_empty() && !told.fix.is_empty(),
            "{}",
            row.error
        );
        if let rows::Seen::AtGateway(_) = row.seen {
            assert!(told.patch.is_some(), "{}", row.error);
            assert_eq!(told.after, Some(Verdict::Allowed), "{}", row.error);
        }
    }
}
