//! Verdicts on cross-origin requests.
//!
//! [`CorsPolicy`] is the compiled form of an endpoint's `cors` object. It judges preflights and actual requests by the
//! rules of Fetch ("CORS protocol") and says which headers the answer carries; the gateway writes them down. Lists are
//! compiled to header values, so that judging allocates nothing unless a list depends on what was asked. It must never
//! name an origin, a method or a header that it was not asked for and does not list.

mod headers;
mod methods;
mod request;

use bytes::Bytes;

use crate::origin::Origin;
use crate::origin_set::OriginSet;

pub(crate) use headers::{HeaderRules, requested_names};
pub(crate) use methods::MethodRules;

pub use crate::cors_config::{CorsConfig, Enforcement};
pub use request::{
    ActualVerdict, AllowOrigin, Expose, Granted, KeyGrant, OriginHeader, Preflight,
    PreflightAnswer, Refusal,
};

/// Where a method or a header name stands in a policy, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Listed by name, by prefix or by `*`.
    Listed,
    /// It could be listed, and is not.
    Unlisted,
    /// No list can hold it: not a token, forbidden to scripts, or `*`, which would be read as a wildcard.
    Impossible,
}

/// Where an origin stands in a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admission {
    Listed,
    /// Listed by a key, with a pattern that never combines with credentials.
    ListedWithoutCredentials,
    /// Report mode: answered as if it were listed, but never with credentials.
    AsIfListed,
    Refused,
}

/// What was decided about a preflight.
#[derive(Clone, Copy, Debug)]
pub struct PreflightVerdict {
    admission: Admission,
    method: Standing,
    grant: KeyGrant,
    /// Why the policy does not admit the actual request.
    pub refusal: Option<Refusal>,
    /// What would have been refused, were the policy not in report mode.
    pub reported: Option<Refusal>,
}

/// The compiled, immutable form of an endpoint's `cors` object.
#[derive(Clone, Debug)]
pub struct CorsPolicy {
    origins: OriginSet,
    methods: MethodRules,
    headers: HeaderRules,
    max_age: Bytes,
    credentials: bool,
    expose: Expose,
    enforcement: Enforcement,
}

impl CorsPolicy {
    /// Compiles an object in which no problem was found, for `origins`, which may come from elsewhere.
    pub fn new(config: &CorsConfig, origins: OriginSet) -> Self {
        let lists_all = config.enforcement == Enforcement::Report;
        let methods = MethodRules::new(&config.allowed_methods, lists_all);
        let headers = HeaderRules::new(&config.allowed_headers, lists_all);
        Self {
            max_age: ready_to_send(config.max_age.to_string()),
            credentials: config.allow_credentials,
            expose: exposed(&config.exposed_headers, config.allow_credentials),
            enforcement: config.enforcement,
            origins,
            methods,
            headers,
        }
    }

    /// Judges a preflight.
    ///
    /// An answer that refuses is readable for an admitted origin, so that the browser's own message names the method or
    /// header at fault; it has no `Max-Age`. An origin that is not admitted is told nothing.
    pub fn preflight<'r, L>(&self, request: &Preflight<'r, L>) -> PreflightAnswer
    where
        L: Iterator<Item = &'r [u8]> + Clone,
    {
        self.preflight_with(request, KeyGrant::default())
    }

    /// Judges a preflight of an endpoint about whose origins keys have a say.
    pub fn preflight_with<'r, L>(
        &self,
        request: &Preflight<'r, L>,
        grant: KeyGrant,
    ) -> PreflightAnswer
    where
        L: Iterator<Item = &'r [u8]> + Clone,
    {
        let verdict = self.judge(request, grant);
        self.answer(request, &verdict)
    }

    /// The decision alone, without the headers that tell it.
    #[inline]
    pub fn judge<'r, L>(&self, request: &Preflight<'r, L>, grant: KeyGrant) -> PreflightVerdict
    where
        L: Iterator<Item = &'r [u8]> + Clone,
    {
        let admission = self.admission(request.origin, grant);
        let method = self.methods.standing(request.method);
        let (refusal, reported) = match self.headers.judge(request.header_lines.clone()) {
            Some(headers) => self.weigh(admission, method, headers),
            None => (Some(Refusal::HeadersTooLarge), None),
        };
        PreflightVerdict {
            admission,
            method,
            grant,
            refusal,
            reported,
        }
    }

    fn answer<'r, L>(
        &self,
        request: &Preflight<'r, L>,
        verdict: &PreflightVerdict,
    ) -> PreflightAnswer
    where
        L: Iterator<Item = &'r [u8]> + Clone,
    {
        let mut answer = PreflightAnswer::nothing(vary(
            !self.answers_all_alike(verdict.grant),
            self.methods.is_dynamic(),
            self.headers.is_dynamic(),
        ));
        (answer.refusal, answer.reported) = (verdict.refusal, verdict.reported);
        if verdict.admission != Admission::Refused {
            answer.allow_origin = self.allow_origin(verdict.admission, verdict.grant);
        }
        if verdict.refusal == Some(Refusal::HeadersTooLarge) {
            answer.status = 431;
            return answer;
        }
        if verdict.admission == Admission::Refused {
            return answer;
        }
        answer.allow_credentials = self.credentials && verdict.admission == Admission::Listed;
        answer.allow_methods = self.methods.answer(request.method, verdict.method);
        answer.allow_headers = self.headers.answer(request.header_lines.clone());
        if verdict.refusal.is_none() {
            answer.max_age = Some(self.max_age.clone());
            answer.expose_headers = match &self.expose {
                Expose::Fixed(names) => Some(names.clone()),
                Expose::None | Expose::ResponseNames => None,
            };
        }
        answer
    }

    /// Judges any other request.
    ///
    /// `is_same_origin` says that the request's one `Origin` is the gateway's own: then the policy is not asked.
    pub fn actual(
        &self,
        origin: OriginHeader<'_>,
        method: &[u8],
        is_same_origin: bool,
    ) -> ActualVerdict<'_> {
        self.actual_with(origin, method, is_same_origin, KeyGrant::default())
    }

    /// Judges any other request to an endpoint about whose origins keys have a say, whichever key comes with it.
    pub fn actual_with(
        &self,
        origin: OriginHeader<'_>,
        method: &[u8],
        is_same_origin: bool,
        grant: KeyGrant,
    ) -> ActualVerdict<'_> {
        let admission = match origin {
            // CORS does not apply to curl and servers; they answer to keys, not to origins.
            OriginHeader::Absent => return self.unjudged(false, grant),
            OriginHeader::One(_) if is_same_origin => return self.unjudged(true, grant),
            OriginHeader::One(origin) => self.admission(origin, grant),
            OriginHeader::Unusable => Admission::Refused,
        };
        let method = self.methods.standing(method);
        let (refusal, reported) = self.weigh(admission, method, Standing::Listed);
        // Fetch has no means to refuse GET, HEAD or POST by method: only an unreadable answer does.
        let is_browsers_task = self.enforcement == Enforcement::Browser;
        let is_readable = match admission {
            Admission::Listed | Admission::ListedWithoutCredentials => {
                refusal.is_none() || !is_browsers_task
            }
            Admission::AsIfListed => true,
            Admission::Refused => false,
        };
        let mut verdict = self.unjudged(false, grant);
        if is_readable {
            verdict.allow_origin = self.allow_origin(admission, grant);
            verdict.allow_credentials = self.credentials && admission == Admission::Listed;
            verdict.expose = &self.expose;
        }
        if is_browsers_task {
            verdict.withheld = refusal;
        } else {
            verdict.refusal = refusal;
        }
        verdict.reported = reported;
        verdict
    }

    /// Whether requests of this origin are welcome at all, whatever their method.
    pub fn admits(&self, origin: OriginHeader<'_>, is_same_origin: bool, grant: KeyGrant) -> bool {
        match origin {
            OriginHeader::Absent => true,
            OriginHeader::One(_) if is_same_origin => true,
            OriginHeader::One(origin) => self.admission(origin, grant) != Admission::Refused,
            OriginHeader::Unusable => false,
        }
    }

    /// What an answer carries where the policy has no say, and at least.
    fn unjudged(&self, same_origin: bool, grant: KeyGrant) -> ActualVerdict<'_> {
        let is_any = self.answers_all_alike(grant);
        ActualVerdict {
            allow_origin: if is_any {
                AllowOrigin::Any
            } else {
                AllowOrigin::Withheld
            },
            allow_credentials: false,
            expose: if is_any { &self.expose } else { &Expose::None },
            vary_origin: !is_any,
            refusal: None,
            withheld: None,
            reported: None,
            same_origin,
        }
    }

    /// What is refused, and what would have been in another mode: the first of origin, method and header.
    fn weigh(
        &self,
        admission: Admission,
        method: Standing,
        header: Standing,
    ) -> (Option<Refusal>, Option<Refusal>) {
        let first = |origin_fails: bool, bar: Standing| {
            if origin_fails {
                Some(Refusal::OriginNotAllowed)
            } else if method > bar {
                Some(Refusal::MethodNotAllowed)
            } else if header > bar {
                Some(Refusal::HeaderNotAllowed)
            } else {
                None
            }
        };
        let is_listed = matches!(
            admission,
            Admission::Listed | Admission::ListedWithoutCredentials
        );
        let strict = first(!is_listed, Standing::Listed);
        if self.enforcement != Enforcement::Report {
            return (strict, None);
        }
        let enforced = first(admission == Admission::Refused, Standing::Unlisted);
        (enforced, strict.filter(|_| enforced != strict))
    }

    /// The value of `Allow` on a 405.
    pub fn allow(&self) -> &Bytes {
        self.methods.allow()
    }

    /// Who enforces the policy.
    pub fn enforcement(&self) -> Enforcement {
        self.enforcement
    }

    /// Whether the policy lists any origin; one that lists none leaves the decision to keys.
    pub fn lists_origins(&self) -> bool {
        !self.origins.is_empty()
    }

    /// The headers that a preflight asks for and that the policy refuses, as they were sent: where no list can hold some
    /// of them, these; nothing where all are listed, or too many were asked for.
    pub fn headers_at_fault<'r, L>(&self, request: &Preflight<'r, L>) -> Vec<&'r [u8]>
    where
        L: Iterator<Item = &'r [u8]> + Clone,
    {
        let mut names = requested_names(request.header_lines.clone()).unwrap_or_default();
        let standings = names.iter().map(|name| self.headers.standing(name));
        let worst = standings.max().unwrap_or(Standing::Listed);
        names.retain(|name| worst > Standing::Listed && self.headers.standing(name) == worst);
        names
    }

    /// Whether the policy lists this origin.
    pub fn allows_origin(&self, origin: &[u8]) -> bool {
        self.origins.admits(origin)
    }

    /// The origins that the policy lists.
    pub(crate) fn origins(&self) -> &OriginSet {
        &self.origins
    }

    /// The methods that it lists.
    pub(crate) fn methods(&self) -> &MethodRules {
        &self.methods
    }

    /// The request headers that it lists.
    pub(crate) fn headers(&self) -> &HeaderRules {
        &self.headers
    }

    /// What pages may read.
    pub(crate) fn exposed(&self) -> &Expose {
        &self.expose
    }

    /// `Access-Control-Max-Age`.
    pub(crate) fn max_age(&self) -> &Bytes {
        &self.max_age
    }

    /// Whether origins that are listed get credentials.
    pub(crate) fn allows_credentials(&self) -> bool {
        self.credentials
    }

    #[inline]
    fn admission(&self, origin: &[u8], grant: KeyGrant) -> Admission {
        if self.origins.admits(origin) {
            return Admission::Listed;
        }
        match self.heeded(grant).origin {
            Granted::Listed => Admission::Listed,
            Granted::WithoutCredentials => Admission::ListedWithoutCredentials,
            Granted::Nothing => {
                let is_reported = self.enforcement == Enforcement::Report;
                if is_reported && Origin::parse(origin).is_some() {
                    Admission::AsIfListed
                } else {
                    Admission::Refused
                }
            }
        }
    }

    /// Keys have no say where the policy lists origins itself.
    #[inline]
    fn heeded(&self, grant: KeyGrant) -> KeyGrant {
        if self.lists_origins() {
            KeyGrant::default()
        } else {
            grant
        }
    }

    /// Whether `*` without credentials is the answer to everybody, so that caches may give one answer to all.
    #[inline]
    pub(crate) fn answers_all_alike(&self, grant: KeyGrant) -> bool {
        (self.origins.admits_any() || self.heeded(grant).any) && !self.credentials
    }

    /// Whether an origin of which keys say this is told `*`.
    pub(crate) fn answers_any(&self, grant: KeyGrant) -> bool {
        let is_plain = grant.origin == Granted::WithoutCredentials;
        self.answers_all_alike(grant) || (is_plain && self.heeded(grant).any)
    }

    /// What an admitted origin is told; `*` never stands beside credentials (Fetch, CORS check, step 4).
    #[inline]
    fn allow_origin(&self, admission: Admission, grant: KeyGrant) -> AllowOrigin {
        let is_admitted_by_any = match admission {
            Admission::ListedWithoutCredentials => self.answers_any(grant),
            _ => self.answers_all_alike(grant),
        };
        if is_admitted_by_any {
            AllowOrigin::Any
        } else {
            AllowOrigin::Echo
        }
    }
}

/// What a page may read: Fetch takes `*` for a wildcard only where the request was made without credentials.
pub(crate) fn exposed(names: &[String], credentials: bool) -> Expose {
    let is_any = names.iter().any(|name| name == "*");
    match (is_any, credentials) {
        (true, true) => Expose::ResponseNames,
        (true, false) => Expose::Fixed(Bytes::from_static(b"*")),
        (false, _) if names.is_empty() => Expose::None,
        (false, _) => Expose::Fixed(ready_to_send(join(distinct(names)))),
    }
}

fn distinct(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().enumerate().filter_map(|(index, name)| {
        let mut before = names.iter().take(index);
        let is_new = !before.any(|other| other.eq_ignore_ascii_case(name));
        is_new.then_some(name.as_str())
    })
}

/// `Vary` of every answer to a preflight under one policy (RFC 9110 section 12.5.5).
fn vary(by_origin: bool, by_method: bool, by_headers: bool) -> Option<Bytes> {
    let names = match (by_origin, by_method, by_headers) {
        (false, false, false) => return None,
        (true, false, false) => "Origin",
        (false, true, false) => "Access-Control-Request-Method",
        (false, false, true) => "Access-Control-Request-Headers",
        (true, true, false) => "Origin, Access-Control-Request-Method",
        (true, false, true) => "Origin, Access-Control-Request-Headers",
        (false, true, true) => "Access-Control-Request-Method, Access-Control-Request-Headers",
        (true, true, true) => {
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        }
    };
    Some(Bytes::from_static(names.as_bytes()))
}

/// The names in a value that was joined.
pub(crate) fn names_in(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn join<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// A header value of which clones are cheap from the first: `Bytes` allocates its counter when it is first cloned.
fn ready_to_send(value: String) -> Bytes {
    let value = Bytes::from(value);
    drop(value.clone());
    value
}
