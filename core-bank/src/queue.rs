//! The writer's queue: many put into it, and one takes all there is at once.
//!
//! A channel hands over one thing at a time, and each costs more than a place in a list does.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Why something was not put into a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no room.
    Full,
    /// Nobody takes anything any more.
    Closed,
}

/// Where things are put; cheap to clone.
pub struct Entrance<T>(Arc<Queue<T>>);

/// Where they are taken. When it is dropped the queue is closed, and what waits in it is dropped.
pub struct Exit<T>(Arc<Queue<T>>);

struct Queue<T> {
    most: usize,
    /// None once it is closed.
    waiting: Mutex<Option<Waiting<T>>>,
}

struct Waiting<T> {
    things: Vec<T>,
    /// When the first of them came.
    since: Option<Instant>,
}

/// A queue of so many things at most.
pub fn queue<T>(most: usize) -> (Entrance<T>, Exit<T>) {
    let nothing = Waiting {
        things: Vec::new(),
        since: None,
    };
    let queue = Arc::new(Queue {
        most,
        waiting: Mutex::new(Some(nothing)),
    });
    (Entrance(Arc::clone(&queue)), Exit(queue))
}

impl<T> Clone for Entrance<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Entrance<T> {
    /// Puts something at the end.
    pub fn put(&self, thing: T) -> Result<(), Refused> {
        let mut waiting = self.0.lock();
        let waiting = waiting.as_mut().ok_or(Refused::Closed)?;
        if waiting.things.len() >= self.0.most {
            return Err(Refused::Full);
        }
        if waiting.things.is_empty() {
            waiting.since = Some(Instant::now());
        }
        waiting.things.push(thing);
        Ok(())
    }

    /// How many things wait.
    pub fn len(&self) -> usize {
        let waiting = self.0.lock();
        waiting.as_ref().map_or(0, |waiting| waiting.things.len())
    }
}

impl<T> Exit<T> {
    /// Takes all there is, in the order in which it came, and when the first of it did; nothing where
    /// nothing waits.
    pub fn take(&self) -> Option<(Vec<T>, Instant)> {
        let mut waiting = self.0.lock();
        let waiting = waiting.as_mut()?;
        let since = waiting.since.take()?;
        // About as many will come again.
        let room = Vec::with_capacity(waiting.things.len());
        Some((mem::replace(&mut waiting.things, room), since))
    }
}

impl<T> Drop for Exit<T> {
    fn drop(&mut self) {
        let waiting = self.0.lock().take();
        // Whoever hears of it may ask again at once, and must not find the lock held.
        drop(waiting);
    }
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, Option<Waiting<T>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_taken_at_once_and_in_order_until_there_is_nothing() {
        let (entrance, exit) = queue(9);
        assert!(exit.take().is_none());
        let before = Instant::now();
        for thing in 0..5 {
            entrance.clone().put(thing).unwrap();
        }
        assert_eq!(entrance.len(), 5);
        let (things, since) = exit.take().unwrap();
        assert_eq!(things, [0, 1, 2, 3, 4]);
        assert!(since >= before);
        assert!(exit.take().is_none());
        entrance.put(5).unwrap();
        assert_eq!(exit.take().unwrap().0, [5]);
    }

    #[test]
    fn what_has_no_room_or_nobody_to_take_it_is_refused() {
        let (entrance, exit) = queue(2);
        let thing = Arc::new(());
        entrance.put(Arc::clone(&thing)).unwrap();
        entrance.put(Arc::clone(&thing)).unwrap();
        assert_eq!(entrance.put(Arc::clone(&thing)), Err(Refused::Full));
        drop(exit);
        assert_eq!(entrance.put(Arc::clone(&thing)), Err(Refused::Closed));
        assert_eq!((entrance.len(), Arc::strong_count(&thing)), (0, 1));
    }
}
