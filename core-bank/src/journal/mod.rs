//! The journal: every decided command with the facts it yielded, in order, durable, chained by hash.
//!
//! A journal only appends groups and reads records. It knows nothing of the rules; the state is the
//! fold of what it holds.

mod chain;
mod memory;
mod postgres;
mod readers;
mod record;
mod sqlite;
mod wal;

pub use chain::{ChainHash, Frame, Frames, Group, Link, decode_group, encode_group};
pub use memory::{Fault, MemoryJournal};
pub use postgres::PostgresJournal;
pub use readers::JournalReaders;
pub use record::{RECORD_VERSION, Record};
pub use sqlite::{SQLITE_VERSION_MIN, SqliteJournal};

/// Why a journal did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no room. Nothing was written; the same append may pass when there is room again.
    #[error("the disk is full: make room under the data folder; nothing was written")]
    StorageFull,
    /// Somebody else appended first. Nothing was written; this writer must end.
    #[error(
        "another writer appended record {found} where record {expected} was expected: only one server may use this journal"
    )]
    AnotherWriter {
        /// The number that this writer would have written next.
        expected: u64,
        /// The number that the journal would take next.
        found: u64,
    },
    /// The medium failed in a way that leaves open whether the group is durable. This process must
    /// end without an answer and never try again: a second sync may lie.
    #[error(
        "the journal could not be synced and the outcome is unknown: check the disk, then start again ({0})"
    )]
    SyncUnknown(String),
    /// A record is not what was written.
    #[error(
        "record {seq} of the journal is damaged: {what}. Restore the bank from a backup, or give up this record and all after it with `branchlab bank repair --keep-prefix`"
    )]
    Damaged {
        /// The first record that cannot be trusted.
        seq: u64,
        /// What was found.
        what: String,
    },
    /// The journal ends in the middle of a record.
    #[error(
        "record {seq} of the journal is torn. Restore the bank from a backup, or give up this record and all after it with `branchlab bank repair --keep-prefix`"
    )]
    Torn {
        /// The record whose end is missing.
        seq: u64,
    },
    /// The log of the journal's file is damaged in front of durable records.
    #[error(
        "frame {frame} of journal.sqlite-wal is damaged, and durable records follow it. Restore the bank from a backup, or give up what follows with `branchlab bank repair --keep-prefix`"
    )]
    LogDamaged {
        /// The first wrong frame; 0 is the log's head.
        frame: usize,
    },
    /// `SQLite` cannot read the journal's file.
    #[error(
        "journal.sqlite is malformed ({0}). Restore the bank from a backup, or give up what cannot be read with `branchlab bank repair --keep-prefix`"
    )]
    Malformed(String),
    /// Records that were durable once are not in the journal any more.
    #[error(
        "the journal ends with record {last}, and {witness} shows that record {seen} was durable: the journal lost its tail, or it is another bank's. Restore the bank from a backup, or give up what is missing with `branchlab bank repair --keep-prefix`"
    )]
    TailLost {
        /// The journal's last record.
        last: u64,
        /// A record that was durable.
        seen: u64,
        /// What shows it.
        witness: String,
    },
    /// Another server holds the journal.
    #[error("another server writes this journal: stop it first")]
    InUse,
    /// There is no journal.
    #[error("{0} holds no journal.sqlite: name the data folder of a bank")]
    Absent(String),
    /// The journal's file was made, and nothing was ever written to it.
    #[error(
        "the journal.sqlite of {0} is empty: no bank was served or seeded to the end there. A bank that keeps its journal in PostgreSQL needs --postgres"
    )]
    Empty(String),
    /// The journal cannot be opened or read.
    #[error("the journal cannot be used: {0}")]
    Unusable(String),
}

impl JournalError {
    /// The first record that is torn or damaged.
    pub fn record(&self) -> Option<u64> {
        match self {
            Self::Damaged { seq, .. } | Self::Torn { seq } => Some(*seq),
            _ => None,
        }
    }
}

/// Reads records; any number of readers may exist beside the writer. They see durable groups only.
pub trait JournalReader: Send {
    /// Whole groups in order, from the one that holds the record after record `after` on, until they
    /// claim about `limit` records together; at least one when there is one. What precedes a group
    /// that cannot be read is returned; the damage is the error of whoever asks for that group first.
    fn groups(&mut self, after: u64, limit: usize) -> Result<Vec<Group>, JournalError>;

    /// Up to about `limit` records after record `after`, in order; always whole groups but the
    /// first, and at least one record when there is one. What precedes a damaged record is read; the
    /// damage is the error of whoever asks for that record first.
    fn read(&mut self, after: u64, limit: usize) -> Result<Vec<Link>, JournalError> {
        let mut links = Vec::new();
        for group in self.groups(after, limit)? {
            let (sound, wrong) = group.links();
            links.extend(sound.into_iter().filter(|link| link.record.seq > after));
            match wrong {
                Some(error) if links.is_empty() => return Err(error),
                Some(_) => break,
                None => {}
            }
        }
        Ok(links)
    }

    /// Visits up to about `limit` records after record `after`, as [`JournalReader::read`] would read
    /// them, without keeping them or their bytes. Returns the last one's number, or `after`.
    fn visit(
        &mut self,
        after: u64,
        limit: usize,
        visit: &mut dyn FnMut(&Frame) -> Result<(), JournalError>,
    ) -> Result<u64, JournalError> {
        let mut last = after;
        for group in self.groups(after, limit)? {
            for frame in group.frames() {
                let visited = match frame {
                    Ok(frame) if frame.seq <= after => continue,
                    Ok(frame) => visit(&frame).map(|()| frame.seq),
                    Err(error) => Err(error),
                };
                match visited {
                    Ok(seq) => last = seq,
                    Err(error) if last == after => return Err(error),
                    Err(_) => return Ok(last),
                }
            }
        }
        Ok(last)
    }

    /// The record of this number with its chain hash, or nothing when there is none. Of its group nothing
    /// else is read, only stepped over.
    fn record(&mut self, seq: u64) -> Result<Option<(Record, ChainHash)>, JournalError> {
        let Some(before) = seq.checked_sub(1) else {
            return Ok(None);
        };
        let groups = self.groups(before, 1)?;
        for frame in groups.iter().flat_map(Group::frames) {
            let frame = frame?;
            if frame.seq >= seq {
                let found = frame.seq == seq;
                return found
                    .then(|| Ok((frame.record()?, frame.hash())))
                    .transpose();
            }
        }
        Ok(None)
    }

    /// The record of this number, when its hash follows from that of the record before: for whoever believes
    /// what a single record says, long after the chain was followed.
    fn proven(&mut self, seq: u64) -> Result<Option<Record>, JournalError> {
        let before = match seq {
            0 | 1 => Some(ChainHash::GENESIS),
            _ => self.record(seq - 1)?.map(|(_, hash)| hash),
        };
        let (Some(before), Some(number)) = (before, seq.checked_sub(1)) else {
            return Ok(None);
        };
        let mut found = None;
        self.visit(number, 1, &mut |frame| {
            if frame.seq == seq {
                frame.check(number, before)?;
                found = Some(frame.record()?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Whether it holds this record with this chain hash, and so is the journal of whoever noted the two.
    fn holds(&mut self, seq: u64, hash: ChainHash) -> Result<bool, JournalError> {
        if seq == 0 {
            return Ok(hash == ChainHash::GENESIS);
        }
        let found = self.record(seq)?;
        Ok(found.is_some_and(|(_, its)| its == hash))
    }

    /// The number of the last record that the journal claims to hold; 0 when it is empty.
    fn last(&mut self) -> Result<u64, JournalError>;
}

/// Appends groups. There is one writer.
pub trait Journal: Send {
    /// Appends a group whose first record follows record `expected_seq`. On `Ok` the group is
    /// durable; on [`JournalError::StorageFull`] and [`JournalError::AnotherWriter`] nothing of it
    /// is; on any other error nobody knows.
    fn append(&mut self, expected_seq: u64, group: &[Record]) -> Result<(), JournalError>;

    /// The last record, as far as this writer knows, and its chain hash.
    fn head(&self) -> (u64, ChainHash);

    /// A reader of its own.
    fn reader(&self) -> Result<Box<dyn JournalReader>, JournalError>;

    /// Housekeeping between groups, after the answers are out. Says whether there was any.
    fn tidy(&mut self) -> Result<bool, JournalError> {
        Ok(false)
    }

    /// Makes the writer ready to append after record `seq`, whose chain hash is `head`.
    fn continue_after(&mut self, seq: u64, head: ChainHash);

    /// Takes everything after record `seq` out of the journal, for good, and returns its bytes.
    fn cut_after(&mut self, seq: u64) -> Result<Vec<u8>, JournalError>;

    /// Reads the whole journal from its first record, verifies the chain, and leaves the writer
    /// ready to append after the last. Returns the last link's number and hash.
    fn replay(
        &mut self,
        visit: &mut dyn FnMut(Record) -> Result<(), JournalError>,
    ) -> Result<(u64, ChainHash), JournalError> {
        let (seq, head) = walk(self.reader()?.as_mut(), visit)?;
        self.continue_after(seq, head);
        Ok((seq, head))
    }
}

/// The number of the record whose chain hash this is, if the journal holds one: whoever noted a hash
/// learns whether the journal still is what it was then, cut neither short nor rewritten. [`walk`]
/// tells whether the hashes are right.
pub fn find(reader: &mut dyn JournalReader, noted: ChainHash) -> Result<Option<u64>, JournalError> {
    let mut seq = 0;
    if noted == ChainHash::GENESIS {
        return Ok(Some(seq));
    }
    loop {
        let links = reader.read(seq, REPLAY_CHUNK)?;
        let Some(last) = links.last() else {
            return Ok(None);
        };
        seq = last.record.seq;
        if let Some(found) = links.iter().find(|link| link.hash() == noted) {
            return Ok(Some(found.record.seq));
        }
    }
}

/// How many records a replay reads at a time.
pub(crate) const REPLAY_CHUNK: usize = 4_096;

/// Walks a journal from its first record and checks that each record follows from the one before.
pub fn walk(
    reader: &mut dyn JournalReader,
    visit: &mut dyn FnMut(Record) -> Result<(), JournalError>,
) -> Result<(u64, ChainHash), JournalError> {
    let (mut seq, mut hash) = (0, ChainHash::GENESIS);
    loop {
        let links = reader.read(seq, REPLAY_CHUNK)?;
        if links.is_empty() {
            return Ok((seq, hash));
        }
        for link in links {
            hash = link.check(seq, hash)?;
            seq = link.record.seq;
            visit(link.record)?;
        }
    }
}
