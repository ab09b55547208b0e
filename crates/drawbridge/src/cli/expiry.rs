//! When a key expires, as people say it: `30d`, a date and time, or `never`.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
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
}
