//! What a caller can observe of the store, over its public API.
//!
//! `cases` knows no engine: a second one runs the same list. The other modules are about files, processes and SQLite.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cases;
mod chain;
mod child;
mod faults;
mod idempotency;
mod kill;
mod open;
mod sample;
mod suite;
