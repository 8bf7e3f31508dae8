//! Which keys were forgotten before this process began: read off the journal, beside a bank that serves.
//!
//! A start reads the records whose keys memory holds, and none before them when there is a snapshot. So
//! the filters of forgotten keys lack what the day before these records brought, and until they have
//! it the writer asks for a look at the projection for every new key. They are filled from the journal
//! and not from the projection's tables of keys, which would take less reading: the journal is whole
//! by definition and the chain of hashes shows it, whereas tables may lag, be gone or be another
//! bank's, and a key that is missed here is a payment made twice. What cannot be read leaves
//! everything as it was: every key is looked for.

use std::{
    io,
    sync::{Arc, mpsc},
    thread,
    time::Instant,
};

use tokio::sync::watch;

use crate::{
    journal::{ChainHash, JournalError, JournalReader, JournalReaders},
    recovery::follow,
    rules::{BusinessTime, Forgotten},
};

/// Records that are read at a time.
const CHUNK: usize = 2_048;

/// The reading thread's niceness: that of the projector in haste, since everybody who asks pays for
/// a look as long as it takes.
const NICENESS: i32 = 5;

/// Records before memory's, and what to do with them.
pub struct NotingParts {
    /// The journal.
    pub journal: Arc<JournalReaders>,
    /// The last record whose key is beyond memory and in no filter; 0 when there is none.
    pub through: u64,
    /// What was decided until then is forgotten for good.
    pub dead: BusinessTime,
    /// The last durable record; the thread ends when this closes.
    pub durable: watch::Receiver<u64>,
}

/// Starts the thread that notes these keys. The receiver gets them once they are whole, or closes.
pub fn start_noting(parts: NotingParts) -> io::Result<mpsc::Receiver<Forgotten>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    if parts.through == 0 {
        return Ok(receiver);
    }
    thread::Builder::new()
        .name("bank-keys".to_owned())
        .spawn(move || {
            // Without it the thread only takes more than its share.
            let _ = rustix::process::setpriority_process(None, NICENESS);
            let began = Instant::now();
            let goes_on = || parts.durable.has_changed().is_ok();
            let noted = parts
                .journal
                .open()
                .and_then(|mut reader| note(reader.as_mut(), parts.through, parts.dead, &goes_on));
            match noted {
                Ok(Some((count, noted))) => {
                    let took = began.elapsed();
                    tracing::info!("noted {count} keys that memory has no room for in {took:?}");
                    let _ = sender.send(noted);
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(
                    "which keys memory has no room for cannot be read, so every key is looked for: {error}"
                ),
            }
        })?;
    Ok(receiver)
}

/// Notes the keys of the records up to `through` that were decided after `dead`; nothing when it is
/// told to stop. The chain of hashes is followed, so no key is missed because a bit has flipped.
fn note(
    reader: &mut dyn JournalReader,
    through: u64,
    dead: BusinessTime,
    goes_on: &dyn Fn() -> bool,
) -> Result<Option<(usize, Forgotten)>, JournalError> {
    let mut at = last_decided_until(reader, dead, through)?;
    let mut noted = Forgotten::for_keys(through.saturating_sub(at.0));
    let (mut count, mut found) = (0, Vec::with_capacity(CHUNK));
    while at.0 < through {
        if !goes_on() {
            return Ok(None);
        }
        let groups = reader.groups(at.0, CHUNK)?;
        follow(&groups, &mut at, through, &mut found)?;
        if found.is_empty() {
            return Err(JournalError::Torn { seq: at.0 + 1 });
        }
        for record in found.drain(..).filter(|record| record.at > dead) {
            noted.add(record.key, record.at);
            count += 1;
        }
    }
    Ok(Some((count, noted)))
}

/// A record with its hash that was decided until `at`, as all before it, and at most a chunk before
/// the last such up to record `through`; the beginning of the chain when there is none. Records are
/// in the order of their times.
pub fn last_decided_until(
    reader: &mut dyn JournalReader,
    at: BusinessTime,
    through: u64,
) -> Result<(u64, ChainHash), JournalError> {
    let (mut before, mut end) = ((0, ChainHash::GENESIS), through);
    while end - before.0 > CHUNK as u64 {
        let middle = before.0 + (end - before.0) / 2;
        let found = reader.record(middle)?;
        let (record, hash) = found.ok_or(JournalError::Torn { seq: middle })?;
        if record.at <= at {
            before = (middle, hash);
        } else {
            end = middle;
        }
    }
    Ok(before)
}
