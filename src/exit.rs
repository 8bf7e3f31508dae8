//! How a command ends: the exit codes of `docs/summary.md`, and failures that
//! stop it before it has a verdict.

use std::io::Write;

/// Everything ran and all gates passed.
pub const PASSED: u8 = 0;
/// Any failure that is none of the others, an unreachable target among them.
pub const FAILED: u8 = 1;
/// Wrong usage or a wrong input.
pub const USAGE: u8 = 2;

/// Why a command stopped before it had a verdict.
pub enum Failure {
    /// The input is wrong: exit code 2.
    Input(miette::Report),
    /// Something else went wrong: exit code 1.
    Other(anyhow::Error),
}

impl Failure {
    /// Wrong usage, in a sentence that says what would be right.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Input(miette::Report::msg(message.into()))
    }

    /// What the process exits with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) => USAGE,
            Self::Other(_) => FAILED,
        }
    }

    /// Writes the failure to stderr, with the place in the file where there is one.
    pub fn print(&self) {
        let mut out = std::io::stderr().lock();
        // The exit code tells it, too, where stderr is closed.
        let _ = match self {
            Self::Input(report) => writeln!(out, "error: {report:?}"),
            Self::Other(error) => writeln!(out, "error: {error:#}"),
        };
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<scenarios::file::ScenarioError> for Failure {
    fn from(error: scenarios::file::ScenarioError) -> Self {
        Self::Input(miette::Report::new(error))
    }
}

/// What a command ends with.
pub type Ended = Result<u8, Failure>;
