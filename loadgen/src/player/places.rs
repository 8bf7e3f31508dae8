//! Futures that are polled one at a time by whoever keeps the pace.
//!
//! A general executor polls what was woken in the order in which it woke, so that an operation
//! whose time has come would stand behind all the answers that arrived meanwhile. Here nothing
//! is polled unasked: between any two places the clock is looked at.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Futures that never end by themselves.
#[derive(Default)]
pub struct Places {
    places: Vec<(Work, Waker, Arc<Bell>)>,
    woken: Arc<Woken>,
}

/// Which were woken, and who is to be told.
#[derive(Default)]
struct Woken {
    order: Mutex<VecDeque<usize>>,
    listener: Mutex<Option<Waker>>,
}

/// Wakes one place. Wakers may go anywhere, so this is made for several threads, though all of
/// them ring on the one that keeps the pace.
struct Bell {
    place: usize,
    /// Since it was last polled.
    rung: AtomicBool,
    woken: Arc<Woken>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            lock(&self.woken.order).push_back(self.place);
            if let Some(listener) = &*lock(&self.woken.listener) {
                listener.wake_by_ref();
            }
        }
    }
}

/// A panic elsewhere leaves these lists as whole as they were.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Places {
    /// One more, which has not been polled; its number.
    pub fn add(&mut self, work: impl Future<Output = ()> + 'static) -> usize {
        let place = self.places.len();
        let bell = Arc::new(Bell {
            place,
            rung: AtomicBool::new(false),
            woken: Arc::clone(&self.woken),
        });
        let waker = Waker::from(Arc::clone(&bell));
        self.places.push((Box::pin(work), waker, bell));
        place
    }

    /// Wakes this task from now on when a place wakes.
    pub fn tell(&self, listener: &Waker) {
        let mut known = lock(&self.woken.listener);
        if !known.as_ref().is_some_and(|it| it.will_wake(listener)) {
            *known = Some(listener.clone());
        }
    }

    /// Polls this place now, woken or not.
    pub fn poll(&mut self, place: usize) {
        if let Some((work, waker, bell)) = self.places.get_mut(place) {
            bell.rung.store(false, Ordering::Release);
            let _ = work.as_mut().poll(&mut Context::from_waker(waker));
        }
    }

    /// Polls the place that has been awake for longest; whether there was one.
    pub fn poll_woken(&mut self) -> bool {
        let woken = lock(&self.woken.order).pop_front();
        let Some(place) = woken else { return false };
        // One that was polled since it woke has seen what woke it.
        if self.places[place].2.rung.load(Ordering::Acquire) {
            self.poll(place);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::future::poll_fn;
    use std::rc::Rc;
    use std::task::Poll;

    type Polled = Rc<RefCell<Vec<(usize, Waker)>>>;

    /// Three places that note when they are polled, and with which waker.
    fn three() -> (Places, Polled) {
        let polled = Polled::default();
        let mut places = Places::default();
        for place in 0..3 {
            let polled = Rc::clone(&polled);
            places.add(poll_fn(move |context| {
                polled.borrow_mut().push((place, context.waker().clone()));
                Poll::Pending
            }));
        }
        (places, polled)
    }

    fn order(polled: &Polled) -> Vec<usize> {
        polled.take().into_iter().map(|(place, _)| place).collect()
    }

    #[test]
    fn places_are_polled_one_by_one_in_the_order_they_woke_and_once_however_often_they_did() {
        let (mut places, polled) = three();
        (0..3).for_each(|place| places.poll(place));
        let wakers: Vec<Waker> = polled.take().into_iter().map(|(_, waker)| waker).collect();
        assert!(!places.poll_woken());
        for place in [2, 0, 2] {
            wakers[place].wake_by_ref();
        }
        assert!(places.poll_woken());
        assert_eq!(order(&polled), [2]);
        assert!(places.poll_woken());
        assert_eq!(order(&polled), [0]);
        assert!(!places.poll_woken());
    }

    #[test]
    fn one_that_is_polled_out_of_turn_is_not_polled_again_for_what_it_has_seen() {
        let (mut places, polled) = three();
        places.poll(1);
        let waker = polled.take()[0].1.clone();
        waker.wake_by_ref();
        places.poll(1);
        assert_eq!(order(&polled), [1]);
        assert!(places.poll_woken());
        assert_eq!(order(&polled), [0; 0]);
        waker.wake_by_ref();
        assert!(places.poll_woken());
        assert_eq!(order(&polled), [1]);
    }

    #[test]
    fn whoever_listens_is_woken_with_a_place() {
        struct Count(AtomicBool);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::Release);
            }
        }
        let (mut places, polled) = three();
        let told = Arc::new(Count(AtomicBool::new(false)));
        places.tell(&Waker::from(Arc::clone(&told)));
        places.poll(0);
        assert!(!told.0.load(Ordering::Acquire));
        polled.take()[0].1.wake_by_ref();
        assert!(told.0.load(Ordering::Acquire));
    }
}
