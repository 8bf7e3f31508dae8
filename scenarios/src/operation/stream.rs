//! Operations as CSV, one a row, written and read without holding the stream:
//! a recorded log can take the place of a simulated day. `docs/operations.md`.

use super::particulars::{PLACE, is_place};
use super::{Channel, Locks, Operation, Particulars, PaymentLimits, PlannedOperation};
use crate::time::{MICROS_PER_SECOND, SimTime, Span, parse_span};
use std::io::{Read, Write};

/// The columns, in the order they are written; any order is read.
pub const OPERATION_COLUMNS: [&str; 15] = [
    "at",
    "branch",
    "channel",
    "customer",
    "session",
    "step",
    "think",
    "operation",
    "amount",
    "payee",
    "allow",
    "medium",
    "place",
    "locks",
    "limits",
];

/// Columns that a recorded log may leave out.
const OPTIONAL: [&str; 8] = [
    "think", "amount", "payee", "allow", "medium", "place", "locks", "limits",
];

/// Between the codes of `allow`.
const ALLOW_SEPARATOR: char = '|';

/// Why a stream of operations could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The file cannot be read or written, is no CSV, or not UTF-8.
    #[error("the operations cannot be read or written: {0}")]
    Csv(#[from] csv::Error),
    /// A column is not there.
    #[error("row 1: the column `{0}` is missing; the columns are {columns}", columns = OPERATION_COLUMNS.join(","))]
    MissingColumn(&'static str),
    /// A column that nobody knows.
    #[error("row 1: unknown column `{name}`{}", .nearest.map(|right| format!("; did you mean `{right}`?")).unwrap_or_default())]
    UnknownColumn {
        /// As written.
        name: String,
        /// The nearest right name.
        nearest: Option<&'static str>,
    },
    /// A cell is not what its column holds.
    #[error("row {row}: `{column}`: {problem}")]
    Cell {
        /// As a spreadsheet numbers it: the header is row 1.
        row: u64,
        /// Its column.
        column: &'static str,
        /// What is wrong and would be right.
        problem: String,
    },
    /// The stream goes back in time.
    #[error("row {row}: `at` is {at}, before the row above it; sort the rows by `at`")]
    OutOfOrder {
        /// As a spreadsheet numbers it.
        row: u64,
        /// As written.
        at: String,
    },
}

/// Writes operations, header first.
#[derive(Debug)]
pub struct OperationWriter<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> OperationWriter<W> {
    /// Writes the header.
    pub fn new(out: W) -> Result<Self, StreamError> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(OPERATION_COLUMNS)?;
        Ok(Self { writer })
    }

    /// Writes one row.
    pub fn write(&mut self, planned: &PlannedOperation) -> Result<(), StreamError> {
        let or_empty = |text: Option<String>| text.unwrap_or_default();
        let separator = ALLOW_SEPARATOR.to_string();
        let particulars = planned.particulars.as_deref();
        let medium = particulars
            .and_then(|it| it.medium)
            .map(|it| it.to_string());
        let place = particulars.and_then(|it| it.place.clone());
        let locks = particulars.and_then(|it| it.locks.as_ref());
        let limits = particulars.and_then(|it| it.limits.as_ref());
        self.writer.write_record([
            moment(planned.at),
            planned.branch.clone(),
            planned.channel.to_string(),
            planned.customer.clone(),
            planned.session.to_string(),
            planned.step.to_string(),
            or_empty(planned.think.map(|think| seconds(think.0) + "s")),
            planned.operation.to_string(),
            or_empty(planned.amount_fen.map(yuan)),
            or_empty(planned.payee.clone()),
            planned.allow.join(&separator),
            or_empty(medium),
            or_empty(place),
            or_empty(locks.map(Locks::to_string)),
            or_empty(limits.map(PaymentLimits::to_string)),
        ])?;
        Ok(())
    }

    /// Writes out what is buffered.
    pub fn finish(mut self) -> Result<(), StreamError> {
        self.writer.flush().map_err(csv::Error::from)?;
        Ok(())
    }
}

/// `HH:MM:SS.micros`; hours go beyond 24.
fn moment(at: SimTime) -> String {
    let (whole, micros) = (at.0 / MICROS_PER_SECOND, at.0 % MICROS_PER_SECOND);
    let (hour, minute, second) = (whole / 3600, whole / 60 % 60, whole % 60);
    format!("{hour:02}:{minute:02}:{second:02}.{micros:06}")
}

fn seconds(micros: u64) -> String {
    let (whole, micros) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    format!("{whole}.{micros:06}")
}

pub(super) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

/// Reads operations one by one; the first error ends the stream.
pub struct OperationReader<R: Read> {
    records: csv::StringRecordsIntoIter<R>,
    positions: [Option<usize>; OPERATION_COLUMNS.len()],
    last: SimTime,
    row: u64,
    broken: bool,
}

impl<R: Read> OperationReader<R> {
    /// Reads the header.
    pub fn new(input: R) -> Result<Self, StreamError> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(input);
        let mut positions = [None; OPERATION_COLUMNS.len()];
        for (position, written) in reader.headers()?.iter().enumerate() {
            let name = written.trim_start_matches('\u{feff}');
            let Some(column) = OPERATION_COLUMNS.iter().position(|known| *known == name) else {
                return Err(StreamError::UnknownColumn {
                    name: name.chars().take(60).collect(),
                    nearest: crate::names::nearest(name, OPERATION_COLUMNS),
                });
            };
            positions[column] = Some(position);
        }
        for (column, position) in OPERATION_COLUMNS.iter().zip(positions) {
            if position.is_none() && !OPTIONAL.contains(column) {
                return Err(StreamError::MissingColumn(column));
            }
        }
        Ok(Self {
            records: reader.into_records(),
            positions,
            last: SimTime(0),
            row: 1,
            broken: false,
        })
    }

    /// The row that was read last, as a spreadsheet numbers it: the header is row 1.
    pub const fn row(&self) -> u64 {
        self.row
    }

    fn operation(&mut self, record: &csv::StringRecord) -> Result<PlannedOperation, StreamError> {
        let row = Row {
            record,
            positions: self.positions,
            number: record.position().map_or(0, csv::Position::line),
        };
        self.row = row.number;
        let planned = row.operation()?;
        if planned.at < self.last {
            return Err(StreamError::OutOfOrder {
                row: row.number,
                at: row.text("at").to_owned(),
            });
        }
        self.last = planned.at;
        Ok(planned)
    }
}

impl<R: Read> Iterator for OperationReader<R> {
    type Item = Result<PlannedOperation, StreamError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        let next = match self.records.next()? {
            Ok(record) => self.operation(&record),
            Err(error) => Err(error.into()),
        };
        self.broken = next.is_err();
        Some(next)
    }
}

struct Row<'r> {
    record: &'r csv::StringRecord,
    positions: [Option<usize>; OPERATION_COLUMNS.len()],
    number: u64,
}

impl Row<'_> {
    /// Empty where the column was left out.
    fn text(&self, column: &str) -> &str {
        let column = OPERATION_COLUMNS.iter().position(|known| *known == column);
        let position = column.and_then(|column| self.positions[column]);
        position
            .and_then(|at| self.record.get(at))
            .unwrap_or_default()
    }

    fn wrong(&self, column: &'static str, problem: impl Into<String>) -> StreamError {
        StreamError::Cell {
            row: self.number,
            column,
            problem: problem.into(),
        }
    }

    fn named(&self, column: &'static str) -> Result<String, StreamError> {
        let text = self.text(column);
        if text.is_empty() {
            return Err(self.wrong(column, "it is empty"));
        }
        Ok(text.to_owned())
    }

    fn whole<T: std::str::FromStr>(&self, column: &'static str) -> Result<T, StreamError> {
        let text = self.text(column);
        let wrong = || self.wrong(column, format!("`{text}` is no whole number from 0"));
        text.parse().map_err(|_| wrong())
    }

    fn operation(&self) -> Result<PlannedOperation, StreamError> {
        let at = self.text("at");
        let Some(at) = parse_moment(at) else {
            let problem = format!("`{at}` is no time; write it like 10:00:00.250000");
            return Err(self.wrong("at", problem));
        };
        let step = self.whole("step")?;
        let think = self.text("think");
        let think = match think {
            "" => None,
            _ => Some(parse_span(think).map_err(|error| self.wrong("think", error.to_string()))?),
        };
        let amount = self.text("amount");
        let amount_fen = match amount {
            "" => None,
            _ => Some(parse_yuan(amount).ok_or_else(|| {
                self.wrong(
                    "amount",
                    format!("`{amount}` is no amount above 0 in yuan, like 12.34"),
                )
            })?),
        };
        let payee = Some(self.text("payee").to_owned()).filter(|payee| !payee.is_empty());
        let allow = self.text("allow").split(ALLOW_SEPARATOR).map(str::trim);
        Ok(PlannedOperation {
            at,
            branch: self.named("branch")?,
            channel: self.parsed::<Channel>("channel")?,
            customer: self.named("customer")?,
            session: self.whole("session")?,
            step,
            think: think.or((step > 0).then_some(Span(0))),
            operation: self.parsed::<Operation>("operation")?,
            amount_fen,
            payee,
            allow: allow
                .filter(|code| !code.is_empty())
                .map(str::to_owned)
                .collect(),
            particulars: self.particulars()?.boxed(),
        })
    }

    fn particulars(&self) -> Result<Particulars, StreamError> {
        let (medium, place, locks) = (self.text("medium"), self.text("place"), self.text("locks"));
        let limits = self.text("limits");
        if !place.is_empty() && !is_place(place) {
            return Err(self.wrong("place", format!("`{place}` is no place; {PLACE}")));
        }
        Ok(Particulars {
            medium: match medium {
                "" => None,
                _ => Some(self.parsed("medium")?),
            },
            place: Some(place.to_owned()).filter(|place| !place.is_empty()),
            locks: match locks {
                "" => None,
                _ => Some(Locks::parse(locks).map_err(|why| self.wrong("locks", why))?),
            },
            limits: match limits {
                "" => None,
                _ => Some(PaymentLimits::parse(limits).map_err(|why| self.wrong("limits", why))?),
            },
        })
    }

    fn parsed<T: std::str::FromStr<Err = crate::names::UnknownName>>(
        &self,
        column: &'static str,
    ) -> Result<T, StreamError> {
        self.text(column)
            .parse()
            .map_err(|error: T::Err| self.wrong(column, error.to_string()))
    }
}

/// `HH:MM:SS` with up to six decimals; hours go beyond 24.
fn parse_moment(text: &str) -> Option<SimTime> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty();
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || ![hour, minute, second, fraction].into_iter().all(digits) {
        return None;
    }
    let (hour, minute, second): (u64, u64, u64) = (
        hour.parse().ok()?,
        minute.parse().ok()?,
        second.parse().ok()?,
    );
    if hour > 1_000_000 || minute > 59 || second > 59 || fraction.len() > 6 {
        return None;
    }
    let micros: u64 = format!("{fraction:0<6}").parse().ok()?;
    Some(SimTime(
        (hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND + micros,
    ))
}

/// An amount above zero in yuan, with up to two decimals, in fen.
pub(super) fn parse_yuan(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty();
    if !digits(whole) || !digits(fraction) || fraction.len() > 2 {
        return None;
    }
    let yuan: i64 = whole.parse().ok()?;
    let fen: i64 = format!("{fraction:0<2}").parse().ok()?;
    let total = yuan.checked_mul(100)?.checked_add(fen)?;
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned() -> Vec<PlannedOperation> {
        let first = PlannedOperation {
            at: SimTime(36_000_250_001),
            branch: "liaocheng-shizhong".into(),
            channel: Channel::Kiosk,
            customer: "c-1".into(),
            session: 1,
            step: 0,
            think: None,
            operation: Operation::IdentityCheck,
            amount_fen: None,
            payee: None,
            allow: Vec::new(),
            particulars: None,
        };
        let second = PlannedOperation {
            at: SimTime(90_000_000_000),
            branch: "mobile".into(),
            channel: Channel::Mobile,
            step: 1,
            think: Some(Span(14_250_001)),
            operation: Operation::TransferOwnBank,
            amount_fen: Some(1_205),
            payee: Some("c-2".into()),
            allow: vec!["insufficient_funds".into(), "daily_limit".into()],
            particulars: Particulars {
                medium: Some(super::super::Medium::Device),
                place: Some("JP".into()),
                locks: Some(Locks::default()),
                limits: Some(PaymentLimits::default()),
            }
            .boxed(),
            ..first.clone()
        };
        vec![first, second]
    }

    fn written() -> String {
        let mut bytes = Vec::new();
        let mut writer = OperationWriter::new(&mut bytes).expect("memory can be written");
        for operation in planned() {
            writer.write(&operation).expect("memory can be written");
        }
        writer.finish().expect("memory can be written");
        String::from_utf8(bytes).expect("CSV is UTF-8")
    }

    fn read(text: &str) -> Result<Vec<PlannedOperation>, StreamError> {
        OperationReader::new(text.as_bytes())?.collect()
    }

    #[test]
    fn a_stream_reads_back_to_the_microsecond_and_the_fen() {
        assert_eq!(read(&written()).expect("our own stream reads"), planned());
        assert!(
            written().contains("10:00:00.250001,liaocheng-shizhong,kiosk,c-1,1,0,,identity_check")
        );
        assert!(written().contains("25:00:00.000000,mobile,mobile,c-1,1,1,14.250001s,transfer_own_bank,12.05,c-2,insufficient_funds|daily_limit,device,JP,none,sms:10000.00/10000.00/50000.00"));
    }

    #[test]
    fn a_recorded_log_may_leave_columns_out_and_carry_a_mark() {
        let text = "\u{feff}at,branch,channel,customer,session,step,operation\r\n10:00:00,b,atm,c,1,0,withdrawal\r\n";
        let operations = read(text).expect("it is complete");
        assert_eq!(operations[0].channel, Channel::Atm);
        assert_eq!(operations[0].amount_fen, None);
    }

    #[test]
    fn a_wrong_row_is_named_with_the_nearest_right_name() {
        let message = |from: &str, to: &str| {
            read(&written().replacen(from, to, 1))
                .expect_err("it is wrong")
                .to_string()
        };
        assert_eq!(
            message("identity_check", "identity_chek"),
            "row 2: `operation`: `identity_chek` is no operation; did you mean `identity_check`?"
        );
        assert_eq!(
            message(",kiosk,", ",kisok,"),
            "row 2: `channel`: `kisok` is no channel; did you mean `kiosk`?"
        );
        assert!(message("12.05", "-12.05").starts_with("row 3: `amount`"));
        assert!(message("12.05", "12.055").starts_with("row 3: `amount`"));
        assert!(message("14.250001s", "14.25").starts_with("row 3: `think`"));
        assert!(message("25:00:00", "08:00:00").starts_with("row 3: `at` is 08:00:00"));
        assert!(message("10:00:00.250001", "ten").starts_with("row 2: `at`"));
        assert!(message(",JP,", ",Japan,").starts_with("row 3: `place`"));
        assert!(message(",device,", ",devise,").contains("did you mean `device`?"));
        assert!(message(",none", ",nine").starts_with("row 3: `locks`"));
        assert!(message(",sms:", ",mms:").starts_with("row 3: `limits`"));
        assert!(message("channel", "chanel").contains("did you mean `channel`?"));
        assert!(message(",session", "").contains("`session` is missing"));
    }
}
