//! Reading JSON documents: strict parsing, and one walker that knows where it is.
//!
//! serde's derive reports one problem and forgets the path; people who edit a policy want them all. [`Fields`] walks
//! one JSON object, hands out typed members, and collects every wrong type, missing and unknown member with its JSON
//! Pointer. It must never ignore a member: a typo in a policy is an error, not a default.

use std::fmt;

use jiff::Timestamp;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::issue::{ConfigIssue, Problems};

/// Why bytes are not a JSON document that can be read in one way only.
#[derive(Debug, thiserror::Error)]
#[error("the body is not a JSON document: {0}")]
pub struct DocumentError(#[from] serde_json::Error);

/// Parses one JSON text (RFC 8259), refusing objects with duplicate members: readers differ on which one counts.
///
/// # Errors
/// What is wrong, with line and column.
pub fn parse_document(bytes: &[u8]) -> Result<Value, DocumentError> {
    let Strict(value) = serde_json::from_slice(bytes)?;
    Ok(value)
}

/// `pointer` extended by one member name, escaped as RFC 6901 section 3 says.
pub fn pointer_to(pointer: &str, name: &str) -> String {
    let name = name.replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{name}")
}

/// The members of one JSON object, and where that object stands in its document.
#[derive(Debug)]
pub struct Fields<'v> {
    members: &'v Map<String, Value>,
    pointer: String,
    known: Vec<&'static str>,
}

impl<'v> Fields<'v> {
    /// Opens an object; anything else is a `wrong_type` problem and `None`.
    pub fn open(value: &'v Value, pointer: &str, problems: &mut Problems) -> Option<Self> {
        let Value::Object(members) = value else {
            problems.push(wrong_type(value, pointer, "an object"));
            return None;
        };
        Some(Self {
            members,
            pointer: pointer.to_owned(),
            known: Vec::new(),
        })
    }

    /// The JSON Pointer of one member.
    pub fn pointer_to(&self, name: &str) -> String {
        pointer_to(&self.pointer, name)
    }

    /// One member as it stands; `None` when absent. Marks the name as known.
    pub fn value(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.members.get(name)
    }

    /// One member for which `null` is a listed value meaning "absent".
    pub fn nullable(&mut self, name: &'static str) -> Option<&'v Value> {
        self.value(name).filter(|value| !value.is_null())
    }

    /// A string member; `None` when absent or not a string.
    pub fn string(&mut self, name: &'static str, problems: &mut Problems) -> Option<&'v str> {
        let value = self.value(name)?;
        as_string(value, &self.pointer_to(name), problems)
    }

    /// A string member that must be there.
    pub fn required_string(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Option<&'v str> {
        self.require(name, problems);
        self.string(name, problems)
    }

    /// Reports `missing_field` when the member is absent.
    pub fn require(&mut self, name: &'static str, problems: &mut Problems) {
        if !self.members.contains_key(name) {
            let detail = format!("`{name}` is required");
            problems.push(ConfigIssue::new(
                self.pointer_to(name),
                "missing_field",
                detail,
            ));
        }
    }

    /// A boolean member; `None` when absent or not a boolean.
    pub fn boolean(&mut self, name: &'static str, problems: &mut Problems) -> Option<bool> {
        let value = self.value(name)?;
        let found = value.as_bool();
        if found.is_none() {
            problems.push(wrong_type(value, &self.pointer_to(name), "true or false"));
        }
        found
    }

    /// An integer member; `None` when absent or not an integer. Integers beyond `i64` saturate.
    pub fn integer(&mut self, name: &'static str, problems: &mut Problems) -> Option<i64> {
        let value = self.value(name)?;
        as_integer(value, &self.pointer_to(name), problems)
    }

    /// An array of strings; `None` when absent or not an array. Elements that are no strings are problems, left out.
    pub fn strings(&mut self, name: &'static str, problems: &mut Problems) -> Option<Vec<String>> {
        let value = self.value(name)?;
        as_strings(value, &self.pointer_to(name), problems)
    }

    /// Ends the walk: every member that nobody asked for is an `unknown_field` problem.
    pub fn finish(self, problems: &mut Problems) {
        for name in self.members.keys() {
            if self.known.contains(&name.as_str()) {
                continue;
            }
            let mut known = self.known.clone();
            known.sort_unstable();
            known.dedup();
            let detail = match nearest(name, &known) {
                Some(near) => format!("there is no field `{name}` here; did you mean `{near}`?"),
                None => format!(
                    "there is no field `{name}` here; the fields are {}",
                    known.join(", ")
                ),
            };
            problems.push(ConfigIssue::new(
                self.pointer_to(name),
                "unknown_field",
                detail,
            ));
        }
    }
}

/// A string, or a `wrong_type` problem.
pub fn as_string<'v>(value: &'v Value, pointer: &str, problems: &mut Problems) -> Option<&'v str> {
    let found = value.as_str();
    if found.is_none() {
        problems.push(wrong_type(value, pointer, "a string"));
    }
    found
}

/// An integer (saturating at the ends of `i64`), or a `wrong_type` problem.
pub fn as_integer(value: &Value, pointer: &str, problems: &mut Problems) -> Option<i64> {
    let found = value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX));
    if found.is_none() {
        problems.push(wrong_type(value, pointer, "an integer"));
    }
    found
}

/// An array, or a `wrong_type` problem.
pub fn as_array<'v>(
    value: &'v Value,
    pointer: &str,
    wanted: &str,
    problems: &mut Problems,
) -> Option<&'v Vec<Value>> {
    let found = value.as_array();
    if found.is_none() {
        let mut problem = wrong_type(value, pointer, wanted);
        if value.is_string() {
            problem = problem.suggest(Value::Array(vec![value.clone()]));
        }
        problems.push(problem);
    }
    found
}

/// An array of strings; elements that are no strings are `wrong_type` problems and left out.
pub fn as_strings(value: &Value, pointer: &str, problems: &mut Problems) -> Option<Vec<String>> {
    let elements = as_array(value, pointer, "an array of strings", problems)?;
    let strings = elements.iter().enumerate().filter_map(|(index, element)| {
        as_string(element, &format!("{pointer}/{index}"), problems).map(str::to_owned)
    });
    Some(strings.collect())
}

/// An RFC 3339 time stamp, or a problem.
pub fn as_timestamp(value: &Value, pointer: &str, problems: &mut Problems) -> Option<Timestamp> {
    let text = as_string(value, pointer, problems)?;
    let found = text.parse().ok();
    if found.is_none() {
        let detail =
            format!("`{text}` is not an RFC 3339 time stamp such as `2027-01-31T12:00:00Z`");
        problems.push(ConfigIssue::new(pointer, "bad_timestamp", detail));
    }
    found
}

/// The problem of a value that has another JSON type than the one wanted, e.g. "an object".
pub fn wrong_type(value: &Value, pointer: &str, wanted: &str) -> ConfigIssue {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    ConfigIssue::new(
        pointer,
        "wrong_type",
        format!("{wanted} is needed here, not {found}"),
    )
}

/// The known name that differs from `name` by two edits at most, or by case and separators only.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let folded = fold(name);
    known
        .iter()
        .copied()
        .map(|candidate| (edits(&folded, &fold(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= 2.min(candidate.len() / 2))
        .min()
        .map(|(_, candidate)| candidate)
}

fn fold(name: &str) -> Vec<u8> {
    name.bytes()
        .filter(|byte| *byte != b'_' && *byte != b'-')
        .map(|byte| byte.to_ascii_lowercase())
        .take(64)
        .collect()
}

/// Levenshtein distance.
fn edits(left: &[u8], right: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, byte) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(byte != other);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

/// A JSON value whose objects have no duplicate members.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Strict(element)) = access.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(de::Error::custom(format_args!(
                    "member `{name}` stands twice"
                )));
            }
            let Strict(value) = access.next_value()?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn duplicate_members_are_refused_at_any_depth() {
        let error = parse_document(br#"{"a":[{"b":1,"\u0062":2}]}"#).unwrap_err();
        assert!(
            error.to_string().contains("member `b` stands twice"),
            "{error}"
        );
        assert_eq!(
            parse_document(b"[1,-2,0.5,null,\"x\"]").unwrap(),
            json!([1, -2, 0.5, null, "x"])
        );
    }

    #[test]
    fn every_problem_is_reported_with_its_pointer() {
        let value = json!({"nmae": "x", "count": 1.5, "list": ["a", 1], "a/b~c": 0});
        let mut problems = Problems::new();
        let mut fields = Fields::open(&value, "/root", &mut problems).unwrap();
        fields.required_string("name", &mut problems);
        fields.integer("count", &mut problems);
        assert_eq!(
            fields.strings("list", &mut problems),
            Some(vec!["a".to_owned()])
        );
        fields.finish(&mut problems);
        let issues = problems.into_result(()).unwrap_err();
        let found: Vec<_> = issues
            .iter()
            .map(|issue| (issue.pointer.as_str(), issue.code))
            .collect();
        assert_eq!(
            found,
            [
                ("/root/name", "missing_field"),
                ("/root/count", "wrong_type"),
                ("/root/list/1", "wrong_type"),
                ("/root/nmae", "unknown_field"),
                ("/root/a~1b~0c", "unknown_field"),
            ]
        );
        assert!(
            issues[3].detail.contains("did you mean `name`"),
            "{}",
            issues[3].detail
        );
    }

    #[test]
    fn a_string_where_a_list_is_needed_suggests_the_list() {
        let mut problems = Problems::new();
        as_strings(
            &json!("https://a.example"),
            "/allowedOrigins",
            &mut problems,
        );
        let issues = problems.into_result(()).unwrap_err();
        assert_eq!(issues[0].suggestion, Some(json!(["https://a.example"])));
    }
}
