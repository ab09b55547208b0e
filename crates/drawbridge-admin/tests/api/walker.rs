//! The schemas of the OpenAPI document and the walker that reads documents take the same fields: each is asked about
//! what the other takes.

use std::collections::BTreeSet;

use http::Method;
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::document::{DOCUMENT, resolve, validator};
use crate::support::{Answer, Gateway, ROOT};

/// A document that clients send, with every object that it can have, and where a gateway takes it.
struct Document {
    schema: &'static str,
    method: Method,
    url: String,
    whole: Value,
}

impl Document {
    fn schema(&self) -> &'static Value {
        &DOCUMENT["components"]["schemas"][self.schema]
    }

    fn is_patch(&self) -> bool {
        self.method == Method::PATCH
    }

    /// What the gateway says of such a document.
    async fn ask(&self, gateway: &Gateway, document: Value) -> Answer {
        let answer = gateway
            .root()
            .send(self.method.clone(), &self.url, Some(document))
            .await;
        assert!(
            [200, 201, 401, 404, 409, 422].contains(&answer.status.as_u16()),
            "{answer:#?}"
        );
        answer
    }

    /// The same with `value` at a pointer.
    fn with(&self, pointer: &str, value: Value) -> Value {
        let mut document = self.whole.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Array(elements) => *elements = vec![value],
            object => object[name] = value,
        }
        document
    }

    /// The same without what stands at a pointer.
    fn without(&self, pointer: &str) -> Value {
        let mut document = self.whole.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        parent.as_object_mut().unwrap().remove(name);
        document
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        collect(self.schema(), "", &mut fields);
        fields
    }
}

/// A gateway with one of everything, and all documents that it takes.
async fn documents() -> (Gateway, Vec<Document>) {
    let gateway = Gateway::furnished().await;
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let key = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    let (key, rotation) = (
        format!("{key}?dry_run=true"),
        format!("{key}/rotate?dry_run=true"),
    );
    let document = |schema, method, url: &str, whole| Document {
        schema,
        method,
        url: url.to_owned(),
        whole,
    };
    let endpoints = "/v1/projects/alpha/endpoints?dry_run=true";
    let limit = json!({"requests": 1000, "per_seconds": 60});
    let one = "/v1/projects/alpha/endpoints/one?dry_run=true";
    let parts = json!({
        "models": [{"name": "m"}], "upstream": {"base_url": "http://127.0.0.1:18080"}, "limits": {},
        "cors": {"allowedOrigins": [], "allowedMethods": ["POST"], "allowedHeaders": [], "exposedHeaders": []},
    });
    let mut endpoint = parts.clone();
    endpoint["name"] = "three".into();
    let new_key = json!({"project": "alpha", "kind": "secret", "scopes": [], "endpoints": [], "allowed_origins": [], "allowed_ips": [],
        "rate_limit": limit});
    let documents = vec![
        document(
            "ProjectCreate",
            Method::POST,
            "/v1/projects?dry_run=true",
            json!({"slug": "gamma", "rate_limit": limit}),
        ),
        document(
            "ProjectUpdate",
            Method::PATCH,
            "/v1/projects/alpha?dry_run=true",
            json!({"rate_limit": limit}),
        ),
        document("EndpointCreate", Method::POST, endpoints, endpoint),
        document("EndpointUpdate", Method::PATCH, one, parts),
        document(
            "ApiKeyCreate",
            Method::POST,
            "/v1/api-keys?dry_run=true",
            new_key,
        ),
        document(
            "ApiKeyUpdate",
            Method::PATCH,
            &key,
            json!({"scopes": [], "endpoints": [], "allowed_origins": [], "allowed_ips": [], "rate_limit": limit}),
        ),
        document("Rotation", Method::POST, &rotation, json!({})),
        document(
            "Question",
            Method::POST,
            "/v1/cors/explain",
            json!({"project": "alpha", "endpoint": "one", "origin": "https://a.example", "headers": []}),
        ),
        document(
            "Question",
            Method::POST,
            "/v1/cors/explain",
            json!({"console": "Method not allowed by CORS", "project": "alpha", "endpoint": "one", "origin": "null", "headers": []}),
        ),
        document(
            "CspQuestion",
            Method::POST,
            "/dashboard/api/csp",
            json!({"project": "alpha", "policy": "connect-src *", "page_origin": "https://a.example"}),
        ),
        document(
            "SignIn",
            Method::POST,
            "/dashboard/api/session",
            json!({"token": ROOT}),
        ),
        document(
            "SignInLinkCreate",
            Method::POST,
            "/dashboard/api/sign-in-links",
            json!({"expires_in_seconds": 600}),
        ),
    ];
    for document in &documents {
        let whole = document.whole.clone();
        assert!(validator(document.schema()).is_valid(&whole), "{whole}");
        let answer = document.ask(&gateway, whole).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }
    (gateway, documents)
}

/// A place that a schema knows.
#[derive(Debug)]
struct Field {
    pointer: String,
    schema: &'static Value,
    is_required: bool,
    is_element: bool,
}

impl Field {
    fn is_read_only(&self) -> bool {
        self.schema["readOnly"] == true
    }

    fn types(&self) -> BTreeSet<&'static str> {
        types(self.schema)
    }

    fn validator(&self) -> Validator {
        validator(self.schema)
    }
}

fn collect(schema: &'static Value, pointer: &str, fields: &mut Vec<Field>) {
    let schema = resolve(&DOCUMENT, schema);
    let required = schema["required"].as_array();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let field = Field {
            pointer: format!("{pointer}/{name}"),
            schema: property,
            is_required: required.is_some_and(|required| required.contains(&json!(name))),
            is_element: false,
        };
        if !field.is_read_only() {
            collect(property, &field.pointer, fields);
        }
        fields.push(field);
    }
    if let Some(items) = schema.get("items") {
        let pointer = format!("{pointer}/0");
        collect(items, &pointer, fields);
        fields.push(Field {
            pointer,
            schema: items,
            is_required: false,
            is_element: true,
        });
    }
    for part in schema["anyOf"].as_array().into_iter().flatten() {
        collect(part, pointer, fields);
    }
}

/// The JSON types that a schema admits.
fn types(schema: &'static Value) -> BTreeSet<&'static str> {
    let schema = resolve(&DOCUMENT, schema);
    let named = match &schema["type"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let parts = schema["anyOf"].as_array().into_iter().flatten();
    named.into_iter().chain(parts.flat_map(types)).collect()
}

/// The codes of what is wrong at one place.
fn codes<'a>(answer: &'a Answer, pointer: &str) -> Vec<&'a str> {
    match answer.status.as_u16() {
        422 => {
            let errors = answer.errors().into_iter();
            errors
                .filter(|(place, _)| *place == pointer)
                .map(|(_, code)| code)
                .collect()
        }
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn every_document_that_the_api_takes_is_asked_about() {
    let (_, documents) = documents().await;
    let asked: BTreeSet<_> = documents.iter().map(|document| document.schema).collect();
    let paths = DOCUMENT["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let contents =
        operations.filter_map(|operation| operation["requestBody"]["content"].as_object());
    let taken: BTreeSet<_> = contents
        .flat_map(|contents| contents.values())
        .map(|content| content["schema"]["$ref"].as_str().unwrap())
        .map(|name| name.strip_prefix("#/components/schemas/").unwrap())
        .collect();
    assert_eq!(asked, taken);
}

#[tokio::test]
async fn every_field_of_a_schema_is_known_to_the_walker_with_the_same_types() {
    let (gateway, documents) = documents().await;
    let samples = [
        ("null", json!(null)),
        ("boolean", json!(true)),
        ("integer", json!(7)),
        ("number", json!(1.5)),
        ("string", json!("text")),
        ("array", json!([])),
        ("object", json!({})),
    ];
    for document in &documents {
        for field in document.fields() {
            for (kind, sample) in &samples {
                let body = document.with(&field.pointer, sample.clone());
                let answer = document.ask(&gateway, body).await;
                let codes = codes(&answer, &field.pointer);
                let place = format!("{} {} {kind}", document.schema, field.pointer);
                assert!(!codes.contains(&"unknown_field"), "{place}");
                if field.is_read_only() {
                    assert!(
                        codes.is_empty() || codes == ["read_only"],
                        "{place}: {codes:?}"
                    );
                    continue;
                }
                // In a patch, null is "not there".
                let is_refused = codes.contains(&"wrong_type")
                    || *kind == "null" && codes.contains(&"missing_field");
                assert_eq!(
                    !is_refused,
                    field.types().contains(kind),
                    "{place}: {codes:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_field_of_the_walker_is_known_to_the_schema() {
    let (gateway, documents) = documents().await;
    for document in &documents {
        let fields = document.fields();
        let pointers: BTreeSet<_> = fields.iter().map(|field| &*field.pointer).collect();
        let objects = fields
            .iter()
            .filter(|field| field.types().contains("object") && !field.is_read_only());
        for object in objects.map(|field| &*field.pointer).chain([""]) {
            for value in [json!(1), json!(null)] {
                let place = format!("{object}/nothing-is-called-like-this");
                // Such an object may stand where a string would, too.
                let mut body = document.whole.clone();
                body.pointer_mut(object).unwrap()["nothing-is-called-like-this"] = value;
                let answer = document.ask(&gateway, body).await.must(422);
                assert_eq!(answer.errors(), [(&*place, "unknown_field")]);
                let detail = answer.body["detail"].as_str().unwrap();
                let (_, names) = detail.split_once("; the fields are ").expect(detail);
                for name in names.split(", ") {
                    let pointer = format!("{object}/{name}");
                    assert!(
                        pointers.contains(&*pointer),
                        "{} {pointer}",
                        document.schema
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn the_same_fields_are_required() {
    let (gateway, documents) = documents().await;
    for document in documents.iter().filter(|document| !document.is_patch()) {
        for field in document.fields().iter().filter(|field| !field.is_element) {
            // The first is required of the root key only, which no schema can say; what a question needs depends on
            // its other members.
            if field.pointer == "/project" || document.schema == "Question" {
                continue;
            }
            let answer = document
                .ask(&gateway, document.without(&field.pointer))
                .await;
            let is_missing = codes(&answer, &field.pointer).contains(&"missing_field");
            assert_eq!(
                is_missing, field.is_required,
                "{} {}",
                document.schema, field.pointer
            );
        }
    }
}

#[tokio::test]
async fn what_a_schema_bounds_the_walker_bounds_alike() {
    let (gateway, documents) = documents().await;
    for document in &documents {
        for field in document.fields() {
            if field.is_read_only() {
                continue;
            }
            let validator = field.validator();
            for (value, is_within) in candidates(&field) {
                assert_eq!(
                    validator.is_valid(&value),
                    is_within,
                    "{} {value}",
                    field.pointer
                );
                let answer = document
                    .ask(&gateway, document.with(&field.pointer, value.clone()))
                    .await;
                let is_refused = !codes(&answer, &field.pointer).is_empty();
                assert_eq!(
                    is_refused, !is_within,
                    "{} {} {value}: {:#}",
                    document.schema, field.pointer, answer.body
                );
            }
        }
    }
}

/// Values at the bounds that a schema sets, and whether they are within.
fn candidates(field: &Field) -> Vec<(Value, bool)> {
    let mut found = Vec::new();
    let schema = resolve(&DOCUMENT, field.schema);
    for (bound, beyond) in [("minimum", -1), ("maximum", 1)] {
        if let Some(bound) = schema[bound].as_i64() {
            found.extend([(json!(bound), true), (json!(bound + beyond), false)]);
        }
    }
    for (bound, beyond) in [("minItems", -1), ("maxItems", 1)] {
        if let Some(bound) = schema[bound].as_i64() {
            let list = |length: i64| (0..length).map(|index| element(field, index)).collect();
            found.extend([(list(bound), true), (list(bound + beyond), false)]);
        }
    }
    for (bound, beyond) in [("minLength", -1), ("maxLength", 1)] {
        if let Some(bound) = schema[bound].as_i64() {
            let text = |length: i64| json!("x".repeat(usize::try_from(length).unwrap()));
            found.extend([(text(bound), true), (text(bound + beyond), false)]);
        }
    }
    if let Some(choices) = schema["enum"].as_array() {
        let fitting = choices.iter().filter(|choice| choice.is_string());
        found.extend(fitting.map(|choice| (choice.clone(), true)));
        found.push((json!("something-else"), false));
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let texts = [
            "",
            "UPPER",
            "two words",
            "line\nfeed",
            "ümlaut",
            "slug-1",
            "\u{7f}",
            "a-token-of-some-length",
        ];
        let long = "x".repeat(5000);
        let texts = texts.into_iter().chain([&*long]).map(Value::from);
        let pattern = validator(&json!({"type": "string", "pattern": pattern}));
        // What fits the pattern may be refused for its length.
        found.extend(
            texts
                .filter(|text| !pattern.is_valid(text))
                .map(|text| (text, false)),
        );
    }
    found
}

/// One of many entries of a list.
fn element(field: &Field, index: i64) -> Value {
    match field.pointer.rsplit('/').next() {
        Some("allowedOrigins") => json!(format!("https://h{index}.example")),
        Some("scopes") => json!("inference"),
        _ => json!(format!("x-{index}")),
    }
}

/// Any JSON value, of the names that documents have.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..4000_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "*",
            "name",
            "https://a.example",
            "secret",
            "inference",
            "2037-01-01T00:00:00Z"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let names = prop::sample::select(vec!["name", "base_url", "maxAge", "upstream_name", "x"]);
        let members = prop::collection::btree_map(names, inner.clone(), 0..3);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            members.prop_map(|members| json!(members)),
        ]
    })
}

/// What is accepted fits the schema; so what does not fit is refused.
#[test]
fn no_document_is_accepted_that_its_schema_refuses() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (gateway, documents) = runtime.block_on(documents());
    for document in &documents {
        let validator = validator(document.schema());
        let pointers: Vec<_> = document
            .fields()
            .into_iter()
            .map(|field| field.pointer)
            .collect();
        let change = (prop::sample::select(pointers), any_value());
        let changes = prop::collection::vec(change, 1..3);
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 150,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let outcome = runner.run(&changes, |changes| {
            let mut changed = document.whole.clone();
            for (pointer, value) in changes {
                if let Some(place) = changed.pointer_mut(&pointer) {
                    *place = value;
                } else if let Some((parent, name)) = pointer.rsplit_once('/')
                    && let Some(Value::Object(parent)) = changed.pointer_mut(parent)
                {
                    parent.insert(name.to_owned(), value);
                }
            }
            let answer = runtime.block_on(document.ask(&gateway, changed.clone()));
            let is_accepted = answer.status.is_success();
            prop_assert!(
                !is_accepted || validator.is_valid(&changed),
                "{} {changed}",
                document.schema
            );
            Ok(())
        });
        outcome.unwrap();
    }
}
