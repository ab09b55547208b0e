//! What one core refuses to pages, and whose pages it admits: counted without lock or wait, handed over twice a second.
//!
//! A request that is admitted costs one look-up here. What is held is bounded by `drawbridge_policy::{refusals, admitted}`.

use std::cell::RefCell;
use std::sync::Arc;

use drawbridge_policy::admitted::AdmittedOrigins;
use drawbridge_policy::refusals::{Kind, Refusals, WaitingRefusals};
use jiff::Timestamp;

/// The counts of one core.
pub(crate) struct CoreRefusals {
    counted: RefCell<Refusals>,
    admitted: RefCell<AdmittedOrigins>,
    waiting: Arc<WaitingRefusals>,
}

impl CoreRefusals {
    pub(crate) fn new(waiting: Arc<WaitingRefusals>) -> Self {
        Self {
            counted: RefCell::default(),
            admitted: RefCell::default(),
            waiting,
        }
    }

    /// Counts a refusal at `{project_id}/{name}`; the path is empty on the shared URL, before an endpoint is known.
    pub(crate) fn note(&self, endpoint: &str, kind: Kind) {
        self.counted
            .borrow_mut()
            .note(endpoint, kind, Timestamp::now());
    }

    /// Counts a call that the policy of `{project_id}/{name}` admitted a page to make.
    pub(crate) fn note_admitted(&self, endpoint: &str, origin: &[u8]) {
        self.admitted.borrow_mut().note(endpoint, origin);
    }

    /// Gives everything counted to whoever keeps it.
    pub(crate) fn hand_over(&self) {
        let counted = self.counted.take();
        if !counted.is_empty() {
            self.waiting.merge(counted.into_lines());
        }
        let admitted = self.admitted.borrow_mut().take(Timestamp::now());
        if !admitted.is_empty() {
            self.waiting.admitted.merge(admitted);
        }
    }
}
