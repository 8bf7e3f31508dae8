//! Running the command as its users do, in a folder of its own.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The command, started in `folder`.
pub fn branchlab(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_branchlab"));
    command.current_dir(folder).env("NO_COLOR", "1");
    command
}

/// A scenario of the library.
pub fn library(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(format!("{name}.toml"))
}

/// The commands of these tests run one at a time: a load test that shares its
/// processors with another measures the other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Keeps every other command of these tests away while it lives.
pub fn alone() -> MutexGuard<'static, ()> {
    // A test that failed meanwhile has left nothing half done here.
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the command with these words and waits for its end.
pub fn output(folder: &Path, words: &[&str]) -> Output {
    let _alone = alone();
    branchlab(folder)
        .args(words)
        .output()
        .expect("the command starts")
}

/// What it exited with.
pub fn code(output: &Output) -> i32 {
    output.status.code().expect("the command was not killed")
}

/// Everything it said, for a failing test to show.
pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// `summary.json` of a run directory.
pub fn summary(run: &Path) -> Value {
    let text = std::fs::read_to_string(run.join("summary.json")).expect("a summary is there");
    serde_json::from_str(&text).expect("the summary is JSON")
}

/// The one row of a figure whose population is exactly `dimensions`.
pub fn row<'a>(summary: &'a Value, figure: &str, dimensions: &[(&str, &str)]) -> &'a Value {
    const ALL: [&str; 7] = [
        "branch",
        "channel",
        "service",
        "segment",
        "resource",
        "operation",
        "interval",
    ];
    let wanted = |name: &str| {
        dimensions
            .iter()
            .find(|(dimension, _)| *dimension == name)
            .map_or("*", |(_, value)| *value)
    };
    let rows: Vec<_> = summary["figures"]
        .as_array()
        .expect("figures is a table")
        .iter()
        .filter(|row| row["figure"] == figure && ALL.iter().all(|name| row[*name] == wanted(name)))
        .collect();
    assert_eq!(rows.len(), 1, "one row of {figure} {dimensions:?}");
    rows[0]
}

/// A number of a row.
pub fn number(row: &Value, column: &str) -> f64 {
    row[column]
        .as_f64()
        .unwrap_or_else(|| panic!("{column} of {row} is a number"))
}
