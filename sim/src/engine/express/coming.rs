//! Those who come, drawn block by block: their draws do not depend on each other,
//! so a processor works on several of them at a time.

use super::NEVER;
use crate::keyed::Key;

/// So many are drawn at a time.
const BLOCK: usize = 64;

/// Those who come before a time.
pub struct Coming<'b, I> {
    arrivals: I,
    before: u64,
    block: &'b mut Vec<(u64, Key)>,
    next: usize,
}

impl<'b, I: Iterator<Item = (u64, Key)>> Coming<'b, I> {
    /// Arrivals that ascend in time, up to a time; `block` is room to use.
    pub fn new(arrivals: I, before: u64, block: &'b mut Vec<(u64, Key)>) -> Self {
        let mut coming = Self {
            arrivals,
            before,
            block,
            next: 0,
        };
        coming.draw();
        coming
    }

    /// When the next comes; [`NEVER`] after the last.
    #[inline]
    pub fn next_at(&self) -> u64 {
        self.block.get(self.next).map_or(NEVER, |it| it.0)
    }

    /// Who comes next, and makes way for the one after.
    #[inline]
    pub fn take_key(&mut self) -> Key {
        let key = self.block.get(self.next).map_or(Key::default(), |it| it.1);
        self.next += 1;
        if self.next >= self.block.len() {
            self.draw();
        }
        key
    }

    /// Nobody comes any more.
    pub fn end(&mut self) {
        self.before = 0;
        self.draw();
    }

    fn draw(&mut self) {
        self.next = 0;
        self.block.clear();
        if self.before > 0 {
            self.block.extend(self.arrivals.by_ref().take(BLOCK));
            if self.block.last().is_some_and(|it| it.0 >= self.before) {
                self.block
                    .truncate(self.block.partition_point(|it| it.0 < self.before));
                self.before = 0;
            }
        }
    }
}
