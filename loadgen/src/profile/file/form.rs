//! The form of a profile file, as TOML has it.

use super::super::{Arrivals, feeder, traffic};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileTable {
    pub name: Option<String>,
    pub question: Option<Question>,
    pub target_file: Option<Spanned<String>>,
    #[serde(default)]
    pub seed: u64,
    #[serde(default)]
    pub arrivals: Arrivals,
    pub speed: Option<Spanned<f64>>,
    pub volume: Option<Spanned<f64>>,
    pub warm_up: Option<Spanned<String>>,
    pub timeout: Option<Spanned<String>>,
    pub drain: Option<Spanned<String>>,
    pub customers: Option<Spanned<u32>>,
    pub begins: Option<Spanned<String>>,
    pub model: Option<ModelTable>,
    #[serde(default)]
    pub traffic: Vec<Spanned<traffic::Table>>,
    #[serde(default)]
    pub flows: Vec<Spanned<FlowTable>>,
    #[serde(default)]
    pub feeders: BTreeMap<String, feeder::Table>,
    #[serde(default)]
    pub gates: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub thresholds: Vec<Spanned<String>>,
    #[serde(default)]
    pub quantiles: Vec<Spanned<f64>>,
}

/// A question, in one language or two.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Question {
    Both { en: String, zh: String },
    One(String),
}

/// `[model]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelTable {
    pub kind: Spanned<String>,
    pub connections: Option<Spanned<u32>>,
    pub users: Option<Spanned<u32>>,
    #[serde(rename = "for")]
    pub lasts: Option<Spanned<String>>,
    pub ramp: Option<Spanned<String>>,
    pub pause: Option<Spanned<String>>,
    pub sessions: Option<Spanned<u64>>,
}

/// `[[flows]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowTable {
    pub name: Option<String>,
    pub weight: Option<Spanned<f64>>,
    pub channel: Option<Spanned<String>>,
    pub steps: Spanned<Vec<Spanned<StepForm>>>,
}

/// A step: the name of an operation, or a table.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum StepForm {
    Name(String),
    Table(StepTable),
}

/// A step as a table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepTable {
    pub operation: String,
    pub think: Option<String>,
    pub vary: Option<String>,
    pub amount: Option<String>,
    #[serde(default)]
    pub allow: Vec<String>,
}
