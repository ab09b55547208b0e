//! The grammar of JSON (RFC 8259) as a machine that is pushed through a text, chunk by chunk.
//!
//! It checks everything the RFC says about a text: structure, literals, numbers, escapes, control characters, and
//! UTF-8 in every string. It must never recurse, allocate, or depend on where chunks end.

use super::number::Number;
use super::text::Text;
use super::word::{plain_integer, plain_integers, plain_text};

/// Containers that may be open at once: what `serde_json` reads, so that both refuse the same texts.
const MAX_DEPTH: u32 = 127;

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

/// A chunk, and how far it has been read: after a fault, up to the first wrong byte.
#[derive(Debug)]
pub(super) struct Chunk<'c> {
    pub(super) bytes: &'c [u8],
    pub(super) at: usize,
}

impl Chunk<'_> {
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
    /// The string under way.
    text: Text,
    /// What is left of the literal under way.
    literal: &'static [u8],
    depth: u32,
    /// One bit for each open container, the innermost lowest: set for an object.
    objects: u128,
}

impl Grammar {
    pub(super) const fn new() -> Self {
        Self {
            next: Next::Value,
            token: Token::None,
            text: Text::new(),
            literal: b"",
            depth: 0,
            objects: 0,
        }
    }

    /// How many containers are open.
    pub(super) const fn depth(&self) -> u32 {
        self.depth
    }

    /// Whether the text may end here.
    pub(super) const fn is_complete(&self) -> bool {
        match self.token {
            Token::None => matches!(self.next, Next::Nothing),
            Token::Number(number) => number.may_end() && self.depth == 0,
            _ => false,
        }
    }

    /// Reads one token, or as much of it as the chunk holds; below the outermost container all tokens up to its next
    /// member or element. The chunk must have bytes left.
    pub(super) fn step(&mut self, chunk: &mut Chunk<'_>) -> Result<Part, JsonFault> {
        if self.depth <= 1 {
            return self.token(chunk);
        }
        while self.depth > 1 && chunk.at < chunk.bytes.len() {
            if matches!(self.token, Token::None) {
                self.skip_plain(chunk);
            }
            if chunk.at < chunk.bytes.len() {
                self.token(chunk)?;
            }
        }
        Ok(Part::Between)
    }

    /// Reads what stands below the outermost container for as long as it is plain: punctuation, short strings of ASCII,
    /// integers. That is what many small values are made of. Whatever else comes is left to [`Self::token`], and so is
    /// every fault.
    #[inline]
    fn skip_plain(&mut self, chunk: &mut Chunk<'_>) {
        let (mut at, mut next) = (chunk.at, self.next);
        let is_listed = self.is_in_listed_object();
        while let Some(rest) = chunk.bytes.get(at..)
            && let Some(first) = rest.first()
        {
            let length = match (first, next) {
                (b',', Next::CommaOrEnd) => {
                    next = self.after_comma();
                    match next {
                        Next::Value => 1 + plain_integers(&rest[1..]),
                        _ => 1,
                    }
                }
                (b':', Next::Colon) => {
                    next = Next::Value;
                    1
                }
                (b'"', Next::Name | Next::NameOrEnd) => {
                    let Some((length, then)) = plain_members(rest, is_listed) else {
                        break;
                    };
                    next = then;
                    length
                }
                (b'"', Next::Value | Next::ValueOrEnd) => {
                    let Some(length) = plain_text(&rest[1..]) else {
                        break;
                    };
                    next = Next::CommaOrEnd;
                    length + 2
                }
                (b'-' | b'0'..=b'9', Next::Value | Next::ValueOrEnd) => {
                    let Some(length) = plain_integer(rest) else {
                        break;
                    };
                    next = Next::CommaOrEnd;
                    length
                }
                (b' ' | b'\t' | b'\n' | b'\r', _) => 1,
                _ => break,
            };
            at += length;
        }
        (chunk.at, self.next) = (at, next);
    }

    /// Whether the innermost container is an object in a list that is not the outermost one.
    #[inline]
    const fn is_in_listed_object(&self) -> bool {
        self.depth > 2 && self.objects & 0b11 == 0b01
    }

    #[inline]
    const fn after_comma(&self) -> Next {
        if self.objects & 1 == 1 {
            Next::Name
        } else {
            Next::Value
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
            _ if is_space(first) => {}
            Next::CommaOrEnd => match first {
                b',' => self.next = self.after_comma(),
                b'}' | b']' => self.close(first == b'}')?,
                _ => return Err(JsonFault::UnexpectedByte),
            },
            Next::Colon if first == b':' => self.next = Next::Value,
            Next::Name | Next::NameOrEnd if first == b'"' => {
                chunk.at += 1;
                self.text = Text::new();
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
                self.text = Text::new();
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
        if self.depth == MAX_DEPTH {
            return Err(JsonFault::TooDeep);
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(is_object);
        self.next = if is_object {
            Next::NameOrEnd
        } else {
            Next::ValueOrEnd
        };
        Ok(())
    }

    fn close(&mut self, is_object: bool) -> Result<(), JsonFault> {
        if (self.objects & 1 == 1) != is_object {
            return Err(JsonFault::UnexpectedByte);
        }
        self.depth -= 1;
        self.objects >>= 1;
        self.end_value();
        Ok(())
    }

    #[inline]
    fn end_value(&mut self) {
        self.token = Token::None;
        self.next = if self.depth == 0 {
            Next::Nothing
        } else {
            Next::CommaOrEnd
        };
    }

    fn name(&mut self, chunk: &mut Chunk<'_>) -> Result<Part, JsonFault> {
        let ended = self.text.read(chunk)?;
        if ended {
            self.token = Token::None;
            self.next = Next::Colon;
        } else {
            self.token = Token::Name;
        }
        Ok(Part::Name { ended })
    }

    fn text(&mut self, chunk: &mut Chunk<'_>) -> Result<Part, JsonFault> {
        let ended = self.text.read(chunk)?;
        if ended {
            self.end_value();
        } else {
            self.token = Token::Text;
        }
        Ok(Part::Text { ended })
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

/// The length of members whose names and values are short strings of ASCII, and what the grammar wants behind them; of
/// the last one perhaps the name only. Where objects are listed, as messages are, it goes on from one to the next: nothing
/// is open then that was not before. `None` where already the first name is not plain.
#[inline]
fn plain_members(bytes: &[u8], is_listed: bool) -> Option<(usize, Next)> {
    let mut at = 0;
    loop {
        let Some(name) = plain_text(&bytes[at + 1..]) else {
            return (at > 0).then_some((at, Next::Name));
        };
        at += name + 2;
        let [b':', value @ ..] = &bytes[at..] else {
            return Some((at, Next::Colon));
        };
        at += 1;
        let [b'"', value @ ..] = value else {
            return Some((at, Next::Value));
        };
        let Some(value) = plain_text(value) else {
            return Some((at, Next::Value));
        };
        at += value + 2;
        match &bytes[at..] {
            [b',', b'"', ..] => at += 1,
            [b'}', b',', b'{', b'"', ..] if is_listed => at += 3,
            _ => return Some((at, Next::CommaOrEnd)),
        }
    }
}

/// RFC 8259 section 2.
#[inline]
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
