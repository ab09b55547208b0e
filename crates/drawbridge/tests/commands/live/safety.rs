//! What is never done, what cannot be reached, and what is wrong usage.

use std::io::Read;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Socket, Type};

use super::{CHAT, PAGE, codes, explain, report, right};
use crate::process::{ROOT_KEY, drawbridge, run};
use crate::scripted::{Answer, Asked, Scripted};

/// A port of that address that is taken, and that nothing listens at.
fn bound(address: [u8; 4]) -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: SocketAddr = (address, 0).into();
    socket.bind(&any.into()).unwrap();
    let bound = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, bound)
}

#[test]
fn redirects_are_followed_as_browsers_do_and_keys_stay_behind() {
    let other = Scripted::start(|asked| {
        let mut answer = right(asked);
        answer.set("Access-Control-Allow-Origin", "*");
        answer
    });
    let target = format!("{}/v1/models", other.url);
    let first = Scripted::start(move |asked| {
        let mut answer = right(asked);
        if asked.method != "OPTIONS" {
            answer.status = 307;
            answer.lines.push(format!("Location: {target}"));
        }
        answer
    });
    let key = ["--header", "Authorization: Bearer not-to-be-shown"];
    let report = report(&first, "/v1/models", &key);
    assert_eq!(report["verdict"], "allowed", "{report:#}");
    let found = codes(&report);
    assert!(
        found.contains(&("warning", "request_redirected")),
        "{found:?}"
    );
    let asked = other.asked();
    assert!(!asked.is_empty());
    for one in asked {
        assert_eq!(one.header("authorization"), "", "{one:?}");
        assert!(matches!(one.header("origin"), "null" | PAGE), "{one:?}");
    }
}

#[test]
fn at_another_origin_headers_have_their_names_only_and_the_body_stays_behind() {
    let allow = |asked: &Asked| {
        let mut answer = right(asked);
        answer.set("Access-Control-Allow-Origin", "*");
        answer.set("Access-Control-Allow-Headers", "*");
        answer
    };
    let other = Scripted::start(allow);
    let target = format!("{}/v1/chat", other.url);
    // Within the first origin everything goes along.
    let first = Scripted::start(move |asked| {
        let mut answer = allow(asked);
        let location = match &*asked.path {
            "/v1/chat" => "/v1/moved",
            _ => &*target,
        };
        if asked.method == "POST" {
            answer.status = 307;
            answer.lines.push(format!("Location: {location}"));
        }
        answer
    });
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("body.json");
    std::fs::write(&file, "{\"prompt\": \"not-to-be-shown\"}").unwrap();
    let more = [
        "--header",
        "x-api-key: not-to-be-shown",
        "--header",
        "Accept-Language: en",
        "--body",
        file.to_str().unwrap(),
    ];
    let report = report(&first, "/v1/chat", &[&CHAT[..], &more].concat());
    assert_eq!(report["verdict"], "allowed", "{report:#}");
    let posts = |server: &Scripted| {
        let asked = server.asked().into_iter();
        asked.filter(|one| one.method == "POST").collect::<Vec<_>>()
    };
    for one in posts(&first) {
        assert_eq!(one.header("x-api-key"), "not-to-be-shown", "{one:?}");
        assert!(one.body.contains("not-to-be-shown"), "{one:?}");
    }
    assert_eq!(posts(&first).len(), 2);

    assert!(!format!("{:?}", other.asked()).contains("not-to-be-shown"));
    for one in posts(&other) {
        let value = one.header("x-api-key");
        assert_eq!(value, "left-out-by-drawbridge-explain", "{one:?}");
        assert_eq!(one.header("content-type"), "application/json", "{one:?}");
        assert_eq!(one.header("accept-language"), "en", "{one:?}");
        assert_eq!((one.header("authorization"), &*one.body), ("", ""));
    }
    assert!(!posts(&other).is_empty());
    let asks_for = |name: &str| {
        let asked = other.asked().into_iter();
        { asked }.any(|one| one.header("access-control-request-headers").contains(name))
    };
    assert!(asks_for("x-api-key"), "the name decides the preflight");
    let text = report.to_string();
    assert!(text.contains("x-api-key: (a placeholder)"), "{report:#}");
    let said = format!("{} was asked without keys and body", other.url);
    assert!(text.contains(&said), "{report:#}");
}

#[test]
fn a_server_on_this_machine_may_lead_to_itself_and_nowhere_else_private() {
    // Nothing listens there, and not even that may be found out.
    let (_bound, address) = bound([127, 0, 0, 2]);
    let elsewhere = format!("http://{address}/");
    let location = format!("Location: {elsewhere}");
    let server = Scripted::start(move |asked| {
        let mut answer = right(asked);
        answer.status = 302;
        answer.lines.push(location.clone());
        answer
    });
    let url = format!("{}/v1/models", server.url);
    let call = ["--origin", PAGE];
    let page = ["--origin", PAGE, "--page", &url];
    for (url, arguments) in [(&*url, &call[..]), (&url, &page)] {
        let said = explain(url, arguments);
        assert_eq!(said.code, Some(1), "{said:?}");
        let sentence = format!("the redirect to {elsewhere} was not followed");
        assert!(said.stderr.contains(&sentence), "{said:?}");
        assert!(said.stderr.contains("--follow-private"), "{said:?}");
        let told = explain(url, &[arguments, &["--follow-private"]].concat());
        assert!(!told.stderr.contains("not followed"), "{told:?}");
    }
}

#[test]
fn endless_redirects_end() {
    let server = Scripted::start(|asked| {
        let mut answer = right(asked);
        answer.status = 302;
        answer.lines.push("Location: /v1/models".to_owned());
        answer
    });
    let report = report(&server, "/v1/models", &[]);
    assert_eq!(report["code"], "NetworkFailure", "{report:#}");
}

#[test]
fn nothing_of_the_environment_is_sent() {
    let server = Scripted::start(right);
    let url = format!("{}/v1/models", server.url);
    let mut command = drawbridge(["explain", "--live", &url, "--origin", PAGE]);
    let said = run(command.env("DRAWBRIDGE_KEY", ROOT_KEY));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!format!("{:?}", server.asked()).contains(ROOT_KEY));
}

#[test]
fn a_body_is_sent_as_it_is_and_cookies_only_with_credentials() {
    let server = Scripted::start(|asked| {
        let mut answer = right(asked);
        answer.set("Access-Control-Allow-Credentials", "true");
        answer
    });
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("body.json");
    std::fs::write(&file, "{\"a\": 1}\n").unwrap();
    let file = file.to_str().unwrap();
    let cookie = [
        "--header",
        "Cookie: session=1",
        "--credentials",
        "--body",
        file,
    ];
    let sent = report(&server, "/v1/chat", &cookie);
    assert_eq!(sent["verdict"], "allowed", "{sent:#}");
    let asked = server.asked();
    let post = asked.iter().find(|one| one.method == "POST").unwrap();
    assert_eq!(post.body, "{\"a\": 1}\n");
    assert_eq!(post.header("content-type"), "text/plain;charset=UTF-8");
    assert_eq!(post.header("cookie"), "session=1");
    let others = asked.iter().filter(|one| one.method != "POST");
    assert!({ others }.all(|one| one.header("cookie").is_empty()));
    assert!(!sent.to_string().contains("session=1"), "{sent}");
}

#[test]
fn no_query_is_shown_whoever_wrote_it() {
    let query = "?api_key=not-to-be-shown";
    let server = Scripted::start(move |asked| {
        let mut answer = right(asked);
        if asked.path.starts_with("/v1/chat") {
            answer.remove("Access-Control-Allow-Origin");
        }
        if asked.path.starts_with("/old") {
            answer.status = 307;
            // So long that the line is cut within the query.
            let place = "x".repeat(370);
            answer.set("Location", &format!("/new/{place}{query}&and=more"));
        }
        answer.set("Link", &format!("</new{query}>; rel=next"));
        answer
    });
    let url = |path: &str| format!("{}{path}{query}", server.url);
    let (_bound, refused) = bound([127, 0, 0, 1]);
    let page = format!("http://{refused}/{query}");
    for (url, more, code) in [
        (url("/old"), &[][..], 0),
        (url("/old"), &["--json"], 0),
        (url("/v1/models"), &[], 0),
        (url("/v1/chat"), &CHAT, 4),
        (url("/v1/chat"), &["--csp", "connect-src 'none'"], 4),
        (page.clone(), &[], 1),
        (url("/old"), &["--page", &page], 1),
        (format!("ftp://a.example/{query}"), &[], 2),
    ] {
        let said = explain(&url, &[&["--origin", PAGE], more].concat());
        assert_eq!(said.code, Some(code), "{url}: {said:?}");
        let text = format!("{}{}", said.stdout, said.stderr);
        assert!(!text.contains("api_key"), "{url}: {text}");
        assert!(text.contains("?…"), "{url}: {text}");
    }
    let asked = server.asked();
    assert!(asked.iter().any(|one| one.path.ends_with("&and=more")));
}

#[test]
fn what_a_server_sends_cannot_move_the_cursor() {
    let server =
        Scripted::start(|_| Answer::new(200).with("Access-Control-Allow-Origin: http://a\u{9b}2J"));
    let said = explain(&format!("{}/v1/models", server.url), &["--origin", PAGE]);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(!said.stdout.contains('\u{9b}'), "{said:?}");
    assert!(said.stdout.contains("http://a"), "{said:?}");
}

#[test]
fn what_cannot_be_reached_is_said_in_a_sentence_with_exit_1() {
    let (_bound, refused) = bound([127, 0, 0, 1]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closing = silent.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = silent.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    for (url, sentence) in [
        (
            format!("http://{refused}/"),
            format!("nothing listens at {refused}"),
        ),
        (
            "http://drawbridge.invalid/".to_owned(),
            "the name drawbridge.invalid has no address".to_owned(),
        ),
        (
            format!("http://{closing}/"),
            "127.0.0.1 sent no usable answer".to_owned(),
        ),
        (
            format!("https://{closing}/"),
            "no TLS with 127.0.0.1".to_owned(),
        ),
    ] {
        let said = explain(&url, &["--origin", PAGE]);
        assert_eq!(said.code, Some(1), "{url}: {said:?}");
        assert_eq!(said.stdout, "", "{url}");
        assert!(said.stderr.contains(&sentence), "{url}: {said:?}");
        assert!(
            said.stderr
                .starts_with(&format!("error: cannot reach {url}")),
            "{said:?}"
        );
    }
    thread.join().unwrap();
}

#[test]
fn a_server_that_breaks_off_after_the_preflight_is_a_blocked_call() {
    let server = Scripted::start(|asked| match &*asked.method {
        "OPTIONS" => right(asked),
        _ => Answer::new(200).with("not a header line"),
    });
    let report = report(&server, "/v1/chat", &CHAT);
    assert_eq!(report["code"], "NetworkFailure", "{report:#}");
    assert!(
        report["findings"]
            .to_string()
            .contains("sent no usable answer"),
        "{report:#}"
    );
}

#[test]
fn what_no_page_could_ask_is_wrong_usage_with_its_cure() {
    let url = "http://127.0.0.1:1/";
    let cases: [(&[&str], &str); 9] = [
        (
            &["--origin", "https://a.example/"],
            "write https://a.example",
        ),
        (
            &["--origin", "HTTPS://A.example"],
            "write https://a.example",
        ),
        (
            &["--method", "TRACE"],
            "no page can send the method `TRACE`",
        ),
        (&["--method", "a b"], "no page can send the method `a b`"),
        (&["--header", "Authorization"], "write it as `Name: value`"),
        (&["--method", "GET", "--body", "/dev/null/x"], "cannot read"),
        (
            &["--csp", "x", "--page", "http://127.0.0.1:1/"],
            "cannot be used with",
        ),
        (
            &["--page", "file:///x"],
            "--page: `file:///x` is neither http nor https",
        ),
        (&["--body", "Cargo.toml-that-is-none"], "cannot read"),
    ];
    for (arguments, part) in cases {
        let said = explain(url, arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        assert!(said.stderr.contains(part), "{arguments:?}: {said:?}");
    }
    for (url, part) in [
        ("api.example.com/v1", "write it like https://"),
        ("ftp://a.example", "is neither http nor https"),
        ("http://u:p@a.example", "user name or password"),
    ] {
        let said = explain(url, &[]);
        assert_eq!(said.code, Some(2), "{url}: {said:?}");
        assert!(said.stderr.contains(part), "{url}: {said:?}");
    }
}

#[test]
fn what_only_a_live_question_has_is_refused_without_one() {
    let call = ["--endpoint", "e", "--origin", PAGE];
    for others in [
        &call[..],
        &["--console", "Failed to fetch"],
        &["--origin", PAGE],
    ] {
        for flag in [
            &["--body", "x"][..],
            &["--csp", "x"],
            &["--page", "http://127.0.0.1:1/"],
            &["--follow-private"],
        ] {
            let arguments = [&["explain"], others, flag].concat();
            let said = run(&mut drawbridge(&arguments));
            assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
            assert!(said.stderr.contains("Usage:"), "{arguments:?}: {said:?}");
        }
    }
    for other in [["--endpoint", "e"], ["--console", "Failed to fetch"]] {
        let said = explain("http://127.0.0.1:1/", &other);
        assert_eq!(said.code, Some(2), "{other:?}: {said:?}");
        assert!(said.stderr.contains("cannot be used with"), "{said:?}");
    }
}
