//! A journal that a tool is making: under another name until it is whole, so that half of it is never taken
//! for a bank.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{
    data_folder::owner_only,
    journal::{JournalError, SqliteJournal},
    repair::{remove_database, with},
};

const UNFINISHED: &str = "journal.unfinished";

/// The file of a journal that is not whole yet. It goes when this value does, unless it was kept.
pub struct UnfinishedJournal {
    folder: PathBuf,
    path: PathBuf,
}

impl UnfinishedJournal {
    /// An empty one in a folder, for its owner only. There must be none, which another may be making.
    pub fn make(folder: &Path) -> io::Result<Self> {
        let path = folder.join(UNFINISHED);
        owner_only().create_new(true).open(&path)?;
        Ok(Self {
            folder: folder.to_owned(),
            path,
        })
    }

    /// Removes what a killed process left of one, in a folder that nobody else uses.
    pub fn clear(folder: &Path) -> io::Result<()> {
        remove_database(&folder.join(UNFINISHED))
    }

    /// Opens it for its writer, who gives it back to [`Self::keep`].
    pub fn open(&self) -> Result<SqliteJournal, JournalError> {
        SqliteJournal::open(&self.path)
    }

    /// Gives the whole journal its name, durably. It is one file then, which can be read where nothing can
    /// be written. A journal of that name and its log must be without records.
    pub fn keep(self, whole: SqliteJournal) -> Result<(), KeepError> {
        whole.close_without_log()?;
        File::open(&self.path)?.sync_all()?;
        let named = self.folder.join("journal.sqlite");
        for companion in ["-wal", "-shm"] {
            match fs::remove_file(with(&named, companion)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        fs::rename(&self.path, named)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }
}

impl Drop for UnfinishedJournal {
    fn drop(&mut self) {
        // Where it cannot be removed it stays under a name that no bank has.
        let _ = remove_database(&self.path);
    }
}

/// Why a whole journal did not get its name.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It cannot be closed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}
