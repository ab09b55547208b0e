//! The model that a body names: found, allowed or not, renamed where asked to.
//!
//! The body is held back until its model is known, 1 MiB at most; what follows is scanned as it streams. A body whose
//! model this gateway reads otherwise than the upstream would must never be forwarded.

use std::collections::VecDeque;
use std::future::poll_fn;

use bytes::Bytes;
use drawbridge_policy::denial::Denial;
use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::model_scan::{Model, ModelMember, ModelScan, Splice};
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method};
use http_body::Body;

use crate::body::{RequestBody, scan_denial};

const MOST_HELD: usize = 1 << 20;

/// Whether the request could name a model: multipart bodies are opaque, GET and HEAD have none.
pub(crate) async fn may_be_named(head: &Parts, body: &mut RequestBody) -> Result<bool, Denial> {
    let has_body = !matches!(head.method, Method::GET | Method::HEAD) && !body.is_end_stream();
    Ok(has_body && !is_multipart(&head.headers, body).await?)
}

/// Whether the body is multipart, by its Content-Type and by its first byte, white space aside.
///
/// Many servers read JSON whatever its Content-Type; no JSON with a model begins with the `-` of a boundary. A preamble
/// (RFC 2046 section 5.1.1) would hide what it likes, and nobody sends one.
async fn is_multipart(headers: &HeaderMap, body: &mut RequestBody) -> Result<bool, Denial> {
    if !says_multipart(headers) || is_encoded(headers) {
        return Ok(false);
    }
    let mut read = VecDeque::new();
    let mut length = 0;
    let mut first = None;
    while first.is_none()
        && let Some(chunk) = next_chunk(body).await?
    {
        if length > MOST_HELD {
            return Err(Denial::ModelTooDeep);
        }
        length += chunk.len();
        first = chunk
            .iter()
            .copied()
            .find(|byte| !byte.is_ascii_whitespace());
        read.push_back(chunk);
    }
    body.held = read;
    Ok(first == Some(b'-'))
}

fn says_multipart(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .get(..10)
            .is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/"))
    })
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// A body up to its model.
pub(crate) struct Named {
    pub(crate) model: Model,
    held: Vec<Bytes>,
    scan: ModelScan,
}

/// Reads the body up to its model; `None` where it is JSON without one.
pub(crate) async fn find(
    headers: &HeaderMap,
    body: &mut RequestBody,
) -> Result<Option<Named>, Denial> {
    if is_encoded(headers) {
        return Err(Denial::UnsupportedBody);
    }
    let mut scan = ModelScan::new();
    let mut held: Vec<Bytes> = Vec::new();
    let mut length = 0;
    loop {
        let Some(chunk) = next_chunk(body).await? else {
            // Named only when the name ended with the last chunk, which returned below.
            scan.finish().map_err(scan_denial)?;
            return Ok(None);
        };
        length += chunk.len();
        let member = scan.push(&chunk).map_err(scan_denial)?.clone();
        held.push(chunk);
        match member {
            ModelMember::Named(model) => return Ok(Some(Named { model, held, scan })),
            ModelMember::Unusable => return Err(Denial::ModelNotFound),
            ModelMember::Absent if length > MOST_HELD => return Err(Denial::ModelTooDeep),
            ModelMember::Absent => {}
        }
    }
}

/// Makes the body ready for the endpoint: refuses a model that it does not list, and renames it where the endpoint has
/// an `upstream_name`.
pub(crate) fn settle(
    endpoint: &Endpoint,
    headers: &mut HeaderMap,
    body: &mut RequestBody,
    named: Named,
) -> Result<(), Denial> {
    let listed = endpoint.model(&named.model.name);
    if listed.is_none() && !endpoint.models.is_empty() {
        return Err(Denial::ModelNotFound);
    }
    body.held = match listed.and_then(|listed| listed.upstream_name.as_deref()) {
        None => named.held.into(),
        Some(name) => rename(headers, named.held, &named.model.rewrite(name))?,
    };
    body.scan = Some(named.scan);
    let is_complete = body.rest.borrow().as_ref().is_some_and(Body::is_end_stream);
    if is_complete {
        body.finish_scan()
    } else {
        Ok(())
    }
}

/// The next bytes from the client, counted; `None` at the end of the body.
pub(crate) async fn next_chunk(body: &mut RequestBody) -> Result<Option<Bytes>, Denial> {
    if let Some(chunk) = body.held.pop_front() {
        return Ok(Some(chunk));
    }
    loop {
        let frame = poll_fn(|context| match body.rest.borrow_mut().as_mut() {
            Some(rest) => body.watch.poll_rest(rest, context),
            None => std::task::Poll::Ready(None),
        })
        .await;
        match frame {
            None => return Ok(None),
            Some(Ok(frame)) => {
                if let Ok(chunk) = frame.into_data() {
                    body.watch.count(&chunk)?;
                    return Ok(Some(chunk));
                }
            }
            // The client is gone, or sends what is no body.
            Some(Err(_)) => return Err(Denial::MalformedRequest),
        }
    }
}

fn rename(
    headers: &mut HeaderMap,
    held: Vec<Bytes>,
    splice: &Splice,
) -> Result<VecDeque<Bytes>, Denial> {
    if let Some(length) = headers.get(header::CONTENT_LENGTH) {
        let length: u64 = length
            .to_str()
            .ok()
            .and_then(|length| length.parse().ok())
            .ok_or(Denial::MalformedRequest)?;
        headers.insert(
            header::CONTENT_LENGTH,
            HeaderValue::from(splice.length(length)),
        );
    }
    Ok(splice.apply(held).into())
}
