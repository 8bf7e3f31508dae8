//! How a run went second by second, in so many slots of time that memory does not grow with its
//! length.

use super::Ended;
use super::times::{LONGEST_MICROS, quantile};
use crate::fate::Outcome;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;

/// When there are more slots than this, two neighbours become one.
const MOST_SLOTS: usize = 1200;

/// Latencies of one slot of seconds, to two digits.
#[derive(Debug, Clone)]
struct Slot {
    histogram: Histogram<u32>,
    /// That were to start in it.
    offered: u64,
    /// That ended in it with an answer.
    answered: u64,
    /// Of those, as they should.
    succeeded: u64,
}

impl Slot {
    fn new() -> Self {
        let mut histogram = Histogram::new_with_max(1000, 2).expect("1000 is a valid maximum");
        histogram.auto(true);
        Self {
            histogram,
            offered: 0,
            answered: 0,
            succeeded: 0,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("a histogram that resizes itself takes any other");
        self.offered += other.offered;
        self.answered += other.answered;
        self.succeeded += other.succeeded;
    }
}

/// One slot of seconds as it is told. Rates are a second's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlotRow {
    /// Its first second.
    pub second: u64,
    /// How many seconds it holds.
    pub seconds: u64,
    pub offered: u64,
    pub answered: u64,
    pub succeeded: u64,
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    pub max: Option<f64>,
}

/// All slots of a run.
#[derive(Debug, Clone)]
pub struct Slots {
    /// Seconds that each holds.
    seconds_each: u64,
    slots: BTreeMap<u64, Slot>,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            seconds_each: 1,
            slots: BTreeMap::new(),
        }
    }
}

impl Slots {
    /// Enters it at the second it was to start in, and its answer at the second it came.
    pub fn enter(&mut self, ended: &Ended, timed: bool) {
        let Some(intended) = ended.intended else {
            return;
        };
        let slot = self.slot(intended);
        slot.offered += 1;
        if let (true, Some(latency)) = (timed, ended.latency) {
            let micros = latency.div_ceil(1000).clamp(1, LONGEST_MICROS);
            // To saturate would cut the value off instead of making room for it.
            let recorded = slot.histogram.record(micros);
            recorded.expect("a histogram that resizes itself takes up to 120 s");
        }
        if ended.answered {
            let slot = self.slot(intended.saturating_add(ended.latency.unwrap_or(0)));
            slot.answered += 1;
            slot.succeeded += u64::from(ended.outcome == Outcome::Succeeded);
        }
    }

    /// The slot of a moment, in nanoseconds from the start.
    fn slot(&mut self, nanos: u64) -> &mut Slot {
        let second = nanos / 1_000_000_000;
        let key = |of: u64| second / of * of;
        while self.slots.len() >= MOST_SLOTS && !self.slots.contains_key(&key(self.seconds_each)) {
            self.seconds_each *= 2;
            let wide = self.seconds_each;
            let mut merged: BTreeMap<u64, Slot> = BTreeMap::new();
            for (second, slot) in std::mem::take(&mut self.slots) {
                merged
                    .entry(second / wide * wide)
                    .and_modify(|first| first.merge(&slot))
                    .or_insert(slot);
            }
            self.slots = merged;
        }
        self.slots
            .entry(key(self.seconds_each))
            .or_insert_with(Slot::new)
    }

    /// Latencies of the operations that were to start between two seconds.
    pub fn latencies_between(&self, from: u64, to: u64) -> Histogram<u32> {
        let mut all = Slot::new();
        for (second, slot) in &self.slots {
            if (from..to).contains(second) {
                all.merge(slot);
            }
        }
        all.histogram
    }

    /// Each slot, in order.
    pub fn seconds(&self) -> impl Iterator<Item = SlotRow> + '_ {
        self.slots.iter().map(|(second, slot)| {
            let histogram = &slot.histogram;
            SlotRow {
                second: *second,
                seconds: self.seconds_each,
                offered: slot.offered,
                answered: slot.answered,
                succeeded: slot.succeeded,
                p50: quantile(histogram, 0.5),
                p99: quantile(histogram, 0.99),
                max: (!histogram.is_empty()).then(|| histogram.max() as f64 / 1e6),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Book;
    use super::*;
    use crate::kind::Kind;

    fn success(second: u64) -> Ended {
        Ended {
            kind: Kind {
                channel: None,
                operation: 0,
            },
            warm_up: false,
            outcome: Outcome::Succeeded,
            answered: true,
            intended: Some(second * 1_000_000_000),
            latency: Some(2_000_000),
            service: None,
            lag: None,
        }
    }

    #[test]
    fn a_day_of_seconds_stays_in_few_slots_and_none_is_lost() {
        let mut book = Book::new(&[]);
        for second in 0..86_400 {
            book.enter(&success(second));
        }
        let slots: Vec<SlotRow> = book.seconds().collect();
        assert!(slots.len() <= MOST_SLOTS, "{}", slots.len());
        let sum = |of: fn(&SlotRow) -> u64| slots.iter().map(of).sum::<u64>();
        assert_eq!(sum(|slot| slot.offered), 86_400);
        assert_eq!(sum(|slot| slot.succeeded), 86_400);
        assert_eq!(slots[1].offered, slots[1].seconds);
    }

    #[test]
    fn a_slot_tells_long_latencies_as_they_are() {
        let mut book = Book::new(&[]);
        for part in 1..=100 {
            book.enter(&Ended {
                latency: Some(part * 10_000_000),
                ..success(3)
            });
        }
        let slot = book.seconds().next().unwrap();
        let (p50, max) = (slot.p50.unwrap(), slot.max.unwrap());
        assert!((0.49..0.51).contains(&p50), "{p50}");
        assert!((0.99..1.01).contains(&max), "{max}");
    }
}
