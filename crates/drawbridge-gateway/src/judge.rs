//! What is decided about a request before its body is looked at.
//!
//! One synchronous function over one snapshot: route, preflight, key, admission, in the order of refusals that design
//! section 10 lists. Nothing here may wait, and nothing is forwarded without the proof that [`admit`] gives.

use std::net::IpAddr;
use std::sync::Arc;

use drawbridge_policy::cors::{ActualVerdict, OriginHeader, Preflight, PreflightAnswer, Refusal};
use drawbridge_policy::denial::Denial;
use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::key::{Caller, SecretKeysInBrowsers};
use drawbridge_policy::key_origins::KeysAt;
use drawbridge_policy::refusals::{Kind, SeenOrigin};
use drawbridge_policy::snapshot::Snapshot;
use drawbridge_policy::token;
use http::header::{self, HeaderName};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Response, Uri};
use jiff::Timestamp;

use crate::admit::{Admitted, Facts, Use, admit};
use crate::body::Content;
use crate::core::Core;
use crate::headers::{RequestedHeaders, values};
use crate::limit::failed_key;
use crate::malformed;
use crate::respond::{self, Dress};
use crate::route::{Route, route};
use crate::shared::{self, Undecided};
use crate::trail::{CorsNote, Phase, Trail, Verdict};

/// What a judged request goes on to.
pub(crate) enum Step {
    /// To the upstream, with this target.
    Forward(Admitted, Uri),
    /// To the endpoint that its body names.
    Choose(Undecided),
    /// Nowhere: the gateway itself answers the key.
    Tell(Result<Response<Content>, Denial>),
    /// To the control runtime.
    Manage,
    /// Nowhere: this is the answer.
    Answer(Response<Content>),
}

/// Judges a request by its head.
pub(crate) fn judge(
    core: &Core,
    snapshot: &Snapshot,
    head: &Parts,
    trail: &mut Trail,
) -> Result<Step, Denial> {
    malformed::check_path(head.uri.path())?;
    let is_sound = malformed::check(head);
    let (endpoint, path) = match route(snapshot, head.uri.path(), trail.exchange.serves()) {
        Route::Endpoint(endpoint, path) => (endpoint, Some(path)),
        Route::BesideEndpoint(endpoint) => (endpoint, None),
        Route::Shared(path) => return shared::judge(core, snapshot, head, path, is_sound, trail),
        elsewhere => return is_sound.and_then(|()| judge_elsewhere(core, head, &elsewhere)),
    };
    let origin = origin(head);
    let now = Timestamp::now();
    let keys = snapshot.keys_at(now);
    if is_sound.is_ok()
        && let Some(step) = preflight(head, origin, trail, |asked| {
            let grant = keys.grant(endpoint, origin);
            let answer = endpoint.cors.preflight_with(asked, grant);
            let names = names_at_fault(asked, &answer, |asked| {
                endpoint.cors.headers_at_fault(asked)
            });
            (answer, names)
        })
    {
        trail.endpoint = Some(Arc::clone(endpoint));
        return Ok(step);
    }
    let crossing = Crossing::meet(core, endpoint, head, keys, trail);
    // From here on the page can read what is wrong.
    is_sound?;
    let path = path.ok_or(Denial::RouteNotFound)?;
    let caller = authenticate(snapshot, head, now, trail)?;
    note_exposure(core, snapshot, &caller, origin, trail);
    let (admitted, target) = crossing.admit(head, path, &caller, trail)?;
    Ok(Step::Forward(admitted, target))
}

/// What happens to requests outside every endpoint.
fn judge_elsewhere(core: &Core, head: &Parts, route: &Route<'_, '_>) -> Result<Step, Denial> {
    match route {
        Route::Management => Ok(Step::Manage),
        Route::Errors => match head.method {
            Method::GET | Method::HEAD => {
                let page = core.shared.parts.error_page.clone();
                Ok(Step::Answer(respond::error_page(page)))
            }
            _ => Err(Denial::MethodNotAllowed),
        },
        Route::Alive => health(head, true),
        Route::Ready => health(head, !core.is_draining()),
        Route::UnknownEndpoint => Err(Denial::EndpointNotFound),
        Route::Endpoint(..) | Route::BesideEndpoint(_) | Route::Shared(_) | Route::Nothing => {
            Err(Denial::RouteNotFound)
        }
    }
}

fn health(head: &Parts, is_well: bool) -> Result<Step, Denial> {
    match head.method {
        Method::GET | Method::HEAD => Ok(Step::Answer(respond::health(is_well))),
        _ => Err(Denial::MethodNotAllowed),
    }
}

/// The answer, if the request is a preflight.
pub(crate) fn preflight<'r>(
    head: &'r Parts,
    origin: OriginHeader<'r>,
    trail: &mut Trail,
    judge: impl FnOnce(&Preflight<'r, RequestedHeaders<'r>>) -> (PreflightAnswer, Vec<&'r [u8]>),
) -> Option<Step> {
    let request = Preflight::recognize(
        head.method.as_str().as_bytes(),
        origin,
        values(&head.headers, &header::ACCESS_CONTROL_REQUEST_METHOD),
        RequestedHeaders::new(&head.headers),
    )?;
    let (answer, names) = judge(&request);
    let decided = (answer.refusal, answer.reported);
    note(trail, Phase::Preflight, decided, Some(origin), &names);
    let origin = head.headers.get(header::ORIGIN);
    Some(Step::Answer(respond::preflight(&answer, origin)))
}

/// The method or the headers that a preflight's refusal is about.
pub(crate) fn names_at_fault<'r>(
    asked: &Preflight<'r, RequestedHeaders<'r>>,
    answer: &PreflightAnswer,
    headers: impl FnOnce(&Preflight<'r, RequestedHeaders<'r>>) -> Vec<&'r [u8]>,
) -> Vec<&'r [u8]> {
    match answer.refusal.or(answer.reported) {
        Some(Refusal::MethodNotAllowed) => vec![asked.method],
        Some(Refusal::HeaderNotAllowed) => headers(asked),
        _ => Vec::new(),
    }
}

pub(crate) fn origin(head: &Parts) -> OriginHeader<'_> {
    OriginHeader::from_lines(values(&head.headers, &header::ORIGIN))
}

/// Whether the request comes from the gateway's own pages.
pub(crate) fn is_own(core: &Core, origin: OriginHeader<'_>) -> bool {
    matches!(origin, OriginHeader::One(origin) if core.shared.parts.own_origins.contains(origin))
}

/// How a request uses its key.
pub(crate) fn usage<'r>(head: &'r Parts, path: &'r str, client: IpAddr) -> Use<'r> {
    Use {
        method: &head.method,
        path,
        client,
        has_origin: head.headers.contains_key(header::ORIGIN),
    }
}

/// An actual request and the endpoint that it is for.
pub(crate) struct Crossing<'e> {
    endpoint: &'e Arc<Endpoint>,
    verdict: ActualVerdict<'e>,
    origin: OriginHeader<'e>,
    is_cross_origin: bool,
    client: IpAddr,
}

impl<'e> Crossing<'e> {
    /// Has the endpoint's policy, or the keys that it leaves its origins to, judge the request; every answer wears what
    /// they say from here on.
    pub(crate) fn meet(
        core: &Core,
        endpoint: &'e Arc<Endpoint>,
        head: &'e Parts,
        keys: KeysAt<'_>,
        trail: &mut Trail,
    ) -> Self {
        let origin = origin(head);
        let is_own = is_own(core, origin);
        let is_cross_origin = !is_own && !matches!(origin, OriginHeader::Absent);
        let method = head.method.as_str().as_bytes();
        let grant = keys.grant(endpoint, origin);
        let verdict = endpoint.cors.actual_with(origin, method, is_own, grant);
        trail.endpoint = Some(Arc::clone(endpoint));
        let decided = (verdict.refusal.or(verdict.withheld), verdict.reported);
        let is_about_method = decided.0.or(decided.1) == Some(Refusal::MethodNotAllowed);
        let names: &[&[u8]] = if is_about_method { &[method] } else { &[] };
        let judged = is_cross_origin.then_some(origin);
        note(trail, Phase::Actual, decided, judged, names);
        trail.dress = Dress::of_actual(&verdict, head.headers.get(header::ORIGIN));
        Self {
            endpoint,
            verdict,
            origin,
            is_cross_origin,
            client: trail.exchange.client_ip(),
        }
    }

    /// The proof that the caller may send this to the endpoint, and the target at its upstream.
    pub(crate) fn admit(
        &self,
        head: &Parts,
        path: &str,
        caller: &Caller,
        trail: &mut Trail,
    ) -> Result<(Admitted, Uri), Denial> {
        let facts = Facts {
            endpoint: self.endpoint,
            usage: usage(head, path, self.client),
            verdict: &self.verdict,
            origin: self.origin,
            is_cross_origin: self.is_cross_origin,
            exposure: trail.exposure,
        };
        let admitted = admit(&facts, caller).inspect_err(|denial| {
            if *denial == Denial::KeyOriginNotAllowed {
                let decided = (Some(Refusal::KeyOriginNotAllowed), None);
                let key = [caller.id().as_bytes()];
                note(trail, Phase::Actual, decided, Some(self.origin), &key);
            }
        })?;
        let base = self.endpoint.upstream.base_path();
        Ok((admitted, upstream_target(base, path, head.uri.query())?))
    }
}

/// Notes what was decided, for log, metrics and the list of refusals. `origin` is set where CORS applied.
fn note(
    trail: &mut Trail,
    phase: Phase,
    (refusal, reported): (Option<Refusal>, Option<Refusal>),
    origin: Option<OriginHeader<'_>>,
    names: &[&[u8]],
) {
    let verdict = match (refusal, reported, origin) {
        (Some(_), ..) => Verdict::Refused,
        (None, Some(_), _) => Verdict::Reported,
        (None, None, Some(_)) => Verdict::Allowed,
        (None, None, None) => return,
    };
    let reason = refusal.or(reported);
    trail.cors = Some(CorsNote {
        phase,
        verdict,
        reason,
    });
    trail.refused = reason.map(|reason| {
        Box::new(Kind {
            origin: SeenOrigin::of(origin.unwrap_or(OriginHeader::Unusable)),
            reason,
            is_reported: refusal.is_none(),
            name: match reason {
                Refusal::HeaderNotAllowed => Kind::held_headers(names),
                _ => names.first().and_then(|name| Kind::held_name(name)),
            },
        })
    });
}

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

pub(crate) fn authenticate(
    snapshot: &Snapshot,
    head: &Parts,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Caller, Denial> {
    let headers: &HeaderMap = &head.headers;
    let api_keys = values(headers, &X_API_KEY).chain(values(headers, &X_GOOG_API_KEY));
    let token = token::presented(values(headers, &header::AUTHORIZATION), api_keys)?;
    let caller = snapshot
        .authenticate(token, now)
        .map_err(|denial| failed_key(denial, trail))?;
    if let Caller::Key(key) = &caller {
        trail.quota.rate = snapshot.rate_limit(key);
    }
    trail.caller = Some(caller.clone());
    Ok(caller)
}

/// Notes where a page of another origin sends a secret key that is not meant for pages (design section 5).
pub(crate) fn note_exposure(
    core: &Core,
    snapshot: &Snapshot,
    caller: &Caller,
    origin: OriginHeader<'_>,
    trail: &mut Trail,
) {
    // What is no one Origin does not come from a browser.
    if let (Caller::Key(key), OriginHeader::One(_)) = (caller, origin)
        && key.is_published_by_pages()
        && !is_own(core, origin)
    {
        let project = snapshot.project(&key.project_id);
        trail.exposure = Some(
            project.map_or_else(SecretKeysInBrowsers::default, |project| {
                project.secret_keys_in_browsers
            }),
        );
    }
}

/// The target at the upstream: its base path stands for the endpoint's `/v1`.
fn upstream_target(base: &str, path: &str, query: Option<&str>) -> Result<Uri, Denial> {
    let mut target =
        String::with_capacity(base.len() + path.len() + query.map_or(0, |query| query.len() + 1));
    target.push_str(base);
    target.push_str(path);
    if let Some(query) = query {
        target.push('?');
        target.push_str(query);
    }
    let target = PathAndQuery::try_from(target).map_err(|_| Denial::MalformedRequest)?;
    Ok(Uri::from(target))
}
