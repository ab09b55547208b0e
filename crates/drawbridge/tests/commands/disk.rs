//! What the whole gateway does when the disk fails, and when it is killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process::{ROOT_KEY, Running, drawbridge, exchange};

const PAGE: &str = "https://app.example.com";
const OTHER: &str = "https://other.example.com";

pub(crate) struct Gateway {
    pub(crate) process: Running,
    pub(crate) url: String,
}

impl Gateway {
    pub(crate) fn start(data: &Path) -> Self {
        let data = data.to_str().unwrap();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data];
        let process = Running::start(&mut drawbridge(arguments));
        let url = process
            .first_line
            .strip_prefix("drawbridge listening on ")
            .unwrap()
            .to_owned();
        Self { process, url }
    }

    pub(crate) fn manage(&self, method: &str, path: &str, body: &str) -> String {
        let key = format!("Authorization: Bearer {ROOT_KEY}");
        exchange(
            &self.url,
            method,
            path,
            &[&key, "Content-Type: application/json"],
            body,
        )
    }

    /// A project with one endpoint that admits [`PAGE`].
    fn set_up(&self) {
        let project = r#"{"id": "proj_disk01", "slug": "disk", "name": "Disk"}"#;
        assert!(
            self.manage("POST", "/v1/projects", project)
                .starts_with("HTTP/1.1 201")
        );
        let endpoint = r#"{"name": "e", "upstream": {"base_url": "http://127.0.0.1:9"},
                           "cors": {"allowedOrigins": ["https://app.example.com"]}}"#;
        let answer = self.manage("POST", "/v1/projects/disk/endpoints", endpoint);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    fn admit_other(&self) -> String {
        let patch = format!(r#"{{"cors": {{"allowedOrigins": ["{OTHER}"]}}}}"#);
        self.manage("PATCH", "/v1/projects/disk/endpoints/e", &patch)
    }

    fn admits(&self, origin: &str) -> bool {
        let lines = [
            &*format!("Origin: {origin}"),
            "Access-Control-Request-Method: POST",
        ];
        let answer = exchange(&self.url, "OPTIONS", "/proj_disk01/e/v1/x", &lines, "");
        answer.contains(&format!("access-control-allow-origin: {origin}\r\n"))
    }
}

/// `strace` at work on a process, failing every fdatasync.
pub(crate) struct FailingDisk(Child);

impl FailingDisk {
    pub(crate) fn under(process: &Running) -> Self {
        let mut child = Command::new("strace")
            .args([
                "-f",
                "-e",
                "trace=fdatasync",
                "-e",
                "inject=fdatasync:error=EIO",
                "-p",
            ])
            .arg(process.id().to_string())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("this test needs strace (`make setup` installs it): {error}")
            });
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert!(first.contains("attached"), "{first}");
        // strace must not block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child)
    }

    /// Leaves the process alone again.
    pub(crate) fn heal(mut self) {
        let id = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        self.0.wait().unwrap();
    }
}

impl Drop for FailingDisk {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_write_that_the_disk_refuses_is_503_and_never_obeyed() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    gateway.set_up();
    let disk = FailingDisk::under(&gateway.process);
    let answer = gateway.admit_other();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains(r#""code":"store_unavailable""#), "{answer}");
    assert!(gateway.admits(PAGE) && !gateway.admits(OTHER));
    // Killed while the disk still fails: what was refused must not come back with the restart.
    gateway.process.kill();
    drop(disk);
    let gateway = Gateway::start(data.path());
    assert!(gateway.admits(PAGE) && !gateway.admits(OTHER));
    assert!(gateway.admit_other().starts_with("HTTP/1.1 200"));
    assert!(!gateway.admits(PAGE) && gateway.admits(OTHER));
}

#[test]
fn writes_work_again_when_the_disk_does() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    gateway.set_up();
    let disk = FailingDisk::under(&gateway.process);
    assert!(gateway.admit_other().starts_with("HTTP/1.1 503"));
    disk.heal();
    assert!(gateway.admits(PAGE));
    assert!(gateway.admit_other().starts_with("HTTP/1.1 200"));
    assert!(gateway.admits(OTHER));
}

#[test]
fn an_acknowledged_write_survives_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    gateway.set_up();
    assert!(gateway.admit_other().starts_with("HTTP/1.1 200"));
    gateway.process.kill();
    assert!(Gateway::start(data.path()).admits(OTHER));
}
