//! What a load plays, and how: a scenario's window, a recorded log, or a plain profile.

use crate::arguments::LoadArguments;
use crate::exit::Failure;
use crate::run_directory::RunDirectory;
use crate::simulate;
use crate::summarise::Subject;
use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use loadgen::{
    BankStart, BankTraffic, Leaps, LoadOptions, Model, OwnPlan, PlayedWindow, Profile, Spike,
};
use scenarios::figure::Figure;
use scenarios::gate::Statistic;
use scenarios::model::{Label, Load, LoadModel, NamedGate, Played, Recording, Scenario, Window};
use scenarios::operation::PlannedOperation;
use scenarios::time::{SimTime, Span};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Business time that an own bank has for the setup, at true speed.
const SETUP_AHEAD: SignedDuration = SignedDuration::from_hours(1);
/// Real time from setting the bank's clock to the window's begin, at most.
const RUN_UP: Duration = Duration::from_millis(200);

/// Where the operations come from.
#[derive(Clone)]
enum Traffic {
    /// A scenario's day, or a recorded log.
    Operations(loadgen::Plan),
    /// A plain profile.
    Profile(Arc<Profile>),
}

/// What is played, and how.
#[derive(Clone)]
pub struct Plan {
    traffic: Traffic,
    /// Calendar date of the day that is played.
    date: String,
    from: SimTime,
    to: SimTime,
    load: Load,
    model: Model,
    ramp: Duration,
    until: Duration,
    drain: Duration,
    steady: bool,
    spike: Option<Spike>,
    left_out: Vec<String>,
    leaps: Leaps,
    /// Prizes of the lottery, if a campaign says how many.
    prizes: Option<u32>,
    thresholds: Vec<Span>,
    quantiles: Vec<f64>,
    tightest_latency_gate: Option<Duration>,
}

impl Plan {
    /// What a scenario's `[load]` plays.
    pub fn of_scenario(scenario: &Scenario, load: &Load) -> anyhow::Result<Self> {
        let plan = match &load.played {
            Played::Day(window) => Self::of_day(scenario, load, *window)?,
            Played::Recorded(recording) => {
                let date = scenario.day.date.to_string();
                Self::of_recording(recording, date, load.clone())
            }
        };
        let plan = Self {
            thresholds: scenario.report.thresholds.clone(),
            quantiles: scenario.report.quantiles.clone(),
            tightest_latency_gate: tightest_latency(&scenario.gates),
            ..plan
        };
        match load.skip_quiet {
            Some(longest) => plan
                .skipping(longest)
                .context("cannot leap over quiet stretches"),
            None => Ok(plan),
        }
    }

    /// The operations of day 0 in a window, mobile traffic included.
    fn of_day(scenario: &Scenario, load: &Load, window: Window) -> anyhow::Result<Self> {
        let seed = scenario.run.seed;
        let day = match window {
            Window::Day => sim::DayOperations::whole_day(scenario, 0, seed),
            Window::Between(from, to) => sim::DayOperations::new(scenario, 0, seed, from, to),
            Window::Busiest(length) => {
                let (from, to) = sim::busiest_window(scenario, length);
                sim::DayOperations::new(scenario, 0, seed, from, to)
            }
        };
        let day = day.context("cannot plan the operations of the day")?;
        let (from, to) = day.window();
        let apps = scenario
            .mobile
            .iter()
            .flat_map(scenarios::model::Mobile::apps);
        let left_out = apps
            .flat_map(|(_, sessions)| &sessions.mix_left_out)
            .map(|(operation, weight)| format!("{operation} ({weight})"))
            .collect();
        let real = |span: Span| Duration::from_micros(span.0).div_f64(load.speed);
        let (model, ramp, until) = match load.model {
            LoadModel::Open => (Model::Open, Duration::ZERO, Duration::ZERO),
            LoadModel::CappedOpen => (Model::CappedOpen, Duration::ZERO, Duration::ZERO),
            LoadModel::Closed { ramp, .. } => (Model::Closed, real(ramp), real(to.since(from))),
        };
        let operations = match load.model {
            LoadModel::Closed { pause, .. } => loadgen::Plan::drawn(move || for_users(&day, pause)),
            LoadModel::Open | LoadModel::CappedOpen => {
                loadgen::Plan::drawn(move || day.operations())
            }
        };
        let traffic = Traffic::Operations(operations);
        let date = scenario.day.date.to_string();
        Ok(Self {
            model,
            ramp,
            until,
            left_out,
            prizes: scenario.campaigns.iter().find_map(|it| it.prizes),
            ..Self::open(traffic, date, (from, to), load.clone())
        })
    }

    /// Recorded operations, from this day on.
    fn of_recording(recording: &Recording, date: String, load: Load) -> Self {
        let model = match load.model {
            LoadModel::Open => Model::Open,
            LoadModel::CappedOpen | LoadModel::Closed { .. } => Model::CappedOpen,
        };
        let plan = loadgen::Plan::Recorded(recording.path.clone());
        let extent = (recording.from, recording.to);
        Self {
            model,
            ..Self::open(Traffic::Operations(plan), date, extent, load)
        }
    }

    /// A log that no scenario names.
    fn recorded(path: &Path, speed: f64, subject: &Subject) -> Result<Self, Failure> {
        let plan = loadgen::Plan::Recorded(path.to_owned());
        let extent = plan.extent();
        let extent = extent.map_err(|error| Failure::usage(error.to_string()))?;
        let Some((first, last, _)) = extent else {
            return Err(Failure::usage(format!(
                "{}: there is no operation in it",
                path.display()
            )));
        };
        let load = Load {
            speed,
            ..as_usual(Window::Between(first, last))
        };
        let date = subject.record.date.clone();
        Ok(Self {
            tightest_latency_gate: tightest_latency(&subject.gates),
            ..Self::open(Traffic::Operations(plan), date, (first, last), load)
        })
    }

    /// A plain profile, begun today.
    pub fn of_profile(profile: Profile, date: String, gates: &[NamedGate]) -> Self {
        let (from, lasts) = (profile.begins, profile.lasts());
        let real = |span: Span| Duration::from_micros(span.0).div_f64(profile.speed);
        let load = Load {
            speed: profile.speed,
            volume: profile.volume,
            // What a profile says of its crowd is kept as it is.
            connections: profile.crowd.connections,
            timeout: profile.timeout,
            warm_up: profile.warm_up,
            ..as_usual(Window::Between(from, from.after(lasts)))
        };
        Self {
            model: profile.crowd.model,
            ramp: real(profile.crowd.ramp),
            until: real(lasts),
            drain: Duration::from_micros(profile.drain.0),
            steady: profile.steady,
            spike: profile.spike(),
            thresholds: profile.thresholds.clone(),
            quantiles: profile.quantiles.clone(),
            tightest_latency_gate: tightest_latency(gates),
            ..Self::open(
                Traffic::Profile(Arc::new(profile)),
                date,
                (from, from.after(lasts)),
                load,
            )
        }
    }

    fn open(traffic: Traffic, date: String, (from, to): (SimTime, SimTime), load: Load) -> Self {
        Self {
            traffic,
            date,
            from,
            to,
            load,
            model: Model::CappedOpen,
            ramp: Duration::ZERO,
            until: Duration::ZERO,
            drain: Duration::from_mins(1),
            steady: false,
            spike: None,
            left_out: Vec::new(),
            leaps: Leaps::default(),
            prizes: None,
            thresholds: Vec::new(),
            quantiles: Vec::new(),
            tightest_latency_gate: None,
        }
    }

    /// The bank's operations of it; an error names what the bank does not know.
    pub fn on_bank(&self) -> Result<loadgen::Plan, loadgen::Fault> {
        match &self.traffic {
            Traffic::Operations(plan) => Ok(plan.clone()),
            Traffic::Profile(profile) => BankTraffic::new(Arc::clone(profile))
                .map(|traffic| loadgen::Plan::Profile(Arc::new(traffic))),
        }
    }

    /// For a system of somebody's own.
    pub fn on_own_system(&self) -> OwnPlan {
        match &self.traffic {
            Traffic::Operations(plan) => OwnPlan::Operations(plan.clone()),
            Traffic::Profile(profile) => OwnPlan::Profile(Arc::clone(profile)),
        }
    }

    /// Whether it can be played at another volume; else why not.
    pub fn can_be_scaled(&self) -> Result<(), &'static str> {
        match (&self.traffic, self.model) {
            (Traffic::Operations(_), _) => Err(
                "only a plain profile can be played at any rate; write one for the operations that matter",
            ),
            (Traffic::Profile(_), Model::Closed) => Err(
                "users of a closed model slow down with the target, so there is no highest rate; take the open model",
            ),
            (Traffic::Profile(_), Model::Open | Model::CappedOpen) => Ok(()),
        }
    }

    /// The same with so many times more sessions.
    pub fn times(&self, factor: f64) -> Self {
        let mut plan = self.clone();
        if let Traffic::Profile(profile) = &mut plan.traffic {
            Arc::make_mut(profile).volume *= factor;
            plan.load.volume = profile.volume;
        }
        plan
    }

    /// The target file that a profile names.
    pub fn target_file(&self) -> Option<PathBuf> {
        match &self.traffic {
            Traffic::Operations(_) => None,
            Traffic::Profile(profile) => profile.target_file.clone(),
        }
    }

    pub fn options(
        &self,
        run: &str,
        directory: &RunDirectory,
        start: BankStart,
    ) -> anyhow::Result<LoadOptions> {
        let mut options = LoadOptions::new(run, directory.file("operations.csv"));
        options.interval_log = Some(directory.file("latency.hlog"));
        options.window_start = match self.traffic {
            Traffic::Operations(_) => self.from,
            // A profile counts from its own begin.
            Traffic::Profile(_) => SimTime(0),
        };
        // The clock of a bank that others use is not ours to set.
        if start == BankStart::Empty {
            options.business_start = Some(self.business_start()?.to_string());
        }
        options.leaps = self.leaps.clone();
        options.speed = self.load.speed;
        options.model = self.model;
        options.connections = self.load.connections;
        options.ramp = self.ramp;
        options.until = self.until;
        options.timeout = Duration::from_micros(self.load.timeout.0);
        options.warm_up = Duration::from_micros(self.load.warm_up.0);
        options.drain = self.drain;
        options.steady = self.steady;
        options.spike = self.spike;
        options.tightest_latency_gate = self.tightest_latency_gate;
        options.thresholds.clone_from(&self.thresholds);
        options.quantiles.clone_from(&self.quantiles);
        options.prizes = self.prizes;
        Ok(options)
    }

    /// Real time from the window's begin to its end.
    pub fn length(&self) -> Duration {
        let played = self
            .to
            .since(self.from)
            .0
            .saturating_sub(self.leaps.skipped().0);
        Duration::from_micros(played).div_f64(self.load.speed)
    }

    /// What a reader should know of quiet stretches that were not played.
    pub fn leapt(&self) -> Option<Label> {
        let skipped = self.leaps.skipped();
        (skipped.0 > 0).then(|| {
            Label::new(
                format!("Quiet stretches of the plan were leapt over, {skipped} in all, and the bank's clock with them."),
                format!("计划中的空闲时段已跳过，共 {skipped}，核心系统的时钟随之前移。"),
            )
        })
    }

    /// For how long the scenario asks again what nobody answered.
    pub fn retry(&self) -> Option<Duration> {
        self.load.retry.map(|retry| Duration::from_micros(retry.0))
    }

    /// The share of what was acknowledged that the scenario asks once more.
    pub fn repeat(&self) -> f64 {
        self.load.repeat
    }

    /// Whether quiet stretches are leapt over, which only a bank of the run's own can do.
    pub fn leaps(&self) -> bool {
        self.leaps != Leaps::default()
    }

    /// The same without stretches in which nothing starts for longer than this.
    fn skipping(mut self, longest: Span) -> Result<Self, loadgen::LoadError> {
        if let Traffic::Operations(plan) = &self.traffic {
            self.leaps = Leaps::over(plan, longest)?;
        }
        Ok(self)
    }

    /// What the command line says of it beside its speed and volume.
    fn changed(mut self, arguments: &LoadArguments) -> Result<Self, Failure> {
        if let Some(connections) = arguments.connections {
            if self.model == Model::Closed {
                return Err(Failure::usage(
                    "--connections: each user of a closed model has one; the model says how many users there are",
                ));
            }
            self.load.connections = connections;
        }
        if let Some(longest) = arguments.skip_quiet {
            if let Traffic::Profile(_) = &self.traffic {
                return Err(Failure::usage(
                    "--skip-quiet is for operations that are recorded or of a scenario's day; a profile has no quiet stretches of its own",
                ));
            }
            self = self
                .skipping(longest)
                .map_err(|error| Failure::usage(error.to_string()))?;
        }
        Ok(self)
    }

    pub fn window(&self) -> PlayedWindow {
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
    pub fn bank_start(&self) -> anyhow::Result<Timestamp> {
        let run_up = SignedDuration::try_from_secs_f64(RUN_UP.as_secs_f64() * self.load.speed)?;
        let before = SETUP_AHEAD.checked_add(run_up).unwrap_or(SETUP_AHEAD);
        Ok(self.business_start()?.checked_sub(before)?)
    }
}

/// A load of which nothing is said but its window.
fn as_usual(window: Window) -> Load {
    Load {
        played: Played::Day(window),
        speed: 1.0,
        volume: 1.0,
        model: LoadModel::CappedOpen,
        connections: 64,
        retry: None,
        repeat: 0.0,
        skip_quiet: None,
        timeout: Span::from_seconds(30.0),
        warm_up: Span(0),
    }
}

/// The sessions of a day as users take them: one after another in the order of their starts, each with
/// a pause before it.
fn for_users(
    day: &Arc<sim::DayOperations>,
    pause: Span,
) -> impl Iterator<Item = PlannedOperation> + use<> {
    day.by_session().map(move |mut planned| {
        // The first of a session has none before it.
        planned.think.get_or_insert(pause);
        planned
    })
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

/// The scenario's plan, that of a CSV file of recorded operations, or a profile's.
pub fn read(arguments: &LoadArguments) -> Result<(Subject, Plan), Failure> {
    let (subject, plan) = said(arguments)?;
    Ok((subject, plan.changed(arguments)?))
}

fn said(arguments: &LoadArguments) -> Result<(Subject, Plan), Failure> {
    let path = &arguments.scenario.scenario;
    let csv = path.extension();
    if csv.is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        let gates = command_line_gates(&arguments.scenario.gates)?;
        let speed = checked_speed(arguments.speed.unwrap_or(1.0))?;
        let mut subject = Subject::of_operations(path, gates)?;
        if let Some(date) = &arguments.date {
            let wrong = |_| Failure::usage(format!("--date {date}: write it like 2026-06-30"));
            let date: jiff::civil::Date = date.parse().map_err(wrong)?;
            subject.record.date = date.to_string();
        }
        let plan = Plan::recorded(path, speed, &subject)?;
        return Ok((subject, plan));
    }
    if loadgen::is_profile(path) {
        return profile(arguments, path);
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

/// A plain profile; what the command line says wins.
fn profile(arguments: &LoadArguments, path: &Path) -> Result<(Subject, Plan), Failure> {
    let read = Profile::read(path);
    let mut profile = read.map_err(|fault| Failure::usage(fault.to_string()))?;
    if let Some(wrong) = arguments.scenario.overrides.first() {
        return Err(Failure::usage(format!(
            "--set {wrong}: a profile is short, change it in the file; --speed, --volume and --seed change it from the shell"
        )));
    }
    if let Some(speed) = arguments.speed {
        profile.speed = checked_speed(speed)?;
    }
    if let Some(volume) = arguments.volume {
        if !(volume.is_finite() && volume > 0.0 && volume <= 1e6) {
            return Err(Failure::usage(format!(
                "--volume {volume}: it must be above 0 and at most 1000000"
            )));
        }
        profile.volume = volume;
    }
    if let Some(seed) = arguments.scenario.seed {
        profile.seed = seed;
    }
    let mut gates = profile.gates.clone();
    for named in command_line_gates(&arguments.scenario.gates)? {
        let measured = profile.measures(&named.gate);
        measured.map_err(|why| Failure::usage(format!("--gate {:?}: {why}", named.gate.text)))?;
        gates.push(named);
    }
    let subject = Subject::of_profile(&profile, gates)?;
    let date = subject.record.date.clone();
    let plan = Plan::of_profile(profile, date, &subject.gates);
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
