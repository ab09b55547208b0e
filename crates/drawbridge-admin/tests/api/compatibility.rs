//! `/v1` changes only by addition: whoever was served by the last release is served by this one.
//!
//! `tests/openapi/released.json` is the document of the last release. A release copies `openapi.json` over it, and
//! nothing else does.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::document::{DOCUMENT, resolve};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn released() -> Value {
    serde_json::from_str(include_str!("../openapi/released.json")).unwrap()
}

/// What a client of `old` may rely on and `new` no longer holds.
fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison {
        old,
        new,
        found: Vec::new(),
    };
    for (path, item) in old["paths"].as_object().unwrap() {
        for method in METHODS {
            if let Some(before) = item.get(method) {
                let place = format!("{method} {path}");
                match new["paths"][path].get(method) {
                    Some(after) => {
                        comparison.parameters(
                            &place,
                            &[item, before],
                            &[&new["paths"][path], after],
                        );
                        comparison.operation(&place, before, after);
                    }
                    None => comparison.broken(&place, "is gone"),
                }
            }
        }
    }
    comparison.found
}

struct Comparison<'d> {
    old: &'d Value,
    new: &'d Value,
    found: Vec<String>,
}

/// Who writes what a schema is about: what may be written must not become less, what may be read not more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writer {
    Client,
    Gateway,
}

impl<'d> Comparison<'d> {
    fn broken(&mut self, place: &str, what: &str) {
        self.found.push(format!("{place} {what}"));
    }

    fn parameters(&mut self, place: &str, old: &[&'d Value], new: &[&'d Value]) {
        let all = |document: &'d Value, holders: &[&'d Value]| -> Vec<&'d Value> {
            let lists = holders
                .iter()
                .filter_map(|holder| holder["parameters"].as_array());
            lists
                .flatten()
                .map(|parameter| resolve(document, parameter))
                .collect()
        };
        let (old, new) = (all(self.old, old), all(self.new, new));
        let is_same =
            |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        for before in &old {
            let place = format!("{place} {}", before["name"]);
            match new.iter().find(|after| is_same(before, after)) {
                Some(after) => {
                    if before["required"] != true && after["required"] == true {
                        self.broken(&place, "has become required");
                    }
                    self.schema(&place, Writer::Client, &before["schema"], &after["schema"]);
                }
                None => self.broken(&place, "is gone"),
            }
        }
        for after in new.iter().filter(|after| after["required"] == true) {
            if !old.iter().any(|before| is_same(before, after)) {
                self.broken(
                    &format!("{place} {}", after["name"]),
                    "is new, and required",
                );
            }
        }
    }

    fn operation(&mut self, place: &str, old: &'d Value, new: &'d Value) {
        // Each requirement is enough by itself: another one is an addition.
        let (before, after) = (old["security"].as_array(), new["security"].as_array());
        let is_kept = |requirement| after.is_some_and(|after| after.contains(requirement));
        if !before.into_iter().flatten().all(is_kept) {
            self.broken(place, "wants another authorization");
        }
        let (before, after) = (&old["requestBody"], &new["requestBody"]);
        if before["required"] != true && after["required"] == true {
            self.broken(place, "has come to want a body");
        }
        self.content(place, Writer::Client, &before["content"], &after["content"]);
        for (status, before) in old["responses"].as_object().unwrap() {
            let place = format!("{place} {status}");
            let Some(after) = new["responses"].get(status) else {
                self.broken(&place, "is gone");
                continue;
            };
            let (before, after) = (resolve(self.old, before), resolve(self.new, after));
            self.content(
                &place,
                Writer::Gateway,
                &before["content"],
                &after["content"],
            );
            for name in before["headers"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
            {
                if after["headers"].get(name).is_none() {
                    self.broken(&format!("{place} {name}"), "is gone");
                }
            }
        }
    }

    fn content(&mut self, place: &str, writer: Writer, old: &'d Value, new: &'d Value) {
        for (media_type, before) in old.as_object().into_iter().flatten() {
            let place = format!("{place} {media_type}");
            match new.get(media_type) {
                Some(after) => self.schema(&place, writer, &before["schema"], &after["schema"]),
                None => self.broken(&place, "is gone"),
            }
        }
    }

    fn schema(&mut self, place: &str, writer: Writer, old: &'d Value, new: &'d Value) {
        let (old, new) = (resolve(self.old, old), resolve(self.new, new));
        for part in old["allOf"].as_array().into_iter().flatten().enumerate() {
            let (index, before) = part;
            self.schema(place, writer, before, &new["allOf"][index]);
        }
        self.types(place, writer, old, new);
        self.bounds(place, writer, old, new);
        self.properties(place, writer, old, new);
        if let Some(items) = old.get("items") {
            self.schema(&format!("{place}/*"), writer, items, &new["items"]);
        }
        self.alternatives(place, writer, old, new);
    }

    fn types(&mut self, place: &str, writer: Writer, old: &Value, new: &Value) {
        let (before, after) = (types(old), types(new));
        let holds = match writer {
            Writer::Client => after.is_empty() || !before.is_empty() && before.is_subset(&after),
            Writer::Gateway => before.is_empty() || !after.is_empty() && after.is_subset(&before),
        };
        if !holds {
            self.broken(place, "has other types");
        }
    }

    fn bounds(&mut self, place: &str, writer: Writer, old: &Value, new: &Value) {
        for name in ["pattern", "format", "const", "default"] {
            let may_go = writer == Writer::Client && name != "default";
            if old.get(name) != new.get(name) && !(may_go && new.get(name).is_none()) {
                self.broken(place, &format!("has another {name}"));
            }
        }
        if writer == Writer::Gateway {
            return;
        }
        for (name, sign) in [("minimum", -1), ("minLength", -1), ("minItems", -1)]
            .into_iter()
            .chain([("maximum", 1), ("maxLength", 1), ("maxItems", 1)])
        {
            let bound = |schema: &Value| schema[name].as_i64().map(|bound| bound * sign);
            if bound(new).is_some_and(|after| bound(old).is_none_or(|before| after < before)) {
                self.broken(place, &format!("has a narrower {name}"));
            }
        }
        let values = |schema: &Value| schema["enum"].as_array().cloned();
        if let Some(after) = values(new)
            && values(old).is_none_or(|before| before.iter().any(|value| !after.contains(value)))
        {
            self.broken(place, "has fewer values");
        }
        if new["readOnly"] == true && old["readOnly"] != true {
            self.broken(place, "has become read-only");
        }
    }

    fn properties(&mut self, place: &str, writer: Writer, old: &'d Value, new: &'d Value) {
        for (name, before) in old["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}/{name}");
            match new["properties"].get(name) {
                Some(after) => self.schema(&place, writer, before, after),
                None => self.broken(&place, "is gone"),
            }
        }
        let (before, after) = (required(old), required(new));
        let (wanted, given, what) = match writer {
            Writer::Client => (after, before, "has become required"),
            Writer::Gateway => (before, after, "is no longer always there"),
        };
        for name in wanted.difference(&given) {
            self.broken(&format!("{place}/{name}"), what);
        }
    }

    /// Each alternative that was written must still be understood by some alternative of the reader.
    fn alternatives(&mut self, place: &str, writer: Writer, old: &'d Value, new: &'d Value) {
        let parts = |schema: &'d Value| schema["anyOf"].as_array().into_iter().flatten();
        let fits = |before: &'d Value, after: &'d Value| {
            let mut trial = Comparison {
                found: Vec::new(),
                ..*self
            };
            trial.schema(place, writer, before, after);
            trial.found.is_empty()
        };
        let holds = match writer {
            Writer::Client => parts(old).all(|before| parts(new).any(|after| fits(before, after))),
            Writer::Gateway => {
                old.get("anyOf").is_none()
                    || parts(new).all(|after| parts(old).any(|before| fits(before, after)))
            }
        };
        if !holds {
            self.broken(place, "has other alternatives");
        }
    }
}

fn types(schema: &Value) -> BTreeSet<&str> {
    match &schema["type"] {
        Value::String(name) => BTreeSet::from([name.as_str()]),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

fn required(schema: &Value) -> BTreeSet<&str> {
    let names = schema["required"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

#[test]
fn v1_changes_only_by_addition() {
    let found = breaks(&released(), &DOCUMENT);
    assert!(
        found.is_empty(),
        "clients of the last release would break: {found:#?}"
    );
}

/// The document with one place changed: set to a value, or removed.
fn changed(pointer: &str, value: Option<Value>) -> Value {
    let mut document = DOCUMENT.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    let parent = document.pointer_mut(parent).expect(pointer);
    match value {
        Some(value) => parent[name.as_str()] = value,
        None => {
            let members = parent.as_object_mut().unwrap();
            assert!(members.remove(&name).is_some(), "{pointer}");
        }
    }
    document
}

#[test]
fn whatever_takes_something_away_is_found() {
    let (projects, schemas) = ("/paths/~1v1~1projects", "/components/schemas");
    for (pointer, value) in [
        (projects.to_owned(), None),
        (format!("{projects}/post"), None),
        (format!("{projects}/get/parameters"), Some(json!([]))),
        (
            format!("{projects}/get/security"),
            Some(json!([{"bearer": ["root"]}])),
        ),
        (format!("{projects}/post/responses/409"), None),
        (
            format!("{projects}/post/responses/201/headers/Location"),
            None,
        ),
        (
            format!("{projects}/post/requestBody/content/application~1json"),
            None,
        ),
        (
            "/components/parameters/query-limit/required".to_owned(),
            Some(json!(true)),
        ),
        (
            "/components/parameters/query-limit/schema/maximum".to_owned(),
            Some(json!(100)),
        ),
        (
            "/components/parameters/query-limit/schema/default".to_owned(),
            Some(json!(50)),
        ),
        (format!("{schemas}/Project/properties/name"), None),
        (format!("{schemas}/Project/required"), Some(json!(["id"]))),
        (
            format!("{schemas}/Project/properties/name/type"),
            Some(json!(["string", "null"])),
        ),
        (
            format!("{schemas}/Project/properties/created_at/format"),
            None,
        ),
        (format!("{schemas}/ProjectCreate/properties/name"), None),
        (
            format!("{schemas}/ProjectCreate/required"),
            Some(json!(["slug", "name"])),
        ),
        (
            format!("{schemas}/ProjectCreate/properties/slug/pattern"),
            Some(json!("^[a-z]$")),
        ),
        (
            format!("{schemas}/ProjectUpdate/properties/name/type"),
            Some(json!("string")),
        ),
        (
            format!("{schemas}/ProjectUpdate/properties/name/readOnly"),
            Some(json!(true)),
        ),
        (
            format!("{schemas}/CorsCreate/properties/enforcement/enum"),
            Some(json!(["server", "browser"])),
        ),
        (
            format!("{schemas}/CorsCreate/properties/enforcement/default"),
            Some(json!("browser")),
        ),
        (
            format!("{schemas}/CorsUpdate/properties/allowedOrigins/maxItems"),
            Some(json!(9)),
        ),
        (
            format!("{schemas}/ModelCreate/properties/upstream_name"),
            None,
        ),
        (
            format!("{schemas}/EndpointCreate/properties/models/items/anyOf"),
            Some(json!([{"type": "string"}])),
        ),
        (
            format!("{schemas}/Endpoint/properties/models/items/anyOf/2"),
            Some(json!({"type": "integer"})),
        ),
        (
            format!("{schemas}/ApiKeyCreated/allOf/1/properties/token"),
            None,
        ),
    ] {
        let mut document = match pointer.ends_with("anyOf/2") {
            true => DOCUMENT.clone(),
            false => changed(&pointer, value.clone()),
        };
        if let Some(alternatives) = pointer.strip_suffix("/2") {
            let alternatives = document.pointer_mut(alternatives).unwrap();
            alternatives.as_array_mut().unwrap().push(value.unwrap());
        }
        assert!(!breaks(&DOCUMENT, &document).is_empty(), "{pointer}");
    }
}

#[test]
fn whatever_only_adds_is_not_found() {
    let schemas = "/components/schemas";
    for (pointer, value) in [
        (
            "/paths/~1v1~1later".to_owned(),
            json!({"get": {"responses": {}}}),
        ),
        (
            "/paths/~1v1~1projects/get/responses/451".to_owned(),
            json!({"description": "not here"}),
        ),
        (
            format!("{schemas}/Project/properties/colour"),
            json!({"type": "boolean"}),
        ),
        (
            format!("{schemas}/Project/required"),
            json!([
                "object",
                "id",
                "slug",
                "name",
                "secret_keys_in_browsers",
                "rate_limit",
                "debug",
                "created_at",
                "updated_at",
                "colour"
            ]),
        ),
        (
            format!("{schemas}/ProjectCreate/properties/colour"),
            json!({"type": "boolean"}),
        ),
        (format!("{schemas}/ProjectCreate/required"), json!([])),
        (
            format!("{schemas}/ProjectCreate/properties/name/maxLength"),
            json!(200),
        ),
        (
            format!("{schemas}/CorsCreate/properties/enforcement/enum"),
            json!(["server", "browser", "report", "log"]),
        ),
        (
            format!("{schemas}/ApiKey/properties/status/enum"),
            json!(["active", "expired", "revoked", "paused"]),
        ),
        (
            "/components/parameters/query-limit/schema/maximum".to_owned(),
            json!(5000),
        ),
        ("/info/version".to_owned(), json!("9.9.9")),
    ] {
        let found = breaks(&DOCUMENT, &changed(&pointer, Some(value)));
        assert!(found.is_empty(), "{pointer}: {found:?}");
    }
}
