//! What the gateway was told, read once at start: flags over environment over file.
//!
//! [`raw`] collects what was written, this module judges it. Every problem is reported in one sentence; a key that
//! means nothing, or nothing yet, stops the start rather than being ignored. Secrets must never be printed.

mod names;
mod raw;
mod shown;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use drawbridge_gateway::security_headers::{Profile, SecurityHeaders};
use drawbridge_policy::endpoint::Secret;
use drawbridge_policy::network::{IpNet, parse_network};
use drawbridge_policy::origin::Origin;

pub(crate) use raw::Flags;
use raw::RawSettings;
pub(crate) use shown::Origin as SettingsOrigin;

/// Root and master keys are at least this long.
pub(crate) const LEAST_SECRET_LENGTH: usize = 32;

/// Everything `drawbridge serve` is configured by, validated.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where clients connect; port 0 picks a free one.
    pub(crate) listen: SocketAddr,
    /// Where database, root key and master key are kept; relative to the working directory.
    pub(crate) data_dir: PathBuf,
    /// The origin under which browsers reach the gateway.
    pub(crate) public_url: Option<String>,
    /// `[admin] listen`: where management and metrics are served alone; unset, `listen` serves them.
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Where the certificate is; plain HTTP without one.
    pub(crate) tls: Option<TlsSettings>,
    /// Proxies that are believed when they say who their clients are.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Whether their connections must begin with a header of the PROXY protocol.
    pub(crate) proxy_protocol: bool,
    /// The private networks that upstreams may be in; unset, any but those that are forbidden everywhere.
    pub(crate) upstream_networks: Option<Vec<IpNet>>,
    /// `[security_headers]`: what every answer carries.
    pub(crate) security_headers: SecurityHeaders,
    pub(crate) limits: Limits,
    pub(crate) log: LogSettings,
    /// `DRAWBRIDGE_ROOT_KEY`; made at first start when unset.
    pub(crate) root_key: Option<Secret>,
    /// `DRAWBRIDGE_MASTER_KEY`, which encrypts upstream credentials; made at first start when unset.
    pub(crate) master_key: Option<Secret>,
    /// Where all of it was written.
    pub(crate) origin: SettingsOrigin,
}

/// `[tls]`: PEM files, relative to the working directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsSettings {
    /// The server's own certificate, then its issuers.
    pub(crate) cert: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
}

/// `[limits]`: what the whole listener admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Client connections at once.
    pub(crate) max_connections: usize,
    /// Bytes of a request's body on the data plane; an endpoint's own limit can only be lower.
    pub(crate) max_body_bytes: u64,
}

/// `[log]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
    pub(crate) level: LogLevel,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    Json,
    Text,
}

/// The least severe level that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
}

/// Every problem with the configuration, as one sentence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub(crate) struct SettingsError(Vec<String>);

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir: PathBuf::from("data"),
            public_url: None,
            admin_listen: None,
            trusted_proxies: Vec::new(),
            proxy_protocol: false,
            upstream_networks: None,
            tls: None,
            security_headers: SecurityHeaders::default(),
            limits: Limits {
                max_connections: 10_000,
                max_body_bytes: 32 << 20,
            },
            log: LogSettings {
                format: LogFormat::Auto,
                level: LogLevel::Info,
            },
            root_key: None,
            master_key: None,
            origin: SettingsOrigin::default(),
        }
    }
}

impl Settings {
    /// Reads file, environment and flags.
    ///
    /// # Errors
    /// Every name that is not a setting and every value that is not one, each with where it was written.
    pub(crate) fn load(
        flags: &Flags,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        Self::validate(RawSettings::read(flags, environment))
    }

    fn validate(mut raw: RawSettings) -> Result<Self, SettingsError> {
        let default = Self::default();
        let connections = |text: &str| parse_number(text, 1..=1_000_000);
        let bytes = |text: &str| parse_number(text, 1..=1 << 30);
        let format = |text: &str| parse_choice(text, LOG_FORMATS);
        let level = |text: &str| parse_choice(text, LOG_LEVELS);
        let is_on = |text: &str| parse_choice(text, &[("true", true), ("false", false)]);
        let settings = Self {
            listen: raw.parse("listen", parse_address).unwrap_or(default.listen),
            data_dir: raw
                .parse("data_dir", parse_directory)
                .unwrap_or(default.data_dir),
            public_url: raw.parse("public_url", parse_public_url),
            admin_listen: raw.parse("admin.listen", parse_address),
            trusted_proxies: raw
                .parse("trusted_proxies", parse_proxies)
                .unwrap_or(default.trusted_proxies),
            proxy_protocol: raw
                .parse("proxy_protocol", is_on)
                .unwrap_or(default.proxy_protocol),
            upstream_networks: raw.parse("upstream_networks", parse_networks),
            tls: raw
                .parse_both(["tls.cert", "tls.key"], parse_file)
                .map(|(cert, key)| TlsSettings { cert, key }),
            security_headers: parse_security_headers(&mut raw).unwrap_or(default.security_headers),
            limits: Limits {
                max_connections: raw
                    .parse("limits.max_connections", connections)
                    .unwrap_or(default.limits.max_connections),
                max_body_bytes: raw
                    .parse("limits.max_body_bytes", bytes)
                    .unwrap_or(default.limits.max_body_bytes),
            },
            log: LogSettings {
                format: raw
                    .parse("log.format", format)
                    .unwrap_or(default.log.format),
                level: raw.parse("log.level", level).unwrap_or(default.log.level),
            },
            root_key: raw.secret("DRAWBRIDGE_ROOT_KEY", check_secret),
            master_key: raw.secret("DRAWBRIDGE_MASTER_KEY", check_secret),
            origin: std::mem::take(&mut raw.origin),
        };
        let is_same = |admin: SocketAddr| admin.port() != 0 && admin == settings.listen;
        if settings.admin_listen.is_some_and(is_same) {
            let address = settings.listen;
            raw.problems.push(format!(
                "`listen` and `admin.listen` are both {address}: give management another port, or leave `admin.listen` out"
            ));
        }
        if settings.proxy_protocol && settings.trusted_proxies.is_empty() {
            raw.problems.push(
                "`proxy_protocol` is nothing without `trusted_proxies`: list the addresses of the proxies that speak it"
                    .to_owned(),
            );
        }
        match raw.problems {
            problems if problems.is_empty() => Ok(settings),
            problems => Err(SettingsError(problems)),
        }
    }
}

fn parse_security_headers(raw: &mut RawSettings) -> Option<SecurityHeaders> {
    let profile = |text: &str| parse_choice(text, PROFILES);
    raw.origin.profile = raw.parse("security_headers.profile", profile);
    let profile = raw.origin.profile.unwrap_or(Profile::Standard);
    let mut given = Vec::new();
    let parsed = raw.parse_texts("security_headers.override", |overrides| {
        given = overrides.to_vec();
        let overrides = overrides.iter().map(|(name, value)| (&**name, &**value));
        SecurityHeaders::new(profile, overrides).map_err(|errors| {
            let sentence = |(name, error)| format!("`{name}` {error}");
            errors.into_iter().map(sentence).collect()
        })
    });
    raw.origin.overrides = given;
    parsed
}

const PROFILES: &[(&str, Profile)] = &[
    ("standard", Profile::Standard),
    ("strict", Profile::Strict),
    ("off", Profile::Off),
];

const LOG_FORMATS: &[(&str, LogFormat)] = &[
    ("auto", LogFormat::Auto),
    ("json", LogFormat::Json),
    ("text", LogFormat::Text),
];

const LOG_LEVELS: &[(&str, LogLevel)] = &[
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
];

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let bracketed = text
            .rsplit_once(':')
            .map(|(host, port)| format!("[{host}]:{port}"));
        let candidates = [
            text.replacen("localhost", "127.0.0.1", 1),
            format!("0.0.0.0{text}"),
            format!("127.0.0.1:{text}"),
            format!("{text}:8080"),
            bracketed.unwrap_or_default(),
        ];
        match candidates
            .iter()
            .find(|candidate| SocketAddr::from_str(candidate).is_ok())
        {
            Some(candidate) => format!("`{text}` is not ADDRESS:PORT, write {candidate}"),
            None => format!("`{text}` is not ADDRESS:PORT such as 127.0.0.1:8080"),
        }
    })
}

/// Addresses and CIDR blocks, separated by commas; an empty text is none at all.
fn parse_networks(text: &str) -> Result<Vec<IpNet>, String> {
    let entries = text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    let networks = entries.map(parse_network).collect::<Result<_, _>>();
    networks.map_err(|fault| fault.to_string())
}

/// The same, but nobody is a proxy for everybody: with all addresses trusted, what a client claims to be would count.
fn parse_proxies(text: &str) -> Result<Vec<IpNet>, String> {
    let networks = parse_networks(text)?;
    match networks.iter().find(|network| network.prefix_len() == 0) {
        Some(all) => Err(format!(
            "`{all}` is every address, so that any client could claim any: list those of the proxies"
        )),
        None => Ok(networks),
    }
}

fn parse_directory(text: &str) -> Result<PathBuf, String> {
    match text {
        "" => Err("is empty, name a directory".to_owned()),
        text => Ok(PathBuf::from(text)),
    }
}

fn parse_file(text: &str) -> Result<PathBuf, String> {
    match text {
        "" => Err("is empty, name a file".to_owned()),
        text => Ok(PathBuf::from(text)),
    }
}

/// Reads the origin under which browsers reach a gateway; the error says what to write instead.
pub(crate) fn parse_public_url(text: &str) -> Result<String, String> {
    let is_web = |text: &str| {
        let origin = Origin::parse(text.as_bytes());
        origin.is_some_and(|origin| matches!(origin.scheme(), b"http" | b"https"))
    };
    if is_web(text) {
        return Ok(text.to_owned());
    }
    let lower = text.trim_end_matches('/').to_ascii_lowercase();
    let candidates = [lower.clone(), format!("https://{lower}")];
    match candidates.iter().find(|candidate| is_web(candidate)) {
        Some(candidate) => Err(format!("`{text}` is not an origin, write {candidate}")),
        None => Err(format!(
            "`{text}` is not an origin such as https://ai.example.com"
        )),
    }
}

fn parse_number<T>(text: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + fmt::Display,
{
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        format!("`{text}` is not a whole number from {least} to {most}")
    })
}

fn parse_choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| *name == text);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        format!("`{text}` is none of {}", names.join(", "))
    })
}

/// Whether a text can be a secret of ours: it must survive a header line, and not be guessed.
fn check_secret(secret: &str) -> Result<(), String> {
    let length = secret.chars().count();
    if length < LEAST_SECRET_LENGTH {
        return Err(format!(
            "has {length} characters, {LEAST_SECRET_LENGTH} or more are needed"
        ));
    }
    if secret.trim() != secret || secret.chars().any(char::is_control) {
        return Err("begins or ends with a space, or holds a control character".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
