//! What a key has used: its bucket, and how many of its requests are in flight.
//!
//! A key's meter goes with it from snapshot to snapshot, whatever of the key is changed: an edit must never forget
//! what was used. It is found through the key, without a lock or a look-up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::bucket::Bucket;

/// What one key has used.
#[derive(Debug, Default)]
pub struct Meter {
    /// What it may still send.
    pub bucket: Bucket,
    in_flight: AtomicU32,
}

impl Meter {
    /// Counts one more request in flight, unless there are `most` already. Requests are counted without a limit too, so
    /// that one that is set later finds those that began before.
    pub fn begin(self: &Arc<Self>, most: Option<u32>) -> Option<InFlight> {
        let is_free = |count: u32| most.is_none_or(|most| count < most);
        self.in_flight
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                is_free(count).then(|| count.saturating_add(1))
            })
            .ok()?;
        Some(InFlight(Arc::clone(self)))
    }
}

/// A request in flight; it ends when this is dropped.
#[derive(Debug)]
pub struct InFlight(Arc<Meter>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_allowed_are_in_flight_and_each_end_makes_room_for_one() {
        let meter = Arc::new(Meter::default());
        let first = meter.begin(Some(2));
        let second = meter.begin(Some(2));
        assert!(first.is_some() && second.is_some());
        assert!(meter.begin(Some(2)).is_none());
        drop(first);
        let third = meter.begin(Some(2));
        assert!(third.is_some() && meter.begin(Some(2)).is_none());
    }

    #[test]
    fn requests_that_began_without_a_limit_count_under_a_later_one() {
        let meter = Arc::new(Meter::default());
        let open = [meter.begin(None), meter.begin(None)];
        assert!(meter.begin(Some(2)).is_none());
        drop(open);
        assert!(meter.begin(Some(1)).is_some());
    }
}
