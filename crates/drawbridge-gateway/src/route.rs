//! Which part of the product a path belongs to.
//!
//! Management paths must never be forwarded, whatever the method and however they are spelled; they are recognised before
//! endpoints.

use std::sync::Arc;

use drawbridge_policy::endpoint::{Endpoint, is_project_id};
use drawbridge_policy::path::begins_with_one_of;
use drawbridge_policy::snapshot::Snapshot;

use crate::listener::Serves;

/// What a path names.
#[derive(Debug)]
pub(crate) enum Route<'s, 'p> {
    /// An endpoint's API: what follows `/{project_id}/{endpoint}/v1`.
    Endpoint(&'s Arc<Endpoint>, &'p str),
    /// Nothing, below an existing endpoint.
    BesideEndpoint(&'s Arc<Endpoint>),
    /// The API on the shared URL: what follows `/v1`.
    Shared(&'p str),
    /// An endpoint that does not exist.
    UnknownEndpoint,
    /// The management API, and the dashboard.
    Management,
    /// `/healthz`: the process is alive.
    Alive,
    /// `/readyz`: requests are welcome.
    Ready,
    /// `/errors`: what codes mean.
    Errors,
    /// Nothing at all.
    Nothing,
}

const MANAGEMENT: [&str; 5] = ["projects", "api-keys", "cors", "audit-log", "nodes"];

/// Finds what `path` names on a listener.
///
/// Where management has a listener of its own, its paths are nothing on the other one: below an endpoint that endpoint's
/// nothing, which its pages can read.
pub(crate) fn route<'s, 'p>(
    snapshot: &'s Snapshot,
    path: &'p str,
    serves: Serves,
) -> Route<'s, 'p> {
    let route = route_of_all(snapshot, path);
    match (serves, &route) {
        (Serves::Everything, _) => route,
        (Serves::DataPlane, Route::Management) => {
            endpoint_above(snapshot, path).map_or(Route::Nothing, Route::BesideEndpoint)
        }
        (Serves::DataPlane, _) => route,
        (Serves::Management, Route::Management | Route::Alive | Route::Ready | Route::Errors) => {
            route
        }
        (Serves::Management, _) => Route::Nothing,
    }
}

/// The endpoint in whose URL the path is.
fn endpoint_above<'s>(snapshot: &'s Snapshot, path: &str) -> Option<&'s Arc<Endpoint>> {
    let below_root = path.strip_prefix('/')?;
    let (end, _) = below_root.match_indices('/').nth(1)?;
    snapshot.endpoint(&below_root[..end])
}

/// Finds what `path` names on a listener for everything.
fn route_of_all<'s, 'p>(snapshot: &'s Snapshot, path: &'p str) -> Route<'s, 'p> {
    match path {
        "/healthz" => return Route::Alive,
        "/readyz" => return Route::Ready,
        "/errors" => return Route::Errors,
        "/openapi.json" | "/metrics" => return Route::Management,
        _ if is_dashboard(path) => return Route::Management,
        _ => {}
    }
    if let Some(rest) = below_v1(path) {
        return if begins_with_one_of(rest, &MANAGEMENT) {
            Route::Management
        } else {
            Route::Shared(rest)
        };
    }
    endpoint_route(snapshot, path).unwrap_or(Route::Nothing)
}

/// What follows `/v1`, with its slash.
pub(crate) fn below_v1(path: &str) -> Option<&str> {
    path.strip_prefix("/v1")
        .filter(|rest| rest.starts_with('/'))
}

fn endpoint_route<'s, 'p>(snapshot: &'s Snapshot, path: &'p str) -> Option<Route<'s, 'p>> {
    let below_root = path.strip_prefix('/')?;
    let (project, below_project) = below_root.split_once('/')?;
    if !is_project_id(project) {
        return None;
    }
    let (name, _) = below_project.split_once('/')?;
    let key = &below_root[..project.len() + 1 + name.len()];
    let api = below_v1(&below_root[key.len()..]);
    if api.is_some_and(|rest| begins_with_one_of(rest, &["endpoints"])) {
        return Some(Route::Management);
    }
    let Some(endpoint) = snapshot.endpoint(key) else {
        return Some(Route::UnknownEndpoint);
    };
    Some(match api {
        Some(rest) => Route::Endpoint(endpoint, rest),
        None => Route::BesideEndpoint(endpoint),
    })
}

/// Whether a path is the dashboard's, its API included.
pub(crate) fn is_dashboard(path: &str) -> bool {
    let below = path.strip_prefix("/dashboard");
    below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}
