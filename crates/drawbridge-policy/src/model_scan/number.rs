//! Numbers: one byte by byte, or whole ones at once. It must never know their values.

use super::word::{HIGH, LOW, each, first, not_digit};

/// Where in a number the bytes stand (RFC 8259 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Nothing,
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Number {
    /// The number one byte longer; `None` when the byte does not belong to it.
    #[inline]
    pub(super) const fn then(self, byte: u8) -> Option<Self> {
        let longer = match (byte, self) {
            (b'0'..=b'9', _) => return self.digit(byte == b'0'),
            (b'.', Self::Zero | Self::Integer) => Self::Point,
            (b'e' | b'E', Self::Zero | Self::Integer | Self::Fraction) => Self::Exponent,
            (b'-', Self::Nothing) => Self::Minus,
            (b'+' | b'-', Self::Exponent) => Self::Sign,
            _ => return None,
        };
        Some(longer)
    }

    #[inline]
    const fn digit(self, is_zero: bool) -> Option<Self> {
        match self {
            Self::Integer | Self::Fraction | Self::Power => Some(self),
            Self::Nothing | Self::Minus if is_zero => Some(Self::Zero),
            Self::Nothing | Self::Minus => Some(Self::Integer),
            Self::Point => Some(Self::Fraction),
            Self::Exponent | Self::Sign => Some(Self::Power),
            Self::Zero => None,
        }
    }

    /// Whether a number may end here.
    pub(super) const fn may_end(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Integer | Self::Fraction | Self::Power
        )
    }
}

/// The length of a number that ends before the bytes do, and whether it is an integer; `None` where it may go on, or is none.
#[inline(always)]
pub(super) fn whole_number(bytes: &[u8]) -> Option<(usize, bool)> {
    let sign = usize::from(*bytes.first()? == b'-');
    let integer = match &bytes[sign..] {
        // What follows a zero is no part of the number.
        [b'0', ..] => sign + 1,
        integer => sign + digits(integer)?,
    };
    match bytes.get(integer)? {
        b'.' | b'e' | b'E' => Some((behind_integer(bytes, integer)?, false)),
        _ => Some((integer, true)),
    }
}

/// Where a number ends whose fraction or exponent begins `at` there.
#[inline(never)]
fn behind_integer(bytes: &[u8], mut at: usize) -> Option<usize> {
    if bytes[at] == b'.' {
        at += 1 + digits(&bytes[at + 1..])?;
    }
    if matches!(bytes.get(at)?, b'e' | b'E') {
        at += 1 + usize::from(matches!(bytes.get(at + 1)?, b'+' | b'-'));
        at += digits(&bytes[at..])?;
    }
    (at < bytes.len()).then_some(at)
}

/// How many digits the bytes begin with, if any.
#[inline]
fn digits(bytes: &[u8]) -> Option<usize> {
    let length = match first(bytes, 2, not_digit) {
        Ok(length) => length,
        Err(at) => {
            at + bytes[at..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        }
    };
    (length > 0).then_some(length)
}

/// The length of what the bytes begin with in natural numbers, each with its comma, and with white space before them or
/// without: tokens, as they are sent to embeddings. Fewer than there are, but never one that is not sound (RFC 8259
/// section 6). The byte before them is a comma.
#[inline]
pub(super) fn whole_integers(bytes: &[u8]) -> usize {
    // Whether the byte before the word is a digit, or none of a number, as its mark.
    let (mut at, mut is_inside, mut is_begun) = (0, 0, 0x80);
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let (digits, zeros) = (exact_digits(word), each(word, b'0'));
        let (commas, spaces) = (each(word, b','), each(word, b' ') | each(word, b'\n'));
        let gaps = commas | spaces;
        let behind_digit = digits << 8 | is_inside;
        let leading_zeros = zeros & !behind_digit;
        let has_stray = word & HIGH | (digits | gaps) ^ HIGH;
        // The digit behind a leading zero may also be in the next word.
        let too_long = leading_zeros << 8 & digits | leading_zeros >> 63;
        let far_space = spaces & !(gaps << 8 | is_begun);
        if has_stray | commas & !behind_digit | too_long | far_space != 0 {
            break;
        }
        (is_inside, is_begun) = (digits >> 56, gaps >> 56);
        at += 8;
    }
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    at - bytes[..at]
        .iter()
        .rev()
        .take_while(|byte| is_digit(byte))
        .count()
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

    /// The length of the number that a text begins with, and whether it is sound and ends before the text.
    fn by_bytes(text: &[u8]) -> Option<usize> {
        let mut number = Number::Nothing;
        for (at, byte) in text.iter().enumerate() {
            match number.then(*byte) {
                Some(longer) => number = longer,
                None => return number.may_end().then_some(at),
            }
        }
        None
    }

    /// Every text of up to so many bytes, and with nine digits in the place of one.
    fn texts(bytes: &[u8], length: u32) -> impl Iterator<Item = Vec<u8>> {
        let of_length = move |length| {
            (0..bytes.len().pow(length)).map(move |number| {
                let chosen =
                    (0..length).map(|place| bytes[number / bytes.len().pow(place) % bytes.len()]);
                chosen.collect::<Vec<u8>>()
            })
        };
        let short = (0..=length).flat_map(of_length);
        short.flat_map(|text| {
            let wider: Vec<u8> = text
                .iter()
                .flat_map(|byte| {
                    if *byte == b'7' {
                        b"123456789"
                    } else {
                        std::slice::from_ref(byte)
                    }
                })
                .copied()
                .collect();
            [text, wider]
        })
    }

    #[test]
    fn whole_numbers_are_what_a_look_at_each_byte_finds() {
        let mut found = 0;
        for text in texts(b"07-+.eE,", 5) {
            let is_integer = |length| !text[..length].iter().any(|byte| b".eE".contains(byte));
            let number = by_bytes(&text).map(|length| (length, is_integer(length)));
            assert_eq!(whole_number(&text), number, "{text:?}");
            found += usize::from(whole_number(&text).is_some());
        }
        assert!(found > 1000, "{found}");
    }

    #[test]
    fn integers_are_read_together_only_where_each_is_sound() {
        let mut most = 0;
        for text in texts(b"07, .\n", 6).chain(texts(b"17,", 8)) {
            let read = whole_integers(&text);
            most = most.max(read);
            let mut items = text[..read]
                .split(|byte| *byte == b',')
                .map(<[u8]>::trim_ascii_start);
            let rest = items.next_back();
            assert!(matches!(rest, Some([])), "{text:?}: {read}");
            for item in items {
                let end = [item, b","].concat();
                let is_sound =
                    by_bytes(&end) == Some(item.len()) && item.iter().all(u8::is_ascii_digit);
                assert!(is_sound, "{text:?}: {read}");
            }
        }
        assert!(most > 16, "{most}");
        assert_eq!(whole_integers(b"1,23,456,0,7,80,9,10"), 16);
        assert_eq!(whole_integers(b"1,23,456,00,7,80,9,10"), 5);
        assert_eq!(whole_integers(b"12,34,56,00,78,90,12,"), 6);
        assert_eq!(whole_integers(b" 1, 23, 456, 7, 80, 9"), 16);
        assert_eq!(whole_integers(b"\n  123,\n  4567,\n  89012,"), 24);
    }
}
