//! How an operation can end. Every planned operation ends in exactly one
//! [`Outcome`]; what it did to the bank's books is its [`Effect`], which is what
//! the reconciliation goes by.

use serde::{Deserialize, Serialize};

/// The class an operation is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered as it should.
    Succeeded,
    /// Refused by a business rule that the plan allows.
    Refused,
    /// Wrong answer, unexpected refusal, broken connection, or not to be built.
    Failed,
    /// No answer in time.
    TimedOut,
    /// Never sent.
    NotSent,
    /// In flight when the run was interrupted.
    Unknown,
}

impl Outcome {
    /// All classes, in the order of the accounting equation.
    pub const ALL: [Self; 6] = [
        Self::Succeeded,
        Self::Refused,
        Self::Failed,
        Self::TimedOut,
        Self::NotSent,
        Self::Unknown,
    ];
}

/// What an operation did to the bank's books, as far as we were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Acknowledged: it must be there exactly once.
    Applied,
    /// None: refused, only read, or never sent.
    None,
    /// Sent, and no usable answer came: it may be there once.
    Unknown,
}

/// How often each class occurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally([u64; 6]);

impl Tally {
    /// One more.
    pub fn add(&mut self, outcome: Outcome) {
        self.0[outcome as usize] += 1;
    }

    /// How many of this class.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize]
    }

    /// How many in all classes: the operations planned.
    pub fn planned(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Failed and timed out.
    pub fn errors(&self) -> u64 {
        self.of(Outcome::Failed) + self.of(Outcome::TimedOut)
    }

    /// Adds another tally to this one.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}
