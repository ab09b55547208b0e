//! Eight bytes at a time, without a branch for each.
//!
//! A mark is the highest bit of a byte. Only the lowest mark of a word is to be trusted: a carry from a marked byte can
//! mark the one above it.

pub(super) const LOW: u64 = u64::from_le_bytes([1; 8]);
pub(super) const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
/// Words to look at before it pays to call something that is built for long strings.
pub(super) const FAR: usize = 16;

#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (LOW * byte as u64);
    difference.wrapping_sub(LOW) & !difference & HIGH
}

#[inline]
pub(super) const fn not_digit(word: u64) -> u64 {
    let digits = word ^ (LOW * b'0' as u64);
    (digits.wrapping_add(LOW * (0x80 - 10)) | digits) & HIGH
}

/// Where the first mark in the first `words` words is; `Err` with how far it looked if there is none.
#[inline]
pub(super) fn first(
    bytes: &[u8],
    words: usize,
    mut marks: impl FnMut(u64) -> u64,
) -> Result<usize, usize> {
    let mut at = 0;
    for _ in 0..words {
        let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) else {
            break;
        };
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return Ok(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    Err(at)
}

/// What stands behind the closing quote of a string of up to eight ASCII characters without escapes, from behind its
/// opening one. `None` where there is more to it.
#[inline]
pub(super) fn behind_short_text(bytes: &[u8]) -> Option<&[u8]> {
    let word = u64::from_le_bytes(*bytes.first_chunk()?);
    let marks = special(word) | word & HIGH;
    let at = marks.trailing_zeros() as usize / 8;
    (bytes.get(at) == Some(&b'"')).then(|| &bytes[at + 1..])
}

/// What ends a piece of a text, or is no part of one: a quote, a backslash, anything below a space.
#[inline]
pub(super) const fn special(word: u64) -> u64 {
    // A quote is moved below all but the control characters. A byte that is too small borrows, and so gets its mark.
    let quote_or_control = (word ^ (LOW * 2)).wrapping_sub(LOW * 0x21);
    let backslash = (word ^ (LOW * b'\\' as u64)).wrapping_sub(LOW);
    (quote_or_control | backslash) & !word & HIGH
}

/// How many bytes stand before the closing quote, before an escape other than of two bytes, or before and in the next
/// word without either, as more of them are better left to [`before_quote_or_backslash`]. Never splits an escape.
#[inline]
pub(super) fn before_quote_or_long_escape(bytes: &[u8]) -> usize {
    // Whether the byte before the word begins an escape.
    let (mut at, mut carry) = (0, 0);
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let (backslashes, quotes) = (each(word, b'\\'), each(word, b'"'));
        if (backslashes | quotes) == 0 && carry == 0 {
            return at + 8;
        }
        let pairs = PAIRS[carry << 8 | gathered(backslashes)];
        let escaped = usize::from(pairs & 0xff);
        let short = gathered(backslashes | quotes | each_letter_of_a_short_escape(word));
        let stops = gathered(quotes) & !escaped | escaped & !short;
        if stops != 0 {
            let stop = stops.trailing_zeros() as usize;
            return at + stop - (escaped >> stop & 1);
        }
        carry = usize::from(pairs >> 8);
        at += 8;
    }
    at - carry
}

/// Whether four hexadecimal digits come first.
#[inline]
pub(super) fn begins_with_hex(bytes: &[u8]) -> bool {
    const HALF_LOW: u32 = u32::from_le_bytes([1; 4]);
    const HALF_HIGH: u32 = u32::from_le_bytes([0x80; 4]);
    let Some(four) = bytes.first_chunk() else {
        return false;
    };
    let four = u32::from_le_bytes(*four);
    // A carry comes only from bytes beyond ASCII.
    let from = |word: u32, byte: u8| word.wrapping_add(HALF_LOW * u32::from(0x80 - byte));
    let small = four | (HALF_LOW * 0x20);
    let digits = from(four, b'0') & !from(four, b'9' + 1);
    let letters = from(small, b'a') & !from(small, b'f' + 1);
    (digits | letters) & !four & HALF_HIGH == HALF_HIGH
}

/// Every byte that makes an escape of two with the backslash before it, but for the quote and the backslash.
#[inline]
const fn each_letter_of_a_short_escape(word: u64) -> u64 {
    // `b` and `f` differ in one bit.
    let b_or_f = each(word | (LOW * 4), b'f');
    b_or_f | each(word, b'n') | each(word, b'r') | each(word, b't') | each(word, b'/')
}

/// By the backslashes of eight bytes, and whether the byte before them begins an escape (`1 << 8`): which of them are the
/// second of an escape, and whether the last begins one (`1 << 8`).
const PAIRS: [u16; 512] = {
    let mut pairs = [0; 512];
    let mut index = 0;
    while index < 512 {
        let (mut is_escaped, mut at) = (index >> 8 == 1, 0);
        while at < 8 {
            if is_escaped {
                pairs[index] |= 1 << at;
                is_escaped = false;
            } else {
                is_escaped = index >> at & 1 == 1;
            }
            at += 1;
        }
        pairs[index] |= (is_escaped as u16) << 8;
        index += 1;
    }
    pairs
};

/// One bit for each byte that is marked.
#[inline]
const fn gathered(marks: u64) -> usize {
    ((marks >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as usize
}

/// Every byte that is `byte`.
#[inline]
pub(super) const fn each(word: u64, byte: u8) -> u64 {
    let difference = word ^ (LOW * byte as u64);
    !((difference & !HIGH).wrapping_add(!HIGH) | difference) & HIGH
}

/// Whether a backslash is among the next eight bytes.
#[inline]
pub(super) fn has_backslash_near(bytes: &[u8]) -> bool {
    let word = bytes.first_chunk();
    word.is_some_and(|word| equal(u64::from_le_bytes(*word), b'\\') != 0)
}

/// Whether there is a control character, and whether there is a byte beyond ASCII.
#[inline]
pub(super) fn controls_and_others(bytes: &[u8]) -> (bool, bool) {
    let (mut controls, mut union) = (0, 0);
    let mut look = |word: u64| {
        // A byte that is too small borrows, and so gets its mark.
        controls |= word.wrapping_sub(LOW * 0x20) & !word;
        union |= word;
    };
    // The last word overlaps the one before.
    if let Some(last) = bytes.last_chunk() {
        for word in bytes.as_chunks().0 {
            look(u64::from_le_bytes(*word));
        }
        look(u64::from_le_bytes(*last));
    } else if let (Some(half), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let halves = u64::from(u32::from_le_bytes(*half)) << 32;
        look(halves | u64::from(u32::from_le_bytes(*last)));
    } else {
        for byte in bytes {
            look(LOW * u64::from(*byte));
        }
    }
    (controls & HIGH != 0, union & HIGH != 0)
}

/// How many bytes stand before the next quote or backslash.
#[inline]
pub(super) fn before_quote_or_backslash(bytes: &[u8]) -> usize {
    match first(bytes, FAR, |word| equal(word, b'"') | equal(word, b'\\')) {
        Ok(at) => at,
        Err(at) => at + memchr::memchr2(b'"', b'\\', &bytes[at..]).unwrap_or(bytes.len() - at),
    }
}

/// What stands behind white space. It comes in runs: of indentation, of empty lines.
#[inline]
pub(super) fn behind_spaces(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b' ', behind @ ..] if behind.first().is_some_and(|byte| *byte > b' ') => behind,
        [..=b' ', ..] => behind_more_spaces(bytes),
        _ => bytes,
    }
}

#[inline(never)]
fn behind_more_spaces(mut bytes: &[u8]) -> &[u8] {
    while let [byte, behind @ ..] = bytes
        && is_space(*byte)
    {
        bytes = behind;
        while bytes.first() == Some(byte)
            && let Some((word, behind)) = bytes.split_first_chunk()
        {
            let others = u64::from_le_bytes(*word) ^ (LOW * u64::from(*byte));
            bytes = match others {
                0 => behind,
                _ => &bytes[others.trailing_zeros() as usize / 8..],
            };
        }
    }
    bytes
}

/// RFC 8259 section 2.
#[inline]
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of every length around a word, with every byte at every place.
    fn texts() -> impl Iterator<Item = Vec<u8>> {
        (0..20).flat_map(|length| {
            (0..length).flat_map(move |at| {
                (0..=u8::MAX).flat_map(move |byte| {
                    [b'7', b'a', b'!', 0x7f].map(|filler| {
                        let mut text = vec![filler; length];
                        text[at] = byte;
                        text
                    })
                })
            })
        })
    }

    /// Up to the closing quote or an escape that is not whole or of two bytes.
    fn before_quote_or_long_escape_by_bytes(text: &[u8]) -> usize {
        let mut at = 0;
        while at < text.len() {
            at += match &text[at..] {
                [b'"', ..] | [b'\\'] => break,
                [b'\\', letter, ..] if br#""\/bfnrt"#.contains(letter) => 2,
                [b'\\', ..] => break,
                _ => 1,
            };
        }
        at
    }

    #[test]
    fn escapes_are_found_where_a_look_at_each_byte_finds_them() {
        let pieces: [&[u8]; 8] = [
            b"\\\\", b"\\\"", b"\\n", b"a", b"filler", b"\\u0041", b"\"", b"\\",
        ];
        let mut ends = [false; 2];
        for number in 0..8_usize.pow(6) {
            let chosen = (0..6).map(|place| pieces[number >> (3 * place) & 7]);
            let text: Vec<u8> = chosen.flatten().copied().collect();
            let end = before_quote_or_long_escape_by_bytes(&text);
            let found = before_quote_or_long_escape(&text);
            // What is no whole word is left out, and what stands behind a quiet one.
            let is_end = found == end;
            let is_quiet = |word: &[u8]| !word.iter().any(|byte| matches!(byte, b'"' | b'\\'));
            let is_left = text.len() - found < 9 || found >= 8 && is_quiet(&text[found - 8..found]);
            assert!(is_end || found < end && is_left, "{text:?}: {found}, {end}");
            ends[usize::from(is_end)] = true;
        }
        assert_eq!(ends, [true; 2]);
        for letter in 0..=u8::MAX {
            let text = [b"1234567\\".as_slice(), &[letter], b"1234567"].concat();
            let end = before_quote_or_long_escape_by_bytes(&text).min(16);
            assert_eq!(before_quote_or_long_escape(&text), end, "{text:?}");
        }
        assert_eq!(before_quote_or_long_escape(&[b'a'; 99]), 8);
    }

    #[test]
    fn words_find_what_a_look_at_each_byte_finds() {
        for text in texts() {
            let find = |is: &dyn Fn(u8) -> bool| text.iter().position(|byte| is(*byte));
            let quote = find(&|byte| byte == b'"' || byte == b'\\').unwrap_or(text.len());
            assert_eq!(before_quote_or_backslash(&text), quote, "{text:?}");
            let is_special = |byte| byte == b'"' || byte == b'\\' || byte < b' ';
            let end = find(&|byte| is_special(byte) || !byte.is_ascii());
            let short = end.filter(|at| *at <= 8 && text.len() >= 8 && text[*at] == b'"');
            let behind = short.map(|at| &text[at + 1..]);
            assert_eq!(behind_short_text(&text), behind, "{text:?}");
            let (words, _) = text.as_chunks::<8>();
            let marked = first(&text, FAR, special).ok();
            let found = words
                .as_flattened()
                .iter()
                .position(|byte| is_special(*byte));
            assert_eq!(marked, found, "{text:?}");
            let has = |is: &dyn Fn(u8) -> bool| find(is).is_some();
            let wanted = (has(&|byte| byte < b' '), has(&|byte| byte >= 0x80));
            assert_eq!(controls_and_others(&text), wanted, "{text:?}");
            let hex = text.first_chunk::<4>();
            let is_hex = hex.is_some_and(|four| four.iter().all(u8::is_ascii_hexdigit));
            assert_eq!(begins_with_hex(&text), is_hex, "{text:?}");
            let is_near = text.get(..8).is_some_and(|word| word.contains(&b'\\'));
            assert_eq!(has_backslash_near(&text), is_near, "{text:?}");
        }
    }

    #[test]
    fn white_space_is_left_behind_up_to_the_first_other_byte() {
        let spaces = [
            b" ".as_slice(),
            b"\n",
            b"\t",
            b"\r",
            b"          ",
            b"\n\n\n\n\n\n\n\n\n",
        ];
        let behind = [
            b"".as_slice(),
            b"x",
            b"\0",
            b"\x0b 12345678",
            b"\x1f\x1f",
            b"\x80",
        ];
        for number in 0..spaces.len().pow(3) {
            let chosen =
                (0..3).map(|place| spaces[number / spaces.len().pow(place) % spaces.len()]);
            let space = chosen.collect::<Vec<_>>().concat();
            for from in 0..=space.len() {
                for end in behind {
                    assert_eq!(behind_spaces(&[&space[from..], end].concat()), end);
                }
            }
        }
    }
}
