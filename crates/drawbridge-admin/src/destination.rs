//! Where an endpoint's upstream leads, asked when it is saved.
//!
//! A name may lead elsewhere tomorrow: this only tells people what the gateway would refuse anyway, at every connection.
//! A name that does not resolve is no problem here: the upstream may not exist yet.

use std::net::SocketAddr;
use std::time::Duration;

use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::upstream::{Destinations, Upstream, UpstreamHost};
use serde_json::{Map, Value};

const POINTER: &str = "/upstream/base_url";
/// Longest wait for a resolver.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is wrong with the place that a document's `upstream.base_url` leads to. What is wrong with its text is found
/// elsewhere.
pub(crate) async fn problems(
    destinations: &Destinations,
    document: &Map<String, Value>,
) -> Problems {
    let mut problems = Problems::new();
    let base_url = document
        .get("upstream")
        .map(|upstream| &upstream["base_url"]);
    let upstream = base_url
        .and_then(Value::as_str)
        .and_then(|base_url| Upstream::parse(base_url, POINTER).ok());
    let Some(upstream) = upstream else {
        return problems;
    };
    for address in addresses(&upstream).await {
        if let Some(reason) = destinations.objection(address) {
            let detail = format!(
                "`{}` leads to {}, which is {reason}; name the inference server's own address",
                upstream.host(),
                address.ip()
            );
            problems.push(ConfigIssue::new(POINTER, "forbidden_upstream", detail));
            break;
        }
    }
    problems
}

async fn addresses(upstream: &Upstream) -> Vec<SocketAddr> {
    match upstream.host() {
        UpstreamHost::Ip(ip) => vec![SocketAddr::new(*ip, upstream.port())],
        UpstreamHost::Name(name) => {
            let resolving = tokio::net::lookup_host((&**name, upstream.port()));
            match tokio::time::timeout(PATIENCE, resolving).await {
                Ok(Ok(found)) => found.collect(),
                Ok(Err(_)) | Err(_) => Vec::new(),
            }
        }
    }
}
