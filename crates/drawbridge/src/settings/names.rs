//! Every name a setting has: one table for file, environment and the flags.
//!
//! It also lists what later versions read, so that such a key is refused by name and never silently without effect.

use drawbridge_policy::document::nearest;

/// The prefix of every environment variable of ours.
pub(super) const PREFIX: &str = "DRAWBRIDGE_";

/// Secrets: read from the environment, never from a file or a flag.
pub(super) const SECRETS: &[&str] = &["DRAWBRIDGE_ROOT_KEY", "DRAWBRIDGE_MASTER_KEY"];

/// Other variables of ours that are no settings: where the file is, and what the commands read.
const OTHER_VARIABLES: &[&str] = &[
    "DRAWBRIDGE_CONFIG",
    "DRAWBRIDGE_URL",
    "DRAWBRIDGE_KEY",
    "DRAWBRIDGE_PROJECT",
];

/// What a setting holds in the file; the environment and the flags say the same as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    /// Strings: an array in the file, separated by commas elsewhere.
    List,
    /// A table of texts whose names are the operator's own; in the file only.
    Texts,
    /// Named by the design, read by a later version.
    Later,
}

/// The settings, by their path in the file.
const SETTINGS: &[(&str, Kind)] = &[
    ("listen", Kind::Text),
    ("data_dir", Kind::Text),
    ("public_url", Kind::Text),
    ("admin.listen", Kind::Text),
    ("tls.cert", Kind::Text),
    ("tls.key", Kind::Text),
    ("security_headers.profile", Kind::Text),
    ("security_headers.override", Kind::Texts),
    ("limits.max_connections", Kind::Integer),
    ("limits.max_body_bytes", Kind::Integer),
    ("log.format", Kind::Text),
    ("log.level", Kind::Text),
    ("database_url", Kind::Later),
    ("redis_url", Kind::Later),
    ("trusted_proxies", Kind::List),
    ("proxy_protocol", Kind::Boolean),
    ("upstream_networks", Kind::List),
];

/// The settings that this version reads, by their path in the file.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    let known = SETTINGS.iter().filter(|(_, kind)| *kind != Kind::Later);
    known.map(|(name, _)| *name)
}

/// What a path in the file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    Setting(&'static str, Kind),
    /// A table that holds settings.
    Table,
    /// Nothing of ours; the known name that it may have meant.
    Unknown(Option<&'static str>),
}

/// Looks a file's path up, e.g. `log.format`.
pub(super) fn named(path: &str) -> Named {
    if let Some((name, kind)) = SETTINGS.iter().find(|(name, _)| *name == path) {
        return Named::Setting(name, *kind);
    }
    let is_table = |name: &str| name.split_once('.').is_some_and(|(table, _)| table == path);
    if SETTINGS.iter().any(|(name, _)| is_table(name)) {
        return Named::Table;
    }
    let mut known: Vec<&str> = SETTINGS.iter().map(|(name, _)| *name).collect();
    known.extend(["admin", "tls", "security_headers", "limits", "log"]);
    let near = nearest(path, &known).or_else(|| misplaced(path));
    Named::Unknown(near)
}

/// A setting written in another table than its own, or in none.
fn misplaced(path: &str) -> Option<&'static str> {
    let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
    let leaf = path.rsplit('.').next().unwrap_or(path);
    let mut same = SETTINGS.iter().filter(|(name, _)| last(name) == leaf);
    let found = same.next().map(|(name, _)| *name);
    found.filter(|_| same.next().is_none())
}

/// The setting that an environment variable sets.
pub(super) fn setting_of_variable(variable: &str) -> Option<(&'static str, Kind)> {
    let known = SETTINGS.iter().copied();
    known
        .into_iter()
        .find(|(name, _)| variable_of(name) == variable)
}

/// The environment variable of a setting: `log.format` is `DRAWBRIDGE_LOG_FORMAT`.
pub(super) fn variable_of(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('.', "_").to_ascii_uppercase())
}

/// The variable of ours that this one is a misspelling of.
///
/// A variable that resembles none of ours is left alone: Kubernetes and Docker set `DRAWBRIDGE_SERVICE_HOST` and the
/// like for a service of that name.
pub(super) fn misspelt_variable(variable: &str) -> Option<String> {
    if OTHER_VARIABLES.contains(&variable) || SECRETS.contains(&variable) {
        return None;
    }
    let bare = variable.strip_prefix(PREFIX)?;
    let mut known: Vec<String> = SETTINGS.iter().map(|(name, _)| variable_of(name)).collect();
    let others = OTHER_VARIABLES.iter().chain(SECRETS);
    known.extend(others.map(|name| (*name).to_owned()));
    let suffixes: Vec<&str> = known.iter().map(|name| &name[PREFIX.len()..]).collect();
    nearest(bare, &suffixes).map(|near| format!("{PREFIX}{near}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_setting_a_table_or_unknown_with_the_nearest_name() {
        let cases = [
            ("listen", Named::Setting("listen", Kind::Text)),
            ("log.level", Named::Setting("log.level", Kind::Text)),
            ("redis_url", Named::Setting("redis_url", Kind::Later)),
            ("log", Named::Table),
            ("listne", Named::Unknown(Some("listen"))),
            ("data-dir", Named::Unknown(Some("data_dir"))),
            ("logs", Named::Unknown(Some("log"))),
            ("level", Named::Unknown(Some("log.level"))),
            ("server.data_dir", Named::Unknown(Some("data_dir"))),
            ("server.listen", Named::Unknown(None)),
            ("colour", Named::Unknown(None)),
        ];
        for (path, expected) in cases {
            assert_eq!(named(path), expected, "{path}");
        }
    }

    #[test]
    fn only_variables_that_resemble_ours_count_as_misspelt() {
        let cases = [
            ("DRAWBRIDGE_LISTNE", Some("DRAWBRIDGE_LISTEN")),
            ("DRAWBRIDGE_DATADIR", Some("DRAWBRIDGE_DATA_DIR")),
            ("DRAWBRIDGE_ROOTKEY", Some("DRAWBRIDGE_ROOT_KEY")),
            ("DRAWBRIDGE_ROOT_KEY", None),
            ("DRAWBRIDGE_SERVICE_HOST", None),
            ("DRAWBRIDGE_PORT", None),
            ("DRAWBRIDGE_PORT_8080_TCP_ADDR", None),
        ];
        for (variable, expected) in cases {
            assert_eq!(
                misspelt_variable(variable).as_deref(),
                expected,
                "{variable}"
            );
        }
    }
}
