//! What in the configuration, or in the call itself, stands in a call's way.

use std::fmt;

use crate::cors::{Enforcement, Granted, OriginHeader, Standing, requested_names};
use crate::explain::Browser;
use crate::explain::code::Code;
use crate::explain::judge::Question;
use crate::origin::Origin;
use crate::quote::quote;

/// One thing that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The page is https, and the gateway's own URL, this origin, is not.
    PlainGateway(String),
    /// The page, of this origin, is not secure, and the gateway is in a more private network.
    InsecurePage(String),
    /// No browser sends this as an `Origin`.
    NotAnOrigin(String),
    /// The page has no origin of its own: a sandboxed frame, a local file, a redirect.
    NullOrigin,
    /// Neither the endpoint nor, where it lists none, any of its keys lists the origin.
    Origin(String),
    /// The key does not list the origin.
    KeyOrigin(String),
    /// No list can hold the method.
    ImpossibleMethod(String),
    /// The method is not listed.
    Method(String),
    /// No list can hold the header.
    ImpossibleHeader(String),
    /// The header is not listed.
    Header(String),
    /// The page asks for more headers than are looked at.
    TooManyHeaders,
    /// The page includes credentials, and the endpoint allows none.
    Credentials,
    /// The same, because only origins that are listed by themselves get them: not those that report mode lets through, nor
    /// those that a key admits by a pattern which is too wide for credentials.
    CredentialsOfUnlisted(String),
    /// The browser does not send such a request at all.
    NotSent,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlainGateway(url) => write!(
                formatter,
                "the page is https and the gateway's URL {} is not, which browsers block as mixed content: serve TLS \
                 (`--tls-cert`, `--tls-key`), or put a TLS proxy in front and set `--public-url https://…`",
                quote(url)
            ),
            Self::InsecurePage(origin) => write!(
                formatter,
                "a page of {} is not secure, and Chromium lets no such page call a more private network: serve it over https",
                quote(origin)
            ),
            Self::NotAnOrigin(origin) => write!(
                formatter,
                "no browser sends {} as an Origin: it is scheme, host and port, in lower case, without path",
                quote(origin)
            ),
            Self::NullOrigin => formatter.write_str(
                "the page's origin is `null`, as in a sandboxed frame or a local file, which only `*` covers; serve the \
                 page over HTTP",
            ),
            Self::Origin(origin) => {
                write!(formatter, "`allowedOrigins` does not cover {}", quote(origin))
            }
            Self::KeyOrigin(origin) => {
                write!(formatter, "the key's `allowed_origins` does not cover {}", quote(origin))
            }
            Self::ImpossibleMethod(method) => {
                write!(formatter, "no page can send the method {}", quote(method))
            }
            Self::Method(method) => {
                write!(formatter, "`allowedMethods` does not list {}", quote(method))
            }
            Self::ImpossibleHeader(name) => {
                write!(formatter, "{} cannot be listed in `allowedHeaders`", quote(name))
            }
            Self::Header(name) => {
                write!(formatter, "`allowedHeaders` does not cover {}", quote(name))
            }
            Self::TooManyHeaders => formatter
                .write_str("the page sets more than 64 headers, or their names take more than 4 KiB"),
            Self::Credentials => formatter.write_str(
                "the page includes credentials (cookies), and `allowCredentials` is off; an Authorization header does \
                 not need them",
            ),
            Self::CredentialsOfUnlisted(origin) => write!(
                formatter,
                "the page includes credentials, and only origins that are listed by themselves get them: {} is not",
                quote(origin)
            ),
            Self::NotSent => formatter.write_str("browsers do not send such a request"),
        }
    }
}

impl Cause {
    /// Everything that stands in the way; `asked` are the headers that some browser asks for.
    pub(super) fn find(question: &Question<'_>, asked: &[String]) -> Vec<Self> {
        let request = question.request;
        let policy = question.policy;
        let mut causes = Self::before_sending(question);
        let is_lenient = policy.enforcement() == Enforcement::Report;
        if !question.is_same_origin {
            causes.extend(Self::of_origin(question));
        }
        if request.includes_credentials && !policy.allows_credentials() {
            causes.push(Self::Credentials);
        }
        let method = request.sent_method();
        // Where only browsers enforce, `*` is on every answer, and no browser needs leave for these methods.
        let is_nobodys_task = policy.enforcement() == Enforcement::Browser
            && policy.answers_all_alike(question.grant)
            && matches!(method, "GET" | "HEAD" | "POST");
        match policy.methods().standing(method.as_bytes()) {
            Standing::Unlisted if !is_lenient && !is_nobodys_task => {
                causes.push(Self::Method(method.to_owned()))
            }
            Standing::Impossible => causes.push(Self::ImpossibleMethod(method.to_owned())),
            Standing::Listed | Standing::Unlisted => {}
        }
        let line = asked.join(",");
        if requested_names(std::iter::once(line.as_bytes())).is_none() {
            causes.push(Self::TooManyHeaders);
        }
        for name in asked {
            match policy.headers().standing(name.as_bytes()) {
                Standing::Unlisted if !is_lenient => causes.push(Self::Header(name.clone())),
                Standing::Impossible => causes.push(Self::ImpossibleHeader(name.clone())),
                Standing::Listed | Standing::Unlisted => {}
            }
        }
        if causes.is_empty() {
            causes.push(Self::NotSent);
        }
        causes
    }

    /// What stops the call before anything is sent; no policy cures it.
    fn before_sending(question: &Question<'_>) -> Vec<Self> {
        let request = question.request;
        match question.stop(Browser::Chromium) {
            Some(Code::MixedContent) => {
                vec![Self::PlainGateway(
                    request.url.origin().ascii_serialization(),
                )]
            }
            Some(_) => vec![Self::InsecurePage(request.origin.clone())],
            None => Vec::new(),
        }
    }

    /// What the origin itself lacks.
    fn of_origin(question: &Question<'_>) -> Vec<Self> {
        let (policy, request) = (question.policy, question.request);
        let origin = request.origin.clone();
        let header = OriginHeader::One(origin.as_bytes());
        let is_admitted = policy.admits(header, false, question.grant);
        let is_refused_by_key = question.is_refused_by_key();
        if (!is_admitted || is_refused_by_key) && Origin::parse(origin.as_bytes()).is_none() {
            return vec![match origin.as_str() {
                "null" => Self::NullOrigin,
                _ => Self::NotAnOrigin(origin),
            }];
        }
        let is_left_to_keys = !policy.lists_origins();
        let is_left_to_this_key = is_left_to_keys && is_refused_by_key;
        let gets_credentials = policy.allows_origin(origin.as_bytes())
            || (is_left_to_keys && question.grant.origin == Granted::Listed);
        let mut causes = Vec::new();
        if !is_admitted && !is_left_to_this_key {
            causes.push(Self::Origin(origin.clone()));
        } else if request.includes_credentials && !gets_credentials && !is_left_to_this_key {
            causes.push(Self::CredentialsOfUnlisted(origin.clone()));
        }
        if is_refused_by_key {
            causes.push(Self::KeyOrigin(origin));
        }
        causes
    }
}
