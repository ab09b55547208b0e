//! Sessions of the dashboard: signing in and out, what a session may do, from where, and until when.

use axum::body::Body;
use drawbridge_admin::{IsHttps, Needs, OPERATIONS};
use drawbridge_policy::own_origins::OwnOrigins;
use http::{Method, Request};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, HOST, ROOT, audit, now, pass};

const SESSION: &str = "/dashboard/api/session";
const LINKS: &str = "/dashboard/api/sign-in-links";
const OWN: &str = "http://127.0.0.1:8080";
const PROJECTS: &str = "/v1/projects";

/// A browser that is signed in.
struct Browser<'g> {
    gateway: &'g Gateway,
    /// `name=value`.
    cookie: String,
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn request(method: Method, path: &str, lines: &[(&str, &str)], body: &Value) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let body = match body {
        Value::Null => Body::empty(),
        body => body.to_string().into(),
    };
    request.body(body).unwrap()
}

/// Signs in as the dashboard's page does.
async fn sign_in(gateway: &Gateway, document: &Value) -> Answer {
    let lines = [
        ("host", HOST),
        ("origin", OWN),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
    ];
    gateway
        .send(request(Method::POST, SESSION, &lines, document))
        .await
}

fn cookie_of(answer: &Answer) -> String {
    let line = answer.header("set-cookie").expect("a cookie is set");
    line.split(';').next().unwrap().to_owned()
}

impl<'g> Browser<'g> {
    async fn signed_in(gateway: &'g Gateway, token: &str) -> Self {
        let answer = sign_in(gateway, &json!({ "token": token })).await.must(201);
        Self {
            gateway,
            cookie: cookie_of(&answer),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        lines: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let mut all = vec![("host", HOST), ("cookie", &*self.cookie)];
        if !body.is_null() {
            all.push(("content-type", "application/json"));
        }
        all.extend(lines);
        self.gateway.send(request(method, path, &all, &body)).await
    }

    /// As a page of the gateway's own reads.
    async fn get(&self, path: &str) -> Answer {
        let site = [("sec-fetch-site", "same-origin")];
        self.send(Method::GET, path, &site, Value::Null).await
    }

    async fn write(&self, method: Method, path: &str, body: Value) -> Answer {
        let lines = [("sec-fetch-site", "same-origin"), ("origin", OWN)];
        self.send(method, path, &lines, body).await
    }

    async fn must_have_ended(&self) {
        self.get(SESSION).await.must_be(401, "session_ended");
    }
}

/// A secret key of `alpha` with all scopes, and what else `document` says.
async fn key(gateway: &Gateway, document: Value) -> Value {
    let mut key = json!({"project": "alpha", "name": "operator", "kind": "secret", "scopes": [
        "endpoints:read", "endpoints:write", "keys:read", "keys:write", "audit:read",
    ]});
    let members = document.as_object().unwrap().clone();
    key.as_object_mut().unwrap().extend(members);
    gateway.key(key).await
}

fn token(key: &Value) -> &str {
    key["token"].as_str().unwrap()
}

fn url(key: &Value) -> String {
    format!("/v1/api-keys/{}", key["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_key_signs_in_and_its_session_is_what_the_key_is() {
    let gateway = Gateway::furnished().await;
    let key = key(&gateway, json!({})).await;
    let answer = sign_in(&gateway, &json!({"token": token(&key)}))
        .await
        .must(201);
    let expected = json!({
        "object": "session", "key_id": key["id"], "key_name": "operator", "is_root": false,
        "project": "alpha", "project_id": "proj_alpha00", "scopes": [
            "endpoints:read", "endpoints:write", "keys:read", "keys:write", "audit:read",
        ],
        "gateway_origin": format!("http://{HOST}"), "created_at": now().to_string(), "expires_at": (now() + seconds(43_200)).to_string(),
        "idle_expires_at": (now() + seconds(1_800)).to_string(),
    });
    assert_eq!(answer.body, expected);
    assert_eq!(answer.outcome.caller.as_deref(), key["id"].as_str());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.headers["set-cookie"].is_sensitive());
    let set = answer.header("set-cookie").unwrap();
    let (cookie, attributes) = set.split_once("; ").unwrap();
    assert_eq!(
        attributes,
        "Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"
    );
    let secret = cookie.strip_prefix("drawbridge_session=").unwrap();
    assert_eq!(secret.len(), 64);
    let last = gateway.last_audit().await;
    assert_eq!(
        (
            &*last.action,
            Some(&*last.actor),
            last.project_id.as_deref()
        ),
        ("session.create", key["id"].as_str(), Some("proj_alpha00"))
    );
    assert!(!last.change.contains(secret));

    let browser = Browser {
        gateway: &gateway,
        cookie: cookie.to_owned(),
    };
    assert_eq!(browser.get(SESSION).await.must(200).body, expected);
    // It sees and may do what the key does, under the key's name.
    let seen = browser.get(PROJECTS).await.must(200);
    assert_eq!(seen.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(seen.outcome.caller.as_deref(), key["id"].as_str());
    let endpoint = "/v1/projects/alpha/endpoints/one";
    let patch = json!({"models": ["m"]});
    browser
        .write(Method::PATCH, endpoint, patch)
        .await
        .must(200);
    let last = gateway.last_audit().await;
    assert_eq!(
        (&*last.action, Some(&*last.actor)),
        ("endpoint.update", key["id"].as_str())
    );
    let refused = json!({"slug": "gamma"});
    let refused = browser.write(Method::POST, PROJECTS, refused).await;
    refused.must_be(403, "scope_missing");
    browser
        .get("/v1/projects/beta")
        .await
        .must_be(404, "project_not_found");
    gateway.state.keep_key_uses().await.unwrap();
    let used = gateway.root().get(&url(&key)).await.must(200);
    assert_eq!(used.body["last_used_ip"], "127.0.0.1");
}

#[tokio::test]
async fn the_root_key_signs_in_to_everything() {
    let gateway = Gateway::furnished().await;
    let browser = Browser::signed_in(&gateway, ROOT).await;
    let session = browser.get(SESSION).await.must(200).body;
    let shown = ["key_id", "is_root", "key_name", "project", "project_id"];
    assert_eq!(
        shown.map(|name| session[name].clone()),
        [
            json!("root"),
            json!(true),
            json!(null),
            json!(null),
            json!(null)
        ]
    );
    assert_eq!(session["scopes"].as_array().unwrap().len(), 6);
    let new = json!({"slug": "gamma"});
    browser.write(Method::POST, PROJECTS, new).await.must(201);
    assert_eq!(gateway.last_audit().await.actor, "root");
    // The log tells of it too.
    let log = browser.get("/v1/audit-log?action=session.create").await;
    assert_eq!(log.must(200).body["data"][0]["target"], "root");
}

#[tokio::test]
async fn what_cannot_sign_in_is_told_why() {
    let gateway = Gateway::furnished().await;
    for document in [
        json!({}),
        json!({"token": ROOT, "code": "x"}),
        json!({"token": 1}),
        json!({"token": ROOT, "remember": true}),
    ] {
        sign_in(&gateway, &document)
            .await
            .must_be(422, "validation_failed");
    }
    let wrong = json!({"token": format!("{ROOT}x")});
    sign_in(&gateway, &wrong).await.must_be(401, "invalid_key");
    let wrong = json!({"code": "0".repeat(64)});
    let answer = sign_in(&gateway, &wrong).await;
    assert_eq!(
        answer
            .must_be(401, "sign_in_code_invalid")
            .headers
            .get("set-cookie"),
        None
    );
    let publishable = gateway
        .key(json!({"project": "alpha", "kind": "publishable"}))
        .await;
    let publishable = json!({"token": token(&publishable)});
    sign_in(&gateway, &publishable)
        .await
        .must_be(403, "route_not_permitted");
    let elsewhere = key(&gateway, json!({"allowed_ips": ["192.0.2.1"]})).await;
    let elsewhere = json!({"token": token(&elsewhere)});
    sign_in(&gateway, &elsewhere)
        .await
        .must_be(403, "key_ip_not_allowed");
    let expired = key(
        &gateway,
        json!({"expires_at": (now() + seconds(60)).to_string()}),
    )
    .await;
    pass(seconds(60));
    let expired = json!({"token": token(&expired)});
    sign_in(&gateway, &expired)
        .await
        .must_be(401, "expired_key");
    // A key in the header signs nobody in.
    gateway
        .root()
        .post(SESSION, json!({}))
        .await
        .must_be(422, "validation_failed");
    assert_eq!(gateway.last_audit().await.action, "key.create");
}

#[tokio::test]
async fn no_secret_goes_over_plain_http_to_another_machine() {
    let own = |url| OwnOrigins::new(Some(url), HOST.parse().unwrap(), false);
    let plain = ("http://gw.example", "gw.example");
    let secure = ("https://gw.example", "gw.example");
    for ((url, host), is_https, expected) in [
        (plain, false, None),
        (plain, true, Some("__Host-drawbridge_session=")),
        // The browser says what it speaks with a proxy that the gateway does not know.
        (secure, false, Some("__Host-drawbridge_session=")),
        ((secure.0, HOST), false, Some("__Host-drawbridge_session=")),
    ] {
        let gateway = Gateway::start_as(own(url)).await;
        let lines = [
            ("host", host),
            ("origin", url),
            ("content-type", "application/json"),
        ];
        let mut request = request(Method::POST, SESSION, &lines, &json!({ "token": ROOT }));
        request.extensions_mut().insert(IsHttps(is_https));
        let answer = gateway.send(request).await;
        let Some(name) = expected else {
            answer.must_be(403, "insecure_connection");
            continue;
        };
        let answer = answer.must(201);
        let set = answer.header("set-cookie").unwrap();
        assert!(
            set.starts_with(name)
                && set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure"),
            "{set}"
        );
        let cookie = cookie_of(&answer);
        let lines = [
            ("host", host),
            ("cookie", &*cookie),
            ("sec-fetch-site", "same-origin"),
        ];
        let read = self::request(Method::GET, SESSION, &lines, &Value::Null);
        gateway.send(read).await.must(200);
    }
}

#[tokio::test]
async fn a_cookie_counts_on_requests_of_the_gateways_own_pages_only() {
    let gateway = Gateway::furnished().await;
    let browser = Browser::signed_in(&gateway, ROOT).await;
    let get = async |lines: &[(&str, &str)]| {
        browser
            .send(Method::GET, PROJECTS, lines, Value::Null)
            .await
    };
    get(&[("sec-fetch-site", "same-origin")]).await.must(200);
    get(&[("origin", "http://localhost:8080")]).await.must(200);
    let twice = [("sec-fetch-site", "same-origin"); 2];
    for lines in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "")],
        &[("sec-fetch-site", "cross-site"), ("origin", OWN)],
        &twice,
    ] {
        get(lines).await.must_be(403, "cross_site");
        let slug = json!({"slug": "forged"});
        let forged = browser.send(Method::POST, PROJECTS, lines, slug).await;
        forged.must_be(403, "cross_site");
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1:3000"] {
        let lines = [("sec-fetch-site", "same-origin"), ("origin", origin)];
        get(&lines).await.must_be(403, "origin_not_allowed");
        let document = json!({"token": ROOT});
        let forged = browser.send(Method::POST, SESSION, &lines, document).await;
        forged.must_be(403, "origin_not_allowed");
    }
    // No other site signs a browser in.
    let lines = [("sec-fetch-site", "cross-site")];
    let forged = browser.send(Method::POST, SESSION, &lines, json!({"token": ROOT}));
    forged.await.must_be(403, "cross_site");
    let known = gateway.root().get(PROJECTS).await.must(200);
    assert_eq!(known.body["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_forged_cookie_is_nobodys() {
    let gateway = Gateway::furnished().await;
    let browser = Browser::signed_in(&gateway, ROOT).await;
    let (name, secret) = browser.cookie.split_once('=').unwrap();
    let digest = drawbridge_policy::token::TokenDigest::of(secret.as_bytes());
    let stored = drawbridge_store::hexadecimal(digest.as_bytes());
    for (cookie, code) in [
        (format!("{name}={}", "0".repeat(64)), "session_ended"),
        (format!("{name}={stored}"), "session_ended"),
        (format!("{name}={ROOT}"), "session_ended"),
        (format!("{name}="), "session_ended"),
        (format!("{name}={}", secret.to_uppercase()), "session_ended"),
        // Another port of this host has set one: nobody can say which is ours.
        (
            format!("{name}={secret}; {name}={}", "0".repeat(64)),
            "session_ended",
        ),
        (format!("other={secret}"), "missing_key"),
    ] {
        let gateway = &gateway;
        let forged = Browser { gateway, cookie };
        forged.get(PROJECTS).await.must_be(401, code);
    }
    browser.get(PROJECTS).await.must(200);
}

#[tokio::test]
async fn a_key_in_the_header_counts_and_the_cookie_beside_it_does_not() {
    let gateway = Gateway::furnished().await;
    let browser = Browser::signed_in(&gateway, ROOT).await;
    let reader = gateway.manager(&["endpoints:read"]).await;
    let request = reader.request(Method::GET, PROJECTS);
    let request = request.header("cookie", &browser.cookie);
    let seen = gateway.send(request.body(Body::empty()).unwrap()).await;
    // Without what a session must say of its page: the cookie was not looked at.
    assert_eq!(seen.must(200).body["data"].as_array().unwrap().len(), 1);
    for (line, code) in [
        (
            ("authorization", "Bearer nobody-knows-this-one"),
            "invalid_key",
        ),
        (("x-api-key", "nobody-knows-this-one"), "invalid_key"),
    ] {
        let lines = [line, ("sec-fetch-site", "same-origin")];
        let answer = browser.send(Method::GET, PROJECTS, &lines, Value::Null);
        answer.await.must_be(401, code);
    }
    // What a proxy in front asks for itself is no key of ours.
    let lines = [
        ("authorization", "Basic cm9vdDpyb290"),
        ("sec-fetch-site", "same-origin"),
    ];
    let answer = browser.send(Method::GET, PROJECTS, &lines, Value::Null);
    answer.await.must(200);
    gateway
        .root()
        .get(SESSION)
        .await
        .must_be(401, "session_required");
    gateway
        .root()
        .delete(SESSION)
        .await
        .must_be(401, "session_required");
}

#[tokio::test]
async fn a_session_ends_after_half_an_hour_without_use_and_after_twelve_hours() {
    let gateway = Gateway::furnished().await;
    let idle = Browser::signed_in(&gateway, ROOT).await;
    let used = Browser::signed_in(&gateway, ROOT).await;
    pass(seconds(1_799));
    used.get(SESSION).await.must(200);
    pass(seconds(1));
    idle.must_have_ended().await;
    // What came less than a minute after what is stored does not count.
    pass(seconds(58));
    used.get(SESSION).await.must(200);
    pass(seconds(1_740));
    let shown = used.get(SESSION).await.must(200);
    let end = (now() + seconds(1_800)).to_string();
    assert_eq!(shown.body["idle_expires_at"], end);
    for _ in 0..22 {
        pass(seconds(1_750));
        used.get(SESSION).await.must(200);
    }
    let shown = used.get(SESSION).await.must(200);
    assert_eq!(shown.body["idle_expires_at"], shown.body["expires_at"]);
    pass(seconds(43_200 - 3_598 - 22 * 1_750 - 1));
    used.get(SESSION).await.must(200);
    pass(seconds(1));
    used.must_have_ended().await;
    // No use is a write.
    assert_eq!(gateway.last_audit().await.action, "session.create");
}

#[tokio::test]
async fn what_a_page_asks_for_while_nobody_touches_it_is_no_use_of_the_session() {
    let gateway = Gateway::furnished().await;
    let browser = Browser::signed_in(&gateway, ROOT).await;
    let unattended = [
        ("sec-fetch-site", "same-origin"),
        ("drawbridge-unattended", "1"),
    ];
    let poll = async || {
        browser
            .send(Method::GET, SESSION, &unattended, Value::Null)
            .await
    };
    let first = poll().await.must(200).body;
    for _ in 0..29 {
        pass(seconds(60));
        let polled = poll().await.must(200).body;
        assert_eq!(polled["idle_expires_at"], first["idle_expires_at"]);
    }
    pass(seconds(60));
    poll().await.must_be(401, "session_ended");
    browser.must_have_ended().await;
}

#[tokio::test]
async fn a_session_is_judged_as_its_key_is_on_every_request() {
    let gateway = Gateway::furnished().await;
    let key = key(&gateway, json!({"require_origin": true})).await;
    let browser = Browser::signed_in(&gateway, token(&key)).await;
    let root = gateway.root();
    // A page's own reads come without Origin.
    browser.get(PROJECTS).await.must(200);
    let change = async |patch| {
        root.patch(&url(&key), patch).await.must(200);
        browser.get("/v1/audit-log").await
    };
    change(json!({"scopes": ["endpoints:read"]}))
        .await
        .must_be(403, "scope_missing");
    change(json!({"scopes": ["audit:read"]})).await.must(200);
    change(json!({"allowed_ips": ["192.0.2.1"]}))
        .await
        .must_be(403, "key_ip_not_allowed");
    change(json!({"allowed_ips": null})).await.must(200);
    let soon = (now() + seconds(60)).to_string();
    change(json!({"expires_at": soon})).await.must(200);
    pass(seconds(60));
    browser.must_have_ended().await;
}

#[tokio::test]
async fn a_session_ends_with_its_keys_token() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let (first, second) = (
        key(&gateway, json!({})).await,
        key(&gateway, json!({})).await,
    );
    let sessions = [
        Browser::signed_in(&gateway, token(&first)).await,
        Browser::signed_in(&gateway, token(&second)).await,
    ];
    root.delete(&url(&first)).await.must(200);
    sessions[0].must_have_ended().await;
    sessions[1].get(SESSION).await.must(200);
    // The old token is good for another day, its sessions are not.
    let rotate = format!("{}/rotate", url(&second));
    let rotated = root.post(&rotate, json!({})).await.must(200).body;
    sessions[1].must_have_ended().await;
    let old = sign_in(&gateway, &json!({"token": token(&second)})).await;
    let old = old.must_be(401, "expired_key");
    assert!(old.body["detail"].as_str().unwrap().contains("rotated"));
    Browser::signed_in(&gateway, token(&rotated))
        .await
        .get(SESSION)
        .await
        .must(200);

    let root_session = Browser::signed_in(&gateway, ROOT).await;
    let other = drawbridge_policy::token::TokenDigest::of(b"another root key");
    let snapshot = drawbridge_policy::snapshot::Snapshot::new(other);
    let state = drawbridge_admin::AdminState {
        live: std::sync::Arc::new(drawbridge_policy::snapshot::Live::new(snapshot)),
        ..gateway.state.clone()
    };
    let cookie = root_session.cookie.clone();
    let restarted = gateway.with(state);
    let request = request(
        Method::GET,
        SESSION,
        &[
            ("host", HOST),
            ("cookie", &cookie),
            ("sec-fetch-site", "same-origin"),
        ],
        &Value::Null,
    );
    restarted.send(request).await.must_be(401, "session_ended");
}

#[tokio::test]
async fn a_key_without_its_project_has_no_session_left() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    root.post(PROJECTS, json!({"slug": "gone"})).await.must(201);
    let key = key(&gateway, json!({"project": "gone"})).await;
    let browser = Browser::signed_in(&gateway, token(&key)).await;
    browser.get(SESSION).await.must(200);
    root.delete(&url(&key)).await.must(200);
    root.delete("/v1/projects/gone").await.must(204);
    browser.must_have_ended().await;
}

#[tokio::test]
async fn signing_out_ends_this_session_or_all_of_the_key() {
    let gateway = Gateway::furnished().await;
    let key = key(&gateway, json!({})).await;
    let mut browsers = Vec::new();
    for _ in 0..3 {
        browsers.push(Browser::signed_in(&gateway, token(&key)).await);
    }
    let root = Browser::signed_in(&gateway, ROOT).await;
    let out = browsers[0]
        .write(Method::DELETE, SESSION, Value::Null)
        .await
        .must(204);
    assert_eq!(
        out.header("set-cookie"),
        Some("drawbridge_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    );
    let last = gateway.last_audit().await;
    assert_eq!(
        (&*last.action, Some(&*last.target)),
        ("session.delete", key["id"].as_str())
    );
    browsers[0].must_have_ended().await;
    browsers[1].get(SESSION).await.must(200);
    let path = format!("{SESSION}?everywhere=yes");
    let misspelt = browsers[1].write(Method::DELETE, &path, Value::Null).await;
    assert_eq!(
        misspelt.must(422).errors(),
        [("?everywhere", "unknown_value")]
    );
    let path = format!("{SESSION}?everywhere=true");
    let out = browsers[1].write(Method::DELETE, &path, Value::Null).await;
    out.must(204);
    for browser in &browsers {
        browser.must_have_ended().await;
    }
    root.get(SESSION).await.must(200);
    // So does the key, from anywhere.
    let again = Browser::signed_in(&gateway, token(&key)).await;
    let holder = gateway.actor(token(&key));
    let out = holder.delete(&path).await.must(204);
    assert_eq!(out.header("set-cookie"), None);
    again.must_have_ended().await;
    root.get(SESSION).await.must(200);
}

#[tokio::test]
async fn a_session_that_ends_while_a_write_waits_writes_nothing() {
    let gateway = Gateway::furnished().await;
    let key = key(&gateway, json!({})).await;
    let browser = Browser::signed_in(&gateway, token(&key)).await;
    gateway.state.key_uses.take();
    let mut write = gateway.store.write().await.unwrap();
    let path = "/v1/projects/alpha/endpoints/one";
    let waiting = browser.write(Method::PATCH, path, json!({"models": ["m"]}));
    let ending = async {
        // The use is noted once the session has been found good.
        while gateway.state.key_uses.take().is_empty() {
            tokio::task::yield_now().await;
        }
        let id = key["id"].as_str().unwrap();
        assert_eq!(write.delete_sessions_of(id).await.unwrap(), 1);
        let committed = write.commit(audit()).await.unwrap();
        gateway.live.publish(committed.revision, []);
    };
    let (answer, ()) = tokio::join!(waiting, ending);
    answer.must_be(401, "session_ended");
    assert_eq!(gateway.last_audit().await.action, "test");
}

#[tokio::test]
async fn a_key_has_a_hundred_sessions_and_the_oldest_makes_way() {
    let gateway = Gateway::furnished().await;
    let root = Browser::signed_in(&gateway, ROOT).await;
    let key = key(&gateway, json!({})).await;
    let first = Browser::signed_in(&gateway, token(&key)).await;
    pass(seconds(1));
    let second = Browser::signed_in(&gateway, token(&key)).await;
    pass(seconds(1));
    for _ in 0..99 {
        Browser::signed_in(&gateway, token(&key)).await;
    }
    first.must_have_ended().await;
    second.get(SESSION).await.must(200);
    root.get(SESSION).await.must(200);
}

/// Makes a link as the root key; its code.
async fn code(gateway: &Gateway, document: Value) -> String {
    let link = gateway.root().post(LINKS, document).await.must(201);
    assert_eq!(link.header("cache-control"), Some("no-store"));
    let url = link.body["url"].as_str().unwrap();
    let code = url.strip_prefix("http://127.0.0.1:8080/dashboard/sign-in#code=");
    code.expect(url).to_owned()
}

#[tokio::test]
async fn a_link_signs_one_browser_in_once() {
    let gateway = Gateway::furnished().await;
    let document = json!({"code": code(&gateway, json!({})).await});
    let answer = sign_in(&gateway, &document).await.must(201);
    assert_eq!(answer.body["key_id"], "root");
    let cookie = cookie_of(&answer);
    let gateway = &gateway;
    Browser { gateway, cookie }.get(PROJECTS).await.must(200);
    let invalid = "sign_in_code_invalid";
    sign_in(gateway, &document).await.must_be(401, invalid);

    let late = json!({"code": code(gateway, json!({"expires_in_seconds": 60})).await});
    let default = json!({"code": code(gateway, json!({})).await});
    pass(seconds(60));
    sign_in(gateway, &late).await.must_be(401, invalid);
    pass(seconds(539));
    sign_in(gateway, &default).await.must(201);
    for (seconds, nearest) in [(0, 1), (86_401, 86_400)] {
        let document = json!({"expires_in_seconds": seconds});
        let refused = gateway.root().post(LINKS, document).await.must(422);
        assert_eq!(refused.errors(), [("/expires_in_seconds", "out_of_range")]);
        assert_eq!(refused.body["errors"][0]["suggestion"], nearest);
    }
}

#[tokio::test]
async fn a_link_is_worth_what_its_key_is_worth_when_it_is_opened() {
    let gateway = Gateway::furnished().await;
    let root = gateway.root();
    let invalid = "sign_in_code_invalid";
    let key = key(&gateway, json!({})).await;
    let holder = gateway.actor(token(&key));
    let make = async |holder: &crate::support::Actor<'_>| {
        let link = holder.post(LINKS, json!({})).await.must(201).body;
        let (_, code) = link["url"].as_str().unwrap().split_once("#code=").unwrap();
        json!({ "code": code })
    };
    let codes = [
        make(&holder).await,
        make(&holder).await,
        make(&holder).await,
    ];
    let answer = sign_in(&gateway, &codes[0]).await.must(201);
    assert_eq!(answer.body["key_id"], key["id"]);
    root.patch(&url(&key), json!({"allowed_ips": []}))
        .await
        .must(200);
    sign_in(&gateway, &codes[1])
        .await
        .must_be(403, "key_ip_not_allowed");
    root.patch(&url(&key), json!({"allowed_ips": null}))
        .await
        .must(200);
    let rotated = root.post(&format!("{}/rotate", url(&key)), json!({})).await;
    let rotated = rotated.must(200).body;
    sign_in(&gateway, &codes[2]).await.must_be(401, invalid);
    holder
        .post(LINKS, json!({}))
        .await
        .must_be(401, "expired_key");
    let after = make(&gateway.actor(token(&rotated))).await;
    root.delete(&url(&key)).await.must(200);
    sign_in(&gateway, &after).await.must_be(401, invalid);
}

#[tokio::test]
async fn no_session_makes_a_link_to_outlive_itself() {
    let gateway = Gateway::furnished().await;
    let browser = Browser::signed_in(&gateway, ROOT).await;
    let refused = browser.write(Method::POST, LINKS, json!({})).await;
    refused.must_be(403, "key_required");
}

#[tokio::test]
async fn every_operation_takes_the_cookie_in_the_place_of_the_key() {
    let gateway = Gateway::furnished().await;
    let spare = key(&gateway, json!({})).await;
    let id = spare["id"].as_str().unwrap();
    let browser = Browser::signed_in(&gateway, ROOT).await;
    let last = "session.delete";
    let operations = OPERATIONS.iter().filter(|one| one.action != last);
    for operation in operations {
        let path = operation.path.replace("{project}", "alpha");
        let path = path.replace("{project_id}", "proj_alpha00");
        let path = path.replace("{endpoint}", "one").replace("{name}", "one");
        let path = path.replace("{id}", id);
        let lines = [("sec-fetch-site", "same-origin"), ("if-match", "\"never\"")];
        let method = operation.method.clone();
        let answer = browser.send(method, &path, &lines, json!({})).await;
        let is_known = operation.needs == Needs::Credential
            || answer.code() == "key_required"
            || ![401, 403].contains(&answer.status.as_u16());
        assert!(is_known, "{operation:?}: {answer:?}");
    }
    browser.get(SESSION).await.must(200);
}
