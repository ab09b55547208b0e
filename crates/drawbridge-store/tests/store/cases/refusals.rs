//! Refused calls of pages.

use drawbridge_policy::cors::Refusal;
use drawbridge_policy::refusals::{Kind, Line, Place, Refusals, SeenOrigin, Tally, day};
use drawbridge_store::{Page, RefusalFilter, RefusalRow, Store};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::sample::{EVERYTHING, change, endpoint, moment, project};

const ENDPOINT: &str = "proj_000001/one";

fn kind(origin: &str, reason: Refusal, name: Option<&str>) -> Kind {
    Kind {
        origin: match origin {
            "" => SeenOrigin::Malformed,
            origin => SeenOrigin::Text(origin.into()),
        },
        reason,
        is_reported: origin == "https://reported.example",
        name: name.map(Into::into),
    }
}

/// Counted once at `number` seconds and days.
fn line(endpoint: &str, number: i64, kind: Kind) -> Line {
    let at = moment(number);
    let place = Place {
        endpoint: endpoint.into(),
        day: day(at).checked_add(number.days()).unwrap(),
    };
    (place, Some(kind), Tally::once(at))
}

async fn rows(store: &Store, filter: &RefusalFilter) -> Vec<RefusalRow> {
    store.refusals(filter, &EVERYTHING).await.unwrap().rows
}

async fn furnish(store: &Store) {
    change(store, async |write| {
        write.insert_project(&project(1)).await?;
        write.insert_endpoint(&endpoint(&project(1), "one")).await
    })
    .await
    .unwrap();
}

pub(crate) async fn refusals_read_back_added_up_and_make_no_revision(store: Store) {
    furnish(&store).await;
    let lines = [
        line(ENDPOINT, 0, kind("null", Refusal::OriginNotAllowed, None)),
        line(ENDPOINT, 0, kind("", Refusal::OriginNotAllowed, None)),
        line(
            "",
            0,
            kind(
                "https://reported.example",
                Refusal::HeaderNotAllowed,
                Some("x-a"),
            ),
        ),
        // An endpoint that is gone.
        line(
            "proj_000001/two",
            0,
            kind("null", Refusal::OriginNotAllowed, None),
        ),
    ];
    for _ in 0..2 {
        store.record_refusals(&lines, Date::MIN).await.unwrap();
    }
    let found = rows(&store, &RefusalFilter::default()).await;
    let found: Vec<_> = found
        .into_iter()
        .rev()
        .map(|row| (row.place, row.kind, row.tally))
        .collect();
    let twice = |(place, kind, tally): &Line| (place.clone(), kind.clone(), tally.plus(*tally));
    let expected: Vec<_> = lines[..3].iter().map(twice).collect();
    assert_eq!(found, expected);
    assert_eq!(store.load().await.unwrap().revision, 1);
    assert_eq!(store.audit(&EVERYTHING).await.unwrap().rows.len(), 1);

    // They go with their endpoint; what belongs to none stays.
    let gone = change(&store, async |write| {
        write.delete_endpoint("proj_000001", "one").await
    });
    gone.await.unwrap();
    assert_eq!(rows(&store, &RefusalFilter::default()).await.len(), 1);
}

pub(crate) async fn refusals_are_listed_latest_first_in_pages_of_any_size(store: Store) {
    furnish(&store).await;
    let origins = ["https://a.example", "https://b.example", "null"];
    for number in 0..3 {
        let lines = origins.map(|origin| {
            line(
                ENDPOINT,
                number,
                kind(origin, Refusal::OriginNotAllowed, None),
            )
        });
        store.record_refusals(&lines, Date::MIN).await.unwrap();
    }
    let all = rows(&store, &RefusalFilter::default()).await;
    assert_eq!(all.len(), 9);
    assert!(all.is_sorted_by_key(|row| std::cmp::Reverse((row.place.day, row.id))));
    for limit in [1, 2, 4, 9, 10] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = Page { limit, after };
            let listing = store.refusals(&RefusalFilter::default(), &page).await;
            let listing = listing.unwrap();
            found.extend(listing.rows);
            after = listing.next_cursor;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, all);
    }
    let today = day(moment(0));
    let of = |filter| rows(&store, filter);
    let narrowed = RefusalFilter {
        project_id: Some("proj_000001".to_owned()),
        endpoint: Some("one".to_owned()),
        origin: Some("null".to_owned()),
        from: Some(today.tomorrow().unwrap()),
        to: Some(today.tomorrow().unwrap()),
    };
    assert_eq!(of(&narrowed).await.len(), 1);
    let other = RefusalFilter {
        project_id: Some("proj_000002".to_owned()),
        ..RefusalFilter::default()
    };
    assert_eq!(of(&other).await, []);
    // What is too old goes with the next batch, or without any.
    let oldest = today.tomorrow().unwrap();
    store.record_refusals(&[], oldest).await.unwrap();
    let left = of(&RefusalFilter::default()).await;
    assert_eq!(left.len(), 6);
    assert!(left.iter().all(|row| row.place.day >= oldest));
}

pub(crate) async fn whatever_is_sent_an_endpoint_and_day_has_two_hundred_kinds_and_the_rest(
    store: Store,
) {
    furnish(&store).await;
    for batch in 0..30 {
        let mut refusals = Refusals::default();
        for number in 0..50 {
            let origin = format!("https://{batch}-{number}.example");
            let refused = kind(&origin, Refusal::OriginNotAllowed, None);
            refusals.note(ENDPOINT, refused, moment(0));
        }
        let often = kind("https://often.example", Refusal::OriginNotAllowed, None);
        for _ in 0..2 {
            refusals.note(ENDPOINT, often.clone(), moment(0));
        }
        let lines: Vec<_> = refusals.into_lines().collect();
        store.record_refusals(&lines, Date::MIN).await.unwrap();
    }
    let found = rows(&store, &RefusalFilter::default()).await;
    assert_eq!(found.len(), 201);
    let sum: u64 = found.iter().map(|row| row.tally.count).sum();
    assert_eq!(sum, 30 * 52);
    let most = found
        .iter()
        .max_by_key(|row| row.kind.as_ref().map(|_| row.tally.count));
    let most = most.unwrap();
    let origin = SeenOrigin::Text("https://often.example".into());
    assert_eq!(
        (&most.kind.as_ref().unwrap().origin, most.tally.count),
        (&origin, 60)
    );
}
