//! Paired differences of two simulated runs, with intervals.

use crate::arguments::CompareArguments;
use crate::exit::{Ended, Failure, PASSED};
use anyhow::Context;
use reports::RunData;
use scenarios::model::Random;
use sim::DayRow;
use std::path::Path;

/// Compares two run directories and prints what changed.
pub fn compare(arguments: &CompareArguments, before: &Path, after: &Path) -> Ended {
    let (first, first_days) = read(before)?;
    let (second, second_days) = read(after)?;
    let paired = same_days(&first, &second) && !in_streams(before) && !in_streams(after);
    let effects = sim::compare(&first_days, &second_days, paired);
    if let Some(path) = &arguments.html {
        let page = reports::comparison_html(&first, &second, &effects, arguments.lang);
        std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if arguments.json {
        let json = serde_json::to_string_pretty(&effects)
            .context("cannot write the differences as JSON")?;
        println!("{json}");
    } else {
        println!(
            "{}",
            reports::comparison_terminal(
                &first,
                &second,
                &effects,
                arguments.lang,
                crate::summarise::style()
            )
        );
    }
    Ok(PASSED)
}

/// Days of equal seeds met the same customers and are compared one by one.
fn same_days(first: &RunData, second: &RunData) -> bool {
    let (first, second) = (&first.summary.scenario, &second.summary.scenario);
    first.seed == second.seed && first.replications == second.replications
}

/// Whether a run drew its random numbers in the order of events: then variants do
/// not meet the same customers, whatever the seed.
fn in_streams(run: &Path) -> bool {
    let scenario = scenarios::file::read(&run.join("scenario.toml"), &[]);
    scenario.is_ok_and(|scenario| scenario.run.random == Random::Mrg32k3aStreams)
}

fn read(path: &Path) -> Result<(RunData, Vec<DayRow>), Failure> {
    let data = reports::read_run(path).map_err(|error| Failure::usage(error.to_string()))?;
    let days = path.join("days.csv");
    let text = std::fs::read_to_string(&days).map_err(|error| {
        Failure::usage(format!(
            "{}: {error}; a comparison needs the days of both runs",
            days.display()
        ))
    })?;
    let rows = sim::from_csv(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", days.display())))?;
    Ok((data, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRANCH: &str = r#"
[resources.window]
capacity = 2
[journeys.errand]
time = "3min"
holds = ["window"]
[arrivals]
per_day = 200
"#;

    #[test]
    fn runs_with_random_streams_are_not_paired() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(!in_streams(folder.path()));
        for (run, expected) in [
            ("[run]\nreplications = 9\n", false),
            ("[run]\nrandom = \"mrg32k3a-streams\"\n", true),
        ] {
            let text = format!("{run}{BRANCH}");
            let written = std::fs::write(folder.path().join("scenario.toml"), text);
            written.expect("the folder is writable");
            assert_eq!(in_streams(folder.path()), expected);
        }
    }
}
