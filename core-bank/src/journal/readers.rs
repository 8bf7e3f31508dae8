//! Readers that are kept for the next who needs one.

use super::{JournalError, JournalReader, Link, Record};
use crate::kept::Kept;

type OpenReader = dyn Fn() -> Result<Box<dyn JournalReader>, JournalError> + Send + Sync;

/// The readers of one journal.
pub struct JournalReaders {
    open: Box<OpenReader>,
    kept: Kept<Box<dyn JournalReader>>,
}

impl JournalReaders {
    /// Readers that are made by `open` when none is idle.
    pub fn new(
        open: impl Fn() -> Result<Box<dyn JournalReader>, JournalError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            open: Box::new(open),
            kept: Kept::default(),
        }
    }

    /// A reader for good.
    pub fn open(&self) -> Result<Box<dyn JournalReader>, JournalError> {
        (self.open)()
    }

    /// Reads as [`JournalReader::read`] does. Call it where blocking is allowed.
    pub fn read(&self, after: u64, limit: usize) -> Result<Vec<Link>, JournalError> {
        self.kept
            .with(|| self.open(), |reader| reader.read(after, limit))
    }

    /// Reads one record, as [`JournalReader::proven`] does. Call it where blocking is allowed.
    pub fn proven(&self, seq: u64) -> Result<Option<Record>, JournalError> {
        self.kept.with(|| self.open(), |reader| reader.proven(seq))
    }

    /// How many readers are kept: none before the first read.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        self.kept.idle()
    }
}
