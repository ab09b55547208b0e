//! One JSON string, pushed through in pieces.
//!
//! Chat messages are nearly all of a body, so this is where the time goes. A first pass looks for quotes and
//! backslashes only; a second, vectorised one looks at all bytes at once for control characters and broken UTF-8. The
//! second may ignore escapes: they consist of ASCII without control characters.

use super::json::{Chunk, JsonFault};
use super::word::{
    FAR, HIGH, before_quote_or_backslash, before_quote_or_long_escape, begins_with_hex,
    controls_and_others, first, has_backslash_near, special,
};

/// How far into a string the chunks reach, its opening quote left behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    escape: Escape,
    /// The beginning of a character whose other bytes are in the next chunk: `tail[..tail_len]`.
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

    /// Reads on, and says whether the closing quote was read.
    pub(super) fn read(&mut self, chunk: &mut Chunk<'_>) -> Result<bool, JsonFault> {
        let from = chunk.at;
        let outcome = self.find_end(chunk);
        // The quote, and a byte that is no escape, may also break a character.
        let until = match outcome {
            Err(_) => chunk.at + 1,
            Ok(_) => chunk.at,
        };
        if let Some((offset, fault)) = self.check_characters(&chunk.bytes[from..until]) {
            chunk.at = from + offset;
            return Err(fault);
        }
        outcome
    }

    /// Goes behind the closing quote, or to the end of the chunk.
    #[inline]
    fn find_end(&mut self, chunk: &mut Chunk<'_>) -> Result<bool, JsonFault> {
        while let Some(byte) = chunk.peek() {
            match self.escape {
                Escape::None => {
                    chunk.at += length_of_whole(&chunk.bytes[chunk.at..]);
                    match chunk.peek() {
                        None => return Ok(false),
                        Some(b'"') => {
                            chunk.at += 1;
                            return Ok(true);
                        }
                        Some(_backslash) => self.escape = Escape::Begun,
                    }
                }
                Escape::Begun => self.escape = escape(byte)?,
                // Lone surrogates are grammatical (RFC 8259 section 8.2), and pages send them where they cut an
                // emoji in two: JSON.stringify escapes them.
                Escape::Hex(1) if byte.is_ascii_hexdigit() => self.escape = Escape::None,
                Escape::Hex(left) if byte.is_ascii_hexdigit() => {
                    self.escape = Escape::Hex(left - 1);
                }
                Escape::Hex(_) => return Err(JsonFault::BadEscape),
            }
            chunk.at += 1;
        }
        Ok(false)
    }

    /// The first control character or broken character, and where it is.
    fn check_characters(&mut self, bytes: &[u8]) -> Option<(usize, JsonFault)> {
        let (has_control, has_other) = controls_and_others(bytes);
        let control = if has_control {
            bytes.iter().position(|byte| *byte < b' ')
        } else {
            None
        };
        let broken = if self.tail_len > 0 || has_other {
            self.find_broken(bytes)
        } else {
            None
        };
        match (control, broken) {
            (Some(control), Some(broken)) if broken < control => Some((broken, JsonFault::NotUtf8)),
            (Some(control), _) => Some((control, JsonFault::ControlCharacter)),
            (None, Some(broken)) => Some((broken, JsonFault::NotUtf8)),
            (None, None) => None,
        }
    }

    /// The first byte that UTF-8 does not allow where it stands. Keeps a character that is cut off.
    fn find_broken(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut from = 0;
        while self.tail_len > 0 && from < bytes.len() {
            if !self.lengthen_tail(bytes[from]) {
                return Some(from);
            }
            from += 1;
        }
        let error = simdutf8::compat::from_utf8(&bytes[from..]).err()?;
        // What is left is one character, broken or cut off.
        from += error.valid_up_to();
        (from..bytes.len()).find(|at| !self.lengthen_tail(bytes[*at]))
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

/// What stands behind the closing quote of a whole string, from behind its opening one; read in one pass. `None` where the
/// bytes end before it, or something is wrong with it.
pub(super) fn behind_whole_text(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    // Has the highest bit of a byte that was looked at, perhaps one behind the string.
    let mut union = 0;
    loop {
        let found = first(&bytes[at..], FAR, |word| {
            union |= word;
            special(word)
        });
        match found {
            Ok(length) => at += length,
            Err(length) => {
                let from = at + length;
                at = from + before_quote_or_backslash(&bytes[from..]);
                union |= without_controls(&bytes[from..at])?;
            }
        }
        if let [b'"', behind @ ..] = &bytes[at..] {
            let is_text = union & HIGH == 0 || simdutf8::basic::from_utf8(&bytes[..at]).is_ok();
            return is_text.then_some(behind);
        }
        at += match &bytes[at..] {
            [b'\\', letter, ..] if IS_SHORT[usize::from(*letter)] => 2,
            [b'\\', b'u', digits @ ..] if begins_with_hex(digits) => 6,
            _ => return None,
        };
    }
}

/// The highest bits where a byte is beyond ASCII; `None` where there is a control character.
fn without_controls(bytes: &[u8]) -> Option<u64> {
    let (has_control, has_other) = controls_and_others(bytes);
    (!has_control).then_some(if has_other { HIGH } else { 0 })
}

/// How many bytes stand before the closing quote, or before an escape that is not whole.
#[inline]
fn length_of_whole(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += before_quote_or_backslash(&bytes[at..]);
        match &bytes[at..] {
            [b'\\', b'u', digits @ ..] if begins_with_hex(digits) => {
                at += 6;
                // They come alone, or in runs.
                while let [b'\\', b'u', digits @ ..] = &bytes[at..]
                    && begins_with_hex(digits)
                {
                    at += 6;
                }
            }
            [b'\\', letter, behind @ ..] if IS_SHORT[usize::from(*letter)] => {
                at += 2;
                // They come alone, or in crowds.
                if has_backslash_near(behind) {
                    at += before_quote_or_long_escape(behind);
                }
            }
            _ => return at,
        }
    }
}

/// What makes an escape of two bytes. A look-up does not depend on which letters come in what order.
static IS_SHORT: [bool; 256] = {
    let mut is_short = [false; 256];
    let letters = br#""\/bfnrt"#;
    let mut index = 0;
    while index < letters.len() {
        is_short[letters[index] as usize] = true;
        index += 1;
    }
    is_short
};

/// What follows the byte behind a backslash.
#[inline]
const fn escape(byte: u8) -> Result<Escape, JsonFault> {
    match byte {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(Escape::None),
        b'u' => Ok(Escape::Hex(4)),
        _ => Err(JsonFault::BadEscape),
    }
}
