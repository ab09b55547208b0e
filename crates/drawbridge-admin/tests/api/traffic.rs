//! `/dashboard/api/traffic`

use std::sync::Arc;

use drawbridge_policy::traffic::{Counts, Line, Load, Place, Step};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, load, now, pass};

const TRAFFIC: &str = "/dashboard/api/traffic";

/// This much more was counted now, and the control thread keeps it.
async fn count(gateway: &Gateway, label: &str, more: Value) {
    let line = Line {
        at: Step::FiveMinutes.start_of(now().as_second()),
        place: Place::of_label(label),
        counts: Counts::from_value(&more),
    };
    gateway.state.traffic.put_back(vec![line], now());
    let kept = gateway.state.keep_traffic(Vec::new(), &mut 0).await;
    kept.unwrap();
}

async fn ask(gateway: &Gateway, query: &str) -> Answer {
    gateway.root().get(&format!("{TRAFFIC}{query}")).await
}

async fn shown(gateway: &Gateway, query: &str) -> Value {
    ask(gateway, query).await.must(200).body
}

/// All requests of an answer with status 200 to 299.
fn successes(traffic: &Value) -> u64 {
    let points = traffic["points"].as_array().unwrap();
    let of = |point: &Value| point["requests"]["2xx"].as_u64().unwrap();
    points.iter().map(of).sum()
}

#[tokio::test]
async fn every_step_has_its_point_and_what_happened_stands_in_its_own() {
    let gateway = Gateway::furnished().await;
    let first = now();
    let refused = json!({
        "2xx": 5, "4xx": 1, "other": 1, "pall:": 3, "pref:origin_not_allowed": 2, "pref:method_not_allowed": 1,
        "aref:origin_not_allowed": 4, "arep:header_not_allowed": 1, "up": 1, "<0.025": 10,
    });
    count(&gateway, "alpha/one", refused).await;
    pass(SignedDuration::from_mins(11));
    count(&gateway, "beta/two", json!({"2xx": 2})).await;
    load(Load {
        open_connections: 7,
        open_streams: 3,
        is_draining: false,
    });
    let found = shown(&gateway, "").await;
    assert_eq!(
        (&found["object"], &found["step"]),
        (&json!("traffic"), &json!(300))
    );
    let points = found["points"].as_array().unwrap();
    // A day, whose first and last five minutes have only begun.
    assert_eq!(points.len(), 24 * 12 + 1);
    assert_eq!(found["from"], "2026-11-20T12:10:00Z");
    assert_eq!(found["to"], "2026-11-21T12:15:00Z");
    let ats: Vec<_> = points
        .iter()
        .map(|point| point["at"].as_str().unwrap())
        .collect();
    assert!(ats.is_sorted() && ats[0] == "2026-11-20T12:10:00Z");
    let expected = json!({
        "at": first.to_string(),
        "requests": {"2xx": 5, "3xx": 0, "4xx": 1, "5xx": 0, "other": 1},
        "preflights": {"admitted": 3, "refused": 3, "reported": 0},
        "actual": {"admitted": 0, "refused": 4, "reported": 1},
        "upstream_errors": 1,
        "first_byte_ms": {"p50": 17.5, "p95": 24.3},
    });
    assert_eq!(points[points.len() - 3], expected);
    let nothing = json!({"admitted": 0, "refused": 0, "reported": 0});
    let between = &points[points.len() - 2];
    assert_eq!(
        (&between["actual"], &between["first_byte_ms"]),
        (&nothing, &Value::Null)
    );
    let reasons = json!([
        {"reason": "origin_not_allowed", "phase": "actual", "count": 4},
        {"reason": "origin_not_allowed", "phase": "preflight", "count": 2},
        {"reason": "method_not_allowed", "phase": "preflight", "count": 1},
    ]);
    assert_eq!(found["reasons"], reasons);
    let endpoints = json!([
        {"endpoint": "alpha/one", "requests": 7, "refused": 7},
        {"endpoint": "beta/two", "requests": 2, "refused": 0},
    ]);
    assert_eq!(found["endpoints"], endpoints);
    let revision = gateway.live.load().revision();
    let under_way = json!({"open_streams": 3, "open_connections": 7, "revision": revision});
    assert_eq!(found["now"], under_way);
}

#[tokio::test]
async fn hours_are_kept_for_thirty_days_and_five_minutes_for_two() {
    let gateway = Gateway::start().await;
    count(&gateway, "p/a", json!({"2xx": 1})).await;
    pass(SignedDuration::from_hours(47));
    count(&gateway, "p/a", json!({"2xx": 2})).await;
    assert_eq!(
        successes(&shown(&gateway, "?from=2026-11-21T12:00:00Z").await),
        3
    );
    let found = shown(
        &gateway,
        "?from=2026-11-21T12:00:00Z&to=2026-11-21T12:00:01Z",
    )
    .await;
    assert_eq!(
        (successes(&found), found["points"].as_array().unwrap().len()),
        (1, 1)
    );
    let whole = format!("?from={}&step=3600", "2026-11-01T00:00:00Z");
    let found = shown(&gateway, &whole).await;
    assert_eq!((successes(&found), &found["step"]), (3, &json!(3600)));

    pass(SignedDuration::from_hours(2));
    count(&gateway, "p/a", json!({"2xx": 4})).await;
    // Further back than five minutes go: hours, unless five minutes are asked for.
    let found = shown(&gateway, "?from=2026-11-21T12:00:00Z").await;
    assert_eq!((successes(&found), &found["step"]), (7, &json!(3600)));
    let found = shown(&gateway, "?from=2026-11-21T12:00:00Z&step=300").await;
    assert_eq!(
        (successes(&found), &found["from"]),
        (6, &json!("2026-11-21T13:00:00Z"))
    );
    pass(SignedDuration::from_hours(31 * 24));
    let found = shown(&gateway, "?from=2026-11-01T00:00:00Z").await;
    assert_eq!(successes(&found), 0);
    assert_eq!(found["points"].as_array().unwrap().len(), 30 * 24 + 1);
}

#[tokio::test]
async fn what_cannot_be_a_range_or_a_step_is_refused_with_its_cure() {
    let gateway = Gateway::start().await;
    for (query, expected) in [
        ("?step=60", ("?step", "unknown_value")),
        ("?step=0300", ("?step", "unknown_value")),
        ("?step=", ("?step", "unknown_value")),
        ("?endpoint=", ("?endpoint", "bad_slug")),
        ("?from=yesterday", ("?from", "bad_timestamp")),
        (
            "?from=2026-11-21T11:00:00Z&to=2026-11-21T11:00:00Z",
            ("?from", "out_of_range"),
        ),
        ("?from=2026-11-21T12:00:01Z", ("?from", "out_of_range")),
        (
            "?from=9999-12-01T00:00:00Z&to=9999-12-02T00:00:00Z",
            ("?from", "out_of_range"),
        ),
        ("?to=-009999-01-02T01:59:59Z", ("?to", "out_of_range")),
        ("?to=2026-11-19T12:00:00Z&step=300", ("?to", "out_of_range")),
        ("?to=2026-10-01T00:00:00Z", ("?to", "out_of_range")),
    ] {
        let refused = ask(&gateway, query).await.must_be(422, "validation_failed");
        assert_eq!(refused.errors(), [expected], "{query}");
    }
    let refused = ask(&gateway, "?from=x&to=y&step=z").await.must(422);
    assert_eq!(refused.errors().len(), 3);
    // Far beyond what is kept, on both sides, is all that is kept.
    let all = shown(
        &gateway,
        "?from=0001-01-01T00:00:00Z&to=9999-12-01T00:00:00Z",
    )
    .await;
    assert_eq!(all["points"].as_array().unwrap().len(), 30 * 24 + 1);
}

#[tokio::test]
async fn a_key_sees_its_own_project_and_endpoints_and_root_what_belongs_to_none() {
    let gateway = Gateway::furnished().await;
    for label in [
        "",
        "other",
        "alpha/one",
        "alpha/two",
        "alpha/deleted",
        "beta/one",
    ] {
        let counts = json!({"2xx": 1, "pref:origin_not_allowed": 1});
        count(&gateway, label, counts).await;
    }
    let all = shown(&gateway, "").await;
    assert_eq!(successes(&all), 6);
    assert_eq!(all["reasons"][0]["count"], 6);
    let endpoints = |traffic: &Value| {
        let endpoints = traffic["endpoints"].as_array().unwrap().iter();
        let mut labels: Vec<_> = endpoints.map(|entry| entry["endpoint"].clone()).collect();
        labels.sort_by_key(Value::to_string);
        Value::from(labels)
    };
    assert_eq!(
        endpoints(&all),
        json!([
            "alpha/deleted",
            "alpha/one",
            "alpha/two",
            "beta/one",
            "other"
        ])
    );
    for (query, count) in [
        ("?project=alpha", 3),
        ("?project=proj_beta00", 1),
        ("?project=alpha&endpoint=deleted", 1),
        ("?endpoint=one", 2),
        ("?endpoint=nothing", 0),
    ] {
        assert_eq!(successes(&shown(&gateway, query).await), count, "{query}");
    }
    let reader = gateway.manager(&["endpoints:read"]).await;
    let seen = reader.get(TRAFFIC).await.must(200).body;
    assert_eq!(
        endpoints(&seen),
        json!(["alpha/deleted", "alpha/one", "alpha/two"])
    );
    assert_eq!(
        (successes(&seen), &seen["reasons"][0]["count"]),
        (3, &json!(3))
    );
    let beyond = reader.get(&format!("{TRAFFIC}?project=beta")).await;
    beyond.must_be(404, "project_not_found");
    let document = json!({"project": "alpha", "kind": "secret", "scopes": ["endpoints:read"], "endpoints": ["one"]});
    let key = gateway.key(document).await;
    let limited = gateway.actor(key["token"].as_str().unwrap());
    let seen = limited.get(TRAFFIC).await.must(200).body;
    assert_eq!(
        (endpoints(&seen), successes(&seen)),
        (json!(["alpha/one"]), 1)
    );
    let seen = limited.get(&format!("{TRAFFIC}?endpoint=two")).await;
    assert_eq!(successes(&seen.must(200).body), 0);
    let refused = ask(&gateway, "?project=nothing").await;
    refused.must_be(404, "project_not_found");
}

#[tokio::test]
async fn the_twenty_busiest_endpoints_are_told_apart() {
    let gateway = Gateway::start().await;
    for number in 0..25 {
        let label = format!("p/{number}");
        count(&gateway, &label, json!({"2xx": number + 1})).await;
    }
    let found = shown(&gateway, "").await;
    let endpoints = found["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), 20);
    assert_eq!(endpoints[0]["endpoint"], "p/24");
    assert!(endpoints.is_sorted_by_key(|entry| std::cmp::Reverse(entry["requests"].as_u64())));
    assert_eq!(successes(&found), 25 * 26 / 2);
}

#[tokio::test]
async fn counters_are_read_again_and_again_and_counted_once() {
    let gateway = Gateway::start().await;
    let mut pruned = 0;
    for total in [3, 3, 8] {
        let counts = Counts::from_value(&json!({"2xx": total}));
        let reading = vec![(Arc::from("p/a"), counts)];
        gateway
            .state
            .keep_traffic(reading, &mut pruned)
            .await
            .unwrap();
    }
    assert_eq!(successes(&shown(&gateway, "").await), 8);
}
