//! Sessions of customers in the branch.

use super::{Session, SessionStep};
use crate::SimError;
use crate::engine::levels::Stretch;
use crate::engine::visitor::Departure;
use crate::engine::{Engine, Observer};
use crate::keyed::{BRANCH_STREAM, Key};
use crate::plan::Plan;
use crate::streams::Streams;
use scenarios::model::{Random, Scenario};
use scenarios::operation::{Channel, Operation};

/// Gathers who asks for what.
#[derive(Default)]
struct Gatherer {
    /// By customer index.
    asked: Vec<Vec<SessionStep>>,
}

impl Observer for Gatherer {
    fn departed(&mut self, _departure: &Departure) {}

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
                engine.run(day, None, &mut gatherer)?;
            }
        }
    }
    let key = Key::of_stream(plan.seed, replication, BRANCH_STREAM);
    let with_index = gatherer.asked.into_iter().enumerate();
    Ok(with_index
        .filter(|(_, steps)| {
            steps
                .first()
                .is_some_and(|first| (from..to).contains(&first.at))
        })
        .map(|(index, steps)| Session {
            key: key.nth(index as u64),
            branch: scenario.branch.clone(),
            customer: format!("b{replication}-{index}"),
            steps,
        })
        .collect())
}
