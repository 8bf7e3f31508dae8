//! The data folder: private to its owner, and locked by the one server that uses it.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

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
    let mut options = fs::OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}
