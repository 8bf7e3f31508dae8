//! Published cases: their numbers, and the runs to compare with them.

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
pub fn days_of<'run>(
    outcome: &'run Outcome,
    figure: &'run str,
) -> impl Iterator<Item = &'run DayRow> {
    outcome.days.iter().filter(move |row| {
        let all = [&row.channel, &row.service, &row.segment];
        row.figure == figure && all.iter().all(|it| it.is_none())
    })
}
