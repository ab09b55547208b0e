//! Times and lengths of time, as people say them: `30d`, a date and time, or `never`.

use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp};
use serde_json::Value;

use super::failure::Failure;

/// The value of `expires_at`: null for `never`, else an RFC 3339 time after `now`.
///
/// # Errors
/// [`Failure::Usage`] when the text is neither a span nor a time, or lies in the past.
pub(super) fn expires_at(text: &str, now: Timestamp) -> Result<Value, Failure> {
    if text == "never" {
        return Ok(Value::Null);
    }
    let wrong = |why: &str| {
        Failure::Usage(format!(
            "--expires {text}: {why}, write 30d, 12h, 2027-01-31T12:00:00Z or never"
        ))
    };
    let end = match text.parse::<Timestamp>() {
        Ok(end) => end,
        Err(_) => {
            let span: Span = text
                .parse()
                .map_err(|_| wrong("is neither a span of time nor a time"))?;
            let start = now.to_zoned(TimeZone::UTC);
            let end = start
                .checked_add(span)
                .map_err(|_| wrong("is too far away"))?;
            end.timestamp()
        }
    };
    if end <= now {
        return Err(wrong("is not in the future"));
    }
    // Whole seconds: nobody means the microseconds of the moment the command ran.
    let whole = Timestamp::from_second(end.as_second()).unwrap_or(end);
    Ok(Value::String(whole.to_string()))
}

/// How many seconds a length of time has: `1h`, `2d`, or `0`.
///
/// # Errors
/// [`Failure::Usage`] when the text is none.
pub(super) fn seconds(flag: &str, text: &str) -> Result<i64, Failure> {
    let wrong = || {
        Failure::Usage(format!(
            "{flag} {text}: write a length of time such as 1h, 2d or 0"
        ))
    };
    if text == "0" {
        return Ok(0);
    }
    let span: Span = text.parse().map_err(|_| wrong())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours());
    let length = length.map_err(|_| wrong())?;
    // Half a second must not become none at all.
    match (length.as_secs(), length.subsec_nanos()) {
        (seconds @ 0.., 0) => Ok(seconds),
        _ => Err(wrong()),
    }
}

/// A time that has passed, in RFC 3339: `7d` before `now`, or a date and time.
///
/// # Errors
/// [`Failure::Usage`] when the text is neither.
pub(super) fn moment_ago(flag: &str, text: &str, now: Timestamp) -> Result<String, Failure> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.to_string());
    }
    let wrong = || {
        Failure::Usage(format!(
            "{flag} {text}: write 7d, 12h or 2026-11-21T12:00:00Z"
        ))
    };
    let span: Span = text.parse().map_err(|_| wrong())?;
    let then = now.to_zoned(TimeZone::UTC).checked_sub(span);
    then.map(|then| then.timestamp().to_string())
        .map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spans_times_and_never_are_understood() {
        let now: Timestamp = "2026-11-21T10:00:00.5Z".parse().unwrap();
        let cases = [
            ("30d", json!("2026-12-21T10:00:00Z")),
            ("12h", json!("2026-11-21T22:00:00Z")),
            ("2w", json!("2026-12-05T10:00:00Z")),
            ("1 year", json!("2027-11-21T10:00:00Z")),
            ("2027-01-31T12:00:00Z", json!("2027-01-31T12:00:00Z")),
            ("2027-01-31T12:00:00+02:00", json!("2027-01-31T10:00:00Z")),
            ("never", json!(null)),
        ];
        for (text, expected) in cases {
            assert_eq!(expires_at(text, now).unwrap(), expected, "{text}");
        }
        for text in ["", "soon", "30", "-3d", "2020-01-01T00:00:00Z", "99999999y"] {
            assert!(
                matches!(expires_at(text, now), Err(Failure::Usage(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn lengths_of_time_are_understood() {
        for (text, expected) in [
            ("0", 0),
            ("90s", 90),
            ("1h", 3600),
            ("1h 30m", 5400),
            ("2d", 172_800),
            ("1w", 604_800),
        ] {
            assert_eq!(seconds("--overlap", text).unwrap(), expected, "{text}");
        }
        for text in ["", "3600", "soon", "-1h", "1 month", "500ms"] {
            assert!(seconds("--overlap", text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_that_have_passed_are_understood() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("7d", "2026-11-14T10:00:00Z"),
            ("12h", "2026-11-20T22:00:00Z"),
            ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00Z"),
        ] {
            assert_eq!(moment_ago("--since", text, now).unwrap(), expected);
        }
        for text in ["", "yesterday", "7", "99999999y"] {
            assert!(moment_ago("--since", text, now).is_err(), "{text}");
        }
    }
}
