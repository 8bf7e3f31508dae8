//! `branchlab load`, and the load part of `branchlab run`: a plan of operations
//! played on a bank, and the bank's books read afterwards.

use crate::arguments::{LoadArguments, OwnBankArguments};
use crate::bank_process::BankProcess;
use crate::exit::{Ended, Failure};
use crate::interrupt::Interrupt;
use crate::judge::{Judging, Measured};
use crate::kill_drill::KillDrill;
use crate::progress::Phases;
use crate::run_directory::RunDirectory;
use crate::simulate;
use crate::summarise::{self, Loaded, Results, Subject};
use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use loadgen::{BankStart, LoadOptions, PlayedWindow, Reach, StopFlag, Target, Tokens};
use scenarios::figure::Figure;
use scenarios::gate::Statistic;
use scenarios::model::{Load, NamedGate, Scenario, Window};
use scenarios::operation::{Operation, OperationReader, PlannedOperation};
use scenarios::time::{SimTime, Span};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Business time that an own bank has for the setup, at true speed.
const SETUP_AHEAD: SignedDuration = SignedDuration::from_hours(1);
/// Real time from setting the bank's clock to the window's begin, at most.
const RUN_UP: Duration = Duration::from_millis(200);

/// What is played, and how.
pub struct Plan {
    operations: Vec<PlannedOperation>,
    /// Calendar date of the day that is played.
    date: String,
    from: SimTime,
    to: SimTime,
    load: Load,
    left_out: Vec<String>,
    /// Prizes of the lottery, if a campaign says how many.
    prizes: Option<u32>,
    thresholds: Vec<Span>,
    quantiles: Vec<f64>,
    tightest_latency_gate: Option<Duration>,
}

impl Plan {
    /// The operations of day 0 in the scenario's window, mobile traffic included.
    pub fn of_scenario(scenario: &Scenario, load: &Load) -> anyhow::Result<Self> {
        let (from, to) = match load.window {
            Window::Busiest(length) => sim::busiest_window(scenario, length),
            Window::Between(from, to) => (from, to),
        };
        let apps = scenario
            .mobile
            .iter()
            .flat_map(scenarios::model::Mobile::apps);
        let left_out = apps
            .flat_map(|(_, sessions)| &sessions.mix_left_out)
            .map(|(operation, weight)| format!("{operation} ({weight})"))
            .collect();
        let operations = sim::operations(scenario, 0, scenario.run.seed, from, to)
            .context("cannot plan the operations of the day")?;
        Ok(Self {
            operations,
            date: scenario.day.date.to_string(),
            from,
            to,
            load: load.clone(),
            left_out,
            prizes: scenario.campaigns.iter().find_map(|it| it.prizes),
            thresholds: scenario.report.thresholds.clone(),
            quantiles: scenario.report.quantiles.clone(),
            tightest_latency_gate: tightest_latency(&scenario.gates),
        })
    }

    fn options(
        &self,
        run: &str,
        directory: &RunDirectory,
        start: BankStart,
    ) -> anyhow::Result<LoadOptions> {
        let mut options = LoadOptions::new(run, directory.file("operations.csv"));
        options.interval_log = Some(directory.file("latency.hlog"));
        options.window_start = self.from;
        // The clock of a bank that others use is not ours to set.
        if start == BankStart::Empty {
            options.business_start = Some(self.business_start()?.to_string());
        }
        options.speed = self.load.speed;
        options.connections = self.load.connections;
        options.timeout = Duration::from_micros(self.load.timeout.0);
        options.warm_up = Duration::from_micros(self.load.warm_up.0);
        options.tightest_latency_gate = self.tightest_latency_gate;
        options.thresholds.clone_from(&self.thresholds);
        options.quantiles.clone_from(&self.quantiles);
        options.prizes = self.prizes;
        Ok(options)
    }

    /// Real time from the window's begin to its end.
    fn length(&self) -> Duration {
        Duration::from_micros(self.to.since(self.from).0).div_f64(self.load.speed)
    }

    fn window(&self) -> PlayedWindow {
        PlayedWindow {
            from: self.from.clock(),
            to: self.to.clock(),
            volume: self.load.volume,
            left_out: self.left_out.clone(),
        }
    }

    /// Business time at the window's begin.
    fn business_start(&self) -> anyhow::Result<Timestamp> {
        let midnight: Timestamp = format!("{}T00:00+08:00", self.date)
            .parse()
            .with_context(|| format!("{} is no date", self.date))?;
        let into_the_day = SignedDuration::try_from(Duration::from_micros(self.from.0))?;
        Ok(midnight.checked_add(into_the_day)?)
    }

    /// Business time at which an own bank's clock starts, at true speed: so long before
    /// the window that the setup's stamps, and the load's run-up, lie before it.
    fn bank_start(&self) -> anyhow::Result<Timestamp> {
        let run_up = SignedDuration::try_from_secs_f64(RUN_UP.as_secs_f64() * self.load.speed)?;
        let before = SETUP_AHEAD.checked_add(run_up).unwrap_or(SETUP_AHEAD);
        Ok(self.business_start()?.checked_sub(before)?)
    }
}

/// The tightest bound that a gate sets on a latency.
fn tightest_latency(gates: &[NamedGate]) -> Option<Duration> {
    gates
        .iter()
        .filter(|named| {
            matches!(named.gate.figure, Figure::Latency | Figure::ServiceLatency)
                && !matches!(named.gate.statistic, Statistic::Count)
        })
        .map(|named| match named.gate.statistic {
            Statistic::ShareWithin(seconds) => seconds,
            _ => named.gate.bound,
        })
        .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
        .min_by(f64::total_cmp)
        .map(Duration::from_secs_f64)
}

/// Plays operations on a bank and writes what came of it.
pub fn load(arguments: &LoadArguments) -> Ended {
    let (subject, plan) = read(arguments)?;
    let target = arguments
        .target
        .as_deref()
        .map(|url| given_target(url, arguments.tokens.as_deref()))
        .transpose()?;
    let interrupt = Interrupt::listen()?;
    let directory = RunDirectory::make(arguments.output.out.as_deref(), &subject.record.name)?;
    directory.write("scenario.toml", subject.as_run.as_bytes())?;
    let mut phases = Phases::new(arguments.output.quiet, arguments.output.lang);
    let mut player = Player {
        name: &subject.record.name,
        plan: &plan,
        directory: &directory,
        interrupt: &interrupt,
        phases: &mut phases,
        retry: asked_again(arguments),
    };
    let loaded = match &target {
        None => player.on_own_bank(&arguments.bank)?,
        Some(target) => player.on(target, BankStart::Shared, None)?,
    };
    let mut results = Results::new("load", Measured::Load);
    results.loaded = Some(loaded);
    summarise::finish(
        subject,
        results,
        &interrupt,
        Judging::ByInterval,
        &directory,
        &phases,
        1,
        &arguments.output,
    )
}

/// For how long what nobody answered is asked again.
fn asked_again(arguments: &LoadArguments) -> Option<Duration> {
    let killed = (arguments.bank.kill > 0).then_some(KillDrill::RETRY);
    let asked = arguments.retry.map(u64::from).map(Duration::from_secs);
    asked.or(killed).filter(|within| !within.is_zero())
}

/// The scenario's plan, or that of a CSV file of recorded operations.
fn read(arguments: &LoadArguments) -> Result<(Subject, Plan), Failure> {
    let path = &arguments.scenario.scenario;
    if path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
    {
        return recorded(arguments, path);
    }
    let scenario = simulate::read(&arguments.scenario, arguments.output.lang)?;
    let Some(load) = &scenario.load else {
        return Err(Failure::usage(format!(
            "{}: there is no [load] in this scenario: nothing says what to play and how fast",
            path.display()
        )));
    };
    let mut load = load.clone();
    if let Some(speed) = arguments.speed {
        load.speed = checked_speed(speed)?;
    }
    let plan = Plan::of_scenario(&scenario, &load)?;
    Ok((Subject::of_scenario(&scenario), plan))
}

fn recorded(arguments: &LoadArguments, path: &Path) -> Result<(Subject, Plan), Failure> {
    let file = std::fs::File::open(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let operations = OperationReader::new(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let (Some(first), Some(last)) = (
        operations.iter().map(|operation| operation.at).min(),
        operations.iter().map(|operation| operation.at).max(),
    ) else {
        return Err(Failure::usage(format!(
            "{}: there is no operation in it",
            path.display()
        )));
    };
    let gates = command_line_gates(&arguments.scenario.gates)?;
    let speed = checked_speed(arguments.speed.unwrap_or(1.0))?;
    let subject = Subject::of_operations(path, gates)?;
    let plan = Plan {
        operations,
        date: subject.record.date.clone(),
        from: first,
        to: last,
        load: Load {
            window: Window::Between(first, last),
            speed,
            volume: 1.0,
            connections: 64,
            timeout: Span::from_seconds(30.0),
            warm_up: Span(0),
        },
        left_out: Vec::new(),
        prizes: None,
        thresholds: Vec::new(),
        quantiles: Vec::new(),
        tightest_latency_gate: tightest_latency(&subject.gates),
    };
    Ok((subject, plan))
}

fn checked_speed(speed: f64) -> Result<f64, Failure> {
    if speed.is_finite() && speed > 0.0 && speed <= 100_000.0 {
        Ok(speed)
    } else {
        Err(Failure::usage(format!(
            "--speed {speed}: it must be above 0 and at most 100000"
        )))
    }
}

fn command_line_gates(texts: &[String]) -> Result<Vec<NamedGate>, Failure> {
    texts
        .iter()
        .enumerate()
        .map(|(position, text)| {
            let gate = scenarios::gate::parse(text).map_err(|error| {
                Failure::usage(format!("--gate {text:?}: {error}; {}", error.help()))
            })?;
            Ok(NamedGate {
                name: format!("command_line_{}", position + 1),
                gate,
            })
        })
        .collect()
}

fn given_target(url: &str, tokens: Option<&Path>) -> Result<Target, Failure> {
    let Some(tokens) = tokens else {
        return Err(Failure::usage(
            "--target needs --tokens: the tokens.json in the data directory of that bank",
        ));
    };
    let usage = |error: loadgen::LoadError| Failure::usage(error.to_string());
    let tokens = Tokens::read(tokens).map_err(usage)?;
    Target::new(url, tokens, &Reach::Loopback).map_err(usage)
}

/// Plays a plan and reconciles.
pub struct Player<'run> {
    /// What is played, for the run's id.
    pub name: &'run str,
    /// The plan.
    pub plan: &'run Plan,
    /// Where the journal goes.
    pub directory: &'run RunDirectory,
    /// Ctrl-C.
    pub interrupt: &'run Interrupt,
    /// Progress.
    pub phases: &'run mut Phases,
    /// For how long what nobody answered is asked again.
    pub retry: Option<Duration>,
}

impl Player<'_> {
    /// Starts a bank in the run directory, plays the plan on it, reads its books, stops it.
    pub fn on_own_bank(&mut self, planted: &OwnBankArguments) -> anyhow::Result<Loaded> {
        let data = self.directory.file("bank");
        let plan = self.plan;
        let mut bank = self.phases.phase("starting the bank", |_| {
            BankProcess::start(&data, &plan.bank_start()?.to_string(), planted)
        })?;
        let tokens = Tokens::read(&bank.tokens)?;
        let target = Target::new(&bank.url, tokens, &Reach::Loopback)?;
        let drill = KillDrill::new(planted.kill, plan.length());
        let played = drill.during(&mut bank, || {
            self.on(&target, BankStart::Empty, Some(&drill))
        });
        let mut loaded = played.map_err(|error| {
            anyhow::anyhow!("{error:#}\nAs for the bank, {}", bank.last_words())
        })?;
        loaded.bank_data = Some(data.display().to_string());
        loaded.killed = drill.told();
        if self.interrupt.happened() {
            // Nobody waits for planted slowness any more.
            drop(bank);
        } else {
            bank.stop()?;
        }
        Ok(loaded)
    }

    /// Plays the plan on a bank that is there, and reads its books unless interrupted.
    pub fn on(
        &mut self,
        target: &Target,
        start: BankStart,
        drill: Option<&KillDrill>,
    ) -> anyhow::Result<Loaded> {
        let run = format!("{}-{}", self.name, self.phases.started());
        let mut options = self.plan.options(&run, self.directory, start)?;
        options.retry = self.retry;
        let stop = StopFlag::from_shared(self.interrupt.flag());
        let operations = &self.plan.operations;
        let outcome = self
            .phases
            .phase("loading the bank", |bar| match drill {
                Some(drill) => loadgen::run(operations, target, &options, &drill.watch(bar), &stop),
                None => loadgen::run(operations, target, &options, bar, &stop),
            })
            .context("the load could not be played")?;
        for (of, table) in outcome.percentile_tables() {
            let name = match of.as_str() {
                "all" => "latency.hgrm".to_owned(),
                operation => format!("latency-{operation}.hgrm"),
            };
            self.directory.write(&name, table.as_bytes())?;
        }
        let reconciliation = if self.interrupt.happened() {
            None
        } else {
            let found = self.phases.phase("reading the bank's books", |_| {
                loadgen::reconcile(target, outcome.journal(), start)
            })?;
            Some(found)
        };
        Ok(Loaded {
            record: outcome.load_record(&self.plan.window()),
            outcome,
            reconciliation,
            bank_data: None,
            killed: None,
        })
    }
}

/// The operations that the journeys perform, in any branch of a region.
pub fn performed(scenario: &Scenario) -> BTreeSet<Operation> {
    let kinds = scenario.region.iter().flat_map(|region| &region.kinds);
    kinds
        .chain([scenario])
        .flat_map(|it| &it.journeys)
        .flat_map(|journey| journey.every_step().filter_map(|step| step.operation))
        .collect()
}

/// The latencies that the load measured, for the operations that the branch's
/// journeys perform; and those it did not measure.
pub fn measured_latencies(
    scenario: &Scenario,
    outcome: &loadgen::LoadOutcome,
) -> (sim::OperationLatencies, Vec<Operation>) {
    let mut latencies = sim::OperationLatencies::default();
    let mut unmeasured = performed(scenario);
    for (operation, counts) in outcome.latency_counts() {
        if unmeasured.remove(&operation) {
            latencies.insert(operation, &counts);
        }
    }
    (latencies, unmeasured.into_iter().collect())
}
