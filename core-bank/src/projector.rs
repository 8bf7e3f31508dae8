//! The projector: tails the journal into histories of accounts, notices and lists of products.
//!
//! Notices and lists go to a file at once, entries when their era is over ([`crate::entries`]). The file
//! is disposable. It is rebuilt from the journal when it is missing, of another version,
//! damaged, or ahead of the journal. Reads name the record they must include and wait for it.

use std::{
    io,
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::{oneshot, watch};

use crate::{
    clock::BusinessClock,
    entries::{ENTRIES_TABLE, ERA, Line, Recent, end_of_next_era, lines_of, write_page},
    history::{History, Progress, Wanted},
    journal::{ChainHash, JournalError, JournalReader, JournalReaders, Record},
    metrics::Metrics,
    notices::{NOTICES_TABLE, NoticeKind, insert_notices, notices_of},
    older_keys::OlderKeys,
    patience::{GivingWay, InOrder, Pages, Turn},
    product_lists::{PRODUCT_TABLES, insert_products, is_listed},
    repair::remove_database,
    rules::IDEMPOTENCY_KEYS_MAX,
};

/// The version of the projection's tables; another one is thrown away and rebuilt.
const PROJECTION_VERSION: i64 = 10;

/// Records that are projected together at most.
const BATCH: u64 = 32_768;

/// Records that are read at a time in haste, and those between two yields at leisure: a tenth of a
/// millisecond.
const READ_IN_HASTE: usize = 1_024;
const READ_AT_LEISURE: usize = 128;

/// Records whose entries memory holds before their eras are written with haste.
const UNSEALED_MAX: u64 = 2 * ERA;

/// Records that are read on, and their entries shown, while the file has no room for the rest.
const UNTOLD_MAX: u64 = BATCH;

/// As long as so many records at most wait they are projected at leisure, and once there are more,
/// with haste until those are projected that were there by then.
const LEISURE_BEHIND_MAX: u64 = 100_000;

/// As long as so many at most wait it rests again and again, which is kindest to the others; a bank that
/// decides more in [`GATHERING`] leaves it too little time for that.
const RESTING_BEHIND_MAX: u64 = 24_000;

/// How long the projector lets records gather when nobody waits for them. Every reader names what was
/// durable when he asked, so nobody sees the delay.
const GATHERING: Duration = Duration::from_millis(500);

/// Memory for pages, in KiB.
const CACHE_KIB: i64 = 8 * 1024;

/// How long a batch may take at leisure, when those who are served leave no time: alerts wait for it.
const LEISURE_TIME_MAX: Duration = Duration::from_secs(2);

/// The projector's niceness in haste: it yields to whoever answers requests, and still gets a quarter
/// of a core that has no time to spare (`sched(7)`).
const NICENESS: i32 = 5;

/// The niceness of its other thread, which gets a seventieth of such a core.
const IDLER_NICENESS: i32 = 19;

/// Pages of the write-ahead log between two checkpoints. Others wait for one, which writes them all
/// to the file in one go.
const CHECKPOINT_PAGES: i64 = 64;

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
/// tells how it went. An end that comes before that, or a receiver that is told nothing, is a fall.
pub fn start_projector(
    parts: ProjectorParts,
) -> Result<(History, oneshot::Receiver<Result<(), ProjectionError>>), ProjectionError> {
    let durable = parts.durable;
    let mut journal = parts.journal.open()?;
    let connection = open_or_rebuild(parts.path, *durable.borrow(), journal.as_mut())?;
    let Reached { told, sealed, .. } = reached(&connection)?;
    let recent = Arc::new(Recent::after(sealed));
    let keys = OlderKeys::open(&connection, journal.as_mut(), parts.keys_in_memory)?;
    let (published, projected) = watch::channel(sealed);
    let (listing, listed) = watch::channel(told);
    let (keys_published, keys_through) = watch::channel(keys.through);
    let (ended, end) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let idler = Idler::start()?;
    let wanted = Arc::new(Wanted::default());
    let projector = Projector {
        clock: parts.clock,
        replayed: *durable.borrow(),
        wanted: Arc::clone(&wanted),
        connection,
        journal,
        at: sealed,
        told,
        untold: Untold::default(),
        sealed,
        recent: Arc::clone(&recent),
        sealing: None,
        published,
        listing,
        keys,
        keys_published,
        metrics: Arc::clone(&parts.metrics),
    };
    thread::Builder::new()
        .name("bank-projector".to_owned())
        .spawn(move || {
            // Without it the projector only takes more than its share.
            let _ = rustix::process::setpriority_process(None, NICENESS);
            let _ = ended.send(projector.run(durable, &idler, &runtime));
        })?;
    let progress = Progress {
        recent,
        projected,
        listed,
        keys_through,
        wanted,
        metrics: parts.metrics,
    };
    Ok((History::new(parts.path, parts.journal, progress), end))
}

/// Projects the records up to `last` into an empty projection.
pub fn project_all(
    path: &Path,
    journal: &JournalReaders,
    last: u64,
) -> Result<(), ProjectionError> {
    let mut journal = journal.open()?;
    let connection = open_or_rebuild(path, last, journal.as_mut())?;
    let Reached { told, sealed, .. } = reached(&connection)?;
    let mut projector = Projector {
        // Nobody waits for an alert of what is projected again.
        clock: BusinessClock::real(),
        replayed: last,
        at: sealed,
        told,
        untold: Untold::default(),
        sealed,
        recent: Arc::new(Recent::after(sealed)),
        sealing: None,
        keys: OlderKeys::open(&connection, journal.as_mut(), IDEMPOTENCY_KEYS_MAX)?,
        connection,
        journal,
        published: watch::channel(0).0,
        listing: watch::channel(0).0,
        keys_published: watch::channel(0).0,
        wanted: Arc::default(),
        metrics: Arc::default(),
    };
    while projector.is_behind(last) {
        projector.step(last, &Turn::Haste)?;
    }
    Ok(())
}

/// The projection, empty when what was there cannot be continued, be it that of another journal. One
/// that knows more than the journal is a witness that the journal lost its end.
fn open_or_rebuild(
    path: &Path,
    durable: u64,
    journal: &mut dyn JournalReader,
) -> Result<Connection, ProjectionError> {
    if let Ok(connection) = open(path)
        && let Ok(Reached { told, hash, .. }) = reached(&connection)
    {
        if told > durable {
            return Err(ProjectionError::Journal(JournalError::TailLost {
                last: durable,
                seen: told,
                witness: path.display().to_string(),
            }));
        }
        if journal.holds(told, hash)? {
            return Ok(connection);
        }
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
           hash BLOB NOT NULL,
           sealed INTEGER NOT NULL
         ) STRICT;",
    )?;
    connection.execute_batch(ENTRIES_TABLE)?;
    connection.execute_batch(NOTICES_TABLE)?;
    connection.execute_batch(PRODUCT_TABLES)?;
    let version: Option<i64> = connection
        .query_row("SELECT version FROM projection", [], |row| row.get(0))
        .optional()?;
    match version {
        None => {
            connection.execute(
                "INSERT INTO projection VALUES (?1, 0, ?2, 0)",
                params![PROJECTION_VERSION, ChainHash::GENESIS.bytes()],
            )?;
        }
        Some(PROJECTION_VERSION) => {}
        Some(_) => return Err(rusqlite::Error::InvalidQuery.into()),
    }
    Ok(connection)
}

/// How far a projection reaches.
struct Reached {
    /// The last record whose notices and products are in the file.
    told: u64,
    /// The chain hash of that record.
    hash: ChainHash,
    /// The last record whose entries are.
    sealed: u64,
}

fn reached(connection: &Connection) -> Result<Reached, ProjectionError> {
    let select = "SELECT seq, hash, sealed FROM projection";
    Ok(connection.query_row(select, [], |row| {
        Ok(Reached {
            told: row.get(0)?,
            hash: ChainHash::of_bytes(row.get(1)?),
            sealed: row.get(2)?,
        })
    })?)
}

/// What is read and not in the file yet, which may be full.
#[derive(Default)]
struct Untold {
    /// The last record that was read, and its chain hash.
    through: Option<(u64, ChainHash)>,
    /// Those that tell more than entries.
    records: Vec<Record>,
}

/// An era that is being written.
struct Sealing {
    /// Its last record.
    last: u64,
    /// Its lines in the order of their pages.
    lines: Pages<Line>,
}

struct Projector {
    clock: BusinessClock,
    /// The last record that was there at the start: nobody waited for what is older.
    replayed: u64,
    connection: Connection,
    journal: Box<dyn JournalReader>,
    /// The last record whose entries can be read.
    at: u64,
    /// The last record whose notices and products are in the file.
    told: u64,
    /// What follows it and is to be told.
    untold: Untold,
    /// The last record whose entries are in the file; those after it are in `recent`.
    sealed: u64,
    recent: Arc<Recent>,
    /// The era that the last step did not finish.
    sealing: Option<Sealing>,
    published: watch::Sender<u64>,
    listing: watch::Sender<u64>,
    keys: OlderKeys,
    keys_published: watch::Sender<u64>,
    wanted: Arc<Wanted>,
    metrics: Arc<Metrics>,
}

/// The projector's thread for what nobody waits for: of a processor that has other things to do it
/// gets next to nothing. A thread cannot make itself more urgent again, so there are two, and the
/// projector goes from one to the other.
struct Idler {
    steps: mpsc::Sender<(Projector, u64, Turn)>,
    stepped: mpsc::Receiver<(Projector, Result<(), ProjectionError>)>,
}

impl Idler {
    fn start() -> io::Result<Self> {
        let (steps, asked) = mpsc::channel::<(Projector, u64, Turn)>();
        let (back, stepped) = mpsc::channel();
        thread::Builder::new()
            .name("bank-idler".to_owned())
            .spawn(move || {
                // Without it the projector only takes more than its share.
                let _ = rustix::process::setpriority_process(None, IDLER_NICENESS);
                for (mut projector, goal, turn) in asked {
                    let result = projector.step(goal, &turn);
                    if back.send((projector, result)).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self { steps, stepped })
    }

    /// Has a step made at leisure.
    fn step(
        &self,
        projector: Projector,
        goal: u64,
        turn: Turn,
    ) -> io::Result<(Projector, Result<(), ProjectionError>)> {
        let fallen = || io::Error::other("the thread of what nobody waits for fell over");
        let asked = self.steps.send((projector, goal, turn));
        asked.map_err(|_| fallen())?;
        self.stepped.recv().map_err(|_| fallen())
    }
}

impl Projector {
    fn run(
        mut self,
        mut durable: watch::Receiver<u64>,
        idler: &Idler,
        runtime: &tokio::runtime::Handle,
    ) -> Result<(), ProjectionError> {
        let mut wanted = 0;
        loop {
            let goal = *durable.borrow_and_update();
            let mut haste = false;
            let mut advanced = Instant::now();
            while self.is_behind(goal) {
                let (at, through) = (self.at, self.keys.through);
                let behind = (*durable.borrow()).saturating_sub(at);
                haste |= behind > LEISURE_BEHIND_MAX;
                let awaited = at < self.wanted.asked().max(wanted);
                let late = advanced.elapsed() >= LEISURE_TIME_MAX;
                let stepped = if haste || awaited || late {
                    self.step(goal, &Turn::Haste)
                } else {
                    let turn = Turn::Leisure {
                        until: advanced + LEISURE_TIME_MAX,
                        wanted: Arc::clone(&self.wanted),
                        at,
                        giving_way: if behind > RESTING_BEHIND_MAX {
                            GivingWay::Yielding
                        } else {
                            GivingWay::Resting
                        },
                    };
                    let (back, stepped) = idler.step(self, goal, turn)?;
                    self = back;
                    stepped
                };
                if (self.at, self.keys.through) != (at, through) {
                    advanced = Instant::now();
                }
                if let Err(error) = stepped {
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

    fn is_behind(&self, durable: u64) -> bool {
        self.at < durable
            || self.untold.through.is_some()
            || self.keys.are_due(durable)
            || self.era_is_over()
    }

    fn era_is_over(&self) -> bool {
        self.at >= end_of_next_era(self.sealed)
    }

    /// Goes on as far as the turn lets it. What it leaves unfinished the next step takes up.
    fn step(&mut self, durable: u64, turn: &Turn) -> Result<(), ProjectionError> {
        if self.at < durable && self.at.saturating_sub(self.told) < UNTOLD_MAX {
            self.project(turn)?;
        }
        self.tell()?;
        if self.at - self.sealed > UNSEALED_MAX {
            self.seal(&Turn::Haste)?;
        } else if self.era_is_over() {
            self.seal(turn)?;
        }
        if self.keys.are_due(durable) {
            let journal = self.journal.as_mut();
            self.keys
                .step(&mut self.connection, journal, durable, turn)?;
            self.keys_published.send_replace(self.keys.through);
        }
        Ok(())
    }

    /// Projects the next batch: its entries can be read from now on.
    fn project(&mut self, turn: &Turn) -> Result<(), ProjectionError> {
        let end = self.at.saturating_add(BATCH);
        while self.at < end {
            let before = self.at;
            self.project_some(turn)?;
            if self.at == before || !turn.goes_on() {
                break;
            }
        }
        Ok(())
    }

    fn project_some(&mut self, turn: &Turn) -> Result<(), ProjectionError> {
        let limit = match turn {
            Turn::Leisure { .. } => READ_AT_LEISURE,
            Turn::Haste => READ_IN_HASTE,
        };
        let (told, mut hash, mut read) = (self.told, None, 0);
        let (mut lines, mut others) = (Vec::with_capacity(2 * limit), Vec::new());
        let last = self.journal.visit(self.at, limit, &mut |frame| {
            let record = frame.record()?;
            hash = Some(frame.hash());
            // A group may be much longer than what was asked for.
            read += 1;
            if read % limit == 0 {
                turn.goes_on();
            }
            lines.extend(lines_of(&record));
            let tells = is_listed(&record) || notices_of(&record).next().is_some();
            if tells && record.seq > told {
                others.push(record);
            }
            Ok(())
        })?;
        let Some(hash) = hash else { return Ok(()) };
        if last > told {
            self.untold.through = Some((last, hash));
            self.untold.records.extend(others);
        }
        self.recent.extend(lines);
        self.at = last;
        self.metrics.projected(last);
        self.published.send_replace(last);
        Ok(())
    }

    /// Writes what is to be told to the file, together with how far it reaches.
    fn tell(&mut self) -> Result<(), ProjectionError> {
        let Some((last, hash)) = self.untold.through else {
            return Ok(());
        };
        let records = &self.untold.records;
        let transaction = self.connection.transaction()?;
        insert_notices(&transaction, records.iter().flat_map(notices_of))?;
        for record in records {
            insert_products(&transaction, record)?;
        }
        transaction
            .prepare_cached("UPDATE projection SET seq = ?1, hash = ?2")?
            .execute(params![last, hash.bytes()])?;
        transaction.commit()?;
        self.told = last;
        self.listing.send_replace(last);
        let told = std::mem::take(&mut self.untold);
        self.measure_alerts(&told.records);
        Ok(())
    }

    /// Writes the entries of the era that is over, as far as the turn lets it. Pages that a crash or an
    /// error left behind are written over.
    fn seal(&mut self, turn: &Turn) -> Result<(), ProjectionError> {
        let mut sealing = match self.sealing.take() {
            Some(sealing) => sealing,
            None => self.sorted_era(turn),
        };
        if !sealing
            .lines
            .write(&mut self.connection, turn, write_page)?
        {
            self.sealing = Some(sealing);
            return Ok(());
        }
        self.connection
            .prepare_cached("UPDATE projection SET sealed = ?1")?
            .execute([sealing.last])?;
        self.recent.seal(sealing.last);
        self.sealed = sealing.last;
        Ok(())
    }

    fn sorted_era(&self, turn: &Turn) -> Sealing {
        let last = end_of_next_era(self.sealed);
        let mut lines = InOrder::without(|_, _| false);
        for number in 0.. {
            let Some(block) = self.recent.block(last, number) else {
                break;
            };
            lines.add(block);
            turn.goes_on();
        }
        Sealing {
            last,
            lines: Pages::of(lines),
        }
    }

    /// Counts how long after their events the alerts were there, in real time as far as the business
    /// clock tells it.
    fn measure_alerts(&self, records: &[Record]) {
        let (now, speed) = (self.clock.now(), self.clock.speed());
        for record in records.iter().filter(|record| record.seq > self.replayed) {
            let micros = now.0.saturating_sub(record.at.0).max(0);
            let alerts = notices_of(record).filter(|(_, kind, _)| *kind == NoticeKind::Alert);
            for _ in alerts {
                let delay = Duration::from_secs_f64(micros as f64 / 1e6 / speed);
                self.metrics.alerted(delay);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        history::Held,
        journal::{Group, Journal as _, MemoryJournal, RECORD_VERSION},
        rules::{
            Action, BusinessTime, Channel, Command, Fingerprint, IdempotencyKey, Party, RefusalCode,
        },
    };

    fn record() -> Record {
        Record {
            v: RECORD_VERSION,
            seq: 1,
            at: BusinessTime(1),
            key: IdempotencyKey::parse("key").unwrap(),
            fingerprint: Fingerprint([0; 16]),
            command: Command {
                by: Party::Terminal(Channel::Atm),
                action: Action::ReportLoss { card: None },
            },
            outcome: Err(RefusalCode::CardNotFound.into()),
        }
    }

    #[tokio::test]
    async fn entries_are_shown_while_the_file_takes_nothing_and_lists_once_it_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("projection.sqlite");
        let mut journal = MemoryJournal::default();
        let read = journal.clone();
        let (writer, durable) = watch::channel(0);
        let (history, _end) = start_projector(ProjectorParts {
            path: &path,
            journal: Arc::new(JournalReaders::new(move || read.reader())),
            durable,
            metrics: Arc::default(),
            keys_in_memory: IDEMPOTENCY_KEYS_MAX,
            clock: BusinessClock::real(),
        })
        .unwrap();
        // Whoever writes holds it up as a full disk would.
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        journal.append(0, &[record()]).unwrap();
        writer.send_replace(1);
        let patience = Duration::from_secs(20);
        assert!(history.reached(Held::Entries, 1, patience).await);
        assert!(
            !history
                .reached(Held::Lists, 1, Duration::from_millis(200))
                .await
        );
        other.execute_batch("COMMIT").unwrap();
        assert!(history.reached(Held::Lists, 1, patience).await);
    }

    /// A reader with a defect that nobody foresaw.
    struct FallsOver(Box<dyn JournalReader>);

    impl JournalReader for FallsOver {
        fn groups(&mut self, _: u64, _: usize) -> Result<Vec<Group>, JournalError> {
            panic!("planted");
        }

        fn last(&mut self) -> Result<u64, JournalError> {
            self.0.last()
        }
    }

    #[tokio::test]
    async fn a_projector_that_falls_over_ends_though_the_writer_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let journal = MemoryJournal::default();
        let reader = move || Ok(Box::new(FallsOver(journal.reader()?)) as Box<dyn JournalReader>);
        let (writer, durable) = watch::channel(0);
        let (_history, end) = start_projector(ProjectorParts {
            path: &folder.path().join("projection.sqlite"),
            journal: Arc::new(JournalReaders::new(reader)),
            durable,
            metrics: Arc::default(),
            keys_in_memory: IDEMPOTENCY_KEYS_MAX,
            clock: BusinessClock::real(),
        })
        .unwrap();
        writer.send_replace(1);
        let end = tokio::time::timeout(Duration::from_secs(20), end).await;
        let end = end.expect("nobody is told");
        assert!(!matches!(end, Ok(Ok(()))), "as if it had been told to");
    }
}
