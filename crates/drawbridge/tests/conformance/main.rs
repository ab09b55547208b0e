//! The conformance corpus over a real listener: the built server, raw sockets, a scripted upstream.
//!
//! Requests go out byte by byte as the data says, repeated and malformed header lines included. Each case is configured
//! through the management API, so that every policy has been saved, stored and compiled like an operator's.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod gateway;
#[path = "../commands/process.rs"]
#[expect(dead_code, reason = "the other tests of the binary need more of it")]
mod process;
mod upstream;
mod wire;

use std::collections::BTreeMap;

use drawbridge_conformance::{
    Answer, Case, Configuration, Document, Layer, Outcome, StatedIssue, Tally, cases,
    configurations, differences, issue_differences,
};
use gateway::{Gateway, PROJECT, endpoints_path};
use serde_json::{Value, json};
use wire::{Client, Received};

/// Fewer cases than this are a mistake in the data or in the runner.
const COMMITTED_CASES: usize = 416;
const COMMITTED_CONFIGURATIONS: usize = 208;

#[test]
fn every_case_is_answered_as_the_corpus_says() {
    let mut gateways: BTreeMap<Option<String>, Gateway> = BTreeMap::new();
    let mut tally = Tally::of("listener");
    for case in cases().unwrap() {
        if let Some(reason) = case.reason_against(Layer::Listener) {
            tally.excluded(&case.id, reason);
            continue;
        }
        let gateway = gateways
            .entry(case.public_url.clone())
            .or_insert_with(|| Gateway::start(case.public_url.as_deref()));
        let answer = ask(gateway, &case);
        let mut found = differences(&case.expect, &answer);
        // Design section 6: on every response.
        if answer.lines("X-Request-Id").len() != 1 {
            found.push("there is not exactly one X-Request-Id".to_owned());
        }
        tally.ran(&case.id, found);
    }
    println!("{tally}");
    tally
        .verdict(COMMITTED_CASES)
        .unwrap_or_else(|differences| panic!("{differences}"));
}

#[test]
fn every_configuration_is_saved_or_refused_as_the_corpus_says() {
    let gateway = Gateway::start(None);
    let mut tally = Tally::of("listener, configurations");
    for (index, configuration) in configurations().unwrap().iter().enumerate() {
        match configuration.excluded.get(&Layer::Listener) {
            Some(reason) => tally.excluded(&configuration.id, reason),
            None => tally.ran(
                &configuration.id,
                save(&gateway, &format!("config-{index}"), configuration),
            ),
        }
    }
    println!("{tally}");
    tally
        .verdict(COMMITTED_CONFIGURATIONS)
        .unwrap_or_else(|differences| panic!("{differences}"));
}

/// Sends the case's request as it stands, with its key added.
fn ask(gateway: &mut Gateway, case: &Case) -> Answer {
    let endpoint = gateway.endpoint(case);
    let port = gateway.address.port().to_string();
    let names = [
        ("{port}", port.as_str()),
        ("{project}", &gateway.project),
        ("{endpoint}", &endpoint),
        ("{publishable}", &gateway.publishable),
        ("{secret}", &gateway.secret),
        ("{elsewhere}", &gateway.elsewhere),
    ];
    let (method, target) = case.request_line(&names).unwrap();
    let mut lines = case.header_lines(&names).unwrap();
    let has_host = lines
        .iter()
        .any(|line| line.to_ascii_lowercase().starts_with(b"host:"));
    if !has_host {
        lines.insert(0, format!("Host: {}", gateway.address).into_bytes());
    }
    lines.extend(
        gateway
            .token(&case.key, &endpoint)
            .map(|token| format!("Authorization: Bearer {token}").into_bytes()),
    );
    let body = case
        .body
        .as_ref()
        .map(|body| body.bytes(&names).unwrap())
        .unwrap_or_default();
    if case.body.is_some() {
        lines.push(format!("Content-Length: {}", body.len()).into_bytes());
    }
    let mut request = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    for line in lines {
        request.extend(line);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request.extend(body);

    gateway.upstream.behave(&case.upstream);
    let mut client = Client::connect(gateway.address);
    let mut received = client.send(&request);
    if let Some(first) = case.upstream.chunks.first()
        && received.status == case.upstream.status
    {
        client.await_beginning(first.as_bytes());
    }
    gateway.upstream.release();
    client.read_body(&method, &mut received);
    seen(&method, received, gateway.upstream.was_asked())
}

fn seen(method: &str, received: Received, forwarded: bool) -> Answer {
    // The error's code stands in a body; the answer to a preflight has none, nor has that to HEAD.
    let is_preflight = method == "OPTIONS" && received.status == 431;
    let has_code = received.status >= 400 && method != "HEAD" && !is_preflight;
    Answer {
        status: Some(received.status),
        forwarded: Some(forwarded),
        refusal: has_code.then(|| error_code(&received.json())),
        headers: received.headers,
        has_all_headers: true,
        reported: None,
    }
}

/// OpenAI's shape on the data plane, RFC 9457's on management.
fn error_code(body: &Value) -> Option<String> {
    let code = body
        .pointer("/error/code")
        .or_else(|| body.pointer("/code"))?;
    code.as_str().map(str::to_owned)
}

/// Creates an endpoint with this `cors` object, or this key, and looks at what is there afterwards.
fn save(gateway: &Gateway, name: &str, configuration: &Configuration) -> Vec<String> {
    let (given, below, (received, kept)) = match &configuration.document {
        Document::Cors(cors) => (cors, "/cors", save_endpoint(gateway, name, cors)),
        Document::Key(key) => (key, "", save_key(gateway, name, key)),
    };
    let answer = received.json();
    let (stated, issues, expected) = match &configuration.outcome {
        Outcome::Accepted => (None, &Value::Null, (201, true)),
        Outcome::Warned(stated) => (Some(stated), &answer["warnings"], (201, true)),
        Outcome::Refused(stated) => (Some(stated), &answer["errors"], (422, false)),
    };
    if (received.status, kept.is_some()) != expected {
        return vec![format!(
            "saving gives {} and keeps {kept:?}: {answer}",
            received.status
        )];
    }
    let mut found = stated.map_or_else(Vec::new, |stated| {
        issue_differences(stated, issues_below(below, issues))
    });
    if let Some(kept) = kept {
        for (field, value) in given.as_object().unwrap() {
            if kept[field] != *value {
                found.push(format!("{field} came back as {}", kept[field]));
            }
        }
    }
    found
}

/// The answer, and the `cors` object that is there afterwards.
fn save_endpoint(gateway: &Gateway, name: &str, cors: &Value) -> (Received, Option<Value>) {
    let upstream = format!("http://{}/v1", gateway.upstream.address);
    let document = json!({"name": name, "upstream": {"base_url": upstream}, "cors": cors});
    let received = gateway.manage("POST", &endpoints_path(), &document);
    let kept = gateway.manage("GET", &format!("{}/{name}", endpoints_path()), &Value::Null);
    let kept = (kept.status == 200).then(|| kept.json()["cors"].take());
    (received, kept)
}

/// The answer, and the key that is there afterwards.
fn save_key(gateway: &Gateway, name: &str, key: &Value) -> (Received, Option<Value>) {
    let mut document = key.clone();
    document["name"] = name.into();
    document["project"] = PROJECT.into();
    let received = gateway.manage("POST", "/v1/api-keys", &document);
    let listed = format!("/v1/api-keys?project={PROJECT}&search={name}");
    let listed = gateway.manage("GET", &listed, &Value::Null).json();
    let kept = listed["data"].as_array().unwrap();
    (
        received,
        kept.iter().find(|kept| kept["name"] == name).cloned(),
    )
}

/// The issues about what stands at a pointer, their own pointers below it.
fn issues_below(pointer: &str, issues: &Value) -> Vec<StatedIssue> {
    let issues = issues.as_array().cloned().unwrap_or_default();
    let below = issues.iter().filter_map(|issue| {
        Some(StatedIssue {
            pointer: issue["pointer"].as_str()?.strip_prefix(pointer)?.to_owned(),
            code: issue["code"].as_str()?.to_owned(),
            suggestion: issue
                .get("suggestion")
                .filter(|value| !value.is_null())
                .cloned(),
        })
    });
    below.collect()
}
