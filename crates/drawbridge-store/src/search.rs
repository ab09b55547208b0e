//! What lists are searched and narrowed by: a few texts beside each row, taken out of it whenever it is written, so that
//! no document is read only to be passed over.
//!
//! Must never hold more of a row than everybody sees who may list it.

use drawbridge_policy::document::as_timestamp;
use drawbridge_policy::issue::Problems;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::sqlite::SqliteConnection;

use crate::column::{Columns, from_time};
use crate::error::StoreError;
use crate::sql;
use crate::sqlite::{BEGIN, COMMIT};

/// Which projects to list; what is not set narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectFilter {
    /// The one of this id.
    pub id: Option<String>,
    /// Slug, name or id has this in it, in whatever case.
    pub search: Option<String>,
}

/// Which endpoints of a project to list; what is not set narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointFilter {
    /// Those of these names.
    pub names: Option<Vec<String>>,
    /// Name, a model, an allowed origin or the upstream's URL has this in it, in whatever case.
    pub search: Option<String>,
}

/// Which keys to list; what is not set narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// Those of the project of this id.
    pub project_id: Option<String>,
    /// Name, id or an allowed origin has this in it, in whatever case.
    pub search: Option<String>,
    /// Those that may use endpoints of this name.
    pub endpoint: Option<String>,
    /// Those in this state, at this moment.
    pub state: Option<(KeyState, Timestamp)>,
    /// The latest created first, rather than the first created.
    pub is_newest_first: bool,
}

/// What keys can be listed by. A key is one of the first three, and may be exposed besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Neither revoked nor expired.
    Active,
    /// Its time is over; not revoked.
    Expired,
    /// Revoked.
    Revoked,
    /// Flagged as in pages' hands.
    Exposed,
}

impl KeyState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Active, Self::Expired, Self::Revoked, Self::Exposed];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Exposed => "exposed",
        }
    }
}

/// What a LIKE with `\` as its ESCAPE matches where the searched text has `text` in it.
pub(crate) fn having(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in folded(text).chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// Names as one text, in which each stands between slashes: no name has one.
pub(crate) fn between_slashes<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut text = String::from("/");
    for name in names {
        text.push_str(name);
        text.push('/');
    }
    text
}

pub(crate) fn of_project(id: &str, slug: &str, name: &str) -> String {
    lines([slug, name, id])
}

pub(crate) fn of_endpoint(name: &str, document: &Value) -> String {
    let models = document["models"].as_array().into_iter().flatten();
    let models = models.flat_map(|model| [model, &model["name"], &model["upstream_name"]]);
    let models = models.filter_map(Value::as_str);
    let url = document["upstream"]["base_url"].as_str();
    let origins = strings(&document["cors"]["allowedOrigins"]);
    lines([name].into_iter().chain(models).chain(url).chain(origins))
}

/// What keys are searched and narrowed by.
#[derive(Debug)]
pub(crate) struct OfKey {
    pub(crate) search: String,
    pub(crate) endpoints: Option<String>,
    pub(crate) expires_at: Option<String>,
}

impl OfKey {
    pub(crate) fn new(id: &str, document: &Value) -> Self {
        let name = document["name"].as_str();
        let origins = strings(&document["allowed_origins"]);
        let endpoints = &document["endpoints"];
        let end = as_timestamp(&document["expires_at"], "", &mut Problems::new());
        Self {
            search: lines([id].into_iter().chain(name).chain(origins)),
            endpoints: endpoints
                .is_array()
                .then(|| between_slashes(strings(endpoints))),
            expires_at: end.map(from_time),
        }
    }
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Texts folded and put together, so that nothing that can be searched for reaches from one into the next.
fn lines<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut lines = String::new();
    for text in texts {
        lines.push_str(&folded(text));
        lines.push('\n');
    }
    lines
}

/// In lower case, a character at a time: part of a text then folds to part of what the text folds to.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Adds what rows of older releases lack.
pub(crate) async fn complete(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query(BEGIN).execute(&mut *connection).await?;
    for row in sqlx::query(sql::PROJECTS_WITHOUT_SEARCH)
        .fetch_all(&mut *connection)
        .await?
    {
        let mut columns = Columns::new("a project", &row);
        let (id, slug, name): (&str, &str, &str) =
            (columns.take()?, columns.take()?, columns.take()?);
        let query = sqlx::query(sql::SET_PROJECT_SEARCH).bind(id);
        let query = query.bind(of_project(id, slug, name));
        query.execute(&mut *connection).await?;
    }
    for row in sqlx::query(sql::ENDPOINTS_WITHOUT_SEARCH)
        .fetch_all(&mut *connection)
        .await?
    {
        let mut columns = Columns::new("an endpoint", &row);
        let (project_id, name): (&str, &str) = (columns.take()?, columns.take()?);
        let query = sqlx::query(sql::SET_ENDPOINT_SEARCH).bind(project_id);
        let query = query.bind(name).bind(of_endpoint(name, &columns.json()?));
        query.execute(&mut *connection).await?;
    }
    for row in sqlx::query(sql::KEYS_WITHOUT_SEARCH)
        .fetch_all(&mut *connection)
        .await?
    {
        let mut columns = Columns::new("a key", &row);
        let id: &str = columns.take()?;
        let of_key = OfKey::new(id, &columns.json()?);
        let query = sqlx::query(sql::SET_KEY_SEARCH).bind(id);
        let query = query.bind(of_key.search).bind(of_key.endpoints);
        let query = query.bind(of_key.expires_at);
        query.execute(&mut *connection).await?;
    }
    sqlx::query(COMMIT).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_part_of_a_text_is_searched_for_is_in_what_is_searched() {
        for text in ["ΟΔΟΣ Σ", "İstanbul", "GROẞ", "Plain 100%", "a_b\\c"] {
            let characters: Vec<char> = text.chars().collect();
            let searched = of_project(text, "", "");
            for start in 0..characters.len() {
                for end in start + 1..=characters.len() {
                    let part: String = characters[start..end].iter().collect();
                    assert!(searched.contains(&folded(&part)), "{part:?} of {text:?}");
                }
            }
        }
        assert_eq!(having("100%_\\"), "%100\\%\\_\\\\%");
    }
}
