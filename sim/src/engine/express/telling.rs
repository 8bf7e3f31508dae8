//! What is told of customers who leave.

use super::Express;
use super::card::Card;
use super::heads::Heads;
use super::routes::Aim;
use crate::engine::Observer;
use crate::engine::visitor::{Departure, Fate};

impl Express<'_> {
    /// Tells of somebody for whom there is nothing to do.
    #[cold]
    pub(super) fn tell_served_at_once<O: Observer>(&mut self, card: Card, observer: &mut O) {
        let now = self.now;
        let served = departure(self.aim_of(card), card, now, (0, now));
        self.tell(card, &served, observer);
    }

    /// Tells of somebody who has not been served.
    #[inline(never)]
    pub(super) fn tell_unserved<O: Observer>(
        &mut self,
        fate: Fate,
        card: Card,
        arrived: u64,
        left: u64,
        observer: &mut O,
    ) {
        let wait = if fate == Fate::Unserved {
            0
        } else {
            left - arrived
        };
        let unserved = Departure {
            fate,
            wait,
            ..departure(self.aim_of(card), card, arrived, (0, left))
        };
        self.tell(card, &unserved, observer);
    }

    fn tell<O: Observer>(&mut self, card: Card, departure: &Departure, observer: &mut O) {
        self.inside -= Heads::one(card.counted());
        if card.counted().is() {
            if departure.fate != Fate::Unserved {
                self.ending.last_left = self.ending.last_left.max(departure.left);
            }
            observer.departed(departure);
        }
    }
}

/// What is told of a customer who has begun and leaves at these times, but for what is
/// above zero of the parts of its time.
#[inline]
pub(super) fn departure(
    aim: &Aim<'_>,
    card: Card,
    arrived: u64,
    (begun, left): (u64, u64),
) -> Departure {
    Departure {
        fate: Fate::Served,
        index: card.index(),
        arrived,
        begun,
        clock: arrived,
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
