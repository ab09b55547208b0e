//! `/v1/projects`: the tenants. The root key makes, changes and deletes them; a key sees its own.

use axum::response::Response;
use drawbridge_policy::document::Fields;
use drawbridge_policy::endpoint::{is_project_id, is_slug};
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::key_config::is_display_name;
use drawbridge_policy::project_settings::ProjectSettings;
use drawbridge_policy::snapshot::Change;
use drawbridge_store::{ProjectFilter, ProjectRow, Write};
use serde_json::{Value, json};

use crate::call::{Call, Subject};
use crate::conditions::entity_tag;
use crate::problem::{Fault, Problem, settled};
use crate::{answer, audit, compiled, patch, random};

const READ_ONLY: [&str; 5] = ["object", "id", "slug", "created_at", "updated_at"];
const MADE: [&str; 3] = ["object", "created_at", "updated_at"];

/// `GET /v1/projects`
pub(crate) async fn list(call: Call) -> Result<Response, Problem> {
    let query = call.query()?;
    let page = query.page()?;
    let mut problems = Problems::new();
    let filter = ProjectFilter {
        id: call.key().map(|key| key.project_id.to_string()),
        search: query.search(&mut problems),
    };
    let filter = settled(Some(filter), problems)?;
    let listing = call.store().projects(&filter, &page).await?;
    let data: Vec<_> = listing.rows.iter().map(resource).collect();
    Ok(answer::listed(&data, listing.next_cursor.as_deref()))
}

/// `GET /v1/projects/{project}`
pub(crate) async fn show(call: Call) -> Result<Response, Problem> {
    let row = find(&call, call.parameter("project")).await?;
    let etag = entity_tag(row.revision);
    if call.conditions()?.check_read(&etag)? {
        return Ok(answer::not_modified(etag));
    }
    Ok(answer::shown(&resource(&row), etag))
}

/// `POST /v1/projects`
pub(crate) async fn create(mut call: Call) -> Result<Response, Problem> {
    let mut body = call.document().await?;
    call.conditions()?.check_create()?;
    let mut problems = Problems::new();
    patch::refuse_made(&mut body, &MADE, "", &mut problems);
    let new = read_new(&Value::Object(body), &mut problems);
    let new = settled(new, problems)?;
    let id = new.id.map_or_else(random::project_id, Ok)?;
    let mut writing = call.write().await?;
    let row = ProjectRow {
        id,
        slug: new.slug,
        name: new.name,
        settings: new.settings.to_value(),
        revision: 0,
        created_at: writing.now,
        updated_at: writing.now,
    };
    writing.write.insert_project(&row).await?;
    let change = audit::created(&described(&row));
    let subject = Subject {
        project_id: &row.id,
        target: &row.id,
        change,
    };
    let change = Change::Project(compiled::project(&row));
    let revision = writing.commit(subject, [change]).await?;
    let location = format!("/v1/projects/{}", row.slug);
    Ok(answer::created(&resource(&row), revision, &location))
}

/// `PATCH /v1/projects/{project}`
pub(crate) async fn update(mut call: Call) -> Result<Response, Problem> {
    find(&call, call.parameter("project")).await?;
    let mut patch = call.document().await?;
    let conditions = call.conditions()?;
    let mut writing = call.write().await?;
    let mut row = find_in(&mut writing.write, writing.call.parameter("project")).await?;
    conditions.check_write(&entity_tag(row.revision))?;
    let mut problems = Problems::new();
    patch::take_read_only(&mut patch, &READ_ONLY, &resource(&row), "", &mut problems);
    let before = document(&row);
    let issues = |document: &Value| {
        let mut problems = Problems::new();
        read_changeable(document, &row.slug, &mut problems);
        problems.into_result(()).err().unwrap_or_default()
    };
    let after = patch::merged(&before, patch, issues, &mut problems);
    let after = read_changeable(&after, &row.slug, &mut problems);
    let (name, settings) = settled(after, problems)?;
    (row.name, row.settings) = (name, settings.to_value());
    let after = document(&row);
    if after == before {
        return Ok(answer::shown(&resource(&row), entity_tag(row.revision)));
    }
    let change = audit::changed(&before, &after);
    row.updated_at = writing.now;
    writing.write.update_project(&row).await?;
    let subject = Subject {
        project_id: &row.id,
        target: &row.id,
        change,
    };
    let change = Change::Project(compiled::project(&row));
    let revision = writing.commit(subject, [change]).await?;
    Ok(answer::changed(&resource(&row), revision))
}

/// `DELETE /v1/projects/{project}`
pub(crate) async fn delete(mut call: Call) -> Result<Response, Problem> {
    let row = find(&call, call.parameter("project")).await?;
    let conditions = call.conditions()?;
    let mut writing = call.write().await?;
    let row = find_in(&mut writing.write, &row.id).await?;
    conditions.check_write(&entity_tag(row.revision))?;
    check_empty(&mut writing.write, &row).await?;
    let keys = writing.write.keys_of(&row.id).await?;
    writing.write.delete_project(&row.id).await?;
    let change = audit::deleted(&described(&row));
    let subject = Subject {
        project_id: &row.id,
        target: &row.id,
        change,
    };
    let keys = keys
        .iter()
        .map(|key| Change::KeyRemoved(key.id.as_str().into()));
    let changes = keys.chain([Change::ProjectRemoved(row.id.as_str().into())]);
    let revision = writing.commit(subject, changes).await?;
    Ok(answer::gone(&resource(&row), revision))
}

/// The project of that id or slug, if the caller may know of it.
///
/// # Errors
/// 404.
pub(crate) async fn find(call: &Call, id_or_slug: &str) -> Result<ProjectRow, Problem> {
    let row = call.store().project(id_or_slug).await?;
    row.filter(|row| call.sees(&row.id)).ok_or_else(not_found)
}

/// The same project, as the transaction sees it.
///
/// # Errors
/// 404.
pub(crate) async fn find_in(write: &mut Write, id_or_slug: &str) -> Result<ProjectRow, Problem> {
    write.project(id_or_slug).await?.ok_or_else(not_found)
}

pub(crate) fn not_found() -> Problem {
    let detail = "there is no project of that id or slug, or it is not the calling key's; `GET /v1/projects` lists \
                  those that are";
    Problem::new(Fault::ProjectNotFound, detail)
}

fn resource(row: &ProjectRow) -> Value {
    let document = document(row);
    json!({
        "object": "project",
        "id": row.id,
        "slug": row.slug,
        "name": document["name"],
        "secret_keys_in_browsers": document["secret_keys_in_browsers"],
        "rate_limit": document["rate_limit"],
        "debug": document["debug"],
        "created_at": row.created_at.to_string(),
        "updated_at": row.updated_at.to_string(),
    })
}

/// What of a project can be changed, defaults filled in.
fn document(row: &ProjectRow) -> Value {
    // What this release would no longer accept is shown as it was saved.
    let settings = ProjectSettings::read(&row.settings);
    let mut document = settings.map_or_else(|_| row.settings.clone(), ProjectSettings::to_value);
    document["name"] = row.name.as_str().into();
    document
}

/// A project for the audit log.
fn described(row: &ProjectRow) -> Value {
    let mut described = document(row);
    described["id"] = row.id.as_str().into();
    described["slug"] = row.slug.as_str().into();
    described
}

/// A new project, as it was asked for.
struct NewProject {
    id: Option<String>,
    slug: String,
    name: String,
    settings: ProjectSettings,
}

/// `None` only where a problem was found.
fn read_new(document: &Value, problems: &mut Problems) -> Option<NewProject> {
    let mut fields = Fields::open(document, "", problems)?;
    let id = fields.string("id", problems);
    if id.is_some_and(|id| !is_project_id(id)) {
        let detail = "a project id is `proj_` and 6 to 16 characters of A-Z a-z 0-9; leave it out to have one made";
        problems.push(ConfigIssue::new("/id", "bad_project_id", detail));
    }
    let slug = fields.required_string("slug", problems);
    if let Some(slug) = slug {
        check_slug(slug, "/slug", problems);
    }
    let name = fields.string("name", problems);
    if let Some(name) = name {
        check_name(name, problems);
    }
    let settings = ProjectSettings::read_fields(&mut fields, problems);
    fields.finish(problems);
    Some(NewProject {
        id: id.map(str::to_owned),
        slug: slug?.to_owned(),
        name: name.or(slug)?.to_owned(),
        settings,
    })
}

/// Name (the slug where it has none) and settings of a project's document.
fn read_changeable(
    document: &Value,
    slug: &str,
    problems: &mut Problems,
) -> Option<(String, ProjectSettings)> {
    let mut fields = Fields::open(document, "", problems)?;
    let name = fields.string("name", problems).unwrap_or(slug);
    check_name(name, problems);
    let settings = ProjectSettings::read_fields(&mut fields, problems);
    fields.finish(problems);
    Some((name.to_owned(), settings))
}

fn check_name(name: &str, problems: &mut Problems) {
    if !is_display_name(name) {
        let detail = "a name has 1 to 100 characters, none of them a control character";
        problems.push(ConfigIssue::new("/name", "bad_name", detail));
    }
}

/// Checks a project's slug or an endpoint's name.
pub(crate) fn check_slug(text: &str, pointer: &str, problems: &mut Problems) {
    if is_slug(text) {
        return;
    }
    let detail = format!(
        "`{}` is not 1 to 40 characters of a-z 0-9 and `-`, as it must be in URLs",
        pointer.trim_start_matches('/')
    );
    let issue = ConfigIssue::new(pointer, "bad_slug", detail);
    let suggestion = slug_of(text);
    problems.push(match is_slug(&suggestion) {
        true => issue.suggest(suggestion),
        false => issue,
    });
}

/// What is left of a text in slugs' characters.
fn slug_of(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let words = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

async fn check_empty(write: &mut Write, row: &ProjectRow) -> Result<(), Problem> {
    let endpoints = write.count_endpoints(&row.id).await?;
    let keys = write.count_unrevoked_keys(&row.id).await?;
    let mut obstacles = Vec::new();
    if endpoints > 0 {
        obstacles.push(format!(
            "{endpoints} endpoint{} (`GET /v1/projects/{slug}/endpoints` lists them: DELETE each)",
            plural(endpoints),
            slug = row.slug,
        ));
    }
    if keys > 0 {
        obstacles.push(format!(
            "{keys} key{} that {} not revoked (`GET /v1/api-keys?project={slug}` lists them: DELETE each)",
            plural(keys),
            if keys == 1 { "is" } else { "are" },
            slug = row.slug,
        ));
    }
    if obstacles.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "the project `{}` still has {}",
        row.slug,
        obstacles.join(" and ")
    );
    Err(Problem::new(Fault::ProjectNotEmpty, detail))
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
