//! One number, pushed through byte by byte. It must never know its value.

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
