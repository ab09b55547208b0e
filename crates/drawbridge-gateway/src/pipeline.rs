//! The life of a request.
//!
//! Judging its head is one synchronous function over one snapshot ([`judge`]). What it lets pass is forwarded, on the
//! shared URL once its body has named an endpoint; whatever comes of it is dressed in one place.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use drawbridge_policy::cors::{Enforcement, Refusal};
use drawbridge_policy::denial::Denial;
use drawbridge_policy::key::Caller;
use drawbridge_policy::refusals::Kind;
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Request, Response, Uri, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::sync::oneshot;

use crate::admit::Admitted;
use crate::body::{Body, Content, RequestBody, Rest, Watch};
use crate::connection::{Connection, Exchange};
use crate::core::Core;
use crate::idempotency::{Begun, Run};
use crate::judge::{Crossing, Step, judge};
use crate::limit::{self, limit};
use crate::management::{ManagementCall, ManagementRequestBody};
use crate::patience::first_frame;
use crate::relay::Relay;
use crate::respond::{self, REQUEST_ID};
use crate::route::{below_v1, is_dashboard};
use crate::security_headers::SecurityHeaders;
use crate::send::{Answer, send};
use crate::shared::Undecided;
use crate::trail::{Phase, Trail, Verdict};
use crate::{client, headers, idempotency, model};

/// Longest time, and most bytes, for reading what is left of a body that the answer does not depend on, so that the client
/// can read the answer before it sees a closed connection.
const DRAIN: Duration = Duration::from_secs(10);
const MOST_DRAINED: u64 = 64 << 20;

/// Answers one request.
pub(crate) async fn answer(
    core: &Rc<Core>,
    connection: &Rc<Connection>,
    request: Request<Incoming>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let client = client::of_request(core, connection, &head.headers);
    let exchange = connection.begin_exchange(Instant::now(), head.version, client);
    let snapshot = core.shared.parts.live.load();
    let id = request_id(core, &head.headers);
    let mut trail = Trail::new(core, exchange, &head, id, snapshot.revision());
    let judged = judge(core, &snapshot, &head, &mut trail);
    drop(snapshot);
    if let Some(Caller::Key(key)) = &trail.caller {
        core.key_uses.note(key, &trail);
    }
    let judged = judged.and_then(|step| limit(step, &mut trail));
    // hyper has dropped a Content-Length beside it: what follows such a body cannot be trusted (RFC 9112 section 6.1).
    let is_last = head.headers.contains_key(header::TRANSFER_ENCODING);

    let rest: Rest = Rc::new(RefCell::new(Some(body)));
    let is_management = matches!(judged, Ok(Step::Manage));
    let outcome = match judged {
        Ok(Step::Forward(admitted, target)) => {
            forward(core, &admitted, target, head, &rest, &mut trail).await
        }
        Ok(Step::Choose(undecided)) => choose(core, &undecided, head, &rest, &mut trail).await,
        Ok(Step::Tell(answer)) => answer.inspect(|_| drain(&trail.exchange, rest.take())),
        Ok(Step::Manage) => manage(core, head, &rest, &mut trail).await,
        Ok(Step::Answer(response)) => {
            drain(&trail.exchange, rest.take());
            Ok(response)
        }
        Err(denial) => Err(denial),
    };
    let told = trail
        .refused
        .take()
        .filter(|kind| is_what_matters(kind, outcome.as_ref().err()))
        .and_then(|kind| refused(core, &trail, *kind));
    note_admitted(core, &trail);
    let mut response = outcome.unwrap_or_else(|denial| {
        drain(&trail.exchange, rest.take());
        trail.code = Some(denial.code());
        respond::denial(denial, &trail)
    });
    let security_headers = &core.shared.parts.security_headers;
    respond::keep_errors_unstored(&mut response);
    // The other headers first: `exposedHeaders: ["*"]` may have to name them.
    response.headers_mut().insert(REQUEST_ID, trail.id.clone());
    if trail.exposure.is_some() {
        respond::warn_of_secret_key(response.headers_mut());
    }
    if let Some(told) = told {
        response.headers_mut().insert(respond::CORS_REFUSAL, told);
    }
    security_headers.put_on(response.headers_mut(), trail.exchange.is_secure());
    if is_management && is_dashboard(trail.uri.path()) {
        SecurityHeaders::put_floor(response.headers_mut());
    }
    limit::put_on(response.headers_mut(), &trail);
    trail.dress.put_on(response.headers_mut());
    if is_last || core.is_draining() {
        respond::close(response.headers_mut());
    }
    trail.note_head(response.status().as_u16());
    response.map(|content| Body::new(content, trail))
}

/// Counts a page's call that the endpoint's policy admitted, whatever became of it then.
fn note_admitted(core: &Core, trail: &Trail) {
    if let (Some(endpoint), Some(note), Some(origin)) = (&trail.endpoint, trail.cors, &trail.origin)
        && (note.phase, note.verdict) == (Phase::Actual, Verdict::Allowed)
    {
        core.refusals
            .note_admitted(&endpoint.path, origin.as_bytes());
    }
}

/// Whether a refusal is why the page does not have its answer. Where the method is at fault another error can come first, and
/// the page can read it; of an origin that is not admitted nothing is ever readable.
fn is_what_matters(kind: &Kind, denial: Option<&Denial>) -> bool {
    kind.reason != Refusal::MethodNotAllowed
        || denial.is_none_or(|denial| *denial == Denial::MethodNotAllowed)
}

/// Counts a refusal, or what would have been one; returns what the answer says of it, where its project or endpoint is being
/// looked into.
fn refused(core: &Core, trail: &Trail, kind: Kind) -> Option<HeaderValue> {
    let endpoint = trail.endpoint.as_deref();
    let told = endpoint.filter(|endpoint| {
        // The newest setting will do: nothing is decided by it.
        let snapshot = core.shared.parts.live.load();
        let project = snapshot.project(&endpoint.project.id);
        endpoint.cors.enforcement() == Enforcement::Report
            || project.is_some_and(|project| project.debug)
    });
    let told = told.and_then(|_| respond::cors_refusal(&kind));
    core.refusals
        .note(endpoint.map_or("", |endpoint| &endpoint.path), kind);
    told
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
        _ => HeaderValue::from_maybe_shared(Bytes::from(core.make_request_id()))
            .unwrap_or(HeaderValue::from_static("req_0")),
    }
}

/// Sends an admitted request to its upstream and relays the answer.
async fn forward(
    core: &Rc<Core>,
    admitted: &Admitted,
    target: Uri,
    mut head: Parts,
    rest: &Rest,
    trail: &mut Trail,
) -> Result<Response<Content>, Denial> {
    let endpoint = admitted.endpoint();
    let mut body = request_body(core, &head, rest, trail);
    limit_body(&head.headers, &mut body, endpoint.limits.max_body_bytes)?;
    let has_list = !endpoint.models.is_empty();
    if has_list && model::may_be_named(&head, &mut body).await? {
        let named = model::find(&head.headers, &mut body).await?;
        let named = named.ok_or(Denial::ModelNotFound)?;
        model::settle(endpoint, &mut head.headers, &mut body, named)?;
    } else {
        read_ahead(&mut body).await?;
    }
    exchange(core, admitted, target, head, body, trail).await
}

/// Finds the endpoint that the body names, and goes on as if it had been called by its own URL.
async fn choose(
    core: &Rc<Core>,
    undecided: &Undecided,
    mut head: Parts,
    rest: &Rest,
    trail: &mut Trail,
) -> Result<Response<Content>, Denial> {
    let mut body = request_body(core, &head, rest, trail);
    limit_body(&head.headers, &mut body, u64::MAX)?;
    if !model::may_be_named(&head, &mut body).await? {
        return Err(Denial::ModelRequired);
    }
    let named = model::find(&head.headers, &mut body).await?;
    let named = named.ok_or(Denial::ModelRequired)?;
    let endpoint = undecided.endpoint(&named.model.name, trail)?;
    let crossing = Crossing::meet(core, &endpoint, &head, undecided.keys(), trail);
    let path = below_v1(head.uri.path()).ok_or(Denial::RouteNotFound)?;
    let admission = crossing.admit(&head, path, &undecided.caller(), trail);
    let (admitted, target) = admission.inspect_err(|_| limit::uncount(trail))?;
    limit_body(&head.headers, &mut body, endpoint.limits.max_body_bytes)?;
    model::settle(&endpoint, &mut head.headers, &mut body, named)?;
    exchange(core, &admitted, target, head, body, trail).await
}

/// The client's body, within the gateway's own limit.
fn request_body(core: &Core, head: &Parts, rest: &Rest, trail: &Trail) -> RequestBody {
    RequestBody {
        held: VecDeque::new(),
        rest: Rc::clone(rest),
        scan: None,
        watch: Watch {
            exchange: Rc::clone(&trail.exchange),
            bytes: Rc::clone(&trail.bytes_in),
            limit: core.shared.parts.max_body_bytes,
            patience: core.shared.parts.times.body_idle,
            upstream_since: Rc::default(),
            denial: Rc::new(Cell::new(None)),
            digest: idempotency::digest(head),
        },
    }
}

/// Narrows what the body may have, and refuses one that has more already or says that it will.
fn limit_body(headers: &HeaderMap, body: &mut RequestBody, limit: u64) -> Result<(), Denial> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    body.watch.narrow(limit, announced.unwrap_or_default())
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

/// Sends the request, unless it repeats one, and relays the answer.
async fn exchange(
    core: &Rc<Core>,
    admitted: &Admitted,
    target: Uri,
    head: Parts,
    mut body: RequestBody,
    trail: &mut Trail,
) -> Result<Response<Content>, Denial> {
    let mut run = None;
    if let Some(digest) = body.watch.digest.clone() {
        // In a box: requests without an idempotency key need not be as large as those with one.
        let begun = idempotency::begin(core, admitted, digest, &target, &head, &mut body, trail);
        match Box::pin(begun).await? {
            Begun::Run(begun) => run = Some(begun),
            Begun::Answered(response) => return Ok(response),
        }
    }
    let endpoint = admitted.endpoint();
    let has_unknown_length = !body.is_end_stream() && body.size_hint().exact().is_none();
    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.uri_mut() = target;
    *request.headers_mut() = headers::to_upstream(head.headers, endpoint, &trail.id);
    if has_unknown_length {
        // hyper's client drops such a body of a GET or HEAD unless it is told.
        let chunked = HeaderValue::from_static("chunked");
        request
            .headers_mut()
            .insert(header::TRANSFER_ENCODING, chunked);
    }
    let answer = send(core, endpoint, request, trail).await?;
    relay(core, admitted, answer, run, trail).await
}

/// The upstream's answer, ready for the client.
async fn relay(
    core: &Rc<Core>,
    admitted: &Admitted,
    answer: Answer,
    run: Option<Run>,
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
    if !headers::is_only_chunked(&head.headers) {
        // hyper takes off the last coding alone; nobody would learn of the others.
        trail.cause = Some("the answer has another transfer coding than chunked".to_owned());
        return Err(Denial::UpstreamInvalid);
    }
    let held = match first_frame(&mut incoming).await {
        None => None,
        Some(Ok(frame)) => frame.into_data().ok(),
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
    let content = match run {
        Some(run) if idempotency::is_kept(head.status) => Box::pin(run.record(&head, relay)).await,
        _ => Content::Relay(Box::new(relay)),
    };
    Ok(Response::from_parts(head, content))
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
    let (body, left) = ManagementRequestBody::new(body, core.shared.parts.times.body_idle);
    // Whatever answers, and whenever it has seen enough.
    let exchange = Rc::clone(&trail.exchange);
    tokio::task::spawn_local(async move {
        if let Ok(left) = left.await {
            exchange.note_body(left.read);
            drain(&exchange, left.incoming);
        }
    });
    let (reply, answered) = oneshot::channel();
    let call = ManagementCall {
        request: Request::from_parts(head, body),
        client: trail.exchange.client_ip(),
        is_https: trail.exchange.is_secure(),
        request_id: trail.id.to_str().unwrap_or_default().to_owned(),
        reply,
    };
    if core.shared.parts.management.send(call).await.is_err() {
        return Err(Denial::Overloaded);
    }
    let reply = answered.await.map_err(|_| Denial::InternalError)?;
    limit::failed_call(reply.code, trail)?;
    trail.caller_id = reply.caller;
    trail.code = reply.code;
    trail.cause = reply.cause;
    Ok(reply.response.map(Content::Management))
}

/// Reads what is left of a body that nobody wants: a connection closed on unread bytes is reset, and the reset can
/// overtake the answer.
fn drain(exchange: &Rc<Exchange>, left: Option<Incoming>) {
    let Some(mut incoming) = left.filter(|incoming| !incoming.is_end_stream()) else {
        return;
    };
    let exchange = Rc::clone(exchange);
    tokio::task::spawn_local(tokio::time::timeout(DRAIN, async move {
        use http_body_util::BodyExt as _;
        let mut drained = 0;
        while let Some(Ok(frame)) = incoming.frame().await {
            let count = frame.data_ref().map_or(0, Bytes::len);
            exchange.note_body(count);
            drained += count as u64;
            if drained > MOST_DRAINED {
                return;
            }
        }
    }));
}
