//! A line of a console alone: read on the spot.

use std::io::Read;

use drawbridge_policy::explain::{excerpt, line_document, read_line};

use super::{verdict, view};
use crate::cli::failure::Failure;
use crate::cli::output;

/// Longest text on stdin, in bytes.
const MAX_STDIN: u64 = 1 << 20;

pub(super) fn run(line: &str, is_json: bool) -> Result<(), Failure> {
    let recognized = read_line(&text(line)?).map_err(|error| Failure::Usage(error.to_string()))?;
    let document = line_document(&recognized);
    match is_json {
        true => output::print(&document.to_string()),
        false => output::print(&view::human(&document)),
    }
    verdict(&document)
}

/// The line itself, as far as it is looked at; `-` is what stands on stdin.
pub(super) fn text(line: &str) -> Result<String, Failure> {
    if line != "-" {
        return Ok(excerpt(line).into_owned());
    }
    let mut text = Vec::new();
    let read = std::io::stdin().take(MAX_STDIN + 1).read_to_end(&mut text);
    let read = read.map_err(|error| Failure::Usage(format!("cannot read stdin: {error}")))?;
    if u64::try_from(read).is_ok_and(|read| read > MAX_STDIN) {
        let detail = "stdin holds more than 1 MiB: pass the lines of the console alone";
        return Err(Failure::Usage(detail.to_owned()));
    }
    Ok(excerpt(&String::from_utf8_lossy(&text)).into_owned())
}
