//! Configurations on their way to better ones, with what there is to say about each step.

use serde_json::{Value, json};

use crate::cors::CorsConfig;
use crate::explain::fix::{Fix, Target, put};
use crate::explain::judge::{AskedKey, Question};
use crate::explain::request::PageRequest;
use crate::issue::ConfigIssue;

/// A change of the endpoint's `cors` object.
pub(super) struct EndpointChange<'q> {
    pub(super) config: CorsConfig,
    before: &'q CorsConfig,
    request: &'q PageRequest,
    patch: Value,
    summaries: Vec<String>,
    risks: Vec<String>,
}

impl<'q> EndpointChange<'q> {
    pub(super) fn new(question: &Question<'q>) -> Self {
        Self {
            config: question.config.clone(),
            before: question.config,
            request: question.request,
            patch: Value::Null,
            summaries: Vec::new(),
            risks: Vec::new(),
        }
    }

    pub(super) fn add_origin(&mut self, origin: &str) {
        let origins = &mut self.config.allowed_origins;
        if origins.iter().any(|other| other == origin) {
            return;
        }
        if self.before.allowed_origins.is_empty() {
            self.risks.push(
                "so far the endpoint leaves origins to its keys; from then on it decides itself, and keys can only narrow \
                 it: pages of other origins that keys list are no longer admitted"
                    .to_owned(),
            );
        }
        origins.push(origin.to_owned());
        put(&mut self.patch, "allowedOrigins", json!(origins));
        self.summaries
            .push(format!("add `{origin}` to `allowedOrigins`"));
        self.risks.push(format!(
            "whatever runs on pages of {origin} can call the endpoint with the keys that it has"
        ));
    }

    pub(super) fn add_method(&mut self, method: &str) {
        self.config.allowed_methods.push(method.to_owned());
        let methods = json!(self.config.allowed_methods);
        put(&mut self.patch, "allowedMethods", methods);
        self.summaries
            .push(format!("add `{method}` to `allowedMethods`"));
        self.risks.push(format!(
            "every page that the endpoint admits can send {method} requests to the upstream"
        ));
    }

    /// As the page writes it, not as browsers ask for it.
    pub(super) fn add_header(&mut self, name: &str) {
        let mut written = self.request.headers.iter().map(|(name, _)| name);
        let name = written
            .find(|written| written.eq_ignore_ascii_case(name))
            .map_or(name, |written| written);
        self.summaries
            .push(format!("add `{name}` to `allowedHeaders`"));
        self.risks.push(format!(
            "every page that the endpoint admits can send `{name}` to the upstream"
        ));
        self.config.allowed_headers.push(name.to_owned());
        let headers = json!(self.config.allowed_headers);
        put(&mut self.patch, "allowedHeaders", headers);
    }

    /// `*` cannot be saved beside credentials: the one origin takes its place.
    pub(super) fn allow_credentials(&mut self) {
        let origins = &mut self.config.allowed_origins;
        let had_any = origins.iter().any(|entry| entry == "*");
        if had_any {
            origins.retain(|entry| entry != "*");
            put(&mut self.patch, "allowedOrigins", json!(origins));
            self.summaries
                .push("take `*` from `allowedOrigins`".to_owned());
            self.risks
                .push("pages of origins that only `*` covered are no longer admitted".to_owned());
            let origin = self.request.origin.as_bytes();
            let rest = self.config.compile("");
            if !rest.is_ok_and(|(policy, _)| policy.allows_origin(origin)) {
                self.add_origin(&self.request.origin);
            }
        }
        self.config.allow_credentials = true;
        put(&mut self.patch, "allowCredentials", json!(true));
        self.summaries.push("set `allowCredentials`".to_owned());
    }

    /// `None` where nothing changes. `warnings` are those about the whole new configuration.
    pub(super) fn into_fix(mut self, warnings: &[ConfigIssue]) -> Option<Fix> {
        let old = self.before.compile("").map(|(_, warnings)| warnings);
        let old = old.unwrap_or_default();
        let is_old = |warning: &ConfigIssue| {
            let mut old = old.iter();
            old.any(|old| (old.code, &old.detail) == (warning.code, &warning.detail))
        };
        let new = warnings.iter().filter(|warning| !is_old(warning));
        self.risks.extend(new.map(|warning| warning.detail.clone()));
        (!self.patch.is_null()).then(|| Fix {
            summary: self.summaries.join("; "),
            target: Target::Endpoint,
            patch: json!({ "cors": self.patch }),
            risk: self.risks.join("; "),
        })
    }
}

/// A change of the key's `allowed_origins`.
pub(super) struct KeyChange {
    pub(super) origins: Vec<String>,
    /// Whether the key has no list so far.
    is_first: bool,
    added: Option<String>,
}

impl KeyChange {
    pub(super) fn new(asked: Option<AskedKey<'_>>) -> Self {
        let listed = asked.and_then(|asked| asked.allowed_origins);
        Self {
            origins: listed.map(<[String]>::to_vec).unwrap_or_default(),
            is_first: listed.is_none(),
            added: None,
        }
    }

    pub(super) fn add(&mut self, origin: &str) {
        if self.added.is_none() {
            self.origins.push(origin.to_owned());
            self.added = Some(origin.to_owned());
        }
    }

    pub(super) fn added(&self) -> Option<&str> {
        self.added.as_deref()
    }

    pub(super) fn into_fix(self) -> Option<Fix> {
        let origin = self.added?;
        let mut risk = format!("whatever runs on pages of {origin} can use the key");
        if self.is_first {
            risk.push_str(
                "; the key has no list so far: from then on it admits no other origin, at any endpoint",
            );
        }
        Some(Fix {
            summary: format!("add `{origin}` to the key's `allowed_origins`"),
            target: Target::Key,
            patch: json!({ "allowed_origins": self.origins }),
            risk,
        })
    }
}
