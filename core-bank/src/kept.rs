//! Things that cost to make, kept for the next who needs one: a few idle ones, and not too many in all.
//!
//! Each reader of a file holds descriptors. Without a bound as many would be open as threads read, and
//! what was opened in one busy moment would stay open for good.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Things that are kept idle: as many as are needed most of the time.
const IDLE_MAX: usize = 4;

/// Things that are lent at a time; whoever wants one more waits.
pub const LENT_MAX: usize = 32;

/// Things of one kind.
pub struct Kept<T> {
    stock: Mutex<Stock<T>>,
    returned: Condvar,
}

struct Stock<T> {
    idle: Vec<T>,
    lent: usize,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            stock: Mutex::new(Stock {
                idle: Vec::new(),
                lent: 0,
            }),
            returned: Condvar::new(),
        }
    }
}

impl<T> Kept<T> {
    /// Uses one, which is made when none is idle. It waits for its turn: call it where blocking is
    /// allowed. One that failed is not used again.
    pub fn with<R, E>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
        used: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let (idle, _place) = self.borrow();
        let mut thing = idle.map_or_else(make, Ok)?;
        let found = used(&mut thing)?;
        let mut stock = self.stock();
        if stock.idle.len() < IDLE_MAX {
            stock.idle.push(thing);
        }
        Ok(found)
    }

    fn borrow(&self) -> (Option<T>, Place<'_, T>) {
        let waiting = self
            .returned
            .wait_while(self.stock(), |stock| stock.lent >= LENT_MAX);
        let mut stock = waiting.unwrap_or_else(PoisonError::into_inner);
        stock.lent += 1;
        (stock.idle.pop(), Place(self))
    }

    fn stock(&self) -> MutexGuard<'_, Stock<T>> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are idle.
    #[cfg(test)]
    pub fn idle(&self) -> usize {
        self.stock().idle.len()
    }
}

/// The right to one of them; given back however its use ends.
struct Place<'a, T>(&'a Kept<T>);

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        self.0.stock().lent -= 1;
        self.0.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
        time::Duration,
    };

    #[test]
    fn no_more_are_lent_than_may_and_only_a_few_stay() {
        let kept = Kept::default();
        let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..LENT_MAX * 3 {
                scope.spawn(|| {
                    kept.with(
                        || Ok::<_, ()>(()),
                        |()| {
                            most.fetch_max(
                                open.fetch_add(1, Ordering::SeqCst) + 1,
                                Ordering::SeqCst,
                            );
                            thread::sleep(Duration::from_millis(20));
                            open.fetch_sub(1, Ordering::SeqCst);
                            Ok(())
                        },
                    )
                });
            }
        });
        let most = most.into_inner();
        assert!((2..=LENT_MAX).contains(&most), "{most} at a time");
        assert_eq!(kept.idle(), IDLE_MAX);
    }

    #[test]
    fn one_that_failed_or_fell_over_is_not_used_again_and_leaves_its_place() {
        let kept = Kept::default();
        for _ in 0..=LENT_MAX {
            assert_eq!(kept.with(|| Ok(1), |_| Err::<(), _>("odd")), Err("odd"));
            assert_eq!(kept.with(|| Err("none"), |_: &mut u8| Ok(())), Err("none"));
            let used = || {
                kept.with(
                    || Ok::<_, ()>(1),
                    |_| -> Result<(), ()> { panic!("planted") },
                )
            };
            let fallen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(used));
            assert!(fallen.is_err());
        }
        assert_eq!(kept.idle(), 0);
        assert_eq!(kept.with(|| Ok::<_, ()>(7), |it| Ok(*it)), Ok(7));
        assert_eq!(kept.with(|| Err(()), |it| Ok(*it)), Ok(7));
    }
}
