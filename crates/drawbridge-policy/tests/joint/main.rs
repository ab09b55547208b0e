//! The joint test of the shared URL: many policies in, one answer out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod generated;
mod keys;
mod naive;
mod rules;
mod support;
