//! `run.json`: what depends on the machine or the clock.

use serde::{Deserialize, Serialize};

/// `run.json`: what depends on the machine or the clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Branchlab's version.
    pub version: String,
    /// Start, RFC 3339.
    pub started: String,
    /// Wall time in seconds, by phase in order.
    pub phases: Vec<(String, f64)>,
    /// Threads used.
    pub threads: u32,
    /// Host name, operating system, processors.
    pub host: String,
    /// The machine as comparisons ask for it; runs of older versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<MachineRecord>,
    /// Directory of the bank's data, if one was started.
    pub bank_data: Option<String>,
    /// Where the baseline of a comparison lives; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
}

/// A machine: runs of different ones are not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineRecord {
    /// Model of the processor, or its architecture where the system does not tell.
    pub processor: String,
    /// Processors that this process may use.
    pub processors: u32,
    /// Operating system and its release.
    pub system: String,
}
