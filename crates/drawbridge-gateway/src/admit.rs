//! Whether a caller may make a request: the refusals of design section 10 from 403 to 405, in their order.
//!
//! [`Admitted`] is the proof; only [`admit`] makes one, and only with one can a request reach an upstream.

use std::sync::Arc;

use drawbridge_policy::cors::{ActualVerdict, Refusal};
use drawbridge_policy::denial::Denial;
use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::key::{ApiKey, Caller, KeyKind, Scope, is_publishable_route};
use http::Method;

/// A request that may go to its endpoint's upstream.
pub(crate) struct Admitted {
    endpoint: Arc<Endpoint>,
}

impl Admitted {
    pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }
}

/// What is judged besides the caller.
pub(crate) struct Facts<'r> {
    pub(crate) endpoint: &'r Arc<Endpoint>,
    pub(crate) method: &'r Method,
    /// Behind the endpoint's base.
    pub(crate) path: &'r str,
    pub(crate) verdict: &'r ActualVerdict<'r>,
    /// Whether the request carries an Origin that is not the gateway's own, readable or not.
    pub(crate) is_cross_origin: bool,
}

/// What can be said of a key before the endpoint is known: whether it may send this to any.
pub(crate) fn check_route(key: &ApiKey, method: &Method, path: &str) -> Result<(), Denial> {
    if !key.scopes.contains(Scope::Inference) {
        return Err(Denial::ScopeMissing);
    }
    let may_use_route =
        key.kind == KeyKind::Secret || is_publishable_route(method.as_str().as_bytes(), path);
    if !may_use_route {
        return Err(Denial::RouteNotPermitted);
    }
    Ok(())
}

/// Admits the request, or says why not.
pub(crate) fn admit(facts: &Facts<'_>, caller: &Caller) -> Result<Admitted, Denial> {
    if let Caller::Key(key) = caller {
        if !key.allows_endpoint(&facts.endpoint.project.id, &facts.endpoint.name) {
            return Err(Denial::EndpointNotPermitted);
        }
        check_route(key, facts.method, facts.path)?;
    }
    if facts.verdict.refusal == Some(Refusal::OriginNotAllowed) {
        return Err(Denial::OriginNotAllowed);
    }
    // The root key opens everything; in a page of another origin it has leaked, whatever the policy says.
    if matches!(caller, Caller::Root) && facts.is_cross_origin {
        return Err(Denial::SecretKeyInBrowser);
    }
    if facts.verdict.refusal.is_some() {
        return Err(Denial::MethodNotAllowed);
    }
    Ok(Admitted {
        endpoint: Arc::clone(facts.endpoint),
    })
}
