//! Limits as people say them: `100/60`, `100/1m`.

use clap::Args;
use serde_json::{Value, json};

use super::expiry::seconds;
use super::failure::Failure;

/// The flags of a rate limit.
#[derive(Args)]
pub(super) struct RateFlags {
    /// Most requests in a time: 100/60 (seconds), 100/1m, 1000/24h; `none` lifts it (a key then has its project's)
    #[arg(long, value_name = "REQUESTS/TIME")]
    rate_limit: Option<String>,
    /// How many of them at once; as many as there are when left out
    #[arg(long, value_name = "REQUESTS")]
    burst: Option<u32>,
}

impl RateFlags {
    /// Refuses what makes no sense in a new document, which has no limit yet that a burst could be part of.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub(super) fn check_new(&self) -> Result<(), Failure> {
        if self.rate_limit.is_none() && self.burst.is_some() {
            return Err(Failure::Usage(
                "--burst is part of a limit: say that too, with --rate-limit REQUESTS/TIME"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// The value of `rate_limit` in a document or a merge patch; `None` where no flag was given.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub(super) fn value(&self) -> Result<Option<Value>, Failure> {
        match (self.rate_limit.as_deref(), self.burst) {
            (None, None) => Ok(None),
            (None, Some(burst)) => Ok(Some(json!({"burst": burst}))),
            (Some("none"), None) => Ok(Some(Value::Null)),
            (Some("none"), Some(_)) => Err(Failure::Usage(
                "--burst is part of a limit: leave it out with --rate-limit none".to_owned(),
            )),
            (Some(text), burst) => {
                let (requests, per_seconds) = parse(text)?;
                Ok(Some(json!({
                    "requests": requests, "per_seconds": per_seconds, "burst": burst,
                })))
            }
        }
    }
}

/// Requests, and the seconds that they are counted over.
fn parse(text: &str) -> Result<(i64, i64), Failure> {
    let wrong = || {
        Failure::Usage(format!(
            "--rate-limit {text}: write requests and a time, such as 100/60 (seconds), 100/1m or 1000/24h, or none"
        ))
    };
    let (requests, time) = text.split_once('/').ok_or_else(wrong)?;
    let requests = requests.parse().map_err(|_| wrong())?;
    let per_seconds = match time.parse() {
        Ok(number) => number,
        Err(_) => seconds("--rate-limit", time).map_err(|_| wrong())?,
    };
    Ok((requests, per_seconds))
}

/// A limit as people read it.
pub(super) fn human(limit: &Value) -> String {
    let burst = match &limit["burst"] {
        Value::Null => &limit["requests"],
        burst => burst,
    };
    format!(
        "{} in {} s, {burst} at once",
        limit["requests"], limit["per_seconds"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(rate_limit: &str, burst: Option<u32>) -> Result<Option<Value>, Failure> {
        let rate_limit = (!rate_limit.is_empty()).then(|| rate_limit.to_owned());
        RateFlags { rate_limit, burst }.value()
    }

    #[test]
    fn requests_and_a_time_are_a_limit() {
        for (text, burst, expected) in [
            (
                "100/60",
                Some(20),
                json!({"requests": 100, "per_seconds": 60, "burst": 20}),
            ),
            (
                "100/1m",
                None,
                json!({"requests": 100, "per_seconds": 60, "burst": null}),
            ),
            (
                "5/24h",
                None,
                json!({"requests": 5, "per_seconds": 86_400, "burst": null}),
            ),
            ("", Some(3), json!({"burst": 3})),
            ("none", None, Value::Null),
        ] {
            assert_eq!(value(text, burst).unwrap(), Some(expected), "{text}");
        }
        assert_eq!(value("", None).unwrap(), None);
        let burst_alone = RateFlags {
            rate_limit: None,
            burst: Some(3),
        };
        assert!(matches!(burst_alone.check_new(), Err(Failure::Usage(_))));
        for (text, burst) in [
            ("100", None),
            ("a/1m", None),
            ("1/x", None),
            ("none", Some(1)),
        ] {
            assert!(
                matches!(value(text, burst), Err(Failure::Usage(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_limit_reads_as_a_sentence() {
        let limit = json!({"requests": 100, "per_seconds": 60, "burst": null});
        assert_eq!(human(&limit), "100 in 60 s, 100 at once");
    }
}
