//! A scenario made ready for the engine: laws ready to be drawn from, shares
//! cumulated, requests numbered, rosters as one list of changes.

mod appointments;
mod changes;
mod journeys;
mod outages;
mod pools;
mod prices;
mod segments;
mod soundness;

pub use appointments::{Doors, PlannedAppointments};
pub use changes::Change;
pub use journeys::{PlannedJourney, PlannedLatency, PlannedStep, PlannedTime, Request, RequestId};
pub use pools::{PlannedPool, PlannedUnit};
pub use prices::Prices;
pub use segments::PlannedSegment;

use crate::arrivals::ArrivalCurve;
use crate::error::SimError;
use crate::latency::OperationLatencies;
use crate::law::Sampler;
use journeys::Planning;
use outages::Outages;
use scenarios::model::Law;
use scenarios::model::{Incident, Mode, Random, Recorded, Scenario};
use scenarios::operation::Channel;
use segments::plan_segments;
use soundness::check_indices;

/// The scenario as the engine reads it.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of one kind of rule whether the engine need look at it"
)]
pub struct Plan {
    pub seed: u64,
    pub random: Random,
    /// Doors open.
    pub open: u64,
    /// No event is before it: the opening, unless people come earlier.
    pub starts: u64,
    /// Doors shut; in steady state the end of the counted stretch.
    pub close: u64,
    /// Only customers who arrive from here on are counted.
    pub counted_from: u64,
    /// No arrivals from here on.
    pub last_arrival: u64,
    pub steady_state: bool,
    /// Into so many batches the counted stretch is cut; one where it is not.
    pub batches: u32,
    pub arrivals: ArrivalCurve,
    /// `(cumulative probability, people)` of groups on one ticket; none where each
    /// customer is one person.
    pub parties: Vec<(f64, u32)>,
    /// Who gets in until when.
    pub doors: Doors,
    /// Customers who have booked, if any do.
    pub appointments: Option<PlannedAppointments>,
    /// Customers of a recorded log, by index; none where they are drawn.
    pub recorded: Vec<Recorded>,
    /// Servers of each resource at the start.
    pub capacity: Vec<u32>,
    /// What changes after the start and when, in order.
    pub changes: Vec<(u64, Change)>,
    pub incidents: Vec<Incident>,
    pub journeys: Vec<PlannedJourney>,
    /// So many errands one customer has at once, at most.
    pub errands: usize,
    pub requests: Vec<Request>,
    /// Lines of all requests together.
    pub lines: u32,
    pub pools: Vec<PlannedPool>,
    pub prices: Prices,
    /// Whether anything interrupts a service.
    pub interrupts: bool,
    /// Whether a long queue gives anybody another priority.
    pub promotes_by_length: bool,
    /// Whether servers stop by themselves after so much time at work.
    pub wears: bool,
    /// When the bank gives no answer.
    pub outages: Outages,
    /// Whether anybody leaves at the door.
    pub balks: bool,
    /// The requests that want a resource.
    pub requests_for: Vec<Vec<RequestId>>,
    pub segments: Vec<PlannedSegment>,
    /// Channels on which a service can be had, in the order of [`Channel`].
    pub channels: Vec<Channel>,
}

impl Plan {
    /// Makes a scenario ready, or says what contradicts itself in it.
    pub fn new(scenario: &Scenario, latencies: &OperationLatencies) -> Result<Self, SimError> {
        let (counted_from, close, last_arrival, steady_state) = match scenario.run.mode {
            Mode::Days => (0, scenario.day.close.0, scenario.day.close.0, false),
            // Arrivals go on until the counted customers have left; the double
            // length ends a stretch in which some of them would never be served.
            Mode::SteadyState { warm_up, length } => {
                (warm_up.0, length.0, length.0.saturating_mul(2), true)
            }
        };
        let open = if steady_state { 0 } else { scenario.day.open.0 };
        let first = scenario.arrivals.pieces.first();
        let starts = first.map_or(open, |piece| open.min(piece.from.0));
        if close <= open || counted_from >= close {
            return Err(problem(
                "the day",
                "it ends before it is counted; closing must be later than opening and warm-up",
            ));
        }
        check_indices(scenario)?;
        let mut planning = Planning::new(scenario, latencies);
        let (journeys, clearing) = planning.journeys(scenario)?;
        let mut requests = planning.requests;
        let reserved = |resource: usize| appointments::reserved(scenario, resource) > 0;
        requests.set_booked_apart(reserved);
        let mut plan = Self {
            seed: scenario.run.seed,
            random: scenario.run.random,
            open,
            starts,
            close,
            counted_from,
            last_arrival,
            steady_state,
            batches: scenario.run.batches.unwrap_or(1).max(1),
            arrivals: ArrivalCurve::new(&scenario.arrivals, starts, steady_state)
                .map_err(|text| problem("arrivals", &text))?
                .with_campaigns(scenario.campaigns.iter().filter(|it| it.branch)),
            parties: pools::cumulated(&scenario.arrivals.parties),
            doors: Doors::of(scenario, last_arrival),
            appointments: scenario
                .appointments
                .as_ref()
                .map(appointments::plan_appointments)
                .transpose()?,
            recorded: scenario.arrivals.recorded.clone().unwrap_or_default(),
            capacity: Vec::new(),
            changes: Vec::new(),
            incidents: Vec::new(),
            errands: most_errands(scenario),
            journeys,
            requests_for: requests.for_each_of(scenario.resources.len()),
            requests: requests.distinct,
            lines: 0,
            pools: pools::plan_pools(scenario, &clearing)?,
            prices: Prices::of(scenario),
            interrupts: false,
            promotes_by_length: false,
            wears: false,
            outages: Outages::new(&scenario.incidents),
            balks: false,
            segments: plan_segments(scenario)?,
            channels: Vec::new(),
        };
        plan.take_changes(scenario);
        plan.number_lines();
        plan.look_for_rules();
        plan.number_channels(scenario);
        Ok(plan)
    }

    /// Microseconds over which levels of one day (or batch) are counted.
    pub fn counted_length(&self) -> f64 {
        let length = self.close - self.open.max(self.counted_from);
        length as f64 / f64::from(self.batches)
    }

    fn number_channels(&mut self, scenario: &Scenario) {
        let mut channels: Vec<Channel> = scenario
            .services
            .iter()
            .flat_map(|service| service.journeys.iter())
            .chain(
                scenario
                    .segments
                    .iter()
                    .flat_map(|segment| segment.services.iter().map(|(_, journey, _)| journey)),
            )
            .map(|journey| scenario.journeys[*journey].channel)
            .collect();
        channels.sort_unstable();
        channels.dedup();
        for journey in &mut self.journeys {
            journey.channel = channels.binary_search(&journey.made_on).unwrap_or(0) as u16;
        }
        self.channels = channels;
    }
}

/// How many errands a customer can have at once: its branches, and somebody sent for
/// to each of them and to itself.
fn most_errands(scenario: &Scenario) -> usize {
    let steps = scenario.journeys.iter().flat_map(|journey| &journey.steps);
    let branches = steps.map(|step| step.branches.len()).max().unwrap_or(0);
    let jams = scenario
        .resources
        .iter()
        .any(|it| it.servers.jams.is_some());
    branches + if jams { branches + 1 } else { 0 }
}

fn problem(place: &str, text: &str) -> SimError {
    SimError::Scenario {
        place: place.to_owned(),
        problem: text.to_owned(),
    }
}

fn sampler(place: &str, law: &Law) -> Result<Sampler, SimError> {
    Sampler::new(law).map_err(|text| problem(place, &text))
}
