//! Numbers and literals, all of a block at once (RFC 8259 sections 3 and 6). It must never know their values.

use super::block::Block;

/// Whether every number and literal is one: each run of bytes, from its first to its last.
#[inline]
pub(super) fn are_sound(block: &Block<'_>, scalars: u64) -> bool {
    let begun = scalars & !(scalars << 1);
    let digits = block.digits() & scalars;
    let has_leading_zero = |numbers: u64| {
        let longer = numbers & digits >> 1;
        longer != 0 && longer & block.equal(b'0') != 0
    };
    if digits == scalars {
        return !has_leading_zero(begun);
    }
    // Behind the digits that begin at each of these, as a sum carries there.
    let behind_digits = |from: u64| digits.wrapping_add(from) & !digits;
    let minus = block.equal(b'-');
    let negative = begun & minus;
    let mut numbers = begun ^ negative | negative << 1;
    let literals = numbers & !digits;
    if literals != 0 {
        // Nothing but a number may be negative.
        match behind_literals(block, literals) {
            Some(behind) if (behind & scalars | literals & negative << 1) == 0 => {}
            _ => return false,
        }
        numbers &= digits;
        if numbers == 0 {
            return true;
        }
    }
    if has_leading_zero(numbers) {
        return false;
    }
    let points = block.equal(b'.');
    let integers = behind_digits(numbers);
    let fractions = (integers & points) << 1;
    let mut ends = integers & !points | behind_digits(fractions);
    let mut begun_digits = fractions;
    if scalars & !(digits | points | negative) != 0 {
        let exponents = ends & block.equal_with(0x20, b'e');
        let signed = exponents << 1 & (minus | block.equal(b'+'));
        let powers = exponents << 1 ^ signed | signed << 1;
        ends = ends ^ exponents | behind_digits(powers);
        begun_digits |= powers;
    }
    (begun_digits & !digits | ends & scalars) == 0
}

/// The byte behind each literal, where these begin. `None` where one is none.
fn behind_literals(block: &Block<'_>, mut literals: u64) -> Option<u64> {
    let mut behind = 0;
    while literals != 0 {
        let at = literals.trailing_zeros();
        literals &= literals - 1;
        let length = match &block.bytes[at as usize..] {
            [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => 4,
            [b'f', b'a', b'l', b's', b'e', ..] => 5,
            _ => return None,
        };
        behind |= 1_u64.checked_shl(at + length).unwrap_or(0);
    }
    Some(behind)
}
