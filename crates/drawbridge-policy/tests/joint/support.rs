//! Short ways to join policies and to ask them.

use std::sync::{Arc, LazyLock};

use drawbridge_policy::cors::{AllowOrigin, CorsConfig, CorsPolicy, Preflight, PreflightAnswer};
use drawbridge_policy::issue::Problems;
use drawbridge_policy::joint::JointPolicies;
use drawbridge_policy::key_origins::{KeyOrigins, KeysAt};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) const APP: &str = "https://app.example.com";

pub(crate) fn config(document: &Value) -> CorsConfig {
    let mut problems = Problems::new();
    let config = CorsConfig::read(document, "", &mut problems);
    problems.into_result(config).unwrap()
}

pub(crate) fn compiled(config: &CorsConfig) -> Arc<CorsPolicy> {
    Arc::new(config.compile("").unwrap().0)
}

/// Policies that admit [`APP`] where the document names no other origins, oldest first.
pub(crate) fn joined(documents: &[Value]) -> JointPolicies {
    let policies: Vec<_> = documents
        .iter()
        .map(|document| {
            let mut config = config(document);
            if document.get("allowedOrigins").is_none() {
                config.allowed_origins = vec![APP.to_owned()];
            }
            compiled(&config)
        })
        .collect();
    JointPolicies::new(&policies)
}

/// Every policy lists its origins.
pub(crate) fn no_keys() -> KeysAt<'static> {
    static NONE: LazyLock<KeyOrigins> = LazyLock::new(KeyOrigins::default);
    KeysAt::new(&NONE, Timestamp::UNIX_EPOCH)
}

pub(crate) fn ask(
    policies: &JointPolicies,
    origin: &str,
    method: &str,
    lines: &[&str],
) -> PreflightAnswer {
    let preflight = Preflight {
        origin: origin.as_bytes(),
        method: method.as_bytes(),
        header_lines: lines.iter().map(|line| line.as_bytes()),
    };
    policies.preflight(&preflight, no_keys())
}

pub(crate) fn text(value: &Option<bytes::Bytes>) -> Option<&str> {
    value.as_deref().map(|bytes| str::from_utf8(bytes).unwrap())
}

pub(crate) fn tells_nothing(answer: &PreflightAnswer) -> bool {
    answer.allow_origin == AllowOrigin::Withheld
        && !answer.allow_credentials
        && answer.allow_methods.is_none()
        && answer.allow_headers.is_none()
        && answer.max_age.is_none()
        && answer.expose_headers.is_none()
}
