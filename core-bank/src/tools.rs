//! What an operator does beside serving: export, backup, restore, rebuild.

use std::{
    fmt,
    fs::{self, TryLockError},
    io::{self, Write},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;

use crate::{
    api::audited,
    copy::copy_records,
    data_folder::{DataFolder, DataFolderError, owner_only},
    journal::{
        ChainHash, Journal, JournalError, JournalReader, JournalReaders, PostgresJournal,
        SqliteJournal, walk,
    },
    projector::{ProjectionError, project_all},
    recovery::{RecoveryError, recover},
    repair::{remove_database, remove_if_there},
    rules::IDEMPOTENCY_KEYS_MAX,
    snapshot::{Pace, SnapshotFolder},
    unfinished::{KeepError, UnfinishedJournal},
};

/// Where a bank's journal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalPlace {
    /// In `journal.sqlite` of a data folder.
    Folder(PathBuf),
    /// In a table of a `PostgreSQL` database, by its URL.
    Postgres(String),
}

impl JournalPlace {
    /// A reader of it; a server may be appending. What its log holds is believed: a tool asks for
    /// [`Self::open_examined`].
    pub fn open_reader(&self) -> Result<Box<dyn JournalReader>, JournalError> {
        match self {
            Self::Postgres(url) => PostgresJournal::open_reader(url),
            Self::Folder(data) => SqliteJournal::open_reader(&find_file(data)?),
        }
    }

    /// A reader for a tool, of a journal that a server would start on or is appending to: a log that
    /// is damaged before durable records is refused here as there.
    pub fn open_examined(&self) -> Result<Box<dyn JournalReader>, JournalError> {
        if let Self::Folder(data) = self {
            SqliteJournal::examine(&find_file(data)?)?;
        }
        self.open_reader()
    }

    /// The journal, for its one writer.
    pub fn open(&self) -> Result<Box<dyn Journal>, JournalError> {
        Ok(match self {
            Self::Folder(data) => Box::new(SqliteJournal::open(&data.join("journal.sqlite"))?),
            Self::Postgres(url) => Box::new(PostgresJournal::open(url)?),
        })
    }
}

/// The journal's file of a data folder, which may be read. Asked of the system, which has a word for what is
/// wrong, and without opening it: to close a file gives up what locks this process holds on it.
pub(crate) fn find_file(data: &Path) -> Result<PathBuf, JournalError> {
    let path = data.join("journal.sqlite");
    let unusable = |what: &dyn fmt::Display| {
        JournalError::Unusable(format!("{} cannot be read: {what}", path.display()))
    };
    match rustix::fs::access(&path, rustix::fs::Access::READ_OK) {
        Err(rustix::io::Errno::NOENT) => {
            return Err(JournalError::Absent(data.display().to_string()));
        }
        found => found.map_err(|error| unusable(&io::Error::from(error)))?,
    }
    let found = fs::metadata(&path).map_err(|error| unusable(&error))?;
    if !found.is_file() {
        return Err(unusable(&"it is no file"));
    }
    if found.len() == 0 {
        return Err(JournalError::Empty(data.display().to_string()));
    }
    Ok(path)
}

/// Why a tool did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The data folder cannot be used.
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    /// A journal is damaged, absent or cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The state cannot be recovered.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The projection cannot be made.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// There is something where nothing should be.
    #[error(
        "{0} is not empty: name a folder that is empty or not there. Only what a copy of the same bank left there when it was killed is cleared away"
    )]
    NotEmpty(String),
    /// Another process copies a bank to the same folder.
    #[error("another process is writing to {0}: wait until it has ended, or name another folder")]
    Claimed(String),
    /// The file system refuses.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system says.
        error: io::Error,
    },
}

fn io_error(what: impl Into<String>) -> impl FnOnce(io::Error) -> ToolError {
    let what = what.into();
    |error| ToolError::Io { what, error }
}

/// The last record of what a tool wrote or read, and its chain hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The record's number.
    pub seq: u64,
    /// Its chain hash.
    pub hash: ChainHash,
}

/// The secrets of a data folder, without which tokens and codes of the bank are void.
const SECRETS: [&str; 2] = ["tokens.json", "seal.key"];

/// Copies a bank into a new folder: its journal up to the record that is durable now, each record
/// checked, and its secrets. A server may go on serving.
pub fn backup(data: &Path, journal: &JournalPlace, to: &Path) -> Result<Head, ToolError> {
    let mut from = journal.open_examined()?;
    copy_bank(from.as_mut(), data, to)
}

/// Makes a data folder of a backup. Projections come by themselves at the start.
pub fn restore(backup: &Path, to: &Path) -> Result<Head, ToolError> {
    let mut from = JournalPlace::Folder(backup.to_owned()).open_examined()?;
    copy_bank(from.as_mut(), backup, to)
}

fn copy_bank(from: &mut dyn JournalReader, secrets: &Path, to: &Path) -> Result<Head, ToolError> {
    let making = || io_error(format!("{} cannot be made", to.display()));
    let _claim = claim(secrets, to)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).map_err(making())?;
    let unfinished = UnfinishedJournal::make(to).map_err(making())?;
    let copied = copy_whole(from, secrets, to, unfinished);
    if copied.is_err() {
        // The secrets came into an empty folder; a copy that failed leaves it so.
        for name in SECRETS {
            let _ = fs::remove_file(to.join(name));
        }
    }
    copied.map_err(|error| match error {
        ToolError::Journal(JournalError::StorageFull) => {
            making()(io::ErrorKind::StorageFull.into())
        }
        error => error,
    })
}

/// Makes the folder of a copy, empty, for this process alone as long as the claim is held. What a killed copy
/// of the same bank left in it is cleared away, and nothing else.
fn claim(secrets: &Path, to: &Path) -> Result<fs::File, ToolError> {
    let making = || io_error(format!("{} cannot be made", to.display()));
    let not_empty = || ToolError::NotEmpty(to.display().to_string());
    if to.exists() && !to.is_dir() {
        return Err(not_empty());
    }
    fs::create_dir_all(to).map_err(making())?;
    let claim = fs::File::open(to).map_err(making())?;
    let is_claimed = match claim.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => return Err(ToolError::Claimed(to.display().to_string())),
        // Not every file system locks folders; then nobody knows whether what is there is being written.
        Err(TryLockError::Error(_)) => false,
    };
    let left: Vec<_> = fs::read_dir(to)
        .and_then(Iterator::collect::<io::Result<_>>)
        .map_err(making())?;
    if left.is_empty() {
        return Ok(claim);
    }
    let begun = left
        .iter()
        .any(|it| UnfinishedJournal::is_begun(&it.path()));
    if !(is_claimed && begun && left.iter().all(|it| is_of_a_killed_copy(it, secrets))) {
        return Err(not_empty());
    }
    for name in SECRETS {
        remove_if_there(&to.join(name)).map_err(making())?;
    }
    // Last, since the rest is known by it.
    UnfinishedJournal::clear(to).map_err(making())?;
    Ok(claim)
}

/// Whether a copy of the bank with these secrets made this file: the journal that is begun, a companion of it, or
/// one of the secrets, as far as it was written.
fn is_of_a_killed_copy(entry: &fs::DirEntry, secrets: &Path) -> bool {
    let (name, path) = (entry.file_name(), entry.path());
    if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
        return false;
    }
    if SECRETS.iter().any(|secret| name == *secret) {
        let both = fs::read(secrets.join(&name)).and_then(|own| Ok((own, fs::read(&path)?)));
        return both.is_ok_and(|(own, copied)| own.starts_with(&copied));
    }
    UnfinishedJournal::is_begun(&path) || UnfinishedJournal::is_companion(&name)
}

fn copy_whole(
    from: &mut dyn JournalReader,
    secrets: &Path,
    to: &Path,
    unfinished: UnfinishedJournal,
) -> Result<Head, ToolError> {
    let making = || io_error(format!("{} cannot be made", to.display()));
    let mut copy = unfinished.open()?;
    let (seq, hash) = copy_records(from, &mut copy)?;
    for name in SECRETS {
        let content = fs::read(secrets.join(name)).map_err(io_error(format!(
            "{} cannot be read",
            secrets.join(name).display()
        )))?;
        let file = owner_only().create_new(true).open(to.join(name));
        let mut file = file.map_err(making())?;
        file.write_all(&content).map_err(making())?;
        file.sync_all().map_err(making())?;
    }
    unfinished.keep(copy).map_err(|error| match error {
        KeepError::Journal(error) => error.into(),
        KeepError::Io(error) => making()(error),
    })?;
    Ok(Head { seq, hash })
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A JSON document a line, one for each record.
    Json,
    /// Comma-separated values, a row for each posting, and one for each record without any.
    Csv,
}

/// The columns of a CSV export.
const COLUMNS: [&str; 15] = [
    "seq",
    "at",
    "channel",
    "session",
    "place",
    "operation",
    "key",
    "outcome",
    "code",
    "customer",
    "account",
    "to",
    "amount",
    "posting_account",
    "posting_amount",
];

/// Writes the journal as the operator's audit shows it: without names, documents and phones. Each
/// record is checked by its hash on the way.
pub fn export(
    journal: &JournalPlace,
    format: ExportFormat,
    out: &mut dyn Write,
) -> Result<Head, ToolError> {
    let mut reader = journal.open_examined()?;
    if format == ExportFormat::Csv {
        writeln!(out, "{}", COLUMNS.join(",")).map_err(io_error("the export cannot be written"))?;
    }
    let mut failed = None;
    let walked = walk(reader.as_mut(), &mut |record| {
        let document = audited(&record);
        let written = match format {
            ExportFormat::Json => writeln!(out, "{document}"),
            ExportFormat::Csv => write_rows(out, &document),
        };
        written.map_err(|error| {
            failed = Some(error);
            JournalError::Unusable("the export stopped".to_owned())
        })
    });
    if let Some(error) = failed {
        return Err(io_error("the export cannot be written")(error));
    }
    out.flush()
        .map_err(io_error("the export cannot be written"))?;
    let (seq, hash) = walked?;
    Ok(Head { seq, hash })
}

fn write_rows(out: &mut dyn Write, document: &Value) -> io::Result<()> {
    let common: Vec<String> = COLUMNS[..COLUMNS.len() - 2]
        .iter()
        .map(|column| cell(&document[*column]))
        .collect();
    let common = common.join(",");
    let postings = document["postings"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if postings.is_empty() {
        return writeln!(out, "{common},,");
    }
    postings.iter().try_for_each(|posting| {
        let (account, amount) = (cell(&posting["account"]), cell(&posting["amount"]));
        writeln!(out, "{common},{account},{amount}")
    })
}

/// A value as RFC 4180 wants it. A text that a spreadsheet would take for a formula gets an
/// apostrophe in front; amounts, which may begin with a minus, are numbers to it and stay.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
    let formula = !number && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// Makes the projection and a snapshot anew from the journal's first record. No server may be
/// running.
pub fn rebuild(data: &Path, journal: &JournalPlace) -> Result<Head, ToolError> {
    // Only to fail before anything is removed.
    journal.open_examined()?;
    let folder = DataFolder::open(data)?;
    let io = |error| io_error(format!("{} cannot be changed", data.display()))(error);
    remove_database(&folder.projection()).map_err(io)?;
    let snapshots = SnapshotFolder::new(folder.path());
    snapshots.remove_after(0).map_err(io)?;
    let mut opened = journal.open()?;
    let recovered = recover(opened.as_mut(), folder.path(), IDEMPOTENCY_KEYS_MAX)?;
    let place = journal.clone();
    let readers = Arc::new(JournalReaders::new(move || place.open_reader()));
    let seq = recovered.state.seq();
    project_all(&folder.projection(), &readers, seq)?;
    snapshots
        .write(&recovered.state, recovered.head, Pace::Haste)
        .map_err(io)?;
    Ok(Head {
        seq,
        hash: recovered.head,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        let cells = [
            (Value::Null, ""),
            (Value::from("plain"), "plain"),
            (Value::from(7), "7"),
            (Value::from("-12.30"), "-12.30"),
            (Value::from("=1+1"), "'=1+1"),
            (Value::from("-cmd"), "'-cmd"),
            (Value::from("a,\"b\""), "\"a,\"\"b\"\"\""),
        ];
        for (value, text) in cells {
            assert_eq!(cell(&value), text);
        }
    }
}
