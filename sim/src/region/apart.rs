//! Branches that have nothing to do with each other: each is gone through alone,
//! as many at a time as there are threads. Which thread takes which branch changes
//! nothing, because everything counted is a sum of whole numbers.

use super::counts::{Asked, OutletDay, Watch};
use super::outlets::RegionPlan;
use crate::engine::express::{Express, Routes};
use crate::engine::levels::Stretch;
use crate::engine::stepping::Levels;
use crate::engine::{Ending, Engine, Observer};
use crate::error::SimError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// The threads of a region's day, with what each reuses from day to day.
pub struct Apart<'r> {
    plan: &'r RegionPlan<'r>,
    workers: Vec<Worker<'r>>,
}

struct Worker<'r> {
    branches: Vec<Branch<'r>>,
    days: Vec<OutletDay>,
    levels: Levels,
    /// Of one branch.
    own: Levels,
}

/// The loop of a kind of branches.
enum Branch<'r> {
    Express(Box<Express<'r>>),
    General(Box<Engine<'r>>),
}

/// The branches of one day, taken one after the other by whoever is free.
struct Queue<'q, 'r> {
    plan: &'r RegionPlan<'r>,
    asked: &'q Asked<'q>,
    replication: u32,
    stop: Option<&'q AtomicBool>,
    next: AtomicUsize,
}

impl<'r> Apart<'r> {
    pub fn new(
        plan: &'r RegionPlan<'r>,
        routes: &'r [Option<Routes<'r>>],
        stretch: Stretch,
        asked: &Asked<'_>,
        threads: usize,
    ) -> Self {
        let threads = threads.clamp(1, plan.outlets.len().max(1));
        let kinds = plan.plans.iter().zip(routes);
        let branches = kinds.map(|(plan, routes)| match routes {
            Some(routes) => Branch::Express(Box::new(Express::new(plan, routes, stretch))),
            None => Branch::General(Box::new(Engine::new(plan, stretch))),
        });
        let worker = |_| Worker {
            branches: branches.clone().collect(),
            days: asked.no_days(plan),
            levels: Levels::default(),
            own: Levels::default(),
        };
        Self {
            plan,
            workers: (0..threads).map(worker).collect(),
        }
    }

    /// Goes through a day of every branch; adds to `days` and `levels`.
    pub fn run<O: Observer>(
        &mut self,
        replication: u32,
        asked: &Asked<'_>,
        stop: Option<&AtomicBool>,
        observer: &mut O,
        days: &mut [OutletDay],
        levels: &mut Levels,
    ) -> Result<Ending, SimError> {
        let queue = Queue {
            plan: self.plan,
            asked,
            replication,
            stop,
            next: AtomicUsize::new(0),
        };
        let parts: Vec<O> = (1..self.workers.len())
            .map_while(|_| observer.part())
            .collect();
        let mut workers = self.workers.iter_mut();
        let Some(first) = workers.next() else {
            return Ok(Ending::default());
        };
        let (own, others) = thread::scope(|scope| {
            let others: Vec<_> = workers
                .zip(parts)
                .map(|(worker, mut part)| {
                    let queue = &queue;
                    scope.spawn(move || (worker.work(queue, &mut part), part))
                })
                .collect();
            let own = first.work(&queue, observer);
            let joined = others.into_iter().map(|handle| {
                handle
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            (own, joined.collect::<Vec<_>>())
        });
        let mut all = own?;
        for (ending, part) in others {
            all.add(&ending?);
            observer.join(part);
        }
        for worker in &self.workers {
            levels.join(&worker.levels);
            for (day, part) in days.iter_mut().zip(&worker.days) {
                day.join(part);
            }
        }
        Ok(all)
    }
}

impl Worker<'_> {
    /// Takes branches until none is left.
    fn work<O: Observer>(
        &mut self,
        queue: &Queue<'_, '_>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        let (plan, replication) = (queue.plan, queue.replication);
        self.levels.clear();
        self.days.iter_mut().for_each(OutletDay::clear);
        let mut watch = Watch::new(observer, queue.asked, plan, &mut self.days);
        let mut all = Ending::default();
        loop {
            let outlet = queue.next.fetch_add(1, Ordering::Relaxed);
            if outlet >= plan.outlets.len() {
                return Ok(all);
            }
            if queue.stop.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
                all.interrupted = true;
                return Ok(all);
            }
            watch.at(outlet);
            let arrivals = plan.arrivals(replication, outlet);
            let ending = match &mut self.branches[plan.outlets[outlet].kind] {
                Branch::Express(express) => {
                    let ending = express.replay(arrivals, None, &mut watch)?;
                    express.levels(&mut self.own);
                    ending
                }
                Branch::General(engine) => {
                    let server_key = plan.server_key(replication, outlet);
                    engine.set_keys(plan.key(replication, outlet), server_key);
                    let booked = plan.appointment_key(replication, outlet);
                    let ending = engine.replay_with_booked(arrivals, booked, None, &mut watch)?;
                    self.own.clear();
                    self.own.add(engine);
                    ending
                }
            };
            all.add(&ending);
            self.levels.join(&self.own);
            watch.levels(outlet, &self.own);
        }
    }
}
