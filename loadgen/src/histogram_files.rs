//! Latencies as files that others' tools read: the `HdrHistogram` interval log in
//! version 2 (`.hlog`), written second by second while the load is played, and the
//! table of percentiles (`.hgrm`), written at the end.
//!
//! Values are microseconds. A line of the log holds one second of one operation on
//! one channel, tagged `operation.channel`; the second is that of the operations'
//! ends, since a log is written as time passes. Adding lines up loses nothing.

use crate::error::LoadError;
use crate::kind::{Kind, Names};
use crate::measurement::Times;
use crate::outcome::LoadOutcome;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Lines of a table of percentiles on the way to each halving of what is left.
const TICKS_PER_HALF: u32 = 5;

/// What one second brought of one kind.
#[derive(Debug, Clone)]
pub struct Interval {
    pub kind: Kind,
    /// Microseconds.
    pub latencies: Histogram<u64>,
}

/// An interval log that is being written.
pub struct IntervalLog {
    path: PathBuf,
    names: Names,
    file: BufWriter<File>,
    serializer: V2DeflateSerializer,
}

impl IntervalLog {
    /// Creates the file, or replaces what was there. `started` is the wall clock's
    /// time when the clock of the load started.
    ///
    /// # Errors
    /// [`LoadError::Written`], as for all that is written here.
    pub fn begin(path: &Path, names: Names, started: SystemTime) -> Result<Self, LoadError> {
        let file = File::create(path).map_err(|why| failed(path, why))?;
        let mut log = Self {
            path: path.to_owned(),
            names,
            file: BufWriter::new(file),
            serializer: V2DeflateSerializer::new(),
        };
        IntervalLogWriterBuilder::new()
            .add_comment(
                "[Latencies in microseconds from the intended start, by operation.channel]",
            )
            .with_start_time(started)
            .with_base_time(started)
            .begin_log_with(&mut log.file, &mut log.serializer)
            .map_err(|why| failed(&log.path, why))?;
        Ok(log)
    }

    /// Adds what came between two moments of the load's clock.
    pub fn write(
        &mut self,
        from: Duration,
        length: Duration,
        intervals: &[Interval],
    ) -> Result<(), LoadError> {
        let path = &self.path;
        let mut log = IntervalLogWriterBuilder::new()
            .begin_log_with(&mut self.file, &mut self.serializer)
            .map_err(|why| failed(path, why))?;
        for interval in intervals {
            let tag = self.names.tag(interval.kind);
            log.write_histogram(&interval.latencies, from, length, Tag::new(&tag))
                .map_err(|why| failed(path, io::Error::other(format!("{why:?}"))))?;
        }
        Ok(())
    }

    /// Hands everything to the system.
    pub fn flush(&mut self) -> Result<(), LoadError> {
        self.file.flush().map_err(|why| failed(&self.path, why))
    }
}

fn failed(path: &Path, why: io::Error) -> LoadError {
    LoadError::Written {
        path: path.to_owned(),
        why,
    }
}

impl LoadOutcome {
    /// Tables of percentiles, warm-up excluded: of all operations, named `all`, and
    /// of each operation.
    pub fn percentile_tables(&self) -> Vec<(String, String)> {
        let mut tables = Vec::new();
        if let Some(all) = self.book.merged(|_| true) {
            tables.push(("all".to_owned(), percentile_table(&all.latency)));
        }
        let operations: BTreeSet<u16> = self.book.kinds().map(|(kind, _)| kind.operation).collect();
        for operation in operations {
            if let Some(measured) = self.book.merged(|kind| kind.operation == operation) {
                let name = self.names.operation(operation).to_owned();
                tables.push((name, percentile_table(&measured.latency)));
            }
        }
        tables
    }
}

/// As `HdrHistogram` prints its percentile distribution: values in microseconds.
fn percentile_table(times: &Times) -> String {
    let histogram = times.histogram();
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut line = |value: u64, quantile: f64, count: u64| {
        let written = if quantile < 1.0 {
            let beyond = 1.0 / (1.0 - quantile);
            writeln!(
                text,
                "{value:12}.000 {quantile:2.12} {count:10} {beyond:14.2}"
            )
        } else {
            writeln!(text, "{value:12}.000 {quantile:2.12} {count:10}")
        };
        written.expect("a string takes every write");
    };
    let mut count = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF) {
        count += step.count_since_last_iteration();
        line(step.value_iterated_to(), step.quantile_iterated_to(), count);
    }
    let ends = [
        format!(
            "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]",
            times.mean().unwrap_or(0.0) * 1e6,
            times.deviation().unwrap_or(0.0) * 1e6
        ),
        format!(
            "#[Max     = {:12.3}, Total count    = {:12}]",
            times.greatest().unwrap_or(0.0) * 1e6,
            histogram.len()
        ),
        format!(
            "#[Buckets = {:12}, SubBuckets     = {:12}]",
            histogram.buckets(),
            2048
        ),
    ];
    for end in ends {
        text.push_str(&end);
        text.push('\n');
    }
    text
}
