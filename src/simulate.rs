//! `branchlab simulate`: the day alone.

use crate::arguments::{ScenarioArguments, SimulateArguments, SimulationArguments};
use crate::exit::{Ended, Failure};
use crate::interrupt::Interrupt;
use crate::judge::{Judging, Measured};
use crate::progress::Phases;
use crate::run_directory::RunDirectory;
use crate::summarise::{self, Results, Subject};
use anyhow::Context;
use reports::Lang;
use scenarios::model::{Label, Scenario};

/// Simulates a scenario's days, judges the gates on them, writes the run.
pub fn simulate(arguments: &SimulateArguments) -> Ended {
    let scenario = read(&arguments.scenario, arguments.output.lang)?;
    if !scenario.has_a_branch() {
        let path = arguments.scenario.scenario.display();
        return Err(Failure::usage(format!(
            "{path}: there is no branch to simulate, only recorded operations, which `branchlab run` and `branchlab load` play"
        )));
    }
    let interrupt = Interrupt::listen()?;
    let directory = RunDirectory::make(arguments.output.out.as_deref(), &scenario.name)?;
    let subject = Subject::of_scenario(&scenario);
    subject.keep(&directory)?;
    let mut phases = Phases::new(arguments.output.quiet, arguments.output.lang);
    let latencies = sim::OperationLatencies::default();
    let mut outcome = days(
        &scenario,
        latencies.clone(),
        &arguments.simulation,
        &interrupt,
        &mut phases,
        "simulating",
    )?;
    fixes(
        &scenario,
        latencies,
        outcome.as_mut(),
        &arguments.simulation,
        &interrupt,
        &mut phases,
    )?;
    let mut results = Results::new("simulate", Measured::Simulation);
    results.simulated(outcome);
    summarise::finish(
        subject,
        results,
        &interrupt,
        judge_as(&arguments.simulation),
        &directory,
        &phases,
        threads(&arguments.simulation),
        &arguments.output,
    )
}

/// Reads a scenario with everything that the command line changes about it.
/// What looks implausible in it is told on stderr.
pub fn read(arguments: &ScenarioArguments, lang: Lang) -> Result<Scenario, Failure> {
    let mut overrides = arguments.overrides.clone();
    if let Some(replications) = arguments.replications {
        overrides.push(format!("run.replications={replications}"));
    }
    if let Some(seed) = arguments.seed {
        overrides.push(format!("run.seed={seed}"));
    }
    for (position, gate) in arguments.gates.iter().enumerate() {
        // A JSON string is a TOML string, too.
        let quoted = serde_json::Value::from(gate.as_str());
        overrides.push(format!("gates.command_line_{}={quoted}", position + 1));
    }
    let scenario = scenarios::file::read(&arguments.scenario, &overrides)?;
    for warning in scenarios::explain::warnings(&scenario) {
        warn(&warning, lang);
    }
    Ok(scenario)
}

/// Tells a warning on stderr.
pub fn warn(warning: &Label, lang: Lang) {
    let word = match lang {
        Lang::En => "warning: ",
        Lang::Zh => "提示：",
    };
    eprintln!("{word}{}", lang.of(warning));
}

/// Simulates every replication of the scenario with these latencies; none if an
/// interruption came before the first of them was over.
pub fn days(
    scenario: &Scenario,
    latencies: sim::OperationLatencies,
    arguments: &SimulationArguments,
    interrupt: &Interrupt,
    phases: &mut Phases,
    name: &str,
) -> anyhow::Result<Option<sim::Outcome>> {
    let options = options(scenario, latencies, arguments, interrupt);
    match phases.phase(name, |bar| sim::simulate(scenario, &options, bar)) {
        Err(sim::SimError::Interrupted) => Ok(None),
        ended => Ok(Some(ended.context("cannot simulate the scenario")?)),
    }
}

/// Tries what would keep the promise in the branches of a region that miss it, on
/// the days that were simulated.
pub fn fixes(
    scenario: &Scenario,
    latencies: sim::OperationLatencies,
    outcome: Option<&mut sim::Outcome>,
    arguments: &SimulationArguments,
    interrupt: &Interrupt,
    phases: &mut Phases,
) -> anyhow::Result<()> {
    let Some(outcome) = outcome else {
        return Ok(());
    };
    let Some(outlets) = &mut outcome.outlets else {
        return Ok(());
    };
    let missed = outlets.promise.as_ref().map_or(0, |it| it.missed);
    if missed == 0 || outcome.partial || interrupt.happened() {
        return Ok(());
    }
    let options = sim::Options {
        replications: outcome.replications,
        ..options(scenario, latencies, arguments, interrupt)
    };
    phases
        .phase("trying more servers where the promise is missed", |bar| {
            sim::cheapest_fixes(scenario, &options, outlets, bar)
        })
        .context("cannot try more servers")
}

fn options(
    scenario: &Scenario,
    latencies: sim::OperationLatencies,
    arguments: &SimulationArguments,
    interrupt: &Interrupt,
) -> sim::Options {
    sim::Options {
        replications: scenario.run.replications,
        seed: scenario.run.seed,
        threads: threads(arguments) as usize,
        latencies,
        stop: Some(interrupt.flag()),
    }
}

/// Threads asked for, or every processor.
pub fn threads(arguments: &SimulationArguments) -> u32 {
    arguments.threads.unwrap_or_else(|| {
        std::thread::available_parallelism().map_or(1, |count| count.get().min(1024) as u32)
    })
}

/// How gates on simulated figures are judged.
pub fn judge_as(arguments: &SimulationArguments) -> Judging {
    if arguments.accept_undecided {
        Judging::ByPointEstimate
    } else {
        Judging::ByInterval
    }
}
