//! What a tool of the bank answers, on standard output, which may be full or closed.

use crate::exit::Failure;
use anyhow::Context;
use std::fmt::Display;
use std::io::{self, Write};

/// Writes the answer, whole lines, to standard output.
pub fn answer(text: impl Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = write!(out, "{text}").and_then(|()| out.flush());
    written.context("the work is done, but standard output does not take the answer")?;
    Ok(())
}
