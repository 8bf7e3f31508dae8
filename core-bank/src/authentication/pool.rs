//! A bounded pool for costly proofs: signatures and passwords.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::rules::RefusalCode;

/// Proofs that may be under way at a time for each core, waiting ones included.
const PROOFS_PER_CORE: usize = 64;

/// Checks proofs beside the tasks that serve, as many at a time as there are cores; what does not
/// fit into the queue is refused at once.
pub struct ProofPool {
    cores: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Default for ProofPool {
    fn default() -> Self {
        Self::on(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

impl ProofPool {
    /// A pool that uses so many cores.
    fn on(cores: usize) -> Self {
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(cores * PROOFS_PER_CORE)),
        }
    }

    /// Runs a proof and returns what it found, or `overloaded`.
    pub async fn check<T: Send + 'static>(
        &self,
        proof: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, RefusalCode> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| RefusalCode::Overloaded)?;
        let core = Arc::clone(&self.cores)
            .acquire_owned()
            .await
            .map_err(|_| RefusalCode::ShuttingDown)?;
        let proving = move || {
            // A proof goes on when whoever asked for it has hung up, and holds its place until then.
            let _held = (place, core);
            proof()
        };
        tokio::task::spawn_blocking(proving)
            .await
            .map_err(|_| RefusalCode::Internal)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        time::Duration,
    };

    use super::*;

    /// As many proofs as the pool takes, each of which waits until it is let go.
    struct Crowd {
        pool: Arc<ProofPool>,
        under_way: Arc<AtomicUsize>,
        most: Arc<AtomicUsize>,
        let_go: Vec<mpsc::Sender<()>>,
        proofs: Vec<tokio::task::JoinHandle<Result<usize, RefusalCode>>>,
    }

    impl Crowd {
        async fn of(cores: usize) -> Self {
            let mut crowd = Self {
                pool: Arc::new(ProofPool::on(cores)),
                under_way: Arc::default(),
                most: Arc::default(),
                let_go: Vec::new(),
                proofs: Vec::new(),
            };
            for number in 0..cores * PROOFS_PER_CORE {
                crowd.join(number);
            }
            while crowd.under_way.load(Ordering::SeqCst) < cores {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            crowd
        }

        fn join(&mut self, number: usize) {
            let (let_go, waiting) = mpsc::channel::<()>();
            let pool = Arc::clone(&self.pool);
            let (under_way, most) = (Arc::clone(&self.under_way), Arc::clone(&self.most));
            self.let_go.push(let_go);
            self.proofs.push(tokio::spawn(async move {
                let proof = move || {
                    most.fetch_max(
                        under_way.fetch_add(1, Ordering::SeqCst) + 1,
                        Ordering::SeqCst,
                    );
                    // Let go by a word or by the end of whoever would say it.
                    let _ = waiting.recv();
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    number
                };
                pool.check(proof).await
            }));
        }
    }

    #[tokio::test]
    async fn as_many_proofs_run_as_there_are_cores_and_what_finds_no_place_is_refused_at_once() {
        let cores = 3;
        let mut crowd = Crowd::of(cores).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(crowd.under_way.load(Ordering::SeqCst), cores);
        let refused = tokio::time::timeout(Duration::from_secs(1), crowd.pool.check(|| ()));
        assert_eq!(refused.await, Ok(Err(RefusalCode::Overloaded)));
        crowd.let_go.clear();
        for (number, proof) in crowd.proofs.drain(..).enumerate() {
            assert_eq!(proof.await.unwrap(), Ok(number));
        }
        assert_eq!(crowd.most.load(Ordering::SeqCst), cores);
        assert_eq!(crowd.pool.check(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_proof_that_falls_over_gives_its_place_back() {
        let pool = ProofPool::on(1);
        for _ in 0..=PROOFS_PER_CORE {
            let fallen = pool.check(|| -> () { panic!("planted") }).await;
            assert_eq!(fallen, Err(RefusalCode::Internal));
        }
        assert_eq!(pool.check(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn whoever_hangs_up_frees_no_core_before_his_proof_has_ended() {
        let mut crowd = Crowd::of(2).await;
        for proof in crowd.proofs.drain(..) {
            proof.abort();
            let _ = proof.await;
        }
        let next = crowd.pool.check(|| 7);
        tokio::pin!(next);
        let early = tokio::time::timeout(Duration::from_millis(100), next.as_mut()).await;
        assert!(early.is_err(), "three proofs on two cores");
        assert_eq!(crowd.under_way.load(Ordering::SeqCst), 2);
        crowd.let_go.clear();
        assert_eq!(next.await, Ok(7));
    }
}
