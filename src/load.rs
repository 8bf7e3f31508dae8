//! `branchlab load`, and the load part of `branchlab run`: a plan of operations
//! played on a bank or on a system of somebody's own, and the bank's books read
//! afterwards.

mod address;
mod find_limit;
mod metrics;
mod pairs;
mod plan;

pub use plan::Plan;

use crate::arguments::{LoadArguments, OwnBankArguments};
use crate::bank_process::BankProcess;
use crate::exit::{Ended, Failure};
use crate::interrupt::Interrupt;
use crate::judge::{Judging, Measured};
use crate::kill_drill::KillDrill;
use crate::progress::Phases;
use crate::run_directory::RunDirectory;
use crate::summarise::{self, Loaded, Results};
use address::To;
use anyhow::Context;
use loadgen::{
    BankStart, Endpoint, LoadOptions, LoadOutcome, Reach, StopFlag, Target, TargetFile, Tokens,
};
use metrics::{Both, Metrics};
use scenarios::model::Scenario;
use scenarios::operation::Operation;
use std::collections::BTreeSet;
use std::time::Duration;

/// Plays operations and writes what came of it.
pub fn load(arguments: &LoadArguments) -> Ended {
    let (subject, plan) = plan::read(arguments)?;
    if plan.leaps() && (arguments.target.is_some() || arguments.target_file.is_some()) {
        return Err(Failure::usage(
            "only a bank of the run's own leaps over quiet stretches: play it without --target and --target-file, or take `skip_quiet` out of [load]",
        ));
    }
    let to = To::read(arguments, &plan)?;
    if let To::OwnBank | To::Bank(_) = &to {
        plan.on_bank()
            .map_err(|fault| Failure::usage(fault.to_string()))?;
    }
    let baseline = pairs::baseline(arguments, &plan, &to)?;
    let interrupt = Interrupt::listen()?;
    let directory = RunDirectory::make(arguments.output.out.as_deref(), &subject.record.name)?;
    subject.keep(&directory)?;
    let mut phases = Phases::new(arguments.output.quiet, arguments.output.lang);
    if let To::OwnSystem(file, _) = &to {
        directory.write("target.toml", file.text().as_bytes())?;
    }
    let metrics = arguments.metrics.map(Metrics::serve).transpose()?;
    let mut player = Player {
        name: &subject.record.name,
        plan: &plan,
        directory: &directory,
        interrupt: &interrupt,
        phases: &mut phases,
        metrics: metrics.as_ref(),
        watched: arguments.watch_process,
        retry: asked_again(arguments.retry, arguments.bank.kill, &plan),
        repeat: arguments.repeat.unwrap_or(plan.repeat()),
    };
    let mut results = Results::new("load", Measured::Load);
    match &baseline {
        Some(baseline) => {
            let compared = pairs::play(arguments, (baseline, &to), &mut player, &subject)?;
            results.loaded = Some(compared.representative);
            results.regression = Some(compared.record);
            results.warnings = compared.warnings;
        }
        None if arguments.find_limit => {
            let found = find_limit::find(arguments, &to, &mut player, &subject.gates)?;
            results.loaded = Some(found);
        }
        None => results.loaded = Some(player.on_whichever(&to, &arguments.bank)?),
    }
    results.warnings.extend(plan.leapt());
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

/// For how long what nobody answered is asked again: as the command line says, else as the scenario
/// does, else for as long as a bank that is killed may need.
pub fn asked_again(seconds: Option<u32>, kills: u32, plan: &Plan) -> Option<Duration> {
    let killed = (kills > 0).then_some(KillDrill::RETRY);
    let asked = seconds.map(u64::from).map(Duration::from_secs);
    let within = asked.or(plan.retry()).or(killed);
    within.filter(|within| !within.is_zero())
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
    /// The run's own endpoint.
    pub metrics: Option<&'run Metrics>,
    /// A process of the target whose memory and processor time are watched; what listens
    /// at its address, if it runs on this machine, unless it is told.
    pub watched: Option<u32>,
    /// For how long what nobody answered is asked again.
    pub retry: Option<Duration>,
    /// The share of what was acknowledged that is asked once more.
    pub repeat: f64,
}

impl Player<'_> {
    /// Plays the plan on whom it is for.
    fn on_whichever(&mut self, to: &To, planted: &OwnBankArguments) -> anyhow::Result<Loaded> {
        match to {
            To::OwnBank => self.on_own_bank(planted),
            To::Bank(target) => self.on(target, BankStart::Shared, None),
            To::OwnSystem(file, endpoint) => self.on_own_system(file, endpoint),
        }
    }

    /// Starts a bank in the run directory, plays the plan on it, reads its books, stops it.
    pub fn on_own_bank(&mut self, planted: &OwnBankArguments) -> anyhow::Result<Loaded> {
        let data = self.directory.file("bank");
        let plan = self.plan;
        let mut bank = self.phases.phase("starting the bank", |_| {
            BankProcess::start(&data, &plan.bank_start()?.to_string(), planted)
        })?;
        self.watched = Some(bank.process_id());
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
        self.watched = self.watched.or_else(|| target.process());
        let options = self.options(start)?;
        let stop = StopFlag::from_shared(self.interrupt.flag());
        let plan = self.plan.on_bank()?;
        let metrics = self.metrics;
        let outcome = self
            .phases
            .phase("loading the bank", |view| {
                let both = Both { view, metrics };
                match drill {
                    Some(drill) => {
                        loadgen::play(&plan, target, &options, &drill.watch(&both), &stop)
                    }
                    None => loadgen::play(&plan, target, &options, &both, &stop),
                }
            })
            .context("the load could not be played")?;
        let reconciliation = if self.interrupt.happened() {
            None
        } else {
            let found = self.phases.phase("reading the bank's books", |_| {
                loadgen::reconcile(target, outcome.journal(), start)
            })?;
            Some(found)
        };
        let loaded = self.loaded(outcome)?;
        Ok(Loaded {
            reconciliation,
            has_books: true,
            ..loaded
        })
    }

    /// Plays the plan on a system of somebody's own, whose books nobody can read.
    pub fn on_own_system(
        &mut self,
        file: &TargetFile,
        endpoint: &Endpoint,
    ) -> anyhow::Result<Loaded> {
        self.watched = self.watched.or_else(|| endpoint.process());
        let options = self.options(BankStart::Shared)?;
        let stop = StopFlag::from_shared(self.interrupt.flag());
        let plan = self.plan.on_own_system();
        let metrics = self.metrics;
        let outcome = self.phases.phase("loading the system", |view| {
            let both = Both { view, metrics };
            loadgen::play_on_own_system(&plan, file, endpoint, &options, &both, &stop)
        });
        let mut loaded = self.loaded(outcome.context("the load could not be played")?)?;
        loaded.record.system = Some(file.name());
        let hash = blake3::hash(file.text().as_bytes()).to_hex();
        loaded.record.target_hash = Some(hash.to_string());
        Ok(loaded)
    }

    fn options(&self, start: BankStart) -> anyhow::Result<LoadOptions> {
        // Several runs of one command, such as a search's, are told apart by their number.
        let number = self.phases.finished().len();
        let run = format!("{}-{}-{number}", self.name, self.phases.started());
        let mut options = self.plan.options(&run, self.directory, start)?;
        options.watched_process = self.watched;
        options.retry = self.retry;
        options.repeat = self.repeat;
        Ok(options)
    }

    /// Writes the tables of percentiles.
    fn loaded(&self, outcome: LoadOutcome) -> anyhow::Result<Loaded> {
        for (of, table) in outcome.percentile_tables() {
            let name = match of.as_str() {
                "all" => "latency.hgrm".to_owned(),
                operation => format!("latency-{operation}.hgrm"),
            };
            self.directory.write(&name, table.as_bytes())?;
        }
        Ok(Loaded {
            record: outcome.load_record(&self.plan.window()),
            outcome,
            reconciliation: None,
            has_books: false,
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
