//! What became of each customer of the first day, row by row. Times are in
//! seconds since the opening, exact to the microsecond.

use scenarios::model::{Mode, Scenario};
use scenarios::time::SimTime;
use sim::{CustomerRecord, Options, records};
use std::fmt::Write;

/// Columns that a trace may have; it begins with `customer`.
const COLUMNS: [&str; 13] = [
    "customer", "arrived", "begun", "left", "fate", "segment", "wait", "service", "review",
    "system", "fallback", "away", "branch",
];

pub fn agrees(scenario: &Scenario, text: &str) -> Result<(), String> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let header: Vec<&str> = cells(lines.next().unwrap_or_default());
    if header.first() != Some(&"customer") {
        return Err("the first column of a trace is `customer`".into());
    }
    if let Some(unknown) = header.iter().find(|name| !COLUMNS.contains(name)) {
        return Err(format!("no column `{unknown}`; there are {COLUMNS:?}"));
    }
    let expected: Vec<Vec<String>> = lines
        .map(|line| cells(line).into_iter().map(normal).collect())
        .collect();
    let found = records(scenario, &Options::of(scenario), 0).map_err(|error| error.to_string())?;
    let found: Vec<Vec<String>> = found
        .iter()
        .map(|record| {
            let cell = |column: &&str| cell(scenario, record, column);
            header.iter().map(cell).collect()
        })
        .collect();
    if expected == found {
        return Ok(());
    }
    Err(side_by_side(&header.join(","), &expected, &found))
}

fn cells(line: &str) -> Vec<&str> {
    line.split(',').map(str::trim).collect()
}

/// Numbers without needless zeros: `5.50` is `5.5`.
fn normal(cell: &str) -> String {
    if cell.contains('.') && cell.parse::<f64>().is_ok() {
        let short = cell.trim_end_matches('0').trim_end_matches('.');
        return short.to_owned();
    }
    cell.to_owned()
}

fn cell(scenario: &Scenario, record: &CustomerRecord, column: &str) -> String {
    let opening = match scenario.run.mode {
        Mode::Days => scenario.day.open.0,
        Mode::SteadyState { .. } => 0,
    };
    let clock = |at: SimTime| seconds(at.0 - opening);
    match column {
        "customer" => record.index.to_string(),
        "arrived" => clock(record.arrived),
        "begun" => record.begun.map_or_else(String::new, clock),
        "left" => clock(record.left),
        "fate" => in_words(&format!("{:?}", record.fate)),
        "segment" => scenario.segments[record.segment].name.clone(),
        "wait" => seconds(record.wait.0),
        "branch" => {
            let names = scenario.region.as_ref().map(|region| region.names());
            let name = names
                .zip(record.branch)
                .map(|(names, at)| names[at].clone());
            name.unwrap_or_default()
        }
        "service" => seconds(record.service.0),
        "review" => seconds(record.review.0),
        "system" => seconds(record.system.0),
        "fallback" => seconds(record.fallback.0),
        _ => seconds(record.away.0),
    }
}

/// `NoShow` is `no_show`.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(c.to_lowercase());
    }
    words
}

fn seconds(micros: u64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    normal(&format!("{whole}.{rest:06}"))
}

fn side_by_side(header: &str, expected: &[Vec<String>], found: &[Vec<String>]) -> String {
    let row = |rows: &[Vec<String>], number: usize| {
        rows.get(number)
            .map_or_else(|| "(nobody)".to_owned(), |row| row.join(","))
    };
    let count = expected.len().max(found.len());
    let width = (0..count).map(|it| row(expected, it).len()).max();
    let width = width.unwrap_or(0).max("expected".len());
    let mut told = format!("    {header}\n    {:width$}   found\n", "expected");
    for number in 0..count {
        let (left, right) = (row(expected, number), row(found, number));
        let sign = if left == right { ' ' } else { '≠' };
        let _ = writeln!(told, "    {left:width$} {sign} {right}");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fates_and_times_are_written_as_on_the_pages() {
        assert_eq!(in_words("NoShow"), "no_show");
        assert_eq!(seconds(90_500_000), "90.5");
        assert_eq!(normal("120.0"), "120");
        assert_eq!(normal("100"), "100");
    }

    #[test]
    fn a_difference_is_told_side_by_side() {
        let row = |text: &str| vec![cells(text).into_iter().map(normal).collect::<Vec<_>>()];
        let told = side_by_side("customer,left", &row("0,60"), &row("0,90"));
        assert!(told.contains("0,60     ≠ 0,90"), "{told}");
    }
}
