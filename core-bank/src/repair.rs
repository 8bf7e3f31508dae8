//! Repair of a journal that cannot be trusted to its end: what is sound from its beginning is kept, and
//! the rest is given up, knowingly. The damaged files stay in the data folder under another name.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    copy::copy_records,
    data_folder::{DataFolder, DataFolderError},
    journal::{ChainHash, JournalError, SqliteJournal},
    snapshot::SnapshotFolder,
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
    /// There is no journal.
    #[error("{0} holds no journal.sqlite: name the data folder of a bank")]
    NoJournal(String),
    /// The repaired journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file system refuses.
    #[error("the data folder cannot be changed: {0}")]
    Io(#[from] io::Error),
}

/// Keeps the journal up to the last record before the first that is damaged, and forgets projections
/// and snapshots, which may know more than that. No server may be running.
pub fn repair_keeping_prefix(data: &Path) -> Result<Repaired, RepairError> {
    if !data.join("journal.sqlite").is_file() {
        return Err(RepairError::NoJournal(data.display().to_string()));
    }
    let folder = DataFolder::open(data)?;
    let copy = folder.path().join("journal.repaired");
    remove_database(&copy)?;
    let mut repaired = SqliteJournal::create(&copy)?;
    let examined = SqliteJournal::examine(&folder.journal());
    let copied = SqliteJournal::open_reader(&folder.journal())
        .and_then(|mut reader| copy_records(reader.as_mut(), &mut repaired));
    let (last, head) = repaired.head();
    drop(repaired);
    let wrong = match (examined, copied) {
        (Ok(()), Ok(_)) => None,
        (Err(error), _) | (Ok(()), Err(error)) => Some(error.to_string()),
    };
    let given_up = match wrong {
        None => None,
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

/// Puts the repaired journal in the place of the damaged one; returns where that went.
fn exchange(folder: &DataFolder, repaired: &Path) -> io::Result<PathBuf> {
    let free = (1..).map(|number| {
        folder
            .path()
            .join(format!("journal.damaged-{number}.sqlite"))
    });
    let aside = free.into_iter().find(|path| !path.exists());
    let aside = aside.ok_or_else(|| io::Error::other("there is no free name"))?;
    for suffix in ["-wal", "-shm", ""] {
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

/// Removes a database and its companion files, if they are there.
pub fn remove_database(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        match fs::remove_file(with(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
