//! The committed OpenAPI document, and every answer of these tests held against it.

use std::sync::LazyLock;

use http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::Answer;

/// Where the committed document stands.
pub(crate) const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");

/// The committed document.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = std::fs::read_to_string(PATH).unwrap();
    serde_json::from_str(&text).unwrap()
});

/// What stands behind a `$ref`, or the value itself.
pub(crate) fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).expect(reference),
        None => value,
    }
}

/// A schema of the committed document, ready to judge.
pub(crate) fn validator(schema: &Value) -> Validator {
    let schema = json!({"allOf": [schema], "components": DOCUMENT["components"]});
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema).unwrap()
}

/// The path template and the operation that a request met, if it met a documented one.
pub(crate) fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object()?;
    let (_, item) = paths.iter().find(|(template, _)| is_met(template, path))?;
    let method = match *method {
        Method::HEAD => Method::GET,
        ref other => other.clone(),
    };
    item.get(method.as_str().to_ascii_lowercase())
}

fn is_met(template: &str, path: &str) -> bool {
    let (mut wanted, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), segments.next()) {
            (None, None) => return true,
            (Some(wanted), Some(segment))
                if wanted == segment || wanted.starts_with('{') && !segment.is_empty() => {}
            _ => return false,
        }
    }
}

/// The answer is one that the document tells of: its status, type, header fields and content, with no member unsaid.
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let status = answer.status.as_str();
    let told = &operation["responses"][status];
    assert!(
        told.is_object(),
        "{method} {path}: {status} is not told of: {answer:#?}"
    );
    let told = resolve(&DOCUMENT, told);
    for (name, header) in told["headers"].as_object().unwrap() {
        let is_required = resolve(&DOCUMENT, header)["required"] == true;
        assert!(
            !is_required || answer.header(name).is_some(),
            "{method} {path}: {status} without {name}"
        );
    }
    let Some(content) = told.get("content") else {
        return assert_eq!(answer.body, Value::Null, "{method} {path}: {status}");
    };
    let media_type = answer.header("content-type").unwrap();
    let schema = &content[media_type]["schema"];
    assert!(
        schema.is_object(),
        "{method} {path}: {status} as {media_type} is not told of"
    );
    if *method == Method::HEAD {
        return;
    }
    check_content(schema, &answer.body);
    // An explanation's code is that of what it explains.
    let code = answer.body["code"].as_str();
    if let Some(code) = code.filter(|_| !answer.status.is_success()) {
        let codes = told["description"].as_str().unwrap();
        assert!(
            codes.contains(&format!("`{code}`")),
            "{method} {path}: {status} {code} is not told of"
        );
    }
}

fn check_content(schema: &Value, content: &Value) {
    let errors: Vec<_> = validator(schema)
        .iter_errors(content)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?} in {content:#}");
    let mut unsaid = Vec::new();
    find_unsaid(&[schema], content, "", &mut unsaid);
    assert!(unsaid.is_empty(), "{unsaid:?} in {content:#}");
}

/// Finds members that no schema names; answers may have more in a later release, but this release knows its own.
fn find_unsaid(schemas: &[&Value], content: &Value, pointer: &str, unsaid: &mut Vec<String>) {
    let schemas = flatten(schemas);
    match content {
        Value::Object(members)
            if schemas
                .iter()
                .any(|schema| schema.get("properties").is_some()) =>
        {
            for (name, value) in members {
                let pointer = format!("{pointer}/{name}");
                let inner: Vec<_> = schemas
                    .iter()
                    .filter_map(|schema| schema["properties"].get(name))
                    .collect();
                if inner.is_empty() {
                    unsaid.push(pointer.clone());
                }
                find_unsaid(&inner, value, &pointer, unsaid);
            }
        }
        Value::Array(elements) => {
            let inner: Vec<_> = schemas
                .iter()
                .filter_map(|schema| schema.get("items"))
                .collect();
            for (index, element) in elements.iter().enumerate() {
                find_unsaid(&inner, element, &format!("{pointer}/{index}"), unsaid);
            }
        }
        _ => {}
    }
}

/// The schemas, and those that they are made of.
fn flatten<'d>(schemas: &[&'d Value]) -> Vec<&'d Value> {
    let mut flat = Vec::new();
    for schema in schemas {
        let schema = match schema["$ref"].is_string() {
            true => resolve(
                &DOCUMENT,
                DOCUMENT
                    .pointer(&schema["$ref"].as_str().unwrap()[1..])
                    .unwrap(),
            ),
            false => schema,
        };
        flat.push(schema);
        for name in ["allOf", "anyOf"] {
            let parts: Vec<_> = schema[name].as_array().into_iter().flatten().collect();
            flat.extend(flatten(&parts));
        }
    }
    flat
}
