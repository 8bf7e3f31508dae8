//! The start: the newest snapshot that can be believed, the journal's tail after it, and the newest
//! idempotency keys. It also says what a damaged end of the journal means.

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{
    journal::{ChainHash, Frame, Group, Journal, JournalError, JournalReader},
    rules::{
        AccountNumber, Answer, BookAccount, BusinessTime, Fact, Fingerprint, KeyDigest, Misfit,
        Refusal, Remembered, State,
    },
    snapshot::{self, Pace, Snapshot, SnapshotFolder},
};

/// Records that are read, checked and handed over at a time.
const CHUNK: usize = 2_048;

/// Records that are looked at together before they are folded.
const BATCH: usize = 64;

/// Chunks that the reading thread may be ahead of the folding one.
const CHUNKS_AHEAD: usize = 4;

/// Records that are followed between two yields: some hundredths of a millisecond.
const FOLLOWED_BETWEEN_YIELDS: u64 = 64;

/// How whoever folds beside a bank that serves rests: a tenth of a processor makes some hundred thousand
/// records a second, which is faster than they come.
const RECORDS_BETWEEN_RESTS: usize = 128;
const REST: Duration = Duration::from_millis(1);

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
    /// The keys of the records up to this one were not read; 0 when all were that are not in memory.
    pub keys_unread: u64,
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
            Ok(recovered) => {
                journal.continue_after(recovered.state.seq(), recovered.head);
                return Ok(Recovered { cut, ..recovered });
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
) -> Result<Recovered, RecoveryError> {
    let mut reader = journal.reader()?;
    let snapshot = newest_snapshot(&SnapshotFolder::new(folder), reader.as_mut(), Pace::Haste)?;
    let from = snapshot.state.seq();
    let last = reader.last()?;
    // The keys of records before this one have no place in memory.
    let begin = from.min(last.saturating_sub(keys_in_memory as u64));
    let mut state = snapshot.state;
    state.bound_keys(keys_in_memory);
    state.expect_keys(usize::try_from(last - begin).unwrap_or(usize::MAX));
    let mut before = ChainHash::GENESIS;
    if begin > 0 {
        let found = reader.record(begin)?;
        let (record, hash) = found.ok_or(JournalError::Torn { seq: begin })?;
        state.begin_keys_after(begin, record.at);
        before = hash;
    }
    let mut misread = None;
    let (_, head) = stream(reader, begin, before, None, &mut |batch| {
        look_ahead(&state, batch);
        let taken = batch.iter().try_for_each(|read| {
            if read.found.seq <= from {
                read.recall(&mut state);
                return Ok(());
            }
            read.fold(&mut state)
        });
        misread = taken.err();
        misread.is_none()
    })?;
    match misread {
        Some(misfit) => Err(misfit.into()),
        None => Ok(Recovered {
            state,
            head,
            snapshot: from,
            keys_unread: begin,
            cut: None,
        }),
    }
}

/// The newest snapshot that can be believed; the state before the first record when there is none.
pub fn newest_snapshot(
    folder: &SnapshotFolder,
    reader: &mut dyn JournalReader,
    pace: Pace,
) -> Result<Snapshot, RecoveryError> {
    let last = reader.last()?;
    for (seq, path) in folder.list()? {
        let refused = |why: &str| {
            tracing::warn!("the snapshot {} is refused: {why}", path.display());
        };
        match snapshot::read(&path, pace) {
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
    state.hold_no_keys();
    let (mut misread, mut taken) = (None, 0);
    let from = state.seq();
    let (_, head) = stream(reader, from, head, Some(until), &mut |batch| {
        look_ahead(&state, batch);
        misread = batch
            .iter()
            .try_for_each(|read| read.fold(&mut state))
            .err();
        // Snapshots are made while requests are answered. Yielding is not enough: two threads that
        // wait for each other by turns get more than their share.
        taken += batch.len();
        if taken >= RECORDS_BETWEEN_RESTS {
            taken = 0;
            thread::sleep(REST);
        }
        misread.is_none()
    })?;
    match misread {
        Some(misfit) => Err(misfit.into()),
        None => Ok((state, head)),
    }
}

/// A record that the reading thread found whole and in its place. The rest of it is yet to be read.
pub struct Found {
    seq: u64,
    pub at: BusinessTime,
    fingerprint: Fingerprint,
    pub key: KeyDigest,
    /// Where its rest stands: which group of the chunk, and where in it.
    place: (usize, Range<usize>),
}

/// A record and what came of it.
struct Read<'a> {
    found: &'a Found,
    outcome: Result<Vec<Fact>, Refusal>,
}

impl Read<'_> {
    fn fold(&self, state: &mut State) -> Result<(), Misfit> {
        let Found { key, seq, at, .. } = *self.found;
        let fingerprint = self.found.fingerprint;
        let folded = state.record_under(key, seq, at, fingerprint, &self.outcome);
        folded.map(drop)
    }

    /// Remembers its key in a state that has folded it.
    fn recall(&self, state: &mut State) {
        let outcome = match &self.outcome {
            Ok(facts) => Answer::of(facts),
            Err(refusal) => Err(*refusal),
        };
        let remembered = Remembered {
            fingerprint: self.found.fingerprint.short(),
            at: self.found.at,
            seq: self.found.seq,
            outcome,
        };
        state.recall(self.found.key, remembered);
    }

    /// The customers' accounts that its movements of money change.
    fn accounts(&self) -> impl Iterator<Item = AccountNumber> {
        let moved = self.outcome.iter().flatten().filter_map(|fact| match fact {
            Fact::MoneyMoved { postings, .. } => Some(postings),
            _ => None,
        });
        moved.flatten().filter_map(|posting| match posting.account {
            BookAccount::Customer(number) => Some(number),
            BookAccount::Ledger(_) => None,
        })
    }
}

/// Looks at what these records are about to touch. Rows and keys stand all over the memory: folding
/// waits for one after the other, while looks that need nothing of each other are fetched together.
fn look_ahead(state: &State, batch: &[Read]) {
    let known = batch.iter().filter(|read| state.recalls(read.found.key));
    let known = known.count();
    let mut sum = 0;
    for read in batch {
        for account in read.accounts() {
            sum ^= state.account(account).map_or(0, |found| found.balance.0);
        }
    }
    // The looking is what was wanted: without this it would be left out.
    std::hint::black_box((known, sum));
}

/// Groups, and the records in them that are whole and follow each other.
struct Chunk {
    groups: Vec<Group>,
    found: Vec<Found>,
}

/// Why no further records are visited.
enum Enough {
    /// The visitor has enough.
    Visited,
    /// A record does not read.
    Misread(JournalError),
}

/// Reads the journal after record `seq`, whose chain hash is `hash`, up to record `until` or its end.
/// One thread reads, follows the chain and makes the digests of keys, while this one reads what came
/// of each record and visits them, some at a time, until `visit` has enough. Returns the number and
/// the hash of the last record that was read.
fn stream(
    reader: Box<dyn JournalReader>,
    seq: u64,
    hash: ChainHash,
    until: Option<u64>,
    visit: &mut dyn FnMut(&[Read]) -> bool,
) -> Result<(u64, ChainHash), JournalError> {
    let until = until.unwrap_or(u64::MAX);
    thread::scope(|scope| {
        let (sender, chunks) = mpsc::sync_channel(CHUNKS_AHEAD);
        let reading = thread::Builder::new()
            .name("bank-reading".to_owned())
            .spawn_scoped(scope, move || {
                read_ahead(reader, (seq, hash), until, &sender)
            });
        let reading = reading.map_err(|error| JournalError::Unusable(error.to_string()))?;
        let visited = chunks
            .iter()
            .try_for_each(|chunk: Chunk| chunk.visit(visit));
        drop(chunks);
        let fallen = |_| JournalError::Unusable("the reading thread fell over".to_owned());
        let read = reading.join().map_err(fallen)?;
        match visited {
            Err(Enough::Misread(error)) => Err(error),
            Ok(()) | Err(Enough::Visited) => read,
        }
    })
}

impl Chunk {
    fn visit(&self, visit: &mut dyn FnMut(&[Read]) -> bool) -> Result<(), Enough> {
        let mut batch = Vec::with_capacity(BATCH);
        for found in self.found.chunks(BATCH) {
            for found in found {
                let (group, place) = &found.place;
                let bytes = &self.groups[*group].bytes[place.clone()];
                let (_, outcome) = Frame::read_rest(found.seq, bytes).map_err(Enough::Misread)?;
                batch.push(Read { found, outcome });
            }
            if !visit(&batch) {
                return Err(Enough::Visited);
            }
            batch.clear();
        }
        Ok(())
    }
}

fn read_ahead(
    mut reader: Box<dyn JournalReader>,
    mut at: (u64, ChainHash),
    until: u64,
    sender: &mpsc::SyncSender<Chunk>,
) -> Result<(u64, ChainHash), JournalError> {
    while at.0 < until {
        let groups = reader.groups(at.0, CHUNK)?;
        let mut found = Vec::with_capacity(CHUNK);
        let followed = follow(&groups, &mut at, until, &mut found);
        let ended = found.is_empty();
        if !ended && sender.send(Chunk { groups, found }).is_err() {
            // Whoever visits has enough.
            break;
        }
        followed?;
        if ended {
            break;
        }
    }
    Ok(at)
}

/// Moves on from a record and its hash to the last one that follows, up to record `until`.
pub fn follow(
    groups: &[Group],
    at: &mut (u64, ChainHash),
    until: u64,
    found: &mut Vec<Found>,
) -> Result<(), JournalError> {
    for (number, group) in groups.iter().enumerate() {
        for frame in group.frames() {
            let frame = frame?;
            // Beside a bank that serves, whoever waits goes first; at a start nobody does.
            if frame.seq.is_multiple_of(FOLLOWED_BETWEEN_YIELDS) {
                thread::yield_now();
            }
            if at.0 == until {
                return Ok(());
            }
            if frame.seq <= at.0 {
                continue;
            }
            let hash = frame.check(at.0, at.1)?;
            let (head, rest) = frame.head()?;
            let end = rest.as_ptr_range().end.addr() - group.bytes.as_ptr().addr();
            found.push(Found {
                seq: head.seq,
                at: head.at,
                fingerprint: head.fingerprint,
                key: head.key(),
                place: (number, end - rest.len()..end),
            });
            *at = (frame.seq, hash);
        }
    }
    Ok(())
}
