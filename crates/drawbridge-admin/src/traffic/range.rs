//! Which part of the history is asked for.

use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::traffic::Step;
use jiff::Timestamp;

use crate::problem::{Problem, settled};
use crate::query::{FROM, Query, STEP, TO};

/// How much is shown where nothing is said.
const DEFAULT_SECONDS: i64 = 24 * 3600;

/// Whole buckets, within what is kept. Never empty.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) step: Step,
    /// When the first bucket begins, in seconds since the Unix epoch.
    pub(super) from: i64,
    /// When the last one ends.
    pub(super) to: i64,
}

impl Range {
    /// Reads `from`, `to` and `step`. Without a step it is the finest that is kept for as long.
    ///
    /// # Errors
    /// 422.
    pub(super) fn read(query: &Query, now: Timestamp) -> Result<Self, Problem> {
        let mut problems = Problems::new();
        let from = query.time(FROM, &mut problems).map(Timestamp::as_second);
        let to = query.time(TO, &mut problems).map(Timestamp::as_second);
        let step = query.get(STEP).and_then(|text| {
            let mut steps = Step::ALL.into_iter();
            let step = steps.find(|step| step.seconds().to_string() == text);
            if step.is_none() {
                let detail = "`step` is 300 or 3600, in seconds";
                problems.push(ConfigIssue::new("?step", "unknown_value", detail));
            }
            step
        });
        settled(Some(()), problems)?;
        // The second that has begun counts.
        let end = to.unwrap_or(i64::MAX).min(now.as_second() + 1);
        let begin = from.unwrap_or(end.saturating_sub(DEFAULT_SECONDS));
        if begin >= end {
            let detail = "`from` must lie before `to`, and before now";
            return Err(out_of_range("?from", detail.to_owned()));
        }
        let is_kept = |step: &Step| begin >= step.oldest(now);
        let step = step.or_else(|| Step::ALL.into_iter().find(is_kept));
        let step = step.unwrap_or(Step::Hour);
        if end <= step.oldest(now) {
            let detail = "nothing so old is kept: five minutes for two days, hours for thirty";
            return Err(out_of_range("?to", detail.to_owned()));
        }
        Ok(Self {
            step,
            from: step.start_of(begin.max(step.oldest(now))),
            // The bucket that the last second lies in.
            to: step.start_of(end - 1) + step.seconds(),
        })
    }

    /// When each bucket begins.
    pub(super) fn starts(&self) -> impl Iterator<Item = i64> + use<> {
        let step = self.step.seconds();
        let mut next = self.from;
        let to = self.to;
        std::iter::from_fn(move || {
            let start = next;
            next += step;
            (start < to).then_some(start)
        })
    }
}

fn out_of_range(place: &str, detail: String) -> Problem {
    Problem::invalid(vec![ConfigIssue::new(place, "out_of_range", detail)])
}
