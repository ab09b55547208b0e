//! `drawbridge explain`, as its users type it: lines of consoles without a gateway, calls with one that runs.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::cli::Gateway;
use crate::process::{Said, drawbridge, exchange, run};

const LINE: &str = "Access to fetch at 'http://gw.example/p/e/v1/models' from origin 'https://app.example.com' has been blocked \
                    by CORS policy: Request header field x-it's is not allowed by Access-Control-Allow-Headers in preflight \
                    response.";
/// Nothing listens there.
const NOWHERE: &str = "http://127.0.0.1:9";

fn explain(arguments: &[&str]) -> Said {
    run(drawbridge(["explain"].iter().chain(arguments)).env("DRAWBRIDGE_URL", NOWHERE))
}

fn furnished() -> Gateway {
    let gateway = Gateway::start();
    gateway.done("project create p --name P");
    gateway.done("endpoint create e --project p --upstream http://127.0.0.1:9/v1");
    gateway
}

/// A preflight over the listener, as browsers send it; the answer's head.
fn preflight(gateway: &Gateway, url: &str, names: &str) -> String {
    let path = url.strip_prefix(&gateway.url).unwrap();
    let names = format!("Access-Control-Request-Headers: {names}");
    let lines = [
        "Origin: https://app.example.com",
        "Access-Control-Request-Method: PATCH",
        &names,
    ];
    exchange(&gateway.url, "OPTIONS", path, &lines, "").to_ascii_lowercase()
}

const CALL: [&str; 12] = [
    "explain",
    "--project",
    "p",
    "--endpoint",
    "e",
    "--origin",
    "https://app.example.com",
    "--method",
    "PATCH",
    "--header",
    "X-It's: 1",
    "--credentials",
];

fn asked(gateway: &Gateway, more: &[&str]) -> Said {
    run(drawbridge(CALL.iter().chain(more)).env("DRAWBRIDGE_URL", &gateway.url))
}

fn asked_json(gateway: &Gateway, more: &[&str]) -> Value {
    let said = asked(gateway, &[more, &["--json"]].concat());
    serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"))
}

#[test]
fn a_key_that_the_page_sends_is_not_shown() {
    let gateway = furnished();
    gateway.done("endpoint update e --project p --allow-origin https://app.example.com");
    let call = [
        &CALL[..7],
        &["--header", "Authorization: Bearer not-to-be-shown"],
    ]
    .concat();
    let json = [&call[..], &["--json"]].concat();
    for arguments in [&call, &json] {
        let said = run(drawbridge(arguments).env("DRAWBRIDGE_URL", &gateway.url));
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.stdout.contains("(as given)"), "{said:?}");
        assert!(!format!("{said:?}").contains("not-to-be-shown"), "{said:?}");
    }
}

#[test]
fn a_line_of_a_console_is_read_without_a_gateway() {
    let said = explain(&["--console", LINE]);
    assert_eq!(said.code, Some(4), "{said:?}");
    for part in [
        "blocked: HeaderDisallowedByPreflightResponse\n",
        "The line is Chromium's\n",
        "header: x-it's\n",
        "origin: https://app.example.com\n",
        "Request header field x-it's is not allowed by Access-Control-Allow-Headers",
        "What to do\n  List every header",
    ] {
        assert!(said.stdout.contains(part), "{part}: {said:?}");
    }
    let said = explain(&["--console", LINE, "--json"]);
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(document["recognized"]["header"], "x-it's");
    assert_eq!(document["verdict"], "blocked");
}

#[test]
fn a_line_comes_by_stdin_too_with_noise_around_it() {
    let mut command = drawbridge(["explain", "--console", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let noise = "app.js:7:12 Uncaught (in promise)\n";
    stdin
        .write_all(format!("{}{LINE}\n{noise}", noise.repeat(1000)).as_bytes())
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("blocked: HeaderDisallowedByPreflightResponse"),
        "{text}"
    );
}

#[test]
fn what_is_no_line_of_a_console_is_said_to_be_none() {
    let said = explain(&["--console", "the cake is a lie"]);
    assert_eq!((said.code, &*said.stdout), (Some(2), ""), "{said:?}");
    let told = "not a CORS error that any of the three browsers prints";
    assert!(said.stderr.contains(told), "{said:?}");
}

#[test]
fn a_question_without_its_parts_is_wrong_usage() {
    for arguments in [
        &[][..],
        &["--endpoint", "e"],
        &["--origin", "https://a.example"],
        &["--console", LINE, "--origin", "https://a.example"],
        &["--console", LINE, "--apply"],
        &["--endpoint", "e", "--origin", "https://a.example", "--yes"],
    ] {
        let said = explain(arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
    }
    let said = explain(&["--endpoint", "e", "--origin", "https://a.example"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("no gateway answers"), "{said:?}");
}

#[test]
fn a_call_is_explained_from_the_verdict_to_the_command_that_cures_it() {
    let gateway = furnished();
    let said = asked(&gateway, &[]);
    assert_eq!(said.code, Some(4), "{said:?}");
    for part in [
        "blocked: PreflightMissingAllowOriginHeader\n",
        "What the console says\n  Chromium\n    Access to fetch at '",
        "  Safari (measured in WebKitGTK, not in Safari)\n",
        "The browser asks first, because the method PATCH is none of GET, HEAD and POST; the header x-it's",
        "The gateway answers 204:\n    Vary: Origin",
        "The request itself is not sent.",
        "Cause\n  `allowedOrigins` does not cover",
        "drawbridge endpoint update e --project p --patch '{",
        "    mind: so far the endpoint leaves origins to its keys",
    ] {
        assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
    }
    assert!(said.stderr.contains("the call is blocked"), "{said:?}");
}

#[test]
fn the_command_of_a_fix_is_typed_into_a_shell_and_the_real_preflight_passes() {
    let gateway = furnished();
    let found = asked_json(&gateway, &[]);
    let url = found["preflight"]["request"]["url"].as_str().unwrap();
    // Refused, it names no origin.
    assert!(!preflight(&gateway, url, "x-it's").contains("access-control-"));
    let command = found["fixes"][0]["command"].as_str().unwrap();
    let typed = format!(r#"drawbridge() {{ "$BINARY" "$@"; }}; {command}"#);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &typed])
        .env("BINARY", env!("CARGO_BIN_EXE_drawbridge"))
        .env("DRAWBRIDGE_ROOT_KEY", crate::process::ROOT_KEY)
        .env("DRAWBRIDGE_URL", &gateway.url);
    let said = run(shell.stdout(Stdio::piped()).stderr(Stdio::piped()));
    assert_eq!(said.code, Some(0), "{command}: {said:?}");

    let said = asked(&gateway, &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stdout.starts_with("allowed: "), "{said:?}");
    let head = preflight(&gateway, url, "x-it's");
    for line in [
        "http/1.1 204",
        "access-control-allow-origin: https://app.example.com\r\n",
        "access-control-allow-credentials: true\r\n",
        "access-control-allow-methods: get, post, options, patch\r\n",
        "access-control-allow-headers: content-type, authorization, x-it's\r\n",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
}

#[test]
fn a_fix_is_applied_when_somebody_agrees() {
    let gateway = furnished();
    let said = asked(&gateway, &["--apply"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("pass --yes"), "{said:?}");
    assert_eq!(asked(&gateway, &[]).code, Some(4));

    let said = asked(&gateway, &["--apply", "--yes"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.stderr
            .contains("applied: add `https://app.example.com`"),
        "{said:?}"
    );
    assert!(
        said.stdout.contains(
            "allowed: every browser lets the page read the answer\n\nMind\n  Chromium asks the user"
        ),
        "{said:?}"
    );
    let change = &gateway.json("audit list")["data"][0];
    assert_eq!(change["action"], "endpoint.update");
}

#[test]
fn fixes_of_endpoint_and_key_are_applied_one_after_the_other() {
    let gateway = furnished();
    gateway.done("endpoint update e --project p --add-origin https://only.example");
    let key = gateway
        .json("key create web --project p --kind publishable --allow-origin https://only.example");
    let line = format!(
        "explain --project p --endpoint e --origin https://app.example.com --key-id {}",
        key["id"].as_str().unwrap()
    );
    let said = gateway.command(&format!("{line} --json"));
    let found: Value = serde_json::from_str(&said.stdout).unwrap();
    let targets: Vec<_> = found["fixes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fix| &fix["target"])
        .collect();
    assert_eq!(targets, [&json!("endpoint"), &json!("key")]);
    let found = gateway.json(&format!("{line} --apply --yes"));
    assert_eq!(found["verdict"], "allowed");
    let origins = json!(["https://only.example", "https://app.example.com"]);
    let key = gateway.json(&format!("key show {}", key["id"].as_str().unwrap()));
    assert_eq!(key["allowed_origins"], origins);
}

#[test]
fn a_line_is_judged_at_the_endpoint_that_is_named_beside_it() {
    let gateway = furnished();
    gateway.done("endpoint update e --project p --add-origin https://app.example.com");
    let arguments = [
        "explain",
        "--console",
        LINE,
        "--project",
        "p",
        "--endpoint",
        "e",
        "--json",
    ];
    let said = run(drawbridge(arguments).env("DRAWBRIDGE_URL", &gateway.url));
    assert_eq!(said.code, Some(4), "{said:?}");
    let found: Value = serde_json::from_str(&said.stdout).unwrap();
    let headers = json!({"cors": {"allowedHeaders": ["Content-Type", "Authorization", "x-it's"]}});
    assert_eq!(found["fixes"][0]["patch"], headers);
}

#[test]
fn a_line_that_leaves_open_what_was_blocked_is_no_all_clear() {
    let gateway = furnished();
    gateway.done("endpoint update e --project p --add-origin https://app.example.com");
    let asked = |line: &str, more: &[&str]| {
        let arguments = [
            "explain",
            "--project",
            "p",
            "--endpoint",
            "e",
            "--console",
            line,
        ];
        run(drawbridge(arguments.iter().chain(more)).env("DRAWBRIDGE_URL", &gateway.url))
    };
    let cut = LINE.split_once("x-it's").unwrap().0;
    let said = asked(cut, &[]);
    assert_eq!(said.code, Some(4), "{said:?}");
    for part in [
        "unclear: the line says that a call was blocked",
        "\n\nMind\n  Chromium asks the user",
        "\n  The call in the line went to `http://gw.example`, not to this gateway (http://",
        "\n  The line names no header: ask with every one that the page sets (`headers`, --header).",
    ] {
        assert!(said.stdout.contains(part), "{part}: {said:?}");
    }
    assert!(!said.stdout.contains("allowed:"), "{said:?}");
    // With it the call is blocked, and what the line is about is cured.
    let more = ["--header", "X-Tenant"];
    assert_eq!(asked(cut, &more).code, Some(4));
    let said = asked(cut, &[&more[..], &["--apply", "--yes"]].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    let allowed = "allowed: every browser lets the page read the answer\n";
    assert!(said.stdout.contains(allowed), "{said:?}");
    // Later the same is no proof: the page sends something else, or was not reloaded.
    let said = asked(cut, &more);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(said.stdout.contains("reload the page"), "{said:?}");
}
