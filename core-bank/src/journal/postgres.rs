//! The journal in a `PostgreSQL` table: a row per group, durable when the insertion is answered.
//!
//! Two fences keep out a second writer. A writer holds an advisory lock of the database as long as its
//! connection lives, so a second server is refused at its start, and the backend of a killed one ends
//! its statement before the lock is free. And a group is inserted only where the journal ends with the
//! record before it, under a primary key; whoever comes second inserts nothing. A lost connection leaves
//! the outcome of an insertion open, and like a failed sync it ends the writer: the next start reads what
//! became of it.
//!
//! Each connection has a thread of its own that drives it, because the writer and the readers of a
//! journal wait for their answers.

use std::{net::IpAddr, sync::mpsc, thread, time::Duration};

use bytes::Bytes;
use tokio::runtime::Runtime;
use tokio_postgres::{
    Client, Config, NoTls, Row,
    config::{Host, SslMode},
    error::SqlState,
};

use super::{
    ChainHash, Group, Journal, JournalError, JournalReader, Record, chain::length_of, encode_group,
};

/// The advisory lock of the one writer: the letters `bankjrnl` as a number.
const WRITER_LOCK: i64 = 0x6261_6e6b_6a72_6e6c;

/// How long a start waits for the lock of a server that has just ended.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(200);

/// How long a connection may take to come about.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS bank_journal (
   first_seq bigint PRIMARY KEY,
   last_seq bigint NOT NULL,
   body bytea NOT NULL
 )";

const INSERT: &str = "INSERT INTO bank_journal (first_seq, last_seq, body)
  SELECT $1::bigint, $2::bigint, $3::bytea
  WHERE coalesce((SELECT last_seq FROM bank_journal ORDER BY first_seq DESC LIMIT 1), 0) = $1::bigint - 1";

const LAST: &str = "SELECT last_seq FROM bank_journal ORDER BY first_seq DESC LIMIT 1";

const READ: &str = "SELECT first_seq, last_seq, body FROM bank_journal
  WHERE first_seq >= coalesce((SELECT max(first_seq) FROM bank_journal WHERE first_seq <= $1::bigint), 0)
    AND first_seq <= $2::bigint
  ORDER BY first_seq";

type Work = Box<dyn FnOnce(&Runtime, &mut Client) + Send>;

/// A connection and the thread that drives it.
struct Session(mpsc::Sender<Work>);

/// Why a statement did not answer.
enum Failure {
    /// The server says so.
    Statement(tokio_postgres::Error),
    /// The connection's thread is gone.
    Gone,
}

impl Failure {
    fn unusable(self) -> JournalError {
        match self {
            Self::Statement(error) => JournalError::Unusable(describe(&error)),
            Self::Gone => JournalError::Unusable("the connection to PostgreSQL is gone".to_owned()),
        }
    }
}

/// What the server said, which the error's own text leaves out.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(told) => format!("PostgreSQL: {} ({})", told.message(), told.code().code()),
        None => format!("PostgreSQL: {error}"),
    }
}

impl Session {
    fn open(url: &str) -> Result<Self, JournalError> {
        let unusable = |text: String| JournalError::Unusable(text);
        let mut config: Config = url.parse().map_err(|_| {
            // The text may hold a password: it is not repeated.
            unusable(
                "the PostgreSQL URL is not understood: write it like postgres://user@host/database"
                    .to_owned(),
            )
        })?;
        check_wire(&config)?;
        config
            .connect_timeout(CONNECT_TIME_MAX)
            .application_name("branchlab bank");
        let (opened, open) = mpsc::channel();
        let (sender, work) = mpsc::channel::<Work>();
        thread::Builder::new()
            .name("bank-postgres".to_owned())
            .spawn(move || match connect(&config) {
                Err(error) => drop(opened.send(Err(error))),
                Ok((runtime, mut client)) => {
                    let _ = opened.send(Ok(()));
                    for work in work {
                        work(&runtime, &mut client);
                    }
                }
            })
            .map_err(|error| unusable(error.to_string()))?;
        open.recv()
            .unwrap_or_else(|_| Err("its thread ended".to_owned()))
            .map_err(unusable)?;
        Ok(Self(sender))
    }

    fn call<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Runtime, &mut Client) -> Result<T, tokio_postgres::Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let (sender, answer) = mpsc::channel();
        let work: Work = Box::new(move |runtime, client| {
            let _ = sender.send(ask(runtime, client));
        });
        self.0.send(work).map_err(|_| Failure::Gone)?;
        let answered = answer.recv().map_err(|_| Failure::Gone)?;
        answered.map_err(Failure::Statement)
    }

    fn setting(&self, name: &'static str) -> Result<String, JournalError> {
        let show = format!("SHOW {name}");
        let shown =
            self.call(move |runtime, client| runtime.block_on(client.query_one(&show, &[])));
        Ok(shown.map_err(Failure::unusable)?.get(0))
    }
}

/// The bank speaks to `PostgreSQL` without TLS. Whoever asks for TLS is told so, and whoever asks for
/// nothing does not get a journal in the clear across a network.
fn check_wire(config: &Config) -> Result<(), JournalError> {
    let near = |host: &Host| match host {
        Host::Tcp(name) => {
            let address = name.parse::<IpAddr>().ok();
            name == "localhost" || address.is_some_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    };
    let all_near = config.get_hosts().iter().all(near)
        && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    let asks = match config.get_ssl_mode() {
        SslMode::Disable => return Ok(()),
        SslMode::Prefer if all_near => return Ok(()),
        SslMode::Prefer => "its database is on another machine",
        _ => "its URL asks for TLS",
    };
    Err(JournalError::Unusable(format!(
        "this bank speaks to PostgreSQL without TLS, and {asks}: take a Unix socket, or a tunnel that encrypts and ends on this machine (stunnel, WireGuard, ssh -L), or say sslmode=disable where the network itself is trusted"
    )))
}

fn connect(config: &Config) -> Result<(Runtime, Client), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let (client, connection) = runtime
        .block_on(config.connect(NoTls))
        .map_err(|error| describe(&error))?;
    // It runs while the client waits for something; when it ends, the client says so.
    runtime.spawn(async move { drop(connection.await) });
    Ok((runtime, client))
}

/// The journal of a database.
pub struct PostgresJournal {
    session: Session,
    url: String,
    head: (u64, ChainHash),
}

impl PostgresJournal {
    /// Opens or makes the journal, and keeps other writers out. [`Journal::continue_after`] or a
    /// replay comes before the first append.
    pub fn open(url: &str) -> Result<Self, JournalError> {
        let session = Session::open(url)?;
        for setting in ["fsync", "full_page_writes"] {
            if session.setting(setting)? != "on" {
                let problem = format!(
                    "PostgreSQL runs with {setting}=off: what it answers may not be durable; set it to on"
                );
                return Err(JournalError::Unusable(problem));
            }
        }
        session
            .call(|runtime, client| {
                runtime.block_on(client.batch_execute("SET synchronous_commit = on"))
            })
            .map_err(Failure::unusable)?;
        lock(&session)?;
        session
            .call(|runtime, client| runtime.block_on(client.batch_execute(SCHEMA)))
            .map_err(Failure::unusable)?;
        Ok(Self {
            session,
            url: url.to_owned(),
            head: (0, ChainHash::GENESIS),
        })
    }

    /// Opens a journal for reading only.
    pub fn open_reader(url: &str) -> Result<Box<dyn JournalReader>, JournalError> {
        Ok(Box::new(PostgresReader(Session::open(url)?)))
    }
}

fn lock(session: &Session) -> Result<(), JournalError> {
    for _ in 0..LOCK_TRIES {
        let locked = session.call(|runtime, client| {
            runtime.block_on(client.query_one("SELECT pg_try_advisory_lock($1)", &[&WRITER_LOCK]))
        });
        if locked.map_err(Failure::unusable)?.get(0) {
            return Ok(());
        }
        thread::sleep(LOCK_PAUSE);
    }
    Err(JournalError::InUse)
}

fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn unsigned(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

/// What a failed insertion means: nothing happened when the server says so, and nobody knows when
/// the connection broke.
fn append_error(failure: Failure, expected: u64) -> JournalError {
    match failure {
        Failure::Statement(error) => match error.code() {
            Some(code) if *code == SqlState::DISK_FULL => JournalError::StorageFull,
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => JournalError::AnotherWriter {
                expected,
                found: expected + 1,
            },
            _ => JournalError::SyncUnknown(describe(&error)),
        },
        Failure::Gone => JournalError::SyncUnknown("the connection is gone".to_owned()),
    }
}

impl Journal for PostgresJournal {
    fn append(&mut self, expected_seq: u64, group: &[Record]) -> Result<(), JournalError> {
        let (bytes, hash) = encode_group(self.head.1, group)?;
        let (first, last) = (expected_seq + 1, expected_seq + group.len() as u64);
        if self.head.0 != expected_seq {
            return Err(JournalError::AnotherWriter {
                expected: first,
                found: self.head.0 + 1,
            });
        }
        let inserted = self.session.call(move |runtime, client| {
            runtime.block_on(async {
                let row = client
                    .execute(INSERT, &[&signed(first), &signed(last), &bytes])
                    .await?;
                // Zero rows: somebody else was first.
                match row {
                    0 => Ok(Err(client
                        .query_opt(LAST, &[])
                        .await?
                        .map(|row| row.get(0)))),
                    _ => Ok(Ok(())),
                }
            })
        });
        match inserted.map_err(|failure| append_error(failure, first))? {
            Ok(()) => self.head = (last, hash),
            Err(found) => {
                return Err(JournalError::AnotherWriter {
                    expected: first,
                    found: unsigned(found.unwrap_or(0)) + 1,
                });
            }
        }
        Ok(())
    }

    fn head(&self) -> (u64, ChainHash) {
        self.head
    }

    fn reader(&self) -> Result<Box<dyn JournalReader>, JournalError> {
        Self::open_reader(&self.url)
    }

    fn continue_after(&mut self, seq: u64, head: ChainHash) {
        self.head = (seq, head);
    }

    fn cut_after(&mut self, seq: u64) -> Result<Vec<u8>, JournalError> {
        let cut = self.session.call(move |runtime, client| {
            runtime.block_on(async {
                let transaction = client.transaction().await?;
                let select = "SELECT first_seq, body FROM bank_journal WHERE last_seq > $1::bigint OR first_seq > $1::bigint ORDER BY first_seq";
                let rows = transaction.query(select, &[&signed(seq)]).await?;
                let mut cut = Vec::new();
                for row in rows {
                    let (first, mut body): (i64, Vec<u8>) = (row.get(0), row.get(1));
                    let kept = length_of(unsigned(first), &body, seq);
                    cut.extend(body.drain(kept..));
                    if first > signed(seq) {
                        let delete = "DELETE FROM bank_journal WHERE first_seq = $1";
                        transaction.execute(delete, &[&first]).await?;
                    } else {
                        let update = "UPDATE bank_journal SET last_seq = $2, body = $3 WHERE first_seq = $1";
                        transaction.execute(update, &[&first, &signed(seq), &body]).await?;
                    }
                }
                transaction.commit().await?;
                Ok(cut)
            })
        });
        cut.map_err(Failure::unusable)
    }
}

struct PostgresReader(Session);

impl JournalReader for PostgresReader {
    fn groups(&mut self, after: u64, limit: usize) -> Result<Vec<Group>, JournalError> {
        let begin = signed(after.saturating_add(1));
        let end = begin.saturating_add(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.0.call(move |runtime, client| {
            runtime.block_on(async {
                let statement = client.prepare(READ).await?;
                client.query(&statement, &[&begin, &end]).await
            })
        });
        Ok(rows
            .map_err(Failure::unusable)?
            .iter()
            .map(group_of)
            .collect())
    }

    fn last(&mut self) -> Result<u64, JournalError> {
        let last = self
            .0
            .call(|runtime, client| runtime.block_on(client.query_opt(LAST, &[])));
        let last = last.map_err(Failure::unusable)?;
        Ok(last.map_or(0, |row| unsigned(row.get(0))))
    }
}

/// A row as a group, whose records are yet to be read.
fn group_of(row: &Row) -> Group {
    let (first, last, body): (i64, i64, Vec<u8>) = (row.get(0), row.get(1), row.get(2));
    Group {
        first: unsigned(first),
        last: Some(unsigned(last)),
        bytes: Bytes::from(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_does_not_cross_a_network_in_the_clear_unless_that_is_said() {
        for (url, may) in [
            ("postgres://bank@localhost/bank", true),
            ("postgres://bank@127.0.0.1,[::1]/bank", true),
            ("host=/run/postgresql user=bank", true),
            ("postgres://bank@db/bank?sslmode=disable", true),
            ("host=10.0.0.7 user=bank sslmode=disable", true),
            ("postgres://bank@db/bank", false),
            ("postgres://bank@localhost,db/bank", false),
            ("host=localhost hostaddr=10.0.0.7 user=bank", false),
            ("postgres://bank@localhost/bank?sslmode=require", false),
        ] {
            let config: Config = url.parse().unwrap();
            let checked = check_wire(&config);
            assert_eq!(checked.is_ok(), may, "{url}");
            let said = checked.err().map(|error| error.to_string());
            assert!(
                said.is_none_or(|said| said.contains("without TLS")),
                "{url}"
            );
        }
    }
}
