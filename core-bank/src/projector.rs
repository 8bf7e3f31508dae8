//! The projector: tails the journal into a file of entries per account, for history.
//!
//! The file is disposable. It is rebuilt from the journal when it is missing, of another version,
//! damaged, or ahead of the journal. Reads name the record they must include and wait for it.

use std::{borrow::Cow, io, path::Path, sync::Arc, thread, time::Duration};

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::{oneshot, watch};

use crate::{
    clock::BusinessClock,
    history::{Entry, History, Progress, Wanted},
    journal::{JournalError, JournalReader, JournalReaders, Link},
    metrics::Metrics,
    notices::{NOTICES_TABLE, NoticeKind, insert_notices, notices_of},
    older_keys::OlderKeys,
    product_lists::{PRODUCT_TABLES, insert_products},
    repair::remove_database,
    rules::{Fact, IDEMPOTENCY_KEYS_MAX},
};

/// The version of the projection's tables; another one is thrown away and rebuilt.
const PROJECTION_VERSION: i64 = 4;

/// Records that one transaction of the projector takes when there is haste.
const CHUNK: usize = 8_000;

/// Records that one transaction takes at leisure: its commit holds up others a few milliseconds at most.
const CHUNK_AT_LEISURE: usize = 500;

/// As long as so many records at most wait they are projected at leisure, and once there are more,
/// with haste until few are left.
const LEISURE_BEHIND_MAX: u64 = 30_000;
const HASTE_BEHIND_MIN: u64 = 2_000;

/// Entries after which the projector lets others go first when it works at leisure.
const ENTRIES_BETWEEN_YIELDS: usize = 16;

/// How long the projector lets records gather when nobody waits for them. Accounts come in no order,
/// so a record alone rewrites a page for each of its accounts; of many records some share a page.
/// Every reader names what was durable when he asked, so nobody sees the delay.
const GATHERING: Duration = Duration::from_millis(500);

/// Memory for pages, in KiB: a transaction of one chunk fits, so no page is written twice in it.
const CACHE_KIB: i64 = 32 * 1024;

/// The projector's niceness in haste: it yields to whoever answers requests, and still gets a quarter
/// of a core that has no time to spare (`sched(7)`).
const NICENESS: i32 = 5;

/// Pages of the write-ahead log between two checkpoints: the longer the log, the more often a page
/// that goes back to the file has been changed meanwhile.
const CHECKPOINT_PAGES: i64 = 4_000;

/// How long the projector waits after it failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why the projection cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// `SQLite` refused.
    #[error("the projection cannot be used; delete projection.sqlite and start again: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file system refused.
    #[error("the projection cannot be made: {0}")]
    Io(#[from] io::Error),
}

/// What the projector works with.
pub struct ProjectorParts<'a> {
    /// The projection's file.
    pub path: &'a Path,
    /// The journal.
    pub journal: Arc<JournalReaders>,
    /// The last durable record; the projector ends when this closes.
    pub durable: watch::Receiver<u64>,
    /// Where its progress is counted.
    pub metrics: Arc<Metrics>,
    /// Keys that memory holds.
    pub keys_in_memory: usize,
    /// The clock that tells how late an alert is.
    pub clock: BusinessClock,
}

/// Starts the projector's thread. It follows `durable` and ends when that closes; the receiver then
/// tells how it went.
pub fn start_projector(
    parts: ProjectorParts,
) -> Result<(History, oneshot::Receiver<Result<(), ProjectionError>>), ProjectionError> {
    let durable = parts.durable;
    let connection = open_or_rebuild(parts.path, *durable.borrow())?;
    let at = projected_seq(&connection)?;
    let keys = OlderKeys::open(&connection, parts.keys_in_memory)?;
    let (published, projected) = watch::channel(at);
    let (keys_published, keys_through) = watch::channel(keys.through);
    let (ended, end) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let wanted = Arc::new(Wanted::default());
    let projector = Projector {
        clock: parts.clock,
        replayed: *durable.borrow(),
        wanted: Arc::clone(&wanted),
        connection,
        journal: parts.journal.open()?,
        at,
        published,
        keys,
        keys_published,
        metrics: parts.metrics,
    };
    thread::Builder::new()
        .name("bank-projector".to_owned())
        .spawn(move || {
            // Without it the projector only takes more than its share.
            let _ = rustix::process::setpriority_process(None, NICENESS);
            let _ = ended.send(projector.run(durable, &runtime));
        })?;
    let progress = Progress {
        projected,
        keys_through,
        wanted,
    };
    Ok((History::new(parts.path, parts.journal, progress), end))
}

/// Projects the records up to `last` into an empty projection.
pub fn project_all(
    path: &Path,
    journal: &JournalReaders,
    last: u64,
) -> Result<(), ProjectionError> {
    let connection = open_or_rebuild(path, last)?;
    let mut projector = Projector {
        // Nobody waits for an alert of what is projected again.
        clock: BusinessClock::real(),
        replayed: last,
        at: projected_seq(&connection)?,
        keys: OlderKeys::open(&connection, IDEMPOTENCY_KEYS_MAX)?,
        connection,
        journal: journal.open()?,
        published: watch::channel(0).0,
        keys_published: watch::channel(0).0,
        wanted: Arc::default(),
        metrics: Arc::default(),
    };
    while projector.at < last || projector.keys.are_due(last) {
        projector.step(last, Pace::Haste)?;
    }
    Ok(())
}

/// How the projector works.
#[derive(Clone, Copy, PartialEq)]
enum Pace {
    /// A thread that is merely nice finishes its turn of a millisecond or two before it gives way, and
    /// a payment passes through three threads. So the projector ends its turn by itself, again and
    /// again, after a tenth of a millisecond.
    Leisure,
    /// Somebody waits for it, or it has fallen behind: it takes its turns.
    Haste,
}

impl Pace {
    fn chunk(self) -> usize {
        match self {
            Self::Leisure => CHUNK_AT_LEISURE,
            Self::Haste => CHUNK,
        }
    }

    fn give_way(self) {
        if self == Self::Leisure {
            thread::yield_now();
        }
    }
}

/// The projection, empty when what was there cannot be continued. One that knows more than the
/// journal is a witness that the journal lost its end.
fn open_or_rebuild(path: &Path, durable: u64) -> Result<Connection, ProjectionError> {
    if let Ok(connection) = open(path)
        && let Ok(seq) = projected_seq(&connection)
    {
        if seq <= durable {
            return Ok(connection);
        }
        return Err(ProjectionError::Journal(JournalError::TailLost {
            last: durable,
            seen: seq,
            witness: path.display().to_string(),
        }));
    }
    tracing::warn!("the projection is rebuilt from the journal");
    remove_database(path)?;
    open(path)
}

fn open(path: &Path) -> Result<Connection, ProjectionError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // What a power cut takes from the projection, the journal gives back.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS projection (
           version INTEGER NOT NULL,
           seq INTEGER NOT NULL,
           keys_seq INTEGER NOT NULL
         ) STRICT;
         CREATE TABLE IF NOT EXISTS entries (
           account INTEGER NOT NULL,
           seq INTEGER NOT NULL,
           at INTEGER NOT NULL,
           operation TEXT NOT NULL,
           amount INTEGER NOT NULL,
           balance_after INTEGER NOT NULL,
           PRIMARY KEY (account, seq)
         ) STRICT, WITHOUT ROWID;",
    )?;
    connection.execute_batch(NOTICES_TABLE)?;
    connection.execute_batch(PRODUCT_TABLES)?;
    let version: Option<i64> = connection
        .query_row("SELECT version FROM projection", [], |row| row.get(0))
        .optional()?;
    match version {
        None => {
            connection.execute(
                "INSERT INTO projection (version, seq, keys_seq) VALUES (?1, 0, 0)",
                [PROJECTION_VERSION],
            )?;
        }
        Some(PROJECTION_VERSION) => {}
        Some(_) => return Err(rusqlite::Error::InvalidQuery.into()),
    }
    Ok(connection)
}

fn projected_seq(connection: &Connection) -> Result<u64, ProjectionError> {
    Ok(connection.query_row("SELECT seq FROM projection", [], |row| row.get(0))?)
}

struct Projector {
    clock: BusinessClock,
    /// The last record that was there at the start: nobody waited for what is older.
    replayed: u64,
    connection: Connection,
    journal: Box<dyn JournalReader>,
    at: u64,
    published: watch::Sender<u64>,
    keys: OlderKeys,
    keys_published: watch::Sender<u64>,
    wanted: Arc<Wanted>,
    metrics: Arc<Metrics>,
}

impl Projector {
    fn run(
        mut self,
        mut durable: watch::Receiver<u64>,
        runtime: &tokio::runtime::Handle,
    ) -> Result<(), ProjectionError> {
        let (mut haste, mut wanted) = (false, 0);
        loop {
            let goal = *durable.borrow_and_update();
            while self.at < goal || self.keys.are_due(goal) {
                let behind = (*durable.borrow()).saturating_sub(self.at);
                haste = behind > LEISURE_BEHIND_MAX || haste && behind > HASTE_BEHIND_MIN;
                let awaited = self.at < self.wanted.asked().max(wanted);
                let pace = if haste || awaited {
                    Pace::Haste
                } else {
                    Pace::Leisure
                };
                if let Err(error) = self.step(goal, pace) {
                    // A full disk, most likely: the bank goes on without history until there is
                    // room, and the journal keeps what is to be projected.
                    tracing::warn!("history stands still at record {}: {error}", self.at);
                    if durable.has_changed().is_err() {
                        return Err(error);
                    }
                    thread::sleep(RETRY_AFTER);
                }
            }
            let next = async {
                durable.changed().await?;
                Ok::<_, watch::error::RecvError>(self.wanted.beyond(self.at, GATHERING).await)
            };
            match runtime.block_on(next) {
                Ok(asked) => wanted = asked,
                Err(_) => return Ok(()),
            }
        }
    }

    fn step(&mut self, durable: u64, pace: Pace) -> Result<(), ProjectionError> {
        if self.keys.are_due(durable) {
            let journal = self.journal.as_mut();
            self.keys.step(&mut self.connection, journal, durable)?;
            self.keys_published.send_replace(self.keys.through);
        }
        if self.at < durable {
            self.project(pace)?;
        }
        Ok(())
    }

    /// Projects the next chunk in one transaction, together with how far it reaches.
    fn project(&mut self, pace: Pace) -> Result<(), ProjectionError> {
        let links = self.journal.read(self.at, pace.chunk())?;
        pace.give_way();
        let transaction = self.connection.transaction()?;
        let at = links.last().map_or(self.at, |link| link.record.seq);
        let mut entries: Vec<_> = links.iter().flat_map(entries_of).collect();
        // In the order of the table, so that entries of one page are written together.
        entries.sort_unstable_by_key(|(account, entry)| (*account, entry.seq));
        for entries in entries.chunks(ENTRIES_BETWEEN_YIELDS) {
            insert_entries(&transaction, entries)?;
            pace.give_way();
        }
        insert_notices(
            &transaction,
            links.iter().flat_map(|link| notices_of(&link.record)),
        )?;
        for link in &links {
            insert_products(&transaction, &link.record)?;
        }
        transaction
            .prepare_cached("UPDATE projection SET seq = ?1")?
            .execute([at])?;
        transaction.commit()?;
        self.at = at;
        self.metrics.projected(at);
        self.published.send_replace(at);
        self.measure_alerts(&links);
        Ok(())
    }

    /// Counts how long after their events the alerts were there, in real time as far as the business
    /// clock tells it.
    fn measure_alerts(&self, links: &[Link]) {
        let (now, speed) = (self.clock.now(), self.clock.speed());
        let fresh = links.iter().filter(|link| link.record.seq > self.replayed);
        for record in fresh.map(|link| &link.record) {
            let micros = now.0.saturating_sub(record.at.0).max(0);
            let alerts = notices_of(record).filter(|(_, kind, _)| *kind == NoticeKind::Alert);
            for _ in alerts {
                let delay = Duration::from_secs_f64(micros as f64 / 1e6 / speed);
                self.metrics.alerted(delay);
            }
        }
    }
}

/// What a record means for the histories of the accounts that it touched, customers' and the bank's
/// own, by their numbers.
fn entries_of(link: &Link) -> impl Iterator<Item = (u64, Entry)> + use<'_> {
    let record = &link.record;
    let movements = record
        .outcome
        .iter()
        .flatten()
        .filter_map(|fact| match fact {
            Fact::MoneyMoved { postings, .. } => Some(postings),
            _ => None,
        });
    movements.flatten().map(|posting| {
        let entry = Entry {
            seq: record.seq,
            at: record.at,
            operation: Cow::Borrowed(record.command.action.operation().name()),
            amount: posting.amount,
            balance_after: posting.balance_after,
        };
        (posting.account.number(), entry)
    })
}

fn insert_entries(
    connection: &Connection,
    entries: &[(u64, Entry)],
) -> Result<(), rusqlite::Error> {
    let mut statement =
        connection.prepare_cached("INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (account, entry) in entries {
        statement.execute(params![
            account,
            entry.seq,
            entry.at.0,
            entry.operation,
            entry.amount.0,
            entry.balance_after.0,
        ])?;
    }
    Ok(())
}
