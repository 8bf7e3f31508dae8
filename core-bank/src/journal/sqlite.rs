//! The journal in one `SQLite` file: a row per group, written ahead and synced before `append` returns.
//!
//! With `journal_mode=WAL` and `synchronous=FULL` a commit syncs the log before it becomes visible
//! to readers (<https://www.sqlite.org/wal.html>), so whoever reads sees durable groups only.
//! Checkpoints run between groups, on this connection, after the answers are out.

use std::{
    fs,
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
use crate::room::is_lacking;

/// The oldest `SQLite` whose write-ahead log is trusted here, as `SQLITE_VERSION_NUMBER` counts.
pub const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// Groups between two checkpoints. The writer stands still meanwhile, so they are short: what costs
/// 10 ms after 512 groups costs a millisecond after 64, and its two syncs are spread over 64 others.
const GROUPS_PER_CHECKPOINT: u32 = 64;

/// The number of the last record.
const SELECT_LAST: &str = "SELECT last_seq FROM journal ORDER BY first_seq DESC LIMIT 1";

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
        let unusable = |error| JournalError::Unusable(format!("{}-wal: {error}", path.display()));
        match examined.map_err(unusable)? {
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

    /// The same as [`Self::open`], whatever the log looks like.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        check_version(rusqlite::version_number())?;
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

    /// Ends with everything in the one file, which stands without a log until it is opened for a
    /// writer again: where nothing can be written, a file with a log cannot even be read.
    pub fn close_without_log(self) -> Result<(), JournalError> {
        let mode: String = self
            .connection
            .pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))
            .map_err(|error| unusable(&error))?;
        if mode != "delete" {
            return Err(JournalError::Unusable(format!(
                "SQLite keeps journal mode {mode}"
            )));
        }
        self.connection
            .close()
            .map_err(|(_, error)| unusable(&error))
    }

    /// Opens a journal that a server refuses, for reading only what is left of it: a file that is shorter
    /// than its head says is read as far as it goes. Only the chain of hashes vouches for what is read.
    pub fn open_remains(path: &Path) -> Result<Box<dyn JournalReader>, JournalError> {
        let reader = Self::read_only(path)?;
        // SQLite's own way to the remains of a file (`lockBtree` in its source).
        reader
            .pragma_update(None, "writable_schema", true)
            .map_err(|error| unusable(&error))?;
        Ok(Box::new(SqliteReader { connection: reader }))
    }

    /// Opens a journal for reading only.
    pub fn open_reader(path: &Path) -> Result<Box<dyn JournalReader>, JournalError> {
        let connection = Self::read_only(path)?;
        Ok(Box::new(SqliteReader { connection }))
    }

    fn read_only(path: &Path) -> Result<Connection, JournalError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| unusable(&error))?;
        connection
            .busy_timeout(Duration::from_secs(5))
            .map_err(|error| unusable(&error))?;
        Ok(connection)
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

    /// The statements are prepared once: a group waits for what reading their text takes.
    fn commit(&mut self, first: u64, last: u64, body: &[u8]) -> Result<(), rusqlite::Error> {
        self.run("BEGIN IMMEDIATE")?;
        let committed = self
            .insert(first, last, body)
            .and_then(|()| self.run("COMMIT"));
        if committed.is_err() && !self.connection.is_autocommit() {
            // What the failure means is told; the next group begins anew in any case.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        committed
    }

    fn run(&self, statement: &str) -> Result<(), rusqlite::Error> {
        let mut statement = self.connection.prepare_cached(statement)?;
        statement.execute([]).map(drop)
    }

    fn insert(&self, first: u64, last: u64, body: &[u8]) -> Result<(), rusqlite::Error> {
        let last_there: Option<i64> = self
            .connection
            .prepare_cached(SELECT_LAST)?
            .query_row([], |row| row.get(0))
            .optional()?;
        let next = last_there.unwrap_or(0) + 1;
        if u64::try_from(next) != Ok(first) {
            return Err(rusqlite::Error::IntegralValueOutOfRange(0, next));
        }
        self.connection
            .prepare_cached("INSERT INTO journal (first_seq, last_seq, body) VALUES (?1, ?2, ?3)")?
            .execute((as_sql(first), as_sql(last), body))
            .map(drop)
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

/// The same where a journal is only read, for which `SQLite` makes the log's index anew.
fn unreadable(error: &rusqlite::Error) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen) => JournalError::Unusable(format!(
            "{error}. A journal that was served has a log, and is read only where its folder can be written: copy the folder to such a place"
        )),
        _ => unusable(error),
    }
}

/// What a failed append means.
///
/// A busy file is found before anything is written, and so is a full disk before the last byte of the
/// frame that commits: its checksum is wrong then, and the next append writes over it. The same is true
/// of every failed write (`IOERR_WRITE`, which `SQLite` handles as it handles a full disk); it is a refusal
/// where there is no room, and the end of this process where a disk may be broken. A log's index that
/// cannot grow (`IOERR_SHMSIZE`) is found after the sync: the group may be durable, as after a failed
/// sync.
fn append_error(first: u64, error: &rusqlite::Error, is_full: impl Fn() -> bool) -> JournalError {
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
        Some((_, ffi::SQLITE_IOERR_WRITE)) if is_full() => JournalError::StorageFull,
        Some((ErrorCode::DatabaseBusy, code)) if code == ffi::SQLITE_BUSY => {
            JournalError::AnotherWriter {
                expected: first,
                found: first + 1,
            }
        }
        _ => JournalError::SyncUnknown(error.to_string()),
    }
}

/// What a failed checkpoint means: nothing where there is no room or a reader is in the way, since the
/// log holds every group still. But a failed sync of the main file must not be followed by another that
/// appears to pass.
fn checkpoint_error(
    error: &rusqlite::Error,
    is_full: impl Fn() -> bool,
) -> Result<(), JournalError> {
    match error
        .sqlite_error()
        .map(|error| (error.code, error.extended_code))
    {
        Some((ErrorCode::DiskFull | ErrorCode::DatabaseBusy, _)) => Ok(()),
        Some((_, ffi::SQLITE_IOERR_WRITE)) if is_full() => Ok(()),
        _ => Err(JournalError::SyncUnknown(format!(
            "a checkpoint failed: {error}"
        ))),
    }
}

/// What a group of so many bytes takes in the log at most: its pages, each with a head, and those of the
/// tree above them.
fn in_log(bytes: usize) -> usize {
    (bytes / 4_096 + 8) * (4_096 + 24)
}

/// Refuses a `SQLite` that is older than the oldest that is trusted here.
fn check_version(number: i32) -> Result<(), JournalError> {
    if number >= SQLITE_VERSION_MIN {
        return Ok(());
    }
    let named = |number: i32| {
        let (major, minor, patch) = (number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
        format!("{major}.{minor}.{patch}")
    };
    Err(JournalError::Unusable(format!(
        "SQLite {} is too old; {} or newer is needed",
        named(number),
        named(SQLITE_VERSION_MIN)
    )))
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
        self.commit(first, last, &bytes).map_err(|error| {
            let log = self.path.with_extension("sqlite-wal");
            append_error(first, &error, || is_lacking(&log, in_log(bytes.len())))
        })?;
        self.head = (last, hash);
        self.groups_since_checkpoint += 1;
        Ok(())
    }

    fn head(&self) -> (u64, ChainHash) {
        self.head
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
        if let Err(error) = done {
            let log = self.path.with_extension("sqlite-wal");
            let logged = fs::metadata(log).map_or(0, |log| log.len());
            let most = usize::try_from(logged).unwrap_or(usize::MAX);
            checkpoint_error(&error, || is_lacking(&self.path, most))?;
        }
        Ok(true)
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
            .map_err(|error| unreadable(&error))?;
        let mut rows = statement
            .query([as_sql(after + 1)])
            .map_err(|error| unreadable(&error))?;
        let (mut groups, mut records) = (Vec::new(), 0);
        while records < limit as u64 {
            let read = rows.next().map_err(|error| unreadable(&error));
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
        let last = self.connection.query_row(SELECT_LAST, [], |row| row.get(0));
        Ok(last
            .optional()
            .map_err(|error| unreadable(&error))?
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn a_sqlite_that_is_too_old_is_refused() {
        let sound = [SQLITE_VERSION_MIN, 3_051_004, 3_052_000, 4_000_000];
        assert!(
            sound
                .into_iter()
                .all(|number| check_version(number).is_ok())
        );
        for (number, named) in [
            (3_051_002, "3.51.2"),
            (3_007_017, "3.7.17"),
            (2_999_999, "2.999.999"),
        ] {
            let refused = check_version(number).unwrap_err().to_string();
            let said = format!("SQLite {named} is too old; 3.51.3 or newer is needed");
            assert!(refused.ends_with(&said), "{refused}");
        }
    }

    #[test]
    fn only_what_surely_left_no_trace_is_a_refusal() {
        let of = |code: i32, full: bool| append_error(7, &failed(code), || full);
        for full in [false, true] {
            let code = ffi::SQLITE_FULL;
            assert!(matches!(of(code, full), JournalError::StorageFull));
            for unknown in [
                ffi::SQLITE_IOERR_FSYNC,
                ffi::SQLITE_IOERR_SHMSIZE,
                ffi::SQLITE_IOERR_SHMMAP,
                ffi::SQLITE_IOERR,
                ffi::SQLITE_CORRUPT,
            ] {
                let found = of(unknown, full);
                assert!(matches!(found, JournalError::SyncUnknown(_)), "{found:?}");
            }
        }
        let code = ffi::SQLITE_IOERR_WRITE;
        assert!(matches!(of(code, true), JournalError::StorageFull));
        assert!(matches!(of(code, false), JournalError::SyncUnknown(_)));
    }

    #[test]
    fn a_checkpoint_may_fail_for_want_of_room_and_for_nothing_else() {
        let of = |code: i32, full: bool| checkpoint_error(&failed(code), || full).is_ok();
        assert!(of(ffi::SQLITE_FULL, false) && of(ffi::SQLITE_BUSY, false));
        assert!(of(ffi::SQLITE_IOERR_WRITE, true) && !of(ffi::SQLITE_IOERR_WRITE, false));
        assert!(!of(ffi::SQLITE_IOERR_FSYNC, true) && !of(ffi::SQLITE_IOERR_SHMSIZE, true));
    }
}
