//! What a project is set to, as people write it.
//!
//! What [`ProjectSettings::read`] accepts is valid in itself, and it names every problem of what it does not.

use serde_json::{Value, json};

use crate::document::Fields;
use crate::issue::{ConfigIssue, Problems};
use crate::key::SecretKeysInBrowsers;
use crate::key_config::read_choice;
use crate::rate_limit::RateLimit;

/// A project's settings: `{"secret_keys_in_browsers", "rate_limit", "debug"}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProjectSettings {
    /// What becomes of its secret keys in pages.
    pub secret_keys_in_browsers: SecretKeysInBrowsers,
    /// For keys that have none of their own; `None` means no limit.
    pub rate_limit: Option<RateLimit>,
    /// Whether refusals say in a header of their own what was refused.
    pub debug: bool,
}

impl ProjectSettings {
    /// Reads a whole document.
    ///
    /// # Errors
    /// Every problem of the document.
    pub fn read(document: &Value) -> Result<Self, Vec<ConfigIssue>> {
        let mut problems = Problems::new();
        let settings = Fields::open(document, "", &mut problems).map(|mut fields| {
            let settings = Self::read_fields(&mut fields, &mut problems);
            fields.finish(&mut problems);
            settings
        });
        problems.into_result(settings.unwrap_or_default())
    }

    /// Reads the members of a document that may have others too; the caller ends the walk.
    pub fn read_fields(fields: &mut Fields<'_>, problems: &mut Problems) -> Self {
        let in_browsers = read_choice(
            fields,
            "secret_keys_in_browsers",
            SecretKeysInBrowsers::ALL,
            SecretKeysInBrowsers::name,
            problems,
        );
        let pointer = fields.pointer_to("rate_limit");
        let rate_limit = fields.nullable("rate_limit");
        Self {
            secret_keys_in_browsers: in_browsers.unwrap_or_default(),
            rate_limit: rate_limit.and_then(|value| RateLimit::read(value, &pointer, problems)),
            debug: fields.boolean("debug", problems).unwrap_or_default(),
        }
    }

    /// The whole document, defaults filled in.
    pub fn to_value(self) -> Value {
        json!({
            "secret_keys_in_browsers": self.secret_keys_in_browsers.name(),
            "rate_limit": self.rate_limit.map(RateLimit::to_value),
            "debug": self.debug,
        })
    }
}
