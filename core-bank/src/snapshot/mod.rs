//! Snapshots: the state after some record in a file, so that a start need not replay the whole journal.
//!
//! A snapshot is a shortcut and never a truth. It is believed when its checksum holds, the same rules
//! made it, and the journal's chain hash at its record is the one that it names; otherwise an older
//! one is tried, and in the end the journal from its first record. `bank verify` uses none.
//!
//! Idempotency keys are not in it: the newest are read off the journal again.

mod file;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use tokio::sync::watch;

pub use file::{Pace, read};

use crate::{
    data_folder::owner_only,
    journal::{ChainHash, JournalError, JournalReaders},
    recovery::{self, RecoveryError},
    rules::State,
};

/// The file that becomes a snapshot.
const UNFINISHED: &str = "snapshot.unfinished";

/// Snapshots that are kept: the second is for the day when the first turns out bad.
const KEPT: usize = 2;

/// Niceness of the thread that makes snapshots.
const NICENESS: i32 = 15;

/// How long that thread may sleep before it looks whether a snapshot is due: no longer than it takes
/// to decide so many records, at ten microseconds each, and within reason.
fn pause(every: u64) -> Duration {
    let (shortest, longest) = (Duration::from_millis(1), Duration::from_millis(100));
    Duration::from_micros(every.saturating_mul(10)).clamp(shortest, longest)
}

/// Records between two snapshots, unless a test says otherwise.
pub const RECORDS_PER_SNAPSHOT: u64 = 1_000_000;

/// A state and the record that it follows.
pub struct Snapshot {
    /// The state, without idempotency keys.
    pub state: State,
    /// The chain hash of its last record.
    pub head: ChainHash,
}

/// The snapshots of a data folder.
#[derive(Clone, Debug)]
pub struct SnapshotFolder(PathBuf);

impl SnapshotFolder {
    /// Those in this folder.
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The snapshots that are there, newest first, by the record that their names claim.
    pub fn list(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let seq = name
                .and_then(|name| name.strip_prefix("snapshot-"))
                .and_then(|name| name.strip_suffix(".bin"))
                .and_then(|digits| digits.parse().ok());
            if let Some(seq) = seq {
                found.push((seq, path));
            }
        }
        found.sort_unstable_by(|one, other| other.cmp(one));
        Ok(found)
    }

    /// Writes a snapshot, whole or not at all. The one that it makes superfluous is written over by the
    /// next: a file of that size that is removed has some disks busy for a tenth of a second, and payments
    /// wait for the disk.
    pub fn write(&self, state: &State, head: ChainHash, pace: Pace) -> io::Result<()> {
        let seq = state.seq();
        let path = self.0.join(format!("snapshot-{seq:012}.bin"));
        let unfinished = self.0.join(UNFINISHED);
        let mut options = owner_only();
        let file = options.create(true).truncate(false).open(&unfinished)?;
        file::write(state, head, file, pace)?.sync_all()?;
        fs::rename(&unfinished, &path)?;
        File::open(&self.0)?.sync_all()?;
        for (_, superfluous) in self.list()?.into_iter().skip(KEPT) {
            fs::rename(superfluous, &unfinished)?;
        }
        Ok(())
    }

    /// Removes the snapshots after record `seq`.
    pub fn remove_after(&self, seq: u64) -> io::Result<()> {
        for (found, path) in self.list()? {
            if found > seq {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// What the thread that makes snapshots works with.
pub struct SnapshotParts {
    /// Where they go.
    pub folder: SnapshotFolder,
    /// The journal.
    pub journal: Arc<JournalReaders>,
    /// The last durable record; the thread ends when this closes.
    pub durable: watch::Receiver<u64>,
    /// The record of the newest snapshot that was believed at the start.
    pub newest: u64,
    /// Records between two snapshots.
    pub every: u64,
}

/// Starts a thread of low priority that makes a snapshot whenever enough records are durable. It
/// folds a state of its own from the newest snapshot on, so the writer never waits for it; that
/// state is gone when the snapshot is written.
pub fn start_snapshots(parts: SnapshotParts) -> io::Result<()> {
    let SnapshotParts {
        folder,
        journal,
        durable,
        newest,
        every,
    } = parts;
    thread::Builder::new()
        .name("bank-snapshots".to_owned())
        .spawn(move || {
            // Without it snapshots only take more than their share.
            let _ = rustix::process::setpriority_process(None, NICENESS);
            let mut next = newest.saturating_add(every);
            // It ends with the writer. Waiting for each record would cost the writer a wake-up a
            // group, for something that happens once in a million records.
            while durable.has_changed().is_ok() {
                thread::sleep(pause(every));
                let seq = *durable.borrow();
                if seq < next {
                    continue;
                }
                match make(&folder, &journal, seq) {
                    Ok(()) => tracing::info!("wrote a snapshot of record {seq}"),
                    // A full disk, most likely; the journal goes on alone.
                    Err(error) => tracing::warn!("a snapshot failed: {error}"),
                }
                next = seq.saturating_add(every);
            }
        })
        .map(drop)
}

/// Makes a snapshot of the state after record `seq`.
fn make(folder: &SnapshotFolder, journal: &JournalReaders, seq: u64) -> Result<(), RecoveryError> {
    let mut reader = journal.open()?;
    let known = recovery::newest_snapshot(folder, reader.as_mut(), Pace::Leisure)?;
    let (state, head) = recovery::fold_until(reader, known, seq)?;
    let written = folder.write(&state, head, Pace::Leisure);
    state.dismantle(&mut || Pace::Leisure.rest());
    Ok(written?)
}

impl Snapshot {
    /// The state before the first record.
    pub fn genesis() -> Self {
        Self {
            state: State::default(),
            head: ChainHash::GENESIS,
        }
    }

    /// Whether the journal holds this snapshot's record with the hash that it names.
    pub fn is_of(
        &self,
        reader: &mut dyn crate::journal::JournalReader,
    ) -> Result<bool, JournalError> {
        let seq = self.state.seq();
        if seq == 0 {
            return Ok(self.head == ChainHash::GENESIS);
        }
        reader.holds(seq, self.head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Answer, Fingerprint, IdempotencyKey, KeyDigest, Party};

    #[test]
    fn a_superfluous_snapshot_is_written_over_whichever_is_longer() {
        let data = tempfile::tempdir().unwrap();
        let folder = SnapshotFolder::new(data.path());
        let longer = vec![7; 100_000];
        fs::write(data.path().join(UNFINISHED), &longer).unwrap();
        let mut state = State::default();
        for seq in 1..=4_u64 {
            let key = IdempotencyKey::parse(&format!("key-{seq}")).unwrap();
            let key = KeyDigest::of(Party::Visitor, &key);
            let (at, nothing) = (state.at(), Fingerprint([0; 16]));
            state
                .turn_to(seq, at, key, nothing, Ok(Answer::Done))
                .unwrap();
            folder
                .write(&state, ChainHash::GENESIS, Pace::Haste)
                .unwrap();
            let kept = folder.list().unwrap();
            assert_eq!(kept.len(), KEPT.min(seq as usize));
            for (named, path) in kept {
                assert_eq!(read(&path, Pace::Haste).unwrap().state.seq(), named);
            }
        }
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), KEPT + 1);
    }
}
