//! The only SQL: configuration, keys, audit log, idempotency records, sessions and what was counted, in an embedded database.
//!
//! A [`Store`] reads, a [`Write`] is one transaction: its changes, one step of the revision and one audit row, all or
//! nothing. Credentials and recorded answers are encrypted before they reach the database.
//!
//! A write that was answered with an error must never be obeyed later, not even after a crash; one that was answered
//! with success must never be lost. Tokens and credentials must never be stored as text.

mod audit;
mod chain;
mod changes;
mod column;
mod data_dir;
mod error;
mod idempotency;
mod key;
mod key_file;
mod migrate;
mod open;
mod origins;
mod read;
mod refusals;
mod row;
mod search;
mod sessions;
mod sql;
mod sqlite;
mod store;
mod traffic;
mod write;

pub use audit::{AuditEntry, AuditFilter, AuditRow};
pub use chain::{Broken, Link, NoLink, hexadecimal, verify_audit};
pub use error::{Cause, Conflict, StoreError};
pub use idempotency::{IdempotencyRecord, MOST_RECORDS_OF_A_KEY};
pub use key::MasterKey;
pub use origins::OriginRow;
pub use refusals::{RefusalFilter, RefusalRow};
pub use row::{Configuration, EndpointRow, KeyRow, Listing, Page, ProjectRow, TokenRow};
pub use search::{EndpointFilter, KeyFilter, KeyState, ProjectFilter};
pub use sessions::SessionRow;
pub use store::Store;
pub use traffic::TrafficFilter;
pub use write::{Committed, Write};
