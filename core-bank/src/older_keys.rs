//! Idempotency keys that memory had no room for, in the projection.
//!
//! Digests come in no order, so in one table each key would cost a page. Hence keys are written late,
//! just before memory forgets them, in runs of a hundred thousand: a run is sorted, packed into pages
//! and never touched again, and it is dropped whole when its newest key is a day old. A run covers less
//! than a day, so that no key can have been used, died and been used again within it. Who looks for a
//! key looks once into each run, which is a few microseconds. A bank that decides fewer requests a day
//! than memory holds writes none. Whoever begins anew begins with the last day.

use std::{collections::VecDeque, path::Path};

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    forgotten_keys::last_decided_until,
    journal::{ChainHash, JournalReader},
    patience::{InOrder, Pages, SORTED_AT_ONCE, Turn},
    projector::ProjectionError,
    rules::{BusinessTime, IDEMPOTENCY_MICROS, KeyDigest},
};

/// Keys of a run at most.
const RUN: u64 = 100_000;

/// Records that are read between two yields: a tenth of a millisecond.
const CHUNK: usize = 256;

/// The tables: how far keys are written; the runs by the records that they follow, and when their
/// newest keys were decided; their pages by the first digests.
const TABLES: &str = "
 CREATE TABLE IF NOT EXISTS keys_written (seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
 CREATE TABLE IF NOT EXISTS key_runs (run INTEGER PRIMARY KEY, newest INTEGER NOT NULL) STRICT;
 CREATE TABLE IF NOT EXISTS older_keys (
   run INTEGER NOT NULL,
   digest BLOB NOT NULL,
   keys BLOB NOT NULL,
   PRIMARY KEY (run, digest)
 ) STRICT, WITHOUT ROWID;";

/// How far the keys of a bank are written, and how far they have to be.
pub struct OlderKeys {
    /// The keys of all records up to this one are written, those that may still live.
    pub through: u64,
    /// The chain hash of that record.
    hash: ChainHash,
    /// Records that may be without, half of those whose keys memory holds.
    lag: u64,
    /// The run that the last step did not finish.
    unfinished: Option<Run>,
    noted: Noted,
}

/// Keys of records that were decided lately, until they are due: whoever decided them has made their
/// digests. Those that are missing here are read off the journal.
#[derive(Default)]
struct Noted {
    /// The record before the first.
    after: u64,
    /// The last one.
    last: u64,
    /// In order, with the record before each's first.
    some: VecDeque<(u64, Vec<KeyDigest>)>,
}

impl Noted {
    /// Adds the keys of all records after `after` up to `last`, if it is them.
    fn add(&mut self, after: u64, last: u64, keys: Vec<KeyDigest>) {
        if after != self.last || keys.len() as u64 != last - after {
            *self = Self::default();
        }
        if keys.len() as u64 == last - after {
            if self.some.is_empty() {
                self.after = after;
            }
            self.last = last;
            self.some.push_back((after, keys));
        }
    }

    /// Forgets what is known of records up to this one, as far as that makes room.
    fn forget_through(&mut self, seq: u64) {
        let is_over = |(after, keys): &mut (u64, Vec<KeyDigest>)| *after + keys.len() as u64 <= seq;
        while let Some((after, keys)) = self.some.pop_front_if(is_over) {
            self.after = after + keys.len() as u64;
        }
    }

    /// Some keys at a time, with their records, of all records after `after` up to `last`; nothing where
    /// one of them is missing.
    fn between(
        &self,
        after: u64,
        last: u64,
    ) -> Option<impl Iterator<Item = impl Iterator<Item = (KeyDigest, u64)>>> {
        let is_there = self.after <= after && last <= self.last && after < last;
        let within = move |&(_, seq): &(KeyDigest, u64)| seq > after && seq <= last;
        is_there.then(|| {
            self.some.iter().map(move |(before, keys)| {
                let keys = keys.iter().copied();
                keys.zip(before + 1..).filter(within)
            })
        })
    }
}

/// A run that is being written.
struct Run {
    /// In the order of their pages, each with its record.
    keys: Pages<(KeyDigest, u64)>,
    /// Its last record, that one's chain hash, and when it was decided.
    last: (u64, ChainHash, BusinessTime),
}

impl OlderKeys {
    /// What the projection holds of this journal; memory holds `bound` keys.
    pub fn open(
        connection: &Connection,
        journal: &mut dyn JournalReader,
        bound: usize,
    ) -> Result<Self, ProjectionError> {
        connection.execute_batch(TABLES)?;
        let (through, hash) = if let Some(written) = written(connection).optional()? {
            written
        } else {
            connection.execute(
                "INSERT INTO keys_written VALUES (0, ?1)",
                [ChainHash::GENESIS.bytes()],
            )?;
            (0, ChainHash::GENESIS)
        };
        let mut keys = Self {
            through,
            hash,
            lag: (bound as u64 / 2).max(1),
            unfinished: None,
            noted: Noted::default(),
        };
        if !journal.holds(keys.through, keys.hash)? {
            tracing::warn!("older keys are of another journal: they are read again");
            connection.execute_batch("DELETE FROM key_runs; DELETE FROM older_keys;")?;
            (keys.through, keys.hash) = (0, ChainHash::GENESIS);
            note_written(connection, keys.through, keys.hash)?;
        }
        match keys.skip_dead(connection, journal) {
            // On a full disk they are skipped later.
            Err(error) => {
                let file = connection.path().unwrap_or_default();
                let error = error.of_file(Path::new(file));
                if error.passes() { Ok(keys) } else { Err(error) }
            }
            Ok(()) => Ok(keys),
        }
    }

    /// Goes on to the keys that may still live: time never runs back behind the last record.
    fn skip_dead(
        &mut self,
        connection: &Connection,
        journal: &mut dyn JournalReader,
    ) -> Result<(), ProjectionError> {
        let last = journal.last()?;
        if !self.are_due(last) {
            return Ok(());
        }
        let Some((newest, _)) = journal.record(last)? else {
            return Ok(());
        };
        let dead = newest.at.before(IDEMPOTENCY_MICROS);
        let (through, hash) = last_decided_until(journal, dead, last)?;
        if through > self.through {
            note_written(connection, through, hash)?;
            (self.through, self.hash) = (through, hash);
        }
        Ok(())
    }

    /// Whether keys are due when `durable` is the last record.
    pub fn are_due(&self, durable: u64) -> bool {
        durable > self.through.saturating_add(self.lag)
    }

    /// Notes the keys of the records after `after` up to `last`, or that nobody has made them.
    pub fn note(&mut self, after: u64, last: u64, keys: Vec<KeyDigest>) {
        self.noted.add(after, last, keys);
        // A bank whose file is full does not write them.
        self.noted.forget_through(last.saturating_sub(2 * self.lag));
    }

    /// Writes a run of keys that are due, in short transactions, as far as the turn lets it.
    pub fn step(
        &mut self,
        connection: &mut Connection,
        journal: &mut dyn JournalReader,
        durable: u64,
        turn: &Turn,
    ) -> Result<(), ProjectionError> {
        let Some(mut run) = self.next_run(connection, journal, durable, turn)? else {
            return Ok(());
        };
        let name = self.through;
        if run.keys.is_new() {
            // What a crash left behind under its name.
            delete_run(connection, name)?;
        }
        let insert = |file: &Connection, page: &[_]| Ok(insert(file, name, page)?);
        if !run.keys.write(connection, turn, insert)? {
            self.unfinished = Some(run);
            return Ok(());
        }
        self.finish(connection, run.last)
    }

    /// Notes a run that is written, and drops those whose keys are all older than a day.
    fn finish(
        &mut self,
        connection: &mut Connection,
        last: (u64, ChainHash, BusinessTime),
    ) -> Result<(), ProjectionError> {
        let (through, hash, newest) = last;
        let transaction = connection.transaction()?;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO key_runs VALUES (?1, ?2)")?
            .execute(params![self.through, newest.0])?;
        note_written(&transaction, through, hash)?;
        transaction.commit()?;
        (self.through, self.hash, self.unfinished) = (through, hash, None);
        self.noted.forget_through(through);
        let dead = newest.before(IDEMPOTENCY_MICROS);
        for (run, _) in runs(connection)?.into_iter().filter(|(_, at)| *at <= dead) {
            delete_run(connection, run)?;
            connection.execute("DELETE FROM key_runs WHERE run = ?1", [run])?;
        }
        Ok(())
    }

    /// The run that the last step did not finish, or the next that is due.
    fn next_run(
        &mut self,
        connection: &Connection,
        journal: &mut dyn JournalReader,
        durable: u64,
        turn: &Turn,
    ) -> Result<Option<Run>, ProjectionError> {
        if let Some(run) = self.unfinished.take() {
            return Ok(Some(run));
        }
        // Of a bank that decides little, those that are due may be dead by now.
        self.skip_dead(connection, journal)?;
        if self.are_due(durable) {
            self.read_run(journal, durable, turn)
        } else {
            Ok(None)
        }
    }

    /// Reads the keys of the next run and sorts them. Of a reading that the turn does not let it finish
    /// nothing counts.
    fn read_run(
        &self,
        journal: &mut dyn JournalReader,
        durable: u64,
        turn: &Turn,
    ) -> Result<Option<Run>, ProjectionError> {
        let end = self.through.saturating_add(RUN);
        let goal = durable.saturating_sub(self.lag / 2).min(end);
        if let Some(last) = self.end_of_noted(journal, goal)? {
            return Ok(self.sort_noted(last, turn));
        }
        // The first of two records under one key stands.
        let mut in_order = InOrder::without(|(one, _), (other, _)| one == other);
        let mut keys = Vec::new();
        let mut last = (self.through, self.hash, BusinessTime::default());
        let mut day_over = None;
        while last.0 < goal {
            let before = last.0;
            journal.visit(before, CHUNK, &mut |frame| {
                let (head, _) = frame.head()?;
                if head.at >= *day_over.get_or_insert(head.at.after(IDEMPOTENCY_MICROS)) {
                    return Ok(());
                }
                keys.push((head.key(), head.seq));
                // A group may be much longer than what was asked for.
                if keys.len() % CHUNK == 0 {
                    turn.goes_on();
                }
                last = (head.seq, frame.hash(), head.at);
                Ok(())
            })?;
            if !turn.goes_on() {
                return Ok(None);
            }
            let is_over = last.0 == before;
            if is_over || keys.len() >= SORTED_AT_ONCE - CHUNK {
                in_order.add(std::mem::take(&mut keys));
            }
            if is_over {
                break;
            }
        }
        in_order.add(keys);
        if in_order.is_over() {
            return Ok(None);
        }
        let keys = Pages::of(in_order);
        Ok(Some(Run { keys, last }))
    }

    /// What a run up to record `goal` ends with; nothing where its keys are not all noted, or where a day
    /// ends among them.
    fn end_of_noted(
        &self,
        journal: &mut dyn JournalReader,
        goal: u64,
    ) -> Result<Option<(u64, ChainHash, BusinessTime)>, ProjectionError> {
        if self.noted.between(self.through, goal).is_none() {
            return Ok(None);
        }
        let ends = (journal.record(self.through + 1)?, journal.record(goal)?);
        let (Some((first, _)), Some((last, hash))) = ends else {
            return Ok(None);
        };
        let within_a_day = last.at < first.at.after(IDEMPOTENCY_MICROS);
        Ok(within_a_day.then_some((goal, hash, last.at)))
    }

    /// Sorts the keys of a run that are all noted, unless the turn ends meanwhile.
    fn sort_noted(&self, last: (u64, ChainHash, BusinessTime), turn: &Turn) -> Option<Run> {
        let mut in_order = InOrder::without(|(one, _), (other, _)| one == other);
        let mut keys = Vec::new();
        for noted in self.noted.between(self.through, last.0)? {
            keys.extend(noted);
            if keys.len() >= SORTED_AT_ONCE - CHUNK {
                in_order.add(std::mem::take(&mut keys));
                if !turn.goes_on() {
                    return None;
                }
            }
        }
        in_order.add(keys);
        let keys = Pages::of(in_order);
        Some(Run { keys, last })
    }
}

/// Writes a page: digests and records, of 16 and 8 bytes each.
fn insert(
    connection: &Connection,
    run: u64,
    keys: &[(KeyDigest, u64)],
) -> Result<(), rusqlite::Error> {
    let Some((first, _)) = keys.first() else {
        return Ok(());
    };
    let mut bytes = Vec::with_capacity(keys.len() * (DIGEST + RECORD));
    for (digest, seq) in keys {
        bytes.extend_from_slice(digest.bytes());
        bytes.extend_from_slice(&seq.to_le_bytes());
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO older_keys VALUES (?1, ?2, ?3)")?
        .execute(params![run, first.bytes(), bytes])
        .map(drop)
}

const DIGEST: usize = 16;
const RECORD: usize = 8;

/// The record of a digest in a page.
fn find_in_page(page: &[u8], digest: KeyDigest) -> Option<u64> {
    let mut keys = page.chunks_exact(DIGEST + RECORD);
    let found = keys.find(|key| key.starts_with(digest.bytes()))?;
    found.last_chunk().copied().map(u64::from_le_bytes)
}

fn delete_run(connection: &Connection, run: u64) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("DELETE FROM older_keys WHERE run = ?1")?
        .execute([run])
        .map(drop)
}

/// The runs, newest first, and when the newest key of each was decided.
fn runs(connection: &Connection) -> Result<Vec<(u64, BusinessTime)>, rusqlite::Error> {
    let select = "SELECT run, newest FROM key_runs ORDER BY run DESC";
    let mut statement = connection.prepare_cached(select)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, BusinessTime(row.get(1)?))))?;
    rows.collect()
}

fn note_written(
    connection: &Connection,
    through: u64,
    hash: ChainHash,
) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("UPDATE keys_written SET seq = ?1, hash = ?2")?
        .execute(params![through, hash.bytes()])
        .map(drop)
}

/// How far keys are written, and the chain hash of that record.
fn written(connection: &Connection) -> Result<(u64, ChainHash), rusqlite::Error> {
    connection.query_row("SELECT seq, hash FROM keys_written", [], |row| {
        Ok((row.get(0)?, ChainHash::of_bytes(row.get(1)?)))
    })
}

/// The record that a key was used for, the newest if there are several, and the record up to which
/// keys are written.
pub fn find(
    connection: &Connection,
    digest: KeyDigest,
) -> Result<(u64, Option<u64>), rusqlite::Error> {
    // One reading, so that what is found belongs to the number.
    let reading = connection.unchecked_transaction()?;
    let (through, _) = written(&reading)?;
    let mut page = reading.prepare_cached(
        "SELECT keys FROM older_keys WHERE run = ?1 AND digest <= ?2 ORDER BY digest DESC LIMIT 1",
    )?;
    for (run, _) in runs(&reading)? {
        let mut rows = page.query(params![run, digest.bytes()])?;
        if let Some(row) = rows.next()?
            && let Some(seq) = find_in_page(row.get_ref(0)?.as_blob()?, digest)
        {
            return Ok((through, Some(seq)));
        }
    }
    Ok((through, None))
}
