//! What one core refuses to pages: counted without lock or wait, handed over twice a second.
//!
//! Nothing is done here for a request that is admitted. What is held is bounded by `drawbridge_policy::refusals`.

use std::cell::RefCell;
use std::sync::Arc;

use drawbridge_policy::refusals::{Kind, Refusals, WaitingRefusals};
use jiff::Timestamp;

/// The counts of one core.
pub(crate) struct CoreRefusals {
    counted: RefCell<Refusals>,
    waiting: Arc<WaitingRefusals>,
}

impl CoreRefusals {
    pub(crate) fn new(waiting: Arc<WaitingRefusals>) -> Self {
        Self {
            counted: RefCell::default(),
            waiting,
        }
    }

    /// Counts a refusal at `{project_id}/{name}`; the path is empty on the shared URL, before an endpoint is known.
    pub(crate) fn note(&self, endpoint: &str, kind: Kind) {
        self.counted
            .borrow_mut()
            .note(endpoint, kind, Timestamp::now());
    }

    /// Gives everything counted to whoever keeps it.
    pub(crate) fn hand_over(&self) {
        let counted = self.counted.take();
        if !counted.is_empty() {
            self.waiting.merge(counted.into_lines());
        }
    }
}
