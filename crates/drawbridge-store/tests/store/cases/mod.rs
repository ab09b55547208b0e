//! What every engine must do: each case takes a store with nothing in it.

pub(crate) mod audit;
pub(crate) mod idempotency;
pub(crate) mod lists;
pub(crate) mod origins;
pub(crate) mod refusals;
pub(crate) mod rows;
pub(crate) mod rules;
pub(crate) mod sessions;
pub(crate) mod traffic;
pub(crate) mod writes;
