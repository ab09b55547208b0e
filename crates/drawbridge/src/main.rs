//! The `drawbridge` command.

mod boot;
mod cli;
mod demo;
mod settings;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os())
}
