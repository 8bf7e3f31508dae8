//! When the pairs are looked at, and how large a share of the allowed false alarms, and of
//! the allowed false passes, each look may spend.
//!
//! Whoever looks again and again until something shows will be shown something. So all
//! looks together have one budget, and each look a share of it that is fixed beforehand
//! (alpha spending: Lan and DeMets 1983). Shares are simply added up: that holds whatever
//! the looks have to do with each other.

/// Of equal builds, so many comparisons may alarm: all figures and looks together.
pub const FALSE_ALARMS: f64 = 0.05;
/// Of targets that are worse by the margin, so many may pass a figure.
pub const FALSE_PASSES: f64 = 0.05;

/// The numbers of pairs at which a comparison may end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks(Vec<u32>);

impl Looks {
    /// After `first` pairs, after as many more, and so on; the last after `most`.
    pub fn every(first: u32, most: u32) -> Self {
        let first = first.max(1);
        let most = most.max(first);
        let mut looks: Vec<u32> = (1..=most / first).map(|it| it * first).collect();
        if let Some(last) = looks.last_mut()
            && *last < most
        {
            // What is left over is no look of its own unless it is at least half of one.
            if 2 * (most - *last) >= first {
                looks.push(most);
            } else {
                *last = most;
            }
        }
        Self(looks)
    }

    /// As a comparison planned them; what makes no sense is left out.
    pub fn planned(looks: &[u32]) -> Self {
        let mut looks: Vec<u32> = looks.iter().copied().filter(|it| *it > 0).collect();
        looks.sort_unstable();
        looks.dedup();
        if looks.is_empty() {
            return Self::once(1);
        }
        Self(looks)
    }

    /// One look, when all is there.
    pub fn once(pairs: u32) -> Self {
        Self(vec![pairs.max(1)])
    }

    /// The looks, ascending.
    pub fn pairs(&self) -> &[u32] {
        &self.0
    }

    /// Pairs at the last look.
    pub fn most(&self) -> u32 {
        self.0.last().copied().unwrap_or(1)
    }

    /// The next look after so many pairs; none after the last.
    pub fn after(&self, pairs: u32) -> Option<u32> {
        self.0.iter().copied().find(|look| *look > pairs)
    }

    /// Of the budget for false alarms, what each look may spend: little early, when a few
    /// wild runs can still look like a difference (the cube of the progress).
    pub(super) fn alarm_shares(&self) -> Vec<f64> {
        self.shares(3)
    }

    /// Of the budget for false passes: in step with the progress.
    pub(super) fn pass_shares(&self) -> Vec<f64> {
        self.shares(1)
    }

    fn shares(&self, power: i32) -> Vec<f64> {
        let most = f64::from(self.most());
        let mut before = 0.0;
        let shares = self.0.iter().map(|look| {
            let spent = (f64::from(*look) / most).powi(power);
            let share = spent - before;
            before = spent;
            share
        });
        shares.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_end_with_the_most() {
        assert_eq!(Looks::every(5, 15).pairs(), [5, 10, 15]);
        assert_eq!(Looks::every(5, 16).pairs(), [5, 10, 16]);
        assert_eq!(Looks::every(4, 15).pairs(), [4, 8, 12, 15]);
        assert_eq!(Looks::every(5, 5).pairs(), [5]);
        assert_eq!(Looks::every(8, 3).pairs(), [8]);
        assert_eq!(Looks::every(0, 2).pairs(), [1, 2]);
        assert_eq!(Looks::planned(&[15, 5, 10, 0, 5]), Looks::every(5, 15));
        assert_eq!(Looks::planned(&[]), Looks::once(1));
        assert_eq!(Looks::every(5, 15).after(5), Some(10));
        assert_eq!(Looks::every(5, 15).after(15), None);
    }

    #[test]
    fn no_budget_is_spent_twice() {
        for looks in [Looks::every(5, 15), Looks::every(3, 40), Looks::once(7)] {
            for shares in [looks.alarm_shares(), looks.pass_shares()] {
                assert_eq!(shares.len(), looks.pairs().len());
                assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                assert!(shares.iter().all(|share| *share > 0.0));
            }
        }
    }
}
