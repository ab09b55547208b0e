//! How many files and sockets a gateway may open, whatever it was started with.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::process::{Running, drawbridge};

/// `serve`, started by a shell that has set its own limits.
fn serve(limits: &str, data: &str) -> Command {
    let gateway = drawbridge(["serve", "--listen", "127.0.0.1:0", "--data-dir", data]);
    let mut shell = Command::new("/bin/sh");
    let variables = gateway.get_envs();
    shell
        .args(["-c", &format!("{limits} && exec \"$0\" \"$@\"")])
        .arg(gateway.get_program())
        .args(gateway.get_args())
        .env_clear()
        .envs(variables.filter_map(|(name, value)| Some((name, value?))))
        .stdout(Stdio::piped());
    shell
}

/// The soft and the hard limit of a process.
fn limits(process: u32) -> (String, String) {
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let mut fields = line.unwrap().split_whitespace().skip(3);
    (
        fields.next().unwrap().to_owned(),
        fields.next().unwrap().to_owned(),
    )
}

#[test]
fn the_limit_is_raised_as_far_as_it_goes_and_a_low_one_is_warned_of() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    for (limits_set, is_warned) in [("ulimit -S -n 256", false), ("ulimit -n 300", true)] {
        let log = tempfile::NamedTempFile::new().unwrap();
        let file = File::create(log.path()).unwrap();
        let running = Running::start_with(&mut serve(limits_set, data), file);
        assert!(running.first_line.starts_with("drawbridge listening on "));
        let (soft, hard) = limits(running.id());
        assert_eq!(soft, hard);
        let (code, _rest) = running.interrupt();
        assert_eq!(code, Some(0));
        let said = std::fs::read_to_string(log.path()).unwrap();
        let warning = "10000 clients need 10256";
        if hard.parse::<u64>().is_ok_and(|hard| hard >= 10_256) || is_warned {
            assert_eq!(said.contains(warning), is_warned, "{said}");
        }
    }
}
