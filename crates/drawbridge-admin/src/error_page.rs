//! `/errors`: what each code means, for people who followed a refusal's link.
//!
//! One static page from the tables that refusals are made from, without scripts or styles: it works under any policy of its
//! own. It tells nothing about this gateway.

use std::fmt::Write;

use drawbridge_policy::cors::Refusal;
use drawbridge_policy::denial::Denial;

use crate::fault::Fault;

/// One code: its status, and what happened and what to do.
pub(crate) struct Section {
    pub(crate) code: &'static str,
    /// `None` where an answer is no refusal by itself.
    pub(crate) status: Option<u16>,
    pub(crate) text: String,
}

/// What the page, and `docs/errors.md` below the data plane's codes, say of management's own codes.
pub(crate) fn management() -> impl Iterator<Item = Section> {
    Fault::ALL.into_iter().filter_map(|fault| {
        let (code, status, _) = fault.row();
        Some(Section {
            code,
            status: Some(status.as_u16()),
            text: fault.meaning()?.to_owned(),
        })
    })
}

fn sections() -> impl Iterator<Item = Section> {
    let denials = Denial::ALL.into_iter().map(|denial| Section {
        code: denial.code(),
        status: Some(denial.status()),
        text: format!("{} {}", denial.message(), denial.hint()),
    });
    let header = Section {
        code: Refusal::HeaderNotAllowed.code(),
        status: None,
        text: "The page wants to send a header that the endpoint's CORS policy does not list. Add its name to the endpoint's \
               `allowedHeaders`."
            .to_owned(),
    };
    denials.chain([header]).chain(management())
}

/// The whole page, HTML in UTF-8.
pub fn error_page() -> String {
    let mut page = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Errors · Drawbridge</title>\n\
                    <h1>Errors</h1>\n<p>What the gateway's codes mean, and what to do about each.</p>\n"
        .to_owned();
    for Section { code, status, text } in sections() {
        let status = status.map_or_else(String::new, |status| format!("<b>{status}</b> · "));
        let text = escaped(&text);
        // Writing into a `String` cannot fail.
        let _ = write!(
            page,
            "<h2 id=\"{code}\">{code}</h2>\n<p>{status}{text}</p>\n"
        );
    }
    page.push_str("</html>\n");
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    const BEGIN: &str = "<!-- generated from the table of management's faults: begin -->\n";
    const END: &str = "<!-- generated from the table of management's faults: end -->\n";

    fn generated() -> String {
        let mut text = String::new();
        for section in management() {
            let (code, status) = (section.code, section.status.unwrap());
            writeln!(text, "\n### {code}\n**{status}** · {}", section.text).unwrap();
        }
        text.push('\n');
        text
    }

    /// `UPDATE_DOCS=1` rewrites the document instead.
    #[test]
    fn the_document_lists_every_fault_as_it_is() {
        let document = std::fs::read_to_string(DOCUMENT).unwrap();
        let (before, rest) = document.split_once(BEGIN).unwrap();
        let (listed, after) = rest.split_once(END).unwrap();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let document = format!("{before}{BEGIN}{}{END}{after}", generated());
            return std::fs::write(DOCUMENT, document).unwrap();
        }
        assert_eq!(listed, generated(), "run the test with UPDATE_DOCS=1");
    }

    #[test]
    fn every_code_has_one_place_on_the_page() {
        let page = error_page();
        let denials = Denial::ALL.into_iter().map(Denial::code);
        let faults = Fault::ALL.into_iter().map(|fault| fault.row().0);
        let refusals = Refusal::ALL.into_iter().map(Refusal::code);
        for code in denials.chain(faults).chain(refusals) {
            let places = page.matches(&format!("<h2 id=\"{code}\">")).count();
            assert_eq!(places, 1, "{code}");
        }
    }
}
