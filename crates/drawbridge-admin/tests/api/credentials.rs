//! The upstream's credential: goes in, never comes out, and stays with the server that it was given for.

use drawbridge_store::Page;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway};

const ENDPOINTS: &str = "/v1/projects/alpha/endpoints";
const GUARDED: &str = "/v1/projects/alpha/endpoints/guarded";
const CREDENTIAL: &str = "sk-upstream-credential";

async fn guarded() -> Gateway {
    let gateway = Gateway::furnished().await;
    let body = json!({
        "name": "guarded",
        "upstream": {"base_url": "https://api.example.com/v1", "credential": CREDENTIAL},
    });
    gateway.root().post(ENDPOINTS, body).await.must(201);
    gateway
}

async fn patch_upstream(gateway: &Gateway, upstream: Value) -> Answer {
    gateway
        .root()
        .patch(GUARDED, json!({ "upstream": upstream }))
        .await
}

/// What the data plane would send.
fn sent(gateway: &Gateway) -> Option<(String, String)> {
    let live = gateway.live.load();
    let credential = live
        .endpoint("proj_alpha00/guarded")
        .unwrap()
        .credential
        .as_ref()?;
    Some((
        credential.header.to_string(),
        credential.value.expose().to_owned(),
    ))
}

#[tokio::test]
async fn a_credential_is_used_kept_replaced_and_removed_but_never_shown() {
    let gateway = guarded().await;
    let bearer = |text: &str| Some(("authorization".to_owned(), format!("Bearer {text}")));
    assert_eq!(sent(&gateway), bearer(CREDENTIAL));
    let mut answers = vec![gateway.root().get(GUARDED).await.must(200)];
    answers.push(
        gateway
            .root()
            .patch(GUARDED, json!({"models": ["m"]}))
            .await
            .must(200),
    );
    assert_eq!(sent(&gateway), bearer(CREDENTIAL));
    answers.push(
        patch_upstream(&gateway, json!({"credential": "sk-upstream-another"}))
            .await
            .must(200),
    );
    assert_eq!(sent(&gateway), bearer("sk-upstream-another"));
    assert_eq!(gateway.last_change().await["credential"], "set");
    answers.push(
        patch_upstream(&gateway, json!({"credential_header": "X-Key"}))
            .await
            .must(200),
    );
    assert_eq!(
        sent(&gateway),
        Some(("x-key".to_owned(), "sk-upstream-another".to_owned()))
    );
    assert!(
        answers
            .iter()
            .all(|answer| answer.body["upstream"]["has_credential"] == true)
    );
    answers.push(
        patch_upstream(&gateway, json!({"credential": null}))
            .await
            .must(200),
    );
    assert_eq!(
        answers.last().unwrap().body["upstream"]["has_credential"],
        false
    );
    assert_eq!(sent(&gateway), None);
    assert_eq!(gateway.last_change().await["credential"], "removed");
    answers.push(gateway.root().get(ENDPOINTS).await.must(200));
    let log = gateway
        .store
        .audit(&Page {
            limit: 1000,
            after: None,
        })
        .await
        .unwrap();
    for text in answers
        .iter()
        .map(|answer| answer.body.to_string())
        .chain([format!("{log:?}")])
    {
        assert!(!text.contains("sk-upstream"), "{text}");
    }
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn another_server_never_gets_the_stored_credential() {
    let gateway = guarded().await;
    for base_url in [
        "https://evil.example.com/v1",
        "http://api.example.com/v1",
        "https://api.example.com:8443/v1",
        "https://api.example.com./v1",
    ] {
        let answer = patch_upstream(&gateway, json!({"base_url": base_url})).await;
        let answer = answer.must_be(422, "validation_failed");
        assert_eq!(
            answer.errors(),
            [("/upstream/credential", "credential_needed")],
            "{base_url}"
        );
    }
    assert_eq!(sent(&gateway).unwrap().1, format!("Bearer {CREDENTIAL}"));
    for base_url in [
        "https://api.example.com/v2",
        "https://api.example.com:443",
        "HTTPS://API.example.com/v1",
    ] {
        patch_upstream(&gateway, json!({"base_url": base_url}))
            .await
            .must(200);
    }
    let moved = json!({"base_url": "https://other.example.com", "credential": "sk-other"});
    patch_upstream(&gateway, moved).await.must(200);
    assert_eq!(sent(&gateway).unwrap().1, "Bearer sk-other");
    let moved = json!({"base_url": "http://127.0.0.1:18080", "credential": null});
    patch_upstream(&gateway, moved).await.must(200);
    assert_eq!(sent(&gateway), None);
    patch_upstream(&gateway, json!({"base_url": "https://third.example.com"}))
        .await
        .must(200);
}

#[tokio::test]
async fn the_origin_rule_is_told_along_with_all_other_problems() {
    let gateway = guarded().await;
    let patch = json!({"models": [1], "upstream": {"base_url": "https://evil.example.com"}});
    let answer = gateway.root().patch(GUARDED, patch).await.must(422);
    let mut errors = answer.errors();
    errors.sort_unstable();
    assert_eq!(
        errors,
        [
            ("/models/0", "wrong_type"),
            ("/upstream/credential", "credential_needed")
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_a_credential_is_refused_without_being_repeated() {
    let gateway = guarded().await;
    let long = "x".repeat(4097);
    for (credential, code) in [
        (json!(""), "bad_credential"),
        (json!("sk two"), "bad_credential"),
        (json!("sk\r\nX: y"), "bad_credential"),
        (json!("schlüssel"), "bad_credential"),
        (json!(long), "bad_credential"),
        (json!(5), "wrong_type"),
        (json!(["sk"]), "wrong_type"),
    ] {
        let answer = patch_upstream(&gateway, json!({"credential": credential}))
            .await
            .must(422);
        assert_eq!(answer.errors(), [("/upstream/credential", code)]);
        assert!(!answer.body.to_string().contains("sk two"));
    }
    assert_eq!(sent(&gateway).unwrap().1, format!("Bearer {CREDENTIAL}"));
}
