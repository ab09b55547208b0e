//! The one table of operations: method, path, who may call it, and what answers.
//!
//! The router is made from this table, and [`Call::admit`] holds each request against its row: an operation without a
//! row cannot be reached, and none can be reached without its authorization.

use std::future::Future;
use std::pin::Pin;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use drawbridge_policy::key::Scope;
use http::Method;

use crate::call::Call;
use crate::problem::{Fault, Problem, method_not_allowed, route_not_found};
use crate::session::{self, sign_in};
use crate::shape::{Resource, Shape};
use crate::{
    AdminState, audit_log, csp, endpoints, explain, keys, nodes, projects, refusals, rotation,
    settings, traffic,
};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The root key only.
    Root,
    /// The root key, or a secret key with this scope in its own project.
    Scope(Scope),
    /// The root key, or any secret key.
    AnyKey,
    /// Whoever the document proves the caller to be: it signs in.
    Credential,
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;

/// One operation of the management API.
#[derive(Debug)]
pub struct Operation {
    /// What it does, e.g. `endpoint.update`; in the audit log.
    pub action: &'static str,
    /// Its method; GET answers HEAD too.
    pub method: Method,
    /// Its path, with `{parameters}`.
    pub path: &'static str,
    /// Who may call it.
    pub needs: Needs,
    /// What it does, in one sentence for people.
    pub summary: &'static str,
    pub(crate) resource: Resource,
    pub(crate) shape: Shape,
    /// What it can find wrong beyond what every operation of its shape can.
    pub(crate) faults: &'static [Fault],
    handler: fn(Call) -> Answering,
}

const PROJECTS: &str = "/v1/projects";
const PROJECT: &str = "/v1/projects/{project}";
const ENDPOINTS: &str = "/v1/projects/{project}/endpoints";
const ENDPOINT: &str = "/v1/projects/{project}/endpoints/{name}";
const OWN_URL: &str = "/{project_id}/{endpoint}/v1/endpoints/{name}";
const KEYS: &str = "/v1/api-keys";
const KEY: &str = "/v1/api-keys/{id}";
const ROTATE: &str = "/v1/api-keys/{id}/rotate";
const AUDIT_LOG: &str = "/v1/audit-log";
const REFUSALS: &str = "/v1/cors/refusals";
const EXPLAIN: &str = "/v1/cors/explain";
const NODES: &str = "/v1/nodes";
const SETTINGS: &str = "/dashboard/api/settings";
const TRAFFIC: &str = "/dashboard/api/traffic";
const CSP: &str = "/dashboard/api/csp";
const SESSION: &str = "/dashboard/api/session";
const SIGN_IN_LINKS: &str = "/dashboard/api/sign-in-links";

const READ_ENDPOINTS: Needs = Needs::Scope(Scope::EndpointsRead);
const WRITE_ENDPOINTS: Needs = Needs::Scope(Scope::EndpointsWrite);
const READ_KEYS: Needs = Needs::Scope(Scope::KeysRead);
const WRITE_KEYS: Needs = Needs::Scope(Scope::KeysWrite);
const READ_AUDIT: Needs = Needs::Scope(Scope::AuditRead);

/// Rows of the table: action, method, path, needs, handler; shape, resource, own faults, summary.
macro_rules! operations {
    ($($action:literal $method:ident $path:ident $needs:expr => $handler:path;
       $shape:ident $resource:ident [$($fault:ident)*] $summary:literal;)+) => {
        &[$(Operation {
            action: $action,
            method: Method::$method,
            path: $path,
            needs: $needs,
            summary: $summary,
            resource: Resource::$resource,
            shape: Shape::$shape,
            faults: &[$(Fault::$fault),*],
            handler: |call| Box::pin($handler(call)),
        }),+]
    };
}

/// Every operation of the management API.
pub static OPERATIONS: &[Operation] = operations![
    "project.list" GET PROJECTS READ_ENDPOINTS => projects::list;
        Search Project [] "List projects: all of them with the root key, else the calling key's own";
    "project.create" POST PROJECTS Needs::Root => projects::create;
        Create Project [SlugTaken IdTaken] "Create a project";
    "project.show" GET PROJECT READ_ENDPOINTS => projects::show;
        Show Project [ProjectNotFound] "Show a project";
    "project.update" PATCH PROJECT Needs::Root => projects::update;
        Update Project [ProjectNotFound] "Rename a project";
    "project.delete" DELETE PROJECT Needs::Root => projects::delete;
        Delete Project [ProjectNotFound ProjectNotEmpty] "Delete a project without endpoints and unrevoked keys";
    "endpoint.list" GET ENDPOINTS READ_ENDPOINTS => endpoints::list;
        Search Endpoint [ProjectNotFound] "List the endpoints of a project that the calling key may use";
    "endpoint.create" POST ENDPOINTS WRITE_ENDPOINTS => endpoints::create;
        Create Endpoint [EndpointNotPermitted ProjectNotFound NameTaken] "Create an endpoint";
    "endpoint.show" GET ENDPOINT READ_ENDPOINTS => endpoints::show;
        Show Endpoint [EndpointNotPermitted ProjectNotFound EndpointNotFound] "Show an endpoint";
    "endpoint.update" PATCH ENDPOINT WRITE_ENDPOINTS => endpoints::update;
        Update Endpoint [EndpointNotPermitted ProjectNotFound EndpointNotFound] "Change an endpoint";
    "endpoint.delete" DELETE ENDPOINT WRITE_ENDPOINTS => endpoints::delete;
        Delete Endpoint [EndpointNotPermitted ProjectNotFound EndpointNotFound] "Delete an endpoint";
    "endpoint.show" GET OWN_URL READ_ENDPOINTS => endpoints::show;
        Show Endpoint [EndpointNotPermitted ProjectNotFound EndpointNotFound] "Show an endpoint by its own URL";
    "endpoint.update" PATCH OWN_URL WRITE_ENDPOINTS => endpoints::update;
        Update Endpoint [EndpointNotPermitted ProjectNotFound EndpointNotFound] "Change an endpoint by its own URL";
    "endpoint.delete" DELETE OWN_URL WRITE_ENDPOINTS => endpoints::delete;
        Delete Endpoint [EndpointNotPermitted ProjectNotFound EndpointNotFound] "Delete an endpoint by its own URL";
    "key.list" GET KEYS READ_KEYS => keys::list;
        Keys ApiKey [ProjectNotFound] "List keys: of all projects with the root key, else of the calling key's own";
    "key.create" POST KEYS WRITE_KEYS => keys::create;
        Create ApiKey [ExceedsCaller ProjectNotFound TokenTaken] "Create a key; its token is shown once";
    "key.show" GET KEY READ_KEYS => keys::show;
        Show ApiKey [ProjectNotFound KeyNotFound] "Show a key";
    "key.update" PATCH KEY WRITE_KEYS => keys::update;
        Update ApiKey [ExceedsCaller ProjectNotFound KeyNotFound KeyRevoked] "Change a key";
    "key.update" PUT KEY WRITE_KEYS => keys::update;
        Update ApiKey [ExceedsCaller ProjectNotFound KeyNotFound KeyRevoked] "Change a key, exactly as PATCH does";
    "key.revoke" DELETE KEY WRITE_KEYS => keys::revoke;
        Revoke ApiKey [ExceedsCaller ProjectNotFound KeyNotFound] "Revoke a key, for good and at once";
    "key.rotate" POST ROTATE WRITE_KEYS => rotation::rotate;
        Rotate ApiKey [ExceedsCaller ProjectNotFound KeyNotFound KeyRevoked KeyExpired Conflict]
        "Give a key a new token, shown once; the old one stays good for a time";
    "cors.refusals" GET REFUSALS READ_ENDPOINTS => refusals::list;
        Refused CorsRefusal [ProjectNotFound]
        "List which calls of pages were refused, or would have been, the latest day first, with what cures each";
    "cors.explain" POST EXPLAIN READ_ENDPOINTS => explain::answer;
        Ask Explanation [EndpointNotPermitted ProjectNotFound EndpointNotFound KeyNotFound]
        "Say what browsers make of a page's call, or of a line of a console, and what cures it; writes nothing";
    "audit.list" GET AUDIT_LOG READ_AUDIT => audit_log::list;
        Log AuditEntry [EndpointNotPermitted ProjectNotFound]
        "List what was changed, by whom and from where, newest first: everywhere with the root key, else in the calling key's project";
    "node.list" GET NODES Needs::Root => nodes::list;
        List Node [] "List the nodes of this gateway";
    "settings.show" GET SETTINGS Needs::Root => settings::show;
        Tell Settings [] "Show what this node was configured with, and where each setting was written";
    "traffic.show" GET TRAFFIC READ_ENDPOINTS => traffic::show;
        Measure Traffic [ProjectNotFound]
        "Show what happened to requests over time: everywhere with the root key, else in the calling key's project";
    "csp.check" POST CSP READ_ENDPOINTS => csp::answer;
        Ask Csp [ProjectNotFound]
        "Say which Content-Security-Policy lets a page call this gateway, and whether a given one does";
    "session.create" POST SESSION Needs::Credential => sign_in::create;
        SignIn Session [SignInCodeInvalid InsecureConnection]
        "Sign a browser in to the dashboard, by a secret key's token or by the code of a sign-in link";
    "session.show" GET SESSION Needs::AnyKey => session::show;
        Tell Session [SessionRequired] "Show the session that the request came in";
    "session.delete" DELETE SESSION Needs::AnyKey => session::delete;
        SignOut Session [SessionRequired] "Sign out: end the session that the request came in, or all of its key";
    "sign_in_link.create" POST SIGN_IN_LINKS Needs::AnyKey => sign_in::link;
        MakeLink SignInLink [KeyRequired] "Make a link that signs one browser in, once, as the calling key";
];

/// The routes of all operations whose caller is known by the request's header.
pub(crate) fn routes() -> Router<AdminState> {
    routes_of(|operation| operation.needs != Needs::Credential)
        .fallback(route_not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

/// The routes of those whose document says who calls.
pub(crate) fn sign_in_routes() -> Router<AdminState> {
    routes_of(|operation| operation.needs == Needs::Credential)
}

fn routes_of(is_meant: fn(&Operation) -> bool) -> Router<AdminState> {
    let mut router = Router::new();
    for operation in OPERATIONS.iter().filter(|operation| is_meant(operation)) {
        let answer = move |State(state): State<AdminState>, request: Request| async move {
            let call = match operation.needs {
                Needs::Credential => sign_in::admit(state, operation, request).await?,
                _ => Call::admit(state, operation, request).await?,
            };
            (operation.handler)(call).await
        };
        router = router.route(operation.path, on(method_filter(&operation.method), answer));
    }
    router
}

const fn method_filter(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PATCH => MethodFilter::PATCH,
        Method::PUT => MethodFilter::PUT,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}
