//! The data folder: private to its owner, and locked by the one server that uses it.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::{repair::with, snapshot::SnapshotFolder};

/// A data folder that this process holds; the lock goes with the process, however it ends.
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// Another server holds it.
    #[error(
        "another server uses the data folder {0}: stop it first, or name another folder with --data"
    )]
    InUse(String),
    /// There is no journal where there was one.
    #[error(
        "journal.sqlite is missing or empty in the data folder {path}, and {witness} shows that the folder held a bank: put the journal back, restore the bank from a backup into another folder (`branchlab bank restore`), or name an empty folder for a new bank"
    )]
    JournalGone {
        /// The folder.
        path: String,
        /// The file that shows it.
        witness: String,
    },
    /// The file system refuses.
    #[error("the data folder {path} cannot be used: {error}")]
    Io {
        /// The folder.
        path: String,
        /// What the file system says.
        error: io::Error,
    },
}

impl DataFolder {
    /// Makes the folder when it is not there, and locks it.
    pub fn open(path: &Path) -> Result<Self, DataFolderError> {
        let io = |error| DataFolderError::Io {
            path: path.display().to_string(),
            error,
        };
        if !path.exists() {
            fs::create_dir_all(path).map_err(io)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io)?;
        }
        let lock = private_file(&path.join("lock")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DataFolderError::InUse(path.display().to_string()));
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let folder = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        // SQLite gives its companion files the mode of the main file.
        private_file(&folder.journal()).map_err(io)?;
        private_file(&folder.projection()).map_err(io)?;
        Ok(folder)
    }

    /// Refuses a folder without a journal in which anything shows that there was one: a bank that began
    /// anew there would be taken for the one that is gone.
    pub fn require_journal(&self) -> Result<(), DataFolderError> {
        let holds = |path: &Path| fs::metadata(path).is_ok_and(|file| file.len() > 0);
        if holds(&self.journal()) {
            return Ok(());
        }
        let snapshots = SnapshotFolder::new(&self.path).list();
        let snapshots = snapshots.map_err(|error| DataFolderError::Io {
            path: self.path.display().to_string(),
            error,
        })?;
        let snapshots = snapshots.into_iter().map(|(_, path)| path);
        let others = [with(&self.journal(), "-wal"), self.projection()];
        let witness = snapshots.chain(others.into_iter().filter(|path| holds(path)));
        witness.take(1).try_for_each(|witness| {
            Err(DataFolderError::JournalGone {
                path: self.path.display().to_string(),
                witness: witness
                    .file_name()
                    .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            })
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.sqlite")
    }

    /// The projection's file.
    pub fn projection(&self) -> PathBuf {
        self.path.join("projection.sqlite")
    }
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = owner_only();
    options.read(true).create(true).truncate(false).open(path)
}

/// How a file is opened for writing that only its owner may read where it is made.
pub fn owner_only() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).mode(0o600);
    options
}
