//! `docs/errors.md` lists the denial table as it is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fmt::Write;

use drawbridge_policy::denial::Denial;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
const BEGIN: &str = "<!-- generated from the denial table: begin -->\n";
const END: &str = "<!-- generated from the denial table: end -->\n";

fn generated() -> String {
    let mut text = String::new();
    for denial in Denial::ALL {
        let (code, status) = (denial.code(), denial.status());
        writeln!(
            text,
            "\n### {code}\n**{status}** · {} {}",
            denial.message(),
            denial.hint()
        )
        .unwrap();
    }
    text.push('\n');
    text
}

/// `UPDATE_DOCS=1` rewrites the document instead.
#[test]
fn the_document_lists_every_denial_as_it_is() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (listed, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(
            DOCUMENT,
            format!("{before}{BEGIN}{}{END}{after}", generated()),
        )
        .unwrap();
        return;
    }
    assert_eq!(listed, generated(), "run the test with UPDATE_DOCS=1");
}

#[test]
fn codes_are_unique_and_statuses_ascend() {
    let mut codes: Vec<_> = Denial::ALL.iter().map(|denial| denial.code()).collect();
    assert!(Denial::ALL.is_sorted_by_key(|denial| denial.status()));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Denial::ALL.len());
}
