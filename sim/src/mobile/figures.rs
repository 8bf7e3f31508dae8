//! The figures of the offered mobile traffic; `docs/figures.md` defines them.

use super::counts::{Counts, DAY_SECONDS};
use crate::statistics::histogram::{BinNumber, Histogram, bin_of};
use crate::statistics::moments::{Daily, Spread};
use crate::statistics::{quantile, t_quantile};
use scenarios::figure::{Figure, FigureRow, Population, QuantileValue};
use scenarios::operation::Operation;
use scenarios::time::SimTime;

const HOURS: usize = 24;
const HOUR_SECONDS: usize = DAY_SECONDS / HOURS;

/// Numbers of single seconds, and their sum on each day.
#[derive(Default)]
struct Seconds {
    count: u64,
    spread: Spread,
    histogram: Histogram,
    daily: Daily,
}

impl Seconds {
    fn add_day(&mut self, seconds: &[u64]) {
        for second in seconds {
            self.count += 1;
            self.spread.add(*second);
            self.histogram.add(bin_of(*second));
        }
        self.daily.add(seconds.iter().sum());
    }

    fn row(
        self,
        figure: Figure,
        population: Population,
        quantiles: &[f64],
        t: Option<f64>,
    ) -> FigureRow {
        let a_day = self.count as f64 / self.daily.days.max(1) as f64;
        let mean = self.daily.estimate(t);
        let seen = |value: u64| (self.count > 0).then_some(value as f64);
        FigureRow {
            count: self.count,
            mean: mean.map(|mean| mean.value / a_day),
            mean_low: mean.and_then(|it| it.interval).map(|(low, _)| low / a_day),
            mean_high: mean
                .and_then(|it| it.interval)
                .map(|(_, high)| high / a_day),
            sd: self.spread.standard_deviation(self.count),
            min: seen(self.spread.least),
            max: seen(self.spread.greatest),
            quantiles: told(quantiles, &self.histogram.sorted()),
            ..empty(figure, population)
        }
    }
}

/// The rows of the days counted: requests, their rate second by second, and the
/// sessions in progress.
pub fn rows(days: &[Counts], operations: &[Operation], quantiles: &[f64]) -> Vec<FigureRow> {
    let t = (days.len() >= 2)
        .then(|| t_quantile((days.len() - 1) as f64))
        .flatten();
    let mut rows = requests(days, operations, quantiles, t);
    let by_second = |day: &Counts| -> Vec<u64> {
        let seconds = day.by_second().iter();
        seconds.map(|count| u64::from(*count)).collect()
    };
    let in_progress = |day: &Counts| day.in_progress().collect();
    rows.extend(seconds(days, Figure::MobileRate, by_second, quantiles, t));
    rows.extend(seconds(
        days,
        Figure::MobileSessions,
        in_progress,
        quantiles,
        t,
    ));
    rows
}

fn requests(
    days: &[Counts],
    operations: &[Operation],
    quantiles: &[f64],
    t: Option<f64>,
) -> Vec<FigureRow> {
    let daily = |count: &dyn Fn(&Counts) -> u64, population: Population| {
        let mut daily = Daily::default();
        for day in days {
            daily.add(count(day));
        }
        let mean = daily.estimate(t);
        let seen = |value: u64| (daily.days > 0).then_some(value as f64);
        FigureRow {
            count: daily.days,
            mean: mean.map(|mean| mean.value),
            mean_low: mean.and_then(|it| it.interval).map(|(low, _)| low),
            mean_high: mean.and_then(|it| it.interval).map(|(_, high)| high),
            sd: daily.spread.standard_deviation(daily.days),
            min: seen(daily.spread.least),
            max: seen(daily.spread.greatest),
            quantiles: told(quantiles, &daily.histogram.sorted()),
            ..empty(Figure::MobileRequests, population)
        }
    };
    let mut rows = vec![daily(&Counts::total, Population::default())];
    for (place, operation) in operations.iter().enumerate() {
        let population = Population {
            operation: Some(operation.name().to_owned()),
            ..Population::default()
        };
        rows.push(daily(&|day| day.by_operation()[place], population));
    }
    for hour in 0..HOURS {
        let count = |day: &Counts| -> u64 {
            let seconds = &day.by_second()[hour * HOUR_SECONDS..(hour + 1) * HOUR_SECONDS];
            seconds.iter().map(|count| u64::from(*count)).sum()
        };
        rows.push(daily(&count, of_hour(hour)));
    }
    rows.push(daily(&Counts::after_midnight, of_hour(HOURS)));
    rows
}

fn seconds(
    days: &[Counts],
    figure: Figure,
    of: impl Fn(&Counts) -> Vec<u64>,
    quantiles: &[f64],
    t: Option<f64>,
) -> Vec<FigureRow> {
    let mut all = Seconds::default();
    let mut hours: Vec<Seconds> = (0..HOURS).map(|_| Seconds::default()).collect();
    for day in days {
        let seconds = of(day);
        all.add_day(&seconds);
        for (hour, seconds) in hours.iter_mut().zip(seconds.chunks(HOUR_SECONDS)) {
            hour.add_day(seconds);
        }
    }
    let hours = hours.into_iter().enumerate();
    let hours = hours.map(|(hour, seconds)| seconds.row(figure, of_hour(hour), quantiles, t));
    let total = [all.row(figure, Population::default(), quantiles, t)];
    total.into_iter().chain(hours).collect()
}

fn of_hour(hour: usize) -> Population {
    Population {
        interval: Some(SimTime::from_clock(hour as u64, 0).clock()),
        ..Population::default()
    }
}

fn told(quantiles: &[f64], bins: &[(BinNumber, u64)]) -> Vec<QuantileValue> {
    let values = quantiles.iter().map(|q| QuantileValue {
        q: *q,
        value: quantile::quantile(bins, *q),
        low: None,
        high: None,
    });
    values.collect()
}

fn empty(figure: Figure, population: Population) -> FigureRow {
    FigureRow {
        figure,
        population,
        unit: figure.unit(),
        count: 0,
        mean: None,
        mean_low: None,
        mean_high: None,
        sd: None,
        min: None,
        max: None,
        quantiles: Vec::new(),
        shares: Vec::new(),
    }
}
