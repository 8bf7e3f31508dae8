//! How latency went over the time of a run: whether it drifted while the load was
//! steady, and how long it took to come back after a spike.

use crate::measurement::{Book, SlotRow};

/// Thirds of a steady run shorter than this many seconds tell nothing.
const SHORTEST_STEADY: u64 = 15;
/// Latencies in a third below which its median tells nothing.
const FEWEST: u64 = 100;
/// Seconds in a row after which a latency has come back.
const IN_A_ROW: usize = 3;
/// So many times the latency before the spike is as good as before.
const AS_GOOD: f64 = 2.0;
/// A median below this is never called disturbed: it is the network's and the machine's.
const HARMLESS: f64 = 0.002;

/// A spike in the load: real seconds from the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spike {
    /// When it begins.
    pub begins: f64,
    /// When it is over.
    pub ends: f64,
}

/// What came after a spike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Recovery {
    /// Latency was back after so many seconds.
    After(f64),
    /// It was not back when the run ended, so many seconds later.
    NotWithin(f64),
}

impl Recovery {
    /// Seconds, at least.
    pub fn seconds(self) -> f64 {
        match self {
            Self::After(seconds) | Self::NotWithin(seconds) => seconds,
        }
    }
}

/// The median latency of the last third of the seconds from `begin` over that of the
/// first third, less 1; none where either tells nothing.
pub fn latency_drift(book: &Book, begin: u64) -> Option<f64> {
    let last = book
        .seconds()
        .map(|slot| slot.second + slot.seconds)
        .max()?;
    let length = last
        .checked_sub(begin)
        .filter(|it| *it >= SHORTEST_STEADY)?;
    let median = |from: u64, to: u64| {
        let latencies = book.latencies_between(from, to);
        (latencies.len() >= FEWEST).then(|| latencies.value_at_quantile(0.5) as f64)
    };
    let first = median(begin, begin + length / 3)?;
    let last = median(last - length / 3, last)?;
    Some(last / first - 1.0)
}

/// The mean of the last third over that of the first, less 1.
pub fn drift_of(readings: &[f64]) -> Option<f64> {
    let third = readings.len() / 3;
    if (readings.len() as u64) < SHORTEST_STEADY {
        return None;
    }
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let first = mean(&readings[..third]);
    let last = mean(&readings[readings.len() - third..]);
    (first > 0.0).then(|| last / first - 1.0)
}

/// How long after the spike until the median latency of three seconds in a row was at most
/// twice what it was before the spike; none where nothing was measured before or after it.
pub fn recovery(book: &Book, begin: u64, spike: Spike) -> Option<Recovery> {
    let slots: Vec<SlotRow> = book.seconds().collect();
    let middle = |slot: &SlotRow| slot.p50.or(slot.max);
    let mut before: Vec<f64> = slots
        .iter()
        .filter(|slot| {
            slot.second >= begin && ((slot.second + slot.seconds) as f64) <= spike.begins
        })
        .filter_map(middle)
        .collect();
    before.sort_by(f64::total_cmp);
    let usual = *before.get(before.len() / 2)?;
    let good = (usual * AS_GOOD).max(HARMLESS);
    let after: Vec<&SlotRow> = slots
        .iter()
        .filter(|slot| slot.second as f64 >= spike.ends.floor() && slot.offered > 0)
        .collect();
    let end = after
        .last()
        .map(|slot| (slot.second + slot.seconds) as f64)?;
    let is_good = |slot: &&SlotRow| middle(slot).is_some_and(|latency| latency <= good);
    let back = after
        .windows(IN_A_ROW)
        .find(|row| row.iter().all(is_good))
        .map(|row| row[0].second as f64);
    Some(match back {
        Some(second) => Recovery::After((second - spike.ends).max(0.0)),
        None => Recovery::NotWithin((end - spike.ends).max(0.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fate::Outcome;
    use crate::kind::Kind;
    use crate::measurement::Ended;

    /// A hundred operations in each second, each as slow as `of` says for it.
    fn book(seconds: u64, of: impl Fn(u64) -> u64) -> Book {
        let mut book = Book::new(&[]);
        for second in 0..seconds {
            for part in 0..100 {
                book.enter(&Ended {
                    kind: Kind {
                        channel: None,
                        operation: 0,
                    },
                    warm_up: false,
                    outcome: Outcome::Succeeded,
                    answered: true,
                    intended: Some(second * 1_000_000_000 + part * 10_000_000),
                    latency: Some(of(second) * 1_000_000),
                    service: None,
                    lag: None,
                });
            }
        }
        book
    }

    #[test]
    fn latency_that_grows_by_half_drifts_by_half() {
        let steady = latency_drift(&book(30, |_| 10), 0).unwrap();
        assert!(steady.abs() < 0.02, "{steady}");
        let growing = latency_drift(&book(30, |second| if second < 15 { 10 } else { 15 }), 0);
        assert!((growing.unwrap() - 0.5).abs() < 0.02, "{growing:?}");
        assert_eq!(latency_drift(&book(9, |_| 10), 0), None);
    }

    #[test]
    fn memory_that_doubles_drifts_by_its_thirds() {
        let readings: Vec<f64> = (0..30).map(|n| if n < 15 { 1.0 } else { 2.0 }).collect();
        assert_eq!(drift_of(&readings), Some(1.0));
        assert_eq!(drift_of(&readings[..10]), None);
    }

    #[test]
    fn recovery_counts_from_the_end_of_the_spike_to_three_good_seconds() {
        let spike = Spike {
            begins: 10.0,
            ends: 15.0,
        };
        // 10 ms before; slow until 22, good at 20 for a moment only.
        let slow = |second: u64| match second {
            10..=19 | 21 => 500,
            _ => 10,
        };
        let found = recovery(&book(40, slow), 0, spike);
        assert_eq!(found, Some(Recovery::After(7.0)));
        let never = recovery(
            &book(40, |second| if second < 10 { 10 } else { 500 }),
            0,
            spike,
        );
        assert_eq!(never, Some(Recovery::NotWithin(25.0)));
        let at_once = recovery(&book(40, |_| 10), 0, spike);
        assert_eq!(at_once, Some(Recovery::After(0.0)));
    }
}
