//! The projector: tails the journal into histories of accounts, notices and lists of products. What was
//! just written it is handed by the writer ([`crate::handover`]); the rest it reads.
//!
//! Notices and lists go to a file at once, entries when their era is over ([`crate::entries`]). The file
//! is disposable. It is rebuilt from the journal when it is missing, of another version or damaged
//! ([`crate::projection`]), also when the damage shows only as the projector goes on. Reads name the
//! record they must include and wait for it.

mod idler;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use tokio::sync::{oneshot, watch};

use crate::{
    clock::BusinessClock,
    entries::{ERA, Line, Recent, end_of_next_era, write_page},
    handover::{Handover, Meaning},
    history::{Edition, History, Progress, Wanted},
    journal::{ChainHash, JournalReader, JournalReaders, Record},
    metrics::Metrics,
    notices::{NoticeKind, insert_notices, notices_of},
    older_keys::OlderKeys,
    patience::{GivingWay, InOrder, Pages, Turn},
    product_lists::insert_products,
    projection::{Opened, begin_anew, open_or_rebuild},
    rules::IDEMPOTENCY_KEYS_MAX,
};

/// Records that are projected together at most.
const BATCH: u64 = 32_768;

/// Records that are read at a time in haste, and those between two yields at leisure: a tenth of a
/// millisecond.
const READ_IN_HASTE: u64 = 1_024;
const READ_AT_LEISURE: u64 = 128;

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

/// How long a batch may take at leisure, when those who are served leave no time: alerts wait for it.
const LEISURE_TIME_MAX: Duration = Duration::from_secs(2);

/// The projector's niceness in haste: it yields to whoever answers requests, and still gets a quarter
/// of a core that has no time to spare (`sched(7)`).
const NICENESS: i32 = 5;

/// How long the projector waits after it failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How often it says at most that it stands still.
const SAID_EVERY: Duration = Duration::from_mins(1);

pub use crate::projection::ProjectionError;
use idler::Idler;

/// What the projector works with.
pub struct ProjectorParts<'a> {
    /// The projection's file.
    pub path: &'a Path,
    /// The journal.
    pub journal: Arc<JournalReaders>,
    /// What the writer hands over.
    pub handover: Arc<Handover>,
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
    let last = *durable.borrow();
    let keys_in_memory = parts.keys_in_memory;
    let opened = open_or_rebuild(parts.path, last, journal.as_mut(), keys_in_memory)?;
    let Opened {
        connection,
        reached,
        keys,
    } = opened;
    let (told, sealed) = (reached.told, reached.sealed);
    let recent = Arc::new(Recent::after(sealed));
    let (published, projected) = watch::channel(sealed);
    let (listing, listed) = watch::channel(told);
    let (keys_published, keys_through) = watch::channel(keys.through);
    let (ended, end) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let idler = Idler::start()?;
    let wanted = Arc::new(Wanted::default());
    let edition = Arc::new(Edition::default());
    let projector = Projector {
        clock: parts.clock,
        replayed: last,
        path: parts.path.to_owned(),
        keys_in_memory,
        edition: Arc::clone(&edition),
        wanted: Arc::clone(&wanted),
        connection,
        journal,
        handover: parts.handover,
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
        edition,
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
    let opened = open_or_rebuild(path, last, journal.as_mut(), IDEMPOTENCY_KEYS_MAX)?;
    let Opened {
        connection,
        reached,
        keys,
    } = opened;
    let (told, sealed) = (reached.told, reached.sealed);
    let mut projector = Projector {
        // Nobody waits for an alert of what is projected again.
        clock: BusinessClock::real(),
        replayed: last,
        path: path.to_owned(),
        keys_in_memory: IDEMPOTENCY_KEYS_MAX,
        edition: Arc::default(),
        at: sealed,
        told,
        untold: Untold::default(),
        sealed,
        recent: Arc::new(Recent::after(sealed)),
        sealing: None,
        keys,
        connection,
        journal,
        handover: Arc::default(),
        published: watch::channel(0).0,
        listing: watch::channel(0).0,
        keys_published: watch::channel(0).0,
        wanted: Arc::default(),
        metrics: Arc::default(),
    };
    while projector.is_behind(last) {
        let stepped = projector.step(last, &Turn::Haste);
        stepped.map_err(|error| error.of_file(path))?;
    }
    Ok(())
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
    path: PathBuf,
    keys_in_memory: usize,
    edition: Arc<Edition>,
    connection: Connection,
    journal: Box<dyn JournalReader>,
    handover: Arc<Handover>,
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

impl Projector {
    fn run(
        mut self,
        mut durable: watch::Receiver<u64>,
        idler: &Idler,
        runtime: &tokio::runtime::Handle,
    ) -> Result<(), ProjectionError> {
        let (mut wanted, mut anew, mut said) = (0, false, None);
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
                let Err(error) = stepped else { continue };
                let stopping = durable.has_changed().is_err();
                match error.of_file(&self.path) {
                    // What is left is projected at the next start.
                    error if stopping && error.passes() => {
                        tracing::warn!("stopped at record {} of histories: {error}", self.at);
                        return Ok(());
                    }
                    ProjectionError::Damaged(why) if !stopping && !anew => {
                        anew = true;
                        tracing::warn!(
                            "the projection is damaged ({why}): it is rebuilt from the journal"
                        );
                        self.begin_anew()?;
                    }
                    error if stopping || matches!(error, ProjectionError::Damaged(_)) => {
                        return Err(error);
                    }
                    // A full disk, most likely: the bank goes on without the newest history until
                    // there is room, and the journal keeps what is to be projected.
                    error => {
                        if said.is_none_or(|at: Instant| at.elapsed() >= SAID_EVERY) {
                            said = Some(Instant::now());
                            tracing::warn!("history stands still at record {}: {error}", self.at);
                        }
                        thread::sleep(RETRY_AFTER);
                    }
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

    /// Begins the file anew: its damage shows only now. Nobody reads meanwhile.
    fn begin_anew(&mut self) -> Result<(), ProjectionError> {
        self.edition.close();
        self.published.send_replace(0);
        self.listing.send_replace(0);
        self.keys_published.send_replace(0);
        // Who was told before that he may read has read by then, or is told to ask again.
        thread::sleep(RETRY_AFTER);
        // A connection that closes removes the log by its name, so this one closes first.
        self.connection = Connection::open_in_memory()?;
        let opened = begin_anew(&self.path, self.journal.as_mut(), self.keys_in_memory)?;
        let Opened {
            connection, keys, ..
        } = opened;
        self.keys_published.send_replace(keys.through);
        (self.connection, self.keys) = (connection, keys);
        (self.at, self.told, self.sealed) = (0, 0, 0);
        (self.untold, self.sealing) = (Untold::default(), None);
        self.replayed = self.journal.last()?;
        self.recent.begin_anew();
        self.metrics.projected(0);
        self.edition.publish();
        Ok(())
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
            self.project(durable, turn)?;
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
    fn project(&mut self, durable: u64, turn: &Turn) -> Result<(), ProjectionError> {
        let end = self.at.saturating_add(BATCH).min(durable);
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
        let next = match self.handover.take(self.at, limit) {
            Some(handed) => handed,
            None => self.read_on(limit, turn)?,
        };
        if next.last == self.at {
            return Ok(());
        }
        if next.last > self.told {
            self.untold.through = Some((next.last, next.hash));
            let untold = next.telling.into_iter();
            let untold = untold.filter(|record| record.seq > self.told);
            self.untold.records.extend(untold);
        }
        self.recent.extend(next.lines);
        self.keys.note(next.after, next.last, next.keys);
        self.at = next.last;
        self.metrics.projected(next.last);
        self.published.send_replace(next.last);
        Ok(())
    }

    /// Reads what the next records mean off the journal.
    fn read_on(&mut self, limit: u64, turn: &Turn) -> Result<Meaning, ProjectionError> {
        let mut next = Meaning::after(self.at, ChainHash::GENESIS);
        let mut read = 0;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        self.journal.visit(self.at, most, &mut |frame| {
            next.add(frame.record()?, frame.hash());
            // A group may be much longer than what was asked for.
            read += 1;
            if read % limit == 0 {
                turn.goes_on();
            }
            Ok(())
        })?;
        Ok(next)
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
mod tests;
