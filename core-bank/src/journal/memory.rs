//! A journal in memory whose medium can be told to fail: the tests' stand-in for a bad disk.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    ChainHash, Group, Journal, JournalError, JournalReader, Record,
    chain::{length_of, records_in},
    decode_group, encode_group,
};

/// How the next append fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no room: refused, nothing written.
    Full,
    /// The sync fails after all bytes were written: durable, yet nobody knows.
    SyncFailsWritten,
    /// The sync fails and nothing reached the medium: lost, yet nobody knows.
    SyncFailsLost,
    /// The sync fails and half of the group's bytes reached the medium.
    SyncFailsTorn,
    /// Another writer appended the same group first.
    Fenced,
}

#[derive(Default)]
struct Medium {
    /// Number of the first record and the bytes, one element a group.
    groups: Vec<(u64, Vec<u8>)>,
    fault: Option<Fault>,
}

/// A journal in memory. Clones share the medium, as two processes share a disk.
#[derive(Clone)]
pub struct MemoryJournal {
    medium: Arc<Mutex<Medium>>,
    head: (u64, ChainHash),
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self {
            medium: Arc::default(),
            head: (0, ChainHash::GENESIS),
        }
    }
}

impl MemoryJournal {
    /// The next append fails like this; `None` heals the medium. [`Fault::Full`] lasts until then.
    pub fn inject(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    /// Changes the stored bytes, as a bad disk would.
    pub fn corrupt(&self, change: impl FnOnce(&mut Vec<(u64, Vec<u8>)>)) {
        change(&mut self.lock().groups);
    }

    fn lock(&self) -> MutexGuard<'_, Medium> {
        self.medium.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, expected_seq: u64, group: &[Record]) -> Result<(), JournalError> {
        let (bytes, hash) = encode_group(self.head.1, group)?;
        let length = group.len() as u64;
        let mut medium = self.lock();
        let fault = match medium.fault {
            Some(Fault::Full) => Some(Fault::Full),
            _ => medium.fault.take(),
        };
        let expected = expected_seq + 1;
        let found = match medium.groups.last() {
            Some((first, last)) => first + decode_group(*first, last.clone().into())?.len() as u64,
            None => 1,
        };
        if found != expected || self.head.0 != expected_seq {
            return Err(JournalError::AnotherWriter { expected, found });
        }
        let unknown = || JournalError::SyncUnknown("injected".to_owned());
        match fault {
            None => medium.groups.push((expected, bytes)),
            Some(Fault::Full) => return Err(JournalError::StorageFull),
            Some(Fault::SyncFailsLost) => return Err(unknown()),
            Some(Fault::SyncFailsWritten) => {
                medium.groups.push((expected, bytes));
                return Err(unknown());
            }
            Some(Fault::SyncFailsTorn) => {
                medium
                    .groups
                    .push((expected, bytes[..=bytes.len() / 2].to_vec()));
                return Err(unknown());
            }
            Some(Fault::Fenced) => {
                medium.groups.push((expected, bytes));
                return Err(JournalError::AnotherWriter {
                    expected,
                    found: expected + length,
                });
            }
        }
        drop(medium);
        self.head = (expected_seq + length, hash);
        Ok(())
    }

    fn head(&self) -> (u64, ChainHash) {
        self.head
    }

    fn reader(&self) -> Result<Box<dyn JournalReader>, JournalError> {
        Ok(Box::new(self.clone()))
    }

    fn continue_after(&mut self, seq: u64, head: ChainHash) {
        self.head = (seq, head);
    }

    fn cut_after(&mut self, seq: u64) -> Result<Vec<u8>, JournalError> {
        let mut medium = self.lock();
        let whole = medium.groups.partition_point(|(first, _)| *first <= seq);
        let mut cut = Vec::new();
        if let Some((first, bytes)) = medium.groups[..whole].last_mut() {
            let kept = length_of(*first, bytes, seq);
            cut.extend(bytes.drain(kept..));
        }
        for (_, bytes) in medium.groups.drain(whole..) {
            cut.extend(bytes);
        }
        Ok(cut)
    }
}

impl JournalReader for MemoryJournal {
    fn groups(&mut self, after: u64, limit: usize) -> Result<Vec<Group>, JournalError> {
        let medium = self.lock();
        let start = medium
            .groups
            .partition_point(|(first, _)| *first <= after + 1);
        let (mut groups, mut records) = (Vec::new(), 0);
        for (first, bytes) in &medium.groups[start.saturating_sub(1)..] {
            let group = Group {
                first: *first,
                last: None,
                bytes: bytes.clone().into(),
            };
            records += group.records_after(after);
            groups.push(group);
            if records >= limit as u64 {
                break;
            }
        }
        Ok(groups)
    }

    fn last(&mut self) -> Result<u64, JournalError> {
        let medium = self.lock();
        let Some((first, bytes)) = medium.groups.last() else {
            return Ok(0);
        };
        Ok(first - 1 + records_in(bytes))
    }
}
