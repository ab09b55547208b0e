//! Whole tokens in a tight loop, wherever the top-level member `model` cannot stand.
//!
//! Nearly every token of a body is read here: white space, punctuation, strings, and the numbers and literals that end
//! before the chunk does. Whatever else comes is left to the grammar, token by token, and so is every fault: this
//! module must never refuse anything, nor read what the grammar would refuse.

use super::super::number::{whole_integers, whole_number};
use super::super::text::behind_whole_text;
use super::super::word::{behind_short_text, behind_spaces, is_space};
use super::{Chunk, Grammar, Next, Text, Token};

impl Grammar {
    /// Reads on up to a token that is not whole and plain, or the end of the chunk, or the outermost object.
    #[inline]
    pub(super) fn skip_whole(&mut self, chunk: &mut Chunk<'_>) {
        let (mut rest, mut next, mut nest) = (&chunk.bytes[chunk.at..], self.next, self.nest);
        // Whatever was read says what comes next, so that the compiler makes jumps of most comparisons.
        'whole: loop {
            rest = behind_spaces(rest);
            if let Next::Name | Next::NameOrEnd = next {
                match rest {
                    [b'"', text @ ..] if let Some(behind) = self.behind_text(text, Token::Name) => {
                        next = Next::Colon;
                        rest = behind;
                    }
                    [b'}', ..] if next == Next::NameOrEnd => next = Next::CommaOrEnd,
                    _ => break,
                }
            }
            if next == Next::Colon {
                match rest {
                    [b':', behind @ ..] => {
                        next = Next::Value;
                        rest = behind_spaces(behind);
                    }
                    [space, ..] if is_space(*space) => continue,
                    _ => break,
                }
            }
            if let Next::Value | Next::ValueOrEnd = next {
                match rest {
                    [b'"', text @ ..] if let Some(behind) = self.behind_text(text, Token::Text) => {
                        rest = behind;
                    }
                    [first @ (b'{' | b'['), behind @ ..] if nest.open(*first == b'{').is_ok() => {
                        next = match first {
                            b'{' => Next::NameOrEnd,
                            _ => Next::ValueOrEnd,
                        };
                        rest = behind;
                        continue;
                    }
                    [b'-' | b'0'..=b'9', ..]
                        if let Some((length, is_integer)) = whole_number(rest) =>
                    {
                        rest = &rest[length..];
                        if is_integer
                            && !nest.is_object()
                            && let [b',', behind @ ..] = rest
                            && matches!(behind, [b' ' | b'\n' | b'0'..=b'9', ..])
                        {
                            next = Next::Value;
                            rest = &behind[whole_integers(behind)..];
                            continue;
                        }
                    }
                    [b't', b'r', b'u', b'e', behind @ ..]
                    | [b'n', b'u', b'l', b'l', behind @ ..]
                    | [b'f', b'a', b'l', b's', b'e', behind @ ..] => rest = behind,
                    [b']', ..] if next == Next::ValueOrEnd => {}
                    _ => break,
                }
                next = Next::CommaOrEnd;
            }
            while next == Next::CommaOrEnd {
                match rest {
                    [b',', behind @ ..] => {
                        next = nest.after_comma();
                        rest = behind;
                    }
                    [end @ (b'}' | b']'), behind @ ..] if nest.close(*end == b'}').is_ok() => {
                        rest = behind;
                        if !nest.is_unwatched() {
                            next = nest.after_value();
                            break 'whole;
                        }
                    }
                    [space, ..] if is_space(*space) => rest = behind_spaces(rest),
                    _ => break 'whole,
                }
            }
        }
        (self.next, self.nest) = (next, nest);
        chunk.at = chunk.bytes.len() - rest.len();
    }

    /// What stands behind a sound string, from behind its opening quote; nothing where the chunk ends before it does. The
    /// grammar says what is wrong with others.
    #[inline(always)]
    fn behind_text<'c>(&mut self, text: &'c [u8], token: Token) -> Option<&'c [u8]> {
        match behind_short_text(text) {
            Some(behind) => Some(behind),
            None => self.behind_any_text(text, token),
        }
    }

    #[inline(never)]
    fn behind_any_text<'c>(&mut self, text: &'c [u8], token: Token) -> Option<&'c [u8]> {
        if let Some(behind) = behind_whole_text(text) {
            return Some(behind);
        }
        let mut chunk = Chunk { bytes: text, at: 0 };
        self.text = Text::new();
        let has_ended = self.text.read(&mut chunk).ok()?;
        if !has_ended {
            self.token = token;
        }
        text.get(chunk.at..)
    }
}
