//! The rows of the flat figures table, found by figure and by the dimensions
//! that they are about.

use serde_json::{Map, Value};

/// Every dimension a row may name, except the branch: a run is of one branch, so
/// a row of the branch and a row of all are the same customers.
const DIMENSIONS: [&str; 6] = [
    "channel",
    "service",
    "segment",
    "resource",
    "operation",
    "interval",
];

/// Beyond this a number is not a figure of any bank, and no chart can hold it.
const LARGEST: f64 = 1e15;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a>(&'a Map<String, Value>);

impl<'a> Row<'a> {
    /// The name in a dimension; none where the row is about all of it.
    pub(crate) fn name(self, dimension: &str) -> Option<&'a str> {
        let name = self.0.get(dimension)?.as_str()?;
        (!name.is_empty() && name != "*").then_some(name)
    }

    /// The number in a column; none where it does not apply.
    pub(crate) fn number(self, column: &str) -> Option<f64> {
        let number = self.0.get(column)?.as_f64()?;
        (number.is_finite() && number.abs() < LARGEST).then_some(number)
    }

    /// A statistic with its interval: the column, `…_low` and `…_high`.
    pub(crate) fn estimate(self, column: &str) -> Option<Estimate> {
        Some(Estimate {
            value: self.number(column)?,
            low: self.number(&format!("{column}_low")),
            high: self.number(&format!("{column}_high")),
        })
    }

    /// Start of its interval in minutes since midnight.
    pub(crate) fn minute(self) -> Option<f64> {
        minute_of(self.name("interval")?)
    }
}

/// A value with its 95% interval, if it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

/// `10:30` as minutes since midnight.
pub(crate) fn minute_of(clock: &str) -> Option<f64> {
    let mut parts = clock.split(':').map(str::parse::<u32>);
    let hour = parts.next()?.ok().filter(|hour| *hour < 1000)?;
    let minute = parts.next()?.ok().filter(|minute| *minute < 60)?;
    let second = parts.next().unwrap_or(Ok(0)).ok()?;
    Some(f64::from(hour) * 60.0 + f64::from(minute) + f64::from(second) / 60.0)
}

/// The table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a>(&'a [Map<String, Value>]);

impl<'a> Rows<'a> {
    pub(crate) fn new(figures: &'a [Map<String, Value>]) -> Self {
        Self(figures)
    }

    /// Rows of a figure about exactly these dimensions, each population once,
    /// in the table's order; rows with an interval by its start.
    pub(crate) fn of(self, figure: &str, dimensions: &[&str]) -> Vec<Row<'a>> {
        let mut seen: Vec<Vec<Option<&str>>> = Vec::new();
        let mut found = Vec::new();
        for row in self.0.iter().map(Row) {
            if row.0.get("figure").and_then(Value::as_str) != Some(figure) {
                continue;
            }
            let exact = DIMENSIONS
                .iter()
                .all(|name| row.name(name).is_some() == dimensions.contains(name));
            let key: Vec<_> = DIMENSIONS.iter().map(|name| row.name(name)).collect();
            if exact && !seen.contains(&key) {
                seen.push(key);
                found.push(row);
            }
        }
        if dimensions.contains(&"interval") {
            found.retain(|row| row.minute().is_some());
            found.sort_by(|a, b| {
                a.minute()
                    .partial_cmp(&b.minute())
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
        }
        found
    }

    /// The row of a figure over all customers.
    pub(crate) fn total(self, figure: &str) -> Option<Row<'a>> {
        self.of(figure, &[]).into_iter().next()
    }

    /// The row of a figure of one named population.
    pub(crate) fn one(self, figure: &str, population: &[(String, String)]) -> Option<Row<'a>> {
        let dimensions: Vec<&str> = population
            .iter()
            .map(|(dimension, _)| dimension.as_str())
            .filter(|dimension| *dimension != "branch")
            .collect();
        self.of(figure, &dimensions).into_iter().find(|row| {
            population
                .iter()
                .filter(|(dimension, _)| dimension != "branch")
                .all(|(dimension, name)| row.name(dimension) == Some(name))
        })
    }

    /// Rows of a figure by interval: a series per name of the first of these
    /// dimensions that has any, else one series of the whole branch.
    pub(crate) fn over_the_day(
        self,
        figure: &str,
        dimensions: &[&'static str],
    ) -> Vec<DayCurve<'a>> {
        for dimension in dimensions {
            let rows = self.of(figure, &[dimension, "interval"]);
            let mut curves: Vec<DayCurve> = Vec::new();
            for row in rows {
                let name = row.name(dimension).unwrap_or_default();
                match curves.iter_mut().find(|curve| curve.name == name) {
                    Some(curve) => curve.rows.push(row),
                    None => curves.push(DayCurve {
                        dimension,
                        name,
                        rows: vec![row],
                    }),
                }
            }
            if !curves.is_empty() {
                return curves;
            }
        }
        let rows = self.of(figure, &["interval"]);
        if rows.is_empty() {
            return Vec::new();
        }
        vec![DayCurve {
            dimension: "branch",
            name: "",
            rows,
        }]
    }
}

/// A figure's rows over the day, of one population.
#[derive(Clone, Debug)]
pub(crate) struct DayCurve<'a> {
    pub(crate) dimension: &'static str,
    /// Empty for the whole branch.
    pub(crate) name: &'a str,
    pub(crate) rows: Vec<Row<'a>>,
}
