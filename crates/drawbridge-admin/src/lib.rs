//! The management API: projects, endpoints and keys over HTTP, as JSON.
//!
//! [`router`] serves the paths of [`OPERATIONS`], their OpenAPI document, `/metrics`, the dashboard's pages, and nothing else. A request passes, in this order: the boundary
//! (`Host`, `Origin`, key), the operation's authorization, the resource's own rules; a write then is one transaction
//! with its audit entry, and is published to [`Live`] before its answer is sent, so that the next request obeys it.
//!
//! Each request must be driven to its end, even when its client left: between commit and publication nothing may stop
//! it. This crate must never emit an `Access-Control-*` header, never show a credential or token that it was given,
//! and never publish what the store has not acknowledged.

mod answer;
mod audit;
mod audit_log;
mod body;
mod boundary;
mod call;
mod compiled;
mod conditions;
mod csp;
mod dashboard;
mod destination;
mod endpoint_document;
mod endpoints;
mod error_page;
mod explain;
mod fault;
mod fixes;
mod impact;
mod key_document;
mod key_uses;
mod keys;
mod metrics;
mod nodes;
mod openapi;
mod operations;
mod patch;
mod problem;
mod projects;
mod query;
mod random;
mod refusals;
mod rotation;
mod session;
mod settings;
mod shape;
mod traffic;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use drawbridge_policy::key_use::KeyUses;
use drawbridge_policy::own_origins::OwnOrigins;
use drawbridge_policy::refusals::WaitingRefusals;
use drawbridge_policy::snapshot::Live;
use drawbridge_policy::traffic::Traffic;
use drawbridge_policy::upstream::Destinations;
use drawbridge_store::Store;
use jiff::Timestamp;

pub use crate::answer::Outcome;
pub use crate::compiled::{Compiled, Unusable, compile};
pub use crate::dashboard::Dashboard;
pub use crate::error_page::error_page;
pub use crate::metrics::MetricsSource;
pub use crate::nodes::Node;
pub use crate::operations::{Needs, OPERATIONS, Operation};
pub use crate::session::codes::SignInCodes;
pub use crate::settings::{Setting, Settings};

/// What the management API works with.
#[derive(Clone, Debug)]
pub struct AdminState {
    /// Where configuration is kept.
    pub store: Store,
    /// What requests obey, and what writes are published to.
    pub live: Arc<Live>,
    /// The time.
    pub clock: fn() -> Timestamp,
    /// The origins whose pages may call management, and the hosts that it answers to.
    pub own_origins: OwnOrigins,
    /// Last uses of keys that are not stored yet; see [`AdminState::keep_key_uses`].
    pub key_uses: Arc<KeyUses>,
    /// Refusals that are not stored yet; see [`AdminState::keep_refusals`].
    pub refusals: Arc<WaitingRefusals>,
    /// What was counted and is not stored yet; see [`AdminState::keep_traffic`].
    pub traffic: Arc<Traffic>,
    /// Where upstreams may be.
    pub destinations: Arc<Destinations>,
    /// What `/metrics` shows.
    pub metrics: MetricsSource,
    /// This process, as one of the gateway's nodes.
    pub node: Arc<Node>,
    /// What it was configured with.
    pub settings: Arc<Settings>,
    /// One-time codes that sign browsers in.
    pub sign_in_codes: Arc<SignInCodes>,
    /// The dashboard's files.
    pub dashboard: Dashboard,
}

/// The id of a request, as an extension of it; made anew where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The address that a request came from, as an extension of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Whether the client speaks https, to the gateway or to a proxy that it trusts, as an extension of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsHttps(pub bool);

/// The management API. Every answer carries an [`Outcome`] for the log.
pub fn router(state: AdminState) -> Router {
    let (keyed, open) = match state.metrics.needs_key() {
        true => (operations::routes().merge(metrics::routes()), Router::new()),
        false => (operations::routes(), metrics::routes()),
    };
    keyed
        .layer(from_fn_with_state(state.clone(), boundary::identify))
        .merge(operations::sign_in_routes())
        .merge(openapi::routes())
        .merge(dashboard::routes())
        .merge(open)
        .layer(from_fn_with_state(state.clone(), boundary::pass))
        .layer(from_fn(answer::dress))
        .with_state(state)
}
