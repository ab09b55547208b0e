//! Short ways to make policies and to ask them.

use drawbridge_policy::cors::{AllowOrigin, CorsConfig, CorsPolicy, Preflight, PreflightAnswer};
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::pattern::{PatternContext, compile_patterns};
use serde_json::{Value, json};

/// Reads and compiles a `cors` object: warnings, or every problem.
pub(crate) fn compile(
    document: &Value,
) -> Result<(CorsPolicy, Vec<ConfigIssue>), Vec<ConfigIssue>> {
    let mut problems = Problems::new();
    let config = CorsConfig::read(document, "", &mut problems);
    match config.compile("") {
        Ok(compiled) => problems.into_result(compiled),
        Err(issues) => {
            problems.extend(issues);
            problems
                .into_result(())
                .map(|()| unreachable!("there are problems"))
        }
    }
}

/// The policy of an object without problems.
pub(crate) fn policy(document: Value) -> CorsPolicy {
    compile(&document).unwrap().0
}

/// The answer to a preflight with these `Access-Control-Request-Headers` lines.
pub(crate) fn ask(
    policy: &CorsPolicy,
    origin: &str,
    method: &str,
    lines: &[&str],
) -> PreflightAnswer {
    policy.preflight(&Preflight {
        origin: origin.as_bytes(),
        method: method.as_bytes(),
        header_lines: lines.iter().map(|line| line.as_bytes()),
    })
}

/// `(pointer, code)` of each issue.
pub(crate) fn codes(issues: &[ConfigIssue]) -> Vec<(&str, &str)> {
    issues
        .iter()
        .map(|issue| (issue.pointer.as_str(), issue.code))
        .collect()
}

/// Codes and suggestion for one entry of an endpoint without credentials.
pub(crate) fn check(entry: &str) -> (Vec<&'static str>, Option<String>) {
    check_in(entry, PatternContext::endpoint(false))
}

pub(crate) fn check_in(
    entry: &str,
    context: PatternContext,
) -> (Vec<&'static str>, Option<String>) {
    let Err(issues) = compile_patterns(&[entry.to_owned()], "/list", context) else {
        return (Vec::new(), None);
    };
    let suggestions: Vec<_> = issues
        .iter()
        .map(|issue| issue.suggestion.clone())
        .collect();
    assert!(
        suggestions.windows(2).all(|pair| pair[0] == pair[1]),
        "{entry}: {suggestions:?}"
    );
    assert!(
        issues.iter().all(|issue| issue.pointer == "/list/0"),
        "{issues:?}"
    );
    let suggestion = suggestions.into_iter().next().flatten();
    let codes = issues.iter().map(|issue| issue.code).collect();
    (
        codes,
        suggestion.and_then(|value| value.as_str().map(str::to_owned)),
    )
}

pub(crate) const APP: &str = "https://app.example.com";

pub(crate) fn text(value: &Option<bytes::Bytes>) -> Option<&str> {
    value.as_deref().map(|bytes| str::from_utf8(bytes).unwrap())
}

pub(crate) fn typical(more: Value) -> CorsPolicy {
    let mut document = json!({"allowedOrigins": [APP], "exposedHeaders": ["X-Request-Id"]});
    document
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    policy(document)
}

pub(crate) fn tells_nothing(answer: &PreflightAnswer) -> bool {
    answer.allow_origin == AllowOrigin::Withheld
        && !answer.allow_credentials
        && answer.allow_methods.is_none()
        && answer.allow_headers.is_none()
        && answer.max_age.is_none()
        && answer.expose_headers.is_none()
}
