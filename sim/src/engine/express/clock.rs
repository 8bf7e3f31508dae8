//! What the clock brings whatever the customers do: rosters, ends of stages, the
//! end of the day.

use super::card::Counted;
use super::heads::Heads;
use super::lanes::Waiting;
use super::steps::Visit;
use super::{Express, NEVER};
use crate::engine::Observer;
use crate::engine::calendar::SLOTS;
use crate::engine::visitor::Fate;
use crate::error::SimError;
use crate::plan::Change;
use scenarios::model::ResourceId;
use std::ops::Range;

/// What the clock has brought.
pub enum Alarm {
    /// Something, and more may be due.
    Rang,
    /// All who are counted have left.
    NobodyNeedsToCome,
    /// Nothing before the next event.
    Nothing,
    /// The day is over.
    Over,
}

impl Express<'_> {
    pub(super) fn reset(&mut self) {
        let plan = self.plan;
        self.now = plan.starts;
        self.stage = super::Stage::first(self.stretch);
        self.ends.clear();
        self.sequence = 0;
        self.lanes.iter_mut().for_each(|lane| lane.people.clear());
        self.waiting_lanes = 0;
        for (desk, capacity) in self.desks.iter_mut().zip(&plan.capacity) {
            desk.open(*capacity, self.now, &self.stretch);
        }
        self.unattended = super::Sum::default();
        self.next_change = 0;
        self.inside = Heads::default();
        self.is_crowded = false;
        self.count_from(0);
        self.waiting_by_interval.clear();
        self.people_by_interval.clear();
        let Self { stretch, .. } = *self;
        let intervals = (stretch.to - stretch.from).div_ceil(stretch.interval.max(1));
        if stretch.interval > 0 {
            self.waiting_by_interval.resize(intervals as usize, 0);
            self.people_by_interval.resize(intervals as usize, 0);
        }
        self.ending = super::Ending::default();
        self.set_alarm();
    }

    fn set_alarm(&mut self) {
        self.alarm = self
            .changes_at()
            .min(self.stage.ends_at())
            .min(self.longest + 1)
            .min(self.needed_until)
            .min(self.counting_changes_at);
        if self.is_crowded {
            // Whoever comes is looked at.
            self.alarm = 0;
        }
    }

    /// Whether those are counted who come next, at a time or later.
    fn count_from(&mut self, time: u64) {
        let Range { start, end } = self.counted;
        self.counting = Counted::new(self.counted.contains(&time));
        let changes = [start, end].into_iter().filter(|change| *change > time);
        self.counting_changes_at = changes.min().unwrap_or(NEVER);
    }

    /// So many may come before it is looked again whether there is room for them.
    pub(super) fn look_for_room(&mut self, people: usize) {
        let is_crowded = self.inside.all() + people > SLOTS;
        if is_crowded != self.is_crowded {
            self.is_crowded = is_crowded;
            self.set_alarm();
        }
    }

    fn changes_at(&self) -> u64 {
        let next = self.plan.changes.get(self.next_change);
        next.map_or(NEVER, |change| change.0)
    }

    /// Lets happen what is due before the next arrival and the next end of a step.
    #[cold]
    pub(super) fn at_the_alarm<O: Observer>(
        &mut self,
        arrives_at: u64,
        ends_at: u64,
        observer: &mut O,
    ) -> Result<Alarm, SimError> {
        let changes_at = self.changes_at();
        let nobody_moves = arrives_at.min(ends_at) == NEVER;
        if nobody_moves && self.inside.all() == 0 {
            return Ok(Alarm::Over);
        }
        if self.stage.ends_at() <= arrives_at.min(ends_at).min(changes_at) && !self.stage.is_over()
        {
            self.close_stage(observer);
            self.set_alarm();
            return Ok(Alarm::Rang);
        }
        if nobody_moves {
            // Only patience goes on.
            self.lose_patience(changes_at.min(self.longest + 1), observer);
            if self.inside.all() == 0 || changes_at == NEVER {
                return Ok(Alarm::Over);
            }
        }
        if changes_at <= arrives_at && changes_at < ends_at {
            if arrives_at != NEVER && !self.needs_arrivals(arrives_at, changes_at, observer) {
                return Ok(Alarm::NobodyNeedsToCome);
            }
            self.change(observer);
            self.set_alarm();
            return Ok(Alarm::Rang);
        }
        if ends_at <= arrives_at && ends_at > self.longest {
            self.lose_patience(self.longest + 1, observer);
            return Ok(Alarm::Over);
        }
        if arrives_at.min(ends_at) >= self.counting_changes_at {
            self.count_from(arrives_at);
            self.set_alarm();
        }
        if arrives_at < ends_at {
            if !self.needs_arrivals(arrives_at, arrives_at + 1, observer) {
                return Ok(Alarm::NobodyNeedsToCome);
            }
            if self.inside.all() >= SLOTS {
                self.make_room(arrives_at, observer)?;
            }
        }
        Ok(Alarm::Nothing)
    }

    /// Whether somebody who would come at a time still does: in steady state arrivals
    /// go on until the counted customers have left, looked at before a moment.
    fn needs_arrivals<O: Observer>(&mut self, at: u64, before: u64, observer: &mut O) -> bool {
        if at < self.needed_until {
            return true;
        }
        self.lose_patience(before, observer);
        self.inside.any_counted()
    }

    fn change<O: Observer>(&mut self, observer: &mut O) {
        let (time, change) = self.plan.changes[self.next_change];
        self.next_change += 1;
        self.ending.events += 1;
        self.now = time;
        if let Change::Roster { resource, count } = change {
            let desk = resource as ResourceId;
            self.desks[desk].change_roster(count, time, &self.stretch);
            self.serve_all_of(desk, observer);
        }
    }

    /// Ends a stage of the sums; whoever has lost patience in it leaves in it.
    fn close_stage<O: Observer>(&mut self, observer: &mut O) {
        self.lose_patience(self.stage.ends_at(), observer);
        let (mut waiting, mut people) = (0, self.unattended.close(&self.stage));
        for desk in &mut self.desks {
            let waits = desk.waiting.close(&self.stage);
            waiting += waits;
            people += waits + desk.serving.close(&self.stage);
        }
        if let Some(interval) = self.stage.interval() {
            self.waiting_by_interval[interval] += waiting;
            self.people_by_interval[interval] += people;
        }
        self.stage.advance();
    }

    /// Tells of those who were never served, and closes the sums.
    pub(super) fn finish<O: Observer>(&mut self, observer: &mut O) {
        while !self.stage.is_over() {
            self.close_stage(observer);
        }
        // Rosters go on when the last customer has left: their hours count to the end.
        for (time, change) in &self.plan.changes[self.next_change..] {
            if let Change::Roster { resource, count } = change
                && *time < self.plan.close
            {
                let desk = *resource as ResourceId;
                self.desks[desk].change_roster(*count, *time, &self.stretch);
            }
        }
        let end = self.stretch.to.max(self.now);
        for desk in &mut self.desks {
            desk.duty.set(end, 0, &self.stretch);
            desk.rostered.set(end, 0, &self.stretch);
        }
        for lane in 0..self.lanes.len() {
            while let Some(waiting) = self.lanes[lane].people.pop_front() {
                let Waiting { card, arrived, .. } = waiting;
                self.tell_unserved(Fate::Unserved, card, arrived, self.now, observer);
            }
        }
        loop {
            let first = self.ends.first();
            if first.time() == NEVER {
                return;
            }
            // Whose last step ends in time has been told of.
            let slot = first.slot();
            if self.after[slot].goes_on() {
                let Visit { card, arrived, .. } = self.visits[slot];
                self.tell_unserved(Fate::Unserved, card, arrived, self.now, observer);
            }
            self.ends.free(slot);
        }
    }
}
