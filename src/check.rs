//! `branchlab check`: what was understood, in a planner's words.

use crate::arguments::CheckArguments;
use crate::exit::{Ended, PASSED, USAGE};

/// Reads each scenario and explains it; all are looked at even if one is wrong.
pub fn check(arguments: &CheckArguments) -> Ended {
    let mut code = PASSED;
    for path in &arguments.scenarios {
        match scenarios::file::read(path, &arguments.overrides) {
            Ok(scenario) => explain(&scenario, arguments)?,
            Err(error) => {
                crate::exit::Failure::from(error).print();
                code = USAGE;
            }
        }
    }
    Ok(code)
}

fn explain(
    scenario: &scenarios::model::Scenario,
    arguments: &CheckArguments,
) -> Result<(), crate::exit::Failure> {
    for warning in scenarios::explain::warnings(scenario) {
        crate::simulate::warn(&warning, arguments.lang);
    }
    if arguments.json {
        let json = serde_json::to_string_pretty(scenario).map_err(|error| {
            anyhow::Error::new(error).context("cannot write the scenario as JSON")
        })?;
        println!("{json}");
    } else if !arguments.quiet {
        println!("{}", scenarios::explain::explain(scenario, arguments.lang));
    }
    Ok(())
}
