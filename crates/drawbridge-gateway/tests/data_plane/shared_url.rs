//! The shared URL: one address for all endpoints of a key, told apart by the model.

use crate::support::{
    Client, Gateway, Message, PAGE, PUBLISHABLE, ROOT, SECRET, Upstream, document,
};
use serde_json::json;

const OTHER_PAGE: &str = "https://other.example.com";
const FOREIGN: &str = "https://evil.example";

/// Two endpoints, each with its own upstream: `chat` for [`PAGE`] with credentials, `embed` for both pages.
struct Setting {
    gateway: Gateway,
    chat: Upstream,
    embed: Upstream,
}

impl Setting {
    fn start() -> Self {
        let (chat, embed) = (Upstream::start(), Upstream::start());
        let chat_document = json!({
            "models": ["chat-1", {"name": "small", "upstream_name": "tiny-random"}, "both"],
            "cors": {"allowedOrigins": [PAGE], "allowCredentials": true, "exposedHeaders": ["X-Chat"]},
        });
        let gateway = Gateway::start(&document(&chat, &chat_document));
        let embed_document = json!({
            "models": ["org/embed-1", "both"],
            "cors": {"allowedOrigins": [PAGE, OTHER_PAGE], "allowedMethods": ["POST"]},
            "limits": {"max_body_bytes": 64},
        });
        let embed_document = document(&embed, &embed_document);
        gateway.set_endpoint("proj_tests1", "embed", &embed_document);
        Self {
            gateway,
            chat,
            embed,
        }
    }

    fn send(&self, request: &Request<'_>) -> Client {
        let mut client = self.gateway.client();
        client.send(request.to_bytes());
        client
    }

    fn ask(&self, request: &Request<'_>) -> Message {
        self.send(request).answer()
    }

    fn is_untouched(&self) -> bool {
        self.chat.is_untouched() && self.embed.is_untouched()
    }
}

/// A request of a page; what is not said is a POST of JSON from [`PAGE`] with a secret key.
struct Request<'r> {
    line: &'r str,
    origin: Option<&'r str>,
    key: &'r str,
    extra: &'r str,
    body: &'r str,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            line: "POST /v1/chat/completions",
            origin: Some(PAGE),
            key: SECRET,
            extra: "content-type: application/json\r\n",
            body: "",
        }
    }
}

impl Request<'_> {
    fn to_bytes(&self) -> String {
        let origin = self.origin.map(|origin| format!("origin: {origin}\r\n"));
        let key = match self.key {
            "" => String::new(),
            key => format!("authorization: Bearer {key}\r\n"),
        };
        format!(
            "{} HTTP/1.1\r\nhost: gw\r\n{}{key}{}content-length: {}\r\n\r\n{}",
            self.line,
            origin.unwrap_or_default(),
            self.extra,
            self.body.len(),
            self.body
        )
    }
}

fn origin_told(answer: &Message) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[test]
fn the_model_chooses_the_endpoint_which_then_decides_alone() {
    let setting = Setting::start();
    let mut client = setting.send(&Request {
        body: r#"{"x": [{"model": "org/embed-1"}], "model": "small", "y": 1}"#,
        ..Request::default()
    });
    let mut connection = setting.chat.accept();
    let received = connection.request();
    assert_eq!(received.start, "POST /base/chat/completions HTTP/1.1");
    assert_eq!(
        received.body,
        br#"{"x": [{"model": "org/embed-1"}], "model": "tiny-random", "y": 1}"#
    );
    connection.answer("", "{}");
    let answer = client.answer();
    assert_eq!(answer.status(), 200);
    assert_eq!(origin_told(&answer), Some(PAGE));
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("X-Chat")
    );
    assert_eq!(answer.header("vary"), Some("Origin"));

    let request = Request {
        line: "POST /v1/embeddings?a=b",
        origin: Some(OTHER_PAGE),
        body: r#"{"model":"org/embed-1"}"#,
        ..Request::default()
    };
    let mut client = setting.send(&request);
    let mut connection = setting.embed.accept();
    assert_eq!(
        connection.request().start,
        "POST /base/embeddings?a=b HTTP/1.1"
    );
    connection.answer("", "{}");
    let answer = client.answer();
    assert_eq!(origin_told(&answer), Some(OTHER_PAGE));
    assert_eq!(answer.header("access-control-allow-credentials"), None);

    // The endpoint's own policy refuses what another one would admit, and its own limits hold.
    let answer = setting.ask(&Request {
        origin: Some(OTHER_PAGE),
        body: r#"{"model":"chat-1"}"#,
        ..Request::default()
    });
    assert_eq!(
        (answer.status(), answer.code()),
        (403, "origin_not_allowed".to_owned())
    );
    assert_eq!(origin_told(&answer), None);
    let answer = setting.ask(&Request {
        line: "PUT /v1/embeddings",
        body: r#"{"model":"org/embed-1"}"#,
        ..Request::default()
    });
    assert_eq!(
        (answer.status(), answer.header("allow")),
        (405, Some("POST"))
    );
    let answer = setting.ask(&Request {
        body: &format!(r#"{{"model":"org/embed-1","input":"{}"}}"#, "x".repeat(64)),
        ..Request::default()
    });
    assert_eq!(
        (answer.status(), answer.code()),
        (413, "body_too_large".to_owned())
    );
    assert_eq!(origin_told(&answer), Some(PAGE));
    assert!(setting.is_untouched());
}

#[test]
fn what_names_no_single_endpoint_is_refused_readably_and_reaches_none() {
    let setting = Setting::start();
    setting.gateway.set_key(
        "only-chat-key-00001",
        &json!({"kind": "secret", "endpoints": ["e"]}),
    );
    setting.gateway.set_key(
        "nobody-key-00000001",
        &json!({"kind": "secret", "endpoints": []}),
    );
    let json = "content-type: application/json\r\n";
    let gzip = "content-encoding: gzip\r\n";
    let form = "content-type: multipart/form-data; boundary=b\r\n";
    let ask = |line, key, extra, body: &str, status: u16, code: &str| {
        for origin in [Some(PAGE), Some(OTHER_PAGE), Some(FOREIGN), None] {
            let request = Request {
                line,
                origin,
                key,
                extra,
                body,
            };
            let answer = setting.ask(&request);
            let what = format!("{line} {origin:?} {key} {body}: {answer:?}");
            assert_eq!((answer.status(), &*answer.code()), (status, code), "{what}");
            let told = origin.filter(|origin| *origin != FOREIGN);
            assert_eq!(origin_told(&answer), told, "{what}");
            assert_eq!(answer.header("vary"), Some("Origin"), "{what}");
            assert_eq!(
                answer.header("access-control-allow-credentials"),
                None,
                "{what}"
            );
            assert_eq!(
                answer.header("access-control-expose-headers").is_some(),
                told.is_some(),
                "{what}"
            );
        }
    };
    let post = "POST /v1/chat/completions";
    let chat = r#"{"model":"chat-1"}"#;
    ask(post, "", json, chat, 401, "missing_key");
    ask(post, ROOT, json, chat, 403, "endpoint_not_permitted");
    ask(
        post,
        PUBLISHABLE,
        json,
        r#"{"model":"both"}"#,
        400,
        "ambiguous_model",
    );
    ask(
        "POST /v1/files",
        PUBLISHABLE,
        json,
        chat,
        403,
        "route_not_permitted",
    );
    for (body, status, code) in [
        (r#"{"model":"both"}"#, 400, "ambiguous_model"),
        (r#"{"model":"unknown"}"#, 404, "model_not_found"),
        (r#"{"model":null}"#, 404, "model_not_found"),
        (r#"{"messages":[]}"#, 400, "model_required"),
        ("", 400, "model_required"),
        ("[]", 400, "model_required"),
        ("hello", 415, "unsupported_body"),
        (
            r#"{"model":"chat-1","m\u006fdel":"chat-1"}"#,
            400,
            "duplicate_model",
        ),
    ] {
        ask(post, SECRET, json, body, status, code);
    }
    ask(post, SECRET, gzip, chat, 415, "unsupported_body");
    ask(post, SECRET, form, "--b--", 400, "model_required");
    let unknown = r#"{"model":"unknown"}"#;
    ask(post, SECRET, form, unknown, 404, "model_not_found");
    ask("GET /v1/files", SECRET, "", "", 400, "model_required");
    ask(
        "DELETE /v1/models/chat-1",
        SECRET,
        "",
        "",
        400,
        "model_required",
    );
    ask(
        "GET /v1/models/unknown",
        SECRET,
        "",
        "",
        404,
        "model_not_found",
    );
    ask(
        post,
        "nobody-key-00000001",
        json,
        chat,
        404,
        "model_not_found",
    );
    assert!(setting.is_untouched());

    // A model that the key may not use does not show.
    let refusal = |model: &str| {
        let answer = setting.ask(&Request {
            key: "only-chat-key-00001",
            body: &format!(r#"{{"model":"{model}"}}"#),
            ..Request::default()
        });
        assert_eq!(answer.status(), 404);
        let mut error = answer.json();
        error["error"]["request_id"].take();
        error
    };
    assert_eq!(refusal("org/embed-1"), refusal("unknown"));
    let answer = setting.ask(&Request {
        body: r#"{"model":"both"}"#,
        ..Request::default()
    });
    let message = answer.json()["error"]["message"].to_string();
    for url in ["`/proj_tests1/e/v1`", "`/proj_tests1/embed/v1`"] {
        assert!(message.contains(url), "{message}");
    }
}

#[test]
fn a_key_with_one_endpoint_needs_no_model() {
    let setting = Setting::start();
    setting.gateway.set_key(
        "only-embed-key-0001",
        &json!({"kind": "secret", "endpoints": ["embed"]}),
    );
    for (line, extra, body) in [
        ("GET /v1/files", "", ""),
        (
            "POST /v1/audio/transcriptions",
            "content-type: multipart/form-data; boundary=b\r\n",
            "--b--",
        ),
        (
            "POST /v1/embeddings",
            "content-type: application/json\r\n",
            r#"{"model":"both"}"#,
        ),
    ] {
        let mut client = setting.send(&Request {
            line,
            origin: None,
            key: "only-embed-key-0001",
            extra,
            body,
        });
        let mut connection = setting.embed.accept();
        assert_eq!(connection.request().body, body.as_bytes());
        connection.answer("connection: close\r\n", "{}");
        assert_eq!(client.answer().status(), 200);
    }
}

#[test]
fn an_endpoint_without_a_list_serves_the_models_that_nobody_lists() {
    let setting = Setting::start();
    let open = Upstream::start();
    setting
        .gateway
        .set_endpoint("proj_tests1", "open", &document(&open, &json!({})));
    let named = |model: &str| format!(r#"{{"model":"{model}"}}"#);
    let mut client = setting.send(&Request {
        body: &named("whatever"),
        ..Request::default()
    });
    let mut connection = open.accept();
    assert_eq!(connection.request().body, named("whatever").as_bytes());
    connection.answer("connection: close\r\n", "{}");
    assert_eq!(client.answer().status(), 200);

    let mut client = setting.send(&Request {
        body: &named("chat-1"),
        ..Request::default()
    });
    let _open = setting.chat.answer_one("", "{}");
    assert_eq!(client.answer().status(), 200);

    setting
        .gateway
        .set_endpoint("proj_tests1", "open-2", &document(&open, &json!({})));
    let answer = setting.ask(&Request {
        body: &named("whatever"),
        ..Request::default()
    });
    assert_eq!(answer.code(), "ambiguous_model");
    // Another project's endpoints do not count.
    setting.gateway.set_endpoint(
        "proj_tests2",
        "theirs",
        &document(&open, &json!({"models": ["theirs"]})),
    );
    let answer = setting.ask(&Request {
        body: &named("theirs"),
        ..Request::default()
    });
    assert_eq!(answer.code(), "ambiguous_model");
    assert!(open.is_untouched());
}

#[test]
fn a_preflight_passes_where_one_endpoint_admits_all_of_it() {
    let setting = Setting::start();
    let preflight = |origin: &str, method: &str, headers: &str| {
        let mut client = setting.gateway.client();
        client.send(format!(
            "OPTIONS /v1/embeddings HTTP/1.1\r\nhost: gw\r\norigin: {origin}\r\n\
             access-control-request-method: {method}\r\naccess-control-request-headers: {headers}\r\n\r\n"
        ));
        let answer = client.head();
        assert_eq!(answer.status(), 204);
        assert_eq!(
            answer.header("vary"),
            Some("Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        );
        answer
    };
    // Both admit it: what they have in common, without the credentials that one of them does not allow.
    let answer = preflight(PAGE, "POST", "authorization,content-type");
    assert_eq!(origin_told(&answer), Some(PAGE));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("access-control-max-age"), Some("86400"));
    // One does.
    let answer = preflight(PAGE, "GET", "authorization");
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, POST, OPTIONS")
    );
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        Some("true")
    );
    // The one that admits the origin does not list the method; the one that lists it does not admit the origin.
    let answer = preflight(OTHER_PAGE, "GET", "authorization");
    assert_eq!(origin_told(&answer), Some(OTHER_PAGE));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(answer.header("access-control-max-age"), None);
    // Nobody admits the origin.
    let answer = preflight(FOREIGN, "POST", "authorization");
    assert!(
        !answer
            .headers
            .iter()
            .any(|(name, _)| name.starts_with("access-control-")),
        "{answer:?}"
    );
    // A changed policy counts at the next request, as does another project's.
    let upstream = &setting.embed;
    let theirs = json!({"cors": {"allowedOrigins": [FOREIGN]}});
    setting
        .gateway
        .set_endpoint("proj_tests2", "theirs", &document(upstream, &theirs));
    let answer = preflight(FOREIGN, "POST", "authorization");
    assert_eq!(origin_told(&answer), Some(FOREIGN));
    assert!(setting.is_untouched());
}

#[test]
fn the_list_of_models_is_what_this_key_may_call_from_this_origin() {
    let setting = Setting::start();
    setting.gateway.set_key(
        "only-embed-key-0001",
        &json!({"kind": "secret", "endpoints": ["embed"]}),
    );
    let models = |origin, key| {
        let answer = setting.ask(&Request {
            line: "GET /v1/models",
            origin,
            key,
            ..Request::default()
        });
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json()["object"], "list");
        let told = origin.filter(|origin| *origin != FOREIGN);
        assert_eq!(origin_told(&answer), told);
        let data = answer.json()["data"].as_array().unwrap().clone();
        data.iter()
            .map(|model| model["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = ["chat-1", "small", "both", "org/embed-1"];
    assert_eq!(models(None, SECRET), all);
    assert_eq!(models(Some(PAGE), PUBLISHABLE), all);
    assert_eq!(models(Some(OTHER_PAGE), SECRET), ["org/embed-1", "both"]);
    assert_eq!(models(Some(FOREIGN), SECRET), [""; 0]);
    assert_eq!(models(None, "only-embed-key-0001"), ["org/embed-1", "both"]);
    setting.gateway.set_key(
        "nobody-key-00000001",
        &json!({"kind": "secret", "endpoints": []}),
    );
    assert_eq!(models(None, "nobody-key-00000001"), [""; 0]);

    let answer = setting.ask(&Request {
        line: "GET /v1/models/small",
        ..Request::default()
    });
    assert_eq!(
        answer.json(),
        json!({"id": "small", "object": "model", "created": 0, "owned_by": "tests"})
    );
    let answer = setting.ask(&Request {
        line: "GET /v1/models/org%2Fembed-1",
        ..Request::default()
    });
    assert_eq!(answer.json()["id"], "org/embed-1");
    // What the list does not show this origin is not there.
    let answer = setting.ask(&Request {
        line: "GET /v1/models/chat-1",
        origin: Some(OTHER_PAGE),
        ..Request::default()
    });
    assert_eq!(answer.code(), "model_not_found");
    assert_eq!(origin_told(&answer), Some(OTHER_PAGE));
    assert!(setting.is_untouched());
}
