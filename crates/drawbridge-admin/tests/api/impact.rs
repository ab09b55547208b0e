//! `impact` of a dry run: which pages a change of an endpoint would admit, and which it would refuse.

use drawbridge_policy::admitted::AdmittedOrigins;
use drawbridge_policy::cors::{OriginHeader, Refusal};
use drawbridge_policy::refusals::{Kind, Refusals, SeenOrigin, day};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Gateway, endpoint, now, pass};

const PLACE: &str = "proj_alpha00/one";
const PATH: &str = "/v1/projects/alpha/endpoints/one";
const OWN_URL: &str = "/proj_alpha00/one/v1/endpoints/one";
const PAGE: &str = "https://app.example.com";
const NEW: &str = "https://new.example";

/// The data plane admits pages and refuses others, and the control thread keeps it.
async fn seen(gateway: &Gateway, admitted: &[&str], refused: &[(&str, bool)]) {
    let mut origins = AdmittedOrigins::default();
    for origin in admitted {
        origins.note(PLACE, origin.as_bytes());
    }
    gateway.state.refusals.admitted.merge(origins.take(now()));
    let mut refusals = Refusals::default();
    for (origin, is_reported) in refused {
        let kind = Kind {
            origin: SeenOrigin::of(OriginHeader::One(origin.as_bytes())),
            reason: Refusal::OriginNotAllowed,
            is_reported: *is_reported,
            name: None,
        };
        refusals.note(PLACE, kind, now());
    }
    gateway.state.refusals.merge(refusals.into_lines());
    let mut pruned = day(now());
    gateway.state.keep_refusals(&mut pruned).await.unwrap();
}

async fn set(gateway: &Gateway, cors: Value) {
    let patch = json!({"cors": cors});
    gateway.root().patch(PATH, patch).await.must(200);
}

/// The origins that a change of the policy would admit, and those that it would refuse.
async fn impact(gateway: &Gateway, cors: Value) -> (Vec<String>, Vec<String>) {
    let url = format!("{PATH}?dry_run=true");
    let answer = gateway.root().patch(&url, json!({"cors": cors})).await;
    let impact = answer.must(200).body["impact"].clone();
    let origins = |name: &str| {
        let origins = impact[name].as_array().unwrap().iter();
        let origins = origins.map(|seen| seen["origin"].as_str().unwrap().to_owned());
        origins.collect()
    };
    (origins("newly_admitted"), origins("newly_refused"))
}

fn both(admitted: &[&str], refused: &[&str]) -> (Vec<String>, Vec<String>) {
    let owned = |origins: &[&str]| origins.iter().map(|&origin| origin.to_owned()).collect();
    (owned(admitted), owned(refused))
}

#[tokio::test]
async fn a_dry_run_says_whose_pages_would_notice() {
    let gateway = Gateway::furnished().await;
    set(&gateway, json!({"allowedOrigins": [PAGE]})).await;
    seen(&gateway, &[PAGE, PAGE], &[(NEW, false)]).await;
    pass(SignedDuration::from_mins(1));
    seen(&gateway, &[PAGE], &[("null", false)]).await;
    let patch = json!({"cors": {"allowedOrigins": [NEW]}});
    for path in [PATH, OWN_URL] {
        let dry = gateway
            .root()
            .patch(&format!("{path}?dry_run=true"), patch.clone())
            .await;
        let ago = now() - SignedDuration::from_mins(1);
        let expected = json!({
            "newly_admitted": [{"origin": NEW, "count": 1, "last_seen_at": ago.to_string()}],
            "newly_refused": [{"origin": PAGE, "count": 3, "last_seen_at": now().to_string()}],
            "since": (now() - SignedDuration::from_hours(24)).to_string(),
        });
        assert_eq!(dry.must(200).body["impact"], expected, "{path}");
    }
    // A change that changes nothing, or no origins, means nothing to them.
    let nothing = both(&[], &[]);
    assert_eq!(
        impact(&gateway, json!({"allowedOrigins": [PAGE]})).await,
        nothing
    );
    assert_eq!(impact(&gateway, json!({"maxAge": 5})).await, nothing);
    // Only dry runs tell.
    for answer in [
        gateway.root().get(PATH).await,
        gateway.root().patch(PATH, patch).await,
    ] {
        assert_eq!(answer.must(200).body.get("impact"), None);
    }
    assert_eq!(
        impact(&gateway, json!({"allowedOrigins": [PAGE]})).await,
        both(&[PAGE], &[NEW])
    );
    let anybody = json!({"allowedOrigins": ["*"]});
    assert_eq!(impact(&gateway, anybody).await, both(&[PAGE, "null"], &[]));
}

#[tokio::test]
async fn what_keys_admit_and_what_is_only_reported_counts_as_it_is_answered() {
    let gateway = Gateway::furnished().await;
    let key = json!({"project": "alpha", "kind": "publishable", "allowed_origins": [PAGE], "endpoints": ["one"]});
    gateway.key(key).await;
    // The endpoint lists none: its keys decide.
    seen(&gateway, &[PAGE], &[(NEW, false)]).await;
    assert_eq!(
        impact(&gateway, json!({"allowedOrigins": [NEW]})).await,
        both(&[NEW], &[PAGE])
    );
    set(&gateway, json!({"allowedOrigins": [NEW]})).await;
    assert_eq!(
        impact(&gateway, json!({"allowedOrigins": null})).await,
        both(&[PAGE], &[NEW])
    );
    let reporting = json!({"allowedOrigins": [NEW], "enforcement": "report"});
    assert_eq!(
        impact(&gateway, reporting.clone()).await,
        both(&[PAGE], &[])
    );
    set(&gateway, reporting).await;
    seen(&gateway, &[], &[("https://reported.example", true)]).await;
    let enforced = impact(&gateway, json!({"enforcement": "server"})).await;
    assert_eq!(enforced, both(&[], &[PAGE, "https://reported.example"]));
}

#[tokio::test]
async fn yesterdays_pages_are_forgotten_and_others_are_not_asked_about() {
    let gateway = Gateway::furnished().await;
    set(&gateway, json!({"allowedOrigins": [PAGE]})).await;
    seen(&gateway, &[PAGE], &[]).await;
    let new = endpoint("three");
    let path = "/v1/projects/alpha/endpoints";
    for (method, path, body) in [
        (
            Method::PATCH,
            format!("{path}/two"),
            json!({"cors": {"allowedOrigins": [NEW]}}),
        ),
        (Method::POST, path.to_owned(), new),
    ] {
        let answer = gateway
            .root()
            .send(method, &format!("{path}?dry_run=true"), Some(body))
            .await;
        let impact = answer.must(200).body["impact"].clone();
        assert_eq!(
            (&impact["newly_admitted"], &impact["newly_refused"]),
            (&json!([]), &json!([]))
        );
    }
    pass(SignedDuration::from_hours(24));
    assert_eq!(
        impact(&gateway, json!({"allowedOrigins": []})).await,
        both(&[], &[PAGE])
    );
    pass(SignedDuration::from_secs(1));
    assert_eq!(
        impact(&gateway, json!({"allowedOrigins": []})).await,
        both(&[], &[])
    );
}
