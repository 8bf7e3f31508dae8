//! What is counted of each branch while a day is going on.

use super::outlets::RegionPlan;
use crate::engine::stepping::Levels;
use crate::engine::visitor::{Departure, Fate};
use crate::engine::{Absent, Observer};
use crate::plan::Plan;
use crate::statistics::kinds;
use crate::statistics::promise::MissCounts;
use crate::statistics::tally::Frame;
use scenarios::model::AbandonedCounts;
use scenarios::operation::{Channel, Operation};
use scenarios::time::Span;
use std::ops::Range;

/// What is asked of the customers of each branch; the same for all branches.
#[derive(Debug)]
pub struct Asked<'f> {
    pub thresholds: &'f [u64],
    frame: Option<&'f Frame<'f>>,
    /// By kind of customers: in which intervals the promise is about them.
    promised: Vec<Range<usize>>,
}

/// A branch's customers on one day.
#[derive(Debug, Clone, Default)]
pub struct OutletDay {
    pub arrivals: u64,
    pub served: u64,
    pub abandoned: u64,
    pub wait: u64,
    pub time: u64,
    /// By threshold: wait within, time in branch within, left unserved and missed it.
    pub within: Vec<[u64; 3]>,
    pub promise: MissCounts,
    pub queue: u64,
    pub busy: u64,
    pub duty: u64,
    /// Customers of a closed branch who go nowhere.
    pub lost: u64,
    pub to_mobile: u64,
}

/// Passes on what happens, and counts it for the branch it happens in.
pub struct Watch<'w, O> {
    inner: &'w mut O,
    asked: &'w Asked<'w>,
    plan: &'w RegionPlan<'w>,
    days: &'w mut [OutletDay],
    now: usize,
}

impl<'f> Asked<'f> {
    /// What a run asks; nothing where nobody wants the branches' figures.
    pub fn new(frame: Option<&'f Frame<'f>>) -> Self {
        let kinds = |frame: &Frame<'_>| {
            let kinds = 0..frame.populations.kinds();
            kinds.map(|kind| kinds::promised(kind, frame)).collect()
        };
        Self {
            thresholds: frame.map_or(&[], |it| it.thresholds),
            frame,
            promised: frame.map_or_else(Vec::new, kinds),
        }
    }

    /// A day on which nothing has happened yet, of each branch.
    pub fn no_days(&self, plan: &RegionPlan<'_>) -> Vec<OutletDay> {
        let day = OutletDay {
            within: vec![[0; 3]; self.thresholds.len()],
            ..OutletDay::default()
        };
        vec![day; plan.outlets.len()]
    }

    /// Counts one of those whom the promise is about.
    fn count_promise(&self, departure: &Departure, plan: &Plan, counts: &mut MissCounts) {
        let Some(frame) = self.frame else { return };
        let Some(promise) = frame.promise else { return };
        let populations = frame.populations;
        let channel = frame.plan.journeys[departure.journey as usize].channel;
        let kind = populations.kind(channel, departure.service_id, departure.segment);
        let interval = populations.interval_of(departure.arrived);
        if self
            .promised
            .get(kind)
            .is_some_and(|it| it.contains(&interval))
        {
            let segment = &plan.segments[usize::from(departure.segment)];
            promise.count(departure, segment.abandoned, counts);
        }
    }
}

impl OutletDay {
    /// Begins a day.
    pub fn clear(&mut self) {
        let mut within = std::mem::take(&mut self.within);
        within.fill([0; 3]);
        *self = Self {
            within,
            ..Self::default()
        };
    }

    /// Counts what another has counted of the same branch on the same day.
    pub fn join(&mut self, part: &Self) {
        for (own, part) in [
            (&mut self.arrivals, part.arrivals),
            (&mut self.served, part.served),
            (&mut self.abandoned, part.abandoned),
            (&mut self.wait, part.wait),
            (&mut self.time, part.time),
            (&mut self.queue, part.queue),
            (&mut self.busy, part.busy),
            (&mut self.duty, part.duty),
            (&mut self.lost, part.lost),
            (&mut self.to_mobile, part.to_mobile),
        ] {
            *own += part;
        }
        for (own, part) in self.within.iter_mut().zip(&part.within) {
            own.iter_mut().zip(part).for_each(|(a, b)| *a += b);
        }
        self.promise.merge(&part.promise);
    }
}

impl<'w, O: Observer> Watch<'w, O> {
    pub fn new(
        inner: &'w mut O,
        asked: &'w Asked<'w>,
        plan: &'w RegionPlan<'w>,
        days: &'w mut [OutletDay],
    ) -> Self {
        Self {
            inner,
            asked,
            plan,
            days,
            now: 0,
        }
    }

    /// What happens from now on happens in this branch.
    pub fn at(&mut self, outlet: usize) {
        self.now = outlet;
        self.inner.enters(outlet);
    }

    /// A customer of this branch goes to none.
    pub fn turned(&mut self, outlet: usize, to_mobile: bool) {
        let day = &mut self.days[outlet];
        day.lost += u64::from(!to_mobile);
        day.to_mobile += u64::from(to_mobile);
    }

    /// The branch's day is over.
    pub fn levels(&mut self, outlet: usize, levels: &Levels) {
        let day = &mut self.days[outlet];
        day.queue = levels.waiting as u64;
        let plan = &self.plan.plans[self.plan.outlets[outlet].kind];
        for ([_, busy, duty, _], planned) in levels.pools.iter().zip(&plan.pools) {
            // What all branches share is nobody's own.
            if !planned.shared {
                day.busy += *busy as u64;
                day.duty += *duty as u64;
            }
        }
    }
}

impl<O: Observer> Observer for Watch<'_, O> {
    fn departed(&mut self, departure: &Departure) {
        let plan = &self.plan.plans[self.plan.outlets[self.now].kind];
        let day = &mut self.days[self.now];
        day.arrivals += 1;
        let (wait, time) = (departure.wait, departure.time_in_branch());
        let thresholds = self.asked.thresholds.iter().zip(&mut day.within);
        let left = |means: AbandonedCounts| {
            for (threshold, within) in thresholds {
                within[2] += u64::from(means.breaks(Span(wait), Span(*threshold)));
            }
        };
        match departure.fate {
            Fate::Served => {
                day.served += 1;
                day.wait += wait;
                day.time += time;
                let thresholds = self.asked.thresholds.iter().zip(&mut day.within);
                for (threshold, within) in thresholds {
                    within[0] += u64::from(wait <= *threshold);
                    within[1] += u64::from(time <= *threshold);
                }
            }
            Fate::Abandoned => {
                day.abandoned += 1;
                left(plan.segments[usize::from(departure.segment)].abandoned);
            }
            Fate::TurnedAway => left(AbandonedCounts::ByThreshold),
            Fate::Balked | Fate::Unserved => {}
        }
        self.asked.count_promise(departure, plan, &mut day.promise);
        self.inner.departed(departure);
    }

    fn missed(&mut self, absent: &Absent) {
        self.inner.missed(absent);
    }

    fn goes_mobile(&mut self, customer: u32, who: &Absent, at: u64) {
        self.inner.goes_mobile(customer, who, at);
    }

    fn asked(&mut self, customer: u32, channel: Channel, operation: Operation, at: u64) {
        self.inner.asked(customer, channel, operation, at);
    }
}
