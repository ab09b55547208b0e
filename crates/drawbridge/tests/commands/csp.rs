//! `drawbridge csp`, as its users type it.

use serde_json::Value;

use crate::process::{Running, Said, drawbridge, run};

const GATEWAY: [&str; 3] = ["csp", "--public-url", "https://gw.example.com"];

fn csp(arguments: &[&str]) -> Said {
    run(&mut drawbridge(GATEWAY.iter().chain(arguments)))
}

#[test]
fn the_directive_is_on_stdout_and_its_meaning_on_stderr() {
    let said = csp(&[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let directive = "connect-src 'self' https://gw.example.com";
    assert_eq!(said.stdout.trim_end(), directive);
    assert!(said.stderr.contains("default-src"), "{said:?}");
    let json: Value = serde_json::from_str(&csp(&["--json"]).stdout).unwrap();
    assert_eq!(json["source"], "https://gw.example.com");
    assert_eq!(json["directive"], directive);

    let mut command = drawbridge(["csp"]);
    let said = run(command.env("DRAWBRIDGE_PUBLIC_URL", "https://other.example"));
    assert!(said.stdout.contains("https://other.example"), "{said:?}");
}

#[test]
fn a_policy_that_blocks_exits_with_4_and_names_the_fault_and_its_cure() {
    let said = csp(&[
        "--check",
        "default-src 'self' https://gw.example.com:8443; img-src *",
    ]);
    assert_eq!(said.code, Some(4), "{said:?}");
    for part in [
        "blocked: `default-src 'self' https://gw.example.com:8443` does not allow https://gw.example.com\n",
        "`https://gw.example.com:8443` has another port\n",
        "connect-src 'self' https://gw.example.com:8443 https://gw.example.com\n",
        "  default-src 'self' https://gw.example.com:8443; img-src *; connect-src 'self'",
    ] {
        assert!(said.stdout.contains(part), "{part}: {said:?}");
    }
    assert!(said.stderr.contains("blocks calls"), "{said:?}");

    let said = csp(&["--check", "conect-src *; connect-src 'none'", "--json"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    let json: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["verdict"], "blocked");
    assert_eq!(json["blocks"][0]["directive"], "connect-src");
    assert_eq!(json["blocks"][0]["policy"], 1);
    let cured = "conect-src *; connect-src https://gw.example.com";
    assert_eq!(json["cured"], cured);
    assert!(
        json["warnings"][0]
            .as_str()
            .unwrap()
            .contains("did you mean"),
        "{json}"
    );
}

#[test]
fn a_policy_that_allows_exits_with_0_and_self_depends_on_the_page() {
    for csp_text in [
        "",
        "img-src 'self'",
        "connect-src *",
        "connect-src https://*.example.com",
    ] {
        let said = csp(&["--check", csp_text]);
        assert_eq!(said.code, Some(0), "{csp_text}: {said:?}");
        assert!(said.stdout.starts_with("allowed"), "{said:?}");
    }
    // As it is copied from a browser's tools.
    let pasted = "content-security-policy: default-src 'self'";
    assert_eq!(csp(&["--check", pasted]).code, Some(4));
    let own = [
        "--check",
        "default-src 'self'",
        "--page-origin",
        "https://gw.example.com",
    ];
    assert_eq!(csp(&own).code, Some(0));
    assert_eq!(csp(&own[..2]).code, Some(4));
}

#[test]
fn a_project_has_its_own_path() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let process = Running::start(&mut drawbridge([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        data,
    ]));
    let url = process
        .first_line
        .strip_prefix("drawbridge listening on ")
        .unwrap();
    let project = [
        "project",
        "create",
        "p",
        "--id",
        "proj_abcdef",
        "--url",
        url,
    ];
    assert_eq!(run(&mut drawbridge(project)).code, Some(0));
    // What the gateway knows of itself is asked of it.
    let said = run(&mut drawbridge(["csp", "--url", url]));
    let directive = format!("connect-src 'self' {url}");
    assert_eq!(said.stdout.trim_end(), directive, "{said:?}");
    assert!(said.stderr.contains("--public-url"), "{said:?}");
    let said = csp(&["--project", "p", "--url", url]);
    let directive = "connect-src 'self' https://gw.example.com/proj_abcdef/";
    assert_eq!(said.stdout.trim_end(), directive, "{said:?}");
    assert!(
        said.stderr.contains("https://gw.example.com/v1/"),
        "{said:?}"
    );
    let check = ["--project", "p", "--url", url, "--check", directive];
    assert_eq!(csp(&check).code, Some(0));
    // Without the project it is about the whole gateway.
    assert_eq!(csp(&["--check", directive]).code, Some(4));
    let unknown = csp(&["--project", "unknown", "--url", url]);
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
}

#[test]
fn what_is_no_origin_is_wrong_usage_with_its_cure() {
    let run = |arguments: &[&str]| run(&mut drawbridge(arguments));
    for (arguments, part) in [
        (
            &["csp", "--public-url", "https://gw.example.com/v1"][..],
            "--public-url: `https://gw.example.com/v1` is not an origin",
        ),
        (
            &["csp", "--public-url", "gw.example.com"],
            "write https://gw.example.com",
        ),
        (&["csp", "--public-url", "http://[::1]:8080"], "IPv6"),
        (
            &["csp", "--check", "x", "--page-origin", "https://A"],
            "--page-origin: `https://A`",
        ),
        (&["csp", "--page-origin", "https://a.example"], "--check"),
    ] {
        let said = run(arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        assert!(said.stderr.contains(part), "{arguments:?}: {said:?}");
    }
}
