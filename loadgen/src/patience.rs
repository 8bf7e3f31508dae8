//! How long an exchange may take. One timer is kept for a whole connection and set on only when it
//! rings too early: a timer of its own for each exchange costs as much as reading the answer.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// A limit of time, again and again.
pub struct Patience {
    limit: Duration,
    /// Rings at the end of the current exchange or earlier; none before the first.
    timer: Option<Pin<Box<Sleep>>>,
}

/// Time was up.
#[derive(Debug, PartialEq, Eq)]
pub struct TimeUp;

impl Patience {
    /// Waits at most so long each time.
    pub fn new(limit: Duration) -> Self {
        Self { limit, timer: None }
    }

    /// What the work comes to, unless it takes longer.
    pub async fn within<T>(&mut self, work: impl Future<Output = T>) -> Result<T, TimeUp> {
        let limit = self.limit;
        let deadline = Instant::now() + limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        let mut work = pin!(work);
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Ok(done));
            }
            // It was set for an earlier exchange: on to the end of this one.
            while timer.as_mut().poll(context).is_ready() {
                if Instant::now() >= deadline {
                    return Poll::Ready(Err(TimeUp));
                }
                timer.as_mut().reset(deadline);
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_runtime<T>(work: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().expect("a runtime");
        runtime.block_on(work)
    }

    #[test]
    fn work_in_time_is_done_and_work_that_never_ends_is_left() {
        in_runtime(async {
            let mut patience = Patience::new(Duration::from_millis(60));
            assert_eq!(patience.within(async { 7 }).await, Ok(7));
            let began = Instant::now();
            let never = patience.within(std::future::pending::<()>()).await;
            assert_eq!(never, Err(TimeUp));
            let waited = began.elapsed();
            assert!(waited >= Duration::from_millis(60), "{waited:?}");
            assert!(waited < Duration::from_millis(500), "{waited:?}");
        });
    }

    #[test]
    fn a_later_exchange_has_its_whole_time_whatever_the_timer_was_set_to() {
        in_runtime(async {
            let mut patience = Patience::new(Duration::from_millis(80));
            for _ in 0..4 {
                // Each half as long as the limit: the timer of the first rings within the second.
                let work = sleep(Duration::from_millis(40));
                assert_eq!(patience.within(work).await, Ok(()));
            }
            let began = Instant::now();
            assert_eq!(
                patience.within(sleep(Duration::from_secs(9))).await,
                Err(TimeUp)
            );
            assert!(
                began.elapsed() >= Duration::from_millis(80),
                "{:?}",
                began.elapsed()
            );
        });
    }
}
