//! Means that can be worked out by hand where times are drawn and no trace can
//! be: each lies within 3.3 standard errors, and these are small.

use scenarios::figure::{Figure, Population};
use scenarios::model::Scenario;
use sim::{Options, simulate};
use std::fmt::Write;

/// So many standard errors a mean may be off.
const LIMIT: f64 = 3.3;
const NORMAL_975: f64 = 1.959_964;
/// Half of the 95% interval, at most so much of the mean.
const WIDEST: f64 = 0.02;

/// Rows of `figure,of,mean`, `of` being `*` or dimensions as in `interval=09:00`, with a
/// space between two of them.
pub fn agree(scenario: &Scenario, text: &str) -> Result<(), String> {
    let options = Options {
        threads: 2,
        ..Options::of(scenario)
    };
    let outcome = simulate(scenario, &options, &()).map_err(|error| error.to_string())?;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if lines.next() != Some("figure,of,mean") {
        return Err("the columns of means are `figure,of,mean`".into());
    }
    let mut wrong = String::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let [name, of, expected] = cells[..] else {
            return Err(format!("`{line}` has not three columns"));
        };
        let figure = Figure::ALL.into_iter().find(|it| it.name() == name);
        let figure = figure.ok_or_else(|| format!("no figure `{name}`"))?;
        let expected: f64 = expected.parse().map_err(|_| format!("`{line}`"))?;
        let row = outcome.figures.find(figure, &population(of)?);
        let row = row.ok_or_else(|| format!("no {name} of {of}"))?;
        let found = row.mean.ok_or_else(|| format!("no mean of {name}"))?;
        let (Some(low), Some(high)) = (row.mean_low, row.mean_high) else {
            return Err(format!("no interval of {name}: more replications"));
        };
        let half = (high - low) / 2.0;
        let allowed = (half / NORMAL_975 * LIMIT).max(1e-9);
        if (found - expected).abs() > allowed || half > WIDEST * expected.abs().max(1e-9) {
            let _ = writeln!(
                wrong,
                "    {name} of {of}: expected {expected}, found {found} ± {half}"
            );
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn population(of: &str) -> Result<Population, String> {
    let mut population = Population::default();
    if of == "*" {
        return Ok(population);
    }
    for of in of.split_whitespace() {
        let (dimension, name) = of
            .split_once('=')
            .ok_or_else(|| format!("`{of}` is not as in `interval=09:00`"))?;
        let place = population
            .dimension_mut(dimension)
            .ok_or_else(|| format!("no dimension `{dimension}`"))?;
        *place = Some(name.to_owned());
    }
    Ok(population)
}
