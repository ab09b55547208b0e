//! From rows of the store to what requests obey.
//!
//! What was saved was valid then. A later release may be stricter: such a row is left out and named, never guessed at.

use std::collections::HashMap;
use std::sync::Arc;

use drawbridge_policy::endpoint::{Created, Endpoint, Project};
use drawbridge_policy::issue::ConfigIssue;
use drawbridge_policy::key::{ApiKey, KeyToken};
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::project_settings::ProjectSettings;
use drawbridge_policy::snapshot::Change;
use drawbridge_store::{Configuration, EndpointRow, KeyRow, ProjectRow};

/// A whole configuration as changes to an empty snapshot.
#[derive(Debug, Default)]
pub struct Compiled {
    /// What requests obey.
    pub changes: Vec<Change>,
    /// What this release no longer accepts; not in `changes`.
    pub unusable: Vec<Unusable>,
}

/// A stored resource that this release does not accept.
#[derive(Debug)]
pub struct Unusable {
    /// `{project_id}/{endpoint}`, or the id of a project or key.
    pub target: String,
    /// Why.
    pub issues: Vec<ConfigIssue>,
}

/// Compiles everything in the store.
pub fn compile(configuration: &Configuration) -> Compiled {
    let mut compiled = Compiled::default();
    let mut projects = HashMap::new();
    for row in &configuration.projects {
        if let Err(issues) = ProjectSettings::read(&row.settings) {
            let target = row.id.clone();
            compiled.unusable.push(Unusable { target, issues });
            continue;
        }
        let project = project(row);
        projects.insert(&*row.id, Arc::clone(&project));
        compiled.changes.push(Change::Project(project));
    }
    for row in &configuration.endpoints {
        let Some(project) = projects.get(&*row.project_id) else {
            continue;
        };
        match endpoint(project, row) {
            Ok((endpoint, _)) => compiled.changes.push(Change::Endpoint(Arc::new(endpoint))),
            Err(issues) => {
                let target = format!("{}/{}", row.project_id, row.name);
                compiled.unusable.push(Unusable { target, issues });
            }
        }
    }
    for row in &configuration.keys {
        match key(row) {
            Ok(key) => compiled.changes.push(Change::Key(Arc::new(key))),
            Err(issues) => compiled.unusable.push(Unusable {
                target: row.id.clone(),
                issues,
            }),
        }
    }
    compiled
}

/// A project in the form that requests are judged by.
pub(crate) fn project(row: &ProjectRow) -> Arc<Project> {
    // A project whose settings cannot be read is in no snapshot.
    let settings = ProjectSettings::read(&row.settings).unwrap_or_default();
    Arc::new(Project {
        id: row.id.as_str().into(),
        slug: row.slug.as_str().into(),
        rate_limit: settings.rate_limit,
        secret_keys_in_browsers: settings.secret_keys_in_browsers,
        debug: settings.debug,
    })
}

/// An endpoint in the form that requests are judged by, with every warning about it.
///
/// # Errors
/// Every problem of its document.
pub(crate) fn endpoint(
    project: &Arc<Project>,
    row: &EndpointRow,
) -> Result<(Endpoint, Vec<ConfigIssue>), Vec<ConfigIssue>> {
    let (mut endpoint, warnings) =
        Endpoint::compile(project, &row.name, &row.document, row.credential.clone())?;
    endpoint.created = created(row);
    Ok((endpoint, warnings))
}

/// When an endpoint was created.
pub(crate) fn created(row: &EndpointRow) -> Created {
    Created {
        sequence: row.sequence,
        at: row.created_at,
    }
}

/// A key in the form that requests are judged by.
///
/// # Errors
/// Every problem of its document.
pub(crate) fn key(row: &KeyRow) -> Result<ApiKey, Vec<ConfigIssue>> {
    let tokens = row.tokens.iter().map(|token| KeyToken {
        digest: token.digest,
        expires_at: token.expires_at,
    });
    let config = KeyConfig::read(&row.document)?;
    Ok(config.compile(&row.id, &row.project_id, tokens, row.revoked_at))
}
