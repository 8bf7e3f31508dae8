//! When the bank gives no answer, and what those who asked do.

use super::PlannedStep;
use scenarios::model::{Effect, Incident, OnOutage};

/// The stretches without an answer: ascending, apart from each other.
#[derive(Debug, Default)]
pub struct Outages {
    silent: Vec<(u64, u64)>,
}

impl Outages {
    pub fn new(incidents: &[Incident]) -> Self {
        let mut all: Vec<(u64, u64)> = incidents
            .iter()
            .filter(|it| it.effect == Effect::Unanswered)
            .map(|it| (it.from.0, it.to.0))
            .collect();
        all.sort_unstable();
        let mut silent: Vec<(u64, u64)> = Vec::new();
        for (from, to) in all {
            match silent.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => silent.push((from, to)),
            }
        }
        Self { silent }
    }

    /// When the bank takes a question in that is asked at a time.
    fn heard_at(&self, at: u64) -> u64 {
        let later = self.silent.partition_point(|(from, _)| *from <= at);
        match later.checked_sub(1).map(|last| self.silent[last].1) {
            Some(to) if at < to => to,
            _ => at,
        }
    }

    /// How long a step's question waits to be heard, or for how long, if the
    /// customer gives up waiting.
    pub fn delay(&self, step: &PlannedStep, asked_at: u64) -> (u64, bool) {
        if self.silent.is_empty() {
            return (0, false);
        }
        let heard_at = self.heard_at(asked_at);
        if heard_at == asked_at {
            return (0, false);
        }
        match step.on_outage {
            OnOutage::Retry { times, every } => {
                let tries = (1..=u64::from(times)).map(|number| asked_at + number * every.0);
                let mut last = asked_at;
                for at in tries {
                    last = at;
                    if self.heard_at(at) == at {
                        break;
                    }
                }
                (self.heard_at(last) - asked_at, false)
            }
            OnOutage::FallBack { after, .. } if heard_at - asked_at > after.0 => (after.0, true),
            OnOutage::Wait | OnOutage::FallBack { .. } => (heard_at - asked_at, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::model::Affected;
    use scenarios::time::SimTime;

    #[test]
    fn stretches_that_overlap_or_touch_are_one() {
        let incident = |from, to| Incident {
            what: Affected::Bank,
            from: SimTime(from),
            to: SimTime(to),
            effect: Effect::Unanswered,
        };
        let outages = Outages::new(&[incident(30, 40), incident(10, 20), incident(20, 25)]);
        let heard: Vec<u64> = [9, 10, 19, 20, 24, 25, 30, 39, 40]
            .into_iter()
            .map(|at| outages.heard_at(at))
            .collect();
        assert_eq!(heard, [9, 25, 25, 25, 25, 25, 40, 40, 40]);
    }
}
