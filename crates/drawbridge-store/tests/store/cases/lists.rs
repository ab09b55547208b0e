//! Lists in parts.

use drawbridge_store::{
    AuditFilter, EndpointFilter, KeyFilter, Listing, Page, ProjectFilter, Store, StoreError,
};

use crate::sample::{change, endpoint, key, project};

/// Projects 1 to 7, each with two keys; project 1 with the endpoints `a` to `g`. Made in another order than listed.
async fn fill(store: &Store) {
    change(store, async |write| {
        for number in [5, 1, 7, 3, 2, 6, 4] {
            write.insert_project(&project(number)).await?;
            write
                .insert_key(&key(&project(number), number + 100))
                .await?;
            write.insert_key(&key(&project(number), number)).await?;
        }
        for name in ["d", "a", "g", "c", "b", "f", "e"] {
            write.insert_endpoint(&endpoint(&project(1), name)).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

/// Reads a list in parts of `limit`; the rows of all parts.
pub(crate) async fn collect<T>(
    limit: u32,
    part: impl AsyncFn(Page) -> Result<Listing<T>, StoreError>,
    name: impl Fn(T) -> String,
) -> Vec<String> {
    let mut names = Vec::new();
    let mut page = Page { limit, after: None };
    loop {
        let listing = part(page.clone()).await.unwrap();
        assert!(listing.rows.len() <= limit as usize);
        assert_eq!(listing.has_more, listing.next_cursor.is_some());
        assert!(!listing.has_more || listing.rows.len() == limit as usize);
        names.extend(listing.rows.into_iter().map(&name));
        match listing.next_cursor {
            Some(cursor) => page.after = Some(cursor),
            None => return names,
        }
    }
}

pub(crate) async fn every_page_size_gives_every_row_once_in_order(store: Store) {
    fill(&store).await;
    let projects: Vec<String> = (1..=7).map(|number| project(number).id).collect();
    let keys: Vec<String> = (1..=7)
        .chain(101..=107)
        .map(|number| key(&project(1), number).id)
        .collect();
    for limit in [1, 2, 3, 6, 7, 8, 14, 1000] {
        let read = collect(
            limit,
            async |page| store.projects(&ProjectFilter::default(), &page).await,
            |row| row.id,
        )
        .await;
        assert_eq!(read, projects, "limit {limit}");
        let read = collect(
            limit,
            async |page| store.keys(&KeyFilter::default(), &page).await,
            |row| row.id,
        )
        .await;
        assert_eq!(read, keys, "limit {limit}");
        for project_id in [None, Some(project(1).id)] {
            let newest = KeyFilter {
                project_id,
                is_newest_first: true,
                ..KeyFilter::default()
            };
            let read = collect(
                limit,
                async |page| store.keys(&newest, &page).await,
                |row| row.id,
            );
            let mut expected = collect(
                limit,
                async |page| {
                    let filter = KeyFilter {
                        is_newest_first: false,
                        ..newest.clone()
                    };
                    store.keys(&filter, &page).await
                },
                |row| row.id,
            )
            .await;
            expected.reverse();
            assert_eq!(read.await, expected, "newest first, limit {limit}");
        }
        let endpoints = async |page| {
            store
                .endpoints(&project(1).id, &EndpointFilter::default(), &page)
                .await
        };
        let read = collect(limit, endpoints, |row| row.name).await;
        assert_eq!(read, ["a", "b", "c", "d", "e", "f", "g"], "limit {limit}");
        let read = collect(
            limit,
            async |page| store.audit(&page).await,
            |row| row.seq.to_string(),
        )
        .await;
        assert_eq!(read, ["1"], "limit {limit}");
    }
    let listing = store
        .projects(
            &ProjectFilter::default(),
            &Page {
                limit: 0,
                after: None,
            },
        )
        .await
        .unwrap();
    assert_eq!((listing.rows.len(), listing.has_more), (1, true));
}

pub(crate) async fn keys_can_be_listed_for_one_project(store: Store) {
    fill(&store).await;
    for limit in [1, 2, 3] {
        let filter = KeyFilter {
            project_id: Some(project(3).id),
            ..KeyFilter::default()
        };
        let keys = async |page| store.keys(&filter, &page).await;
        let read = collect(limit, keys, |row| row.id).await;
        assert_eq!(read, ["ak_live_000003", "ak_live_000103"]);
    }
}

pub(crate) async fn a_cursor_outlives_its_row(store: Store) {
    fill(&store).await;
    let page = Page {
        limit: 2,
        after: None,
    };
    let after = store
        .endpoints(&project(1).id, &EndpointFilter::default(), &page)
        .await
        .unwrap()
        .next_cursor;
    change(&store, async |write| {
        write.delete_endpoint(&project(1).id, "b").await
    })
    .await
    .unwrap();
    let rest = store
        .endpoints(
            &project(1).id,
            &EndpointFilter::default(),
            &Page { limit: 1, after },
        )
        .await
        .unwrap();
    assert_eq!(rest.rows[0].name, "c");
}

pub(crate) async fn a_cursor_that_was_never_given_out_is_refused(store: Store) {
    for cursor in ["", "x", "proj_000001", "2026-13-01T00:00:00Z_proj_000001"] {
        let page = Page {
            limit: 1,
            after: Some(cursor.to_owned()),
        };
        assert!(
            matches!(
                store.projects(&ProjectFilter::default(), &page).await,
                Err(StoreError::BadCursor(_))
            ),
            "{cursor}"
        );
        assert!(
            matches!(
                store.keys(&KeyFilter::default(), &page).await,
                Err(StoreError::BadCursor(_))
            ),
            "{cursor}"
        );
        let every = EndpointFilter::default();
        let endpoints = store.endpoints("proj_000001", &every, &page).await;
        assert!(
            matches!(endpoints, Err(StoreError::BadCursor(_))),
            "{cursor}"
        );
        assert!(
            matches!(store.audit(&page).await, Err(StoreError::BadCursor(_))),
            "{cursor}"
        );
        let filter = AuditFilter::default();
        let log = store.audit_log(&filter, &page).await;
        assert!(matches!(log, Err(StoreError::BadCursor(_))), "{cursor}");
    }
}
