//! `branchlab run`: the main job, end to end. Simulate, start a bank, load it,
//! reconcile, simulate again with the measured latencies, judge, report.

use crate::arguments::RunArguments;
use crate::exit::Ended;
use crate::interrupt::Interrupt;
use crate::judge::Measured;
use crate::load;
use crate::progress::Phases;
use crate::run_directory::RunDirectory;
use crate::simulate::{days, judge_as, read, threads};
use crate::summarise::{self, Results, Subject};
use scenarios::model::Scenario;

/// Runs a scenario as far as it goes: with `[load]` on a bank, else the days alone.
pub fn run(arguments: &RunArguments) -> Ended {
    let scenario = read(&arguments.scenario)?;
    let interrupt = Interrupt::listen()?;
    let directory = RunDirectory::make(arguments.output.out.as_deref(), &scenario.name)?;
    directory.write("scenario.toml", scenario.as_run.as_bytes())?;
    let mut phases = Phases::new(arguments.output.quiet);
    let results = measure(&scenario, arguments, &directory, &interrupt, &mut phases)?;
    summarise::finish(
        Subject::of_scenario(&scenario),
        results,
        &interrupt,
        judge_as(&arguments.simulation),
        &directory,
        &phases,
        threads(&arguments.simulation),
        &arguments.output,
    )
}

/// The two passes and the load between them; stops early when interrupted.
fn measure(
    scenario: &Scenario,
    arguments: &RunArguments,
    directory: &RunDirectory,
    interrupt: &Interrupt,
    phases: &mut Phases,
) -> anyhow::Result<Results> {
    let at_once = days(
        scenario,
        sim::OperationLatencies::default(),
        &arguments.simulation,
        interrupt,
        phases,
        "simulating with a bank that answers at once",
    )?;
    let Some(load) = &scenario.load else {
        let mut results = Results::new("run", Measured::Simulation);
        results.warnings.push(
            "the scenario has no [load]: the days were simulated, no bank was loaded".to_owned(),
        );
        results.simulated = Some(at_once);
        return Ok(results);
    };
    let mut results = Results::new("run", Measured::Both);
    if interrupt.happened() {
        results.simulated = Some(at_once);
        return Ok(results);
    }
    let plan = load::Plan::of_scenario(scenario, load)?;
    let mut player = load::Player {
        name: &scenario.name,
        plan: &plan,
        directory,
        interrupt,
        phases,
    };
    let loaded = player.on_own_bank(&arguments.bank)?;
    if interrupt.happened() {
        results.simulated = Some(at_once);
        results.loaded = Some(loaded);
        return Ok(results);
    }
    let (latencies, unmeasured) = load::measured_latencies(scenario, &loaded.outcome);
    if !unmeasured.is_empty() {
        results.warnings.push(format!(
            "not played in this window, so simulated without latency: {}",
            unmeasured.join(", ")
        ));
    }
    let with_bank = days(
        scenario,
        latencies,
        &arguments.simulation,
        interrupt,
        phases,
        "simulating with the measured latencies",
    )?;
    results.bank_effect = sim::compare(&at_once.days, &with_bank.days, true);
    results.simulated = Some(with_bank);
    results.loaded = Some(loaded);
    Ok(results)
}
