//! Keeping what was seen of keys: last uses go to the store in batches, beside configuration and audit log.
//!
//! A failed batch is tried again with the next one. A use must never be a change of its key: no revision, no ETag.

use std::net::IpAddr;

use drawbridge_policy::key::Caller;
use drawbridge_policy::key_use::KeyUse;
use drawbridge_store::StoreError;
use http::HeaderMap;
use http::header::ORIGIN;

use crate::AdminState;

/// Keys in one transaction: a write that waits for it waits a few milliseconds.
const BATCH: usize = 1000;

impl AdminState {
    /// Stores the uses that were handed over since the last time.
    ///
    /// # Errors
    /// The store's; what could not be stored is kept for the next time.
    pub async fn keep_key_uses(&self) -> Result<(), StoreError> {
        let mut waiting: Vec<_> = self.key_uses.take().into_iter().collect();
        while !waiting.is_empty() {
            let batch = waiting.split_off(waiting.len().saturating_sub(BATCH));
            if let Err(error) = self.store.record_key_uses(&batch).await {
                self.key_uses.merge(waiting.into_iter().chain(batch));
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Notes that a management request came with a good key.
pub(crate) fn note(
    state: &AdminState,
    caller: &Caller,
    client: Option<IpAddr>,
    headers: &HeaderMap,
) {
    let (Caller::Key(key), Some(ip)) = (caller, client) else {
        return;
    };
    let origin = headers.get(ORIGIN);
    let last = KeyUse {
        at: (state.clock)(),
        ip,
        origin: origin.and_then(|line| KeyUse::kept_origin(line.as_bytes())),
    };
    state.key_uses.merge([(key.id.clone(), last)]);
}
