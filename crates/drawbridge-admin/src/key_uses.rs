//! Keeping what was seen of keys: last uses go to the store in batches, beside configuration and audit log. A secret key
//! that a page has is flagged, and the audit log tells of it.
//!
//! A failed batch is tried again with the next one. A use must never be a change of its key: no revision, no ETag.

use std::net::IpAddr;

use drawbridge_policy::key::Caller;
use drawbridge_policy::key_use::{Exposed, Exposure, Exposures, KeyUse, Sighting};
use drawbridge_store::{AuditEntry, KeyRow, StoreError};
use http::HeaderMap;
use http::header::ORIGIN;
use serde_json::{Value, json};

use crate::{AdminState, audit};

/// Keys in one transaction: a write that waits for it waits a few milliseconds.
const BATCH: usize = 1000;
/// What the audit log calls it when a page was first seen with a secret key.
const EXPOSE: &str = "key.expose";

impl AdminState {
    /// Stores the uses that were handed over since the last time.
    ///
    /// # Errors
    /// The store's; what could not be stored is kept for the next time.
    pub async fn keep_key_uses(&self) -> Result<(), StoreError> {
        let mut waiting: Vec<_> = self.key_uses.take().into_iter().collect();
        while !waiting.is_empty() {
            let batch = waiting.split_off(waiting.len().saturating_sub(BATCH));
            if let Err(error) = self.keep_batch(&batch).await {
                self.key_uses.merge(waiting.into_iter().chain(batch));
                return Err(error);
            }
        }
        Ok(())
    }

    async fn keep_batch(&self, batch: &[(Box<str>, Sighting)]) -> Result<(), StoreError> {
        for (id, sighting) in batch {
            if let Some(exposures) = &sighting.exposures {
                self.expose(id, exposures).await?;
            }
        }
        self.store.record_sightings(batch).await
    }

    /// Flags a key as exposed, with a row of the audit log, unless it is: what a page does again and again is written
    /// there once.
    async fn expose(&self, id: &str, exposures: &Exposures) -> Result<(), StoreError> {
        let known = self.store.key(id).await?;
        if known.and_then(|row| first_new(&row, exposures)).is_none() {
            return Ok(());
        }
        let mut write = self.store.write().await?;
        let Some(row) = write.key(id).await? else {
            return Ok(());
        };
        let Some(exposure) = first_new(&row, exposures) else {
            return Ok(());
        };
        write.expose_key(id, exposure).await?;
        let exposed = Exposed {
            first_seen_at: exposure.at,
            last_seen_at: exposure.at,
            origin: exposure.origin.clone(),
        };
        let (before, after) = (
            json!({"exposed": null}),
            json!({"exposed": member(&exposed)}),
        );
        let committed = write.commit(AuditEntry {
            at: (self.clock)(),
            actor: id.to_owned(),
            action: EXPOSE.to_owned(),
            project_id: Some(row.project_id),
            target: id.to_owned(),
            client_ip: Some(exposure.ip.to_string()),
            request_id: exposure.request_id.to_string(),
            change: audit::changed(&before, &after),
        });
        let committed = committed.await?;
        self.live.publish(committed.revision, []);
        Ok(())
    }
}

/// By which of them the key is to be flagged, if it is not. What was seen before it was changed may be of a token that a
/// rotation ended.
fn first_new<'e>(row: &KeyRow, exposures: &'e Exposures) -> Option<&'e Exposure> {
    let seen = [&exposures.first, &exposures.last].into_iter();
    let mut new = seen.filter(|seen| row.exposed.is_none() && row.updated_at <= seen.at);
    new.next()
}

/// `exposed` of a key.
pub(crate) fn member(exposed: &Exposed) -> Value {
    json!({
        "first_seen_at": exposed.first_seen_at.to_string(),
        "last_seen_at": exposed.last_seen_at.to_string(),
        "origin": exposed.origin,
    })
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
    state.key_uses.merge([(key.id.clone(), last.into())]);
}
