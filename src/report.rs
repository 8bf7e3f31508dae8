//! `branchlab report`: a run's page, drawn again.

use crate::arguments::ReportArguments;
use crate::exit::{Ended, Failure, PASSED};
use anyhow::Context;

/// Draws the page of a run directory from its `summary.json` and `run.json`.
pub fn report(arguments: &ReportArguments) -> Ended {
    let data =
        reports::read_run(&arguments.run).map_err(|error| Failure::usage(error.to_string()))?;
    let path = arguments
        .html
        .clone()
        .unwrap_or_else(|| arguments.run.join("report.html"));
    std::fs::write(&path, reports::html(&data, arguments.lang))
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("{}", path.display());
    Ok(PASSED)
}
