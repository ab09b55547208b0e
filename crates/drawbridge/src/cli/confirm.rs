//! Asking before something is destroyed.

use std::io::{BufRead, IsTerminal, Write};

use super::failure::Failure;

/// Returns once the person agreed, by `--yes` or at the prompt.
///
/// # Errors
/// [`Failure::Cancelled`] when the answer is no; [`Failure::Usage`] when there is nobody to ask.
pub(super) fn confirm(question: &str, is_agreed: bool) -> Result<(), Failure> {
    if is_agreed {
        return Ok(());
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() || !std::io::stderr().is_terminal() {
        let reason = "there is no terminal to ask at: pass --yes to go ahead";
        return Err(Failure::Usage(format!("{question} {reason}")));
    }
    let mut prompt = anstream::stderr().lock();
    let _ = write!(prompt, "{question} [y/N] ").and_then(|()| prompt.flush());
    drop(prompt);
    let mut line = String::new();
    let _ = stdin.lock().read_line(&mut line);
    match line.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::Cancelled),
    }
}
