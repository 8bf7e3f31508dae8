//! Groups that come on one ticket: one customer for whoever serves, several people
//! in the branch.

use super::Engine;
use crate::keyed::{Key, Purpose};
use crate::source::Source;

impl<S: Source> Engine<'_, S> {
    /// How many people come with the one who holds the ticket.
    pub(super) fn companions(&self, key: Key) -> u32 {
        let parties = &self.plan.parties;
        let Some(last) = parties.len().checked_sub(1) else {
            return 0;
        };
        let u = self.source.uniform(key, Purpose::Group);
        let at = parties.partition_point(|(cumulative, _)| *cumulative < u);
        parties[at.min(last)].1.saturating_sub(1)
    }

    /// A customer comes in, with all who come along.
    pub(super) fn people_come(&mut self, slot: usize) {
        self.change_people(slot, u64::saturating_add);
    }

    /// A customer goes out, with all who came along.
    pub(super) fn people_go(&mut self, slot: usize) {
        self.change_people(slot, u64::saturating_sub);
    }

    fn change_people(&mut self, slot: usize, change: impl Fn(u64, u64) -> u64) {
        let companions = self.visitors[slot].companions;
        let now = change(self.people.now(), 1 + u64::from(companions));
        self.people.set(self.now, now, &self.stretch);
    }
}
