//! The thread beside the one that keeps the pace: writes journal and interval log and
//! tells whoever watches, so that a slow disk or terminal does not delay the load.

use crate::error::LoadError;
use crate::histogram_files::{Interval, IntervalLog};
use crate::journal::JournalWriter;
use crate::kind::Names;
use crate::options::{LoadOptions, LoadProgress, LoadSnapshot};
use serde::Serialize;
use std::cell::RefCell;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

/// Rows that go to that thread at once: a message for each would cost a wake-up of it for each
/// operation, which on a busy machine is paid by the thread that keeps the pace.
const ROWS_AT_ONCE: usize = 512;

/// What goes to that thread.
pub enum Note<R> {
    Rows(Vec<R>),
    Setup(u64, u64),
    Second(LoadSnapshot),
    /// The clock of the load starts at this time of the wall's.
    Started(SystemTime),
    /// What came so many nanoseconds after the start, and how long it took.
    Intervals(u64, u64, Vec<Interval>),
}

/// Hands rows and progress to that thread. Rows gather until there are enough of them, a second is
/// over, or the recorder is dropped.
pub struct Recorder<R> {
    notes: mpsc::Sender<Note<R>>,
    gathered: RefCell<Vec<R>>,
}

impl<R> Clone for Recorder<R> {
    /// To the same thread; what this one has gathered stays with it.
    fn clone(&self) -> Self {
        Self {
            notes: self.notes.clone(),
            gathered: RefCell::default(),
        }
    }
}

impl<R> Drop for Recorder<R> {
    fn drop(&mut self) {
        self.hand_over();
    }
}

impl<R> Recorder<R> {
    /// And the end where its notes come out.
    pub fn new() -> (Self, mpsc::Receiver<Note<R>>) {
        let (notes, received) = mpsc::channel();
        let recorder = Self {
            notes,
            gathered: RefCell::default(),
        };
        (recorder, received)
    }

    /// A row of the journal.
    pub fn row(&self, row: R) {
        let mut gathered = self.gathered.borrow_mut();
        if gathered.capacity() == 0 {
            gathered.reserve_exact(ROWS_AT_ONCE);
        }
        gathered.push(row);
        if gathered.len() >= ROWS_AT_ONCE {
            drop(gathered);
            self.hand_over();
        }
    }

    /// Progress of the setup.
    pub fn setup(&self, done: u64, of: u64) {
        self.note(Note::Setup(done, of));
    }

    /// Progress of the stream.
    pub fn second(&self, snapshot: LoadSnapshot) {
        self.hand_over();
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

    fn hand_over(&self) {
        let rows = self.gathered.take();
        if !rows.is_empty() {
            self.note(Note::Rows(rows));
        }
    }

    fn note(&self, note: Note<R>) {
        // The receiver lives until the last sender is gone.
        let _ = self.notes.send(note);
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
            Note::Rows(rows) => result = rows.iter().try_for_each(|row| journal.write(row)),
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
