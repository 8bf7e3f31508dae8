//! The journal of a run: one CSV row for each operation, how it was said and how
//! it ended, written as it happens, so that the bank's books can be compared with
//! it then or later.

use crate::error::LoadError;
use crate::fate::{Effect, Outcome};
use scenarios::operation::{Channel, Operation};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// When an operation was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// To open what the plan needs, before the clock started.
    Setup,
    /// In the stream, before measuring began.
    WarmUp,
    /// In the stream, measured.
    Measured,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalRow {
    /// When.
    pub phase: Phase,
    /// Sequence number within the plan, or within the setup, from 0.
    pub sequence: u64,
    /// Idempotency key; empty for what only reads.
    pub key: String,
    /// What was asked.
    pub operation: Operation,
    /// On which channel.
    pub channel: Channel,
    /// The plan's name of the customer.
    pub customer: String,
    /// The account whose money moves.
    pub account: Option<String>,
    /// Where a transfer goes.
    pub to: Option<String>,
    /// Yuan, such as `12.34`, where money moves.
    pub amount: Option<String>,
    /// The class it ended in.
    pub outcome: Outcome,
    /// What we know of its effect.
    pub effect: Effect,
    /// Code of a refusal, or why it failed.
    pub why: Option<String>,
    /// Sequence number of the bank's record.
    pub seq: Option<u64>,
    /// What the bank made: card, transfer, customer, identity check.
    pub id: Option<String>,
    /// Real microseconds from the start of the clock to the intended start.
    pub intended_micros: Option<u64>,
    /// Real microseconds from the intended start to the end.
    pub latency_micros: Option<u64>,
    /// Real microseconds from being written to the end.
    pub service_micros: Option<u64>,
}

/// The journal of a run that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunJournal {
    path: PathBuf,
}

impl RunJournal {
    /// The journal in this file; read when it is asked for its rows.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its rows one after another.
    ///
    /// # Errors
    /// [`LoadError::Journal`] when it cannot be opened; each broken row is one, too,
    /// and names its line.
    pub fn rows(
        &self,
    ) -> Result<impl Iterator<Item = Result<JournalRow, LoadError>> + use<'_>, LoadError> {
        let bad = |error: csv::Error| LoadError::Journal {
            path: self.path.clone(),
            why: error.to_string(),
        };
        let reader = csv::Reader::from_path(&self.path).map_err(bad)?;
        Ok(reader.into_deserialize().map(move |row| row.map_err(bad)))
    }
}

/// Writes a journal.
pub(crate) struct JournalWriter {
    path: PathBuf,
    file: File,
}

impl JournalWriter {
    pub fn create(path: &Path) -> Result<Self, LoadError> {
        let created = File::create(path).map_err(|error| LoadError::Journal {
            path: path.to_owned(),
            why: error.to_string(),
        });
        Ok(Self {
            path: path.to_owned(),
            file: created?,
        })
    }

    /// Rows as they stand in the file, in large pieces: nothing is held back.
    pub fn write(&mut self, rows: &[u8]) -> Result<(), LoadError> {
        let written = self.file.write_all(rows);
        written.map_err(|error| self.failed(&error))
    }

    pub fn failed(&self, error: &impl ToString) -> LoadError {
        LoadError::Journal {
            path: self.path.clone(),
            why: error.to_string(),
        }
    }
}
