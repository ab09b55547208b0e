//! Settings as they were written: texts by name, each with the place it came from.
//!
//! Lays flags over environment over file and refuses names that mean nothing. It must not judge a value: that is
//! [`super::Settings`]' part, so that a wrong value reads the same wherever it was written. Secrets come from the
//! environment only; a process list and a file in a repository are no place for them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use drawbridge_policy::endpoint::Secret;
use toml::{Table, Value};

use super::names::{self, Kind, Named};
use super::shown::{Origin, Source};

/// The file that is read when none is named and it exists.
const DEFAULT_FILE: &str = "drawbridge.toml";

/// The settings that can be given on the command line of `drawbridge serve`.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Flags {
    /// Configuration file; `drawbridge.toml` in the working directory when that exists
    #[arg(
        long,
        value_name = "FILE",
        env = "DRAWBRIDGE_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,
    /// Address and port to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// Where configuration, keys and the root key are kept [default: ./data]
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) data_dir: Option<String>,
    /// The origin under which browsers reach this gateway, e.g. https://ai.example.com
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) public_url: Option<String>,
    /// Address and port for management and metrics alone, which --listen then does not serve
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) admin_listen: Option<String>,
    /// Speak HTTPS with the certificate in this PEM file, the server's own first; read anew when it changes
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<String>,
    /// The certificate's private key, a PEM file
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<String>,
    /// Proxies that are believed when they say who their clients are, e.g. 10.0.0.0/8,192.0.2.1
    #[arg(long, value_name = "NETWORKS")]
    pub(crate) trusted_proxies: Option<String>,
    /// Their connections must begin with a PROXY protocol header, version 1 or 2
    #[arg(long, value_name = "BOOLEAN", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) proxy_protocol: Option<String>,
    /// Of private addresses, only those in these networks may be upstreams, e.g. 10.1.0.0/16,127.0.0.1
    #[arg(long, value_name = "NETWORKS")]
    pub(crate) upstream_networks: Option<String>,
    /// Security headers of every answer: standard, strict or off [default: standard]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) security_headers_profile: Option<String>,
    /// Most client connections at once [default: 10000]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_connections: Option<String>,
    /// Most bytes of a request's body [default: 33554432]
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_body_bytes: Option<String>,
    /// Log lines as `json` or `text`; `auto` is text on a terminal [default: auto]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// Least severe level that is logged: error, warn or info [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    #[arg(long, hide = true)]
    pub(crate) database_url: Option<String>,
    #[arg(long, hide = true)]
    pub(crate) redis_url: Option<String>,
}

impl Flags {
    fn given(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let flags = [
            ("listen", &self.listen),
            ("data_dir", &self.data_dir),
            ("public_url", &self.public_url),
            ("admin.listen", &self.admin_listen),
            ("trusted_proxies", &self.trusted_proxies),
            ("proxy_protocol", &self.proxy_protocol),
            ("upstream_networks", &self.upstream_networks),
            ("tls.cert", &self.tls_cert),
            ("tls.key", &self.tls_key),
            ("security_headers.profile", &self.security_headers_profile),
            ("limits.max_connections", &self.max_connections),
            ("limits.max_body_bytes", &self.max_body_bytes),
            ("log.format", &self.log_format),
            ("log.level", &self.log_level),
            ("database_url", &self.database_url),
            ("redis_url", &self.redis_url),
        ];
        let given = |(name, value)| Option::as_ref(value).map(|value| (name, value));
        flags.into_iter().filter_map(given)
    }
}

/// Where a setting was written, and under which name.
enum Place {
    File(PathBuf, &'static str),
    Variable(String),
    Flag(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file, name) => write!(f, "`{name}` in {}", file.display()),
            Self::Variable(variable) => f.write_str(variable),
            Self::Flag(name) => {
                let leaf = name.rsplit('.').next().unwrap_or(name);
                // `log.format` is `--log-format`, but `limits.max_connections` is `--max-connections`.
                let leaf = if name.starts_with("limits.") {
                    leaf
                } else {
                    name
                };
                write!(f, "--{}", leaf.replace(['_', '.'], "-"))
            }
        }
    }
}

impl Place {
    fn source(&self) -> Source {
        match self {
            Self::File(..) => Source::File,
            Self::Variable(_) => Source::Environment,
            Self::Flag(_) => Source::Flag,
        }
    }
}

/// One setting as written.
struct Written {
    text: String,
    place: Place,
}

/// A table as written.
struct Texts {
    members: Vec<(String, String)>,
    place: Place,
}

/// Everything that was written, the strongest place winning.
#[derive(Default)]
pub(super) struct RawSettings {
    values: BTreeMap<&'static str, Written>,
    tables: BTreeMap<&'static str, Texts>,
    secrets: BTreeMap<&'static str, Secret>,
    pub(super) origin: Origin,
    pub(super) problems: Vec<String>,
}

impl RawSettings {
    /// Reads the file, then lays the environment and the flags over it.
    pub(super) fn read(
        flags: &Flags,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Self {
        let mut raw = Self::default();
        raw.read_file(flags.config.as_deref());
        raw.lay_environment(environment);
        for (name, value) in flags.given() {
            raw.write(name, value.clone(), Place::Flag(name));
        }
        raw
    }

    /// What was written for a setting, judged by `parse`; `None` when nothing was, or nothing good.
    pub(super) fn parse<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Written { text, place } = self.values.remove(name)?;
        parse(&text)
            .map_err(|problem| self.problems.push(format!("{place}: {problem}")))
            .ok()
    }

    /// Two settings that mean something only together.
    pub(super) fn parse_both<T>(
        &mut self,
        names: [&str; 2],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<(T, T)> {
        for (given, other) in [(names[0], names[1]), (names[1], names[0])] {
            if let (Some(given), None) = (self.values.get(given), self.values.get(other)) {
                let place = &given.place;
                self.problems.push(format!(
                    "{place} is nothing without `{other}`: set both, or neither"
                ));
            }
        }
        let (first, second) = (self.parse(names[0], &parse), self.parse(names[1], &parse));
        Some((first?, second?))
    }

    /// What was written as a table, nothing being an empty one, judged by `parse`.
    pub(super) fn parse_texts<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&[(String, String)]) -> Result<T, Vec<String>>,
    ) -> Option<T> {
        let Some(Texts { members, place }) = self.tables.remove(name) else {
            return parse(&[]).ok();
        };
        let problems = match parse(&members) {
            Ok(parsed) => return Some(parsed),
            Err(problems) => problems,
        };
        let problems = problems.iter().map(|problem| format!("{place}: {problem}"));
        self.problems.extend(problems);
        None
    }

    /// The secret of an environment variable, judged by `check`.
    pub(super) fn secret(
        &mut self,
        variable: &'static str,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Option<Secret> {
        let secret = self.secrets.remove(variable)?;
        check(secret.expose())
            .map_err(|problem| self.problems.push(format!("{variable} {problem}")))
            .ok()
            .map(|()| secret)
    }

    fn write(&mut self, name: &'static str, text: String, place: Place) {
        if let Named::Setting(_, Kind::Later) = names::named(name) {
            self.problems
                .push(format!("{place} is not available in this version"));
        }
        self.origin.sources.insert(name, place.source());
        self.values.insert(name, Written { text, place });
    }

    fn read_file(&mut self, named: Option<&Path>) {
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => return,
            Err(error) => {
                let problem = format!("cannot read the configuration file {}", path.display());
                self.problems.push(format!("{problem}: {error}"));
                return;
            }
        };
        // Where the working directory is gone, the name as it was given is all there is.
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.origin.file = Some(absolute);
        match text.parse::<Table>() {
            Ok(table) => self.walk(path, "", &table),
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                let line = text
                    .bytes()
                    .take(start)
                    .filter(|byte| *byte == b'\n')
                    .count()
                    + 1;
                let message = error.message().trim_end().replace('\n', ", ");
                self.problems
                    .push(format!("{}, line {line}: {message}", path.display()));
            }
        }
    }

    fn walk(&mut self, file: &Path, above: &str, table: &Table) {
        for (member, value) in table {
            let path = match above {
                "" => member.clone(),
                above => format!("{above}.{member}"),
            };
            match (names::named(&path), value) {
                (Named::Setting(name, kind), value) => self.read_member(file, name, kind, value),
                (Named::Table, Value::Table(table)) => self.walk(file, &path, table),
                (Named::Table, _) => self.problems.push(format!(
                    "`{path}` in {} is a table: write it as [{path}]",
                    file.display()
                )),
                (Named::Unknown(near), _) => self.problems.push(unknown(&path, near, file)),
            }
        }
    }

    fn read_member(&mut self, file: &Path, name: &'static str, kind: Kind, value: &Value) {
        let place = Place::File(file.to_owned(), name);
        let text = match (kind, value) {
            (Kind::Text, Value::String(text)) => text.clone(),
            (Kind::Integer, Value::Integer(number)) => number.to_string(),
            (Kind::Boolean, Value::Boolean(is_on)) => is_on.to_string(),
            (Kind::List, Value::Array(entries)) if entries.iter().all(Value::is_str) => {
                let entries: Vec<_> = entries.iter().filter_map(Value::as_str).collect();
                entries.join(",")
            }
            (Kind::List, other) => return self.wrong_type(&place, "an array of strings", other),
            (Kind::Texts, Value::Table(table)) => return self.read_texts(place, name, table),
            (Kind::Texts, other) => return self.wrong_type(&place, "a table of strings", other),
            (Kind::Later, _) => String::new(),
            (Kind::Text, other) => return self.wrong_type(&place, "a string", other),
            (Kind::Integer, other) => return self.wrong_type(&place, "an integer", other),
            (Kind::Boolean, other) => return self.wrong_type(&place, "true or false", other),
        };
        self.write(name, text, place);
    }

    fn read_texts(&mut self, place: Place, name: &'static str, table: &Table) {
        let mut members = Vec::new();
        for (member, value) in table {
            match value {
                Value::String(text) => members.push((member.clone(), text.clone())),
                other => {
                    let found = other.type_str();
                    self.problems.push(format!(
                        "{place}: `{member}` must be a string, it is of type {found}"
                    ));
                }
            }
        }
        self.origin.sources.insert(name, place.source());
        self.tables.insert(name, Texts { members, place });
    }

    fn wrong_type(&mut self, place: &Place, wanted: &str, found: &Value) {
        let found = found.type_str();
        self.problems
            .push(format!("{place} must be {wanted}, it is of type {found}"));
    }

    fn lay_environment(&mut self, environment: impl Iterator<Item = (OsString, OsString)>) {
        for (variable, value) in environment {
            let Some(variable) = variable.to_str() else {
                continue;
            };
            // An empty variable is an unset one: compose files cannot say it otherwise.
            if !variable.starts_with(names::PREFIX) || value.is_empty() {
                continue;
            }
            let Ok(text) = value.into_string() else {
                self.problems.push(format!("{variable} is not UTF-8 text"));
                continue;
            };
            self.lay_variable(variable, text);
        }
    }

    fn lay_variable(&mut self, variable: &str, text: String) {
        match names::setting_of_variable(variable) {
            Some((name, Kind::Texts)) => {
                return self.problems.push(format!(
                    "{variable} would be a table, which only the file can hold: write it there as [{name}]"
                ));
            }
            Some((name, _)) => {
                return self.write(name, text, Place::Variable(variable.to_owned()));
            }
            None => {}
        }
        if let Some(name) = names::SECRETS.iter().find(|name| **name == variable) {
            self.secrets.insert(name, Secret::new(text));
        } else if let Some(near) = names::misspelt_variable(variable) {
            self.problems
                .push(format!("{variable} is not a setting, did you mean {near}?"));
        }
    }
}

fn unknown(path: &str, near: Option<&str>, file: &Path) -> String {
    let file = file.display();
    match (path, near) {
        ("root_key" | "master_key", _) => {
            let variable = names::variable_of(path);
            format!("`{path}` in {file} is a secret: set {variable} in the environment instead")
        }
        (_, Some(near)) => format!("unknown key `{path}` in {file}, did you mean `{near}`?"),
        (_, None) => format!("unknown key `{path}` in {file}"),
    }
}
