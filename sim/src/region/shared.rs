//! Pools that all branches share: one line for the region.

use super::figures::Watch;
use super::outlets::RegionPlan;
use crate::engine::levels::{Level, Stretch};
use crate::engine::stepping::Levels;
use crate::engine::{Engine, Observer};
use crate::plan::Prices;
use scenarios::model::Roster;
use scenarios::time::SimTime;

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
        for pool in &mut self.pools {
            if let Some(outlet) = touched {
                let changed = pool.look_at(outlet, engines);
                if !changed && engines[outlet].first_for(pool.resource).is_none() {
                    continue;
                }
                pool.set(now, &self.stretch);
            }
            while pool.busy < pool.capacity {
                let mut first: Option<(u128, usize)> = None;
                for (outlet, engine) in engines.iter_mut().enumerate() {
                    if let Some(place) = engine.first_for(pool.resource)
                        && first.is_none_or(|(best, _)| place >> 32 < best >> 32)
                    {
                        first = Some((place, outlet));
                    }
                }
                let Some((_, outlet)) = first else { break };
                watch.at(outlet);
                engines[outlet].lend(pool.resource, now, watch);
                pool.look_at(outlet, engines);
                pool.set(now, &self.stretch);
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
