//! A municipal office in Warsaw, replayed: snapshots, about every five minutes, of
//! open counters, people waiting and the last ticket called become a roster and a
//! ticket log for each day, as a planner would write them.

use super::{means_of_both, scenario};
use scenarios::time::SimTime;
use sim::{CustomerFate, Options, records};
use std::collections::BTreeMap;
use std::fmt::Write;

const OPEN: u64 = 7 * 60 + 50;
const CLOSE: u64 = 19 * 60;

/// What the display showed at a moment, in minutes since midnight.
struct Snapshot {
    at: u64,
    counters: u32,
    waiting: i64,
    ticket: i64,
}

/// The days of one queue, by date.
pub struct Queue {
    days: BTreeMap<String, Vec<Snapshot>>,
}

impl Queue {
    pub fn new(letter: &str) -> Self {
        let mut days: BTreeMap<String, Vec<Snapshot>> = BTreeMap::new();
        let file = include_str!("../data/warsaw/warsaw_mokotow2_2020-01.csv");
        for line in file.lines().skip(1) {
            let cells: Vec<&str> = line.trim_end().split(',').collect();
            if cells[3] != letter {
                continue;
            }
            let (hours, minutes) = cells[1].split_once(':').expect("a time");
            let number = |text: &str| text.parse::<u64>().expect("a number");
            days.entry(cells[0].to_owned()).or_default().push(Snapshot {
                at: number(hours) * 60 + number(minutes),
                counters: number(cells[4]) as u32,
                waiting: number(cells[5]).cast_signed(),
                ticket: cells[6].parse().unwrap_or(0),
            });
        }
        Self { days }
    }

    /// Mean number waiting on each day, as observed and as simulated, at the same moments.
    pub fn replayed(&self, service: &str, replications: u32) -> Vec<(f64, f64)> {
        let days = self.days.values();
        days.map(|day| (observed(day), simulated(day, service, replications)))
            .collect()
    }

    /// Customers of a day, on average, by what was observed.
    pub fn arrivals_per_day(&self) -> f64 {
        let all: usize = self.days.values().map(|day| arrivals(day).len()).sum();
        all as f64 / self.days.len() as f64
    }
}

fn observed(day: &[Snapshot]) -> f64 {
    day.iter().map(|it| it.waiting as f64).sum::<f64>() / day.len() as f64
}

/// Seconds since midnight of every customer: those of an interval (tickets called and
/// the change of the queue together) at even distances within it. A count below zero
/// is taken from the next interval.
fn arrivals(day: &[Snapshot]) -> Vec<f64> {
    let mut times = Vec::new();
    let (mut from, mut there, mut owed) = (OPEN.max(day[0].at.saturating_sub(5)), 0, 0);
    for snapshot in day {
        let so_far = snapshot.ticket + snapshot.waiting;
        let came = so_far - there + owed;
        there = so_far;
        owed = came.min(0);
        let length = (snapshot.at - from) as f64 * 60.0;
        for number in 0..came.max(0) {
            let share = (number as f64 + 0.5) / came as f64;
            times.push(from as f64 * 60.0 + share * length);
        }
        from = snapshot.at;
    }
    times
}

fn clock(minute: u64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// The files of a day, and its scenario.
fn simulated(day: &[Snapshot], service: &str, replications: u32) -> f64 {
    let mut tickets = "arrival\n".to_owned();
    for at in arrivals(day) {
        let _ = writeln!(tickets, "{}", at - OPEN as f64 * 60.0);
    }
    // Each count holds until the next snapshot; the last above zero to the end.
    let last = day
        .iter()
        .rposition(|it| it.counters > 0)
        .expect("the office opened");
    let mut roster = "count,from,to\n".to_owned();
    for (number, snapshot) in day[..=last].iter().enumerate() {
        let to = if number == last {
            CLOSE
        } else {
            day[number + 1].at
        };
        if snapshot.counters > 0 {
            let _ = writeln!(
                roster,
                "{},{},{}",
                snapshot.counters,
                clock(snapshot.at),
                clock(to)
            );
        }
    }
    let (open, close) = (clock(OPEN), clock(CLOSE));
    let text = format!(
        "[day]\nopen = \"{open}\"\nclose = \"{close}\"\ninterval = \"10min\"\n[run]\nreplications = {replications}\nseed = 11\n\
         [resources.counter]\nroster = \"roster.csv\"\n[journeys.errand]\ntime = {service}\nholds = [\"counter\"]\n\
         [arrivals]\nreplay = \"tickets.csv\"\n"
    );
    let files = [
        ("tickets.csv", tickets.as_str()),
        ("roster.csv", roster.as_str()),
    ];
    let scenario = scenario(&text, &files);
    let options = Options::of(&scenario);
    let mut waiting = 0_usize;
    for replication in 0..replications {
        let customers = records(&scenario, &options, replication).expect("the scenario is sound");
        assert!(customers.iter().all(|it| it.fate == CustomerFate::Served));
        for snapshot in day {
            let now = SimTime(snapshot.at * 60_000_000);
            waiting += customers
                .iter()
                .filter(|it| it.arrived <= now && it.begun.is_none_or(|begun| begun > now))
                .count();
        }
    }
    waiting as f64 / f64::from(replications) / day.len() as f64
}

/// Pearson's correlation.
pub fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (x, y) = means_of_both(pairs);
    let mixed: f64 = pairs.iter().map(|(a, b)| (a - x) * (b - y)).sum();
    let own = |mean: f64, of: &dyn Fn(&(f64, f64)) -> f64| -> f64 {
        pairs.iter().map(|pair| (of(pair) - mean).powi(2)).sum()
    };
    let (first, second) = (own(x, &|pair| pair.0), own(y, &|pair| pair.1));
    (mixed / n) / (first / n * second / n).sqrt()
}
