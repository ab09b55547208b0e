//! The audit log.

use drawbridge_store::{AuditEntry, AuditFilter, AuditRow, Page, Store};
use serde_json::json;

use crate::cases::lists::collect;
use crate::sample::{EVERYTHING, entry, moment, project};

/// Panics unless the rows are a whole chain from the first on.
pub(crate) fn assert_chain(rows: &[AuditRow]) {
    let mut previous = [0; 32];
    for (seq, row) in (1..).zip(rows) {
        assert_eq!(row.seq, seq);
        assert_eq!(row.prev_hash, previous);
        assert_eq!(row.hash, row.compute_hash());
        previous = row.hash;
    }
}

pub(crate) async fn many_writes_at_once_make_one_unbroken_chain(store: Store) {
    let tasks: Vec<_> = (1..=8)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..10 {
                    let mut write = store.write().await.unwrap();
                    write
                        .insert_project(&project(task * 100 + number))
                        .await
                        .unwrap();
                    // Every third write is given up.
                    if number % 3 != 0 {
                        write
                            .commit(entry(&format!("test.{task}.{number}")))
                            .await
                            .unwrap();
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let rows = store.audit(&EVERYTHING).await.unwrap().rows;
    assert_eq!(rows.len(), 48);
    assert_chain(&rows);
    assert!(rows.iter().all(|row| row.revision == row.seq));
    assert_eq!(store.load().await.unwrap().revision, 48);
}

pub(crate) async fn what_was_said_about_a_write_reads_back(store: Store) {
    let entry = AuditEntry {
        at: moment(3),
        actor: "ak_live_000001".to_owned(),
        action: "endpoint.update".to_owned(),
        project_id: Some("proj_000001".to_owned()),
        target: "proj_000001/chat".to_owned(),
        client_ip: None,
        request_id: "request-7".to_owned(),
        // A float that a reader less exact than the writer would change: the hash covers the text.
        change: json!({"z": 1, "a": [null, "ünïcode", 0.1, 123456.789e-20, 5e-324]}),
    };
    store
        .write()
        .await
        .unwrap()
        .commit(entry.clone())
        .await
        .unwrap();
    let rows = store.audit(&EVERYTHING).await.unwrap().rows;
    assert_chain(&rows);
    let row = &rows[0];
    assert_eq!(
        (row.at, &row.actor, &row.action),
        (entry.at, &entry.actor, &entry.action)
    );
    assert_eq!(
        (&row.project_id, &row.target),
        (&entry.project_id, &entry.target)
    );
    assert_eq!(
        (&row.client_ip, &row.request_id),
        (&entry.client_ip, &entry.request_id)
    );
    assert_eq!(row.change, entry.change.to_string());
}

/// Writes 1 to 8, a moment each, but for the fifth: a clock that was put back then says what it said at the second.
/// The root key does the odd ones, two keys the others; projects 1 and 2 take turns in pairs.
async fn fill(store: &Store) {
    for number in 1..=8 {
        let project = (number - 1) / 2 % 2 + 1;
        let entry = AuditEntry {
            at: moment(if number == 5 { 2 } else { number }),
            actor: match number % 4 {
                1 | 3 => "root".to_owned(),
                other => format!("ak_live_{other:06}"),
            },
            action: ["endpoint.update", "key.create"][usize::from(number > 4)].to_owned(),
            project_id: (number != 8).then(|| format!("proj_{project:06}")),
            target: format!("target-{}", number % 3),
            ..entry("")
        };
        store.write().await.unwrap().commit(entry).await.unwrap();
    }
}

/// The numbers of the rows that a filter admits, read in pages of `limit`.
async fn numbers(store: &Store, filter: &AuditFilter, limit: u32) -> Vec<String> {
    let part = async |page: Page| store.audit_log(filter, &page).await;
    collect(limit, part, |row: AuditRow| row.seq.to_string()).await
}

pub(crate) async fn the_log_is_read_newest_first_in_pages_of_any_size(store: Store) {
    fill(&store).await;
    for limit in [1, 2, 3, 7, 8, 9, 1000] {
        let read = numbers(&store, &AuditFilter::default(), limit).await;
        let by_time_then_number = ["8", "7", "6", "4", "3", "5", "2", "1"];
        assert_eq!(read, by_time_then_number, "limit {limit}");
    }
}

pub(crate) async fn the_log_is_narrowed_by_everything_that_is_given(store: Store) {
    fill(&store).await;
    let all = store.audit(&EVERYTHING).await.unwrap().rows;
    let given = |name: &str| [None, Some(name.to_owned())];
    let mut admitted = 0;
    for project_id in given("proj_000001") {
        for actor in [given("root"), given("ak_live_000002")].concat() {
            for action in given("key.create") {
                for target in given("target-1") {
                    for (since, until) in [
                        (None, None),
                        (Some(2), Some(6)),
                        (None, Some(3)),
                        (Some(6), None),
                        (Some(7), Some(3)),
                    ] {
                        let filter = AuditFilter {
                            project_id: project_id.clone(),
                            actor: actor.clone(),
                            action: action.clone(),
                            target: target.clone(),
                            since: since.map(moment),
                            until: until.map(moment),
                        };
                        let mut rows: Vec<_> =
                            all.iter().filter(|row| is_admitted(row, &filter)).collect();
                        rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.seq)));
                        let expected: Vec<_> = rows.iter().map(|row| row.seq.to_string()).collect();
                        admitted += expected.len();
                        for limit in [1, 2, 100] {
                            assert_eq!(
                                numbers(&store, &filter, limit).await,
                                expected,
                                "{filter:?}"
                            );
                        }
                    }
                }
            }
        }
    }
    assert!(admitted > 50, "{admitted}");
}

/// What a filter means, said in another way.
fn is_admitted(row: &AuditRow, filter: &AuditFilter) -> bool {
    let fits = |wanted: &Option<String>, found: Option<&String>| {
        wanted.is_none() || wanted.as_ref() == found
    };
    fits(&filter.project_id, row.project_id.as_ref())
        && fits(&filter.actor, Some(&row.actor))
        && fits(&filter.action, Some(&row.action))
        && fits(&filter.target, Some(&row.target))
        && filter.since.is_none_or(|since| row.at >= since)
        && filter.until.is_none_or(|until| row.at < until)
}

pub(crate) async fn what_is_written_meanwhile_does_not_disturb_the_pages(store: Store) {
    fill(&store).await;
    let filter = AuditFilter::default();
    let mut page = Page {
        limit: 5,
        after: None,
    };
    page.after = store.audit_log(&filter, &page).await.unwrap().next_cursor;
    let entry = AuditEntry {
        at: moment(9),
        ..entry("test")
    };
    store.write().await.unwrap().commit(entry).await.unwrap();
    let rest = store.audit_log(&filter, &page).await.unwrap().rows;
    let rest: Vec<_> = rest.iter().map(|row| row.seq).collect();
    assert_eq!(rest, [5, 2, 1]);
}
