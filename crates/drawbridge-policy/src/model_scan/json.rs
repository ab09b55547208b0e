//! The grammar of JSON (RFC 8259) as a machine that is pushed through a text, chunk by chunk.
//!
//! It checks everything the RFC says about a text: structure, literals, numbers, escapes, control characters, and
//! UTF-8 in every string. It must never recurse, allocate, or depend on where chunks end.

mod block;
mod marks;
mod nest;
mod order;
mod scalars;
mod walk;

use std::ops::Range;

use nest::Nest;

use super::NAME;
use super::number::Number;
use super::text::Text;

/// What makes bytes something other than a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// A byte that cannot stand there: wrong punctuation, a misspelt literal, a byte order mark, trailing bytes.
    #[error("unexpected byte")]
    UnexpectedByte,
    /// U+0000 to U+001F unescaped in a string (RFC 8259 section 7).
    #[error("control character in a string")]
    ControlCharacter,
    /// A backslash followed by something that is no escape.
    #[error("unknown escape in a string")]
    BadEscape,
    /// A string that is not UTF-8 (RFC 8259 section 8.1).
    #[error("invalid UTF-8 in a string")]
    NotUtf8,
    /// More than 127 containers inside each other.
    #[error("nesting deeper than 127 levels")]
    TooDeep,
    /// The text ends before its value does, or holds none.
    #[error("unexpected end")]
    UnexpectedEnd,
}

/// Bytes of a string that are read before the rest of it is read by the block: names are mostly shorter.
const SHORT: usize = 16;

/// A chunk, and how far it has been read: after a fault, up to the first wrong byte.
#[derive(Debug)]
pub(super) struct Chunk<'c> {
    pub(super) bytes: &'c [u8],
    pub(super) at: usize,
    /// Characters that are whole and sound (in UTF-8), behind what may be left of one.
    sound: Range<usize>,
}

impl<'c> Chunk<'c> {
    pub(super) fn new(bytes: &'c [u8]) -> Self {
        let start = bytes
            .iter()
            .take(3)
            .take_while(|byte| is_continuation(**byte))
            .count();
        let length = match simdutf8::compat::from_utf8(&bytes[start..]) {
            Ok(sound) => sound.len(),
            Err(error) => error.valid_up_to(),
        };
        Self {
            bytes,
            at: 0,
            sound: start..start + length,
        }
    }

    /// The next byte.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Punctuation, white space, and whatever stands deeper than in the outermost container.
    Between,
    /// A member name, or a piece of one, with the quotes that belong to it; `ended` with the closing one.
    Name { ended: bool },
    /// A string that is a value, likewise.
    Text { ended: bool },
    /// A number or a literal, or a piece of one.
    Scalar,
    /// `[` or `{`.
    Open,
}

/// What the grammar wants next, when no token is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    CommaOrEnd,
    /// The text is complete: white space only.
    Nothing,
}

/// The token that the last chunk left unfinished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    None,
    Name,
    Text,
    Number(Number),
    Literal,
}

/// How far into a JSON text the chunks reach.
#[derive(Clone, Debug)]
pub(super) struct Grammar {
    next: Next,
    token: Token,
    /// The string under way; as at its beginning when there is none.
    text: Text,
    /// What is left of the literal under way.
    literal: &'static [u8],
    nest: Nest,
}

impl Grammar {
    pub(super) const fn new() -> Self {
        Self {
            next: Next::Value,
            token: Token::None,
            text: Text::new(),
            literal: b"",
            nest: Nest::new(),
        }
    }

    /// How many containers are open.
    pub(super) const fn depth(&self) -> u32 {
        self.nest.depth()
    }

    /// Whether the text may end here.
    pub(super) const fn is_complete(&self) -> bool {
        match self.token {
            Token::None => matches!(self.next, Next::Nothing),
            Token::Number(number) => number.may_end() && self.nest.depth() == 0,
            _ => false,
        }
    }

    /// Reads one token, or as much of it as the chunk holds, or ([`Part::Between`]) many that cannot name a model, as
    /// long as no value is wanted. The chunk must have bytes left.
    pub(super) fn step(
        &mut self,
        chunk: &mut Chunk<'_>,
        is_value_wanted: bool,
    ) -> Result<Part, JsonFault> {
        let from = chunk.at;
        // Where a walk would begin with one of the outermost names, another has ended before it.
        let is_name = chunk.peek() == Some(b'"') && self.nest.depth() == 1;
        if matches!(self.token, Token::None) && !is_value_wanted && !is_name {
            self.walk(chunk);
        }
        if chunk.at > from {
            Ok(Part::Between)
        } else {
            self.token(chunk)
        }
    }

    #[inline]
    fn token(&mut self, chunk: &mut Chunk<'_>) -> Result<Part, JsonFault> {
        match self.token {
            Token::None => self.begin(chunk),
            Token::Name => self.name(chunk),
            Token::Text => self.text(chunk),
            Token::Number(number) => self.number(number, chunk),
            Token::Literal => self.literal(self.literal, chunk),
        }
    }

    #[inline]
    fn begin(&mut self, chunk: &mut Chunk<'_>) -> Result<Part, JsonFault> {
        let Some(first) = chunk.peek() else {
            return Ok(Part::Between);
        };
        match self.next {
            _ if is_space(first) => {
                while chunk.peek().is_some_and(is_space) {
                    chunk.at += 1;
                }
                return Ok(Part::Between);
            }
            Next::CommaOrEnd => match first {
                b',' => self.next = self.nest.after_comma(),
                b'}' | b']' => self.close(first == b'}')?,
                _ => return Err(JsonFault::UnexpectedByte),
            },
            Next::Colon if first == b':' => self.next = Next::Value,
            Next::Name | Next::NameOrEnd if first == b'"' => {
                chunk.at += 1;
                return self.name(chunk);
            }
            Next::NameOrEnd if first == b'}' => self.close(true)?,
            Next::ValueOrEnd if first == b']' => self.close(false)?,
            Next::Value | Next::ValueOrEnd => return self.value(first, chunk),
            _ => return Err(JsonFault::UnexpectedByte),
        }
        chunk.at += 1;
        Ok(Part::Between)
    }

    #[inline]
    fn value(&mut self, first: u8, chunk: &mut Chunk<'_>) -> Result<Part, JsonFault> {
        match first {
            b'"' => {
                chunk.at += 1;
                self.text(chunk)
            }
            b'{' | b'[' => {
                self.open(first == b'{')?;
                chunk.at += 1;
                Ok(Part::Open)
            }
            b't' => self.literal(b"true", chunk),
            b'f' => self.literal(b"false", chunk),
            b'n' => self.literal(b"null", chunk),
            _ => self.number(Number::Nothing, chunk),
        }
    }

    fn open(&mut self, is_object: bool) -> Result<(), JsonFault> {
        self.nest.open(is_object)?;
        self.next = if is_object {
            Next::NameOrEnd
        } else {
            Next::ValueOrEnd
        };
        Ok(())
    }

    fn close(&mut self, is_object: bool) -> Result<(), JsonFault> {
        self.nest.close(is_object)?;
        self.end_value();
        Ok(())
    }

    #[inline]
    fn end_value(&mut self) {
        self.token = Token::None;
        self.next = self.nest.after_value();
    }

    fn name(&mut self, chunk: &mut Chunk<'_>) -> Result<Part, JsonFault> {
        let ended = self.read_text(Token::Name, chunk)?;
        Ok(Part::Name { ended })
    }

    fn text(&mut self, chunk: &mut Chunk<'_>) -> Result<Part, JsonFault> {
        let ended = self.read_text(Token::Text, chunk)?;
        Ok(Part::Text { ended })
    }

    /// Reads a byte at least, and says whether the string has ended.
    fn read_text(&mut self, token: Token, chunk: &mut Chunk<'_>) -> Result<bool, JsonFault> {
        self.token = token;
        let from = chunk.at;
        while let Some(byte) = chunk.peek() {
            let ended = self.text.then(byte)?;
            chunk.at += 1;
            if ended {
                match token {
                    Token::Name => (self.token, self.next) = (Token::None, Next::Colon),
                    _ => self.end_value(),
                }
                return Ok(true);
            }
            if chunk.at - from >= SHORT && self.text.is_between() {
                self.walk(chunk);
                return Ok(self.token != token);
            }
        }
        Ok(false)
    }

    fn number(&mut self, number: Number, chunk: &mut Chunk<'_>) -> Result<Part, JsonFault> {
        let mut number = number;
        while let Some(byte) = chunk.peek() {
            match number.then(byte) {
                Some(longer) => number = longer,
                None if number.may_end() => {
                    self.end_value();
                    return Ok(Part::Scalar);
                }
                None => return Err(JsonFault::UnexpectedByte),
            }
            chunk.at += 1;
        }
        self.token = Token::Number(number);
        Ok(Part::Scalar)
    }

    fn literal(&mut self, rest: &'static [u8], chunk: &mut Chunk<'_>) -> Result<Part, JsonFault> {
        for (read, wanted) in rest.iter().enumerate() {
            match chunk.peek() {
                Some(byte) if byte == *wanted => chunk.at += 1,
                Some(_) => return Err(JsonFault::UnexpectedByte),
                None => {
                    self.token = Token::Literal;
                    self.literal = &rest[read..];
                    return Ok(Part::Scalar);
                }
            }
        }
        self.end_value();
        Ok(Part::Scalar)
    }
}

/// RFC 8259 section 2.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether the byte is one of a character's, but not its first (RFC 3629 section 3).
const fn is_continuation(byte: u8) -> bool {
    matches!(byte, 0x80..0xc0)
}
