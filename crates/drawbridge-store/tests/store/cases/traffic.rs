//! What happened to requests over time.

use drawbridge_policy::traffic::{Kind, Line, MOST_ENDPOINTS, Place, StatusClass, Step};
use drawbridge_store::{Store, TrafficFilter};
use jiff::Timestamp;

use crate::sample::{EVERYTHING, change, project};

/// The beginning of an hour.
const HOUR: i64 = 1_795_000_000 - 1_795_000_000 % 3600;

fn line(at: i64, label: &str, requests: u64) -> Line {
    let counted = [
        (Kind::Request(StatusClass::Success), requests),
        (Kind::FirstByte(3), requests),
    ];
    Line {
        at,
        place: Place::of_label(label),
        counts: counted.into_iter().collect(),
    }
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn filter(step: Step) -> TrafficFilter {
    TrafficFilter {
        step,
        from: 0,
        to: i64::MAX,
        project: None,
        endpoint: None,
    }
}

async fn put(store: &Store, lines: &[Line], now: i64) {
    store.record_traffic(lines, moment(now)).await.unwrap();
}

async fn read(store: &Store, filter: &TrafficFilter) -> Vec<Line> {
    store.traffic(filter).await.unwrap()
}

pub(crate) async fn traffic_adds_up_by_five_minutes_and_by_hour_and_makes_no_revision(
    store: Store,
) {
    let first = [line(HOUR, "p/a", 3), line(HOUR + 300, "p/a", 1)];
    put(&store, &first, HOUR + 301).await;
    put(&store, &[line(HOUR + 300, "p/a", 2)], HOUR + 302).await;
    put(&store, &[line(HOUR + 300, "", 5)], HOUR + 302).await;
    let fine = [
        line(HOUR, "p/a", 3),
        line(HOUR + 300, "", 5),
        line(HOUR + 300, "p/a", 3),
    ];
    assert_eq!(read(&store, &filter(Step::FiveMinutes)).await, fine);
    let coarse = [line(HOUR, "", 5), line(HOUR, "p/a", 6)];
    assert_eq!(read(&store, &filter(Step::Hour)).await, coarse);
    assert_eq!(store.load().await.unwrap().revision, 0);
    assert_eq!(store.audit(&EVERYTHING).await.unwrap().rows, []);
}

pub(crate) async fn traffic_is_narrowed_by_time_project_and_endpoint(store: Store) {
    let labels = ["", "other", "p/a", "p/b", "q/a"];
    let lines = labels.map(|label| [line(HOUR, label, 1), line(HOUR + 300, label, 1)]);
    put(&store, lines.as_flattened(), HOUR + 300).await;
    let all = filter(Step::FiveMinutes);
    let of = async |filter: TrafficFilter| read(&store, &filter).await.len();
    let (project, endpoint) = (Some("p".to_owned()), Some("a".to_owned()));
    assert_eq!(of(all.clone()).await, 10);
    let narrowed = |change: fn(&mut TrafficFilter)| {
        let mut narrowed = all.clone();
        change(&mut narrowed);
        narrowed
    };
    assert_eq!(of(narrowed(|filter| filter.from = HOUR + 1)).await, 5);
    assert_eq!(of(narrowed(|filter| filter.to = HOUR + 300)).await, 5);
    assert_eq!(of(narrowed(|filter| filter.to = HOUR)).await, 0);
    let of_project = TrafficFilter {
        project,
        ..all.clone()
    };
    assert_eq!(of(of_project.clone()).await, 4);
    let of_name = TrafficFilter {
        endpoint: endpoint.clone(),
        ..all
    };
    assert_eq!(of(of_name).await, 4);
    assert_eq!(
        of(TrafficFilter {
            endpoint,
            ..of_project
        })
        .await,
        2
    );
}

pub(crate) async fn traffic_that_is_too_old_goes_fine_first(store: Store) {
    let counts = async |now| {
        put(&store, &[], now).await;
        let mut found = Vec::new();
        for step in Step::ALL {
            found.push(read(&store, &filter(step)).await.len());
        }
        found
    };
    put(&store, &[line(HOUR, "p/a", 1)], HOUR).await;
    assert_eq!(counts(HOUR + 48 * 3600 + 299).await, [1, 1]);
    assert_eq!(counts(HOUR + 48 * 3600 + 300).await, [0, 1]);
    assert_eq!(counts(HOUR + 30 * 24 * 3600 + 3599).await, [0, 1]);
    assert_eq!(counts(HOUR + 30 * 24 * 3600 + 3600).await, [0, 0]);
    // What waited too long for its disk is kept by the hour only.
    let late = [line(HOUR, "p/a", 1)];
    put(&store, &late, HOUR + 48 * 3600 + 300).await;
    assert_eq!(counts(HOUR + 48 * 3600 + 300).await, [0, 1]);
}

pub(crate) async fn whatever_happens_a_bucket_tells_a_hundred_endpoints_apart(store: Store) {
    for batch in 0..3 {
        let lines: Vec<_> = (0..60)
            .map(|number| line(HOUR, &format!("p/{}", batch * 60 + number), 2))
            .collect();
        put(&store, &lines, HOUR).await;
    }
    // One that has its row keeps it.
    put(&store, &[line(HOUR, "p/0", 1)], HOUR).await;
    for step in Step::ALL {
        let found = read(&store, &filter(step)).await;
        assert_eq!(found.len(), MOST_ENDPOINTS + 1);
        let sum: u64 = found.iter().map(|line| line.counts.requests()).sum();
        assert_eq!(sum, 3 * 60 * 2 + 1);
        let of = |label: &str| {
            let mut lines = found.iter();
            let found = lines.find(|line| line.place.label() == label);
            found.map(|line| line.counts.requests())
        };
        assert_eq!((of("p/0"), of("other")), (Some(3), Some(80 * 2)));
    }
}

pub(crate) async fn traffic_of_a_project_goes_with_it(store: Store) {
    change(&store, async |write| {
        write.insert_project(&project(1)).await
    })
    .await
    .unwrap();
    let lines = [line(HOUR, "project-1/a", 1), line(HOUR, "project-2/a", 1)];
    put(&store, &lines, HOUR).await;
    let gone = change(&store, async |write| {
        write.delete_project("proj_000001").await
    });
    gone.await.unwrap();
    let left = read(&store, &filter(Step::FiveMinutes)).await;
    assert_eq!(left, [line(HOUR, "project-2/a", 1)]);
}
