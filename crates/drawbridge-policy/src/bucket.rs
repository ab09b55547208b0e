//! A bucket of requests that refills with time: GCRA, the generic cell rate algorithm, on one number.
//!
//! The number is the moment at which the bucket will be full again. Nothing here reads a clock: `now` is the time since
//! a fixed moment by a clock that never goes back, the same one for all callers. Whoever keeps buckets elsewhere (in
//! Redis, for several nodes) must do this arithmetic, so that the answers agree.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::rate_limit::RateLimit;

/// How far two cores' readings of the clock may lie apart when they meet at a bucket.
const SKEW: u64 = 1_000_000_000;

/// What a bucket holds at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Requests that it has left.
    pub remaining: u32,
    /// How long until it has one more; zero where it is full.
    pub next: Duration,
    /// How long until it is full.
    pub full: Duration,
}

/// A bucket that is full at first; its limit is the caller's to know, and may change.
#[derive(Debug, Default)]
pub struct Bucket {
    /// When it will be full, in nanoseconds.
    full_at: AtomicU64,
}

impl Bucket {
    /// Takes one request.
    ///
    /// # Errors
    /// What the bucket holds, where that is none: a request `next` later is admitted if nobody else comes first.
    pub fn take(&self, limit: RateLimit, now: Duration) -> Result<Level, Level> {
        let now = nanoseconds(now);
        let mut found = self.full_at.load(Ordering::Relaxed);
        loop {
            let taken = take(found, limit, now);
            let (Ok((next, level)) | Err((next, level))) = taken;
            if next == found {
                return Err(level);
            }
            // Buckets are independent of each other and of everything else: no order is needed but their own.
            match self.full_at.compare_exchange_weak(
                found,
                next,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return taken.map(|(_, level)| level).map_err(|(_, level)| level),
                Err(other) => found = other,
            }
        }
    }

    /// Puts back what was taken for a request that was not to be counted.
    pub fn put_back(&self, limit: RateLimit) {
        let interval = limit.interval();
        // The closure never says no, and the bucket is none the fuller if it was full already.
        let _ = self
            .full_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
                Some(full_at.saturating_sub(interval))
            });
    }

    /// What it holds.
    pub fn level(&self, limit: RateLimit, now: Duration) -> Level {
        let full_at = self.full_at.load(Ordering::Relaxed);
        let debt = full_at.saturating_sub(nanoseconds(now));
        // More can be missing only where it was taken under another limit.
        level(debt.min(capacity(limit)), limit)
    }
}

/// Takes one request from a bucket that will be full at `full_at`: when it will be full then, and what it holds.
///
/// # Errors
/// The same where it has none: unchanged, unless a limit that was narrowed left more missing than it can hold.
pub(crate) fn take(full_at: u64, limit: RateLimit, now: u64) -> Result<(u64, Level), (u64, Level)> {
    let capacity = capacity(limit);
    let debt = full_at.saturating_sub(now);
    let after = debt.saturating_add(limit.interval());
    if after <= capacity {
        return Ok((now.saturating_add(after), level(after, limit)));
    }
    if debt > capacity + SKEW {
        // Taken under another limit: under this one the bucket is empty, and no emptier than that.
        return Err((now.saturating_add(capacity), level(capacity, limit)));
    }
    Err((full_at, level(debt, limit)))
}

/// How long an empty bucket takes to fill.
fn capacity(limit: RateLimit) -> u64 {
    u64::from(limit.burst()) * limit.interval()
}

/// What a bucket holds that will be full after `debt`.
fn level(debt: u64, limit: RateLimit) -> Level {
    let interval = limit.interval();
    let missing = debt.div_ceil(interval);
    let remaining = u64::from(limit.burst()).saturating_sub(missing);
    // It has one more when so much is missing that one more fits.
    let then = (missing.min(u64::from(limit.burst()))).saturating_sub(1) * interval;
    Level {
        // Never more than the burst.
        remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
        next: Duration::from_nanos(debt.saturating_sub(then)),
        full: Duration::from_nanos(debt),
    }
}

pub(crate) fn nanoseconds(time: Duration) -> u64 {
    // 584 years.
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
