//! What is found in a `cors` object, beside its origins.

use crate::issue::ConfigIssue;
use crate::quote::quote;

/// Most entries of any list but `allowedOrigins`.
pub(super) const MAX_ENTRIES: usize = 100;

/// What was found in one object.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) errors: Vec<ConfigIssue>,
    pub(super) warnings: Vec<ConfigIssue>,
}

impl Findings {
    /// Refuses a list with more entries than any list can have.
    pub(super) fn check_length(&mut self, entries: &[String], pointer: &str) {
        if entries.len() > MAX_ENTRIES {
            let detail = format!(
                "at most {MAX_ENTRIES} entries can be listed, not {}",
                entries.len()
            );
            self.errors
                .push(ConfigIssue::new(pointer, "too_many_entries", detail));
        }
    }

    pub(super) fn warn_listed_twice(&mut self, pointer: String, name: &str) {
        let detail = format!("{} is listed twice", quote(name));
        self.warnings
            .push(ConfigIssue::new(pointer, "listed_twice", detail));
    }

    /// Warns that a list lacks names that nearly every client needs; each suggestion adds all of them.
    pub(super) fn warn_missing(&mut self, entries: &[String], pointer: &str, missing: &[Missing]) {
        let names = missing.iter().map(|missing| missing.name.to_owned());
        let complete: Vec<String> = entries.iter().cloned().chain(names).collect();
        for missing in missing {
            let mut warning = ConfigIssue::new(pointer, missing.code, missing.detail);
            if complete.len() <= MAX_ENTRIES {
                warning = warning.suggest(complete.clone());
            }
            self.warnings.push(warning);
        }
    }
}

/// A name that a list should have.
pub(super) struct Missing {
    pub(super) name: &'static str,
    pub(super) code: &'static str,
    pub(super) detail: &'static str,
}
