//! Steps that say what they do, how long they took, and, if they fail, what to do about it.

use std::io::{IsTerminal, stderr};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Does `work` under a heading and says how long it took.
pub fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("{} {title}", paint("1;36", "▸"));
    let started = Instant::now();
    let result = work().with_context(|| format!("“{title}” failed"))?;
    eprintln!("{} {title} · {:.1} s", paint("1;32", "✓"), started.elapsed().as_secs_f64());
    Ok(result)
}

/// Says in passing that something was not necessary.
pub fn note(text: &str) {
    eprintln!("  {text}");
}

/// Runs a program in the foreground. `advice` tells a person what to do if it fails.
pub fn execute(command: &mut Command, advice: &str) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("{shown} could not be started. {advice}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}. {advice}");
    }
    Ok(())
}

/// Runs a program and gives back what it wrote to its standard output.
pub fn output_of(command: &mut Command, advice: &str) -> Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| format!("{shown} could not be started. {advice}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{shown} ended with {}. {advice}\n{}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The last thing a person reads when something went wrong: what, where, and what to do.
pub fn report_failure(error: &anyhow::Error) {
    eprintln!("{} {error}", paint("1;31", "✗"));
    for cause in error.chain().skip(1) {
        eprintln!("  {cause}");
    }
}

/// A command as it would be typed, shortened to what tells it apart.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    command
        .get_args()
        .take(6)
        .fold(format!("`{name}"), |line, argument| format!("{line} {}", argument.to_string_lossy()))
        + "`"
}

fn paint(code: &str, text: &str) -> String {
    match stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_program_is_named_with_the_advice() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "exit 4"]);
        let error = execute(&mut command, "Try again.").expect_err("it fails");
        assert_eq!(error.to_string(), "`sh -c exit 4` ended with exit status: 4. Try again.");
    }
}
