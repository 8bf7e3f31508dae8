//! From what was measured to what is written and printed: the summary, the run
//! directory's files, the table on stdout.

use crate::arguments::OutputArguments;
use crate::exit::Ended;
use crate::interrupt::Interrupt;
use crate::judge::{self, Measured};
use crate::progress::Phases;
use crate::run_directory::RunDirectory;
use anyhow::Context;
use scenarios::figure::FigureTable;
use scenarios::gate::Judging;
use scenarios::model::{Label, Scenario};
use scenarios::summary::{
    AssumptionRecord, Effect, Reconciliation, RunRecord, SCHEMA, ScenarioRecord, Summary,
};
use std::collections::BTreeMap;

/// What a command measured.
pub struct Results {
    command: &'static str,
    measured: Measured,
    /// The simulated days, with the bank's latencies where they were measured.
    pub simulated: Option<sim::Outcome>,
    /// What those latencies changed.
    pub bank_effect: Vec<Effect>,
    /// The load and what was found in the bank's books after it.
    pub loaded: Option<Loaded>,
    /// Things a reader should know.
    pub warnings: Vec<String>,
}

/// A load that was played, and its reconciliation if the books could be read.
pub struct Loaded {
    /// What the generator measured.
    pub outcome: loadgen::LoadOutcome,
    /// What was found in the bank.
    pub reconciliation: Option<Reconciliation>,
    /// Where the bank kept its data, if it was ours.
    pub bank_data: Option<String>,
}

impl Results {
    /// Nothing measured yet.
    pub fn new(command: &'static str, measured: Measured) -> Self {
        Self {
            command,
            measured,
            simulated: None,
            bank_effect: Vec::new(),
            loaded: None,
            warnings: Vec::new(),
        }
    }

    fn figures(&self) -> FigureTable {
        let mut table = FigureTable::default();
        if let Some(simulated) = &self.simulated {
            table.rows.extend(simulated.figures.rows.iter().cloned());
        }
        if let Some(loaded) = &self.loaded {
            table.rows.extend(loaded.outcome.figures());
        }
        table
    }
}

/// Judges, writes the run directory, prints, and says what to exit with.
#[expect(clippy::too_many_arguments, reason = "the one place where everything meets")]
pub fn finish(
    scenario: &Scenario,
    mut results: Results,
    interrupt: &Interrupt,
    judging: Judging,
    directory: &RunDirectory,
    phases: &Phases,
    threads: u32,
    output: &OutputArguments,
) -> Ended {
    let table = results.figures();
    let summary = summary(scenario, &mut results, &table, interrupt.happened(), judging);
    let run = RunRecord {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: phases.started(),
        phases: phases.finished(),
        threads,
        host: host(),
        bank_data: results.loaded.as_ref().and_then(|loaded| loaded.bank_data.clone()),
    };
    write_tables(directory, &results, &table)?;
    let data = reports::RunData { summary, run };
    write_pages(directory, &data, output.lang)?;
    print(directory, &data, output)?;
    Ok(data.summary.exit_code)
}

fn summary(
    scenario: &Scenario,
    results: &mut Results,
    table: &FigureTable,
    interrupted: bool,
    judging: Judging,
) -> Summary {
    let (mut gates, left_out) = judge::gates(scenario, table, results.measured, judging);
    let mut warnings = std::mem::take(&mut results.warnings);
    if !left_out.is_empty() {
        warnings.push(format!(
            "`branchlab {}` does not measure what these gates look at; they were not judged: {}",
            results.command,
            left_out.join(", ")
        ));
    }
    if let Some(loaded) = &results.loaded {
        gates.push(judge::nothing_lost(loaded.reconciliation.as_ref()));
        gates.push(judge::generator_kept_up(loaded.outcome.lagged().as_deref()));
    }
    if let Some(simulated) = &results.simulated {
        warnings.extend(simulated.warnings.iter().cloned());
    }
    let ending = judge::ending(interrupted, &gates);
    let simulated = results.simulated.as_ref();
    let loaded = results.loaded.as_ref();
    Summary {
        schema: SCHEMA.to_owned(),
        command: results.command.to_owned(),
        status: ending.status,
        verdict: ending.verdict,
        exit_code: ending.exit_code,
        scenario: scenario_record(
            scenario,
            simulated.map_or(0, |simulated| simulated.replications),
        ),
        figures: table.to_maps(),
        gates,
        misses: simulated.and_then(|simulated| simulated.misses.clone()),
        minutes: simulated.map(|simulated| simulated.minutes.clone()).unwrap_or_default(),
        bank_effect: std::mem::take(&mut results.bank_effect),
        load: loaded.map(|loaded| loaded.outcome.record()),
        reconciliation: loaded.and_then(|loaded| loaded.reconciliation.clone()),
        warnings,
    }
}

fn scenario_record(scenario: &Scenario, replications: u32) -> ScenarioRecord {
    ScenarioRecord {
        name: scenario.name.clone(),
        question: scenario.question.clone(),
        hash: scenario.hash.clone(),
        seed: scenario.run.seed,
        replications,
        branch: scenario.branch.clone(),
        date: scenario.day.date.to_string(),
        open: scenario.day.open.clock(),
        close: scenario.day.close.clock(),
        labels: labels(scenario),
        assumptions: scenario
            .assumptions
            .iter()
            .map(|assumption| AssumptionRecord {
                about: assumption.about.clone(),
                value: assumption.value.clone(),
                mark: assumption.mark,
                because: assumption.because.clone(),
            })
            .collect(),
    }
}

fn labels(scenario: &Scenario) -> BTreeMap<String, Label> {
    let mut labels = BTreeMap::new();
    labels.insert(format!("branch:{}", scenario.branch), scenario.branch_label.clone());
    for resource in &scenario.resources {
        labels.insert(format!("resource:{}", resource.name), resource.label.clone());
    }
    for service in &scenario.services {
        labels.insert(format!("service:{}", service.name), service.label.clone());
    }
    for segment in &scenario.segments {
        labels.insert(format!("segment:{}", segment.name), segment.label.clone());
    }
    labels
}

fn write_tables(
    directory: &RunDirectory,
    results: &Results,
    table: &FigureTable,
) -> anyhow::Result<()> {
    directory.write("figures.csv", table.to_csv().as_bytes())?;
    if let Some(simulated) = &results.simulated {
        directory.write("days.csv", sim::days_to_csv(&simulated.days).as_bytes())?;
    }
    Ok(())
}

/// Writes `summary.json`, `run.json` and everything drawn from them.
fn write_pages(
    directory: &RunDirectory,
    data: &reports::RunData,
    lang: reports::Lang,
) -> anyhow::Result<()> {
    let json = |value: &serde_json::Value| format!("{value:#}\n");
    let summary = serde_json::to_value(&data.summary).context("cannot write the summary")?;
    let run = serde_json::to_value(&data.run).context("cannot write the run record")?;
    directory.write("run.json", json(&run).as_bytes())?;
    directory.write("junit.xml", reports::junit(data).as_bytes())?;
    directory.write("summary.md", reports::markdown(data, lang).as_bytes())?;
    directory.write("report.html", reports::html(data, lang).as_bytes())?;
    // Last, so that a folder with a summary is a folder with everything.
    directory.write("summary.json", json(&summary).as_bytes())
}

fn print(
    directory: &RunDirectory,
    data: &reports::RunData,
    output: &OutputArguments,
) -> anyhow::Result<()> {
    if output.json {
        let summary =
            serde_json::to_string_pretty(&data.summary).context("cannot write the summary")?;
        println!("{summary}");
    } else if !output.quiet {
        println!("{}", reports::terminal(data, output.lang));
        println!("{}", directory.file("report.html").display());
    }
    Ok(())
}

/// Host name, operating system and processors, for `run.json`.
fn host() -> String {
    let name = rustix::system::uname();
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!(
        "{} · {} {} · {} · {processors} processors",
        name.nodename().to_string_lossy(),
        name.sysname().to_string_lossy(),
        name.release().to_string_lossy(),
        name.machine().to_string_lossy(),
    )
}
