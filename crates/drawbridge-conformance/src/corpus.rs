//! Reading cases.json: base, group and case laid over one another, answers looked up, placeholders put in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Case, Key};

const CASES: &str = include_str!("../../../conformance/cases.json");

/// Placeholders whose values only a runner knows, and the counter of repetitions.
const LEFT_TO_RUNNERS: [&str; 8] = [
    "{port}",
    "{project}",
    "{endpoint}",
    "{key}",
    "{publishable}",
    "{secret}",
    "{elsewhere}",
    "{n}",
];

/// What is wrong with the data.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file is not what its README says.
    #[error("{file} is not as its README says")]
    File {
        /// The file's name.
        file: &'static str,
        /// Where, and what.
        #[source]
        source: serde_json::Error,
    },
    /// A case is not what the README says.
    #[error("case {id}: {problem}")]
    Case {
        /// The case.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    placeholders: BTreeMap<String, String>,
    base: Value,
    answers: BTreeMap<String, Value>,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(rename = "about")]
    _about: String,
    #[serde(default)]
    each: Map<String, Value>,
    cases: Vec<Value>,
}

/// Every case of the corpus.
///
/// # Errors
/// The first thing in the data that is not as conformance/README.md says.
pub fn cases() -> Result<Vec<Case>, CorpusError> {
    let file: File = serde_json::from_str(CASES).map_err(|source| CorpusError::File {
        file: "cases.json",
        source,
    })?;
    let mut ids = BTreeSet::new();
    let mut cases = Vec::new();
    for group in &file.groups {
        for patch in &group.cases {
            let id = patch["id"].as_str().unwrap_or("without an id").to_owned();
            let case = read(&file, group, patch)
                .and_then(check)
                .and_then(|case| match ids.insert(id.clone()) {
                    true => Ok(case),
                    false => Err("its id is taken".to_owned()),
                })
                .map_err(|problem| CorpusError::Case { id, problem })?;
            cases.push(case);
        }
    }
    Ok(cases)
}

/// Base, group and case laid over one another (RFC 7396), then placeholders.
fn read(file: &File, group: &Group, patch: &Value) -> Result<Case, String> {
    let mut case = file.base.clone();
    let mut expect = json!({});
    for mut layer in [Value::Object(group.each.clone()), patch.clone()] {
        if let Some(stated) = layer
            .as_object_mut()
            .and_then(|layer| layer.remove("expect"))
        {
            lay_expectation(file, &mut expect, stated)?;
        }
        json_patch::merge(&mut case, &layer);
    }
    case["expect"] = expect;
    put_in(&file.placeholders, &mut case);
    if let Some(unknown) = unknown_placeholder(&case) {
        return Err(format!("nobody knows {unknown}"));
    }
    Case::deserialize(case).map_err(|error| error.to_string())
}

/// A named answer starts anew; what stands beside `like` changes it. Without `like` the group's answer is changed.
fn lay_expectation(file: &File, expect: &mut Value, mut stated: Value) -> Result<(), String> {
    if stated.is_string() {
        stated = json!({ "like": stated });
    }
    if let Some(like) = stated
        .as_object_mut()
        .and_then(|stated| stated.remove("like"))
    {
        *expect = like
            .as_str()
            .and_then(|name| file.answers.get(name))
            .ok_or_else(|| format!("there is no answer {like}"))?
            .clone();
    }
    json_patch::merge(expect, &stated);
    Ok(())
}

fn check(case: Case) -> Result<Case, String> {
    if let Key::Own(name) = &case.key
        && !case.keys.contains_key(name)
    {
        return Err(format!("there is no key {name}"));
    }
    if case.why.trim().is_empty()
        || case
            .excluded
            .values()
            .any(|reason| reason.trim().is_empty())
    {
        return Err("a reason is missing".to_owned());
    }
    if case.request_line(&[]).is_none() {
        return Err("`send` does not begin with a request line".to_owned());
    }
    if let Some(browser) = &case.browser
        && browser.resolves != browser.status.is_some()
    {
        return Err("a page reads a status exactly when the promise resolves".to_owned());
    }
    Ok(case)
}

fn put_in(placeholders: &BTreeMap<String, String>, value: &mut Value) {
    match value {
        Value::String(text) => {
            for (name, replacement) in placeholders {
                *text = text.replace(name, replacement);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_in(placeholders, item)),
        Value::Object(members) => {
            members
                .values_mut()
                .for_each(|member| put_in(placeholders, member));
        }
        _ => {}
    }
}

/// A `{word}` that neither the data nor a runner replaces. A body's `{"` is no placeholder.
fn unknown_placeholder(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.split('{').skip(1).find_map(|rest| {
            let (word, _) = rest.split_once('}')?;
            let is_word = !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let placeholder = format!("{{{word}}}");
            (is_word && !LEFT_TO_RUNNERS.contains(&placeholder.as_str())).then_some(placeholder)
        }),
        Value::Array(items) => items.iter().find_map(unknown_placeholder),
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "why")
            .find_map(|(_, member)| unknown_placeholder(member)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;

    fn one(case: &Value) -> Result<Case, String> {
        let file: File = serde_json::from_str(CASES).unwrap();
        let group = Group {
            _about: String::new(),
            each: Map::new(),
            cases: Vec::new(),
        };
        read(&file, &group, case).and_then(check)
    }

    #[test]
    fn the_data_reads_and_every_case_has_a_layer() {
        for case in cases().unwrap() {
            let excluded = [Layer::Pure, Layer::Listener]
                .iter()
                .all(|layer| case.reason_against(*layer).is_some());
            assert!(!excluded, "{}", case.id);
        }
    }

    #[test]
    fn at_least_twenty_cases_run_in_browsers() {
        let in_browsers = cases()
            .unwrap()
            .iter()
            .filter(|case| case.browser.is_some())
            .count();
        assert!(in_browsers >= 20, "{in_browsers}");
    }

    #[test]
    fn unknown_fields_answers_placeholders_and_missing_reasons_fail() {
        let good = json!({"id": "x", "why": "y", "expect": "actual"});
        one(&good).unwrap();
        for (patch, problem) in [
            (json!({"unknown": 1}), "unknown field"),
            (
                json!({"expect": {"like": "actual", "cors": {"orgin": "x"}}}),
                "unknown field",
            ),
            (json!({"expect": "nothing"}), "no answer"),
            (
                json!({"policy": {"allowedOrigins": ["{nobody}"]}}),
                "{nobody}",
            ),
            (json!({"excluded": {"pure": " "}}), "reason"),
            (json!({"excluded": {"moon": "far"}}), "unknown variant"),
            (json!({"key": "mine"}), "no key mine"),
        ] {
            let mut case = good.clone();
            json_patch::merge(&mut case, &patch);
            let error = one(&case).unwrap_err();
            assert!(error.contains(problem), "{patch}: {error}");
        }
    }
}
