//! Endpoints: both URLs, merge patch, every problem at once, and effect on the very next request.

use std::sync::Arc;

use drawbridge_policy::own_origins::OwnOrigins;
use http::Method;
use http::header::HOST as HOST_HEADER;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Gateway, HOST, OWN_ADDRESS, endpoint, node, now, pass};

const ENDPOINTS: &str = "/v1/projects/alpha/endpoints";
const ONE: &str = "/v1/projects/alpha/endpoints/one";

fn names(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn an_endpoint_is_shown_whole_with_its_defaults() {
    let gateway = Gateway::furnished().await;
    let body = json!({
        "name": "my-endpoint",
        "models": ["my-model", {"name": "small", "upstream_name": "tiny-random"}],
        "upstream": {"base_url": "https://api.example.com/v1", "credential": "sk-1", "credential_header": "X-Api-Key"},
        "cors": {"allowedOrigins": ["https://app.example.com"]},
        "limits": {"idle_seconds": 9, "max_body_bytes": 1000},
    });
    let answer = gateway.root().post(ENDPOINTS, body).await.must(201);
    assert_eq!(
        answer.header("location"),
        Some("/v1/projects/alpha/endpoints/my-endpoint")
    );
    let shown = &answer.body;
    assert_eq!(
        names(shown),
        [
            "object",
            "project",
            "project_id",
            "name",
            "url",
            "base_url",
            "models",
            "upstream",
            "cors",
            "limits",
            "created_at",
            "updated_at",
            "warnings",
        ]
    );
    assert_eq!(shown["object"], "endpoint");
    assert_eq!(
        (&shown["project"], &shown["project_id"]),
        (&json!("alpha"), &json!("proj_alpha00"))
    );
    assert_eq!(shown["url"], "/proj_alpha00/my-endpoint/v1");
    let base_url = format!("http://{HOST}/proj_alpha00/my-endpoint/v1");
    assert_eq!(shown["base_url"], base_url);
    assert_eq!(
        shown["models"],
        json!(["my-model", {"name": "small", "upstream_name": "tiny-random"}])
    );
    let upstream = json!({"base_url": "https://api.example.com/v1", "credential_header": "X-Api-Key", "has_credential": true});
    assert_eq!(shown["upstream"].to_string(), upstream.to_string());
    assert_eq!(
        names(&shown["cors"]),
        [
            "allowedOrigins",
            "allowedMethods",
            "allowedHeaders",
            "maxAge",
            "allowCredentials",
            "exposedHeaders",
            "enforcement",
        ]
    );
    assert_eq!(
        shown["cors"]["allowedMethods"],
        json!(["GET", "POST", "OPTIONS"])
    );
    assert_eq!(
        shown["limits"].to_string(),
        r#"{"max_body_bytes":1000,"idle_seconds":9}"#
    );
    assert_eq!(
        (&shown["created_at"], &shown["warnings"]),
        (&json!(now().to_string()), &json!([]))
    );
    let bare = gateway.root().get(ONE).await.must(200).body;
    assert_eq!((&bare["models"], &bare["limits"]), (&json!([]), &json!({})));
    assert_eq!(
        bare["upstream"],
        json!({"base_url": "http://127.0.0.1:18080/v1", "has_credential": false})
    );
    assert_eq!(bare["cors"]["maxAge"], 86400);
}

#[tokio::test]
async fn an_authority_comes_back_as_given_and_goes_with_null() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let made = rcgen::generate_simple_self_signed(["ca.example".to_owned()]).unwrap();
    let pem = format!("# ours\n{}", made.cert.pem());
    let upstream = json!({"base_url": "https://llm.internal/v1", "ca_certificate": pem});
    let shown = root
        .patch(ONE, json!({"upstream": upstream}))
        .await
        .must(200);
    assert_eq!(shown.body["upstream"]["ca_certificate"], json!(pem));

    let key = json!({"upstream": {"ca_certificate": made.signing_key.serialize_pem()}});
    let refused = root.patch(ONE, key).await.must(422).body;
    let error = &refused["errors"][0];
    assert_eq!(error["pointer"], "/upstream/ca_certificate");
    assert_eq!(error["code"], "private_key");
    let back = json!({"upstream": {"base_url": "http://llm.internal/v1"}});
    let refused = root.patch(ONE, back).await.must(422).body;
    assert_eq!(refused["errors"][0]["code"], "needs_https");

    let null = json!({"upstream": {"ca_certificate": null}});
    let shown = root.patch(ONE, null).await.must(200).body;
    assert!(!names(&shown["upstream"]).contains(&"ca_certificate"));
}

#[tokio::test]
async fn both_urls_are_the_same_resource() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let own = "/proj_alpha00/one/v1/endpoints/one";
    root.patch(own, json!({"models": ["m"]})).await.must(200);
    assert_eq!(root.get(ONE).await.body, root.get(own).await.body);
    for path in [
        "/proj_alpha00/one/v1/endpoints/two",
        "/proj_alpha00/three/v1/endpoints/three",
        "/alpha/one/v1/endpoints/one",
        "/proj_nobody/one/v1/endpoints/one",
    ] {
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            root.send(method, path, Some(json!({}))).await.must(404);
        }
    }
    root.delete(own).await.must(204);
    root.get(ONE).await.must_be(404, "endpoint_not_found");
}

#[tokio::test]
async fn the_next_request_obeys_a_write() {
    let gateway = Gateway::furnished().await;
    let path = "proj_alpha00/one";
    let admits = |origin: &str| {
        let live = gateway.live.load();
        live.endpoint(path)
            .unwrap()
            .cors
            .allows_origin(origin.as_bytes())
    };
    assert!(!admits("https://a.example"));
    let patch = json!({"cors": {"allowedOrigins": ["https://a.example"]}});
    gateway.root().patch(ONE, patch).await.must(200);
    assert!(admits("https://a.example"));
    let patch = json!({"cors": {"allowedOrigins": []}, "limits": {"max_body_bytes": 5}});
    gateway.root().patch(ONE, patch).await.must(200);
    assert!(!admits("https://a.example"));
    assert_eq!(
        gateway
            .live
            .load()
            .endpoint(path)
            .unwrap()
            .limits
            .max_body_bytes,
        5
    );
    gateway.root().delete(ONE).await.must(204);
    assert!(gateway.live.load().endpoint(path).is_none());
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn a_patch_merges_objects_replaces_arrays_and_restores_defaults_with_null() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let first = json!({
        "models": ["a", "b"],
        "cors": {"allowedOrigins": ["https://a.example"], "maxAge": 60},
        "limits": {"idle_seconds": 9, "connect_seconds": 3},
    });
    root.patch(ONE, first).await.must(200);
    let second = json!({
        "models": ["c"],
        "cors": {"maxAge": null, "allowedHeaders": ["@openai"]},
        "limits": {"idle_seconds": null},
    });
    let shown = root.patch(ONE, second).await.must(200).body;
    assert_eq!(shown["models"], json!(["c"]));
    assert_eq!(
        shown["cors"]["allowedOrigins"],
        json!(["https://a.example"])
    );
    assert_eq!(shown["cors"]["allowedHeaders"], json!(["@openai"]));
    assert_eq!(shown["cors"]["maxAge"], 86400);
    assert_eq!(shown["limits"], json!({"connect_seconds": 3}));
    let entry = gateway.last_audit().await;
    assert_eq!(
        (&*entry.action, &*entry.target),
        ("endpoint.update", "proj_alpha00/one")
    );
    assert_eq!(entry.project_id.as_deref(), Some("proj_alpha00"));
    assert_eq!(
        gateway.last_change().await["changed"]["/cors/maxAge"],
        json!({"from": 60, "to": null})
    );
    assert_eq!(
        gateway.last_change().await["changed"]["/models"],
        json!({"from": ["a", "b"], "to": ["c"]})
    );
    let third = json!({"models": null, "cors": null, "limits": null});
    let shown = root.patch(ONE, third).await.must(200).body;
    let fresh = root.get("/v1/projects/alpha/endpoints/two").await.body;
    for member in ["models", "cors", "limits"] {
        assert_eq!(shown[member], fresh[member], "{member}");
    }
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn every_problem_is_named_at_once_and_nothing_is_saved() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let body = json!({
        "name": "Not A Slug",
        "models": ["m", 5],
        "upstream": {"base_url": "ftp://127.0.0.1/", "credential": "has space", "secret": 1},
        "cors": {"allowedOrigins": ["https://a.example/", "https://b.example"], "maxAge": "x", "origins": []},
        "limits": {"idle_seconds": 0},
        "rate_limit": 5,
    });
    let answer = root
        .post(ENDPOINTS, body)
        .await
        .must_be(422, "validation_failed");
    let mut pointers: Vec<_> = answer
        .errors()
        .into_iter()
        .map(|(pointer, _)| pointer)
        .collect();
    pointers.sort_unstable();
    let expected = [
        "/cors/allowedOrigins/0",
        "/cors/maxAge",
        "/cors/origins",
        "/limits/idle_seconds",
        "/models/1",
        "/name",
        "/rate_limit",
        "/upstream/base_url",
        "/upstream/credential",
        "/upstream/secret",
    ];
    assert_eq!(pointers, expected, "{:#}", answer.body);
    assert!(!answer.body.to_string().contains("has space"));
    let origin = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["pointer"] == "/cors/allowedOrigins/0");
    assert_eq!(origin.unwrap()["suggestion"], "https://a.example");
    assert_eq!(
        root.get(ENDPOINTS).await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let before = root.get(ONE).await;
    let patch = json!({"models": ["m"], "cors": {"maxAge": -1}, "upstream": {"base_url": null}});
    let answer = root.patch(ONE, patch).await.must(422);
    let mut pointers: Vec<_> = answer
        .errors()
        .into_iter()
        .map(|(pointer, _)| pointer)
        .collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/cors/maxAge", "/upstream/base_url"]);
    assert_eq!(root.get(ONE).await.body, before.body);
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn the_result_of_a_patch_is_what_must_be_valid() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    root.patch(ONE, json!({"cors": {"allowedOrigins": ["*"]}}))
        .await
        .must(200);
    root.patch(ONE, json!({"cors": {"allowCredentials": true}}))
        .await
        .must_be(422, "validation_failed");
    let both = json!({"cors": {"allowCredentials": true, "allowedOrigins": ["https://a.example"]}});
    root.patch(ONE, both).await.must(200);
}

#[tokio::test]
async fn missing_and_null_members_of_a_new_endpoint_are_problems() {
    let gateway = Gateway::furnished().await;
    let cases = [
        (
            json!({}),
            vec![("/name", "missing_field"), ("/upstream", "missing_field")],
        ),
        (
            json!({"name": "e", "upstream": {}}),
            vec![("/upstream/base_url", "missing_field")],
        ),
        (
            json!({"name": 5, "upstream": []}),
            vec![("/name", "wrong_type"), ("/upstream", "wrong_type")],
        ),
        (
            json!({"name": "e", "upstream": {"base_url": "http://127.0.0.1:1"}, "limits": null, "models": null}),
            vec![("/limits", "wrong_type"), ("/models", "wrong_type")],
        ),
        (
            json!({"name": "e", "upstream": {"base_url": "http://127.0.0.1:1", "has_credential": false}, "url": "/x"}),
            vec![
                ("/upstream/has_credential", "read_only"),
                ("/url", "read_only"),
            ],
        ),
    ];
    for (body, expected) in cases {
        let answer = gateway.root().post(ENDPOINTS, body.clone()).await.must(422);
        let mut errors = answer.errors();
        errors.sort_unstable();
        assert_eq!(errors, expected, "{body}");
    }
}

#[tokio::test]
async fn the_whole_resource_can_be_sent_back_but_read_only_members_cannot_change() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    root.patch(ONE, json!({"cors": {"allowedOrigins": ["*"]}}))
        .await
        .must(200);
    let before = root.get(ONE).await.must(200);
    assert_ne!(before.body["warnings"], json!([]));
    let mut whole = before.body.clone();
    whole["cors"]["allowedOrigins"] = json!(["https://a.example"]);
    let answer = root.patch_if(before.etag(), ONE, whole).await.must(200);
    assert_eq!(
        answer.body["cors"]["allowedOrigins"],
        json!(["https://a.example"])
    );
    assert_eq!(answer.body["warnings"], json!([]));
    for (member, value) in [
        ("object", json!("project")),
        ("project", json!("beta")),
        ("project_id", json!("proj_beta00")),
        ("name", json!("two")),
        ("url", json!("/x")),
        ("base_url", json!("https://x.example")),
        ("created_at", json!(null)),
        ("updated_at", json!("2020-01-01T00:00:00Z")),
        ("warnings", json!(null)),
    ] {
        let answer = root.patch(ONE, json!({member: value})).await.must(422);
        assert_eq!(answer.errors(), [(&*format!("/{member}"), "read_only")]);
        assert_eq!(
            answer.body["errors"][0]["suggestion"],
            answer_member(&gateway, member).await
        );
    }
    let answer = root
        .patch(ONE, json!({"upstream": {"has_credential": true}}))
        .await
        .must(422);
    assert_eq!(answer.errors(), [("/upstream/has_credential", "read_only")]);
}

async fn answer_member(gateway: &Gateway, member: &str) -> Value {
    gateway.root().get(ONE).await.body[member].clone()
}

#[tokio::test]
async fn names_are_unique_in_their_project_only() {
    let gateway = Gateway::furnished().await;
    let answer = gateway
        .root()
        .post(ENDPOINTS, endpoint("one"))
        .await
        .must_be(409, "name_taken");
    assert_eq!(answer.errors(), [("/name", "name_taken")]);
    gateway
        .root()
        .post("/v1/projects/beta/endpoints", endpoint("three"))
        .await
        .must(201);
    gateway
        .root()
        .post(ENDPOINTS, endpoint("three"))
        .await
        .must(201);
    gateway
        .root()
        .post("/v1/projects/nobody/endpoints", endpoint("x"))
        .await
        .must_be(404, "project_not_found");
}

#[tokio::test]
async fn warnings_come_with_the_resource_wherever_it_is_shown() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let mut body = endpoint("wide");
    body["cors"] = json!({"allowedOrigins": ["*"]});
    let created = root.post(ENDPOINTS, body).await.must(201).body;
    let warning = &created["warnings"][0];
    assert_eq!(warning["pointer"], "/cors/allowedOrigins/0");
    let shown = root.get("/v1/projects/alpha/endpoints/wide").await.body;
    assert_eq!(shown["warnings"], created["warnings"]);
    let list = root.get(ENDPOINTS).await.body;
    let listed = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|endpoint| endpoint["name"] == "wide");
    assert_eq!(listed, Some(&shown));
}

#[tokio::test]
async fn a_deleted_endpoint_leaves_the_keys_that_name_it() {
    let gateway = Gateway::furnished().await;
    let mut ids = Vec::new();
    for endpoints in [
        json!(["one"]),
        json!(["two", "one"]),
        json!(["two"]),
        json!(null),
    ] {
        let key = gateway
            .key(json!({"project": "alpha", "kind": "secret", "endpoints": endpoints}))
            .await;
        ids.push(key["id"].as_str().unwrap().to_owned());
        pass(SignedDuration::from_secs(1));
    }
    let other = gateway
        .key(json!({"project": "beta", "kind": "secret", "endpoints": ["one"]}))
        .await;
    gateway.root().delete(ONE).await.must(204);
    let change = gateway.last_change().await;
    assert_eq!(change["keys"], json!([ids[0], ids[1]]));
    let expected = [json!([]), json!(["two"]), json!(["two"]), json!(null)];
    for (id, expected) in ids.iter().zip(expected) {
        let shown = gateway.root().get(&format!("/v1/api-keys/{id}")).await.body;
        assert_eq!(shown["endpoints"], expected);
    }
    let path = format!("/v1/api-keys/{}", other["id"].as_str().unwrap());
    assert_eq!(
        gateway.root().get(&path).await.body["endpoints"],
        json!(["one"])
    );
    // An endpoint that takes the name is not opened to them.
    gateway
        .root()
        .post(ENDPOINTS, endpoint("one"))
        .await
        .must(201);
    let live = gateway.live.load();
    assert!(
        !live
            .key(&ids[0])
            .unwrap()
            .allows_endpoint("proj_alpha00", "one")
    );
    assert!(
        !live
            .key(&ids[1])
            .unwrap()
            .allows_endpoint("proj_alpha00", "one")
    );
    assert!(
        live.key(&ids[3])
            .unwrap()
            .allows_endpoint("proj_alpha00", "one")
    );
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn a_gateway_on_all_addresses_is_no_upstream_at_any_of_them() {
    let own_origins = OwnOrigins::new(None, HOST.parse().unwrap(), false);
    let gateway = Gateway::start_on("0.0.0.0:8080".parse().unwrap(), own_origins).await;
    let project = json!({"slug": "alpha", "id": "proj_alpha00"});
    gateway.root().post("/v1/projects", project).await.must(201);
    let mut document = endpoint("one");
    document["upstream"]["base_url"] = format!("http://{OWN_ADDRESS}:8080/v1").into();
    let refused = gateway.root().post(ENDPOINTS, document.clone()).await;
    let refused = refused.must_be(422, "validation_failed");
    let expected = [("/upstream/base_url", "forbidden_upstream")];
    assert_eq!(refused.errors(), expected);
    document["upstream"]["base_url"] = format!("http://{OWN_ADDRESS}:8081/v1").into();
    gateway.root().post(ENDPOINTS, document).await.must(201);
}

#[tokio::test]
async fn an_upstream_that_leads_where_none_may_be_is_refused_when_it_is_saved() {
    let gateway = Gateway::furnished().await;
    let path = ENDPOINTS;
    let port = HOST.rsplit_once(':').unwrap().1;
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let mut document = endpoint("three");
        document["upstream"]["base_url"] = format!("http://{host}:{port}/v1").into();
        document["models"] = 7.into();
        let refused = gateway.root().post(path, document.clone()).await;
        let refused = refused.must_be(422, "validation_failed");
        let expected = [
            ("/upstream/base_url", "forbidden_upstream"),
            ("/models", "wrong_type"),
        ];
        assert_eq!(refused.errors(), expected, "{host}");
        let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("this gateway itself"), "{detail}");

        let patch = json!({"upstream": document["upstream"]});
        let refused = gateway.root().patch(ONE, patch).await;
        let refused = refused.must_be(422, "validation_failed");
        assert_eq!(refused.errors()[0], expected[0], "{host}");
        gateway
            .root()
            .patch(ONE, json!({"models": []}))
            .await
            .must(200);
    }
    // What does not resolve may come to be.
    let mut document = endpoint("later");
    document["upstream"]["base_url"] = "http://inference.invalid/v1".into();
    gateway.root().post(path, document).await.must(201);
    gateway.assert_live_is_stored().await;
}

#[tokio::test]
async fn the_base_url_is_where_calls_go_as_far_as_that_is_known() {
    let here = "http://gw.internal:81";
    for (listens, admin, expected) in [
        ("203.0.113.5:8080", None, here),
        (
            "203.0.113.5:8080",
            Some("127.0.0.1:81"),
            "http://203.0.113.5:8080",
        ),
        (
            "0.0.0.0:8080",
            Some("127.0.0.1:81"),
            "http://gw.internal:8080",
        ),
    ] {
        let listener = "203.0.113.5:8080".parse().unwrap();
        let gateway = Gateway::start_as(OwnOrigins::new(None, listener, false)).await;
        let mut node = node(listens.parse().unwrap(), None);
        node.admin_address = admin.map(|address| address.parse().unwrap());
        let mut state = gateway.state.clone();
        state.node = Arc::new(node);
        let gateway = gateway.with(state);
        let root = gateway.root();
        let project = json!({"slug": "alpha", "id": "proj_alpha00"});
        root.post("/v1/projects", project).await.must(201);
        root.post(ENDPOINTS, endpoint("one")).await.must(201);
        // In HTTP/2 the authority says what `Host` says in HTTP/1.1.
        let whole = format!("{here}{ONE}");
        for (url, host) in [(ONE, Some("gw.internal:81")), (&whole, None)] {
            let mut request = root.request(Method::GET, url).body("".into()).unwrap();
            request.headers_mut().remove("host");
            let host = host.map(|host| (HOST_HEADER, host.parse().unwrap()));
            request.headers_mut().extend(host);
            let shown = gateway.send(request).await.must(200).body;
            let base_url = format!("{expected}/proj_alpha00/one/v1");
            assert_eq!(shown["base_url"], base_url, "{listens} {admin:?} {url}");
        }
    }
}
