//! What a comma-separated header is to hold.

use serde::Deserialize;

/// The members of a list header.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Members {
    /// These, each once, in any order, and nothing else.
    Exactly(Vec<String>),
    /// Some of them; the rest is not judged.
    Partly(Partly),
}

/// What is judged of a list that is not given in full.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partly {
    #[serde(default)]
    has: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
}

impl Default for Members {
    fn default() -> Self {
        Self::Exactly(Vec::new())
    }
}

/// Whether two members are the same.
pub(crate) type Same = fn(&str, &str) -> bool;

/// Field names, whatever their case.
pub(crate) fn same_name(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
}

/// Method names: `patch` is not `PATCH`.
pub(crate) fn same_bytes(left: &str, right: &str) -> bool {
    left == right
}

impl Members {
    /// Why `found` is not what the case expects; `None` when it is.
    pub(crate) fn difference(&self, found: &[String], same: Same) -> Option<String> {
        let holds = |list: &[String], member: &String| list.iter().any(|one| same(one, member));
        let wrong = match self {
            Self::Exactly(members) => {
                found.len() != members.len()
                    || members.iter().any(|member| !holds(found, member))
                    || found.iter().any(|member| !holds(members, member))
            }
            Self::Partly(Partly { has, lacks }) => {
                has.iter().any(|member| !holds(found, member))
                    || lacks.iter().any(|member| holds(found, member))
            }
        };
        wrong.then(|| format!("has {found:?}, expected {self}"))
    }
}

impl std::fmt::Display for Members {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(members) => write!(formatter, "exactly {members:?}"),
            Self::Partly(Partly { has, lacks }) => {
                write!(formatter, "{has:?} among them and none of {lacks:?}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(members: &[&str]) -> Vec<String> {
        members.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_full_list_allows_any_order_but_no_repetition() {
        let members = Members::Exactly(list(&["Origin", "Accept"]));
        assert!(
            members
                .difference(&list(&["accept", "origin"]), same_name)
                .is_none()
        );
        for wrong in [
            &["Origin"][..],
            &["Origin", "Origin"],
            &["Origin", "Accept", "Origin"],
        ] {
            assert!(
                members.difference(&list(wrong), same_name).is_some(),
                "{wrong:?}"
            );
        }
        assert!(
            members
                .difference(&list(&["accept", "origin"]), same_bytes)
                .is_some()
        );
    }

    #[test]
    fn a_partial_list_judges_what_it_names() {
        let members: Members = serde_json::from_str(r#"{"has": ["a"], "lacks": ["*"]}"#).unwrap();
        assert!(members.difference(&list(&["b", "A"]), same_name).is_none());
        assert!(members.difference(&list(&["b"]), same_name).is_some());
        assert!(members.difference(&list(&["a", "*"]), same_name).is_some());
    }
}
