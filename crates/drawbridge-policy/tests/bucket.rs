//! Buckets against a naive reading of what a limit says: tokens that drip, kept as an exact fraction.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use drawbridge_policy::bucket::Bucket;
use drawbridge_policy::issue::Problems;
use drawbridge_policy::rate_limit::RateLimit;
use proptest::prelude::*;
use serde_json::json;

fn limit(requests: u32, per_seconds: u32, burst: u32) -> RateLimit {
    let document = json!({"requests": requests, "per_seconds": per_seconds, "burst": burst});
    RateLimit::read(&document, "", &mut Problems::new()).unwrap()
}

/// Tokens times `per_seconds` times 10⁹, so that each nanosecond drips `requests` of them.
struct Naive {
    tokens: u128,
    at: u128,
}

impl Naive {
    fn one(limit: RateLimit) -> u128 {
        u128::from(limit.per_seconds()) * 1_000_000_000
    }

    fn full(limit: RateLimit) -> Self {
        Self {
            tokens: u128::from(limit.burst()) * Self::one(limit),
            at: 0,
        }
    }

    fn drip(&mut self, limit: RateLimit, now: u64) {
        let now = u128::from(now);
        let dripped = (now - self.at) * u128::from(limit.requests());
        self.tokens = (self.tokens + dripped).min(u128::from(limit.burst()) * Self::one(limit));
        self.at = now;
    }

    fn take(&mut self, limit: RateLimit) -> bool {
        match self.tokens.checked_sub(Self::one(limit)) {
            Some(left) => {
                self.tokens = left;
                true
            }
            None => false,
        }
    }
}

/// Limits whose requests drip every whole number of nanoseconds.
fn even_limits() -> impl Strategy<Value = RateLimit> {
    let requests = prop::sample::select(vec![1_u32, 2, 5, 10, 50, 100, 1000, 1_000_000]);
    (requests, 1..=3600_u32, 1..=50_u32)
        .prop_map(|(requests, per_seconds, burst)| limit(requests, per_seconds, burst))
}

fn limits() -> impl Strategy<Value = RateLimit> {
    let numbers = (1..=1_000_000_u32, 1..=86_400_u32, 1..=1_000_000_u32);
    numbers.prop_map(|(requests, per_seconds, burst)| {
        let most = 2_592_000 * u64::from(requests) / u64::from(per_seconds);
        let burst = u64::from(burst).min(most);
        limit(requests, per_seconds, u32::try_from(burst).unwrap())
    })
}

/// Waits between requests, as multiples of what one takes to drip: most of them about one.
fn waits() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(
        prop_oneof![3 => 0.0..2.0, 2 => Just(0.0), 1 => 0.0..60.0],
        1..200,
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "any number of nanoseconds will do"
)]
fn moments(limit: RateLimit, waits: &[f64]) -> Vec<u64> {
    let drip = f64::from(limit.per_seconds()) * 1e9 / f64::from(limit.requests());
    let mut now = 7_u64;
    let next = |wait: &f64| {
        now += (wait * drip) as u64;
        now
    };
    waits.iter().map(next).collect()
}

proptest! {
    #[test]
    fn a_bucket_admits_what_dripping_tokens_admit_and_tells_what_is_left(
        limit in even_limits(), waits in waits()
    ) {
        let bucket = Bucket::default();
        let mut naive = Naive::full(limit);
        for now in moments(limit, &waits) {
            naive.drip(limit, now);
            let is_admitted = naive.take(limit);
            let taken = bucket.take(limit, Duration::from_nanos(now));
            prop_assert_eq!(taken.is_ok(), is_admitted);
            let (Ok(level) | Err(level)) = taken;
            prop_assert_eq!(u128::from(level.remaining), naive.tokens / Naive::one(limit));
            let missing = u128::from(limit.burst()) * Naive::one(limit) - naive.tokens;
            prop_assert_eq!(level.full.as_nanos() * u128::from(limit.requests()), missing);
            prop_assert_eq!(bucket.level(limit, Duration::from_nanos(now)), level);
        }
    }

    #[test]
    fn who_waits_as_long_as_told_is_admitted_and_who_comes_sooner_is_not(
        limit in limits(), waits in waits()
    ) {
        let bucket = Bucket::default();
        for now in moments(limit, &waits) {
            let now = Duration::from_nanos(now);
            let Err(level) = bucket.take(limit, now) else { continue };
            prop_assert_eq!(level.remaining, 0);
            let then = now + level.next;
            prop_assert!(bucket.take(limit, then - Duration::from_nanos(1)).is_err());
            prop_assert_eq!(bucket.level(limit, then).remaining, 1);
        }
    }

    #[test]
    fn no_stretch_of_time_has_more_than_the_burst_and_what_drips_within_it(
        limit in limits(), waits in waits()
    ) {
        let bucket = Bucket::default();
        let moments = moments(limit, &waits);
        let admitted = moments.iter().filter(|now| bucket.take(limit, Duration::from_nanos(**now)).is_ok());
        let admitted: Vec<_> = admitted.copied().collect();
        for (first, from) in admitted.iter().enumerate() {
            for (last, until) in admitted.iter().enumerate().skip(first) {
                let dripped = u128::from(until - from) * u128::from(limit.requests()) / Naive::one(limit);
                let count = (last - first + 1) as u128;
                prop_assert!(count <= u128::from(limit.burst()) + dripped);
            }
        }
    }

    #[test]
    fn a_changed_limit_grants_no_more_than_its_burst_and_keeps_nobody_waiting_for_the_old_one(
        before in limits(), after in limits(), taken in 0..100_u32, now in 0..u64::MAX / 4
    ) {
        let bucket = Bucket::default();
        let now = Duration::from_nanos(now);
        for _ in 0..taken {
            let _ = bucket.take(before, now);
        }
        let burst = after.burst().min(1000);
        let admitted = (0..=burst).take_while(|_| bucket.take(after, now).is_ok()).count();
        if burst == after.burst() {
            prop_assert!(admitted <= burst as usize);
            let Err(level) = bucket.take(after, now) else { panic!("more than the burst") };
            let drip = Duration::from_nanos(
                (u64::from(after.per_seconds()) * 1_000_000_000).div_ceil(u64::from(after.requests()))
            );
            prop_assert!(level.next <= drip + Duration::from_secs(1), "{level:?}");
        }
    }

    #[test]
    fn what_is_put_back_can_be_taken_again_and_never_overfills(
        limit in even_limits(), waits in waits()
    ) {
        let bucket = Bucket::default();
        for now in moments(limit, &waits) {
            let now = Duration::from_nanos(now);
            let before = bucket.level(limit, now);
            if bucket.take(limit, now).is_ok() {
                bucket.put_back(limit);
                prop_assert_eq!(bucket.level(limit, now), before);
            }
            let _ = bucket.take(limit, now);
        }
        let unused = Bucket::default();
        unused.put_back(limit);
        prop_assert_eq!(unused.level(limit, Duration::ZERO).remaining, limit.burst());
    }
}

#[test]
fn sixty_four_threads_get_exactly_the_burst() {
    let limit = limit(1, 2592, 1000);
    let bucket = Bucket::default();
    let admitted = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                for _ in 0..100 {
                    if bucket.take(limit, Duration::from_secs(1)).is_ok() {
                        admitted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(admitted.into_inner(), 1000);
}
