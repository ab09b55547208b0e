//! `?search=` and what else narrows lists.

use std::net::Ipv4Addr;

use drawbridge_policy::key_use::Exposure;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Actor, Gateway, audit, now, pass};

/// One member of everything that a list has, however long its pages are.
async fn listed(actor: &Actor<'_>, path: &str, member: &str) -> Vec<String> {
    let mut found = Vec::new();
    for limit in [1, 2, 1000] {
        let mut pages = Vec::new();
        let mut after = String::new();
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let page = actor
                .get(&format!("{path}{sign}limit={limit}{after}"))
                .await;
            let page = page.must(200).body;
            let data = page["data"].as_array().unwrap();
            pages.extend(
                data.iter()
                    .map(|row| row[member].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(cursor) => after = format!("&after={cursor}"),
                None => break,
            }
        }
        assert!(found.is_empty() || found == pages, "{path}: {pages:?}");
        found = pages;
    }
    found
}

#[tokio::test]
async fn endpoints_are_found_by_everything_that_people_look_for() {
    let gateway = Gateway::start().await;
    let root = gateway.root();
    let project = json!({"slug": "alpha", "name": "Größe 50%"});
    root.post("/v1/projects", project).await.must(201);
    pass(SignedDuration::from_secs(1));
    root.post("/v1/projects", json!({"slug": "beta"}))
        .await
        .must(201);
    for (name, model, port, origin) in [
        ("one", json!("Llama-3_8b"), 18080, "https://app.example.com"),
        (
            "two",
            json!({"name": "small", "upstream_name": "Tiny"}),
            18081,
            "https://*.two.example",
        ),
    ] {
        let endpoint = json!({
            "name": name, "models": [model], "upstream": {"base_url": format!("http://127.0.0.1:{port}/v1")},
            "cors": {"allowedOrigins": [origin]},
        });
        root.post("/v1/projects/alpha/endpoints", endpoint)
            .await
            .must(201);
    }
    for (search, expected) in [
        ("ON", &["one"][..]),
        ("llama-3_8B", &["one"]),
        ("llama-3%258b", &[]),
        ("llama_3", &[]),
        ("SMALL", &["two"]),
        ("tiny", &["two"]),
        (":18081/v", &["two"]),
        ("https://*.two", &["two"]),
        ("127.0.0.1", &["one", "two"]),
        ("allowedOrigins", &[]),
        ("onellama", &[]),
    ] {
        let path = format!("/v1/projects/alpha/endpoints?search={search}");
        assert_eq!(listed(&root, &path, "name").await, expected, "{search}");
    }
    for (search, expected) in [
        ("GR%C3%96SSE", &[][..]),
        ("gR%C3%96%C3%9Fe", &["alpha"]),
        ("50%25", &["alpha"]),
        ("%25", &["alpha"]),
        ("_", &["alpha", "beta"]),
        ("PROJ_", &["alpha", "beta"]),
        ("bet", &["beta"]),
    ] {
        let path = format!("/v1/projects?search={search}");
        assert_eq!(listed(&root, &path, "slug").await, expected, "{search}");
    }
    // A change is found under its new words, and no longer under the old.
    let path = "/v1/projects/alpha/endpoints/one";
    root.patch(path, json!({"models": ["mistral"]}))
        .await
        .must(200);
    root.patch("/v1/projects/beta", json!({"name": "Renamed"}))
        .await
        .must(200);
    for (path, member, expected) in [
        (
            "/v1/projects/alpha/endpoints?search=mistral",
            "name",
            &["one"][..],
        ),
        ("/v1/projects/alpha/endpoints?search=llama", "name", &[]),
        ("/v1/projects?search=rename", "slug", &["beta"]),
    ] {
        assert_eq!(listed(&root, path, member).await, expected, "{path}");
    }
}

#[tokio::test]
async fn keys_are_narrowed_by_words_endpoint_and_state() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let end = (now() + SignedDuration::from_hours(1)).to_string();
    let mut ids = Vec::new();
    for (name, endpoints, origins) in [
        (
            "Web page",
            json!(["one"]),
            json!(["https://app.example.com"]),
        ),
        ("server", json!(null), json!(null)),
        ("nobody", json!([]), json!(null)),
        ("ends", json!(["one", "two"]), json!(null)),
    ] {
        let mut key = json!({
            "project": "alpha", "name": name, "kind": "secret", "endpoints": endpoints, "allowed_origins": origins,
        });
        if name == "ends" {
            key["expires_at"] = end.clone().into();
        }
        ids.push(gateway.key(key).await["id"].as_str().unwrap().to_owned());
        pass(SignedDuration::from_secs(1));
    }
    let of_beta = gateway
        .key(json!({"project": "beta", "name": "other", "kind": "secret"}))
        .await;
    let expose = Exposure {
        at: now(),
        origin: "https://evil.example".into(),
        ip: Ipv4Addr::LOCALHOST.into(),
        request_id: "req_test".into(),
    };
    let mut write = gateway.store.write().await.unwrap();
    write.expose_key(&ids[1], &expose).await.unwrap();
    drop(write.commit(audit()).await.unwrap());
    root.delete(&format!("/v1/api-keys/{}", ids[2]))
        .await
        .must(200);

    let check = async |query: &str, expected: &[&str]| {
        let found = listed(&root, &format!("/v1/api-keys{query}"), "name").await;
        assert_eq!(found, expected, "{query}");
    };
    check("?search=WEB+P", &["Web page"]).await;
    check("?search=app.example", &["Web page"]).await;
    check(
        &format!("?search={}", of_beta["id"].as_str().unwrap()),
        &["other"],
    )
    .await;
    check("?endpoint=one", &["Web page", "server", "ends", "other"]).await;
    check(
        "?endpoint=one&project=alpha",
        &["Web page", "server", "ends"],
    )
    .await;
    check("?endpoint=two", &["server", "ends", "other"]).await;
    check("?endpoint=on", &["server", "other"]).await;
    check("?state=active", &["Web page", "server", "ends", "other"]).await;
    check("?state=revoked", &["nobody"]).await;
    check(
        "?state=active&order=newest",
        &["other", "ends", "server", "Web page"],
    )
    .await;
    check(
        "?state=active&order=oldest",
        &["Web page", "server", "ends", "other"],
    )
    .await;
    check("?state=exposed", &["server"]).await;
    check("?state=expired", &[]).await;
    pass(SignedDuration::from_hours(1));
    check("?state=expired", &["ends"]).await;
    check("?state=active&project=alpha", &["Web page", "server"]).await;
    check("?state=active&endpoint=one&search=SERV", &["server"]).await;
    // A deleted endpoint's name leaves the keys, and is no longer found.
    root.delete("/v1/projects/alpha/endpoints/one")
        .await
        .must(204);
    check("?endpoint=one&project=alpha", &["server"]).await;
}

#[tokio::test]
async fn nobody_finds_what_they_may_not_see() {
    let gateway = Gateway::furnished().await;
    let key = json!({"project": "alpha", "kind": "secret", "endpoints": ["two"], "scopes": ["endpoints:read"]});
    let key = gateway.key(key).await;
    let actor = gateway.actor(key["token"].as_str().unwrap());
    let none: [&str; 0] = [];
    // Not by its cursor either, as the first page's would have named it.
    let path = "/v1/projects/alpha/endpoints?search=18080";
    assert_eq!(listed(&actor, path, "name").await, ["two"]);
    assert_eq!(listed(&actor, "/v1/projects", "slug").await, ["alpha"]);
    assert_eq!(
        listed(&actor, "/v1/projects?search=ALPH", "slug").await,
        ["alpha"]
    );
    assert_eq!(
        listed(&actor, "/v1/projects?search=beta", "slug").await,
        none
    );
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let long = "ä".repeat(101);
    for search in ["", "%00", "a%0Ab", "%C2%85", &long] {
        for path in [
            "/v1/projects",
            "/v1/projects/alpha/endpoints",
            "/v1/api-keys",
        ] {
            let answer = root.get(&format!("{path}?search={search}")).await;
            let answer = answer.must_be(422, "validation_failed");
            assert_eq!(answer.errors(), [("?search", "bad_search")], "{search}");
        }
    }
    let longest = format!("/v1/projects?search={}", "ä".repeat(100));
    root.get(&longest).await.must(200);
    let answer = root
        .get("/v1/api-keys?state=Revoke&endpoint=A&search=&order=newst")
        .await
        .must(422);
    let expected = [
        ("?search", "bad_search"),
        ("?endpoint", "bad_slug"),
        ("?state", "unknown_value"),
        ("?order", "unknown_value"),
    ];
    assert_eq!(answer.errors(), expected);
    assert_eq!(answer.body["errors"][2]["suggestion"], "revoked");
    assert_eq!(answer.body["errors"][3]["suggestion"], "newest");
    let answer = root.get("/v1/api-keys?state=whatever").await.must(422);
    assert_eq!(answer.body["errors"][0]["suggestion"], Value::Null);
    root.get("/v1/projects?state=active").await.must(422);
}

#[tokio::test]
async fn a_cursor_counts_in_the_list_that_gave_it_only() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    for _ in 0..2 {
        gateway
            .key(json!({"project": "alpha", "kind": "secret"}))
            .await;
    }
    let lists = [
        "/v1/projects",
        "/v1/projects/alpha/endpoints",
        "/v1/projects/beta/endpoints",
        "/v1/api-keys",
        "/v1/audit-log",
    ];
    for of in lists {
        let first = root.get(&format!("{of}?limit=1")).await.must(200).body;
        let cursor = first["next_cursor"].as_str().unwrap();
        for path in lists {
            let answer = root.get(&format!("{path}?after={cursor}")).await;
            match path == of {
                true => drop(answer.must(200)),
                false => {
                    let refused = answer.must_be(422, "validation_failed");
                    assert_eq!(refused.errors(), [("?after", "bad_cursor")], "{of}, {path}");
                }
            }
        }
    }
    for path in lists {
        for garbage in ["garbage", "proj_alpha00/", "proj_alpha00/A", "one", "/"] {
            let answer = root.get(&format!("{path}?after={garbage}")).await;
            answer.must_be(422, "validation_failed");
        }
    }
}
