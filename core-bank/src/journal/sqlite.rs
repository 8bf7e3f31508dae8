//! The journal in one `SQLite` file: a row per group, written ahead and synced before `append` returns.
//!
//! With `journal_mode=WAL` and `synchronous=FULL` a commit syncs the log before it becomes visible
//! to readers (<https://www.sqlite.org/wal.html>), so whoever reads sees durable groups only.
//! Checkpoints run between groups, on this connection, after the answers are out.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior, ffi,
};

use super::{
    ChainHash, Group, Journal, JournalError, JournalReader, Record,
    chain::length_of,
    encode_group,
    wal::{self, WalState},
};

/// The oldest `SQLite` whose write-ahead log is trusted here, as `SQLITE_VERSION_NUMBER` counts.
pub const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// Groups between two checkpoints. The writer stands still meanwhile, so they are short: what costs
/// 10 ms after 512 groups costs a millisecond after 64, and its two syncs are spread over 64 others.
const GROUPS_PER_CHECKPOINT: u32 = 64;

/// The journal of a data folder.
pub struct SqliteJournal {
    connection: Connection,
    path: PathBuf,
    head: (u64, ChainHash),
    groups_since_checkpoint: u32,
}

impl SqliteJournal {
    /// Opens or makes the journal file. [`Journal::continue_after`] or a replay comes before the
    /// first append.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Self::examine(path)?;
        Self::create(path)
    }

    /// Refuses a file whose log `SQLite` would cut short of durable commits.
    pub fn examine(path: &Path) -> Result<(), JournalError> {
        let examined = wal::examine(path);
        match examined.map_err(|error| JournalError::Unusable(error.to_string()))? {
            WalState::Whole => Ok(()),
            WalState::TornEnd => {
                tracing::warn!(
                    "the end of the journal's log is torn: a group that was not durable"
                );
                Ok(())
            }
            WalState::Damaged(frame) => Err(JournalError::LogDamaged { frame }),
        }
    }

    /// The last record, as far as this writer knows, and its chain hash.
    pub fn head(&self) -> (u64, ChainHash) {
        self.head
    }

    /// The same as [`Self::open`], whatever the log looks like.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        if rusqlite::version_number() < SQLITE_VERSION_MIN {
            let found = rusqlite::version();
            return Err(JournalError::Unusable(format!(
                "SQLite {found} is too old; 3.51.3 or newer is needed"
            )));
        }
        let connection = Connection::open(path).map_err(|error| unusable(&error))?;
        connection
            .busy_timeout(Duration::from_secs(5))
            .map_err(|error| unusable(&error))?;
        let mode: String = connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
            .map_err(|error| unusable(&error))?;
        if mode != "wal" {
            return Err(JournalError::Unusable(format!(
                "SQLite keeps journal mode {mode}"
            )));
        }
        connection
            .execute_batch(
                "PRAGMA synchronous=FULL;
                 PRAGMA wal_autocheckpoint=0;
                 CREATE TABLE IF NOT EXISTS journal (
                   first_seq INTEGER PRIMARY KEY,
                   last_seq INTEGER NOT NULL,
                   body BLOB NOT NULL
                 ) STRICT;",
            )
            .map_err(|error| unusable(&error))?;
        let head = (0, ChainHash::GENESIS);
        Ok(Self {
            connection,
            path: path.to_owned(),
            head,
            groups_since_checkpoint: 0,
        })
    }

    /// Opens a journal for reading only.
    pub fn open_reader(path: &Path) -> Result<Box<dyn JournalReader>, JournalError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| unusable(&error))?;
        connection
            .busy_timeout(Duration::from_secs(5))
            .map_err(|error| unusable(&error))?;
        Ok(Box::new(SqliteReader { connection }))
    }

    /// Caps the file at this many pages: a disk that is full, for tests.
    pub fn limit_pages(&self, pages: u32) -> Result<(), JournalError> {
        self.connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .map_err(|error| unusable(&error))
    }

    fn cut(&mut self, seq: u64) -> Result<Vec<u8>, rusqlite::Error> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut cut = Vec::new();
        let split: Option<(i64, Vec<u8>)> = transaction
            .query_row(
                "SELECT first_seq, body FROM journal
                 WHERE first_seq <= ?1 AND last_seq > ?1 ORDER BY first_seq DESC LIMIT 1",
                [as_sql(seq)],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        if let Some((first, mut body)) = split {
            let kept = length_of(u64::try_from(first).unwrap_or(0), &body, seq);
            cut.extend(body.drain(kept..));
            transaction.execute(
                "UPDATE journal SET last_seq = ?2, body = ?3 WHERE first_seq = ?1",
                (first, as_sql(seq), body),
            )?;
        }
        let mut statement = transaction
            .prepare("SELECT body FROM journal WHERE first_seq > ?1 ORDER BY first_seq")?;
        let mut rows = statement.query([as_sql(seq)])?;
        while let Some(row) = rows.next()? {
            cut.extend_from_slice(row.get_ref(0)?.as_blob()?);
        }
        drop(rows);
        drop(statement);
        transaction.execute("DELETE FROM journal WHERE first_seq > ?1", [as_sql(seq)])?;
        transaction.commit()?;
        Ok(cut)
    }

    fn commit(&mut self, first: u64, last: u64, body: &[u8]) -> Result<(), rusqlite::Error> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let next: i64 = transaction
            .prepare_cached("SELECT coalesce(max(last_seq), 0) + 1 FROM journal WHERE first_seq = (SELECT max(first_seq) FROM journal)")?
            .query_row([], |row| row.get(0))?;
        if u64::try_from(next) != Ok(first) {
            return Err(rusqlite::Error::IntegralValueOutOfRange(0, next));
        }
        transaction
            .prepare_cached("INSERT INTO journal (first_seq, last_seq, body) VALUES (?1, ?2, ?3)")?
            .execute((as_sql(first), as_sql(last), body))?;
        transaction.commit()
    }
}

/// Sequence numbers stay far below 2^63: at a million records a second for 290,000 years.
fn as_sql(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn unusable(error: &rusqlite::Error) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => JournalError::StorageFull,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            JournalError::Malformed(error.to_string())
        }
        _ => JournalError::Unusable(error.to_string()),
    }
}

/// What a failed append means. A full disk is found before the commit record is written, and a busy
/// file before anything is; a failed write or sync leaves the outcome open.
fn append_error(first: u64, error: &rusqlite::Error) -> JournalError {
    if let rusqlite::Error::IntegralValueOutOfRange(_, next) = error {
        let found = u64::try_from(*next).unwrap_or(0);
        return JournalError::AnotherWriter {
            expected: first,
            found,
        };
    }
    match error
        .sqlite_error()
        .map(|error| (error.code, error.extended_code))
    {
        Some((ErrorCode::DiskFull, _)) => JournalError::StorageFull,
        Some((ErrorCode::DatabaseBusy, code)) if code == ffi::SQLITE_BUSY => {
            JournalError::AnotherWriter {
                expected: first,
                found: first + 1,
            }
        }
        _ => JournalError::SyncUnknown(error.to_string()),
    }
}

impl Journal for SqliteJournal {
    fn append(&mut self, expected_seq: u64, group: &[Record]) -> Result<(), JournalError> {
        let (bytes, hash) = encode_group(self.head.1, group)?;
        let first = expected_seq + 1;
        let last = expected_seq + group.len() as u64;
        if self.head.0 != expected_seq {
            return Err(JournalError::AnotherWriter {
                expected: first,
                found: self.head.0 + 1,
            });
        }
        self.commit(first, last, &bytes)
            .map_err(|error| append_error(first, &error))?;
        self.head = (last, hash);
        self.groups_since_checkpoint += 1;
        Ok(())
    }

    fn reader(&self) -> Result<Box<dyn JournalReader>, JournalError> {
        Self::open_reader(&self.path)
    }

    fn tidy(&mut self) -> Result<bool, JournalError> {
        if self.groups_since_checkpoint < GROUPS_PER_CHECKPOINT {
            return Ok(false);
        }
        self.groups_since_checkpoint = 0;
        let done = self
            .connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        match done
            .as_ref()
            .err()
            .and_then(rusqlite::Error::sqlite_error_code)
        {
            None | Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy) => Ok(true),
            // The log holds every group still, but a failed sync of the main file must not be
            // followed by another that appears to pass.
            Some(_) => Err(JournalError::SyncUnknown("a checkpoint failed".to_owned())),
        }
    }

    fn continue_after(&mut self, seq: u64, head: ChainHash) {
        self.head = (seq, head);
    }

    fn cut_after(&mut self, seq: u64) -> Result<Vec<u8>, JournalError> {
        let cut = self.cut(seq).map_err(|error| unusable(&error))?;
        Ok(cut)
    }
}

struct SqliteReader {
    connection: Connection,
}

impl JournalReader for SqliteReader {
    fn groups(&mut self, after: u64, limit: usize) -> Result<Vec<Group>, JournalError> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT first_seq, last_seq, body FROM journal WHERE first_seq >=
                   coalesce((SELECT max(first_seq) FROM journal WHERE first_seq <= ?1), 0)
                 ORDER BY first_seq",
            )
            .map_err(|error| unusable(&error))?;
        let mut rows = statement
            .query([as_sql(after + 1)])
            .map_err(|error| unusable(&error))?;
        let (mut groups, mut records) = (Vec::new(), 0);
        while records < limit as u64 {
            let read = rows.next().map_err(|error| unusable(&error));
            let group = match read.and_then(|row| row.map(group_of).transpose()) {
                Ok(Some(group)) => group,
                Err(error) if groups.is_empty() => return Err(error),
                Ok(None) | Err(_) => break,
            };
            // The first group may begin before what was asked for.
            records += group.records_after(after);
            groups.push(group);
        }
        Ok(groups)
    }

    fn last(&mut self) -> Result<u64, JournalError> {
        let select = "SELECT last_seq FROM journal ORDER BY first_seq DESC LIMIT 1";
        let last = self.connection.query_row(select, [], |row| row.get(0));
        Ok(last
            .optional()
            .map_err(|error| unusable(&error))?
            .unwrap_or(0))
    }
}

/// A row as a group, whose records are yet to be read.
fn group_of(row: &rusqlite::Row) -> Result<Group, JournalError> {
    let first = row.get(0).map_err(|error| unusable(&error))?;
    let last = row.get(1).map_err(|error| unusable(&error))?;
    let body = row
        .get_ref(2)
        .and_then(|value| Ok(value.as_blob()?))
        .map_err(|error| unusable(&error))?;
    Ok(Group {
        first,
        last: Some(last),
        bytes: Bytes::copy_from_slice(body),
    })
}
