//! `drawbridge audit`: against a gateway that runs, and on what it leaves behind.

use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use sqlx::Executor as _;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use crate::cli::Gateway;
use crate::process::{Said, drawbridge, run};

/// Verifies the log in a directory.
fn verify(directory: &str, flags: &[&str]) -> Said {
    let mut command = drawbridge(["audit", "verify", "--data-dir", directory]);
    // No key is needed.
    run(command.args(flags).env_remove("DRAWBRIDGE_ROOT_KEY"))
}

/// Does something to the database behind the gateway's back.
fn tamper(directory: &TempDir, statement: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        let options = SqliteConnectOptions::new().filename(directory.path().join("drawbridge.db"));
        let mut connection = options.connect().await.unwrap();
        connection.execute(statement).await.unwrap();
    });
}

#[test]
fn the_log_is_a_table_for_people_and_json_for_programs() {
    let gateway = Gateway::start();
    gateway.done("project create p --name P");
    gateway.done("project create other --name O");
    gateway.done("project update p --name Q");
    let table = gateway.done("audit list --project p");
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("ID  AT"), "{table}");
    let newest: Vec<_> = lines[1].split_whitespace().collect();
    assert_eq!(newest[0], "3", "{table}");
    assert_eq!(
        newest[2..5],
        ["root", "127.0.0.1", "project.update"],
        "{table}"
    );
    assert_eq!(newest[6..], ["p", "name"], "{table}");

    let log = gateway.json("audit list --action project.create --limit 1");
    assert_eq!(
        (&log["data"][0]["project"], &log["has_more"]),
        (&json!("other"), &json!(true))
    );
    let cursor = log["next_cursor"].as_str().unwrap();
    let rest = gateway.json(&format!(
        "audit list --action project.create --after {cursor}"
    ));
    assert_eq!(rest["data"][0]["project"], "p");
    for (flags, count) in [
        ("--since 1h --actor root", 3),
        ("--until 1h", 0),
        ("--actor ak_live_x", 0),
    ] {
        let log = gateway.json(&format!("audit list {flags}"));
        assert_eq!(log["data"].as_array().map(Vec::len), Some(count), "{flags}");
    }
    let said = gateway.command("audit list --since yesterday");
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn a_whole_log_is_verified_while_the_gateway_runs_and_afterwards() {
    let gateway = Gateway::start();
    let said = verify(gateway.data_dir(), &[]);
    assert_eq!(
        (said.code, &*said.stdout),
        (Some(0), "the audit log is empty\n")
    );
    gateway.done("project create p --name P");
    gateway.done("project update p --name Q");
    let said = verify(gateway.data_dir(), &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.stdout
            .starts_with("the audit log is whole: 2 rows\nlast row  2:"),
        "{said:?}"
    );
    // What is noted over the API is what the walk finds.
    let entry = gateway.json("audit list --limit 1")["data"][0].clone();
    let noted = format!("{}:{}", entry["id"], entry["hash"].as_str().unwrap());
    assert!(said.stdout.contains(&noted), "{said:?} {noted}");
    gateway.done("project update p --name R");
    let directory = gateway.stop();
    let said = verify(
        directory.path().to_str().unwrap(),
        &["--json", "--expect", &noted],
    );
    assert_eq!(said.code, Some(0), "{said:?}");
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        (&document["verified"], &document["rows"]),
        (&json!(true), &json!(3))
    );
}

#[test]
fn the_log_of_a_gateway_that_was_killed_is_verified_and_the_gateway_starts_again() {
    let gateway = Gateway::start();
    gateway.done("project create p");
    gateway.done("project create q");
    let directory = gateway.kill();
    let path = directory.path().to_str().unwrap();
    for _ in 0..2 {
        let said = verify(path, &[]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.stdout.contains(" 2 rows\n"), "{said:?}");
    }
    let gateway = Gateway::start_in(directory);
    gateway.done("project create r");
    let said = verify(gateway.data_dir(), &[]);
    assert!(said.stdout.contains(" 3 rows\n"), "{said:?}");
}

#[test]
fn a_log_that_was_tampered_with_is_exit_4_and_its_first_bad_row() {
    for (statement, row, what) in [
        (
            "UPDATE audit_log SET actor = 'ak_live_somebody' WHERE seq = 2",
            2,
            "is not as it was written",
        ),
        ("DELETE FROM audit_log WHERE seq = 2", 2, "is missing"),
        ("DELETE FROM audit_log WHERE seq = 3", 3, "is missing"),
    ] {
        let gateway = Gateway::start();
        for slug in ["a", "b", "c"] {
            gateway.done(&format!("project create {slug}"));
        }
        let directory = gateway.stop();
        tamper(&directory, statement);
        let path = directory.path().to_str().unwrap();
        let said = verify(path, &[]);
        assert_eq!((said.code, &*said.stdout), (Some(4), ""), "{said:?}");
        let sentence = format!("error: row {row} of the audit log {what}\n");
        assert!(said.stderr.starts_with(&sentence), "{said:?}");
        let said = verify(path, &["--json"]);
        assert_eq!(said.code, Some(4), "{said:?}");
        let document: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(document["verified"], false);
        assert_eq!(document["first_bad_row"], row, "{document}");
    }
}

#[test]
fn a_noted_row_that_is_another_now_is_exit_4() {
    let gateway = Gateway::start();
    gateway.done("project create p");
    for noted in [
        format!("1:{}", "00".repeat(32)),
        format!("2:{}", "00".repeat(32)),
    ] {
        let said = verify(gateway.data_dir(), &["--expect", &noted]);
        assert_eq!(said.code, Some(4), "{said:?}");
        assert!(
            said.stderr.contains(&format!("row {} ", &noted[..1])),
            "{said:?}"
        );
    }
    let said = verify(gateway.data_dir(), &["--expect", "1"]);
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn a_directory_without_a_database_is_exit_3() {
    let directory = tempfile::tempdir().unwrap();
    let said = verify(directory.path().to_str().unwrap(), &[]);
    assert_eq!(
        (said.code, said.stderr.lines().count()),
        (Some(3), 1),
        "{said:?}"
    );
    assert!(said.stderr.contains("has no database in it"), "{said:?}");
}
