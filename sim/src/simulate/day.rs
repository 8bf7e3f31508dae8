//! What a replication is gone through in: one branch in either loop, or a region.

use super::Loop;
use crate::engine::express::{Express, Routes};
use crate::engine::levels::Stretch;
use crate::engine::stepping::Levels;
use crate::engine::{Ending, Engine, Observer};
use crate::error::SimError;
use crate::plan::Plan;
use crate::region::Outlets;
use crate::source::Source;
use std::sync::atomic::AtomicBool;

/// Whatever a replication is gone through in: one branch, or a region of them.
pub trait Day {
    /// Goes through one replication.
    fn run<O: Observer>(
        &mut self,
        replication: u32,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError>;

    /// What was at work and waiting in it.
    fn levels(&self) -> &Levels;

    /// The replication counts.
    fn end_day(&mut self) {}

    /// What is told of each branch.
    fn into_outlets(self) -> Outlets
    where
        Self: Sized,
    {
        Outlets::default()
    }
}

/// A day of one branch.
pub struct OneBranch<'plan, S: Source> {
    engine: Engine<'plan, S>,
    levels: Levels,
}

impl<'plan, S: Source> OneBranch<'plan, S> {
    pub fn of(engine: Engine<'plan, S>) -> Self {
        Self {
            engine,
            levels: Levels::default(),
        }
    }
}

impl<S: Source> Day for OneBranch<'_, S> {
    fn run<O: Observer>(
        &mut self,
        replication: u32,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        let ending = self.engine.run(replication, stop, observer)?;
        self.levels.clear();
        self.levels.add(&self.engine);
        Ok(ending)
    }

    fn levels(&self) -> &Levels {
        &self.levels
    }
}

/// A day of one branch on the express loop.
pub struct ExpressDay<'plan> {
    express: Express<'plan>,
    levels: Levels,
}

impl<'plan> ExpressDay<'plan> {
    pub fn of(express: Express<'plan>) -> Self {
        Self {
            express,
            levels: Levels::default(),
        }
    }
}

impl Day for ExpressDay<'_> {
    fn run<O: Observer>(
        &mut self,
        replication: u32,
        stop: Option<&AtomicBool>,
        observer: &mut O,
    ) -> Result<Ending, SimError> {
        let ending = self.express.run(replication, stop, observer)?;
        self.express.levels(&mut self.levels);
        Ok(ending)
    }

    fn levels(&self) -> &Levels {
        &self.levels
    }
}

/// Goes through one replication of a branch in the loop that fits.
pub fn one_day<O: Observer>(
    which: Loop,
    plan: &Plan,
    stretch: Stretch,
    replication: u32,
    stop: Option<&AtomicBool>,
    observer: &mut O,
) -> Result<(), SimError> {
    let routes = Routes::of(plan).filter(|_| which == Loop::Fitting);
    match &routes {
        Some(routes) => Express::new(plan, routes, stretch).run(replication, stop, observer)?,
        None => Engine::new(plan, stretch).run(replication, stop, observer)?,
    };
    Ok(())
}
