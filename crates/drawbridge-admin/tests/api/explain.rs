//! `POST /v1/cors/explain`: questions about calls and about lines of consoles, and their fixes.

use drawbridge_policy::own_origins::OwnOrigins;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Actor, Answer, Gateway, now, pass};

const URL: &str = "/v1/cors/explain";
const ENDPOINT: &str = "/v1/projects/alpha/endpoints/one";
const APP: &str = "https://app.example.com";
const CHROMIUM: &str = "Access to fetch at 'https://gw.example/x' from origin 'https://app.example.com' has been blocked by \
                        CORS policy: Request header field x-trace is not allowed by Access-Control-Allow-Headers in \
                        preflight response.";

fn question() -> Value {
    json!({
        "project": "alpha",
        "endpoint": "one",
        "origin": APP,
        "method": "POST",
        "headers": ["Content-Type: application/json"],
        "credentials": false,
    })
}

fn about(key: &Value) -> Value {
    let mut question = question();
    question["key_id"] = key["id"].clone();
    question
}

async fn ask(actor: &Actor<'_>, question: &Value) -> Value {
    actor.post(URL, question.clone()).await.must(200).body
}

/// Applies every fix of an answer as clients do: the patch, to the URL, under the entity tag.
async fn apply(actor: &Actor<'_>, explanation: &Value) {
    let fixes = explanation["fixes"].as_array().unwrap();
    assert!(!fixes.is_empty(), "{explanation:#}");
    for fix in fixes {
        let text = |name: &str| fix[name].as_str().unwrap();
        let answer = actor.patch_if(text("etag"), text("url"), fix["patch"].clone());
        answer.await.must(200);
    }
}

/// But for the one that every call to a gateway on loopback has.
fn codes_of_notes(explanation: &Value) -> Vec<&str> {
    let notes = explanation["notes"].as_array().unwrap().iter();
    let codes = notes.map(|note| note["code"].as_str().unwrap());
    codes
        .filter(|code| *code != "LocalNetworkAccessPermissionDenied")
        .collect()
}

async fn key(gateway: &Gateway, members: Value) -> Value {
    let mut document = json!({"project": "alpha", "kind": "publishable"});
    for (name, value) in members.as_object().unwrap() {
        document[name] = value.clone();
    }
    gateway.key(document).await
}

#[tokio::test]
async fn a_blocked_call_is_explained_and_its_fix_lets_it_through() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let found = ask(&root, &question()).await;
    assert_eq!(found["verdict"], "blocked");
    assert_eq!(found["code"], "PreflightMissingAllowOriginHeader");
    assert_eq!(found["preflight"]["needed"], true);
    assert_eq!(found["preflight"]["request"]["headers"]["Origin"], APP);
    assert_eq!(found["preflight"]["response"]["status"], 204);
    let sent = (&found["actual"]["sent"], &found["actual"]["denial"]);
    assert_eq!(sent, (&json!(false), &json!("origin_not_allowed")));
    let chromium = found["console"]["chromium"].as_str().unwrap();
    let url = "http://127.0.0.1:8080/proj_alpha00/one/v1/chat/completions";
    let beginning =
        format!("Access to fetch at '{url}' from origin '{APP}' has been blocked by CORS policy: ");
    assert!(chromium.starts_with(&beginning), "{chromium}");
    assert_eq!(found["console_lines"]["safari"][0]["is_verified"], false);
    assert!(found["cause"].as_str().unwrap().contains(APP));
    let fix = &found["fixes"][0];
    assert_eq!(fix["target"], "endpoint");
    assert_eq!(fix["patch"], json!({"cors": {"allowedOrigins": [APP]}}));
    let command = r#"drawbridge endpoint update one --project alpha --patch '{"cors":{"allowedOrigins":["https://app.example.com"]}}'"#;
    assert_eq!(fix["command"], command);

    apply(&root, &found).await;
    let found = ask(&root, &question()).await;
    assert_eq!(found["verdict"], "allowed", "{found:#}");
    let nothing = ["code", "meaning", "cure", "cause"].map(|name| &found[name]);
    assert_eq!(nothing, [&Value::Null; 4]);
    assert_eq!(found["fixes"], json!([]));
    assert_eq!(found["console"]["chromium"], json!(null));
    assert_eq!(found["actual"]["sent"], true);
}

#[tokio::test]
async fn values_that_may_be_keys_do_not_come_back() {
    let gateway = Gateway::furnished().await;
    let mut asked = question();
    asked["headers"] = json!([
        "Content-Type: application/json",
        "Accept-Language: en",
        "Authorization: Bearer not-to-be-shown",
        "x-goog-api-key:not-to-be-shown",
    ]);
    let found = ask(&gateway.root(), &asked).await;
    let headers = &found["actual"]["request"]["headers"];
    assert_eq!(headers["Content-Type"], "application/json");
    assert_eq!(headers["Accept-Language"], "en");
    assert_eq!(headers["Authorization"], "(as given)");
    assert_eq!(headers["x-goog-api-key"], "(as given)");
    assert!(!found.to_string().contains("not-to-be-shown"), "{found:#}");
}

#[tokio::test]
async fn every_kind_of_fix_is_applied_and_is_needed() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let mut asked = question();
    asked["method"] = "DELETE".into();
    asked["headers"] = json!(["X-Trace", "x-it's: 1"]);
    asked["credentials"] = true.into();
    let found = ask(&root, &asked).await;
    let cors = found["fixes"][0]["patch"]["cors"].as_object().unwrap();
    let members: Vec<_> = cors.keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "allowedOrigins",
            "allowCredentials",
            "allowedMethods",
            "allowedHeaders"
        ]
    );
    for name in members {
        let mut less = found["fixes"][0]["patch"].clone();
        less["cors"].as_object_mut().unwrap().remove(name);
        root.patch(ENDPOINT, less).await.must(200);
        assert_eq!(ask(&root, &asked).await["verdict"], "blocked", "{name}");
        root.patch(ENDPOINT, json!({"cors": null})).await.must(200);
    }
    let found = ask(&root, &asked).await;
    assert!(
        found["fixes"][0]["command"]
            .as_str()
            .unwrap()
            .contains(r"x-it'\''s")
    );
    apply(&root, &found).await;
    assert_eq!(ask(&root, &asked).await["verdict"], "allowed");
}

#[tokio::test]
async fn a_fix_for_the_key_is_applied_to_the_key() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let key = key(
        &gateway,
        json!({"allowed_origins": ["https://other.example"]}),
    )
    .await;
    let found = ask(&root, &about(&key)).await;
    let fix = &found["fixes"][0];
    assert_eq!(fix["target"], "key");
    let id = key["id"].as_str().unwrap();
    assert_eq!(fix["url"], format!("/v1/api-keys/{id}"));
    let command = format!("drawbridge key update {id} --patch '");
    assert!(
        fix["command"].as_str().unwrap().starts_with(&command),
        "{fix}"
    );
    apply(&root, &found).await;
    assert_eq!(ask(&root, &about(&key)).await["verdict"], "allowed");
    // Without the key's own part the endpoint has to list the origin for other keys.
    root.patch(
        ENDPOINT,
        json!({"cors": {"allowedOrigins": ["https://only.example"]}}),
    )
    .await
    .must(200);
    let found = ask(&root, &about(&key)).await;
    assert_eq!(found["fixes"][0]["target"], "endpoint");
}

#[tokio::test]
async fn what_was_done_to_a_key_on_purpose_is_no_fix_away() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let origins = json!({"cors": {"allowedOrigins": [APP]}});
    root.patch(ENDPOINT, origins).await.must(200);
    let end = (now() + SignedDuration::from_hours(1)).to_string();
    let elsewhere = key(&gateway, json!({"endpoints": ["two"]})).await;
    let expired = key(&gateway, json!({"expires_at": end})).await;
    let revoked = key(&gateway, json!({})).await;
    let path = format!("/v1/api-keys/{}", revoked["id"].as_str().unwrap());
    root.delete(&path).await.must(200);
    let unscoped = key(&gateway, json!({"kind": "secret", "scopes": []})).await;
    let sound = key(&gateway, json!({})).await;
    pass(SignedDuration::from_hours(2));
    for (key, code, status) in [
        (&elsewhere, "endpoint_not_permitted", 403),
        (&expired, "expired_key", 401),
        (&revoked, "revoked_key", 401),
        (&unscoped, "scope_missing", 403),
    ] {
        let found = ask(&root, &about(key)).await;
        assert_eq!(
            (&found["verdict"], &found["code"]),
            (&json!("blocked"), &json!(code))
        );
        assert_eq!(found["actual"]["response"]["status"], status);
        assert_eq!(found["actual"]["denial"], code);
        assert!(found["cause"].is_string());
        assert_eq!(found["fixes"], json!([]), "{code}");
        // From a page that is not admitted either, the browser's own check comes first.
        let mut other = about(key);
        other["origin"] = "https://other.example".into();
        let found = ask(&root, &other).await;
        assert_eq!(found["code"], "PreflightMissingAllowOriginHeader");
        assert_eq!(
            (&found["actual"]["denial"], &found["fixes"]),
            (&json!(code), &json!([]))
        );
    }
    assert_eq!(ask(&root, &about(&sound)).await["verdict"], "allowed");
    let mut deleting = about(&sound);
    deleting["method"] = "DELETE".into();
    let methods = json!({"cors": {"allowedMethods": ["POST", "DELETE"]}});
    root.patch(ENDPOINT, methods).await.must(200);
    assert_eq!(ask(&root, &deleting).await["code"], "route_not_permitted");
}

#[tokio::test]
async fn a_secret_key_in_a_page_is_refused_where_the_project_says_so() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    root.patch(ENDPOINT, json!({"cors": {"allowedOrigins": [APP]}}))
        .await
        .must(200);
    let key = key(&gateway, json!({"kind": "secret", "scopes": ["inference"]})).await;
    assert_eq!(ask(&root, &about(&key)).await["verdict"], "allowed");
    root.patch(
        "/v1/projects/alpha",
        json!({"secret_keys_in_browsers": "refuse"}),
    )
    .await
    .must(200);
    let found = ask(&root, &about(&key)).await;
    assert_eq!(found["code"], "secret_key_in_browser");
    let mut own = about(&key);
    own["origin"] = "http://localhost:8080".into();
    assert_eq!(ask(&root, &own).await["verdict"], "allowed");
}

#[tokio::test]
async fn a_line_of_a_console_is_explained_alone() {
    let gateway = Gateway::furnished().await;
    let reader = gateway.manager(&["endpoints:read"]).await;
    let found = ask(&reader, &json!({"console": CHROMIUM})).await;
    assert_eq!(found["code"], "HeaderDisallowedByPreflightResponse");
    assert_eq!(found["recognized"]["browser"], "chromium");
    assert_eq!(found["recognized"]["header"], "x-trace");
    assert!(found["cause"].as_str().unwrap().contains("`x-trace`"));
    let safari = "Request header field x-trace is not allowed by Access-Control-Allow-Headers.";
    assert_eq!(found["console"]["safari"], safari);
    assert_eq!(
        (&found["preflight"], &found["fixes"]),
        (&json!(null), &json!([]))
    );
}

#[tokio::test]
async fn a_line_beside_an_endpoint_is_judged_there() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    root.patch(ENDPOINT, json!({"cors": {"allowedOrigins": [APP]}}))
        .await
        .must(200);
    let asked = json!({"console": CHROMIUM, "project": "alpha", "endpoint": "one"});
    let found = ask(&root, &asked).await;
    assert_eq!(found["code"], "HeaderDisallowedByPreflightResponse");
    assert_eq!(found["recognized"]["header"], "x-trace");
    let headers = json!({"cors": {"allowedHeaders": ["Content-Type", "Authorization", "x-trace"]}});
    assert_eq!(found["fixes"][0]["patch"], headers);
    // Its URL is not this gateway's.
    assert_eq!(codes_of_notes(&found), ["other_server"]);
    apply(&root, &found).await;
    let found = ask(&root, &asked).await;
    assert_eq!(found["verdict"], "allowed");
    assert_eq!(codes_of_notes(&found), ["other_server", "passes_now"]);
    // What only calls with credentials meet.
    let asked = json!({
        "console": "Credentials flag is true, but Allow-Credentials is false",
        "project": "alpha", "endpoint": "one", "origin": APP,
    });
    let found = ask(&root, &asked).await;
    assert_eq!(
        found["fixes"][0]["patch"],
        json!({"cors": {"allowCredentials": true}})
    );
}

#[tokio::test]
async fn a_line_that_says_blocked_beside_a_call_that_passes_is_never_left_without_a_word() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    root.patch(ENDPOINT, json!({"cors": {"allowedOrigins": [APP]}}))
        .await
        .must(200);
    let chromium = |reason: &str| {
        format!(
            "Access to fetch at 'http://localhost:8080/proj_alpha00/one/v1/models' from origin '{APP}' has been blocked by \
             CORS policy: {reason}"
        )
    };
    let firefox = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at \
                   http://127.0.0.1:8080/proj_alpha00/one/v1/models. (Reason: Did not find method in CORS header \
                   ‘Access-Control-Allow-Methods’).";
    for (line, verdict, notes) in [
        (
            chromium("Request header field x-tenant is not allowed by"),
            "blocked",
            vec![],
        ),
        (
            chromium("Request header field x-ten"),
            "allowed",
            vec!["names_no_header"],
        ),
        (
            chromium("Method PATCH is not allowed by Access-Control-Allow-Methods in pref"),
            "blocked",
            vec![],
        ),
        (firefox.to_owned(), "allowed", vec!["names_no_method"]),
        (
            "Method not allowed by CORS".to_owned(),
            "allowed",
            vec!["names_no_method"],
        ),
        (
            "Request header not allowed".to_owned(),
            "allowed",
            vec!["names_no_header"],
        ),
        (
            chromium("No 'Access-Control-Allow-Origin' header is present"),
            "allowed",
            vec!["passes_now"],
        ),
        (chromium("?"), "allowed", vec!["names_no_reason"]),
        (
            "POST http://127.0.0.1:8080/ net::ERR_BLOCKED_BY_CLIENT".to_owned(),
            "allowed",
            vec!["not_decided_here"],
        ),
        (
            chromium("No 'Access-Control-Allow-Origin' header is present")
                .replace(APP, "https://b.example"),
            "allowed",
            vec!["other_page", "passes_now"],
        ),
    ] {
        let asked = json!({"console": line, "project": "alpha", "endpoint": "one", "origin": APP});
        let found = ask(&root, &asked).await;
        assert_eq!(found["verdict"], verdict, "{line}: {found:#}");
        assert_eq!(codes_of_notes(&found), notes, "{line}");
    }
    // A method that was named is not missed.
    let asked = json!({"console": firefox, "project": "alpha", "endpoint": "one", "origin": APP, "method": "PATCH"});
    let found = ask(&root, &asked).await;
    assert_eq!(found["verdict"], "blocked");
    apply(&root, &found).await;
    assert_eq!(codes_of_notes(&ask(&root, &asked).await), ["passes_now"]);
}

#[tokio::test]
async fn what_no_log_shows_is_told_from_the_gateways_own_url() {
    for (public_url, origin, verdict, code, note) in [
        (
            Some("http://ai.example.com"),
            APP,
            "blocked",
            json!("MixedContent"),
            None,
        ),
        (
            Some("https://ai.example.com"),
            APP,
            "allowed",
            json!(null),
            None,
        ),
        (
            Some("http://192.168.1.7:8080"),
            "http://app.example.com",
            "blocked",
            json!("InsecureLocalNetwork"),
            None,
        ),
        (
            Some("https://192.168.1.7"),
            APP,
            "allowed",
            json!(null),
            Some("LocalNetworkAccessPermissionDenied"),
        ),
        // A gateway on loopback may have a proxy in front.
        (
            None,
            APP,
            "allowed",
            json!(null),
            Some("LocalNetworkAccessPermissionDenied"),
        ),
        (
            None,
            "http://app.example.com",
            "allowed",
            json!(null),
            Some("InsecureLocalNetwork"),
        ),
        (None, "http://localhost:3000", "allowed", json!(null), None),
    ] {
        let listener = "127.0.0.1:8080".parse().unwrap();
        let gateway = Gateway::start_as(OwnOrigins::new(public_url, listener, false)).await;
        let root = gateway.root();
        root.post(
            "/v1/projects",
            json!({"slug": "alpha", "id": "proj_alpha00"}),
        )
        .await
        .must(201);
        let endpoint = json!({"name": "one", "upstream": {"base_url": "http://10.1.2.3/v1"}, "cors": {"allowedOrigins": [origin]}});
        root.post("/v1/projects/alpha/endpoints", endpoint)
            .await
            .must(201);
        let mut asked = question();
        asked["origin"] = origin.into();
        let found = ask(&root, &asked).await;
        assert_eq!(found["verdict"], verdict, "{public_url:?} {found:#}");
        assert_eq!(found["code"], code, "{public_url:?}");
        let notes = found["notes"].as_array().unwrap();
        let codes: Vec<_> = notes.iter().map(|note| &note["code"]).collect();
        assert_eq!(codes, Vec::from_iter(note), "{public_url:?} {origin}");
        if verdict == "blocked" {
            assert_eq!(found["fixes"], json!([]));
            assert!(found["console"]["chromium"].is_string());
            let cure = if code == "MixedContent" {
                "--tls-cert"
            } else {
                "over https"
            };
            assert!(found["cause"].as_str().unwrap().contains(cure));
        }
        if code == "MixedContent" {
            assert_eq!(found["actual"]["sent"], false);
            // What else stands in the way is told, too.
            asked["headers"] = json!(["X-Tenant"]);
            let cause = ask(&root, &asked).await["cause"].to_string();
            assert!(
                cause.contains("mixed content") && cause.contains("x-tenant"),
                "{cause}"
            );
        }
    }
}

#[tokio::test]
async fn nonsense_is_told_from_errors_with_the_nearest_guess() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    for (line, near) in [
        ("the cake is a lie", "paste the whole line"),
        (
            "Method PATCH was forbidden by Access-Control-Allow-Methods of the preflight response",
            "MethodDisallowedByPreflightResponse",
        ),
    ] {
        let answer = root.post(URL, json!({"console": line})).await;
        let answer = answer.must_be(422, "validation_failed");
        assert_eq!(answer.errors(), [("/console", "not_recognized")]);
        let detail = answer.body["detail"].as_str().unwrap();
        let told = "not a CORS error that any of the three browsers prints";
        assert!(
            detail.starts_with(told) && detail.contains(near),
            "{detail}"
        );
    }
}

#[tokio::test]
async fn every_problem_of_a_question_is_told_at_once() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let errors = |answer: Answer| -> Vec<(String, String)> {
        let answer = answer.must(422);
        let errors = answer.errors().into_iter();
        errors
            .map(|(place, code)| (place.to_owned(), code.to_owned()))
            .collect()
    };
    let expect = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter()
            .map(|(place, code)| ((*place).to_owned(), (*code).to_owned()))
            .collect()
    };
    let all =
        ["/console", "/project", "/endpoint", "/origin"].map(|place| (place, "missing_field"));
    assert_eq!(errors(root.post(URL, json!({})).await), expect(&all));
    let wrong = json!({
        "project": 1, "endpoint": "one", "origin": "", "method": "a b", "headers": ["X-A", "b c", "d: e\nf"], "origins": [],
    });
    let found = errors(root.post(URL, wrong).await);
    let expected = [
        ("/project", "wrong_type"),
        ("/origins", "unknown_field"),
        ("/origin", "out_of_range"),
        ("/method", "bad_method"),
        ("/headers/1", "bad_header"),
        ("/headers/2", "bad_header"),
    ];
    assert_eq!(found, expect(&expected));
    // A line says neither which endpoint nor, in Firefox, which page.
    let line = json!({"console": "Method not allowed by CORS", "credentials": true});
    assert_eq!(errors(root.post(URL, line).await), expect(&all[1..]));
}

#[tokio::test]
async fn a_key_asks_about_its_own_project_and_what_it_may_see() {
    let gateway = Gateway::furnished().await;
    let reader = gateway.manager(&["endpoints:read"]).await;
    let mut own = question();
    own.as_object_mut().unwrap().remove("project");
    assert_eq!(ask(&reader, &own).await["verdict"], "blocked");
    let places = |answer: &Answer| {
        answer
            .errors()
            .iter()
            .map(|(place, _)| (*place).to_owned())
            .collect::<Vec<_>>()
    };
    for (member, value, code) in [
        ("project", "beta", "project_not_found"),
        ("project", "nobody", "project_not_found"),
        ("endpoint", "three", "endpoint_not_found"),
    ] {
        let mut other = question();
        other[member] = value.into();
        let answer = reader.post(URL, other).await.must_be(404, code);
        assert_eq!(places(&answer), [format!("/{member}")]);
    }
    let key = key(&gateway, json!({})).await;
    let answer = reader
        .post(URL, about(&key))
        .await
        .must_be(403, "scope_missing");
    assert_eq!(places(&answer), ["/key_id"]);
    let reader = gateway.manager(&["endpoints:read", "keys:read"]).await;
    assert_eq!(ask(&reader, &about(&key)).await["verdict"], "blocked");
    let foreign = gateway
        .key(json!({"project": "beta", "kind": "publishable"}))
        .await;
    for actor in [&reader, &gateway.root()] {
        let answer = actor.post(URL, about(&foreign)).await;
        assert_eq!(places(&answer.must_be(404, "key_not_found")), ["/key_id"]);
    }
    let limited = json!({"project": "alpha", "kind": "secret", "scopes": ["endpoints:read"], "endpoints": ["two"]});
    let limited = gateway.key(limited).await;
    let limited = gateway.actor(limited["token"].as_str().unwrap());
    let answer = limited.post(URL, question()).await;
    answer.must_be(403, "endpoint_not_permitted");
}

#[tokio::test]
async fn asking_writes_nothing() {
    let gateway = Gateway::furnished().await;
    let (revision, audit) = (
        gateway.live.load().revision(),
        gateway.last_audit().await.seq,
    );
    let answer = gateway.root().post(URL, question()).await.must(200);
    assert_eq!(
        (answer.header("etag"), answer.header("cache-control")),
        (None, Some("no-store"))
    );
    assert_eq!(gateway.live.load().revision(), revision);
    assert_eq!(gateway.last_audit().await.seq, audit);
    let answer = gateway
        .root()
        .post(&format!("{URL}?dry_run=true"), question())
        .await;
    assert_eq!(
        answer.must(422).errors(),
        [("?dry_run", "unknown_parameter")]
    );
}
