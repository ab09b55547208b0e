//! What a well-formed pattern admits, and whether that may be saved where it is to be used.

use std::net::IpAddr;

use crate::origin::Origin;
use crate::pattern::OriginPattern;

const MAX_ENDPOINT_ORIGINS: usize = 10_000;
const MAX_KEY_ORIGINS: usize = 1_000;

/// Where a list of patterns is used; the same list can be fine in one place and dangerous in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternContext {
    /// An endpoint's `allowedOrigins`.
    Endpoint {
        /// Whether the same policy has `allowCredentials`.
        credentials: bool,
    },
    /// A key's `allowed_origins`.
    Key {
        /// Whether the key's mode is `live`.
        live: bool,
    },
}

impl PatternContext {
    /// An endpoint's list.
    pub fn endpoint(credentials: bool) -> Self {
        Self::Endpoint { credentials }
    }

    /// A key's list.
    pub fn key(live: bool) -> Self {
        Self::Key { live }
    }

    /// The most entries that the list can have.
    pub fn max_entries(&self) -> usize {
        match self {
            Self::Endpoint { .. } => MAX_ENDPOINT_ORIGINS,
            Self::Key { .. } => MAX_KEY_ORIGINS,
        }
    }
}

/// Something to say about one entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) detail: String,
    /// What to write instead; offered only if nothing is wrong with it in the same context.
    pub(super) instead: Option<String>,
}

impl Finding {
    pub(super) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            instead: None,
        }
    }

    fn instead(mut self, pattern: Option<OriginPattern>) -> Self {
        self.instead = pattern.map(|pattern| pattern.to_string());
        self
    }
}

/// The findings about one well-formed pattern.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) errors: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

/// Judges a pattern by what it admits.
pub(super) fn judge(pattern: &OriginPattern, context: &PatternContext) -> Judgement {
    let credentials = *context == PatternContext::Endpoint { credentials: true };
    let mut judgement = Judgement::default();
    let breadth = judge_breadth(pattern, credentials);
    let transport = judge_transport(pattern, credentials);
    for finding in breadth.into_iter().chain(transport) {
        if credentials {
            judgement.errors.push(finding);
        } else {
            judgement.warnings.push(finding);
        }
    }
    judgement.warnings.extend(judge_host(pattern, context));
    judgement
}

/// Patterns that admit pages of people whom the operator does not know.
fn judge_breadth(pattern: &OriginPattern, credentials: bool) -> Option<Finding> {
    let (combined, alone, admits) = match pattern {
        OriginPattern::Any => (
            "wildcard_with_credentials",
            "wildcard_origin",
            "`*` admits every page on the web, sandboxed documents and local files included"
                .to_owned(),
        ),
        OriginPattern::AnyExtension(scheme) => (
            "any_extension_with_credentials",
            "any_extension",
            format!(
                "`{}://*` admits every extension that any visitor has installed",
                scheme.as_str()
            ),
        ),
        OriginPattern::Subdomains { parent, .. } if is_public_suffix(pattern) => (
            "public_suffix_with_credentials",
            "public_suffix_wildcard",
            format!(
                "anyone can get a name under `{parent}`, which is a public suffix: the wildcard admits all of them"
            ),
        ),
        _ => return None,
    };
    Some(if credentials {
        let why = "with allowCredentials each of them could act with the visitor's cookies; list the origins, or turn \
                   allowCredentials off (an Authorization header set by script does not need it)";
        Finding::new(combined, format!("{admits}, and {why}"))
    } else {
        Finding::new(alone, admits)
    })
}

/// Plain http, over which anyone on the path can speak for the origin.
fn judge_transport(pattern: &OriginPattern, credentials: bool) -> Option<Finding> {
    let representative = pattern.representative()?;
    let origin = Origin::parse(representative.as_bytes())?;
    if origin.scheme() != b"http" || is_loopback(&origin) {
        return None;
    }
    let admits = format!(
        "`{pattern}` is plain http to a host that is not loopback: anyone on the network path can put a script into its \
         pages"
    );
    let finding = if credentials {
        let why = "with allowCredentials that script could act with the visitor's cookies";
        Finding::new(
            "insecure_origin_with_credentials",
            format!("{admits}, and {why}"),
        )
    } else {
        Finding::new("insecure_origin", admits)
    };
    Some(finding.instead(over_https(pattern)))
}

/// Hosts that are probably not what was meant.
fn judge_host(pattern: &OriginPattern, context: &PatternContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(representative) = pattern.representative() else {
        return findings;
    };
    let Some(origin) = Origin::parse(representative.as_bytes()) else {
        return findings;
    };
    if origin.host().ends_with(b".") {
        let detail = format!(
            "the host of `{pattern}` ends in a dot: browsers take that for another host than the one without, and send \
             it only where the address bar has it"
        );
        let finding = Finding::new("trailing_dot", detail).instead(without_trailing_dot(pattern));
        findings.push(finding);
    }
    let is_loopback = is_loopback(&origin);
    if matches!(pattern, OriginPattern::AnyPort(_)) && !is_loopback {
        let detail = format!(
            "`{pattern}` admits whatever listens on any port of a host that is not loopback; list the port"
        );
        findings.push(Finding::new("any_port", detail));
    }
    if *context == (PatternContext::Key { live: true }) && is_loopback {
        let detail = format!(
            "`{pattern}` lets anything that runs on a visitor's own machine use a live key; keep development origins \
             on test keys"
        );
        findings.push(Finding::new("loopback_on_live_key", detail));
    }
    findings
}

/// Whether everybody can register names under the wildcard's parent.
///
/// The parent can be a public suffix itself (`github.io`), or stand above suffixes by a wildcard rule (`*.kobe.jp`), so
/// that each name below it is one. An unlisted single label counts; `localhost` does not (RFC 6761 section 6.3).
fn is_public_suffix(pattern: &OriginPattern) -> bool {
    let Some(representative) = pattern.representative() else {
        return false;
    };
    let Some(origin) = Origin::parse(representative.as_bytes()) else {
        return false;
    };
    let host = origin.host();
    let host = host.strip_suffix(b".").unwrap_or(host);
    if is_loopback(&origin) {
        return false;
    }
    let below = [b"no-such-label.", host].concat();
    [host, &below]
        .into_iter()
        .any(|name| psl::suffix(name).is_some_and(|suffix| suffix.as_bytes() == name))
}

/// Whether an origin is on the visitor's own machine (Secure Contexts, "is origin potentially trustworthy").
pub(crate) fn is_loopback(origin: &Origin<'_>) -> bool {
    if !matches!(origin.scheme(), b"http" | b"https") {
        return false;
    }
    let host = str::from_utf8(origin.host()).unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn over_https(pattern: &OriginPattern) -> Option<OriginPattern> {
    let over_https = |authority: &str| {
        let authority = authority.strip_suffix(":443").unwrap_or(authority);
        OriginPattern::parse(&format!("https://{authority}"))
    };
    match pattern {
        OriginPattern::Exact(origin) => over_https(origin.strip_prefix("http://")?),
        OriginPattern::AnyPort(_) => over_https(pattern.to_string().strip_prefix("http://")?),
        OriginPattern::Subdomains { parent, .. } => over_https(&format!("*.{parent}")),
        OriginPattern::Any | OriginPattern::AnyExtension(_) => None,
    }
}

fn without_trailing_dot(pattern: &OriginPattern) -> Option<OriginPattern> {
    let text = pattern.to_string();
    let host = |text: &str| text.strip_suffix('.').map(str::to_owned);
    let shorter = match text.rsplit_once(':') {
        Some((before, port)) if before.ends_with('.') => format!("{}:{port}", host(before)?),
        _ => host(&text)?,
    };
    OriginPattern::parse(&shorter)
}
