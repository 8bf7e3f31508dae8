//! What a planner is told when a scenario cannot be used.

use super::sources::{Source, SourceKind};
use super::tree::Origin;
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use std::fmt;

/// At most this many faults are told at once.
const TOLD_MAX: usize = 20;

/// Something found wrong, before it is told.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub origin: Origin,
    pub message: String,
    pub help: Option<String>,
    /// Something missing is told after what is there and wrong: it often follows from it.
    pub is_absence: bool,
}

impl Fault {
    /// Whether another says the same of the same place.
    pub(super) fn is_again(&self, other: &Self) -> bool {
        self.origin == other.origin && self.message == other.message
    }
}

/// Why a scenario was refused: what is wrong, where (file, line and column, or
/// the `--set` that said it), and what would be right.
///
/// Displays as `FILE:LINE:COLUMN: what is wrong`; further faults of the same
/// scenario are in [`ScenarioError::related`].
#[derive(Debug)]
pub struct ScenarioError(Box<Told>);

/// The parts of a told fault.
#[derive(Debug)]
struct Told {
    location: String,
    message: String,
    help: Option<String>,
    source: NamedSource<String>,
    span: (usize, usize),
    related: Vec<ScenarioError>,
}

impl ScenarioError {
    /// `FILE:LINE:COLUMN`, lines and columns from 1; or `--set path=value`.
    pub fn location(&self) -> &str {
        &self.0.location
    }

    /// What is wrong, with the offending text.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What would be right, the nearest right name among it.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Further faults of the same scenario.
    pub fn related(&self) -> &[ScenarioError] {
        &self.0.related
    }

    /// Joins faults, of which there is at least one, in the order of the files.
    pub(super) fn of(mut faults: Vec<Fault>, sources: &[Source]) -> Self {
        faults.sort_by_key(|fault| (fault.is_absence, fault.origin));
        faults.dedup_by(|a, b| a.is_again(b));
        let more = faults.len().saturating_sub(TOLD_MAX);
        let mut told = faults
            .into_iter()
            .take(TOLD_MAX)
            .map(|fault| Self::one(fault, sources));
        let mut first = told.next().unwrap_or_else(|| {
            Self(Box::new(Told {
                location: String::new(),
                message: "the scenario cannot be used".into(),
                help: None,
                source: NamedSource::new("", String::new()),
                span: (0, 0),
                related: Vec::new(),
            }))
        });
        first.0.related = told.collect();
        if more > 0 {
            first.0.message = format!("{} (and {more} more faults not listed)", first.0.message);
        }
        first
    }

    fn one(fault: Fault, sources: &[Source]) -> Self {
        let Fault {
            origin,
            message,
            help,
            ..
        } = fault;
        let (location, name, text) = match sources.get(origin.source) {
            Some(source) => (
                source.location(origin),
                match source.kind {
                    SourceKind::File => source.name.clone(),
                    SourceKind::CommandLine => "--set".into(),
                },
                source.text.to_string(),
            ),
            None => (String::new(), String::new(), String::new()),
        };
        let start = origin.start.min(text.len());
        let end = origin.end.clamp(start, text.len());
        Self(Box::new(Told {
            location,
            message,
            help,
            source: NamedSource::new(name, text),
            span: (start, end - start),
            related: Vec::new(),
        }))
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.0.location, self.0.message)
    }
}

impl std::error::Error for ScenarioError {}

impl Diagnostic for ScenarioError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.0.source.inner().is_empty()).then_some(&self.0.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (start, length) = self.0.span;
        let label = LabeledSpan::new(Some("here".into()), start, length);
        Some(Box::new(std::iter::once(label)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(
            self.0.related.iter().map(|error| error as &dyn Diagnostic),
        ))
    }
}
