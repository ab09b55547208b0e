//! What one core sees of keys' uses: noted without lock or wait, handed over twice a second.
//!
//! A key is noted once between two hand-overs, however often it is used, so that memory is bounded by the keys there are.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use drawbridge_policy::key::ApiKey;
use drawbridge_policy::key_use::{KeyUse, KeyUses};
use http::HeaderValue;
use jiff::Timestamp;

/// The notes of one core.
pub(crate) struct CoreKeyUses {
    seen: RefCell<HashMap<Box<str>, Sighting>>,
    shared: Arc<KeyUses>,
}

/// A [`KeyUse`] that costs no copy of what the client sent.
struct Sighting {
    at: Timestamp,
    ip: IpAddr,
    origin: Option<HeaderValue>,
}

impl CoreKeyUses {
    pub(crate) fn new(shared: Arc<KeyUses>) -> Self {
        Self {
            seen: RefCell::default(),
            shared,
        }
    }

    /// The key was good for a request.
    pub(crate) fn note(&self, key: &ApiKey, ip: IpAddr, origin: Option<&HeaderValue>) {
        let sighting = Sighting {
            at: Timestamp::now(),
            ip,
            origin: origin.cloned(),
        };
        let mut seen = self.seen.borrow_mut();
        match seen.get_mut(&key.id) {
            Some(last) => *last = sighting,
            None => _ = seen.insert(key.id.clone(), sighting),
        }
    }

    /// Gives everything noted to whoever keeps it.
    pub(crate) fn hand_over(&self) {
        let mut seen = self.seen.borrow_mut();
        if seen.is_empty() {
            return;
        }
        let uses = seen.drain().map(|(id, sighting)| {
            let origin = sighting.origin.as_ref();
            let last = KeyUse {
                at: sighting.at,
                ip: sighting.ip,
                origin: origin.and_then(|line| KeyUse::kept_origin(line.as_bytes())),
            };
            (id, last)
        });
        self.shared.merge(uses);
    }
}
