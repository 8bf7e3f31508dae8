//! Which figures a scenario has at all: those that nothing in it can cause are
//! not reported, and a gate on them is an error.

use super::{Closing, Effect, Scenario, Through};
use crate::figure::Figure;

impl Scenario {
    /// What would have to be in the scenario for a figure of its day to be
    /// reported; none if it is.
    pub fn lacks_cause_of(&self, figure: Figure) -> Option<&'static str> {
        let (caused, cause) = match figure {
            Figure::Balked => (
                self.resources.iter().any(|it| it.queue.room.is_some())
                    || self
                        .segments
                        .iter()
                        .any(|it| it.conduct.balking.is_some() || it.comes_again()),
                "`balked` needs a `room`, a `balking` or a `retry`: nobody leaves at the door here",
            ),
            Figure::TurnedAway => (
                self.day.closing != Closing::ServeAllInside
                    || self.appointments.is_some()
                    || self.incidents.iter().any(|it| it.effect == Effect::Closed),
                "`turned_away` needs a `closing` of the day: everyone inside is served here",
            ),
            Figure::NoShows => (
                self.appointments
                    .as_ref()
                    .is_some_and(|it| it.no_show > 0.0)
                    || self.resources.iter().any(|it| it.queue.tickets.is_some()),
                "`no_shows` needs a resource with `tickets`, or a `no_show` of the appointments",
            ),
            Figure::TriedMobile => (
                self.segments.iter().any(super::Segment::goes_mobile),
                "`tried_mobile` needs a `retry` with `through = \"mobile\"` of a segment",
            ),
            Figure::WaitFromArrival => (
                self.appointments.is_some(),
                "`wait_from_arrival` needs [appointments]: every wait counts from arrival here",
            ),
            _ => (true, ""),
        };
        (!caused).then_some(cause)
    }
}

impl super::Segment {
    /// Whether some of those who leave unserved come again.
    pub fn comes_again(&self) -> bool {
        let retry = self.conduct.retry.as_ref();
        retry.is_some_and(|retry| retry.through == Through::Branch)
    }

    /// Whether some of those who leave unserved try it on the phone.
    pub fn goes_mobile(&self) -> bool {
        let retry = self.conduct.retry.as_ref();
        retry.is_some_and(|retry| retry.through == Through::Mobile)
    }
}
