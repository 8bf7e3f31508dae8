//! How customers wait for a resource, and what interrupts who serves them.

use super::{Law, Stretch};
use crate::time::Span;
use serde::Serialize;

/// The rules of waiting for a resource. The default: one line without end, by
/// priority, then in the order of queueing; nobody is interrupted.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Queue {
    /// Who is next among equals in priority.
    pub order: Order,
    /// What happens to a customer of lower priority when one of higher priority
    /// comes and no server is free.
    pub preemption: Interruption,
    /// So many may wait; who finds more leaves at once; no limit if none.
    pub room: Option<u32>,
    /// One line for all servers or one for each.
    pub lines: Lines,
    /// With a line for each server: who stands last in a line moves to one that
    /// is shorter by two or more when a service ends there.
    pub jockeying: bool,
    /// Customers hold tickets that are called, whether they are still there or not.
    pub tickets: Option<Tickets>,
}

/// A ticket queue: who has left is called all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tickets {
    /// What calling somebody who is not there costs whoever would serve.
    pub calling_time: Span,
}

/// Who is next among equals in priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Who has queued longest.
    #[default]
    Fifo,
    /// Who came last.
    Lifo,
    /// Anyone, each as likely.
    Random,
    /// Whose wait times its segment's weight is greatest.
    Weighted,
}

/// What becomes of an interrupted service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Interruption {
    /// It is not interrupted.
    #[default]
    None,
    /// It goes on where it stopped.
    Resume,
    /// Its step starts again and takes as long as it would have.
    Restart,
    /// Its step starts again with a time drawn anew.
    Resample,
}

/// One line for all servers or one for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lines {
    /// One for all.
    #[default]
    One,
    /// One for each; customers choose any.
    Random,
    /// One for each; customers choose the shortest, of several any.
    Shortest,
}

/// What happens when fewer servers are rostered than are at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShiftEnd {
    /// Those at work count against the new roster; those above it finish the
    /// customer they hold and leave.
    #[default]
    Finish,
    /// The whole team changes at every step of the roster: the old one finishes
    /// the customers it holds and leaves, the new one is there at once.
    Changeover,
    /// Those above the roster stop; their customers are served on, as first in
    /// line, when a server is free again.
    Resume,
}

/// The servers of a resource one by one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Server {
    /// How many times as fast as usual; above 0.
    pub speed: f64,
    /// What it can do, as positions in [`Servers::skills`], ascending.
    pub skills: Vec<usize>,
    /// When it is on duty, ascending and apart from each other; what ends at closing
    /// stays for those inside. None is the whole day.
    pub hours: Option<Vec<Stretch>>,
}

/// Servers that differ or are told apart.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Servers {
    /// In the order of their numbers; none where all are alike.
    pub each: Vec<Server>,
    /// Names of skills that any of them has, at most 64.
    pub skills: Vec<String>,
    /// Who of several free ones serves.
    pub choice: Choice,
    /// How each of them breaks down, if they do.
    pub breakdowns: Option<Breakdowns>,
    /// How each of them jams, if they do.
    pub jams: Option<Jams>,
}

/// Who of several free servers serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Who has been free longest; of equals the first.
    #[default]
    LongestIdle,
    /// The first in number.
    Lowest,
    /// The fastest; of equals the first.
    Fastest,
    /// Who has the fewest skills; of equals the first.
    MostSpecialised,
}

/// How a server breaks down.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Breakdowns {
    /// Time from start or repair to the next breakdown.
    pub up: Law,
    /// Which time that is.
    pub by: BreaksBy,
    /// Time to repair.
    pub down: Law,
    /// What becomes of the customer: one of the three interruptions.
    pub service: Interruption,
}

/// Which time passes until a breakdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreaksBy {
    /// All time, at work or not.
    #[default]
    Clock,
    /// Time at work: while a step of the customer whom the server serves goes on.
    Running,
}

/// How a server jams.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Jams {
    /// Time at work from start or clearing to the next jam.
    pub every: Law,
    /// Who clears it: one of these.
    pub cleared_by: super::ResourceId,
    /// How long clearing takes.
    pub takes: Law,
    /// The priority of a jam in the line of who clears it; before all others if none.
    pub priority: Option<i32>,
}

impl super::Resource {
    /// Whether its servers are told apart: they differ, break down, have a line
    /// each or are chosen by a rule.
    pub fn told_apart(&self) -> bool {
        !self.servers.each.is_empty()
            || self.servers.breakdowns.is_some()
            || self.servers.jams.is_some()
            || self.servers.choice != Choice::default()
            || self.queue.lines != Lines::One
    }
}
