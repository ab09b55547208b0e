//! The idempotency key that a request carries, and what its record is found by.

use drawbridge_policy::denial::Denial;
use drawbridge_policy::endpoint::Endpoint;
use http::HeaderMap;
use http::header::HeaderName;
use sha2::{Digest as _, Sha256};

use crate::headers::values;
use crate::idempotency::fingerprint::add;

const NAMES: [HeaderName; 2] = [
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-idempotency-key"),
];
const MOST_CHARACTERS: usize = 255;

/// Whether there is an idempotency key, good or bad.
pub(crate) fn is_sent(headers: &HeaderMap) -> bool {
    NAMES.iter().any(|name| headers.contains_key(name))
}

/// The one idempotency key among the headers, which have at least one.
pub(crate) fn sent(headers: &HeaderMap) -> Result<&[u8], Denial> {
    let mut lines = NAMES.into_iter().flat_map(|name| values(headers, &name));
    let key = lines.next().unwrap_or_default();
    if lines.any(|other| other != key) {
        return Err(Denial::ConflictingIdempotencyKeys);
    }
    let is_key = (1..=MOST_CHARACTERS).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    if is_key {
        Ok(key)
    } else {
        Err(Denial::InvalidIdempotencyKey)
    }
}

/// What a record is found by: calling key, endpoint, path below its `/v1` and idempotency key.
///
/// An endpoint that was deleted and made anew is another one. `target` is the path at the upstream.
pub(crate) fn scope(key_id: &str, endpoint: &Endpoint, target: &str, key: &[u8]) -> [u8; 32] {
    // Where the upstream is may change.
    let path = target.strip_prefix(endpoint.upstream.base_path());
    let mut hash = Sha256::new();
    add(&mut hash, key_id.as_bytes());
    add(&mut hash, endpoint.path.as_bytes());
    let created = endpoint.created.at.as_nanosecond();
    add(&mut hash, &created.to_be_bytes());
    add(&mut hash, path.unwrap_or(target).as_bytes());
    add(&mut hash, key);
    hash.finalize().into()
}
