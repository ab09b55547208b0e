//! The settings as the dashboard shows them: what holds, and where it was written. Never a secret.

use std::collections::BTreeMap;
use std::path::PathBuf;

use drawbridge_admin::{Setting, Settings as Shown};
use drawbridge_gateway::security_headers::Profile;
use drawbridge_policy::network::IpNet;
use serde_json::{Value, json};

use super::{LOG_FORMATS, LOG_LEVELS, PROFILES, Settings, names};

/// Where a setting was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    File,
    Environment,
    Flag,
}

/// Where all settings were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// The configuration file that was read.
    pub(crate) file: Option<PathBuf>,
    /// By name; what is not there has its default.
    pub(crate) sources: BTreeMap<&'static str, Source>,
    /// What [`SecurityHeaders`](drawbridge_gateway::security_headers::SecurityHeaders) were made of: the profile; the
    /// standard one where none is named.
    pub(crate) profile: Option<Profile>,
    /// And the overrides.
    pub(crate) overrides: Vec<(String, String)>,
}

impl Origin {
    /// Of settings that were given on a command line.
    pub(crate) fn flags(names: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            sources: names.into_iter().map(|name| (name, Source::Flag)).collect(),
            ..Self::default()
        }
    }

    fn source(&self, name: &str) -> &'static str {
        match self.sources.get(name) {
            None => "default",
            Some(Source::File) => "file",
            Some(Source::Environment) => "environment",
            Some(Source::Flag) => "flag",
        }
    }
}

impl Settings {
    /// Every setting with what holds.
    pub(crate) fn shown(&self) -> Shown {
        let file = self.origin.file.as_ref();
        let setting = |name| {
            let (value, summary) = self.told(name);
            Setting {
                name,
                value,
                source: self.origin.source(name),
                summary,
            }
        };
        Shown {
            config_file: file.map(|file| file.display().to_string()),
            settings: names::all().map(setting).collect(),
        }
    }

    /// What holds, and what it is.
    fn told(&self, name: &str) -> (Value, &'static str) {
        let tls = self.tls.as_ref();
        match name {
            "listen" => (
                json!(self.listen.to_string()),
                "Address and port where clients connect",
            ),
            "data_dir" => (
                json!(self.data_dir),
                "Directory of the database, the root key and the master key",
            ),
            "public_url" => (
                json!(self.public_url),
                "Origin under which browsers reach this gateway",
            ),
            "admin.listen" => (
                json!(self.admin_listen.map(|address| address.to_string())),
                "Address and port for management and metrics alone; `listen` serves them where it is not set",
            ),
            "tls.cert" => (
                json!(tls.map(|tls| &tls.cert)),
                "PEM file with the certificate; plain HTTP without one",
            ),
            "tls.key" => (
                json!(tls.map(|tls| &tls.key)),
                "PEM file with the certificate's private key",
            ),
            "security_headers.profile" => (
                json!(name_of(
                    PROFILES,
                    self.origin.profile.unwrap_or(Profile::Standard)
                )),
                "Which security headers every answer carries",
            ),
            "security_headers.override" => (
                self.origin
                    .overrides
                    .iter()
                    .cloned()
                    .map(|(name, value)| (name, Value::from(value)))
                    .collect(),
                "Security headers with another value; an empty one leaves the header out",
            ),
            "limits.max_connections" => (
                json!(self.limits.max_connections),
                "Most client connections at once",
            ),
            "limits.max_body_bytes" => (
                json!(self.limits.max_body_bytes),
                "Most bytes of a request's body; an endpoint's own limit can only be lower",
            ),
            "log.format" => (
                json!(name_of(LOG_FORMATS, self.log.format)),
                "How log lines are written; `auto` is text on a terminal, else JSON",
            ),
            "log.level" => (
                json!(name_of(LOG_LEVELS, self.log.level)),
                "The least severe level that is logged",
            ),
            "trusted_proxies" => (
                networks(&self.trusted_proxies),
                "Proxies that are believed when they say who their clients are",
            ),
            "proxy_protocol" => (
                json!(self.proxy_protocol),
                "Whether their connections must begin with a header of the PROXY protocol",
            ),
            "upstream_networks" => (
                self.upstream_networks
                    .as_deref()
                    .map_or(Value::Null, networks),
                "Private networks that upstreams may be in; any where it is not set",
            ),
            _ => (Value::Null, ""),
        }
    }
}

fn networks(networks: &[IpNet]) -> Value {
    networks.iter().map(ToString::to_string).collect()
}

fn name_of<T: PartialEq>(choices: &[(&'static str, T)], chosen: T) -> Option<&'static str> {
    let found = choices.iter().find(|(_, choice)| *choice == chosen);
    found.map(|(name, _)| *name)
}
