//! Tokens by the block: all of 64 bytes are told apart at once ([`Marks`]), their containers opened and closed
//! ([`Window`](super::nest::Window)), and their order judged ([`Order`]).
//!
//! Nearly all of a body is read here. What a block cuts off is left to the grammar, byte by byte, and so are every
//! fault, and the names that may be `model`: this module must never refuse anything, nor read what the grammar would
//! refuse.

use super::block::{BLOCK, Block, lowest};
use super::marks::Marks;
use super::order::Order;
use super::{Chunk, Grammar, NAME, Token, is_continuation};

impl Grammar {
    /// Reads on up to a token that is not whole, to a fault, or to a name that may be `model`; inside a string that
    /// may be of interest, no further than behind its end.
    pub(super) fn walk(&mut self, chunk: &mut Chunk<'_>) {
        let mut is_in_text =
            matches!(self.token, Token::Name | Token::Text) && self.text.is_between();
        let is_between = matches!(self.token, Token::None) && self.nest.depth() > 0;
        if !(is_in_text || is_between) || chunk.at < chunk.sound.start {
            return;
        }
        let is_watched = is_in_text && self.nest.depth() <= 1;
        let mut order = Order::new(self.token, self.next);
        let mut window = self.nest.window();
        let mut padded;
        while (is_in_text || window.is_open() && !is_watched)
            && let Some(rest) = chunk.bytes.get(chunk.at..chunk.sound.end)
            && !rest.is_empty()
        {
            let (bytes, length) = match rest.first_chunk() {
                Some(bytes) => (bytes, BLOCK),
                None => {
                    padded = [b' '; BLOCK];
                    padded[..rest.len()].copy_from_slice(rest);
                    (&padded, rest.len())
                }
            };
            let Some(mut marks) = Marks::read(&Block::new(bytes), length, is_in_text, is_watched)
            else {
                break;
            };
            if marks.is_text() {
                chunk.at += marks.length;
                continue;
            }
            if window.is_outermost_object() {
                marks.length = before_model(bytes, &marks);
            }
            let mut inside = window;
            let Some(objects) = inside.pass(bytes, &mut marks) else {
                break;
            };
            if marks.length == 0 {
                break;
            }
            let Some(behind) = order.behind(&marks, objects) else {
                break;
            };
            (order, window) = (behind, inside);
            chunk.at += marks.length;
            is_in_text = marks.texts >> (marks.length - 1) & 1 == 1;
        }
        // Blocks may end inside a character.
        while chunk.at < chunk.sound.end && is_continuation(chunk.bytes[chunk.at]) {
            chunk.at -= 1;
        }
        self.nest.slide(window);
        (self.token, self.next) = match is_in_text {
            true => (order.text(), self.next),
            false if self.nest.depth() > 0 => (Token::None, order.next()),
            false => (Token::None, self.nest.after_value()),
        };
    }
}

/// How much stands before the first string that may be the name `model`, or that is cut off: any of its length, and
/// any with an escape.
fn before_model(bytes: &[u8; BLOCK], marks: &Marks) -> usize {
    let quotes = marks.quotes & lowest(marks.length);
    let (mut begun, ends) = (quotes & marks.texts, quotes & !marks.texts);
    while begun != 0 {
        let from = begun.trailing_zeros() as usize;
        begun &= begun - 1;
        let until = (ends & !lowest(from)).trailing_zeros() as usize;
        let is_cut = until == BLOCK;
        let text = &bytes[from..until];
        // With its opening quote.
        if is_cut || text.len() == NAME.len() + 1 || text.contains(&b'\\') {
            return from;
        }
    }
    marks.length
}
