//! The smallest change that lets one call through.
//!
//! A fix adds that origin, that method and those headers, and nothing that covers more. It is offered only when saving it
//! would succeed and the same question is then answered `allowed`; it must never be a guess.

use serde_json::{Map, Value, json};

use crate::cors::CorsConfig;
use crate::explain::cause::Cause;
use crate::explain::judge::{Question, Verdict, judge};
use crate::issue::ConfigIssue;

/// What a patch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The endpoint's resource.
    Endpoint,
    /// The key's resource.
    Key,
}

/// One change of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What it does, in a sentence.
    pub summary: String,
    /// What it is applied to.
    pub target: Target,
    /// A JSON Merge Patch (RFC 7396).
    pub patch: Value,
    /// What else becomes possible by it.
    pub risk: String,
}

/// The change that removes all causes together; `None` where none can.
pub(super) fn find_fix(question: &Question<'_>, causes: &[Cause]) -> Option<Fix> {
    let mut change = Change::new(question.config);
    for cause in causes {
        change.remove(cause, question)?;
    }
    let old = question.config.compile("").map(|(_, warnings)| warnings);
    let (policy, warnings) = change.config.compile("").ok()?;
    let cured = Question {
        config: &change.config,
        policy: &policy,
        ..question.clone()
    };
    if judge(&cured).verdict == Verdict::Blocked {
        return None;
    }
    let is_new = |warning: &&ConfigIssue| {
        let is_known = |old: &Vec<ConfigIssue>| {
            let mut old = old.iter();
            old.any(|old| (old.code, &old.detail) == (warning.code, &warning.detail))
        };
        !old.as_ref().is_ok_and(is_known)
    };
    let warned = warnings.iter().filter(is_new);
    change
        .risks
        .extend(warned.map(|warning| warning.detail.clone()));
    Some(change.into_fix())
}

/// A configuration on its way to a better one.
struct Change {
    config: CorsConfig,
    patch: Map<String, Value>,
    summaries: Vec<String>,
    risks: Vec<String>,
}

impl Change {
    fn new(config: &CorsConfig) -> Self {
        Self {
            config: config.clone(),
            patch: Map::new(),
            summaries: Vec::new(),
            risks: Vec::new(),
        }
    }

    /// Removes a cause; `None` where no configuration can.
    fn remove(&mut self, cause: &Cause, question: &Question<'_>) -> Option<()> {
        match cause {
            Cause::Origin(origin) | Cause::CredentialsOfUnlisted(origin) => self.add_origin(origin),
            Cause::Method(method) => {
                self.config.allowed_methods.push(method.clone());
                self.put("allowedMethods", json!(self.config.allowed_methods));
                self.summaries
                    .push(format!("add `{method}` to `allowedMethods`"));
                self.risks.push(format!(
                    "every page that the endpoint admits can send {method} requests to the upstream"
                ));
            }
            Cause::Header(name) => self.add_header(name, question),
            Cause::Credentials => self.allow_credentials(&question.request.origin),
            Cause::NotAnOrigin(_)
            | Cause::NullOrigin
            | Cause::ImpossibleMethod(_)
            | Cause::ImpossibleHeader(_)
            | Cause::TooManyHeaders
            | Cause::NotSent => return None,
        }
        Some(())
    }

    fn add_origin(&mut self, origin: &str) {
        if self
            .config
            .allowed_origins
            .iter()
            .any(|other| other == origin)
        {
            return;
        }
        self.config.allowed_origins.push(origin.to_owned());
        self.put("allowedOrigins", json!(self.config.allowed_origins));
        self.summaries
            .push(format!("add `{origin}` to `allowedOrigins`"));
        self.risks.push(format!(
            "whatever runs on pages of {origin} can call the endpoint with the keys that it has"
        ));
    }

    fn add_header(&mut self, name: &str, question: &Question<'_>) {
        let mut written = question.request.headers.iter().map(|(name, _)| name);
        let name = written
            .find(|written| written.eq_ignore_ascii_case(name))
            .cloned()
            .unwrap_or_else(|| name.to_owned());
        self.summaries
            .push(format!("add `{name}` to `allowedHeaders`"));
        self.config.allowed_headers.push(name.clone());
        self.put("allowedHeaders", json!(self.config.allowed_headers));
        self.risks.push(format!(
            "every page that the endpoint admits can send `{name}` to the upstream"
        ));
    }

    /// `*` cannot be saved beside credentials: the one origin takes its place.
    fn allow_credentials(&mut self, origin: &str) {
        let had_any = self.config.allowed_origins.iter().any(|entry| entry == "*");
        if had_any {
            self.config.allowed_origins.retain(|entry| entry != "*");
            self.put("allowedOrigins", json!(self.config.allowed_origins));
            self.summaries
                .push("take `*` from `allowedOrigins`".to_owned());
            self.risks
                .push("pages of origins that only `*` covered are no longer admitted".to_owned());
            let is_covered = self
                .config
                .compile("")
                .is_ok_and(|(policy, _)| policy.allows_origin(origin.as_bytes()));
            if !is_covered {
                self.add_origin(origin);
            }
        }
        self.config.allow_credentials = true;
        self.put("allowCredentials", json!(true));
        self.summaries.push("set `allowCredentials`".to_owned());
    }

    fn put(&mut self, field: &str, value: Value) {
        self.patch.insert(field.to_owned(), value);
    }

    fn into_fix(self) -> Fix {
        Fix {
            summary: self.summaries.join("; "),
            target: Target::Endpoint,
            patch: json!({ "cors": self.patch }),
            risk: self.risks.join("; "),
        }
    }
}
