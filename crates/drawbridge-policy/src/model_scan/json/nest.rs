//! The containers that are open.

use super::block::{BLOCK, lowest};
use super::marks::Marks;
use super::{JsonFault, Next};

/// Containers that may be open at once: what `serde_json` reads, so that both refuse the same texts.
const MAX_DEPTH: u32 = 127;

/// Containers of a window at first.
const MAX_WINDOW: u32 = 32;

/// The containers that are open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nest {
    depth: u32,
    /// One bit for each container, the innermost lowest: set for an object.
    objects: u128,
}

impl Nest {
    pub(super) const fn new() -> Self {
        Self {
            depth: 0,
            objects: 0,
        }
    }

    /// How many containers are open.
    #[inline]
    pub(super) const fn depth(self) -> u32 {
        self.depth
    }

    /// Whether the innermost container is an object.
    #[inline]
    pub(super) const fn is_object(self) -> bool {
        self.objects & 1 == 1
    }

    /// The innermost containers, to go on with many tokens at once.
    #[expect(clippy::cast_possible_truncation, reason = "the others are outside")]
    pub(super) const fn window(self) -> Window {
        let depth = if self.depth < MAX_WINDOW {
            self.depth
        } else {
            MAX_WINDOW
        };
        let most = depth + MAX_DEPTH - self.depth;
        Window {
            open: 1 << depth | self.objects as u64 & ((1 << depth) - 1),
            beyond: 2 << if most < 62 { most } else { 62 },
            outside: self.depth - depth,
        }
    }

    /// Takes over what a window has become.
    pub(super) const fn slide(&mut self, window: Window) {
        let inside = window.open.ilog2();
        let outside = self.objects >> (self.depth - window.outside);
        self.objects = outside << inside | (window.open ^ 1 << inside) as u128;
        self.depth = window.outside + inside;
    }

    #[inline]
    pub(super) const fn open(&mut self, is_object: bool) -> Result<(), JsonFault> {
        if self.depth == MAX_DEPTH {
            return Err(JsonFault::TooDeep);
        }
        self.depth += 1;
        self.objects = self.objects << 1 | is_object as u128;
        Ok(())
    }

    #[inline]
    pub(super) const fn close(&mut self, is_object: bool) -> Result<(), JsonFault> {
        if self.is_object() != is_object {
            return Err(JsonFault::UnexpectedByte);
        }
        self.depth -= 1;
        self.objects >>= 1;
        Ok(())
    }

    /// What comes behind a comma.
    #[inline]
    pub(super) const fn after_comma(self) -> Next {
        if self.is_object() {
            Next::Name
        } else {
            Next::Value
        }
    }

    /// What comes behind a value.
    #[inline]
    pub(super) const fn after_value(self) -> Next {
        if self.depth == 0 {
            Next::Nothing
        } else {
            Next::CommaOrEnd
        }
    }
}

/// The innermost containers that are open: all, or so many that a block seldom ends more of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// As in [`Nest`], with a 1 above them.
    open: u64,
    /// What `open` must stay below: no container more may be open.
    beyond: u64,
    /// How many more there are outside.
    outside: u32,
}

impl Window {
    #[inline]
    pub(super) const fn is_open(self) -> bool {
        self.open > 1
    }

    /// Whether nothing but the outermost container is open, and that is an object.
    #[inline]
    pub(super) const fn is_outermost_object(self) -> bool {
        self.open == 0b11 && self.outside == 0
    }

    /// Opens and closes what a block does, and ends the block where the outermost container begins or ends to be the
    /// only one, and before more is opened than the window holds. The bytes behind which the innermost container is an
    /// object; `None` where the wrong kind of container is closed.
    #[inline]
    pub(super) fn pass(&mut self, bytes: &[u8; BLOCK], marks: &mut Marks) -> Option<u64> {
        let mut objects = (self.open & 1).wrapping_neg();
        let mut brackets = (marks.openings | marks.closings) & !marks.texts & lowest(marks.length);
        while brackets != 0 {
            let at = brackets.trailing_zeros() as usize;
            brackets &= brackets - 1;
            // `[` is 0x5b, `]` 0x5d, `{` 0x7b, `}` 0x7d.
            let byte = u64::from(bytes[at]);
            let (is_object, is_closing) = (byte >> 5 & 1, byte >> 2 & 1 == 1);
            let (before, opened) = (self.open, self.open << 1 | is_object);
            let behind = if is_closing { before >> 1 } else { opened };
            if is_closing && before & 1 != is_object {
                return None;
            }
            if behind >= self.beyond {
                marks.length = at;
                break;
            }
            self.open = behind;
            objects ^= ((before ^ behind) & 1).wrapping_neg() << at;
            if before < 4 || behind < 4 {
                marks.length = at + 1;
                break;
            }
        }
        Some(objects)
    }
}
