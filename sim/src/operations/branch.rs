//! Sessions of customers in the branch.

use super::{Session, SessionStep};
use crate::engine::levels::Stretch;
use crate::engine::visitor::Departure;
use crate::engine::{Engine, Observer};
use crate::keyed::{BRANCH_STREAM, Key};
use crate::plan::Plan;
use crate::region::{RegionDay, RegionPlan};
use crate::simulate::Day;
use crate::streams::Streams;
use crate::{OperationLatencies, SimError};
use scenarios::model::{Random, Scenario};
use scenarios::operation::{Channel, Operation};

/// Gathers who asks for what.
#[derive(Default)]
struct Gatherer {
    /// By branch, then by customer index.
    asked: Vec<Vec<Vec<SessionStep>>>,
    branch: usize,
}

impl Observer for Gatherer {
    fn departed(&mut self, _departure: &Departure) {}

    fn enters(&mut self, branch: usize) {
        self.branch = branch;
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
    let region = RegionPlan::new(scenario, &OperationLatencies::default(), plan.seed)?;
    if let Some(region) = &region {
        RegionDay::new(region, stretch, &[]).run(replication, None, &mut gatherer)?;
    } else {
        alone(plan, stretch, replication, &mut gatherer)?;
    }
    let mut sessions = Vec::new();
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
    plan: &Plan,
    stretch: Stretch,
    replication: u32,
    gatherer: &mut Gatherer,
) -> Result<(), SimError> {
    match plan.random {
        Random::Keyed => {
            Engine::new(plan, stretch).run(replication, None, gatherer)?;
        }
        Random::Mrg32k3aStreams => {
            let streams = Streams::new(plan.seed);
            let mut engine = Engine::with(plan, &streams, stretch);
            for day in 0..=replication {
                gatherer.asked.clear();
                engine.run(day, None, gatherer)?;
            }
        }
    }
    Ok(())
}
