//! Rows read back as they were written.

use drawbridge_policy::key_use::{KeyUse, Sighting};
use drawbridge_policy::token::TokenDigest;
use drawbridge_store::{EndpointFilter, KeyFilter, KeyRow, ProjectFilter, Store, TokenRow};
use serde_json::json;

use crate::sample::{EVERYTHING, change, endpoint, entry, key, moment, project};

pub(crate) async fn what_is_inserted_reads_back_exactly_everywhere(store: Store) {
    let mut project = project(1);
    let mut endpoint = endpoint(&project, "chat");
    let mut bare = crate::sample::endpoint(&project, "bare");
    bare.credential = None;
    let mut key = key(&project, 1);
    key.tokens.push(TokenRow {
        digest: TokenDigest::of(b"older"),
        expires_at: Some(moment(9)),
    });
    key.tokens.push(TokenRow {
        digest: TokenDigest::of(b"oldest"),
        expires_at: Some(moment(8)),
    });
    let mut ended = KeyRow {
        revoked_at: Some(moment(7)),
        tokens: Vec::new(),
        ..crate::sample::key(&project, 2)
    };

    let mut write = store.write().await.unwrap();
    write.insert_project(&project).await.unwrap();
    write.insert_endpoint(&endpoint).await.unwrap();
    write.insert_endpoint(&bare).await.unwrap();
    write.insert_key(&key).await.unwrap();
    write.insert_key(&ended).await.unwrap();

    for revision in [
        &mut project.revision,
        &mut endpoint.revision,
        &mut bare.revision,
        &mut key.revision,
    ] {
        *revision = 1;
    }
    ended.revision = 1;
    (endpoint.sequence, bare.sequence) = (1, 2);
    assert_eq!(
        write.project(&project.id).await.unwrap().as_ref(),
        Some(&project)
    );
    assert_eq!(
        write.project(&project.slug).await.unwrap().as_ref(),
        Some(&project)
    );
    assert_eq!(
        write.endpoint(&project.id, "chat").await.unwrap().as_ref(),
        Some(&endpoint)
    );
    assert_eq!(write.key(&key.id).await.unwrap().as_ref(), Some(&key));
    assert_eq!(
        write.keys_of(&project.id).await.unwrap(),
        [key.clone(), ended.clone()]
    );
    assert_eq!(write.count_endpoints(&project.id).await.unwrap(), 2);
    assert_eq!(write.count_unrevoked_keys(&project.id).await.unwrap(), 1);
    assert!(
        write
            .token_exists(&TokenDigest::of(b"oldest"))
            .await
            .unwrap()
    );
    assert_eq!(
        write.commit(entry("test.insert")).await.unwrap().revision,
        1
    );

    assert_eq!(
        store.project(&project.id).await.unwrap().as_ref(),
        Some(&project)
    );
    assert_eq!(
        store.project(&project.slug).await.unwrap().as_ref(),
        Some(&project)
    );
    assert_eq!(
        store
            .projects(&ProjectFilter::default(), &EVERYTHING)
            .await
            .unwrap()
            .rows,
        [project.clone()]
    );
    assert_eq!(
        store.endpoint(&project.id, "chat").await.unwrap().as_ref(),
        Some(&endpoint)
    );
    assert_eq!(
        store
            .endpoints(&project.id, &EndpointFilter::default(), &EVERYTHING)
            .await
            .unwrap()
            .rows,
        [bare.clone(), endpoint.clone()]
    );
    assert_eq!(store.key(&key.id).await.unwrap().as_ref(), Some(&key));
    assert_eq!(
        store
            .keys(&KeyFilter::default(), &EVERYTHING)
            .await
            .unwrap()
            .rows,
        [key.clone(), ended.clone()]
    );
    let loaded = store.load().await.unwrap();
    assert_eq!(loaded.revision, 1);
    assert_eq!(loaded.projects, [project]);
    assert_eq!(loaded.endpoints, [endpoint, bare]);
    assert_eq!(loaded.keys, [key, ended]);
}

pub(crate) async fn what_is_absent_is_none(store: Store) {
    assert_eq!(store.project("proj_absent").await.unwrap(), None);
    assert_eq!(store.endpoint("proj_absent", "chat").await.unwrap(), None);
    assert_eq!(store.key("ak_live_absent").await.unwrap(), None);
    assert!(
        store
            .endpoints("proj_absent", &EndpointFilter::default(), &EVERYTHING)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    let mut write = store.write().await.unwrap();
    assert!(
        !write
            .token_exists(&TokenDigest::of(b"absent"))
            .await
            .unwrap()
    );
    assert_eq!(write.count_endpoints("proj_absent").await.unwrap(), 0);
}

pub(crate) async fn an_update_keeps_what_never_changes(store: Store) {
    let (project, later) = (project(1), moment(5));
    let (endpoint, key) = (endpoint(&project, "chat"), key(&project, 1));
    change(&store, async |write| {
        write.insert_project(&project).await?;
        write.insert_endpoint(&endpoint).await?;
        write.insert_key(&key).await
    })
    .await
    .unwrap();

    let mut renamed = project.clone();
    (renamed.slug, renamed.name) = ("other".to_owned(), "Renamed".to_owned());
    (renamed.created_at, renamed.updated_at) = (later, later);
    let mut moved = endpoint.clone();
    (moved.document, moved.credential, moved.sequence) = (json!({"models": []}), None, 77);
    (moved.created_at, moved.updated_at) = (later, later);
    let mut revoked = key.clone();
    (revoked.document, revoked.revoked_at) = (json!({"name": "old"}), Some(later));
    (revoked.created_at, revoked.updated_at) = (later, later);
    change(&store, async |write| {
        write.update_project(&renamed).await?;
        write.update_endpoint(&moved).await?;
        write.update_key(&revoked).await
    })
    .await
    .unwrap();

    let loaded = store.load().await.unwrap();
    let (slug, created_at) = (project.slug, project.created_at);
    renamed = drawbridge_store::ProjectRow {
        slug,
        created_at,
        revision: 2,
        ..renamed
    };
    moved = drawbridge_store::EndpointRow {
        sequence: 1,
        created_at,
        revision: 2,
        ..moved
    };
    revoked = KeyRow {
        created_at: key.created_at,
        revision: 2,
        ..revoked
    };
    assert_eq!(loaded.projects, [renamed]);
    assert_eq!(loaded.endpoints, [moved]);
    assert_eq!(loaded.keys, [revoked]);
}

pub(crate) async fn an_update_replaces_the_tokens_of_a_key(store: Store) {
    let project = project(1);
    let mut key = key(&project, 1);
    change(&store, async |write| {
        write.insert_project(&project).await?;
        write.insert_key(&key).await
    })
    .await
    .unwrap();
    // A rotation: the old token is second now, which must not clash with its former place.
    let old = TokenRow {
        expires_at: Some(moment(9)),
        ..key.tokens[0]
    };
    key.tokens = vec![
        TokenRow {
            digest: TokenDigest::of(b"new"),
            expires_at: None,
        },
        old,
    ];
    change(&store, async |write| write.update_key(&key).await)
        .await
        .unwrap();
    assert_eq!(
        store.key(&key.id).await.unwrap().unwrap().tokens,
        key.tokens
    );

    key.tokens.truncate(1);
    change(&store, async |write| write.update_key(&key).await)
        .await
        .unwrap();
    assert_eq!(
        store.key(&key.id).await.unwrap().unwrap().tokens,
        key.tokens
    );
    let mut write = store.write().await.unwrap();
    assert!(!write.token_exists(&old.digest).await.unwrap());
}

pub(crate) async fn endpoints_keep_their_order_of_creation(store: Store) {
    let (one, two) = (project(1), project(2));
    change(&store, async |write| {
        write.insert_project(&one).await?;
        write.insert_project(&two).await?;
        for (project, name) in [(&two, "z"), (&one, "y"), (&two, "a")] {
            write.insert_endpoint(&endpoint(project, name)).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    change(&store, async |write| {
        write.delete_endpoint(&two.id, "z").await?;
        write.insert_endpoint(&endpoint(&two, "z")).await
    })
    .await
    .unwrap();
    let loaded = store.load().await.unwrap();
    let order: Vec<&str> = loaded
        .endpoints
        .iter()
        .map(|row| row.name.as_str())
        .collect();
    assert_eq!(order, ["y", "a", "z"]);
    assert!(
        loaded
            .endpoints
            .is_sorted_by(|a, b| a.sequence < b.sequence)
    );
}

pub(crate) async fn rows_get_the_revision_of_their_last_change(store: Store) {
    for number in 1..=3 {
        let done = change(&store, async |write| {
            write.insert_project(&project(number)).await
        })
        .await
        .unwrap();
        assert_eq!(done.revision, number.unsigned_abs());
    }
    change(&store, async |write| {
        write.update_project(&project(2)).await
    })
    .await
    .unwrap();
    let loaded = store.load().await.unwrap();
    let revisions: Vec<u64> = loaded.projects.iter().map(|row| row.revision).collect();
    assert_eq!((loaded.revision, revisions), (4, vec![1, 4, 3]));
}

pub(crate) async fn the_last_use_of_a_key_is_kept_beside_its_revisions(store: Store) {
    change(&store, async |write| {
        write.insert_project(&project(1)).await?;
        write.insert_key(&key(&project(1), 1)).await?;
        write.insert_key(&key(&project(1), 2)).await
    })
    .await
    .unwrap();
    let used = |number, origin: Option<&str>| KeyUse {
        at: moment(number),
        ip: "2001:db8::1".parse().unwrap(),
        origin: origin.map(Into::into),
    };
    let record = async |id: &str, last| {
        store
            .record_sightings(&[(id.into(), Sighting::from(last))])
            .await
    };
    let last_use = async |id: &str| store.key(id).await.unwrap().unwrap().last_use;
    let (one, two) = ("ak_live_000001", "ak_live_000002");
    assert_eq!(last_use(one).await, None);
    record(one, used(5, Some("https://app.example.com")))
        .await
        .unwrap();
    // What comes late changes nothing, and who is gone is left out.
    record(one, used(4, None)).await.unwrap();
    record("ak_live_gone", used(5, None)).await.unwrap();
    let expected = Some(used(5, Some("https://app.example.com")));
    assert_eq!(last_use(one).await, expected);
    assert_eq!(last_use(two).await, None);
    record(one, used(6, None)).await.unwrap();
    assert_eq!(last_use(one).await, Some(used(6, None)));

    let loaded = store.load().await.unwrap();
    assert_eq!((loaded.revision, loaded.keys[0].revision), (1, 1));
    assert_eq!(loaded.keys[0].last_use, Some(used(6, None)));
    assert_eq!(store.audit(&EVERYTHING).await.unwrap().rows.len(), 1);
    // A change of the key leaves it alone.
    let done = change(&store, async |write| {
        write.update_key(&key(&project(1), 1)).await
    });
    assert_eq!(done.await.unwrap().revision, 2);
    assert_eq!(last_use(one).await, Some(used(6, None)));
}

pub(crate) async fn a_store_with_nothing_in_it_is_at_revision_zero_and_ready(store: Store) {
    assert_eq!(
        store.load().await.unwrap(),
        drawbridge_store::Configuration::default()
    );
    assert!(store.is_ready().await);
}
