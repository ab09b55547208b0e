//! JSON Merge Patch (RFC 7396), and the members of a resource that only the gateway writes.
//!
//! People fetch a resource, edit it and send all of it back: a read-only member with its present value is accepted and
//! left out of the change. With any other value it is refused, never ignored.

use drawbridge_policy::document::{pointer_to, wrong_type};
use drawbridge_policy::issue::{ConfigIssue, Problems};
use serde_json::{Map, Value};

use crate::problem::Problem;

/// A request's document as an object.
///
/// # Errors
/// 422 for any other JSON value.
pub(crate) fn object(document: Value) -> Result<Map<String, Value>, Problem> {
    match document {
        Value::Object(members) => Ok(members),
        other => Err(Problem::invalid(vec![wrong_type(&other, "", "an object")])),
    }
}

/// A document after a merge patch. `read` names every problem of such a document.
///
/// A null that removes a member which no such document can have is a problem: merged, it would be ignored.
pub(crate) fn merged(
    document: &Value,
    patch: Map<String, Value>,
    read: impl FnOnce(&Value) -> Vec<ConfigIssue>,
    problems: &mut Problems,
) -> Value {
    let patch = Value::Object(patch);
    let mut after = document.clone();
    json_patch::merge(&mut after, &patch);
    if removes(&patch) {
        let mut kept = document.clone();
        merge_keeping_nulls(&mut kept, &patch);
        let issues = read(&kept).into_iter();
        problems.extend(issues.filter(|issue| {
            issue.code == "unknown_field" && kept.pointer(&issue.pointer) == Some(&Value::Null)
        }));
    }
    after
}

/// Whether a patch has a null that is an instruction, not a value: one that stands in no array.
fn removes(patch: &Value) -> bool {
    match patch {
        Value::Null => true,
        Value::Object(members) => members.values().any(removes),
        _ => false,
    }
}

/// RFC 7396, but for its nulls, which stay where they are.
fn merge_keeping_nulls(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (name, value) in patch {
        merge_keeping_nulls(&mut target[name.as_str()], value);
    }
}

/// Takes read-only members out of a patch; those that differ from the resource as it is shown are problems.
pub(crate) fn take_read_only(
    patch: &mut Map<String, Value>,
    names: &[&str],
    shown: &Value,
    pointer: &str,
    problems: &mut Problems,
) {
    for name in names {
        let Some(value) = patch.shift_remove(*name) else {
            continue;
        };
        let present = shown.get(name);
        if present == Some(&value) {
            continue;
        }
        let detail =
            format!("`{name}` cannot be changed; leave it out, or send back the value that it has");
        let issue = ConfigIssue::new(pointer_to(pointer, name), "read_only", detail);
        problems.push(match present {
            Some(present) => issue.suggest(present.clone()),
            None => issue,
        });
    }
}

/// Takes members that the gateway makes out of a new resource's document; each is a problem.
pub(crate) fn refuse_made(
    document: &mut Map<String, Value>,
    names: &[&str],
    pointer: &str,
    problems: &mut Problems,
) {
    for name in names {
        if document.shift_remove(*name).is_some() {
            let detail = format!("`{name}` is made by the gateway; leave it out");
            problems.push(ConfigIssue::new(
                pointer_to(pointer, name),
                "read_only",
                detail,
            ));
        }
    }
}
