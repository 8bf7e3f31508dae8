//! The table as CSV and JSON: one layout for `figures.csv`, `summary.json` and
//! whoever reads them back.

use super::{COLUMNS, Figure, FigureRow, FigureTable, Population, QuantileValue, ShareWithin};
use serde_json::{Map, Value};
use std::io::{Read, Write};

/// Quantiles that have a column of their own in [`COLUMNS`].
const STANDARD: [(f64, &str); 4] = [(0.5, "p50"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99")];

/// Why a table could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read or written, or is no CSV.
    #[error("the table cannot be read or written: {0}")]
    Csv(#[from] csv::Error),
    /// A column is not there.
    #[error("the column `{0}` is missing; is this a figures.csv?")]
    MissingColumn(String),
    /// A cell is not what its column holds.
    #[error("row {row}: `{column}` is `{found}`, which is no {expected}")]
    Cell {
        /// As a spreadsheet numbers it: the header is row 1.
        row: u64,
        /// Its column.
        column: String,
        /// As written.
        found: String,
        /// What it should be.
        expected: String,
    },
}

/// The columns beyond [`COLUMNS`] and `max` that a table needs.
struct Extra {
    /// Seconds, ascending.
    thresholds: Vec<f64>,
    /// 0 to 1, ascending, without the standard ones.
    quantiles: Vec<f64>,
}

impl Extra {
    fn of(table: &FigureTable) -> Self {
        let shares = table.rows.iter().flat_map(|row| &row.shares);
        let mut thresholds: Vec<f64> = shares.map(|share| share.threshold_seconds).collect();
        sort(&mut thresholds);
        let quantiles = table.rows.iter().flat_map(|row| &row.quantiles);
        let mut quantiles: Vec<f64> = quantiles
            .map(|quantile| quantile.q)
            .filter(|q| STANDARD.iter().all(|(standard, _)| !same(*standard, *q)))
            .collect();
        sort(&mut quantiles);
        Self {
            thresholds,
            quantiles,
        }
    }

    fn header(&self) -> Vec<String> {
        let mut header: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
        header.push("max".into());
        for threshold in &self.thresholds {
            let name = share_name(*threshold);
            header.extend([name.clone(), format!("{name}_low"), format!("{name}_high")]);
        }
        for (_, name) in STANDARD {
            header.extend([format!("{name}_low"), format!("{name}_high")]);
        }
        for q in &self.quantiles {
            let name = quantile_name(*q);
            header.extend([name.clone(), format!("{name}_low"), format!("{name}_high")]);
        }
        header
    }

    /// The numbers of a row after `unit` and `count`, in the header's order.
    fn numbers(&self, row: &FigureRow) -> Vec<Option<f64>> {
        let quantile = |q: f64| row.quantiles.iter().find(|it| same(it.q, q));
        let mut numbers = vec![row.mean, row.mean_low, row.mean_high, row.sd, row.min];
        for (q, _) in STANDARD {
            numbers.push(quantile(q).and_then(|it| it.value));
        }
        numbers.push(row.max);
        for threshold in &self.thresholds {
            let found = row
                .shares
                .iter()
                .find(|it| same(it.threshold_seconds, *threshold));
            numbers.extend([
                found.and_then(|it| it.share),
                found.and_then(|it| it.low),
                found.and_then(|it| it.high),
            ]);
        }
        for (q, _) in STANDARD {
            let found = quantile(q);
            numbers.extend([found.and_then(|it| it.low), found.and_then(|it| it.high)]);
        }
        for q in &self.quantiles {
            let found = quantile(*q);
            numbers.extend([
                found.and_then(|it| it.value),
                found.and_then(|it| it.low),
                found.and_then(|it| it.high),
            ]);
        }
        numbers
    }
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

fn sort(numbers: &mut Vec<f64>) {
    numbers.sort_by(f64::total_cmp);
    numbers.dedup_by(|a, b| same(*a, *b));
}

/// `share_within_300s`, `share_within_0.5s`.
pub fn share_name(threshold_seconds: f64) -> String {
    format!("share_within_{threshold_seconds}s")
}

/// `p50`, `p99.9`.
pub fn quantile_name(q: f64) -> String {
    // Rounded, because 0.999 * 100 is not the float nearest to 99.9.
    format!("p{}", (q * 1e10).round() / 1e8)
}

/// A finite number; what has none is left empty, like what does not apply.
fn finite(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite())
}

fn names(row: &FigureRow) -> Vec<String> {
    let mut names = vec![row.figure.name().to_owned()];
    let dimensions = row.population.dimensions();
    names.extend(dimensions.map(|(_, name)| name.unwrap_or("*").to_owned()));
    names
}

impl FigureTable {
    /// Puts the rows into the documented order: by figure, then total before
    /// parts, dimension by dimension. Rows that compare equal keep their order.
    pub fn sort(&mut self) {
        self.rows
            .sort_by(|a, b| (a.figure, &a.population).cmp(&(b.figure, &b.population)));
    }

    /// Writes `figures.csv`: a header, then a row each; what does not apply is
    /// empty, numbers are the shortest that read back as the same.
    pub fn to_csv(&self, out: impl Write) -> Result<(), TableError> {
        let extra = Extra::of(self);
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(extra.header())?;
        for row in &self.rows {
            let mut record = names(row);
            record.extend([row.unit.to_owned(), row.count.to_string()]);
            let numbers = extra.numbers(row).into_iter().map(finite);
            record.extend(numbers.map(|it| it.map_or_else(String::new, |it| it.to_string())));
            writer.write_record(record)?;
        }
        writer.flush().map_err(csv::Error::from)?;
        Ok(())
    }

    /// The rows of `summary.json`: the same columns; what does not apply is null.
    pub fn to_maps(&self) -> Vec<Map<String, Value>> {
        let extra = Extra::of(self);
        let header = extra.header();
        let row = |row: &FigureRow| {
            let mut values: Vec<Value> = names(row).into_iter().map(Value::from).collect();
            values.extend([Value::from(row.unit), Value::from(row.count)]);
            let numbers = extra.numbers(row).into_iter().map(finite);
            values.extend(numbers.map(Value::from));
            header.iter().cloned().zip(values).collect()
        };
        self.rows.iter().map(row).collect()
    }

    /// Reads what [`FigureTable::to_csv`] wrote. Unknown columns are passed over:
    /// later versions add some.
    pub fn from_csv(input: impl Read) -> Result<Self, TableError> {
        let mut reader = csv::Reader::from_reader(input);
        let header: Vec<String> = reader
            .headers()?
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').to_owned())
            .collect();
        let layout = Layout::of(&header)?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record?;
            let row = record.position().map_or(0, csv::Position::line);
            rows.push(layout.row(&Cells {
                record: &record,
                header: &header,
                row,
            })?);
        }
        Ok(Self { rows })
    }
}

/// Which column holds what.
struct Layout {
    thresholds: Vec<f64>,
    quantiles: Vec<f64>,
}

impl Layout {
    fn of(header: &[String]) -> Result<Self, TableError> {
        for needed in COLUMNS.iter().chain(&["max"]) {
            if !header.iter().any(|name| name == needed) {
                return Err(TableError::MissingColumn((*needed).to_owned()));
            }
        }
        let number = |name: &String, prefix: &str, suffix: &str| -> Option<f64> {
            name.strip_prefix(prefix)?
                .strip_suffix(suffix)?
                .parse()
                .ok()
        };
        let thresholds = header
            .iter()
            .filter_map(|it| number(it, "share_within_", "s"));
        let percents = header.iter().filter_map(|it| number(it, "p", ""));
        let mut quantiles: Vec<f64> = percents.map(|p| (p * 1e10).round() / 1e12).collect();
        sort(&mut quantiles);
        let mut thresholds: Vec<f64> = thresholds.collect();
        sort(&mut thresholds);
        Ok(Self {
            thresholds,
            quantiles,
        })
    }

    fn row(&self, cells: &Cells<'_>) -> Result<FigureRow, TableError> {
        let figure: Figure = cells
            .text("figure")
            .parse()
            .map_err(|_| cells.wrong("figure", "figure"))?;
        let mut population = Population::default();
        for (dimension, _) in Population::default().dimensions() {
            let name = cells.text(dimension);
            if let Some(slot) = population.dimension_mut(dimension) {
                *slot = (name != "*").then(|| name.to_owned());
            }
        }
        let count = cells.text("count").parse();
        let shares = self.thresholds.iter().map(|threshold| {
            let name = share_name(*threshold);
            Ok(ShareWithin {
                threshold_seconds: *threshold,
                share: cells.number(&name)?,
                low: cells.number(&format!("{name}_low"))?,
                high: cells.number(&format!("{name}_high"))?,
            })
        });
        let quantiles = self.quantiles.iter().map(|q| {
            let name = quantile_name(*q);
            Ok(QuantileValue {
                q: *q,
                value: cells.number(&name)?,
                low: cells.number(&format!("{name}_low"))?,
                high: cells.number(&format!("{name}_high"))?,
            })
        });
        Ok(FigureRow {
            figure,
            population,
            unit: figure.unit(),
            count: count.map_err(|_| cells.wrong("count", "whole number"))?,
            mean: cells.number("mean")?,
            mean_low: cells.number("mean_low")?,
            mean_high: cells.number("mean_high")?,
            sd: cells.number("sd")?,
            min: cells.number("min")?,
            max: cells.number("max")?,
            quantiles: quantiles.collect::<Result<_, TableError>>()?,
            shares: shares.collect::<Result<_, TableError>>()?,
        })
    }
}

/// One record by column name.
struct Cells<'r> {
    record: &'r csv::StringRecord,
    header: &'r [String],
    row: u64,
}

impl Cells<'_> {
    /// Empty where there is no such column.
    fn text(&self, column: &str) -> &str {
        let position = self.header.iter().position(|name| name == column);
        position
            .and_then(|at| self.record.get(at))
            .unwrap_or_default()
    }

    fn number(&self, column: &str) -> Result<Option<f64>, TableError> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.parse().map_err(|_| self.wrong(column, "number"))?;
        Ok(Some(number))
    }

    fn wrong(&self, column: &str, expected: &str) -> TableError {
        TableError::Cell {
            row: self.row,
            column: column.to_owned(),
            found: self.text(column).chars().take(40).collect(),
            expected: expected.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> FigureTable {
        let row = |figure: Figure, channel: Option<&str>, mean: Option<f64>| FigureRow {
            figure,
            population: Population {
                channel: channel.map(str::to_owned),
                ..Population::default()
            },
            unit: figure.unit(),
            count: 7,
            mean,
            mean_low: None,
            mean_high: Some(0.1 + 0.2),
            sd: None,
            min: Some(0.0),
            max: Some(1e-7),
            quantiles: [0.5, 0.9, 0.95, 0.99, 0.999]
                .map(|q| QuantileValue {
                    q,
                    value: Some(q),
                    low: None,
                    high: None,
                })
                .to_vec(),
            shares: vec![ShareWithin {
                threshold_seconds: 300.0,
                share: Some(0.875),
                low: Some(0.8),
                high: Some(0.95),
            }],
        };
        FigureTable {
            rows: vec![
                row(Figure::Wait, Some("kiosk"), Some(1.0 / 3.0)),
                row(Figure::Wait, None, None),
                row(Figure::Arrivals, None, Some(300.0)),
            ],
        }
    }

    #[test]
    fn a_table_written_as_csv_reads_back_to_the_last_bit() {
        let table = table();
        let mut bytes = Vec::new();
        table.to_csv(&mut bytes).expect("memory can be written");
        let back = FigureTable::from_csv(bytes.as_slice()).expect("our own table reads");
        assert_eq!(table, back);
    }

    #[test]
    fn the_columns_are_the_documented_ones_and_json_has_the_same() {
        let header = Extra::of(&table()).header();
        let expected = "figure,branch,channel,service,segment,resource,operation,interval,unit,count,mean,mean_low,mean_high,sd,min,p50,p90,p95,p99,max,share_within_300s,share_within_300s_low,share_within_300s_high,p50_low,p50_high,p90_low,p90_high,p95_low,p95_high,p99_low,p99_high,p99.9,p99.9_low,p99.9_high";
        assert_eq!(header.join(","), expected);
        let maps = table().to_maps();
        let keys: Vec<&str> = maps[1].keys().map(String::as_str).collect();
        assert_eq!(keys.join(","), expected);
        assert_eq!(maps[1]["channel"], "*");
        assert!(maps[1]["mean"].is_null());
        assert_eq!(maps[0]["share_within_300s"], 0.875);
    }

    #[test]
    fn totals_come_before_parts_and_figures_in_their_order() {
        let mut table = table();
        table.sort();
        let order: Vec<_> = table
            .rows
            .iter()
            .map(|row| (row.figure, row.population.channel.as_deref()))
            .collect();
        assert_eq!(
            order,
            [
                (Figure::Arrivals, None),
                (Figure::Wait, None),
                (Figure::Wait, Some("kiosk"))
            ]
        );
    }

    #[test]
    fn a_broken_cell_is_named_by_row_and_column() {
        let mut bytes = Vec::new();
        table().to_csv(&mut bytes).expect("memory can be written");
        let text = String::from_utf8(bytes).expect("CSV is UTF-8");
        let broken = text.replacen("0.875", "much", 1);
        let error = FigureTable::from_csv(broken.as_bytes()).expect_err("`much` is no number");
        assert_eq!(
            error.to_string(),
            "row 2: `share_within_300s` is `much`, which is no number"
        );
        let missing = text.replacen("mean_low", "low", 1);
        assert!(FigureTable::from_csv(missing.as_bytes()).is_err());
    }
}
