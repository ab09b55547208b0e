//! What fuzzing checks: one function a target.
//!
//! libFuzzer calls them with bytes that it makes up (`fuzz/fuzz_targets`), an ordinary test with the committed corpora.
//! Each reads its input in a second, independent way and compares; a difference is a panic, and a bug on one side. They
//! must never go beyond loopback, nor keep anything from one input that changes what the next one finds.

#![expect(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a difference is a panic: that is what libFuzzer looks for"
)]

mod client;
mod connection;
mod gateway;
mod header_lists;
mod model_scan;
#[path = "../../drawbridge-policy/tests/cors/naive.rs"]
mod naive;
mod origin;
mod pattern;
mod policy_document;
mod reading;
mod target_path;
mod upstream;

pub use connection::connection;
pub use header_lists::header_lists;
pub use model_scan::model_scan;
pub use origin::origin;
pub use pattern::pattern;
pub use policy_document::policy_document;
pub use target_path::target_path;
