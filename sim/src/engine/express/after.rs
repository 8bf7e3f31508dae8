//! What follows the end of a step.

use super::card::Counted;
use super::routes::{Aim, NOWHERE};

const UNIT: u32 = 32;
const UNITS: u64 = 0xFF;
const GOES_ON: u64 = 1 << 63;

/// What follows the end of a step, in one word.
#[derive(Debug, Clone, Copy)]
pub struct After(u64);

impl After {
    /// The customer goes on to its next step.
    pub const GOES_ON: Self = Self(GOES_ON | NOWHERE as u64);

    /// The customer leaves, and the server is free who served it.
    #[inline]
    pub fn leaving(aim: &Aim<'_>, unit: u32, counted: Counted) -> Self {
        let unit = u64::from(unit) & UNITS;
        Self(u64::from(aim.desk) | (unit << UNIT) | counted.word())
    }

    #[inline]
    pub fn goes_on(self) -> bool {
        self.0 & GOES_ON != 0
    }

    /// Whose server is free then; nobody's if it needed none.
    #[inline]
    pub fn desk(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    pub fn unit(self) -> u32 {
        ((self.0 >> UNIT) & UNITS) as u32
    }

    /// Whether the customer who leaves is counted.
    #[inline]
    pub fn counted(self) -> Counted {
        Counted::in_word(self.0)
    }
}
