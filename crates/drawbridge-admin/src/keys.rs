//! `/v1/api-keys`: keys, whose tokens are shown once, when they are made. Rotation has a module of its own.
//!
//! A key manages only keys of its own project that go nowhere beyond itself. A token must never be stored, logged or
//! repeated in a problem.

use std::sync::Arc;

use axum::response::Response;
use drawbridge_policy::document::as_string;
use drawbridge_policy::endpoint::Secret;
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::key::Caller;
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::snapshot::Change;
use drawbridge_policy::token::TokenDigest;
use drawbridge_store::{KeyFilter, KeyRow, ProjectRow, TokenRow};
use serde_json::{Map, Value, json};

use crate::call::{Call, Subject, Writing};
use crate::conditions::entity_tag;
use crate::key_document::{NewKey, patched, resource};
use crate::problem::{Fault, Problem, settled};
use crate::query::PROJECT;
use crate::{answer, audit, compiled, projects, random};

/// `GET /v1/api-keys`: of the caller's project, or of all, as far as the query does not narrow the list.
pub(crate) async fn list(call: Call) -> Result<Response, Problem> {
    let query = call.query()?;
    let page = query.page()?;
    let now = call.now();
    let mut problems = Problems::new();
    let mut filter = KeyFilter {
        project_id: call.key().map(|key| key.project_id.to_string()),
        search: query.search(&mut problems),
        endpoint: query.endpoint(&mut problems).map(str::to_owned),
        state: query.state(&mut problems).map(|state| (state, now)),
        is_newest_first: query.is_newest_first(&mut problems),
    };
    settled(Some(()), problems)?;
    if let Some(project) = query.get(PROJECT) {
        filter.project_id = Some(projects::find(&call, project).await?.id);
    }
    let listing = call.store().keys(&filter, &page).await?;
    let mut data = Vec::with_capacity(listing.rows.len());
    for row in &listing.rows {
        data.push(resource(&slug(&call, row).await?, row, now));
    }
    Ok(answer::listed(&data, listing.next_cursor.as_deref()))
}

/// `GET /v1/api-keys/{id}`
pub(crate) async fn show(call: Call) -> Result<Response, Problem> {
    let row = find(&call).await?;
    let etag = entity_tag(row.revision);
    let is_known = call.conditions()?.check_read(&etag)?;
    let shown = resource(&slug(&call, &row).await?, &row, call.now());
    // Expiry changes what is shown, but no revision.
    if is_known && shown["status"] != "expired" {
        return Ok(answer::not_modified(etag));
    }
    Ok(answer::shown(&shown, etag))
}

/// `POST /v1/api-keys`
pub(crate) async fn create(mut call: Call) -> Result<Response, Problem> {
    let mut body = call.document().await?;
    call.conditions()?.check_create()?;
    let mut problems = Problems::new();
    let project = take_project(&call, &mut body, &mut problems).await?;
    let writing = call.write().await?;
    let new = NewKey::read(body, writing.now, &mut problems);
    if let (Some(project), Some(new)) = (&project, &new) {
        check_endpoints(&writing, &project.id, &new.config, &[], &mut problems);
    }
    let (project, new) = settled(project.zip(new), problems)?;
    check_within(&writing, &new.config)?;
    let token = match &new.import {
        Some(token) => token.clone(),
        None => random::token(new.config.kind, new.config.mode, &project.slug)?,
    };
    check_not_root(&writing, &token)?;
    let (row, revision) = insert(writing, &project, &new, &token).await?;
    let mut shown = resource(&project.slug, &row, row.created_at);
    if revision.is_some() {
        shown["token"] = token.expose().into();
    }
    if let (Some(warning), Some(warnings)) = (new.warning(), shown["warnings"].as_array_mut()) {
        warnings.push(warning);
    }
    let location = format!("/v1/api-keys/{}", row.id);
    Ok(answer::unstored(answer::created(
        &shown, revision, &location,
    )))
}

async fn insert(
    mut writing: Writing<'_>,
    project: &ProjectRow,
    new: &NewKey,
    token: &Secret,
) -> Result<(KeyRow, Option<u64>), Problem> {
    let digest = TokenDigest::of(token.expose().as_bytes());
    let row = KeyRow {
        id: random::key_id(new.config.mode)?,
        project_id: project.id.clone(),
        document: new.config.to_value(),
        tokens: vec![TokenRow {
            digest,
            expires_at: None,
        }],
        revoked_at: None,
        revision: 0,
        created_at: writing.now,
        updated_at: writing.now,
        last_use: None,
        exposed: None,
    };
    writing.write.insert_key(&row).await?;
    let mut change = audit::created(&row.document);
    change["imported"] = new.import.is_some().into();
    let revision = commit(writing, &row, change).await?;
    Ok((row, revision))
}

/// `PATCH /v1/api-keys/{id}`; PUT means the same.
pub(crate) async fn update(mut call: Call) -> Result<Response, Problem> {
    find(&call).await?;
    let patch = call.document().await?;
    let conditions = call.conditions()?;
    let mut writing = call.write().await?;
    let (mut row, before) = find_in(&mut writing).await?;
    conditions.check_write(&entity_tag(row.revision))?;
    let slug = slug(writing.call, &row).await?;
    let shown = resource(&slug, &row, writing.now);
    let mut problems = Problems::new();
    let after = patched(&row, &shown, patch, writing.now, &mut problems);
    if let Some(after) = &after {
        let listed = before
            .as_ref()
            .and_then(|before| before.endpoints.as_deref());
        let listed = listed.unwrap_or_default();
        check_endpoints(&writing, &row.project_id, after, listed, &mut problems);
    }
    let after = settled(after, problems)?;
    if Some(&after) == before.as_ref() {
        return Ok(answer::shown(&shown, entity_tag(row.revision)));
    }
    if row.revoked_at.is_some() {
        let detail = "the key was revoked, which is final; create a new key";
        return Err(Problem::new(Fault::KeyRevoked, detail));
    }
    check_within(&writing, &after)?;
    let now = writing.now;
    let document = after.to_value();
    let change = audit::changed(&row.document, &document);
    row.document = document;
    row.updated_at = now;
    writing.write.update_key(&row).await?;
    let revision = commit(writing, &row, change).await?;
    Ok(answer::changed(&resource(&slug, &row, now), revision))
}

/// `DELETE /v1/api-keys/{id}`: revokes; a second time changes nothing.
pub(crate) async fn revoke(mut call: Call) -> Result<Response, Problem> {
    find(&call).await?;
    let conditions = call.conditions()?;
    let mut writing = call.write().await?;
    let (mut row, _) = find_in(&mut writing).await?;
    conditions.check_write(&entity_tag(row.revision))?;
    let slug = slug(writing.call, &row).await?;
    let now = writing.now;
    if row.revoked_at.is_some() {
        let shown = resource(&slug, &row, now);
        return Ok(answer::shown(&shown, entity_tag(row.revision)));
    }
    row.revoked_at = Some(now);
    row.updated_at = now;
    writing.write.update_key(&row).await?;
    let (before, after) = (
        json!({"revoked_at": null}),
        json!({"revoked_at": now.to_string()}),
    );
    let change = audit::changed(&before, &after);
    let revision = commit(writing, &row, change).await?;
    Ok(answer::changed(&resource(&slug, &row, now), revision))
}

/// Commits a write about one key, and makes the next request obey it; `None` for a dry run.
pub(crate) async fn commit(
    writing: Writing<'_>,
    row: &KeyRow,
    change: Value,
) -> Result<Option<u64>, Problem> {
    // Documents that were just read compile; a revoked key that no longer does is in no snapshot either.
    let key = compiled::key(row)
        .ok()
        .map(|key| Change::Key(Arc::new(key)));
    let subject = Subject {
        project_id: &row.project_id,
        target: &row.id,
        change,
    };
    writing.commit(subject, key).await
}

pub(crate) async fn find(call: &Call) -> Result<KeyRow, Problem> {
    let row = call.store().key(call.parameter("id")).await?;
    row.filter(|row| call.sees(&row.project_id))
        .ok_or_else(not_found)
}

/// The key as the transaction sees it, if the caller may change it. No configuration where this release would no
/// longer accept it: what such a key holds is unknown, so it is for the root key.
pub(crate) async fn find_in(
    writing: &mut Writing<'_>,
) -> Result<(KeyRow, Option<KeyConfig>), Problem> {
    let row = writing.write.key(writing.call.parameter("id")).await?;
    let row = row.ok_or_else(not_found)?;
    let config = KeyConfig::read(&row.document).ok();
    match &config {
        Some(config) => check_within(writing, config)?,
        None if writing.call.key().is_some() => {
            let detail =
                "this release cannot read the key; its `warnings` say why. Use the root key";
            return Err(Problem::new(Fault::ExceedsCaller, detail));
        }
        None => {}
    }
    Ok((row, config))
}

pub(crate) fn not_found() -> Problem {
    let detail = "there is no key of that id, or it is not in the calling key's project; `GET /v1/api-keys` lists \
                  those that are";
    Problem::new(Fault::KeyNotFound, detail)
}

/// Takes `project` out of a new key's document; the calling key's own where it is left out.
///
/// # Errors
/// 404.
async fn take_project(
    call: &Call,
    body: &mut Map<String, Value>,
    problems: &mut Problems,
) -> Result<Option<ProjectRow>, Problem> {
    let project = match (body.shift_remove("project"), call.key()) {
        (Some(value), _) => as_string(&value, "/project", problems).map(str::to_owned),
        (None, Some(key)) => Some(key.project_id.to_string()),
        (None, None) => {
            let detail =
                "`project` is required with the root key: the id or slug of the key's project";
            problems.push(ConfigIssue::new("/project", "missing_field", detail));
            None
        }
    };
    match project {
        Some(project) => {
            let found = projects::find(call, &project).await;
            found.map(Some).map_err(|problem| problem.at("/project"))
        }
        None => Ok(None),
    }
}

/// The slug of the key's project.
pub(crate) async fn slug(call: &Call, row: &KeyRow) -> Result<String, Problem> {
    if let Some(project) = call.live().load().project(&row.project_id) {
        return Ok(project.slug.to_string());
    }
    let project = call.store().project(&row.project_id).await?;
    project
        .map(|project| project.slug)
        .ok_or_else(projects::not_found)
}

/// Every name must be an endpoint of the project; `listed` are those that the key names already. About names that the
/// caller may not use nothing is said here: they are beyond it, existing or not.
fn check_endpoints(
    writing: &Writing<'_>,
    project_id: &str,
    config: &KeyConfig,
    listed: &[String],
    problems: &mut Problems,
) {
    let snapshot = writing.call.live().load();
    for (index, name) in config.endpoints.iter().flatten().enumerate() {
        let exists = snapshot.endpoint(&format!("{project_id}/{name}")).is_some();
        if !exists && !listed.contains(name) && writing.call.may_use(name) {
            let detail =
                format!("the project has no endpoint `{name}`; create it first, or leave it out");
            problems.push(ConfigIssue::new(
                format!("/endpoints/{index}"),
                "unknown_endpoint",
                detail,
            ));
        }
    }
}

/// A key manages only what goes nowhere beyond itself.
///
/// # Errors
/// 403 with everything that goes beyond the calling key.
fn check_within(writing: &Writing<'_>, config: &KeyConfig) -> Result<(), Problem> {
    let Some(holder) = writing.call.key() else {
        return Ok(());
    };
    let excess = config.excess_over(holder);
    if excess.is_empty() {
        return Ok(());
    }
    let fault = match excess.iter().any(|issue| issue.code == "scope_missing") {
        true => Fault::ScopeMissing,
        false => Fault::ExceedsCaller,
    };
    let detail = format!(
        "the key `{}` can create, change, rotate and revoke only keys that go nowhere beyond itself; use a key that holds all \
         that `errors` names, or the root key",
        holder.id
    );
    Err(Problem::new(fault, detail).errors(excess))
}

/// A token that opens more than the key it is imported as must not be taken for that key.
fn check_not_root(writing: &Writing<'_>, token: &Secret) -> Result<(), Problem> {
    let known = writing
        .call
        .live()
        .load()
        .authenticate(token.expose().as_bytes(), writing.now);
    match known {
        Ok(Caller::Root) => Err(Problem::taken_token()),
        _ => Ok(()),
    }
}
