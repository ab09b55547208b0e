//! Explanations: the browser's decision, its words in both directions, and what the configuration has to do with it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod data;
mod judged;
mod keyed;
mod pasted;
mod scenarios;
mod unseen;
