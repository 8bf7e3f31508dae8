//! One day of a region. Branches that have nothing to do with each other are gone
//! through one by one; others together, in one order of time.

use super::apart::Apart;
use super::choice::{Neighbours, Way};
use super::counts::{Asked, Watch};
use super::figures::Outlets;
use super::outlets::RegionPlan;
use super::shared::SharedPools;
use crate::arrivals::ArrivalTimes;
use crate::engine::express::Routes;
use crate::engine::levels::Stretch;
use crate::engine::stepping::{ARRIVAL_TURN, Levels, Turn};
use crate::engine::{Ending, Engine, Observer};
use crate::error::SimError;
use crate::keyed::Key;
use crate::simulate::Day;
use crate::source::Keyed;
use crate::statistics::tally::Frame;
use scenarios::model::ChoiceOfBranch;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;
use std::sync::atomic::{AtomicBool, Ordering};

/// So many events pass between two looks at the interruption flag.
const EVENTS_BETWEEN_LOOKS: u64 = 1 << 16;
/// No branch: what happens to what all share.
const NO_OUTLET: u32 = u32::MAX;

/// A region with its engines, reused from day to day.
pub struct RegionDay<'r> {
    asked: Asked<'r>,
    branches: Branches<'r>,
    levels: Levels,
    outlets: Outlets,
}

/// How a day is gone through.
enum Branches<'r> {
    Apart(Apart<'r>),
    Together(Box<Together<'r>>),
}

/// Branches that interact, each with an engine of its own.
struct Together<'r> {
    plan: &'r RegionPlan<'r>,
    engines: Vec<Engine<'r>>,
    neighbours: Option<Neighbours>,
    shared: SharedPools<'r>,
    /// What happens next: `(time, turn, branch)`; an entry that is no longer true
    /// of its branch is passed over.
    next: BinaryHeap<Reverse<(u64, Turn, u32)>>,
}

type Home<'r> = Peekable<ArrivalTimes<'r, Keyed>>;

impl<'r> RegionDay<'r> {
    /// A region whose branches are gone through on so many threads, if they have
    /// nothing to do with each other, each kind in the express loop if it has `routes`;
    /// `frame` says what is asked of each.
    pub fn new(
        plan: &'r RegionPlan<'r>,
        routes: &'r [Option<Routes<'r>>],
        stretch: Stretch,
        frame: Option<&'r Frame<'r>>,
        threads: usize,
    ) -> Self {
        let asked = Asked::new(frame);
        let branches = if plan.region.interacts() {
            Branches::Together(Box::new(Together::new(plan, stretch)))
        } else {
            Branches::Apart(Apart::new(plan, routes, stretch, &asked, threads))
        };
        Self {
            outlets: Outlets::new(plan, &asked),
            asked,
            branches,
            levels: Levels::default(),
        }
    }
}

impl<'r> Together<'r> {
    fn new(plan: &'r RegionPlan<'r>, stretch: Stretch) -> Self {
        let engines = plan.outlets.iter();
        Self {
            plan,
            engines: engines
                .map(|outlet| Engine::new(&plan.plans[outlet.kind], stretch))
                .collect(),
            neighbours: (plan.region.choice != ChoiceOfBranch::Own || plan.region.closes())
                .then(|| Neighbours::of(plan)),
            shared: SharedPools::new(plan, stretch),
            next: BinaryHeap::new(),
        }
    }

    /// All branches in one order of time: at equal times by what happens, then by
    /// the number of the branch.
    fn run<O: Observer>(
        &mut self,
        replication: u32,
        stop: Option<&AtomicBool>,
        watch: &mut Watch<'_, O>,
        levels: &mut Levels,
    ) -> Result<Ending, SimError> {
        let plan = self.plan;
        let first = &plan.plans[0];
        let mut homes: Vec<Home<'r>> = (0..plan.outlets.len())
            .map(|outlet| plan.arrivals(replication, outlet).peekable())
            .collect();
        let mut coming: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
        self.next.clear();
        self.shared.begin();
        for (outlet, home) in homes.iter_mut().enumerate() {
            let key = plan.key(replication, outlet);
            self.engines[outlet].shuts(&plan.outlets[outlet].closed);
            self.engines[outlet].begin(key, plan.server_key(replication, outlet));
            self.note(outlet);
            if let Some((time, _)) = home.peek() {
                coming.push(Reverse((*time, outlet as u32)));
            }
        }
        let mut begun = Vec::new();
        let mut events = 0_u64;
        let mut latest = first.open;
        loop {
            events += 1;
            if events.is_multiple_of(EVENTS_BETWEEN_LOOKS)
                && stop.is_some_and(|flag| flag.load(Ordering::Relaxed))
            {
                return Ok(Ending {
                    interrupted: true,
                    ..Ending::default()
                });
            }
            let arrival = coming.peek().map(|Reverse(it)| *it).filter(|(time, _)| {
                let needed = !first.steady_state
                    || *time < first.close
                    || self.engines.iter().any(Engine::holds_counted);
                *time < first.last_arrival && needed
            });
            if arrival.is_none() && self.engines.iter().all(Engine::is_empty) {
                break;
            }
            let own = self.next_own();
            let shared = self.shared.next().map(|time| (time, 2, NO_OUTLET));
            let coming_next = arrival.map(|(time, outlet)| (time, ARRIVAL_TURN, outlet));
            // Of equals a shared roster is before the branches' own.
            let candidates = [shared, own, coming_next];
            let Some(now) = candidates
                .into_iter()
                .flatten()
                .min_by_key(|(time, turn, outlet)| (*time, *turn, outlet.wrapping_add(1)))
            else {
                break;
            };
            let (time, turn, outlet) = now;
            latest = latest.max(time);
            let touched = if outlet == NO_OUTLET {
                self.shared.change(time);
                None
            } else if Some(now) == coming_next {
                coming.pop();
                self.comes(&mut homes[outlet as usize], outlet, &mut coming, watch)?
            } else {
                debug_assert!(turn != ARRIVAL_TURN);
                let outlet = outlet as usize;
                watch.at(outlet);
                self.engines[outlet].happen(watch);
                Some(outlet)
            };
            if touched.is_some() || outlet == NO_OUTLET {
                self.shared
                    .serve(time, touched, &mut self.engines, watch, &mut begun);
            }
            if let Some(outlet) = touched {
                self.note(outlet);
            }
            while let Some(outlet) = begun.pop() {
                self.note(outlet);
            }
        }
        let (mut all, mut one) = (Ending::default(), Levels::default());
        for (outlet, engine) in self.engines.iter_mut().enumerate() {
            watch.at(outlet);
            let ending = engine.end(watch);
            all.add(&ending);
            one.clear();
            one.add(engine);
            levels.join(&one);
            watch.levels(outlet, &one);
        }
        let prices = &self.plan.plans[0].prices;
        self.shared.finish(latest, prices, levels);
        Ok(all)
    }

    /// A customer of this branch sets out; tells where it has come in.
    fn comes<O: Observer>(
        &mut self,
        home: &mut Home<'r>,
        outlet: u32,
        coming: &mut BinaryHeap<Reverse<(u64, u32)>>,
        watch: &mut Watch<'_, O>,
    ) -> Result<Option<usize>, SimError> {
        let Some((time, key)) = home.next() else {
            return Ok(None);
        };
        if let Some((next, _)) = home.peek() {
            coming.push(Reverse((*next, outlet)));
        }
        let own = outlet as usize;
        let key: Key = key;
        let way = match &self.neighbours {
            Some(neighbours) => neighbours.choose(self.plan, &self.engines, own, time, key),
            None => Way::To(own),
        };
        match way {
            Way::To(chosen) => {
                watch.at(chosen);
                self.engines[chosen].enter(time, key, watch)?;
                Ok(Some(chosen))
            }
            way => {
                watch.turned(own, way == Way::Mobile);
                Ok(None)
            }
        }
    }

    /// Notes when the next event of a branch's own is.
    fn note(&mut self, outlet: usize) {
        if let Some((time, turn)) = self.engines[outlet].next_own() {
            self.next.push(Reverse((time, turn, outlet as u32)));
        }
    }

    /// The next event of any branch's own.
    fn next_own(&mut self) -> Option<(u64, Turn, u32)> {
        while let Some(Reverse((time, turn, outlet))) = self.next.peek().copied() {
            if self.engines[outlet as usize].next_own() == Some((time, turn)) {
                return Some((time, turn, outlet));
            }
            self.next.pop();
        }
        None
    }
}

impl Day for RegionDay<'_> {
    fn run<O: Observer>(
        &mut self,
        replication: u32,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        self.levels.clear();
        self.outlets.start_day();
        let (asked, levels, days) = (&self.asked, &mut self.levels, self.outlets.today());
        match &mut self.branches {
            Branches::Apart(apart) => apart.run(replication, asked, stop, observer, days, levels),
            Branches::Together(together) => {
                let mut watch = Watch::new(observer, asked, together.plan, days);
                together.run(replication, stop, &mut watch, levels)
            }
        }
    }

    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn end_day(&mut self) {
        self.outlets.end_day();
    }

    fn into_outlets(self) -> Outlets {
        self.outlets
    }
}
