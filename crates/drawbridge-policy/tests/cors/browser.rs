//! Browsers obey the answers: the simulated ones, which `conformance/console.json` proves against real ones.

use drawbridge_policy::cors::{AllowOrigin, CorsPolicy, PreflightAnswer, Refusal};
use drawbridge_policy::explain::{Answer, Asked, Browser, Hop, PageRequest, Reply, simulate};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use crate::support::{ask, policy, text};

/// What a page asks for: one `fetch` that needs a preflight.
#[derive(Clone, Debug)]
struct Request {
    origin: &'static str,
    method: String,
    /// CORS-unsafe request-header names: lower case, sorted.
    headers: Vec<String>,
    includes_credentials: bool,
}

impl Request {
    /// The call, as a page makes it.
    fn call(&self) -> PageRequest {
        let url = "https://gw.example/v1/x".parse().unwrap();
        let mut call = PageRequest::new(self.origin, url, self.method.as_str());
        let set = |name: &String| (name.clone(), "application/json".to_owned());
        call.headers = self.headers.iter().map(set).collect();
        call.includes_credentials = self.includes_credentials;
        call
    }

    /// The preflight that a browser sends; `None` where it sends none.
    fn preflight(&self) -> Option<Asked> {
        let simulation = simulate(Browser::Chromium, &self.call(), &[]);
        simulation.steps.into_iter().next()?.preflight
    }

    /// Whether the actual request follows such an answer, and not only because browsers take `*` for `Authorization`.
    fn follows(&self, answer: &PreflightAnswer) -> bool {
        let hop = Hop {
            preflight: Some(Reply::Answer(Answer::of_preflight(answer, self.origin))),
            actual: None,
        };
        let simulation = simulate(Browser::Chromium, &self.call(), &[hop]);
        simulation.steps[0].request.is_some() && !simulation.is_authorized_by_wildcard
    }
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

fn ask_as_browsers_do(policy: &CorsPolicy, asked: &Asked) -> PreflightAnswer {
    let line = asked.headers.join(",");
    let lines: &[&str] = if line.is_empty() { &[] } else { &[&line] };
    ask(policy, &asked.origin, &asked.method, lines)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn browsers_go_on_exactly_where_the_preflight_passes(policy in policies(), request in requests()) {
        let asked = request.preflight();
        prop_assume!(asked.is_some());
        let asked = asked.unwrap();
        let answer = ask_as_browsers_do(&policy, &asked);
        let follows = request.follows(&answer);
        match answer.refusal {
            // With credentials there is one more condition, which is the page's to know: `Allow-Credentials`.
            None => prop_assert_eq!(follows, !request.includes_credentials || answer.allow_credentials),
            Some(Refusal::MethodNotAllowed) if ["GET", "HEAD", "POST"].contains(&asked.method.as_str()) => {}
            Some(_) => prop_assert!(!follows, "{:?}", answer),
        }
    }

    #[test]
    fn no_wildcard_is_ever_sent_that_browsers_would_take_for_more(policy in policies(), request in requests()) {
        let asked = request.preflight();
        prop_assume!(asked.is_some());
        let answer = ask_as_browsers_do(&policy, &asked.unwrap());
        for list in [&answer.allow_methods, &answer.allow_headers] {
            let mut names = text(list).unwrap_or_default().split(", ");
            prop_assert!(!names.any(|name| name == "*"));
        }
        prop_assert!(answer.allow_origin != AllowOrigin::Any || !answer.allow_credentials);
    }
}
