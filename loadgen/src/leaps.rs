//! Quiet stretches of a plan that are leapt over: nobody waits for the night between two days' traffic,
//! and the bank's clock leaps with the plan. A stretch is shortened and not cut out, so that what is
//! late before it still ends before it.

use crate::error::LoadError;
use crate::plan::Plan;
use scenarios::time::{SimTime, Span};

/// One stretch that is not played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leap {
    from: SimTime,
    to: SimTime,
}

/// The stretches of a plan that are not played, in the order of time; none unless they are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaps(Vec<Leap>);

impl Leaps {
    /// Of a plan, where nothing is planned to start for longer than `longest`: such a stretch takes
    /// only so long, half of it before the leap and half after.
    ///
    /// # Errors
    /// When the plan cannot be read.
    pub fn over(plan: &Plan, longest: Span) -> Result<Self, LoadError> {
        let mut operations = plan.operations()?;
        let (mut leaps, mut latest) = (Vec::new(), None);
        while let Some(at) = operations.next_with(|_, operation| operation.at) {
            let at = at?;
            if let Some(before) = latest
                && at.since(before) > longest
            {
                let half = Span(longest.0 / 2);
                leaps.push(Leap {
                    from: before.after(half),
                    to: SimTime(at.0 - half.0),
                });
            }
            latest = Some(at);
        }
        Ok(Self(leaps))
    }

    /// How much of the scenario's time is not played.
    pub fn skipped(&self) -> Span {
        Span(self.0.iter().map(|leap| leap.to.0 - leap.from.0).sum())
    }

    /// A moment of the plan, as if there were no leaps.
    pub(crate) fn played(&self, at: SimTime) -> SimTime {
        let before = self.0.iter().map(|leap| at.min(leap.to).since(leap.from).0);
        SimTime(at.0 - before.sum::<u64>())
    }

    /// A pause that ends at `at`, less what is leapt over in it.
    pub(crate) fn pause(&self, at: SimTime, think: Span) -> Span {
        if self.0.is_empty() {
            return think;
        }
        let begins = SimTime(at.0.saturating_sub(think.0));
        self.played(at).since(self.played(begins))
    }

    /// Where they are: the moment as played, and that of the plan which it leads to.
    pub(crate) fn landings(&self) -> impl Iterator<Item = (SimTime, SimTime)> {
        self.0.iter().map(|leap| (self.played(leap.from), leap.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::operation::{Channel, Operation, PlannedOperation};

    fn at(seconds: u64) -> SimTime {
        SimTime(seconds * 1_000_000)
    }

    fn leaps(starts: &[u64]) -> Leaps {
        let planned = starts.iter().map(|second| PlannedOperation {
            at: at(*second),
            branch: "b".into(),
            channel: Channel::Counter,
            customer: "c".into(),
            session: 1,
            step: 0,
            think: None,
            operation: Operation::BalanceQuery,
            amount_fen: None,
            payee: None,
            allow: Vec::new(),
            particulars: None,
        });
        let plan = Plan::listed(planned.collect::<Vec<_>>());
        Leaps::over(&plan, Span::from_seconds(60.0)).expect("a plan")
    }

    #[test]
    fn a_stretch_is_shortened_to_the_longest_and_what_follows_moves_up() {
        let leaps = leaps(&[10, 70, 1000, 1010, 5000]);
        assert_eq!(leaps.skipped(), Span::from_seconds(870.0 + 3930.0));
        for (planned, played) in [(10, 10), (70, 70), (100, 100), (500, 100), (970, 100)] {
            assert_eq!(leaps.played(at(planned)), at(played), "{planned}");
        }
        assert_eq!(leaps.played(at(1000)), at(130));
        assert_eq!(leaps.played(at(5000)), at(200));
        let landings: Vec<_> = leaps.landings().collect();
        assert_eq!(landings, [(at(100), at(970)), (at(170), at(4970))]);
    }

    #[test]
    fn a_pause_across_a_leap_is_shorter_by_it_and_another_as_it_was() {
        let leaps = leaps(&[10, 1000, 1020]);
        let span = |seconds: f64| Span::from_seconds(seconds);
        assert_eq!(leaps.pause(at(1000), span(990.0)), span(60.0));
        assert_eq!(leaps.pause(at(1020), span(20.0)), span(20.0));
        assert_eq!(Leaps::default().pause(at(7), span(9.0)), span(9.0));
    }
}
