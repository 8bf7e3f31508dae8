//! Idempotency keys that memory had no room for, in the projection.
//!
//! Digests come in no order, so a key costs a page wherever it goes. Hence keys are written late, just
//! before memory forgets them, many at a time and in order, into a table for each quarter of a day;
//! a table whose keys are all older than a day is dropped whole. A bank that decides fewer requests a
//! day than memory holds writes none. Whoever begins anew begins with the last day.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    forgotten_keys::last_decided_until,
    journal::{ChainHash, JournalError, JournalReader},
    projector::{ProjectionError, Turn},
    rules::{BusinessTime, IDEMPOTENCY_MICROS, KeyDigest},
};

/// Business time that one table covers, in microseconds.
const TABLE_MICROS: i64 = IDEMPOTENCY_MICROS / 4;

/// Keys that are written together: the more there are, the more share a page.
const BATCH: u64 = 100_000;

/// Keys of one transaction.
const KEYS_PER_TRANSACTION: usize = 1_000;

/// Records that are read at a time.
const CHUNK: usize = 1_024;

fn table_of(at: BusinessTime) -> i64 {
    at.0.div_euclid(TABLE_MICROS)
}

/// How far the keys of a bank are written, and how far they have to be.
pub struct OlderKeys {
    /// The keys of all records up to this one are written, those that may still live.
    pub through: u64,
    /// The chain hash of that record.
    hash: ChainHash,
    /// Records that may be without, half of those whose keys memory holds.
    lag: u64,
}

impl OlderKeys {
    /// What the projection holds of this journal; memory holds `bound` keys.
    pub fn open(
        connection: &Connection,
        journal: &mut dyn JournalReader,
        bound: usize,
    ) -> Result<Self, ProjectionError> {
        connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS keys_written (seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
             INSERT INTO keys_written SELECT 0, x'{}' WHERE NOT EXISTS (SELECT * FROM keys_written);",
            ChainHash::GENESIS
        ))?;
        let (through, hash) = written(connection)?;
        let mut keys = Self {
            through,
            hash,
            lag: (bound as u64 / 2).max(1),
        };
        if !is_of(journal, keys.through, keys.hash)? {
            tracing::warn!("older keys are of another journal: they are read again");
            for table in tables(connection)? {
                connection.execute_batch(&format!("DROP TABLE keys_{table}"))?;
            }
            (keys.through, keys.hash) = (0, ChainHash::GENESIS);
            keys.note_written(connection)?;
        }
        keys.skip_dead(connection, journal)?;
        Ok(keys)
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
        let links = journal.read(last - 1, 1)?;
        let Some(newest) = links.first() else {
            return Ok(());
        };
        let dead = newest.record.at.before(IDEMPOTENCY_MICROS);
        let (through, hash) = last_decided_until(journal, dead, last)?;
        if through > self.through {
            (self.through, self.hash) = (through, hash);
            self.note_written(connection)?;
        }
        Ok(())
    }

    fn note_written(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        connection
            .prepare_cached("UPDATE keys_written SET seq = ?1, hash = ?2")?
            .execute(params![self.through, self.hash.bytes()])
            .map(drop)
    }

    /// Whether keys are due when `durable` is the last record.
    pub fn are_due(&self, durable: u64) -> bool {
        durable > self.through.saturating_add(self.lag)
    }

    /// Writes a batch of keys that are due; of one that the turn does not let it finish nothing counts,
    /// and what was written of it is found written the next time.
    pub fn step(
        &mut self,
        connection: &mut Connection,
        journal: &mut dyn JournalReader,
        durable: u64,
        turn: &Turn,
    ) -> Result<(), ProjectionError> {
        let goal = durable
            .saturating_sub(self.lag / 2)
            .min(self.through.saturating_add(BATCH));
        let mut keys = Vec::new();
        let mut at = BusinessTime::default();
        let mut through = self.through;
        let mut hash = self.hash;
        while through < goal {
            let links = journal.read(through, CHUNK)?;
            if !turn.goes_on() {
                return Ok(());
            }
            let Some(last) = links.last() else { break };
            (through, at) = (last.record.seq, last.record.at);
            hash = last.hash();
            keys.extend(links.iter().map(|link| {
                let record = &link.record;
                let digest = KeyDigest::of(record.command.by, &record.key);
                (table_of(record.at), digest, record.seq)
            }));
        }
        keys.sort_unstable();
        // Short transactions, since others wait for their commits.
        for keys in keys.chunk_by(|one, other| one.0 == other.0) {
            for keys in keys.chunks(KEYS_PER_TRANSACTION) {
                let transaction = connection.transaction()?;
                insert(&transaction, keys)?;
                transaction.commit()?;
                if !turn.goes_on() {
                    return Ok(());
                }
            }
        }
        let transaction = connection.transaction()?;
        drop_expired(&transaction, table_of(at))?;
        let written = Self {
            through,
            hash,
            ..*self
        };
        written.note_written(&transaction)?;
        transaction.commit()?;
        *self = written;
        Ok(())
    }
}

fn insert(connection: &Connection, keys: &[(i64, KeyDigest, u64)]) -> Result<(), rusqlite::Error> {
    let Some((table, ..)) = keys.first() else {
        return Ok(());
    };
    connection.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS keys_{table} (
           digest BLOB PRIMARY KEY,
           seq INTEGER NOT NULL
         ) STRICT, WITHOUT ROWID;"
    ))?;
    // The first of two records under one key stands.
    let mut statement = connection.prepare_cached(&format!(
        "INSERT OR IGNORE INTO keys_{table} VALUES (?1, ?2)"
    ))?;
    for (_, digest, seq) in keys {
        statement.execute(params![digest.bytes(), seq])?;
    }
    Ok(())
}

/// The record up to which keys are written, and its chain hash.
fn written(connection: &Connection) -> Result<(u64, ChainHash), rusqlite::Error> {
    connection.query_row("SELECT seq, hash FROM keys_written", [], |row| {
        Ok((row.get(0)?, ChainHash::of_bytes(row.get(1)?)))
    })
}

/// Whether the journal holds this record with this hash, and so all those before it that were read.
fn is_of(journal: &mut dyn JournalReader, seq: u64, hash: ChainHash) -> Result<bool, JournalError> {
    if seq == 0 {
        return Ok(true);
    }
    let links = journal.read(seq - 1, 1)?;
    Ok(links.first().is_some_and(|link| link.hash() == hash))
}

/// The numbers of the tables that there are.
fn tables(connection: &Connection) -> Result<Vec<i64>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT CAST(substr(name, 6) AS INTEGER) FROM sqlite_schema
         WHERE type = 'table' AND name GLOB 'keys_[-0-9]*' ORDER BY 1 DESC",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// Drops the tables whose newest key is older than a day when the newest of all stands in `newest`.
fn drop_expired(connection: &Connection, newest: i64) -> Result<(), rusqlite::Error> {
    for table in tables(connection)? {
        if table < newest - IDEMPOTENCY_MICROS / TABLE_MICROS {
            connection.execute_batch(&format!("DROP TABLE keys_{table}"))?;
        }
    }
    Ok(())
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
    for table in tables(&reading)? {
        let select = format!("SELECT seq FROM keys_{table} WHERE digest = ?1");
        let found = reading
            .prepare_cached(&select)?
            .query_row([digest.bytes()], |row| row.get(0))
            .optional()?;
        if found.is_some() {
            return Ok((through, found));
        }
    }
    Ok((through, None))
}
