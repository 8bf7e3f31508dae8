//! Customers wait in their lanes: who of them is next, and who has lost patience.

use super::Express;
use super::lanes::Waiting;
use crate::engine::Observer;
use crate::engine::calendar::SLOTS;
use crate::engine::visitor::Fate;
use crate::error::SimError;

impl Express<'_> {
    /// The first of these lanes, who does not wait any longer; those who have lost
    /// patience leave.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a part of the one hot loop")]
    pub(super) fn next_of<O: Observer>(&mut self, lanes: u64, observer: &mut O) -> Option<Waiting> {
        loop {
            let lanes = lanes & self.waiting_lanes;
            if lanes == 0 {
                return None;
            }
            let mut lane = lanes.trailing_zeros() as usize;
            if lanes & (lanes - 1) != 0 {
                lane = self.first_of(lanes, lane);
            }
            let people = &mut self.lanes[lane].people;
            if people.front()?.deadline < self.now {
                self.first_gives_up(lane, observer);
                continue;
            }
            let who = people.pop_front();
            self.waiting_lanes &= !(u64::from(people.is_empty()) << lane);
            return who;
        }
    }

    /// The first of a lane is found to have lost patience.
    #[inline(never)]
    fn first_gives_up<O: Observer>(&mut self, lane: usize, observer: &mut O) {
        let people = &mut self.lanes[lane].people;
        let first = people.pop_front();
        if people.is_empty() {
            self.waiting_lanes &= !(1 << lane);
        }
        if let Some(first) = first {
            self.give_up(lane, &first, observer);
        }
    }

    /// Of several lanes in which somebody stands, the first of which is `best`, the one
    /// whose head goes before those of the others.
    #[inline]
    fn first_of(&self, lanes: u64, mut best: usize) -> usize {
        let rank = self.lanes[best].rule.rank;
        let mut others = lanes & (lanes - 1);
        let mut place = self.lanes[best].place_of_head();
        while others != 0 {
            let lane = others.trailing_zeros() as usize;
            others &= others - 1;
            if self.lanes[lane].rule.rank != rank {
                break;
            }
            let other = self.lanes[lane].place_of_head();
            if other < place {
                (best, place) = (lane, other);
            }
        }
        best
    }

    /// Whoever has lost patience before a moment leaves.
    pub(super) fn lose_patience<O: Observer>(&mut self, before: u64, observer: &mut O) {
        for lane in 0..self.lanes.len() {
            let mut people = std::mem::take(&mut self.lanes[lane].people);
            people.retain(|waiting| {
                let stays = waiting.deadline >= before;
                if !stays {
                    self.give_up(lane, waiting, observer);
                }
                stays
            });
            if people.is_empty() {
                self.waiting_lanes &= !(1 << lane);
            }
            self.lanes[lane].people = people;
        }
    }

    /// Somebody has left the lane when its patience ended.
    fn give_up<O: Observer>(&mut self, lane: usize, waiting: &Waiting, observer: &mut O) {
        let since_start = self.stage.since_start(waiting.deadline);
        let desk = self.lanes[lane].rule.desk;
        self.desks[desk].waiting.fall(since_start);
        self.ending.events += 1;
        let Waiting {
            card,
            arrived,
            deadline,
            ..
        } = *waiting;
        self.tell_unserved(Fate::Abandoned, card, arrived, deadline, observer);
    }

    /// Whether one more fits in at a time, when those have left who have lost patience.
    #[cold]
    pub(super) fn make_room<O: Observer>(
        &mut self,
        at: u64,
        observer: &mut O,
    ) -> Result<(), SimError> {
        self.lose_patience(at + 1, observer);
        if self.inside.all() >= SLOTS {
            return Err(SimError::Overcrowded { limit: SLOTS });
        }
        Ok(())
    }
}
