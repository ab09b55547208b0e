//! Whether the audit log is whole: a walk along its chain, in a data directory that a gateway may be using meanwhile.
//!
//! It is read from the database and not over the API, because hashes cover the stored bytes, and because whoever asks
//! should not have to believe the gateway. It needs no key and no lock, and must change nothing, not even the schema.
//!
//! What the chain alone cannot tell is that somebody rewrote all of it, or put back an older copy of the database. For
//! that a [`Link`] is noted elsewhere, and looked for again.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions as _, Row as _};

use crate::column::{Columns, from_time};
use crate::data_dir::DATABASE;
use crate::error::{Cause, StoreError};
use crate::open::cannot_open;
use crate::{migrate, read, sql, sqlite};

/// How many rows are read at once: the database is never kept from tidying its log for long.
const ROWS: i64 = 1000;

/// A row by its number and hash, and with it every row before. As text `{seq}:{hash in hexadecimal}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// [`crate::AuditRow::seq`]; 0 before the first row.
    pub seq: u64,
    /// [`crate::AuditRow::hash`]; zeros before the first row.
    pub hash: [u8; 32],
}

/// Where an audit log is not as it was written.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A row is not there, although later ones are, or later writes.
    #[error("row {0} of the audit log is missing")]
    Missing(u64),
    /// A row's contents are others than those that its hash was made of.
    #[error("row {0} of the audit log is not as it was written")]
    Changed(u64),
    /// A row does not have the hash of the row before.
    #[error("row {0} of the audit log does not follow from the row before it")]
    Detached(u64),
    /// A row does not have the hash that was noted.
    #[error("row {0} of the audit log has another hash than the one that was noted")]
    Replaced(u64),
    /// A row holds what was never written.
    #[error("row {seq} of the audit log cannot be read")]
    Unreadable {
        /// Its number.
        seq: u64,
        /// Why.
        #[source]
        source: Cause,
    },
}

impl Broken {
    /// The number of the first row that is not as it was written.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Missing(seq)
            | Self::Changed(seq)
            | Self::Detached(seq)
            | Self::Replaced(seq)
            | Self::Unreadable { seq, .. } => *seq,
        }
    }
}

/// Walks along the audit log in a data directory; the last row, or the first that is not as it was written.
///
/// `noted` is a row of an earlier walk, which must still be there.
///
/// # Errors
/// When there is no database in the directory, or this release cannot read it.
pub async fn verify_audit(
    data_dir: &Path,
    noted: Option<Link>,
) -> Result<Result<Link, Broken>, StoreError> {
    let path = data_dir.join(DATABASE);
    if !path.exists() {
        return Err(StoreError::DataDirectory {
            path: data_dir.to_owned(),
            what: "has no database in it",
            source: None,
        });
    }
    let connection = sqlite::reading(&path).connect().await;
    let mut connection = connection.map_err(|error| cannot_open(&path, error))?;
    migrate::check_known(&mut connection, &path).await?;
    walk(&mut connection, noted).await
}

async fn walk(
    connection: &mut SqliteConnection,
    noted: Option<Link>,
) -> Result<Result<Link, Broken>, StoreError> {
    // One statement sees one state: each revision has its row, and rows that are added later are not looked at.
    let end = sqlx::query(sql::AUDIT_END)
        .fetch_one(&mut *connection)
        .await?;
    let mut columns = Columns::new("the audit log", &end);
    let (revision, end) = (columns.number()?, columns.take::<i64>()?);
    let mut last = Link {
        seq: 0,
        hash: [0; 32],
    };
    let mut last_revision = 0;
    let mut after = i64::MIN;
    while after < end {
        let rows = sqlx::query(sql::AUDIT)
            .bind(after)
            .bind(ROWS)
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            after = row.try_get(0)?;
            if after > end {
                break;
            }
            match next(row, after, last, noted) {
                Ok((link, revision)) => (last, last_revision) = (link, revision),
                Err(broken) => return Ok(Err(broken)),
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    let is_noted_beyond = noted.is_some_and(|noted| noted.seq > last.seq);
    if last_revision != revision || is_noted_beyond {
        return Ok(Err(Broken::Missing(last.seq + 1)));
    }
    Ok(Ok(last))
}

/// The row that has the number `seq`, if it is the one that was written after `last`; and its revision.
fn next(row: &SqliteRow, seq: i64, last: Link, noted: Option<Link>) -> Result<(Link, u64), Broken> {
    let expected = last.seq + 1;
    if u64::try_from(seq) != Ok(expected) {
        return Err(Broken::Missing(expected));
    }
    let unreadable = |source: Cause| Broken::Unreadable {
        seq: expected,
        source,
    };
    let found = read::to_audit(row).map_err(|error| unreadable(error.into()))?;
    // The same time in another notation would be sorted elsewhere.
    let at: &str = row.try_get(2).map_err(|error| unreadable(error.into()))?;
    if found.hash != found.compute_hash() || at != from_time(found.at) {
        return Err(Broken::Changed(expected));
    }
    if found.prev_hash != last.hash {
        return Err(Broken::Detached(expected));
    }
    if noted.is_some_and(|noted| noted.seq == expected && noted.hash != found.hash) {
        return Err(Broken::Replaced(expected));
    }
    let link = Link {
        seq: expected,
        hash: found.hash,
    };
    Ok((link, found.revision))
}

impl fmt::Display for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.seq, hexadecimal(&self.hash))
    }
}

/// A hash as people read it.
pub fn hexadecimal(hash: &[u8; 32]) -> String {
    use fmt::Write as _;
    hash.iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A text is no [`Link`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of the audit log is noted as its number, a colon and 64 hexadecimal digits")]
pub struct NoLink;

impl FromStr for Link {
    type Err = NoLink;

    fn from_str(text: &str) -> Result<Self, NoLink> {
        let (seq, digits) = text.split_once(':').ok_or(NoLink)?;
        let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if digits.len() != 64 || !is_hexadecimal {
            return Err(NoLink);
        }
        let mut hash = [0; 32];
        for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| NoLink)?;
        }
        let seq = seq.parse().map_err(|_| NoLink)?;
        Ok(Self { seq, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_reads_back_from_its_text_and_from_no_other() {
        let link = Link {
            seq: 42,
            hash: std::array::from_fn(|index| u8::try_from(index * 8).unwrap()),
        };
        let text = link.to_string();
        assert!(text.starts_with("42:000810") && text.len() == 67, "{text}");
        assert_eq!(text.parse(), Ok(link));
        let short = &text[..66];
        let wide = text.replace("000810", "0008é");
        for wrong in [
            "",
            "42",
            "42:",
            ":00",
            short,
            &wide,
            &format!("{text}0"),
            &text.replace("00081", "+0081"),
        ] {
            assert_eq!(wrong.parse::<Link>(), Err(NoLink), "{wrong}");
        }
    }
}
