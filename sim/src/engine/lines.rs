//! Waiting lines. Customers with the same request are alike in what they want,
//! so each distinct request has one line, and only its head can be the next to
//! be served; who of several heads is next is decided by their places.

use crate::plan::RequestId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The lines of all requests.
#[derive(Debug)]
pub struct Lines {
    by_request: Vec<BinaryHeap<Reverse<(u128, u32)>>>,
}

impl Lines {
    pub fn new(requests: usize) -> Self {
        Self {
            by_request: (0..requests).map(|_| BinaryHeap::new()).collect(),
        }
    }

    pub fn clear(&mut self) {
        self.by_request.iter_mut().for_each(BinaryHeap::clear);
    }

    /// Someone joins a line at its place.
    pub fn join(&mut self, request: RequestId, place: u128, slot: usize) {
        self.by_request[request as usize].push(Reverse((place, slot as u32)));
    }

    /// The place and slot of a line's first customer who is still there.
    pub fn head(
        &mut self,
        request: RequestId,
        is_there: impl Fn(usize, u128) -> bool,
    ) -> Option<(u128, usize)> {
        let line = &mut self.by_request[request as usize];
        while let Some(Reverse((place, slot))) = line.peek().copied() {
            if is_there(slot as usize, place) {
                return Some((place, slot as usize));
            }
            line.pop();
        }
        None
    }

    /// Takes the head out of a line.
    pub fn pop(&mut self, request: RequestId) {
        self.by_request[request as usize].pop();
    }
}

/// The place of a customer in its lines: by priority, then queueing time, then index.
pub fn place(rank: u32, queues_from: u64, index: u32) -> u128 {
    (u128::from(rank) << 96) | (u128::from(queues_from) << 32) | u128::from(index)
}
