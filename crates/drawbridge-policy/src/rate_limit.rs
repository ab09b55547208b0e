//! How many requests a key may send in which time, as people write it.
//!
//! `{"requests", "per_seconds", "burst"}` is a bucket of `burst` requests that is refilled at `requests` in `per_seconds`;
//! [`Bucket`](crate::bucket::Bucket) is where they are taken from. Every limit that [`RateLimit::read`] accepts must
//! fill an empty bucket within [`LONGEST_FILL`], so that no sum of times can overflow.

use serde_json::{Value, json};

use crate::document::{Fields, as_integer};
use crate::issue::{ConfigIssue, Problems};

/// Most requests of a limit, and of its burst.
pub const MOST_REQUESTS: u32 = 1_000_000;
/// Longest time that a limit's requests are counted over, in seconds: a day.
pub const LONGEST_PERIOD: u32 = 86_400;
/// Longest time from an empty bucket to a full one, in seconds: 30 days.
pub const LONGEST_FILL: u64 = 2_592_000;
/// Most requests in flight that a key can be limited to.
pub const MOST_CONCURRENT: u32 = 100_000;

const NANOSECONDS: u64 = 1_000_000_000;

/// A limit, valid in itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    requests: u32,
    per_seconds: u32,
    /// As given; `None` is as many as `requests`.
    burst: Option<u32>,
}

impl RateLimit {
    /// The limit of a constant; `None` where [`read`](Self::read) would refuse it.
    pub const fn new(requests: u32, per_seconds: u32) -> Option<Self> {
        if requests == 0 || requests > MOST_REQUESTS {
            return None;
        }
        if per_seconds == 0 || per_seconds > LONGEST_PERIOD {
            return None;
        }
        Some(Self {
            requests,
            per_seconds,
            burst: None,
        })
    }

    /// Reads the object at `pointer`; `None` only where a problem was found.
    pub fn read(value: &Value, pointer: &str, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::open(value, pointer, problems)?;
        let mut required = |name, greatest| {
            fields.require(name, problems);
            let value = fields.value(name)?;
            read_count(value, &fields.pointer_to(name), greatest, problems)
        };
        let requests = required("requests", MOST_REQUESTS);
        let per_seconds = required("per_seconds", LONGEST_PERIOD);
        let pointer = fields.pointer_to("burst");
        let burst = fields.nullable("burst");
        let burst = burst.map(|value| read_count(value, &pointer, MOST_REQUESTS, problems));
        fields.finish(problems);
        let limit = Self {
            requests: requests?,
            per_seconds: per_seconds?,
            burst: burst.map_or(Some(None), |burst| burst.map(Some))?,
        };
        let most = LONGEST_FILL * u64::from(limit.requests) / u64::from(limit.per_seconds);
        if u64::from(limit.burst()) > most {
            let detail = format!(
                "at {} requests in {} seconds an empty bucket of {} would take more than 30 days to fill; the burst is \
                 from 1 to {most}",
                limit.requests,
                limit.per_seconds,
                limit.burst()
            );
            problems.push(ConfigIssue::new(pointer, "out_of_range", detail).suggest(most));
            return None;
        }
        Some(limit)
    }

    /// The document, as it was read.
    pub fn to_value(self) -> Value {
        json!({"requests": self.requests, "per_seconds": self.per_seconds, "burst": self.burst})
    }

    /// How many requests are refilled in [`per_seconds`](Self::per_seconds).
    pub fn requests(self) -> u32 {
        self.requests
    }

    /// In which time, in seconds.
    pub fn per_seconds(self) -> u32 {
        self.per_seconds
    }

    /// How many requests a full bucket holds.
    pub fn burst(self) -> u32 {
        self.burst.unwrap_or(self.requests)
    }

    /// How long the refilling of one request takes, in nanoseconds, rounded up: never more than the limit says.
    pub(crate) fn interval(self) -> u64 {
        (u64::from(self.per_seconds) * NANOSECONDS).div_ceil(u64::from(self.requests))
    }
}

/// Reads `max_concurrent`; `None` only where a problem was found.
pub(crate) fn read_concurrent(
    value: &Value,
    pointer: &str,
    problems: &mut Problems,
) -> Option<u32> {
    read_count(value, pointer, MOST_CONCURRENT, problems)
}

/// A number from 1 to `greatest`.
fn read_count(value: &Value, pointer: &str, greatest: u32, problems: &mut Problems) -> Option<u32> {
    let number = as_integer(value, pointer, problems)?;
    let clamped = number.clamp(1, i64::from(greatest));
    if number != clamped {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        let detail = format!("`{name}` is from 1 to {greatest}");
        problems.push(ConfigIssue::new(pointer, "out_of_range", detail).suggest(clamped));
        return None;
    }
    u32::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<RateLimit, Vec<ConfigIssue>> {
        let mut problems = Problems::new();
        let limit = RateLimit::read(value, "/rate_limit", &mut problems);
        problems
            .into_result(limit)
            .map(|limit| limit.expect("nothing was wrong"))
    }

    #[test]
    fn a_limit_comes_back_as_given_and_the_burst_follows_the_requests() {
        for (given, burst) in [
            (json!({"requests": 100, "per_seconds": 60, "burst": 20}), 20),
            (
                json!({"requests": 100, "per_seconds": 60, "burst": null}),
                100,
            ),
        ] {
            let limit = read(&given).unwrap();
            assert_eq!(limit.to_value(), given);
            assert_eq!(limit.burst(), burst);
        }
        let short = json!({"requests": 3, "per_seconds": 1});
        let limit = read(&short).unwrap();
        assert_eq!(limit.to_value()["burst"], Value::Null);
        assert_eq!(limit.interval(), 333_333_334);
        assert_eq!(RateLimit::new(3, 1), Some(limit));
        assert_eq!(RateLimit::new(0, 1), None);
    }

    #[test]
    fn absurd_limits_are_refused_with_the_nearest_one_that_is_not() {
        let found = |value: Value| {
            let issues = read(&value).unwrap_err();
            let found = issues.into_iter();
            found
                .map(|issue| (issue.pointer, issue.code, issue.suggestion))
                .collect::<Vec<_>>()
        };
        let issue = |name: &str, code, suggestion: Option<Value>| {
            (format!("/rate_limit/{name}"), code, suggestion)
        };
        assert_eq!(
            found(json!({"requests": 0, "per_seconds": 86_401, "burst": -1})),
            [
                issue("requests", "out_of_range", Some(json!(1))),
                issue("per_seconds", "out_of_range", Some(json!(86_400))),
                issue("burst", "out_of_range", Some(json!(1))),
            ]
        );
        assert_eq!(
            found(json!({"requests": u64::MAX, "per_seconds": 1.5, "burst": 1_000_001})),
            [
                issue("requests", "out_of_range", Some(json!(1_000_000))),
                issue("per_seconds", "wrong_type", None),
                issue("burst", "out_of_range", Some(json!(1_000_000))),
            ]
        );
        assert_eq!(
            found(json!({"request": 5})),
            [
                issue("requests", "missing_field", None),
                issue("per_seconds", "missing_field", None),
                issue("request", "unknown_field", None),
            ]
        );
        let slow = json!({"requests": 1, "per_seconds": 86_400, "burst": 31});
        assert_eq!(
            found(slow),
            [issue("burst", "out_of_range", Some(json!(30)))]
        );
        assert!(read(&json!({"requests": 1, "per_seconds": 86_400, "burst": 30})).is_ok());
        let codes: Vec<_> = found(
            json!({"requests": 1_000_000, "per_seconds": 86_400, "burst": 1_000_000, "x": 1}),
        );
        assert_eq!(codes, [issue("x", "unknown_field", None)]);
    }
}
