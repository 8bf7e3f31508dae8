//! Has the target become worse than its baseline? Loads of both, played in pairs, are
//! judged together.
//!
//! One run says little: on a shared machine the 99th percentile of the same build differs
//! by half from run to run, so a rule that compares two runs alarms every other time. The
//! *run* is the unit here, not the request, and a pair of neighbouring runs is what is
//! compared: what slows the machine down for a while slows both.
//!
//! A newcomer finds here: which figures are compared and how they are read from a run's
//! summary ([`RunFigures`]); what two runs must share to be compared at all
//! ([`conditions`]); how the 5% of false alarms that are allowed is shared out between
//! figures and looks ([`Looks`]); the exact tests of paired differences ([`paired`]); and
//! the judge ([`judge`]). `docs/load.md` explains it to those who read the result.

pub mod conditions;
mod figures;
mod judge;
mod looks;
pub mod paired;
mod student;

pub use figures::{Compared, RunFigures};
pub use judge::{Judged, Pair, judge};
pub use looks::Looks;

/// The gate of a comparison with a baseline.
pub const NO_REGRESSION: &str = "no_regression";
/// Pairs at the first look, and from one look to the next.
pub const PAIRS: u32 = 5;
/// Pairs at the last look.
pub const MOST_PAIRS: u32 = 15;
/// So much worse, relatively, is what a comparison looks for.
pub const MARGIN: f64 = 0.10;
