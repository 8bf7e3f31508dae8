//! The engine event by event, so that a region can take the branches' events in
//! one order of time.

use super::calendar::{Kind, ROSTER_RANK};
use super::levels::Level;
use super::{Ending, Engine, Observer};
use crate::error::SimError;
use crate::keyed::{Key, Purpose};
use crate::source::Source;

/// Where among simultaneous events one stands: twice its rank in the calendar,
/// so that changes by the clock and arrivals come before others of their rank.
pub type Turn = u64;
/// The turn of an arrival.
pub const ARRIVAL_TURN: Turn = 6;
const CHANGE_TURN: Turn = 2 * ROSTER_RANK;

/// What is added up of the levels of one or several engines over a replication.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    /// Of each resource: waiting, busy, on duty, rostered.
    pub pools: Vec<[u128; 4]>,
    /// What each resource costs, in millionths of a yuan.
    pub costs: Vec<u64>,
    pub waiting: u128,
    pub people: u128,
    pub waiting_by_interval: Vec<u128>,
    pub people_by_interval: Vec<u128>,
}

impl Levels {
    /// Nothing yet.
    pub fn clear(&mut self) {
        self.pools.clear();
        self.costs.clear();
        (self.waiting, self.people) = (0, 0);
        self.waiting_by_interval.clear();
        self.people_by_interval.clear();
    }

    /// Adds what others have seen in the same replication.
    pub fn join(&mut self, other: &Self) {
        if self.pools.len() < other.pools.len() {
            self.pools.resize(other.pools.len(), [0; 4]);
        }
        for (own, other) in self.pools.iter_mut().zip(&other.pools) {
            own.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        }
        if self.costs.len() < other.costs.len() {
            self.costs.resize(other.costs.len(), 0);
        }
        self.costs
            .iter_mut()
            .zip(&other.costs)
            .for_each(|(a, b)| *a += b);
        self.waiting += other.waiting;
        self.people += other.people;
        for (own, other) in [
            (&mut self.waiting_by_interval, &other.waiting_by_interval),
            (&mut self.people_by_interval, &other.people_by_interval),
        ] {
            if own.len() < other.len() {
                own.resize(other.len(), 0);
            }
            own.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        }
    }

    /// Adds what an engine has seen in a replication that is over.
    pub fn add<S: Source>(&mut self, engine: &Engine<'_, S>) {
        self.pools.resize(engine.pools.len(), [0; 4]);
        self.costs.resize(engine.pools.len(), 0);
        for (resource, pool) in engine.pools.iter().enumerate() {
            let planned = &engine.plan.pools[resource];
            // What all share is paid for once, by the region.
            if !planned.shared {
                let rostered = pool.rostered_level.integral();
                self.costs[resource] += engine.plan.prices.of_resource(resource, rostered);
            }
        }
        for (sums, pool) in self.pools.iter_mut().zip(&engine.pools) {
            let levels = [
                &pool.waiting_level,
                &pool.busy_level,
                &pool.duty_level,
                &pool.rostered_level,
            ];
            for (sum, level) in sums.iter_mut().zip(levels) {
                *sum += level.integral();
            }
        }
        self.waiting += engine.waiting.integral();
        self.people += engine.people().integral();
        add_each(&mut self.waiting_by_interval, engine.waiting());
        add_each(&mut self.people_by_interval, engine.people());
    }
}

fn add_each(sums: &mut Vec<u128>, level: &Level) {
    sums.resize(level.by_interval().len(), 0);
    for (sum, integral) in sums.iter_mut().zip(level.by_interval()) {
        *sum += integral;
    }
}

impl<'plan, S: Source> Engine<'plan, S> {
    /// Nobody gets in, or in again, from–to.
    pub fn shuts(&mut self, closed: &'plan [(u64, u64)]) {
        self.shut = closed;
    }

    /// Gets ready for a replication whose day and servers draw from these keys.
    pub fn begin(&mut self, key: Key, server_key: Key) {
        self.set_keys(key, server_key);
        self.next_change = 0;
        self.reset();
    }

    /// When the next event of its own is, and its turn among simultaneous ones.
    pub fn next_own(&mut self) -> Option<(u64, Turn)> {
        let change = self.plan.changes.get(self.next_change);
        let change = change.map(|(time, _)| (*time, CHANGE_TURN));
        let event = self.calendar.peek();
        let event = event.filter(|event| event.time() <= self.longest);
        let event = event.filter(|event| !self.stands_still(*event));
        let event = event.map(|event| {
            let turn = match event.kind() {
                Kind::StepEnd => 0,
                Kind::Server => 2 * ROSTER_RANK + 1,
                Kind::Abandonment => 4,
                Kind::Return => ARRIVAL_TURN + 1,
            };
            (event.time(), turn)
        });
        match (change, event) {
            (Some(change), Some(event)) => Some(change.min(event)),
            (change, event) => change.or(event),
        }
    }

    /// Lets the next event of its own happen.
    pub fn happen<O: Observer>(&mut self, observer: &mut O) {
        let Some((time, turn)) = self.next_own() else {
            return;
        };
        self.ending.events += 1;
        self.now = time;
        if turn == CHANGE_TURN {
            let change = self.plan.changes[self.next_change].1;
            self.next_change += 1;
            self.change(change, observer);
        } else if let Some(event) = self.calendar.peek() {
            self.calendar.pop(event);
            self.dispatch(event, observer);
        }
    }

    /// Somebody comes.
    pub fn enter<O: Observer>(
        &mut self,
        time: u64,
        key: Key,
        observer: &mut O,
    ) -> Result<(), SimError> {
        self.ending.events += 1;
        self.now = time;
        self.arrive(key, observer)
    }

    /// Nothing can happen any more.
    pub fn end<O: Observer>(&mut self, observer: &mut O) -> Ending {
        let changes = &self.plan.changes[self.next_change..];
        self.go_home(changes.iter().copied());
        self.finish(observer);
        self.ending
    }

    /// Whether nobody is inside and nobody comes again.
    pub fn is_empty(&self) -> bool {
        self.people.now() == 0 && self.away == 0
    }

    /// Whether somebody who is counted is inside.
    pub fn holds_counted(&self) -> bool {
        self.counted_inside > 0
    }

    /// Servers of a resource at work.
    pub fn busy(&self, resource: usize) -> u32 {
        self.pools[resource].busy
    }

    /// Seconds that a customer with this key would expect to wait here for the
    /// first service: none if it can begin at once, else those waiting and itself
    /// for each server on duty, times the mean service.
    pub fn wait_seen(&self, key: Key) -> f64 {
        let plan = self.plan;
        let (_, segment) =
            super::choose_segment(plan, || self.source.uniform(key, Purpose::Segment));
        let at = super::choose_service(segment, || self.source.uniform(key, Purpose::Service));
        let (.., journey) = segment.services[at];
        let journey = &plan.journeys[journey as usize];
        let first = journey.steps.first().and_then(|step| step.first_request);
        let Some(request) = first else { return 0.0 };
        let line = plan.requests[request as usize].first_line;
        if self.is_free(request, line) {
            return 0.0;
        }
        let longest = plan.requests[request as usize].holds.iter().map(|hold| {
            let pool = &self.pools[hold.resource];
            let servers = f64::from(pool.capacity.max(1));
            let ahead = pool.waiting_level.now() as f64 + 1.0;
            ahead * journey.mean_seconds / servers
        });
        longest.fold(0.0, f64::max)
    }

    /// The place in line of who waits first for a shared resource here, if anybody
    /// could be served.
    pub fn first_for(&mut self, resource: usize) -> Option<u128> {
        if self.pools[resource].waiting_level.now() == 0 {
            return None;
        }
        self.pools[resource].capacity += 1;
        let plan = self.plan;
        let mut first = None;
        for &request in &plan.requests_for[resource] {
            let line = plan.requests[request as usize].first_line;
            if self.is_free(request, line)
                && let Some((place, _)) = self.head(request, line)
                && first.is_none_or(|best| place < best)
            {
                first = Some(place);
            }
        }
        self.pools[resource].capacity -= 1;
        first
    }

    /// Lends the branch a server of a shared resource, which serves who is first here.
    pub fn lend<O: Observer>(&mut self, resource: usize, now: u64, observer: &mut O) {
        self.now = now;
        self.pools[resource].capacity += 1;
        self.given_back.push(resource);
        self.serve_waiting(observer);
    }
}
