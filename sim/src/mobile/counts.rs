//! What a day's requests are counted by: seconds and operations.

use super::Request;
use std::fmt::Write;

/// Seconds of a day.
pub const DAY_SECONDS: usize = 86_400;
const SECOND: u64 = 1_000_000;

/// Counts of one day, or of a part of it. Two parts' counts added are the counts
/// of both, so that it does not matter who counted which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Requests, by second of the day; the last place is everything after midnight.
    requests: Vec<u32>,
    /// Sessions that log in, and that make their last request, alike.
    starts: Vec<u32>,
    ends: Vec<u32>,
    /// By position in the operations of the traffic.
    operations: Vec<u64>,
    /// Requests made again, and sessions given up.
    again: u64,
    given_up: u64,
    /// Sessions of each branch's users.
    of_branches: Vec<u64>,
}

impl Counts {
    /// Nothing yet.
    pub fn new(operations: usize, branches: usize) -> Self {
        Self {
            requests: vec![0; DAY_SECONDS + 1],
            starts: vec![0; DAY_SECONDS + 1],
            ends: vec![0; DAY_SECONDS + 1],
            operations: vec![0; operations],
            again: 0,
            given_up: 0,
            of_branches: vec![0; branches],
        }
    }

    /// One session more of a branch's user.
    pub fn add_of_branch(&mut self, branch: Option<usize>) {
        if let Some(sessions) = branch.and_then(|it| self.of_branches.get_mut(it)) {
            *sessions += 1;
        }
    }

    /// One request more.
    #[inline]
    pub fn add(&mut self, request: &Request) {
        let second = ((request.at / SECOND) as usize).min(DAY_SECONDS);
        self.requests[second] += 1;
        self.starts[second] += u32::from(request.starts());
        self.ends[second] += u32::from(request.last);
        self.operations[request.operation] += 1;
        self.again += u64::from(request.tries > 0);
        self.given_up += u64::from(request.in_vain && request.last);
    }

    /// Puts the counts of another application beside these: its operations come after.
    pub fn join(mut self, other: &Self) -> Self {
        let own = std::mem::take(&mut self.operations);
        self.operations.resize(other.operations.len(), 0);
        self.merge(other);
        let others = std::mem::replace(&mut self.operations, own);
        self.operations.extend(others);
        self
    }

    /// Requests of the day that had been made before, in vain.
    pub fn again(&self) -> u64 {
        self.again
    }

    /// Sessions that end because a request got no answer.
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Sessions of each branch's users.
    pub fn of_branches(&self) -> &[u64] {
        &self.of_branches
    }

    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.requests, &other.requests),
            (&mut self.starts, &other.starts),
            (&mut self.ends, &other.ends),
        ] {
            own.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        }
        let operations = self.operations.iter_mut().zip(&other.operations);
        let of_branches = self.of_branches.iter_mut().zip(&other.of_branches);
        operations.chain(of_branches).for_each(|(a, b)| *a += b);
        self.again += other.again;
        self.given_up += other.given_up;
    }

    /// Requests of the day, those after midnight of its sessions included.
    pub fn total(&self) -> u64 {
        self.operations.iter().sum()
    }

    /// By position in the operations of the traffic.
    pub fn by_operation(&self) -> &[u64] {
        &self.operations
    }

    /// Requests of each second of the day.
    pub fn by_second(&self) -> &[u32] {
        &self.requests[..DAY_SECONDS]
    }

    /// Requests after midnight of sessions that started before.
    pub fn after_midnight(&self) -> u64 {
        u64::from(self.requests[DAY_SECONDS])
    }

    /// Sessions in progress in each second of the day: those some moment of which,
    /// from the log-in to the last request, lies in it.
    pub fn in_progress(&self) -> impl Iterator<Item = u64> + '_ {
        let mut open = 0_u64;
        self.starts[..DAY_SECONDS]
            .iter()
            .zip(&self.ends)
            .map(move |(starts, ends)| {
                let in_progress = open + u64::from(*starts);
                open = in_progress - u64::from(*ends);
                in_progress
            })
    }
}

/// A day of the mobile bank's traffic, second by second from midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MobileDay {
    /// One for each second of the day.
    pub seconds: Vec<MobileSecond>,
}

/// What the mobile bank is asked in one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MobileSecond {
    /// Requests made in it.
    pub requests: u64,
    /// Sessions in progress in it, at any moment.
    pub sessions: u64,
}

impl MobileDay {
    /// The seconds of a day that was counted.
    pub(crate) fn of(counts: &Counts) -> Self {
        let seconds = counts.by_second().iter().zip(counts.in_progress());
        let seconds = seconds.map(|(requests, sessions)| MobileSecond {
            requests: u64::from(*requests),
            sessions,
        });
        Self {
            seconds: seconds.collect(),
        }
    }

    /// As CSV: `second,requests,sessions`.
    pub fn to_csv(&self) -> String {
        let mut text = String::from("second,requests,sessions\n");
        for (number, second) in self.seconds.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{number},{},{}", second.requests, second.sessions);
        }
        text
    }
}
