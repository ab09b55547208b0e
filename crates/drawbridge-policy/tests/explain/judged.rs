//! Questions about a configuration, and whether the answers' fixes cure.

use drawbridge_policy::cors::{CorsConfig, CorsPolicy, KeyGrant};
use drawbridge_policy::denial::Denial;
use drawbridge_policy::explain::{
    Cause, Code, Explanation, Outcome, PageRequest, Question, Verdict, explain,
};
use drawbridge_policy::issue::Problems;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const APP: &str = "https://app.example.com";

fn read(document: &Value) -> CorsConfig {
    let mut problems = Problems::new();
    let config = CorsConfig::read(document, "", &mut problems);
    problems.into_result(config).unwrap()
}

fn compile(config: &CorsConfig) -> Option<CorsPolicy> {
    config.compile("").ok().map(|(policy, _)| policy)
}

fn ask(config: &CorsConfig, policy: &CorsPolicy, request: &PageRequest) -> Explanation {
    explain(&Question {
        config,
        policy,
        grant: KeyGrant::default(),
        key: None,
        request,
        is_same_origin: false,
        is_url_known: true,
    })
}

fn asked(document: Value, request: &PageRequest) -> Explanation {
    let config = read(&document);
    ask(&config, &compile(&config).unwrap(), request)
}

fn request(origin: &str, method: &str, headers: &[&str]) -> PageRequest {
    let url = "https://gw.example/proj_abcdef/e/v1/chat/completions";
    let mut request = PageRequest::new(origin, url.parse().unwrap(), method);
    headers.iter().for_each(|line| request.set_header(line));
    request
}

/// RFC 7396, for a patch of the `cors` object.
fn patched(config: &CorsConfig, patch: &Value) -> Value {
    let mut document = config.to_value();
    for (name, value) in patch["cors"].as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

/// The verdict under a document; one that cannot be saved lets nothing through.
fn verdict(document: &Value, request: &PageRequest) -> Verdict {
    let config = read(document);
    match compile(&config) {
        Some(policy) => ask(&config, &policy, request).verdict,
        None => Verdict::Blocked,
    }
}

#[test]
fn an_origin_that_is_not_listed_is_explained_and_added() {
    let call = request(APP, "POST", &["Content-Type", "Authorization"]);
    let found = asked(json!({"allowedOrigins": ["https://other.example"]}), &call);
    assert_eq!(found.verdict, Verdict::Blocked);
    assert_eq!(found.code, Some(Code::PreflightMissingAllowOriginHeader));
    assert_eq!(found.causes, [Cause::Origin(APP.to_owned())]);
    assert_eq!(
        found.fixes[0].patch,
        json!({"cors": {"allowedOrigins": ["https://other.example", APP]}})
    );
    assert_eq!(found.preflight_answer.unwrap().status, 204);
    let lines: Vec<_> = found
        .browsers
        .iter()
        .map(|one| one.console[0].text.as_str())
        .collect();
    assert!(lines[0].contains(
        "Response to preflight request doesn't pass access control check: No 'Access-Control"
    ));
    assert!(lines[1].ends_with(
        "(Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 204."
    ));
    assert_eq!(
        lines[2],
        format!("Origin {APP} is not allowed by Access-Control-Allow-Origin. Status code: 204")
    );
}

#[test]
fn one_fix_removes_all_causes_together() {
    let call = request(
        "http://localhost:3000",
        "DELETE",
        &["X-Tenant", "content-type"],
    );
    let found = asked(json!({"allowedOrigins": [APP]}), &call);
    let patch = json!({"cors": {
        "allowedOrigins": [APP, "http://localhost:3000"],
        "allowedMethods": ["GET", "POST", "OPTIONS", "DELETE"],
        "allowedHeaders": ["Content-Type", "Authorization", "X-Tenant"],
    }});
    assert_eq!(found.fixes[0].patch, patch);
    assert_eq!(found.causes.len(), 3);
}

#[test]
fn a_method_that_needs_no_preflight_is_refused_by_the_gateway() {
    let call = request(APP, "GET", &[]);
    let found = asked(
        json!({"allowedOrigins": [APP], "allowedMethods": ["POST"]}),
        &call,
    );
    assert_eq!(found.code, Some(Code::Refused(Denial::MethodNotAllowed)));
    assert_eq!(found.actual_answer.status, 405);
    assert!(matches!(
        found.browsers[0].simulation.outcome,
        Outcome::Readable(_)
    ));
    assert_eq!(
        found.fixes[0].patch,
        json!({"cors": {"allowedMethods": ["POST", "GET"]}})
    );
}

#[test]
fn only_firefox_and_safari_ask_for_user_agent() {
    let call = request(APP, "GET", &["User-Agent"]);
    let found = asked(json!({"allowedOrigins": [APP]}), &call);
    assert_eq!(found.code, Some(Code::HeaderDisallowedByPreflightResponse));
    assert!(found.browsers[0].console.is_empty());
    assert!(
        found.browsers[1].console[0]
            .text
            .contains("header ‘user-agent’ is not allowed")
    );
}

#[test]
fn credentials_replace_the_wildcard_by_the_one_origin() {
    let mut call = request(APP, "GET", &[]);
    call.includes_credentials = true;
    let found = asked(json!({"allowedOrigins": ["*"]}), &call);
    assert_eq!(found.code, Some(Code::WildcardOriginNotAllowed));
    assert_eq!(found.causes, [Cause::Credentials]);
    let patch = json!({"cors": {"allowedOrigins": [APP], "allowCredentials": true}});
    assert_eq!(found.fixes[0].patch, patch);
    assert!(
        found.fixes[0].risk.contains("no longer admitted"),
        "{}",
        found.fixes[0].risk
    );
}

#[test]
fn a_header_may_be_given_with_its_value() {
    let listed = || json!({"allowedOrigins": [APP], "allowedHeaders": ["Authorization"]});
    let verdict = |line: &str| asked(listed(), &request(APP, "POST", &[line])).verdict;
    assert_eq!(verdict("Content-Type"), Verdict::Blocked);
    assert_eq!(verdict("Content-Type: text/plain"), Verdict::Allowed);
    assert_eq!(verdict("Accept"), Verdict::Allowed);
    assert_eq!(verdict("Accept: a:b"), Verdict::Blocked);
    assert_eq!(verdict("Cookie: a=b"), Verdict::Allowed);
}

#[test]
fn every_code_says_what_it_means_and_what_to_do() {
    for code in Code::ALL {
        assert!(
            code.meaning().ends_with('.') && code.cure().ends_with('.'),
            "{code:?}"
        );
        assert!(
            code.on_preflight().on_answer() == code.on_answer(),
            "{code:?}"
        );
    }
}

#[test]
fn where_no_configuration_helps_there_is_no_fix() {
    let listed = || json!({"allowedOrigins": [APP]});
    for (document, call, cause) in [
        (listed(), request("null", "GET", &[]), Cause::NullOrigin),
        (
            listed(),
            request("https://app.example.com/", "GET", &[]),
            Cause::NotAnOrigin("https://app.example.com/".to_owned()),
        ),
        (
            listed(),
            request(APP, "TRACE", &[]),
            Cause::ImpossibleMethod("TRACE".to_owned()),
        ),
        (
            listed(),
            request(APP, "GET", &["Access-Control-Allow-Origin"]),
            Cause::Header("access-control-allow-origin".to_owned()),
        ),
    ] {
        let found = asked(document, &call);
        assert_eq!(found.verdict, Verdict::Blocked);
        assert_eq!(found.causes, [cause]);
        assert!(found.fixes.is_empty(), "{:?}", found.fixes);
    }
    let mut call = request("http://plain.example", "GET", &[]);
    call.includes_credentials = true;
    let found = asked(
        json!({"allowedOrigins": [APP], "allowCredentials": true}),
        &call,
    );
    assert!(found.fixes.is_empty(), "{:?}", found.fixes);
}

#[test]
fn too_many_headers_are_explained() {
    let names: Vec<String> = (0..65).map(|index| format!("x-{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let found = asked(
        json!({"allowedOrigins": [APP], "allowedHeaders": ["*"]}),
        &request(APP, "POST", &names),
    );
    assert_eq!(found.code, Some(Code::PreflightInvalidStatus));
    assert_eq!(found.causes, [Cause::TooManyHeaders]);
}

fn documents() -> impl Strategy<Value = Value> {
    let origins = subsequence(
        vec![
            APP,
            "https://*.example.com",
            "http://localhost:*",
            "https://b.test",
        ],
        0..=4,
    );
    let origins = prop_oneof![5 => origins, 1 => Just(vec!["*"])];
    let methods = subsequence(vec!["get", "POST", "DELETE", "patch", "*"], 1..=3);
    let headers = subsequence(
        vec![
            "Content-Type",
            "Authorization",
            "@openai",
            "X-Stainless-*",
            "X-A",
            "*",
        ],
        0..=3,
    );
    let enforcement = select(vec!["server", "browser", "report"]);
    let credentials = any::<bool>();
    (origins, methods, headers, enforcement, credentials).prop_map(
        |(origins, methods, headers, enforcement, credentials)| {
            json!({
                "allowCredentials": credentials && origins != ["*"],
                "allowedOrigins": origins,
                "allowedMethods": methods,
                "allowedHeaders": headers,
                "enforcement": enforcement,
            })
        },
    )
}

fn calls() -> impl Strategy<Value = PageRequest> {
    let origins = vec![
        APP,
        "https://b.example.com",
        "http://localhost:3000",
        "https://evil.test",
        "http://plain.test",
        "null",
        "chrome-extension://abcdefgh",
    ];
    let methods = vec![
        "GET", "HEAD", "POST", "put", "DELETE", "PATCH", "patch", "OPTIONS", "*", "TRACE",
    ];
    let names = vec![
        "Content-Type",
        "authorization",
        "X-Stainless-OS",
        "x-a",
        "X-Tenant",
        "User-Agent",
        "Cookie",
        "*",
    ];
    let names = subsequence(names.clone(), 0..=4);
    (select(origins), select(methods), names, any::<bool>()).prop_map(
        |(origin, method, names, credentials)| {
            let mut call = request(origin, method, &names);
            call.includes_credentials = credentials;
            call
        },
    )
}

/// The fix without one of its elements, for each of them.
fn lessened(config: &CorsConfig, patch: &Value) -> Vec<Value> {
    let before = config.to_value();
    let members = patch["cors"].as_object().unwrap();
    let mut lessened = Vec::new();
    for (name, value) in members {
        match value.as_array() {
            None => {
                let mut less = patch.clone();
                less["cors"].as_object_mut().unwrap().remove(name);
                lessened.push(less);
            }
            Some(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    if before[name].as_array().unwrap().contains(entry) {
                        continue;
                    }
                    let mut less = patch.clone();
                    less["cors"][name].as_array_mut().unwrap().remove(index);
                    lessened.push(less);
                }
            }
        }
    }
    lessened
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_fix_cures_and_nothing_in_it_can_be_left_out(document in documents(), call in calls()) {
        let config = read(&document);
        let policy = compile(&config);
        prop_assume!(policy.is_some());
        let found = ask(&config, &policy.unwrap(), &call);
        if found.verdict == Verdict::Allowed {
            prop_assert!(found.causes.is_empty() && found.fixes.is_empty() && found.code.is_none());
            return Ok(());
        }
        prop_assert!(!found.causes.is_empty());
        for fix in &found.fixes {
            prop_assert_eq!(verdict(&patched(&config, &fix.patch), &call), Verdict::Allowed, "{}", fix.patch);
            for less in lessened(&config, &fix.patch) {
                prop_assert_eq!(verdict(&patched(&config, &less), &call), Verdict::Blocked, "{} of {}", less, fix.patch);
            }
            prop_assert!(!fix.summary.is_empty() && !fix.risk.is_empty());
        }
        if found.fixes.is_empty() {
            let is_hopeless = call.origin == "null"
                || call.method == "TRACE"
                || call.method == "*"
                || call.headers.iter().any(|(name, _)| name == "*")
                || call.includes_credentials
                || (call.origin == "http://plain.test" && config.allow_credentials);
            prop_assert!(is_hopeless, "{:?}", found.causes);
        }
    }
}
