//! Pools that all branches share: one line for the region.

use super::counts::Watch;
use super::outlets::RegionPlan;
use crate::engine::levels::{Level, Stretch};
use crate::engine::stepping::Levels;
use crate::engine::{Engine, Observer};
use crate::plan::Prices;
use scenarios::model::Roster;
use scenarios::time::SimTime;
use std::collections::BTreeSet;

/// The shared pools of a region on one day.
#[derive(Debug)]
pub struct SharedPools<'s> {
    pools: Vec<SharedPool<'s>>,
    stretch: Stretch,
}

#[derive(Debug)]
struct SharedPool<'s> {
    resource: usize,
    roster: &'s Roster,
    open: u64,
    next_step: usize,
    capacity: u32,
    busy: u32,
    /// By branch: lent to it.
    lent: Vec<u32>,
    /// By branch: the place of who waits first there, of those who could be served;
    /// and all of them in the order in which they are. Only what happens in a branch
    /// changes its own.
    first: Vec<Option<u128>>,
    waiting: BTreeSet<(u128, u32)>,
    duty: Level,
    rostered: Level,
}

impl<'s> SharedPools<'s> {
    pub fn new(plan: &RegionPlan<'s>, stretch: Stretch) -> Self {
        let first = &plan.region.kinds[0];
        let pools = plan.shared.iter().map(|&resource| SharedPool {
            resource,
            roster: &first.resources[resource].roster,
            open: plan.plans[0].open,
            next_step: 0,
            capacity: 0,
            busy: 0,
            lent: vec![0; plan.outlets.len()],
            first: vec![None; plan.outlets.len()],
            waiting: BTreeSet::new(),
            duty: Level::default(),
            rostered: Level::default(),
        });
        Self {
            pools: pools.collect(),
            stretch,
        }
    }

    pub fn begin(&mut self) {
        for pool in &mut self.pools {
            let steps = &pool.roster.steps;
            pool.next_step = steps.partition_point(|(from, _)| from.0 <= pool.open);
            pool.capacity = pool.roster.count_at(SimTime(pool.open));
            pool.busy = 0;
            pool.lent.fill(0);
            pool.first.fill(None);
            pool.waiting.clear();
            pool.duty.reset(0);
            pool.rostered.reset(0);
            pool.set(pool.open, &self.stretch);
        }
    }

    /// When a roster changes next.
    pub fn next(&self) -> Option<u64> {
        let next = |pool: &SharedPool<'_>| Some(pool.roster.steps.get(pool.next_step)?.0.0);
        self.pools.iter().filter_map(next).min()
    }

    /// The rosters that change now do so.
    pub fn change(&mut self, now: u64) {
        for pool in &mut self.pools {
            while let Some((from, count)) = pool.roster.steps.get(pool.next_step)
                && from.0 <= now
            {
                pool.capacity = *count;
                pool.next_step += 1;
                pool.set(now, &self.stretch);
            }
        }
    }

    /// Serves with what is free, first places first, of equals the branch of the
    /// lower number; tells the branches in which somebody begins.
    pub fn serve<O: Observer>(
        &mut self,
        now: u64,
        touched: Option<usize>,
        engines: &mut [Engine<'_>],
        watch: &mut Watch<'_, O>,
        begun: &mut Vec<usize>,
    ) {
        for number in 0..self.pools.len() {
            if let Some(outlet) = touched {
                let pool = &mut self.pools[number];
                let changed = pool.look_at(outlet, engines);
                pool.look_for(outlet, engines);
                if !changed && pool.first[outlet].is_none() {
                    continue;
                }
                pool.set(now, &self.stretch);
            }
            while let Some(outlet) = self.pools[number].next_served() {
                watch.at(outlet);
                engines[outlet].lend(self.pools[number].resource, now, watch);
                let pool = &mut self.pools[number];
                pool.look_at(outlet, engines);
                pool.set(now, &self.stretch);
                // Who is served by one pool may have waited for another, too.
                for pool in &mut self.pools {
                    pool.look_for(outlet, engines);
                }
                begun.push(outlet);
            }
        }
    }

    /// Puts the shared servers' own levels in the place of the branches'.
    pub fn finish(&mut self, end: u64, prices: &Prices, levels: &mut Levels) {
        for pool in &mut self.pools {
            let end = end.max(self.stretch.to);
            pool.duty.set(end, 0, &self.stretch);
            pool.rostered.set(end, 0, &self.stretch);
            if let Some(sums) = levels.pools.get_mut(pool.resource) {
                sums[2] = pool.duty.integral();
                sums[3] = pool.rostered.integral();
            }
            if let Some(cost) = levels.costs.get_mut(pool.resource) {
                *cost = prices.of_resource(pool.resource, pool.rostered.integral());
            }
        }
    }
}

impl SharedPool<'_> {
    /// The branch in which somebody can be served now: that of the first place, of
    /// equals the lower number.
    fn next_served(&self) -> Option<usize> {
        let (_, outlet) = self.waiting.first().filter(|_| self.busy < self.capacity)?;
        Some(*outlet as usize)
    }

    /// Notes who waits first in a branch.
    fn look_for(&mut self, outlet: usize, engines: &mut [Engine<'_>]) {
        // The lower half only tells apart who waits in one branch.
        let place = engines[outlet].first_for(self.resource).map(|it| it >> 32);
        let known = std::mem::replace(&mut self.first[outlet], place);
        if known == place {
            return;
        }
        if let Some(known) = known {
            self.waiting.remove(&(known, outlet as u32));
        }
        if let Some(place) = place {
            self.waiting.insert((place, outlet as u32));
        }
    }

    /// Whether a branch has more or fewer of them than before.
    fn look_at(&mut self, outlet: usize, engines: &[Engine<'_>]) -> bool {
        let lent = engines[outlet].busy(self.resource);
        let changed = lent != self.lent[outlet];
        self.busy = self.busy + lent - self.lent[outlet];
        self.lent[outlet] = lent;
        changed
    }

    fn set(&mut self, now: u64, stretch: &Stretch) {
        let on_duty = u64::from(self.capacity.max(self.busy));
        self.duty.set(now, on_duty, stretch);
        self.rostered.set(now, u64::from(self.capacity), stretch);
    }
}
