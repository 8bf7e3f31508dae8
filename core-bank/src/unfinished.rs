//! A journal that a tool is making: under another name until it is whole, so that half of it is never taken
//! for a bank.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::{
    data_folder::owner_only,
    journal::{JournalError, SqliteJournal},
    repair::{COMPANIONS, remove_companions, remove_database, remove_if_there, with},
};

const UNFINISHED: &str = "journal.unfinished";

/// How a file of `SQLite` begins.
const BEGINS: &[u8] = b"SQLite format 3\0";

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

    /// Whether this file is the beginning of one, by its name and by how it begins.
    pub fn is_begun(path: &Path) -> bool {
        if !path.ends_with(UNFINISHED) || !fs::symlink_metadata(path).is_ok_and(|it| it.is_file()) {
            return false;
        }
        let begins = File::open(path).and_then(|file| {
            let mut begins = Vec::new();
            file.take(BEGINS.len() as u64).read_to_end(&mut begins)?;
            Ok(begins)
        });
        // A file that was made and not written to is empty.
        begins.is_ok_and(|begins| begins.is_empty() || begins == BEGINS)
    }

    /// Whether a file of this name is one that `SQLite` keeps beside it.
    pub fn is_companion(name: &OsStr) -> bool {
        let unfinished = Path::new(UNFINISHED);
        COMPANIONS
            .iter()
            .any(|companion| with(unfinished, companion) == Path::new(name))
    }

    /// Removes what a killed process left of one, in a folder that nobody else uses; the file by which the
    /// others are known last.
    pub fn clear(folder: &Path) -> io::Result<()> {
        let path = folder.join(UNFINISHED);
        remove_companions(&path)?;
        remove_if_there(&path)
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
            remove_if_there(&with(&named, companion))?;
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
