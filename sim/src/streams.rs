//! Random numbers in the order of events: one stream of `MRG32k3a` for each kind of
//! purpose, carried from one day to the next, as simulators in the tradition of
//! SSJ draw them. For agreement with published runs to the last digit; variants
//! of a scenario do not meet the same customers.

use crate::keyed::{Key, Purpose};
use crate::law::{Sampler, gamma_from};
use crate::mrg32k3a::Mrg32k3a;
use crate::source::Source;
use std::cell::Cell;

/// Streams, in their order of creation.
const STREAMS: usize = 20;

/// One stream for each kind of purpose. `docs/simulation.md` has their order.
#[derive(Debug)]
pub struct Streams {
    each: [Cell<Mrg32k3a>; STREAMS],
}

impl Streams {
    /// Streams at their beginning; the package seed is six times this.
    pub fn new(seed: u64) -> Self {
        let mut next = Mrg32k3a::seeded(seed);
        let each = std::array::from_fn(|_| {
            let stream = next;
            next = stream.next_stream();
            Cell::new(stream)
        });
        Self { each }
    }

    fn next(&self, purpose: Purpose) -> f64 {
        let cell = &self.each[stream_of(purpose)];
        let mut stream = cell.get();
        let number = stream.next_uniform();
        cell.set(stream);
        number
    }
}

/// Which stream a purpose draws from.
fn stream_of(purpose: Purpose) -> usize {
    match purpose {
        Purpose::Gap => 0,
        Purpose::JourneyTime { .. } | Purpose::StepTime { .. } => 1,
        Purpose::Capacity { .. } => 2,
        Purpose::Balking => 3,
        Purpose::Segment => 4,
        Purpose::Service => 5,
        Purpose::Patience => 6,
        Purpose::Busyness => 7,
        Purpose::Group => 8,
        Purpose::StepTaken { .. } => 9,
        Purpose::Failure { .. } => 10,
        Purpose::Repeat { .. } => 11,
        Purpose::Latency { .. } => 12,
        Purpose::Retry => 13,
        Purpose::Away => 14,
        Purpose::Line { .. } => 15,
        Purpose::Pick { .. } => 16,
        Purpose::Up { .. } => 17,
        Purpose::Down { .. } => 18,
        _ => STREAMS - 1,
    }
}

impl Source for Streams {
    fn bits(&self, _key: Key, purpose: Purpose) -> u64 {
        (self.next(purpose) * 2f64.powi(64)) as u64
    }

    fn uniform(&self, _key: Key, purpose: Purpose) -> f64 {
        self.next(purpose)
    }

    fn micros(&self, law: &Sampler, _key: Key, purpose: Purpose) -> u64 {
        law.micros_from(&mut || self.next(purpose))
    }

    fn exponential(&self, _key: Key, purpose: Purpose) -> f64 {
        -libm::log1p(-self.next(purpose))
    }

    fn gamma(&self, shape: f64, _key: Key, purpose: Purpose) -> f64 {
        gamma_from(shape, &mut || self.next(purpose))
    }
}
