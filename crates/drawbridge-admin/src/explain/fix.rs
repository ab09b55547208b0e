//! A fix as clients see it: what to PATCH, and the command line that does.

use drawbridge_policy::explain::{Fix, Target};
use serde_json::{Value, json};

use super::Subject;
use crate::conditions::entity_tag;

pub(super) fn fix_document(subject: &Subject, fix: &Fix) -> Value {
    let patch = shell_word(&fix.patch.to_string());
    let (url, command, revision) = match (fix.target, &subject.key) {
        (Target::Key, Some(key)) => (
            format!("/v1/api-keys/{}", key.id),
            format!("drawbridge key update {} --patch {patch}", key.id),
            key.revision,
        ),
        // No fix is for a key that nobody asked about.
        (Target::Endpoint | Target::Key, _) => {
            let (slug, name) = (&subject.project.slug, &subject.endpoint.name);
            (
                format!("/v1/projects/{slug}/endpoints/{name}"),
                format!("drawbridge endpoint update {name} --project {slug} --patch {patch}"),
                subject.endpoint.revision,
            )
        }
    };
    json!({
        "summary": fix.summary,
        "target": fix.target.as_str(),
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
