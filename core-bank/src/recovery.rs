//! The start: the newest snapshot that can be believed, the journal's tail after it, and the newest
//! idempotency keys. It also says what a damaged end of the journal means.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use crate::{
    journal::{ChainHash, Journal, JournalError, JournalReader, Record},
    rules::{KeyDigest, Misfit, Remembered, State},
    snapshot::{self, Snapshot, SnapshotFolder},
};

/// Records that are read, checked and handed over at a time.
const CHUNK: usize = 2_048;

/// Chunks that the reading thread may be ahead of the folding one.
const CHUNKS_AHEAD: usize = 4;

/// Why the state could not be recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The journal is damaged or cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The records contradict each other.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The file system refuses.
    #[error("the data folder cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// A bank as its journal and its snapshots give it back.
pub struct Recovered {
    /// The state after the last record.
    pub state: State,
    /// The chain hash of the last record.
    pub head: ChainHash,
    /// The record of the snapshot that was used; 0 without one.
    pub snapshot: u64,
    /// What was cut off the journal's end: the torn record, and where its bytes are kept.
    pub cut: Option<(u64, PathBuf)>,
}

/// Recovers the state and leaves the journal ready for the next record. A torn end of the journal is
/// cut off and kept in `folder`; any other damage is an error.
pub fn recover(
    journal: &mut dyn Journal,
    folder: &Path,
    keys_in_memory: usize,
) -> Result<Recovered, RecoveryError> {
    let mut cut = None;
    loop {
        match load(journal, folder, keys_in_memory) {
            Ok((state, head, snapshot)) => {
                journal.continue_after(state.seq(), head);
                return Ok(Recovered {
                    state,
                    head,
                    snapshot,
                    cut,
                });
            }
            // Once: a second torn end would be of our own making.
            Err(RecoveryError::Journal(JournalError::Torn { seq }))
                if cut.is_none() && is_the_end(journal, seq)? =>
            {
                cut = Some((seq, cut_off(journal, folder, seq)?));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether nothing that could be good follows torn record `seq`.
fn is_the_end(journal: &dyn Journal, seq: u64) -> Result<bool, JournalError> {
    let mut reader = journal.reader()?;
    let last = reader.last()?;
    // The group of the torn record is the last one when its neighbour claims no place after it.
    match reader.read(last, 1) {
        Ok(_) => Ok(seq > last),
        Err(JournalError::Torn { seq: torn }) => Ok(torn == seq),
        Err(error) => Err(error),
    }
}

/// Takes the torn record off the journal; its bytes stay beside it, for whoever wants to look.
fn cut_off(journal: &mut dyn Journal, folder: &Path, seq: u64) -> Result<PathBuf, RecoveryError> {
    let bytes = journal.cut_after(seq - 1)?;
    let path = folder.join(format!("cut-record-{seq}.bin"));
    fs::write(&path, bytes)?;
    Ok(path)
}

fn load(
    journal: &dyn Journal,
    folder: &Path,
    keys_in_memory: usize,
) -> Result<(State, ChainHash, u64), RecoveryError> {
    let mut reader = journal.reader()?;
    let snapshot = newest_snapshot(&SnapshotFolder::new(folder), reader.as_mut())?;
    let from = snapshot.state.seq();
    let last = reader.last()?;
    // The keys of records before this one have no place in memory.
    let begin = from.min(last.saturating_sub(keys_in_memory as u64));
    let mut state = snapshot.state;
    state.bound_keys(keys_in_memory);
    let mut before = ChainHash::GENESIS;
    if begin > 0 {
        let links = reader.read(begin - 1, 1)?;
        let link = links.first().ok_or(JournalError::Torn { seq: begin })?;
        state.begin_keys_after(begin, link.record.at);
        before = link.hash();
    }
    let mut misread = None;
    let (_, head) = stream(reader, begin, before, None, &mut |record, digest| {
        if record.seq <= from {
            state.recall(
                digest,
                Remembered {
                    fingerprint: record.fingerprint,
                    at: record.at,
                    seq: record.seq,
                    outcome: record.answer(),
                },
            );
        } else if let Err(misfit) = record.fold_with(&mut state, digest) {
            misread = Some(misfit);
            return false;
        }
        true
    })?;
    match misread {
        Some(misfit) => Err(misfit.into()),
        None => Ok((state, head, from)),
    }
}

/// The newest snapshot that can be believed; the state before the first record when there is none.
pub fn newest_snapshot(
    folder: &SnapshotFolder,
    reader: &mut dyn JournalReader,
) -> Result<Snapshot, RecoveryError> {
    let last = reader.last()?;
    for (seq, path) in folder.list()? {
        let refused = |why: &str| {
            tracing::warn!("the snapshot {} is refused: {why}", path.display());
        };
        match snapshot::read(&path) {
            Ok(_) if seq > last => {
                return Err(RecoveryError::Journal(JournalError::TailLost {
                    last,
                    seen: seq,
                    witness: path.display().to_string(),
                }));
            }
            Ok(found) if found.is_of(reader)? => return Ok(found),
            Ok(_) => refused("it is of another journal"),
            Err(why) => refused(&why),
        }
    }
    Ok(Snapshot::genesis())
}

/// Folds the records after a snapshot up to record `until`, without idempotency keys. Returns the
/// state and the chain hash of its last record.
pub fn fold_until(
    reader: Box<dyn JournalReader>,
    snapshot: Snapshot,
    until: u64,
) -> Result<(State, ChainHash), RecoveryError> {
    let Snapshot { mut state, head } = snapshot;
    state.bound_keys(1);
    let mut misread = None;
    let from = state.seq();
    let (_, head) = stream(reader, from, head, Some(until), &mut |record, digest| {
        let folded = record.fold_with(&mut state, digest);
        misread = folded.err();
        misread.is_none()
    })?;
    match misread {
        Some(misfit) => Err(misfit.into()),
        None => Ok((state, head)),
    }
}

type Chunk = Vec<(Record, KeyDigest)>;

/// Reads the journal after record `seq`, whose chain hash is `hash`, up to record `until` or its end.
/// One thread reads, decodes and follows the chain while this one visits, until `visit` has enough.
/// Returns the number and the hash of the last record that was read.
fn stream(
    reader: Box<dyn JournalReader>,
    seq: u64,
    hash: ChainHash,
    until: Option<u64>,
    visit: &mut dyn FnMut(Record, KeyDigest) -> bool,
) -> Result<(u64, ChainHash), JournalError> {
    thread::scope(|scope| {
        let (sender, chunks) = mpsc::sync_channel(CHUNKS_AHEAD);
        let reading = scope.spawn(move || read_ahead(reader, (seq, hash), until, &sender));
        'visiting: for chunk in &chunks {
            for (record, digest) in chunk {
                if !visit(record, digest) {
                    break 'visiting;
                }
            }
        }
        drop(chunks);
        let fallen = |_| JournalError::Unusable("the reading thread fell over".to_owned());
        reading.join().map_err(fallen)?
    })
}

fn read_ahead(
    mut reader: Box<dyn JournalReader>,
    (mut seq, mut hash): (u64, ChainHash),
    until: Option<u64>,
    sender: &mpsc::SyncSender<Chunk>,
) -> Result<(u64, ChainHash), JournalError> {
    let until = until.unwrap_or(u64::MAX);
    while seq < until {
        let links = reader.read(seq, CHUNK)?;
        if links.is_empty() {
            break;
        }
        let mut chunk = Vec::with_capacity(links.len());
        for link in links {
            if seq == until {
                break;
            }
            hash = link.check(seq, hash)?;
            seq = link.record.seq;
            let digest = KeyDigest::of(link.record.command.by, &link.record.key);
            chunk.push((link.record, digest));
        }
        if sender.send(chunk).is_err() {
            // Whoever visits has enough.
            break;
        }
    }
    Ok((seq, hash))
}
