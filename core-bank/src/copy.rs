//! Copies a journal record by record, each checked on its way: by its hash, and by folding it. Any
//! medium to any other; a server may go on appending to the source.

use crate::{
    journal::{ChainHash, Journal, JournalError, JournalReader, Link, REPLAY_CHUNK},
    rules::State,
};

/// Copies all records, or those before the first that is damaged, which is the error then; the copy
/// holds what precedes it. Returns the number and the hash of the last record.
pub fn copy_records(
    from: &mut dyn JournalReader,
    to: &mut dyn Journal,
) -> Result<(u64, ChainHash), JournalError> {
    let (mut seq, mut hash) = (0, ChainHash::GENESIS);
    let mut state = State::default();
    state.hold_no_keys();
    loop {
        let links = from.read(seq, REPLAY_CHUNK)?;
        if links.is_empty() {
            return Ok((seq, hash));
        }
        let before = seq;
        let mut group = Vec::with_capacity(links.len());
        let mut wrong = None;
        for link in links {
            match follow(&mut state, &link, (seq, hash)) {
                Ok(next) => (seq, hash) = (link.record.seq, next),
                Err(error) => {
                    wrong = Some(error);
                    break;
                }
            }
            group.push(link.record);
        }
        if !group.is_empty() {
            to.append(before, &group)?;
            to.tidy()?;
        }
        if let Some(error) = wrong {
            return Err(error);
        }
    }
}

/// The number and the hash of the last record that is sound, as all before it are, and what is wrong
/// with the one after it, if there is one.
pub fn sound_end(from: &mut dyn JournalReader) -> ((u64, ChainHash), Option<JournalError>) {
    let mut end = (0, ChainHash::GENESIS);
    let mut state = State::default();
    state.hold_no_keys();
    loop {
        let links = match from.read(end.0, REPLAY_CHUNK) {
            Ok(links) if links.is_empty() => return (end, None),
            Ok(links) => links,
            Err(error) => return (end, Some(error)),
        };
        for link in links {
            match follow(&mut state, &link, end) {
                Ok(next) => end = (link.record.seq, next),
                Err(error) => return (end, Some(error)),
            }
        }
    }
}

/// Checks that a record follows from those before it, by its hash and by its facts.
fn follow(
    state: &mut State,
    link: &Link,
    (seq, hash): (u64, ChainHash),
) -> Result<ChainHash, JournalError> {
    let hash = link.check(seq, hash)?;
    let folded = link.record.fold_into(state);
    folded.map(drop).map_err(|misfit| JournalError::Damaged {
        seq: misfit.seq,
        what: misfit.what,
    })?;
    Ok(hash)
}
