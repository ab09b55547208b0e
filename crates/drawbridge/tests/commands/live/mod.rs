//! `drawbridge explain --live` against servers that are right, and wrong in one way each.

mod findings;
mod safety;
mod unseen;

use serde_json::Value;

use crate::cli::Gateway;
use crate::process::{Said, drawbridge, run};
use crate::scripted::{Answer, Asked, Scripted};

/// A page on this machine, so that no network is more private than its own.
const PAGE: &str = "http://localhost:3000";

/// What a page sends to a chat endpoint.
const CHAT: [&str; 6] = [
    "--method",
    "POST",
    "--header",
    "Content-Type: application/json",
    "--header",
    "Authorization: Bearer not-to-be-shown",
];

/// A server that does it all right for [`PAGE`].
fn right(asked: &Asked) -> Answer {
    let mut answer = match (&*asked.method, &*asked.path) {
        ("OPTIONS", _) => Answer::new(204)
            .with("Access-Control-Allow-Methods: GET, POST, PUT")
            .with("Access-Control-Allow-Headers: Authorization, Content-Type")
            .with("Access-Control-Max-Age: 600"),
        (_, "/v1/chat" | "/v1/models") => Answer::new(200),
        _ => Answer::new(404),
    };
    answer
        .lines
        .push("Vary: Accept-Encoding, Origin".to_owned());
    if asked.header("origin") == PAGE {
        answer.set("Access-Control-Allow-Origin", PAGE);
    }
    answer
}

/// The same with a fault.
fn wrong(fault: impl Fn(&Asked, &mut Answer) + Send + 'static) -> Scripted {
    Scripted::start(move |asked| {
        let mut answer = right(asked);
        fault(asked, &mut answer);
        answer
    })
}

fn explain(url: &str, arguments: &[&str]) -> Said {
    let live = ["explain", "--live", url];
    run(&mut drawbridge(live.iter().chain(arguments)))
}

/// The report of a call by [`PAGE`].
fn report(server: &Scripted, path: &str, arguments: &[&str]) -> Value {
    let url = format!("{}{path}", server.url);
    let arguments = [&["--json", "--origin", PAGE], arguments].concat();
    let said = explain(&url, &arguments);
    serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"))
}

/// The codes of what was found, each with how bad it is.
fn codes(report: &Value) -> Vec<(&str, &str)> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            (
                finding["severity"].as_str().unwrap(),
                finding["code"].as_str().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_server_that_is_right_is_allowed_and_nothing_is_found() {
    let server = Scripted::start(right);
    for (path, arguments) in [("/v1/chat", &CHAT[..]), ("/v1/models", &[])] {
        let report = report(&server, path, arguments);
        assert_eq!(report["verdict"], "allowed", "{report}");
        assert_eq!(codes(&report), [("note", "blocked_all_the_same")]);
    }
}

#[test]
fn the_report_begins_with_the_verdict_and_shows_both_exchanges_but_no_key() {
    let server = Scripted::start(right);
    let url = format!("{}/v1/chat", server.url);
    let said = explain(&url, &[&["--origin", PAGE][..], &CHAT].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in [
        "The preflight, because of the header authorization: its name is not CORS-safelisted; the header content-type",
        "    > access-control-request-headers: authorization,content-type\n",
        "    < 204\n",
        "    < access-control-allow-origin: http://localhost:3000\n",
        "    > authorization: (as given)\n",
        "    < 200\n",
        "ad blocker",
    ] {
        assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
    }
    let first = format!("allowed: a page of {PAGE} can POST {url}\n");
    assert!(said.stdout.starts_with(&first), "{said:?}");
    assert!(!format!("{said:?}").contains("not-to-be-shown"), "{said:?}");

    let asked = server.asked();
    let posts: Vec<_> = asked.iter().filter(|one| one.method == "POST").collect();
    assert_eq!(posts.len(), 1, "a POST is sent once: {asked:?}");
    assert_eq!(posts[0].header("authorization"), "Bearer not-to-be-shown");
    let others = asked.iter().filter(|one| one.method != "POST");
    assert!(
        { others }.all(|one| one.header("authorization").is_empty()),
        "{asked:?}"
    );
}

#[test]
fn a_blocked_call_exits_with_4_and_has_each_browsers_words() {
    let server = Scripted::start(right);
    let url = format!("{}/v1/chat", server.url);
    let said = explain(
        &url,
        &[&["--origin", "http://localhost:4000"][..], &CHAT].concat(),
    );
    assert_eq!(said.code, Some(4), "{said:?}");
    let chromium = format!(
        "Access to fetch at '{url}' from origin 'http://localhost:4000' has been blocked by CORS policy: Response to preflight \
         request doesn't pass access control check: No 'Access-Control-Allow-Origin' header is present on the requested \
         resource."
    );
    let firefox = format!(
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {url}. (Reason: CORS \
         header ‘Access-Control-Allow-Origin’ missing). Status code: 204."
    );
    for part in [
        "blocked: a page of http://localhost:4000 cannot POST",
        "(PreflightMissingAllowOriginHeader)",
        &chromium,
        &firefox,
        "nginx: add_header Access-Control-Allow-Origin \"http://localhost:4000\" always;",
    ] {
        assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
    }
    assert!(said.stderr.contains("browsers block the call"), "{said:?}");
    assert!(
        server.asked().iter().all(|one| one.method != "POST"),
        "the browser would not have sent it"
    );
}

#[test]
fn the_gateway_itself_is_allowed_for_its_origins_and_blocked_for_others() {
    let gateway = Gateway::start();
    let project = gateway.json("project create p");
    let line = format!(
        "endpoint create e --project p --upstream http://127.0.0.1:9/v1 --allow-origin {PAGE}"
    );
    gateway.done(&line);
    let project = project["id"].as_str().unwrap();
    let url = format!("{}/{project}/e/v1/chat/completions", gateway.url);
    let admitted = explain(&url, &[&["--json", "--origin", PAGE][..], &CHAT].concat());
    assert_eq!(admitted.code, Some(0), "{admitted:?}");
    let report: Value = serde_json::from_str(&admitted.stdout).unwrap();
    // The key is none of the gateway's, and the page can read that.
    let found = codes(&report);
    assert!(found.contains(&("note", "error_answered")), "{found:?}");
    assert!(
        found.iter().all(|(severity, _)| *severity == "note"),
        "{found:?}"
    );

    let other = ["--json", "--origin", "http://localhost:4000"];
    let refused = explain(&url, &[&other[..], &CHAT].concat());
    assert_eq!(refused.code, Some(4), "{refused:?}");
    let report: Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!(report["code"], "PreflightMissingAllowOriginHeader");
}
