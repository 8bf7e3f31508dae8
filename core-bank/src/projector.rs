//! The projector: tails the journal into a file of entries per account, for history.
//!
//! The file is disposable. It is rebuilt from the journal when it is missing, of another version,
//! damaged, or ahead of the journal. Reads name the record they must include and wait for it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use tokio::sync::{oneshot, watch};

use crate::{
    journal::{JournalError, JournalReader, Record},
    metrics::Metrics,
    rules::{AccountNumber, BookAccount, BusinessTime, Fact, Fen},
};

/// The version of the projection's tables; another one is thrown away and rebuilt.
const PROJECTION_VERSION: i64 = 1;

/// Records that one transaction of the projector takes.
const CHUNK: usize = 2_000;

/// How long the projector waits after it failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// One line of an account's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record that made it.
    pub seq: u64,
    /// When, in business time.
    pub at: BusinessTime,
    /// The operation's shared name.
    pub operation: String,
    /// What it changed.
    pub amount: Fen,
    /// What the account held afterwards.
    pub balance_after: Fen,
}

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

/// Reads history; connections are kept for the next reader.
pub struct History {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    projected: watch::Receiver<u64>,
}

impl History {
    /// Waits until record `seq` is projected; `false` when `patience` runs out first.
    pub async fn reached(&self, seq: u64, patience: Duration) -> bool {
        let mut projected = self.projected.clone();
        let waiting = projected.wait_for(|reached| *reached >= seq);
        matches!(tokio::time::timeout(patience, waiting).await, Ok(Ok(_)))
    }

    fn connect(&self) -> Result<Connection, ProjectionError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        Ok(connection)
    }

    /// Up to `limit` entries of an account with numbers below `before`, newest first. It reads a
    /// file: call it where blocking is allowed.
    pub fn entries(
        &self,
        account: AccountNumber,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Entry>, ProjectionError> {
        let kept = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = kept.map_or_else(|| self.connect(), Ok)?;
        let entries = select_entries(&connection, account, before, limit)?;
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        Ok(entries)
    }
}

fn select_entries(
    connection: &Connection,
    account: AccountNumber,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Entry>, ProjectionError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, operation, amount, balance_after FROM entries
         WHERE account = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
    )?;
    let before = before
        .and_then(|seq| i64::try_from(seq).ok())
        .unwrap_or(i64::MAX);
    let rows = statement.query_map(params![account.digits(), before, limit], |row| {
        Ok(Entry {
            seq: row.get(0)?,
            at: BusinessTime(row.get(1)?),
            operation: row.get(2)?,
            amount: Fen(row.get(3)?),
            balance_after: Fen(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Starts the projector's thread. It follows `durable` and ends when that closes; the receiver then
/// tells how it went.
pub fn start_projector(
    path: &Path,
    journal: Box<dyn JournalReader>,
    durable: watch::Receiver<u64>,
    metrics: Arc<Metrics>,
) -> Result<(History, oneshot::Receiver<Result<(), ProjectionError>>), ProjectionError> {
    let connection = open_or_rebuild(path, *durable.borrow())?;
    let at = projected_seq(&connection)?;
    let (published, projected) = watch::channel(at);
    let (ended, end) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let mut projector = Projector {
        connection,
        journal,
        at,
        published,
        metrics,
    };
    thread::Builder::new()
        .name("bank-projector".to_owned())
        .spawn(move || {
            let end = projector.run(durable, &runtime);
            drop(projector);
            let _ = ended.send(end);
        })?;
    let history = History {
        path: path.to_owned(),
        idle: Mutex::default(),
        projected,
    };
    Ok((history, end))
}

/// The projection, empty when what was there cannot be continued.
fn open_or_rebuild(path: &Path, durable: u64) -> Result<Connection, ProjectionError> {
    if let Ok(connection) = open(path)
        && projected_seq(&connection).is_ok_and(|seq| seq <= durable)
    {
        return Ok(connection);
    }
    tracing::warn!("the projection is rebuilt from the journal");
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    open(path)
}

fn open(path: &Path) -> Result<Connection, ProjectionError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // What a power cut takes from the projection, the journal gives back.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS projection (version INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT;
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
    let version: Option<i64> = connection
        .query_row("SELECT version FROM projection", [], |row| row.get(0))
        .optional()?;
    match version {
        None => {
            connection.execute(
                "INSERT INTO projection (version, seq) VALUES (?1, 0)",
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
    connection: Connection,
    journal: Box<dyn JournalReader>,
    at: u64,
    published: watch::Sender<u64>,
    metrics: Arc<Metrics>,
}

impl Projector {
    fn run(
        &mut self,
        mut durable: watch::Receiver<u64>,
        runtime: &tokio::runtime::Handle,
    ) -> Result<(), ProjectionError> {
        loop {
            let goal = *durable.borrow_and_update();
            while self.at < goal {
                if let Err(error) = self.step() {
                    // A full disk, most likely: the bank goes on without history until there is
                    // room, and the journal keeps what is to be projected.
                    tracing::warn!("history stands still at record {}: {error}", self.at);
                    if durable.has_changed().is_err() {
                        return Err(error);
                    }
                    thread::sleep(RETRY_AFTER);
                }
            }
            if runtime.block_on(durable.changed()).is_err() {
                return Ok(());
            }
        }
    }

    /// Projects the next chunk in one transaction, together with how far it reaches.
    fn step(&mut self) -> Result<(), ProjectionError> {
        let links = self.journal.read(self.at, CHUNK)?;
        let transaction = self.connection.transaction()?;
        let mut at = self.at;
        for link in &links {
            insert_entries(&transaction, &link.record)?;
            at = link.record.seq;
        }
        transaction
            .prepare_cached("UPDATE projection SET seq = ?1")?
            .execute([at])?;
        transaction.commit()?;
        self.at = at;
        self.metrics.projected(at);
        self.published.send_replace(at);
        Ok(())
    }
}

fn insert_entries(connection: &Connection, record: &Record) -> Result<(), rusqlite::Error> {
    let mut statement =
        connection.prepare_cached("INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for fact in record.outcome.iter().flatten() {
        let Fact::MoneyMoved { postings, .. } = fact else {
            continue;
        };
        for posting in postings {
            let BookAccount::Customer(account) = posting.account else {
                continue;
            };
            statement.execute(params![
                account.digits(),
                record.seq,
                record.at.0,
                record.command.action.operation().name(),
                posting.amount.0,
                posting.balance_after.0,
            ])?;
        }
    }
    Ok(())
}
