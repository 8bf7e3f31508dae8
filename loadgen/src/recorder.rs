//! The thread beside the one that keeps the pace: writes journal and interval log and
//! tells whoever watches, so that a slow disk or terminal does not delay the load.
//!
//! Rows become bytes on the thread that plays, between two operations, because the other
//! one must have as little to do as possible: the system does not take the processor from
//! it in the middle of its work when an operation falls due.

use crate::error::LoadError;
use crate::histogram_files::{Interval, IntervalLog};
use crate::journal::JournalWriter;
use crate::kind::Names;
use crate::options::{LoadOptions, LoadProgress, LoadSnapshot};
use serde::Serialize;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

/// Bytes of the journal that go to that thread at once: some hundred rows, so that waking it costs
/// a row next to nothing.
const BYTES_AT_ONCE: usize = 64 << 10;

/// What goes to that thread.
pub enum Note {
    /// Rows of the journal, as they stand in its file.
    Rows(Vec<u8>),
    /// A row that cannot be written, and why.
    Unwritable(String),
    Setup(u64, u64),
    Second(LoadSnapshot),
    /// The clock of the load starts at this time of the wall's.
    Started(SystemTime),
    /// What came so many nanoseconds after the start, and how long it took.
    Intervals(u64, u64, Vec<Interval>),
}

/// Hands rows and progress to that thread. Rows gather until there are enough of them, a second is
/// over, or the last of the recorders is dropped.
#[derive(Clone)]
pub struct Recorder {
    notes: mpsc::Sender<Note>,
    rows: Rc<RefCell<csv::Writer<Pieces>>>,
}

/// Where the rows come out as bytes.
struct Pieces(mpsc::Sender<Note>);

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The receiver lives until the last sender is gone.
        let _ = self.0.send(Note::Rows(bytes.to_vec()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Recorder {
    /// Whose notes go there.
    pub fn new(notes: mpsc::Sender<Note>) -> Self {
        let mut rows = csv::WriterBuilder::new();
        rows.buffer_capacity(BYTES_AT_ONCE);
        let rows = rows.from_writer(Pieces(notes.clone()));
        Self {
            notes,
            rows: Rc::new(RefCell::new(rows)),
        }
    }

    /// A row of the journal.
    pub fn row(&self, row: &impl Serialize) {
        if let Err(error) = self.rows.borrow_mut().serialize(row) {
            self.note(Note::Unwritable(error.to_string()));
        }
    }

    /// Progress of the setup.
    pub fn setup(&self, done: u64, of: u64) {
        self.note(Note::Setup(done, of));
    }

    /// Progress of the stream.
    pub fn second(&self, snapshot: LoadSnapshot) {
        if let Err(error) = self.rows.borrow_mut().flush() {
            self.note(Note::Unwritable(error.to_string()));
        }
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

    fn note(&self, note: Note) {
        // The receiver lives until the last sender is gone.
        let _ = self.notes.send(note);
    }
}

/// Writes and tells until the last sender is gone.
pub fn record(
    notes: &mpsc::Receiver<Note>,
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
            Note::Second(snapshot) => progress.second(&snapshot),
            // After the first failure nothing more is written.
            _ if result.is_err() => {}
            Note::Rows(rows) => result = journal.write(&rows),
            Note::Unwritable(why) => result = Err(journal.failed(&why)),
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
    log.as_mut().map_or(Ok(()), IntervalLog::flush)
}
