//! Whether a caller may make a request: the refusals of design section 10 from 403 to 405, in their order.
//!
//! [`Admitted`] is the proof; only [`admit`] makes one, and only with one can a request reach an upstream.

use std::net::IpAddr;
use std::sync::Arc;

use drawbridge_policy::cors::{ActualVerdict, OriginHeader, Refusal};
use drawbridge_policy::denial::Denial;
use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::key::{
    ApiKey, Caller, KeyKind, Scope, SecretKeysInBrowsers, is_publishable_route,
};
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
    pub(crate) usage: Use<'r>,
    pub(crate) verdict: &'r ActualVerdict<'r>,
    pub(crate) origin: OriginHeader<'r>,
    /// Whether the request carries an Origin that is not the gateway's own, readable or not.
    pub(crate) is_cross_origin: bool,
    /// Set where that Origin has a secret key that is not meant for pages.
    pub(crate) exposure: Option<SecretKeysInBrowsers>,
}

/// How a key is used, whatever the endpoint.
pub(crate) struct Use<'r> {
    pub(crate) method: &'r Method,
    /// Behind the endpoint's base.
    pub(crate) path: &'r str,
    pub(crate) client: IpAddr,
    /// Whether the request carries an Origin, readable or not.
    pub(crate) has_origin: bool,
}

/// What can be said of a key before the endpoint is known.
pub(crate) fn check_key(key: &ApiKey, usage: &Use<'_>) -> Result<(), Denial> {
    if !key.scopes.contains(Scope::Inference) {
        return Err(Denial::ScopeMissing);
    }
    let method = usage.method.as_str().as_bytes();
    let may_use_route = key.kind == KeyKind::Secret || is_publishable_route(method, usage.path);
    if !may_use_route {
        return Err(Denial::RouteNotPermitted);
    }
    let networks = key.allowed_ips.as_ref();
    if networks.is_some_and(|networks| !networks.contains(usage.client)) {
        return Err(Denial::KeyIpNotAllowed);
    }
    if key.require_origin && !usage.has_origin {
        return Err(Denial::OriginRequired);
    }
    Ok(())
}

/// Admits the request, or says why not.
pub(crate) fn admit(facts: &Facts<'_>, caller: &Caller) -> Result<Admitted, Denial> {
    if let Caller::Key(key) = caller {
        if !key.allows_endpoint(&facts.endpoint.project.id, &facts.endpoint.name) {
            return Err(Denial::EndpointNotPermitted);
        }
        check_key(key, &facts.usage)?;
    }
    if facts.verdict.refusal == Some(Refusal::OriginNotAllowed) {
        return Err(Denial::OriginNotAllowed);
    }
    // The root key opens everything; in a page of another origin it has leaked, whatever the policy says.
    if matches!(caller, Caller::Root) && facts.is_cross_origin {
        return Err(Denial::SecretKeyInBrowser);
    }
    if facts.exposure == Some(SecretKeysInBrowsers::Refuse) {
        return Err(Denial::SecretKeyInBrowser);
    }
    if let Caller::Key(key) = caller
        && facts.is_cross_origin
        && !key.allows_origin(facts.origin, &facts.endpoint.cors)
    {
        return Err(Denial::KeyOriginNotAllowed);
    }
    if facts.verdict.refusal.is_some() {
        return Err(Denial::MethodNotAllowed);
    }
    Ok(Admitted {
        endpoint: Arc::clone(facts.endpoint),
    })
}
