//! Repair of a journal that cannot be trusted to its end: what is sound from its beginning is kept, and
//! the rest is given up, knowingly. The damaged files stay in the data folder under another name.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::{
    copy::{copy_records, sound_end},
    data_folder::{DataFolder, DataFolderError, owner_only},
    journal::{
        ChainHash, Journal as _, JournalError, JournalReader, PostgresJournal, SqliteJournal,
    },
    snapshot::SnapshotFolder,
    tools::find_file,
};

/// What a repair found and did.
#[derive(Debug)]
pub struct Repaired {
    /// The last record that is kept.
    pub last: u64,
    /// Its chain hash.
    pub head: ChainHash,
    /// What is wrong with the record after it, and where the damaged journal is now; `None` when the
    /// journal is sound to its end.
    pub given_up: Option<(String, PathBuf)>,
}

/// Why a repair did not happen.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The data folder cannot be used.
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    /// The repaired journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file system refuses.
    #[error("the data folder cannot be changed: {0}")]
    Io(#[from] io::Error),
    /// A journal that is not empty would be given up whole.
    #[error(
        "nothing of the journal can be kept, so it stays as it is. Restore the bank from a backup. What was found: {0}"
    )]
    NothingLeft(String),
}

/// Keeps the journal up to the last record before the first that is damaged, and forgets projections
/// and snapshots, which may know more than that. No server may be running.
pub fn repair_keeping_prefix(data: &Path) -> Result<Repaired, RepairError> {
    find_file(data)?;
    let folder = DataFolder::open(data)?;
    let copy = folder.path().join("journal.repaired");
    remove_database(&copy)?;
    let mut repaired = SqliteJournal::create(&copy)?;
    let examined = SqliteJournal::examine(&folder.journal());
    // The remains of a file may be whole, and the file still be none that a server reads.
    let readable = SqliteJournal::open_reader(&folder.journal())
        .and_then(|mut reader| reader.groups(0, 1).map(drop));
    let examined = examined.and(readable);
    let copied = SqliteJournal::open_remains(&folder.journal())
        .and_then(|mut reader| copy_records(reader.as_mut(), &mut repaired));
    let (last, head) = repaired.head();
    drop(repaired);
    let wrong = match (examined, copied) {
        (Ok(()), Ok(_)) => None,
        (Err(error), _) | (Ok(()), Err(error)) => Some(error.to_string()),
    };
    let given_up = match wrong {
        None => None,
        Some(wrong) if last == 0 => {
            remove_database(&copy)?;
            return Err(RepairError::NothingLeft(wrong));
        }
        Some(wrong) => Some((wrong, exchange(&folder, &copy)?)),
    };
    remove_database(&copy)?;
    remove_database(&folder.projection())?;
    SnapshotFolder::new(folder.path()).remove_after(last)?;
    Ok(Repaired {
        last,
        head,
        given_up,
    })
}

/// The same for a journal in `PostgreSQL`. The groups from the damaged record's on are written to a
/// file of the data folder, as they are, before they leave the database. No server may be running.
pub fn repair_postgres_keeping_prefix(data: &Path, url: &str) -> Result<Repaired, RepairError> {
    let folder = DataFolder::open(data)?;
    // Its lock keeps servers out until the repair is done.
    let mut journal = PostgresJournal::open(url)?;
    let mut reader = journal.reader()?;
    let ((last, head), wrong) = sound_end(reader.as_mut());
    let given_up = match wrong {
        None => None,
        Some(wrong) if wrong.record().is_none() => return Err(wrong.into()),
        Some(wrong) if last == 0 => return Err(RepairError::NothingLeft(wrong.to_string())),
        Some(wrong) => {
            let aside = free_name(&folder, "groups")?;
            keep_groups_after(reader.as_mut(), last, &aside)?;
            journal.cut_after(last)?;
            Some((wrong.to_string(), aside))
        }
    };
    remove_database(&folder.projection())?;
    SnapshotFolder::new(folder.path()).remove_after(last)?;
    Ok(Repaired {
        last,
        head,
        given_up,
    })
}

/// Writes the groups from the one of the record after `last` on to a file, for its owner only.
fn keep_groups_after(
    reader: &mut dyn JournalReader,
    last: u64,
    aside: &Path,
) -> Result<(), RepairError> {
    let mut file = owner_only().create_new(true).open(aside)?;
    for group in reader.groups(last, usize::MAX)? {
        file.write_all(&group.bytes)?;
    }
    file.sync_all()?;
    fs::File::open(aside.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

/// A name for what is damaged that nothing in the data folder has yet.
fn free_name(folder: &DataFolder, kind: &str) -> io::Result<PathBuf> {
    let mut names = (1_u32..).map(|number| {
        let name = format!("journal.damaged-{number}.{kind}");
        folder.path().join(name)
    });
    let free = names.find(|path| !path.exists());
    free.ok_or_else(|| io::Error::other("there is no free name"))
}

/// Puts the repaired journal in the place of the damaged one; returns where that went.
fn exchange(folder: &DataFolder, repaired: &Path) -> io::Result<PathBuf> {
    let aside = free_name(folder, "sqlite")?;
    for suffix in ["-wal", "-shm", "-journal", ""] {
        match fs::rename(with(&folder.journal(), suffix), with(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(repaired, folder.journal())?;
    fs::File::open(folder.path())?.sync_all()?;
    Ok(aside)
}

/// The name of a companion file of a database.
pub fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What `SQLite` keeps beside a database: names that end like this.
pub const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Removes a database and its companion files, if they are there.
pub fn remove_database(path: &Path) -> io::Result<()> {
    remove_if_there(path)?;
    remove_companions(path)
}

/// Removes the files that `SQLite` keeps beside a database, if they are there.
pub fn remove_companions(path: &Path) -> io::Result<()> {
    let mut companions = COMPANIONS.iter().map(|suffix| with(path, suffix));
    companions.try_for_each(|companion| remove_if_there(&companion))
}

/// Removes a file, if it is there.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
