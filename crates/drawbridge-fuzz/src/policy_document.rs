//! Policy documents: an endpoint's `cors` object, the endpoint's whole document, and a key's.
//!
//! Input: a JSON text; or, since those are hard to guess, lines of which the first byte says where they belong in a
//! `cors` object: `o`rigins, `m`ethods, `h`eaders, `e`xposed headers, max-`a`ge, `f` for the enforcement, `c`redentials.

use std::sync::Arc;

use drawbridge_policy::cors::{CorsConfig, CorsPolicy, OriginHeader, Preflight};
use drawbridge_policy::document::parse_document;
use drawbridge_policy::endpoint::{Endpoint, Project};
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::upstream::{Upstream, UpstreamHost};
use serde_json::{Map, Value, json};
use url::{Host, Url};

/// Each costs one more compilation.
const MOST_CURED: usize = 8;

/// Requests are judged for this many of a policy's own origins, and its names.
const MOST_ASKED: usize = 8;

/// Compiles the document as every kind.
pub fn policy_document(bytes: &[u8]) {
    let document = match bytes.first() {
        Some(b'o' | b'm' | b'h' | b'e' | b'a' | b'f' | b'c') => from_lines(bytes),
        _ => match parsed(bytes) {
            Some(document) => document,
            None => return,
        },
    };
    check_suggestions(&document, &judged_cors(&document), judged_cors);
    check_kept(&document);
    check_suggestions(&document, &judged_endpoint(&document), judged_endpoint);
    check_upstream(&document);
    check_suggestions(&document, &judged_key(&document), judged_key);
}

/// The strict parser reads what `serde_json` reads, but for members that stand twice.
fn parsed(bytes: &[u8]) -> Option<Value> {
    let plain = serde_json::from_slice::<Value>(bytes);
    match (parse_document(bytes), plain) {
        (Ok(strict), Ok(plain)) => {
            assert_eq!(strict, plain);
            Some(strict)
        }
        (Err(error), Ok(_)) => {
            assert!(error.to_string().contains("stands twice"), "{error}");
            None
        }
        (Err(_), Err(_)) => None,
        (Ok(strict), Err(error)) => panic!("{strict} is no JSON: {error}"),
    }
}

fn from_lines(bytes: &[u8]) -> Value {
    let mut members = Map::new();
    for line in String::from_utf8_lossy(bytes).lines() {
        let mut characters = line.chars();
        let kind = characters.next();
        let text = characters.as_str();
        let list = match kind {
            Some('o') => "allowedOrigins",
            Some('m') => "allowedMethods",
            Some('h') => "allowedHeaders",
            Some('e') => "exposedHeaders",
            Some('a') => {
                let seconds: Option<i64> = text.parse().ok();
                members.insert("maxAge".to_owned(), seconds.into());
                continue;
            }
            Some('f') => {
                members.insert("enforcement".to_owned(), text.into());
                continue;
            }
            Some('c') => {
                members.insert("allowCredentials".to_owned(), text.is_empty().into());
                continue;
            }
            _ => continue,
        };
        let entries = members.entry(list).or_insert_with(|| json!([]));
        if let Some(entries) = entries.as_array_mut() {
            entries.push(text.into());
        }
    }
    Value::Object(members)
}

/// What was found, and whether it is errors.
type Judged = (Vec<ConfigIssue>, bool);

fn judged_cors(document: &Value) -> Judged {
    match compile(document) {
        Ok((_, _, warnings)) => (warnings, false),
        Err(errors) => (errors, true),
    }
}

fn judged_endpoint(document: &Value) -> Judged {
    match endpoint(document) {
        Ok((_, warnings)) => (warnings, false),
        Err(errors) => (errors, true),
    }
}

fn judged_key(document: &Value) -> Judged {
    match KeyConfig::read(document) {
        Ok(config) => {
            assert_eq!(KeyConfig::read(&config.to_value()).as_ref(), Ok(&config));
            (config.warnings(), false)
        }
        Err(errors) => (errors, true),
    }
}

fn compile(
    document: &Value,
) -> Result<(CorsConfig, CorsPolicy, Vec<ConfigIssue>), Vec<ConfigIssue>> {
    let mut problems = Problems::new();
    let config = CorsConfig::read(document, "", &mut problems);
    let compiled = config
        .compile("")
        .map_err(|errors| problems.extend(errors))
        .ok();
    let (policy, warnings) = problems.into_result(compiled)?.ok_or_else(Vec::new)?;
    Ok((config, policy, warnings))
}

fn endpoint(document: &Value) -> Result<(Endpoint, Vec<ConfigIssue>), Vec<ConfigIssue>> {
    let project = Arc::new(Project {
        id: "proj_fuzzing".into(),
        slug: "fuzzing".into(),
        ..Project::default()
    });
    Endpoint::compile(&project, "e", document, None)
}

/// Every issue points at something; what it suggests cures it, alone and together with all the others.
fn check_suggestions(document: &Value, (issues, are_errors): &Judged, judge: fn(&Value) -> Judged) {
    assert!(
        !are_errors || !issues.is_empty(),
        "refused without a reason"
    );
    for issue in issues {
        let is_there = document.pointer(&issue.pointer).is_some();
        let is_of_what_is_missing =
            matches!(issue.code, "missing_field" | "publishable_without_origins");
        assert!(is_there || is_of_what_is_missing, "{issue:?}");
        assert!(!issue.detail.is_empty());
    }
    let errors_at = |(issues, are_errors): &Judged, pointer: &str| -> Vec<ConfigIssue> {
        let here = |issue: &&ConfigIssue| *are_errors && issue.pointer == pointer;
        issues.iter().filter(here).cloned().collect()
    };
    let mut curable: Vec<(&str, &Value)> = issues
        .iter()
        .filter_map(|issue| Some((issue.pointer.as_str(), issue.suggestion.as_ref()?)))
        .collect();
    for (pointer, suggestion) in curable.iter().take(MOST_CURED) {
        let mut cured = document.clone();
        put(&mut cured, pointer, suggestion);
        assert!(!are_errors || cured != *document, "{pointer}: {suggestion}");
        let left = errors_at(&judge(&cured), pointer);
        assert!(left.is_empty(), "{suggestion} at {pointer} leaves {left:?}");
    }
    // A list before its elements: else an element's cure would be lost.
    curable.sort_by_key(|(pointer, _)| pointer.len());
    let mut cured = document.clone();
    for (pointer, suggestion) in &curable {
        put(&mut cured, pointer, suggestion);
    }
    let all = judge(&cured);
    for (pointer, suggestion) in &curable {
        let left = errors_at(&all, pointer);
        assert!(
            left.is_empty(),
            "all cured, {suggestion} at {pointer} leaves {left:?}"
        );
    }
}

#[expect(clippy::unwrap_used, reason = "every issue points at something")]
fn put(document: &mut Value, pointer: &str, value: &Value) {
    *document.pointer_mut(pointer).unwrap() = value.clone();
}

/// What is saved and read again judges every request as before.
fn check_kept(document: &Value) {
    let Ok((config, policy, warnings)) = compile(document) else {
        return;
    };
    let saved = config.to_value();
    let Ok((again, read_again, warnings_again)) = compile(&saved) else {
        panic!("{saved} is what was saved, and is refused");
    };
    assert_eq!((&again, &warnings_again), (&config, &warnings));
    let patterns = config.allowed_origins.iter().take(MOST_ASKED);
    let mut origins: Vec<String> = patterns.map(|one| one.replace('*', "a")).collect();
    origins.extend(["https://other.example", "null"].map(str::to_owned));
    let mut methods: Vec<&str> = vec!["GET", "PATCH", "TRACE", "*"];
    methods.extend(
        config
            .allowed_methods
            .iter()
            .take(MOST_ASKED)
            .map(String::as_str),
    );
    let mut headers: Vec<&str> = vec!["authorization", "x-unlisted", "*"];
    headers.extend(
        config
            .allowed_headers
            .iter()
            .take(MOST_ASKED)
            .map(String::as_str),
    );
    for origin in &origins {
        for method in &methods {
            let lines = headers.iter().map(|name| name.as_bytes());
            let preflight = Preflight {
                origin: origin.as_bytes(),
                method: method.as_bytes(),
                header_lines: lines,
            };
            assert_eq!(
                policy.preflight(&preflight),
                read_again.preflight(&preflight)
            );
            let actual = |policy: &CorsPolicy| {
                let origin = OriginHeader::One(origin.as_bytes());
                format!("{:?}", policy.actual(origin, method.as_bytes(), false))
            };
            assert_eq!(actual(&policy), actual(&read_again));
        }
    }
}

/// An upstream that is admitted is where `url` would go, and is read again as itself.
#[expect(clippy::unwrap_used, reason = "a difference is a panic")]
fn check_upstream(document: &Value) {
    let Some(given) = document
        .pointer("/upstream/base_url")
        .and_then(Value::as_str)
    else {
        return;
    };
    let Ok(upstream) = Upstream::parse(given, "") else {
        return;
    };
    assert_eq!(
        Upstream::parse(&upstream.to_string(), ""),
        Ok(upstream.clone())
    );
    let url = Url::parse(given).unwrap();
    let host = match upstream.host() {
        UpstreamHost::Name(name) => Host::Domain(name.to_string()),
        UpstreamHost::Ip(std::net::IpAddr::V4(address)) => Host::Ipv4(*address),
        UpstreamHost::Ip(std::net::IpAddr::V6(address)) => Host::Ipv6(*address),
    };
    assert_eq!(url.host().map(|host| host.to_owned()), Some(host));
    assert_eq!(url.port_or_known_default(), Some(upstream.port()));
    assert_eq!(url.scheme() == "https", upstream.is_https());
    assert_eq!(url.path().trim_end_matches('/'), upstream.base_path());
    assert!(url.username().is_empty() && url.password().is_none() && url.query().is_none());
}
