//! The commands, as their users type them, against a gateway that runs.

use std::io::Write;
use std::net::TcpListener;
use std::process::Stdio;

use crate::process::{Running, Said, drawbridge, run};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A gateway of its own for one test.
pub(crate) struct Gateway {
    pub(crate) url: String,
    process: Running,
    data: TempDir,
}

impl Gateway {
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    /// The same on a data directory that there is.
    pub(crate) fn start_in(data: TempDir) -> Self {
        Self::start_with(data, &[])
    }

    /// The same, with flags of `serve`.
    pub(crate) fn start_with(data: TempDir, flags: &[&str]) -> Self {
        let directory = data.path().to_str().unwrap();
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            directory,
            "--log-level",
            "error",
        ];
        let process = Running::start(drawbridge(arguments).args(flags));
        let url = process.first_line.strip_prefix("drawbridge listening on ");
        Self {
            url: url
                .unwrap_or_else(|| panic!("{}", process.first_line))
                .to_owned(),
            process,
            data,
        }
    }

    /// Stops it; what it leaves behind.
    pub(crate) fn stop(self) -> TempDir {
        self.process.interrupt();
        self.data
    }

    /// Kills it without warning; what it leaves behind.
    pub(crate) fn kill(self) -> TempDir {
        self.process.kill();
        self.data
    }

    /// Where its data is.
    pub(crate) fn data_dir(&self) -> &str {
        self.data.path().to_str().unwrap()
    }

    /// Runs a command line against this gateway.
    pub(crate) fn command(&self, line: &str) -> Said {
        run(drawbridge(line.split_whitespace()).env("DRAWBRIDGE_URL", &self.url))
    }

    /// The same, which has to succeed; its stdout.
    pub(crate) fn done(&self, line: &str) -> String {
        let said = self.command(line);
        assert_eq!(said.code, Some(0), "{line}: {said:?}");
        said.stdout
    }

    /// The same with `--json`.
    pub(crate) fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.done(&format!("{line} --json"))).unwrap()
    }

    fn with_endpoint() -> Self {
        let gateway = Self::start();
        gateway.done("project create p --name P");
        gateway.done(
            "endpoint create e --project p --upstream http://127.0.0.1:9/v1 --model a --model small=tiny \
             --allow-origin https://app.example.com",
        );
        gateway
    }

    fn origins(&self) -> Value {
        self.json("endpoint show e --project p")["cors"]["allowedOrigins"].clone()
    }
}

#[test]
fn projects_are_created_listed_changed_and_deleted() {
    let gateway = Gateway::start();
    let said = gateway.command("project list");
    assert_eq!((said.code, &*said.stdout), (Some(0), ""));
    assert!(
        said.stderr.contains("there are no projects here"),
        "{said:?}"
    );

    let shown = gateway.done("project create my-project --name Mine");
    assert!(
        shown.contains("my-project") && shown.contains("proj_"),
        "{shown}"
    );
    let listed = gateway.done("project list");
    assert!(listed.starts_with("SLUG"), "{listed}");
    assert!(listed.contains("my-project"), "{listed}");
    assert_eq!(
        gateway.json("project update my-project --name Other")["name"],
        "Other"
    );
    assert_eq!(gateway.json("project list")["object"], "list");
    gateway.done("project delete my-project --yes");
    let said = gateway.command("project show my-project");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.stderr.contains("cannot show project \"my-project\""),
        "{said:?}"
    );
}

#[test]
fn an_endpoint_is_what_its_flags_say() {
    let gateway = Gateway::with_endpoint();
    let endpoint = gateway.json("endpoint show e --project p");
    assert_eq!(endpoint["models"][1]["upstream_name"], "tiny");
    assert_eq!(
        endpoint["cors"]["allowedOrigins"][0],
        "https://app.example.com"
    );

    let changed = gateway.json(
        "endpoint update e --project p --max-age 600 --enforcement report --allow-header @openai --allow-method POST",
    );
    assert_eq!(changed["cors"]["maxAge"], 600);
    assert_eq!(changed["cors"]["enforcement"], "report");
    assert_eq!(
        changed["cors"]["allowedMethods"],
        serde_json::json!(["POST"])
    );
    assert_eq!(
        changed["cors"]["allowedOrigins"][0],
        "https://app.example.com"
    );

    let shown = gateway.done("endpoint show e --project p");
    assert!(shown.contains(&format!("{}/proj_", gateway.url)), "{shown}");
    assert!(shown.contains("a, small=tiny"), "{shown}");
    gateway.done("endpoint delete e --project p --yes");
    assert_eq!(gateway.command("endpoint show e --project p").code, Some(1));
}

#[test]
fn origins_are_added_and_removed_one_by_one() {
    let gateway = Gateway::with_endpoint();
    gateway.done("endpoint update e --project p --add-origin https://b.example.com --add-origin https://app.example.com");
    assert_eq!(
        gateway.origins(),
        serde_json::json!(["https://app.example.com", "https://b.example.com"])
    );
    gateway.done("endpoint update e --project p --remove-origin https://app.example.com");
    assert_eq!(
        gateway.origins(),
        serde_json::json!(["https://b.example.com"])
    );
    let said =
        gateway.command("endpoint update e --project p --remove-origin https://x.example.com");
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn a_merge_patch_comes_from_the_line_a_file_or_stdin() {
    let gateway = Gateway::with_endpoint();
    gateway.done(r#"endpoint update e --project p --patch {"cors":{"maxAge":1}}"#);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, r#"{"cors":{"allowedOrigins":null}}"#).unwrap();
    gateway.done(&format!(
        "endpoint update e --project p --patch @{}",
        file.path().display()
    ));
    let endpoint = gateway.json("endpoint show e --project p");
    assert_eq!(endpoint["cors"]["maxAge"], 1);
    assert_eq!(endpoint["cors"]["allowedOrigins"], serde_json::json!([]));
    let said = gateway.command("endpoint update e --project p --patch {}x");
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn every_problem_is_one_line_with_place_and_cure() {
    let gateway = Gateway::with_endpoint();
    let line = "endpoint update e --project p --allow-origin https://app.example.com/ --allow-method TRACE";
    let said = gateway.command(line);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.stderr
            .starts_with("error: cannot update endpoint \"e\": "),
        "{said:?}"
    );
    let about = |place: &str| {
        said.stderr
            .lines()
            .filter(|line| line.contains(place))
            .count()
    };
    assert_eq!(about("/cors/allowedOrigins/0: "), 1, "{said:?}");
    assert_eq!(about("/cors/allowedMethods/0: "), 1, "{said:?}");
    assert!(
        said.stderr.contains("(try: https://app.example.com)"),
        "{said:?}"
    );
    assert_eq!(said.stdout, "");

    let said = gateway.command(&format!("{line} --json"));
    let problem: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(problem["status"], 422);
    assert_eq!(
        problem["errors"].as_array().map(Vec::len),
        Some(2),
        "{problem}"
    );
}

#[test]
fn warnings_are_told_and_nothing_is_refused() {
    let gateway = Gateway::with_endpoint();
    let said = gateway.command("endpoint update e --project p --allow-origin *");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.stderr.contains("warning: /cors/allowedOrigins/0: "),
        "{said:?}"
    );
}

#[test]
fn credentials_come_from_the_environment_or_stdin_and_are_never_shown() {
    let gateway = Gateway::with_endpoint();
    let line = "endpoint update e --project p --json";
    let command = |flag: &[&str]| {
        let mut command = drawbridge(line.split_whitespace().chain(flag.iter().copied()));
        command
            .env("DRAWBRIDGE_URL", &gateway.url)
            .env("UPSTREAM_KEY", "sk-from-environment");
        command
    };
    let said = run(&mut command(&["--credential-env", "UPSTREAM_KEY"]));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stdout.contains(r#""has_credential":true"#), "{said:?}");
    assert!(!said.stdout.contains("sk-from"), "{said:?}");

    let mut child = command(&["--credential-stdin"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"sk-from-stdin\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let cleared: Value =
        serde_json::from_str(&gateway.done(&format!("{line} --no-credential"))).unwrap();
    assert_eq!(cleared["upstream"]["has_credential"], false);

    let said = gateway.command(&format!("{line} --credential-env SURELY_UNSET"));
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("SURELY_UNSET"), "{said:?}");
}

#[test]
fn a_key_shows_its_token_once_and_can_be_revoked() {
    let gateway = Gateway::with_endpoint();
    let key = gateway.json(
        "key create web --project p --kind publishable --mode test --endpoint e --expires 30d \
         --allow-origin https://*.example.com --allow-origin http://localhost:3000",
    );
    let (id, token) = (key["id"].as_str().unwrap(), key["token"].as_str().unwrap());
    assert!(token.starts_with("dbr_pk_test_p_"), "{key}");
    assert!(key["expires_at"].is_string(), "{key}");
    for line in [
        "key list".to_owned(),
        format!("key show {id}"),
        "key list --json".to_owned(),
    ] {
        let shown = gateway.done(&line);
        assert!(shown.contains(id) && !shown.contains(token), "{shown}");
    }
    assert!(
        gateway
            .done("key list --search WEB --endpoint e --state active")
            .contains(id)
    );
    let said = gateway.command("key list --state gone");
    assert!(
        said.stderr.contains("active, expired, revoked, exposed"),
        "{said:?}"
    );
    for (found, line) in [
        (1, "endpoint list --project p --search E"),
        (0, "endpoint list --project p --search absent"),
        (1, "project list --search P"),
        (0, "project list --search absent"),
    ] {
        let data = gateway.json(line)["data"].clone();
        assert_eq!(data.as_array().unwrap().len(), found, "{line}");
    }
    let shown = gateway.done(&format!("key show {id}"));
    let listed = "https://*.example.com, http://localhost:3000";
    assert!(shown.contains(listed), "{shown}");
    let lifted = gateway.json(&format!("key update {id} --any-origin"));
    assert!(lifted["allowed_origins"].is_null(), "{lifted}");
    let human = gateway.done("key create server --project p --kind secret");
    assert!(
        human.contains("dbr_sk_live_p_") && human.contains("shown once"),
        "{human}"
    );

    assert_eq!(
        gateway.json(&format!("key update {id} --name page --expires never"))["expires_at"],
        Value::Null
    );
    assert_eq!(
        gateway.json(&format!("key revoke {id} --yes"))["status"],
        "revoked"
    );
    assert!(gateway.done(&format!("key show {id}")).contains("revoked"));
}

#[test]
fn limits_are_set_shown_and_lifted() {
    let gateway = Gateway::with_endpoint();
    let shown = gateway.done("project update p --rate-limit 600/1m");
    assert!(shown.contains("600 in 60 s, 600 at once"), "{shown}");
    let key = gateway.json(
        "key create web --project p --kind secret --rate-limit 100/60 --burst 20 --max-concurrent 4",
    );
    let limit = json!({"requests": 100, "per_seconds": 60, "burst": 20});
    assert_eq!(
        (&key["rate_limit"], &key["max_concurrent"]),
        (&limit, &json!(4))
    );
    let id = key["id"].as_str().unwrap();
    let shown = gateway.done(&format!("key update {id} --burst 5"));
    assert!(shown.contains("100 in 60 s, 5 at once"), "{shown}");
    assert!(shown.contains("4 at most"), "{shown}");
    let lifted = format!("key update {id} --rate-limit none --max-concurrent none");
    let key = gateway.json(&lifted);
    assert_eq!(
        (&key["rate_limit"], &key["max_concurrent"]),
        (&json!(null), &json!(null))
    );
    let shown = gateway.done("project update p --rate-limit none");
    assert!(!shown.contains("at once"), "{shown}");
    for (line, cure) in [
        ("project update p --rate-limit 100", "100/1m"),
        ("project update p", "nothing to change"),
        ("project update p --burst 0", "/rate_limit/burst"),
        ("project update p --rate-limit 0/60", "/rate_limit/requests"),
    ] {
        let said = gateway.command(line);
        assert!(
            !said.stderr.is_empty() && said.stderr.contains(cure),
            "{line}: {}",
            said.stderr
        );
    }
}

#[test]
fn a_rotated_key_shows_its_new_token_once_and_both_tokens_work() {
    let gateway = Gateway::with_endpoint();
    let key = gateway.json("key create ci --project p --kind secret --scope keys:read");
    let (id, old) = (key["id"].as_str().unwrap(), key["token"].as_str().unwrap());
    let shown = gateway.done(&format!("key rotate {id} --overlap 1h"));
    assert!(
        shown.contains("shown once") && shown.contains("old token ends"),
        "{shown}"
    );
    let new = shown
        .lines()
        .find(|line| line.starts_with("dbr_sk_live_p_"));
    let new = new.unwrap_or_else(|| panic!("{shown}"));
    for token in [old, new] {
        gateway.done(&format!("key list --key {token}"));
    }
    let shown = gateway.done(&format!("key show {id}"));
    assert!(
        shown.contains("old token ends") && !shown.contains("dbr_"),
        "{shown}"
    );

    let rotated = gateway.json(&format!("key rotate {id} --overlap 0"));
    assert!(
        rotated["token"]
            .as_str()
            .unwrap()
            .starts_with("dbr_sk_live_p_")
    );
    for (token, code) in [(old, "invalid_key"), (new, "expired_key")] {
        let said = gateway.command(&format!("key list --key {token}"));
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.stderr.contains(code), "{said:?}");
    }
    gateway.done(&format!(
        "key list --key {}",
        rotated["token"].as_str().unwrap()
    ));

    let said = gateway.command(&format!("key rotate {id} --overlap 3600"));
    assert_eq!(said.code, Some(2), "{said:?}");
    let said = gateway.command(&format!("key rotate {id} --overlap 90d"));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.stderr.contains("/overlap_seconds: ") && said.stderr.contains("(try: 2592000)"),
        "{said:?}"
    );
}

#[test]
fn an_existing_token_is_imported_from_the_environment() {
    let gateway = Gateway::with_endpoint();
    let arguments = "key create old --project p --kind secret --import-env OLD_KEY";
    let said = run(drawbridge(arguments.split_whitespace())
        .env("DRAWBRIDGE_URL", &gateway.url)
        .env("OLD_KEY", "sk-another-gateway-8f3kd02mvn47fhw1qpz6"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!said.stdout.contains("sk-another-gateway"), "{said:?}");
}

#[test]
fn a_wrong_key_is_refused_with_the_cure() {
    let gateway = Gateway::start();
    let said = gateway.command("project list --key not-the-root-key-of-this-gateway-at-all");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("HTTP 401, invalid_key"), "{said:?}");
    assert!(said.stderr.contains("DRAWBRIDGE_KEY"), "{said:?}");
    let said = run(drawbridge(["project", "list"]).env_remove("DRAWBRIDGE_ROOT_KEY"));
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn nothing_is_deleted_without_a_yes() {
    let gateway = Gateway::with_endpoint();
    for line in [
        "project delete p",
        "endpoint delete e --project p",
        "key delete ak_live_x",
    ] {
        let said = gateway.command(line);
        assert_eq!(said.code, Some(2), "{line}: {said:?}");
        assert!(said.stderr.contains("--yes"), "{line}: {said:?}");
    }
    gateway.done("endpoint show e --project p");
}

#[test]
fn no_gateway_is_exit_1_with_the_cure() {
    let said = run(&mut drawbridge([
        "project",
        "list",
        "--url",
        "http://127.0.0.1:1",
    ]));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.stderr
            .contains("no gateway answers at http://127.0.0.1:1"),
        "{said:?}"
    );
    assert!(said.stderr.contains("drawbridge serve"), "{said:?}");
}

#[test]
fn what_prevents_the_start_is_one_sentence_and_exit_3() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("a-file"), "").unwrap();
    std::fs::write(path("wrong.toml"), "listne = '127.0.0.1:0'").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let cases = [
        (
            vec!["--config".to_owned(), path("wrong.toml")],
            "did you mean `listen`?",
        ),
        (
            vec!["--config".to_owned(), path("missing.toml")],
            "missing.toml",
        ),
        (
            vec!["--listen".to_owned(), "nowhere".to_owned()],
            "--listen",
        ),
        (
            vec!["--redis-url".to_owned(), "redis://".to_owned()],
            "not available in this version",
        ),
        (
            vec![
                "--listen".to_owned(),
                "127.0.0.1:0".to_owned(),
                "--data-dir".to_owned(),
                path("a-file"),
            ],
            "a-file is not a directory; choose another with --data-dir",
        ),
        (
            vec![
                "--listen".to_owned(),
                taken.clone(),
                "--data-dir".to_owned(),
                path("data"),
            ],
            &format!("cannot listen on {taken}: something else does; stop it"),
        ),
    ];
    for (flags, expected) in cases {
        let said = run(drawbridge(["serve"]).args(&flags));
        assert_eq!(said.code, Some(3), "{flags:?}: {said:?}");
        assert!(said.stderr.contains(expected), "{flags:?}: {said:?}");
        assert_eq!(said.stderr.lines().count(), 1, "{flags:?}: {said:?}");
        assert_eq!(said.stdout, "", "{flags:?}: {said:?}");
    }
    assert!(!directory.path().join("data").exists());
}
