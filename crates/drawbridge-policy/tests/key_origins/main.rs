//! The union of the origins that keys admit, and what it lets through together with the key that comes along.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod generated;
#[path = "../cors/naive.rs"]
mod naive;
mod rules;
mod support;
