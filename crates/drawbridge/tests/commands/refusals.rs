//! Refused calls of pages, from the request to the list of them, over a restart.

use crate::cli::Gateway;
use crate::process::exchange;

const PAGE: &str = "Origin: https://app.example.com";

/// A gateway with an endpoint that lists no origins, and what its pages are refused.
fn refused() -> (Gateway, String) {
    let gateway = Gateway::start();
    let project = gateway.json("project create p");
    gateway.done("endpoint create e --project p --upstream http://127.0.0.1:9/v1 --allow-origin https://other.example");
    let path = format!(
        "/{}/e/v1/models?token=secret",
        project["id"].as_str().unwrap()
    );
    for _ in 0..2 {
        let lines = [PAGE, "Access-Control-Request-Method: GET"];
        let answer = exchange(&gateway.url, "OPTIONS", &path, &lines, "");
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }
    (gateway, path)
}

#[test]
fn what_pages_were_refused_survives_a_restart() {
    let (gateway, _) = refused();
    let key = gateway.json("key create reader --project p --kind secret --scope endpoints:read");
    let bearer = format!("Authorization: Bearer {}", key["token"].as_str().unwrap());
    // What was counted last is stored on the way out.
    let gateway = Gateway::start_in(gateway.stop());
    let answer = exchange(&gateway.url, "GET", "/v1/cors/refusals", &[&*bearer], "");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let listed: serde_json::Value = serde_json::from_str(body).unwrap();
    let refusal = &listed["data"][0];
    assert_eq!(
        (&refusal["reason"], &refusal["count"]),
        (&"origin_not_allowed".into(), &2.into())
    );
    assert_eq!(refusal["origin"], "https://app.example.com");
    assert!(!body.contains("secret"), "{body}");
    let command = refusal["fixes"][0]["command"].as_str().unwrap();
    assert!(
        command.starts_with("drawbridge endpoint update e --project p --patch"),
        "{command}"
    );
}

#[test]
fn a_dry_run_says_whose_pages_would_notice_and_saves_nothing() {
    let (gateway, path) = refused();
    let lines = ["Origin: https://other.example"];
    let answer = exchange(&gateway.url, "GET", &path, &lines, "");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    // What was counted last is stored on the way out.
    let gateway = Gateway::start_in(gateway.stop());
    let line = "endpoint update e --project p --allow-origin https://app.example.com --dry-run";
    let said = gateway.command(line);
    for sentence in [
        "Pages of https://app.example.com would be admitted: 2 calls since yesterday",
        "Pages of https://other.example would be refused: 1 call since yesterday",
    ] {
        assert!(said.stdout.contains(sentence), "{said:?}");
    }
    assert!(said.stderr.contains("nothing was saved"), "{said:?}");
    for (line, sentence) in [
        (
            "endpoint delete e --project p --dry-run",
            "endpoint e would be deleted",
        ),
        (
            "endpoint create f --project p --upstream http://127.0.0.1:9/v1 --dry-run",
            "name",
        ),
        ("project update p --name Other --dry-run", "Other"),
        ("project create q --dry-run", "q"),
        ("key create web --project p --kind secret --dry-run", "web"),
    ] {
        let said = gateway.command(line);
        assert!(
            said.code == Some(0) && said.stdout.contains(sentence),
            "{said:?}"
        );
        assert!(
            !said.stdout.contains("dbr_") && said.stderr.contains("nothing was saved"),
            "{said:?}"
        );
    }
    let listed = gateway.json("endpoint list --project p");
    assert_eq!(
        listed["data"][0]["cors"]["allowedOrigins"][0],
        "https://other.example"
    );
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(gateway.json("key list")["data"], serde_json::json!([]));
    assert_eq!(gateway.json("project list")["data"][0]["name"], "p");
    assert_eq!(
        gateway.json("project list")["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn what_there_is_to_do_is_listed_and_done_by_its_number() {
    let (gateway, path) = refused();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let listed = loop {
        // The control thread stores every two seconds.
        let listed = gateway.json("explain --recent --project p");
        if listed["data"][0]["count"] == 2 {
            break listed;
        }
        assert!(std::time::Instant::now() < until, "{listed}");
        std::thread::yield_now();
    };
    let number = &listed["data"][0]["number"];
    let shown = gateway.done("explain --recent");
    let head =
        format!("{number}. https://app.example.com at p/e: origin_not_allowed, 2 times, last ");
    assert!(shown.starts_with(&head), "{shown}");
    assert!(
        shown.contains("\n     drawbridge endpoint update e --project p --patch '{"),
        "{shown}"
    );

    // Nothing is done without a number that is listed, and none without being asked.
    for (line, said) in [
        ("explain --recent --apply", "say which fix to apply"),
        (
            "explain --recent --apply 4711 --yes",
            "nothing with the number 4711",
        ),
        (&*format!("explain --recent --apply {number}"), "pass --yes"),
        ("explain --recent --method GET", "leave the other flags out"),
    ] {
        let answer = gateway.command(line);
        assert_eq!(answer.code, Some(2), "{line}: {answer:?}");
        assert!(answer.stderr.contains(said), "{line}: {answer:?}");
    }
    gateway.done(&format!("explain --recent --apply {number} --yes"));
    let origins = gateway.json("endpoint show e --project p")["cors"]["allowedOrigins"].clone();
    let expected = serde_json::json!(["https://other.example", "https://app.example.com"]);
    assert_eq!(origins, expected);
    let lines = [PAGE, "Access-Control-Request-Method: GET"];
    let answer = exchange(&gateway.url, "OPTIONS", &path, &lines, "");
    assert!(
        answer.contains("access-control-allow-origin: https://app.example.com"),
        "{answer}"
    );
    let said = gateway.command("explain --recent");
    assert_eq!((said.code, &*said.stdout), (Some(0), ""));
    assert!(
        said.stderr.contains("nothing that pages were refused"),
        "{said:?}"
    );
}
