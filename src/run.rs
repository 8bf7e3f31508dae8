//! `branchlab run`: the main job, end to end. Simulate, start a bank, load it,
//! reconcile, simulate again with the measured latencies, judge, report.

use crate::arguments::RunArguments;
use crate::exit::Ended;
use crate::interrupt::Interrupt;
use crate::judge::Measured;
use crate::load;
use crate::progress::Phases;
use crate::run_directory::RunDirectory;
use crate::simulate::{days, fixes, judge_as, read, threads};
use crate::summarise::{self, Loaded, Results, Subject};
use anyhow::Context;
use reports::Lang;
use scenarios::model::{Label, Load, Scenario};
use scenarios::operation::Operation;

/// Runs a scenario as far as it goes: with `[load]` on a bank, else the days alone.
pub fn run(arguments: &RunArguments) -> Ended {
    let scenario = read(&arguments.scenario, arguments.output.lang)?;
    let interrupt = Interrupt::listen()?;
    let directory = RunDirectory::make(arguments.output.out.as_deref(), &scenario.name)?;
    let subject = Subject::of_scenario(&scenario);
    subject.keep(&directory)?;
    let mut phases = Phases::new(arguments.output.quiet, arguments.output.lang);
    let results = measure(&scenario, arguments, &directory, &interrupt, &mut phases)?;
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

/// The two passes and the load between them; stops early when interrupted.
fn measure(
    scenario: &Scenario,
    arguments: &RunArguments,
    directory: &RunDirectory,
    interrupt: &Interrupt,
    phases: &mut Phases,
) -> anyhow::Result<Results> {
    if !scenario.has_a_branch() {
        return play_alone(scenario, arguments, directory, interrupt, phases);
    }
    let assumed = assumed(scenario);
    let first = if assumed.is_empty() {
        "simulating with a bank that answers at once"
    } else {
        "simulating with the latencies that are assumed"
    };
    let mut at_first = days(
        scenario,
        sim::OperationLatencies::default(),
        &arguments.simulation,
        interrupt,
        phases,
        first,
    )?;
    let Some(load) = &scenario.load else {
        let mut results = Results::new("run", Measured::Simulation);
        results.warnings.push(Label::new(
            "The scenario has no [load]: the days were simulated, no bank was loaded.",
            "情景中没有 [load]：只模拟了各日，未对核心系统压测。",
        ));
        let latencies = sim::OperationLatencies::default();
        let given = &arguments.simulation;
        let outcome = at_first.as_mut();
        fixes(scenario, latencies, outcome, given, interrupt, phases)?;
        results.simulated(at_first);
        return Ok(results);
    };
    let mut results = Results::new("run", Measured::Both);
    let at_first = match at_first {
        Some(outcome) if !interrupt.happened() => outcome,
        partial => {
            results.simulated(partial);
            return Ok(results);
        }
    };
    let loaded = play((scenario, load), arguments, directory, interrupt, phases)?;
    if interrupt.happened() {
        results.simulated = Some(at_first);
        results.loaded = Some(loaded);
        return Ok(results);
    }
    let (latencies, mut unmeasured) = load::measured_latencies(scenario, &loaded.outcome);
    // The simulation itself tells what it had to assume.
    unmeasured.retain(|operation| !assumed.contains(operation));
    if !unmeasured.is_empty() {
        results.warnings.push(without_latency(&unmeasured));
    }
    let mut with_bank = days(
        scenario,
        latencies.clone(),
        &arguments.simulation,
        interrupt,
        phases,
        "simulating with the measured latencies",
    )?;
    let given = &arguments.simulation;
    let outcome = with_bank.as_mut();
    fixes(scenario, latencies, outcome, given, interrupt, phases)?;
    results.loaded = Some(loaded);
    let Some(with_bank) = with_bank else {
        results.warnings.push(Label::new(
            "Interrupted before a day was simulated with the measured latencies: the figures are those of the first simulation.",
            "在代入实测时延完成一个模拟日之前被中断：以下为第一次模拟的指标。",
        ));
        results.simulated = Some(at_first);
        return Ok(results);
    };
    results.assumed_at_first = assumed;
    results.bank_effect = sim::compare(&at_first.days.rows(), &with_bank.days.rows(), true);
    results.simulated = Some(with_bank);
    Ok(results)
}

/// Plays a scenario of recorded operations: there is no branch to simulate.
fn play_alone(
    scenario: &Scenario,
    arguments: &RunArguments,
    directory: &RunDirectory,
    interrupt: &Interrupt,
    phases: &mut Phases,
) -> anyhow::Result<Results> {
    let load = scenario.load.as_ref();
    let load = load.context("a scenario without a branch has operations to play")?;
    let mut results = Results::new("run", Measured::Load);
    let loaded = play((scenario, load), arguments, directory, interrupt, phases)?;
    results.loaded = Some(loaded);
    Ok(results)
}

/// Plays what `[load]` says on a bank of the run's own, and reads its books.
fn play(
    (scenario, load): (&Scenario, &Load),
    arguments: &RunArguments,
    directory: &RunDirectory,
    interrupt: &Interrupt,
    phases: &mut Phases,
) -> anyhow::Result<Loaded> {
    let plan = load::Plan::of_scenario(scenario, load)?;
    let mut player = load::Player {
        name: &scenario.name,
        plan: &plan,
        directory,
        interrupt,
        phases,
        metrics: None,
        watched: None,
        retry: load::asked_again(None, arguments.bank.kill, &plan),
        repeat: plan.repeat(),
    };
    player.on_own_bank(&arguments.bank)
}

/// Operations of the journeys whose latency the scenario assumes.
fn assumed(scenario: &Scenario) -> Vec<Operation> {
    let performed = load::performed(scenario);
    let assumed = scenario.latencies.iter().map(|(operation, _)| *operation);
    assumed.filter(|it| performed.contains(it)).collect()
}

/// Operations that customers perform, but nobody did in the window that was played.
fn without_latency(unmeasured: &[Operation]) -> Label {
    let names = |lang: Lang, between: &str| -> String {
        let names: Vec<&str> = unmeasured.iter().map(|it| it.words(lang)).collect();
        names.join(between)
    };
    Label::new(
        format!(
            "Not played in this window, so simulated without latency: {}.",
            names(Lang::En, ", ")
        ),
        format!(
            "所回放的时段内没有以下操作，模拟时按无时延处理：{}。",
            names(Lang::Zh, "、")
        ),
    )
}
