//! What all replications together have brought: exact sums, so that the parts of
//! several threads are merged in any order.

use super::booked::WaitsFromArrival;
use super::moments::{Daily, Denominator, Numerator, Ratio, Spread};
use super::pooled::Pooled;
use super::promise::MissCounts;
use super::tally::{CUSTOMER_FIGURES, Frame, RARE, TIME_IN_BRANCH, WAIT};
use crate::engine::stepping::Levels;

/// One population over all days.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub arrivals: Daily,
    pub served: Daily,
    pub abandoned: Daily,
    /// By [`RARE_FIGURES`].
    pub rare: [Daily; RARE],
    pub fallback: Daily,
    pub spreads: [Spread; CUSTOMER_FIGURES],
    /// Those served, by whom means and most shares are divided.
    pub served_ones: Denominator,
    /// Microseconds.
    pub means: [Numerator; CUSTOMER_FIGURES],
    /// By threshold.
    pub beyond: Vec<Beyond>,
    /// Of populations by interval but the total, which is the sum of its channels;
    /// populations without interval are sums of kinds.
    pub pooled: [Pooled; CUSTOMER_FIGURES],
}

/// Who went beyond one threshold.
#[derive(Debug, Clone, Default)]
pub struct Beyond {
    /// Those served, and those who left and count.
    pub asked: Denominator,
    /// Those beyond the threshold, by figure.
    pub figures: [Numerator; CUSTOMER_FIGURES],
}

/// Whether shares of a figure count those who left after a threshold as beyond it.
pub fn counts_those_who_left(figure: usize) -> bool {
    figure == WAIT || figure == TIME_IN_BRANCH
}

impl Cell {
    /// The mean of a figure.
    pub fn mean(&self, figure: usize) -> Ratio {
        Ratio::of(self.served_ones, self.means[figure])
    }

    /// The share within each threshold.
    pub fn within(&self, figure: usize) -> impl Iterator<Item = Ratio> {
        self.beyond.iter().map(move |beyond| {
            let all = if counts_those_who_left(figure) {
                beyond.asked
            } else {
                self.served_ones
            };
            Ratio::of(all, beyond.figures[figure].rest(all))
        })
    }
}

/// One resource (or all together) over all days.
#[derive(Debug, Clone, Default)]
pub struct Use {
    pub queue: Daily,
    pub occupancy: Ratio,
    /// Each day's occupancy in billionths.
    pub occupancy_daily: Daily,
    /// In millionths of a yuan; of all together, with the customers' waiting.
    pub cost: Daily,
}

/// Everything of a run, or of the part of it that one thread went through.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    pub cells: Vec<Cell>,
    /// What is pooled of each kind of customers that has come, by its number.
    pub kinds: Vec<(usize, [Pooled; CUSTOMER_FIGURES])>,
    /// Each resource, then all together.
    pub uses: Vec<Use>,
    pub people: Daily,
    pub people_by_interval: Vec<Daily>,
    pub queue_by_interval: Vec<Daily>,
    pub overtime: Daily,
    /// Of each population that is plain, what its customers' waiting costs, in
    /// millionths of a yuan.
    pub waiting_costs: Vec<Daily>,
    pub from_arrival: WaitsFromArrival,
    pub misses: MissCounts,
    /// Days on which the promise was kept, of those on which it could be broken.
    pub days_kept: u64,
    pub days_promised: u64,
    pub days: u32,
    pub events: u64,
    pub customers: u64,
    pub unserved: u64,
    pub days_with_unserved: u64,
}

impl Totals {
    /// Totals of nothing yet.
    pub fn new(frame: &Frame<'_>) -> Self {
        let cell = Cell {
            beyond: vec![Beyond::default(); frame.thresholds.len()],
            ..Cell::default()
        };
        let intervals = frame.populations.intervals;
        let booked = if frame.plan.books() {
            frame.populations.len()
        } else {
            0
        };
        Self {
            from_arrival: WaitsFromArrival::new(booked, frame.thresholds.len()),
            cells: vec![cell; frame.populations.len()],
            uses: vec![Use::default(); frame.plan.capacity.len() + 1],
            waiting_costs: vec![Daily::default(); frame.populations.plain()],
            people_by_interval: vec![Daily::default(); intervals],
            queue_by_interval: vec![Daily::default(); intervals],
            ..Self::default()
        }
    }

    /// Adds what another thread has gone through.
    pub fn merge(&mut self, other: &Self) {
        for (cell, other) in self.cells.iter_mut().zip(&other.cells) {
            cell.arrivals.merge(&other.arrivals);
            cell.served.merge(&other.served);
            cell.abandoned.merge(&other.abandoned);
            for (daily, other) in cell.rare.iter_mut().zip(&other.rare) {
                daily.merge(other);
            }
            cell.fallback.merge(&other.fallback);
            for figure in 0..CUSTOMER_FIGURES {
                cell.spreads[figure].merge(&other.spreads[figure]);
                cell.means[figure].merge(other.means[figure]);
                cell.pooled[figure].merge(&other.pooled[figure]);
            }
            cell.served_ones.merge(other.served_ones);
            for (beyond, other) in cell.beyond.iter_mut().zip(&other.beyond) {
                beyond.asked.merge(other.asked);
                for (sum, other) in beyond.figures.iter_mut().zip(other.figures) {
                    sum.merge(other);
                }
            }
        }
        for (number, other) in &other.kinds {
            match self.kinds.iter_mut().find(|(own, _)| own == number) {
                Some((_, own)) => own.iter_mut().zip(other).for_each(|(a, b)| a.merge(b)),
                None => self.kinds.push((*number, other.clone())),
            }
        }
        for (used, other) in self.uses.iter_mut().zip(&other.uses) {
            used.queue.merge(&other.queue);
            used.occupancy.merge(&other.occupancy);
            used.occupancy_daily.merge(&other.occupancy_daily);
            used.cost.merge(&other.cost);
        }
        let waiting = self.waiting_costs.iter_mut().zip(&other.waiting_costs);
        waiting.for_each(|(daily, other)| daily.merge(other));
        self.people.merge(&other.people);
        self.overtime.merge(&other.overtime);
        let intervals = self
            .people_by_interval
            .iter_mut()
            .zip(&other.people_by_interval);
        let queues = self
            .queue_by_interval
            .iter_mut()
            .zip(&other.queue_by_interval);
        intervals
            .chain(queues)
            .for_each(|(daily, other)| daily.merge(other));
        self.from_arrival.merge(&other.from_arrival);
        self.misses.merge(&other.misses);
        self.days_kept += other.days_kept;
        self.days_promised += other.days_promised;
        self.days += other.days;
        self.events += other.events;
        self.customers += other.customers;
        self.unserved += other.unserved;
        self.days_with_unserved += other.days_with_unserved;
    }

    pub(super) fn fold_levels(&mut self, levels: &Levels, waiting_cost: u64, frame: &Frame<'_>) {
        let mut all = [0, 0, waiting_cost];
        let resources = frame.plan.capacity.len();
        let each = levels.pools.iter().zip(&levels.costs);
        for (used, (level, cost)) in self.uses.iter_mut().zip(each) {
            let [waiting, busy, duty, _] = level.map(micros);
            used.add(waiting, busy, duty, *cost);
            for (sum, level) in all.iter_mut().zip([busy, duty, *cost]) {
                *sum += level;
            }
        }
        self.uses[resources].add(micros(levels.waiting), all[0], all[1], all[2]);
        self.people.add(micros(levels.people));
        for (dailies, integrals) in [
            (&mut self.people_by_interval, &levels.people_by_interval),
            (&mut self.queue_by_interval, &levels.waiting_by_interval),
        ] {
            for (daily, integral) in dailies.iter_mut().zip(integrals) {
                daily.add(micros(*integral));
            }
        }
    }
}

impl Use {
    fn add(&mut self, queue: u64, busy: u64, duty: u64, cost: u64) {
        self.queue.add(queue);
        self.occupancy.add(duty, busy);
        if duty > 0 {
            self.occupancy_daily
                .add((u128::from(busy) * 1_000_000_000 / u128::from(duty)) as u64);
        }
        self.cost.add(cost);
    }
}

fn micros(integral: u128) -> u64 {
    u64::try_from(integral).unwrap_or(u64::MAX)
}
