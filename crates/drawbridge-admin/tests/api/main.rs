//! The management API as its clients see it: the whole router, over a real store in a directory of its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are tests"
)]

mod audit_log;
mod authorization;
mod bodies;
mod boundary;
mod compatibility;
mod conditions;
mod containment;
mod credentials;
mod csp;
mod dashboard;
mod document;
mod dry_run;
mod endpoints;
mod explain;
mod impact;
mod key_uses;
mod keys;
mod lists;
mod metrics;
mod nodes;
mod openapi;
mod projects;
mod refusals;
mod rotation;
mod sessions;
mod settings;
mod store_failure;
mod support;
mod traffic;
mod unusable;
mod walker;
