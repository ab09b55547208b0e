//! One JSON string, pushed through byte by byte.

use super::json::JsonFault;

/// How far into a string the chunks reach, its opening quote left behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    escape: Escape,
    /// The beginning of a character whose other bytes are still to come: `tail[..tail_len]`.
    tail: [u8; 4],
    tail_len: u8,
}

#[derive(Clone, Copy, Debug)]
enum Escape {
    None,
    /// After the backslash.
    Begun,
    /// After `\u`: so many hexadecimal digits are still to come.
    Hex(u8),
}

impl Text {
    pub(super) const fn new() -> Self {
        Self {
            escape: Escape::None,
            tail: [0; 4],
            tail_len: 0,
        }
    }

    /// Whether no escape and no character is under way.
    #[inline]
    pub(super) const fn is_between(&self) -> bool {
        matches!(self.escape, Escape::None) && self.tail_len == 0
    }

    /// Reads a byte, and says whether it is the closing quote.
    pub(super) fn then(&mut self, byte: u8) -> Result<bool, JsonFault> {
        self.escape = match (self.escape, byte) {
            (Escape::None, _) if self.tail_len > 0 || !byte.is_ascii() => {
                return if self.lengthen_tail(byte) {
                    Ok(false)
                } else {
                    Err(JsonFault::NotUtf8)
                };
            }
            (Escape::None, b'"') => return Ok(true),
            (Escape::None, b'\\') => Escape::Begun,
            (Escape::None, ..b' ') => return Err(JsonFault::ControlCharacter),
            (Escape::None, _) => Escape::None,
            (Escape::Begun, byte) => escape(byte)?,
            // Lone surrogates are grammatical (RFC 8259 section 8.2), and pages send them where they cut an
            // emoji in two: JSON.stringify escapes them.
            (Escape::Hex(1), byte) if byte.is_ascii_hexdigit() => Escape::None,
            (Escape::Hex(left), byte) if byte.is_ascii_hexdigit() => Escape::Hex(left - 1),
            (Escape::Hex(_), _) => return Err(JsonFault::BadEscape),
        };
        Ok(false)
    }

    /// Adds a byte to the unfinished character, which has three at most; `false` when it does not belong there.
    fn lengthen_tail(&mut self, byte: u8) -> bool {
        let length = usize::from(self.tail_len) + 1;
        self.tail[length - 1] = byte;
        match std::str::from_utf8(&self.tail[..length]) {
            Ok(_) => self.tail_len = 0,
            Err(error) if error.error_len().is_none() => self.tail_len += 1,
            Err(_) => return false,
        }
        true
    }
}

/// What follows the byte behind a backslash.
#[inline]
const fn escape(byte: u8) -> Result<Escape, JsonFault> {
    match byte {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(Escape::None),
        b'u' => Ok(Escape::Hex(4)),
        _ => Err(JsonFault::BadEscape),
    }
}
