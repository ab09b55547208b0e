//! What commands read beside their arguments: secrets and documents, from the environment, a file or stdin.

use std::io::{IsTerminal, Read};
use std::path::Path;

use serde_json::{Map, Value};

use super::failure::Failure;

/// A secret from an environment variable.
///
/// # Errors
/// When the variable is unset, empty or not text.
pub(super) fn secret_from_variable(name: &str) -> Result<Value, Failure> {
    match std::env::var(name) {
        Ok(secret) if !secret.is_empty() => Ok(Value::String(secret)),
        _ => Err(Failure::Usage(format!(
            "the environment variable {name} is not set"
        ))),
    }
}

/// A secret from stdin, up to its end; one line break at the end does not count.
///
/// # Errors
/// When stdin is a terminal, where the secret would be seen, or is empty.
pub(super) fn secret_from_stdin() -> Result<Value, Failure> {
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::Usage(
            "stdin is a terminal, where the secret would be seen: pipe it in, as in \
             `--credential-stdin < file`, or name a variable with --credential-env"
                .to_owned(),
        ));
    }
    let mut text = String::new();
    if stdin.read_to_string(&mut text).is_err() {
        return Err(Failure::Usage(
            "what stands on stdin is not UTF-8 text".to_owned(),
        ));
    }
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    match secret {
        "" => Err(Failure::Usage("there is no secret on stdin".to_owned())),
        secret => Ok(Value::String(secret.to_owned())),
    }
}

/// The text of a file.
///
/// # Errors
/// When it cannot be read, or is no text.
pub(super) fn text_of_file(file: &Path) -> Result<Value, Failure> {
    std::fs::read_to_string(file)
        .map(Value::String)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))
}

/// A JSON object: written out, `@file`, or `-` for stdin.
///
/// # Errors
/// When it cannot be read, or is no JSON object.
pub(super) fn document(argument: &str) -> Result<Map<String, Value>, Failure> {
    let (text, place) = match argument.strip_prefix('@') {
        Some(file) => (std::fs::read(file), format!("the file {file}")),
        None if argument == "-" => {
            let mut text = Vec::new();
            let read = std::io::stdin().read_to_end(&mut text);
            (read.map(|_| text), "stdin".to_owned())
        }
        None => (Ok(argument.as_bytes().to_vec()), "--patch".to_owned()),
    };
    let text = text.map_err(|error| Failure::Usage(format!("cannot read {place}: {error}")))?;
    match drawbridge_policy::document::parse_document(&text) {
        Ok(Value::Object(document)) => Ok(document),
        Ok(_) => Err(Failure::Usage(format!(
            "what stands in {place} is not a JSON object such as {{\"cors\": {{\"maxAge\": 600}}}}"
        ))),
        Err(error) => Err(Failure::Usage(format!("cannot read {place}: {error}"))),
    }
}

/// A merge patch: what the flags say, or the one that was given instead.
///
/// # Errors
/// When there are both, or none; else as [`document`].
pub(super) fn merge_patch(
    patch: Option<&str>,
    flags: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    match (patch, flags.is_empty()) {
        (Some(patch), true) => document(patch),
        (None, false) => Ok(flags),
        (Some(_), false) => Err(Failure::Usage(
            "--patch says it all: leave the other flags out, or put them into the patch".to_owned(),
        )),
        (None, true) => Err(Failure::Usage(
            "there is nothing to change: `--help` lists what can be".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_written_out_or_in_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("patch.json");
        std::fs::write(&file, r#"{"models": []}"#).unwrap();
        let from_file = document(&format!("@{}", file.display())).unwrap();
        assert_eq!(from_file, document(r#"{"models":[]}"#).unwrap());
        for wrong in ["[]", "{", "{\"a\":1,\"a\":2}", "@/no/such/file", "'{}'"] {
            assert!(matches!(document(wrong), Err(Failure::Usage(_))), "{wrong}");
        }
    }

    #[test]
    fn an_unset_variable_is_named() {
        let failure = secret_from_variable("DRAWBRIDGE_TEST_SURELY_UNSET").unwrap_err();
        assert!(
            failure.to_string().contains("DRAWBRIDGE_TEST_SURELY_UNSET"),
            "{failure}"
        );
    }
}
