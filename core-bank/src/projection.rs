//! The projection's file: how it is opened, when it is begun anew, and why it cannot be used.
//!
//! It is made of the journal and may be made of it again; but only damage is a reason for that. A full
//! disk or another program that holds the file pass by themselves, and a sound file is left as it is.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, ffi, params};

use crate::{
    data_folder::owner_only,
    entries::ENTRIES_TABLE,
    journal::{ChainHash, JournalError, JournalReader},
    notices::NOTICES_TABLE,
    older_keys::OlderKeys,
    product_lists::PRODUCT_TABLES,
    repair::{remove_database, with},
    room::is_lacking,
};

/// The version of the projection's tables; another one is thrown away and rebuilt.
pub const PROJECTION_VERSION: i64 = 10;

/// Memory for pages, in KiB.
const CACHE_KIB: i64 = 8 * 1024;

/// Pages of the write-ahead log between two checkpoints. Others wait for one, which writes them all
/// to the file in one go.
const CHECKPOINT_PAGES: i64 = 64;

/// The length of a file that is checked as a whole when it is opened: some hundredths of a second.
const CHECKED_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// How much room is tried where `SQLite` does not say whether a write failed for want of it: an index of
/// the log grows by half of this.
const ROOM_TRIED: usize = 64 * 1024;

/// Why the projection cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// There is no room. It passes by itself once there is.
    #[error(
        "the disk is full: make room under the data folder. Nothing is lost: histories are kept as they are and catch up from the journal"
    )]
    StorageFull,
    /// Another program holds the file. It passes by itself once that lets go.
    #[error(
        "another program holds projection.sqlite: end it. Nothing is lost: histories are kept as they are and catch up from the journal"
    )]
    Held,
    /// The file is damaged, or it was made by another version.
    #[error(
        "projection.sqlite is damaged or of another version ({0}): stop the bank, and `branchlab bank rebuild` makes it anew from the journal"
    )]
    Damaged(String),
    /// The file is being made anew.
    #[error("histories are being made anew from the journal: ask again in a while")]
    Anew,
    /// `SQLite` refused for another reason.
    #[error("projection.sqlite cannot be used: {0}")]
    Sqlite(rusqlite::Error),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file system refused.
    #[error("the projection cannot be made: {0}")]
    Io(#[from] io::Error),
}

impl From<rusqlite::Error> for ProjectionError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::StorageFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Held,
            // Unknown is a statement that does not fit the tables: they are of another version.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) => {
                Self::Damaged(error.to_string())
            }
            Some(_) => Self::Sqlite(error),
            None => match error {
                // Values of another kind, or a row that is not there.
                E::FromSqlConversionFailure(..)
                | E::IntegralValueOutOfRange(..)
                | E::InvalidColumnType(..)
                | E::QueryReturnedNoRows => Self::Damaged(error.to_string()),
                other => Self::Sqlite(other),
            },
        }
    }
}

impl ProjectionError {
    /// The same, told by what the system says where `SQLite` leaves open why a write to this file failed.
    #[must_use]
    pub fn of_file(self, path: &Path) -> Self {
        let may_lack_room = match &self {
            Self::Sqlite(error) => error.sqlite_error().is_some_and(|error| {
                matches!(
                    error.extended_code,
                    ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE
                ) || error.code == ErrorCode::CannotOpen
            }),
            Self::Io(error) => matches!(
                error.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
            ),
            _ => false,
        };
        let lacks = |suffix| is_lacking(&with(path, suffix), ROOM_TRIED);
        if may_lack_room && (lacks("") || lacks("-wal")) {
            return Self::StorageFull;
        }
        self
    }

    /// Whether it passes by itself, and the same may be tried again.
    pub fn passes(&self) -> bool {
        matches!(self, Self::StorageFull | Self::Held)
    }
}

/// A projection that is open for writing.
pub struct Opened {
    /// Its file.
    pub connection: Connection,
    /// How far it reaches.
    pub reached: Reached,
    /// What it holds of older keys.
    pub keys: OlderKeys,
}

/// How far a projection reaches.
pub struct Reached {
    /// The last record whose notices and products are in the file.
    pub told: u64,
    /// The chain hash of that record.
    pub hash: ChainHash,
    /// The last record whose entries are.
    pub sealed: u64,
}

/// The projection, empty when what was there is damaged or cannot be continued, be it that of another
/// journal. One that knows more than the journal is a witness that the journal lost its end. Memory
/// holds `keys_in_memory` keys.
pub fn open_or_rebuild(
    path: &Path,
    durable: u64,
    journal: &mut dyn JournalReader,
    keys_in_memory: usize,
) -> Result<Opened, ProjectionError> {
    let opened = open(path, journal, keys_in_memory, Some(durable));
    match opened.map_err(|error| error.of_file(path)) {
        Err(ProjectionError::Damaged(why)) => {
            tracing::warn!(
                "the projection is damaged or of another version ({why}): it is rebuilt from the journal"
            );
            begin_anew(path, journal, keys_in_memory)
        }
        opened => opened,
    }
}

/// An empty projection in the place of whatever is there.
pub fn begin_anew(
    path: &Path,
    journal: &mut dyn JournalReader,
    keys_in_memory: usize,
) -> Result<Opened, ProjectionError> {
    remove_database(path)?;
    open(path, journal, keys_in_memory, None).map_err(|error| error.of_file(path))
}

/// Opens the file and, for a journal that ends with record `durable`, sees whether it is of that.
fn open(
    path: &Path,
    journal: &mut dyn JournalReader,
    keys_in_memory: usize,
    durable: Option<u64>,
) -> Result<Opened, ProjectionError> {
    let connection = connect(path)?;
    check(&connection)?;
    let reached = reached(&connection)?;
    if let Some(durable) = durable {
        if reached.told > durable {
            return Err(ProjectionError::Journal(JournalError::TailLost {
                last: durable,
                seen: reached.told,
                witness: path.display().to_string(),
            }));
        }
        if !journal.holds(reached.told, reached.hash)? {
            return Err(ProjectionError::Damaged("it is of another journal".into()));
        }
    }
    let keys = OlderKeys::open(&connection, journal, keys_in_memory)?;
    Ok(Opened {
        connection,
        reached,
        keys,
    })
}

/// Connects to the file, which is made when it is not there. Nothing is written to one that is whole.
fn connect(path: &Path) -> Result<Connection, ProjectionError> {
    make_private(path)?;
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
    let version: Option<i64> = connection
        .query_row("SELECT version FROM projection", [], |row| row.get(0))
        .optional()?;
    if version.is_some_and(|version| version != PROJECTION_VERSION) {
        return Err(ProjectionError::Damaged("its tables are others".into()));
    }
    connection.execute_batch(ENTRIES_TABLE)?;
    connection.execute_batch(NOTICES_TABLE)?;
    connection.execute_batch(PRODUCT_TABLES)?;
    if version.is_none() {
        connection.execute(
            "INSERT INTO projection VALUES (?1, 0, ?2, 0)",
            params![PROJECTION_VERSION, ChainHash::GENESIS.bytes()],
        )?;
    }
    Ok(connection)
}

/// Looks for damage that only readers would meet, in a file that is soon read. In a longer one it shows
/// when it is read.
fn check(connection: &Connection) -> Result<(), ProjectionError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    if pragma("page_count")?.saturating_mul(pragma("page_size")?) > CHECKED_BYTES_MAX {
        return Ok(());
    }
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(ProjectionError::Damaged(found))
    }
}

/// Makes the file for its owner only, before `SQLite` makes it for whoever may read the owner's others;
/// its companions take its mode. One that is there is not opened for that: closing it would undo
/// `SQLite`'s locks.
fn make_private(path: &Path) -> Result<(), ProjectionError> {
    match owner_only().create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
                fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            }
            Ok(())
        }
        made => Ok(made.map(drop)?),
    }
}

/// How far the file reaches.
pub fn reached(connection: &Connection) -> Result<Reached, ProjectionError> {
    let select = "SELECT seq, hash, sealed FROM projection";
    Ok(connection.query_row(select, [], |row| {
        Ok(Reached {
            told: row.get(0)?,
            hash: ChainHash::of_bytes(row.get(1)?),
            sealed: row.get(2)?,
        })
    })?)
}
