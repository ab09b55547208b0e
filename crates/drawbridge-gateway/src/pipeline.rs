//! The life of a request.
//!
//! Judging is one synchronous function over one snapshot ([`judge`]): route, preflight, key, admission, in the order of
//! refusals that design section 10 lists. What it lets pass is forwarded; whatever comes of it is dressed in one place.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use drawbridge_policy::cors::{ActualVerdict, OriginHeader, Preflight, PreflightAnswer, Refusal};
use drawbridge_policy::denial::Denial;
use drawbridge_policy::key::Caller;
use drawbridge_policy::snapshot::Snapshot;
use drawbridge_policy::token;
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, Uri, Version};
use hyper::body::Incoming;
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::admit::{Admitted, Facts, admit};
use crate::body::{Body, Content, RequestBody, Rest, Watch};
use crate::connection::Connection;
use crate::core::Core;
use crate::headers::{self, RequestedHeaders, values};
use crate::management::ManagementCall;
use crate::patience::first_frame;
use crate::relay::Relay;
use crate::respond::{self, Dress, REQUEST_ID};
use crate::route::{Route, route};
use crate::send::{Answer, send};
use crate::trail::{CorsNote, Trail};
use crate::{malformed, model};

/// Longest time, and most bytes, for reading what is left of a refused request's body, so that the client can read the
/// refusal before it sees a closed connection.
const DRAIN: Duration = Duration::from_secs(10);
const MOST_DRAINED: u64 = 64 << 20;

/// Answers one request.
pub(crate) async fn answer(
    core: &Rc<Core>,
    connection: &Rc<Connection>,
    request: Request<Incoming>,
) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    let exchange = connection.begin_exchange(Instant::now(), head.version);
    let snapshot = core.shared.parts.live.load();
    let id = request_id(core, &head.headers);
    let mut trail = Trail::new(core, exchange, &head, id, snapshot.revision());
    let mut dress = Dress::NONE;
    let judged = judge(core, &snapshot, &head, &mut trail, &mut dress);
    drop(snapshot);

    let rest: Rest = Rc::new(RefCell::new(Some(body)));
    let outcome = match judged {
        Ok(Step::Forward(admitted, target)) => {
            head.uri = target;
            forward(core, &admitted, head, &rest, &mut trail).await
        }
        Ok(Step::Manage) => manage(core, head, &rest, &mut trail).await,
        Ok(Step::Answer(response)) => Ok(response),
        Err(denial) => Err(denial),
    };
    let mut response = outcome.unwrap_or_else(|denial| {
        drain(&rest);
        trail.code = Some(denial.code());
        let allow = trail
            .endpoint
            .as_ref()
            .map(|endpoint| endpoint.cors.allow());
        respond::denial(denial, &trail.id, allow)
    });
    // The id first: `exposedHeaders: ["*"]` may have to name it.
    response.headers_mut().insert(REQUEST_ID, trail.id.clone());
    dress.put_on(response.headers_mut());
    trail.note_head(response.status().as_u16());
    response.map(|content| Body::new(content, trail))
}

/// What a judged request goes on to.
enum Step {
    /// To the upstream, with this target.
    Forward(Admitted, Uri),
    /// To the control runtime.
    Manage,
    /// Nowhere: this is the answer.
    Answer(Response<Content>),
}

/// Everything that is decided about a request before its body is looked at.
fn judge(
    core: &Core,
    snapshot: &Snapshot,
    head: &Parts,
    trail: &mut Trail,
    dress: &mut Dress,
) -> Result<Step, Denial> {
    malformed::check_path(head.uri.path())?;
    let is_sound = malformed::check(head);
    let (endpoint, path) = match route(snapshot, head.uri.path()) {
        Route::Endpoint(endpoint, path) => (endpoint, Some(path)),
        Route::BesideEndpoint(endpoint) => (endpoint, None),
        elsewhere => return is_sound.and_then(|()| judge_elsewhere(core, head, &elsewhere)),
    };
    trail.endpoint = Some(endpoint.clone());
    let origin = OriginHeader::from_lines(values(&head.headers, &header::ORIGIN));
    let preflight = is_sound
        .ok()
        .and_then(|()| preflight(endpoint, origin, head));
    if let Some(answer) = preflight {
        trail.cors = note_preflight(&answer);
        let origin = head.headers.get(header::ORIGIN);
        return Ok(Step::Answer(respond::preflight(&answer, origin)));
    }
    let is_own = matches!(origin, OriginHeader::One(origin) if core.shared.parts.own_origins.contains(origin));
    let is_cross_origin = !is_own && !matches!(origin, OriginHeader::Absent);
    let verdict = endpoint
        .cors
        .actual(origin, head.method.as_str().as_bytes(), is_own);
    trail.cors = note_actual(&verdict, is_cross_origin);
    *dress = Dress::of_actual(&verdict, head.headers.get(header::ORIGIN));

    // From here on the page can read what is wrong.
    is_sound?;
    let path = path.ok_or(Denial::RouteNotFound)?;
    let caller = authenticate(snapshot, &head.headers)?;
    trail.caller = Some(caller.clone());
    let facts = Facts {
        endpoint,
        method: &head.method,
        path,
        verdict: &verdict,
        is_cross_origin,
    };
    let admitted = admit(&facts, &caller)?;
    let target = upstream_target(endpoint.upstream.base_path(), path, head.uri.query())?;
    Ok(Step::Forward(admitted, target))
}

/// What happens to requests outside every endpoint.
fn judge_elsewhere(core: &Core, head: &Parts, route: &Route<'_, '_>) -> Result<Step, Denial> {
    match route {
        Route::Management => Ok(Step::Manage),
        Route::Alive => health(head, true),
        Route::Ready => health(head, !core.is_draining()),
        Route::UnknownEndpoint => Err(Denial::EndpointNotFound),
        Route::Endpoint(..) | Route::BesideEndpoint(_) | Route::Nothing => {
            Err(Denial::RouteNotFound)
        }
    }
}

/// The id that the client sent, if it is one (1 to 128 of `A-Z a-z 0-9 . _ -`), else a fresh one.
fn request_id(core: &Core, headers: &HeaderMap) -> HeaderValue {
    let is_id_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let mut lines = headers.get_all(REQUEST_ID).iter();
    match (lines.next(), lines.next()) {
        (Some(id), None)
            if (1..=128).contains(&id.len()) && id.as_bytes().iter().all(is_id_byte) =>
        {
            id.clone()
        }
        _ => HeaderValue::from_maybe_shared(bytes::Bytes::from(core.make_request_id()))
            .unwrap_or(HeaderValue::from_static("req_0")),
    }
}

fn health(head: &Parts, is_well: bool) -> Result<Step, Denial> {
    match head.method {
        Method::GET | Method::HEAD => Ok(Step::Answer(respond::health(is_well))),
        _ => Err(Denial::RouteNotFound),
    }
}

/// The answer, if the request is a preflight.
fn preflight(
    endpoint: &drawbridge_policy::endpoint::Endpoint,
    origin: OriginHeader<'_>,
    head: &Parts,
) -> Option<PreflightAnswer> {
    let request = Preflight::recognize(
        head.method.as_str().as_bytes(),
        origin,
        values(&head.headers, &header::ACCESS_CONTROL_REQUEST_METHOD),
        RequestedHeaders::new(&head.headers),
    )?;
    Some(endpoint.cors.preflight(&request))
}

fn note_preflight(answer: &PreflightAnswer) -> CorsNote {
    note("preflight", answer.refusal, answer.reported, true)
}

fn note_actual(verdict: &ActualVerdict<'_>, is_cross_origin: bool) -> CorsNote {
    note("actual", verdict.refusal, verdict.reported, is_cross_origin)
}

fn note(
    phase: &'static str,
    refusal: Option<Refusal>,
    reported: Option<Refusal>,
    is_judged: bool,
) -> CorsNote {
    let verdict = match (refusal, reported) {
        (Some(_), _) => "refused",
        (None, Some(_)) => "reported",
        (None, None) if is_judged => "allowed",
        (None, None) => return CorsNote::default(),
    };
    CorsNote {
        phase: Some(phase),
        verdict: Some(verdict),
        reason: refusal.or(reported).map(Refusal::code),
    }
}

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

fn authenticate(snapshot: &Snapshot, headers: &HeaderMap) -> Result<Caller, Denial> {
    let api_keys = values(headers, &X_API_KEY).chain(values(headers, &X_GOOG_API_KEY));
    let token = token::presented(values(headers, &header::AUTHORIZATION), api_keys)?;
    snapshot.authenticate(token, Timestamp::now())
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

/// Sends an admitted request to its upstream and relays the answer.
async fn forward(
    core: &Rc<Core>,
    admitted: &Admitted,
    mut head: Parts,
    rest: &Rest,
    trail: &mut Trail,
) -> Result<Response<Content>, Denial> {
    let endpoint = admitted.endpoint();
    let limit = endpoint
        .limits
        .max_body_bytes
        .min(core.shared.parts.max_body_bytes);
    let watch = Watch {
        exchange: Rc::clone(&trail.exchange),
        bytes: Rc::clone(&trail.bytes_in),
        limit,
        patience: core.shared.parts.times.body_idle,
        denial: Rc::new(Cell::new(None)),
    };
    refuse_announced(&head.headers, limit)?;
    let mut body = RequestBody {
        held: VecDeque::new(),
        rest: Rc::clone(rest),
        scan: None,
        watch,
    };
    if model::concerns(endpoint, &head.method, &head.headers, &body) {
        model::check(endpoint, &mut head.headers, &mut body).await?;
    } else {
        read_ahead(&mut body).await?;
    }
    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.uri_mut() = head.uri;
    *request.headers_mut() = headers::to_upstream(head.headers, endpoint, &trail.id);
    let answer = send(core, endpoint, request, trail).await?;
    relay(core, admitted, answer, trail).await
}

fn refuse_announced(headers: &HeaderMap, limit: u64) -> Result<(), Denial> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Denial::BodyTooLarge);
    }
    Ok(())
}

/// Takes what the client has sent of the body already, so that it leaves together with the head.
async fn read_ahead(body: &mut RequestBody) -> Result<(), Denial> {
    // Nobody else reads while this does: the upstream gets the body only afterwards.
    let Some(mut incoming) = body.rest.take() else {
        return Ok(());
    };
    let frame = first_frame(&mut incoming).await;
    body.rest.replace(Some(incoming));
    match frame {
        Some(Ok(frame)) => {
            if let Ok(chunk) = frame.into_data() {
                body.watch.count(&chunk)?;
                body.held.push_back(chunk);
            }
            Ok(())
        }
        Some(Err(_)) => Err(Denial::MalformedRequest),
        None => Ok(()),
    }
}

/// The upstream's answer, ready for the client.
async fn relay(
    core: &Rc<Core>,
    admitted: &Admitted,
    answer: Answer,
    trail: &mut Trail,
) -> Result<Response<Content>, Denial> {
    let (mut head, mut incoming) = answer.response.into_parts();
    trail.upstream_status = Some(head.status.as_u16());
    trail.upstream_request_id = head.headers.get(REQUEST_ID).cloned();
    match head.status.as_u16() {
        401 => return Err(Denial::UpstreamCredential),
        // Nobody asked for a protocol switch.
        101 => return Err(Denial::UpstreamInvalid),
        _ => {}
    }
    let held = match first_frame(&mut incoming).await {
        None => None,
        Some(Ok(frame)) => Some(frame),
        Some(Err(error)) => {
            trail.cause = Some(crate::log::chain(&error));
            return Err(Denial::UpstreamInvalid);
        }
    };
    head.headers = headers::to_client(head.headers);
    head.version = Version::HTTP_11;
    head.extensions.clear();
    let relay = Relay {
        held,
        incoming,
        sender: Some(answer.sender),
        endpoint: admitted.endpoint().clone(),
        exchange: Rc::clone(&trail.exchange),
        core: Rc::clone(core),
    };
    Ok(Response::from_parts(head, Content::Relay(Box::new(relay))))
}

/// Hands a management request over to the control runtime.
async fn manage(
    core: &Core,
    head: Parts,
    rest: &Rest,
    trail: &mut Trail,
) -> Result<Response<Content>, Denial> {
    let Some(body) = rest.take() else {
        return Err(Denial::InternalError);
    };
    let (reply, answered) = oneshot::channel();
    let call = ManagementCall {
        request: Request::from_parts(head, body),
        client: trail.exchange.client_ip(),
        request_id: trail.id.to_str().unwrap_or_default().to_owned(),
        reply,
    };
    if core.shared.parts.management.send(call).await.is_err() {
        return Err(Denial::Overloaded);
    }
    let reply = answered.await.map_err(|_| Denial::InternalError)?;
    trail.caller_id = reply.caller;
    trail.code = reply.code;
    trail.cause = reply.cause;
    Ok(reply.response.map(Content::Management))
}

/// Reads what is left of a body that nobody wants: a connection closed on unread bytes is reset, and the reset can
/// overtake the answer.
fn drain(rest: &Rest) {
    let Some(mut incoming) = rest.take() else {
        return;
    };
    if http_body::Body::is_end_stream(&incoming) {
        return;
    }
    tokio::task::spawn_local(tokio::time::timeout(DRAIN, async move {
        use http_body_util::BodyExt as _;
        let mut drained = 0;
        while let Some(Ok(frame)) = incoming.frame().await {
            drained += frame.data_ref().map_or(0, |chunk| chunk.len() as u64);
            if drained > MOST_DRAINED {
                return;
            }
        }
    }));
}
