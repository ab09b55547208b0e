//! Pure judgement: what an origin, a policy, a key and a request are, and what follows from them.
//!
//! No I/O, no clock, no randomness and no HTTP library: facts come in as values, verdicts go out as values. Everything
//! that can be compiled is compiled when configuration is saved, so that deciding about a request only looks things up.

pub mod admitted;
pub mod bucket;
pub mod cors;
pub mod cors_config;
pub mod csp;
pub mod denial;
pub mod directory;
pub mod document;
pub mod endpoint;
pub mod explain;
pub mod failed_keys;
pub mod forwarded;
pub mod issue;
pub mod joint;
pub mod key;
pub mod key_config;
pub mod key_origins;
pub mod key_use;
pub mod meter;
pub mod model_scan;
pub mod names;
pub mod network;
pub mod origin;
pub mod origin_set;
pub mod own_origins;
pub mod path;
pub mod pattern;
pub mod presets;
pub mod project_settings;
pub mod proxy_header;
mod quote;
pub mod rate_limit;
pub mod refusals;
mod sharded;
pub mod snapshot;
pub mod token;
pub mod traffic;
pub mod upstream;
