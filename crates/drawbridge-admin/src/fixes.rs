//! A fix as clients see it: what to PATCH, and the command line that does.

use drawbridge_policy::explain::{Fix, Target};
use drawbridge_store::{EndpointRow, KeyRow, ProjectRow};
use serde_json::{Value, json};

use crate::conditions::entity_tag;

/// A fix for an endpoint, or for the key that it was asked with; no fix is for a key that nobody asked about.
pub(crate) fn fix_document(
    fix: &Fix,
    project: &ProjectRow,
    endpoint: &EndpointRow,
    key: Option<&KeyRow>,
) -> Value {
    let patch = shell_word(&fix.patch.to_string());
    let (target, url, command, revision) = match (fix.target, key) {
        (Target::Key, Some(key)) => (
            "key",
            format!("/v1/api-keys/{}", key.id),
            format!("drawbridge key update {} --patch {patch}", key.id),
            key.revision,
        ),
        (Target::Endpoint | Target::Key, _) => {
            let (slug, name) = (&project.slug, &endpoint.name);
            (
                "endpoint",
                format!("/v1/projects/{slug}/endpoints/{name}"),
                format!("drawbridge endpoint update {name} --project {slug} --patch {patch}"),
                endpoint.revision,
            )
        }
    };
    json!({
        "summary": fix.summary,
        "target": target,
        "url": url,
        "etag": entity_tag(revision).to_str().ok(),
        "patch": fix.patch,
        "command": command,
        "risk": fix.risk,
    })
}

/// A text as one word of a POSIX shell's command line.
fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_within_a_word_does_not_end_it() {
        assert_eq!(shell_word("{\"a\":1}"), "'{\"a\":1}'");
        assert_eq!(shell_word("x-it's"), r"'x-it'\''s'");
    }
}
