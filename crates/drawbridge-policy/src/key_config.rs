//! API keys as people write them: reading the document, and what to warn of.
//!
//! [`KeyConfig::read`] names every problem of a document at once; what it accepts always compiles to an [`ApiKey`].
//! It must never see a token: a document says what a key may do, not what it is recognised by.

mod excess;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cors_config::{ORIGIN_PLACEHOLDER, read_list};
use crate::document::{Fields, as_array, as_string, as_strings, as_timestamp, nearest};
use crate::issue::{ConfigIssue, Problems};
use crate::key::{ApiKey, KeyKind, KeyMode, KeyToken, Scope};
use crate::network::parse_network;
use crate::origin_set::OriginSet;
use crate::pattern::{OriginPattern, PatternContext, compile_patterns};
use crate::rate_limit::{RateLimit, read_concurrent};

/// Where a key lists its origins.
const ORIGINS: &str = "/allowed_origins";
/// Longest list of a key.
const MAX_ENTRIES: usize = 1000;
const MAX_NAME: usize = 100;
/// What a key is called whose maker gave it no name.
const DEFAULT_NAME: &str = "unnamed";

/// A key's document: `{"name", "kind", "mode", "scopes", "endpoints", "allowed_origins", "allowed_ips",
/// "require_origin", "max_concurrent", "rate_limit", "expires_at"}`, read and valid in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyConfig {
    /// What people call it; 1 to 100 characters.
    pub name: String,
    /// Secret or publishable; never changes.
    pub kind: KeyKind,
    /// Live or test; never changes.
    pub mode: KeyMode,
    /// What it may do, as given.
    pub scopes: Vec<Scope>,
    /// Names of the endpoints that it may use, as given; `None` means all of its project.
    pub endpoints: Option<Vec<String>>,
    /// Patterns of the origins that it may be used from, as given; `None` means that it leaves them to endpoints.
    pub allowed_origins: Option<Vec<String>>,
    /// Addresses and networks that it may be used from, as given; `None` means any.
    pub allowed_ips: Option<Vec<String>>,
    /// Whether requests without Origin are refused.
    pub require_origin: bool,
    /// Most of its requests in flight; `None` means any number.
    pub max_concurrent: Option<u32>,
    /// How many requests it may send in which time; `None` means its project's default.
    pub rate_limit: Option<RateLimit>,
    /// When it ends; `None` means never.
    pub expires_at: Option<Timestamp>,
}

impl KeyConfig {
    /// Reads a whole document.
    ///
    /// # Errors
    /// Every problem of the document.
    pub fn read(document: &Value) -> Result<Self, Vec<ConfigIssue>> {
        let mut problems = Problems::new();
        let config = Fields::open(document, "", &mut problems).and_then(|mut fields| {
            let config = Self::read_fields(&mut fields, &mut problems);
            fields.finish(&mut problems);
            config
        });
        // A document without problems always has a configuration.
        problems.into_result(config)?.ok_or_else(Vec::new)
    }

    /// Reads the members of a document that may have others too; the caller ends the walk.
    ///
    /// `None` only where a problem was found.
    pub fn read_fields(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Self> {
        let name = read_name(fields, problems);
        fields.require("kind", problems);
        let kind = read_choice(fields, "kind", KeyKind::ALL, KeyKind::name, problems);
        let mode = read_choice(fields, "mode", KeyMode::ALL, KeyMode::name, problems);
        let scopes = read_scopes(fields, kind, problems);
        let endpoints = fields.nullable("endpoints").and_then(|value| {
            let names = as_strings(value, &fields.pointer_to("endpoints"), problems)?;
            check_length(names.len(), &fields.pointer_to("endpoints"), problems);
            Some(names)
        });
        let allowed_origins = read_origins(fields, mode, problems);
        let allowed_ips = read_networks(fields, problems);
        let require_origin = fields.boolean("require_origin", problems);
        let max_concurrent = fields.nullable("max_concurrent").and_then(|value| {
            read_concurrent(value, &fields.pointer_to("max_concurrent"), problems)
        });
        let rate_limit = fields
            .nullable("rate_limit")
            .and_then(|value| RateLimit::read(value, &fields.pointer_to("rate_limit"), problems));
        let expires_at = fields
            .nullable("expires_at")
            .and_then(|value| as_timestamp(value, &fields.pointer_to("expires_at"), problems));
        Some(Self {
            name,
            kind: kind?,
            mode: mode.unwrap_or(KeyMode::Live),
            scopes,
            endpoints,
            allowed_origins,
            allowed_ips,
            require_origin: require_origin.unwrap_or_default(),
            max_concurrent,
            rate_limit,
            expires_at,
        })
    }

    /// The whole document, defaults filled in, times in UTC.
    pub fn to_value(&self) -> Value {
        json!({
            "name": self.name,
            "kind": self.kind.name(),
            "mode": self.mode.name(),
            "scopes": self.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>(),
            "endpoints": self.endpoints,
            "allowed_origins": self.allowed_origins,
            "allowed_ips": self.allowed_ips,
            "require_origin": self.require_origin,
            "max_concurrent": self.max_concurrent,
            "rate_limit": self.rate_limit.map(RateLimit::to_value),
            "expires_at": self.expires_at.map(|time| time.to_string()),
        })
    }

    /// What is allowed, and most likely not what was meant.
    pub fn warnings(&self) -> Vec<ConfigIssue> {
        let mut warnings = Vec::new();
        if self.scopes.is_empty() {
            let detail =
                "the list is empty, so the key may do nothing; `inference` lets it call endpoints";
            warnings.push(
                ConfigIssue::new("/scopes", "empty_list", detail).suggest(json!(["inference"])),
            );
        }
        warn_of_repetitions(&self.scopes, "/scopes", &mut warnings);
        if let Some(names) = &self.endpoints {
            if names.is_empty() {
                let detail = "the list is empty, so the key may use no endpoint; null lets it use all of its project";
                warnings.push(
                    ConfigIssue::new("/endpoints", "empty_list", detail).suggest(Value::Null),
                );
            }
            warn_of_repetitions(names, "/endpoints", &mut warnings);
        }
        warnings.extend(self.warnings_of_origins());
        if let Some(networks) = &self.allowed_ips {
            if networks.is_empty() {
                let detail = "the list is empty, so the key may be used from nowhere; null lets it be used from everywhere";
                let issue = ConfigIssue::new("/allowed_ips", "empty_list", detail);
                warnings.push(issue.suggest(Value::Null));
            }
            warn_of_repetitions(networks, "/allowed_ips", &mut warnings);
        }
        warnings
    }

    fn warnings_of_origins(&self) -> Vec<ConfigIssue> {
        match &self.allowed_origins {
            Some(origins) => compile_patterns(origins, ORIGINS, pattern_context(self.mode))
                .map(|(_, warnings)| warnings)
                .unwrap_or_default(),
            None if self.kind == KeyKind::Publishable => {
                let detail = "anyone can copy a publishable key out of a page's source, and use it from any origin that its \
                              endpoints admit; list the origins of the pages that it is for";
                vec![ConfigIssue::new(
                    ORIGINS,
                    "publishable_without_origins",
                    detail,
                )]
            }
            None => Vec::new(),
        }
    }

    /// The form that requests are judged by.
    pub fn compile(
        &self,
        id: &str,
        project_id: &str,
        tokens: impl IntoIterator<Item = KeyToken>,
        revoked_at: Option<Timestamp>,
    ) -> ApiKey {
        let distinct = |names: &Vec<String>| {
            let names: BTreeSet<_> = names.iter().map(String::as_str).collect();
            names.into_iter().map(Box::from).collect()
        };
        let origins = |texts: &Vec<String>| {
            let patterns: Vec<_> = texts
                .iter()
                .filter_map(|text| OriginPattern::parse(text))
                .collect();
            OriginSet::new(&patterns)
        };
        let networks = |texts: &Vec<String>| {
            let networks = texts.iter().filter_map(|text| parse_network(text).ok());
            networks.collect()
        };
        ApiKey {
            id: id.into(),
            project_id: project_id.into(),
            kind: self.kind,
            mode: self.mode,
            scopes: self.scopes.iter().copied().collect(),
            endpoints: self.endpoints.as_ref().map(distinct),
            allowed_origins: self.allowed_origins.as_ref().map(origins),
            allowed_ips: self.allowed_ips.as_ref().map(networks),
            require_origin: self.require_origin,
            max_concurrent: self.max_concurrent,
            rate_limit: self.rate_limit,
            expires_at: self.expires_at,
            revoked_at,
            tokens: tokens.into_iter().collect(),
            meter: Arc::default(),
        }
    }
}

/// Whether text can be the name of a key or a project: 1 to 100 characters, none of them a control character.
pub fn is_display_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn read_name(fields: &mut Fields<'_>, problems: &mut Problems) -> String {
    let name = fields.string("name", problems).unwrap_or(DEFAULT_NAME);
    if !is_display_name(name) {
        let detail =
            format!("a name has 1 to {MAX_NAME} characters, none of them a control character");
        problems.push(ConfigIssue::new(
            fields.pointer_to("name"),
            "bad_name",
            detail,
        ));
    }
    name.to_owned()
}

/// A member that is one of a few names; `None` when absent or another, which is a problem.
pub fn read_choice<T: Copy>(
    fields: &mut Fields<'_>,
    field: &'static str,
    all: &[T],
    name_of: fn(T) -> &'static str,
    problems: &mut Problems,
) -> Option<T> {
    let text = fields.string(field, problems)?;
    let found = all.iter().copied().find(|choice| name_of(*choice) == text);
    if found.is_none() {
        let names: Vec<_> = all.iter().map(|choice| name_of(*choice)).collect();
        problems.push(unknown_name(text, &names, fields.pointer_to(field)));
    }
    found
}

fn read_scopes(
    fields: &mut Fields<'_>,
    kind: Option<KeyKind>,
    problems: &mut Problems,
) -> Vec<Scope> {
    let pointer = fields.pointer_to("scopes");
    let Some(value) = fields.value("scopes") else {
        return vec![Scope::Inference];
    };
    let Some(entries) = as_array(value, &pointer, "an array of scopes", problems) else {
        return Vec::new();
    };
    check_length(entries.len(), &pointer, problems);
    let mut scopes = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        let Some(name) = as_string(entry, &pointer, problems) else {
            continue;
        };
        match Scope::from_name(name) {
            Some(scope) => scopes.push(scope),
            None => {
                let names: Vec<_> = Scope::ALL.iter().map(|scope| scope.name()).collect();
                problems.push(unknown_name(name, &names, pointer));
            }
        }
    }
    let is_published = kind == Some(KeyKind::Publishable);
    if is_published && scopes.iter().any(|scope| *scope != Scope::Inference) {
        let detail = "a publishable key may be read by anyone, so its only scope is `inference`; use a secret key \
                      for management";
        problems.push(
            ConfigIssue::new(pointer, "publishable_scope", detail).suggest(json!(["inference"])),
        );
    }
    scopes
}

/// Origin patterns; `None` when absent or null.
fn read_origins(
    fields: &mut Fields<'_>,
    mode: Option<KeyMode>,
    problems: &mut Problems,
) -> Option<Vec<String>> {
    let pointer = fields.pointer_to("allowed_origins");
    let value = fields.nullable("allowed_origins")?;
    let entries = read_list(value, &pointer, ORIGIN_PLACEHOLDER, problems)?;
    let context = pattern_context(mode.unwrap_or(KeyMode::Live));
    if let Err(issues) = compile_patterns(&entries, &pointer, context) {
        problems.extend(issues);
    }
    Some(entries)
}

fn pattern_context(mode: KeyMode) -> PatternContext {
    PatternContext::key(mode == KeyMode::Live)
}

/// Addresses and networks; `None` when absent or null.
fn read_networks(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let pointer = fields.pointer_to("allowed_ips");
    let texts = as_strings(fields.nullable("allowed_ips")?, &pointer, problems)?;
    check_length(texts.len(), &pointer, problems);
    for (index, text) in texts.iter().enumerate() {
        if let Err(fault) = parse_network(text) {
            let pointer = format!("{pointer}/{index}");
            let issue = ConfigIssue::new(pointer, fault.code(), fault.to_string());
            problems.push(match fault.suggestion() {
                Some(network) => issue.suggest(network),
                None => issue,
            });
        }
    }
    Some(texts)
}

fn check_length(length: usize, pointer: &str, problems: &mut Problems) {
    if length > MAX_ENTRIES {
        let detail = format!("at most {MAX_ENTRIES} entries can be listed, and these are {length}");
        problems.push(ConfigIssue::new(pointer, "too_many_entries", detail));
    }
}

fn unknown_name(name: &str, names: &[&'static str], pointer: String) -> ConfigIssue {
    let detail = format!(
        "`{name}` is not known here; the values are {}",
        names.join(", ")
    );
    let issue = ConfigIssue::new(pointer, "unknown_value", detail);
    match nearest(name, names) {
        Some(near) => issue.suggest(near),
        None => issue,
    }
}

fn warn_of_repetitions<T: PartialEq + std::fmt::Display>(
    entries: &[T],
    pointer: &str,
    warnings: &mut Vec<ConfigIssue>,
) {
    for (index, entry) in entries.iter().enumerate() {
        if entries[..index].contains(entry) {
            let detail = format!("`{entry}` is listed twice");
            warnings.push(ConfigIssue::new(
                format!("{pointer}/{index}"),
                "duplicate_entry",
                detail,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(document: &Value) -> Vec<(String, &'static str)> {
        let issues = KeyConfig::read(document).unwrap_err();
        issues
            .into_iter()
            .map(|issue| (issue.pointer, issue.code))
            .collect()
    }

    #[test]
    fn only_the_kind_must_be_given() {
        let key = KeyConfig::read(&json!({"kind": "secret"})).unwrap();
        let expected = json!({
            "name": "unnamed", "kind": "secret", "mode": "live", "scopes": ["inference"], "endpoints": null,
            "allowed_origins": null, "allowed_ips": null, "require_origin": false, "max_concurrent": null, "rate_limit": null,
            "expires_at": null,
        });
        assert_eq!(key.to_value(), expected);
        assert_eq!(KeyConfig::read(&expected).unwrap(), key);
        assert_eq!(found(&json!({})), [("/kind".to_owned(), "missing_field")]);
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let document = json!({
            "name": "", "kind": "publishabel", "mode": 1, "scopes": ["inference", "endpoint:read", null],
            "endpoints": "a", "expires_at": "tomorrow", "allowed_origin": [],
        });
        let codes = [
            ("/name", "bad_name"),
            ("/kind", "unknown_value"),
            ("/mode", "wrong_type"),
            ("/scopes/1", "unknown_value"),
            ("/scopes/2", "wrong_type"),
            ("/endpoints", "wrong_type"),
            ("/expires_at", "bad_timestamp"),
            ("/allowed_origin", "unknown_field"),
        ];
        assert_eq!(
            found(&document),
            codes.map(|(pointer, code)| (pointer.to_owned(), code))
        );
        let suggestions: Vec<_> = KeyConfig::read(&document)
            .unwrap_err()
            .into_iter()
            .filter_map(|issue| issue.suggestion)
            .collect();
        assert_eq!(
            suggestions,
            [json!("publishable"), json!("endpoints:read"), json!(["a"])]
        );
    }

    #[test]
    fn a_publishable_key_infers_and_nothing_else() {
        let document = json!({"kind": "publishable", "scopes": ["inference", "keys:read"]});
        assert_eq!(
            found(&document),
            [("/scopes".to_owned(), "publishable_scope")]
        );
        assert!(KeyConfig::read(&json!({"kind": "publishable", "scopes": ["inference"]})).is_ok());
    }

    #[test]
    fn lists_are_bounded_and_null_stands_where_it_means_something() {
        let names: Vec<_> = (0..1001).map(|number| format!("e{number}")).collect();
        let document = json!({"kind": "secret", "endpoints": names});
        assert_eq!(
            found(&document),
            [("/endpoints".to_owned(), "too_many_entries")]
        );
        assert!(
            KeyConfig::read(&json!({"kind": "secret", "endpoints": null, "expires_at": null}))
                .is_ok()
        );
        let nulls = json!({"kind": null, "name": null, "mode": null, "scopes": null});
        assert_eq!(
            found(&nulls)
                .iter()
                .filter(|(_, code)| *code == "wrong_type")
                .count(),
            4
        );
    }

    #[test]
    fn limits_are_checked_wherever_they_stand() {
        let document = json!({
            "kind": "secret", "max_concurrent": 0, "rate_limit": {"requests": 1, "per_seconds": 0},
        });
        assert_eq!(
            found(&document),
            [
                ("/max_concurrent".to_owned(), "out_of_range"),
                ("/rate_limit/per_seconds".to_owned(), "out_of_range"),
            ]
        );
        let document = json!({"kind": "secret", "max_concurrent": 4, "rate_limit": {"requests": 5, "per_seconds": 60}});
        let key = KeyConfig::read(&document).unwrap();
        let key = key.compile("ak_live_1", "proj_abcdef", [], None);
        assert_eq!(key.max_concurrent, Some(4));
        assert_eq!(key.rate_limit, RateLimit::new(5, 60));
    }

    #[test]
    fn networks_are_checked_one_by_one() {
        let document = json!({
            "kind": "secret",
            "allowed_ips": ["192.0.2.0/24", "192.0.2.7/24", "intranet", "::1", "10.0.0.0/40"],
        });
        assert_eq!(
            found(&document),
            [
                ("/allowed_ips/1".to_owned(), "network_host_bits"),
                ("/allowed_ips/2".to_owned(), "bad_network"),
                ("/allowed_ips/4".to_owned(), "bad_network"),
            ]
        );
        let suggestion = &KeyConfig::read(&document).unwrap_err()[0].suggestion;
        assert_eq!(*suggestion, Some(json!("192.0.2.0/24")));
        let key = KeyConfig::read(&json!({"kind": "secret", "allowed_ips": ["192.0.2.0/24"]}));
        let key = key.unwrap().compile("ak_live_1", "proj_abcdef", [], None);
        let allows = |address: &str| {
            let networks = key.allowed_ips.as_ref().unwrap();
            networks.contains(address.parse().unwrap())
        };
        assert!(allows("192.0.2.9") && allows("::ffff:192.0.2.9") && !allows("192.0.3.1"));
    }

    #[test]
    fn lists_that_mean_nobody_or_repeat_themselves_are_warned_of() {
        let key = json!({"kind": "secret", "scopes": [], "endpoints": []});
        let warnings = KeyConfig::read(&key).unwrap().warnings();
        let pointers: Vec<_> = warnings
            .iter()
            .map(|issue| (&*issue.pointer, issue.code))
            .collect();
        assert_eq!(
            pointers,
            [("/scopes", "empty_list"), ("/endpoints", "empty_list")]
        );
        let key = json!({"kind": "secret", "scopes": ["inference", "inference"], "endpoints": ["a", "b", "a"]});
        let warnings = KeyConfig::read(&key).unwrap().warnings();
        let pointers: Vec<_> = warnings.iter().map(|issue| &*issue.pointer).collect();
        assert_eq!(pointers, ["/scopes/1", "/endpoints/2"]);
    }
}
