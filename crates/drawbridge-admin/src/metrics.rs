//! `GET /metrics`: what the data plane counted, as OpenMetrics text.
//!
//! Everything but the text itself is judged here as for all of management. It must not be made where nobody may read
//! it: endpoint names of all projects stand in it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::AdminState;
use crate::problem::{Problem, method_not_allowed};
use crate::query::Query;

const PATH: &str = "/metrics";
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Where `/metrics` comes from, and for whom.
#[derive(Clone)]
pub struct MetricsSource {
    text: Arc<dyn Fn() -> String + Send + Sync>,
    needs_key: bool,
}

impl MetricsSource {
    /// `text` makes the text anew, in the format of OpenMetrics 1.0. It is shown to whoever reaches a loopback
    /// `listener`, on any other to secret keys only.
    pub fn new(listener: SocketAddr, text: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self {
            text: Arc::new(text),
            needs_key: !listener.ip().is_loopback(),
        }
    }

    pub(crate) fn needs_key(&self) -> bool {
        self.needs_key
    }
}

impl fmt::Debug for MetricsSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut source = formatter.debug_struct("MetricsSource");
        source
            .field("needs_key", &self.needs_key)
            .finish_non_exhaustive()
    }
}

pub(crate) fn routes() -> Router<AdminState> {
    Router::new().route(PATH, get(show).fallback(method_not_allowed))
}

/// `GET /metrics`
async fn show(
    State(state): State<AdminState>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    Query::read(query.as_deref(), &[])?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, (state.metrics.text)()).into_response())
}
