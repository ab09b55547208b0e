//! A write is one transaction.

use std::pin::pin;
use std::task::Poll;

use drawbridge_store::{Store, StoreError};

use crate::sample::{EVERYTHING, change, endpoint, entry, project};

/// Polls a future once, then drops it, as a client that leaves does.
async fn begin_and_leave<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

pub(crate) async fn a_write_sees_its_own_changes_and_nobody_else_does(store: Store) {
    let mut write = store.write().await.unwrap();
    assert_eq!(write.revision(), 1);
    write.insert_project(&project(1)).await.unwrap();
    assert!(write.project("project-1").await.unwrap().is_some());
    assert_eq!(store.project("project-1").await.unwrap(), None);
    assert_eq!(store.load().await.unwrap().revision, 0);
    let done = write.commit(entry("project.create")).await.unwrap();
    assert!(store.project("project-1").await.unwrap().is_some());
    assert_eq!(
        (done.revision, store.load().await.unwrap().revision),
        (1, 1)
    );
}

pub(crate) async fn a_dropped_write_leaves_no_trace(store: Store) {
    for _ in 0..3 {
        let mut write = store.write().await.unwrap();
        assert_eq!(write.revision(), 1);
        write.insert_project(&project(1)).await.unwrap();
    }
    assert_eq!(
        store.load().await.unwrap(),
        drawbridge_store::Configuration::default()
    );
    let done = change(&store, async |write| {
        write.insert_project(&project(1)).await
    })
    .await
    .unwrap();
    assert_eq!(done.revision, 1);
    assert_eq!(store.audit(&EVERYTHING).await.unwrap().rows.len(), 1);
}

pub(crate) async fn a_cancelled_call_ends_its_write(store: Store) {
    let mut write = loop {
        begin_and_leave(store.write()).await;
        let mut write = store.write().await.unwrap();
        write.insert_project(&project(1)).await.unwrap();
        let endpoint = endpoint(&project(1), "chat");
        let call = write.insert_endpoint(&endpoint);
        // Where another thread does the work, even the first poll can find it done.
        if begin_and_leave(call).await.is_none() {
            break write;
        }
    };
    assert!(matches!(
        write.insert_project(&project(2)).await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(matches!(
        write.commit(entry("test.late")).await,
        Err(StoreError::Unavailable(_))
    ));
    assert_eq!(
        store.load().await.unwrap(),
        drawbridge_store::Configuration::default()
    );
}

pub(crate) async fn a_cancelled_commit_is_whole_or_nothing(store: Store) {
    for number in 1..=20 {
        let mut write = store.write().await.unwrap();
        write.insert_project(&project(number)).await.unwrap();
        let mut commit = Box::pin(write.commit(entry("project.create")));
        for _ in 0..number {
            if begin_and_leave(commit.as_mut()).await.is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
    }
    // Every write ends before the next begins, so nothing of the above is under way any more.
    let write = store.write().await.unwrap();
    let loaded = store.load().await.unwrap();
    let audit = store.audit(&EVERYTHING).await.unwrap().rows;
    assert_eq!(loaded.revision + 1, write.revision());
    assert_eq!(loaded.projects.len() as u64, loaded.revision);
    assert_eq!(audit.len() as u64, loaded.revision);
}

pub(crate) async fn writes_take_turns_until_the_last_is_published(store: Store) {
    let mut write = store.write().await.unwrap();
    let mut next = pin!(store.write());
    assert!(begin_and_leave(next.as_mut()).await.is_none());
    write.insert_project(&project(1)).await.unwrap();
    let done = write.commit(entry("project.create")).await.unwrap();
    assert!(
        begin_and_leave(next.as_mut()).await.is_none(),
        "it waits for the publication"
    );
    drop(done);
    assert_eq!(next.await.unwrap().revision(), 2);
}

pub(crate) async fn loading_never_sees_half_a_write(store: Store) {
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for number in 1..=40 {
                let mut write = store.write().await.unwrap();
                write.insert_project(&project(number)).await.unwrap();
                write
                    .insert_endpoint(&endpoint(&project(number), "chat"))
                    .await
                    .unwrap();
                write.commit(entry("test.both")).await.unwrap();
            }
        }
    });
    while !writer.is_finished() {
        let loaded = store.load().await.unwrap();
        assert_eq!(loaded.projects.len() as u64, loaded.revision);
        assert_eq!(loaded.endpoints.len() as u64, loaded.revision);
    }
    writer.await.unwrap();
    assert_eq!(store.load().await.unwrap().revision, 40);
}
