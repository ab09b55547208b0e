//! Short ways to make policies and to ask them.

use drawbridge_policy::cors::{CorsConfig, CorsPolicy, Preflight, PreflightAnswer};
use drawbridge_policy::issue::{ConfigIssue, Problems};
use serde_json::Value;

/// Reads and compiles a `cors` object: warnings, or every problem.
pub(crate) fn compile(document: &Value) -> Result<(CorsPolicy, Vec<ConfigIssue>), Vec<ConfigIssue>> {
    let mut problems = Problems::new();
    let config = CorsConfig::read(document, "", &mut problems);
    match config.compile("") {
        Ok(compiled) => problems.into_result(compiled),
        Err(issues) => {
            problems.extend(issues);
            problems.into_result(()).map(|()| unreachable!("there are problems"))
        }
    }
}

/// The policy of an object without problems.
pub(crate) fn policy(document: Value) -> CorsPolicy {
    compile(&document).unwrap().0
}

/// The answer to a preflight with these `Access-Control-Request-Headers` lines.
pub(crate) fn ask(policy: &CorsPolicy, origin: &str, method: &str, lines: &[&str]) -> PreflightAnswer {
    policy.preflight(&Preflight {
        origin: origin.as_bytes(),
        method: method.as_bytes(),
        header_lines: lines.iter().map(|line| line.as_bytes()),
    })
}

/// `(pointer, code)` of each issue.
pub(crate) fn codes(issues: &[ConfigIssue]) -> Vec<(&str, &str)> {
    issues.iter().map(|issue| (issue.pointer.as_str(), issue.code)).collect()
}
