//! Whether a file may grow, asked of the system itself.
//!
//! `SQLite` tells a full disk apart from other failed writes by one error of the system, `ENOSPC`. A quota
//! that is used up (`EDQUOT`) and a limit on the length of files (`EFBIG`) it calls failed writes, as it
//! does a broken disk (`EIO`), and its error does not say which. So the same write is tried beside it.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::unix::fs::FileExt as _,
    path::Path,
};

/// How much is written at a time.
const PIECE: usize = 64 * 1024;

/// Whether the system has no room for so many more bytes at the end of a file, for whatever reason: the
/// disk, a quota or a limit on the length of files. A disk that is broken is not full.
pub fn is_lacking(file: &Path, bytes: usize) -> bool {
    let trial = file.with_extension("room");
    let length = fs::metadata(file).map_or(0, |file| file.len());
    let tried = write(&trial, length, bytes);
    // What is left behind is a file that the next trial takes.
    let _ = fs::remove_file(&trial);
    tried.is_err_and(|error| {
        let full = [
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::FileTooLarge,
        ];
        full.contains(&error.kind())
    })
}

/// Writes beyond a hole of this length, as that file would grow.
fn write(path: &Path, mut at: u64, mut bytes: usize) -> io::Result<()> {
    let file = File::create(path)?;
    let piece = vec![0xff; PIECE.min(bytes)];
    while bytes > 0 {
        let now = piece.len().min(bytes);
        file.write_all_at(&piece[..now], at)?;
        (at, bytes) = (at + now as u64, bytes - now);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_may_grow_has_room_and_nothing_stays_of_the_trial() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.sqlite-wal");
        fs::write(&file, [1; 100]).unwrap();
        assert!(!is_lacking(&file, 3 * PIECE + 1));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // What cannot be tried for another reason is not full.
        assert!(!is_lacking(&folder.path().join("none").join("file"), 1));
    }

    #[test]
    fn a_device_that_is_always_full_has_none() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.path().join("journal.room")).unwrap();
        assert!(is_lacking(&folder.path().join("journal.sqlite-wal"), 1));
    }
}
