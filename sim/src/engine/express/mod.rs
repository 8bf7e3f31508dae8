//! The express loop: the days of plans without the rarer rules, several times as
//! fast as the general loop and the same to the last figure (`agreement` compares
//! both). [`Routes`] says which plans it takes.
//!
//! What makes it fast:
//!
//! - A customer asks once, for one server, whom it keeps until it leaves. So people
//!   of one resource, skill and priority form a lane that is served in the order of
//!   coming: a ring of small entries, without slots and events of their own.
//! - Nobody looks at a queue's length. So whoever has lost patience stays in the ring
//!   until a server would serve it (or a stage of the sums ends), and leaves then as
//!   of the time at which it had enough: no event, the same figures.
//! - Lanes and servers told apart are bits of a word, in the order of priority and
//!   of choice.
//! - What is drawn of customers depends on nothing that happens: it is drawn in blocks,
//!   without a choice where all laws are alike.
//! - What is known of a customer are a few whole words, which go from place to place in
//!   registers; the loop calls nothing on the way of most customers.

mod after;
mod card;
mod clock;
mod coming;
mod customers;
mod desks;
mod draws;
mod ends;
mod heads;
mod lanes;
mod routes;
mod steps;
mod sums;
mod telling;
mod waiting;

pub use routes::Routes;

use super::levels::Stretch;
use super::stepping::Levels;
use super::{Ending, LONGEST_AFTER, Observer};
use crate::arrivals::ArrivalTimes;
use crate::error::SimError;
use crate::keyed::{BRANCH_STREAM, Key};
use crate::plan::Plan;
use crate::source::Keyed;
use after::After;
use card::Counted;
use clock::Alarm;
use coming::{BLOCK, Coming};
use desks::Desk;
use ends::Ends;
use heads::Heads;
use lanes::Lane;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use steps::Visit;
use sums::{Stage, Sum};

/// The time of what never happens.
const NEVER: u64 = u64::MAX;

/// The express loop with its buffers, reused from one replication to the next.
#[derive(Debug)]
pub struct Express<'plan> {
    plan: &'plan Plan,
    routes: &'plan Routes<'plan>,
    stretch: Stretch,
    stage: Stage,
    now: u64,
    ends: Ends,
    sequence: u64,
    /// By slot, what follows the end of its step; of those who go on, who they are.
    after: Vec<After>,
    visits: Vec<Visit>,
    lanes: Vec<Lane>,
    /// The lanes in which somebody stands, one bit each.
    waiting_lanes: u64,
    desks: Vec<Desk>,
    /// People who need no server.
    unattended: Sum,
    /// Position of the next change by the clock.
    next_change: usize,
    /// When something else than customers is to be looked at, at the earliest.
    alarm: u64,
    /// No event is later.
    longest: u64,
    /// Until then everybody comes; later, while there is somebody who is counted.
    needed_until: u64,
    /// Who comes then or later finds the doors shut.
    doors_shut_at: u64,
    /// When those come who are counted; whether those are who come now, and until when.
    counted: Range<u64>,
    counting: Counted,
    counting_changes_at: u64,
    /// Customers inside, or not yet found to have left.
    inside: Heads,
    /// There may be no room for all of the next block.
    is_crowded: bool,
    waiting_by_interval: Vec<u128>,
    people_by_interval: Vec<u128>,
    /// Its events are those besides arrivals.
    ending: Ending,
}

impl<'plan> Express<'plan> {
    /// A loop for a plan; levels are integrated over `stretch`.
    pub fn new(plan: &'plan Plan, routes: &'plan Routes<'plan>, stretch: Stretch) -> Self {
        Self {
            plan,
            routes,
            stretch,
            stage: Stage::first(stretch),
            now: 0,
            ends: Ends::default(),
            sequence: 0,
            after: Vec::new(),
            visits: Vec::new(),
            lanes: routes.lanes.iter().map(Lane::new).collect(),
            waiting_lanes: 0,
            desks: routes.desks.iter().map(Desk::new).collect(),
            unattended: Sum::default(),
            next_change: 0,
            alarm: 0,
            longest: plan.last_arrival.saturating_add(LONGEST_AFTER),
            needed_until: if plan.steady_state { plan.close } else { NEVER },
            doors_shut_at: plan.doors.walk_ins_until,
            counted: plan.counted_from..if plan.steady_state { plan.close } else { NEVER },
            counting: Counted::default(),
            counting_changes_at: 0,
            inside: Heads::default(),
            is_crowded: false,
            waiting_by_interval: Vec::new(),
            people_by_interval: Vec::new(),
            ending: Ending::default(),
        }
    }

    /// Goes through one replication of the plan's arrivals.
    pub fn run<O: Observer>(
        &mut self,
        replication: u32,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        let key = Key::of_stream(self.plan.seed, replication, BRANCH_STREAM);
        let arrivals = self.plan.arrivals.times(key, &Keyed);
        self.replay(arrivals, stop, observer)
    }

    /// Goes through one replication of these arrivals.
    pub fn replay<O: Observer>(
        &mut self,
        arrivals: ArrivalTimes<'_, Keyed>,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        let mut coming = Coming::new(arrivals, self.routes, self.plan.last_arrival);
        self.reset();
        loop {
            let arrives_at = coming.next_at();
            let first = self.ends.first();
            let ends_at = first.time();
            if arrives_at.min(ends_at) >= self.alarm {
                match self.at_the_alarm(arrives_at, ends_at, observer)? {
                    Alarm::Rang => continue,
                    Alarm::NobodyNeedsToCome => {
                        coming.end();
                        continue;
                    }
                    Alarm::Nothing => {}
                    Alarm::Over => break,
                }
            }
            if ends_at <= arrives_at {
                self.now = ends_at;
                self.step_ends(first.slot(), observer);
            } else {
                self.now = arrives_at;
                let comer = coming.take();
                if coming.is_used_up() {
                    if stop.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
                        return Ok(Ending {
                            interrupted: true,
                            ..self.ending()
                        });
                    }
                    coming.draw();
                    self.look_for_room(BLOCK + 1);
                }
                self.arrive(comer, observer);
            }
        }
        self.finish(observer);
        Ok(self.ending())
    }

    /// How the replication ends, or has gone so far.
    fn ending(&self) -> Ending {
        Ending {
            events: self.ending.events + self.ending.customers,
            ..self.ending
        }
    }

    /// What was at work and waiting in the replication that is over.
    pub fn levels(&self, into: &mut Levels) {
        let pools = self.desks.iter().map(|desk| {
            [
                desk.waiting.integral(),
                desk.serving.integral(),
                desk.duty.integral(),
                desk.rostered.integral(),
            ]
        });
        into.pools.clear();
        into.pools.extend(pools);
        let rostered = into.pools.iter().map(|pool| pool[3]).enumerate();
        let prices = &self.plan.prices;
        into.costs.clear();
        into.costs
            .extend(rostered.map(|(number, micros)| prices.of_resource(number, micros)));
        into.waiting = into.pools.iter().map(|pool| pool[0]).sum();
        let at_desks: u128 = into.pools.iter().map(|pool| pool[0] + pool[1]).sum();
        into.people = at_desks + self.unattended.integral();
        into.waiting_by_interval
            .clone_from(&self.waiting_by_interval);
        into.people_by_interval.clone_from(&self.people_by_interval);
    }
}

#[cfg(test)]
mod agreement;
