//! What stands before every operation: the request's `Host`, its `Origin`, and the key that it presents.
//!
//! Management is never cross-origin. A key must never be taken from anywhere but the three header fields; beside one, a
//! session's cookie must never count.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use drawbridge_policy::cors::OriginHeader;
use drawbridge_policy::denial::Denial;
use drawbridge_policy::key::{Caller, KeyKind};
use drawbridge_policy::network::NetworkSet;
use drawbridge_policy::token::{self, TokenDigest};
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

use crate::answer::CalledBy;
use crate::problem::{Fault, Problem};
use crate::session::{self, Session};
use crate::{AdminState, ClientAddress, key_uses};

/// Who called, and by which token.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) caller: Caller,
    pub(crate) digest: TokenDigest,
    /// The session that stands for the token.
    pub(crate) session: Option<Session>,
}

/// Lets a request pass on, or answers it: 421, a preflight's 204, 403 foreign origin.
pub(crate) async fn pass(
    State(state): State<AdminState>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(problem) = check_host(&state, &request) {
        return problem.into_response();
    }
    if is_preflight(&request) {
        return StatusCode::NO_CONTENT.into_response();
    }
    match check_origin(&state, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Lets a request pass on to its operation as its caller's, or answers it: 400 two keys, 401, 403 for a publishable key or
/// one that may not be used from there.
pub(crate) async fn identify(
    State(state): State<AdminState>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut identity = match authenticate(&state, &parts).await {
        Ok(identity) => identity,
        Err(problem) => return problem.into_response(),
    };
    let called_by = CalledBy(identity.caller.clone());
    note_use(&state, &identity, &parts);
    let mut response = match check_key(&identity, &parts) {
        Ok(()) => {
            if let Some(session) = &mut identity.session {
                session::note(&state, session, &parts.headers).await;
            }
            parts.extensions.insert(identity);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    };
    response.extensions_mut().insert(called_by);
    response
}

/// DNS rebinding: a page of `evil.example` that resolves to 127.0.0.1 is same-origin for the browser, but says so in
/// `Host`.
fn check_host(state: &AdminState, request: &Request) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = match (request.uri().authority(), hosts.next(), hosts.next()) {
        (Some(authority), _, _) => Some(authority.as_str().as_bytes()),
        (None, Some(host), None) => Some(host.as_bytes()),
        _ => None,
    };
    if state.own_origins.allows_host(host.unwrap_or_default()) {
        return Ok(());
    }
    let cure = match state.node.admin_address {
        None => ", or set `public_url` to the origin that browsers see",
        // There `public_url` never counts.
        Some(_) => ", for instance through an SSH tunnel to the same port",
    };
    let detail = format!(
        "management on a loopback listener answers only to 127.0.0.1, localhost and [::1] with the listener's port; use one \
         of these{cure}"
    );
    Err(Problem::new(Fault::MisdirectedRequest, detail))
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn check_origin(state: &AdminState, headers: &HeaderMap) -> Result<(), Problem> {
    let lines = headers.get_all(ORIGIN).iter().map(|value| value.as_bytes());
    match OriginHeader::from_lines(lines) {
        OriginHeader::Absent => return Ok(()),
        OriginHeader::One(origin) if state.own_origins.contains(origin) => return Ok(()),
        OriginHeader::One(_) | OriginHeader::Unusable => {}
    }
    let own = match state.node.admin_address {
        None => "`public_url`",
        Some(_) => "a loopback address of `admin.listen`",
    };
    let detail = format!(
        "management is never called across origins; call it from a server or the command line, or from a page of the \
         gateway's own origin ({own})"
    );
    Err(Problem::new(Fault::OriginNotAllowed, detail))
}

async fn authenticate(state: &AdminState, parts: &Parts) -> Result<Identity, Problem> {
    let headers = &parts.headers;
    let lines = |name: &'static str| headers.get_all(name).iter().map(|value| value.as_bytes());
    let authorization = headers
        .get_all(AUTHORIZATION)
        .iter()
        .map(|value| value.as_bytes());
    let api_keys = lines("x-api-key").chain(lines("x-goog-api-key"));
    let token = match token::presented(authorization, api_keys) {
        Err(Denial::MissingKey) => {
            let identity = session::authenticate(state, parts).await?;
            return identity.ok_or_else(|| Problem::denied(Denial::MissingKey));
        }
        presented => presented.map_err(Problem::denied)?,
    };
    let caller = state.live.load().authenticate(token, (state.clock)());
    Ok(Identity {
        caller: caller.map_err(Problem::denied)?,
        digest: TokenDigest::of(token),
        session: None,
    })
}

/// Notes that the key was used, by itself or in a session.
pub(crate) fn note_use(state: &AdminState, identity: &Identity, parts: &Parts) {
    let client = parts.extensions.get().map(|ClientAddress(ip)| *ip);
    key_uses::note(state, &identity.caller, client, &parts.headers);
}

/// The key's own restrictions, which hold here as on the data plane, and in its sessions.
pub(crate) fn check_key(identity: &Identity, parts: &Parts) -> Result<(), Problem> {
    let Caller::Key(key) = &identity.caller else {
        return Ok(());
    };
    if key.kind == KeyKind::Publishable {
        return Err(Problem::denied(Denial::RouteNotPermitted));
    }
    let client = parts.extensions.get::<ClientAddress>();
    let is_inside =
        |networks: &NetworkSet| client.is_some_and(|client| networks.contains(client.0));
    if !key.allowed_ips.as_ref().is_none_or(is_inside) {
        return Err(Problem::denied(Denial::KeyIpNotAllowed));
    }
    // Browsers leave it out of a page's reads of its own origin, which a session has proved.
    let has_origin = identity.session.is_some() || parts.headers.contains_key(ORIGIN);
    if key.require_origin && !has_origin {
        return Err(Problem::denied(Denial::OriginRequired));
    }
    Ok(())
}
