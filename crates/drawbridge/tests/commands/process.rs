//! The real binary as a child process, for tests that see it as its users do.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The root key of every gateway under test.
pub(crate) const ROOT_KEY: &str = "root-key-of-the-tests-0123456789abcdef";

/// The binary with a clean environment.
pub(crate) fn drawbridge<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drawbridge"));
    command
        .args(arguments)
        .env_clear()
        .env("DRAWBRIDGE_ROOT_KEY", ROOT_KEY)
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a finished process said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs to the end.
pub(crate) fn run(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A process that runs until it is told to stop.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The first line it printed.
    pub(crate) first_line: String,
}

impl Running {
    /// Starts it and waits for its first line.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_with(command, Stdio::inherit())
    }

    /// The same, with its log somewhere else.
    pub(crate) fn start_with(command: &mut Command, log: impl Into<Stdio>) -> Self {
        let mut child = command.stderr(log).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).unwrap();
        Self {
            child,
            stdout,
            first_line: first_line.trim_end().to_owned(),
        }
    }

    /// Reads on up to the line that begins so, that line included.
    pub(crate) fn lines_until(&mut self, beginning: &str) -> String {
        let mut text = String::new();
        loop {
            let length = text.len();
            assert_ne!(
                self.stdout.read_line(&mut text).unwrap(),
                0,
                "the process ended: {text}"
            );
            if text[length..].starts_with(beginning) {
                return text;
            }
        }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let arguments = [format!("-{name}"), self.id().to_string()];
        let status = Command::new("kill").args(arguments).status();
        assert!(status.unwrap().success());
    }

    /// Kills it without warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends an interrupt and waits for the end: the exit code, and what else it printed.
    pub(crate) fn interrupt(mut self) -> (Option<i32>, String) {
        self.signal("INT");
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a process a signal, by its name as `kill` has it.
pub(crate) fn signal(id: u32, name: &str) {
    let arguments = [format!("-{name}"), id.to_string()];
    assert!(
        Command::new("kill")
            .args(arguments)
            .status()
            .unwrap()
            .success()
    );
}

/// Sends one HTTP/1.1 request with these header lines, and returns the whole answer as text.
pub(crate) fn exchange(url: &str, method: &str, path: &str, lines: &[&str], body: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
