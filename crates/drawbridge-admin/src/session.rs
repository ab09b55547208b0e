//! Sessions of the dashboard: a cookie in the place of a key, for management only.
//!
//! A session is what its key is, for half an hour after its last use and twelve hours at most. It is judged on every
//! request: it ends when its key is revoked, expires or gets another token. The secret in the cookie must never be stored
//! or logged, only its digest, and a session must never be of use to a page of another origin.

pub(crate) mod codes;
pub(crate) mod cookie;
pub(crate) mod sign_in;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use drawbridge_policy::key::{Caller, Scope};
use drawbridge_policy::own_origins::OwnOrigins;
use drawbridge_policy::snapshot::Live;
use drawbridge_policy::token::TokenDigest;
use drawbridge_store::{SessionRow, Write};
use http::header::{ORIGIN, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::boundary::Identity;
use crate::call::Call;
use crate::problem::{Fault, Problem};
use crate::query::EVERYWHERE;
use crate::{AdminState, answer, audit};

/// How long a session lives that is not used.
const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// How long any session lives.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// How often it is stored that a session is used.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// How many sessions a key has at once; beyond, the oldest ends.
const MOST_OF_A_KEY: u32 = 100;
/// Who has no key.
const ROOT: &str = "root";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// On what a page asks for by itself while nobody touches it. It can only make a session end sooner.
const UNATTENDED: HeaderName = HeaderName::from_static("drawbridge-unattended");

/// A session that a request came in, and what its cookie is called.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) row: SessionRow,
    name: cookie::Name,
}

impl Session {
    /// Who it is at the moment of a write, which may have waited.
    ///
    /// # Errors
    /// 401 where it has ended since, 503.
    pub(crate) async fn judge_again(
        &self,
        live: &Live,
        write: &mut Write,
        now: Timestamp,
    ) -> Result<Caller, Problem> {
        let row = write.session(&self.row.id).await?.ok_or_else(ended)?;
        holder(live, &row.key_id, &row.key_digest, now).ok_or_else(ended)
    }
}

/// Who sent a request with a session's cookie; `None` where it has none.
///
/// # Errors
/// 403 for a request that no page of the gateway's own has sent, 401 for a session that is not good (any more), 503.
pub(crate) async fn authenticate(
    state: &AdminState,
    parts: &Parts,
) -> Result<Option<Identity>, Problem> {
    let Some(presented) = cookie::presented(parts) else {
        return Ok(None);
    };
    check_site(&parts.headers, &state.own_origins)?;
    let id = presented.digest.ok_or_else(ended)?;
    let row = state.store.session(&id).await?;
    let now = (state.clock)();
    let row = row.filter(|row| end(row) > now).ok_or_else(ended)?;
    let caller = holder(&state.live, &row.key_id, &row.key_digest, now).ok_or_else(ended)?;
    Ok(Some(Identity {
        caller,
        digest: row.key_digest,
        session: Some(Session {
            row,
            name: presented.name,
        }),
    }))
}

/// Notes, once a minute, that a session is used: not by what its page asks for unattended.
pub(crate) async fn note(state: &AdminState, session: &mut Session, headers: &HeaderMap) {
    let now = (state.clock)();
    let is_recent = now.duration_since(session.row.last_seen_at) < SEEN_EVERY;
    if is_recent || headers.contains_key(UNATTENDED) {
        return;
    }
    // Where the disk is full, the gateway can still be looked at.
    if state
        .store
        .touch_session(&session.row.id, now)
        .await
        .is_ok()
    {
        session.row.last_seen_at = now;
    }
}

/// The holder of a key whose current token has that digest, if the key is good.
pub(crate) fn holder(
    live: &Live,
    key_id: &str,
    digest: &TokenDigest,
    now: Timestamp,
) -> Option<Caller> {
    let snapshot = live.load();
    if key_id == ROOT {
        return snapshot.is_root(digest).then_some(Caller::Root);
    }
    let key = snapshot.key(key_id)?;
    let is_good = key.is_current(digest) && key.check_validity(digest, now).is_ok();
    is_good.then(|| Caller::Key(Arc::clone(key)))
}

/// When a session ends, if it is not used.
fn end(row: &SessionRow) -> Timestamp {
    row.expires_at.min(row.last_seen_at + IDLE)
}

/// The cookie comes along whoever makes the browser send a request; a browser says who did, and no page can make it lie
/// (Fetch Metadata; Fetch, forbidden request-headers).
fn check_site(headers: &HeaderMap, own: &OwnOrigins) -> Result<(), Problem> {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    let is_own = match (sites.next(), sites.next()) {
        (Some(site), None) => site == "same-origin",
        (Some(_), Some(_)) => false,
        (None, _) => headers
            .get(ORIGIN)
            .is_some_and(|origin| own.contains(origin.as_bytes())),
    };
    if is_own {
        return Ok(());
    }
    let detail = "a session counts for pages of the gateway's own origin only, and this request says of none that it comes \
                  from one; open the dashboard, or send a key: `Authorization: Bearer …`";
    Err(Problem::new(Fault::CrossSite, detail))
}

pub(crate) fn ended() -> Problem {
    let detail = "the session has ended: it was idle for 30 minutes, is 12 hours old, was signed out, or its key was revoked, \
                  rotated or has expired; sign in again";
    Problem::new(Fault::SessionEnded, detail)
}

/// `GET /dashboard/api/session`
pub(crate) async fn show(call: Call) -> Result<Response, Problem> {
    call.query()?;
    let session = call.identity().session.as_ref().ok_or_else(required)?;
    Ok(answer::said(&resource(&call, &session.row).await?))
}

/// `DELETE /dashboard/api/session`; `?everywhere=true` ends all sessions of the same key.
pub(crate) async fn delete(mut call: Call) -> Result<Response, Problem> {
    let is_everywhere = call.query()?.flag(EVERYWHERE)?;
    let session = call.identity().session.clone();
    if session.is_none() && !is_everywhere {
        return Err(required());
    }
    let mut writing = call.write().await?;
    let key_id = writing.call.identity().caller.id().to_owned();
    let count = match &session {
        Some(session) if !is_everywhere => {
            writing.write.delete_session(&session.row.id).await?;
            1
        }
        _ => writing.write.delete_sessions_of(&key_id).await?,
    };
    let change = audit::deleted(&json!({ "sessions": count }));
    writing.commit_of_caller(change).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cleared = session.map(|session| (SET_COOKIE, session.name.cleared()));
    response.headers_mut().extend(cleared);
    Ok(response)
}

fn required() -> Problem {
    let detail = "this request came with a key, not in a session; sign in with POST `/dashboard/api/session`, or end all \
                  sessions of the key with `?everywhere=true`";
    Problem::new(Fault::SessionRequired, detail)
}

/// The session as its holder sees it.
async fn resource(call: &Call, row: &SessionRow) -> Result<Value, Problem> {
    let stored = match call.key() {
        Some(key) => call.store().key(&key.id).await?,
        None => None,
    };
    let snapshot = call.live().load();
    let project = call.key().and_then(|key| snapshot.project(&key.project_id));
    let scopes = Scope::ALL.iter().filter(|scope| call.has_scope(**scope));
    let scopes: Vec<_> = scopes.map(|scope| scope.name()).collect();
    Ok(json!({
        "object": "session",
        "key_id": row.key_id,
        "key_name": stored.map(|stored| stored.document["name"].clone()),
        "is_root": call.key().is_none(),
        "project": project.map(|project| &*project.slug),
        "project_id": project.map(|project| &*project.id),
        "scopes": scopes,
        "gateway_origin": call.gateway_origin(),
        "created_at": row.created_at.to_string(),
        "expires_at": row.expires_at.to_string(),
        "idle_expires_at": end(row).to_string(),
    }))
}
