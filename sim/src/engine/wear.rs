//! Servers that wear out at work: machines that break down after so much time at
//! work, or jam until somebody clears them. A server is at work while a step of
//! the customer whom it serves goes on.

use super::pool::NEVER_WEARS;
use super::visitor::State;
use super::{Engine, Observer};
use crate::keyed::Purpose;
use crate::source::Source;

impl<S: Source> Engine<'_, S> {
    /// The server told apart that a customer holds: its resource and number.
    fn unit_of(&self, slot: usize) -> Option<(usize, usize)> {
        let unit = self.visitors[slot].unit as usize;
        let (journey, step) = self.whereabouts(slot);
        let mut holds = journey.holds.iter().chain(&step.holds);
        let hold = holds.find(|hold| unit < self.pools[hold.resource].units.len())?;
        Some((hold.resource, unit))
    }

    /// When the server that has just begun to work on a step stops by itself.
    pub(super) fn wears_out_at(&self, slot: usize) -> u64 {
        let Some((resource, unit)) = self.unit_of(slot) else {
            return NEVER_WEARS;
        };
        let unit = &self.pools[resource].units[unit];
        self.now
            .saturating_add(unit.until_breakdown.min(unit.until_jam))
    }

    /// Counts the work on a step that stops now.
    pub(super) fn note_work(&mut self, slot: usize) {
        let worked = self.now - self.visitors[slot].begun_at;
        if let Some((resource, unit)) = self.unit_of(slot) {
            let unit = &mut self.pools[resource].units[unit];
            for until in [&mut unit.until_breakdown, &mut unit.until_jam] {
                if *until != NEVER_WEARS {
                    *until -= worked;
                }
            }
        }
    }

    /// New or repaired, a server works for so long until it breaks down.
    pub(super) fn draw_breakdown(&mut self, resource: usize, unit: usize) {
        let planned = &self.plan.pools[resource];
        let Some(planned_breakdowns) = &planned.breakdowns else {
            return;
        };
        let key = self.server_key.nth((planned.first_unit + unit) as u64);
        let breakdowns = self.pools[resource].units[unit].breakdowns;
        let up = self
            .source
            .micros(&planned_breakdowns.0, key, Purpose::Up { breakdowns });
        self.pools[resource].units[unit].until_breakdown = up.max(1);
    }

    /// New or cleared, a server works for so long until it jams.
    pub(super) fn draw_jam(&mut self, resource: usize, unit: usize) {
        let planned = &self.plan.pools[resource];
        let Some(jams_of) = &planned.jams else {
            return;
        };
        let key = self.server_key.nth((planned.first_unit + unit) as u64);
        let jams = self.pools[resource].units[unit].jams;
        let every = self
            .source
            .micros(&jams_of.every, key, Purpose::Jam { jams });
        self.pools[resource].units[unit].until_jam = every.max(1);
    }

    /// The server that works on a customer's step stops by itself.
    pub(super) fn stops_by_itself<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let Some((resource, unit)) = self.unit_of(slot) else {
            return;
        };
        let left = self.stop_working(slot);
        if self.pools[resource].units[unit].until_breakdown == 0 {
            self.break_down(resource, unit, slot, left);
        } else {
            self.jam(resource, unit, slot, left, observer);
        }
    }

    /// The customer stays and somebody who clears the jam is asked for, unless one is
    /// there already.
    fn jam<O: Observer>(
        &mut self,
        resource: usize,
        unit: usize,
        slot: usize,
        left: (u64, u64),
        observer: &mut O,
    ) {
        let planned = &self.plan.pools[resource];
        let Some(jams_of) = &planned.jams else {
            return;
        };
        let key = self.server_key.nth((planned.first_unit + unit) as u64);
        let jams = self.pools[resource].units[unit].jams;
        let (journey, step) = self.whereabouts(slot);
        let mut holds = journey.holds.iter().chain(&step.holds);
        let is_there = holds.any(|hold| hold.resource == jams_of.cleared_by);
        let errand = if is_there {
            jams_of.cleared_at_once
        } else {
            jams_of.cleared
        };
        self.pools[resource].units[unit].jams += 1;
        self.draw_jam(resource, unit);
        let visitor = &mut self.visitors[slot];
        visitor.left_over = Some(left);
        visitor.state = State::Apart;
        let key = key.under(Purpose::Clearing { jams });
        self.send_for(slot, errand, key, jams_of.rank, observer);
    }
}
