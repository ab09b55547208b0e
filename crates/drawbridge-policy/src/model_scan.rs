//! Finds the top-level member `model` of a JSON body while the body streams by.
//!
//! The name of the model decides which endpoint serves a request and whether it may, so this scanner and the upstream
//! must read the same bytes the same way. Therefore it reads strictly:
//!
//! - The whole of RFC 8259 is checked: structure, literals, numbers, escapes, control characters, UTF-8 in every
//!   string, nothing but white space behind the value, no byte order mark, no comments, no `NaN`. Whatever is not JSON
//!   is refused at its first wrong byte, or by [`ModelScan::finish`] when it ends too early.
//! - Not checked, as the grammar allows both: the size of numbers, and lone surrogate escapes (`"\ud83d"`), which pages
//!   send inside cut-off messages. A `model` that holds one names nothing.
//! - At most 127 containers may be open at once, as in `serde_json`.
//! - Names are compared decoded (`"m\u006fdel"`). A second one is refused, since readers differ on which counts; it is
//!   refused also when only the case differs, because Go's `encoding/json` lets `"Model"` set the same field
//!   (<https://pkg.go.dev/encoding/json#Unmarshal>) and would see another model than this scanner.
//!
//! It must never copy the body (only the name or model under way is buffered, 1.5 KiB at most), recurse, or decide
//! anything: which models exist is the snapshot's business.

mod json;
mod number;
mod splice;
mod text;

use std::borrow::Cow;
use std::ops::Range;

pub use json::JsonFault;
pub use splice::Splice;

use json::{Chunk, Grammar, Part};

/// The longest model name that is read, in bytes of UTF-8.
pub const MAX_MODEL_BYTES: usize = 256;

/// Every byte of a literal may be written as `\uXXXX`; the quotes come on top.
const fn literal_limit(decoded: usize) -> usize {
    6 * decoded + 2
}

const NAME: &str = "model";

/// A body's model, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The name, decoded.
    pub name: String,
    /// The string literal in the body, quotes included, in bytes from the beginning of the body.
    pub span: Range<u64>,
}

/// What is known of the top-level member `model`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelMember {
    /// There is none, so far or (from [`ModelScan::finish`]) at all; a body that is no object never has one.
    Absent,
    /// It names a model.
    Named(Model),
    /// It is there, but names nothing: no string, longer than [`MAX_MODEL_BYTES`], or not Unicode (lone surrogate).
    Unusable,
}

/// Why a body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// The body is not a JSON text.
    #[error("the body is not JSON: {fault} at byte {at}")]
    NotJson {
        /// Bytes before the first wrong one.
        at: u64,
        /// What is wrong there.
        fault: JsonFault,
    },
    /// A second top-level member is named `model`, in any spelling or case.
    #[error("the body has a second top-level member `model`, which ends before byte {at}")]
    DuplicateModel {
        /// Bytes up to and with the second name's closing quote.
        at: u64,
    },
}

/// A scan of one body, pushed in chunks of any size.
///
/// ```
/// use drawbridge_policy::model_scan::{ModelMember, ModelScan};
///
/// let mut scan = ModelScan::new();
/// assert_eq!(scan.push(br#"{"stream":true,"mo"#), Ok(&ModelMember::Absent));
/// let Ok(ModelMember::Named(model)) = scan.push(br#"del":"small","messages":["#) else {
///     unreachable!("the name is complete");
/// };
/// assert_eq!((model.name.as_str(), model.span.clone()), ("small", 23..30));
/// scan.push(b"]}")?;
/// scan.finish()?;
/// # Ok::<(), drawbridge_policy::model_scan::ScanError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ModelScan {
    grammar: Grammar,
    /// Bytes pushed and read.
    at: u64,
    /// The literal of the top-level name under way, or of the model; cut one byte over its limit.
    literal: Vec<u8>,
    /// The last top-level name was `model`: what comes next is its value.
    at_model: bool,
    has_model_like_name: bool,
    member: ModelMember,
    refused: Option<ScanError>,
}

impl Default for ModelScan {
    fn default() -> Self {
        Self::new()
    }
}

impl ModelScan {
    /// A scan at the first byte of a body.
    pub const fn new() -> Self {
        Self {
            grammar: Grammar::new(),
            at: 0,
            literal: Vec::new(),
            at_model: false,
            has_model_like_name: false,
            member: ModelMember::Absent,
            refused: None,
        }
    }

    /// Reads the next chunk, and says what is known now. Once something is known it does not change, but the rest must
    /// be pushed too: a second `model` may follow.
    ///
    /// # Errors
    /// The body must not go (further) to an upstream; every later call says the same.
    pub fn push(&mut self, chunk: &[u8]) -> Result<&ModelMember, ScanError> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        if let Err(error) = self.read(chunk) {
            self.refused = Some(error);
            return Err(error);
        }
        Ok(&self.member)
    }

    /// Ends the scan at the end of the body.
    ///
    /// # Errors
    /// [`ScanError::NotJson`] when the text is not complete, and what an earlier push refused.
    pub fn finish(self) -> Result<ModelMember, ScanError> {
        match self.refused {
            Some(error) => Err(error),
            None if self.grammar.is_complete() => Ok(self.member),
            None => Err(ScanError::NotJson {
                at: self.at,
                fault: JsonFault::UnexpectedEnd,
            }),
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), ScanError> {
        let start = self.at;
        let mut chunk = Chunk::new(bytes);
        while chunk.at < bytes.len() {
            let (from, depth) = (chunk.at, self.grammar.depth());
            let part = self.grammar.step(&mut chunk, self.at_model);
            self.at = start + chunk.at as u64;
            let part = part.map_err(|fault| ScanError::NotJson { at: self.at, fault })?;
            if depth == 1 {
                self.watch(part, &bytes[from..chunk.at])?;
            }
        }
        Ok(())
    }

    /// Looks at a stretch directly inside the outermost container. Only objects have names.
    fn watch(&mut self, part: Part, stretch: &[u8]) -> Result<(), ScanError> {
        match part {
            Part::Name { ended: true } if self.literal.is_empty() => self.end_name(stretch)?,
            Part::Name { ended } => {
                self.gather(stretch, literal_limit(NAME.len()));
                if ended {
                    let literal = std::mem::take(&mut self.literal);
                    self.end_name(&literal)?;
                }
            }
            Part::Text { ended: true } if self.at_model && self.literal.is_empty() => {
                self.end_model(stretch);
            }
            Part::Text { ended } if self.at_model => {
                self.gather(stretch, literal_limit(MAX_MODEL_BYTES));
                if ended {
                    let literal = std::mem::take(&mut self.literal);
                    self.end_model(&literal);
                }
            }
            Part::Scalar | Part::Open if self.at_model => {
                self.at_model = false;
                self.member = ModelMember::Unusable;
            }
            _ => {}
        }
        Ok(())
    }

    /// Appends to the literal under way, and no more than one byte over `limit`.
    fn gather(&mut self, stretch: &[u8], limit: usize) {
        let room = (limit + 1).saturating_sub(self.literal.len());
        self.literal
            .extend_from_slice(&stretch[..room.min(stretch.len())]);
    }

    fn end_name(&mut self, literal: &[u8]) -> Result<(), ScanError> {
        let Some(name) = read_name(literal) else {
            return Ok(());
        };
        if self.has_model_like_name {
            return Err(ScanError::DuplicateModel { at: self.at });
        }
        self.has_model_like_name = true;
        self.at_model = name == NAME;
        Ok(())
    }

    fn end_model(&mut self, literal: &[u8]) {
        self.at_model = false;
        let span = self.at.saturating_sub(literal.len() as u64)..self.at;
        self.member = match decode(literal, MAX_MODEL_BYTES) {
            Some(name) => ModelMember::Named(Model {
                name: name.into_owned(),
                span,
            }),
            None => ModelMember::Unusable,
        };
    }
}

/// The decoded name when it is `model`, case aside. Names come in great numbers, so that most are told by their length:
/// an escape can only stand for a letter as `\uXXXX`.
fn read_name(literal: &[u8]) -> Option<Cow<'_, str>> {
    if literal.len() > literal_limit(NAME.len()) {
        return None;
    }
    let escapes = literal.iter().filter(|byte| **byte == b'\\').count();
    if literal.len() != NAME.len() + 2 + 5 * escapes {
        return None;
    }
    decode(literal, NAME.len()).filter(|name| name.eq_ignore_ascii_case(NAME))
}

/// The string that a literal stands for; `None` beyond `limit` bytes of UTF-8 and for lone surrogates.
fn decode(literal: &[u8], limit: usize) -> Option<Cow<'_, str>> {
    if literal.len() > literal_limit(limit) {
        return None;
    }
    let decoded = match literal {
        [b'"', plain @ .., b'"'] if !plain.contains(&b'\\') => {
            std::str::from_utf8(plain).ok()?.into()
        }
        escaped => Cow::Owned(serde_json::from_slice(escaped).ok()?),
    };
    (decoded.len() <= limit).then_some(decoded)
}
