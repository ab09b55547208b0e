//! The OpenAPI 3.1 document of the management API, at `GET /openapi.json`.
//!
//! It is made from [`OPERATIONS`], the table that the router is made from, and from one table of members a resource
//! ([`resources`]), of which it derives what is answered, what creates and what changes. utoipa would want a second
//! list of the routes in attributes, and structs that nobody reads: documents are read by the walker of the policy
//! crate, which names every problem at once. The tests hold every answer of the API against this document, and every
//! table of members against what the walker takes.
//!
//! It must never say more of a gateway than its release: whoever reaches the port may read it.

mod answers;
mod examples;
mod explanation;
mod members;
mod node;
mod operation;
mod parameters;
mod refusals;
mod resources;
mod schemas;
mod sessions;
mod traffic;

use std::sync::LazyLock;

use axum::Router;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Map, Value, json};

use crate::AdminState;
use crate::operations::OPERATIONS;
use crate::problem::{Problem, method_not_allowed};
use crate::query::Query;
use crate::session;

/// Where the document stands.
const PATH: &str = "/openapi.json";

const ABOUT: &str = "\
Projects, endpoints and keys of a Drawbridge gateway.

Every answer that is no success is `application/problem+json` (RFC 9457) and names every problem at once; what the \
gateway refuses before it looks at the URL is `application/json` in OpenAI's error shape. A method that a path does \
not have is 405 with `Allow`, a path that does not exist 404. Unknown members and query parameters are refused, never \
ignored. PATCH is JSON Merge Patch (RFC 7396): null restores a default, arrays are replaced. Read-only members may be \
sent back with the value that they have. `?dry_run=true` on a write checks everything and answers 200 with what would \
be returned, or with what would be deleted; nothing is written, and ids that would be made are made anew by the real \
write. Management is never cross-origin: no CORS headers, and a foreign `Origin` is 403.

Where a security requirement names a role, it is the scope that the key needs, `root` for the root key only; the root \
key may do everything.

The data plane is not described here. It is whatever an endpoint's upstream offers, under the templates of \
`x-data-plane`, with the request and error shapes of the OpenAI API.";

const SESSION: &str = "\
What POST `/dashboard/api/session` sets, in the place of its key: for pages of the gateway's own origin only, and never \
where a key is sent. On plain http at a loopback address it is called `drawbridge_session`.";

static DOCUMENT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));

/// The one route that needs no key.
pub(crate) fn routes() -> Router<AdminState> {
    Router::new().route(PATH, get(show).fallback(method_not_allowed))
}

/// `GET /openapi.json`
async fn show(RawQuery(query): RawQuery) -> Result<Response, Problem> {
    Query::read(query.as_deref(), &[])?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    Ok((headers, DOCUMENT.as_str()).into_response())
}

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Drawbridge management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "x-data-plane": ["/{project_id}/{endpoint}/v1/{path}", "/v1/{path}"],
        "tags": schemas::tags(),
        "paths": paths(),
        "components": {
            "schemas": schemas::all(),
            "responses": answers::shared(),
            "parameters": parameters::shared(),
            "headers": answers::headers(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "x-goog-api-key": {"type": "apiKey", "in": "header", "name": "x-goog-api-key"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": session::cookie::Name::Secure.as_str(),
                    "description": SESSION,
                },
            },
        },
    })
}

fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let item = paths
            .entry(operation.path)
            .or_insert_with(|| json!({"parameters": parameters::of_path(operation.path)}));
        item[operation.method.as_str().to_ascii_lowercase()] = operation::describe(operation);
    }
    paths.insert(
        PATH.to_owned(),
        json!({ "get": operation::this_document() }),
    );
    paths
}
