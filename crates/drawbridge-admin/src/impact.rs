//! What a change of an endpoint would mean for the pages that called it within the last day: in dry runs only.
//!
//! Judged by origin alone, by the policy that requests obey and the one that they would obey, each with the keys that it
//! leaves its origins to. What a change of methods, headers or credentials would mean is not said.

use drawbridge_policy::cors::OriginHeader;
use drawbridge_policy::endpoint::Endpoint;
use drawbridge_store::OriginRow;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::call::Writing;
use crate::problem::Problem;

/// How far back.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Adds the impact of the write to the resource as it would be; nothing where the write is no dry run.
pub(crate) async fn add(
    shown: &mut Value,
    writing: &Writing<'_>,
    after: &Endpoint,
) -> Result<(), Problem> {
    if !writing.is_dry_run {
        return Ok(());
    }
    let since = writing.now - WINDOW;
    let (project_id, name) = after.path.split_once('/').unwrap_or_default();
    let seen = writing.call.store().origins_at(project_id, name, since);
    let seen = seen.await?;
    let snapshot = writing.call.live().load();
    let keys = snapshot.keys_at(writing.now);
    let before = snapshot.endpoint(&after.path);
    let admits = |endpoint: &Endpoint, row: &OriginRow| {
        let origin = OriginHeader::One(row.origin.as_bytes());
        let grant = keys.grant(endpoint, origin);
        endpoint.cors.admits(origin, false, grant)
    };
    let (mut newly_admitted, mut newly_refused) = (Vec::new(), Vec::new());
    for row in &seen {
        let is_admitted = before.is_some_and(|before| admits(before, row));
        match (is_admitted, admits(after, row)) {
            (false, true) => newly_admitted.push(origin(row)),
            (true, false) => newly_refused.push(origin(row)),
            _ => {}
        }
    }
    shown["impact"] = json!({
        "newly_admitted": newly_admitted,
        "newly_refused": newly_refused,
        "since": since.to_string(),
    });
    Ok(())
}

fn origin(row: &OriginRow) -> Value {
    json!({
        "origin": row.origin,
        "count": row.count,
        "last_seen_at": row.last_seen_at.to_string(),
    })
}
