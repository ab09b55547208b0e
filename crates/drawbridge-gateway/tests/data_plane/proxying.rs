//! What a client and an upstream see of the gateway between them, over real sockets.

use std::time::Duration;

use drawbridge_gateway::log::{Format, Level, Log};

use crate::frames::{DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, header_block};
use crate::https_upstream::Lines;
use crate::support::{
    CREDENTIAL, Client, End, Gateway, Message, PAGE, PUBLISHABLE, ROOT, SECRET, Upstream, document,
    read_chunk,
};
use serde_json::json;

fn admitted(client: &mut Client, status: u16) -> Message {
    let answer = client.answer();
    assert_eq!(answer.status(), status, "{answer:?}");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some(PAGE),
        "{answer:?}"
    );
    assert_eq!(answer.header("vary"), Some("Origin"), "{answer:?}");
    answer
}

#[test]
fn a_request_reaches_the_upstream_without_what_was_meant_for_the_gateway() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    client.send(format!(
        "POST /proj_tests1/e/v1/chat/completions?a=b%20c HTTP/1.1\r\nHost: gw\r\nOrigin: {PAGE}\r\nReferer: {PAGE}/x\r\n\
         Cookie: a=b\r\nSec-Fetch-Mode: cors\r\nAuthorization: Bearer {SECRET}\r\nX-Api-Key: {SECRET}\r\nTE: trailers\r\n\
         Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-Request-Id: from-the-page\r\nX-Stays: 1\r\nContent-Length: 2\r\n\r\n{{}}"
    ));
    let mut connection = upstream.accept();
    let request = connection.request();
    assert_eq!(
        request.start,
        "POST /base/chat/completions?a=b%20c HTTP/1.1"
    );
    let mut names: Vec<_> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "authorization",
            "content-length",
            "host",
            "x-request-id",
            "x-stays"
        ]
    );
    assert_eq!(
        request.header("authorization"),
        Some(format!("Bearer {CREDENTIAL}").as_str())
    );
    assert_eq!(
        request.header("host"),
        Some(upstream.address.to_string().as_str())
    );
    assert_eq!(request.header("x-request-id"), Some("from-the-page"));
    assert_eq!(request.body, b"{}");
    connection.answer("", "{}");
    assert_eq!(
        admitted(&mut client, 200).header("x-request-id"),
        Some("from-the-page")
    );
}

#[test]
fn an_answer_reaches_the_page_without_what_the_gateway_decides_itself() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    client.send(format!(
        "POST /proj_tests1/e/v1/chat/completions HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nx-api-key: {PUBLISHABLE}\r\n\
         content-length: 2\r\n\r\n{{}}"
    ));
    let _open = upstream.answer_one(
        "access-control-allow-origin: *\r\naccess-control-allow-credentials: true\r\naccess-control-whatever: 1\r\n\
         set-cookie: a=b\r\nwww-authenticate: Basic\r\nclear-site-data: *\r\nx-request-id: theirs\r\nvary: accept, ORIGIN\r\n\
         keep-alive: timeout=5\r\nconnection: x-hop\r\nx-hop: 1\r\nopenai-processing-ms: 7\r\nidempotency-replayed: true\r\n\
         drawbridge-cors: refused\r\ndrawbridge-warning: secret_key_in_browser\r\ndrawbridge-made-up: 1\r\n\
         alt-svc: h3=\":443\"\r\nnel: {}\r\nreport-to: {}\r\nreporting-endpoints: a=\"/b\"\r\nservice-worker-allowed: /\r\n\
         strict-transport-security: max-age=0\r\n",
        "{}",
    );
    let answer = client.answer();
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    assert_eq!(answer.header("vary"), Some("accept, ORIGIN"));
    assert_eq!(answer.header("openai-processing-ms"), Some("7"));
    assert!(answer.header("x-request-id").unwrap().starts_with("req_"));
    for gone in [
        "access-control-allow-credentials",
        "access-control-whatever",
        "set-cookie",
        "www-authenticate",
        "clear-site-data",
        "keep-alive",
        "x-hop",
        "idempotency-replayed",
        "drawbridge-cors",
        "drawbridge-warning",
        "drawbridge-made-up",
        "alt-svc",
        "nel",
        "report-to",
        "reporting-endpoints",
        "service-worker-allowed",
    ] {
        assert_eq!(answer.header(gone), None, "{gone}");
    }
    assert_ne!(
        answer.header("strict-transport-security"),
        Some("max-age=0")
    );
}

#[test]
fn a_stream_passes_chunk_by_chunk() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = upstream.accept();
    connection.request();
    connection.send(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    let head = client.head();
    assert_eq!(head.header("access-control-allow-origin"), Some(PAGE));
    for index in 0..20 {
        let event = format!("data: {index}\n\n");
        connection.send(format!("{:x}\r\n{event}\r\n", event.len()));
        assert_eq!(read_chunk(&mut client.0).unwrap(), event.as_bytes());
    }
    connection.send("0\r\n\r\n");
    assert_eq!(read_chunk(&mut client.0), None);
}

#[test]
fn a_client_that_leaves_cancels_the_upstream_before_and_within_the_answer() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = upstream.accept();
    connection.request();
    drop(client);
    assert_eq!(connection.end(), b"");

    let mut client = gateway.client();
    let mut connection = upstream.begin_stream(&mut client);
    drop(client);
    assert_eq!(connection.end(), b"");
}

#[test]
fn the_line_of_a_client_that_left_before_its_answer_tells_of_none() {
    let lines = Lines::default();
    let (log, _writer) = Log::start(Format::Json, Level::Info, lines.clone()).unwrap();
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| parts.log = log);
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = upstream.accept();
    connection.request();
    drop(client);
    assert_eq!(connection.end(), b"");
    let line: serde_json::Value = serde_json::from_str(&lines.first()).unwrap();
    assert_eq!(line["http.status"], 0, "{line}");
    assert_eq!(line["outcome"], "client_gone", "{line}");
    assert!(line["duration_ms"].is_number(), "{line}");
    assert_eq!(line.get("first_byte_ms"), None, "{line}");
}

#[test]
fn an_upstream_that_dies_within_its_answer_resets_the_client() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    for head in [
        "transfer-encoding: chunked\r\n\r\n1\r\na\r\n",
        "content-length: 10\r\n\r\na",
    ] {
        let mut client = gateway.client();
        client.post("{}");
        let mut connection = upstream.accept();
        connection.request();
        connection.send(format!("HTTP/1.1 200 OK\r\n{head}"));
        assert_eq!(client.head().status(), 200);
        drop(connection);
        assert_eq!(client.end().1, End::Reset, "{head}");
    }
}

#[test]
fn an_answer_in_another_transfer_coding_than_chunked_is_502() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let ask = |codings: &str| {
        let mut client = gateway.client();
        client.post("{}");
        let mut connection = upstream.accept();
        connection.request();
        connection.send(format!(
            "HTTP/1.1 200 OK\r\n{codings}\r\n1\r\na\r\n0\r\n\r\n"
        ));
        drop(connection);
        client
    };
    for codings in [
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, chunked\r\n",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n",
    ] {
        let answer = admitted(&mut ask(codings), 502);
        assert_eq!(answer.code(), "upstream_invalid", "{codings}");
    }
    let mut plain = ask("transfer-encoding: Chunked\r\n");
    assert_eq!(admitted(&mut plain, 200).body, b"a");
}

#[test]
fn broken_upstreams_are_502_and_504_that_the_page_can_read() {
    let upstream = Upstream::start();
    let limits = json!({"limits": {"first_byte_seconds": 1}});
    let gateway = Gateway::start(&document(&upstream, &limits));
    for garbage in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        "",
    ] {
        let mut client = gateway.client();
        client.post("{}");
        let mut connection = upstream.accept();
        connection.request();
        connection.send(garbage);
        drop(connection);
        assert_eq!(
            admitted(&mut client, 502).code(),
            "upstream_invalid",
            "{garbage:?}"
        );
    }

    let mut client = gateway.client();
    client.post("{}");
    let mut stalled = upstream.accept();
    stalled.request();
    assert_eq!(admitted(&mut client, 504).code(), "upstream_timeout");
    assert_eq!(stalled.end(), b"");

    let mut client = gateway.client();
    client.post("{}");
    let mut connection = upstream.accept();
    connection.request();
    connection.send("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(admitted(&mut client, 502).code(), "upstream_credential");

    drop(upstream);
    let mut client = gateway.client();
    client.post("{}");
    assert_eq!(admitted(&mut client, 502).code(), "upstream_unreachable");
}

#[test]
fn a_silent_stream_is_cut_after_its_idle_time() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(
        &upstream,
        &json!({"limits": {"idle_seconds": 1}}),
    ));
    let mut client = gateway.client();
    let mut connection = upstream.begin_stream(&mut client);
    assert_eq!(client.end().1, End::Reset);
    assert_eq!(connection.end(), b"");
}

#[test]
fn a_changed_policy_is_obeyed_by_the_next_request_on_an_open_connection() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    client.post("{}");
    let _open = upstream.answer_one("", "{}");
    admitted(&mut client, 200);
    gateway.set(&document(
        &upstream,
        &json!({"cors": {"allowedOrigins": ["https://other.example"]}}),
    ));
    let answer = client.post("{}").answer();
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (403, "origin_not_allowed")
    );
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[test]
fn connections_to_the_upstream_are_used_again() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    let mut connection = {
        client.post("{}");
        upstream.accept()
    };
    for index in 0..5 {
        if index > 0 {
            client.post("{}");
        }
        connection.request();
        connection.answer("", &index.to_string());
        assert_eq!(client.answer().body, index.to_string().as_bytes());
    }
    assert!(upstream.is_untouched());
}

#[test]
fn a_get_is_sent_again_when_a_used_connection_died_and_a_post_is_not() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = upstream.answer_one("", "{}");
    client.answer();

    client.get("/proj_tests1/e/v1/models");
    connection.head();
    drop(connection);
    let mut connection = upstream.accept();
    assert_eq!(connection.request().start, "GET /base/models HTTP/1.1");
    connection.answer("", "[]");
    assert_eq!(client.answer().body, b"[]");

    client.post("{}");
    connection.request();
    drop(connection);
    assert_eq!(client.answer().code(), "upstream_invalid");
    assert!(upstream.is_untouched());
}

#[test]
fn nothing_is_sent_again_once_a_byte_of_an_answer_has_come() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    for beginning in [
        "H",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\n",
        "garbage\r\n\r\n",
    ] {
        let mut client = gateway.client();
        client.post("{}");
        let mut connection = upstream.answer_one("", "{}");
        client.answer();
        client.get("/proj_tests1/e/v1/models");
        connection.head();
        connection.send(beginning);
        drop(connection);
        let answer = admitted(&mut client, 502);
        assert_eq!(answer.code(), "upstream_invalid", "{beginning:?}");
        assert!(upstream.is_untouched(), "{beginning:?}");
    }
}

#[test]
fn the_listed_models_pass_and_renaming_changes_that_one_value() {
    let upstream = Upstream::start();
    let models =
        json!({"models": ["plain", {"name": "small", "upstream_name": "a-much-longer-name"}]});
    let gateway = Gateway::start(&document(&upstream, &models));
    let mut client = gateway.client();
    client.post(r#"{"messages":["model"], "model" : "small","x":1}"#);
    let mut connection = upstream.accept();
    let request = connection.request();
    assert_eq!(
        request.body,
        br#"{"messages":["model"], "model" : "a-much-longer-name","x":1}"#
    );
    connection.answer("", "{}");
    admitted(&mut client, 200);

    client.send(format!(
        "POST /proj_tests1/e/v1/chat/completions HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nx-api-key: {PUBLISHABLE}\r\n\
         transfer-encoding: chunked\r\n\r\n9\r\n{{\"model\":\r\n"
    ));
    client.send("9\r\n\"small\"} \r\n0\r\n\r\n");
    assert_eq!(
        connection.request().body,
        br#"{"model":"a-much-longer-name"} "#
    );
    connection.answer("", "{}");
    admitted(&mut client, 200);

    for (body, status, code) in [
        (r#"{"model":"other"}"#, 404, "model_not_found"),
        (r#"{"messages":[]}"#, 404, "model_not_found"),
        (r#"{"model":7}"#, 404, "model_not_found"),
        ("hello", 415, "unsupported_body"),
        (r#"{"model":"plain","mode"#, 415, "unsupported_body"),
        (
            r#"{"model":"plain","m\u006fdel":"x"}"#,
            400,
            "duplicate_model",
        ),
    ] {
        let mut client = gateway.client();
        client.post(body);
        let answer = admitted(&mut client, status);
        assert_eq!(answer.code(), code, "{body}");
        let param = if status == 415 {
            json!(null)
        } else {
            json!("model")
        };
        assert_eq!(answer.json()["error"]["param"], param, "{body}");
    }
}

#[test]
fn a_body_of_unknown_length_reaches_the_upstream_whatever_the_method() {
    for method in ["GET", "POST"] {
        let upstream = Upstream::start();
        let gateway = Gateway::start(&document(&upstream, &json!({})));
        let mut client = gateway.client();
        client.send(format!(
            "{method} /proj_tests1/e/v1/search HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer {SECRET}\r\n\
             transfer-encoding: chunked\r\n\r\n1\r\na\r\n"
        ));
        let mut connection = upstream.accept();
        assert_eq!(
            connection.head().header("transfer-encoding"),
            Some("chunked")
        );
        assert_eq!(read_chunk(&mut connection.0).as_deref(), Some(&b"a"[..]));
        client.send("1\r\nb\r\n0\r\n\r\n");
        assert_eq!(read_chunk(&mut connection.0).as_deref(), Some(&b"b"[..]));
        assert_eq!(read_chunk(&mut connection.0), None);
        connection.answer("", "{}");
        assert_eq!(client.answer().status(), 200);
    }
}

#[test]
fn a_model_too_deep_in_the_body_is_413_and_multipart_is_opaque() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({"models": ["plain"]})));
    let mut client = gateway.client();
    client.post(&format!(
        r#"{{"messages":"{}","model":"plain"}}"#,
        "x".repeat(3 << 20)
    ));
    assert_eq!(admitted(&mut client, 413).code(), "model_too_deep");

    let body = "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nother\r\n--b--\r\n";
    let mut client = gateway.client();
    client.send(format!(
        "POST /proj_tests1/e/v1/audio/transcriptions HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nauthorization: Bearer {SECRET}\r\n\
         content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    let mut connection = upstream.accept();
    assert_eq!(connection.request().body, body.as_bytes());
    connection.answer("", "{}");
    admitted(&mut client, 200);
}

#[test]
fn a_body_that_only_says_it_is_multipart_is_read_as_what_it_is() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({"models": ["plain"]})));
    let send = |headers: &str, chunks: &[&str]| {
        let mut client = gateway.client();
        client.send(format!(
            "POST /proj_tests1/e/v1/chat/completions HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nauthorization: Bearer {SECRET}\r\n\
             content-type: multipart/x; boundary=b\r\ntransfer-encoding: chunked\r\n{headers}\r\n"
        ));
        for chunk in chunks {
            client.send(format!("{:x}\r\n{chunk}\r\n", chunk.len()));
        }
        client.send("0\r\n\r\n");
        client
    };
    let json = r#"{"model":"nope"}"#;
    for (headers, chunks, status, code) in [
        ("", &[json][..], 404, "model_not_found"),
        ("", &[" \r\n", "\t", json], 404, "model_not_found"),
        ("", &["[", json, "]"], 404, "model_not_found"),
        ("", &["\u{feff}", json], 415, "unsupported_body"),
        ("", &["a preamble\r\n--b--"], 415, "unsupported_body"),
        ("", &[" \r\n "], 415, "unsupported_body"),
        (
            "content-encoding: br\r\n",
            &["--b--"],
            415,
            "unsupported_body",
        ),
    ] {
        let mut client = send(headers, chunks);
        assert_eq!(admitted(&mut client, status).code(), code, "{chunks:?}");
        assert!(upstream.is_untouched(), "{chunks:?}");
    }
    for chunks in [
        &["\r\n", "--b\r\n\r\n", json, "\r\n--b--"][..],
        &[" ", r#"{"model":"plain"}"#],
    ] {
        let mut client = send("", chunks);
        let mut connection = upstream.accept();
        assert_eq!(connection.request().body, chunks.concat().as_bytes());
        connection.answer("connection: close\r\n", "{}");
        admitted(&mut client, 200);
    }
}

#[test]
fn bodies_over_the_limit_are_413_and_readable_while_the_client_still_sends() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(
        &upstream,
        &json!({"limits": {"max_body_bytes": 1000}}),
    ));
    let body = "x".repeat(4 << 20);
    let mut client = gateway.client();
    client.post(&body);
    assert_eq!(admitted(&mut client, 413).code(), "body_too_large");
    assert!(upstream.is_untouched());

    let mut client = gateway.client();
    client.send(format!(
        "POST /proj_tests1/e/v1/embeddings HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\nauthorization: Bearer {SECRET}\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    ));
    assert_eq!(admitted(&mut client, 413).code(), "body_too_large");
}

#[test]
fn keys_and_routes_are_judged_in_order_and_readably() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(
        &upstream,
        &json!({"cors": {"allowedOrigins": [PAGE], "allowedMethods": ["POST"]}}),
    ));
    let request = |method: &str, path: &str, headers: &str| {
        let mut client = gateway.client();
        client.send(format!(
            "{method} {path} HTTP/1.1\r\nhost: gw\r\n{headers}content-length: 0\r\n\r\n"
        ));
        client.answer()
    };
    let (e, page) = (
        "/proj_tests1/e/v1/embeddings",
        format!("origin: {PAGE}\r\n"),
    );
    let evil = "origin: https://evil.example\r\n";
    let key = |token: &str| format!("authorization: Bearer {token}\r\n");
    let secret = key(SECRET);
    for (method, path, headers, status, code) in [
        (
            "POST",
            "/proj_tests1/none/v1/x",
            String::new(),
            404,
            "endpoint_not_found",
        ),
        (
            "POST",
            "/proj_tests1/e/other",
            page.clone(),
            404,
            "route_not_found",
        ),
        (
            "POST",
            "/v2/embeddings",
            page.clone(),
            404,
            "route_not_found",
        ),
        (
            "POST",
            e,
            format!("{page}{secret}x-api-key: other\r\n"),
            400,
            "conflicting_keys",
        ),
        ("POST", e, page.clone(), 401, "missing_key"),
        (
            "POST",
            e,
            format!("{page}{}", key("dbr_sk_live_x_bad")),
            401,
            "invalid_key",
        ),
        (
            "POST",
            e,
            format!("{evil}{}", key("unknown-unknown-1")),
            401,
            "invalid_key",
        ),
        (
            "POST",
            "/proj_tests1/e/v1/files",
            format!("{page}{}", key(PUBLISHABLE)),
            403,
            "route_not_permitted",
        ),
        (
            "OPTIONS",
            e,
            format!("{page}{}", key(PUBLISHABLE)),
            403,
            "route_not_permitted",
        ),
        (
            "POST",
            e,
            format!("{evil}{secret}"),
            403,
            "origin_not_allowed",
        ),
        (
            "POST",
            e,
            format!("origin:\r\n{secret}"),
            403,
            "origin_not_allowed",
        ),
        (
            "POST",
            e,
            format!("{page}{page}{secret}"),
            403,
            "origin_not_allowed",
        ),
        (
            "POST",
            e,
            format!("{page}{}", key(ROOT)),
            403,
            "secret_key_in_browser",
        ),
        (
            "DELETE",
            e,
            format!("{page}{secret}"),
            405,
            "method_not_allowed",
        ),
        (
            "POST",
            "/proj_tests1/e/v1/../x",
            format!("{page}{secret}"),
            400,
            "malformed_request",
        ),
        ("TRACE", e, page.clone(), 400, "malformed_request"),
        (
            "POST",
            e,
            format!("{page}{secret}connection: upgrade\r\nupgrade: websocket\r\n"),
            400,
            "upgrade_not_supported",
        ),
    ] {
        let answer = request(method, path, &headers);
        assert_eq!(
            (answer.status(), answer.code().as_str()),
            (status, code),
            "{method} {path} {headers}"
        );
        let is_of_endpoint = path.starts_with("/proj_tests1/e/") && !path.contains("..");
        let is_readable = headers.starts_with(&page)
            && !headers.contains(&format!("{page}{page}"))
            && is_of_endpoint;
        let expected = is_readable.then_some(PAGE);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            expected,
            "{method} {path} {headers}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        if status == 405 {
            assert_eq!(answer.header("allow"), Some("POST"));
        }
    }
    assert!(upstream.is_untouched());
}

#[test]
fn a_preflight_needs_no_key_and_reaches_no_upstream() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    for path in [
        "/proj_tests1/e/v1/chat/completions",
        "/proj_tests1/e/elsewhere",
    ] {
        client.send(format!(
            "OPTIONS {path} HTTP/1.1\r\nhost: gw\r\norigin: {PAGE}\r\naccess-control-request-method: POST\r\n\
             access-control-request-headers: authorization,content-type\r\n\r\n"
        ));
        let answer = client.head();
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(answer.header("access-control-max-age"), Some("86400"));
    }
    assert!(upstream.is_untouched());
}

#[test]
fn silent_and_idle_connections_are_closed() {
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| {
        parts.times.head = Duration::from_millis(200);
        parts.times.keep_alive = Duration::from_millis(200);
        parts.times.body_idle = Duration::from_millis(200);
    });
    assert_eq!(gateway.client().end(), (vec![], End::Clean));
    for beginning in [
        "GET /healthz HTT",
        "PRI * HTTP/2.0\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let (_settings, end) = gateway.client().send(beginning).end();
        assert_eq!(end, End::Clean, "{beginning:?}");
    }
    let mut client = gateway.client();
    client.send("GET /healthz HTTP/1.1\r\nhost: gw\r\n\r\n");
    assert_eq!(client.answer().status(), 200);
    assert_eq!(client.end(), (vec![], End::Clean));
    let mut client = gateway.client();
    client.send(format!(
        "POST /proj_tests1/e/v1/embeddings HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer {SECRET}\r\ncontent-length: 9\r\n\r\nx"
    ));
    assert_eq!(client.end(), (vec![], End::Reset));
}

#[test]
fn connections_beyond_the_limit_get_a_503() {
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), |parts| {
        parts.max_connections = 1
    });
    let mut first = gateway.client();
    first.send("GET /healthz HTTP/1.1\r\nhost: gw\r\n\r\n");
    assert_eq!(first.answer().status(), 200);
    assert_eq!(gateway.client().head().status(), 503);
}

#[test]
fn a_shutdown_lets_streams_finish_and_answers_everybody_until_then() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut idle = gateway.client();
    idle.send("GET /readyz HTTP/1.1\r\nhost: gw\r\n\r\n");
    assert_eq!(idle.answer().status(), 200);
    let mut client = gateway.client();
    client.post("{}");
    let mut connection = upstream.accept();
    connection.request();
    connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
    client.head();
    let running = gateway.take();
    let stopping = std::thread::spawn(move || running.shut_down());
    assert_eq!(idle.end(), (vec![], End::Clean));
    let ask = |path: &str| {
        let mut client = gateway.client();
        client.send(format!("GET {path} HTTP/1.1\r\nhost: gw\r\n\r\n"));
        let answer = client.answer();
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(client.end(), (vec![], End::Clean));
        answer.status()
    };
    // Load balancers learn that they are to go elsewhere; what they send until then is served.
    for _ in 0..20 {
        assert_eq!(ask("/readyz"), 503);
        assert_eq!(ask("/healthz"), 200);
    }
    let mut other = gateway.client();
    other.post("{}");
    let _open = upstream.answer_one("", "{}");
    let answer = other.answer();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("connection"), Some("close"));
    let mut multiplexed = Frames::connect(&gateway, 1 << 16);
    let block = header_block("GET", "/readyz");
    multiplexed.send(HEADERS, END_HEADERS | END_STREAM, 1, &block);
    let (mut is_answered, mut is_told) = (false, false);
    while !(is_answered && is_told) {
        let frame = multiplexed.next().unwrap();
        is_answered |=
            frame.kind == DATA && frame.payload.starts_with(b"{\"status\":\"draining\"}");
        is_told |= frame.kind == GOAWAY;
    }
    // Who has asked for nothing is not waited for.
    let mut silent = gateway.client();
    connection.send("1\r\nb\r\n0\r\n\r\n");
    assert_eq!(read_chunk(&mut client.0).unwrap(), b"a");
    assert_eq!(read_chunk(&mut client.0).unwrap(), b"b");
    assert_eq!(read_chunk(&mut client.0), None);
    assert_eq!(client.end(), (vec![], End::Clean));
    stopping.join().unwrap();
    assert_eq!(silent.end().0, b"");
    assert!(std::net::TcpStream::connect(gateway.address).is_err());
}

#[test]
fn management_paths_are_handed_over_and_never_forwarded() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(&document(&upstream, &json!({})));
    for path in [
        "/v1/projects",
        "/v1/api-keys/x",
        "/proj_tests1/e/v1/endpoints/e",
        "/proj_none12/x/v1/endpoints",
    ] {
        let mut client = gateway.client();
        client.get(path);
        let call = gateway.calls.blocking_recv().unwrap();
        assert_eq!(call.request.uri().path(), path);
        drop(call);
        assert_eq!(client.answer().code(), "internal_error");
    }
    assert!(upstream.is_untouched());
}

#[test]
fn an_http_1_0_client_gets_its_answer_and_a_close() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&document(&upstream, &json!({})));
    let mut client = gateway.client();
    client.send(format!(
        "GET /proj_tests1/e/v1/models HTTP/1.0\r\nauthorization: Bearer {SECRET}\r\n\r\n"
    ));
    let mut connection = upstream.accept();
    assert_eq!(connection.request().start, "GET /base/models HTTP/1.1");
    connection.answer("", "[]");
    let (bytes, end) = client.end();
    assert!(
        bytes.ends_with(b"[]"),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
    assert_eq!(end, End::Clean);
}
