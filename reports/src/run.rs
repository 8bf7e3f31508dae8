//! A run directory, read back.

use scenarios::summary::{RunRecord, SCHEMA, Summary};
use std::path::{Path, PathBuf};

/// What a run left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct RunData {
    /// `summary.json`.
    pub summary: Summary,
    /// `run.json`.
    pub run: RunRecord,
}

/// Why a run directory could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file is missing or unreadable.
    #[error(
        "cannot read {path}: {source}. Give the directory of a run; it holds summary.json and run.json"
    )]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error(
        "{path} is not what this version writes: {source}. Run the scenario again, or take the version that wrote it"
    )]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// The summary is of a schema that this version does not know.
    #[error(
        "{path} says schema `{found}`, this version reads `{SCHEMA}`. Take the version that wrote it"
    )]
    OtherSchema {
        /// Which file.
        path: PathBuf,
        /// What stands there.
        found: String,
    },
}

/// Reads `summary.json` and `run.json` of a run directory.
///
/// # Errors
///
/// [`ReportError`] names the file, and what would be right.
pub fn read_run(dir: &Path) -> Result<RunData, ReportError> {
    let path = dir.join("summary.json");
    let value: serde_json::Value = read_json(&path)?;
    let found = value.get("schema").and_then(serde_json::Value::as_str);
    if let Some(found) = found.filter(|found| *found != SCHEMA) {
        return Err(ReportError::OtherSchema {
            found: found.to_owned(),
            path,
        });
    }
    let summary =
        serde_json::from_value(value).map_err(|source| ReportError::Malformed { path, source })?;
    let run = read_json(&dir.join("run.json"))?;
    Ok(RunData { summary, run })
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, ReportError> {
    let bytes = std::fs::read(path).map_err(|source| ReportError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|source| ReportError::Malformed {
        path: path.to_owned(),
        source,
    })
}
