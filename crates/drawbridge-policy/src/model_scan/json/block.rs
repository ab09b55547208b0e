//! 64 bytes, compared with what is looked for 16 at a time: a mask has one bit for each, the first lowest.

use wide::u8x16;

/// Bytes in a block, and bits in a mask.
pub(super) const BLOCK: usize = 64;

/// The lowest bits of a mask.
#[inline]
pub(super) const fn lowest(bits: usize) -> u64 {
    match bits {
        0 => 0,
        _ => u64::MAX >> (BLOCK - bits),
    }
}

/// 64 bytes.
#[derive(Clone, Copy)]
pub(super) struct Block<'b> {
    pub(super) bytes: &'b [u8; BLOCK],
    parts: [u8x16; 4],
}

impl<'b> Block<'b> {
    #[inline]
    pub(super) fn new(bytes: &'b [u8; BLOCK]) -> Self {
        let (parts, _) = bytes.as_chunks();
        Self {
            bytes,
            parts: [0, 1, 2, 3].map(|part| u8x16::new(parts[part])),
        }
    }

    /// Every byte that is `byte`.
    #[inline]
    pub(super) fn equal(&self, byte: u8) -> u64 {
        self.mask(|part| is(part, byte))
    }

    /// Every byte that is `byte`, or would be with the bits in `either` set.
    #[inline]
    pub(super) fn equal_with(&self, either: u8, byte: u8) -> u64 {
        self.mask(|part| is(part | u8x16::splat(either), byte))
    }

    /// Every byte that is one of `bytes`.
    #[inline]
    pub(super) fn one_of<const N: usize>(&self, bytes: [u8; N]) -> u64 {
        self.mask(|part| {
            bytes
                .into_iter()
                .fold(u8x16::splat(0), |found, byte| found | is(part, byte))
        })
    }

    /// `0` to `9`.
    #[inline]
    pub(super) fn digits(&self) -> u64 {
        self.mask(is_digit)
    }

    /// `0` to `9`, `a` to `f`, `A` to `F`.
    #[inline]
    pub(super) fn hexadecimal_digits(&self) -> u64 {
        self.mask(|part| is_digit(part) | is_from(part | u8x16::splat(0x20), b'a', 6))
    }

    /// U+0000 to U+001F.
    #[inline]
    pub(super) fn controls(&self) -> u64 {
        self.mask(is_control)
    }

    /// Whether there is a backslash, and whether there is one of [`Self::controls`].
    #[inline]
    pub(super) fn has_backslash_or_control(&self) -> (bool, bool) {
        let [a, b, c, d] = self.parts;
        let least = a.min(b).min(c.min(d));
        let backslashes = self.parts.map(|part| is(part, b'\\'));
        let [a, b, c, d] = backslashes;
        ((a | b | c | d).any(), is_control(least).any())
    }

    #[inline]
    fn mask(&self, is: impl Fn(u8x16) -> u8x16) -> u64 {
        let [a, b, c, d] = self.parts.map(|part| u64::from(is(part).to_bitmask()));
        a | b << 16 | c << 32 | d << 48
    }
}

#[inline]
fn is(part: u8x16, byte: u8) -> u8x16 {
    part.simd_eq(u8x16::splat(byte))
}

/// Whether it is one of `count` bytes from `first` on.
#[inline]
fn is_from(part: u8x16, first: u8, count: u8) -> u8x16 {
    let beyond = part - u8x16::splat(first);
    beyond.min(u8x16::splat(count - 1)).simd_eq(beyond)
}

#[inline]
fn is_digit(part: u8x16) -> u8x16 {
    is_from(part, b'0', 10)
}

#[inline]
fn is_control(part: u8x16) -> u8x16 {
    is_from(part, 0, b' ')
}
