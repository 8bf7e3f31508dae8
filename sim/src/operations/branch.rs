//! Sessions of customers in the branch.

use super::{Session, SessionStep};
use crate::SimError;
use crate::engine::levels::Stretch;
use crate::engine::visitor::Departure;
use crate::engine::{Absent, Engine, Observer};
use crate::keyed::{BRANCH_STREAM, Key, Purpose};
use crate::law::Sampler;
use crate::mobile::customer;
use crate::plan::Plan;
use crate::streams::Streams;
use scenarios::model::{Mobile, Random, Scenario};
use scenarios::operation::{Channel, Operation};

/// Gathers who asks for what.
#[derive(Default)]
struct Gatherer {
    /// By customer index.
    asked: Vec<Vec<SessionStep>>,
    /// Who tries it on the phone after leaving, what by, and when.
    mobile: Vec<(u32, u32, u64)>,
}

impl Observer for Gatherer {
    fn departed(&mut self, _departure: &Departure) {}

    fn goes_mobile(&mut self, customer: u32, who: &Absent, at: u64) {
        self.mobile.push((customer, who.journey, at));
    }

    fn asked(&mut self, customer: u32, channel: Channel, operation: Operation, at: u64) {
        let customer = customer as usize;
        if self.asked.len() <= customer {
            self.asked.resize_with(customer + 1, Vec::new);
        }
        self.asked[customer].push(SessionStep {
            at,
            channel,
            operation,
        });
    }
}

/// The sessions of one day that start in `[from, to)`.
pub fn sessions(
    scenario: &Scenario,
    plan: &Plan,
    replication: u32,
    from: u64,
    to: u64,
) -> Result<Vec<Session>, SimError> {
    let stretch = Stretch {
        from: plan.open,
        to: plan.close,
        interval: 0,
    };
    let mut gatherer = Gatherer::default();
    match plan.random {
        Random::Keyed => {
            Engine::new(plan, stretch).run(replication, None, &mut gatherer)?;
        }
        Random::Mrg32k3aStreams => {
            let streams = Streams::new(plan.seed);
            let mut engine = Engine::with(plan, &streams, stretch);
            for day in 0..=replication {
                gatherer.asked.clear();
                gatherer.mobile.clear();
                engine.run(day, None, &mut gatherer)?;
            }
        }
    }
    let key = Key::of_stream(plan.seed, replication, BRANCH_STREAM);
    let on_the_phone = match &scenario.mobile {
        Some(mobile) => phone_sessions(mobile, plan, key, &gatherer.mobile)?,
        None => Vec::new(),
    };
    let with_index = gatherer.asked.into_iter().enumerate();
    let in_the_branch = with_index
        .filter(|(_, steps)| !steps.is_empty())
        .map(|(index, steps)| Session {
            key: key.nth(index as u64),
            branch: scenario.branch.clone(),
            customer: format!("b{replication}-{index}"),
            steps,
        });
    let starts = |session: &Session| (from..to).contains(&session.steps[0].at);
    Ok(in_the_branch.chain(on_the_phone).filter(starts).collect())
}

/// Sessions of those who left the branch unserved and try it on the phone: a log-in,
/// then what of their errand can be done there, a look at the balance if nothing can.
fn phone_sessions(
    mobile: &Mobile,
    plan: &Plan,
    key: Key,
    customers: &[(u32, u32, u64)],
) -> Result<Vec<Session>, SimError> {
    let think = Sampler::new(&mobile.think).map_err(|problem| SimError::Scenario {
        place: "mobile".to_owned(),
        problem,
    })?;
    let possible = |operation: &Operation| {
        matches!(operation, Operation::BalanceQuery | Operation::HistoryQuery)
            || mobile.mix.iter().any(|(known, _)| known == operation)
    };
    Ok(customers
        .iter()
        .map(|&(index, journey, at)| {
            let key = key.nth(u64::from(index)).under(Purpose::Away);
            let steps = &plan.journeys[journey as usize].steps;
            let mut operations: Vec<Operation> = steps
                .iter()
                .filter_map(|step| step.operation)
                .filter(possible)
                .collect();
            if operations.is_empty() {
                operations.push(Operation::BalanceQuery);
            }
            operations.insert(0, Operation::LogIn);
            let mut at = at;
            let steps = (0..).zip(operations).map(|(place, operation)| {
                if place > 0 {
                    at += think.micros(key.bits(Purpose::Think { place }));
                }
                SessionStep {
                    at,
                    channel: Channel::Mobile,
                    operation,
                }
            });
            let steps = steps.collect();
            Session {
                key,
                branch: super::mobile::BRANCH.to_owned(),
                customer: customer(mobile, key),
                steps,
            }
        })
        .collect())
}
