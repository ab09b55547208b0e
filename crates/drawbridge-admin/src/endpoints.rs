//! `/v1/projects/{project}/endpoints`, and the same resource by an endpoint's own URL.

use std::sync::Arc;

use axum::response::Response;
use drawbridge_policy::endpoint::is_project_id;
use drawbridge_policy::issue::Problems;
use drawbridge_policy::snapshot::Change;
use drawbridge_store::{EndpointFilter, EndpointRow, KeyRow, ProjectRow, Write};
use serde_json::Value;

use crate::call::{Call, Subject, Writing};
use crate::conditions::entity_tag;
use crate::endpoint_document::{Draft, resource};
use crate::problem::{Fault, Problem, settled};
use crate::{answer, audit, compiled, destination, impact, projects};

/// `GET /v1/projects/{project}/endpoints`: those that the calling key may use.
pub(crate) async fn list(call: Call) -> Result<Response, Problem> {
    let project = projects::find(&call, call.parameter("project")).await?;
    let query = call.query()?;
    let page = query.page()?;
    let mut problems = Problems::new();
    let filter = EndpointFilter {
        names: call.usable_names(),
        search: query.search(&mut problems),
    };
    let filter = settled(Some(filter), problems)?;
    let listing = call.store().endpoints(&project.id, &filter, &page).await?;
    let rows = listing.rows.iter();
    let data: Vec<_> = rows.map(|row| show_stored(&call, &project, row)).collect();
    Ok(answer::listed(&data, listing.next_cursor.as_deref()))
}

/// `GET …/endpoints/{name}`
pub(crate) async fn show(call: Call) -> Result<Response, Problem> {
    let (project, row) = find(&call).await?;
    let etag = entity_tag(row.revision);
    if call.conditions()?.check_read(&etag)? {
        return Ok(answer::not_modified(etag));
    }
    Ok(answer::shown(&show_stored(&call, &project, &row), etag))
}

/// `POST /v1/projects/{project}/endpoints`
pub(crate) async fn create(mut call: Call) -> Result<Response, Problem> {
    let project = projects::find(&call, call.parameter("project")).await?;
    let body = call.document().await?;
    call.conditions()?.check_create()?;
    let problems = destination::problems(call.destinations(), &body).await;
    let mut draft = Draft::create(body, &compiled::project(&project), problems)?;
    let mut writing = call.write().await?;
    check_permitted(writing.call, &draft.name)?;
    projects::find_in(&mut writing.write, &project.id).await?;
    let row = EndpointRow {
        project_id: project.id.clone(),
        name: draft.name,
        document: draft.document,
        credential: draft.credential,
        sequence: 0,
        revision: 0,
        created_at: writing.now,
        updated_at: writing.now,
    };
    writing.write.insert_endpoint(&row).await?;
    // As the store has it: with its place in the order of creation.
    let row = writing.write.endpoint(&project.id, &row.name).await?;
    let row = row.ok_or_else(not_found)?;
    draft.endpoint.created = compiled::created(&row);
    let origin = writing.call.gateway_origin();
    let mut shown = resource(&origin, &project, &row, &draft.warnings);
    impact::add(&mut shown, &writing, &draft.endpoint).await?;
    let mut change = audit::created(&row.document);
    if row.credential.is_some() {
        change["credential"] = "set".into();
    }
    let subject = Subject {
        project_id: &project.id,
        target: &draft.endpoint.path.clone(),
        change,
    };
    let revision = writing
        .commit(subject, [Change::Endpoint(Arc::new(draft.endpoint))])
        .await?;
    let location = format!("/v1/projects/{}/endpoints/{}", project.slug, row.name);
    Ok(answer::created(&shown, revision, &location))
}

/// `PATCH …/endpoints/{name}`
pub(crate) async fn update(mut call: Call) -> Result<Response, Problem> {
    find(&call).await?;
    let patch = call.document().await?;
    let conditions = call.conditions()?;
    // Names are resolved before the write begins: others wait for its end.
    let problems = destination::problems(call.destinations(), &patch).await;
    let mut writing = call.write().await?;
    let (project, mut row) = find_in(&mut writing).await?;
    conditions.check_write(&entity_tag(row.revision))?;
    let mut shown = show_stored(writing.call, &project, &row);
    let (mut draft, credential) =
        Draft::update(&row, &shown, patch, &compiled::project(&project), problems)?;
    draft.endpoint.created = compiled::created(&row);
    if draft.document == row.document && draft.credential == row.credential {
        impact::add(&mut shown, &writing, &draft.endpoint).await?;
        return Ok(answer::shown(&shown, entity_tag(row.revision)));
    }
    let mut change = audit::changed(&row.document, &draft.document);
    if let Some(what) = credential.audit() {
        change["credential"] = what.into();
    }
    row.document = draft.document;
    row.credential = draft.credential;
    row.updated_at = writing.now;
    writing.write.update_endpoint(&row).await?;
    let origin = writing.call.gateway_origin();
    let mut shown = resource(&origin, &project, &row, &draft.warnings);
    impact::add(&mut shown, &writing, &draft.endpoint).await?;
    let subject = Subject {
        project_id: &project.id,
        target: &draft.endpoint.path.clone(),
        change,
    };
    let revision = writing
        .commit(subject, [Change::Endpoint(Arc::new(draft.endpoint))])
        .await?;
    Ok(answer::changed(&shown, revision))
}

/// `DELETE …/endpoints/{name}`: its name leaves the keys that list it, so that a later endpoint of that name is not
/// opened to them.
pub(crate) async fn delete(mut call: Call) -> Result<Response, Problem> {
    find(&call).await?;
    let conditions = call.conditions()?;
    let mut writing = call.write().await?;
    let (project, row) = find_in(&mut writing).await?;
    conditions.check_write(&entity_tag(row.revision))?;
    let now = writing.now;
    let keys = keys_without(&mut writing.write, &row, now).await?;
    writing
        .write
        .delete_endpoint(&project.id, &row.name)
        .await?;
    let mut change = audit::deleted(&row.document);
    change["keys"] = keys
        .iter()
        .map(|key| Value::from(key.id.as_str()))
        .collect();
    let path = format!("{}/{}", project.id, row.name);
    // A key that this release no longer accepts is in no snapshot either.
    let keys = keys.iter().filter_map(|key| compiled::key(key).ok());
    let keys = keys.map(|key| Change::Key(Arc::new(key)));
    let changes = keys.chain([Change::EndpointRemoved(path.as_str().into())]);
    let subject = Subject {
        project_id: &project.id,
        target: &path,
        change,
    };
    let shown = show_stored(writing.call, &project, &row);
    let revision = writing.commit(subject, changes).await?;
    Ok(answer::gone(&shown, revision))
}

/// Takes the endpoint's name out of all keys' lists; returns the keys that changed. An emptied list stays: nobody.
async fn keys_without(
    write: &mut Write,
    endpoint: &EndpointRow,
    now: jiff::Timestamp,
) -> Result<Vec<KeyRow>, Problem> {
    let mut changed = Vec::new();
    for mut key in write.keys_of(&endpoint.project_id).await? {
        let Some(names) = key
            .document
            .get_mut("endpoints")
            .and_then(Value::as_array_mut)
        else {
            continue;
        };
        let before = names.len();
        names.retain(|name| name.as_str() != Some(endpoint.name.as_str()));
        if names.len() < before {
            key.updated_at = now;
            write.update_key(&key).await?;
            changed.push(key);
        }
    }
    Ok(changed)
}

/// The project and the endpoint's name that the URL says.
fn place(call: &Call) -> Result<(&str, &str), Problem> {
    let name = call.parameter("name");
    match call.parameter("project_id") {
        "" => Ok((call.parameter("project"), name)),
        id if is_project_id(id) && call.parameter("endpoint") == name => Ok((id, name)),
        _ => Err(not_found()),
    }
}

async fn find(call: &Call) -> Result<(ProjectRow, EndpointRow), Problem> {
    let (project, name) = place(call)?;
    let project = projects::find(call, project).await?;
    check_permitted(call, name)?;
    let row = call.store().endpoint(&project.id, name).await?;
    Ok((project, row.ok_or_else(not_found)?))
}

/// The same, as the transaction sees it.
async fn find_in(writing: &mut Writing<'_>) -> Result<(ProjectRow, EndpointRow), Problem> {
    let (project, name) = place(writing.call)?;
    let project = projects::find_in(&mut writing.write, project).await?;
    check_permitted(writing.call, name)?;
    let row = writing.write.endpoint(&project.id, name).await?;
    Ok((project, row.ok_or_else(not_found)?))
}

/// A key whose `endpoints` name some may manage those only.
pub(crate) fn check_permitted(call: &Call, name: &str) -> Result<(), Problem> {
    if call.may_use(name) {
        return Ok(());
    }
    let detail =
        "the calling key's `endpoints` do not name this endpoint; use a key that may use it";
    Err(Problem::new(Fault::EndpointNotPermitted, detail))
}

pub(crate) fn not_found() -> Problem {
    let detail = "there is no endpoint of that name in the project; `GET /v1/projects/{project}/endpoints` lists those \
                  that there are";
    Problem::new(Fault::EndpointNotFound, detail)
}

/// A stored endpoint as clients see it. What this release would no longer accept is among its warnings.
fn show_stored(call: &Call, project: &ProjectRow, row: &EndpointRow) -> Value {
    let compiled = compiled::endpoint(&compiled::project(project), row);
    let warnings = compiled.map_or_else(|issues| issues, |(_, warnings)| warnings);
    resource(&call.gateway_origin(), project, row, &warnings)
}
