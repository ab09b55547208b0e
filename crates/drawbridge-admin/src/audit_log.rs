//! `GET /v1/audit-log`: who changed what, when and from where; newest first.
//!
//! A key reads of its own project only. Rows are shown as they were written; a row must never be left out because what it
//! tells of is gone.

use axum::response::Response;
use drawbridge_policy::endpoint::is_project_id;
use drawbridge_policy::issue::Problems;
use drawbridge_store::{AuditFilter, AuditRow, hexadecimal};
use serde_json::{Value, json};

use crate::call::Call;
use crate::problem::{Fault, Problem, settled};
use crate::query::{ACTION, ACTOR, PROJECT, Query, SINCE, TARGET, UNTIL};
use crate::{answer, projects};

/// `GET /v1/audit-log`
pub(crate) async fn list(call: Call) -> Result<Response, Problem> {
    check_endpoints(&call)?;
    let query = call.query()?;
    let page = query.page()?;
    let filter = filter(&call, &query).await?;
    let listing = call.store().audit_log(&filter, &page).await?;
    let rows = listing.rows.iter().map(|row| resource(&call, row));
    let data = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(answer::listed(&data, listing.next_cursor.as_deref()))
}

/// The log tells of every endpoint of a project, upstreams included.
fn check_endpoints(call: &Call) -> Result<(), Problem> {
    let Some(key) = call.key().filter(|key| key.endpoints.is_some()) else {
        return Ok(());
    };
    let detail = format!(
        "the log tells of all endpoints of the project, and the key `{}` may use some only; use a key without \
         `endpoints`, or the root key",
        key.id
    );
    Err(Problem::new(Fault::EndpointNotPermitted, detail))
}

async fn filter(call: &Call, query: &Query) -> Result<AuditFilter, Problem> {
    let mut problems = Problems::new();
    let (since, until) = (
        query.time(SINCE, &mut problems),
        query.time(UNTIL, &mut problems),
    );
    settled(Some(()), problems)?;
    let text = |name| query.get(name).map(str::to_owned);
    Ok(AuditFilter {
        project_id: project_id(call, query.get(PROJECT)).await?,
        actor: text(ACTOR),
        action: text(ACTION),
        target: text(TARGET),
        since,
        until,
    })
}

/// The project that is meant: a deleted one too, by its id and for the root key.
async fn project_id(call: &Call, named: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(named) = named else {
        return Ok(call.key().map(|key| key.project_id.to_string()));
    };
    match projects::find(call, named).await {
        Ok(project) => Ok(Some(project.id)),
        Err(_) if call.key().is_none() && is_project_id(named) => Ok(Some(named.to_owned())),
        Err(problem) => Err(problem),
    }
}

/// The row as clients see it.
fn resource(call: &Call, row: &AuditRow) -> Result<Value, Problem> {
    let change: Value = serde_json::from_str(&row.change).map_err(Problem::internal)?;
    let snapshot = call.live().load();
    let project = row
        .project_id
        .as_deref()
        .and_then(|id| snapshot.project(id));
    Ok(json!({
        "object": "audit_entry",
        "id": row.seq,
        "at": row.at.to_string(),
        "actor": row.actor,
        "client_ip": row.client_ip,
        "action": row.action,
        "target": row.target,
        "project": project.map(|project| &*project.slug),
        "project_id": row.project_id,
        "change": change,
        "revision": row.revision,
        "request_id": row.request_id,
        "prev_hash": hexadecimal(&row.prev_hash),
        "hash": hexadecimal(&row.hash),
    }))
}
