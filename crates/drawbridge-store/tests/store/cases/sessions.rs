//! Sessions of the dashboard.

use drawbridge_policy::token::TokenDigest;
use drawbridge_store::{SessionRow, Store};
use jiff::{SignedDuration, Timestamp};

use crate::sample::{EVERYTHING, change, moment};

const MOST: u32 = 100;

fn id(number: i64) -> TokenDigest {
    TokenDigest::of(&number.to_be_bytes())
}

/// Session number `number`, which began that many seconds on.
fn session(number: i64, key_id: &str) -> SessionRow {
    SessionRow {
        id: id(number),
        key_id: key_id.to_owned(),
        key_digest: TokenDigest::of(key_id.as_bytes()),
        created_at: moment(number),
        last_seen_at: moment(number),
        expires_at: moment(number) + SignedDuration::from_hours(12),
    }
}

/// Begins sessions in one write that finds none of them idle.
async fn begin(store: &Store, rows: impl IntoIterator<Item = SessionRow>) {
    let rows: Vec<_> = rows.into_iter().collect();
    let begun = change(store, async |write| {
        for row in &rows {
            write
                .insert_session(row, Timestamp::UNIX_EPOCH, MOST)
                .await?;
        }
        Ok(())
    });
    begun.await.unwrap();
}

async fn is_there(store: &Store, number: i64) -> bool {
    store.session(&id(number)).await.unwrap().is_some()
}

pub(crate) async fn a_session_reads_back_and_its_use_makes_no_revision(store: Store) {
    begin(&store, [session(1, "root")]).await;
    assert_eq!(
        store.session(&id(1)).await.unwrap(),
        Some(session(1, "root"))
    );
    assert!(!is_there(&store, 2).await);
    // What was seen earlier comes too late.
    for number in [60, 30] {
        store.touch_session(&id(1), moment(number)).await.unwrap();
        let found = store.session(&id(1)).await.unwrap().unwrap();
        assert_eq!(found.last_seen_at, moment(60));
    }
    store.touch_session(&id(2), moment(60)).await.unwrap();
    assert!(!is_there(&store, 2).await);
    assert_eq!(store.load().await.unwrap().revision, 1);
    assert_eq!(store.audit(&EVERYTHING).await.unwrap().rows.len(), 1);
}

pub(crate) async fn sessions_end_one_by_one_or_all_of_a_key(store: Store) {
    let rows = [(1, "root"), (2, "ak_1"), (3, "ak_1"), (4, "ak_2")];
    begin(&store, rows.map(|(number, key)| session(number, key))).await;
    let ended = change(&store, async |write| {
        assert_eq!(write.session(&id(1)).await?, Some(session(1, "root")));
        write.delete_session(&id(1)).await?;
        // Gone already.
        write.delete_session(&id(1)).await?;
        assert_eq!(write.session(&id(1)).await?, None);
        assert_eq!(write.delete_sessions_of("ak_1").await?, 2);
        Ok(())
    });
    ended.await.unwrap();
    let mut left = Vec::new();
    for number in 1..=4 {
        left.push(is_there(&store, number).await);
    }
    assert_eq!(left, [false, false, false, true]);
}

pub(crate) async fn a_new_session_ends_idle_ones_and_the_oldest_of_its_key(store: Store) {
    // As many keys have as many sessions as they may, and none is looked at again.
    let many = (0..2_000).map(|number| session(number, &format!("ak_{}", number / 100)));
    begin(&store, many).await;
    assert!(is_there(&store, 0).await);
    let next = change(&store, async |write| {
        let idle_since = moment(1_899);
        write
            .insert_session(&session(2_000, "ak_19"), idle_since, MOST)
            .await
    });
    next.await.unwrap();
    // The last hundred were of that key: they are not idle, but the oldest of them is one too many.
    for (number, is_left) in [
        (0, false),
        (1_899, false),
        (1_900, false),
        (1_901, true),
        (1_999, true),
        (2_000, true),
    ] {
        assert_eq!(is_there(&store, number).await, is_left, "{number}");
    }
}
