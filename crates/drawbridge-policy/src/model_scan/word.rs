//! Eight bytes at a time, without a branch for each.
//!
//! A mark is the highest bit of a byte. Only the lowest mark of a word is to be trusted: a carry from a marked byte can
//! mark the one above it.

const LOW: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
/// Words to look at before it pays to call something that is built for long texts.
const NEAR: usize = 4;

#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (LOW * byte as u64);
    difference.wrapping_sub(LOW) & !difference & HIGH
}

/// Bytes below `limit`, which is 128 at most.
#[inline]
const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(LOW * limit as u64) & !word & HIGH
}

#[inline]
const fn not_digit(word: u64) -> u64 {
    let digits = word ^ (LOW * b'0' as u64);
    (digits.wrapping_add(LOW * (0x80 - 10)) | digits) & HIGH
}

/// Where the first mark in the first `words` words is; `Err` with how far it looked if there is none.
#[inline]
fn first(bytes: &[u8], words: usize, marks: impl Fn(u64) -> u64) -> Result<usize, usize> {
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
    let special = |word| equal(word, b'"') | equal(word, b'\\') | below(word, b' ') | word & HIGH;
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..b' ' | 0x80..);
    let at = match first(bytes, NEAR, special) {
        Ok(at) => at,
        Err(at) if at == NEAR * 8 => return None,
        Err(at) => at + bytes[at..].iter().position(is_special)?,
    };
    (bytes[at] == b'"').then_some(at)
}

/// How many bytes stand before the next quote or backslash.
#[inline]
pub(super) fn before_quote_or_backslash(bytes: &[u8]) -> usize {
    match first(bytes, NEAR, |word| equal(word, b'"') | equal(word, b'\\')) {
        Ok(at) => at,
        Err(at) => at + memchr::memchr2(b'"', b'\\', &bytes[at..]).unwrap_or(bytes.len() - at),
    }
}

/// The length of an integer (RFC 8259 section 6) that ends before the bytes do; `None` where it may go on.
#[inline]
pub(super) fn plain_integer(bytes: &[u8]) -> Option<usize> {
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let digits = &bytes[sign..];
    let length = match digits.first()? {
        b'0' => 1,
        b'1'..=b'9' => match first(digits, 2, not_digit) {
            Ok(length) => length,
            Err(at) => {
                at + digits[at..]
                    .iter()
                    .position(|byte| !byte.is_ascii_digit())?
            }
        },
        _ => return None,
    };
    match digits.get(length)? {
        b'.' | b'e' | b'E' => None,
        _ => Some(sign + length),
    }
}

/// The length of what the bytes begin with in natural numbers, each with its comma and nothing else: tokens, as they are
/// sent to embeddings. Fewer than there are, but never one that is not sound (RFC 8259 section 6).
#[inline]
pub(super) fn plain_integers(bytes: &[u8]) -> usize {
    // Whether the byte before the word is a digit, as its mark.
    let (mut at, mut is_inside) = (0, 0);
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let (digits, zeros, commas) =
            (exact_digits(word), exactly(word, b'0'), exactly(word, b','));
        let behind_digit = digits << 8 | is_inside;
        let leading_zeros = zeros & !behind_digit;
        let has_stray = word & HIGH | (digits | commas) ^ HIGH;
        // The digit behind a leading zero may also be in the next word.
        let too_long = leading_zeros << 8 & digits | leading_zeros >> 63;
        if has_stray | commas & !behind_digit | too_long != 0 {
            break;
        }
        is_inside = digits >> 56;
        at += 8;
    }
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    at - bytes[..at]
        .iter()
        .rev()
        .take_while(|byte| is_digit(byte))
        .count()
}

/// Every byte that is `byte`, in a word of ASCII.
#[inline]
const fn exactly(word: u64, byte: u8) -> u64 {
    let difference = word ^ (LOW * byte as u64);
    !(difference.wrapping_add(!HIGH)) & HIGH
}

/// Every digit, in a word of ASCII.
#[inline]
const fn exact_digits(word: u64) -> u64 {
    let (from, beyond) = (LOW * (0x80 - b'0') as u64, LOW * (0x80 - b'9' - 1) as u64);
    word.wrapping_add(from) & !word.wrapping_add(beyond) & HIGH
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
            let end = find(&|byte| !byte.is_ascii_digit());
            let integer = end.filter(|at| *at > 0 && !matches!(text[*at], b'.' | b'e' | b'E'));
            let integer = if text[0] == b'0' {
                text.get(1)
                    .and_then(|next| (!matches!(next, b'.' | b'e' | b'E')).then_some(1))
            } else {
                integer
            };
            let read = &text[..plain_integers(&text)];
            let items = read.split_inclusive(|byte| *byte == b',');
            for item in items {
                let [digits @ .., b','] = item else {
                    panic!("{text:?} is read as {read:?}");
                };
                let is_sound = digits.iter().all(u8::is_ascii_digit) && !digits.is_empty();
                assert!(
                    is_sound && (digits[0] != b'0' || digits.len() == 1),
                    "{text:?}"
                );
            }
            if text[0] != b'-' {
                assert_eq!(plain_integer(&text), integer, "{text:?}");
            }
        }
        assert_eq!(plain_integers(b"1,23,456,0,7,80,9,10"), 16);
        assert_eq!(plain_integers(b"1,23,456,00,7,80,9,10"), 5);
        assert_eq!(plain_integers(b"12,34,56,00,78,90,12,"), 6);
        assert_eq!(plain_integers(b"12,34,5,,6,7,8,9,1,2"), 8);
        assert_eq!(plain_integer(b"-12,"), Some(3));
        assert_eq!(plain_integer(b"-,"), None);
        assert_eq!(plain_integer(b"12"), None);
    }
}
