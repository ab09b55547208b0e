//! A database that fails: 503, nothing obeyed, and everything well again once the database is.

use drawbridge_policy::traffic::Counts;
use serde_json::json;
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{Gateway, endpoint};

/// A connection of an operator who damages the database, or repairs it, while the gateway runs.
async fn vandal(gateway: &Gateway) -> SqliteConnection {
    let mut files = std::fs::read_dir(gateway.data_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let database = files.find(|path| path.extension().is_some_and(|extension| extension == "db"));
    SqliteConnectOptions::new()
        .filename(database.unwrap())
        .connect()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_write_that_the_database_refuses_is_503_and_no_request_obeys_it() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let key = gateway
        .key(json!({"project": "alpha", "kind": "secret"}))
        .await;
    let key = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    let one = "/v1/projects/alpha/endpoints/one";
    let patch = json!({"cors": {"allowedOrigins": ["https://a.example"]}});
    let revision = gateway.live.load().revision();
    let mut vandal = vandal(&gateway).await;
    sqlx::query("ALTER TABLE audit_log RENAME TO stolen")
        .execute(&mut vandal)
        .await
        .unwrap();
    for answer in [
        root.patch(one, patch.clone()).await,
        root.delete(one).await,
        root.delete(&key).await,
        root.post("/v1/projects/alpha/endpoints", endpoint("three"))
            .await,
        root.post("/v1/projects", json!({"slug": "gamma"})).await,
        root.post(
            "/v1/api-keys",
            json!({"project": "alpha", "kind": "secret"}),
        )
        .await,
    ] {
        let answer = answer.must_be(503, "store_unavailable");
        assert_eq!(answer.header("retry-after"), Some("5"));
        assert!(answer.outcome.cause.is_some(), "the operator is told why");
        assert!(
            !answer.body.to_string().contains("audit_log"),
            "the client is not"
        );
    }
    assert_eq!(gateway.live.load().revision(), revision);
    gateway.assert_live_is_stored().await;
    root.get(one).await.must(200);
    sqlx::query("ALTER TABLE stolen RENAME TO audit_log")
        .execute(&mut vandal)
        .await
        .unwrap();
    root.patch(one, patch).await.must(200);
    let live = gateway.live.load();
    assert!(
        live.endpoint("proj_alpha00/one")
            .unwrap()
            .cors
            .allows_origin(b"https://a.example")
    );
    drop(live);
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn what_was_counted_meanwhile_is_stored_once_the_database_is_well_again() {
    let gateway = Gateway::start().await;
    let mut vandal = vandal(&gateway).await;
    let steal = "ALTER TABLE traffic RENAME TO stolen";
    sqlx::query(steal).execute(&mut vandal).await.unwrap();
    let mut pruned = 0;
    let reading = |total: u64| {
        let counts = Counts::from_value(&json!({"2xx": total}));
        vec![("p/a".into(), counts)]
    };
    for total in [3, 5] {
        let kept = gateway.state.keep_traffic(reading(total), &mut pruned);
        assert!(kept.await.is_err());
    }
    let back = "ALTER TABLE stolen RENAME TO traffic";
    sqlx::query(back).execute(&mut vandal).await.unwrap();
    let kept = gateway.state.keep_traffic(reading(6), &mut pruned);
    kept.await.unwrap();
    let shown = gateway.root().get("/dashboard/api/traffic").await.must(200);
    let expected = json!([{"endpoint": "p/a", "requests": 6, "refused": 0}]);
    assert_eq!(shown.body["endpoints"], expected);
}
