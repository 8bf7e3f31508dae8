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

/// Gathers who asks for what.
#[derive(Default)]
struct Gatherer {
    /// By branch, then by customer index.
    asked: Vec<Vec<Vec<SessionStep>>>,
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
        let customer = customer as usize;
        if self.asked.len() <= self.branch {
            self.asked.resize_with(self.branch + 1, Vec::new);
        }
        let asked = &mut self.asked[self.branch];
        if asked.len() <= customer {
            asked.resize_with(customer + 1, Vec::new);
        }
        asked[customer].push(SessionStep {
            at,
            channel,
            operation,
            amount_fen: None,
        });
    }
}

/// The sessions of one day that start in `[from, to)`.
pub fn sessions(
    scenario: &Scenario,
    plan: &Plan,
    replication: u32,
    (from, to): (u64, u64),
    which: Loop,
) -> Result<Vec<Session>, SimError> {
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
    let mut sessions = Vec::new();
    if let Some(mobile) = &scenario.mobile {
        for phones in &gatherer.mobile {
            if !(from..to).contains(&phones.at) {
                continue;
            }
            let (key, journeys) = match &region {
                Some(region) => (
                    region.key(replication, phones.branch),
                    &region.plans[region.outlets[phones.branch].kind].journeys,
                ),
                None => (
                    Key::of_stream(plan.seed, replication, BRANCH_STREAM),
                    &plan.journeys,
                ),
            };
            sessions.push(phone_session(mobile, journeys, key, phones)?);
        }
    }
    for (branch, asked) in gatherer.asked.into_iter().enumerate() {
        let (key, name, prefix) = match &region {
            Some(region) => (
                region.key(replication, branch),
                region.outlets[branch].name.clone(),
                format!("b{replication}-{branch}"),
            ),
            None => (
                Key::of_stream(plan.seed, replication, BRANCH_STREAM),
                scenario.branch.clone(),
                format!("b{replication}"),
            ),
        };
        let starts_within = |steps: &Vec<SessionStep>| {
            let first = steps.first();
            first.is_some_and(|first| (from..to).contains(&first.at))
        };
        let with_index = asked.into_iter().enumerate();
        let chosen = with_index.filter(|(_, steps)| starts_within(steps));
        sessions.extend(chosen.map(|(index, steps)| Session {
            key: key.nth(index as u64),
            branch: name.clone(),
            customer: format!("{prefix}-{index}"),
            steps,
        }));
    }
    Ok(sessions)
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
