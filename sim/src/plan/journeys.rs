//! Journeys made ready: requests numbered, weights cut, latencies chosen.

use super::{problem, sampler};
use crate::error::SimError;
use crate::latency::{EmpiricalLatency, OperationLatencies};
use crate::law::Sampler;
use scenarios::model::{
    Hold, Interruption, Jams, Journey, Law, OnOutage, Order, Part, QueueBy, Resource, Scenario,
    Step, StepTime,
};
use scenarios::operation::{Channel, Operation};

/// Number of a distinct request: servers wanted together, all or none.
pub type RequestId = u32;

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
    /// Whether some of its servers are reserved for those with an appointment, and
    /// it is of somebody without one.
    pub reserved: bool,
    /// The same request of somebody with an appointment, if that makes a difference.
    pub if_booked: Option<RequestId>,
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
    /// Human time of all its steps on average, in seconds.
    pub mean_seconds: f64,
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
    pub latency: Option<PlannedLatency>,
    pub on_outage: OnOutage,
    /// Where those go on who give up waiting for the bank.
    pub gives_up: Option<(u32, QueueBy)>,
    /// How often a failing step is gone through again.
    pub retries: u32,
    pub failure: Option<(f64, u32, QueueBy)>,
    /// Probability of going back, and to which step.
    pub repeat: Option<(f64, u32)>,
    /// Journeys gone through side by side instead of all that: positions in
    /// [`super::Plan::journeys`], behind those of the scenario.
    pub branches: Vec<u32>,
    /// Whose incidents slow its own time: what it holds, else what its journey holds.
    pub slowed_by: Vec<Hold>,
}

#[derive(Debug)]
pub enum PlannedTime {
    None,
    /// From this to that cumulative fraction of the journey's time.
    Between(f64, f64),
    Own(Sampler),
}

/// How long the bank takes to answer.
#[derive(Debug)]
pub enum PlannedLatency {
    Measured(EmpiricalLatency),
    Assumed(Sampler),
}

/// Collects the distinct requests.
#[derive(Default)]
pub(super) struct Requests {
    pub distinct: Vec<Request>,
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
            reserved: false,
            if_booked: None,
            order: Order::Fifo,
            preemption: Interruption::None,
        };
        let known = self.distinct.iter().position(|other| *other == wanted);
        Some(known.unwrap_or_else(|| {
            self.distinct.push(wanted);
            self.distinct.len() - 1
        }) as RequestId)
    }

    /// Those with an appointment wait in lines of their own for these resources.
    pub fn set_booked_apart(&mut self, reserved: impl Fn(usize) -> bool) {
        for number in 0..self.distinct.len() {
            let wanted = &mut self.distinct[number];
            if wanted.holds.iter().any(|hold| reserved(hold.resource)) {
                let booked = wanted.clone();
                wanted.reserved = true;
                self.distinct.push(booked);
                self.distinct[number].if_booked = Some(self.distinct.len() as RequestId - 1);
            }
        }
    }

    pub fn for_each_of(&self, resources: usize) -> Vec<Vec<RequestId>> {
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

/// The journeys of who clears the jams of a resource and has to be sent for, or is
/// there already.
pub(super) type Clearing = Option<[u32; 2]>;

/// Journeys made ready one after another.
pub(super) struct Planning<'s> {
    latencies: (&'s OperationLatencies, &'s [(Operation, Law)]),
    pub requests: Requests,
    /// Journeys of the scenario.
    journeys: usize,
    /// Those of the branches, behind them.
    branches: Vec<PlannedJourney>,
}

impl<'s> Planning<'s> {
    pub fn new(scenario: &'s Scenario, latencies: &'s OperationLatencies) -> Self {
        Self {
            latencies: (latencies, &scenario.latencies),
            requests: Requests::default(),
            journeys: scenario.journeys.len(),
            branches: Vec::new(),
        }
    }

    /// Every journey of the scenario, then those of branches and of who clears jams;
    /// and which the latter are, by resource.
    pub fn journeys(
        &mut self,
        scenario: &Scenario,
    ) -> Result<(Vec<PlannedJourney>, Vec<Clearing>), SimError> {
        let mut journeys = scenario
            .journeys
            .iter()
            .map(|journey| self.journey(journey))
            .collect::<Result<Vec<_>, _>>()?;
        let jams = scenario
            .resources
            .iter()
            .map(|resource| match &resource.servers.jams {
                Some(jams) => self.clearing(scenario, resource, jams).map(Some),
                None => Ok(None),
            })
            .collect::<Result<Vec<_>, _>>()?;
        journeys.append(&mut self.branches);
        Ok((journeys, jams))
    }

    fn journey(&mut self, journey: &Journey) -> Result<PlannedJourney, SimError> {
        let mut taken = 0.0;
        let steps = journey
            .steps
            .iter()
            .map(|step| {
                let branches = step
                    .branches
                    .iter()
                    .map(|branch| self.branch(journey, branch))
                    .collect::<Result<Vec<_>, _>>()?;
                let planned = plan_step(
                    journey,
                    &journey.holds,
                    step,
                    &mut taken,
                    self.latencies,
                    &mut self.requests,
                )?;
                Ok(PlannedStep {
                    branches,
                    ..planned
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(PlannedJourney {
            channel: 0,
            made_on: journey.channel,
            time: journey
                .time
                .as_ref()
                .map(|law| sampler(&journey.name, law))
                .transpose()?,
            mean_seconds: mean_seconds(journey),
            holds: journey.holds.clone(),
            asks_bank: asks_bank(journey),
            steps,
        })
    }

    /// The journey of who clears a jam of a resource, if one has to be sent for, and
    /// if one is there already.
    pub fn clearing(
        &mut self,
        scenario: &Scenario,
        resource: &Resource,
        jams: &Jams,
    ) -> Result<[u32; 2], SimError> {
        let place = scenario.journeys.iter().find(|journey| {
            let holds = journey.every_step().flat_map(|step| &step.holds);
            let mut holds = journey.holds.iter().chain(holds);
            holds.any(|hold| scenario.resources[hold.resource].name == resource.name)
        });
        let holds = [Some(jams.cleared_by), None].map(|of| {
            let hold = |resource| Hold {
                resource,
                count: 1,
                skill: None,
            };
            of.map(hold).into_iter().collect::<Vec<_>>()
        });
        let mut numbers = [0; 2];
        for (number, holds) in numbers.iter_mut().zip(holds) {
            let clear = Step {
                name: "clear".into(),
                part: Part::Review,
                holds,
                time: StepTime::Law(jams.takes.clone()),
                ..Step::default()
            };
            let of = Journey {
                name: resource.name.clone(),
                channel: place.map_or(Channel::Counter, |it| it.channel),
                time: None,
                holds: Vec::new(),
                steps: Vec::new(),
            };
            *number = self.branch(&of, &[clear])?;
        }
        Ok(numbers)
    }

    /// A branch is a journey of its own that holds nothing from end to end.
    fn branch(&mut self, journey: &Journey, steps: &[Step]) -> Result<u32, SimError> {
        let mut taken = 0.0;
        let steps = steps
            .iter()
            .map(|step| {
                plan_step(
                    journey,
                    &[],
                    step,
                    &mut taken,
                    self.latencies,
                    &mut self.requests,
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        if steps
            .iter()
            .any(|it| it.failure.is_some() || matches!(it.time, PlannedTime::Between(..)))
        {
            return Err(problem(
                &journey.name,
                "steps of branches neither fail nor take fractions of the journey's time",
            ));
        }
        self.branches.push(PlannedJourney {
            channel: 0,
            made_on: journey.channel,
            time: None,
            mean_seconds: 0.0,
            holds: Vec::new(),
            asks_bank: asks_bank(journey),
            steps,
        });
        Ok((self.journeys + self.branches.len() - 1) as u32)
    }
}

/// A step asked for together with what is `held` when the journey starts with it.
fn plan_step(
    journey: &Journey,
    held: &[Hold],
    step: &Step,
    taken: &mut f64,
    latencies: (&OperationLatencies, &[(Operation, Law)]),
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
        first_request: requests.number(held, &step.holds, true, asks_bank(journey)),
        time,
        operation: step.operation,
        latency: step
            .operation
            .map(|operation| latency(operation, latencies))
            .transpose()?
            .flatten(),
        on_outage: step.on_outage,
        gives_up: match step.on_outage {
            OnOutage::FallBack { to, queue_by, .. } => Some((to as u32, queue_by)),
            OnOutage::Wait | OnOutage::Retry { .. } => None,
        },
        retries: step.retries,
        repeat: step
            .repeat
            .map(|repeat| (repeat.probability, repeat.from as u32)),
        failure: failure.map(|failure| (failure.probability, failure.to as u32, failure.queue_by)),
        branches: Vec::new(),
        slowed_by: if step.holds.is_empty() {
            journey.holds.clone()
        } else {
            step.holds.clone()
        },
    })
}

/// The human time of a journey on average, repeats and failures left out.
fn mean_seconds(journey: &Journey) -> f64 {
    let whole = journey
        .time
        .as_ref()
        .map_or(0.0, scenarios::model::Law::mean);
    let steps = journey.steps.iter().map(|step| match &step.time {
        StepTime::Law(law) => step.probability * law.mean(),
        _ => 0.0,
    });
    whole + steps.sum::<f64>()
}

/// What was measured of an operation, else what is assumed of it.
fn latency(
    operation: Operation,
    (measured, assumed): (&OperationLatencies, &[(Operation, Law)]),
) -> Result<Option<PlannedLatency>, SimError> {
    if let Some(latency) = measured.of(operation) {
        return Ok(Some(PlannedLatency::Measured(latency.clone())));
    }
    let assumed = assumed.iter().find(|(of, _)| *of == operation);
    assumed
        .map(|(_, law)| Ok(PlannedLatency::Assumed(sampler(operation.name(), law)?)))
        .transpose()
}

fn asks_bank(journey: &Journey) -> bool {
    journey.every_step().any(|step| step.operation.is_some())
}
