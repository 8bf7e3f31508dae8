//! A checked scenario: every name resolved to an index, every number in range.
//!
//! The reader in [`crate::file`] is the only maker of these values for users;
//! whoever consumes them may rely on what the fields' docs promise. Indices are
//! positions in the [`Scenario`]'s vectors, in file order.

mod appointments;
mod arrivals;
mod causes;
mod closing;
mod conduct;
mod cost;
mod definitions;
mod incident;
mod journey;
mod latency;
mod law;
mod mobile;
mod queue;
mod region;
mod resource;
mod traffic;

pub use appointments::{Appointments, Booking, Punctuality};
pub use arrivals::{ArrivalPiece, Arrivals, Recorded};
pub use closing::Closing;
pub use conduct::{
    AbandonedCounts, Balking, ChannelChoice, Conduct, PromotedWhen, Promotion, Retry, Sees, Through,
};
pub use cost::{Cost, MachineCost};
pub use incident::{Affected, Effect, Incident};
pub use journey::{Failure, Hold, Journey, Part, QueueBy, Repeat, Step, StepTime};
pub use latency::OnOutage;
pub use law::Law;
pub use mobile::{App, Campaign, DAYS_OF_A_MONTH, Mobile, MobileRetry, Sessions};
pub use queue::{
    Breakdowns, BreaksBy, Choice, Interruption, Jams, Lines, Order, Queue, Server, Servers,
    ShiftEnd, Tickets,
};
pub use region::{Branches, ChoiceOfBranch, ClosedRules, PerDay, Region, RegionBranch, Travel};
pub use resource::{Resource, ResourceKind, Roster, Stretch};
pub use traffic::{Load, LoadModel, Played, Recording, Window};

use crate::figure::Figure;
use crate::gate::Gate;
use crate::operation::Operation;
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
    /// Everything that can be held; at least one where there is a branch.
    pub resources: Vec<Resource>,
    /// Everything that can be gone through; at least one where there is a branch.
    pub journeys: Vec<Journey>,
    /// What customers come for; at least one where there is a branch.
    pub services: Vec<Service>,
    /// Kinds of customers; at least one where there is a branch; shares sum to one.
    pub segments: Vec<Segment>,
    /// When customers come.
    pub arrivals: Arrivals,
    /// How long the bank is assumed to take, by operation, in file order; operations
    /// that are not here answer at once unless their latency was measured.
    pub latencies: Vec<(Operation, Law)>,
    /// Customers who have booked a time, if any; `arrivals` are those who walk in.
    pub appointments: Option<Appointments>,
    /// What goes wrong for a while, in file order.
    pub incidents: Vec<Incident>,
    /// The mobile bank's traffic beside the branch, if any.
    pub mobile: Option<Mobile>,
    /// What a day costs beyond its resources.
    pub cost: Cost,
    /// Spikes of traffic, in file order.
    pub campaigns: Vec<Campaign>,
    /// The branches, if there are many; then the rest says what a branch is like.
    pub region: Option<Box<Region>>,
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

    /// Whether there is a branch, or a region of them: otherwise nothing is simulated, and recorded
    /// operations are played alone.
    pub fn has_a_branch(&self) -> bool {
        !self.resources.is_empty()
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
    /// What the calendar says of the date, if it is in it.
    pub holiday: Option<Holiday>,
}

/// A day that is not as its weekday says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Holiday {
    /// What people read; may be empty.
    pub name: String,
    /// As which weekday it counts, Monday being 0.
    pub counts_as: u8,
    /// So many times as many come as on such a weekday.
    pub factor: f64,
}

impl Day {
    /// As which weekday it counts, Monday being 0.
    pub fn weekday(&self) -> u8 {
        let own = self.date.weekday().to_monday_zero_offset().unsigned_abs();
        self.holiday
            .as_ref()
            .map_or(own, |holiday| holiday.counts_as)
    }
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
    /// Where random numbers come from.
    pub random: Random,
    /// How the warm-up of a steady state is known.
    pub warm_up: WarmUp,
    /// Into how many batches the counted stretch of the one long run of a steady
    /// state is cut, 2 to 256; none where replications give the intervals.
    pub batches: Option<u32>,
    /// When they are enough, if that is asked for.
    pub until: Option<Until>,
}

/// How the warm-up of a steady state is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmUp {
    /// The mode says it.
    #[default]
    Given,
    /// It is looked for by MSER-5; the mode's is zero until then.
    Mser5,
}

/// Where random numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Random {
    /// Every draw has a place of its own: variants meet the same customers.
    #[default]
    Keyed,
    /// Streams of `MRG32k3a`, one for each purpose, drawn in the order of events and
    /// carried from day to day; the package seed is six times [`Run::seed`], 1 to
    /// 4,294,944,442. One thread.
    Mrg32k3aStreams,
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
    /// What abandonments mean for a promise, of segments that say nothing else.
    pub abandoned: AbandonedCounts,
    /// Populations of customers beyond the standard ones.
    pub crossings: Vec<Crossing>,
}

/// Customers told apart by several dimensions at once, such as service and channel.
///
/// At least two of the four hold, and not channel and interval alone, which every
/// run reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a set of four dimensions, each looked at by its name"
)]
pub struct Crossing {
    /// By channel.
    pub channel: bool,
    /// By service.
    pub service: bool,
    /// By segment.
    pub segment: bool,
    /// By the reporting interval in which they arrived.
    pub interval: bool,
}

impl Crossing {
    /// Its dimensions, in the order of the columns of figures.
    pub fn dimensions(self) -> Vec<&'static str> {
        [
            ("channel", self.channel),
            ("service", self.service),
            ("segment", self.segment),
            ("interval", self.interval),
        ]
        .into_iter()
        .filter_map(|(name, held)| held.then_some(name))
        .collect()
    }
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
