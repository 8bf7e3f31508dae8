//! M/M/10 as a bare loop: integer time, a 4-ary heap, Xoshiro256++, ziggurat
//! exponentials, a ring of those who wait, mean and histogram of the waits. It can
//! do nothing else: no other law, roster, priority, interval or confidence.

use super::heap::Heap;
use rand::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::VecDeque;

const SERVERS: u32 = 10;
const ARRIVAL: u128 = 0;
const DEPARTURE: u128 = 1;
const NANOS_PER_MINUTE: f64 = 6e10;

/// What the loop tells.
pub struct Told {
    pub events: u64,
    pub mean_wait_minutes: f64,
    pub histogram: Vec<u64>,
}

/// Serves so many customers of mean service one minute, nine a minute coming.
pub fn run(customers: u64, seed: u64) -> Told {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut exponential = |mean: f64| {
        let drawn: f64 = Exp1.sample(&mut generator);
        (drawn * mean) as u64
    };
    let key = |time: u64, kind: u128| (u128::from(time) << 64) | kind;
    let mut heap = Heap::default();
    let mut waiting: VecDeque<u64> = VecDeque::with_capacity(1 << 12);
    let mut histogram = vec![0_u64; 64 * 16];
    let (mut served, mut events, mut busy, mut waits) = (0, 0, 0, 0_u128);
    heap.push(key(exponential(NANOS_PER_MINUTE / 9.0), ARRIVAL));
    let mut count = |wait: u64| {
        waits += u128::from(wait);
        histogram[bin_of(wait)] += 1;
    };
    while served < customers {
        let Some(event) = heap.peek() else { break };
        let now = (event >> 64) as u64;
        events += 1;
        if event & 1 == ARRIVAL {
            heap.replace_top(key(now + exponential(NANOS_PER_MINUTE / 9.0), ARRIVAL));
            if busy < SERVERS {
                busy += 1;
                count(0);
                heap.push(key(now + exponential(NANOS_PER_MINUTE), DEPARTURE));
            } else {
                waiting.push_back(now);
            }
        } else {
            served += 1;
            if let Some(arrived) = waiting.pop_front() {
                count(now - arrived);
                heap.replace_top(key(now + exponential(NANOS_PER_MINUTE), DEPARTURE));
            } else {
                busy -= 1;
                heap.pop();
            }
        }
    }
    Told {
        events,
        mean_wait_minutes: waits as f64 / customers as f64 / NANOS_PER_MINUTE,
        histogram,
    }
}

/// Sixteen bins an octave.
fn bin_of(value: u64) -> usize {
    let octave = (value | 16).ilog2();
    (((octave - 3) << 4) as usize) + ((value >> (octave - 4)) & 15) as usize
}
