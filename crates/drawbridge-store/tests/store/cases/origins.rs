//! Origins whose pages called an endpoint.

use drawbridge_policy::admitted::Line;
use drawbridge_policy::cors::Refusal;
use drawbridge_policy::refusals::{Kind, Place, SeenOrigin, Tally, day};
use drawbridge_store::Store;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::sample::{change, endpoint, moment, project};

const ENDPOINT: &str = "proj_000001/one";

/// Admitted `count` times, the last time then.
fn line(place: &str, origin: &str, count: u64, at: Timestamp) -> Line {
    let place = Place {
        endpoint: place.into(),
        day: day(at),
    };
    let tally = Tally {
        count,
        ..Tally::once(at)
    };
    (place, origin.into(), tally)
}

/// Origins and counts, in the order of the list.
async fn read(store: &Store, since: Timestamp) -> Vec<(String, u64)> {
    let rows = store.origins_at("proj_000001", "one", since).await.unwrap();
    rows.into_iter()
        .map(|row| (row.origin, row.count))
        .collect()
}

async fn furnish(store: &Store) {
    change(store, async |write| {
        write.insert_project(&project(1)).await?;
        write.insert_endpoint(&endpoint(&project(1), "one")).await
    })
    .await
    .unwrap();
}

fn row(origin: &str, count: u64) -> (String, u64) {
    (origin.to_owned(), count)
}

pub(crate) async fn admitted_and_refused_origins_are_added_up_without_a_revision(store: Store) {
    furnish(&store).await;
    let (then, later) = (moment(0), moment(0) + SignedDuration::from_hours(20));
    assert_ne!(day(then), day(later));
    let lines = [
        line(ENDPOINT, "https://a.example", 2, then),
        line(ENDPOINT, "https://a.example", 3, later),
        line(ENDPOINT, "https://b.example", 1, then),
        line("proj_000001/gone", "https://c.example", 9, then),
    ];
    store.record_admitted(&lines, Date::MIN).await.unwrap();
    store.record_admitted(&lines[..1], Date::MIN).await.unwrap();
    let kind = |origin| Kind {
        origin,
        reason: Refusal::OriginNotAllowed,
        is_reported: false,
        name: None,
    };
    let refused = [
        kind(SeenOrigin::Text("https://b.example".into())),
        kind(SeenOrigin::Text("null".into())),
        kind(SeenOrigin::Malformed),
    ];
    let place = &lines[1].0;
    let refused = refused.map(|kind| (place.clone(), Some(kind), Tally::once(later)));
    store.record_refusals(&refused, Date::MIN).await.unwrap();
    let all = [
        row("https://a.example", 7),
        row("https://b.example", 2),
        row("null", 1),
    ];
    assert_eq!(read(&store, then).await, all);
    let last = [
        row("https://a.example", 3),
        row("https://b.example", 1),
        row("null", 1),
    ];
    assert_eq!(read(&store, later).await, last);
    let seen = store.origins_at("proj_000001", "one", then).await.unwrap();
    assert_eq!(seen[0].last_seen_at, later);
    assert_eq!(store.load().await.unwrap().revision, 1);
    // Days before the oldest are forgotten.
    store.record_admitted(&[], day(later)).await.unwrap();
    assert_eq!(read(&store, then).await, last);
    // They go with their endpoint.
    change(&store, async |write| {
        write.delete_endpoint("proj_000001", "one").await
    })
    .await
    .unwrap();
    assert_eq!(read(&store, then).await, []);
}

pub(crate) async fn an_endpoint_and_day_has_a_thousand_admitted_origins(store: Store) {
    furnish(&store).await;
    let origin = |number| format!("https://{number}.example");
    let lines: Vec<_> = (0..1001)
        .map(|number| line(ENDPOINT, &origin(number), 1, moment(0)))
        .collect();
    store.record_admitted(&lines, Date::MIN).await.unwrap();
    assert_eq!(read(&store, moment(0)).await.len(), 1000);
    // Those that are known are counted on.
    store.record_admitted(&lines[..1], Date::MIN).await.unwrap();
    assert_eq!(read(&store, moment(0)).await[0], row(&origin(0), 2));
}
