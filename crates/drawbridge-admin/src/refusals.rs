//! `GET /v1/cors/refusals`: which calls of pages were refused, or would have been, with what cures each now.
//!
//! What the cores counted goes to the store in batches, beside configuration and audit log; a failed batch is tried again
//! with the next one. A key reads of its own project only. Nothing here may decide about a request.

mod cure;

use axum::response::Response;
use drawbridge_policy::issue::Problems;
use drawbridge_policy::refusals::{Line, SeenOrigin, day};
use drawbridge_store::{RefusalFilter, RefusalRow, StoreError};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::call::Call;
use crate::problem::{Problem, settled};
use crate::query::{FROM_DAY, ORIGIN, PROJECT, Query, TO_DAY};
use crate::refusals::cure::{Cure, Subjects};
use crate::{AdminState, answer, projects};

/// How long refusals are kept, today included.
const DAYS: i32 = 30;
/// What stands for everything of an endpoint and day that was not told apart.
pub(crate) const OTHER: &str = "other";

impl AdminState {
    /// Stores the refusals, and the origins that were admitted, that were handed over since the last time; once a day, and
    /// whenever there are any, forgets those that are too old. `pruned` is the day on which that was last done.
    ///
    /// # Errors
    /// The store's; what could not be stored is kept for the next time.
    pub async fn keep_refusals(&self, pruned: &mut Date) -> Result<(), StoreError> {
        let now = (self.clock)();
        let is_new_day = *pruned != day(now);
        let lines: Vec<Line> = self.refusals.take().into_lines().collect();
        if (!lines.is_empty() || is_new_day)
            && let Err(error) = self.store.record_refusals(&lines, oldest(now)).await
        {
            self.refusals.merge(lines);
            return Err(error);
        }
        let admitted = self.refusals.admitted.take();
        let yesterday = day(now).saturating_sub(1.day());
        if (!admitted.is_empty() || is_new_day)
            && let Err(error) = self.store.record_admitted(&admitted, yesterday).await
        {
            self.refusals.admitted.merge(admitted);
            return Err(error);
        }
        *pruned = day(now);
        Ok(())
    }
}

/// The first day that is kept.
fn oldest(now: Timestamp) -> Date {
    day(now).saturating_sub((DAYS - 1).days())
}

/// `GET /v1/cors/refusals`
pub(crate) async fn list(call: Call) -> Result<Response, Problem> {
    let query = call.query()?;
    let page = query.page()?;
    let filter = filter(&call, &query).await?;
    let listing = call.store().refusals(&filter, &page).await?;
    let mut subjects = Subjects::default();
    let mut data = Vec::new();
    for row in listing.rows.iter().filter(|row| is_seen(&call, row)) {
        let cure = subjects.cure(&call, row).await?;
        data.push(resource(&call, row, cure));
        // A long page is much to judge, and others wait for this thread.
        tokio::task::yield_now().await;
    }
    Ok(answer::listed(&data, listing.next_cursor.as_deref()))
}

async fn filter(call: &Call, query: &Query) -> Result<RefusalFilter, Problem> {
    let mut problems = Problems::new();
    let (from, to) = (
        query.day(FROM_DAY, &mut problems),
        query.day(TO_DAY, &mut problems),
    );
    let endpoint = query.endpoint(&mut problems).map(str::to_owned);
    settled(Some(()), problems)?;
    let project_id = match query.get(PROJECT) {
        Some(named) => Some(projects::find(call, named).await?.id),
        None => call.key().map(|key| key.project_id.to_string()),
    };
    let oldest = oldest(call.now());
    Ok(RefusalFilter {
        project_id,
        endpoint,
        origin: query.get(ORIGIN).map(str::to_owned),
        from: Some(from.map_or(oldest, |from| from.max(oldest))),
        to,
    })
}

/// A key whose `endpoints` name some sees what happened at those only.
fn is_seen(call: &Call, row: &RefusalRow) -> bool {
    let name = row.place.endpoint.split_once('/');
    name.is_none_or(|(_, name)| call.may_use(name))
}

fn resource(call: &Call, row: &RefusalRow, cure: Cure) -> Value {
    let (project_id, endpoint) = row.place.endpoint.split_once('/').unzip();
    let snapshot = call.live().load();
    let project = project_id.and_then(|id| snapshot.project(id));
    let kind = row.kind.as_ref();
    let origin = kind.and_then(|kind| match &kind.origin {
        SeenOrigin::Text(origin) => Some(origin),
        SeenOrigin::Malformed => None,
    });
    let result = |is_reported| if is_reported { "reported" } else { "refused" };
    json!({
        "object": "cors_refusal",
        "id": row.id,
        "day": row.place.day.to_string(),
        "project": project.map(|project| &*project.slug),
        "project_id": project_id,
        "endpoint": endpoint,
        "origin": origin,
        "reason": kind.map_or(OTHER, |kind| kind.reason.code()),
        "name": kind.and_then(|kind| kind.name.as_deref()),
        "result": kind.map(|kind| result(kind.is_reported)),
        "count": row.tally.count,
        "first_seen_at": row.tally.first.to_string(),
        "last_seen_at": row.tally.last.to_string(),
        "verdict": cure.verdict.map(|verdict| verdict.as_str()),
        "cause": cure.cause,
        "fixes": cure.fixes,
    })
}
