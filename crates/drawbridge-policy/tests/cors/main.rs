//! The CORS engine as its users see it: documents in, verdicts out.

mod actual;
mod allocations;
mod browser;
mod documents;
mod naive;
mod origin_set;
mod patterns;
mod preflight;
mod suggestions;
mod support;
mod warnings;
