//! Sessions of customers in the branch.

use super::{Session, SessionStep};
use crate::engine::levels::Stretch;
use crate::engine::visitor::Departure;
use crate::engine::{Absent, Engine, Observer};
use crate::keyed::{BRANCH_STREAM, Key, Purpose};
use crate::law::Sampler;
use crate::mobile::customer;
use crate::plan::{Plan, PlannedJourney};
use crate::region::{RegionDay, RegionPlan};
use crate::simulate::{Day, Loop, one_day};
use crate::streams::Streams;
use crate::{OperationLatencies, SimError};
use scenarios::model::{Mobile, Random, Scenario};
use scenarios::operation::{Channel, Operation};

/// The sessions of all branches, in order of their starts: some 24 bytes for each and 16 for each
/// of its steps, because a branch is gone through from morning to evening before the next, and
/// what they ask comes in one order of time.
#[derive(Debug)]
pub struct Visits {
    in_order: Vec<Visit>,
    steps: Vec<Step>,
    outlets: Vec<Outlet>,
    /// Of those who left a branch unserved and try it on the phone.
    phones: Vec<Session>,
}

#[derive(Debug, Clone, Copy)]
struct Visit {
    start: u64,
    who: Who,
    /// Where its steps begin, and how many they are.
    from: u32,
    count: u32,
}

#[derive(Debug, Clone, Copy)]
enum Who {
    /// A customer of an outlet.
    Customer(u32, u32),
    /// On the phone.
    Phones(u32),
}

#[derive(Debug, Clone, Copy)]
struct Step {
    at: u64,
    channel: Channel,
    operation: Operation,
}

#[derive(Debug)]
struct Outlet {
    key: Key,
    name: String,
    /// What its customers' names begin with.
    prefix: String,
}

impl Visits {
    /// When the session at this position starts.
    pub fn start(&self, at: usize) -> Option<u64> {
        self.in_order.get(at).map(|visit| visit.start)
    }

    /// When the last of anybody's steps is, with a bank that answers at once.
    pub fn last_step(&self) -> u64 {
        let of_phones = self.phones.iter().flat_map(|session| &session.steps);
        let all = self.steps.iter().map(|step| step.at);
        all.chain(of_phones.map(|step| step.at)).max().unwrap_or(0)
    }

    /// The session at this position.
    pub fn session(&self, at: usize) -> Option<Session> {
        let visit = self.in_order.get(at)?;
        let (outlet, customer) = match visit.who {
            Who::Phones(at) => return self.phones.get(at as usize).cloned(),
            Who::Customer(outlet, customer) => (self.outlets.get(outlet as usize)?, customer),
        };
        let from = visit.from as usize;
        let steps = self.steps.get(from..from + visit.count as usize)?.iter();
        let steps = steps.map(|step| SessionStep {
            at: step.at,
            channel: step.channel,
            operation: step.operation,
            amount_fen: None,
        });
        Some(Session {
            key: outlet.key.nth(u64::from(customer)),
            branch: outlet.name.clone(),
            customer: format!("{}-{customer}", outlet.prefix),
            steps: steps.collect(),
        })
    }
}

/// Gathers who asks for what.
#[derive(Default)]
struct Gatherer {
    /// Branch, customer, and what they ask for, in the order in which it was simulated.
    asked: Vec<(u32, u32, Step)>,
    branch: usize,
    /// Who tries it on the phone after leaving.
    mobile: Vec<Phones>,
}

/// Someone who left a branch unserved and tries it on the phone.
struct Phones {
    branch: usize,
    customer: u32,
    /// What it came for.
    journey: u32,
    at: u64,
}

impl Observer for Gatherer {
    fn departed(&mut self, _departure: &Departure) {}

    fn enters(&mut self, branch: usize) {
        self.branch = branch;
    }

    fn goes_mobile(&mut self, customer: u32, who: &Absent, at: u64) {
        self.mobile.push(Phones {
            branch: self.branch,
            customer,
            journey: who.journey,
            at,
        });
    }

    fn asked(&mut self, customer: u32, channel: Channel, operation: Operation, at: u64) {
        let step = Step {
            at,
            channel,
            operation,
        };
        self.asked.push((self.branch as u32, customer, step));
    }
}

/// The sessions of one day that start in `[from, to)`.
pub fn visits(
    scenario: &Scenario,
    plan: &Plan,
    replication: u32,
    (from, to): (u64, u64),
    which: Loop,
) -> Result<Visits, SimError> {
    let stretch = Stretch {
        from: plan.open,
        to: plan.close,
        interval: 0,
    };
    let mut gatherer = Gatherer::default();
    let region = RegionPlan::new(scenario, &OperationLatencies::default(), plan.seed)?;
    if let Some(region) = &region {
        let routes = region.routes(which);
        RegionDay::new(region, &routes, stretch, None, 1).run(replication, None, &mut gatherer)?;
    } else {
        alone(which, plan, stretch, replication, &mut gatherer)?;
    }
    let mut visits = Visits {
        in_order: Vec::new(),
        steps: Vec::new(),
        outlets: outlets(scenario, plan, region.as_ref(), replication),
        phones: Vec::new(),
    };
    if let Some(mobile) = &scenario.mobile {
        for phones in &gatherer.mobile {
            if !(from..to).contains(&phones.at) {
                continue;
            }
            let journeys = match &region {
                Some(region) => &region.plans[region.outlets[phones.branch].kind].journeys,
                None => &plan.journeys,
            };
            let key = visits.outlets[phones.branch].key;
            visits.in_order.push(Visit {
                start: phones.at,
                who: Who::Phones(visits.phones.len() as u32),
                from: 0,
                count: 0,
            });
            let session = phone_session(mobile, journeys, key, phones)?;
            visits.phones.push(session);
        }
    }
    // Each customer's steps stay in their order.
    gatherer
        .asked
        .sort_by_key(|(branch, customer, _)| (*branch, *customer));
    let by_customer = gatherer.asked.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    for asked in by_customer {
        let (branch, customer, first) = asked[0];
        if (from..to).contains(&first.at) {
            visits.in_order.push(Visit {
                start: first.at,
                who: Who::Customer(branch, customer),
                from: visits.steps.len() as u32,
                count: asked.len() as u32,
            });
            visits.steps.extend(asked.iter().map(|(_, _, step)| *step));
        }
    }
    visits.in_order.sort_by_key(|visit| visit.start);
    visits.in_order.shrink_to_fit();
    visits.steps.shrink_to_fit();
    Ok(visits)
}

/// Each branch, or the one there is.
fn outlets(
    scenario: &Scenario,
    plan: &Plan,
    region: Option<&RegionPlan<'_>>,
    replication: u32,
) -> Vec<Outlet> {
    let Some(region) = region else {
        return vec![Outlet {
            key: Key::of_stream(plan.seed, replication, BRANCH_STREAM),
            name: scenario.branch.clone(),
            prefix: format!("b{replication}"),
        }];
    };
    let outlets = region.outlets.iter().enumerate();
    outlets
        .map(|(branch, outlet)| Outlet {
            key: region.key(replication, branch),
            name: outlet.name.clone(),
            prefix: format!("b{replication}-{branch}"),
        })
        .collect()
}

/// The day of a branch that is no region.
fn alone(
    which: Loop,
    plan: &Plan,
    stretch: Stretch,
    replication: u32,
    gatherer: &mut Gatherer,
) -> Result<(), SimError> {
    match plan.random {
        Random::Keyed => one_day(which, plan, stretch, replication, None, gatherer)?,
        Random::Mrg32k3aStreams => {
            let streams = Streams::new(plan.seed);
            let mut engine = Engine::with(plan, &streams, stretch);
            for day in 0..=replication {
                gatherer.asked.clear();
                gatherer.mobile.clear();
                engine.run(day, None, gatherer)?;
            }
        }
    }
    Ok(())
}

/// The session of someone who left the branch unserved and tries it on the phone: a
/// log-in, then what of the errand can be done there, a look at the balance if
/// nothing can.
fn phone_session(
    mobile: &Mobile,
    journeys: &[PlannedJourney],
    key: Key,
    phones: &Phones,
) -> Result<Session, SimError> {
    let think = Sampler::new(&mobile.bank.think).map_err(|problem| SimError::Scenario {
        place: "mobile".to_owned(),
        problem,
    })?;
    let possible = |operation: &Operation| {
        matches!(operation, Operation::BalanceQuery | Operation::HistoryQuery)
            || mobile.bank.mix.iter().any(|(known, _)| known == operation)
    };
    let key = key.nth(u64::from(phones.customer)).under(Purpose::Away);
    let steps = &journeys[phones.journey as usize].steps;
    let asked = steps.iter().filter_map(|step| step.operation);
    let mut operations: Vec<Operation> = asked.filter(possible).collect();
    if operations.is_empty() {
        operations.push(Operation::BalanceQuery);
    }
    operations.insert(0, Operation::LogIn);
    let mut at = phones.at;
    let steps = (0..).zip(operations).map(|(place, operation)| {
        if place > 0 {
            at += think.micros(key.bits(Purpose::Think { place }));
        }
        SessionStep {
            at,
            channel: Channel::Mobile,
            operation,
            amount_fen: None,
        }
    });
    let steps = steps.collect();
    Ok(Session {
        key,
        branch: super::mobile::BRANCH.to_owned(),
        customer: customer(mobile, key),
        steps,
    })
}
