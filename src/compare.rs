//! `branchlab compare`: paired differences of two simulated runs, with intervals; and the
//! stored loads of a target, judged beside those of its baseline.

mod days;
mod loads;

use crate::arguments::CompareArguments;
use crate::exit::{Ended, Failure};
use loads::Stored;
use std::path::Path;

/// Compares what the directories hold.
pub fn compare(arguments: &CompareArguments) -> Ended {
    let (Some(first), Some(second)) = (&arguments.first, &arguments.second) else {
        let baseline = Stored::read(&arguments.baseline, "baseline")?;
        let target = Stored::read(&arguments.target, "target")?;
        return loads::compare(arguments, baseline, target);
    };
    if holds_loads(first) && holds_loads(second) {
        let baseline = Stored::read(std::slice::from_ref(first), "baseline")?;
        let target = Stored::read(std::slice::from_ref(second), "target")?;
        return loads::compare(arguments, baseline, target);
    }
    if arguments.out.is_some() {
        return Err(Failure::usage(
            "--out: it is for comparisons of loads; of simulated days --html writes a page",
        ));
    }
    days::compare(arguments, first, second)
}

/// Whether it is a load without simulated days, or a folder of runs.
fn holds_loads(path: &Path) -> bool {
    let has = |name: &str| path.join(name).exists();
    path.is_dir()
        && !has("days.csv")
        && (!has("summary.json") || has("operations.csv") || has("target-01"))
        && !loads::directories(path, "baseline").is_empty()
}
