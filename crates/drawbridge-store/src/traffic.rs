//! What happened to requests over time. It is no configuration: counting makes no revision and no audit row.
//!
//! The table is bounded: each bucket tells [`MOST_ENDPOINTS`] endpoints apart and counts the rest together, and buckets
//! are kept as long as their [`Step`] says. Sums are exact, whatever is told apart.

use drawbridge_policy::traffic::{Counts, Line, MOST_ENDPOINTS, Place, Step};
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::column::Columns;
use crate::error::StoreError;
use crate::read::Rows;
use crate::sql;
use crate::store::Store;

/// Which history to read; what is not set narrows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficFilter {
    /// How finely.
    pub step: Step,
    /// Of buckets that begin at this second since the Unix epoch or later.
    pub from: i64,
    /// Of buckets that begin before.
    pub to: i64,
    /// Of endpoints of the project of this slug.
    pub project: Option<String>,
    /// Of endpoints of this name.
    pub endpoint: Option<String>,
}

impl Store {
    /// Adds what was counted to its buckets, and forgets those that are too old at `now`, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; nothing was stored then.
    pub async fn record_traffic(&self, lines: &[Line], now: Timestamp) -> Result<(), StoreError> {
        self.without_revision(async |connection| {
            for step in Step::ALL {
                sqlx::query(sql::PRUNE_TRAFFIC)
                    .bind(step.seconds())
                    .bind(step.oldest(now))
                    .execute(&mut *connection)
                    .await?;
                let kept = lines.iter().filter(|line| line.at >= step.oldest(now));
                for line in kept {
                    record(connection, step, line).await?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Buckets with what was counted in them, oldest first.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn traffic(&self, filter: &TrafficFilter) -> Result<Vec<Line>, StoreError> {
        let rows = sqlx::query(sql::TRAFFIC)
            .bind(filter.step.seconds())
            .bind(filter.from)
            .bind(filter.to)
            .bind(&filter.project)
            .bind(&filter.endpoint)
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let mut lines = Vec::with_capacity(rows.len());
        for part in rows.chunks(PART) {
            lines.extend(part.iter().map(to_line).collect::<Rows<_>>()?);
            // A long history is much to read, and others wait for this thread.
            tokio::task::yield_now().await;
        }
        Ok(lines)
    }
}

/// Rows that are read without giving others their turn: a few milliseconds.
const PART: usize = 1000;

async fn record(
    connection: &mut SqliteConnection,
    step: Step,
    line: &Line,
) -> Result<(), StoreError> {
    let at = step.start_of(line.at);
    let (place, counted) = match counted(connection, step, at, &line.place).await? {
        Some(counted) => (line.place.clone(), counted),
        None if has_room(connection, step, at).await? => (line.place.clone(), Counts::default()),
        None => {
            let counted = counted(connection, step, at, &Place::rest()).await?;
            (Place::rest(), counted.unwrap_or_default())
        }
    };
    let mut sum = counted;
    sum.add(&line.counts);
    sqlx::query(sql::PUT_TRAFFIC)
        .bind(step.seconds())
        .bind(at)
        .bind(&*place.project)
        .bind(&*place.endpoint)
        .bind(sum.to_value().to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// What a bucket has for a place; `None` where it has nothing.
async fn counted(
    connection: &mut SqliteConnection,
    step: Step,
    at: i64,
    place: &Place,
) -> Result<Option<Counts>, StoreError> {
    let row = sqlx::query(sql::TRAFFIC_OF_A_PLACE)
        .bind(step.seconds())
        .bind(at)
        .bind(&*place.project)
        .bind(&*place.endpoint)
        .fetch_optional(connection)
        .await?;
    let row = row.as_ref().map(to_line).transpose()?;
    Ok(row.map(|line| line.counts))
}

async fn has_room(
    connection: &mut SqliteConnection,
    step: Step,
    at: i64,
) -> Result<bool, StoreError> {
    let row = sqlx::query(sql::COUNT_TRAFFIC_OF_A_BUCKET)
        .bind(step.seconds())
        .bind(at)
        .fetch_one(connection)
        .await?;
    let places = Columns::new("the number of endpoints", &row).number()?;
    Ok(places < MOST_ENDPOINTS as u64)
}

fn to_line(row: &SqliteRow) -> Result<Line, StoreError> {
    let mut columns = Columns::new("traffic", row);
    let at = columns.take()?;
    let (project, endpoint): (&str, &str) = (columns.take()?, columns.take()?);
    Ok(Line {
        at,
        place: Place {
            project: project.into(),
            endpoint: endpoint.into(),
        },
        counts: Counts::from_value(&columns.json()?),
    })
}
