//! `/v1/projects`

use serde_json::{Value, json};

use crate::support::{Gateway, now};

#[tokio::test]
async fn a_project_is_created_shown_renamed_and_deleted() {
    let gateway = Gateway::start().await;
    let root = gateway.root();
    let answer = root
        .post(
            "/v1/projects",
            json!({"slug": "my-project", "name": "My project"}),
        )
        .await
        .must(201);
    assert_eq!(answer.header("location"), Some("/v1/projects/my-project"));
    let id = answer.body["id"].as_str().unwrap();
    assert!(id.starts_with("proj_") && id.len() == 17, "{id}");
    let expected = json!({
        "object": "project", "id": id, "slug": "my-project", "name": "My project",
        "secret_keys_in_browsers": "warn", "rate_limit": null, "debug": false,
        "created_at": now().to_string(), "updated_at": now().to_string(),
    });
    assert_eq!(
        answer.body.to_string(),
        expected.to_string(),
        "order included"
    );
    for path in [
        "/v1/projects/my-project".to_owned(),
        format!("/v1/projects/{id}"),
    ] {
        let shown = root.get(&path).await.must(200);
        assert_eq!((&shown.body, shown.etag()), (&expected, answer.etag()));
    }
    let renamed = root
        .patch("/v1/projects/my-project", json!({"name": "Ours"}))
        .await
        .must(200);
    assert_eq!(renamed.body["name"], "Ours");
    let entry = gateway.last_audit().await;
    assert_eq!(
        (&*entry.actor, &*entry.action, &*entry.target),
        ("root", "project.update", id)
    );
    assert_eq!(entry.client_ip.as_deref(), Some("127.0.0.1"));
    assert_eq!(entry.request_id, "req_test");
    assert_eq!(
        gateway.last_change().await,
        json!({"changed": {"/name": {"from": "My project", "to": "Ours"}}})
    );
    let restored = root
        .patch("/v1/projects/my-project", json!({"name": null}))
        .await
        .must(200);
    assert_eq!(restored.body["name"], "my-project");
    let gone = root.delete("/v1/projects/my-project").await.must(204);
    assert_eq!(gone.body, Value::Null);
    root.get("/v1/projects/my-project")
        .await
        .must_be(404, "project_not_found");
    assert!(gateway.live.load().project(id).is_none());
}

#[tokio::test]
async fn an_id_may_be_chosen() {
    let gateway = Gateway::start().await;
    let root = gateway.root();
    let answer = root
        .post("/v1/projects", json!({"slug": "p", "id": "proj_Ab12cd"}))
        .await
        .must(201);
    assert_eq!(
        (&answer.body["id"], &answer.body["name"]),
        (&json!("proj_Ab12cd"), &json!("p"))
    );
    assert!(gateway.live.load().project("proj_Ab12cd").is_some());
}

#[tokio::test]
async fn every_problem_is_named_at_once() {
    let gateway = Gateway::furnished().await;
    let long = "x".repeat(101);
    let cases = [
        (json!({}), vec![("/slug", "missing_field")]),
        (
            json!({"slug": "My Project!", "id": "proj_x", "name": "", "plan": 1}),
            vec![
                ("/id", "bad_project_id"),
                ("/slug", "bad_slug"),
                ("/name", "bad_name"),
                ("/plan", "unknown_field"),
            ],
        ),
        (
            json!({"slug": null, "name": null, "id": null}),
            vec![
                ("/id", "wrong_type"),
                ("/slug", "wrong_type"),
                ("/name", "wrong_type"),
            ],
        ),
        (
            json!({"slug": "", "name": long}),
            vec![("/slug", "bad_slug"), ("/name", "bad_name")],
        ),
        (
            json!({"slug": "p", "name": "a\nb"}),
            vec![("/name", "bad_name")],
        ),
        (
            json!({"slug": "p", "created_at": "x"}),
            vec![("/created_at", "read_only")],
        ),
    ];
    for (body, errors) in cases {
        let answer = gateway
            .root()
            .post("/v1/projects", body.clone())
            .await
            .must_be(422, "validation_failed");
        assert_eq!(answer.errors(), errors, "{body}");
    }
    let answer = gateway
        .root()
        .post("/v1/projects", json!({"slug": "My Project!"}))
        .await;
    assert_eq!(answer.body["errors"][0]["suggestion"], "my-project");
    let patch = json!({"slug": "other", "id": "proj_alpha00", "name": 1, "x": 2});
    let answer = gateway
        .root()
        .patch("/v1/projects/alpha", patch)
        .await
        .must(422);
    let errors = [
        ("/slug", "read_only"),
        ("/name", "wrong_type"),
        ("/x", "unknown_field"),
    ];
    assert_eq!(answer.errors(), errors);
    assert_eq!(answer.body["errors"][0]["suggestion"], "alpha");
}

#[tokio::test]
async fn slugs_and_ids_are_unique() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let answer = root
        .post("/v1/projects", json!({"slug": "alpha"}))
        .await
        .must_be(409, "slug_taken");
    assert_eq!(answer.errors(), [("/slug", "slug_taken")]);
    let answer = root
        .post(
            "/v1/projects",
            json!({"slug": "gamma", "id": "proj_alpha00"}),
        )
        .await;
    assert_eq!(
        answer.must_be(409, "id_taken").errors(),
        [("/id", "id_taken")]
    );
    root.get("/v1/projects/gamma").await.must(404);
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn the_whole_resource_can_be_sent_back() {
    let gateway = Gateway::furnished().await;
    let mut whole = gateway.root().get("/v1/projects/alpha").await.body;
    whole["name"] = "Renamed".into();
    let answer = gateway
        .root()
        .patch("/v1/projects/alpha", whole)
        .await
        .must(200);
    assert_eq!(answer.body["name"], "Renamed");
}

#[tokio::test]
async fn a_projects_limit_is_obeyed_at_once_and_goes_with_null() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let limit = |gateway: &Gateway| {
        let live = gateway.live.load();
        let limit = live.project("proj_alpha00").unwrap().rate_limit;
        limit.map(|limit| (limit.requests(), limit.per_seconds(), limit.burst()))
    };
    let url = "/v1/projects/alpha";
    assert_eq!(limit(&gateway), None);
    let set = json!({"rate_limit": {"requests": 100, "per_seconds": 60}});
    let answer = root.patch(url, set).await.must(200);
    let shown = json!({"requests": 100, "per_seconds": 60, "burst": null});
    assert_eq!(answer.body["rate_limit"], shown);
    assert_eq!(limit(&gateway), Some((100, 60, 100)));
    assert_eq!(
        gateway.last_change().await,
        json!({"changed": {"/rate_limit": {"from": null, "to": shown}}})
    );
    // A merge patch reaches into it, and renaming leaves it alone.
    let patch = json!({"name": "Ours", "rate_limit": {"burst": 20}});
    root.patch(url, patch).await.must(200);
    assert_eq!(limit(&gateway), Some((100, 60, 20)));
    gateway.assert_live_is_stored().await;
    let absurd = json!({"rate_limit": {"requests": 0, "burst": 2_000_000}});
    let answer = root.patch(url, absurd).await.must(422);
    assert_eq!(
        answer.errors(),
        [
            ("/rate_limit/requests", "out_of_range"),
            ("/rate_limit/burst", "out_of_range")
        ]
    );
    assert_eq!(limit(&gateway), Some((100, 60, 20)));
    let answer = root.patch(url, json!({"rate_limit": null})).await;
    assert_eq!(answer.must(200).body["rate_limit"], json!(null));
    assert_eq!(limit(&gateway), None);
}

#[tokio::test]
async fn a_project_with_endpoints_or_live_keys_stays_and_says_what_is_in_the_way() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let id = key["id"].as_str().unwrap();
    let answer = root
        .delete("/v1/projects/alpha")
        .await
        .must_be(409, "project_not_empty");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("2 endpoints") && detail.contains("1 key that is not revoked"),
        "{detail}"
    );
    for name in ["one", "two"] {
        root.delete(&format!("/v1/projects/alpha/endpoints/{name}"))
            .await
            .must(204);
    }
    let answer = root
        .delete("/v1/projects/alpha")
        .await
        .must_be(409, "project_not_empty");
    assert!(
        !answer.body["detail"].as_str().unwrap().contains("endpoint"),
        "{}",
        answer.body
    );
    root.delete(&format!("/v1/api-keys/{id}")).await.must(200);
    let token = key["token"].as_str().unwrap();
    gateway
        .actor(token)
        .get("/v1/projects")
        .await
        .must_be(401, "revoked_key");
    root.delete("/v1/projects/alpha").await.must(204);
    root.get(&format!("/v1/api-keys/{id}"))
        .await
        .must_be(404, "key_not_found");
    gateway
        .actor(token)
        .get("/v1/projects")
        .await
        .must_be(401, "invalid_key");
    assert!(gateway.live.load().key(id).is_none());
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn lists_come_in_pages() {
    let gateway = Gateway::start().await;
    let root = gateway.root();
    for number in 0..5 {
        root.post("/v1/projects", json!({"slug": format!("p{number}")}))
            .await
            .must(201);
    }
    let mut seen = Vec::new();
    let mut url = "/v1/projects?limit=2".to_owned();
    loop {
        let page = root.get(&url).await.must(200).body;
        assert_eq!(page["object"], "list");
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|project| project["slug"].clone()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            assert_eq!(page["has_more"], false);
            break;
        };
        assert_eq!(page["has_more"], true);
        url = format!("/v1/projects?limit=2&after={cursor}");
    }
    seen.sort_by_key(ToString::to_string);
    assert_eq!(json!(seen), json!(["p0", "p1", "p2", "p3", "p4"]));
}

#[tokio::test]
async fn paging_parameters_are_checked() {
    let gateway = Gateway::furnished().await;
    let cases = [
        ("limit=0", "?limit", "out_of_range"),
        ("limit=1001", "?limit", "out_of_range"),
        ("limit=+5", "?limit", "out_of_range"),
        ("limit=", "?limit", "out_of_range"),
        ("limit=ten", "?limit", "out_of_range"),
        ("limit=1&limit=2", "?limit", "duplicate_parameter"),
        ("limti=1", "?limti", "unknown_parameter"),
        ("after=%00nonsense", "?after", "bad_cursor"),
    ];
    for (query, pointer, code) in cases {
        let answer = gateway.root().get(&format!("/v1/projects?{query}")).await;
        assert_eq!(
            answer.must_be(422, "validation_failed").errors(),
            [(pointer, code)],
            "{query}"
        );
    }
    gateway
        .root()
        .get("/v1/projects?limit=1000")
        .await
        .must(200);
}
