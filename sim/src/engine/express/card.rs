//! What is known of a customer in one word.

/// Stands in a word for that somebody is counted.
const COUNTED: u64 = 1 << 48;

/// Whether somebody is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted(u64);

impl Counted {
    #[inline]
    pub fn new(counted: bool) -> Self {
        Self(if counted { COUNTED } else { 0 })
    }

    /// From a word that has it in its place.
    #[inline]
    pub fn in_word(word: u64) -> Self {
        Self(word & COUNTED)
    }

    /// A word with nothing but this in its place.
    #[inline]
    pub fn word(self) -> u64 {
        self.0
    }

    #[inline]
    pub fn is(self) -> bool {
        self.0 != 0
    }
}

/// A customer's number among those who came, what it comes for, and whether it is
/// counted.
#[derive(Debug, Clone, Copy)]
pub struct Card(u64);

impl Card {
    #[inline]
    pub fn new(index: u32, aim: u16, counted: Counted) -> Self {
        Self(u64::from(index) | (u64::from(aim) << 32) | counted.word())
    }

    #[inline]
    pub fn index(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    pub fn aim(self) -> u16 {
        (self.0 >> 32) as u16
    }

    #[inline]
    pub fn counted(self) -> Counted {
        Counted::in_word(self.0)
    }
}
