//! A checked scenario: every name resolved to an index, every number in range.
//!
//! The reader in [`crate::file`] is the only maker of these values for users;
//! whoever consumes them may rely on what the fields' docs promise. Indices are
//! positions in the [`Scenario`]'s vectors, in file order.

mod arrivals;
mod conduct;
mod incident;
mod mobile;
mod queue;

pub use arrivals::{ArrivalPiece, Arrivals, Recorded};
pub use conduct::{Balking, Conduct, Retry, Sees};
pub use incident::{Affected, Effect, Incident};
pub use mobile::{Campaign, DAYS_OF_A_MONTH, Mobile};
pub use queue::{Breakdowns, Choice, Interruption, Lines, Order, Queue, Server, Servers, ShiftEnd};

use crate::figure::Figure;
use crate::gate::Gate;
use crate::operation::{Channel, Operation};
use crate::time::{SimTime, Span};
use serde::Serialize;

/// Position of a [`Resource`] in [`Scenario::resources`].
pub type ResourceId = usize;
/// Position of a [`Journey`] in [`Scenario::journeys`].
pub type JourneyId = usize;
/// Position of a [`Service`] in [`Scenario::services`].
pub type ServiceId = usize;
/// Position of a [`Segment`] in [`Scenario::segments`].
pub type SegmentId = usize;

/// One checked scenario, ready to run.
#[derive(Debug, Clone, Serialize)]
pub struct Scenario {
    /// Short name, `[a-z0-9-]+`; the file's stem unless the file says otherwise.
    pub name: String,
    /// The planner's question that this scenario answers, in a sentence.
    pub question: Label,
    /// The branch's name in figures and operations.
    pub branch: String,
    /// What a person reads for the branch.
    pub branch_label: Label,
    /// The calendar day and its hours.
    pub day: Day,
    /// How often and from which seed it is simulated.
    pub run: Run,
    /// Everything that can be held; at least one.
    pub resources: Vec<Resource>,
    /// Everything that can be gone through; at least one.
    pub journeys: Vec<Journey>,
    /// What customers come for; at least one.
    pub services: Vec<Service>,
    /// Kinds of customers; at least one; shares sum to one.
    pub segments: Vec<Segment>,
    /// When customers come.
    pub arrivals: Arrivals,
    /// What goes wrong for a while, in file order.
    pub incidents: Vec<Incident>,
    /// The mobile bank's traffic beside the branch, if any.
    pub mobile: Option<Mobile>,
    /// Spikes of traffic, in file order.
    pub campaigns: Vec<Campaign>,
    /// How the operations are played on a core bank, if they are.
    pub load: Option<Load>,
    /// What must hold. The one named `promise`, if any, heads the report and
    /// says which customers' misses are explained.
    pub gates: Vec<NamedGate>,
    /// What to report beyond the standard.
    pub report: ReportRequest,
    /// Where the numbers come from.
    pub assumptions: Vec<Assumption>,
    /// BLAKE3 hash (hex) of what was run after `extends`, `--set` and CSV files.
    pub hash: String,
    /// The scenario as run: one TOML text with everything folded in, which read
    /// again gives this scenario again.
    #[serde(skip)]
    pub as_run: String,
}

impl Scenario {
    /// The reporting intervals by their start, as figures name them: `09:00`,
    /// `09:30` …
    pub fn intervals(&self) -> Vec<String> {
        let mut starts = Vec::new();
        let mut at = self.day.open;
        while at < self.day.close && self.day.interval.0 > 0 {
            starts.push(at.clock());
            at = at.after(self.day.interval);
        }
        starts
    }

    /// Position of the resource of this name.
    pub fn resource(&self, name: &str) -> Option<ResourceId> {
        self.resources.iter().position(|it| it.name == name)
    }

    /// Position of the service of this name.
    pub fn service(&self, name: &str) -> Option<ServiceId> {
        self.services.iter().position(|it| it.name == name)
    }

    /// Position of the journey of this name.
    pub fn journey(&self, name: &str) -> Option<JourneyId> {
        self.journeys.iter().position(|it| it.name == name)
    }
}

impl Roster {
    /// How many are on duty at a moment.
    pub fn count_at(&self, at: SimTime) -> u32 {
        let later = self.steps.partition_point(|(from, _)| *from <= at);
        later.checked_sub(1).map_or(0, |step| self.steps[step].1)
    }

    /// The most ever on duty.
    pub fn most(&self) -> u32 {
        self.steps
            .iter()
            .map(|(_, count)| *count)
            .max()
            .unwrap_or(0)
    }
}

/// What a person reads, in two languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Label {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Label {
    /// The same thing said twice.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            zh: zh.into(),
        }
    }

    /// One text for both languages, as of somebody who wrote only one.
    pub fn same(text: &str) -> Self {
        Self::new(text, text)
    }
}

/// The simulated day.
#[derive(Debug, Clone, Serialize)]
pub struct Day {
    /// Calendar date, ISO 8601; weekday and day of month follow from it.
    pub date: jiff::civil::Date,
    /// Doors open. In steady state: 0.
    pub open: SimTime,
    /// Doors shut; later than `open`. In steady state: the run's end.
    pub close: SimTime,
    /// Reporting interval; divides the opening hours, at least a minute.
    pub interval: Span,
    /// What happens to those inside when the doors shut.
    pub closing: Closing,
    /// IANA name, `Asia/Shanghai` by default.
    pub time_zone: String,
}

/// What happens at closing time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// Doors shut, everyone inside is served, overtime is counted.
    ServeAllInside,
}

/// How the scenario is replicated.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// Days, or one long stretch.
    pub mode: Mode,
    /// Independent replications (days in day mode); 1 to 1,000,000; with `until`, at most.
    pub replications: u32,
    /// Root of all randomness.
    pub seed: u64,
    /// When they are enough, if that is asked for.
    pub until: Option<Until>,
}

/// Replications go on, 64 at a time, until a mean is known well enough.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Until {
    /// One of the five parts of the time in branch, or the time in branch.
    pub figure: Figure,
    /// Of this segment; of all customers if none.
    pub segment: Option<SegmentId>,
    /// How narrow half of its 95% interval must be.
    pub half_width: HalfWidth,
}

/// How narrow half of an interval must be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HalfWidth {
    /// In seconds; above 0.
    Seconds(f64),
    /// As a share of the mean; above 0, at most 1.
    Relative(f64),
}

/// Terminating days or steady state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Each replication is a day that starts empty and ends when all have left.
    Days,
    /// Each replication is one stretch from 0 to `length`; customers who arrive
    /// before `warm_up` are not counted, nor is time before it.
    SteadyState {
        /// Deleted at the start of each replication.
        warm_up: Span,
        /// End of the counted stretch (warm-up included); longer than `warm_up`.
        length: Span,
    },
}

/// A pool of like servers: tellers, kiosks, lobby managers.
#[derive(Debug, Clone, Serialize)]
pub struct Resource {
    /// Name in the file and in figures.
    pub name: String,
    /// What a person reads.
    pub label: Label,
    /// What kind of thing it is.
    pub kind: ResourceKind,
    /// How many are on duty when.
    pub roster: Roster,
    /// What happens when fewer are rostered than are at work.
    pub shift_end: ShiftEnd,
    /// How customers wait for it.
    pub queue: Queue,
    /// Where its servers differ or break down.
    pub servers: Servers,
    /// Cost of one server for one rostered hour in yuan, if costs are asked for.
    pub cost_per_hour: Option<f64>,
}

/// What kind of thing a resource is; decides its icon and label, not its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A cash or open counter with a teller.
    Teller,
    /// A window for VIP customers.
    VipWindow,
    /// A smart terminal.
    Kiosk,
    /// A cash machine.
    Atm,
    /// Staff of the lobby who review and help.
    LobbyManager,
    /// Authorisers elsewhere, reached by video.
    RemoteCentre,
    /// Anything else.
    Other,
}

/// How many servers are on duty, as steps of the day.
///
/// A server whose shift ends finishes the current customer and leaves. After the
/// last step's end its count stays for those still inside (overtime).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Roster {
    /// `(from, count)`, ascending in time, the first at or before opening.
    pub steps: Vec<(SimTime, u32)>,
}

/// What is done, step by step, on one channel.
#[derive(Debug, Clone, Serialize)]
pub struct Journey {
    /// Name in the file.
    pub name: String,
    /// The channel whose population its customers belong to.
    pub channel: Channel,
    /// One human time drawn for the whole journey, of which weighted steps take
    /// fixed fractions; present exactly when a step has [`StepTime::Fraction`].
    pub time: Option<Law>,
    /// Held from the start of the first step to the end of the last.
    pub holds: Vec<Hold>,
    /// In order; at least one.
    pub steps: Vec<Step>,
}

/// So many servers of one pool, held together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Which pool.
    pub resource: ResourceId,
    /// How many of it; at least one; of servers told apart exactly one.
    pub count: u32,
    /// What the server must be able to do, as a position in [`Servers::skills`].
    pub skill: Option<usize>,
}

/// One step of a journey.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Name, unique in its journey.
    pub name: String,
    /// Which part of the time in branch it counts to.
    pub part: Part,
    /// Probability that this customer goes through it; 0 to 1.
    pub probability: f64,
    /// Taken together, all or none, at its start; released at its end. On top of
    /// what the journey holds.
    pub holds: Vec<Hold>,
    /// What it holds is kept until the next step has its servers.
    pub keeps: bool,
    /// Human time.
    pub time: StepTime,
    /// Operation of the bank that it waits for on top of its human time.
    pub operation: Option<Operation>,
    /// How it can fail at its end.
    pub failure: Option<Failure>,
    /// How it can send back at its end.
    pub repeat: Option<Repeat>,
}

/// Human time of a step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepTime {
    /// No human time of its own.
    None,
    /// This fraction (0 to 1) of the journey's one drawn time; the fractions of
    /// a journey sum to one.
    Fraction(f64),
    /// A time of its own.
    Law(Law),
}

/// The part of the time in branch that a step's time (and queueing for it) counts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Human time at counter or kiosk.
    Service,
    /// Queueing for and being handled by a reviewer.
    Review,
}

/// A failed customer goes to another journey.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// Probability of failing at the end of the step; 0 to 1.
    pub probability: f64,
    /// Where the customer goes on; stays in the population of the first journey.
    pub to: JourneyId,
    /// The place in the queue there.
    pub queue_by: QueueBy,
}

/// A customer goes back to a step of the same journey, or stays at this one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Repeat {
    /// Probability at the end of the step, each time; 0 to below 1.
    pub probability: f64,
    /// Position of the step to go back to; at most this one's.
    pub from: usize,
}

/// By which time a customer queues among equals in priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueBy {
    /// The time of the ticket, taken at first arrival.
    Ticket,
    /// The time of joining this queue.
    Joining,
}

/// What customers come for.
#[derive(Debug, Clone, Serialize)]
pub struct Service {
    /// Name in the file and in figures.
    pub name: String,
    /// What a person reads.
    pub label: Label,
    /// One journey per channel on which it can be had.
    pub journeys: Vec<JourneyId>,
}

/// A kind of customer.
#[derive(Debug, Clone, Serialize)]
pub struct Segment {
    /// Name in the file and in figures.
    pub name: String,
    /// What a person reads.
    pub label: Label,
    /// Share of all arrivals; 0 to 1; all sum to one.
    pub share: f64,
    /// `(service, journey, share)`: shares sum to one; the journey is the one of
    /// the service on the segment's channel.
    pub services: Vec<(ServiceId, JourneyId, f64)>,
    /// How long they wait for their first service before leaving; never if none.
    pub patience: Option<Law>,
    /// Higher is served first.
    pub priority: i32,
    /// What they do at the sight of the queue and after leaving.
    pub conduct: Conduct,
}

/// How the operations of the day are played on a bank.
#[derive(Debug, Clone, Serialize)]
pub struct Load {
    /// Which stretch of the simulated day.
    pub window: Window,
    /// Simulated time passes this many times faster; 30 plays half an hour in a
    /// minute. Think times shrink alike. Above 0.
    pub speed: f64,
    /// Every session is played this many times, by different customers; a
    /// fraction is a probability. Above 0.
    pub volume: f64,
    /// Connections at most.
    pub connections: u32,
    /// An operation unanswered this long (real time) has timed out.
    pub timeout: Span,
    /// Real time at the start that is played but not judged.
    pub warm_up: Span,
}

/// Which stretch of the day is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The stretch of this length with the most branch arrivals expected, on the
    /// reporting grid.
    Busiest(Span),
    /// From–to.
    Between(SimTime, SimTime),
}

/// A gate under its name in the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedGate {
    /// Name in `[gates]`; `promise` is the headline.
    pub name: String,
    /// What must hold.
    pub gate: Gate,
}

/// What to report beyond the standard populations.
#[derive(Debug, Clone, Serialize)]
pub struct ReportRequest {
    /// Thresholds to count shares for, ascending; those of the gates are among them.
    pub thresholds: Vec<Span>,
    /// Quantiles (0 to 1) beyond .5 .9 .95 .99 that gates ask for.
    pub quantiles: Vec<f64>,
    /// Also report service × interval.
    pub service_by_interval: bool,
    /// Also report segment × interval.
    pub segment_by_interval: bool,
}

/// Where a number of the scenario comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Assumption {
    /// Path of the value in the file, such as `resources.kiosk.capacity`.
    pub about: String,
    /// The value as written there.
    pub value: String,
    /// How well founded it is.
    pub mark: Mark,
    /// Its source or its reason, in a sentence.
    pub because: String,
}

/// How well founded an assumption is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Published.
    Sourced,
    /// Calculated from published numbers.
    Derived,
    /// Chosen.
    Assumed,
}

/// A law of random times, all in seconds, in the parameters it is sampled by.
/// Whatever the file gave (mean and cv, median and p90) has been converted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "law")]
pub enum Law {
    /// Always the same.
    Constant {
        /// Seconds, at least 0.
        seconds: f64,
    },
    /// Exponential.
    Exponential {
        /// Mean in seconds, above 0.
        mean: f64,
    },
    /// `exp(mu + sigma Z)`.
    Lognormal {
        /// Mean of the logarithm (of seconds).
        mu: f64,
        /// Standard deviation of the logarithm, at least 0.
        sigma: f64,
    },
    /// Gamma.
    Gamma {
        /// Shape, above 0.
        shape: f64,
        /// Scale in seconds, above 0.
        scale: f64,
    },
    /// Sum of `k` exponentials.
    Erlang {
        /// Phases, at least 1.
        k: u32,
        /// Mean of the sum in seconds, above 0.
        mean: f64,
    },
    /// Weibull.
    Weibull {
        /// Shape, above 0.
        shape: f64,
        /// Scale in seconds, above 0.
        scale: f64,
    },
    /// Uniform.
    Uniform {
        /// Least, at least 0.
        low: f64,
        /// Greatest, above `low`.
        high: f64,
    },
    /// Triangular.
    Triangular {
        /// Least, at least 0.
        low: f64,
        /// Most frequent, between.
        mode: f64,
        /// Greatest, above `low`.
        high: f64,
    },
    /// Histogram: uniform within each bin.
    Empirical {
        /// `(low, high, weight)`, seconds; weights above 0, normalised to sum 1.
        bins: Vec<(f64, f64, f64)>,
    },
    /// One of several laws.
    Mixture {
        /// `(weight, law)`, weights normalised to sum 1.
        parts: Vec<(f64, Law)>,
    },
}
