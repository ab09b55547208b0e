//! Refused calls of pages, counted by endpoint and day. They are no configuration: counting makes no revision and no audit
//! row.
//!
//! Whatever is sent, the table is bounded: of an endpoint and day [`Bounds::of_a_place`] kinds are told apart, of all
//! together [`Bounds::in_all`]. Beyond, a kind takes the place of the one that was counted least, unless that one was
//! counted more; what has no row of its own is counted in the row of the rest. So a count is never too high, too low by
//! no more than the rest of its endpoint and day, and the sum of an endpoint and day is exact.

use drawbridge_policy::cors::Refusal;
use drawbridge_policy::refusals::{Kind, Line, Place, SeenOrigin, Tally};
use jiff::civil::Date;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::column::{Columns, from_number, from_time};
use crate::error::StoreError;
use crate::read::{Rows, listing, one_more};
use crate::row::{Listing, Page};
use crate::sql;
use crate::store::Store;

/// How many rows there may be, those of the rest aside: of these each endpoint and day has one.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    of_a_place: u64,
    in_all: u64,
}

const BOUNDS: Bounds = Bounds {
    of_a_place: 200,
    in_all: 20_000,
};

/// Refusals that were counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalRow {
    /// Grows with time; unique.
    pub id: u64,
    /// Where and when.
    pub place: Place,
    /// What; `None` is the rest of the endpoint and day.
    pub kind: Option<Kind>,
    /// How often.
    pub tally: Tally,
}

/// Which refusals to read; what is not set narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusalFilter {
    /// Of this project's endpoints.
    pub project_id: Option<String>,
    /// Of endpoints of this name.
    pub endpoint: Option<String>,
    /// Of pages of this origin, or `null`.
    pub origin: Option<String>,
    /// On this day or later.
    pub from: Option<Date>,
    /// On this day or earlier.
    pub to: Option<Date>,
}

impl Store {
    /// Adds what was counted, and forgets the days before `oldest`, in one transaction. Endpoints that are gone are left
    /// out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; nothing was stored then.
    pub async fn record_refusals(&self, refusals: &[Line], oldest: Date) -> Result<(), StoreError> {
        self.record_within(refusals, oldest, BOUNDS).await
    }

    async fn record_within(
        &self,
        refusals: &[Line],
        oldest: Date,
        bounds: Bounds,
    ) -> Result<(), StoreError> {
        self.without_revision(async |connection| {
            sqlx::query(sql::PRUNE_REFUSALS)
                .bind(oldest.to_string())
                .execute(&mut *connection)
                .await?;
            let row = sqlx::query(sql::COUNT_REFUSALS).fetch_one(&mut *connection);
            let mut kinds = Columns::new("the number of refusals", &row.await?).number()?;
            for line in refusals {
                record(connection, line, bounds, &mut kinds).await?;
            }
            Ok(())
        })
        .await
    }

    /// Refusals, the latest day first.
    ///
    /// # Errors
    /// As [`Store::load`], and [`StoreError::BadCursor`].
    pub async fn refusals(
        &self,
        filter: &RefusalFilter,
        page: &Page,
    ) -> Result<Listing<RefusalRow>, StoreError> {
        let (day, id) = end(filter, page)?;
        let rows = sqlx::query(sql::REFUSALS)
            .bind(&filter.project_id)
            .bind(&filter.endpoint)
            .bind(&filter.origin)
            .bind(filter.from.unwrap_or(Date::MIN).to_string())
            .bind(day)
            .bind(id)
            .bind(one_more(page))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let rows = rows.iter().map(to_refusal).collect::<Rows<_>>()?;
        Ok(listing(rows, page, |row| {
            format!("{}_{}", row.place.day, row.id)
        }))
    }
}

/// Day and id that come before the first row of a page, which is older than all that follow.
fn end(filter: &RefusalFilter, page: &Page) -> Result<(String, i64), StoreError> {
    let end = (filter.to.unwrap_or(Date::MAX).to_string(), i64::MAX);
    let Some(cursor) = &page.after else {
        return Ok(end);
    };
    let bad = || StoreError::BadCursor(cursor.clone());
    let (day, id) = cursor.split_once('_').ok_or_else(bad)?;
    let day: Date = day.parse().map_err(|_| bad())?;
    let id = id.parse().map_err(|_| bad())?;
    Ok(end.min((day.to_string(), id)))
}

/// The columns that tell rows apart.
struct Written<'l> {
    day: String,
    project_id: &'l str,
    endpoint: &'l str,
    reason: &'static str,
    is_reported: bool,
    origin: &'l str,
    name: &'l str,
}

impl<'l> Written<'l> {
    fn of(place: &'l Place, kind: Option<&'l Kind>) -> Self {
        let (project_id, endpoint) = place.endpoint.split_once('/').unwrap_or_default();
        let origin = match kind.map(|kind| &kind.origin) {
            Some(SeenOrigin::Text(origin)) => origin,
            Some(SeenOrigin::Malformed) | None => "",
        };
        Self {
            day: place.day.to_string(),
            project_id,
            endpoint,
            reason: kind.map_or("", |kind| kind.reason.code()),
            is_reported: kind.is_some_and(|kind| kind.is_reported),
            origin,
            name: kind
                .and_then(|kind| kind.name.as_deref())
                .unwrap_or_default(),
        }
    }

    /// Counts in the row that there is; whether there is one.
    async fn bump(
        &self,
        connection: &mut SqliteConnection,
        tally: &Tally,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(sql::BUMP_REFUSAL)
            .bind(&self.day)
            .bind(self.project_id)
            .bind(self.endpoint)
            .bind(self.reason)
            .bind(self.is_reported)
            .bind(self.origin)
            .bind(self.name)
            .bind(from_number(tally.count))
            .bind(from_time(tally.first))
            .bind(from_time(tally.last))
            .execute(connection)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn insert(
        &self,
        connection: &mut SqliteConnection,
        tally: &Tally,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::INSERT_REFUSAL)
            .bind(&self.day)
            .bind(self.project_id)
            .bind(self.endpoint)
            .bind(self.reason)
            .bind(self.is_reported)
            .bind(self.origin)
            .bind(self.name)
            .bind(from_number(tally.count))
            .bind(from_time(tally.first))
            .bind(from_time(tally.last))
            .execute(connection)
            .await?;
        Ok(())
    }
}

async fn record(
    connection: &mut SqliteConnection,
    (place, kind, tally): &Line,
    bounds: Bounds,
    kinds: &mut u64,
) -> Result<(), StoreError> {
    let written = Written::of(place, kind.as_ref());
    if written.bump(connection, tally).await? {
        return Ok(());
    }
    if kind.is_some() {
        if !make_room(connection, place, tally, bounds, kinds).await? {
            return add_to_rest(connection, place, tally).await;
        }
        *kinds += 1;
    }
    written.insert(connection, tally).await
}

async fn add_to_rest(
    connection: &mut SqliteConnection,
    place: &Place,
    tally: &Tally,
) -> Result<(), StoreError> {
    let rest = Written::of(place, None);
    if rest.bump(connection, tally).await? {
        return Ok(());
    }
    rest.insert(connection, tally).await
}

/// Whether there is a row for a kind that was counted so often; another may have made way for it.
async fn make_room(
    connection: &mut SqliteConnection,
    place: &Place,
    tally: &Tally,
    bounds: Bounds,
    kinds: &mut u64,
) -> Result<bool, StoreError> {
    let Written {
        day,
        project_id,
        endpoint,
        ..
    } = Written::of(place, None);
    let row = sqlx::query(sql::COUNT_REFUSALS_OF_A_PLACE)
        .bind(&day)
        .bind(project_id)
        .bind(endpoint)
        .fetch_one(&mut *connection)
        .await?;
    let least = if Columns::new("the number of refusals", &row).number()? >= bounds.of_a_place {
        let query = sqlx::query(sql::LEAST_REFUSAL_OF_A_PLACE);
        let query = query.bind(&day).bind(project_id).bind(endpoint);
        let least = query.fetch_optional(&mut *connection).await?;
        let least = least.as_ref().map(to_refusal).transpose()?;
        if least
            .as_ref()
            .is_some_and(|least| least.tally.count > tally.count)
        {
            return Ok(false);
        }
        least
    } else {
        if *kinds < bounds.in_all {
            return Ok(true);
        }
        let query = sqlx::query(sql::LEAST_REFUSAL_OF_THE_OLDEST_DAY);
        let least = query.fetch_optional(&mut *connection).await?;
        least.as_ref().map(to_refusal).transpose()?
    };
    if let Some(least) = least {
        let query = sqlx::query(sql::DELETE_REFUSAL).bind(from_number(least.id));
        query.execute(&mut *connection).await?;
        *kinds = kinds.saturating_sub(1);
        add_to_rest(connection, &least.place, &least.tally).await?;
    }
    Ok(true)
}

fn to_refusal(row: &SqliteRow) -> Result<RefusalRow, StoreError> {
    let mut columns = Columns::new("a refusal", row);
    let id = columns.number()?;
    let day = columns.day()?;
    let (project_id, endpoint): (&str, &str) = (columns.take()?, columns.take()?);
    let reason: &str = columns.take()?;
    let is_reported = columns.take()?;
    let (origin, name): (&str, &str) = (columns.take()?, columns.take()?);
    let endpoint = match project_id {
        "" => String::new(),
        project_id => format!("{project_id}/{endpoint}"),
    };
    let kind = |reason| Kind {
        origin: match origin {
            "" => SeenOrigin::Malformed,
            origin => SeenOrigin::Text(origin.into()),
        },
        reason,
        is_reported,
        name: Some(name).filter(|name| !name.is_empty()).map(Into::into),
    };
    Ok(RefusalRow {
        id,
        place: Place {
            endpoint: endpoint.into(),
            day,
        },
        // A reason that a later release knew is counted, and not told apart.
        kind: Refusal::ALL
            .into_iter()
            .find(|known| known.code() == reason)
            .map(kind),
        tally: Tally {
            count: columns.number()?,
            first: columns.time()?,
            last: columns.time()?,
        },
    })
}

#[cfg(test)]
mod tests {
    use drawbridge_policy::refusals::Refusals;
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::key::MasterKey;

    const SMALL: Bounds = Bounds {
        of_a_place: 3,
        in_all: 5,
    };

    async fn count(store: &Store, day: Date, origin: &str, count: u64) {
        let at = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
        let at: Timestamp = at.unwrap().timestamp();
        let mut refusals = Refusals::default();
        let kind = Kind {
            origin: SeenOrigin::Text(origin.into()),
            reason: Refusal::OriginNotAllowed,
            is_reported: false,
            name: None,
        };
        for _ in 0..count {
            refusals.note("", kind.clone(), at);
        }
        let lines: Vec<_> = refusals.into_lines().collect();
        let recorded = store.record_within(&lines, Date::MIN, SMALL).await;
        recorded.unwrap();
    }

    /// Days, origins (empty for the rest) and counts, oldest first.
    async fn counted(store: &Store) -> Vec<(i8, String, u64)> {
        let page = Page {
            limit: 100,
            after: None,
        };
        let rows = store.refusals(&RefusalFilter::default(), &page).await;
        let mut rows: Vec<_> = rows
            .unwrap()
            .rows
            .into_iter()
            .map(|row| {
                let origin = match row.kind.map(|kind| kind.origin) {
                    Some(SeenOrigin::Text(origin)) => origin.into(),
                    _ => String::new(),
                };
                (row.place.day.day(), origin, row.tally.count)
            })
            .collect();
        rows.sort();
        rows
    }

    #[tokio::test]
    async fn what_is_refused_most_keeps_its_row_and_the_sum_is_exact() {
        let directory = tempfile::TempDir::new().unwrap();
        let key = MasterKey::from_secret("a master key for tests, 32 characters or more");
        let store = Store::open(directory.path(), key).await.unwrap();
        let one = date(2026, 11, 1);
        for (origin, times) in [("a", 5), ("b", 3), ("c", 1)] {
            count(&store, one, origin, times).await;
        }
        // As often as the least: in its place. Less often: among the rest.
        count(&store, one, "d", 2).await;
        count(&store, one, "e", 1).await;
        count(&store, one, "a", 1).await;
        let row = |day, origin: &str, count| (day, origin.to_owned(), count);
        let expected = [
            row(1, "", 2),
            row(1, "a", 6),
            row(1, "b", 3),
            row(1, "d", 2),
        ];
        assert_eq!(counted(&store).await, expected);
        // Beyond what there may be in all, the oldest day makes way.
        let two = date(2026, 11, 2);
        for origin in ["f", "g", "h"] {
            count(&store, two, origin, 1).await;
        }
        let expected = [
            row(1, "", 4),
            row(1, "a", 6),
            row(1, "b", 3),
            row(2, "f", 1),
            row(2, "g", 1),
            row(2, "h", 1),
        ];
        assert_eq!(counted(&store).await, expected);
    }
}
