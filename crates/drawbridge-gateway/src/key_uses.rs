//! What one core sees of keys' uses: noted without lock or wait, handed over twice a second.
//!
//! A key is noted once between two hand-overs, however often it is used, so that memory is bounded by the keys there are.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use drawbridge_policy::key::ApiKey;
use drawbridge_policy::key_use::{Exposure, Exposures, KeyUse, KeyUses, Sighting};
use http::HeaderValue;
use jiff::Timestamp;

use crate::trail::Trail;

/// The notes of one core.
pub(crate) struct CoreKeyUses {
    seen: RefCell<HashMap<Box<str>, Seen>>,
    shared: Arc<KeyUses>,
}

/// One request with a key; costs no copy of what the client sent.
#[derive(Clone)]
struct Noted {
    at: Timestamp,
    ip: IpAddr,
    origin: Option<HeaderValue>,
    request_id: HeaderValue,
}

/// Of the requests with one key.
struct Seen {
    last: Noted,
    /// The first exposure and the last.
    exposures: Option<(Noted, Noted)>,
}

impl CoreKeyUses {
    pub(crate) fn new(shared: Arc<KeyUses>) -> Self {
        Self {
            seen: RefCell::default(),
            shared,
        }
    }

    /// The key was good for a request.
    pub(crate) fn note(&self, key: &ApiKey, trail: &Trail) {
        let noted = Noted {
            at: Timestamp::now(),
            ip: trail.exchange.client_ip(),
            origin: trail.origin.clone(),
            request_id: trail.id.clone(),
        };
        // What can be no origin is no page's.
        let is_exposure = trail.exposure.is_some() && noted.origin().is_some();
        let mut seen = self.seen.borrow_mut();
        let seen = match seen.get_mut(&key.id) {
            Some(seen) => {
                seen.last = noted;
                seen
            }
            None => seen.entry(key.id.clone()).or_insert(Seen {
                last: noted,
                exposures: None,
            }),
        };
        if is_exposure {
            let last = seen.last.clone();
            let first = seen.exposures.take().map(|(first, _)| first);
            seen.exposures = Some((first.unwrap_or_else(|| last.clone()), last));
        }
    }

    /// Gives everything noted to whoever keeps it.
    pub(crate) fn hand_over(&self) {
        let mut seen = self.seen.borrow_mut();
        if !seen.is_empty() {
            let sightings = seen.drain().map(|(id, seen)| (id, seen.into_sighting()));
            self.shared.merge(sightings);
        }
    }
}

impl Seen {
    fn into_sighting(self) -> Sighting {
        let Self { last, exposures } = self;
        let exposures = exposures.and_then(|(first, last)| {
            Some(Exposures {
                first: first.into_exposure()?,
                last: last.into_exposure()?,
            })
        });
        let last = KeyUse {
            at: last.at,
            ip: last.ip,
            origin: last.origin(),
        };
        Sighting { last, exposures }
    }
}

impl Noted {
    fn origin(&self) -> Option<Box<str>> {
        let line = self.origin.as_ref()?;
        KeyUse::kept_origin(line.as_bytes())
    }

    fn into_exposure(self) -> Option<Exposure> {
        Some(Exposure {
            at: self.at,
            ip: self.ip,
            origin: self.origin()?,
            request_id: self.request_id.to_str().unwrap_or_default().into(),
        })
    }
}
