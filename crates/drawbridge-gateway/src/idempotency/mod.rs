//! Idempotency (design section 6): a request that comes again with the same key is answered with what the first got.
//!
//! A request with a key is looked up among the records, then claimed, then run. Its answer is written down on the way to
//! the client, who sees the end of it only once the record is durable: whoever has seen an answer whole never causes a
//! second run. Where an answer should be and is not (too large, too old, the disk failed) a repeat is refused. What the gateway
//! answers itself is never recorded, nor is an answer that breaks off or whose client leaves. Requests without a key
//! must pay nothing.
//!
//! Claims are kept here, for all cores; records are kept by whoever takes the [`IdempotencyCall`]s.

mod claims;
mod fingerprint;
mod key;
mod record;
mod recording;

use std::rc::Rc;
use std::time::Duration;

use drawbridge_policy::denial::Denial;
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode, Uri};
use tokio::sync::oneshot;

use crate::admit::Admitted;
use crate::body::{Content, RequestBody};
use crate::core::Core;
use crate::model::next_chunk;
use crate::trail::Trail;

pub use self::claims::Claim;
pub(crate) use self::claims::Claims;
pub(crate) use self::fingerprint::BodyDigest;
use self::fingerprint::Fingerprint;
use self::record::Record;
pub(crate) use self::recording::{Recording, Run};

/// How long an answer is kept for requests that repeat it.
pub const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What the data plane wants of whoever keeps the records.
pub enum IdempotencyCall {
    /// Look a record up.
    Find(Find),
    /// Keep one.
    Keep(Keep),
}

/// The question for a record.
pub struct Find {
    /// What it is found by.
    pub scope: [u8; 32],
    /// Whose record it is, or will be: the id of the calling key, or `root`. One that may have no more records must be
    /// told so here, before it runs anything.
    pub key_id: Box<str>,
    /// Where the record goes, if there is one that has not expired, or why that cannot be told.
    pub reply: oneshot::Sender<Result<Option<Vec<u8>>, String>>,
}

/// A record to be kept for [`RETENTION`]. Nobody else runs the request before this is dropped.
pub struct Keep {
    claim: Claim,
    /// Whose record it is: the id of the calling key, or `root`.
    pub key_id: Box<str>,
    /// Not readable to others than the data plane; must be encrypted at rest.
    pub record: Vec<u8>,
    /// What takes the record's place, as secret, where space is short: the answer is lost then, and still not run again.
    /// `None` where the record is that small itself.
    pub remnant: Option<Vec<u8>>,
    reply: oneshot::Sender<()>,
}

impl Keep {
    /// What the record is found by.
    pub fn scope(&self) -> &[u8; 32] {
        self.claim.scope()
    }

    /// The record is durable: the client gets the end of its answer, and a repeat gets the record.
    pub fn kept(self) {
        drop(self.claim);
        // A client that left does not wait for it.
        let _ = self.reply.send(());
    }

    /// The record could not be kept: the client gets the end of its answer, and a repeat is refused while this process
    /// runs.
    pub fn failed(self) {
        self.claim.forfeit();
        // As above.
        let _ = self.reply.send(());
    }
}

/// What becomes of a request.
pub(crate) enum Begun {
    /// It is to be run, and recorded.
    Run(Run),
    /// It was run before.
    Answered(Response<Content>),
}

/// What sums a request's body up, where its answer may have to be recorded.
pub(crate) fn digest(head: &Parts) -> Option<Rc<BodyDigest>> {
    let is_asked_for = head.method == Method::POST && key::is_sent(&head.headers);
    is_asked_for.then(Rc::default)
}

/// Finds out whether an admitted request with a key is to be run; `target` is what it would be at the upstream.
pub(crate) async fn begin(
    core: &Core,
    admitted: &Admitted,
    digest: Rc<BodyDigest>,
    target: &Uri,
    head: &Parts,
    body: &mut RequestBody,
    trail: &mut Trail,
) -> Result<Begun, Denial> {
    let fingerprint = Fingerprint::new(head, target.query(), digest, &body.rest);
    let key = key::sent(&head.headers)?;
    let key_id: Box<str> = match &trail.caller {
        Some(caller) => caller.id().into(),
        None => return Err(Denial::InternalError),
    };
    let scope = key::scope(&key_id, admitted.endpoint(), target.path(), key);
    let claims = &core.shared.claims;
    loop {
        let looked = claims.look(&scope)?;
        if let Some(bytes) = find(core, scope, &key_id, trail).await? {
            let answered = replay(bytes, &fingerprint, body, trail).await?;
            return Ok(Begun::Answered(answered));
        }
        // Whoever had the claim meanwhile may have left a record.
        let claim = claims.claim(scope, looked).inspect_err(|_| {
            trail.cause = Some("too many answers are being recorded, or could not be".to_owned());
        });
        if let Some(claim) = claim? {
            let calls = core.shared.parts.idempotency.clone();
            let run = Run::new(claim, key_id, fingerprint, calls);
            return Ok(Begun::Run(run));
        }
    }
}

async fn find(
    core: &Core,
    scope: [u8; 32],
    key_id: &str,
    trail: &mut Trail,
) -> Result<Option<Vec<u8>>, Denial> {
    let (reply, found) = oneshot::channel();
    let call = IdempotencyCall::Find(Find {
        scope,
        key_id: key_id.into(),
        reply,
    });
    let failed = "nobody keeps idempotency records";
    let found = match core.shared.parts.idempotency.send(call) {
        Ok(()) => found.await.unwrap_or_else(|_| Err(failed.to_owned())),
        Err(_) => Err(failed.to_owned()),
    };
    found.map_err(|cause| {
        trail.cause = Some(cause);
        Denial::IdempotencyUnavailable
    })
}

/// The recorded answer, if this is the same request.
async fn replay(
    bytes: Vec<u8>,
    fingerprint: &Fingerprint,
    body: &mut RequestBody,
    trail: &mut Trail,
) -> Result<Response<Content>, Denial> {
    // What is held has been summed up already.
    body.held.clear();
    while next_chunk(body).await?.is_some() {}
    let Some(record) = Record::decode(bytes) else {
        trail.cause = Some("an idempotency record cannot be read".to_owned());
        return Err(Denial::IdempotencyUnavailable);
    };
    if fingerprint.finish() != Some(record.fingerprint) {
        return Err(Denial::IdempotencyKeyReused);
    }
    let answer = record.answer.ok_or(Denial::AnswerNotStored)?;
    let mut response = Response::new(Content::Whole(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// Whether an upstream's answer is what every repeat gets too: not where trying again may help.
pub(crate) fn is_kept(status: StatusCode) -> bool {
    !status.is_server_error() && !matches!(status.as_u16(), 401 | 403 | 408 | 409 | 429)
}
