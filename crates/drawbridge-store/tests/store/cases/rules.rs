//! Rules between rows.

use drawbridge_store::{Conflict, KeyRow, Store, StoreError, Write};

use crate::sample::{change, endpoint, entry, key, moment, project};

/// Project 1 with endpoint `chat` and key 1.
async fn fill(store: &Store) {
    change(store, async |write| {
        write.insert_project(&project(1)).await?;
        write
            .insert_endpoint(&endpoint(&project(1), "chat"))
            .await?;
        write.insert_key(&key(&project(1), 1)).await
    })
    .await
    .unwrap();
}

async fn conflict(
    store: &Store,
    changes: impl AsyncFnOnce(&mut Write) -> Result<(), StoreError>,
) -> Conflict {
    let before = store.load().await.unwrap();
    let error = change(store, changes).await.unwrap_err();
    assert_eq!(store.load().await.unwrap(), before);
    match error {
        StoreError::Conflict(conflict) => conflict,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn what_is_taken_is_a_conflict_that_says_what(store: Store) {
    fill(&store).await;
    let mut same_id = project(2);
    same_id.id = project(1).id;
    let found = conflict(&store, async |write| write.insert_project(&same_id).await).await;
    assert_eq!(found, Conflict::ProjectId);

    let mut same_slug = project(2);
    same_slug.slug = project(1).slug;
    let found = conflict(&store, async |write| write.insert_project(&same_slug).await).await;
    assert_eq!(found, Conflict::ProjectSlug);

    let same_name = endpoint(&project(1), "chat");
    let found = conflict(&store, async |write| {
        write.insert_endpoint(&same_name).await
    })
    .await;
    assert_eq!(found, Conflict::EndpointName);

    let mut same_key_id = key(&project(1), 2);
    same_key_id.id = key(&project(1), 1).id;
    let found = conflict(&store, async |write| write.insert_key(&same_key_id).await).await;
    assert_eq!(found, Conflict::KeyId);

    let same_token = KeyRow {
        tokens: key(&project(1), 1).tokens,
        ..key(&project(1), 2)
    };
    let found = conflict(&store, async |write| write.insert_key(&same_token).await).await;
    assert_eq!(found, Conflict::Token);
}

pub(crate) async fn a_token_stays_taken_when_its_key_is_revoked(store: Store) {
    fill(&store).await;
    let revoked = KeyRow {
        revoked_at: Some(moment(2)),
        ..key(&project(1), 1)
    };
    change(&store, async |write| write.update_key(&revoked).await)
        .await
        .unwrap();
    let same_token = KeyRow {
        tokens: revoked.tokens,
        ..key(&project(1), 2)
    };
    let found = conflict(&store, async |write| write.insert_key(&same_token).await).await;
    assert_eq!(found, Conflict::Token);
}

pub(crate) async fn what_belongs_to_nothing_is_refused(store: Store) {
    let found = conflict(&store, async |write| {
        write.insert_endpoint(&endpoint(&project(1), "chat")).await
    })
    .await;
    assert_eq!(found, Conflict::Reference);
    let found = conflict(&store, async |write| {
        write.insert_key(&key(&project(1), 1)).await
    })
    .await;
    assert_eq!(found, Conflict::Reference);
}

pub(crate) async fn what_is_missing_cannot_be_changed(store: Store) {
    let (project, endpoint, key) = (
        project(1),
        endpoint(&project(1), "chat"),
        key(&project(1), 1),
    );
    let outcomes = [
        change(&store, async |write| write.update_project(&project).await).await,
        change(&store, async |write| {
            write.delete_project(&project.id).await
        })
        .await,
        change(&store, async |write| write.update_endpoint(&endpoint).await).await,
        change(&store, async |write| {
            write.delete_endpoint(&project.id, "chat").await
        })
        .await,
        change(&store, async |write| write.update_key(&key).await).await,
    ];
    for outcome in outcomes {
        assert!(
            matches!(outcome, Err(StoreError::Missing(_))),
            "{outcome:?}"
        );
    }
}

pub(crate) async fn a_project_goes_with_its_revoked_keys_only(store: Store) {
    fill(&store).await;
    let id = project(1).id;
    let found = conflict(&store, async |write| write.delete_project(&id).await).await;
    assert_eq!(found, Conflict::Reference);
    change(&store, async |write| {
        write.delete_endpoint(&id, "chat").await
    })
    .await
    .unwrap();
    let found = conflict(&store, async |write| write.delete_project(&id).await).await;
    assert_eq!(found, Conflict::Reference);

    let revoked = KeyRow {
        revoked_at: Some(moment(2)),
        ..key(&project(1), 1)
    };
    change(&store, async |write| {
        write.update_key(&revoked).await?;
        write.insert_project(&project(2)).await?;
        write
            .insert_key(&KeyRow {
                revoked_at: Some(moment(2)),
                ..key(&project(2), 2)
            })
            .await
    })
    .await
    .unwrap();
    change(&store, async |write| write.delete_project(&id).await)
        .await
        .unwrap();
    let loaded = store.load().await.unwrap();
    assert_eq!(loaded.projects.len(), 1);
    assert_eq!(
        loaded.keys.len(),
        1,
        "the other project's revoked key stays"
    );
    let mut write = store.write().await.unwrap();
    assert!(!write.token_exists(&revoked.tokens[0].digest).await.unwrap());
}

pub(crate) async fn a_write_that_failed_once_cannot_be_committed(store: Store) {
    fill(&store).await;
    let mut write = store.write().await.unwrap();
    write.insert_project(&project(2)).await.unwrap();
    write.insert_project(&project(1)).await.unwrap_err();
    assert!(matches!(
        write.project("project-2").await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(matches!(
        write.insert_project(&project(3)).await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(matches!(
        write.commit(entry("test.late")).await,
        Err(StoreError::Unavailable(_))
    ));
    let loaded = store.load().await.unwrap();
    assert_eq!((loaded.revision, loaded.projects.len()), (1, 1));
}
