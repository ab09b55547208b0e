//! How values stand in columns.
//!
//! Must read back exactly what was written; what cannot have been written is [`StoreError::Corrupt`], never a guess.

use std::net::IpAddr;

use drawbridge_policy::token::TokenDigest;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite, Type};

use crate::error::{Cause, StoreError};

/// RFC 3339 in UTC with nine digits of a second: exact, and sorts as text.
pub(crate) fn from_time(time: Timestamp) -> String {
    format!("{time:.9}")
}

/// Numbers of revisions and rows; they stay far below 2⁶³.
pub(crate) fn from_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Takes the columns of a row apart, from the first to the last.
pub(crate) struct Columns<'r> {
    row: &'r SqliteRow,
    /// What the row is, for errors: `endpoint`.
    kind: &'static str,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(crate) fn new(kind: &'static str, row: &'r SqliteRow) -> Self {
        Self { row, kind, next: 0 }
    }

    /// The next column as the engine has it.
    pub(crate) fn take<T>(&mut self) -> Result<T, StoreError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        let index = self.next;
        self.next += 1;
        self.row
            .try_get(index)
            .map_err(|error| self.corrupt(index, error))
    }

    pub(crate) fn number(&mut self) -> Result<u64, StoreError> {
        let number: i64 = self.take()?;
        u64::try_from(number).map_err(|error| self.corrupt(self.next - 1, error))
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, StoreError> {
        let text: &str = self.take()?;
        text.parse()
            .map_err(|error: jiff::Error| self.corrupt(self.next - 1, error))
    }

    pub(crate) fn day(&mut self) -> Result<Date, StoreError> {
        let text: &str = self.take()?;
        text.parse()
            .map_err(|error: jiff::Error| self.corrupt(self.next - 1, error))
    }

    pub(crate) fn optional_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let text: Option<&str> = self.take()?;
        let parsed = text.map(str::parse).transpose();
        parsed.map_err(|error: jiff::Error| self.corrupt(self.next - 1, error))
    }

    pub(crate) fn optional_address(&mut self) -> Result<Option<IpAddr>, StoreError> {
        let text: Option<&str> = self.take()?;
        let parsed = text.map(str::parse).transpose();
        parsed.map_err(|error: std::net::AddrParseError| self.corrupt(self.next - 1, error))
    }

    pub(crate) fn json(&mut self) -> Result<Value, StoreError> {
        let text: &str = self.take()?;
        serde_json::from_str(text).map_err(|error| self.corrupt(self.next - 1, error))
    }

    pub(crate) fn hash(&mut self) -> Result<[u8; 32], StoreError> {
        let bytes: &[u8] = self.take()?;
        bytes
            .try_into()
            .map_err(|error: std::array::TryFromSliceError| self.corrupt(self.next - 1, error))
    }

    pub(crate) fn optional_digest(&mut self) -> Result<Option<TokenDigest>, StoreError> {
        let bytes: Option<&[u8]> = self.take()?;
        let digest = bytes.map(<[u8; 32]>::try_from).transpose();
        let digest = digest.map_err(|error| self.corrupt(self.next - 1, error))?;
        Ok(digest.map(TokenDigest::from))
    }

    fn corrupt(&self, index: usize, source: impl Into<Cause>) -> StoreError {
        let column = self
            .row
            .columns()
            .get(index)
            .map_or("?", sqlx::Column::name);
        let what = format!("column `{column}` of a row for {}", self.kind);
        StoreError::Corrupt {
            what,
            source: source.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_exactly_and_sort_as_text() {
        let times = [
            0,
            1,
            999_999_999,
            1_000_000_000,
            1_795_000_000_123_456_789,
            1_795_000_000_200_000_000,
        ];
        let texts: Vec<String> = times
            .iter()
            .map(|nanosecond| from_time(Timestamp::from_nanosecond(*nanosecond).unwrap()))
            .collect();
        assert_eq!(texts[1], "1970-01-01T00:00:00.000000001Z");
        assert!(texts.is_sorted());
        for (text, nanosecond) in texts.iter().zip(times) {
            assert_eq!(
                text.parse::<Timestamp>().unwrap().as_nanosecond(),
                nanosecond
            );
        }
    }
}
