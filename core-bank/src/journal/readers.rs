//! Readers that are kept for the next who needs one.

use std::sync::{Mutex, PoisonError};

use super::{JournalError, JournalReader, Link};

type OpenReader = dyn Fn() -> Result<Box<dyn JournalReader>, JournalError> + Send + Sync;

/// The readers of one journal.
pub struct JournalReaders {
    open: Box<OpenReader>,
    idle: Mutex<Vec<Box<dyn JournalReader>>>,
}

impl JournalReaders {
    /// Readers that are made by `open` when none is idle.
    pub fn new(
        open: impl Fn() -> Result<Box<dyn JournalReader>, JournalError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            open: Box::new(open),
            idle: Mutex::default(),
        }
    }

    /// A reader for good.
    pub fn open(&self) -> Result<Box<dyn JournalReader>, JournalError> {
        (self.open)()
    }

    /// Reads as [`JournalReader::read`] does. Call it where blocking is allowed.
    pub fn read(&self, after: u64, limit: usize) -> Result<Vec<Link>, JournalError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut reader = kept.map_or_else(|| self.open(), Ok)?;
        let links = reader.read(after, limit)?;
        idle().push(reader);
        Ok(links)
    }
}
