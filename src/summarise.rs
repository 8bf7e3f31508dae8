//! From what was measured to what is written and printed: the summary, the run
//! directory's files, the table on stdout.

use crate::arguments::OutputArguments;
use crate::exit::Ended;
use crate::github;
use crate::interrupt::Interrupt;
use crate::judge::{self, Judging, Measured};
use crate::machine;
use crate::progress::Phases;
use crate::run_directory::RunDirectory;
use anyhow::Context;
use scenarios::figure::FigureTable;
use scenarios::gate::{self, Ending, Verdict};
use scenarios::model::{Label, Load, NamedGate, Recording, Scenario};
use scenarios::operation::Operation;
use scenarios::summary::{
    AssumptionRecord, Effect, GateRecord, LoadRecord, Reconciliation, RegressionRecord, RunRecord,
    SCHEMA, ScenarioRecord, Status, Summary,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a run is about: a scenario, or recorded operations.
#[derive(Clone)]
pub struct Subject {
    /// As the summary records it.
    pub record: ScenarioRecord,
    /// What must hold.
    pub gates: Vec<NamedGate>,
    /// The file that repeats it.
    pub as_run: String,
    /// The recorded operations that it names, if it does.
    pub recorded: Option<PathBuf>,
}

impl Subject {
    /// Writes the file that repeats it, with what it names, into the run's folder.
    pub fn keep(&self, directory: &RunDirectory) -> anyhow::Result<()> {
        if let Some(path) = &self.recorded {
            directory.copy(path, Recording::COPY)?;
        }
        directory.write("scenario.toml", self.as_run.as_bytes())
    }

    /// A scenario.
    pub fn of_scenario(scenario: &Scenario) -> Self {
        // Recorded operations name their branches, and know no hours.
        let of_the_branch = |what: String| {
            if scenario.has_a_branch() {
                what
            } else {
                "*".to_owned()
            }
        };
        let load = scenario.load.as_ref();
        let recording = load.and_then(Load::recording);
        Self {
            recorded: recording.map(|it| it.path.clone()),
            record: ScenarioRecord {
                name: scenario.name.clone(),
                question: scenario.question.clone(),
                hash: scenario.hash.clone(),
                seed: scenario.run.seed,
                replications: 0,
                branch: of_the_branch(scenario.branch.clone()),
                date: scenario.day.date.to_string(),
                open: of_the_branch(scenario.day.open.clock()),
                close: of_the_branch(scenario.day.close.clock()),
                labels: labels(scenario),
                assumptions: scenario.assumptions.iter().map(assumption).collect(),
                definitions: scenario.definitions(),
            },
            gates: scenario.gates.clone(),
            as_run: scenario.as_run.clone(),
        }
    }

    /// A plain profile, played as of today.
    pub fn of_profile(profile: &loadgen::Profile, gates: Vec<NamedGate>) -> anyhow::Result<Self> {
        let (begins, ends) = (profile.begins, profile.begins.after(profile.lasts()));
        let hash = profile.hash().context("the profile cannot be read again")?;
        Ok(Self {
            record: ScenarioRecord {
                name: profile.name.clone(),
                question: profile.question.clone(),
                hash,
                seed: profile.seed,
                replications: 0,
                branch: "*".to_owned(),
                date: today(),
                open: begins.clock(),
                close: ends.clock(),
                labels: BTreeMap::new(),
                assumptions: Vec::new(),
                definitions: BTreeMap::new(),
            },
            gates,
            as_run: profile.text().to_owned(),
            recorded: None,
        })
    }

    /// Recorded operations, played as of today.
    pub fn of_operations(path: &Path, gates: Vec<NamedGate>) -> anyhow::Result<Self> {
        let content =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_stem().map_or_else(
            || "operations".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        Ok(Self {
            record: ScenarioRecord {
                question: Label::new(
                    format!(
                        "How does the bank answer the operations of {}?",
                        path.display()
                    ),
                    format!("核心系统如何应答 {} 中的操作？", path.display()),
                ),
                hash: blake3::hash(&content).to_hex().to_string(),
                seed: 0,
                replications: 0,
                branch: "*".to_owned(),
                date: today(),
                open: "*".to_owned(),
                close: "*".to_owned(),
                labels: BTreeMap::new(),
                assumptions: Vec::new(),
                definitions: BTreeMap::new(),
                name,
            },
            gates,
            as_run: format!("# The operations of {} were played.\n", path.display()),
            recorded: None,
        })
    }
}

/// The date of the real clock, ISO 8601.
fn today() -> String {
    let now = jiff::Timestamp::now().to_string();
    now.split('T').next().unwrap_or_default().to_owned()
}

fn assumption(assumption: &scenarios::model::Assumption) -> AssumptionRecord {
    AssumptionRecord {
        about: assumption.about.clone(),
        value: assumption.value.clone(),
        mark: assumption.mark,
        because: assumption.because.clone(),
    }
}

/// What a command measured.
pub struct Results {
    command: &'static str,
    measured: Measured,
    /// The simulated days, with the bank's latencies where they were measured.
    pub simulated: Option<sim::Outcome>,
    /// What those latencies changed.
    pub bank_effect: Vec<Effect>,
    /// Operations whose assumed latency they are compared with, in place of none.
    pub assumed_at_first: Vec<Operation>,
    /// The load and what was found in the bank's books after it.
    pub loaded: Option<Loaded>,
    /// The comparison with a baseline.
    pub regression: Option<RegressionRecord>,
    /// Things a reader should know.
    pub warnings: Vec<Label>,
}

/// A load that was played, and its reconciliation if the books could be read.
pub struct Loaded {
    /// What the generator measured.
    pub outcome: loadgen::LoadOutcome,
    /// The same as the summary records it.
    pub record: LoadRecord,
    /// What was found in the bank.
    pub reconciliation: Option<Reconciliation>,
    /// It has books that can be read: it is the bank.
    pub has_books: bool,
    /// Where the bank kept its data, if it was ours.
    pub bank_data: Option<String>,
    /// How often the bank was killed meanwhile, if it was.
    pub killed: Option<Label>,
}

impl Results {
    /// Nothing measured yet.
    pub fn new(command: &'static str, measured: Measured) -> Self {
        Self {
            command,
            measured,
            simulated: None,
            bank_effect: Vec::new(),
            assumed_at_first: Vec::new(),
            loaded: None,
            regression: None,
            warnings: Vec::new(),
        }
    }

    /// The simulated days, or a word on why there are none.
    pub fn simulated(&mut self, outcome: Option<sim::Outcome>) {
        if outcome.is_none() {
            self.warnings.push(Label::new(
                "Interrupted before the first of the days was over: there are no figures of them.",
                "在第一个模拟日完成之前被中断：没有模拟指标。",
            ));
        }
        self.simulated = outcome;
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
#[expect(
    clippy::too_many_arguments,
    reason = "the one place where everything meets"
)]
pub fn finish(
    subject: Subject,
    mut results: Results,
    interrupt: &Interrupt,
    judging: Judging,
    directory: &RunDirectory,
    phases: &Phases,
    threads: u32,
    output: &OutputArguments,
) -> Ended {
    let table = results.figures();
    let summary = summary(subject, &mut results, &table, interrupt.happened(), judging);
    let run = RunRecord {
        phases: phases.finished(),
        threads,
        ..record(phases.started(), &results)
    };
    write_tables(directory, &results, &table)?;
    let data = reports::RunData { summary, run };
    write_pages(directory, &data, output.lang)?;
    github::tell(&data, output.lang)?;
    print(directory, &data, output)?;
    Ok(data.summary.exit_code)
}

/// Writes a load that is a part of another command's work: what programs read, no pages.
pub fn write_part(
    subject: Subject,
    loaded: Loaded,
    interrupt: &Interrupt,
    directory: &RunDirectory,
    started: String,
) -> anyhow::Result<(Summary, Loaded)> {
    let mut results = Results::new("load", Measured::Load);
    results.loaded = Some(loaded);
    let table = results.figures();
    let interrupted = interrupt.happened();
    let by = Judging::ByInterval;
    let summary = summary(subject, &mut results, &table, interrupted, by);
    write_tables(directory, &results, &table)?;
    let run = record(started, &results);
    let data = reports::RunData { summary, run };
    write_records(directory, &data)?;
    let loaded = results.loaded.context("the load is still there")?;
    Ok((data.summary, loaded))
}

/// What depends on the machine or the clock, apart from the phases.
fn record(started: String, results: &Results) -> RunRecord {
    let loaded = results.loaded.as_ref();
    RunRecord {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        phases: Vec::new(),
        threads: 1,
        host: machine::host(),
        machine: Some(machine::machine()),
        bank_data: loaded.and_then(|loaded| loaded.bank_data.clone()),
        baseline: results.regression.as_ref().map(|it| it.baseline.clone()),
    }
}

fn summary(
    subject: Subject,
    results: &mut Results,
    table: &FigureTable,
    interrupted: bool,
    judging: Judging,
) -> Summary {
    let (mut gates, left_out) = judge::gates(&subject.gates, table, results.measured, judging);
    let mut warnings = std::mem::take(&mut results.warnings);
    if !left_out.is_empty() {
        let (command, names) = (results.command, left_out.join("`, `"));
        warnings.push(Label::new(
            format!(
                "`branchlab {command}` does not measure what these gates look at; they were not judged: `{names}`."
            ),
            format!(
                "`branchlab {command}` 不测量以下判据所看的指标，故未作判定：`{}`。",
                left_out.join("`、`")
            ),
        ));
    }
    if let Some(loaded) = &results.loaded {
        if loaded.has_books {
            gates.push(judge::nothing_lost(loaded.reconciliation.as_ref()));
        }
        gates.extend(loaded.record.limit.as_ref().map(judge::limit_found));
        warnings.extend(loaded.outcome.warnings());
        gates.push(judge::generator_kept_up(&loaded.outcome.validity().reasons));
        warnings.extend(loaded.killed.clone());
    }
    if let Some(simulated) = &results.simulated {
        warnings.extend(simulated.warnings.iter().cloned());
    }
    gates.extend(results.regression.as_ref().map(judge::no_regression));
    let (status, verdict, exit_code) = ending(interrupted, &gates);
    let simulated = results.simulated.as_ref();
    let loaded = results.loaded.as_ref();
    Summary {
        schema: SCHEMA.to_owned(),
        command: results.command.to_owned(),
        status,
        verdict,
        exit_code,
        scenario: ScenarioRecord {
            replications: simulated.map_or(0, |simulated| simulated.replications),
            ..subject.record
        },
        figures: table.to_maps(),
        gates,
        misses: simulated.and_then(|simulated| simulated.misses.clone()),
        minutes: simulated
            .map(|simulated| simulated.minutes.clone())
            .unwrap_or_default(),
        outlets: simulated.and_then(|simulated| simulated.outlets.clone()),
        bank_effect: std::mem::take(&mut results.bank_effect),
        assumed_at_first: results
            .assumed_at_first
            .iter()
            .map(|it| it.name().to_owned())
            .collect(),
        load: loaded.map(|loaded| loaded.record.clone()),
        reconciliation: loaded.and_then(|loaded| loaded.reconciliation.clone()),
        regression: results.regression.clone(),
        warnings,
    }
}

/// How the run as a whole ended. What the bank lost outranks what the run could
/// not measure, so a failed reconciliation is never an invalid run.
pub fn ending(interrupted: bool, gates: &[GateRecord]) -> (Status, Verdict, u8) {
    let ending = if interrupted {
        Ending::Interrupted
    } else {
        Ending::Complete
    };
    let exit_code = gate::exit_code(ending, gates);
    let lost = gates
        .iter()
        .any(|gate| gate.name == gate::NOTHING_LOST && gate.verdict == Verdict::Fail);
    let verdict = if lost {
        Verdict::Fail
    } else {
        gate::worst(gates)
    };
    let status = match verdict {
        _ if interrupted => Status::Partial,
        Verdict::Invalid => Status::Invalid,
        _ => Status::Complete,
    };
    (status, verdict, exit_code)
}

fn labels(scenario: &Scenario) -> BTreeMap<String, Label> {
    let mut labels = BTreeMap::new();
    if !scenario.has_a_branch() {
        return labels;
    }
    labels.insert(
        format!("branch:{}", scenario.branch),
        scenario.branch_label.clone(),
    );
    for resource in &scenario.resources {
        labels.insert(
            format!("resource:{}", resource.name),
            resource.label.clone(),
        );
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
    let mut figures = Vec::new();
    table
        .to_csv(&mut figures)
        .context("cannot write the figures")?;
    directory.write("figures.csv", &figures)?;
    if let Some(simulated) = &results.simulated {
        directory.write("days.csv", sim::to_csv(&simulated.days.rows()).as_bytes())?;
        if let Some(branches) = &simulated.branches {
            directory.write("branches.csv", branches.as_bytes())?;
        }
        if let Some(day) = &simulated.mobile_day {
            directory.write("mobile.csv", day.to_csv().as_bytes())?;
        }
    }
    Ok(())
}

/// Writes `summary.json`, `run.json` and everything drawn from them.
pub fn write_pages(
    directory: &RunDirectory,
    data: &reports::RunData,
    lang: reports::Lang,
) -> anyhow::Result<()> {
    directory.write("junit.xml", reports::junit(data).as_bytes())?;
    directory.write("summary.md", reports::markdown(data, lang).as_bytes())?;
    directory.write("report.html", reports::html(data, lang).as_bytes())?;
    // Last, so that a folder with a summary is a folder with everything.
    write_records(directory, data)
}

fn write_records(directory: &RunDirectory, data: &reports::RunData) -> anyhow::Result<()> {
    let json = |value: &serde_json::Value| format!("{value:#}\n");
    let summary = serde_json::to_value(&data.summary).context("cannot write the summary")?;
    let run = serde_json::to_value(&data.run).context("cannot write the run record")?;
    directory.write("run.json", json(&run).as_bytes())?;
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
        println!("{}", reports::terminal(data, output.lang, style()));
        println!("{}", directory.file("report.html").display());
    }
    Ok(())
}

/// Tables as wide as the terminal, coloured where somebody sees colours.
pub fn style() -> reports::TerminalStyle {
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
    reports::TerminalStyle {
        width: terminal.then(terminal_width).flatten(),
        colour: terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// Columns of the terminal on stdout, if it says.
fn terminal_width() -> Option<u16> {
    rustix::termios::tcgetwinsize(std::io::stdout())
        .ok()
        .map(|size| size.ws_col)
        .filter(|columns| *columns > 0)
}
