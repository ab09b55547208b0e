//! `GET /dashboard/api/traffic`: what happened to requests over the last hours or weeks.
//!
//! What the cores count goes to the store in batches, beside configuration and audit log; a failed batch is tried again
//! with the next one. A key reads of its own project and endpoints only. Nothing here may decide about a request.

mod range;
mod summary;

use axum::response::Response;
use drawbridge_policy::issue::Problems;
use drawbridge_policy::traffic::{Line, Reading, Step};
use drawbridge_store::{StoreError, TrafficFilter};
use serde_json::json;

use crate::call::Call;
use crate::problem::{Problem, settled};
use crate::query::PROJECT;
use crate::{AdminState, answer, projects};
use range::Range;
use summary::Summary;

/// Lines that are added up without giving others their turn.
const PART: usize = 1000;

impl AdminState {
    /// Stores what was counted since the last time; once an hour, and whenever there is anything, forgets what is too old.
    /// `pruned` is the hour in which that was last done, in seconds since the Unix epoch.
    ///
    /// # Errors
    /// The store's; what could not be stored is kept for the next time.
    pub async fn keep_traffic(&self, reading: Reading, pruned: &mut i64) -> Result<(), StoreError> {
        let now = (self.clock)();
        self.traffic.read(reading, now);
        let lines = self.traffic.take();
        let hour = Step::Hour.start_of(now.as_second());
        if lines.is_empty() && *pruned == hour {
            return Ok(());
        }
        if let Err(error) = self.store.record_traffic(&lines, now).await {
            self.traffic.put_back(lines, now);
            return Err(error);
        }
        *pruned = hour;
        Ok(())
    }
}

/// `GET /dashboard/api/traffic`
pub(crate) async fn show(call: Call) -> Result<Response, Problem> {
    let query = call.query()?;
    let range = Range::read(&query, call.now())?;
    let mut problems = Problems::new();
    let endpoint = query.endpoint(&mut problems).map(str::to_owned);
    settled(Some(()), problems)?;
    let own = call.key().map(|key| key.project_id.to_string());
    let project = match query.get(PROJECT).map(str::to_owned).or(own) {
        Some(project) => Some(projects::find(&call, &project).await?.slug),
        None => None,
    };
    let filter = TrafficFilter {
        step: range.step,
        from: range.from,
        to: range.to,
        project,
        endpoint,
    };
    let lines = call.store().traffic(&filter).await?;
    let mut summary = Summary::of(&range);
    for part in lines.chunks(PART) {
        let seen = part.iter().filter(|line| is_seen(&call, line));
        seen.for_each(|line| summary.add(line));
        tokio::task::yield_now().await;
    }
    let mut document = summary.into_value(&range);
    let load = (call.node().load)();
    document["now"] = json!({
        "open_streams": load.open_streams,
        "open_connections": load.open_connections,
        "revision": call.live().load().revision(),
    });
    Ok(answer::said(&document))
}

/// A key whose `endpoints` name some sees what happened at those only; the store has left out other projects.
fn is_seen(call: &Call, line: &Line) -> bool {
    call.may_use(&line.place.endpoint)
}
