//! How far one key may go with another.
//!
//! Whoever may make keys must not make one that does more than the maker: every restriction of the maker holds for what
//! it makes, changes or revokes.

use jiff::Timestamp;
use serde_json::json;

use super::KeyConfig;
use crate::issue::ConfigIssue;
use crate::key::{ApiKey, Scope};

impl KeyConfig {
    /// Every point in which this key goes beyond what `holder` holds itself; empty where it may create, change or
    /// revoke such a key.
    ///
    /// A live key manages live keys and a test key test keys: neither holds the other's mode.
    pub fn excess_over(&self, holder: &ApiKey) -> Vec<ConfigIssue> {
        let mut excess = self.scopes_beyond(holder);
        excess.extend(self.endpoints_beyond(holder));
        if self.mode != holder.mode {
            let detail = format!(
                "this is a {} key, and the calling key is a {} key",
                self.mode, holder.mode
            );
            excess.push(ConfigIssue::new("/mode", "mode_not_permitted", detail));
        }
        let outlives = |end: Timestamp| self.expires_at.is_none_or(|own| own > end);
        if let Some(end) = holder.expires_at.filter(|end| outlives(*end)) {
            let detail = format!("the calling key ends at {end}, and this key would outlive it");
            let issue = ConfigIssue::new("/expires_at", "outlives_caller", detail);
            excess.push(issue.suggest(end.to_string()));
        }
        excess
    }

    fn scopes_beyond(&self, holder: &ApiKey) -> Vec<ConfigIssue> {
        let beyond = |(index, scope): (usize, &Scope)| {
            let detail = format!("the calling key does not hold `{scope}` itself");
            ConfigIssue::new(format!("/scopes/{index}"), "scope_missing", detail)
        };
        let scopes = self.scopes.iter().enumerate();
        scopes
            .filter(|(_, scope)| !holder.scopes.contains(**scope))
            .map(beyond)
            .collect()
    }

    fn endpoints_beyond(&self, holder: &ApiKey) -> Vec<ConfigIssue> {
        let Some(own) = &holder.endpoints else {
            return Vec::new();
        };
        let Some(names) = &self.endpoints else {
            let detail = "null means all endpoints of the project, and the calling key may not use all of them";
            let issue = ConfigIssue::new("/endpoints", "endpoint_not_permitted", detail);
            return vec![issue.suggest(json!(own))];
        };
        let beyond = |(index, name): (usize, &String)| {
            let detail = format!("the calling key may not use the endpoint `{name}` itself");
            ConfigIssue::new(
                format!("/endpoints/{index}"),
                "endpoint_not_permitted",
                detail,
            )
        };
        let names = names.iter().enumerate();
        names
            .filter(|(_, name)| !own.iter().any(|own| **own == ***name))
            .map(beyond)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn holder(document: &Value) -> ApiKey {
        KeyConfig::read(document)
            .unwrap()
            .compile("ak_live_1", "proj_abcdef", [], None)
    }

    #[test]
    fn a_key_cannot_hand_out_more_than_it_holds() {
        let limited = holder(&json!({
            "kind": "secret", "mode": "test", "scopes": ["inference", "keys:write"], "endpoints": ["a", "b"],
            "expires_at": "2027-01-01T00:00:00Z",
        }));
        let within = json!({
            "kind": "publishable", "mode": "test", "endpoints": ["b"], "expires_at": "2027-01-01T01:00:00+01:00",
        });
        assert_eq!(KeyConfig::read(&within).unwrap().excess_over(&limited), []);
        let beyond = json!({"kind": "secret", "scopes": ["inference", "endpoints:write"], "endpoints": ["a", "c"]});
        let excess = KeyConfig::read(&beyond).unwrap().excess_over(&limited);
        let pointers: Vec<_> = excess.iter().map(|issue| &*issue.pointer).collect();
        assert_eq!(
            pointers,
            ["/scopes/1", "/endpoints/1", "/mode", "/expires_at"]
        );
        let all = KeyConfig::read(&json!({"kind": "secret", "mode": "test"})).unwrap();
        let pointers: Vec<_> = all
            .excess_over(&limited)
            .into_iter()
            .map(|issue| issue.pointer)
            .collect();
        assert_eq!(pointers, ["/endpoints", "/expires_at"]);
        let unlimited =
            holder(&json!({"kind": "secret", "scopes": ["inference", "endpoints:write"]}));
        assert_eq!(
            KeyConfig::read(&beyond).unwrap().excess_over(&unlimited),
            []
        );
    }
}
