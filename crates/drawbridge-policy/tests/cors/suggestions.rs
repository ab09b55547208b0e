//! Documents of any shape: compiling never panics, and what is suggested cures.

use drawbridge_policy::issue::ConfigIssue;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::hostile::{TEXTS, document, json_value};
use crate::support::compile;

/// Everything that is said about a document, and how much of it is errors.
fn judge(document: &Value) -> (Vec<ConfigIssue>, bool) {
    match compile(document) {
        Ok((_, warnings)) => (warnings, false),
        Err(errors) => (errors, true),
    }
}

fn errors_at(document: &Value, pointer: &str) -> Vec<ConfigIssue> {
    let (issues, are_errors) = judge(document);
    issues
        .into_iter()
        .filter(|issue| are_errors && issue.pointer == pointer)
        .collect()
}

fn put(document: &mut Value, issue: &ConfigIssue) {
    *document.pointer_mut(&issue.pointer).unwrap() = issue.suggestion.clone().unwrap();
}

/// Puts each suggestion in its place, alone and all together.
fn check_suggestions(document: &Value) -> Result<(), TestCaseError> {
    let (issues, are_errors) = judge(document);
    let mut with_suggestion: Vec<_> = issues
        .into_iter()
        .filter(|issue| issue.suggestion.is_some())
        .collect();
    for issue in &with_suggestion {
        let mut cured = document.clone();
        put(&mut cured, issue);
        let left = errors_at(&cured, &issue.pointer);
        prop_assert!(left.is_empty(), "{:?} leaves {:?}", issue, left);
        if are_errors {
            prop_assert_ne!(&cured, document, "{:?}", issue);
        }
    }
    // A list before its elements: else an element's cure would be lost.
    with_suggestion.sort_by_key(|issue| issue.pointer.len());
    let mut cured = document.clone();
    for issue in &with_suggestion {
        put(&mut cured, issue);
    }
    for issue in &with_suggestion {
        let left = errors_at(&cured, &issue.pointer);
        prop_assert!(
            left.is_empty(),
            "all together, {:?} leaves {:?}",
            issue,
            left
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_suggested_is_itself_valid(document in document()) {
        check_suggestions(&document)?;
    }

    #[test]
    fn every_issue_points_into_the_document(document in document()) {
        let (issues, _) = judge(&document);
        for issue in issues {
            prop_assert!(document.pointer(&issue.pointer).is_some(), "{:?}", issue);
            let is_code = |it: char| it.is_ascii_lowercase() || it == '_';
            prop_assert!(issue.code.chars().all(is_code) && !issue.detail.is_empty());
        }
    }

    #[test]
    fn any_json_is_judged_without_a_panic(document in json_value()) {
        judge(&document);
    }
}

#[test]
fn what_is_wrong_with_a_known_text_has_a_name() {
    for text in TEXTS {
        let (issues, _) = judge(&json!({"allowedOrigins": [text]}));
        assert!(
            issues.iter().all(|issue| issue.code != "origin_malformed"),
            "{issues:?}"
        );
    }
}

#[test]
fn every_text_and_every_pair_of_texts_is_cured_by_its_suggestion() {
    for credentials in [false, true] {
        for (index, first) in TEXTS.iter().enumerate() {
            let second = TEXTS[(index * 7 + 3) % TEXTS.len()];
            let document =
                json!({"allowedOrigins": [first, second], "allowCredentials": credentials});
            check_suggestions(&document).unwrap();
        }
    }
}
