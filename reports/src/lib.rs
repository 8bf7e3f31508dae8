//! Draws what a run found, and computes none of it.
//!
//! A newcomer finds here: how a run directory is read back ([`read_run`]), and
//! how it is shown as one self-contained HTML page with charts ([`html`]), as the
//! short table that a command prints ([`terminal`]), as Markdown for a pull
//! request ([`markdown`]), as `JUnit` XML for CI ([`junit`]), as annotations of GitHub
//! Actions ([`annotations()`]) and as a spreadsheet's
//! CSV ([`csv`]); two runs side by side are [`comparison_html`] and
//! [`comparison_terminal`]. Every figure, interval and verdict shown was computed
//! elsewhere and stands in the summary: what is *not* here is statistics,
//! simulation, load or judgement. Equal input gives equal bytes.

#[cfg(test)]
extern crate self as reports;

mod annotations;
mod chart;
mod html;
mod junit;
mod markdown;
mod rows;
mod run;
mod spreadsheet;
mod terminal;
mod verdict;
mod words;

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;

pub use annotations::annotations;
pub use html::{comparison_html, html};
pub use junit::junit;
pub use markdown::markdown;
pub use run::{ReportError, RunData, read_run};
pub use scenarios::language::{Lang, UnknownLanguage};
pub use spreadsheet::csv;
pub use terminal::{TerminalStyle, comparison_terminal, terminal};
pub use words::names::phase as phase_name;
pub use words::regression::verdict as comparison_verdict;
