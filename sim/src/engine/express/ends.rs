//! When the steps under way end: a tournament of slots. Each slot has the end of one
//! step or none; every inner node holds the sooner one of the two below it, so that
//! the root is the soonest. To change a slot is to play again on its way to the root:
//! the same few comparisons whatever they yield, which a processor need not guess.

use crate::engine::heap::Event;

/// At least so many slots, if any.
const FEWEST: usize = 8;
/// Up to so many slots the nodes have a place of a known size.
const FEW: usize = 32;
/// After everything that happens.
const NONE: Event = Event::LAST;

/// Ends of steps by slot.
#[derive(Debug)]
pub struct Ends {
    slots: usize,
    /// The nodes of few slots: the root is the second, the leaves begin at the number
    /// of slots.
    few: [Event; 2 * FEW],
    /// The nodes of more, which are none as long as there are few; their root stands
    /// in the place of that of few, too.
    many: Vec<Event>,
    free: Vec<u32>,
}

impl Default for Ends {
    fn default() -> Self {
        Self {
            slots: 0,
            few: [NONE; 2 * FEW],
            many: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl Ends {
    /// Forgets everything, keeping the room.
    pub fn clear(&mut self) {
        self.few[..2 * self.slots.clamp(1, FEW)].fill(NONE);
        self.many.fill(NONE);
        self.free.clear();
        self.free.extend((0..self.slots as u32).rev());
    }

    /// The first of all; at the end of time if there is none.
    #[inline]
    pub fn first(&self) -> Event {
        self.few[1]
    }

    /// Whether every slot is taken.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    /// How many slots there are.
    pub fn slots(&self) -> usize {
        self.slots
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
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a part of the one hot loop")]
    pub fn set(&mut self, slot: usize, event: Event) {
        match self.slots {
            8 => play::<8>(&mut self.few, slot, event),
            16 => play::<16>(&mut self.few, slot, event),
            FEW => play::<FEW>(&mut self.few, slot, event),
            _ => self.few[1] = play_among_many(&mut self.many, slot, event),
        }
    }

    /// Room for twice as many.
    pub fn grow(&mut self) {
        let before = self.slots;
        let nodes = if before > FEW {
            &self.many[..]
        } else {
            &self.few[..]
        };
        let leaves = nodes[before..2 * before].to_vec();
        self.slots = (2 * before).max(FEWEST);
        if self.slots > FEW {
            self.many.clear();
            self.many.resize(2 * self.slots, NONE);
        } else {
            self.few.fill(NONE);
        }
        self.free.extend((before as u32..self.slots as u32).rev());
        for (slot, event) in leaves.into_iter().enumerate() {
            self.set(slot, event);
        }
    }
}

/// Plays again from one of so many slots, a power of two, to the root.
#[inline]
fn play<const SLOTS: usize>(nodes: &mut [Event; 2 * FEW], slot: usize, event: Event) {
    let (mut at, mut sooner) = (SLOTS | (slot % SLOTS), event);
    let mut round = SLOTS;
    while round > 1 {
        nodes[at] = sooner;
        sooner = sooner_of(sooner, nodes[at ^ 1]);
        at /= 2;
        round /= 2;
    }
    nodes[1] = sooner;
}

/// The same among more than a few; gives the soonest.
#[inline(never)]
fn play_among_many(nodes: &mut [Event], slot: usize, event: Event) -> Event {
    let (mut at, mut sooner) = (nodes.len() / 2 + slot, event);
    while at > 1 {
        nodes[at] = sooner;
        sooner = sooner_of(sooner, nodes[at ^ 1]);
        at /= 2;
    }
    sooner
}

#[inline]
fn sooner_of(one: Event, other: Event) -> Event {
    if other < one { other } else { one }
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
            if draw % 5 < 3 && naive.len() < number as usize / 25 {
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
