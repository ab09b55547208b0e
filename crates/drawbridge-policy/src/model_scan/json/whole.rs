//! Whole tokens in a tight loop, wherever the top-level member `model` cannot stand.
//!
//! Nearly every token of a body is read here: white space, punctuation, numbers, literals and plain strings that end
//! before the chunk does. Whatever else comes is left to the grammar, token by token, and so is every fault: this
//! module must never refuse anything, nor read what the grammar would refuse.

use super::super::number::{whole_integers, whole_number};
use super::super::word::{behind_spaces, plain_text};
use super::{Chunk, Grammar, Next};

impl Grammar {
    /// Reads on up to a token that is not whole and plain, or the end of the chunk, or the outermost object.
    #[inline]
    pub(super) fn skip_whole(&mut self, chunk: &mut Chunk<'_>) {
        let (mut rest, mut next, mut nest) = (&chunk.bytes[chunk.at..], self.next, self.nest);
        // Whatever is read says what comes next, so that the compiler makes jumps of all comparisons.
        'whole: loop {
            rest = behind_spaces(rest);
            if let Next::Name | Next::NameOrEnd = next {
                match rest {
                    [b'"', text @ ..] => match plain_text(text) {
                        Some(length) => {
                            next = Next::Colon;
                            rest = behind_spaces(&text[length + 1..]);
                        }
                        None => break,
                    },
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
                    _ => break,
                }
            }
            if let Next::Value | Next::ValueOrEnd = next {
                match rest {
                    [b'"', text @ ..] => match plain_text(text) {
                        Some(length) => rest = behind_spaces(&text[length + 1..]),
                        None => break,
                    },
                    [b'{', behind @ ..] if nest.open(true).is_ok() => {
                        next = Next::NameOrEnd;
                        rest = behind;
                        continue;
                    }
                    [b'[', behind @ ..] if nest.open(false).is_ok() => {
                        next = Next::ValueOrEnd;
                        rest = behind;
                        continue;
                    }
                    [b'-' | b'0'..=b'9', ..] => match whole_number(rest) {
                        Some(length) => {
                            rest = behind_spaces(&rest[length..]);
                            if let [b',', behind @ ..] = rest
                                && !nest.is_object()
                            {
                                next = Next::Value;
                                rest = &behind[whole_integers(behind)..];
                                continue;
                            }
                        }
                        None => break,
                    },
                    [b't', b'r', b'u', b'e', behind @ ..]
                    | [b'n', b'u', b'l', b'l', behind @ ..]
                    | [b'f', b'a', b'l', b's', b'e', behind @ ..] => rest = behind_spaces(behind),
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
                        rest = behind_spaces(rest);
                    }
                    _ => break 'whole,
                }
            }
        }
        (self.next, self.nest) = (next, nest);
        chunk.at = chunk.bytes.len() - rest.len();
    }
}
