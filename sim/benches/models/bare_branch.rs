//! The branch day of `branch_day.toml`, written by hand for that day alone.
//!
//! It gives what a planner looks at first: for each class the customers, who gave
//! up, the mean wait and time in branch, the share within five minutes, a
//! histogram of waits for its quantiles, and the servers' occupancy. It leaves out
//! confidence intervals, intervals of the day, quantiles of any figure but the
//! wait, minima, maxima and spreads, queue lengths over time, common random
//! numbers between variants (its draws come in the order of the events), and every
//! rule but its own.

use super::heap::Heap;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::VecDeque;

const MINUTE: f64 = 60e6;
const HOUR: u64 = 3_600_000_000;
const FIVE_MINUTES: u64 = 300_000_000;
const ARRIVAL: u64 = 0;
const ROSTER: u64 = 1;
const DEPARTURE: u64 = 2;

/// Expected customers of each hour: 911 a day.
const HOURLY: [f64; 8] = [110.0, 148.0, 140.0, 92.0, 84.0, 121.0, 126.0, 90.0];

/// A class: its share, mean service in minutes, coefficient of variation, mean
/// patience in minutes, and which servers can serve it.
struct Class {
    share: f64,
    mean: f64,
    cv: f64,
    patience: f64,
    able: u32,
}

/// The first is served first; the others by order of coming.
const CLASSES: [Class; 3] = [
    Class {
        share: 0.08,
        mean: 5.0,
        cv: 0.7,
        patience: 15.0,
        able: 0b1100_0000,
    },
    Class {
        share: 0.60,
        mean: 2.8,
        cv: 0.6,
        patience: 25.0,
        able: 0b1011_1111,
    },
    Class {
        share: 0.32,
        mean: 4.2,
        cv: 0.8,
        patience: 30.0,
        able: 0b1111_1000,
    },
];

/// When each of the eight is on duty, in hours after opening.
const SHIFTS: [&[(f64, f64)]; 8] = [
    &[(0.0, 8.0)],
    &[(0.0, 3.0), (3.5, 8.0)],
    &[(1.0, 6.5)],
    &[(0.0, 3.5), (4.0, 8.0)],
    &[(0.5, 8.0)],
    &[(0.0, 4.0), (4.5, 7.0)],
    &[(0.0, 3.0), (3.5, 8.0)],
    &[(0.0, 4.0), (4.5, 8.0)],
];

/// What is told of a class.
#[derive(Clone)]
pub struct ClassTold {
    pub came: u64,
    pub served: u64,
    pub abandoned: u64,
    pub waits: u128,
    pub times: u128,
    pub within_five_minutes: u64,
    pub histogram: Vec<u64>,
}

/// What the days tell.
pub struct Told {
    pub events: u64,
    pub classes: Vec<ClassTold>,
    pub busy: u128,
    pub on_duty: u128,
}

struct Waiting {
    arrived: u64,
    deadline: u64,
    service: u64,
}

struct Day<'run> {
    generator: &'run mut Xoshiro256PlusPlus,
    told: &'run mut Told,
    heap: &'run mut Heap,
    lines: &'run mut [VecDeque<Waiting>; 3],
    idle: u32,
    on_duty: u32,
    laws: [(f64, f64); 3],
}

/// Goes through so many days.
pub fn run(days: u32, seed: u64) -> Told {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let class = ClassTold {
        came: 0,
        served: 0,
        abandoned: 0,
        waits: 0,
        times: 0,
        within_five_minutes: 0,
        histogram: vec![0; 64 * 16],
    };
    let mut told = Told {
        events: 0,
        classes: vec![class; 3],
        busy: 0,
        on_duty: 0,
    };
    let (mut heap, mut lines) = (Heap::default(), Default::default());
    let changes = changes();
    let laws = CLASSES.map(|class| {
        let variance = (1.0 + class.cv * class.cv).ln();
        ((class.mean * MINUTE).ln() - variance / 2.0, variance.sqrt())
    });
    for _ in 0..days {
        Day {
            generator: &mut generator,
            told: &mut told,
            heap: &mut heap,
            lines: &mut lines,
            idle: 0,
            on_duty: 0,
            laws,
        }
        .run(&changes);
    }
    told
}

/// `(time, server, comes)`, in order.
fn changes() -> Vec<(u64, u32, bool)> {
    let hours = |hours: f64| (hours * HOUR as f64) as u64;
    let mut changes = Vec::new();
    for (server, shifts) in SHIFTS.iter().enumerate() {
        for (from, to) in *shifts {
            changes.push((hours(*from), server as u32, true));
            if *to < 8.0 {
                changes.push((hours(*to), server as u32, false));
            }
        }
    }
    changes.sort_unstable();
    changes
}

fn key(time: u64, kind: u64, who: u64) -> u128 {
    (u128::from(time) << 64) | u128::from((kind << 32) | who)
}

impl Day<'_> {
    fn run(&mut self, changes: &[(u64, u32, bool)]) {
        self.heap.clear();
        for (number, (time, ..)) in changes.iter().enumerate() {
            self.heap.push(key(*time, ROSTER, number as u64));
        }
        if let Some(first) = self.next_arrival(0) {
            self.heap.push(key(first, ARRIVAL, 0));
        }
        let mut since: Vec<u64> = vec![0; SHIFTS.len()];
        let mut now = 0;
        while let Some(event) = self.heap.peek() {
            now = (event >> 64) as u64;
            self.told.events += 1;
            let who = event as u32;
            match (event as u64) >> 32 {
                ARRIVAL => {
                    match self.next_arrival(now) {
                        Some(next) => self.heap.replace_top(key(next, ARRIVAL, 0)),
                        None => self.heap.pop(),
                    }
                    self.arrive(now);
                }
                ROSTER => {
                    self.heap.pop();
                    let (_, server, comes) = changes[who as usize];
                    if comes {
                        self.on_duty |= 1 << server;
                        if self.heap.holds(key(0, DEPARTURE, u64::from(server)) as u64) {
                            // Still with the customer from before the break.
                            self.told.on_duty += u128::from(now - since[server as usize]);
                            since[server as usize] = now;
                            continue;
                        }
                        since[server as usize] = now;
                        if !self.serve_next(server, now, false) {
                            self.idle |= 1 << server;
                        }
                    } else {
                        self.told.on_duty += u128::from(now - since[server as usize]);
                        since[server as usize] = now;
                        self.on_duty &= !(1 << server);
                        self.idle &= !(1 << server);
                    }
                }
                _ => {
                    let on_duty = self.on_duty >> who & 1 == 1;
                    if !on_duty || !self.serve_next(who, now, true) {
                        self.heap.pop();
                        if on_duty {
                            self.idle |= 1 << who;
                        } else {
                            // Who finishes a customer after its shift is there so long.
                            self.told.on_duty += u128::from(now - since[who as usize]);
                        }
                    }
                }
            }
        }
        for (server, since) in since.into_iter().enumerate() {
            if self.on_duty >> server & 1 == 1 {
                self.told.on_duty += u128::from(now.max(8 * HOUR) - since);
            }
        }
    }

    /// The rate is constant within an hour, so the gap begins anew at its end.
    fn next_arrival(&mut self, mut from: u64) -> Option<u64> {
        loop {
            let hour = from / HOUR;
            let expected = HOURLY.get(hour as usize)?;
            let gap: f64 = Exp1.sample(self.generator);
            let at = from + (gap * HOUR as f64 / expected) as u64;
            if at < (hour + 1) * HOUR {
                return Some(at);
            }
            from = (hour + 1) * HOUR;
        }
    }

    fn arrive(&mut self, now: u64) {
        let u: f64 = self.generator.random();
        let class = usize::from(u >= CLASSES[0].share)
            + usize::from(u >= CLASSES[0].share + CLASSES[1].share);
        self.told.classes[class].came += 1;
        let (mu, sigma) = self.laws[class];
        let normal: f64 = StandardNormal.sample(self.generator);
        let service = (mu + sigma * normal).exp() as u64;
        let able = self.idle & CLASSES[class].able;
        if able != 0 {
            let server = able.trailing_zeros();
            self.idle &= !(1 << server);
            self.serve(class, 0, service);
            self.heap
                .push(key(now + service, DEPARTURE, u64::from(server)));
        } else {
            let patience: f64 = Exp1.sample(self.generator);
            self.lines[class].push_back(Waiting {
                arrived: now,
                deadline: now + (patience * CLASSES[class].patience * MINUTE) as u64,
                service,
            });
        }
    }

    fn serve(&mut self, class: usize, wait: u64, service: u64) {
        let told = &mut self.told.classes[class];
        told.served += 1;
        told.waits += u128::from(wait);
        told.times += u128::from(wait + service);
        told.within_five_minutes += u64::from(wait <= FIVE_MINUTES);
        told.histogram[bin_of(wait)] += 1;
        self.told.busy += u128::from(service);
    }

    /// The next whom this server can serve; those whose patience has ended are
    /// found here.
    fn serve_next(&mut self, server: u32, now: u64, replaces: bool) -> bool {
        let mut best: Option<(usize, u64)> = None;
        for (class, planned) in CLASSES.iter().enumerate() {
            if planned.able >> server & 1 == 0 {
                continue;
            }
            let told = &mut self.told.classes[class];
            while let Some(first) = self.lines[class].front() {
                if first.deadline >= now {
                    let first_of_all =
                        best.is_none_or(|(class, arrived)| class != 0 && first.arrived < arrived);
                    if first_of_all {
                        best = Some((class, first.arrived));
                    }
                    break;
                }
                told.abandoned += 1;
                // Whoever waited longer than five minutes is not within them.
                self.lines[class].pop_front();
            }
        }
        let Some((class, arrived)) = best else {
            return false;
        };
        let Some(first) = self.lines[class].pop_front() else {
            return false;
        };
        self.serve(class, now - arrived, first.service);
        let departure = key(now + first.service, DEPARTURE, u64::from(server));
        if replaces {
            self.heap.replace_top(departure);
        } else {
            self.heap.push(departure);
        }
        true
    }
}

/// Sixteen bins an octave.
fn bin_of(value: u64) -> usize {
    let octave = (value | 16).ilog2();
    (((octave - 3) << 4) as usize) + ((value >> (octave - 4)) & 15) as usize
}
