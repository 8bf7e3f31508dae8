//! A look through the projection's file for whoever verifies a bank: whether it is whole, whether it is made of
//! this journal, and whether the histories in it say what the journal says. It changes nothing, and a server
//! may be running.

use std::{fs, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use crate::{
    entries::{Line, lines_of, visit_sealed},
    journal::{JournalError, JournalReader, Record},
    projection::{PROJECTION_VERSION, ProjectionError, Reached, reached},
    rules::{BusinessTime, Fen},
};

/// What is found of histories, alerts and lists of products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundHistories {
    /// There are none: the next start makes them.
    None,
    /// They are of another version of the program: the next start makes them anew.
    OfAnotherVersion,
    /// They are whole, and their entries are the journal's.
    Sound {
        /// The last record whose entries are in the file; those of later ones are read off the journal.
        through: u64,
        /// Entries in the file.
        entries: u64,
    },
    /// They are damaged, or made of another journal.
    Damaged(String),
    /// They cannot be looked at.
    Unread(String),
}

/// Sums of lines, which do not depend on their order.
#[derive(Default, PartialEq, Eq)]
struct Lines {
    count: u64,
    sum: u128,
}

impl Lines {
    fn add(&mut self, account: u64, seq: u64, at: BusinessTime, operation: &str, moved: [Fen; 2]) {
        let mut hasher = blake3::Hasher::new();
        for number in [account, seq] {
            hasher.update(&number.to_le_bytes());
        }
        for number in [at.0, moved[0].0, moved[1].0] {
            hasher.update(&number.to_le_bytes());
        }
        hasher.update(operation.as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        self.count += 1;
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(short));
    }
}

/// Histories that are being compared with a journal.
pub struct HistoriesCheck<'a> {
    path: &'a Path,
    /// How far they reached when the look began, or what there is instead.
    reached: Result<Reached, FoundHistories>,
    of_journal: Lines,
}

impl<'a> HistoriesCheck<'a> {
    /// Begins with how far the file reaches. One that reaches further than the journal is a witness that the
    /// journal lost its end.
    pub fn begin(path: &'a Path, journal: &mut dyn JournalReader) -> Result<Self, JournalError> {
        let mut reached = look(path);
        if let Ok(found) = &reached {
            let last = journal.last()?;
            if found.told > last {
                return Err(JournalError::TailLost {
                    last,
                    seen: found.told,
                    witness: path.display().to_string(),
                });
            }
            if !journal.holds(found.told, found.hash)? {
                let other = "they are of another journal".to_owned();
                reached = Err(FoundHistories::Damaged(other));
            }
        }
        Ok(Self {
            path,
            reached,
            of_journal: Lines::default(),
        })
    }

    /// A record of the journal, in order.
    pub fn visit(&mut self, record: &Record) {
        if self
            .reached
            .as_ref()
            .is_ok_and(|it| record.seq <= it.sealed)
        {
            for line in lines_of(record) {
                let Line {
                    account, seq, at, ..
                } = line;
                let moved = [line.amount, line.balance_after];
                let operation = line.operation.name();
                self.of_journal.add(account, seq, at, operation, moved);
            }
        }
    }

    /// What is found after the last record.
    pub fn end(self) -> FoundHistories {
        let sealed = match self.reached {
            Ok(reached) => reached.sealed,
            Err(found) => return found,
        };
        let of_file = open(self.path).and_then(|file| {
            whole(&file)?;
            let mut lines = Lines::default();
            visit_sealed(&file, sealed, |account, entry| {
                let moved = [entry.amount, entry.balance_after];
                lines.add(account, entry.seq, entry.at, &entry.operation, moved);
            })?;
            // Who begins them anew meanwhile has said so in the log.
            Ok((lines, reached(&file)?.sealed >= sealed))
        });
        match of_file {
            Ok((lines, true)) if lines == self.of_journal => FoundHistories::Sound {
                through: sealed,
                entries: lines.count,
            },
            Ok((lines, true)) => FoundHistories::Damaged(format!(
                "their {} entries up to record {sealed} are not the {} of the journal",
                lines.count, self.of_journal.count
            )),
            Ok((_, false)) => FoundHistories::Unread(
                "the server makes them anew from the journal; look again when it has".to_owned(),
            ),
            Err(error) => found_of(error),
        }
    }
}

/// How far the file reaches, or what there is instead.
fn look(path: &Path) -> Result<Reached, FoundHistories> {
    // A file that was made and not written to is empty.
    if !fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Err(FoundHistories::None);
    }
    let looked = open(path).and_then(|file| {
        let select = "SELECT version FROM projection";
        let version: Option<i64> = file.query_row(select, [], |row| row.get(0)).optional()?;
        match version {
            None => Ok(Err(FoundHistories::None)),
            Some(PROJECTION_VERSION) => Ok(Ok(reached(&file)?)),
            Some(_) => Ok(Err(FoundHistories::OfAnotherVersion)),
        }
    });
    looked.unwrap_or_else(|error| Err(found_of(error)))
}

fn open(path: &Path) -> Result<Connection, ProjectionError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(path, flags)?;
    file.busy_timeout(Duration::from_secs(5))?;
    Ok(file)
}

/// Looks through all pages of the file.
fn whole(file: &Connection) -> Result<(), ProjectionError> {
    let found: String = file.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    match found.as_str() {
        "ok" => Ok(()),
        // It may begin with a line that names the database alone.
        wrong => Err(ProjectionError::Damaged(wrong.replace('\n', ": "))),
    }
}

fn found_of(error: ProjectionError) -> FoundHistories {
    match error {
        ProjectionError::Damaged(what) => FoundHistories::Damaged(what),
        other => FoundHistories::Unread(other.to_string()),
    }
}
