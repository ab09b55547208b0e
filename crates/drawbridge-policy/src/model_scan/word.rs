//! Eight bytes at a time, without a branch for each.
//!
//! A mark is the highest bit of a byte. Only the lowest mark of a word is to be trusted: a carry from a marked byte can
//! mark the one above it.

pub(super) const LOW: u64 = u64::from_le_bytes([1; 8]);
pub(super) const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
/// Words to look at before it pays to call something that is built for long texts.
const NEAR: usize = 4;

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
    marks: impl Fn(u64) -> u64,
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

/// The length of a short string of ASCII without escapes, behind its opening quote: up to its closing one. `None` where
/// there is more to it.
#[inline]
pub(super) fn plain_text(bytes: &[u8]) -> Option<usize> {
    match bytes
        .first_chunk()
        .map(|word| special(u64::from_le_bytes(*word)))
    {
        None | Some(0) => longer_plain_text(bytes),
        Some(marks) => {
            let at = marks.trailing_zeros() as usize / 8;
            (bytes[at] == b'"').then_some(at)
        }
    }
}

/// [`plain_text`] where the first word does not tell.
#[inline(never)]
fn longer_plain_text(bytes: &[u8]) -> Option<usize> {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..b' ' | 0x80..);
    let at = match first(bytes, NEAR, special) {
        Ok(at) => at,
        Err(at) if at == NEAR * 8 => return None,
        Err(at) => at + bytes[at..].iter().position(is_special)?,
    };
    (bytes[at] == b'"').then_some(at)
}

/// What ends a plain text, or makes a text other than plain: a quote, a backslash, anything below a space or beyond ASCII.
#[inline]
const fn special(word: u64) -> u64 {
    // A quote is moved below all but the control characters. A byte that is too small borrows, and so gets its mark.
    let quote_or_control = (word ^ (LOW * 2)).wrapping_sub(LOW * 0x21);
    let backslash = (word ^ (LOW * b'\\' as u64)).wrapping_sub(LOW);
    (quote_or_control | backslash | word) & HIGH
}

/// How many bytes stand before the closing quote, before an escape other than of two bytes, or before so many words
/// without either that they are better left to [`before_quote_or_backslash`]. Never splits an escape.
#[inline]
pub(super) fn before_quote_or_long_escape(bytes: &[u8]) -> usize {
    // Whether the byte before the word begins an escape.
    let (mut at, mut carry, mut quiet) = (0, 0, 0);
    while quiet < NEAR
        && let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk)
    {
        let word = u64::from_le_bytes(*word);
        let (backslashes, quotes) = (each(word, b'\\'), each(word, b'"'));
        quiet += 1;
        if (backslashes | quotes) != 0 || carry != 0 {
            let pairs = PAIRS[carry << 8 | gathered(backslashes)];
            let escaped = usize::from(pairs & 0xff);
            let short = gathered(backslashes | quotes | each_letter_of_a_short_escape(word));
            let stops = gathered(quotes) & !escaped | escaped & !short;
            if stops != 0 {
                let stop = stops.trailing_zeros() as usize;
                return at + stop - (escaped >> stop & 1);
            }
            carry = usize::from(pairs >> 8);
            quiet = 0;
        }
        at += 8;
    }
    at - carry
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

/// How many bytes stand before the next quote or backslash.
#[inline]
pub(super) fn before_quote_or_backslash(bytes: &[u8]) -> usize {
    match first(bytes, NEAR, |word| equal(word, b'"') | equal(word, b'\\')) {
        Ok(at) => at,
        Err(at) => at + memchr::memchr2(b'"', b'\\', &bytes[at..]).unwrap_or(bytes.len() - at),
    }
}

/// What stands behind white space. It comes in runs: of indentation, of empty lines.
#[inline]
pub(super) fn behind_spaces(bytes: &[u8]) -> &[u8] {
    match bytes {
        [..=b' ', behind @ ..] => match behind {
            [second, ..] if *second > b' ' && is_space(bytes[0]) => behind,
            _ => behind_more_spaces(bytes),
        },
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
            // What is no whole word is left out.
            let is_end = found == end;
            assert!(
                is_end || found < end && text.len() - found < 9,
                "{text:?}: {found}, {end}"
            );
            ends[usize::from(is_end)] = true;
        }
        assert_eq!(ends, [true; 2]);
        for letter in 0..=u8::MAX {
            let text = [b"1234567\\".as_slice(), &[letter], b"1234567"].concat();
            let end = before_quote_or_long_escape_by_bytes(&text).min(16);
            assert_eq!(before_quote_or_long_escape(&text), end, "{text:?}");
        }
        assert_eq!(before_quote_or_long_escape(&[b'a'; 99]), NEAR * 8);
    }

    #[test]
    fn words_find_what_a_look_at_each_byte_finds() {
        for text in texts() {
            let find = |is: &dyn Fn(u8) -> bool| text.iter().position(|byte| is(*byte));
            let quote = find(&|byte| byte == b'"' || byte == b'\\').unwrap_or(text.len());
            assert_eq!(before_quote_or_backslash(&text), quote, "{text:?}");
            let special =
                find(&|byte| byte == b'"' || byte == b'\\' || !(b' '..0x80).contains(&byte));
            let plain = special.filter(|at| text[*at] == b'"');
            assert_eq!(plain_text(&text), plain, "{text:?}");
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
