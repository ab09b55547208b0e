//! Puts another name in place of a body's model.
//!
//! It must never change, add or drop any other byte: the upstream gets the client's own body.

use std::ops::Range;

use bytes::Bytes;
use serde_json::Value;

use super::Model;

/// A string literal that takes the place of a body's model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The bytes that make way, from the beginning of the body.
    pub span: Range<u64>,
    /// What takes their place: a JSON string, quotes included.
    pub literal: Bytes,
}

impl Model {
    /// The change that makes the body ask for `name` instead (an endpoint's `upstream_name`).
    pub fn rewrite(&self, name: &str) -> Splice {
        Splice {
            span: self.span.clone(),
            literal: Value::from(name).to_string().into(),
        }
    }
}

impl Splice {
    /// The length of a body of `length` bytes after the change, for `Content-Length`.
    pub const fn length(&self, length: u64) -> u64 {
        let removed = self.span.end - self.span.start;
        length.saturating_sub(removed) + self.literal.len() as u64
    }

    /// Applies the change to the first chunks of a body, which must reach to the end of the span at least. Copies
    /// nothing; pieces that become empty are left out.
    pub fn apply(&self, held: impl IntoIterator<Item = Bytes>) -> Vec<Bytes> {
        let mut pieces = Vec::new();
        let mut start = 0_u64;
        for chunk in held {
            let end = start + chunk.len() as u64;
            let before = offset(self.span.start, start, &chunk);
            let behind = offset(self.span.end, start, &chunk);
            pieces.push(chunk.slice(..before));
            if (start..end).contains(&self.span.start) {
                pieces.push(self.literal.clone());
            }
            pieces.push(chunk.slice(behind..));
            start = end;
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }
}

/// Where `position` of the body lies in a chunk that begins at `start`; at its near end when it lies outside.
fn offset(position: u64, start: u64, chunk: &Bytes) -> usize {
    let into = position.saturating_sub(start);
    usize::try_from(into).map_or(chunk.len(), |into| into.min(chunk.len()))
}
