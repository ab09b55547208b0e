//! What is wrong with a configuration document: every problem, each with its place and its cure.
//!
//! Must never stop at the first problem: people fix what they are shown, and come back for the rest.

use serde::Serialize;
use serde_json::Value;

/// One problem or one warning about a configuration document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfigIssue {
    /// JSON Pointer (RFC 6901) to the offending value, from the root of the document.
    pub pointer: String,
    /// Stable machine-readable name, `snake_case`.
    pub code: &'static str,
    /// One sentence for people: what is wrong with what, and why it matters.
    pub detail: String,
    /// The value to put at `pointer`; itself valid. Absent where none can be derived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Value>,
}

impl ConfigIssue {
    /// An issue without a suggestion.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
            suggestion: None,
        }
    }

    /// The same issue, with the value that cures it.
    #[must_use]
    pub fn suggest(mut self, suggestion: impl Into<Value>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

/// Collects the problems of one document while it is read.
#[derive(Debug, Default)]
pub struct Problems {
    issues: Vec<ConfigIssue>,
}

impl Problems {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one problem.
    pub fn push(&mut self, issue: ConfigIssue) {
        self.issues.push(issue);
    }

    /// Adds many problems.
    pub fn extend(&mut self, issues: impl IntoIterator<Item = ConfigIssue>) {
        self.issues.extend(issues);
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.issues.is_empty()
    }

    /// `Ok(value)` when nothing was found, else every problem.
    ///
    /// # Errors
    /// All problems collected, in the order they were found.
    pub fn into_result<T>(self, value: T) -> Result<T, Vec<ConfigIssue>> {
        if self.issues.is_empty() {
            Ok(value)
        } else {
            Err(self.issues)
        }
    }
}
