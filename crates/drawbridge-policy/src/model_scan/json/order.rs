//! Which token may follow which (RFC 8259 section 2), for all tokens of a block at once.

use super::block::lowest;
use super::marks::Marks;
use super::{Next, Token};

/// What may come next: one of these is 1, the others 0. All are 0 inside a string that is a value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    value: u64,
    value_or_end: u64,
    name: u64,
    name_or_end: u64,
    colon: u64,
    comma_or_end: u64,
    /// Inside a name.
    name_end: u64,
}

impl Order {
    pub(super) fn new(token: Token, next: Next) -> Self {
        let mut order = Self::default();
        match (token, next) {
            (Token::Text, _) => {}
            (Token::Name, _) => order.name_end = 1,
            (_, Next::Value) => order.value = 1,
            (_, Next::ValueOrEnd) => order.value_or_end = 1,
            (_, Next::Name) => order.name = 1,
            (_, Next::NameOrEnd) => order.name_or_end = 1,
            (_, Next::Colon) => order.colon = 1,
            (_, Next::CommaOrEnd | Next::Nothing) => order.comma_or_end = 1,
        }
        order
    }

    /// The string under way, if there is one.
    pub(super) const fn text(self) -> Token {
        match self.name_end {
            1 => Token::Name,
            _ => Token::Text,
        }
    }

    /// What may come next where no string is under way. That is nothing where no container is open.
    pub(super) const fn next(self) -> Next {
        match self {
            Self { value: 1, .. } => Next::Value,
            Self {
                value_or_end: 1, ..
            } => Next::ValueOrEnd,
            Self { name: 1, .. } => Next::Name,
            Self { name_or_end: 1, .. } => Next::NameOrEnd,
            Self { colon: 1, .. } => Next::Colon,
            _ => Next::CommaOrEnd,
        }
    }

    /// What may come behind a block, where `objects` are the bytes behind which the innermost container is an object.
    /// `None` where a token comes that may not.
    #[inline]
    pub(super) fn behind(self, marks: &Marks, objects: u64) -> Option<Self> {
        let all = lowest(marks.length);
        let (texts, outside) = (marks.texts & all, !marks.texts & all);
        let (text_begins, text_ends) = (marks.quotes & texts, marks.quotes & outside);
        let (openings, closings) = (marks.openings & outside, marks.closings & outside);
        let (colons, commas) = (marks.colons & outside, marks.commas & outside);
        let (spaces, scalars) = (marks.spaces & outside, marks.scalars & all);
        let values = text_begins | openings | scalars;
        // Where the next token begins behind each of these, and behind the block before. A sum carries through spaces.
        let behind =
            |last: u64, wanted: u64| (last << 1 | wanted).wrapping_add(spaces) & !spaces & all;

        let (before_name, before_name_or_end) = (commas & objects, openings & objects);
        let (before_value, before_value_or_end) = (colons | commas & !objects, openings & !objects);
        let at_name = behind(before_name, self.name);
        let at_name_or_end = behind(before_name_or_end, self.name_or_end);
        let names = (at_name | at_name_or_end) & text_begins;
        // A sum carries through a string.
        let name_ends = texts.wrapping_add(names | self.name_end) & text_ends;
        let before_comma_or_end = text_ends ^ name_ends | closings | scalars & !(scalars >> 1);
        let faults = at_name & !text_begins
            | at_name_or_end & !(text_begins | closings)
            | behind(before_value, self.value) & !values
            | behind(before_value_or_end, self.value_or_end) & !(values | closings)
            | behind(name_ends, self.colon) & !colons
            | behind(before_comma_or_end, self.comma_or_end) & !(commas | closings);
        if faults != 0 {
            return None;
        }
        let tokens = text_ends | closings | colons | commas | values;
        let Some(last) = tokens.checked_ilog2() else {
            return Some(self);
        };
        let is_last = |mask: u64| mask >> last & 1;
        Some(Self {
            value: is_last(before_value),
            value_or_end: is_last(before_value_or_end),
            name: is_last(before_name),
            name_or_end: is_last(before_name_or_end),
            colon: is_last(name_ends),
            comma_or_end: is_last(before_comma_or_end),
            name_end: is_last(names),
        })
    }
}
