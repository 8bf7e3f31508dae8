//! What is told of customers who leave.

use super::Express;
use super::heads::Heads;
use super::lanes::Waiting;
use super::routes::Aim;
use crate::engine::Observer;
use crate::engine::visitor::{Departure, Fate};

impl Express<'_> {
    /// Tells of somebody for whom there is nothing to do.
    #[cold]
    pub(super) fn tell_served_at_once<O: Observer>(&mut self, who: Waiting, observer: &mut O) {
        let served = departure(self.aim_of(&who), &who, 0, self.now);
        self.tell(who.card.is_counted(), &served, observer);
    }

    /// Tells of somebody who has not been served.
    #[inline(never)]
    pub(super) fn tell_unserved<O: Observer>(
        &mut self,
        fate: Fate,
        who: Waiting,
        left: u64,
        observer: &mut O,
    ) {
        let wait = if fate == Fate::Unserved {
            0
        } else {
            left - who.arrived
        };
        let unserved = Departure {
            fate,
            wait,
            ..departure(self.aim_of(&who), &who, 0, left)
        };
        self.tell(who.card.is_counted(), &unserved, observer);
    }

    fn tell<O: Observer>(&mut self, counted: bool, departure: &Departure, observer: &mut O) {
        self.inside -= Heads::one(counted);
        if counted {
            if departure.fate != Fate::Unserved {
                self.ending.last_left = self.ending.last_left.max(departure.left);
            }
            observer.departed(departure);
        }
    }
}

/// What is told of a customer who leaves, but for what is above zero of the parts of
/// its time.
#[inline]
pub(super) fn departure(aim: &Aim<'_>, who: &Waiting, begun: u64, left: u64) -> Departure {
    Departure {
        fate: Fate::Served,
        index: who.card.index(),
        arrived: who.arrived,
        begun,
        clock: who.arrived,
        away: 0,
        left,
        segment: aim.segment,
        service_id: aim.service,
        journey: aim.number,
        fell_back: false,
        wait: 0,
        service: 0,
        review: 0,
        system: 0,
        fallback: 0,
    }
}
