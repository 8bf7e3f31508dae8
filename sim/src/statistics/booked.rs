//! What is told only where customers book: waits counted from arrival.

use super::histogram::{Histogram, bin_of};
use super::moments::{Ratio, Spread};

/// One population's waits from arrival.
#[derive(Debug, Clone, Default)]
pub struct FromArrival {
    pub spread: Spread,
    pub mean: Ratio,
    /// By threshold.
    pub within: Vec<Ratio>,
    pub histogram: Histogram,
}

/// One population's day of them.
#[derive(Debug, Clone, Default)]
struct Day {
    served: u64,
    spread: Spread,
    within: Vec<u64>,
}

/// Those of all populations, and of the day that is going on.
#[derive(Debug, Clone, Default)]
pub struct WaitsFromArrival {
    pub cells: Vec<FromArrival>,
    day: Vec<Day>,
}

impl WaitsFromArrival {
    /// Of so many populations and thresholds; of none where nobody books.
    pub fn new(populations: usize, thresholds: usize) -> Self {
        let cell = FromArrival {
            within: vec![Ratio::default(); thresholds],
            ..FromArrival::default()
        };
        let day = Day {
            within: vec![0; thresholds],
            ..Day::default()
        };
        Self {
            cells: vec![cell; populations],
            day: vec![day; populations],
        }
    }

    /// A customer of these populations was served after so many microseconds.
    pub fn served(
        &mut self,
        populations: impl Iterator<Item = usize>,
        wait: u64,
        thresholds: &[u64],
    ) {
        for number in populations {
            let (Some(day), Some(cell)) = (self.day.get_mut(number), self.cells.get_mut(number))
            else {
                continue;
            };
            day.served += 1;
            day.spread.add(wait);
            cell.histogram.add(bin_of(wait));
            for (within, threshold) in day.within.iter_mut().zip(thresholds) {
                *within += u64::from(wait <= *threshold);
            }
        }
    }

    /// Forgets the day that was going on.
    pub fn start_day(&mut self) {
        for day in &mut self.day {
            day.served = 0;
            day.spread = Spread::default();
            day.within.fill(0);
        }
    }

    /// Counts what a part of the same day has counted.
    pub fn join(&mut self, part: &Self) {
        for (cell, part) in self.cells.iter_mut().zip(&part.cells) {
            cell.histogram.merge(&part.histogram);
        }
        for (day, part) in self.day.iter_mut().zip(&part.day) {
            day.served += part.served;
            day.spread.merge(&part.spread);
            day.within
                .iter_mut()
                .zip(&part.within)
                .for_each(|(a, b)| *a += b);
        }
    }

    /// Folds the day into the totals.
    pub fn end_day(&mut self) {
        for (day, cell) in self.day.iter().zip(&mut self.cells) {
            cell.spread.merge(&day.spread);
            cell.mean.add(day.served, day.spread.sum as u64);
            for (ratio, within) in cell.within.iter_mut().zip(&day.within) {
                ratio.add(day.served, *within);
            }
        }
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: &Self) {
        for (cell, other) in self.cells.iter_mut().zip(&other.cells) {
            cell.spread.merge(&other.spread);
            cell.mean.merge(&other.mean);
            cell.histogram.merge(&other.histogram);
            for (ratio, other) in cell.within.iter_mut().zip(&other.within) {
                ratio.merge(other);
            }
        }
    }
}
