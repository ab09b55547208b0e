//! `GET /v1/nodes`: the processes that serve one configuration. There is one so far, and it is the one that is asked.

use std::fmt;
use std::net::SocketAddr;

use axum::response::Response;
use drawbridge_policy::traffic::Load;
use drawbridge_store::StoreError;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer;
use crate::call::Call;
use crate::problem::Problem;

/// What the id of a node begins with.
const PREFIX: &str = "node_";

/// This process, as others see it.
pub struct Node {
    /// `node_…`: the same after a restart, and nobody else's.
    pub id: String,
    /// What its machine is called.
    pub name: String,
    /// When it started.
    pub started_at: Timestamp,
    /// Where clients connect.
    pub address: SocketAddr,
    /// Where management is served, if elsewhere.
    pub admin_address: Option<SocketAddr>,
    /// Whether both speak TLS.
    pub is_https: bool,
    /// The origin under which pages call it: `public_url`, else its loopback address; `None` where neither is known.
    pub origin: Option<String>,
    /// How many cores serve requests.
    pub cores: usize,
    /// What is under way.
    pub load: Box<dyn Fn() -> Load + Send + Sync>,
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut node = formatter.debug_struct("Node");
        node.field("id", &self.id).finish_non_exhaustive()
    }
}

/// `GET /v1/nodes`
pub(crate) async fn list(call: Call) -> Result<Response, Problem> {
    let page = call.query()?.page()?;
    let node = call.node();
    let data = match page.after {
        Some(after) if !after.starts_with(PREFIX) => Err(StoreError::BadCursor(after))?,
        Some(after) if *after >= *node.id => Vec::new(),
        _ => vec![resource(&call)],
    };
    Ok(answer::listed(&data, None))
}

fn resource(call: &Call) -> Value {
    let node = call.node();
    let load = (node.load)();
    let status = if load.is_draining {
        "draining"
    } else {
        "ready"
    };
    json!({
        "object": "node",
        "id": node.id,
        "name": node.name,
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": node.started_at.to_string(),
        "last_seen_at": call.now().to_string(),
        "revision": call.live().load().revision(),
        "status": status,
        "is_self": true,
        "address": node.address.to_string(),
        "admin_address": node.admin_address.map(|address| address.to_string()),
        "cores": node.cores,
        "open_connections": load.open_connections,
        "open_streams": load.open_streams,
    })
}
