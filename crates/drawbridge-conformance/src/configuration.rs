//! Reading configs.json: `cors` objects and keys, and what saving them says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::{CorpusError, Layer, Text};

const CONFIGS: &str = include_str!("../../../conformance/configs.json");

/// A document, and what saving it says.
#[derive(Debug)]
pub struct Configuration {
    /// Unique in the file.
    pub id: String,
    /// Whom the rule protects, or whom it would hurt without.
    pub why: String,
    /// What is saved.
    pub document: Document,
    /// What saving it says.
    pub outcome: Outcome,
    /// Layers on which it does not run, each with the reason.
    pub excluded: BTreeMap<Layer, String>,
}

/// What is saved.
#[derive(Debug)]
pub enum Document {
    /// An endpoint's `cors` object, or what stands in its place.
    Cors(Value),
    /// A key, without the names of its project and itself.
    Key(Value),
}

/// What saving a configuration says.
#[derive(Debug)]
pub enum Outcome {
    /// It is saved; it may carry warnings.
    Accepted,
    /// It is saved with exactly these warnings.
    Warned(Vec<StatedIssue>),
    /// It is not saved, for exactly these problems.
    Refused(Vec<StatedIssue>),
}

/// A problem or a warning. Its text is for people and not compared.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedIssue {
    /// Below the `cors` object, or in the key.
    pub pointer: String,
    /// The stable code.
    pub code: String,
    /// The value that cures it; absent: none can be derived.
    pub suggestion: Option<Value>,
}

/// Every way in which the issues that were `seen` are not those that are stated, in whatever order.
pub fn issue_differences(stated: &[StatedIssue], mut seen: Vec<StatedIssue>) -> Vec<String> {
    let mut found = Vec::new();
    for stated in stated {
        match seen.iter().position(|one| one == stated) {
            Some(index) => drop(seen.swap_remove(index)),
            None => found.push(format!("lacks {stated}")),
        }
    }
    found.extend(seen.iter().map(|seen| format!("has {seen}")));
    found
}

impl fmt::Display for StatedIssue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at {}", self.code, self.pointer)?;
        match &self.suggestion {
            Some(suggestion) => write!(formatter, ", suggesting {suggestion}"),
            None => formatter.write_str(", without a suggestion"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    base: Map<String, Value>,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(rename = "about")]
    _about: String,
    configurations: Vec<Stated>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    id: String,
    why: String,
    #[serde(default, deserialize_with = "stated")]
    cors: Option<Value>,
    key: Option<Value>,
    /// Fills `allowedOrigins`, `allowedMethods` … with so many entries, for the limits on lists.
    #[serde(default)]
    fill: BTreeMap<String, Text>,
    #[serde(default)]
    accepted: bool,
    warned: Option<Vec<StatedIssue>>,
    refused: Option<Vec<StatedIssue>>,
    #[serde(default)]
    excluded: BTreeMap<Layer, String>,
}

/// What is there, `null` included.
fn stated<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// Every configuration of the corpus.
///
/// # Errors
/// The first thing in the data that is not as conformance/README.md says.
pub fn configurations() -> Result<Vec<Configuration>, CorpusError> {
    let file: File = serde_json::from_str(CONFIGS).map_err(|source| CorpusError::File {
        file: "configs.json",
        source,
    })?;
    let mut ids = BTreeSet::new();
    let mut configurations = Vec::new();
    for stated in file
        .groups
        .into_iter()
        .flat_map(|group| group.configurations)
    {
        let id = stated.id.clone();
        let read = read(&file.base, stated)
            .and_then(|read| match ids.insert(id.clone()) {
                true => Ok(read),
                false => Err("its id is taken".to_owned()),
            })
            .map_err(|problem| CorpusError::Case { id, problem })?;
        configurations.push(read);
    }
    Ok(configurations)
}

fn read(base: &Map<String, Value>, stated: Stated) -> Result<Configuration, String> {
    let reasons = stated.excluded.values().chain([&stated.why]);
    if reasons.into_iter().any(|reason| reason.trim().is_empty()) {
        return Err("a reason is missing".to_owned());
    }
    let outcome = match (stated.accepted, stated.warned, stated.refused) {
        (true, None, None) => Outcome::Accepted,
        (false, Some(issues), None) => Outcome::Warned(issues),
        (false, None, Some(issues)) => Outcome::Refused(issues),
        _ => return Err("it needs exactly one of accepted, warned and refused".to_owned()),
    };
    let document = match (stated.cors, stated.key) {
        (Some(cors), None) => Document::Cors(laid_over(base, cors, stated.fill)),
        (None, Some(key)) if stated.fill.is_empty() => Document::Key(key),
        _ => {
            return Err("it needs exactly one of cors and key, the latter without fill".to_owned());
        }
    };
    Ok(Configuration {
        id: stated.id,
        why: stated.why,
        document,
        outcome,
        excluded: stated.excluded,
    })
}

fn laid_over(base: &Map<String, Value>, mut cors: Value, fill: BTreeMap<String, Text>) -> Value {
    if let Value::Object(members) = &mut cors {
        for (field, entries) in fill {
            let entries = entries.written_out(&[]);
            members.insert(field, entries.split_whitespace().collect());
        }
        // Members are laid over the base whole, `null` included: it is what a client may send.
        for (field, value) in base {
            members.entry(field).or_insert_with(|| value.clone());
        }
    }
    cors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_reads() {
        assert!(configurations().unwrap().len() > 100);
    }

    #[test]
    fn a_configuration_has_exactly_one_outcome() {
        let stated = |text: &str| read(&Map::new(), serde_json::from_str(text).unwrap());
        stated(r#"{"id": "x", "why": "y", "cors": {}, "accepted": true}"#).unwrap();
        stated(r#"{"id": "x", "why": "y", "cors": {}}"#).unwrap_err();
        stated(r#"{"id": "x", "why": "y", "cors": null, "accepted": true}"#).unwrap();
        stated(r#"{"id": "x", "why": "y", "key": {}, "accepted": true}"#).unwrap();
        stated(r#"{"id": "x", "why": "y", "accepted": true}"#).unwrap_err();
        stated(r#"{"id": "x", "why": "y", "cors": {}, "key": {}, "accepted": true}"#).unwrap_err();
        stated(r#"{"id": "x", "why": "y", "cors": {}, "accepted": true, "warned": []}"#)
            .unwrap_err();
    }
}
