//! What a key may still send: taken here for each request that may go on, and told by every answer to the key.
//!
//! Rates and requests in flight are the data plane's: what management is asked is not counted, but for bad keys. Nor is anything that was
//! refused before (401, 403, 405), nor a preflight, which has no key. The counters belong to the key and are in memory;
//! a store that several nodes share takes the place of [`limit`], which stands where the pipeline can wait for it.

use std::time::Duration;

use bytes::BytesMut;
use drawbridge_policy::bucket::Level;
use drawbridge_policy::denial::Denial;
use drawbridge_policy::key::Caller;
use drawbridge_policy::meter::InFlight;
use drawbridge_policy::rate_limit::RateLimit;
use http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use jiff::Timestamp;

use crate::judge::Step;
use crate::trail::Trail;

const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
const X_SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// What a client waits that has too many requests in flight: nobody knows when one of them ends.
const BUSY: Duration = Duration::from_secs(1);
/// What SDKs wait at most: told to wait longer, they try again after a time of their own, in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a request has of its key's limits.
#[derive(Default)]
pub(crate) struct Quota {
    /// The rate that applies, if one does.
    pub(crate) rate: Option<RateLimit>,
    /// What was left when this request had been counted.
    level: Option<Level>,
    /// Held until the last byte of the answer.
    in_flight: Option<InFlight>,
}

/// How long a refused client should wait, and whether a client by itself should.
pub(crate) struct Retry {
    after: Duration,
    is_worthwhile: bool,
}

/// Counts a request that is about to go on.
pub(crate) fn limit(step: Step, trail: &mut Trail) -> Result<Step, Denial> {
    let is_counted = matches!(step, Step::Forward(..) | Step::Choose(_) | Step::Tell(_));
    let now = trail.now();
    let (true, Some(Caller::Key(key))) = (is_counted, &trail.caller) else {
        return Ok(step);
    };
    let Some(in_flight) = key.meter.begin(key.max_concurrent) else {
        let most = key.max_concurrent.unwrap_or_default();
        let detail = format!("The key's `max_concurrent` is {most}, and so many are in flight.");
        return Err(refuse(trail, BUSY, detail));
    };
    if let Some(rate) = trail.quota.rate {
        match key.meter.bucket.take(rate, now) {
            Ok(level) => trail.quota.level = Some(level),
            Err(level) => {
                trail.quota.level = Some(level);
                let detail = format!(
                    "The key may send {} in {} seconds, {} of them at once.",
                    rate.requests(),
                    rate.per_seconds(),
                    rate.burst()
                );
                return Err(refuse(trail, level.next, detail));
            }
        }
    }
    trail.quota.in_flight = Some(in_flight);
    Ok(step)
}

fn refuse(trail: &mut Trail, after: Duration, detail: String) -> Denial {
    trail.detail = Some(detail);
    trail.retry = Some(Retry {
        after,
        is_worthwhile: after < PATIENCE,
    });
    Denial::RateLimited
}

/// Takes back what was counted: the endpoint, known only now, refuses the request (403, 405).
pub(crate) fn uncount(trail: &mut Trail) {
    if let (Some(rate), Some(Caller::Key(key))) = (trail.quota.rate, &trail.caller)
        && trail.quota.level.take().is_some()
    {
        key.meter.bucket.put_back(rate);
    }
}

/// Why a key is not good.
const FAILURES: [Denial; 3] = [Denial::InvalidKey, Denial::ExpiredKey, Denial::RevokedKey];

/// Notes a key that was not good for management.
pub(crate) fn failed_call(code: Option<&str>, trail: &mut Trail) -> Result<(), Denial> {
    let failure = FAILURES
        .into_iter()
        .find(|denial| Some(denial.code()) == code);
    match failure.map(|denial| failed_key(denial, trail)) {
        Some(Denial::RateLimited) => Err(Denial::RateLimited),
        _ => Ok(()),
    }
}

/// What a key that is not good is answered: an address that sends many of them has to wait.
pub(crate) fn failed_key(denial: Denial, trail: &mut Trail) -> Denial {
    if !FAILURES.contains(&denial) {
        return denial;
    }
    let failed_keys = &trail.shared().failed_keys;
    let Err(after) = failed_keys.note(trail.exchange.client_ip(), trail.now()) else {
        return denial;
    };
    trail.detail = Some("Too many keys from this address were not good.".to_owned());
    trail.hint = Some("Check the key before it is sent again; a good one is served at once.");
    trail.retry = Some(Retry {
        after,
        // The same key will be no better then.
        is_worthwhile: false,
    });
    Denial::RateLimited
}

/// Tells a refused client when to come back.
pub(crate) fn put_retry(retry: &Retry, headers: &mut HeaderMap) {
    let seconds = seconds(retry.after).max(1);
    let milliseconds = retry.after.as_nanos().div_ceil(1_000_000).max(1);
    let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
    let should_retry = if retry.is_worthwhile { "true" } else { "false" };
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    headers.insert(RETRY_AFTER_MS, HeaderValue::from(milliseconds));
    headers.insert(X_SHOULD_RETRY, HeaderValue::from_static(should_retry));
}

/// Tells a key what it has left, in the place of what an upstream says of its own.
pub(crate) fn put_on(headers: &mut HeaderMap, trail: &Trail) {
    let (Some(rate), Some(Caller::Key(key))) = (trail.quota.rate, &trail.caller) else {
        return;
    };
    let level = trail.quota.level;
    let level = level.unwrap_or_else(|| key.meter.bucket.level(rate, trail.now()));
    put_level(headers, rate, level, Timestamp::now());
}

fn put_level(headers: &mut HeaderMap, rate: RateLimit, level: Level, now: Timestamp) {
    let full_at = now.as_nanosecond() + i128::try_from(level.full.as_nanos()).unwrap_or_default();
    let full_at = u64::try_from(full_at).unwrap_or_default();
    let full_at = full_at.div_ceil(1_000_000_000);
    let (burst, remaining) = (rate.burst(), level.remaining);
    let (requests, per_seconds) = (rate.requests(), rate.per_seconds());
    let next = seconds(level.next);
    headers.reserve(5);
    // One piece of memory for all of them.
    let mut text = Text(BytesMut::with_capacity(128));
    headers.insert(X_RATELIMIT_LIMIT, text.value(format_args!("{burst}")));
    headers.insert(
        X_RATELIMIT_REMAINING,
        text.value(format_args!("{remaining}")),
    );
    headers.insert(X_RATELIMIT_RESET, text.value(format_args!("{full_at}")));
    // draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4: within `t` no more than `r` can be used.
    headers.insert(
        RATELIMIT_POLICY,
        text.value(format_args!("\"default\";q={requests};w={per_seconds}")),
    );
    headers.insert(
        RATELIMIT,
        text.value(format_args!("\"default\";r={remaining};t={next}")),
    );
}

/// Seconds, rounded up: who waits so long has waited long enough.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

struct Text(BytesMut);

impl Text {
    fn value(&mut self, text: std::fmt::Arguments<'_>) -> HeaderValue {
        // Memory grows, and numbers and quotation marks are good in a value.
        let _ = std::fmt::Write::write_fmt(&mut self.0, text);
        let value = HeaderValue::from_maybe_shared(self.0.split().freeze());
        value.unwrap_or(HeaderValue::from_static("0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telling_what_is_left_takes_one_piece_of_memory_and_its_count_of_users() {
        let rate = RateLimit::new(1_000_000, 86_400).unwrap();
        let level = Level {
            remaining: 1_000_000,
            next: Duration::from_nanos(1),
            full: Duration::from_secs(86_400),
        };
        let now = Timestamp::now();
        let mut headers = HeaderMap::with_capacity(32);
        let counted = allocation_counter::measure(|| put_level(&mut headers, rate, level, now));
        assert_eq!(headers.len(), 5);
        assert!(counted.count_total <= 2, "{counted:?}");
    }

    #[test]
    fn who_waits_as_long_as_told_has_waited_long_enough() {
        for (after, seconds, milliseconds) in [
            (Duration::ZERO, "1", "1"),
            (Duration::from_nanos(1), "1", "1"),
            (Duration::from_millis(1500), "2", "1500"),
            (Duration::from_nanos(1_999_999_999), "2", "2000"),
            (Duration::from_secs(3), "3", "3000"),
        ] {
            let mut headers = HeaderMap::new();
            let retry = Retry {
                after,
                is_worthwhile: true,
            };
            put_retry(&retry, &mut headers);
            assert_eq!(headers[RETRY_AFTER], seconds);
            assert_eq!(headers[RETRY_AFTER_MS], milliseconds);
        }
    }
}
