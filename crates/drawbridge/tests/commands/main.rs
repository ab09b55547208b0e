//! The real binary, started as its users start it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod admin_listen;
mod audit;
mod cli;
mod client_address;
mod csp;
mod dashboard;
mod demo;
mod descriptors;
mod disk;
mod explain;
mod idempotency;
mod key_uses;
mod live;
mod node;
mod process;
mod refusals;
mod scripted;
mod security_headers;
mod stopping;
mod tls;
mod traffic;
mod unread_bodies;
