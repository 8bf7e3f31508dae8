//! How long the bank takes to answer: one empirical distribution per operation,
//! as a load test measured it.

use crate::keyed::uniform;
use scenarios::operation::Operation;
use std::collections::BTreeMap;

/// The latency of every operation; an operation without counts answers at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationLatencies {
    by_operation: BTreeMap<Operation, EmpiricalLatency>,
}

/// Latencies in microseconds, ascending, with how many were seen up to each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EmpiricalLatency {
    cumulative: Vec<(u64, u64)>,
}

impl OperationLatencies {
    /// Latencies of one operation, `(microseconds, how often seen)` in any order;
    /// every other operation answers at once.
    pub fn from_counts(operation: Operation, counts: &[(u64, u64)]) -> Self {
        Self::default().and_counts(operation, counts)
    }

    /// These latencies with those of one more operation, replacing what was
    /// there for it; without any count it answers at once.
    #[must_use]
    pub fn and_counts(mut self, operation: Operation, counts: &[(u64, u64)]) -> Self {
        self.insert(operation, counts);
        self
    }

    /// Sets the latencies of one operation; see [`Self::and_counts`].
    pub fn insert(&mut self, operation: Operation, counts: &[(u64, u64)]) {
        let mut sorted: Vec<(u64, u64)> = counts
            .iter()
            .copied()
            .filter(|(_, count)| *count > 0)
            .collect();
        sorted.sort_unstable();
        let mut seen = 0_u64;
        let cumulative: Vec<(u64, u64)> = sorted
            .into_iter()
            .map(|(micros, count)| {
                seen = seen.saturating_add(count);
                (micros, seen)
            })
            .collect();
        if cumulative.is_empty() {
            self.by_operation.remove(&operation);
        } else {
            self.by_operation
                .insert(operation, EmpiricalLatency { cumulative });
        }
    }

    /// Whether every operation answers at once.
    pub fn is_empty(&self) -> bool {
        self.by_operation.is_empty()
    }

    pub(crate) fn of(&self, operation: Operation) -> Option<&EmpiricalLatency> {
        self.by_operation.get(&operation)
    }
}

impl EmpiricalLatency {
    /// The latency at these random bits, by inversion of what was seen.
    pub fn micros(&self, bits: u64) -> u64 {
        let total = self.cumulative.last().map_or(0, |(_, seen)| *seen);
        let rank = (uniform(bits) * total as f64) as u64;
        let at = self.cumulative.partition_point(|(_, seen)| *seen <= rank);
        self.cumulative
            .get(at)
            .or(self.cumulative.last())
            .map_or(0, |(micros, _)| *micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inversion_gives_each_latency_its_share() {
        let latencies =
            OperationLatencies::from_counts(Operation::Deposit, &[(30, 1), (10, 2), (20, 1)]);
        let deposit = latencies.of(Operation::Deposit).unwrap();
        let at = |share: f64| deposit.micros((share * 2f64.powi(64)) as u64);
        assert_eq!(
            [at(0.0), at(0.49), at(0.51), at(0.74), at(0.76), at(0.999)],
            [10, 10, 20, 20, 30, 30]
        );
        assert!(latencies.of(Operation::Withdrawal).is_none());
    }

    #[test]
    fn counts_of_zero_leave_no_latency() {
        assert!(OperationLatencies::from_counts(Operation::Deposit, &[(30, 0)]).is_empty());
    }
}
