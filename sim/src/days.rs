//! Each day's counts and sums: what paired comparisons need, and what a
//! spreadsheet reads.

use crate::error::SimError;
use crate::statistics::population::Populations;
use crate::statistics::tally::{BlockRecord, DayRecord};
use scenarios::figure::{Figure, Population};
use scenarios::model::Scenario;
use scenarios::time::Span;
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

/// The threshold of [`DayRow::within`]: five minutes, inclusive, always, so that
/// the days of any two runs can be compared.
pub const WITHIN: Span = Span(300_000_000);

const HEADER: &str = "replication,figure,channel,service,segment,count,sum,within";
const CUSTOMER_FIGURES: [&str; 6] = [
    "wait",
    "service",
    "review",
    "system",
    "fallback",
    "time_in_branch",
];

/// One figure of one population on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayRow {
    /// Replication, from 0.
    pub replication: u32,
    /// `arrivals`, `served`, `abandoned`, `turned_away` (if the day has it), `wait`, `service`, `review`, `system`,
    /// `fallback`, `time_in_branch`.
    pub figure: Cow<'static, str>,
    /// Channel, if the population is one; all three none: everybody.
    pub channel: Option<Arc<str>>,
    /// Service, if the population is one.
    pub service: Option<Arc<str>>,
    /// Segment, if the population is one.
    pub segment: Option<Arc<str>>,
    /// Customers.
    pub count: u64,
    /// Sum of their seconds; of `abandoned` and `turned_away` the seconds waited; 0 for `arrivals` and `served`.
    pub sum: f64,
    /// Of them, those within [`WITHIN`]; of `abandoned` and `turned_away` those who
    /// break no promise of so long; 0 for `arrivals` and `served`.
    pub within: u64,
}

/// Each day of a run as it was counted. Its rows take ten times the room, and are made
/// when somebody asks for them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Days {
    /// Populations without interval, as numbered.
    names: Vec<Name>,
    turns_away: bool,
    /// By replication: each population's record.
    records: Vec<(u32, Vec<DayRecord>)>,
}

impl Days {
    /// The days of blocks, taken out of them.
    pub(crate) fn of(
        scenario: &Scenario,
        populations: &Populations,
        blocks: &mut [BlockRecord],
    ) -> Self {
        let names = &populations.names[..populations.plain()];
        let days = blocks
            .iter_mut()
            .map(|block| std::mem::take(&mut block.days));
        Self {
            names: names.iter().map(Name::of).collect(),
            turns_away: scenario.lacks_cause_of(Figure::TurnedAway).is_none(),
            records: days.flatten().collect(),
        }
    }

    /// Every figure of every population on each day, by replication.
    pub fn rows(&self) -> Vec<DayRow> {
        let mut rows = Vec::new();
        for (replication, records) in &self.records {
            for (record, name) in records.iter().zip(&self.names) {
                push_rows(&mut rows, *replication, name, record, self.turns_away);
            }
        }
        rows
    }
}

/// A population's name, shared by its rows.
#[derive(Debug, Clone, PartialEq)]
struct Name {
    channel: Option<Arc<str>>,
    service: Option<Arc<str>>,
    segment: Option<Arc<str>>,
}

impl Name {
    fn of(population: &Population) -> Self {
        let shared = |name: &Option<String>| name.as_deref().map(Arc::from);
        Self {
            channel: shared(&population.channel),
            service: shared(&population.service),
            segment: shared(&population.segment),
        }
    }
}

fn push_rows(
    rows: &mut Vec<DayRow>,
    replication: u32,
    name: &Name,
    record: &DayRecord,
    turns_away: bool,
) {
    let mut push = |figure: &'static str, count: u64, micros: u64, within: u64| {
        let name = name.clone();
        rows.push(DayRow {
            replication,
            figure: Cow::Borrowed(figure),
            channel: name.channel,
            service: name.service,
            segment: name.segment,
            count,
            sum: micros as f64 / 1e6,
            within,
        });
    };
    push("arrivals", record.arrivals, 0, 0);
    push("served", record.served, 0, 0);
    push(
        "abandoned",
        record.abandoned,
        record.abandoned_wait,
        record.abandoned_within,
    );
    if turns_away {
        push(
            "turned_away",
            record.turned_away,
            record.turned_away_wait,
            record.turned_away_within,
        );
    }
    for (number, figure) in CUSTOMER_FIGURES.into_iter().enumerate() {
        push(
            figure,
            record.served,
            record.sums[number],
            record.within[number],
        );
    }
}

/// The days as CSV with a header line; a population's missing dimensions are `*`.
pub fn to_csv(rows: &[DayRow]) -> String {
    let mut text = String::with_capacity(rows.len() * 48 + HEADER.len() + 1);
    text.push_str(HEADER);
    text.push('\n');
    for row in rows {
        let name = |dimension: &Option<Arc<str>>| quoted(dimension.as_deref().unwrap_or("*"));
        let (channel, service, segment) =
            (name(&row.channel), name(&row.service), name(&row.segment));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{},{},{channel},{service},{segment},{},{},{}",
            row.replication, row.figure, row.count, row.sum, row.within
        );
    }
    text
}

/// Reads what [`to_csv`] has written.
///
/// # Errors
/// [`SimError::Days`] names the line that cannot be read.
pub fn from_csv(text: &str) -> Result<Vec<DayRow>, SimError> {
    let mut lines = text.lines().enumerate();
    let refuse = |line: usize, problem: String| SimError::Days {
        line: line + 1,
        problem,
    };
    match lines.next() {
        Some((_, header)) if header.trim_start_matches('\u{feff}').trim() == HEADER => {}
        _ => return Err(refuse(0, format!("the columns must be {HEADER}"))),
    }
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            row_of(&fields(line)).ok_or_else(|| {
                refuse(
                    number,
                    format!("`{line}` is not a row of the columns {HEADER}"),
                )
            })
        })
        .collect()
}

fn row_of(fields: &[String]) -> Option<DayRow> {
    let [
        replication,
        figure,
        channel,
        service,
        segment,
        count,
        sum,
        within,
    ] = fields
    else {
        return None;
    };
    let name = |field: &String| (field != "*").then(|| Arc::from(field.as_str()));
    Some(DayRow {
        replication: replication.parse().ok()?,
        figure: Cow::Owned(figure.clone()),
        channel: name(channel),
        service: name(service),
        segment: name(segment),
        count: count.parse().ok()?,
        sum: sum.parse().ok().filter(|sum: &f64| sum.is_finite())?,
        within: within.parse().ok()?,
    })
}

fn quoted(name: &str) -> String {
    if name.contains([',', '"']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

/// The fields of a line; within quotes, commas are letters and a doubled quote is one.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut inside = false;
    let mut letters = line.trim_end_matches('\r').chars().peekable();
    while let Some(letter) = letters.next() {
        let doubled = inside && letter == '"' && letters.next_if_eq(&'"').is_some();
        match letter {
            '"' if !doubled => inside = !inside,
            ',' if !inside => fields.push(String::new()),
            _ => {
                if let Some(field) = fields.last_mut() {
                    field.push(letter);
                }
            }
        }
    }
    fields
}
