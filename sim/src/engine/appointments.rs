//! Customers who have booked: when they come, from when their wait counts, and how
//! they stand in line before their time.

use super::calendar::Kind;
use super::visitor::{Standing, State, Visitor};
use super::{Engine, Observer};
use crate::keyed::{Key, Purpose};
use crate::plan::{Plan, RequestId};
use crate::source::Source;

/// Someone who will come for an appointment.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    pub at: u64,
    pub key: Key,
    /// Number of the appointment from 1.
    pub booking: u32,
}

/// Whom an appointment expected in vain, or a ticket called.
#[derive(Debug, Clone, Copy)]
pub struct Absent {
    pub segment: u16,
    pub service_id: u16,
    pub journey: u32,
    /// When it should have come, or came.
    pub at: u64,
}

/// Arrivals and those who have booked, in order of time; of both at one time the
/// booked ones first.
pub fn with_booked(
    plan: &Plan,
    walk_ins: impl Iterator<Item = (u64, Key)>,
    booked: Vec<Expected>,
) -> impl Iterator<Item = (u64, Key)> {
    let last = plan.last_arrival;
    let mut walk_ins = walk_ins.take_while(move |(at, _)| *at < last).peekable();
    let mut booked = booked.into_iter().peekable();
    std::iter::from_fn(move || {
        let due = booked.peek().map(|expected| expected.at);
        let walks_in = walk_ins.peek().map(|(at, _)| *at);
        match (due, walks_in) {
            (Some(due), walks_in) if walks_in.is_none_or(|at| due <= at) => {
                booked.next().map(|expected| (expected.at, expected.key))
            }
            _ => walk_ins.next(),
        }
    })
}

impl<S: Source> Engine<'_, S> {
    /// Draws, from a key of their own, who comes when for the appointments of a
    /// replication; tells of those who do not come.
    pub(super) fn expect_booked<O: Observer>(&mut self, stream: Key, observer: &mut O) {
        self.expected.clear();
        self.next_expected = 0;
        let plan = self.plan;
        let Some(appointments) = &plan.appointments else {
            return;
        };
        for (number, booking) in (1..).zip(&appointments.bookings) {
            let key = stream.nth(u64::from(number));
            let kept = self.source.uniform(key, Purpose::Keeping);
            if kept < appointments.cancelled {
                continue;
            }
            if kept < appointments.cancelled + appointments.no_show {
                let (segment, service_id, journey) = self.purpose_of(number, key);
                let at = booking.at.0;
                observer.missed(&Absent {
                    segment,
                    service_id,
                    journey,
                    at,
                });
                continue;
            }
            let at = appointments
                .punctuality
                .comes_at(booking.at.0, self.source.bits(key, Purpose::Punctuality));
            self.expected.push(Expected {
                at: at.max(plan.open),
                key,
                booking: number,
            });
        }
        self.expected
            .sort_unstable_by_key(|expected| (expected.at, expected.booking));
    }

    /// The appointment of whoever comes now, if it has one.
    pub(super) fn take_expected(&mut self, key: Key) -> Option<u32> {
        let expected = self.expected.get(self.next_expected)?;
        if expected.key != key {
            return None;
        }
        self.next_expected += 1;
        Some(expected.booking)
    }

    /// Segment, service and journey of an appointment.
    pub(super) fn purpose_of(&self, booking: u32, key: Key) -> (u16, u16, u32) {
        let plan = self.plan;
        let booked = plan
            .appointments
            .as_ref()
            .and_then(|it| it.bookings.get(booking as usize - 1));
        let number = booked.map_or(0, |booked| booked.segment);
        let (service, journey) = match booked.and_then(|booked| booked.service) {
            Some((service, journey)) => (service as u16, journey as u32),
            None => super::choose_service(&plan.segments[number], || {
                self.source.uniform(key, Purpose::Service)
            }),
        };
        let journey = self.channel_of(number as u16, service, journey, key);
        (number as u16, service, journey)
    }

    /// What a customer asks for: with an appointment, in a line of its own where
    /// servers are reserved.
    pub(super) fn as_booked(&self, slot: usize, request: RequestId) -> RequestId {
        match self.plan.requests[request as usize].if_booked {
            Some(booked) if self.visitors[slot].booking != 0 => booked,
            _ => request,
        }
    }

    /// When a customer's wait begins to count: at arrival, or at its appointment if
    /// that is later, but not later than its first service.
    pub(super) fn clock_of(&self, visitor: &Visitor) -> u64 {
        if visitor.booking == 0 {
            return visitor.arrived;
        }
        let begun = if visitor.started {
            visitor.first_begun
        } else {
            u64::MAX
        };
        let booked = self
            .plan
            .appointments
            .as_ref()
            .and_then(|it| it.bookings.get(visitor.booking as usize - 1));
        booked.map_or(visitor.arrived, |booked| {
            booked.at.0.min(begun).max(visitor.arrived)
        })
    }

    /// Someone who is early stands behind everybody until its appointment.
    pub(super) fn stand_early(&mut self, slot: usize, due: u64) {
        let tag = self.calendar.push(due, Kind::Abandonment, slot);
        self.visitors[slot].turn = tag;
    }

    /// The time has come that changes a customer's place in line.
    pub(super) fn turn_comes<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let unbegun = self.waits_unbegun(slot);
        if self.visitors[slot].standing == Standing::Early {
            if unbegun {
                self.expect_promotion(slot, self.now);
            }
            self.stand_as(slot, Standing::Usual, observer);
        } else if unbegun {
            self.stand_as(slot, Standing::Promoted, observer);
        }
    }

    /// A customer, or with errands each of them that has not begun, stands in line
    /// in another way from now on.
    fn stand_as<O: Observer>(&mut self, slot: usize, standing: Standing, observer: &mut O) {
        let mut next = Some(slot);
        while let Some(slot) = next {
            next = self.errands.after(slot);
            let visitor = &mut self.visitors[slot];
            visitor.standing = standing;
            if visitor.state == State::Waiting && !visitor.started {
                self.stand_anew(slot, observer);
            }
        }
    }
}
