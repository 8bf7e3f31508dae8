//! Reads of the projection: entries, notices and older keys, each as whole as its reader asks.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Notify, watch};

use crate::{
    entries::{Found, Histories, Recent, Search},
    journal::JournalReaders,
    kept::Kept,
    metrics::Metrics,
    older_keys,
    projector::ProjectionError,
    rules::{AccountNumber, BookAccount, BusinessTime, Fen, KeyDigest, Looked, Remembered},
    statements::{Statement, statement},
};

/// Reads history; connections are kept for the next reader.
pub struct History {
    path: PathBuf,
    recent: Arc<Recent>,
    /// Each with the edition of the file that it reads.
    kept: Kept<(u64, Connection)>,
    journal: Arc<JournalReaders>,
    projected: watch::Receiver<u64>,
    listed: watch::Receiver<u64>,
    keys_through: watch::Receiver<u64>,
    edition: Arc<Edition>,
    wanted: Arc<Wanted>,
    metrics: Arc<Metrics>,
}

/// What readers read of the projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Entries of accounts: those that are not in the file yet are in memory.
    Entries,
    /// Notices and lists of products, which are nowhere but in the file.
    Lists,
}

/// How far the projector is, for the readers; and how far they want it, for the projector.
pub struct Progress {
    /// The entries that the file does not hold yet.
    pub recent: Arc<Recent>,
    /// The last record whose entries can be read.
    pub projected: watch::Receiver<u64>,
    /// The last record whose notices and products can be read.
    pub listed: watch::Receiver<u64>,
    /// The last record whose key is written.
    pub keys_through: watch::Receiver<u64>,
    /// Which edition of the file can be read.
    pub edition: Arc<Edition>,
    /// What readers wait for.
    pub wanted: Arc<Wanted>,
    /// Where looks for keys are counted.
    pub metrics: Arc<Metrics>,
}

/// How often the file has been begun anew while the bank serves. What was read while it was would mix
/// two files, so it counts for nothing.
#[derive(Default)]
pub struct Edition(AtomicU64);

impl Edition {
    /// Nobody reads from now on.
    pub fn close(&self) {
        self.0.fetch_or(1, Ordering::SeqCst);
    }

    /// The file is another one and can be read.
    pub fn publish(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// The number of the edition that can be read: even ones can.
    fn readable(&self) -> Result<u64, ProjectionError> {
        match self.0.load(Ordering::SeqCst) {
            number if number % 2 == 0 => Ok(number),
            _ => Err(ProjectionError::Anew),
        }
    }
}

/// How long a request waits for the keys of older records to be written.
const KEYS_PATIENCE: Duration = Duration::from_secs(3);

/// The highest record that somebody waits for.
#[derive(Default)]
pub struct Wanted {
    seq: AtomicU64,
    asked: Notify,
}

impl Wanted {
    fn ask(&self, seq: u64) {
        self.seq.fetch_max(seq, Ordering::Relaxed);
        self.asked.notify_one();
    }

    /// The highest record that somebody has asked for lately.
    pub fn asked(&self) -> u64 {
        self.seq.load(Ordering::Relaxed)
    }

    /// Returns when somebody waits for a record after `projected`, at the latest after `patience`: the
    /// record, which is forgotten here.
    pub async fn beyond(&self, projected: u64, patience: Duration) -> u64 {
        let asked = async {
            while self.seq.load(Ordering::Relaxed) <= projected {
                self.asked.notified().await;
            }
        };
        let _ = tokio::time::timeout(patience, asked).await;
        // Whoever named a record that is far from written keeps nobody in haste.
        self.seq.swap(0, Ordering::Relaxed)
    }
}

impl History {
    /// Reads the projection in `path` of this journal.
    pub fn new(path: &Path, journal: Arc<JournalReaders>, progress: Progress) -> Self {
        Self {
            path: path.to_owned(),
            recent: progress.recent,
            kept: Kept::default(),
            journal,
            projected: progress.projected,
            listed: progress.listed,
            keys_through: progress.keys_through,
            edition: progress.edition,
            wanted: progress.wanted,
            metrics: progress.metrics,
        }
    }

    /// Looks for a key among those of all records up to `through` that memory has forgotten; `None`
    /// when the projector does not get that far in time, or a file cannot be read.
    pub async fn look_for_key(self: Arc<Self>, digest: KeyDigest, through: u64) -> Option<Looked> {
        self.metrics.looked_for_key();
        let mut written = self.keys_through.clone();
        let waiting = written.wait_for(|reached| *reached >= through);
        let waited = tokio::time::timeout(KEYS_PATIENCE, waiting).await;
        waited.ok()?.ok()?;
        let looking = tokio::task::spawn_blocking(move || self.find_key(digest));
        let looked = looking.await.ok()?;
        looked
            .map_err(|error| tracing::error!("older keys cannot be read: {error}"))
            .ok()
    }

    fn find_key(&self, digest: KeyDigest) -> Result<Looked, ProjectionError> {
        let (through, seq) =
            self.with_connection(|connection| Ok(older_keys::find(connection, digest)?))?;
        let Some(seq) = seq else {
            return Ok(Looked {
                through,
                found: None,
            });
        };
        // Another record's answer would be as wrong as none, and so would one that was changed.
        let record = self.journal.proven(seq)?;
        let record = record
            .filter(|record| KeyDigest::of(record.command.by, &record.key) == digest)
            .ok_or(rusqlite::Error::InvalidQuery)?;
        let found = Some(Remembered {
            fingerprint: record.fingerprint.short(),
            at: record.at,
            seq: record.seq,
            outcome: record.answer(),
        });
        Ok(Looked { through, found })
    }

    /// Waits until what is held of record `seq` can be read; `false` when `patience` runs out first.
    pub async fn reached(&self, held: Held, seq: u64, patience: Duration) -> bool {
        let mut projected = match held {
            Held::Entries => self.projected.clone(),
            Held::Lists => self.listed.clone(),
        };
        if *projected.borrow() < seq {
            self.wanted.ask(seq);
        }
        let waiting = projected.wait_for(|reached| *reached >= seq);
        matches!(tokio::time::timeout(patience, waiting).await, Ok(Ok(_)))
    }

    fn connect(&self) -> Result<Connection, ProjectionError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        Ok(connection)
    }

    /// Up to `limit` of the wanted entries of an account with numbers below `before`, newest first. It
    /// reads a file: call it where blocking is allowed.
    pub fn entries(
        &self,
        account: BookAccount,
        before: Option<u64>,
        limit: usize,
        search: &Search,
    ) -> Result<Found, ProjectionError> {
        self.with_histories(|histories| histories.search(account, before, limit, search))
    }

    /// What moved on an account between two moments, the second excluded. It reads a file, too.
    pub fn statement(
        &self,
        account: AccountNumber,
        period: Range<BusinessTime>,
        after: u64,
        limit: usize,
    ) -> Result<Statement, ProjectionError> {
        let account = BookAccount::Customer(account);
        self.with_histories(|histories| statement(histories, account, &period, after, limit))
    }

    /// Every account's balance after record `seq`, the bank's own among them. It reads all there is.
    pub fn balances_at(&self, seq: u64) -> Result<Vec<(BookAccount, Fen)>, ProjectionError> {
        self.with_histories(|histories| histories.balances_after(seq))
    }

    fn with_histories<T>(
        &self,
        read: impl FnOnce(Histories) -> Result<T, ProjectionError>,
    ) -> Result<T, ProjectionError> {
        self.with_connection(|file| {
            read(Histories {
                recent: &self.recent,
                file,
            })
        })
    }

    /// Reads with a connection of its own; it reads a file, too.
    pub fn with_connection<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, ProjectionError>,
    ) -> Result<T, ProjectionError> {
        let edition = self.edition.readable()?;
        let connect = || Ok::<_, ProjectionError>((edition, self.connect()?));
        let found = self.kept.with(connect, |kept| {
            if kept.0 != edition {
                *kept = connect()?;
            }
            read(&kept.1)
        })?;
        if self.edition.readable()? == edition {
            Ok(found)
        } else {
            Err(ProjectionError::Anew)
        }
    }
}
