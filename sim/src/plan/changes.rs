//! What the clock brings to a day whatever the customers do: rosters, incidents.

use super::Plan;
use scenarios::model::{Affected, Effect, Incident, Scenario};

/// Something that happens at a fixed time. Of several at one time, rosters come
/// first, then incidents that begin, then those that end, so that one incident
/// that follows another leaves no gap; those still waiting are sent home last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// From now on so many servers of a resource are rostered.
    Roster { resource: u32, count: u32 },
    /// As many servers of a resource are rostered as were drawn for the day.
    Opens { resource: u32 },
    /// An incident begins.
    Begins { incident: u32 },
    /// An incident is over.
    Ends { incident: u32 },
    /// Whoever has not begun to be served is turned away.
    SendsHome,
    /// A batch of a long run ends and the next begins.
    BatchEnds,
}

impl Plan {
    /// Capacities at the start, and every later change in order.
    pub(super) fn take_changes(&mut self, scenario: &Scenario) {
        for (number, resource) in scenario.resources.iter().enumerate() {
            if resource.shared {
                self.capacity.push(0);
                continue;
            }
            if !resource.drawn.is_empty() {
                let resource = number as u32;
                self.capacity.push(0);
                self.changes.push((self.open, Change::Opens { resource }));
                continue;
            }
            let steps = &resource.roster.steps;
            let started = steps.partition_point(|(from, _)| from.0 <= self.starts);
            self.capacity
                .push(started.checked_sub(1).map_or(0, |at| steps[at].1));
            let later = steps[started..].iter().map(|(from, count)| {
                let resource = number as u32;
                let count = *count;
                (from.0, Change::Roster { resource, count })
            });
            self.changes.extend(later);
        }
        for (number, incident) in scenario.incidents.iter().enumerate() {
            let number = number as u32;
            self.changes
                .push((incident.from.0, Change::Begins { incident: number }));
            self.changes
                .push((incident.to.0, Change::Ends { incident: number }));
        }
        if let Some(at) = self.doors.sends_home_at {
            self.changes.push((at, Change::SendsHome));
        }
        let length = self.close - self.open.max(self.counted_from);
        for batch in 1..u64::from(self.batches) {
            let cut = u128::from(length) * u128::from(batch) / u128::from(self.batches);
            let at = self.counted_from + cut as u64;
            self.changes.push((at, Change::BatchEnds));
        }
        self.changes.sort_unstable();
        self.incidents.clone_from(&scenario.incidents);
    }
}

/// What is wrong with an incident, if anything is.
pub(super) fn fault_of(incident: &Incident, resources: usize) -> Option<&'static str> {
    let known = !matches!(incident.what, Affected::Resource(resource) if resource >= resources);
    let sound = match incident.effect {
        Effect::Down(_) => matches!(incident.what, Affected::Resource(_)),
        Effect::Stopped => true,
        Effect::Unanswered => incident.what == Affected::Bank,
        Effect::Closed => incident.what == Affected::Branch,
        Effect::Slower(factor) => factor.is_finite() && factor > 0.0,
    };
    match (known, sound && incident.from < incident.to) {
        (false, _) => Some("it names a resource that is not there"),
        (true, false) => {
            Some("it must end after it begins, and slow by a factor above 0 or lower a resource")
        }
        (true, true) => None,
    }
}
