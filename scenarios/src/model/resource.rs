//! Who and what serves.

use super::{Label, MachineCost, Queue, Servers, ShiftEnd};
use crate::time::SimTime;
use serde::Serialize;

/// A pool of like servers: tellers, kiosks, lobby managers.
#[derive(Debug, Clone, Serialize)]
pub struct Resource {
    /// Name in the file and in figures.
    pub name: String,
    /// What a person reads.
    pub label: Label,
    /// What kind of thing it is.
    pub kind: ResourceKind,
    /// How many are on duty when.
    pub roster: Roster,
    /// `(probability, servers)`, in the order of the file: how many there are is
    /// drawn from it at each opening, and the roster has the most; none where the
    /// roster says how many.
    pub drawn: Vec<(f64, u32)>,
    /// What happens when fewer are rostered than are at work.
    pub shift_end: ShiftEnd,
    /// How customers wait for it.
    pub queue: Queue,
    /// Where its servers differ or break down.
    pub servers: Servers,
    /// Cost of one server for one rostered hour in yuan, if costs are asked for.
    pub cost_per_hour: Option<f64>,
    /// What each costs besides, rostered or not, if it is a machine.
    pub machine: Option<MachineCost>,
    /// One pool for all branches of a region.
    pub shared: bool,
}

/// What kind of thing a resource is; decides its icon and label, not its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A cash or open counter with a teller.
    Teller,
    /// A window for VIP customers.
    VipWindow,
    /// A smart terminal.
    Kiosk,
    /// A cash machine.
    Atm,
    /// Staff of the lobby who review and help.
    LobbyManager,
    /// Authorisers elsewhere, reached by video.
    RemoteCentre,
    /// Anything else.
    Other,
}

/// From a time of day until another.
pub type Stretch = (SimTime, SimTime);

/// How many servers are on duty, as steps of the day.
///
/// A server whose shift ends finishes the current customer and leaves. After the
/// last step's end its count stays for those still inside (overtime).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Roster {
    /// `(from, count)`, ascending in time, the first at or before opening. Where one
    /// goes as another comes, who is there changes and the count does not.
    pub steps: Vec<(SimTime, u32)>,
}

impl Roster {
    /// How many are on duty at a moment.
    pub fn count_at(&self, at: SimTime) -> u32 {
        let later = self.steps.partition_point(|(from, _)| *from <= at);
        later.checked_sub(1).map_or(0, |step| self.steps[step].1)
    }

    /// Hours on duty of all servers together from opening to closing.
    pub fn hours(&self, open: SimTime, close: SimTime) -> f64 {
        let ends = self.steps.iter().skip(1).map(|(from, _)| *from);
        let ends = ends.chain([close]).map(|end| end.clamp(open, close));
        let micros: u64 = self
            .steps
            .iter()
            .zip(ends)
            .map(|((from, count), end)| {
                let from = (*from).clamp(open, close);
                u64::from(*count) * end.0.saturating_sub(from.0)
            })
            .sum();
        micros as f64 / 3.6e9
    }

    /// The most ever on duty.
    pub fn most(&self) -> u32 {
        self.steps
            .iter()
            .map(|(_, count)| *count)
            .max()
            .unwrap_or(0)
    }
}
