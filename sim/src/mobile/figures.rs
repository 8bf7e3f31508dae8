//! The figures of the offered mobile traffic; `docs/figures.md` defines them.

use super::counts::{Counts, DAY_SECONDS};
use crate::statistics::histogram::{BinNumber, Histogram, bin_of};
use crate::statistics::moments::{Daily, Spread};
use crate::statistics::{quantile, t_quantile};
use scenarios::figure::{Figure, FigureRow, Population, QuantileValue};
use scenarios::model::App;
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

/// What the rows of the mobile bank are told by.
pub struct Told {
    /// Each application's operation, in the order in which they are counted.
    pub operations: Vec<(App, Operation)>,
    /// The branches whose users are counted one by one.
    pub branches: Vec<String>,
    /// Whether requests can be in vain.
    pub retries: bool,
}

/// The rows of the days counted: requests, their rate second by second, and the
/// sessions in progress.
pub fn rows(days: &[Counts], told: &Told, quantiles: &[f64]) -> Vec<FigureRow> {
    let t = (days.len() >= 2)
        .then(|| t_quantile((days.len() - 1) as f64))
        .flatten();
    let mut rows = requests(days, told, quantiles, t);
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

/// Counts of days: requests in all, by application where there are several, by
/// operation, hour by hour, the log-ins of each branch's users; and what was in vain.
fn requests(days: &[Counts], of: &Told, quantiles: &[f64], t: Option<f64>) -> Vec<FigureRow> {
    let counted = |figure: Figure, count: &dyn Fn(&Counts) -> u64, population: Population| {
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
            ..empty(figure, population)
        }
    };
    let daily = |count: &dyn Fn(&Counts) -> u64, population: Population| {
        counted(Figure::MobileRequests, count, population)
    };
    let sum_of = |of_these: &dyn Fn(App, Operation) -> bool, day: &Counts| -> u64 {
        let counts = of.operations.iter().zip(day.by_operation());
        let these = counts.filter(|((app, operation), _)| of_these(*app, *operation));
        these.map(|(_, count)| *count).sum()
    };
    let mut rows = vec![daily(&Counts::total, Population::default())];
    let mut apps: Vec<App> = of.operations.iter().map(|(app, _)| *app).collect();
    apps.dedup();
    for app in apps.iter().filter(|_| apps.len() > 1) {
        let population = Population {
            service: Some(app.name().to_owned()),
            ..Population::default()
        };
        rows.push(daily(&|day| sum_of(&|it, _| it == *app, day), population));
    }
    let mut operations: Vec<Operation> = Vec::new();
    for (_, operation) in &of.operations {
        if operations.contains(operation) {
            continue;
        }
        operations.push(*operation);
        let population = Population {
            operation: Some(operation.name().to_owned()),
            ..Population::default()
        };
        rows.push(daily(
            &|day| sum_of(&|_, it| it == *operation, day),
            population,
        ));
    }
    for hour in 0..HOURS {
        let count = |day: &Counts| -> u64 {
            let seconds = &day.by_second()[hour * HOUR_SECONDS..(hour + 1) * HOUR_SECONDS];
            seconds.iter().map(|count| u64::from(*count)).sum()
        };
        rows.push(daily(&count, of_hour(hour)));
    }
    rows.push(daily(&Counts::after_midnight, of_hour(HOURS)));
    for (number, branch) in of.branches.iter().enumerate() {
        let population = Population {
            branch: Some(branch.clone()),
            operation: Some(Operation::LogIn.name().to_owned()),
            ..Population::default()
        };
        rows.push(daily(&|day| day.of_branches()[number], population));
    }
    if of.retries {
        let all = Population::default;
        rows.push(counted(Figure::MobileRetries, &Counts::again, all()));
        rows.push(counted(Figure::MobileGivenUp, &Counts::given_up, all()));
    }
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
