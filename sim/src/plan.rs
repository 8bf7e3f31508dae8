//! A scenario made ready for the engine: laws ready to be drawn from, shares
//! cumulated, requests numbered, rosters as one list of changes.

mod changes;
mod pools;

pub use changes::Change;
pub use pools::PlannedPool;

use crate::arrivals::ArrivalCurve;
use crate::error::SimError;
use crate::latency::{EmpiricalLatency, OperationLatencies};
use crate::law::Sampler;
use scenarios::model::{
    Balking, Hold, Incident, Interruption, Journey, Mode, Order, QueueBy, Recorded, Scenario, Step,
    StepTime,
};
use scenarios::model::{Law, Part};
use scenarios::operation::{Channel, Operation};

/// Number of a distinct request: servers wanted together, all or none.
pub type RequestId = u32;

/// The scenario as the engine reads it.
#[derive(Debug)]
pub struct Plan {
    pub seed: u64,
    /// Doors open; no event is before it.
    pub open: u64,
    /// Doors shut; in steady state the end of the counted stretch.
    pub close: u64,
    /// Only customers who arrive from here on are counted.
    pub counted_from: u64,
    /// No arrivals from here on.
    pub last_arrival: u64,
    pub steady_state: bool,
    pub arrivals: ArrivalCurve,
    /// Customers of a recorded log, by index; none where they are drawn.
    pub recorded: Vec<Recorded>,
    /// Servers of each resource at the start.
    pub capacity: Vec<u32>,
    /// What changes after the start and when, in order.
    pub changes: Vec<(u64, Change)>,
    pub incidents: Vec<Incident>,
    pub journeys: Vec<PlannedJourney>,
    pub requests: Vec<Request>,
    /// Lines of all requests together.
    pub lines: u32,
    pub pools: Vec<PlannedPool>,
    /// Whether anything interrupts a service.
    pub interrupts: bool,
    /// Whether anybody leaves at the door.
    pub balks: bool,
    /// The requests that want a resource.
    pub requests_for: Vec<Vec<RequestId>>,
    pub segments: Vec<PlannedSegment>,
    /// Channels on which a service can be had, in the order of [`Channel`].
    pub channels: Vec<Channel>,
}

/// A distinct request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What it wants, all or none; no resource twice.
    pub holds: Vec<Hold>,
    /// Whether a journey starts with it, and if so, whether the bank is asked in it.
    pub starts: bool,
    pub asks_bank: bool,
    /// Which resource of servers told apart is among them, and the skills wanted of it.
    pub apart: Option<(usize, u64)>,
    /// Its lines: one, or one for each server of `apart`.
    pub first_line: u32,
    pub lines: u32,
    /// The rules of the first resource: who is next, and who is interrupted.
    pub order: Order,
    pub preemption: Interruption,
}

#[derive(Debug)]
pub struct PlannedJourney {
    /// Position in [`Plan::channels`], if customers can choose it.
    pub channel: u16,
    pub made_on: Channel,
    pub time: Option<Sampler>,
    pub holds: Vec<Hold>,
    /// Whether one of its steps asks the bank for something.
    pub asks_bank: bool,
    pub steps: Vec<PlannedStep>,
}

#[derive(Debug)]
pub struct PlannedStep {
    pub part: Part,
    pub probability: f64,
    pub holds: Vec<Hold>,
    /// Whether they are kept until the next step has its servers.
    pub keeps: bool,
    /// What it asks for when the journey is already under way.
    pub request: Option<RequestId>,
    /// What it asks for when the journey starts with it.
    pub first_request: Option<RequestId>,
    pub time: PlannedTime,
    pub operation: Option<Operation>,
    pub latency: Option<EmpiricalLatency>,
    pub failure: Option<(f64, u32, QueueBy)>,
    /// Probability of going back, and to which step.
    pub repeat: Option<(f64, u32)>,
}

#[derive(Debug)]
pub enum PlannedTime {
    None,
    /// From this to that cumulative fraction of the journey's time.
    Between(f64, f64),
    Own(Sampler),
}

#[derive(Debug)]
pub struct PlannedSegment {
    /// Share of all customers in this segment or an earlier one.
    pub cumulative: f64,
    /// `(cumulative share, service, journey)`.
    pub services: Vec<(f64, u16, u32)>,
    pub patience: Option<Sampler>,
    /// Sorts before lower priorities as an unsigned number.
    pub rank: u32,
    pub waiting_credit: u64,
    pub balking: Option<Balking>,
    pub retry: Option<(f64, Sampler)>,
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
        if close <= open || counted_from >= close {
            return Err(problem(
                "the day",
                "it ends before it is counted; closing must be later than opening and warm-up",
            ));
        }
        check_indices(scenario)?;
        let mut requests = Requests::default();
        let journeys = scenario
            .journeys
            .iter()
            .map(|journey| plan_journey(journey, latencies, &mut requests))
            .collect::<Result<Vec<_>, _>>()?;
        let mut plan = Self {
            seed: scenario.run.seed,
            open,
            close,
            counted_from,
            last_arrival,
            steady_state,
            arrivals: ArrivalCurve::new(&scenario.arrivals, open, steady_state)
                .map_err(|text| problem("arrivals", &text))?
                .with_campaigns(scenario.campaigns.iter().filter(|it| it.branch)),
            recorded: scenario.arrivals.recorded.clone().unwrap_or_default(),
            capacity: Vec::new(),
            changes: Vec::new(),
            incidents: Vec::new(),
            journeys,
            requests_for: requests.for_each_of(scenario.resources.len()),
            requests: requests.distinct,
            lines: 0,
            pools: pools::plan_pools(scenario)?,
            interrupts: false,
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

/// Collects the distinct requests.
#[derive(Default)]
struct Requests {
    distinct: Vec<Request>,
}

impl Requests {
    fn number(
        &mut self,
        first: &[Hold],
        second: &[Hold],
        starts: bool,
        asks_bank: bool,
    ) -> Option<RequestId> {
        let mut wanted: Vec<Hold> = Vec::new();
        for hold in first.iter().chain(second).filter(|hold| hold.count > 0) {
            match wanted
                .iter_mut()
                .find(|other| other.resource == hold.resource && other.skill == hold.skill)
            {
                Some(other) => other.count = other.count.saturating_add(hold.count),
                None => wanted.push(*hold),
            }
        }
        if wanted.is_empty() {
            return None;
        }
        wanted.sort_unstable_by_key(|hold| hold.resource);
        let wanted = Request {
            holds: wanted,
            starts,
            asks_bank,
            apart: None,
            first_line: 0,
            lines: 1,
            order: Order::Fifo,
            preemption: Interruption::None,
        };
        let known = self.distinct.iter().position(|other| *other == wanted);
        Some(known.unwrap_or_else(|| {
            self.distinct.push(wanted);
            self.distinct.len() - 1
        }) as RequestId)
    }

    fn for_each_of(&self, resources: usize) -> Vec<Vec<RequestId>> {
        (0..resources)
            .map(|resource| {
                (0..self.distinct.len())
                    .filter(|id| {
                        self.distinct[*id]
                            .holds
                            .iter()
                            .any(|hold| hold.resource == resource)
                    })
                    .map(|id| id as RequestId)
                    .collect()
            })
            .collect()
    }
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

fn plan_journey(
    journey: &Journey,
    latencies: &OperationLatencies,
    requests: &mut Requests,
) -> Result<PlannedJourney, SimError> {
    let mut taken = 0.0;
    let steps = journey
        .steps
        .iter()
        .map(|step| plan_step(journey, step, &mut taken, latencies, requests))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(PlannedJourney {
        channel: 0,
        made_on: journey.channel,
        time: journey
            .time
            .as_ref()
            .map(|law| sampler(&journey.name, law))
            .transpose()?,
        holds: journey.holds.clone(),
        asks_bank: asks_bank(journey),
        steps,
    })
}

fn plan_step(
    journey: &Journey,
    step: &Step,
    taken: &mut f64,
    latencies: &OperationLatencies,
    requests: &mut Requests,
) -> Result<PlannedStep, SimError> {
    let place = || format!("step {} of journey {}", step.name, journey.name);
    let failure = step.failure.as_ref();
    let probabilities = [
        Some(step.probability),
        failure.map(|failure| failure.probability),
    ];
    if probabilities
        .iter()
        .flatten()
        .any(|p| !(0.0..=1.0).contains(p))
    {
        return Err(problem(&place(), "a probability is not between 0 and 1"));
    }
    let time = match &step.time {
        StepTime::None => PlannedTime::None,
        StepTime::Fraction(fraction) => {
            if !(0.0..=1.0).contains(fraction) || journey.time.is_none() {
                return Err(problem(
                    &place(),
                    "its fraction must be between 0 and 1 of a time that its journey has",
                ));
            }
            let from = *taken;
            // Fractions sum to one up to rounding; the last one ends exactly at it.
            *taken = if *taken + fraction > 1.0 - 1e-9 {
                1.0
            } else {
                *taken + fraction
            };
            PlannedTime::Between(from, *taken)
        }
        StepTime::Law(law) => PlannedTime::Own(sampler(&place(), law)?),
    };
    Ok(PlannedStep {
        part: step.part,
        probability: step.probability,
        holds: step.holds.clone(),
        keeps: step.keeps,
        request: requests.number(&step.holds, &[], false, false),
        first_request: requests.number(&journey.holds, &step.holds, true, asks_bank(journey)),
        time,
        operation: step.operation,
        latency: step
            .operation
            .and_then(|operation| latencies.of(operation))
            .cloned(),
        repeat: step
            .repeat
            .map(|repeat| (repeat.probability, repeat.from as u32)),
        failure: failure.map(|failure| (failure.probability, failure.to as u32, failure.queue_by)),
    })
}

fn asks_bank(journey: &Journey) -> bool {
    journey.steps.iter().any(|step| step.operation.is_some())
}

fn plan_segments(scenario: &Scenario) -> Result<Vec<PlannedSegment>, SimError> {
    let mut sum = 0.0;
    scenario
        .segments
        .iter()
        .map(|segment| {
            sum += segment.share;
            let mut services_sum = 0.0;
            let services = segment
                .services
                .iter()
                .map(|&(service, journey, share)| {
                    services_sum += share;
                    (services_sum, service as u16, journey as u32)
                })
                .collect();
            Ok(PlannedSegment {
                cumulative: sum,
                services,
                patience: segment
                    .patience
                    .as_ref()
                    .map(|law| sampler(&segment.name, law))
                    .transpose()?,
                waiting_credit: segment.conduct.waiting_credit.0,
                balking: segment.conduct.balking.clone(),
                retry: segment
                    .conduct
                    .retry
                    .as_ref()
                    .map(|retry| Ok((retry.probability, sampler(&segment.name, &retry.after)?)))
                    .transpose()?,
                rank: !(i64::from(segment.priority) - i64::from(i32::MIN)) as u32,
            })
        })
        .collect()
}

fn check_indices(scenario: &Scenario) -> Result<(), SimError> {
    let (resources, journeys, services) = (
        scenario.resources.len(),
        scenario.journeys.len(),
        scenario.services.len(),
    );
    if resources == 0 || journeys == 0 || services == 0 || scenario.segments.is_empty() {
        return Err(problem(
            "the scenario",
            "it needs a resource, a journey, a service and a segment",
        ));
    }
    if services > usize::from(u16::MAX) || scenario.segments.len() > usize::from(u16::MAX) {
        return Err(problem(
            "the scenario",
            "it has more than 65535 services or segments",
        ));
    }
    for journey in &scenario.journeys {
        let holds = journey
            .holds
            .iter()
            .chain(journey.steps.iter().flat_map(|step| &step.holds));
        let failures = journey
            .steps
            .iter()
            .filter_map(|step| step.failure.as_ref());
        if holds.into_iter().any(|hold| hold.resource >= resources)
            || failures.into_iter().any(|f| f.to >= journeys)
        {
            return Err(problem(
                &journey.name,
                "it names a resource or a journey that is not there",
            ));
        }
    }
    let recorded = scenario.arrivals.recorded.iter().flatten();
    if recorded
        .into_iter()
        .any(|it| it.segment >= scenario.segments.len())
    {
        return Err(problem(
            "the recorded log",
            "it names a segment that is not there",
        ));
    }
    for (number, incident) in scenario.incidents.iter().enumerate() {
        if let Some(fault) = changes::fault_of(incident, resources) {
            return Err(problem(&format!("incident {}", number + 1), fault));
        }
    }
    let chosen = scenario
        .segments
        .iter()
        .flat_map(|segment| &segment.services);
    let offered = scenario
        .services
        .iter()
        .flat_map(|service| &service.journeys);
    let unknown = chosen
        .into_iter()
        .any(|(service, journey, _)| *service >= services || *journey >= journeys)
        || offered.into_iter().any(|journey| *journey >= journeys);
    if unknown
        || scenario
            .segments
            .iter()
            .any(|segment| segment.services.is_empty())
    {
        return Err(problem(
            "the segments",
            "each needs services and journeys that are there",
        ));
    }
    Ok(())
}
