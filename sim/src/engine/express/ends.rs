//! When the steps under way end: a tournament of slots. Each slot has the end of one
//! step or none; every inner node holds the sooner one of the two below it, so that
//! the root is the soonest. To change a slot is to play again on its way to the root:
//! the same few comparisons whatever they yield, which a processor need not guess.

use crate::engine::heap::Event;

/// At least so many slots, if any.
const FEWEST: usize = 8;
/// After everything that happens.
const NONE: Event = Event::LAST;

/// Ends of steps by slot.
#[derive(Debug, Default)]
pub struct Ends {
    /// The root is the second; the leaves are the last half.
    nodes: Vec<Event>,
    free: Vec<u32>,
}

impl Ends {
    /// Forgets everything, keeping the room.
    pub fn clear(&mut self) {
        self.nodes.fill(NONE);
        self.free.clear();
        let slots = self.nodes.len() as u32 / 2;
        self.free.extend((0..slots).rev());
    }

    /// The first of all; at the end of time if there is none.
    #[inline]
    pub fn first(&self) -> Event {
        self.nodes.get(1).copied().unwrap_or(NONE)
    }

    /// Whether every slot is taken.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    /// How many slots there are.
    pub fn slots(&self) -> usize {
        self.nodes.len() / 2
    }

    /// A slot in which nothing ends; there must be one.
    #[inline]
    pub fn take_slot(&mut self) -> usize {
        self.free.pop().unwrap_or(0) as usize
    }

    /// Nothing ends in this slot any more.
    #[inline]
    pub fn free(&mut self, slot: usize) {
        self.set(slot, NONE);
        self.free.push(slot as u32);
    }

    /// From now on this is what ends in a slot.
    #[inline]
    pub fn set(&mut self, slot: usize, event: Event) {
        let nodes = &mut self.nodes[..];
        let mut at = nodes.len() / 2 + slot;
        let mut sooner = event;
        while at > 1 {
            nodes[at] = sooner;
            sooner = sooner.min(nodes[at ^ 1]);
            at /= 2;
        }
        nodes[at] = sooner;
    }

    /// Room for twice as many.
    pub fn grow(&mut self) {
        let slots = self.slots();
        let leaves = self.nodes.split_off(slots);
        let more = (2 * slots).max(FEWEST);
        self.nodes.clear();
        self.nodes.resize(2 * more, NONE);
        self.free.extend((slots as u32..more as u32).rev());
        for (slot, event) in leaves.into_iter().enumerate() {
            self.set(slot, event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::finalise;
    use std::collections::BTreeMap;

    #[test]
    fn the_first_of_many_slots_is_always_the_soonest() {
        let mut ends = Ends::default();
        let mut naive: BTreeMap<usize, Event> = BTreeMap::new();
        for number in 0..5000_u64 {
            let draw = finalise(number);
            if draw % 5 < 3 && naive.len() < 40 {
                if ends.is_full() {
                    ends.grow();
                }
                let slot = ends.take_slot();
                let event = Event::new(draw % 1000, slot as u64);
                ends.set(slot, event);
                assert_eq!(naive.insert(slot, event), None);
            } else if let Some((&slot, _)) = naive.iter().min_by_key(|(_, event)| **event) {
                assert_eq!(naive[&slot], ends.first());
                if draw.is_multiple_of(2) {
                    let event = Event::new(draw % 2000, slot as u64);
                    ends.set(slot, event);
                    naive.insert(slot, event);
                } else {
                    ends.free(slot);
                    naive.remove(&slot);
                }
            }
            let soonest = naive.values().min().copied();
            assert_eq!(soonest.unwrap_or(NONE), ends.first());
            if number == 2500 {
                ends.clear();
                naive.clear();
            }
        }
    }
}
