//! Signing in, by a key's token or by a one-time code, and making such codes.
//!
//! A token must never go further than to the look-up, and a code must be taken before anything else can take it.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use drawbridge_policy::denial::Denial;
use drawbridge_policy::document::Fields;
use drawbridge_policy::endpoint::Secret;
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::key::Caller;
use drawbridge_policy::token::TokenDigest;
use drawbridge_store::SessionRow;
use http::HeaderMap;
use http::header::SET_COOKIE;
use http::request::Parts;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::codes::Grant;
use super::cookie::{Name, is_https};
use super::{IDLE, LONGEST, MOST_OF_A_KEY, SEC_FETCH_SITE, holder, resource};
use crate::answer::CalledBy;
use crate::body::read_document;
use crate::boundary::{self, Identity};
use crate::call::Call;
use crate::operations::Operation;
use crate::problem::{Fault, Problem, settled};
use crate::query::Query;
use crate::{AdminState, answer, audit, patch, random};

/// How long a code is good where it is not said, in seconds.
pub(crate) const DEFAULT_EXPIRY: i64 = 600;
/// The longest that one can be good: a day.
pub(crate) const LONGEST_EXPIRY: i64 = 86_400;

/// What signs in.
enum Credential {
    Token(Secret),
    Code(Secret),
}

/// Holds a request to sign in against what its document presents: the call is that of the key which it stands for.
///
/// # Errors
/// 403 over plain http, from another site and for keys that management does not take; 401; 400, 413, 415 and 422.
pub(crate) async fn admit(
    state: AdminState,
    operation: &'static Operation,
    request: Request,
) -> Result<Call, Problem> {
    let (mut parts, body) = request.into_parts();
    Query::read(parts.uri.query(), operation.shape.query())?;
    let document = patch::object(read_document(&parts.headers, body).await?)?;
    let mut problems = Problems::new();
    let credential = settled(read_credential(document, &mut problems), problems)?;
    check_way(&state, &parts)?;
    let identity = identify(&state, &credential)?;
    boundary::check_key(&identity, &parts)?;
    boundary::note_use(&state, &identity, &parts);
    parts.extensions.insert(identity);
    Call::admit(state, operation, Request::from_parts(parts, Body::empty())).await
}

fn read_credential(document: Map<String, Value>, problems: &mut Problems) -> Option<Credential> {
    let document = Value::Object(document);
    let mut fields = Fields::open(&document, "", problems)?;
    let (token, code) = (
        fields.string("token", problems),
        fields.string("code", problems),
    );
    if fields.value("token").is_some() == fields.value("code").is_some() {
        let detail = "sign in with either `token`, a secret key, or `code`, from a sign-in link";
        problems.push(ConfigIssue::new("", "token_or_code", detail));
    }
    fields.finish(problems);
    let token = token.map(|token| Credential::Token(Secret::new(token)));
    token.or_else(|| Some(Credential::Code(Secret::new(code?))))
}

/// No other site may sign a browser in, and no secret may go over the wire as it is.
fn check_way(state: &AdminState, parts: &Parts) -> Result<(), Problem> {
    check_site(&parts.headers)?;
    if Name::for_new(parts, &state.own_origins).is_some() {
        return Ok(());
    }
    let detail = "a session's cookie must not go over plain http; open the dashboard over https (`[tls]`, or a proxy and \
                  `public_url`) or by a loopback address, for instance through an SSH tunnel";
    Err(Problem::new(Fault::InsecureConnection, detail))
}

/// Programs send no such field.
fn check_site(headers: &HeaderMap) -> Result<(), Problem> {
    if headers
        .get_all(SEC_FETCH_SITE)
        .iter()
        .all(|site| site == "same-origin")
    {
        return Ok(());
    }
    let detail =
        "only pages of the gateway's own origin sign a browser in; open `/dashboard/` itself";
    Err(Problem::new(Fault::CrossSite, detail))
}

fn identify(state: &AdminState, credential: &Credential) -> Result<Identity, Problem> {
    let now = (state.clock)();
    let (caller, digest) = match credential {
        Credential::Token(token) => {
            let token = token.expose().trim_ascii().as_bytes();
            let caller = state.live.load().authenticate(token, now);
            (caller.map_err(Problem::denied)?, TokenDigest::of(token))
        }
        Credential::Code(code) => {
            let code = TokenDigest::of(code.expose().trim_ascii().as_bytes());
            let grant = state.sign_in_codes.take(&code, now).ok_or_else(bad_code)?;
            let caller = holder(&state.live, &grant.key_id, &grant.key_digest, now);
            (caller.ok_or_else(bad_code)?, grant.key_digest)
        }
    };
    let identity = Identity {
        caller,
        digest,
        session: None,
    };
    check_current(&identity)?;
    Ok(identity)
}

fn bad_code() -> Problem {
    let detail = "the sign-in code is unknown, was used, or has expired: it works once, for as long as it was made for, until \
                  the gateway restarts; make another link (`drawbridge dashboard`), or sign in with a key";
    Problem::new(Fault::SignInCodeInvalid, detail)
}

/// A session would outlive a token that was rotated away.
fn check_current(identity: &Identity) -> Result<(), Problem> {
    match &identity.caller {
        Caller::Key(key) if !key.is_current(&identity.digest) => {
            Err(Problem::denied(Denial::ExpiredKey)
                .detailed("the key has been rotated; sign in with its new token"))
        }
        _ => Ok(()),
    }
}

/// `POST /dashboard/api/session`
pub(crate) async fn create(mut call: Call) -> Result<Response, Problem> {
    let name = Name::for_new(call.parts(), call.own_origins());
    let secret = random::secret()?;
    let mut writing = call.write().await?;
    let now = writing.now;
    let Identity { caller, digest, .. } = writing.call.identity();
    let key_end = match caller {
        Caller::Key(key) => key.expires_at,
        Caller::Root => None,
    };
    let longest = now + LONGEST;
    let row = SessionRow {
        id: TokenDigest::of(secret.expose().as_bytes()),
        key_id: caller.id().to_owned(),
        key_digest: *digest,
        created_at: now,
        last_seen_at: now,
        expires_at: key_end.map_or(longest, |end| end.min(longest)),
    };
    let write = &mut writing.write;
    write
        .insert_session(&row, now - IDLE, MOST_OF_A_KEY)
        .await?;
    let change = audit::created(&json!({"expires_at": row.expires_at.to_string()}));
    writing.commit_of_caller(change).await?;
    let mut response = answer::made(&resource(&call, &row).await?);
    if let Some(name) = name {
        let age = row.expires_at.duration_since(now);
        let cookie = name.set(&secret, age)?;
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    let called_by = CalledBy(call.identity().caller.clone());
    response.extensions_mut().insert(called_by);
    Ok(response)
}

/// `POST /dashboard/api/sign-in-links`
pub(crate) async fn link(mut call: Call) -> Result<Response, Problem> {
    let body = call.document().await?;
    let mut problems = Problems::new();
    let expiry = settled(read_expiry(body, &mut problems), problems)?;
    let identity = call.identity();
    if identity.session.is_some() {
        let detail = "a link is made with the key itself, so that no session lives longer than 12 hours by it; run \
                      `drawbridge dashboard`";
        return Err(Problem::new(Fault::KeyRequired, detail));
    }
    check_current(identity)?;
    let code = random::secret()?;
    let now = call.now();
    let expires_at = now + expiry;
    let grant = Grant {
        key_id: identity.caller.id().to_owned(),
        key_digest: identity.digest,
    };
    let digest = TokenDigest::of(code.expose().as_bytes());
    call.sign_in_codes().add(digest, expires_at, grant, now);
    // Behind `#`, so that neither servers nor their logs get it.
    let url = format!("{}/dashboard/sign-in#code={}", base(&call), code.expose());
    Ok(answer::made(&json!({
        "object": "sign_in_link",
        "url": url,
        "expires_at": expires_at.to_string(),
    })))
}

/// Where the caller's browser finds the gateway, as far as is known.
fn base(call: &Call) -> String {
    if let Some(origin) = call.own_origins().first() {
        return origin.to_owned();
    }
    let scheme = match is_https(call.parts()) {
        true => "https",
        false => "http",
    };
    format!("{scheme}://{}", call.host())
}

fn read_expiry(body: Map<String, Value>, problems: &mut Problems) -> Option<SignedDuration> {
    let body = Value::Object(body);
    let mut fields = Fields::open(&body, "", problems)?;
    let seconds = fields.integer("expires_in_seconds", problems);
    fields.finish(problems);
    let seconds = seconds.unwrap_or(DEFAULT_EXPIRY);
    let possible = seconds.clamp(1, LONGEST_EXPIRY);
    if possible != seconds {
        let detail = format!("a link is good for 1 to {LONGEST_EXPIRY} seconds (a day)");
        let issue = ConfigIssue::new("/expires_in_seconds", "out_of_range", detail);
        problems.push(issue.suggest(possible));
    }
    Some(SignedDuration::from_secs(possible))
}
