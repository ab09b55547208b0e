//! A small browser, after the Fetch Standard and without a line of the engine, that obeys the answers.

use drawbridge_policy::cors::{AllowOrigin, CorsPolicy, PreflightAnswer, Refusal};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use crate::support::{ask, policy};

/// What a page asks for: one `fetch` that needs a preflight.
#[derive(Clone, Debug)]
struct Request {
    origin: &'static str,
    method: String,
    /// CORS-unsafe request-header names: lower case, sorted.
    headers: Vec<String>,
    includes_credentials: bool,
}

/// The header fields of an answer, as they would stand on the wire.
fn header(answer: &PreflightAnswer, request: &Request, name: &str) -> Option<String> {
    let text = |value: &Option<bytes::Bytes>| {
        value
            .as_deref()
            .map(|it| String::from_utf8(it.to_vec()).unwrap())
    };
    match name {
        "Access-Control-Allow-Origin" => match answer.allow_origin {
            AllowOrigin::Withheld => None,
            AllowOrigin::Any => Some("*".to_owned()),
            AllowOrigin::Echo => Some(request.origin.to_owned()),
        },
        "Access-Control-Allow-Credentials" => answer.allow_credentials.then(|| "true".to_owned()),
        "Access-Control-Allow-Methods" => text(&answer.allow_methods),
        "Access-Control-Allow-Headers" => text(&answer.allow_headers),
        _ => unreachable!("no browser looks at {name}"),
    }
}

/// Fetch, "CORS check".
fn passes_cors_check(request: &Request, answer: &PreflightAnswer) -> bool {
    let Some(origin) = header(answer, request, "Access-Control-Allow-Origin") else {
        return false;
    };
    if !request.includes_credentials && origin == "*" {
        return true;
    }
    if origin != request.origin {
        return false;
    }
    if !request.includes_credentials {
        return true;
    }
    header(answer, request, "Access-Control-Allow-Credentials").as_deref() == Some("true")
}

/// Fetch, "extract header list values": `Err` where the value is not a list of tokens.
fn extract(value: Option<String>) -> Result<Option<Vec<String>>, ()> {
    let Some(value) = value else {
        return Ok(None);
    };
    let is_token_character =
        |it: char| it.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(it);
    let names: Vec<String> = value
        .split(',')
        .map(|name| name.trim_matches([' ', '\t']).to_owned())
        .collect();
    let is_list = names
        .iter()
        .all(|name| !name.is_empty() && name.chars().all(is_token_character));
    if is_list { Ok(Some(names)) } else { Err(()) }
}

/// Fetch, "CORS-preflight fetch", from step 7 on: whether the actual request is sent.
fn sends(request: &Request, answer: &PreflightAnswer) -> bool {
    let is_ok_status = (200..300).contains(&answer.status);
    if !passes_cors_check(request, answer) || !is_ok_status {
        return false;
    }
    let methods = extract(header(answer, request, "Access-Control-Allow-Methods"));
    let headers = extract(header(answer, request, "Access-Control-Allow-Headers"));
    let (Ok(methods), Ok(headers)) = (methods, headers) else {
        return false;
    };
    let methods = methods.unwrap_or_default();
    let headers = headers.unwrap_or_default();
    let is_star =
        |names: &[String]| !request.includes_credentials && names.iter().any(|name| name == "*");
    let is_safelisted = ["GET", "HEAD", "POST"].contains(&request.method.as_str());
    if !methods.contains(&request.method) && !is_safelisted && !is_star(&methods) {
        return false;
    }
    let lists = |name: &str| {
        headers
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(name))
    };
    if request
        .headers
        .iter()
        .any(|name| name == "authorization" && !lists(name))
    {
        return false;
    }
    request
        .headers
        .iter()
        .all(|name| lists(name) || is_star(&headers))
}

fn names() -> impl Strategy<Value = Vec<String>> {
    let known = vec![
        "authorization",
        "content-type",
        "x-request-id",
        "x-stainless-os",
        "x-stainless-timeout",
        "x-tenant",
        "x-a",
    ];
    let random = prop::collection::vec("[a-z!#$*][a-z0-9-]{0,12}", 0..3);
    (subsequence(known.clone(), 0..=known.len()), random).prop_map(|(known, random)| {
        let mut names: Vec<String> = known.into_iter().map(str::to_owned).chain(random).collect();
        names.sort();
        names.dedup();
        names
    })
}

fn methods() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(vec!["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "patch", "*"]).prop_map(str::to_owned),
        1 => "[A-Za-z*]{1,8}",
    ]
}

const APP: &str = "https://app.example.com";

fn requests() -> impl Strategy<Value = Request> {
    let origins = vec![
        APP,
        "https://b.example.com",
        "http://localhost:3000",
        "https://evil.test",
        "null",
    ];
    (select(origins), methods(), names(), any::<bool>()).prop_map(
        |(origin, method, headers, includes_credentials)| Request {
            origin,
            method,
            headers,
            includes_credentials,
        },
    )
}

fn policies() -> impl Strategy<Value = CorsPolicy> {
    let origins = subsequence(
        vec![APP, "https://*.example.com", "http://localhost:*"],
        0..=3,
    );
    let origins = prop_oneof![4 => origins, 1 => Just(vec!["*"])];
    let methods = vec!["get", "POST", "DELETE", "PATCH", "OPTIONS", "*"];
    let headers = vec![
        "Content-Type",
        "Authorization",
        "@openai",
        "X-Stainless-*",
        "X-Request-Id",
        "*",
    ];
    let exposed = select(vec![vec![], vec!["*"], vec!["X-Request-Id"]]);
    let lists = (
        origins,
        subsequence(methods, 1..=4),
        subsequence(headers, 0..=4),
        exposed,
    );
    (lists, any::<bool>()).prop_map(|((origins, methods, headers, exposed), credentials)| {
        policy(json!({
            "allowCredentials": credentials && origins != ["*"],
            "allowedOrigins": origins,
            "allowedMethods": methods,
            "allowedHeaders": headers,
            "exposedHeaders": exposed,
        }))
    })
}

fn ask_as_browsers_do(policy: &CorsPolicy, request: &Request) -> PreflightAnswer {
    let line = request.headers.join(",");
    let lines: &[&str] = if line.is_empty() { &[] } else { &[&line] };
    ask(policy, request.origin, &request.method, lines)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn browsers_go_on_exactly_where_the_preflight_passes(policy in policies(), request in requests()) {
        let answer = ask_as_browsers_do(&policy, &request);
        let sends = sends(&request, &answer);
        match answer.refusal {
            // With credentials there is one more condition, which is the page's to know: `Allow-Credentials`.
            None => prop_assert_eq!(sends, !request.includes_credentials || answer.allow_credentials),
            Some(Refusal::MethodNotAllowed) if ["GET", "HEAD", "POST"].contains(&request.method.as_str()) => {}
            Some(_) => prop_assert!(!sends, "{:?}", answer),
        }
    }

    #[test]
    fn no_wildcard_is_ever_sent_that_browsers_would_take_for_more(policy in policies(), request in requests()) {
        let answer = ask_as_browsers_do(&policy, &request);
        for name in ["Access-Control-Allow-Methods", "Access-Control-Allow-Headers"] {
            let names = extract(header(&answer, &request, name)).unwrap().unwrap_or_default();
            prop_assert!(!names.iter().any(|name| name == "*"));
        }
        prop_assert!(answer.allow_origin != AllowOrigin::Any || !answer.allow_credentials);
    }
}

#[test]
fn the_model_browser_blocks_what_browsers_block() {
    let request = |method: &str, headers: &[&str], includes_credentials| Request {
        origin: APP,
        method: method.to_owned(),
        headers: headers.iter().map(|name| (*name).to_owned()).collect(),
        includes_credentials,
    };
    let star = PreflightAnswer {
        allow_origin: AllowOrigin::Any,
        allow_methods: Some("*".into()),
        allow_headers: Some("*".into()),
        ..ask(&policy(json!({"allowedOrigins": ["*"]})), APP, "POST", &[])
    };
    assert!(sends(&request("DELETE", &["x-a"], false), &star));
    assert!(!sends(&request("DELETE", &["authorization"], false), &star));
    assert!(!sends(&request("GET", &[], true), &star));
    let echo = PreflightAnswer {
        allow_origin: AllowOrigin::Echo,
        allow_credentials: true,
        ..star.clone()
    };
    assert!(sends(&request("POST", &[], true), &echo));
    assert!(!sends(&request("DELETE", &[], true), &echo));
    assert!(!sends(&request("POST", &["x-a"], true), &echo));
    let broken = PreflightAnswer {
        allow_headers: Some("x a".into()),
        ..star.clone()
    };
    assert!(!sends(&request("POST", &[], false), &broken));
    let failed = PreflightAnswer {
        status: 431,
        ..star
    };
    assert!(!sends(&request("POST", &[], false), &failed));
}
