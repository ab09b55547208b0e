//! Origins of pages that called an endpoint: those that were admitted, kept for two days, and those that were refused.
//!
//! Whatever is sent, the table is bounded: of an endpoint and day [`MOST_OF_A_PLACE`] origins, [`MOST`] in all. Beyond,
//! new ones are left out.

use drawbridge_policy::admitted::Line;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::column::{Columns, from_number, from_time};
use crate::error::StoreError;
use crate::sql;
use crate::store::Store;

const MOST_OF_A_PLACE: i64 = 1000;
const MOST: i64 = 20_000;

/// An origin whose pages called an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginRow {
    /// As it was sent.
    pub origin: String,
    /// How often, on the days that were asked about.
    pub count: u64,
    /// When last.
    pub last_seen_at: Timestamp,
}

impl Store {
    /// Adds what was admitted, and forgets the days before `oldest`, in one transaction without a revision. Endpoints that
    /// are gone are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; nothing was stored then.
    pub async fn record_admitted(&self, lines: &[Line], oldest: Date) -> Result<(), StoreError> {
        self.without_revision(async |connection| {
            sqlx::query(sql::PRUNE_ADMITTED_ORIGINS)
                .bind(oldest.to_string())
                .execute(&mut *connection)
                .await?;
            for (place, origin, tally) in lines {
                let (project_id, endpoint) = place.endpoint.split_once('/').unwrap_or_default();
                let query = |statement| {
                    sqlx::query(statement)
                        .bind(project_id)
                        .bind(endpoint)
                        .bind(place.day.to_string())
                        .bind(&**origin)
                        .bind(from_number(tally.count))
                        .bind(from_time(tally.last))
                };
                let bumped = query(sql::BUMP_ADMITTED_ORIGIN).execute(&mut *connection);
                if bumped.await?.rows_affected() == 0 {
                    let insert = query(sql::INSERT_ADMITTED_ORIGIN);
                    let insert = insert.bind(MOST_OF_A_PLACE).bind(MOST);
                    insert.execute(&mut *connection).await?;
                }
            }
            Ok(())
        })
        .await
    }

    /// The origins whose pages called the endpoint since then, admitted or refused, those that called most first. Counts
    /// are of whole days.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn origins_at(
        &self,
        project_id: &str,
        endpoint: &str,
        since: Timestamp,
    ) -> Result<Vec<OriginRow>, StoreError> {
        let rows = sqlx::query(sql::ORIGINS_AT)
            .bind(project_id)
            .bind(endpoint)
            .bind(from_time(since))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let read = rows.iter().map(|row| {
            let mut columns = Columns::new("an origin", row);
            Ok(OriginRow {
                origin: columns.take()?,
                count: columns.number()?,
                last_seen_at: columns.time()?,
            })
        });
        read.collect()
    }
}
