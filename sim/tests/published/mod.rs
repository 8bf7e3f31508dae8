//! Published cases: their numbers, and the runs to compare with them.

pub mod warsaw;

use scenarios::figure::{Figure, FigureRow, Population};
use scenarios::file::read;
use scenarios::model::Scenario;
use serde_json::Value;
use sim::{DayRow, Options, Outcome, simulate};
use std::path::Path;

/// One case of the file.
pub struct Published(Value);

pub fn case(name: &str) -> Published {
    let file: Value =
        serde_json::from_str(include_str!("../cases/published.json")).expect("the cases are JSON");
    assert!(file[name].is_object(), "no case {name}");
    Published(file[name].clone())
}

impl Published {
    /// What stands at a path such as `reference.c2.Wq_h`.
    pub fn at(&self, path: &str) -> &Value {
        path.split('.').fold(&self.0, |value, key| {
            value
                .get(key)
                .unwrap_or_else(|| panic!("no {key} of {path}"))
        })
    }

    pub fn number(&self, path: &str) -> f64 {
        self.at(path).as_f64().expect("a number")
    }

    /// A number and the half-width of its 95% interval.
    pub fn with_half_width(&self, path: &str) -> (f64, f64) {
        let pair = self.at(path);
        let part = |at: usize| pair[at].as_f64().expect("a number");
        (part(0), part(1))
    }
}

/// A shipped scenario, with settings of `--set` over it.
pub fn run_file(name: &str, overrides: &[&str], threads: usize) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let overrides: Vec<String> = overrides.iter().map(|&it| it.to_owned()).collect();
    let scenario = read(&folder.join(name), &overrides).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, threads)
}

pub fn run(scenario: &Scenario, threads: usize) -> Outcome {
    let options = Options {
        threads,
        ..Options::of(scenario)
    };
    simulate(scenario, &options, &()).expect("the scenario is sound")
}

/// The days of one figure of everybody.
pub fn days_of(outcome: &Outcome, figure: &str) -> impl Iterator<Item = DayRow> {
    outcome.days.rows().into_iter().filter(move |row| {
        let all = [&row.channel, &row.service, &row.segment];
        row.figure == figure && all.iter().all(|it| it.is_none())
    })
}

/// A scenario in the making, with the files that it names, through the reader.
pub fn scenario(text: &str, files: &[(&str, &str)]) -> Scenario {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("the folder is writable");
    }
    let path = folder.path().join("case.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    read(&path, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The row of a figure of everybody, or of a resource.
pub fn row<'run>(
    outcome: &'run Outcome,
    figure: Figure,
    resource: Option<&str>,
) -> &'run FigureRow {
    let population = Population {
        resource: resource.map(str::to_owned),
        ..Population::default()
    };
    let found = outcome.figures.find(figure, &population);
    found.unwrap_or_else(|| panic!("no {figure:?}"))
}

/// Half of a 95% interval is so many standard errors; 19 degrees of freedom, from tables.
pub const T_19: f64 = 2.093_024;

/// Mean and standard error, from 20 replications.
pub fn mean_of(outcome: &Outcome, figure: Figure, resource: Option<&str>) -> (f64, f64) {
    let row = row(outcome, figure, resource);
    let mean = row.mean.expect("there is a mean");
    (mean, (mean - row.mean_low.expect("an interval")) / T_19)
}

/// Share of waits within so many seconds and its standard error, from 20 replications.
pub fn within(outcome: &Outcome, figure: Figure, seconds: f64) -> (f64, f64) {
    let shares = &row(outcome, figure, None).shares;
    let share = shares
        .iter()
        .find(|it| (it.threshold_seconds - seconds).abs() < 1e-9)
        .expect("the threshold was asked for");
    let value = share.share.expect("there are customers");
    (value, (value - share.low.expect("an interval")) / T_19)
}

/// Asserts that a figure is as published, which was rounded by at most `rounding`.
pub fn agrees(what: &str, (found, error): (f64, f64), expected: f64, rounding: f64) {
    let off = (found - expected).abs();
    println!("{what}: {found:.6} ± {error:.6}, published {expected}");
    assert!(
        off < 3.3 * error + rounding,
        "{what}: {found} ± {error}, not {expected}"
    );
    assert!(
        error < 0.02 * expected.abs(),
        "{what}: {found} is not sharp enough: ± {error}"
    );
}

/// Means of both of pairs.
pub fn means_of_both(pairs: &[(f64, f64)]) -> (f64, f64) {
    let n = pairs.len() as f64;
    let sums = pairs
        .iter()
        .fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    (sums.0 / n, sums.1 / n)
}
