//! A line of a console alone: read on the spot.

use std::io::Read;

use drawbridge_policy::explain::{MAX_PASTED, line_document, read_line};

use super::{verdict, view};
use crate::cli::failure::Failure;
use crate::cli::output;

pub(super) fn run(line: &str, is_json: bool) -> Result<(), Failure> {
    let recognized = read_line(&text(line)?).map_err(|error| Failure::Usage(error.to_string()))?;
    let document = line_document(&recognized);
    match is_json {
        true => output::print(&document.to_string()),
        false => output::print(&view::human(&document)),
    }
    verdict(&document)
}

/// The line itself; `-` is what stands on stdin, as far as it is looked at.
pub(super) fn text(line: &str) -> Result<String, Failure> {
    if line != "-" {
        return Ok(line.to_owned());
    }
    let mut text = Vec::new();
    let most = u64::try_from(MAX_PASTED).unwrap_or(u64::MAX);
    let read = std::io::stdin().take(most).read_to_end(&mut text);
    read.map_err(|error| Failure::Usage(format!("cannot read stdin: {error}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
