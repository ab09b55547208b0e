//! The data plane over real sockets, between clients and upstreams that the tests play themselves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod admin_listener;
mod admission;
mod certificates;
mod client_address;
mod exposition;
mod exposure;
mod frames;
mod hostile;
mod http2;
mod https_upstream;
mod idempotency;
mod key_origins;
mod key_uses;
mod limits;
mod metrics;
mod paths;
mod proxying;
mod rate_limits;
mod refusals;
mod restrictions;
mod security_headers;
mod shared_url;
mod streams;
mod support;
mod tls;
mod windows;
