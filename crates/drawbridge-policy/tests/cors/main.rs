//! The CORS engine as its users see it: documents in, verdicts out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod actual;
mod allocations;
mod browser;
mod credentials;
mod documents;
mod header_lists;
mod hostile;
mod naive;
mod origin;
mod origin_set;
mod patterns;
mod preflight;
mod suggestions;
mod support;
mod warnings;
