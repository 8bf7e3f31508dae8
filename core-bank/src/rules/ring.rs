//! A queue that grows by blocks, so that it never moves what it holds and never needs twice its room.

use std::collections::VecDeque;

/// Elements of a block.
const BLOCK: usize = 4_096;

/// A queue of many elements, each found by its place from the front.
#[derive(Clone, Debug)]
pub struct Ring<T> {
    /// All but the first and the last are full.
    blocks: VecDeque<VecDeque<T>>,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self {
            blocks: VecDeque::new(),
        }
    }
}

impl<T: PartialEq> PartialEq for Ring<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T> Ring<T> {
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }

    pub fn len(&self) -> usize {
        match (self.blocks.front(), self.blocks.back()) {
            (Some(first), Some(last)) if self.blocks.len() > 1 => {
                first.len() + (self.blocks.len() - 2) * BLOCK + last.len()
            }
            (Some(only), _) => only.len(),
            _ => 0,
        }
    }

    pub fn get(&self, place: usize) -> Option<&T> {
        let first = self.blocks.front()?;
        match place.checked_sub(first.len()) {
            None => first.get(place),
            Some(place) => self.blocks.get(1 + place / BLOCK)?.get(place % BLOCK),
        }
    }

    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        let first = self.blocks.front()?.len();
        match place.checked_sub(first) {
            None => self.blocks.front_mut()?.get_mut(place),
            Some(place) => self
                .blocks
                .get_mut(1 + place / BLOCK)?
                .get_mut(place % BLOCK),
        }
    }

    /// Drops the first of its blocks; `false` when there was none.
    pub fn drop_block(&mut self) -> bool {
        self.blocks.pop_front().is_some()
    }

    pub fn front(&self) -> Option<&T> {
        self.blocks.front()?.front()
    }

    pub fn push_back(&mut self, element: T) {
        if self.blocks.back().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push_back(VecDeque::with_capacity(BLOCK));
        }
        if let Some(last) = self.blocks.back_mut() {
            last.push_back(element);
        }
    }

    pub fn push_front(&mut self, element: T) {
        if self.blocks.front().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push_front(VecDeque::with_capacity(BLOCK));
        }
        if let Some(first) = self.blocks.front_mut() {
            first.push_front(element);
        }
    }

    pub fn pop_front(&mut self) -> Option<T> {
        let first = self.blocks.front_mut()?;
        let element = first.pop_front();
        if first.is_empty() {
            self.blocks.pop_front();
        }
        element
    }

    pub fn pop_back(&mut self) -> Option<T> {
        let last = self.blocks.back_mut()?;
        let element = last.pop_back();
        if last.is_empty() {
            self.blocks.pop_back();
        }
        element
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_a_queue_whatever_is_done_to_it() {
        let (mut ring, mut queue) = (Ring::default(), VecDeque::new());
        let mut walk = 99_u64;
        for turn in 0..200_000 {
            walk = walk.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // Phases in which it grows at one end and shrinks at the other.
            let growing = turn / 30_000 % 2 == 0;
            match (walk >> 61, growing) {
                (0..=3, true) | (0, false) => {
                    ring.push_back(turn);
                    queue.push_back(turn);
                }
                (4, _) => {
                    ring.push_front(turn);
                    queue.push_front(turn);
                }
                (5, _) => assert_eq!(ring.pop_back(), queue.pop_back()),
                _ => assert_eq!(ring.pop_front(), queue.pop_front()),
            }
            assert_eq!(ring.len(), queue.len());
            assert_eq!(ring.front(), queue.front());
            let place = (walk >> 20) as usize % (queue.len() + 2);
            assert_eq!(ring.get(place), queue.get(place));
            assert_eq!(ring.get_mut(place), queue.get_mut(place));
        }
        assert!(ring.iter().eq(queue.iter()));
    }
}
