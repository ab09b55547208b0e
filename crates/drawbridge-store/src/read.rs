//! Reading rows, within a write or without.

use drawbridge_policy::endpoint::{Secret, is_slug};
use drawbridge_policy::key_use::{Exposed, KeyUse};
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::audit::{AuditFilter, AuditRow, ROOT};
use crate::column::{Columns, from_number, from_time};
use crate::error::StoreError;
use crate::key::{MasterKey, Place};
use crate::row::{Configuration, EndpointRow, KeyRow, Listing, Page, ProjectRow, TokenRow};
use crate::search::{EndpointFilter, KeyFilter, ProjectFilter, between_slashes, having};
use crate::sql;

pub(crate) type Rows<T> = Result<Vec<T>, StoreError>;

/// Everything; the caller sees to it that one transaction reads it.
pub(crate) async fn configuration(
    connection: &mut SqliteConnection,
    key: &MasterKey,
) -> Result<Configuration, StoreError> {
    let revision = sqlx::query(sql::READ_REVISION)
        .fetch_one(&mut *connection)
        .await?;
    let projects = sqlx::query(sql::ALL_PROJECTS)
        .fetch_all(&mut *connection)
        .await?;
    let endpoints = sqlx::query(sql::ALL_ENDPOINTS)
        .fetch_all(&mut *connection)
        .await?;
    let keys = sqlx::query(sql::ALL_KEYS).fetch_all(connection).await?;
    Ok(Configuration {
        revision: Columns::new("the revision", &revision).number()?,
        projects: projects.iter().map(to_project).collect::<Rows<_>>()?,
        endpoints: endpoints
            .iter()
            .map(|row| to_endpoint(row, key))
            .collect::<Rows<_>>()?,
        keys: to_keys(&keys)?,
    })
}

pub(crate) async fn project(
    connection: &mut SqliteConnection,
    id_or_slug: &str,
) -> Result<Option<ProjectRow>, StoreError> {
    let row = sqlx::query(sql::PROJECT)
        .bind(id_or_slug)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(to_project).transpose()
}

pub(crate) async fn projects(
    connection: &mut SqliteConnection,
    filter: &ProjectFilter,
    page: &Page,
) -> Result<Listing<ProjectRow>, StoreError> {
    let (created_at, id) = after_creation(page, "proj_")?;
    let rows = sqlx::query(sql::PROJECTS)
        .bind(created_at)
        .bind(id)
        .bind(&filter.id)
        .bind(filter.search.as_deref().map(having))
        .bind(one_more(page))
        .fetch_all(connection)
        .await?;
    let rows = rows.iter().map(to_project).collect::<Rows<_>>()?;
    Ok(listing(rows, page, |row| {
        creation_cursor(row.created_at, &row.id)
    }))
}

pub(crate) async fn endpoint(
    connection: &mut SqliteConnection,
    key: &MasterKey,
    project_id: &str,
    name: &str,
) -> Result<Option<EndpointRow>, StoreError> {
    let row = sqlx::query(sql::ENDPOINT)
        .bind(project_id)
        .bind(name)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(|row| to_endpoint(row, key)).transpose()
}

pub(crate) async fn endpoints(
    connection: &mut SqliteConnection,
    key: &MasterKey,
    project_id: &str,
    filter: &EndpointFilter,
    page: &Page,
) -> Result<Listing<EndpointRow>, StoreError> {
    let names = filter.names.as_ref();
    let names = names.map(|names| between_slashes(names.iter().map(String::as_str)));
    let after = match &page.after {
        None => "",
        Some(cursor) => name_in_cursor(cursor, project_id)
            .ok_or_else(|| StoreError::BadCursor(cursor.clone()))?,
    };
    let rows = sqlx::query(sql::ENDPOINTS)
        .bind(project_id)
        .bind(after)
        .bind(names)
        .bind(filter.search.as_deref().map(having))
        .bind(one_more(page))
        .fetch_all(connection)
        .await?;
    let rows = rows
        .iter()
        .map(|row| to_endpoint(row, key))
        .collect::<Rows<_>>()?;
    Ok(listing(rows, page, |row| {
        format!("{project_id}/{}", row.name)
    }))
}

/// The name in a cursor of a project's endpoints, which is the path of one.
fn name_in_cursor<'c>(cursor: &'c str, project_id: &str) -> Option<&'c str> {
    let name = cursor.strip_prefix(project_id)?.strip_prefix('/')?;
    is_slug(name).then_some(name)
}

pub(crate) async fn key(
    connection: &mut SqliteConnection,
    id: &str,
) -> Result<Option<KeyRow>, StoreError> {
    let rows = sqlx::query(sql::KEY).bind(id).fetch_all(connection).await?;
    Ok(to_keys(&rows)?.pop())
}

pub(crate) async fn keys(
    connection: &mut SqliteConnection,
    filter: &KeyFilter,
    page: &Page,
) -> Result<Listing<KeyRow>, StoreError> {
    let beyond = match (filter.is_newest_first, &page.after) {
        // What sorts after every time.
        (true, None) => ("~".to_owned(), String::new()),
        _ => after_creation(page, "ak_")?,
    };
    let (created_at, id) = beyond;
    let statement = match (&filter.project_id, filter.is_newest_first) {
        (Some(_), false) => sql::KEYS_OF_PROJECT,
        (None, false) => sql::KEYS,
        (Some(_), true) => sql::NEWEST_KEYS_OF_PROJECT,
        (None, true) => sql::NEWEST_KEYS,
    };
    let endpoint = filter.endpoint.as_ref();
    let rows = sqlx::query(statement)
        .bind(&filter.project_id)
        .bind(created_at)
        .bind(id)
        .bind(filter.search.as_deref().map(having))
        .bind(endpoint.map(|name| format!("%/{name}/%")))
        .bind(filter.state.map(|(state, _)| state.name()))
        .bind(filter.state.map(|(_, at)| from_time(at)))
        .bind(one_more(page))
        .fetch_all(connection)
        .await?;
    Ok(listing(to_keys(&rows)?, page, |row| {
        creation_cursor(row.created_at, &row.id)
    }))
}

pub(crate) async fn audit(
    connection: &mut SqliteConnection,
    page: &Page,
) -> Result<Listing<AuditRow>, StoreError> {
    let after = match &page.after {
        None => 0,
        Some(cursor) => cursor
            .parse()
            .map_err(|_| StoreError::BadCursor(cursor.clone()))?,
    };
    let rows = sqlx::query(sql::AUDIT)
        .bind(from_number(after))
        .bind(one_more(page))
        .fetch_all(connection)
        .await?;
    let rows = rows.iter().map(to_audit).collect::<Rows<_>>()?;
    Ok(listing(rows, page, |row| row.seq.to_string()))
}

pub(crate) async fn audit_log(
    connection: &mut SqliteConnection,
    filter: &AuditFilter,
    page: &Page,
) -> Result<Listing<AuditRow>, StoreError> {
    // What a key did is of one project; what the root key did is most of some logs.
    let statement = match (&filter.target, &filter.actor, &filter.project_id) {
        (Some(_), _, _) => sql::AUDIT_LOG_OF_TARGET,
        (None, Some(actor), _) if actor != ROOT => sql::AUDIT_LOG_OF_ACTOR,
        (None, _, Some(_)) => sql::AUDIT_LOG_OF_PROJECT,
        (None, Some(_), None) => sql::AUDIT_LOG_OF_ACTOR,
        (None, None, None) if filter.action.is_some() => sql::AUDIT_LOG_OF_ACTION,
        (None, None, None) => sql::AUDIT_LOG,
    };
    let (before, seq) = before_in_log(filter, page)?;
    let rows = sqlx::query(statement)
        .bind(&filter.target)
        .bind(&filter.actor)
        .bind(&filter.project_id)
        .bind(&filter.action)
        .bind(before)
        .bind(seq)
        .bind(from_time(filter.since.unwrap_or(Timestamp::MIN)))
        .bind(one_more(page))
        .fetch_all(connection)
        .await?;
    let rows = rows.iter().map(to_audit).collect::<Rows<_>>()?;
    Ok(listing(rows, page, |row| {
        creation_cursor(row.at, &row.seq.to_string())
    }))
}

/// The time and number that come before the first row of a page, which is newer than all that follow.
fn before_in_log(filter: &AuditFilter, page: &Page) -> Result<(String, i64), StoreError> {
    let end = (from_time(filter.until.unwrap_or(Timestamp::MAX)), 0);
    let Some(cursor) = &page.after else {
        return Ok(end);
    };
    let bad = || StoreError::BadCursor(cursor.clone());
    let (time, seq) = cursor.split_once('_').ok_or_else(bad)?;
    let time = time.parse().map_err(|_| bad())?;
    let seq = seq.parse().map_err(|_| bad())?;
    Ok(end.min((from_time(time), seq)))
}

/// How many rows to ask for: one more than wanted tells whether rows follow.
pub(crate) fn one_more(page: &Page) -> i64 {
    i64::from(page.limit.max(1)) + 1
}

pub(crate) fn listing<T>(
    mut rows: Vec<T>,
    page: &Page,
    cursor: impl Fn(&T) -> String,
) -> Listing<T> {
    let limit = usize::try_from(page.limit.max(1)).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| has_more).map(cursor);
    Listing {
        rows,
        has_more,
        next_cursor,
    }
}

/// A place in the order of creation, which stays where it is when its row is deleted.
fn creation_cursor(created_at: Timestamp, id: &str) -> String {
    format!("{}_{id}", from_time(created_at))
}

/// Time and id that a [`creation_cursor`] was made of, with what ids of the list begin with; without a cursor, what sorts
/// before everything.
fn after_creation(page: &Page, prefix: &str) -> Result<(String, String), StoreError> {
    let Some(cursor) = &page.after else {
        return Ok((String::new(), String::new()));
    };
    let parts = cursor
        .split_once('_')
        .filter(|(_, id)| id.starts_with(prefix))
        .and_then(|(time, id)| Some((time.parse().ok()?, id)));
    let (time, id) = parts.ok_or_else(|| StoreError::BadCursor(cursor.clone()))?;
    Ok((from_time(time), id.to_owned()))
}

fn to_project(row: &SqliteRow) -> Result<ProjectRow, StoreError> {
    let mut columns = Columns::new("a project", row);
    Ok(ProjectRow {
        id: columns.take()?,
        slug: columns.take()?,
        name: columns.take()?,
        settings: columns.json()?,
        revision: columns.number()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    })
}

fn to_endpoint(row: &SqliteRow, key: &MasterKey) -> Result<EndpointRow, StoreError> {
    let mut columns = Columns::new("an endpoint", row);
    let project_id: String = columns.take()?;
    let name: String = columns.take()?;
    let document = columns.json()?;
    let sealed: Option<&[u8]> = columns.take()?;
    let credential = sealed
        .map(|sealed| open_credential(key, &project_id, &name, sealed))
        .transpose()?;
    Ok(EndpointRow {
        project_id,
        name,
        document,
        credential,
        sequence: columns.number()?,
        revision: columns.number()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    })
}

fn open_credential(
    key: &MasterKey,
    project_id: &str,
    name: &str,
    sealed: &[u8],
) -> Result<Secret, StoreError> {
    let corrupt = |source| StoreError::Corrupt {
        what: format!("the credential of endpoint {project_id}/{name}"),
        source,
    };
    let plain = key
        .open(&Place::Endpoint { project_id, name }, sealed)
        .map_err(corrupt)?;
    let text = str::from_utf8(&plain).map_err(|error| corrupt(error.into()))?;
    Ok(Secret::new(text))
}

/// Puts the rows of each key, one for each token, together.
fn to_keys(rows: &[SqliteRow]) -> Rows<KeyRow> {
    let mut keys: Vec<KeyRow> = Vec::new();
    for row in rows {
        let mut columns = Columns::new("a key", row);
        let key = KeyRow {
            id: columns.take()?,
            project_id: columns.take()?,
            document: columns.json()?,
            tokens: Vec::new(),
            revoked_at: columns.optional_time()?,
            revision: columns.number()?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
            last_use: to_key_use(&mut columns)?,
            exposed: to_exposed(&mut columns)?,
        };
        let digest = columns.optional_digest()?;
        let expires_at = columns.optional_time()?;
        if keys.last().is_none_or(|last| last.id != key.id) {
            keys.push(key);
        }
        if let (Some(digest), Some(last)) = (digest, keys.last_mut()) {
            last.tokens.push(TokenRow { digest, expires_at });
        }
    }
    Ok(keys)
}

fn to_key_use(columns: &mut Columns<'_>) -> Result<Option<KeyUse>, StoreError> {
    let (at, ip) = (columns.optional_time()?, columns.optional_address()?);
    let origin: Option<String> = columns.take()?;
    Ok(at.zip(ip).map(|(at, ip)| KeyUse {
        at,
        ip,
        origin: origin.map(Into::into),
    }))
}

fn to_exposed(columns: &mut Columns<'_>) -> Result<Option<Exposed>, StoreError> {
    let (first, last) = (columns.optional_time()?, columns.optional_time()?);
    let origin: Option<String> = columns.take()?;
    Ok(first
        .zip(last)
        .map(|(first_seen_at, last_seen_at)| Exposed {
            first_seen_at,
            last_seen_at,
            origin: origin.unwrap_or_default().into(),
        }))
}

pub(crate) fn to_audit(row: &SqliteRow) -> Result<AuditRow, StoreError> {
    let mut columns = Columns::new("the audit log", row);
    Ok(AuditRow {
        seq: columns.number()?,
        revision: columns.number()?,
        at: columns.time()?,
        actor: columns.take()?,
        action: columns.take()?,
        project_id: columns.take()?,
        target: columns.take()?,
        client_ip: columns.take()?,
        request_id: columns.take()?,
        change: columns.take()?,
        prev_hash: columns.hash()?,
        hash: columns.hash()?,
    })
}
