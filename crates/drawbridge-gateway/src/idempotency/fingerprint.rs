//! What makes two requests the same: method, query, content type and body, as the client sent them.
//!
//! The body is summed up while it passes, so that it need not be held.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use http::header;
use http::request::Parts;
use http_body::Body as _;
use sha2::{Digest as _, Sha256};

use crate::body::Rest;
use crate::headers::values;

/// Adds a part, so that no two lists of parts read the same.
pub(crate) fn add(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_be_bytes());
    hash.update(part);
}

/// The sum of a body that passes.
#[derive(Default)]
pub(crate) struct BodyDigest {
    hash: RefCell<Sha256>,
    has_ended: Cell<bool>,
}

impl BodyDigest {
    /// The client's next bytes.
    pub(crate) fn push(&self, chunk: &[u8]) {
        self.hash.borrow_mut().update(chunk);
    }

    /// No more bytes come.
    pub(crate) fn end(&self) {
        self.has_ended.set(true);
    }
}

/// The sum of a request.
pub(crate) struct Fingerprint {
    head: Sha256,
    body: Rc<BodyDigest>,
    rest: Rest,
}

impl Fingerprint {
    /// Of a request with this head, whose body is summed up by `body`; `rest` is what has not come yet.
    pub(crate) fn new(
        head: &Parts,
        query: Option<&str>,
        body: Rc<BodyDigest>,
        rest: &Rest,
    ) -> Self {
        let mut hash = Sha256::new();
        add(&mut hash, head.method.as_str().as_bytes());
        add(&mut hash, query.unwrap_or_default().as_bytes());
        for kind in values(&head.headers, &header::CONTENT_TYPE) {
            add(&mut hash, kind);
        }
        Self {
            head: hash,
            body,
            rest: Rc::clone(rest),
        }
    }

    /// The sum, once the client's body has come to its end.
    pub(crate) fn finish(&self) -> Option<[u8; 32]> {
        // A body of known length is not asked for its end.
        let has_ended = self.body.has_ended.get()
            || self
                .rest
                .borrow()
                .as_ref()
                .is_some_and(|rest| rest.is_end_stream());
        let body = has_ended.then(|| self.body.hash.borrow().clone().finalize())?;
        let mut hash = self.head.clone();
        // Of a fixed length, unlike the parts before it.
        hash.update(body);
        Some(hash.finalize().into())
    }
}
