//! What stands in a block, without a branch for each byte.

use super::block::{BLOCK, Block, lowest};
use super::scalars::are_sound;

/// Every second bit, from the second.
const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;

/// Where what stands in a block. Only the marks of quotes and numbers know of strings: others may be part of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    /// Bytes that were read, one at least; marks behind them mean nothing.
    pub(super) length: usize,
    /// Strings, with their opening quotes and without their closing ones.
    pub(super) texts: u64,
    /// The quotes of strings.
    pub(super) quotes: u64,
    /// Numbers and literals, from the first byte of each to its last.
    pub(super) scalars: u64,
    /// White space (RFC 8259 section 2).
    pub(super) spaces: u64,
    /// `[` and `{`.
    pub(super) openings: u64,
    /// `]` and `}`.
    pub(super) closings: u64,
    /// `:`
    pub(super) colons: u64,
    /// `,`
    pub(super) commas: u64,
}

impl Marks {
    /// What stands in the first `length` bytes, the others being spaces. Ends before a token or an escape that may be
    /// cut off, and behind the first string that ends, if that is all that is wanted. `None` where it would have to
    /// end at once, and where strings, numbers or literals are not sound: escapes, control characters, what is none of
    /// them.
    #[inline]
    pub(super) fn read(
        block: &Block<'_>,
        length: usize,
        is_in_text: bool,
        is_text_wanted: bool,
    ) -> Option<Self> {
        let (has_backslash, has_control) = block.has_backslash_or_control();
        let mut marks = Self {
            length,
            texts: u64::MAX,
            quotes: block.equal(b'"'),
            scalars: 0,
            spaces: 0,
            openings: 0,
            closings: 0,
            colons: 0,
            commas: 0,
        };
        if is_in_text && marks.quotes == 0 && !has_backslash && !has_control {
            return Some(marks);
        }
        if has_backslash {
            marks.leave_out_escapes(block)?;
        }
        if is_text_wanted && marks.quotes != 0 {
            marks.length = marks.length.min(marks.quotes.trailing_zeros() as usize + 1);
        }
        marks.texts = from_each_to_next(marks.quotes) ^ if is_in_text { u64::MAX } else { 0 };
        marks.spaces = block.equal(b' ');
        if has_control {
            let others = block.one_of([b'\t', b'\n', b'\r']) & !marks.texts;
            if block.controls() & !others & lowest(marks.length) != 0 {
                return None;
            }
            marks.spaces |= others;
        }
        // Brackets and braces differ in one bit.
        marks.openings = block.equal_with(0x20, b'{');
        marks.closings = block.equal_with(0x20, b'}');
        marks.colons = block.equal(b':');
        marks.commas = block.equal(b',');
        marks.read_scalars(block)?;
        Some(marks)
    }

    /// Whether all of it is part of a string.
    #[inline]
    pub(super) const fn is_text(&self) -> bool {
        self.texts == u64::MAX && self.quotes == 0
    }

    #[inline]
    fn leave_out_escapes(&mut self, block: &Block<'_>) -> Option<()> {
        let length = self.length;
        let backslashes = block.equal(b'\\') & lowest(length);
        let begun = backslashes & !(backslashes << 1);
        // A sum carries through a run. Where an odd number of backslashes ends, the last begins an escape of what is
        // behind it.
        let behind_odd = backslashes.wrapping_add(begun & ODD) & !backslashes;
        let behind_even = backslashes.wrapping_add(begun & !ODD) & !backslashes;
        let escaped = behind_odd & !ODD | behind_even & ODD;
        self.quotes &= !escaped;
        self.length -= (backslashes << (BLOCK - length)).leading_ones() as usize % 2;
        let long = escaped
            & !block.one_of([b'"', b'/', b'b', b'f', b'n', b'r', b't'])
            & lowest(self.length);
        if long != 0 {
            if long & !block.equal(b'u') != 0 {
                return None;
            }
            let cut = long & !lowest(length.saturating_sub(4));
            if cut != 0 {
                self.length = cut.trailing_zeros() as usize - 1;
            }
            let long = long & lowest(self.length);
            let digits = long << 1 | long << 2 | long << 3 | long << 4;
            if digits & !block.hexadecimal_digits() != 0 {
                return None;
            }
        }
        (self.length > 0).then_some(())
    }

    /// Whatever is nothing else.
    #[inline]
    fn read_scalars(&mut self, block: &Block<'_>) -> Option<()> {
        let brackets = self.openings | self.closings;
        let others = self.texts | self.quotes | self.spaces | brackets | self.colons | self.commas;
        let scalars = !others & lowest(self.length);
        if scalars != 0 {
            // The last may go on behind the block.
            self.length -= (scalars << (BLOCK - self.length)).leading_ones() as usize;
            self.scalars = scalars & lowest(self.length);
            if self.length == 0 || !are_sound(block, self.scalars) {
                return None;
            }
        }
        Some(())
    }
}

/// The first, third, … mark and all up to the next one, without it.
#[inline]
const fn from_each_to_next(mut marks: u64) -> u64 {
    let mut shift = 1;
    while shift < BLOCK {
        marks ^= marks << shift;
        shift *= 2;
    }
    marks
}
