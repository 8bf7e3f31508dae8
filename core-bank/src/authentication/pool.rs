//! A bounded pool for costly proofs: signatures and passwords.

use tokio::sync::Semaphore;

use crate::rules::RefusalCode;

/// Proofs that may be under way at a time for each core, waiting ones included.
const PROOFS_PER_CORE: usize = 64;

/// Checks proofs beside the tasks that serve, as many at a time as there are cores; what does not
/// fit into the queue is refused at once.
pub struct ProofPool {
    cores: Semaphore,
    places: Semaphore,
}

impl Default for ProofPool {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cores: Semaphore::new(cores),
            places: Semaphore::new(cores * PROOFS_PER_CORE),
        }
    }
}

impl ProofPool {
    /// Runs a proof and returns what it found, or `overloaded`.
    pub async fn check<T: Send + 'static>(
        &self,
        proof: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, RefusalCode> {
        let _place = self
            .places
            .try_acquire()
            .map_err(|_| RefusalCode::Overloaded)?;
        let _core = self
            .cores
            .acquire()
            .await
            .map_err(|_| RefusalCode::ShuttingDown)?;
        tokio::task::spawn_blocking(proof)
            .await
            .map_err(|_| RefusalCode::Internal)
    }
}
