//! A process that writes until it is killed: the test binary itself, started again.
//!
//! A test that needs one calls [`serve_if_child`] first; [`Child::spawn`] then runs that same test as the child. The child
//! prints a line for each thing that happened, as [`Report`] reads them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use drawbridge_store::{Store, StoreError};

use crate::sample::{entry, master_key, project};

const DIRECTORY: &str = "DRAWBRIDGE_TEST_DIRECTORY";
const FIRST: &str = "DRAWBRIDGE_TEST_FIRST";
const PLAN: &str = "DRAWBRIDGE_TEST_PLAN";

/// What the child does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    /// How many writes it tries.
    pub(crate) writes: i64,
    /// Whether it does nothing more after the first that fails.
    pub(crate) stops_at_failure: bool,
    /// Length of the name of each project, which decides how many pages a write takes.
    pub(crate) name_length: usize,
}

/// What the child said.
#[derive(Debug, PartialEq)]
pub(crate) enum Report {
    /// It runs under that process id.
    Runs(u32),
    /// The store cannot be opened.
    CannotOpen(String),
    /// The write of that project was acknowledged.
    Acknowledged(String),
    /// The write of that project was answered with an error.
    Failed(String),
    /// The project can be read although its write was answered with an error.
    Obeyed(String),
    /// It has done everything, and waits for its end.
    Idle,
}

pub(crate) struct Child {
    process: std::process::Child,
    pid: u32,
    lines: BufReader<std::process::ChildStdout>,
}

impl Child {
    /// Starts the test of that name as a child, under `wrapper` (a program and its arguments) if there is one. Its
    /// projects are numbered from `first`.
    pub(crate) fn spawn(
        test: &str,
        wrapper: &[&str],
        directory: &Path,
        first: i64,
        plan: Plan,
    ) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = match wrapper {
            [] => Command::new(&program),
            [wrapper, arguments @ ..] => {
                let mut command = Command::new(wrapper);
                command.args(arguments).arg(&program);
                command
            }
        };
        let plan = format!(
            "{} {} {}",
            plan.writes, plan.stops_at_failure, plan.name_length
        );
        let process = command
            .args(["--exact", test, "--nocapture"])
            .env(DIRECTORY, directory)
            .env(FIRST, first.to_string())
            .env(PLAN, plan)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = match process {
            Ok(process) => process,
            Err(error) => {
                panic!("cannot start {wrapper:?} ({error}): install it, `make setup` does")
            }
        };
        let lines = BufReader::new(process.stdout.take().unwrap());
        let mut child = Self {
            process,
            pid: 0,
            lines,
        };
        let Report::Runs(pid) = child.next() else {
            panic!("the child does not begin with its process id")
        };
        child.pid = pid;
        child
    }

    /// The next thing that it says.
    pub(crate) fn next(&mut self) -> Report {
        self.read().expect("the child ended by itself")
    }

    /// The next thing that it says; `None` when it has ended.
    fn read(&mut self) -> Option<Report> {
        loop {
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            // A line that the end cut short was not said.
            let line = line.strip_suffix('\n')?;
            // The test runner prints lines of its own, and the first may stand behind one.
            let Some((_, said)) = line.split_once("child> ") else {
                continue;
            };
            let (word, rest) = said.split_once(' ').unwrap_or((said, ""));
            let rest = rest.to_owned();
            return Some(match word {
                "runs" => Report::Runs(rest.parse().unwrap()),
                "cannot-open" => Report::CannotOpen(rest),
                "acknowledged" => Report::Acknowledged(rest),
                "failed" => Report::Failed(rest),
                "obeyed" => Report::Obeyed(rest),
                "idle" => Report::Idle,
                _ => panic!("{line}"),
            });
        }
    }

    /// Ends it without warning; what it had said until then and nobody has read.
    pub(crate) fn kill(mut self) -> Vec<Report> {
        let killed = Command::new("kill")
            .args(["-9", &self.pid.to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let rest = std::iter::from_fn(|| self.read()).collect();
        self.process.wait().unwrap();
        rest
    }
}

/// Does the child's work and never returns, if this process is a child.
pub(crate) async fn serve_if_child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let first = std::env::var(FIRST).unwrap().parse().unwrap();
    let plan = std::env::var(PLAN).unwrap();
    let mut parts = plan.split(' ');
    let mut part = || parts.next().unwrap();
    let plan = Plan {
        writes: part().parse().unwrap(),
        stops_at_failure: part().parse().unwrap(),
        name_length: part().parse().unwrap(),
    };
    say(&format!("runs {}", std::process::id()));
    work(Path::new(&directory), first, plan).await;
    // Killed by the parent, or ended when that is gone.
    let _ = std::io::stdin().read(&mut [0]);
    std::process::exit(0);
}

async fn work(directory: &Path, first: i64, plan: Plan) {
    let store = match Store::open(directory, master_key()).await {
        Ok(store) => store,
        Err(error) => {
            say(&format!("cannot-open {error}"));
            return say("idle");
        }
    };
    for number in first..first + plan.writes {
        let id = project(number).id;
        let Err(_) = write(&store, number, plan.name_length).await else {
            say(&format!("acknowledged {id}"));
            continue;
        };
        if !matches!(store.project(&id).await, Ok(None)) {
            say(&format!("obeyed {id}"));
        }
        say(&format!("failed {id}"));
        if plan.stops_at_failure {
            break;
        }
    }
    say("idle");
}

async fn write(store: &Store, number: i64, name_length: usize) -> Result<(), StoreError> {
    let mut row = project(number);
    row.name = "x".repeat(name_length);
    let mut write = store.write().await?;
    write.insert_project(&row).await?;
    write.commit(entry("project.create")).await?;
    Ok(())
}

fn say(text: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "child> {text}").unwrap();
    stdout.flush().unwrap();
}
