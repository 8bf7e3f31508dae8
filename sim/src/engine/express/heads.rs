//! How many people are inside, and how many of them are counted.

use super::card::Counted;
use std::ops::{AddAssign, SubAssign};

/// Numbers of people in one word: all in its lower half, those counted in its upper,
/// so that both change at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heads(u64);

impl Heads {
    /// One who is counted, or who is not.
    #[inline]
    pub fn one(counted: Counted) -> Self {
        Self((counted.word() >> 16) | 1)
    }

    /// How many.
    #[inline]
    pub fn all(self) -> usize {
        self.0 as u32 as usize
    }

    /// Whether any of them is counted.
    pub fn any_counted(self) -> bool {
        self.0 >> 32 > 0
    }
}

impl AddAssign for Heads {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Heads {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}
