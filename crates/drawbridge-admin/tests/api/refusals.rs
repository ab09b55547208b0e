//! `/v1/cors/refusals`

use drawbridge_policy::cors::Refusal;
use drawbridge_policy::refusals::{Kind, Refusals, SeenOrigin, day};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Gateway, now, pass};

const REFUSALS: &str = "/v1/cors/refusals";
const PAGE: &str = "https://app.example.com";
const NEW: &str = "https://new.example";

fn kind(origin: &str, reason: Refusal, name: Option<&str>) -> Kind {
    Kind {
        origin: SeenOrigin::of(drawbridge_policy::cors::OriginHeader::One(
            origin.as_bytes(),
        )),
        reason,
        is_reported: false,
        name: name.map(Into::into),
    }
}

/// The data plane refuses now, and the control thread keeps it.
async fn refuse(gateway: &Gateway, endpoint: &str, kind: Kind) {
    let mut refusals = Refusals::default();
    refusals.note(endpoint, kind, now());
    gateway.state.refusals.merge(refusals.into_lines());
    let mut pruned = day(now());
    gateway.state.keep_refusals(&mut pruned).await.unwrap();
}

async fn listed(gateway: &Gateway, query: &str) -> Vec<Value> {
    let answer = gateway.root().get(&format!("{REFUSALS}{query}")).await;
    answer.must(200).body["data"].as_array().unwrap().clone()
}

async fn allow_page(gateway: &Gateway, cors: Value) {
    let patch = json!({"cors": cors});
    let path = "/v1/projects/alpha/endpoints/one";
    gateway.root().patch(path, patch).await.must(200);
}

#[tokio::test]
async fn a_refusal_says_who_was_refused_what_and_the_change_that_cures_it() {
    let gateway = Gateway::furnished().await;
    allow_page(&gateway, json!({"allowedOrigins": [PAGE]})).await;
    let first = now();
    for _ in 0..2 {
        let refused = kind(NEW, Refusal::OriginNotAllowed, None);
        refuse(&gateway, "proj_alpha00/one", refused).await;
        pass(SignedDuration::from_mins(1));
    }
    let found = listed(&gateway, "").await;
    let etag = gateway.root().get("/v1/projects/alpha/endpoints/one").await;
    let patch = json!({"cors": {"allowedOrigins": [PAGE, NEW]}});
    let expected = json!([{
        "object": "cors_refusal", "id": 1, "day": "2026-11-21", "project": "alpha", "project_id": "proj_alpha00",
        "endpoint": "one", "origin": NEW, "reason": "origin_not_allowed", "name": null, "result": "refused", "count": 2,
        "first_seen_at": first.to_string(), "last_seen_at": (first + SignedDuration::from_mins(1)).to_string(),
        "verdict": "blocked", "cause": format!("`allowedOrigins` does not cover `{NEW}`"),
        "fixes": [{
            "summary": format!("add `{NEW}` to `allowedOrigins`"), "target": "endpoint",
            "url": "/v1/projects/alpha/endpoints/one", "etag": etag.etag(), "patch": patch,
            "command": format!("drawbridge endpoint update one --project alpha --patch '{patch}'"),
            "risk": format!("whatever runs on pages of {NEW} can call the endpoint with the keys that it has"),
        }],
    }]);
    assert_eq!(Value::from(found.clone()), expected);
    // Cured: it stays in the list, with nothing left to do.
    let fix = &found[0]["fixes"][0];
    let (url, etag) = (fix["url"].as_str().unwrap(), fix["etag"].as_str().unwrap());
    let root = gateway.root();
    let done = root.patch_if(etag, url, fix["patch"].clone()).await;
    done.must(200);
    let found = listed(&gateway, "").await;
    assert_eq!(
        (&found[0]["verdict"], &found[0]["fixes"]),
        (&json!("allowed"), &json!([]))
    );
    assert_eq!(gateway.last_audit().await.action, "endpoint.update");
}

#[tokio::test]
async fn every_reason_has_its_own_fix_and_no_fix_does_more() {
    let gateway = Gateway::furnished().await;
    let cors = json!({"allowedOrigins": [PAGE], "allowedMethods": ["POST", "OPTIONS"]});
    allow_page(&gateway, cors).await;
    let bound = json!({"project": "alpha", "kind": "publishable", "allowed_origins": ["https://other.example"]});
    let key = gateway.key(bound).await;
    let id = key["id"].as_str().unwrap();
    for (reason, name, target, patch) in [
        (
            Refusal::MethodNotAllowed,
            Some("DELETE"),
            "endpoint",
            json!({"cors": {"allowedMethods": ["POST", "OPTIONS", "DELETE"]}}),
        ),
        (
            Refusal::HeaderNotAllowed,
            Some("x-a"),
            "endpoint",
            json!({"cors": {"allowedHeaders": ["Content-Type", "Authorization", "x-a"]}}),
        ),
        (
            Refusal::HeaderNotAllowed,
            Some("x-b, x-c"),
            "endpoint",
            json!({"cors": {"allowedHeaders": ["Content-Type", "Authorization", "x-b", "x-c"]}}),
        ),
        (
            Refusal::HeaderNotAllowed,
            Some("accept-language"),
            "endpoint",
            json!({"cors": {"allowedHeaders": ["Content-Type", "Authorization", "accept-language"]}}),
        ),
        (
            Refusal::KeyOriginNotAllowed,
            Some(id),
            "key",
            json!({"allowed_origins": ["https://other.example", PAGE]}),
        ),
    ] {
        refuse(&gateway, "proj_alpha00/one", kind(PAGE, reason, name)).await;
        let found = listed(&gateway, "?limit=1").await;
        assert_eq!(found[0]["name"], json!(name));
        let fixes = found[0]["fixes"].as_array().unwrap();
        assert_eq!(fixes.len(), 1, "{found:#?}");
        assert_eq!(
            (&fixes[0]["target"], &fixes[0]["patch"]),
            (&json!(target), &patch)
        );
    }
    // What a key lists is for those who may read keys.
    let reader = gateway.manager(&["endpoints:read"]).await;
    let seen = reader.get(&format!("{REFUSALS}?limit=1")).await.must(200);
    assert_eq!(
        (
            &seen.body["data"][0]["name"],
            &seen.body["data"][0]["fixes"]
        ),
        (&json!(id), &json!([]))
    );

    // What no list can hold, and what is not known, has none.
    for (origin, reason) in [
        ("null", Refusal::OriginNotAllowed),
        ("https://a.example/path", Refusal::OriginNotAllowed),
        (PAGE, Refusal::HeadersTooLarge),
    ] {
        refuse(&gateway, "proj_alpha00/one", kind(origin, reason, None)).await;
        let found = listed(&gateway, "?limit=1").await;
        assert_eq!(found[0]["fixes"], json!([]), "{origin}");
    }
    assert_eq!(
        listed(&gateway, "?limit=1").await[0]["verdict"],
        json!(null)
    );
}

#[tokio::test]
async fn what_is_only_reported_is_cured_as_if_it_were_refused() {
    let gateway = Gateway::furnished().await;
    let cors = json!({"allowedOrigins": [PAGE], "enforcement": "report"});
    allow_page(&gateway, cors).await;
    let reported = Kind {
        is_reported: true,
        ..kind(NEW, Refusal::OriginNotAllowed, None)
    };
    refuse(&gateway, "proj_alpha00/one", reported).await;
    let found = &listed(&gateway, "").await[0];
    assert_eq!(
        (&found["result"], &found["verdict"]),
        (&json!("reported"), &json!("blocked"))
    );
    let patch = json!({"cors": {"allowedOrigins": [PAGE, NEW]}});
    assert_eq!(found["fixes"][0]["patch"], patch);
}

#[tokio::test]
async fn a_list_is_narrowed_by_everything_and_a_key_sees_its_own_project() {
    let gateway = Gateway::furnished().await;
    for endpoint in [
        "proj_alpha00/one",
        "proj_alpha00/two",
        "proj_beta00/one",
        "",
    ] {
        for origin in [PAGE, NEW] {
            refuse(
                &gateway,
                endpoint,
                kind(origin, Refusal::OriginNotAllowed, None),
            )
            .await;
        }
    }
    for (query, count) in [
        ("", 8),
        ("?project=alpha", 4),
        ("?project=proj_alpha00&endpoint=two", 2),
        ("?endpoint=one&origin=https://new.example", 2),
        ("?from_day=2026-11-22", 0),
        ("?from_day=2026-11-21&to_day=2026-11-21", 8),
        ("?to_day=2026-11-20", 0),
    ] {
        assert_eq!(listed(&gateway, query).await.len(), count, "{query}");
    }
    let reader = gateway.manager(&["endpoints:read"]).await;
    let seen = reader.get(REFUSALS).await.must(200);
    assert_eq!(seen.body["data"].as_array().unwrap().len(), 4);
    let beyond = reader.get(&format!("{REFUSALS}?project=beta")).await;
    beyond.must_be(404, "project_not_found");
    let document = json!({"project": "alpha", "kind": "secret", "scopes": ["endpoints:read"], "endpoints": ["one"]});
    let key = gateway.key(document).await;
    let seen = gateway
        .actor(key["token"].as_str().unwrap())
        .get(REFUSALS)
        .await;
    assert_eq!(seen.must(200).body["data"].as_array().unwrap().len(), 2);
    // On the shared URL no endpoint is known, and nothing can be offered.
    let shared = listed(&gateway, "?limit=1").await;
    let shown = ["project", "endpoint", "verdict", "fixes"].map(|name| shared[0][name].clone());
    assert_eq!(shown, [json!(null), json!(null), json!(null), json!([])]);
    let refused = gateway
        .root()
        .get(&format!(
            "{REFUSALS}?from_day=yesterday&to_day=2026-1-1&endpoint=My_Endpoint"
        ))
        .await;
    let refused = refused.must_be(422, "validation_failed");
    assert_eq!(
        refused.errors(),
        [
            ("?from_day", "bad_day"),
            ("?to_day", "bad_day"),
            ("?endpoint", "bad_slug"),
        ]
    );
}

#[tokio::test]
async fn what_is_older_than_thirty_days_is_not_shown_and_goes() {
    let gateway = Gateway::furnished().await;
    refuse(
        &gateway,
        "proj_alpha00/one",
        kind(NEW, Refusal::OriginNotAllowed, None),
    )
    .await;
    let mut pruned = day(now());
    pass(SignedDuration::from_hours(24 * 29));
    assert_eq!(listed(&gateway, "").await.len(), 1);
    pass(SignedDuration::from_hours(24));
    assert_eq!(listed(&gateway, "?from_day=2026-11-01").await.len(), 0);
    let page = drawbridge_store::Page {
        limit: 10,
        after: None,
    };
    let stored = async || {
        let all = gateway.store.refusals(&Default::default(), &page).await;
        all.unwrap().rows.len()
    };
    assert_eq!(stored().await, 1);
    gateway.state.keep_refusals(&mut pruned).await.unwrap();
    assert_eq!((stored().await, pruned), (0, day(now())));
}
