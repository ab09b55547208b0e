//! The `cors` object of an endpoint as people write it, and everything that can be wrong with it.
//!
//! [`CorsConfig::read`] looks at types, [`CorsConfig::compile`] at meaning. What compiles works in a browser as it is
//! written, or carries a warning that says what will not. It must never repair silently: lists are kept as given.

mod findings;
mod headers;
mod methods;

use serde_json::{Value, json};

use crate::cors::CorsPolicy;
use crate::cors_config::findings::Findings;
use crate::document::{Fields, as_strings, nearest};
use crate::issue::{ConfigIssue, Problems};
use crate::origin_set::OriginSet;
use crate::pattern::{PatternContext, compile_patterns};

/// Longest `maxAge` that is a number of seconds for everybody (RFC 9111 section 1.2.2).
const MAX_MAX_AGE: i64 = 2_147_483_647;

/// The default `maxAge`, and the longest that any browser keeps to.
const DAY: i64 = 86_400;

const DEFAULT_METHODS: [&str; 3] = ["GET", "POST", "OPTIONS"];

const DEFAULT_HEADERS: [&str; 2] = ["Content-Type", "Authorization"];

/// What SDKs and people read in answers.
const DEFAULT_EXPOSED: [&str; 13] = [
    "X-Request-Id",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Retry-After-Ms",
    "X-Should-Retry",
    "Idempotency-Replayed",
    "Openai-Processing-Ms",
    "Drawbridge-Warning",
    "Drawbridge-Cors",
];

/// Stands for an element of a list of origins that is no text.
pub(crate) const ORIGIN_PLACEHOLDER: &str = "https://placeholder.invalid";

/// Who enforces a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Enforcement {
    /// The gateway refuses what is not admitted before the upstream sees it.
    #[default]
    Server,
    /// The gateway forwards everything and withholds the headers; browsers do the rest.
    Browser,
    /// Everything is answered as if it were listed, and what would have been refused is counted.
    Report,
}

impl Enforcement {
    const ALL: [Self; 3] = [Self::Server, Self::Browser, Self::Report];

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Browser => "browser",
            Self::Report => "report",
        }
    }
}

/// The `cors` object, as given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CorsConfig {
    /// Origin patterns.
    pub allowed_origins: Vec<String>,
    /// Method names, or `*`.
    pub allowed_methods: Vec<String>,
    /// Request header names, prefixes, presets, or `*`.
    pub allowed_headers: Vec<String>,
    /// How long browsers may remember the answer to a preflight, in seconds.
    pub max_age: i64,
    /// Whether browsers may send cookies and client certificates.
    pub allow_credentials: bool,
    /// Response header names that pages may read, or `*`.
    pub exposed_headers: Vec<String>,
    /// Who enforces the policy.
    pub enforcement: Enforcement,
}

impl Default for CorsConfig {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            allowed_origins: Vec::new(),
            allowed_methods: owned(&DEFAULT_METHODS),
            allowed_headers: owned(&DEFAULT_HEADERS),
            max_age: DAY,
            allow_credentials: false,
            exposed_headers: owned(&DEFAULT_EXPOSED),
            enforcement: Enforcement::Server,
        }
    }
}

impl CorsConfig {
    /// Reads the document. Wrong types and unknown fields go to `problems`; such a field then has its default.
    ///
    /// Whoever goes on to [`compile`](Self::compile) what was read learns the remaining problems, at the right places.
    pub fn read(value: &Value, pointer: &str, problems: &mut Problems) -> Self {
        let default = Self::default();
        let Some(mut fields) = Fields::open(value, pointer, problems) else {
            return default;
        };
        let mut list = |name: &'static str, placeholder: &str, default: Vec<String>| {
            let pointer = fields.pointer_to(name);
            fields
                .value(name)
                .and_then(|value| read_list(value, &pointer, placeholder, problems))
                .unwrap_or(default)
        };
        let allowed_origins = list(
            "allowedOrigins",
            ORIGIN_PLACEHOLDER,
            default.allowed_origins,
        );
        let allowed_methods = list("allowedMethods", "GET", default.allowed_methods);
        let allowed_headers = list("allowedHeaders", "X-Placeholder", default.allowed_headers);
        let exposed_headers = list("exposedHeaders", "X-Placeholder", default.exposed_headers);
        let config = Self {
            allowed_origins,
            allowed_methods,
            allowed_headers,
            max_age: fields
                .integer("maxAge", problems)
                .unwrap_or(default.max_age),
            allow_credentials: fields
                .boolean("allowCredentials", problems)
                .unwrap_or_default(),
            exposed_headers,
            enforcement: read_enforcement(&mut fields, problems).unwrap_or_default(),
        };
        fields.finish(problems);
        config
    }

    /// The compiled policy with the warnings about it.
    ///
    /// # Errors
    /// Every problem, with pointers below `pointer`.
    pub fn compile(
        &self,
        pointer: &str,
    ) -> Result<(CorsPolicy, Vec<ConfigIssue>), Vec<ConfigIssue>> {
        let mut findings = Findings::default();
        let at = |field: &str| format!("{pointer}/{field}");
        let context = PatternContext::endpoint(self.allow_credentials);
        let patterns = compile_patterns(&self.allowed_origins, &at("allowedOrigins"), context);
        let origins = match patterns {
            Ok((patterns, warnings)) => {
                findings.warnings.extend(warnings);
                OriginSet::new(&patterns)
            }
            Err(errors) => {
                findings.errors.extend(errors);
                OriginSet::default()
            }
        };
        methods::check(&self.allowed_methods, &at("allowedMethods"), &mut findings);
        headers::check_allowed(&self.allowed_headers, &at("allowedHeaders"), &mut findings);
        headers::check_exposed(&self.exposed_headers, &at("exposedHeaders"), &mut findings);
        check_max_age(self.max_age, at("maxAge"), &mut findings);
        self.warn_of_modes(&at, &mut findings);
        if findings.errors.is_empty() {
            Ok((CorsPolicy::new(self, origins), findings.warnings))
        } else {
            Err(findings.errors)
        }
    }

    fn warn_of_modes(&self, at: &impl Fn(&str) -> String, findings: &mut Findings) {
        if self.allow_credentials {
            let detail = "allowCredentials lets pages send cookies and client certificates; an Authorization header set by \
                          script does not need it";
            let warning = ConfigIssue::new(at("allowCredentials"), "credentials_allowed", detail);
            findings.warnings.push(warning.suggest(false));
        }
        if self.enforcement == Enforcement::Report {
            let detail = "nothing is enforced: every origin, method and header is answered as if it were listed, and what \
                          would have been refused is counted";
            let warning = ConfigIssue::new(at("enforcement"), "report_only", detail);
            findings
                .warnings
                .push(warning.suggest(Enforcement::Server.as_str()));
        }
    }

    /// All seven fields as given, in the order of the documentation.
    pub fn to_value(&self) -> Value {
        json!({
            "allowedOrigins": self.allowed_origins,
            "allowedMethods": self.allowed_methods,
            "allowedHeaders": self.allowed_headers,
            "maxAge": self.max_age,
            "allowCredentials": self.allow_credentials,
            "exposedHeaders": self.exposed_headers,
            "enforcement": self.enforcement.as_str(),
        })
    }
}

/// A list of strings. An element of another type is a problem, and a harmless placeholder keeps its place, so that the
/// problems of later elements are reported where they are; a document with a problem is never put to use.
pub(crate) fn read_list(
    value: &Value,
    pointer: &str,
    placeholder: &str,
    problems: &mut Problems,
) -> Option<Vec<String>> {
    as_strings(value, pointer, problems)?;
    let elements = value.as_array()?.iter();
    Some(
        elements
            .map(|element| element.as_str().unwrap_or(placeholder).to_owned())
            .collect(),
    )
}

fn read_enforcement(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Enforcement> {
    let text = fields.string("enforcement", problems)?;
    let known = Enforcement::ALL
        .into_iter()
        .find(|known| known.as_str() == text);
    if known.is_none() {
        let names = Enforcement::ALL.map(Enforcement::as_str);
        let detail = "enforcement is `server`, `browser` or `report`";
        let mut problem = ConfigIssue::new(
            fields.pointer_to("enforcement"),
            "unknown_enforcement",
            detail,
        );
        if let Some(near) = nearest(text, &names) {
            problem = problem.suggest(near);
        }
        problems.push(problem);
    }
    known
}

fn check_max_age(seconds: i64, pointer: String, findings: &mut Findings) {
    if seconds < 0 {
        let detail = "maxAge is a number of seconds; 0 keeps browsers from remembering preflights";
        findings
            .errors
            .push(ConfigIssue::new(pointer, "max_age_negative", detail).suggest(0));
    } else if seconds > MAX_MAX_AGE {
        let detail =
            format!("maxAge is at most {MAX_MAX_AGE} seconds; no browser keeps to more than {DAY}");
        findings
            .errors
            .push(ConfigIssue::new(pointer, "max_age_too_large", detail).suggest(DAY));
    } else if seconds > DAY {
        let detail = "no browser remembers a preflight for longer than 86400 seconds (Firefox); Chromium keeps to 7200, \
                      Safari to 600";
        findings
            .warnings
            .push(ConfigIssue::new(pointer, "max_age_beyond_browsers", detail).suggest(DAY));
    }
}
