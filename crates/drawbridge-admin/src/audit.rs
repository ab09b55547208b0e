//! What the audit log says of a change: which members, from what to what.
//!
//! Documents hold no secrets, and what is secret beside them is only named here, never given.

use drawbridge_policy::document::pointer_to;
use serde_json::{Map, Value, json};

/// `{"created": …}`.
pub(crate) fn created(document: &Value) -> Value {
    json!({ "created": document })
}

/// `{"deleted": …}`.
pub(crate) fn deleted(document: &Value) -> Value {
    json!({ "deleted": document })
}

/// `{"changed": {"/pointer": {"from": …, "to": …}}}`; null stands for a member that is not there.
pub(crate) fn changed(before: &Value, after: &Value) -> Value {
    let mut changes = Map::new();
    compare(before, after, "", &mut changes);
    json!({ "changed": changes })
}

fn compare(before: &Value, after: &Value, pointer: &str, changes: &mut Map<String, Value>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        if before != after {
            changes.insert(pointer.to_owned(), json!({"from": before, "to": after}));
        }
        return;
    };
    let added = new.keys().filter(|name| !old.contains_key(*name));
    for name in old.keys().chain(added) {
        let (old, new) = (
            old.get(name).unwrap_or(&Value::Null),
            new.get(name).unwrap_or(&Value::Null),
        );
        compare(old, new, &pointer_to(pointer, name), changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_the_members_that_differ_and_no_others() {
        let before = json!({"a": {"b": [1], "c": 2}, "d": 3, "e/f": null});
        let after = json!({"a": {"b": [1, 2], "c": 2}, "e/f": 4});
        let expected = json!({"changed": {
            "/a/b": {"from": [1], "to": [1, 2]},
            "/d": {"from": 3, "to": null},
            "/e~1f": {"from": null, "to": 4},
        }});
        assert_eq!(changed(&before, &after), expected);
        assert_eq!(changed(&after, &after), json!({"changed": {}}));
    }
}
