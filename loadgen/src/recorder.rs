//! The thread beside the one that keeps the pace: writes journal and interval log and
//! tells whoever watches, so that a slow disk or terminal does not delay the load.

use crate::error::LoadError;
use crate::histogram_files::{Interval, IntervalLog};
use crate::journal::JournalWriter;
use crate::kind::Names;
use crate::options::{LoadOptions, LoadProgress, LoadSnapshot};
use serde::Serialize;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

/// What goes to that thread.
pub enum Note<R> {
    Row(Box<R>),
    Setup(u64, u64),
    Second(LoadSnapshot),
    /// The clock of the load starts at this time of the wall's.
    Started(SystemTime),
    /// What came so many nanoseconds after the start, and how long it took.
    Intervals(u64, u64, Vec<Interval>),
}

/// Hands rows and progress to that thread.
pub struct Recorder<R>(mpsc::Sender<Note<R>>);

impl<R> Clone for Recorder<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R> Recorder<R> {
    /// And the end where its notes come out.
    pub fn new() -> (Self, mpsc::Receiver<Note<R>>) {
        let (notes, received) = mpsc::channel();
        (Self(notes), received)
    }

    /// A row of the journal.
    pub fn row(&self, row: R) {
        self.note(Note::Row(Box::new(row)));
    }

    /// Progress of the setup.
    pub fn setup(&self, done: u64, of: u64) {
        self.note(Note::Setup(done, of));
    }

    /// Progress of the stream.
    pub fn second(&self, snapshot: LoadSnapshot) {
        self.note(Note::Second(snapshot));
    }

    /// The clock of the load starts.
    pub fn started(&self, at: SystemTime) {
        self.note(Note::Started(at));
    }

    /// Latencies since the last report.
    pub fn intervals(&self, from: u64, length: u64, intervals: Vec<Interval>) {
        self.note(Note::Intervals(from, length, intervals));
    }

    fn note(&self, note: Note<R>) {
        // The receiver lives until the last sender is gone.
        let _ = self.0.send(note);
    }
}

/// Writes and tells until the last sender is gone.
pub fn record<R: Serialize>(
    notes: &mpsc::Receiver<Note<R>>,
    mut journal: JournalWriter,
    names: &Names,
    progress: &dyn LoadProgress,
    options: &LoadOptions,
) -> Result<(), LoadError> {
    let mut log: Option<IntervalLog> = None;
    let mut result = Ok(());
    for note in notes {
        match note {
            Note::Setup(done, of) => progress.setup(done, of),
            Note::Second(snapshot) => {
                progress.second(&snapshot);
                if result.is_ok() {
                    result = journal.flush();
                }
            }
            // After the first failure nothing more is written.
            _ if result.is_err() => {}
            Note::Row(row) => result = journal.write(&row),
            Note::Started(at) => {
                let path = options.interval_log.as_deref();
                let begun = path.map(|path| IntervalLog::begin(path, names.clone(), at));
                match begun.transpose() {
                    Ok(begun) => log = begun,
                    Err(error) => result = Err(error),
                }
            }
            Note::Intervals(from, length, intervals) => {
                if let Some(log) = &mut log {
                    let (from, length) = (Duration::from_nanos(from), Duration::from_nanos(length));
                    result = log.write(from, length, &intervals);
                }
            }
        }
    }
    result?;
    if let Some(log) = &mut log {
        log.flush()?;
    }
    journal.flush()
}
